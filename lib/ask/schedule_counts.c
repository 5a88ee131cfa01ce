/* schedule_counts.c - how many of the days of schedules were kept, moved or missed.
 *
 * Owns:    the counts by station and type.
 * Promise: each occurrence counts once, in the period that it falls in.
 * Flow:    schedule -> counts -> api */
#include <station/ask/schedule.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

struct counting {
	const struct st_schedule_query *q;
	struct st_schedule_counts counts;
	size_t room, at;
	struct st_record_ref last; /* the schedule counted last */
};

static int row_of(struct counting *c, uint32_t station, uint32_t type)
{
	struct st_schedule_counts *all = &c->counts;
	for (c->at = 0; c->at < all->count; c->at++)
		if (all->rows[c->at].station == station && all->rows[c->at].type == type)
			return 0;
	if (all->count == c->room) {
		size_t room = c->room == 0 ? 64 : c->room * 2;
		struct st_schedule_count *rows = realloc(all->rows, room * sizeof(*rows));
		if (rows == NULL)
			return ST_ENOMEM;
		all->rows = rows;
		c->room = room;
	}
	st_assert(c->at < c->room);
	memset(&all->rows[c->at], 0, sizeof(all->rows[0]));
	all->rows[c->at].station = station;
	all->rows[c->at].type = type;
	all->count++;
	return 0;
}

static int count(const struct st_schedule *s, const struct st_occurrence *o, void *arg)
{
	struct counting *c = arg;
	bool same = st_record_same(&c->last, &s->record.ref);
	if (o->falls_on < c->q->from_day || o->falls_on > c->q->to_day)
		return 0; /* moved here from another period, which counts it */
	int rc = same ? 0 : row_of(c, s->record.holder, s->plan->type);
	if (rc < 0)
		return rc;
	struct st_schedule_count *n = &c->counts.rows[c->at];
	n->schedules += !same;
	c->last = s->record.ref;
	n->planned++;
	n->open += o->state == ST_OPEN_YET;
	n->kept += o->state == ST_MET;
	n->moved += o->state == ST_MOVED;
	n->missed += o->state == ST_MISSED;
	n->late += o->notice == ST_NOTICE_LATE;
	n->silent += o->notice == ST_NOTICE_NONE;
	st_assert(n->planned == n->open + n->kept + n->moved + n->missed);
	return 0;
}

static int by_station(const void *a, const void *b)
{
	const struct st_schedule_count *x = a, *y = b;
	if (x->station != y->station)
		return x->station < y->station ? -1 : 1;
	return x->type < y->type ? -1 : x->type > y->type;
}

int st_schedule_count_all(struct st_txn *t, const struct st_schedule_query *q,
			  struct st_schedule_counts *ret_counts)
{
	ST_REQUIRE(ret_counts != NULL);
	struct st_schedule_query all = *q;
	struct counting c = { .q = q };
	struct st_buf next;
	st_buf_init(&next, 1);
	all.limit = 0;
	all.open_only = false;
	all.untitled = true;
	all.page = ST_SPAN_NONE;
	int rc = st_schedule_each(t, &all, count, &c, &next);
	st_buf_done(&next);
	if (rc < 0) {
		free(c.counts.rows);
		return rc;
	}
	if (c.counts.count > 1)
		qsort(c.counts.rows, c.counts.count, sizeof(c.counts.rows[0]), by_station);
	*ret_counts = c.counts;
	return 0;
}

void st_schedule_counts_done(struct st_schedule_counts *c)
{
	free(c->rows);
	c->rows = NULL;
	c->count = 0;
}
