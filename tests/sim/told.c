/* told.c - the model: what clerks and neighbours were told, and nothing else.
 *
 * Owns:    a list kept outside the code under test, that grows only when an answer leaves a station.
 * Promise: 1: everything on it is on the disk, after each crash and at the end.
 * Flow:    answers, frames downward -> told -> the disk, asked */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

/* ---- reading a store ---- */

struct asking {
	struct station *origin;
	uint64_t size;
	uint64_t seq;
	struct st_buf *to;
};

static int find_log(struct st_txn *t, const struct station *origin, struct st_log *log)
{
	uint32_t number = 0;
	int rc = st_station_number(t, &origin->code, &number);
	return rc < 0 ? rc : st_log_find(t, number, 1, log);
}

static int read_size(struct st_txn *t, void *arg)
{
	struct asking *a = arg;
	struct st_log log;
	int rc = find_log(t, a->origin, &log);
	a->size = rc == 0 ? log.tree.size : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static uint64_t size_at(struct station *s, struct station *origin)
{
	struct asking a = { .origin = origin };
	SIM_DO(s->sim, s, st_store_read(s->store, read_size, &a));
	return a.size;
}

static int read_event(struct st_txn *t, void *arg)
{
	struct asking *a = arg;
	struct st_log log;
	int rc = find_log(t, a->origin, &log);
	return rc < 0 ? rc : st_event_get(t, log.number, a->seq, a->to);
}

static int leaf_at(struct station *s, uint64_t seq, struct st_hash *ret_leaf)
{
	struct st_buf bytes;
	st_buf_init(&bytes, ST_EVENT_MAX);
	struct asking a = { .origin = s, .seq = seq, .to = &bytes };
	int rc = st_store_read(s->store, read_event, &a);
	if (rc == 0)
		*ret_leaf = st_hash_leaf(st_buf_span(&bytes));
	st_buf_done(&bytes);
	return rc;
}

/* ---- what is told ---- */

void told_event(struct station *s, const struct st_position *at)
{
	struct told *m = s->told;
	if (m->event_count == m->event_room) {
		m->event_room = m->event_room == 0 ? 64 : m->event_room * 2;
		m->events = realloc(m->events, m->event_room * sizeof(m->events[0]));
		ST_REQUIRE(m->events != NULL);
	}
	m->events[m->event_count].seq = at->seq;
	int rc = leaf_at(s, at->seq, &m->events[m->event_count].leaf);
	SIM_CHECK(s->sim, s, rc == 0, "told event %llu, which isn't in the store: %s",
		  (unsigned long long)at->seq, st_error_name(rc));
	m->event_count++;
}

struct told_record *told_record_new(struct station *s)
{
	struct told *m = s->told;
	if (m->record_count == m->record_room) {
		m->record_room = m->record_room == 0 ? 32 : m->record_room * 2;
		m->records = realloc(m->records, m->record_room * sizeof(m->records[0]));
		ST_REQUIRE(m->records != NULL);
	}
	struct told_record *r = &m->records[m->record_count++];
	memset(r, 0, sizeof(*r));
	return r;
}

static void told_size(struct station *s, const struct st_log_id *log, uint64_t size, bool receipted)
{
	struct station *origin = station_of(s->sim, &log->station);
	SIM_CHECK(s->sim, s, origin != NULL, "speaks of a log that nobody has");
	uint64_t *told = receipted ? &s->told->receipted[origin->index] : &s->told->size[origin->index];
	if (size <= *told)
		return;
	*told = size;
	if (!s->alive)
		return; /* asked when it is back */
	uint64_t held = size_at(s, origin);
	SIM_CHECK(s->sim, s, size <= held, "%s for %llu events of %s, the disk has %llu",
		  receipted ? "a receipt" : "an ack", (unsigned long long)size, origin->code.text,
		  (unsigned long long)held);
}

static void told_logs(struct child *c, const struct st_logs *logs)
{
	struct station *s = c->parent;
	for (size_t i = 0; i < logs->count; i++) {
		const struct st_log_state *l = &logs->logs[i];
		struct station *origin = station_of(s->sim, &l->log.station);
		told_size(s, &l->log, l->size, false);
		c->told[origin->index] = l->size;
	}
}

/* It says where to go on: not beyond the disk, and not behind what was acknowledged, or a full disk would
 * cost each child its whole log again. */
static void told_refusal(struct child *c, const struct st_refusal *r)
{
	struct station *s = c->parent, *origin = station_of(s->sim, &r->log.station);
	SIM_CHECK(s->sim, s, c->tainted || (origin != NULL && r->held >= s->told->size[origin->index]),
		  "sends %s back to %llu", r->log.station.text, (unsigned long long)r->held);
	if (origin != NULL)
		told_size(s, &r->log, r->held, false);
}

void told_frame(struct child *c, struct st_span frame)
{
	struct station *s = c->parent;
	struct st_frame f;
	st_arena_reset(&s->sim->arena);
	SIM_DO(s->sim, s, st_frame_decode(frame, &s->sim->arena, &f));
	if (f.kind == ST_FRAME_WELCOME) {
		memset(c->told, 0, sizeof(c->told));
		c->any_refused = false;
	} else if (f.kind == ST_FRAME_LOGS) {
		told_logs(c, &f.u.logs);
	} else if (f.kind == ST_FRAME_ACK) {
		told_size(s, &f.u.ack.log, f.u.ack.size, false);
		if (f.u.ack.receipt.time_s != 0)
			told_size(s, &f.u.ack.log, f.u.ack.size, true);
	} else if (f.kind == ST_FRAME_REFUSAL && !st_code_empty(&f.u.refusal.log.station)) {
		told_refusal(c, &f.u.refusal);
	} else if (f.kind == ST_FRAME_RECEIPTS) {
		for (size_t i = 0; i < f.u.receipts.count; i++) {
			const struct st_receipt_in *r = &f.u.receipts.receipts[i];
			struct station *signer = station_of(s->sim, &r->signer);
			SIM_CHECK(s->sim, s, signer != NULL, "a receipt of nobody");
			told_size(signer, &r->log, r->size, true);
		}
	}
}

/* Nobody fills this station's memory, and what is given is what the children hold. */
void told_pool(struct station *s)
{
	uint64_t given = 0;
	for (size_t i = 0; i < s->down.count; i++) {
		struct st_downlink_info info;
		st_downlink_info(s->down.children[i]->session, &info);
		given += info.granted;
		SIM_CHECK(s->sim, s, info.credit + info.held <= ST_CREDIT_STANDING + info.granted,
			  "%s has credit %llu and %llu held of %llu granted",
			  s->down.children[i]->code.text, (unsigned long long)info.credit,
			  (unsigned long long)info.held, (unsigned long long)info.granted);
		SIM_CHECK(s->sim, s, info.granted <= ST_GRANT_MAX, "granted %llu to one child",
			  (unsigned long long)info.granted);
	}
	SIM_CHECK(s->sim, s, given == s->down.pool.given && given <= s->down.pool.size,
		  "the pool of %llu has given %llu, its children hold %llu",
		  (unsigned long long)s->down.pool.size, (unsigned long long)s->down.pool.given,
		  (unsigned long long)given);
}

void told_is_durable(struct station *s)
{
	const struct told *m = s->told;
	for (size_t i = 0; i < m->event_count; i++) {
		struct st_hash leaf;
		int rc = leaf_at(s, m->events[i].seq, &leaf);
		SIM_CHECK(s->sim, s, rc == 0 && st_hash_equal(&leaf, &m->events[i].leaf),
			  "event %llu was acknowledged, and is %s", (unsigned long long)m->events[i].seq,
			  rc == 0 ? "another now" : "gone");
	}
	for (size_t i = 0; i < s->sim->count; i++) {
		uint64_t told = m->size[i] > m->receipted[i] ? m->size[i] : m->receipted[i];
		uint64_t held = told == 0 ? 0 : size_at(s, s->sim->stations[i]);
		SIM_CHECK(s->sim, s, told <= held, "%llu events of %s were acknowledged, %llu are here",
			  (unsigned long long)told, s->sim->stations[i]->code.text,
			  (unsigned long long)held);
	}
}
