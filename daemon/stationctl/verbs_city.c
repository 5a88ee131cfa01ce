/* verbs_city.c - the city's tables on the command line: checked, issued, listed, shown.
 *
 * Owns:    how a wrong file is told: file:row: column: reason.
 * Promise: 8: a file is checked whole, here already, before the daemon hears of it.
 * Flow:    CSV -> verbs -> call; call -> verbs -> screen, CSV */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/work/city.h>
#include "ctl.h"

struct file {
	const char *name;
	const struct st_city_table *table;
	struct st_buf csv, rows;
	struct st_city_file read;
	int rc;
};

static void file_done(struct file *f)
{
	st_buf_done(&f->csv);
	st_buf_done(&f->rows);
}

static void tables_known(void)
{
	for (size_t i = 0; i < st_city_table_count(); i++)
		(void)fprintf(stderr, "  %-11s %s\n", st_city_table_at(i)->name,
			      either(st_city_table_at(i)->zh, st_city_table_at(i)->en));
}

/* Reads and checks one file; what is wrong has been said. */
static int check_file(const struct args *a, struct file *f)
{
	const char *name = option(a, "table");
	f->table = name != NULL ? st_city_table_named(st_span_text(name)) : st_city_table_of_file(f->name);
	if (f->table == NULL) {
		complain(name != NULL ? T_NO_TABLE : T_CITY_TABLE, name != NULL ? name : f->name);
		tables_known();
		return CTL_USAGE;
	}
	int rc = file_load(f->name, &f->csv);
	if (rc != 0)
		return rc;
	f->rc = st_city_read(f->table, st_buf_span(&f->csv), &f->rows, &f->read);
	if (f->rc == ST_EFIELD) {
		for (size_t i = 0; i < f->read.bad_count; i++) {
			const struct st_city_bad *b = &f->read.bad[i];
			(void)fprintf(stderr, "%s:%llu: %s: %s\n", f->name, (unsigned long long)b->row,
				      b->column[0] == 0 ? text(T_IMPORT_WHOLE) : b->column,
				      st_city_reason_text(b->reason, ctl.lang));
		}
		return CTL_USAGE;
	}
	if (f->rc < 0)
		complain(T_BAD_FILE, f->name, st_error_text(f->rc, ctl.lang));
	return f->rc < 0 ? CTL_USAGE : 0;
}

static json_t *file_json(const struct file *f)
{
	json_t *bad = json_array();
	for (size_t i = 0; f->rc == ST_EFIELD && i < f->read.bad_count; i++) {
		const struct st_city_bad *b = &f->read.bad[i];
		json_array_append_new(bad, json_pack("{s:I, s:s, s:{s:s, s:s}}", "row", (json_int_t)b->row, "column",
						     b->column, "reason", "zh",
						     st_city_reason_text(b->reason, ST_ZH), "en",
						     st_city_reason_text(b->reason, ST_EN)));
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:o}", "file", f->name, "table",
			 f->table == NULL ? "" : f->table->name, "rows", (json_int_t)f->read.rows, "bytes",
			 (json_int_t)f->rows.size, "bad", bad);
}

/* All files, each said what is wrong with it; the worst code. */
static int check_all(const struct args *a, struct file *files, json_t *report)
{
	int worst = 0;
	if (option(a, "table") != NULL && a->count > 1) {
		complain(T_CITY_ONE_FILE);
		return CTL_USAGE;
	}
	for (size_t i = 0; i < a->count; i++) {
		files[i].name = a->words[i];
		st_buf_init(&files[i].csv, ST_CITY_FILE_MAX);
		st_buf_init(&files[i].rows, ST_CITY_ROWS_BYTES_MAX);
		int rc = check_file(a, &files[i]);
		worst = rc != 0 ? rc : worst;
		json_array_append_new(report, file_json(&files[i]));
	}
	return worst;
}

static int run_check(const struct args *a)
{
	struct file *files = calloc(ARGS_MAX, sizeof(*files));
	json_t *report = json_array();
	int rc = files == NULL ? CTL_WRONG : check_all(a, files, report);
	for (size_t i = 0; files != NULL && i < a->count; i++) {
		if (rc == 0 && !ctl.json)
			(void)printf("%s: %s, %zu %s, %zu %s\n", files[i].name,
				     either(files[i].table->zh, files[i].table->en), files[i].read.rows,
				     either("行", "rows"), files[i].rows.size, either("字节", "bytes"));
		file_done(&files[i]);
	}
	if (ctl.json)
		json_print(report);
	json_decref(report);
	free(files);
	return rc;
}

static int issue(const struct args *a, struct file *files)
{
	struct answer ans;
	json_t *tables = json_array(), *one;
	size_t i;
	for (i = 0; i < a->count; i++)
		json_array_append_new(tables, json_pack("{s:s, s:o}", "table", files[i].table->name, "csv",
							json_stringn((const char *)files[i].csv.data,
								     files[i].csv.size)));
	json_t *body = json_pack("{s:o, s:s*, s:s*}", "tables", tables, "from", option(a, "from"), "author",
				 option(a, "author"));
	int rc = call_post("/v1/city", body, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	json_array_foreach(json_object_get(ans.json, "tables"), i, one)
		if (rc == 0 && !ctl.json)
			(void)printf("%s: %s %lld, %s %s, %lld %s%s\n", member(one, "table"), either("版本", "version"),
				     number(one, "version"), either("自", "from"), member(ans.json, "from"),
				     number(one, "rows"), either("行", "rows"),
				     truth(one, "unchanged") ? either(" (内容未变, 未重发)", " (unchanged, not issued)") : "");
	answer_done(&ans);
	return rc;
}

static int run_set(const struct args *a)
{
	struct file *files = calloc(ARGS_MAX, sizeof(*files));
	json_t *report = json_array();
	int rc = files == NULL ? CTL_WRONG : check_all(a, files, report);
	if (rc == 0)
		rc = issue(a, files);
	else if (ctl.json)
		json_print(report);
	for (size_t i = 0; files != NULL && i < a->count; i++)
		file_done(&files[i]);
	json_decref(report);
	free(files);
	return rc;
}

/* Until when the table in force speaks, where that is known; and what is wrong with that. */
static void show_until(const json_t *tables)
{
	size_t i;
	json_t *one;
	json_array_foreach(tables, i, one) {
		const char *warning = spoken(json_object_get(one, "warning"));
		if (member(one, "until")[0] != 0)
			(void)printf("%s %s %s\n", member(one, "name"), either("现行版本说到", "in force speaks until"),
				     member(one, "until"));
		if (warning[0] != 0)
			(void)puts(warning);
	}
}

static int run_list(const struct args *a)
{
	struct answer ans;
	struct table t;
	size_t i, n;
	json_t *one, *v;
	(void)a;
	int rc = call_get("/v1/city", &ans);
	if (rc != 0 || ctl.json) {
		if (rc == 0)
			answer_print(&ans);
		answer_done(&ans);
		return rc;
	}
	const char *head[] = { either("表", "table"), either("名称", "name"), either("版本", "version"),
			       either("自", "from"), either("行", "rows"), "" };
	table_init(&t, 6, "llrlrl");
	table_add(&t, head);
	json_array_foreach(json_object_get(ans.json, "tables"), i, one) {
		json_t *versions = json_object_get(one, "versions");
		const char *none[] = { member(one, "name"), spoken(one), "-", "", "", "" };
		if (json_array_size(versions) == 0)
			table_add(&t, none);
		json_array_foreach(versions, n, v) {
			char version[24], rows[24];
			bool now = number(v, "version") == number(one, "in_force");
			(void)snprintf(version, sizeof(version), "%lld", number(v, "version"));
			(void)snprintf(rows, sizeof(rows), "%lld", number(v, "rows"));
			const char *row[] = { member(one, "name"), none[1], version, member(v, "from"), rows,
					      now ? either("现行", "in force") : "" };
			table_add(&t, row);
		}
	}
	table_print(&t);
	show_until(json_object_get(ans.json, "tables"));
	answer_done(&ans);
	return 0;
}

static const char *cell_text(const json_t *cell, char room[24])
{
	if (json_is_integer(cell)) {
		(void)snprintf(room, 24, "%lld", (long long)json_integer_value(cell));
		return room;
	}
	const char *s = json_string_value(cell);
	return s == NULL ? "" : s;
}

static void print_csv(const json_t *o)
{
	struct st_buf line;
	size_t i, n;
	json_t *column, *row, *cell;
	char room[24];
	st_buf_init(&line, ST_CITY_FILE_MAX);
	json_array_foreach(json_object_get(o, "columns"), i, column)
		st_buf_printf(&line, "%s%s", i == 0 ? "" : ",", member(column, "name"));
	st_buf_put_text(&line, "\n");
	json_array_foreach(json_object_get(o, "rows"), n, row) {
		json_array_foreach(row, i, cell) {
			if (i > 0)
				st_buf_put_text(&line, ",");
			st_city_put_csv(&line, st_span_text(cell_text(cell, room)));
		}
		st_buf_put_text(&line, "\n");
	}
	(void)fwrite(line.data, 1, line.size, stdout);
	st_buf_done(&line);
}

static void print_table(const json_t *o)
{
	struct table t;
	size_t i, n, columns = json_array_size(json_object_get(o, "columns"));
	const char *cells[COLUMNS_MAX];
	char rooms[COLUMNS_MAX][24], right[COLUMNS_MAX + 1];
	json_t *row, *column, *cell;
	memset(right, 'l', sizeof(right));
	right[columns < COLUMNS_MAX ? columns : COLUMNS_MAX] = 0;
	json_array_foreach(json_object_get(o, "columns"), i, column) {
		if (i == COLUMNS_MAX)
			return;
		right[i] = strcmp(member(column, "type"), "number") == 0 ? 'r' : 'l';
		cells[i] = spoken(column);
	}
	(void)printf("%s, %s %lld, %s %s\n",
		     spoken(json_object_get(o, "title")),
		     either("版本", "version"), number(o, "version"), either("自", "from"), member(o, "from"));
	table_init(&t, columns, right);
	table_add(&t, cells);
	json_array_foreach(json_object_get(o, "rows"), n, row) {
		json_array_foreach(row, i, cell)
			if (i < COLUMNS_MAX)
				cells[i] = cell_text(cell, rooms[i]);
		table_add(&t, cells);
	}
	table_print(&t);
}

static int run_show(const struct args *a)
{
	struct answer ans;
	struct query q;
	char path[80];
	if (st_city_table_named(st_span_text(a->words[0])) == NULL) {
		complain(T_NO_TABLE, a->words[0]);
		tables_known();
		return CTL_USAGE;
	}
	(void)snprintf(path, sizeof(path), "/v1/city/%.60s", a->words[0]);
	query_init(&q, path);
	query_add(&q, "version", option(a, "version"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0 && flag(a, "csv"))
		print_csv(ans.json);
	else if (rc == 0)
		print_table(ans.json);
	answer_done(&ans);
	return rc;
}

bool city_explain(const char *error, const char *place)
{
	if (ctl.args == NULL || ctl.args->verb == NULL || ctl.args->verb->run != run_set)
		return false;
	bool main_only = strcmp(error, "EHOLDER") == 0, from = strcmp(place, "from") == 0;
	if (main_only || from)
		complain(main_only ? T_CITY_MAIN : T_CITY_FROM);
	return main_only || from;
}

const struct verb city_verbs[] = {
	{ "city set", "FILE.csv ... [--from YYYY-MM-DD] [--table NAME] [--author ID]",
	  "from table author", 1, ARGS_MAX, run_set, "向全市下发表格 (只在市总站); 几份文件同时生效或都不生效",
	  "issue tables to the whole city (at main only); of several files all take effect or none",
	  "stationctl city set /usr/local/share/stationd/city/*.csv" },
	{ "city check", "FILE.csv ... [--table NAME]", "table", 1, ARGS_MAX, run_check,
	  "只检查文件, 不下发; 不需守护进程", "check files and issue nothing; needs no daemon",
	  "stationctl city check deadlines.csv" },
	{ "city list", "", "", 0, 0, run_list, "市级表格的各版本与现行版本", "the city's tables, their versions, and those in force",
	  "stationctl city list" },
	{ "city show", "TABLE [--version N] [--csv]", "version !csv", 1, 1, run_show,
	  "一份市级表格; --csv 可改后再下发", "one of the city's tables; --csv can be changed and issued again",
	  "stationctl city show deadlines --csv" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
