/* verbs_report.c - the city office's report, with what it covers.
 *
 * Owns:    the report as a table, and each station's freshness under it.
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

/*      name             type    Chinese      English */
#define FIGURES(X)                                                                                 \
	X("opened", "count", "登记", "opened")                                                     \
	X("closed", "count", "办结", "closed")                                                     \
	X("open_now", "count", "在办", "open")                                                     \
	X("overdue_now", "count", "超期", "overdue")                                               \
	X("reopened", "count", "重开", "reopened")                                                 \
	X("days_median", "days", "中位天数", "days p50")                                           \
	X("days_p90", "days", "90%天数", "days p90")                                               \
	X("rated", "count", "已评价", "rated")                                                     \
	X("satisfied", "share", "满意率", "satisfied")
static const struct {
	const char *name, *type, *zh, *en;
} figures[] = {
#define X(name, type, zh, en) { name, type, zh, en },
	FIGURES(X)
#undef X
};
enum { FIGURE_COUNT = sizeof(figures) / sizeof(figures[0]) };

static json_t *column(const char *name, const char *type, const char *zh, const char *en)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "zh", zh, "en", en, "type", type);
}

static bool is_station(const char *dimension)
{
	return strcmp(dimension, "station") == 0 || strcmp(dimension, "branch") == 0;
}

/* A column for each dimension; a file has a station's code beside its name. */
static json_t *columns_of(const json_t *by, bool file)
{
	json_t *columns = json_array(), *one;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)by, i, one) {
		const char *name = json_string_value(one), *type = strcmp(name, "month") == 0 ? "month" : "text";
		if (file && is_station(name))
			json_array_append_new(columns, column("code", "code", "代码", "code"));
		json_array_append_new(columns, column(name, type, dimension_label(name), dimension_label(name)));
	}
	if (json_array_size(by) == 0)
		json_array_append_new(columns, column("what", "text", "", ""));
	for (i = 0; i < FIGURE_COUNT; i++)
		json_array_append_new(columns, column(figures[i].name, figures[i].type, figures[i].zh,
						      figures[i].en));
	return columns;
}

static json_t *figure_of(const json_t *r, const char *name)
{
	json_t *value = json_object_get(r, name);
	long long rated = number(r, "rated"), satisfied = number(r, "satisfied");
	if (strcmp(name, "satisfied") != 0)
		return json_incref(value);
	return rated > 0 ? json_real((double)satisfied / (double)rated) : json_null();
}

/* key and label: NULL for the total, which stands last. */
static json_t *row_of(const json_t *report, const json_t *r, bool file)
{
	json_t *cells = json_array(), *one;
	const json_t *by = json_object_get(report, "by"), *labels = json_object_get(r, "label");
	const struct st_kind *k = st_kind_named(member(report, "kind"));
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)by, i, one) {
		const char *dimension = json_string_value(one);
		const char *label = json_string_value(json_array_get(labels, i));
		if (file && is_station(dimension))
			json_array_append(cells, labels == NULL ? json_null()
								: json_array_get(json_object_get(r, "key"), i));
		if (labels == NULL)
			label = i == 0 ? either("合计", "total") : "";
		else
			label = label == NULL ? "" : value_label(k, dimension, label);
		json_array_append_new(cells, json_string(label));
	}
	if (json_array_size(by) == 0)
		json_array_append_new(cells, json_string(either("合计", "total")));
	for (i = 0; i < FIGURE_COUNT; i++)
		json_array_append_new(cells, figure_of(r, figures[i].name));
	return cells;
}

/* The report as a table that goes out like any other. */
static json_t *table_of(const json_t *o, bool file)
{
	const struct st_kind *k = st_kind_named(member(o, "kind"));
	json_t *rows = json_array(), *r;
	size_t i;
	json_array_foreach(json_object_get(o, "rows"), i, r) {
		if (json_array_size(json_object_get(o, "by")) > 0)
			json_array_append_new(rows, row_of(o, r, file));
	}
	json_array_append_new(rows, row_of(o, json_object_get(o, "total"), file));
	return json_pack("{s:s, s:{s:o, s:o}, s:o, s:o, s:O}", "name", "report", "title", "zh",
			 json_sprintf("%s统计", k == NULL ? "" : k->zh), "en",
			 json_sprintf("report: %s", k == NULL ? "" : k->en), "columns",
			 columns_of(json_object_get(o, "by"), file), "rows", rows, "coverage",
			 json_object_get(o, "coverage"));
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

static int show_report(const struct args *a, const json_t *o)
{
	bool file = option(a, "csv") != NULL || option(a, "xlsx") != NULL;
	json_t *table = table_of(o, file);
	int rc = table == NULL ? CTL_WRONG : out_table(a, table);
	json_decref(table);
	if (rc == 0 && flag(a, "fresh") && !file)
		show_freshness(json_object_get(o, "coverage"));
	return rc;
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
	if (rc == 0 && ctl.json && option(a, "csv") == NULL && option(a, "xlsx") == NULL)
		answer_print(&ans);
	else if (rc == 0)
		rc = show_report(a, ans.json);
	answer_done(&ans);
	return rc;
}

const struct verb report_verbs[] = {
	{ "report", "[--kind KIND] [--by DIM[,DIM...]] [--where DIM=VALUE ...] [--from YYYY-MM] [--to YYYY-MM] [--fresh]\n"
		    "  " OUT_USAGE,
	  "kind by where from to !fresh " OUT_OPTIONS, 0, 0, run_report, "统计: 登记、办结、在办、超期、办理天数、满意率, 及覆盖情况",
	  "figures: opened, closed, open, overdue, days, satisfaction, and what they cover",
	  "stationctl report --by branch,category --where tier=base --from 2011-07 --to 2011-12" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
