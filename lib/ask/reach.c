/* reach.c - how far a directive has come, and why an event lost.
 *
 * Owns:    the judgement from what this store knows: outbox, heard rows, standing, and the record's chain.
 * Promise: 6: nothing is said of a directive that no station has signed.
 * Flow:    heard, outbox, record -> reach -> life, directives -> api */
#include <station/ask/reach.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include "life.h"

const char *st_reach_text(enum st_reach_state s)
{
	static const char *const texts[ST_REACH_COUNT] = {
#define X(name, text, zh, en) text,
		ST_REACHES(X)
#undef X
	};
	return texts[s];
}

const char *st_aside_text(enum st_aside_why why)
{
	static const char *const texts[ST_ASIDE_COUNT] = {
#define X(name, text, zh, en) text,
		ST_ASIDES(X)
#undef X
	};
	return texts[why];
}

const char *st_aside_words(enum st_aside_why why, enum st_lang lang)
{
	static const char *const texts[ST_ASIDE_COUNT][2] = {
#define X(name, text, zh, en) { zh, en },
		ST_ASIDES(X)
#undef X
	};
	return texts[why][lang == ST_EN];
}

bool st_reach_is_open(const struct st_reach *r, uint32_t type)
{
	switch (r->state) {
	case ST_REACH_DONE:
	case ST_REACH_REPLACED:
	case ST_REACH_SET_ASIDE: return false;
	case ST_REACH_SEEN:      return type != ST_NOTE;
	default:                 return true;
	}
}

static bool is_at(const struct st_step *s, const struct st_place *at)
{
	return s->at.log == at->log && s->at.seq == at->seq;
}

/* The step of the chain that stands at a place; step_count: none. */
static size_t step_at(const struct life *l, const struct st_place *at)
{
	size_t i = 0;
	while (i < l->step_count && !is_at(&l->steps[i], at))
		i++;
	return i;
}

/* What became of a record that an event of the chain had given to a station. */
static enum st_reach_state outcome(const struct life *l, const struct st_place *at, uint32_t to,
				   enum st_reach_state so_far)
{
	size_t i = step_at(l, at);
	if (i == l->step_count)
		return so_far;
	while (i-- > 0)
		if (l->steps[i].holder != 0)
			return l->steps[i].writer == to ? ST_REACH_DONE : ST_REACH_REPLACED;
	return st_record_open(l->record) ? so_far : ST_REACH_DONE;
}

/* Our own outbox on the way down to it. */
static int below(struct life *l, const struct st_heard_key *key, struct st_reach *r)
{
	uint32_t child = 0;
	uint64_t position = 0;
	if (key->addressee == l->self)
		return 0;
	int rc = st_left_get(l->txn, key, &position);
	if (rc == 0)
		rc = st_station_branch_of(l->txn, key->addressee, l->self, &child);
	if (rc < 0)
		return rc == ST_ESUBTREE || rc == ST_ENOTFOUND ? 0 : rc;
	rc = st_outbox_has(l->txn, child, position);
	if (rc < 0)
		return rc;
	r->state = rc == 1 ? ST_REACH_WAITING : ST_REACH_TAKEN;
	return st_station_code(l->txn, child, &r->child);
}

static int standing(struct life *l, uint32_t to, struct st_reach *r)
{
	struct st_station s;
	int rc = st_station_get(l->txn, to, &s);
	r->revoked = rc == 0 && s.standing == ST_REVOKED;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int reach_of(struct life *l, const struct st_place *at, const struct st_heard_key *key,
	     struct st_reach *r)
{
	struct st_heard_row row;
	st_assert(key->addressee > 0);
	int rc = st_heard_get(l->txn, key, &row);
	if (rc == ST_ENOTFOUND) {
		memset(&row, 0, sizeof(row));
		rc = 0;
	}
	r->state = ST_REACH_SENT;
	r->to_us = key->addressee == l->self;
	r->stage = row.stage >= ST_STAGE_SEEN ? ST_STAGE_SEEN : (enum st_stage)row.stage;
	r->delivered_ms = row.delivered_ms;
	r->seen_ms = row.seen_ms;
	if (rc == 0)
		rc = standing(l, key->addressee, r);
	if (rc < 0)
		return rc;
	if (row.stage >= ST_STAGE_DELIVERED)
		r->state = row.stage >= ST_STAGE_SEEN ? ST_REACH_SEEN : ST_REACH_DELIVERED;
	else if (r->revoked)
		r->state = ST_REACH_UNDELIVERABLE;
	else
		rc = below(l, key, r);
	if (rc == 0)
		r->state = outcome(l, at, key->addressee, r->state);
	return rc;
}

int reach_fill(struct life *l, const struct st_place *at, const struct st_event *e,
	       const struct st_change *change, struct st_life_event *to)
{
	st_assert(l->record != NULL);
	struct st_heard_key key = { .epoch = e->at.epoch, .seq = e->at.seq };
	int rc = e->addressee_count == 0 ? 0
					 : st_station_number(l->txn, &e->at.station, &key.writer);
	for (size_t i = 0; rc == 0 && i < e->addressee_count; i++) {
		const struct st_addressee *a = &e->addressees[i];
		if (!st_event_directs(e, &change->holder, a) ||
		    st_code_equal(&a->station, &e->at.station))
			continue;
		struct st_reach *r = &to->reaches[to->reach_count];
		*r = (struct st_reach){ .to = a->station };
		rc = st_station_number(l->txn, &a->station, &key.addressee);
		if (rc == 0)
			rc = reach_of(l, at, &key, r);
		if (to->stray == ST_STRAY_SET_ASIDE)
			r->state = ST_REACH_SET_ASIDE;
		to->reach_count += rc == 0;
		rc = rc == ST_ENOTFOUND ? 0 : rc; /* nobody that we know */
	}
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* Who held the record once the chain had come to a step. */
static uint32_t holder_at(const struct life *l, size_t i)
{
	for (; i < l->step_count; i++)
		if (l->steps[i].holder != 0)
			return l->steps[i].holder;
	return l->record->ref.opener;
}

/* The loser's first event, which follows step i of the chain. */
static int judge(struct life *l, const struct st_event *e, size_t i, struct st_aside *to)
{
	st_assert(i < l->step_count);
	struct st_event won;
	struct st_change change;
	uint32_t writer = 0, type = 0;
	int rc = st_station_number(l->txn, &e->at.station, &writer);
	to->first = e->at;
	bool held = writer == holder_at(l, i), reassigns = e->type == ST_REASSIGN;
	if (rc == 0 && i > 0) { /* e's spans die here, and aren't looked at any more */
		rc = life_read(l, &l->steps[i - 1].at, &won, &change);
		to->by = won.at;
		type = won.type;
	}
	if (rc < 0)
		return rc;
	if (!reassigns && !held)
		to->why = ST_ASIDE_NOT_HOLDER;
	else if (type == ST_REASSIGN)
		to->why = ST_ASIDE_REASSIGNED;
	else
		to->why = reassigns ? ST_ASIDE_NO_POWER : ST_ASIDE_OTHER_WON;
	return 0;
}

int aside_find(struct life *l, const struct st_place *at, struct st_aside *ret_aside)
{
	struct st_place place = *at, before;
	struct st_event e;
	struct st_change change;
	ret_aside->why = ST_ASIDE_NO_CHAIN;
	for (unsigned n = 0; n < ST_REVISIONS_MAX; n++) { /* back to where it left the chain */
		int rc = life_read(l, &place, &e, &change);
		if (rc == 0)
			rc = life_previous(l, &e, &before);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? 0 : rc;
		size_t i = step_at(l, &before);
		if (i < l->step_count)
			return judge(l, &e, i, ret_aside);
		if (before.seq == 0)
			return 0;
		place = before;
	}
	return 0;
}
