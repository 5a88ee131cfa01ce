/* city.c - main issues tables to the whole city, and every station keeps them.
 *
 * Owns:    versions: each table's run upward by one in main's log.
 * Promise: all tables of one job or none; what anybody but main says of the city counts for nothing.
 * Flow:    stationctl -> city -> own log; push, carry -> city -> store */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/city.h>

int city_event(struct st_apply *a, const struct st_log *log, const struct st_event *e)
{
	ST_REQUIRE(log->number > 0);
	struct st_station writer;
	struct st_city c;
	if (e->type != ST_CITY)
		return 0;
	int rc = st_station_get(a->txn, log->station, &writer);
	if (rc < 0)
		return rc;
	if (writer.depth != 0 || writer.parent != 0)
		return ST_EORIGIN; /* stored and passed on, and counted as unread */
	rc = st_city_decode(e->body, &c);
	if (rc < 0)
		return rc;
	struct st_city_version v = { .table = (uint8_t)c.table, .version = c.version,
				     .from_day = c.from_day, .columns = c.columns,
				     .log = log->number, .seq = e->at.seq };
	rc = st_city_put(a->txn, &v, c.rows);
	st_terms_begin(a->terms, a->txn);
	a->applied.city_changed = true;
	return rc;
}

static int wrong(struct st_job_city *job, const char *place, int rc)
{
	(void)snprintf(job->place, sizeof(job->place), "%s", place);
	return rc;
}

/* Whether what is in force on its first day says just this already: 1, and its version. */
static int is_known(struct st_apply *a, const struct st_job_city *job, struct st_city_issue *i)
{
	struct st_city_version v;
	uint32_t day = job->from_day != 0 ? job->from_day : st_day_of_ms(a->world->now_ms);
	st_assert(i->newest > 0);
	int rc = st_city_in_force(a->txn, (uint8_t)i->table, day, &v);
	if (rc == 0)
		rc = st_city_get(a->txn, (uint8_t)i->table, v.version, &v, &a->scratch);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	i->version = v.version;
	return v.columns == i->columns && st_span_equal(st_buf_span(&a->scratch), i->rows) &&
	       (job->from_day == 0 || job->from_day == v.from_day);
}

static int check_issue(struct st_apply *a, struct st_job_city *job, size_t n)
{
	struct st_city_issue *i = &job->issues[n];
	const struct st_city_table *t = st_city_table(i->table);
	uint32_t today = st_day_of_ms(a->world->now_ms);
	if (t == NULL || i->columns != t->column_count)
		return wrong(job, "table", ST_EFIELD);
	for (size_t k = 0; k < n; k++)
		if (job->issues[k].table == i->table)
			return wrong(job, t->name, ST_EEXIST);
	if (i->rows.size > ST_CITY_ROWS_BYTES_MAX)
		return wrong(job, t->name, ST_ETOOBIG);
	int rc = st_city_newest(a->txn, (uint8_t)i->table, &i->newest);
	if (rc == 0 && i->newest > 0)
		rc = is_known(a, job, i);
	if (rc < 0)
		return rc;
	i->unchanged = rc == 1;
	if (!i->unchanged)
		i->version = i->newest + 1;
	/* What has been judged stays so: only a table that nobody knows yet may reach back. */
	if (!i->unchanged && i->newest > 0 && job->from_day != 0 && job->from_day < today)
		return wrong(job, "from", ST_EFIELD);
	return i->newest == UINT32_MAX ? ST_ETOOBIG : 0;
}

static int issue(struct st_apply *a, const struct st_job_city *job, struct st_city_issue *i)
{
	struct st_event e;
	struct st_city c = { .table = i->table, .version = i->version, .columns = i->columns, .rows = i->rows,
			     .from_day = job->from_day != 0 ? job->from_day : st_day_of_ms(a->world->now_ms) };
	st_assert(!i->unchanged);
	memset(&e, 0, sizeof(e));
	st_buf_clear(&a->body);
	int rc = st_city_encode(&c, &a->body);
	if (rc < 0)
		return rc;
	e.type = ST_CITY;
	e.author = job->author;
	e.body = st_buf_span(&a->body);
	rc = city_tell(a, &e);
	if (rc == 0)
		rc = city_event(a, &a->own.log, &e);
	i->seq = e.at.seq;
	return rc;
}

int job_city(struct st_apply *a, struct st_job_city *job)
{
	ST_REQUIRE(job->count <= ST_CITY_ISSUES_MAX);
	job->place[0] = 0;
	int rc = may_sign(a);
	if (rc == 0 && a->self.station.parent != 0)
		return wrong(job, "main", ST_EHOLDER);
	if (rc == 0 && (job->count == 0 || job->author.size > ST_AUTHOR_MAX))
		return wrong(job, job->count == 0 ? "table" : "author", ST_EFIELD);
	for (size_t n = 0; rc == 0 && n < job->count; n++)
		rc = check_issue(a, job, n);
	for (size_t n = 0; rc == 0 && n < job->count; n++)
		if (!job->issues[n].unchanged)
			rc = issue(a, job, &job->issues[n]);
	return rc;
}

/* ---- what the tables say of a command ---- */

static struct st_span text_of(const struct st_checked *c, uint32_t id)
{
	const struct st_field *f = st_field_find(c->facts, c->fact_count, id);
	return f == NULL || f->is_number ? ST_SPAN_NONE : f->text;
}

static void say_near(const char *field, const struct st_near *near, char place[ST_PLACE_MAX])
{
	size_t used = (size_t)snprintf(place, ST_PLACE_MAX, "%s:", field);
	for (size_t i = 0; i < near->count && used + near->names[i].size + 2 < ST_PLACE_MAX; i++)
		used += (size_t)snprintf(place + used, ST_PLACE_MAX - used, "%s%.*s", i == 0 ? " " : " | ",
					 (int)near->names[i].size, (const char *)near->names[i].data);
}

/* The category that a command gives, or that stands in the record, by the tables of its opening. */
static int check_category(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
			  uint32_t day, char place[ST_PLACE_MAX])
{
	char known[ST_NAME_TEXT_MAX + 1] = "";
	struct st_near near = { .count = 0 };
	struct st_term_query q = { .kind = c->kind->number, .day = day, .category = text_of(c, ST_F_CATEGORY),
				   .subcategory = text_of(c, ST_F_SUBCATEGORY) };
	bool sub = false;
	if (q.category.size == 0 && q.subcategory.size == 0)
		return 0;
	if (q.category.size == 0 && r->revision > 0) {
		int rc = st_name_text(a->txn, ST_NAMES_CATEGORY, r->category, known);
		if (rc < 0)
			return rc;
		q.category = st_span_text(known);
	}
	int rc = q.category.size == 0 ? 0 : st_terms_category(a->terms, &q, &sub, &near);
	if (rc == ST_EFIELD && !sub && q.category.data == (const uint8_t *)known)
		return 0; /* an imported one: nothing below it can be judged */
	if (rc == ST_EFIELD)
		say_near(sub ? "subcategory" : "category", &near, place);
	return rc;
}

int city_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
	       char place[ST_PLACE_MAX])
{
	st_assert(c->kind != NULL);
	uint32_t day = r->revision > 0 ? r->opened_day : st_day_of_ms(c->at_ms);
	const struct st_field_row *row = st_kind_field_named(c->kind, st_span_text("focus"));
	const struct st_field *focus = row == NULL ? NULL : st_field_find(c->facts, c->fact_count, row->id);
	int rc = check_category(a, c, r, day, place);
	if (rc == 0 && focus != NULL && focus->number != 0) {
		rc = st_terms_focus(a->terms, day, focus->number);
		if (rc == ST_EFIELD)
			(void)snprintf(place, ST_PLACE_MAX, "focus:");
	}
	return rc;
}
