/* chain.c - the rule by which a set of events is one history.
 *
 * Owns:    the choice among events that claim the same predecessor. Pure: no store, no order of
 *          arrival, no clock.
 * Promise: 2: an event takes effect once, in its record's order, the same at every tier.
 * Flow:    set of events -> chain -> fold, recount */
#include <station/work/fold.h>
#include <station/base/check.h>

enum { NONE = -1 };

/* Does a win over b, where both claim one predecessor? Higher term, nearer the root, lower epoch, lower seq. */
static bool wins(const struct st_link *a, const struct st_link *b)
{
	if (a->term != b->term)
		return a->term > b->term;
	if (a->depth != b->depth)
		return a->depth < b->depth;
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch;
	return a->at.seq < b->at.seq;
}

static bool same_place(const struct st_place *a, const struct st_place *b)
{
	return a->log == b->log && a->seq == b->seq;
}

static long opening(const struct st_choice_in *in)
{
	long best = NONE;
	for (size_t i = 0; i < in->count; i++) {
		const struct st_link *l = &in->links[i];
		if (l->type != ST_MOVE || l->previous.seq != 0 || l->writer != in->opener)
			continue;
		if (best == NONE || wins(l, &in->links[best]))
			best = (long)i;
	}
	return best;
}

/* Who holds the record and in which term, at the chain's tip. */
struct tip {
	struct st_place at;
	uint32_t holder, term;
};

static bool valid(const struct st_choice_in *in, const struct st_link *l, const struct tip *tip)
{
	if (l->type == ST_MOVE)
		return l->writer == tip->holder && l->term == tip->term;
	return l->type == ST_REASSIGN && l->term > tip->term && l->holder != 0 &&
	       l->writer != tip->holder && in->above(in->above_arg, l->writer, tip->holder);
}

static long next_of(const struct st_choice_in *in, const struct tip *tip,
		    const enum st_verdict *verdicts)
{
	long best = NONE;
	for (size_t i = 0; i < in->count; i++) {
		const struct st_link *l = &in->links[i];
		if (verdicts[i] == ST_IS_NOTE || verdicts[i] == ST_ON_CHAIN || l->previous.seq == 0 ||
		    !same_place(&l->previous, &tip->at) || !valid(in, l, tip))
			continue;
		if (best == NONE || wins(l, &in->links[best]))
			best = (long)i;
	}
	return best;
}

static long find(const struct st_choice_in *in, const struct st_place *at)
{
	for (size_t i = 0; i < in->count; i++)
		if (same_place(&in->links[i].at, at))
			return (long)i;
	return NONE;
}

/* An event off the chain waits while something that it rests on hasn't come; otherwise it lost. */
static enum st_verdict off_chain(const struct st_choice_in *in, size_t i,
				 const enum st_verdict *verdicts)
{
	const struct st_link *l = &in->links[i];
	for (size_t steps = 0; steps <= in->count; steps++) {
		if (l->previous.seq == 0)
			return ST_IS_SET_ASIDE;
		long before = find(in, &l->previous);
		if (before == NONE)
			return ST_WAITS;
		if (verdicts[before] == ST_ON_CHAIN || verdicts[before] == ST_IS_NOTE)
			return ST_IS_SET_ASIDE;
		l = &in->links[before];
	}
	return ST_IS_SET_ASIDE; /* a ring of predecessors rests on nothing */
}

size_t st_chain_choose(const struct st_choice_in *in, enum st_verdict *verdicts, size_t *order)
{
	size_t length = 0;
	ST_REQUIRE(in->count <= ST_SET_MAX);
	for (size_t i = 0; i < in->count; i++)
		verdicts[i] = in->links[i].type == ST_NOTE ? ST_IS_NOTE : ST_WAITS;
	struct tip tip = { .holder = in->opener };
	for (long i = opening(in); i != NONE && length < ST_REVISIONS_MAX;
	     i = next_of(in, &tip, verdicts)) {
		const struct st_link *l = &in->links[i];
		verdicts[i] = ST_ON_CHAIN;
		order[length++] = (size_t)i;
		tip.at = l->at;
		tip.term = l->term;
		if (l->holder != 0)
			tip.holder = l->holder;
	}
	for (size_t i = 0; i < in->count; i++)
		if (verdicts[i] == ST_WAITS)
			verdicts[i] = off_chain(in, i, verdicts);
	return length;
}
