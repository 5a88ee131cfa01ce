/* heard.c - each directive that came is said to be here, once and in its writer's order, and whoever should know does.
 *
 * Owns:    the comparison of what a station holds for itself with what it says of that, and with what others know.
 * Promise: 2: delivered once, in order, and its writer can see it.
 * Flow:    own log, logs, carried, heard rows -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/store/erased.h>
#include <station/store/heard.h>
#include "sim.h"

enum { HEARD_MAX = 4096 };

struct list {
	struct station *station;
	struct st_arena arena;
	struct st_log_id id; /* of the log that is being read */
	size_t said_count, here_count;
	struct st_position said[HEARD_MAX], here[HEARD_MAX];
	bool said_erased[HEARD_MAX];
	struct st_txn *txn;
};

static bool same(const struct st_position *a, const struct st_position *b)
{
	return st_code_equal(&a->station, &b->station) && a->epoch == b->epoch && a->seq == b->seq;
}

static bool find(const struct st_position *in, size_t count, const struct st_position *p)
{
	for (size_t i = 0; i < count; i++)
		if (same(&in[i], p))
			return true;
	return false;
}

/* An erase takes effect when what it rests on has come: its order among directives is no promise. */
static void say(struct list *l, const struct st_position *p, bool erased)
{
	struct sim *sim = l->station->sim;
	SIM_CHECK(sim, l->station, !find(l->said, l->said_count, p), "hears %s/%llu twice",
		  p->station.text, (unsigned long long)p->seq);
	for (size_t i = 0; i < l->said_count && !erased; i++)
		SIM_CHECK(sim, l->station, l->said_erased[i] ||
			  !st_code_equal(&l->said[i].station, &p->station) || l->said[i].seq < p->seq,
			  "hears %llu of %s before %llu", (unsigned long long)l->said[i].seq,
			  p->station.text, (unsigned long long)p->seq);
	ST_REQUIRE(l->said_count < HEARD_MAX);
	l->said_erased[l->said_count] = erased;
	l->said[l->said_count++] = *p;
}

/* What the rule of st_event_directs makes of an event for this station. */
static bool is_for(struct list *l, const struct st_event *e)
{
	struct st_change change;
	if (e->type != ST_MOVE && e->type != ST_NOTE && e->type != ST_REASSIGN)
		return false;
	bool read = st_change_decode(e->type, e->body, &l->arena, &change) == 0;
	for (size_t i = 0; i < e->addressee_count; i++) {
		const struct st_addressee *to = &e->addressees[i];
		if (to->subtree || !st_code_equal(&to->station, &l->station->code))
			continue;
		return e->has_record && (e->type == ST_NOTE ||
					 (read && st_code_equal(&change.holder, &to->station)));
	}
	return false;
}

/* An erase, if it has taken effect here: a rogue's hasn't. */
static bool took_effect(struct list *l, const struct st_event *e)
{
	struct st_record_ref ref = { .ulid = e->record.ulid };
	struct st_erasure row;
	struct st_log log;
	uint32_t number = 0;
	if (e->type != ST_ERASE || !e->has_record)
		return false;
	int rc = st_station_number(l->txn, &e->record.opener, &ref.opener);
	if (rc == 0)
		rc = st_station_number(l->txn, &e->at.station, &number);
	if (rc == 0)
		rc = st_log_find(l->txn, number, e->at.epoch, &log);
	if (rc == 0)
		rc = st_erasure_get(l->txn, &ref, log.number, e->at.seq, &row);
	return rc == 0 && row.state >= ST_ERASURE_DONE;
}

static bool is_erase(struct list *l, const struct st_position *p)
{
	struct st_log log;
	struct st_buf bytes;
	struct st_arena arena;
	struct st_event e;
	uint32_t number = 0;
	st_buf_init(&bytes, ST_EVENT_MAX);
	ST_REQUIRE(st_arena_init(&arena, ST_EVENT_ARENA) == 0);
	int rc = st_station_number(l->txn, &p->station, &number);
	if (rc == 0)
		rc = st_log_find(l->txn, number, p->epoch, &log);
	if (rc == 0)
		rc = st_event_get(l->txn, log.number, p->seq, &bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&bytes), &arena, &e);
	bool erase = rc == 0 && e.type == ST_ERASE;
	st_buf_done(&bytes);
	st_arena_done(&arena);
	return erase;
}

static int read_event(uint64_t seq, struct st_span event, void *arg)
{
	struct list *l = arg;
	struct st_event e;
	struct st_heard heard;
	bool own = st_code_equal(&l->id.station, &l->station->code);
	st_arena_reset(&l->arena);
	if (st_event_decode(event, &l->arena, &e) < 0 || e.at.seq != seq ||
	    !st_code_equal(&e.at.station, &l->id.station) || e.at.epoch != l->id.epoch)
		return 0;
	if (own && e.type == ST_HEARD && st_heard_decode(e.body, &l->arena, &heard) == 0 &&
	    heard.stage == ST_STAGE_DELIVERED)
		for (size_t i = 0; i < heard.count; i++)
			say(l, &heard.positions[i], is_erase(l, &heard.positions[i]));
	if (!own && (is_for(l, &e) || took_effect(l, &e))) {
		ST_REQUIRE(l->here_count < HEARD_MAX);
		l->here[l->here_count++] = e.at;
	}
	return 0;
}

static int read_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct list *l = arg;
	int rc = st_log_id(t, log, &l->id);
	return rc < 0 || log->tree.size == 0 ? rc
					     : st_event_each(t, log->number, 1, log->tree.size, read_event, l);
}

static int read_carried(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct list *l = arg;
	struct st_log log;
	int rc = st_log_get(t, c->log, &log);
	if (rc == 0)
		rc = st_log_id(t, &log, &l->id);
	return rc < 0 ? rc : read_event(c->seq, c->event, l);
}

static int read_all(struct st_txn *t, void *arg)
{
	((struct list *)arg)->txn = t;
	int rc = st_log_each(t, read_log, arg);
	return rc < 0 ? rc : st_carried_each(t, 0, 0, read_carried, arg);
}

struct asking {
	const struct st_position *event;
	const struct st_code *addressee;
	struct st_heard_row row;
};

static int read_row(struct st_txn *t, void *arg)
{
	struct asking *a = arg;
	struct st_heard_key key = { .epoch = a->event->epoch, .seq = a->event->seq };
	int rc = st_station_number(t, &a->event->station, &key.writer);
	if (rc == 0)
		rc = st_station_number(t, a->addressee, &key.addressee);
	if (rc == 0)
		rc = st_heard_get(t, &key, &a->row);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static unsigned stage_at(struct station *s, const struct st_position *event, const struct station *of)
{
	struct asking a = { .event = event, .addressee = &of->code };
	SIM_DO(s->sim, s, st_store_read(s->store, read_row, &a));
	return a.row.stage;
}

static bool all_enrolled(const struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++) {
		const struct child *c = down_child(sim->stations[i]->parent, sim->stations[i]);
		if (c == NULL || !c->enrolled)
			return false;
	}
	return true;
}

/* Every station above it, and the writer, know as much as itself. */
static void check_known(struct station *s, const struct st_position *event)
{
	struct sim *sim = s->sim;
	unsigned stage = stage_at(s, event, s);
	SIM_CHECK(sim, s, stage >= ST_STAGE_DELIVERED, "forgot that it heard");
	for (struct station *up = s; up->parent != NULL; up = up->parent) {
		const struct child *c = down_child(up->parent, up);
		if (c == NULL || !c->enrolled)
			return;
		SIM_CHECK(sim, up->parent, stage_at(up->parent, event, s) == stage,
			  "doesn't know how far %s/%llu came at %s", event->station.text,
			  (unsigned long long)event->seq, s->code.text);
	}
	struct station *writer = station_of(sim, &event->station);
	SIM_CHECK(sim, s, writer != NULL, "hears what nobody wrote");
	if (all_enrolled(sim))
		SIM_CHECK(sim, writer, stage_at(writer, event, s) == stage,
			  "doesn't know how far its %llu came at %s", (unsigned long long)event->seq,
			  s->code.text);
}

void check_heard(struct station *s)
{
	struct sim *sim = s->sim;
	struct list *l = calloc(1, sizeof(*l));
	ST_REQUIRE(l != NULL && st_arena_init(&l->arena, ST_EVENT_ARENA) == 0);
	l->station = s;
	SIM_DO(sim, s, st_store_read(s->store, read_all, l));
	for (size_t i = 0; i < l->here_count; i++)
		SIM_CHECK(sim, s, find(l->said, l->said_count, &l->here[i]), "is silent about %s/%llu",
			  l->here[i].station.text, (unsigned long long)l->here[i].seq);
	for (size_t i = 0; i < l->said_count; i++) {
		SIM_CHECK(sim, s, find(l->here, l->here_count, &l->said[i]),
			  "hears %s/%llu, which isn't here", l->said[i].station.text,
			  (unsigned long long)l->said[i].seq);
		check_known(s, &l->said[i]);
	}
	st_arena_done(&l->arena);
	free(l);
}
