/* verbs_deputy.c - deputies' cards, archives and points, and the calendar of schedules.
 *
 * Owns:    these questions on the command line, and the card on the screen.
 * Flow:    clerk, city office -> verbs -> out, qr */
#include <stdio.h>
#include <string.h>
#include "ctl.h"
#include "qr.h"

enum { QR_TEXT_MAX = 1200 };

/* The options that go on as they are, and the language that answers are in. */
static int table(const struct args *a, const char *path, const char *word, const char *word_name)
{
	static const char *const names[] = { PERIOD_NAMES, "station", "limit", "all", "open", NULL };
	struct query base;
	if (word_name == NULL)
		return out_asked(a, path, word, names);
	query_init(&base, path);
	query_add(&base, word_name, word);
	int rc = out_asked(a, query_text(&base), NULL, names);
	query_done(&base);
	return rc;
}

static const char *word(const struct args *a)
{
	return a->count > 0 ? a->words[0] : NULL;
}

static int run_archive(const struct args *a)
{
	return table(a, "/v1/deputies/archive/", word(a), NULL);
}

static int run_points(const struct args *a)
{
	return table(a, "/v1/deputies/points", word(a), "deputy");
}

static int run_floors(const struct args *a)
{
	return table(a, "/v1/deputies/floors", word(a), "deputy");
}

static int run_census(const struct args *a)
{
	return table(a, "/v1/deputies/census", NULL, NULL);
}

static int run_calendar(const struct args *a)
{
	return table(a, "/v1/schedules/calendar", word(a), "schedule");
}

static int run_counts(const struct args *a)
{
	return table(a, "/v1/schedules/counts", word(a), "schedule");
}

/* ---- the card ---- */

/* What the code says: what was given for it, else the card's own lines. */
static const char *qr_text(const json_t *card, char room[QR_TEXT_MAX])
{
	static const char *const names[] = { "name", "post", "station_name", "phone", "days" };
	size_t used = 0;
	if (member(card, "qr")[0] != 0)
		return member(card, "qr");
	room[0] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < QR_TEXT_MAX; i++) {
		const char *text = member(card, names[i]);
		if (text[0] != 0)
			used += (size_t)snprintf(room + used, QR_TEXT_MAX - used, "%s%s",
						 used == 0 ? "" : "\n", text);
	}
	return room;
}

static void show_card(const json_t *card)
{
	const struct {
		const char *name, *zh, *en;
	} rows[] = { { "name", "姓名", "name" },
		     { "post", "单位及职务", "post" },
		     { "constituency", "选区", "constituency" },
		     { "station_name", "联络站", "station" },
		     { "phone", "联系电话", "phone" },
		     { "days", "接待时间", "receives" } };
	struct table t;
	char levels[256] = "";
	size_t i;
	json_t *one;
	table_init(&t, 2, "ll");
	const char *head[] = { either("代表联系卡", "deputy's card"), member(card, "deputy") };
	table_add(&t, head);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *row[] = { either(rows[i].zh, rows[i].en), member(card, rows[i].name) };
		if (row[1][0] != 0)
			table_add(&t, row);
	}
	json_array_foreach(json_object_get(card, "levels"), i, one) {
		size_t used = strlen(levels);
		(void)snprintf(levels + used, sizeof(levels) - used, "%s%s", i == 0 ? "" : "、",
			       json_string_value(one));
	}
	const char *row[] = { either("代表层级", "levels"), levels };
	table_add(&t, row);
	table_print(&t);
}

static int run_card(const struct args *a)
{
	struct query q;
	struct answer ans;
	char room[QR_TEXT_MAX];
	query_init(&q, "/v1/deputies/card/");
	query_put(&q, a->words[0]);
	query_add(&q, "lang", either("zh", "en"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		show_card(ans.json);
	if (rc == 0 && flag(a, "qr") && !ctl.json)
		rc = qr_print(qr_text(ans.json, room), stdout);
	if (rc == 0 && option(a, "svg") != NULL)
		rc = qr_svg(qr_text(ans.json, room), option(a, "svg"));
	answer_done(&ans);
	return rc;
}

const struct verb deputy_verbs[] = {
	{ "deputy card", "CODE [--qr] [--svg FILE] [--json]",
	  "!qr svg", 1, 1, run_card, "代表联系卡: 只含本人公开的内容", "a deputy's card: what he has made public",
	  "stationctl deputy card D-17 --qr" },
	{ "deputy archive", "CODE " PERIOD_USAGE " [--limit N]\n  " OUT_USAGE,
	  PERIOD_OPTIONS "limit " OUT_OPTIONS, 1, 1, run_archive,
	  "代表履职档案: 由各类记录汇成, 不另填写", "a deputy's archive, made of records that name him",
	  "stationctl deputy archive D-17 --year 2026 --xlsx D-17.xlsx" },
	{ "deputy points", "[CODE] " PERIOD_USAGE " [--station CODE] [--limit N]\n  " OUT_USAGE,
	  PERIOD_OPTIONS "station limit " OUT_OPTIONS, 0, 1, run_points,
	  "代表履职积分与履职天数", "deputies' points and days served", "stationctl deputy points --quarter 2026-Q3" },
	{ "deputy floors",
	  "[CODE] " PERIOD_USAGE " [--station CODE] [--all] [--limit N]\n  " OUT_USAGE,
	  PERIOD_OPTIONS "station limit !all " OUT_OPTIONS, 0, 1, run_floors,
	  "年度履职底线: 述职、联系选民、接待, 谁还不够", "who is below the yearly floors",
	  "stationctl deputy floors --year 2026" },
	{ "deputy census", OUT_USAGE, OUT_OPTIONS, 0, 0, run_census, "代表人数: 各级与实有人数",
	  "deputies by level, and persons", "stationctl deputy census" },
	{ "schedule calendar",
	  "[NUMBER] " PERIOD_USAGE "\n  [--station CODE] [--open] [--limit N]\n"
	  "  " OUT_USAGE,
	  PERIOD_OPTIONS "station limit !open " OUT_OPTIONS, 0, 1, run_calendar,
	  "四定日程: 每一次是待开展、已落实、改期还是缺失", "the calendar of schedules, and what became of each day",
	  "stationctl schedule calendar --open" },
	{ "schedule counts", "[NUMBER] " PERIOD_USAGE " [--station CODE]\n  " OUT_USAGE,
	  PERIOD_OPTIONS "station " OUT_OPTIONS, 0, 1, run_counts,
	  "四定落实情况: 应开展、落实、改期、缺失、公告迟", "schedules kept, moved, missed, by station and type",
	  "stationctl schedule counts --quarter 2026-Q3" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
