/* forge.c - pushes that their origin hasn't signed so: made up, altered, or brought by the wrong child.
 *
 * Owns:    what a thief or a liar in the middle could send. None of it may enter a store.
 * Promise: 3 and 8 are tried: it is refused, and nobody else notices.
 * Flow:    seed -> push -> writer */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { EVENTS_MAX = 32 };

struct forgery {
	struct station *origin;
	uint64_t held, to;
	bool refused; /* it has to be, whatever has come meanwhile */
	struct st_checkpoint_row row;
	struct st_buf bytes;
	size_t offsets[EVENTS_MAX + 1], count;
	struct st_span events[EVENTS_MAX];
};

static void forgery_gone(struct job *j)
{
	struct forgery *f = j->arg;
	st_buf_done(&f->bytes);
	free(f);
}

static void judged(struct station *s, struct job *j)
{
	struct forgery *f = j->arg;
	sim_trace(s->sim, s, "forged push", f->origin->index, (uint64_t)-j->work.rc);
	SIM_CHECK(s->sim, s, j->work.rc < 0 || !f->refused, "a forged push of %s was taken",
		  f->origin->code.text);
}

static int held_size(struct st_txn *t, void *arg)
{
	struct forgery *f = arg;
	struct st_log log;
	uint32_t number = 0;
	int rc = st_station_number(t, &f->origin->code, &number);
	if (rc == 0)
		rc = st_log_find(t, number, 1, &log);
	f->held = rc == 0 ? log.tree.size : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int keep_event(uint64_t seq, struct st_span event, void *arg)
{
	struct forgery *f = arg;
	(void)seq;
	f->offsets[f->count++] = f->bytes.size;
	st_buf_put_span(&f->bytes, event);
	f->offsets[f->count] = f->bytes.size;
	return f->bytes.error;
}

/* What the origin would send next. */
static int next_of_origin(struct st_txn *t, void *arg)
{
	struct forgery *f = arg;
	uint32_t log = f->origin->self.log;
	int rc = st_checkpoint_at_least(t, log, f->held + 1, &f->row);
	if (rc < 0 || f->row.size - f->held > EVENTS_MAX)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return st_event_each(t, log, f->held + 1, f->row.size, keep_event, f);
}

/* A fair word in the origin's name, under a key that isn't his. */
static void make_up(struct sim *sim, struct forgery *f)
{
	const struct station *thief = sim->stations[(f->origin->index + 1) % sim->count];
	struct st_begin begin = { .previous_size = 0 };
	struct st_event e;
	struct st_buf body;
	struct st_frontier tree;
	memset(&e, 0, sizeof(e));
	memset(&tree, 0, sizeof(tree));
	st_buf_init(&body, ST_EVENT_MAX);
	SIM_DO(sim, NULL, st_begin_encode(&begin, &body));
	e.at = (struct st_position){ f->origin->code, 1, f->held + 1 };
	e.min_version = 1;
	e.type = ST_BEGIN;
	e.body = st_buf_span(&body);
	SIM_DO(sim, NULL, st_event_encode(&e, &f->bytes));
	f->offsets[0] = 0;
	f->offsets[1] = f->bytes.size;
	f->count = 1;
	struct st_hash leaf = st_hash_leaf(st_buf_span(&f->bytes));
	SIM_DO(sim, NULL, st_frontier_append(&tree, &leaf, NULL, NULL));
	struct st_checkpoint c = { .log = { f->origin->code, 1 }, .size = f->held + 1,
				   .root = st_frontier_root(&tree) };
	f->row.size = c.size;
	f->row.root = c.root;
	st_cosign(&c, &thief->keys.identity, 1767200000, &f->row.cosignature);
	f->refused = true;
	st_buf_done(&body);
}

static void submit(struct station *s, struct child *c, struct forgery *f)
{
	struct job *j = job_new(ST_JOB_PUSH, judged);
	j->arg = f;
	j->gone = forgery_gone;
	for (size_t i = 0; i < f->count; i++)
		f->events[i] = st_span(f->bytes.data + f->offsets[i], f->offsets[i + 1] - f->offsets[i]);
	j->work.u.push.child = c->number;
	j->work.u.push.push = (struct st_push){
		.first_seq = f->held + 1,
		.event_count = f->count,
		.events = f->events,
		.checkpoint = { .log = { f->origin->code, 1 }, .size = f->row.size, .root = f->row.root },
		.cosignature = f->row.cosignature,
	};
	if (station_submit(s, j) < 0)
		job_free(j);
}

void forge_push(struct station *s)
{
	struct sim *sim = s->sim;
	struct station *origin = sim->stations[sim_below(sim, sim->count)];
	if (s->down.count == 0 || origin == s || !origin->alive || !origin->self.set_up)
		return;
	struct child *c = s->down.children[sim_below(sim, s->down.count)];
	bool right_way = station_is_below(origin, c->station);
	struct forgery *f = calloc(1, sizeof(*f));
	ST_REQUIRE(f != NULL);
	f->origin = origin;
	st_buf_init(&f->bytes, 1 << 21);
	SIM_DO(sim, s, st_store_read(s->store, held_size, f));
	if (sim_chance(sim, 500)) {
		make_up(sim, f);
	} else {
		SIM_DO(sim, origin, st_store_read(origin->store, next_of_origin, f));
		if (f->count > 0 && right_way) /* one bit of it turned */
			f->bytes.data[sim_below(sim, f->bytes.size)] ^= (uint8_t)(1 << sim_below(sim, 8));
		f->refused = !right_way;
	}
	if (f->count > 0) {
		submit(s, c, f);
		return;
	}
	st_buf_done(&f->bytes);
	free(f);
}
