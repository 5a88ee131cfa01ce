/* joined.c - matters handed to where they can be merged, and merged there; who had one hears of
 * what it joined.
 *
 * Owns:    the work in every third seed: stations hand what is new to another, mostly main; those
 *          merge what came to them into matters of anybody. And the check, by a plain walk along the
 *          merges at main.
 * Promise: 2: all healed, whoever opened a merged matter, and its holder, hold every event of what
 *          it joined that main holds.
 * Flow:    seed -> wishes; merges at main -> events here and there -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/merge.h>
#include "wish.h"

enum { SEEDS_OF = 3, PICK = 24, EVERY_MS = 3000, HANDS = 450, TO_MAIN = 600 };

/* ---- the work ---- */

static const struct st_move_row *merging(const struct st_kind *k)
{
	for (size_t i = 0; i < k->move_count; i++)
		if (st_merge_field(k, &k->moves[i]) != NULL)
			return &k->moves[i];
	return NULL;
}

/* One that has just been opened, and not been handed on. */
static struct told_record *new_one(struct sim *sim, struct station *s)
{
	for (int i = 0; i < PICK && s->told->record_count > 0; i++) {
		struct told_record *r = &s->told->records[sim_below(sim, s->told->record_count)];
		const struct st_move_row *m = merging(r->kind);
		if (m != NULL && !r->busy && !r->handed && st_move_from(r->kind, m, r->state))
			return r;
	}
	return NULL;
}

static void send(struct wish *w)
{
	wish_expect(w, EITHER);
	if (wish_fill(w))
		wish_submit(w);
	else
		wish_drop(w);
}

static void hand_new(struct sim *sim, struct station *s)
{
	struct told_record *r = new_one(sim, s);
	struct station *to = sim_chance(sim, TO_MAIN) ? sim->stations[0]
						      : sim->stations[sim_below(sim, sim->count)];
	const struct st_move_row *hand = r == NULL ? NULL : st_kind_move_named(r->kind, "hand");
	if (hand == NULL || to == s)
		return;
	struct wish *w = wish_new(s, r->kind, hand);
	wish_about(w, s, r);
	wish_field(w, "to", to->code.text);
	r->wild = r->handed = true;
	send(w);
}

/* Any matter of anybody. */
static struct told_record *any_one(struct sim *sim, const struct st_kind *k, bool handed,
				   struct station **ret_opener)
{
	for (int i = 0; i < PICK; i++) {
		struct station *o = sim->stations[sim_below(sim, sim->count)];
		if (o->told->record_count == 0)
			continue;
		struct told_record *r = &o->told->records[sim_below(sim, o->told->record_count)];
		if (merging(r->kind) == NULL || (k != NULL && r->kind != k) || (handed && !r->handed))
			continue;
		*ret_opener = o;
		return r;
	}
	return NULL;
}

static void merge_one(struct sim *sim, struct station *s)
{
	struct station *opener = NULL, *other = NULL;
	struct told_record *r = any_one(sim, NULL, true, &opener);
	struct told_record *to = r == NULL ? NULL : any_one(sim, r->kind, false, &other);
	if (to == NULL || to == r || r->busy)
		return;
	const struct st_move_row *m = merging(r->kind);
	struct wish *w = wish_new(s, r->kind, m);
	wish_about(w, opener, r);
	wish_field(w, st_merge_field(r->kind, m)->name, to->number);
	send(w);
}

static void work(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	sim_after(sim, 1 + sim_below(sim, EVERY_MS), work, s, tag);
	if (!s->alive || !s->self.set_up)
		return;
	if (s->parent != NULL && sim_chance(sim, HANDS))
		hand_new(sim, s);
	else
		merge_one(sim, sim_chance(sim, TO_MAIN) && sim->stations[0]->alive ? sim->stations[0] : s);
}

void joined_start(struct sim *sim)
{
	for (size_t i = 0; sim->seed % SEEDS_OF == 0 && i < sim->count; i++)
		sim_after(sim, 4000 + sim_below(sim, EVERY_MS), work, sim->stations[i], 0);
}

/* ---- the check ---- */

struct place {
	struct st_log_id log;
	uint64_t seq;
};
/* What main holds of one record. */
struct holding {
	struct st_txn *txn;
	struct place *list;
	size_t count, room;
};
/* A walk from one merged record, at main. */
struct walking {
	struct sim *sim;
	const struct told_record *from;
	struct st_code holder;
	struct holding held[ST_MERGE_STEPS_MAX];
	struct st_record_id ids[ST_MERGE_STEPS_MAX];
	size_t steps;
};

static int hold(struct holding *h, uint32_t number, uint64_t seq)
{
	struct st_log log;
	int rc = st_log_get(h->txn, number, &log);
	if (h->count == h->room) {
		h->room = h->room == 0 ? 32 : 2 * h->room;
		h->list = realloc(h->list, h->room * sizeof(h->list[0]));
		ST_REQUIRE(h->list != NULL);
	}
	if (rc == 0)
		rc = st_log_id(h->txn, &log, &h->list[h->count].log);
	h->list[h->count++].seq = seq;
	return rc;
}

static int hold_stray(const struct st_stray *stray, void *arg)
{
	return hold(arg, stray->log, stray->seq);
}

static int hold_all(struct st_txn *t, const struct st_record *r, struct holding *h)
{
	struct st_step *steps = NULL;
	size_t count = 0;
	h->txn = t;
	int rc = st_record_chain(t, r, &steps, &count);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = hold(h, steps[i].at.log, steps[i].at.seq);
	free(steps);
	return rc < 0 ? rc : st_stray_each(t, &r->ref, hold_stray, h);
}

/* Plainly, step by step; it ends where nothing more is known, or where it began. */
static int walk(struct st_txn *t, void *arg)
{
	struct walking *w = arg;
	struct st_merge_reader *x = NULL;
	struct st_record_ref first = { .ulid = w->from->id.ulid };
	struct st_record r;
	struct st_merge m;
	int rc = st_station_number(t, &w->from->id.opener, &first.opener);
	if (rc == 0)
		rc = st_record_load(t, &first, &r);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (r.holder != 0)
		rc = st_station_code(t, r.holder, &w->holder);
	if (rc == 0)
		rc = st_merge_reader_new(t, &x);
	while (rc == 0 && w->steps < ST_MERGE_STEPS_MAX && st_state_merged(st_kind(r.kind), r.state)) {
		rc = st_merge_read(x, &r, &m);
		if (rc < 0 || !m.here || st_record_same(&m.target, &first))
			break;
		rc = st_record_load(t, &m.target, &r);
		if (rc == 0)
			rc = st_record_id(t, &r.ref, &w->ids[w->steps]);
		if (rc == 0)
			rc = hold_all(t, &r, &w->held[w->steps++]);
	}
	st_merge_reader_free(x);
	return rc;
}

struct finding {
	const struct place *at;
	bool found;
};

static int find(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	uint32_t station = 0;
	struct st_log log;
	struct st_buf bytes;
	st_buf_init(&bytes, ST_EVENT_MAX);
	int rc = st_station_number(t, &f->at->log.station, &station);
	if (rc == 0)
		rc = st_log_find(t, station, f->at->log.epoch, &log);
	if (rc == 0)
		rc = st_event_get(t, log.number, f->at->seq, &bytes);
	st_buf_done(&bytes);
	f->found = rc == 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static const struct told_record *told_of(struct sim *sim, const struct st_record_id *id)
{
	const struct station *o = station_of(sim, &id->opener);
	for (size_t n = 0; o != NULL && n < o->told->record_count; n++)
		if (memcmp(&o->told->records[n].id.ulid, &id->ulid, sizeof(id->ulid)) == 0)
			return &o->told->records[n];
	return NULL;
}

static void check_at(struct walking *w, struct station *s)
{
	for (size_t i = 0; i < w->steps; i++) {
		const struct told_record *to = told_of(w->sim, &w->ids[i]);
		if (to == NULL)
			continue;
		if (to->raw)
			return; /* nobody need address what a rogue signs: who lacks it can't know what was joined from here on */
		for (size_t n = 0; n < w->held[i].count; n++) {
			struct finding f = { &w->held[i].list[n], false };
			SIM_DO(w->sim, s, st_store_read(s->store, find, &f));
			SIM_CHECK(w->sim, s, f.found, "had %s, which joined %s, and lacks %s/%llu of it",
				  w->from->number, to->number, f.at->log.station.text,
				  (unsigned long long)f.at->seq);
		}
	}
}

static void check_one(struct station *opener, const struct told_record *r)
{
	struct walking w = { .sim = opener->sim, .from = r };
	struct station *main = opener->sim->stations[0];
	SIM_DO(opener->sim, main, st_store_read(main->store, walk, &w));
	struct station *holder = station_of(opener->sim, &w.holder);
	check_at(&w, opener);
	if (holder != NULL && holder != opener)
		check_at(&w, holder);
	for (size_t i = 0; i < w.steps; i++)
		free(w.held[i].list);
}

void check_joined(struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++) {
		const struct station *s = sim->stations[i];
		const struct child *c = down_child(s->parent, s);
		if (c == NULL || !c->enrolled)
			return; /* nothing reaches it, nor comes from it */
	}
	for (size_t i = 0; i < sim->count; i++)
		for (size_t n = 0; n < sim->stations[i]->told->record_count; n++)
			if (!sim->stations[i]->told->records[n].raw)
				check_one(sim->stations[i], &sim->stations[i]->told->records[n]);
}
