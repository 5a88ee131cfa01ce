/* verbs_report.c - the city office's report, with what it covers.
 *
 * Owns:    the report as a table.
 * Promise: 6: coverage stands under every table.
 * Flow:    city office -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <station/ask/report.h>
#include <station/work/kind.h>
#include "ctl.h"

static const char *dimension_label(const char *name)
{
#define X(id, word, zh, en)                                                                        \
	if (strcmp(name, word) == 0)                                                               \
		return either(zh, en);
	ST_DIMENSIONS(X)
#undef X
	return name;
}

/* Machine names of channels, states and tiers, as people say them. */
static const char *value_label(const struct st_kind *k, const char *dimension, const char *value)
{
	static const char *const tiers[][3] = { { "main", "市总站", "main" },
						{ "branch", "县区分站", "branch" },
						{ "base", "乡镇街道基站", "base" },
						{ "specialty", "行业专业站", "specialty" } };
	if (strcmp(dimension, "state") == 0 && k != NULL) {
		const struct st_state_row *s = st_kind_state_named(k, st_span_text(value));
		return s == NULL ? value : either(s->zh, s->en);
	}
	const struct st_field_row *f = k == NULL ? NULL
				       : strcmp(dimension, "channel") == 0
					       ? st_kind_field(k, ST_F_CHANNEL)
					       : st_kind_field_named(k, st_span_text(dimension));
	if (f != NULL && f->type == ST_FIELD_CHOICE) {
		const struct st_choice *c = st_choice_named(f->choices, st_span_text(value));
		return c == NULL ? value : either(c->zh, c->en);
	}
	for (size_t i = 0; strcmp(dimension, "tier") == 0 && i < 4; i++)
		if (strcmp(tiers[i][0], value) == 0)
			return either(tiers[i][1], tiers[i][2]);
	return value;
}

enum { FIGURES = 9 };

static void figures(const json_t *r, char cells[FIGURES][32])
{
	static const char *const names[5] = { "opened", "closed", "open_now", "overdue_now", "reopened" };
	const json_t *median = json_object_get(r, "days_median"), *p90 = json_object_get(r, "days_p90");
	long long rated = number(r, "rated"), satisfied = number(r, "satisfied");
	for (size_t i = 0; i < 5; i++)
		if (json_is_null(json_object_get(r, names[i])))
			(void)snprintf(cells[i], 32, "-");
		else
			(void)snprintf(cells[i], 32, "%lld", number(r, names[i]));
	(void)snprintf(cells[5], 32, json_is_null(median) ? "-" : "%.0f", json_number_value(median));
	(void)snprintf(cells[6], 32, json_is_null(p90) ? "-" : "%.0f", json_number_value(p90));
	if (json_is_null(json_object_get(r, "rated")))
		(void)snprintf(cells[7], 32, "-");
	else
		(void)snprintf(cells[7], 32, "%lld", rated);
	if (rated > 0)
		(void)snprintf(cells[8], 32, "%.1f %%", 100.0 * (double)satisfied / (double)rated);
	else
		(void)snprintf(cells[8], 32, "-");
}

static void add_row(struct table *t, const json_t *report, const json_t *labels, const json_t *r)
{
	const char *row[COLUMNS_MAX];
	const json_t *by = json_object_get(report, "by");
	const struct st_kind *k = st_kind_named(member(report, "kind"));
	char cells[FIGURES][32];
	size_t n = json_array_size(by);
	for (size_t i = 0; i < n; i++) {
		const char *label = labels == NULL ? (i == 0 ? either("合计", "total") : "")
						   : json_string_value(json_array_get(labels, i));
		row[i] = labels == NULL || label == NULL
				 ? (label == NULL ? "" : label)
				 : value_label(k, json_string_value(json_array_get(by, i)), label);
	}
	if (n == 0)
		row[n++] = either("合计", "total");
	figures(r, cells);
	for (size_t i = 0; i < FIGURES; i++)
		row[n + i] = cells[i];
	table_add(t, row);
}

static void show_coverage(const json_t *c)
{
	char oldest[32];
	size_t i;
	json_t *one;
	long long stations = number(c, "stations"), heard = number(c, "heard");
	(void)printf("%s %lld / %lld; %s %s; %s %lld", either("覆盖站点", "stations covered"), heard, stations,
		     either("最旧检查点", "oldest checkpoint"),
		     age(number(c, "oldest_checkpoint_s") * 1000, oldest, sizeof(oldest)),
		     either("事件", "events"), number(c, "events"));
	if (number(c, "unread") + number(c, "waiting") + number(c, "set_aside") > 0)
		(void)printf("; %s %lld, %s %lld, %s %lld", either("读不懂", "unread"), number(c, "unread"),
			     either("等待", "waiting"), number(c, "waiting"), either("未采纳", "set aside"),
			     number(c, "set_aside"));
	(void)puts("");
	json_array_foreach(json_object_get(c, "rows"), i, one) {
		if (!truth(one, "heard"))
			(void)printf("  %s %s %s\n", either("未收到:", "not heard from:"), member(one, "code"),
				     member(one, "name"));
		else if (truth(one, "refilling"))
			(void)printf("  %s %s %s\n", either("正在补齐:", "being refilled:"),
				     member(one, "code"), member(one, "name"));
	}
	json_array_foreach(json_object_get(c, "invited"), i, one)
		(void)printf("  %s %s\n", either("已邀请未加入:", "invited, not joined:"),
			     json_string_value(one));
}

static void show_freshness(const json_t *c)
{
	size_t i;
	json_t *one;
	struct table t;
	const char *head[] = { either("站点", "station"), either("名称", "name"), either("层级", "tier"),
			       either("事件", "events"), either("最新检查点", "newest checkpoint") };
	table_init(&t, 5, "lllrl");
	table_add(&t, head);
	json_array_foreach(json_object_get(c, "rows"), i, one) {
		char size[32], when[32];
		(void)snprintf(size, sizeof(size), "%lld", number(one, "size"));
		const char *row[] = { member(one, "code"), member(one, "name"),
				      value_label(NULL, "tier", member(one, "tier")), size,
				      age(number(one, "checkpoint_ms"), when, sizeof(when)) };
		table_add(&t, row);
	}
	table_print(&t);
}

static void show_report(const json_t *o, bool fresh)
{
	const json_t *by = json_object_get(o, "by");
	size_t n = json_array_size(by), i, columns = (n == 0 ? 1 : n) + FIGURES;
	json_t *r;
	struct table t;
	const char *head[COLUMNS_MAX];
	char right[COLUMNS_MAX + 1];
	for (i = 0; i < columns; i++)
		right[i] = i < columns - FIGURES ? 'l' : 'r';
	right[columns] = 0;
	head[0] = "";
	for (i = 0; i < n; i++)
		head[i] = dimension_label(json_string_value(json_array_get(by, i)));
	const char *names[FIGURES] = { either("登记", "opened"), either("办结", "closed"),
				       either("在办", "open"), either("超期", "overdue"),
				       either("重开", "reopened"), either("中位天数", "days p50"),
				       either("90%天数", "days p90"), either("已评价", "rated"),
				       either("满意率", "satisfied") };
	for (i = 0; i < FIGURES; i++)
		head[columns - FIGURES + i] = names[i];
	table_init(&t, columns, right);
	table_add(&t, head);
	json_array_foreach(json_object_get(o, "rows"), i, r) {
		if (n > 0)
			add_row(&t, o, json_object_get(r, "label"), r);
	}
	add_row(&t, o, NULL, json_object_get(o, "total"));
	table_print(&t);
	show_coverage(json_object_get(o, "coverage"));
	if (fresh)
		show_freshness(json_object_get(o, "coverage"));
}

static int run_report(const struct args *a)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/report");
	query_add(&q, "kind", option(a, "kind"));
	query_add(&q, "by", option(a, "by"));
	for (size_t i = 0; i < a->option_count; i++)
		if (strcmp(a->options[i].name, "where") == 0)
			query_add(&q, "where", a->options[i].value);
	query_add(&q, "from", option(a, "from"));
	query_add(&q, "to", option(a, "to"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		show_report(ans.json, flag(a, "fresh"));
	answer_done(&ans);
	return rc;
}

const struct verb report_verbs[] = {
	{ "report", "[--kind KIND] [--by DIM[,DIM...]] [--where DIM=VALUE ...] [--from YYYY-MM] [--to YYYY-MM] [--fresh]\n\n"
		    "  DIM: station branch tier category channel state month\n",
	  "kind by where from to !fresh", 0, 0, run_report, "统计: 登记、办结、在办、超期、办理天数、满意率, 及覆盖情况",
	  "figures: opened, closed, open, overdue, days, satisfaction, and what they cover",
	  "stationctl report --by branch,category --where tier=base --from 2011-07 --to 2011-12" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
