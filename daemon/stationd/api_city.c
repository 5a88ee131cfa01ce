/* api_city.c - the city's tables: issued at main, listed and shown at every station.
 *
 * Owns:    their JSON shape, and the way from CSV to one job.
 * Promise: 8: of several tables all are issued, or none, and what is wrong is told by table, row and column.
 * Flow:    api -> city_read -> city job -> api; store -> api */
#include <stdio.h>
#include <string.h>
#include <station/base/clock.h>
#include <station/work/city.h>
#include "api.h"
#include "workdays.h"

/* ---- issuing ---- */

struct city_job {
	struct job job;
	struct request *request;
	json_t *object;
	struct st_buf rows[ST_CITY_ISSUES_MAX];
	json_t *bad;
};

static void free_city(void *work)
{
	struct city_job *j = work;
	for (size_t i = 0; i < ST_CITY_ISSUES_MAX; i++)
		st_buf_done(&j->rows[i]);
	json_decref(j->object);
	json_decref(j->bad);
	free(j);
}

static json_t *issue_json(const struct city_job *j, const struct st_city_issue *i)
{
	const char *self = j->request->station->self.station.certificate.code.text;
	return json_pack("{s:s, s:I, s:b, s:I, s:o}", "table", st_city_table(i->table)->name, "version",
			 (json_int_t)i->version, "unchanged", (int)i->unchanged, "rows",
			 (json_int_t)st_city_rows_count(i->rows, i->columns), "event",
			 i->unchanged ? json_null() : json_sprintf("%s/1/%llu", self, (unsigned long long)i->seq));
}

static void city_done(struct job *job)
{
	struct city_job *j = job->arg;
	struct st_job_city *c = &job->work.u.city;
	if (job->work.rc < 0) {
		(void)api_place(j->request, 0, c->place);
		(void)api_refuse(j->request, job->work.rc);
		return;
	}
	json_t *tables = json_array();
	for (size_t i = 0; i < c->count; i++)
		json_array_append_new(tables, issue_json(j, &c->issues[i]));
	(void)api_json(j->request, json_pack("{s:o, s:o}", "from",
					     api_day(c->from_day != 0 ? c->from_day : api_today()), "tables",
					     tables));
}

/* "categories:12: level1: why", of the first thing that is wrong. */
static int refuse_file(struct request *q, const struct st_city_table *t, const struct st_city_file *file)
{
	char place[API_PLACE_MAX];
	const struct st_city_bad *b = &file->bad[0];
	(void)snprintf(place, sizeof(place), "%s:%llu: %s: %s", t->name, (unsigned long long)b->row, b->column,
		       st_city_reason_text(b->reason, ST_EN));
	return api_place(q, ST_EFIELD, place);
}

static int read_table(struct city_job *j, const json_t *one)
{
	struct st_job_city *c = &j->job.work.u.city;
	struct request *q = j->request;
	const char *name = NULL, *csv = NULL;
	struct st_city_file *file = calloc(1, sizeof(*file));
	int rc = file == NULL ? ST_ENOMEM : api_member(q, one, "table", true, &name);
	if (rc == 0)
		rc = api_member(q, one, "csv", true, &csv);
	const struct st_city_table *t = rc < 0 ? NULL : st_city_table_named(st_span_text(name));
	if (rc == 0 && (t == NULL || c->count == ST_CITY_ISSUES_MAX))
		rc = api_place(q, t == NULL ? ST_EFIELD : ST_ETOOBIG, t == NULL ? name : "tables");
	if (rc == 0) {
		struct st_buf *rows = &j->rows[c->count];
		st_buf_init(rows, ST_CITY_ROWS_BYTES_MAX);
		rc = st_city_read(t, st_span_text(csv), rows, file);
		if (rc == ST_EFIELD)
			rc = refuse_file(q, t, file);
		c->issues[c->count++] = (struct st_city_issue){ .table = t->number,
								.columns = (uint32_t)t->column_count,
								.rows = st_buf_span(rows) };
	}
	free(file);
	return rc;
}

static int read_city(struct city_job *j)
{
	struct st_job_city *c = &j->job.work.u.city;
	struct request *q = j->request;
	const char *from = NULL, *author = NULL;
	uint32_t last = 0;
	size_t i;
	json_t *one, *tables = json_object_get(j->object, "tables");
	int rc = api_member(q, j->object, "from", false, &from);
	if (rc == 0)
		rc = api_member(q, j->object, "author", false, &author);
	if (rc < 0)
		return rc;
	if (from != NULL && (st_period_parse(st_span_text(from), &c->from_day, &last) < 0 || c->from_day != last))
		return api_place(q, ST_EFIELD, "from");
	c->author = author == NULL ? ST_SPAN_NONE : st_span_text(author);
	if (!json_is_array(tables) || json_array_size(tables) == 0)
		return api_place(q, ST_EFIELD, "tables");
	json_array_foreach(tables, i, one) {
		rc = json_is_object(one) ? read_table(j, one) : api_place(q, ST_EFIELD, "tables");
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int post_city(struct request *q)
{
	struct city_job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ST_ENOMEM;
	q->work = j;
	q->work_free = free_city;
	j->request = q;
	j->job.arg = j;
	j->job.done = city_done;
	j->job.bytes = sizeof(*j) + 2 * q->body.size;
	j->job.work.kind = ST_JOB_CITY;
	int rc = api_object(q, &j->object);
	if (rc == 0)
		rc = read_city(j);
	return rc < 0 ? rc : api_submit(q, &j->job);
}

/* ---- looking ---- */

static const char *type_name(const struct st_city_column *c)
{
	static const char *const names[] = { "text", "number", "day", "text", "code", "text", "text", "text", "text" };
	return names[c->type];
}

static json_t *columns_json(const struct st_city_table *t)
{
	json_t *list = json_array();
	for (size_t i = 0; i < t->column_count; i++) {
		const struct st_city_column *c = &t->columns[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "name", c->name, "zh", c->zh,
						      "en", c->en, "type", type_name(c), "needed",
						      (int)((c->flags & ST_CITY_NEEDED) != 0), "key",
						      (int)(t->key >> i & 1)));
	}
	return list;
}

struct listing {
	struct st_txn *txn;
	const struct st_city_table *table;
	json_t *tables, *versions;
	struct st_buf rows;
	uint32_t wanted; /* version; 0: the one in force */
	json_t *answer;
};

static int version_json(const struct st_city_version *v, void *arg)
{
	struct listing *l = arg;
	struct st_city_version again;
	struct st_log log;
	struct st_log_id id;
	int rc = st_city_get(l->txn, v->table, v->version, &again, &l->rows);
	if (rc == 0)
		rc = st_log_get(l->txn, v->log, &log);
	if (rc == 0)
		rc = st_log_id(l->txn, &log, &id);
	if (rc == 0)
		json_array_append_new(l->versions,
				      json_pack("{s:I, s:o, s:I, s:o}", "version", (json_int_t)v->version, "from",
						api_day(v->from_day), "rows",
						(json_int_t)st_city_rows_count(st_buf_span(&l->rows), v->columns), "event",
						api_position(&(struct st_position){ id.station, id.epoch, v->seq })));
	return rc;
}

static int list_tables(struct st_txn *t, void *arg)
{
	struct listing *l = arg;
	l->txn = t;
	for (size_t i = 0; i < st_city_table_count(); i++) {
		const struct st_city_table *table = st_city_table_at(i);
		struct st_city_version v = { .version = 0 };
		int rc = st_city_in_force(t, (uint8_t)table->number, api_today(), &v);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		json_t *in_force = rc == 0 ? json_integer((json_int_t)v.version) : json_null();
		l->versions = json_array();
		rc = st_city_each(t, (uint8_t)table->number, version_json, l);
		json_t *one = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", table->name, "zh", table->zh,
					"en", table->en, "in_force", in_force, "versions", l->versions,
					"columns", columns_json(table));
		if (rc == 0 && table->number == ST_CITY_workdays)
			rc = workdays_tell(t, one);
		json_array_append_new(l->tables, one);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int get_tables(struct request *q)
{
	struct listing l = { .tables = json_array() };
	st_buf_init(&l.rows, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_store_read(q->station->store, list_tables, &l);
	st_buf_done(&l.rows);
	if (rc == 0)
		return api_json(q, json_pack("{s:o}", "tables", l.tables));
	json_decref(l.tables);
	return rc;
}

static json_t *rows_json(const struct st_city_table *t, struct st_span rows, uint32_t columns)
{
	json_t *list = json_array();
	struct st_city_rows r = st_city_rows(rows, columns);
	while (st_city_rows_next(&r)) {
		json_t *row = json_array();
		for (size_t i = 0; i < t->column_count; i++) {
			bool count = t->columns[i].type == ST_CITY_COUNT && r.cells[i].size > 0;
			json_array_append_new(row, count ? json_integer((json_int_t)st_city_number(r.cells[i], 0))
							 : api_span(r.cells[i]));
		}
		json_array_append_new(list, row);
	}
	return list;
}

static int show_table(struct st_txn *t, void *arg)
{
	struct listing *l = arg;
	struct st_city_version v = { .version = l->wanted };
	int rc = l->wanted != 0 ? 0 : st_city_in_force(t, (uint8_t)l->table->number, api_today(), &v);
	if (rc == 0)
		rc = st_city_get(t, (uint8_t)l->table->number, v.version, &v, &l->rows);
	if (rc < 0)
		return rc;
	l->answer = json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:n, s:n}", "name", l->table->name, "title",
			      api_two(l->table->zh, l->table->en), "version", (json_int_t)v.version, "from",
			      api_day(v.from_day), "columns", columns_json(l->table), "rows",
			      rows_json(l->table, st_buf_span(&l->rows), v.columns), "next", "coverage");
	return 0;
}

static int get_table(struct request *q)
{
	struct listing l = { .table = st_city_table_named(st_span_text(q->rest)) };
	const char *version = api_argument(q, "version");
	uint64_t wanted = version == NULL ? 0 : st_city_number(st_span_text(version), 0);
	if (l.table == NULL)
		return api_place(q, ST_ENOTFOUND, q->rest);
	if ((version != NULL && wanted == 0) || wanted > UINT32_MAX)
		return api_wrong(q, ST_EFIELD, "version");
	l.wanted = (uint32_t)wanted;
	st_buf_init(&l.rows, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_store_read(q->station->store, show_table, &l);
	st_buf_done(&l.rows);
	if (rc == ST_ENOTFOUND && l.wanted != 0)
		return api_wrong(q, rc, "version");
	if (rc < 0)
		return api_place(q, rc, q->rest);
	return api_json(q, l.answer);
}

const struct route api_city_routes[] = {
	{ "GET", "/v1/city", get_tables },
	{ "GET", "/v1/city/", get_table },
	{ "POST", "/v1/city", post_city },
	{ NULL, NULL, NULL },
};
