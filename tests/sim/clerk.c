/* clerk.c - what people do at a station: open, move, note, hand on, mistype, import.
 *
 * Owns:    who does what how often. What a kind is, its table alone says.
 * Promise: 5 and 8 are tried: everything that a station does, without a link and in the midst of all.
 * Flow:    seed -> wishes */
#include <string.h>
#include <station/base/check.h>
#include "wish.h"

enum { FLOOD_FROM = 500, SPOILT = 60, MATTERS = 450 };

/* Half of it is matters; the rest are visits, suggestions, projects, deputies ... */
static const struct st_kind *some_kind(struct sim *sim)
{
	return sim_chance(sim, MATTERS) ? st_kind(ST_KIND_MATTER)
					: st_kind_at(sim_below(sim, st_kind_count()));
}

/* With what its move needs, and now and then something wrong. */
static void wish_send(struct sim *sim, struct wish *w)
{
	if (!wish_fill(w)) {
		wish_drop(w);
		return;
	}
	if (sim_chance(sim, SPOILT))
		wish_spoil(w);
	wish_submit(w);
}

static void open_kind(struct sim *sim, struct station *s, const struct st_kind *k)
{
	const struct st_move_row *move = wish_opening(sim, k);
	const struct st_field_row *text = st_kind_field(k, ST_F_TEXT);
	if (move == NULL)
		return;
	struct wish *w = wish_new(s, k, move);
	if (text != NULL)
		wish_long(w, text->name, (size_t)text->max);
	wish_send(sim, w);
}

static void open_one(struct sim *sim, struct station *s)
{
	open_kind(sim, s, some_kind(sim));
}

static void note(struct sim *sim, struct station *s, struct told_record *r)
{
	struct wish *w = wish_new(s, r->kind, NULL);
	wish_about(w, s, r);
	wish_long(w, "remark", SIZE_MAX);
	if (sim_chance(sim, SPOILT))
		wish_spoil(w);
	wish_submit(w);
}

/* The move of a kind that does this to the clock, if it may be made from there. */
static const struct st_move_row *clock_move(const struct told_record *r, enum st_clock clock)
{
	for (size_t i = 0; i < r->kind->move_count; i++) {
		const struct st_move_row *m = &r->kind->moves[i];
		if (m->clock == clock && m->hands == ST_HANDS_STAY && st_move_from(r->kind, m, r->state))
			return m;
	}
	return NULL;
}

/* Somebody is waited for, or waited for no more: by lot the two would hardly ever meet at one record. */
static bool wait_one(struct sim *sim, struct station *s)
{
	struct told *m = s->told;
	bool ends = sim_chance(sim, 500);
	for (size_t i = m->record_count; i > 0; i--) {
		struct told_record *r = &m->records[i - 1];
		const struct st_move_row *move =
			r->busy || r->waits != ends ? NULL : clock_move(r, ends ? ST_CLOCK_RESUME : ST_CLOCK_WAIT);
		if (move == NULL)
			continue;
		struct wish *w = wish_new(s, r->kind, move);
		wish_about(w, s, r);
		wish_send(sim, w);
		return true;
	}
	return false;
}

static void move_one(struct sim *sim, struct station *s)
{
	struct told *m = s->told;
	if (m->record_count == 0 || (sim_chance(sim, 80) && wait_one(sim, s)))
		return;
	size_t n = m->record_count - 1 - sim_below(sim, m->record_count < 12 ? m->record_count : 12);
	struct told_record *r = &m->records[n];
	if (r->busy)
		return;
	if (sim_chance(sim, 150)) {
		note(sim, s, r);
		return;
	}
	struct wish *w = wish_new(s, r->kind, wish_move(sim, r->kind, r->state));
	wish_about(w, s, r);
	if (!st_move_from(r->kind, w->move, r->state) || w->move->who == ST_BY_PROGRAM)
		wish_expect(w, ILLEGAL);
	wish_send(sim, w);
}

/* It goes to another station, by its holder or over his head; from then on only the tiers know more. */
static void hand_one(struct sim *sim, struct station *s)
{
	struct station *opener = NULL, *to = sim->stations[sim_below(sim, sim->count)];
	struct told_record *r = told_record_below(s, &opener);
	if (r == NULL || r->busy)
		return;
	const struct st_move_row *move = NULL;
	for (int i = 0; i < 32 && move == NULL; i++) {
		const struct st_move_row *m = &r->kind->moves[sim_below(sim, r->kind->move_count)];
		if (m->hands != ST_HANDS_STAY && (m->who == ST_BY_ABOVE || opener == s))
			move = m;
	}
	if (move == NULL)
		return;
	struct wish *w = wish_new(s, r->kind, move);
	wish_about(w, opener, r);
	wish_expect(w, EITHER);
	wish_field(w, "to", to->code.text);
	r->wild = r->handed = true;
	if (wish_fill(w))
		wish_submit(w);
	else
		wish_drop(w);
}

/* What a kind hands on as it opens: a notice from above, to somebody below. */
static void notice_one(struct sim *sim, struct station *s)
{
	struct station *to = sim->stations[sim_below(sim, sim->count)];
	for (int i = 0; i < 4 && !station_is_below(to, s); i++)
		to = sim->stations[sim_below(sim, sim->count)];
	for (size_t i = 0; i < st_kind_count(); i++) {
		const struct st_kind *k = st_kind_at(i);
		if (!st_move_opens(&k->moves[0]) || k->moves[0].hands == ST_HANDS_STAY)
			continue;
		struct wish *w = wish_new(s, k, &k->moves[0]);
		wish_expect(w, station_is_below(to, s) ? EITHER : ILLEGAL);
		wish_field(w, "to", to->code.text);
		if (wish_fill(w))
			wish_submit(w);
		else
			wish_drop(w);
		return;
	}
}

/* Whoever holds it now goes on with it. */
static void hold_one(struct sim *sim, struct station *s)
{
	struct station *opener = sim->stations[sim_below(sim, sim->count)];
	struct told *m = opener->told;
	if (m->record_count == 0)
		return;
	struct told_record *r = &m->records[sim_below(sim, m->record_count)];
	for (int i = 0; i < 16 && !r->handed; i++)
		r = &m->records[sim_below(sim, m->record_count)];
	if (!r->handed || r->busy)
		return;
	struct wish *w = wish_new(s, r->kind, &r->kind->moves[sim_below(sim, r->kind->move_count)]);
	wish_about(w, opener, r);
	wish_expect(w, EITHER);
	if (w->move->hands == ST_HANDS_ON)
		wish_field(w, "to", sim->stations[sim_below(sim, sim->count)]->code.text);
	if (wish_fill(w))
		wish_submit(w);
	else
		wish_drop(w);
}

/* From above: a note that commutes, a move that the holder alone may do, a number mistyped. */
static void above_one(struct sim *sim, struct station *s)
{
	struct station *opener = NULL;
	struct told_record *r = told_record_below(s, &opener);
	if (r == NULL || opener == s)
		return;
	const struct st_move_row *move = sim_chance(sim, 700) ? NULL : wish_move(sim, r->kind, r->state);
	struct wish *w = wish_new(s, r->kind, move);
	wish_about(w, opener, r);
	wish_expect(w, EITHER);
	if (sim_chance(sim, 100))
		w->number[strlen(w->number) - 1] ^= 1;
	wish_field(w, "remark", "请尽快办理");
	if (move == NULL || wish_fill(w))
		wish_submit(w);
	else
		wish_drop(w);
}

struct told_record *told_record_below(struct station *s, struct station **ret_opener)
{
	struct sim *sim = s->sim;
	struct station *o = sim->stations[sim_below(sim, sim->count)];
	if (!station_is_below(o, s) || o->told->record_count == 0)
		return NULL;
	*ret_opener = o;
	return &o->told->records[sim_below(sim, o->told->record_count)];
}

bool station_is_below(const struct station *s, const struct station *top)
{
	for (; s != NULL; s = s->parent)
		if (s == top)
			return true;
	return false;
}

static void revoked(struct station *s, struct job *j)
{
	struct station *child = j->arg;
	if (j->work.rc < 0)
		return;
	child->revoked = true;
	sim_trace(s->sim, s, "revoked", child->index, 0);
}

static void revoke(struct sim *sim, void *station, uint64_t tag)
{
	struct station *child = station, *s = child->parent;
	(void)tag;
	if (sim->healed || !s->alive || !s->self.set_up)
		return;
	struct job *j = job_new(ST_JOB_REVOKE, revoked);
	j->arg = child;
	j->work.u.revoke.child = child->code;
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void pour(struct sim *sim, struct station *s)
{
	for (uint64_t n = 30 + sim_below(sim, 90); n > 0 && s->alive; n--)
		open_kind(sim, s, st_kind(ST_KIND_MATTER));
}

/* More than the parent's whole pool, at times from all its children at once; and now and then the parent
 * has had enough of it. */
static void flood(struct sim *sim, struct station *s)
{
	bool all = sim_chance(sim, 500);
	for (size_t i = 0; i < sim->count; i++) {
		struct station *other = sim->stations[i];
		if (other == s || (all && other->parent == s->parent && other->alive && other->self.set_up))
			pour(sim, other);
	}
	if (s->parent != NULL && sim_chance(sim, 100))
		sim_after(sim, sim_below(sim, 3000), revoke, s, 0);
}

/* Somebody looks at what has come for his station. */
static void see_all(struct station *s)
{
	struct job *j = job_new(ST_JOB_SEEN, NULL);
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void work(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	sim_after(sim, 200 + sim_below(sim, 5000), work, s, tag);
	if (!s->alive || !s->self.set_up)
		return;
	if (sim_chance(sim, 100))
		see_all(s);
	if (sim->floods > FLOOD_FROM && sim_chance(sim, 30))
		flood(sim, s);
	for (uint64_t n = sim_chance(sim, sim->bursts) ? sim_below(sim, 24) : sim_below(sim, 3);
	     n > 0 && s->alive; n--) {
		uint64_t what = sim_below(sim, 100);
		if (what < 35)
			open_one(sim, s);
		else if (what < 85)
			move_one(sim, s);
		else if (what < 89)
			above_one(sim, s);
		else if (what < 91)
			sim_chance(sim, 500) ? hand_one(sim, s) : notice_one(sim, s);
		else if (what < 93)
			hold_one(sim, s);
		else if (what < 95)
			rogue_acts(s);
		else if (what < 98)
			forge_push(s);
		else
			clerk_imports(s);
	}
}

/* While it is idle, so that its silence has an age; as the daemon does, but more often. */
static void refresh(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	sim_after(sim, 5000 + sim_below(sim, 60000), refresh, s, tag);
	if (!s->alive || !s->self.set_up || s->writing)
		return;
	struct job *j = job_new(ST_JOB_REFRESH, NULL);
	if (station_submit(s, j) < 0)
		job_free(j);
}

void clerk_start(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++) {
		sim_after(sim, sim_below(sim, 4000), work, sim->stations[i], 0);
		sim_after(sim, sim_below(sim, 30000), refresh, sim->stations[i], 0);
	}
	if (sim_chance(sim, 300))
		sim_after(sim, sim_below(sim, sim->chaos_ms), revoke,
			  sim->stations[1 + sim_below(sim, sim->count - 1)], 0);
}
