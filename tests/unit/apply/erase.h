/* erase.h - looking for what was erased, in a test's city of five. */
#pragma once
#include <station/store/erased.h>
#include <station/apply/rebuild.h>
#include "five.h"

/* ---- the bytes of a record's parts that a store still has ---- */

struct parts_left {
	struct st_record_id id;
	const char *number;
	struct st_txn *txn;
	uint32_t log;
	struct st_arena arena;
	unsigned text, sealed;   /* parts that are here */
	unsigned named;          /* that the events name */
	struct st_place text_at; /* of the first text that one names */
	unsigned text_n;
	const char *words; /* to be found nowhere */
	bool found;
	uint8_t hashes[64 * ST_HASH_SIZE]; /* of all that are named */
};

static inline int count_event(uint64_t seq, struct st_span bytes, void *arg)
{
	struct parts_left *p = arg;
	struct st_event e;
	struct st_buf stored;
	st_arena_reset(&p->arena);
	if (st_event_decode(bytes, &p->arena, &e) < 0 || !e.has_record ||
	    memcmp(e.record.ulid.bytes, p->id.ulid.bytes, ST_ULID_SIZE) != 0)
		return 0;
	for (unsigned n = 0; n < e.part_count; n++) {
		st_buf_init(&stored, ST_PART_MAX);
		int rc = st_part_get_row(p->txn, p->log, seq, n, &stored);
		assert_true(rc == 0 || rc == ST_ENOTFOUND);
		p->text += rc == 0 && e.parts[n].type == ST_PART_TEXT;
		p->sealed += rc == 0 && e.parts[n].type != ST_PART_TEXT;
		if (rc == 0 && p->words != NULL)
			p->found |= memmem(stored.data, stored.size, p->words, strlen(p->words)) !=
				    NULL;
		if (p->text_at.seq == 0 && e.parts[n].type == ST_PART_TEXT) {
			p->text_at = (struct st_place){ p->log, seq };
			p->text_n = n;
		}
		assert_true(p->named < 64);
		memcpy(p->hashes + p->named++ * ST_HASH_SIZE, e.parts[n].hash.bytes, ST_HASH_SIZE);
		st_buf_done(&stored);
	}
	return 0;
}

static inline int count_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct parts_left *p = arg;
	p->log = log->number;
	return log->tree.size == 0
		       ? 0
		       : st_event_each(t, log->number, 1, log->tree.size, count_event, p);
}

static inline int count_carried(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct parts_left *p = arg;
	(void)t;
	p->log = c->log;
	return count_event(c->seq, c->event, p);
}

static inline int count_parts(struct st_txn *t, void *arg)
{
	struct parts_left *p = arg;
	struct st_record_ref ref;
	p->txn = t;
	int rc = st_record_resolve(t, st_span_text(p->number), &ref);
	if (rc == 0)
		rc = st_record_id(t, &ref, &p->id);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc; /* nothing of it is here */
	rc = st_log_each(t, count_log, p);
	return rc < 0 ? rc : st_carried_each(t, 0, 0, count_carried, p);
}

static inline struct parts_left left_at(int station, const char *number)
{
	struct parts_left p = { .number = number, .words = "垃圾" };
	assert_int_equal(st_arena_init(&p.arena, ST_EVENT_ARENA), 0);
	assert_int_equal(st_store_read(city[station].store, count_parts, &p), 0);
	st_arena_done(&p.arena);
	return p;
}

static inline void nothing_left(const char *number)
{
	for (int i = 0; i < STATIONS; i++) {
		struct parts_left p = left_at(i, number);
		assert_int_equal(p.text + p.sealed, 0);
		assert_false(p.found);
	}
}

/* ---- erase events as a store sees them ---- */

struct erasures {
	const char *number;
	struct st_erasure rows[8];
	unsigned count, confirmed; /* stations that have said so of the first one */
	uint32_t station;
	struct st_log log;
};

static inline int take_erasure(const struct st_erasure *e, void *arg)
{
	struct erasures *x = arg;
	assert_true(x->count < 8);
	x->rows[x->count++] = *e;
	return 0;
}

static inline int count_heard(const struct st_heard_key *key, const struct st_heard_row *row,
			      void *arg)
{
	struct erasures *x = arg;
	x->confirmed += key->writer == x->log.station && key->seq == x->rows[0].seq &&
			row->stage >= ST_STAGE_DELIVERED;
	return 0;
}

static inline int read_erasures(struct st_txn *t, void *arg)
{
	struct erasures *x = arg;
	struct st_record_ref ref;
	int rc = st_record_resolve(t, st_span_text(x->number), &ref);
	if (rc == 0)
		rc = st_erasure_each(t, &ref, 0, 0, take_erasure, x);
	if (rc < 0 || x->count == 0)
		return rc;
	rc = st_log_get(t, x->rows[0].log, &x->log);
	return rc < 0 ? rc : st_heard_each(t, count_heard, x);
}

static inline struct erasures erasures_at(int station, const char *number)
{
	struct erasures x = { .number = number };
	assert_int_equal(st_store_read(city[station].store, read_erasures, &x), 0);
	return x;
}

static inline int erases(int station, const char *number, enum st_erase_scope scope,
			 const char *event)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_ERASE;
	job->u.erase = (struct st_job_erase){ .record = st_span_text(number),
					      .scope = scope,
					      .reason = st_span_text("本人要求"),
					      .event = st_span_text(event) };
	int rc = station_run(&city[station], job);
	free(job);
	return rc;
}

/* Folds a store anew, from its events alone. */
static inline void fold_anew(int station)
{
	bool done = false;
	uint64_t events = 0;
	assert_int_equal(st_rebuild_ask(city[station].store), 0);
	while (!done)
		assert_int_equal(st_rebuild_step(city[station].apply, &done, &events), 0);
}
