/* net.c - connections that are slow, cut, half-open, noisy; and late frames of those that are gone.
 *
 * Owns:    frames on the way. Within one connection they keep their order, as ZeroMQ's do; across
 *          connections anything goes.
 * Promise: 2 and 5 are tried: nothing that the network does may lose, repeat or reorder an event.
 * Flow:    up, down -> frames on the way -> down, up */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { NOTICED_MS_MAX = 5000, CUT_MS_MAX = 60000, OLD_MAX = 16 };

struct flight {
	struct conn *conn;
	size_t size;
	bool up;
	uint8_t data[];
};

/* Frames of the past, to be said again by a child that has gone mad. */
static struct {
	size_t size;
	uint8_t data[ST_FRAME_MAX];
} old[OLD_MAX];
static size_t old_count;

struct conn *conn_open(struct sim *sim, struct station *child)
{
	struct conn *c = calloc(1, sizeof(*c));
	ST_REQUIRE(c != NULL);
	*c = (struct conn){ .id = ++sim->conn_last, .child = child, .parent = child->parent,
			    .child_life = child->life, .parent_life = child->parent->life,
			    .open = true, .next = sim->conns };
	sim->conns = c;
	sim_trace(sim, child, "connected", c->id, 0);
	return c;
}

static void notice(struct sim *sim, void *what, uint64_t tag)
{
	struct conn *c = what;
	(void)sim;
	(void)tag;
	c->noticed = true;
}

void conn_close(struct sim *sim, struct conn *c)
{
	if (!c->open)
		return;
	c->open = false;
	c->late = c->silent ? 0 : (unsigned)sim_below(sim, 12);
	sim_after(sim, sim_below(sim, NOTICED_MS_MAX), notice, c, 0);
	sim_trace(sim, c->child, "closed", c->id, c->late);
}

void conn_cut(struct sim *sim, struct conn *c)
{
	struct station *s = c->child;
	if (!c->open)
		return;
	conn_close(sim, c);
	if (s->life == c->child_life && s->up.conn == c)
		up_failed(s, ST_ESILENT);
}

void net_arrives(struct sim *sim, void *what, uint64_t tag)
{
	struct flight *f = what;
	struct conn *c = f->conn;
	struct station *to = f->up ? c->parent : c->child;
	(void)tag;
	bool comes = to->alive && to->life == (f->up ? c->parent_life : c->child_life) && !c->silent;
	if (comes && !c->open) {
		comes = f->up && c->late > 0;
		c->late -= comes;
	}
	if (comes) {
		sim_trace(sim, to, f->up ? "frame up" : "frame down", c->id, f->size);
		sim_trace_bytes(sim, st_span(f->data, f->size));
		if (f->up)
			down_frame(to, c, st_span(f->data, f->size));
		else if (to->up.conn == c)
			up_frame(to, st_span(f->data, f->size));
	}
	free(f);
}

static void fly(struct sim *sim, struct conn *c, bool up, struct st_span frame)
{
	uint64_t *last = up ? &c->arrives_up : &c->arrives_down;
	uint64_t at = sim->now_ms + c->child->net.latency_ms / 2 +
		      sim_below(sim, c->child->net.latency_ms + 1);
	struct flight *f = malloc(sizeof(*f) + frame.size);
	ST_REQUIRE(f != NULL);
	*f = (struct flight){ .conn = c, .size = frame.size, .up = up };
	memcpy(f->data, frame.data, frame.size);
	if (at < *last)
		at = *last;
	*last = at;
	sim_after(sim, at - sim->now_ms, net_arrives, f, 0);
}

static int read_taken(struct st_txn *t, void *arg)
{
	struct st_taken *to = arg;
	uint8_t row[sizeof(to->incarnation) + 8];
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_TAKEN, row, sizeof(row), &size);
	to->position = rc == 0 ? st_get_u64(row + sizeof(to->incarnation)) : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* Whether it says that the child has taken what it hasn't, which nobody brings it again. */
static bool is_boast(struct sim *sim, struct station *s, struct st_span frame)
{
	struct st_taken here;
	struct st_arena arena;
	struct st_frame f;
	uint64_t said = 0;
	SIM_DO(sim, s, st_store_read(s->store, read_taken, &here));
	SIM_DO(sim, s, st_arena_init(&arena, ST_FRAME_ARENA));
	if (st_frame_decode(frame, &arena, &f) == 0)
		said = f.kind == ST_FRAME_TAKEN   ? f.u.taken.position
		       : f.kind == ST_FRAME_HELLO ? f.u.hello.taken.position
						  : 0;
	st_arena_done(&arena);
	return said > here.position;
}

/* A child says what it shouldn't: an old frame again, or one with a bit turned. What it says after that
 * is believed as far as it can be, so the connection can't be trusted to catch up by itself. */
static void say_rubbish(struct sim *sim, struct conn *c, struct st_span frame)
{
	uint8_t bytes[ST_FRAME_MAX];
	c->tainted = c->child->mad = true;
	if (old_count > 0 && sim_chance(sim, 500)) {
		size_t n = sim_below(sim, old_count);
		c->child->boasts |= is_boast(sim, c->child, st_span(old[n].data, old[n].size));
		fly(sim, c, true, st_span(old[n].data, old[n].size));
		return;
	}
	memcpy(bytes, frame.data, frame.size);
	for (uint64_t n = 1 + sim_below(sim, 3); n > 0; n--)
		bytes[sim_below(sim, frame.size)] ^= (uint8_t)(1 << sim_below(sim, 8));
	c->child->boasts |= is_boast(sim, c->child, st_span(bytes, frame.size));
	fly(sim, c, true, st_span(bytes, frame.size));
}

static void remember(struct sim *sim, struct st_span frame)
{
	size_t n = old_count < OLD_MAX ? old_count++ : sim_below(sim, OLD_MAX);
	memcpy(old[n].data, frame.data, frame.size);
	old[n].size = frame.size;
}

void conn_send(struct sim *sim, struct conn *c, bool up, struct st_span frame)
{
	ST_REQUIRE(frame.size <= ST_FRAME_MAX && frame.size > 0);
	if (c->silent || (up && !c->open))
		return;
	if (!sim->healed && sim_chance(sim, sim->permille_loss)) {
		/* TCP loses no single frame: the connection goes with it. */
		if (sim_chance(sim, 300))
			c->silent = true;
		else
			conn_cut(sim, c);
		return;
	}
	if (!sim->healed && up && sim->permille_rubbish > 0) {
		if (sim_chance(sim, 100))
			remember(sim, frame);
		if (sim_chance(sim, sim->permille_rubbish))
			say_rubbish(sim, c, frame);
	}
	fly(sim, c, up, frame);
}

static void mend(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	(void)sim;
	(void)tag;
	s->net.cut = false;
}

static void trouble(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	s->net.latency_ms = sim_chance(sim, 700) ? 1 + sim_below(sim, 20) : sim_below(sim, 1500);
	s->net.bytes_per_ms = sim_chance(sim, 700) ? 2000 : 1 + sim_below(sim, 60);
	if (sim_chance(sim, 500)) {
		if (s->up.conn != NULL && sim_chance(sim, 250))
			s->up.conn->silent = true;
		else if (s->up.conn != NULL)
			conn_cut(sim, s->up.conn);
		s->net.cut = true;
		sim_trace(sim, s, "line cut", 0, 0);
		sim_after(sim, sim_below(sim, sim_chance(sim, 200) ? sim->chaos_ms : CUT_MS_MAX), mend, s, 0);
	}
	sim_after(sim, 1000 + sim_below(sim, 40000), trouble, s, tag);
}

void net_start(struct sim *sim)
{
	old_count = 0;
	for (size_t i = 1; i < sim->count; i++) {
		sim->stations[i]->net.latency_ms = 1 + sim_below(sim, 20);
		sim->stations[i]->net.bytes_per_ms = 2000;
		sim_after(sim, 2000 + sim_below(sim, 40000), trouble, sim->stations[i], 0);
	}
}

/* The lines stand from here on. What is half-open is for the pings to find; only what rubbish has
 * been said over is cut, since no transport that authenticates lets it happen. */
void net_heal(struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++) {
		struct station *s = sim->stations[i];
		s->net.cut = false;
		s->net.latency_ms = 1 + sim_below(sim, 30);
		s->net.bytes_per_ms = 2000;
		if (s->up.conn != NULL && s->up.conn->tainted)
			conn_cut(sim, s->up.conn);
	}
}
