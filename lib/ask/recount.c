/* recount.c - records and tallies made anew from the raw events, and compared.
 *
 * Owns:    the second opinion: it reads no folded row but to compare it.
 * Promise: 4, tallies equal a recount.
 * Flow:    events -> chain -> record -> tally, lists -> compare */
#include "recount.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/store/carried.h>
#include <station/store/erased.h>

struct item {
	struct st_record_ref ref;
	struct st_link link;
};

struct counting {
	struct st_txn *txn;
	struct st_recount *out;
	st_progress_fn *progress;
	void *arg;
	struct st_tally *tally;
	struct st_arena arena;
	struct st_buf event, row;
	uint32_t passes, pass;
	uint64_t total, done;
	struct st_log log; /* being read */
	struct item *items;
	size_t count, room;
	size_t set_room; /* of the record at work: so many of each */
	struct st_link *links;
	enum st_verdict *verdicts;
	size_t *order;
	uint32_t *choice_room;
	struct recount_lists lists;
	bool sourced;
	uint8_t source[16]; /* of the record at work */
};

static int add(struct counting *c, const struct st_record_ref *ref, const struct st_link *link)
{
	if (c->count == c->room) {
		size_t room = c->room == 0 ? 4096 : c->room * 2;
		struct item *items = realloc(c->items, room * sizeof(*items));
		if (items == NULL)
			return ST_ENOMEM;
		c->items = items;
		c->room = room;
	}
	st_assert(c->count < c->room);
	c->items[c->count++] = (struct item){ *ref, *link };
	return 0;
}

static bool is_record_event(const struct st_event *e)
{
	return e->has_record &&
	       (e->type == ST_MOVE || e->type == ST_NOTE || e->type == ST_REASSIGN);
}

/* Takes an event of this pass that the fold would take, too. */
static int read_event(uint64_t seq, struct st_span bytes, void *arg)
{
	struct counting *c = arg;
	struct st_event e;
	struct st_change change;
	struct st_link link;
	struct st_record_ref ref;
	struct st_code code;
	st_assert(c->pass < c->passes);
	st_arena_reset(&c->arena);
	c->out->events += c->pass == 0;
	if (++c->done % ST_SLICE_EVENTS == 0 && c->progress != NULL &&
	    !c->progress(c->arg, c->done, c->total))
		return ST_EBUSY;
	int rc = st_event_decode(bytes, &c->arena, &e);
	if (rc < 0 || !is_record_event(&e) || e.record.ulid.bytes[15] % c->passes != c->pass)
		return 0;
	rc = st_station_code(c->txn, c->log.station, &code);
	if (rc < 0)
		return rc;
	if (!st_code_equal(&code, &e.at.station) || e.at.epoch != c->log.epoch || e.at.seq != seq)
		return 0;
	rc = st_change_decode(e.type, e.body, &c->arena, &change);
	if (rc < 0 || st_kind(change.kind) == NULL)
		return 0;
	ref.ulid = e.record.ulid;
	rc = st_station_number(c->txn, &e.record.opener, &ref.opener);
	if (rc == 0)
		rc = st_link_of(c->txn, &c->log, &e, &change, &link);
	return rc < 0 ? rc : add(c, &ref, &link);
}

static int read_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct counting *c = arg;
	c->log = *log;
	if (log->tree.size == 0)
		return 0;
	return st_event_each(t, log->number, 1, log->tree.size, read_event, c);
}

/* An event that came outside its log counts as one in it. */
static int read_carried(struct st_txn *t, const struct st_carried *e, void *arg)
{
	struct counting *c = arg;
	int rc = st_log_get(t, e->log, &c->log);
	return rc < 0 ? rc : read_event(e->seq, e->event, c);
}

static int by_record(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->ref.opener != y->ref.opener)
		return x->ref.opener < y->ref.opener ? -1 : 1;
	int rc = memcmp(x->ref.ulid.bytes, y->ref.ulid.bytes, ST_ULID_SIZE);
	if (rc != 0)
		return rc;
	if (x->link.at.log != y->link.at.log)
		return x->link.at.log < y->link.at.log ? -1 : 1;
	return x->link.at.seq < y->link.at.seq ? -1 : x->link.at.seq > y->link.at.seq;
}

static int step(struct counting *c, const struct st_link *link, struct st_record *r)
{
	struct st_event e;
	struct st_change change;
	st_buf_clear(&c->event);
	st_arena_reset(&c->arena);
	int rc = st_event_get(c->txn, link->at.log, link->at.seq, &c->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&c->event), &c->arena, &e);
	if (rc == 0)
		rc = st_change_decode(e.type, e.body, &c->arena, &change);
	if (rc == 0 && r->revision == 0)
		c->sourced = st_change_source(&change, c->source);
	return rc < 0 ? rc : st_record_step(c->txn, r, link, &change);
}

static int compare(struct counting *c, const struct st_record *r)
{
	uint8_t stored[ST_RECORD_ROW_MAX];
	size_t size = 0;
	char ulid[ST_ULID_TEXT + 1], what[ST_ULID_TEXT + 16];
	st_buf_clear(&c->row);
	st_record_encode(r, &c->row);
	int rc = st_record_get(c->txn, &r->ref, stored, &size);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_ECORRUPT)
		return rc;
	if (c->row.error < 0)
		return c->row.error;
	c->out->records++;
	if (rc == 0 && st_span_equal(st_span(stored, size), st_buf_span(&c->row)))
		return 0;
	st_ulid_text(&r->ref.ulid, ulid);
	(void)snprintf(what, sizeof(what), "record %s", ulid);
	recount_wrong(c->out, &c->out->wrong_records, what, rc == ST_ENOTFOUND ? "row missing" : "row differs");
	return 0;
}

/* Depths are needed only where several events claim one predecessor. */
static int with_depths(struct counting *c, size_t n)
{
	st_assert(n <= c->set_room);
	for (size_t i = 0; i < n; i++) {
		struct st_station s;
		int rc = st_station_get(c->txn, c->links[i].writer, &s);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		c->links[i].depth = rc == 0 ? s.depth : 0;
	}
	return 0;
}

static void set_free(struct counting *c)
{
	free(c->links);
	free(c->verdicts);
	free(c->order);
	free(c->choice_room);
	c->set_room = 0;
}

static int set_room(struct counting *c, size_t n)
{
	if (n <= c->set_room)
		return 0;
	set_free(c);
	c->links = calloc(n, sizeof(*c->links));
	c->verdicts = calloc(n, sizeof(*c->verdicts));
	c->order = calloc(n, sizeof(*c->order));
	c->choice_room = calloc(n, ST_CHOICE_ROOM * sizeof(*c->choice_room));
	if (c->links == NULL || c->verdicts == NULL || c->order == NULL || c->choice_room == NULL)
		return ST_ENOMEM;
	c->set_room = n;
	return 0;
}

/* The record's events, and which of them weren't let wait here. */
static int take_set(struct counting *c, const struct item *items, size_t n)
{
	bool one_writer = true;
	int rc = set_room(c, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct st_place *at = &items[i].link.at;
		c->links[i] = items[i].link;
		one_writer &= items[i].link.writer == items[0].link.writer;
		int crowded = st_crowded_has(c->txn, at->log, at->seq);
		c->links[i].lost = crowded == 1;
		rc = crowded < 0 ? crowded : 0;
	}
	return rc < 0 || one_writer ? rc : with_depths(c, n);
}

static int one_record(struct counting *c, const struct item *items, size_t n)
{
	st_assert(n > 0);
	struct st_record r;
	c->sourced = false;
	memset(&r, 0, sizeof(r));
	r.ref = items[0].ref;
	int rc = take_set(c, items, n);
	if (rc < 0)
		return rc;
	struct st_above_asking asking = { .txn = c->txn };
	struct st_choice_in in = { .opener = r.ref.opener, .links = c->links, .count = n, .room = c->choice_room,
				   .above = st_above_in_store, .above_arg = &asking };
	size_t length = st_chain_choose(&in, c->verdicts, c->order);
	st_assert(length <= n);
	rc = asking.rc;
	for (size_t i = 0; rc == 0 && i < length; i++)
		rc = step(c, &c->links[c->order[i]], &r);
	for (size_t i = 0; i < n; i++) {
		r.notes += c->verdicts[i] == ST_IS_NOTE;
		r.waiting += c->verdicts[i] == ST_WAITS;
		r.set_aside += c->verdicts[i] == ST_IS_SET_ASIDE;
	}
	struct recount_record whole = { &r, c->links, c->verdicts, n, c->sourced ? c->source : NULL };
	if (rc == 0)
		rc = compare(c, &r);
	if (rc == 0)
		rc = recount_lists_of(&c->lists, &whole);
	return rc < 0 ? rc : st_tally_change(c->tally, NULL, &r);
}

static int one_pass(struct counting *c)
{
	c->count = 0;
	int rc = st_log_each(c->txn, read_log, c);
	if (rc == 0)
		rc = st_carried_each(c->txn, 0, 0, read_carried, c);
	if (rc == 0 && c->count > 1)
		qsort(c->items, c->count, sizeof(*c->items), by_record);
	for (size_t i = 0; rc == 0 && i < c->count;) {
		size_t end = i + 1;
		while (end < c->count && st_record_same(&c->items[end].ref, &c->items[i].ref))
			end++;
		st_assert(end <= c->count);
		rc = one_record(c, &c->items[i], end - i);
		i = end;
	}
	return rc;
}

static int take_away(const struct st_tally_key *key, uint32_t counter, int64_t count, void *arg)
{
	struct counting *c = arg;
	c->out->counters++;
	return st_tally_add(c->tally, key, counter, -count);
}

static int stored_cell(struct st_span key, struct st_span cell, void *arg)
{
	struct counting *c = arg;
	struct st_tally_key k;
	int rc = st_tally_key_decode(key, &k);
	if (rc == 0)
		rc = st_cell_walk(&k, cell, take_away, c);
	if (rc != ST_ECORRUPT)
		return rc;
	recount_wrong(c->out, &c->out->wrong, "tallies", "a cell is damaged");
	return 0;
}

/* What is left over is a counter that differs: recounted minus stored. */
static int left_over(const struct st_tally_key *key, uint32_t counter, int64_t count, void *arg)
{
	struct counting *c = arg;
	if (c->out->wrong++ == 0 && c->out->first_wrong[0] == 0)
		(void)snprintf(c->out->first_wrong, sizeof(c->out->first_wrong),
			       "tally view %d role %d station %u category %u month %u measure %d bucket "
			       "%u: off by %lld",
			       (int)key->view, (int)key->role, key->station, key->category, key->month,
			       (int)st_counter_measure(counter), st_counter_bucket(counter),
			       (long long)count);
	return 0;
}

static int count_events(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct counting *c = arg;
	(void)t;
	c->total += log->tree.size;
	return 0;
}

static int run(struct st_txn *t, void *arg)
{
	struct counting *c = arg;
	c->txn = t;
	c->lists = (struct recount_lists){ .txn = t, .out = c->out };
	int rc = st_log_each(t, count_events, c);
	uint64_t passes = c->total / ST_RECOUNT_EVENTS + 1;
	c->passes = passes < 256 ? (uint32_t)passes : 256;
	st_assert(c->passes <= UINT8_MAX + 1); /* one byte of a record's id chooses */
	c->total *= c->passes;
	for (c->pass = 0; rc == 0 && c->pass < c->passes; c->pass++)
		rc = one_pass(c);
	if (rc == 0)
		rc = st_cell_each(t, ST_SPAN_NONE, stored_cell, c);
	if (rc == 0)
		rc = st_tally_each(c->tally, left_over, c);
	return rc < 0 ? rc : recount_lists_done(&c->lists);
}

bool st_recount_right(const struct st_recount *r)
{
	return r->wrong == 0 && r->wrong_records == 0 && r->wrong_rows == 0;
}

int st_recount_run(struct st_store *s, st_progress_fn *progress, void *arg,
		   struct st_recount *ret_recount)
{
	ST_REQUIRE(s != NULL);
	ST_REQUIRE(ret_recount != NULL);
	struct st_recount out;
	struct counting c;
	memset(&out, 0, sizeof(out));
	memset(&c, 0, sizeof(c));
	c.out = &out;
	c.progress = progress;
	c.arg = arg;
	st_buf_init(&c.event, ST_EVENT_MAX);
	st_buf_init(&c.row, ST_RECORD_ROW_MAX);
	int rc = st_arena_init(&c.arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_tally_new(&c.tally);
	if (rc == 0)
		rc = st_store_read(s, run, &c);
	st_tally_free(c.tally);
	st_arena_done(&c.arena);
	st_buf_done(&c.event);
	st_buf_done(&c.row);
	free(c.items);
	set_free(&c);
	if (rc == 0)
		*ret_recount = out;
	return rc;
}
