/* chain.c - the rule by which a set of events is one history.
 *
 * Owns:    the choice among events that claim the same predecessor. Pure: no store, no order of
 *          arrival, no clock.
 * Promise: 2: an event takes effect once, in its record's order, the same at every tier.
 *          8: a set made to be slow isn't: n log n, whatever its shape.
 * Flow:    set of events -> chain -> fold, recount */
#include <station/work/fold.h>
#include <stdlib.h>
#include <station/base/check.h>

static const uint32_t NONE = UINT32_MAX;
static const enum st_verdict UNDECIDED = (enum st_verdict)0;

/* The set as a forest: who follows whom. A note is nobody's predecessor. */
struct forest {
	const struct st_choice_in *in;
	uint32_t *by_place; /* as many of each as there are links */
	uint32_t *before;   /* NONE: an opening, or not here */
	uint32_t *child, *sibling;
	size_t placed;
};

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

static int compare(const struct st_place *a, const struct st_place *b)
{
	if (a->log != b->log)
		return a->log < b->log ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int by_place(const void *a, const void *b, void *links)
{
	const struct st_link *l = links;
	return compare(&l[*(const uint32_t *)a].at, &l[*(const uint32_t *)b].at);
}

static uint32_t find(const struct forest *f, const struct st_place *at)
{
	size_t low = 0, high = f->placed;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int c = compare(at, &f->in->links[f->by_place[middle]].at);
		if (c == 0)
			return f->by_place[middle];
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NONE;
}

static void plant(struct forest *f, const struct st_choice_in *in)
{
	_Static_assert(ST_CHOICE_ROOM == 4, "rows of the room");
	f->in = in;
	f->placed = 0;
	f->by_place = in->room;
	f->before = in->room + in->count;
	f->child = f->before + in->count;
	f->sibling = f->child + in->count;
	for (size_t i = 0; i < in->count; i++) {
		f->before[i] = f->child[i] = f->sibling[i] = NONE;
		if (in->links[i].type != ST_NOTE)
			f->by_place[f->placed++] = (uint32_t)i;
	}
	st_assert(f->placed <= in->count);
	if (f->placed > 1)
		qsort_r(f->by_place, f->placed, sizeof(f->by_place[0]), by_place,
			(void *)(uintptr_t)in->links);
	for (size_t n = 0; n < f->placed; n++) {
		uint32_t i = f->by_place[n];
		if (in->links[i].previous.seq == 0 || in->links[i].lost)
			continue;
		uint32_t before = f->before[i] = find(f, &in->links[i].previous);
		if (before == NONE)
			continue;
		f->sibling[i] = f->child[before];
		f->child[before] = i;
	}
}

/* The opener's first: whoever opens a record again takes nothing back from who has it by now. */
static uint32_t opening(const struct st_choice_in *in)
{
	uint32_t best = NONE;
	for (size_t i = 0; i < in->count; i++) {
		const struct st_link *l = &in->links[i];
		if (l->type != ST_MOVE || l->previous.seq != 0 || l->writer != in->opener)
			continue;
		const struct st_link *first = best == NONE ? NULL : &in->links[best];
		if (first == NULL || l->epoch < first->epoch || (l->epoch == first->epoch && l->at.seq < first->at.seq))
			best = (uint32_t)i;
	}
	return best;
}

/* Who holds the record and in which term, at the chain's tip. */
struct tip {
	uint32_t index;
	uint32_t holder, term;
};

/* 1 or 0; ST_ENOTFOUND: that can't be said yet. */
static int valid(const struct st_choice_in *in, const struct st_link *l, const struct tip *tip)
{
	if (l->type == ST_MOVE)
		return l->writer == tip->holder && l->term == tip->term;
	bool may = l->type == ST_REASSIGN && l->term > tip->term && l->holder != 0 && l->writer != tip->holder;
	return may ? in->above(in->above_arg, l->writer, tip->holder) : 0;
}

static uint32_t next_of(const struct forest *f, const struct tip *tip, enum st_verdict *verdicts)
{
	st_assert(tip->index < f->in->count);
	const struct st_link *links = f->in->links;
	uint32_t best = NONE;
	for (uint32_t i = f->child[tip->index]; i != NONE; i = f->sibling[i]) {
		int is = verdicts[i] == ST_ON_CHAIN ? 0 : valid(f->in, &links[i], tip);
		if (is < 0)
			verdicts[i] = ST_WAITS;
		if (is == 1 && (best == NONE || wins(&links[i], &links[best])))
			best = i;
	}
	return best;
}

/* An event off the chain waits while something that it rests on hasn't come; otherwise it lost, with
 * all that follows it: so the answer is every undecided one's on the way to what decides it. */
static void decide(const struct forest *f, uint32_t from, enum st_verdict *verdicts)
{
	st_assert(verdicts[from] == UNDECIDED);
	const struct st_link *links = f->in->links;
	enum st_verdict verdict = ST_IS_SET_ASIDE; /* a ring of predecessors rests on nothing */
	uint32_t i = from;
	for (size_t steps = 0; steps < f->in->count; steps++) {
		uint32_t before = f->before[i];
		if (before == NONE) {
			verdict = links[i].previous.seq == 0 || links[i].lost ? ST_IS_SET_ASIDE : ST_WAITS;
			break;
		}
		if (verdicts[before] != UNDECIDED) {
			verdict = verdicts[before] == ST_WAITS ? ST_WAITS : ST_IS_SET_ASIDE;
			break;
		}
		i = before;
	}
	for (i = from; i != NONE && verdicts[i] == UNDECIDED; i = f->before[i])
		verdicts[i] = verdict;
}

size_t st_chain_choose(const struct st_choice_in *in, enum st_verdict *verdicts, size_t *order)
{
	struct forest f;
	size_t length = 0;
	ST_REQUIRE(in->count < NONE);
	ST_REQUIRE(in->room != NULL || in->count == 0);
	ST_REQUIRE(in->links != NULL || in->count == 0);
	ST_REQUIRE(in->above != NULL);
	plant(&f, in);
	for (size_t i = 0; i < in->count; i++)
		verdicts[i] = in->links[i].type == ST_NOTE ? ST_IS_NOTE : UNDECIDED;
	struct tip tip = { .holder = in->opener };
	for (uint32_t i = opening(in); i != NONE && length < ST_REVISIONS_MAX;
	     i = next_of(&f, &tip, verdicts)) {
		const struct st_link *l = &in->links[i];
		st_assert(verdicts[i] == UNDECIDED);
		verdicts[i] = ST_ON_CHAIN;
		order[length++] = i;
		tip.index = i;
		tip.term = l->term;
		if (l->holder != 0)
			tip.holder = l->holder;
	}
	for (size_t i = 0; i < in->count; i++)
		if (verdicts[i] == UNDECIDED)
			decide(&f, (uint32_t)i, verdicts);
	st_assert(length <= in->count);
	return length;
}
