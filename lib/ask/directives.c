/* directives.c - the directives that this station wrote, or that were for it, a page at a time.
 *
 * Owns:    the way from an index row to what a person reads of it.
 * Promise: 9: a page is no longer than ST_LIST_MAX and looks at no more than ST_DIRECTIVES_SCAN_MAX rows.
 * Flow:    directives, record, reach -> directives -> api */
#include <station/ask/directives.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "life.h"

_Static_assert(sizeof(((struct st_directive *)NULL)->title) == TITLE_ROOM, "list_title writes so much");

struct paging {
	struct st_txn *txn;
	const struct st_directives_query *q;
	st_directives_fn *fn;
	void *arg;
	struct life life;
	size_t count, looked;
	uint32_t self;
	uint8_t last[ST_DIRECTIVE_KEY_MAX];
	size_t last_size;
	struct st_buf *next;
};

struct finding {
	struct st_place at;
	enum st_stray_why why;
};

static int find_stray(const struct st_stray *s, void *arg)
{
	struct finding *f = arg;
	if (s->log != f->at.log || s->seq != f->at.seq)
		return 0;
	f->why = s->why;
	return 1;
}

/* How the event stands in its record: on the chain (0), or why not. */
static int standing(struct paging *p, const struct st_record *r, struct finding *f)
{
	f->why = 0;
	for (size_t i = 0; i < p->life.step_count; i++)
		if (p->life.steps[i].at.log == f->at.log && p->life.steps[i].at.seq == f->at.seq)
			return 0;
	int rc = st_stray_each(p->txn, &r->ref, find_stray, f);
	return rc < 0 ? rc : 0;
}

static int place_of(struct paging *p, const struct st_directive_row *row, struct st_place *ret_at)
{
	struct st_log log;
	uint32_t writer = row->event.writer == 0 ? p->self : row->event.writer;
	int rc = st_log_find(p->txn, writer, row->event.epoch, &log);
	st_assert(row->event.seq > 0);
	if (rc == 0)
		*ret_at = (struct st_place){ log.number, row->event.seq };
	return rc;
}

static const struct st_reach *reach_to(const struct st_life_event *e, const struct st_code *to)
{
	for (size_t i = 0; i < e->reach_count; i++)
		if (st_code_equal(&e->reaches[i].to, to))
			return &e->reaches[i];
	return NULL;
}

/* 1: given to the caller; 0: the filter leaves it out. */
static int give(struct paging *p, struct st_directive *d, const struct st_code *to)
{
	st_assert(d->event != NULL);
	d->reach = reach_to(d->event, to);
	if (d->reach == NULL)
		return 0;
	bool open = st_reach_is_open(d->reach, d->event->type);
	d->late = open && d->event->type != ST_NOTE && st_record_open(d->record) &&
		  d->record->due_day != 0 && d->record->due_day < p->q->today;
	if ((p->q->open_only && !open) || (p->q->late && !d->late))
		return 0;
	int rc = st_record_number(p->txn, d->record, d->number);
	if (rc < 0)
		return rc;
	rc = p->fn(d, p->arg);
	return rc < 0 ? rc : 1;
}

/* A row that rests on what this version can't read is left out of the list; its event is counted as unread. */
static bool is_unreadable(int rc)
{
	return rc == ST_EWIRE || rc == ST_EUNREAD || rc == ST_ENOTFOUND;
}

static int show(struct paging *p, const struct st_directive_row *row)
{
	struct st_record record;
	struct st_life_event e;
	struct st_directive d = { .event = &e, .record = &record };
	struct finding f;
	struct st_code to;
	uint32_t addressee = row->event.addressee == 0 ? p->self : row->event.addressee;
	int rc = place_of(p, row, &f.at);
	if (rc == 0)
		rc = st_station_code(p->txn, addressee, &to);
	if (rc == 0)
		rc = st_record_load(p->txn, &row->record, &record);
	if (rc == 0)
		rc = life_of(&p->life, &record);
	if (rc == 0 && record.revision > 0)
		rc = list_title(&p->life, &record, d.title);
	if (rc == 0)
		rc = standing(p, &record, &f);
	if (rc == 0)
		rc = life_event(&p->life, &f.at, f.why, &e);
	if (rc < 0)
		return is_unreadable(rc) ? 0 : rc;
	return give(p, &d, &to);
}

static int take(const struct st_directive_row *row, struct st_span key, void *arg)
{
	struct paging *p = arg;
	if (p->count == p->q->limit || p->looked == ST_DIRECTIVES_SCAN_MAX) {
		st_hex_put(p->next, st_span(p->last, p->last_size));
		return 1; /* there is a page after this one */
	}
	p->looked++;
	st_assert(key.size <= sizeof(p->last));
	memcpy(p->last, key.data, key.size);
	p->last_size = key.size;
	int rc = show(p, row);
	p->count += rc == 1;
	return rc < 0 ? rc : 0;
}

int st_directives_each(struct st_txn *t, const struct st_directives_query *q, st_directives_fn *fn,
		       void *arg, struct st_buf *ret_next)
{
	struct paging p = { .txn = t, .q = q, .fn = fn, .arg = arg, .next = ret_next };
	uint8_t from[ST_DIRECTIVE_KEY_MAX];
	size_t size = 0;
	ST_REQUIRE(q->limit > 0 && q->limit <= ST_LIST_MAX);
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(ret_next != NULL);
	if (st_hex_get(q->from, from, sizeof(from), &size) < 0)
		return ST_EFIELD;
	struct st_directive_range range = { q->which, q->addressee, st_span(from, size) };
	int rc = life_open(&p.life, t, NULL);
	if (rc == 0)
		rc = st_station_self(t, &p.self);
	if (rc == 0)
		rc = st_directive_each(t, &range, take, &p);
	life_close(&p.life);
	st_assert(p.count <= q->limit);
	return rc < 0 ? rc : ret_next->error;
}

int st_event_record(struct st_txn *t, const struct st_position *at, struct st_record *ret_record)
{
	struct life l;
	struct st_log log;
	struct st_event e;
	struct st_change change;
	struct st_record_ref ref;
	uint32_t station = 0;
	st_assert(at->seq > 0);
	int rc = life_open(&l, t, NULL);
	if (rc == 0)
		rc = st_station_number(t, &at->station, &station);
	if (rc == 0)
		rc = st_log_find(t, station, at->epoch, &log);
	if (rc == 0)
		rc = life_read(&l, &(struct st_place){ log.number, at->seq }, &e, &change);
	if (rc == 0 && !e.has_record)
		rc = ST_ENOTFOUND;
	if (rc == 0) {
		ref.ulid = e.record.ulid;
		rc = st_station_number(t, &e.record.opener, &ref.opener);
	}
	if (rc == 0)
		rc = st_record_load(t, &ref, ret_record);
	life_close(&l);
	return rc == ST_EWIRE || rc == ST_EUNREAD ? ST_ENOTFOUND : rc;
}
