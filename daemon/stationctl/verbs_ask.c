/* verbs_ask.c - the city office's questions, to the screen, CSV or XLSX, and the page that
 * documents them.
 *
 * Owns:    a question on the command line; the shape of deploy/docs/questions.md.
 * Promise: 6: coverage stands under every answer.
 * Flow:    city office -> verbs -> call -> out */
#include <stdio.h>
#include <string.h>
#include <station/ask/question.h>
#include "ctl.h"

static void markdown_one(const struct st_question *q)
{
	(void)printf("\n## %u `%s` %s\n\n%s\n\n%s.\n%s\n\n", q->number, q->name, q->zh, q->note_zh,
		     q->en, q->note_en);
	if (q->of_record)
		(void)printf("`stationctl ask %s --record NUMBER`\n\n", q->name);
	else
		(void)printf("时段 period: %s %s; 缺省 usual: %s %s\n\n", st_question_period(q, false),
			     st_question_period(q, true), st_question_usual(q, false), st_question_usual(q, true));
	(void)printf("| 列 column | 名称 name | 值 value |\n|---|---|---|\n");
	for (size_t i = 0; i < q->column_count; i++)
		(void)printf("| `%s` | %s %s | %s |\n", q->columns[i].name, q->columns[i].zh,
			     q->columns[i].en, st_answer_type_text(q->columns[i].type));
}

static int markdown(void)
{
	(void)printf("# 市人大常问的问题 The questions of the city office\n\n"
		     "由 `make docs` 按程序内的表生成, 勿手改。Made by `make docs` from the "
		     "program's table; not to be "
		     "edited.\n\n"
		     "`stationctl ask NAME` 或序号; 任何一级站都可问, 答的是本站及以下 "
		     "(`--station` 缩小范围), "
		     "每个答案下面写明覆盖的站与新旧。登记算在登记站, 其余算在现持有站。\n\n"
		     "`stationctl ask NAME`, or its number, at any tier: over that station and "
		     "those below it "
		     "(`--station` narrows it), with what the answer covers and how fresh that is "
		     "beneath it. What is "
		     "opened counts under the station that opened it, everything else under the "
		     "holder.\n");
	for (size_t i = 0; i < st_question_count(); i++)
		markdown_one(st_question_at(i));
	return CTL_RIGHT;
}

static int run_ask(const struct args *a)
{
	static const char *const options[] = { PERIOD_NAMES, "station", "record", NULL };
	if (flag(a, "markdown") && !ctl.json)
		return markdown();
	if (flag(a, "list") || flag(a, "markdown"))
		return out_pages(a, ctl.lang == ST_EN ? "/v1/questions?lang=en"
						      : "/v1/questions?lang=zh");
	if (a->count != 1) {
		complain(T_BAD_COUNT, a->verb->name, "NAME | --list");
		return CTL_USAGE;
	}
	if (a->words[0][0] == 0 || strchr(a->words[0], '/') != NULL) {
		complain(T_BAD_QUESTION, a->words[0]);
		return CTL_USAGE;
	}
	return out_asked(a, "/v1/ask/", a->words[0], options);
}

const struct verb ask_verbs[] = {
	{ "ask",
	  "NAME " PERIOD_USAGE "\n"
	  "  [--station CODE] [--record NUMBER] " OUT_USAGE "\n"
	  "  --list [--json]",
	  PERIOD_OPTIONS "station record !list !markdown " OUT_OPTIONS, 0, 1, run_ask,
	  "市人大常问的 24 个问题: 任何一级站, 附覆盖情况",
	  "the city office's 24 questions, at any tier, with coverage",
	  "stationctl ask overdue --station 410611 --xlsx 超期.xlsx" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
