/* candidates_rows.c - the rows of a window that are worth their texts.
 *
 * Owns:    the walk over the window, ring by ring, and the heap of the best.
 * Promise: 9: no more rows are looked at than the limit, and how far it came is told.
 * Flow:    rows -> doors -> the best rows -> candidates */
#include "candidates.h"
#include <string.h>
#include <station/base/check.h>

enum { DAY_MS = 24 * 3600 * 1000, RING_GROWS = 4 };

static uint64_t ms_of(const struct st_ulid *u)
{
	return (uint64_t)st_get_u16(u->bytes) << 32 | st_get_u32(u->bytes + 2);
}

static void ulid_from(uint64_t ms, struct st_ulid *u)
{
	memset(u, 0, sizeof(*u));
	st_put_u16(u->bytes, (uint16_t)(ms >> 32));
	st_put_u32(u->bytes + 2, (uint32_t)ms);
}

struct st_door candidate_door(const struct st_record *r)
{
	return (struct st_door){ .station = r->ref.opener,
				 .category = r->category,
				 .subcategory = r->subcategory,
				 .ms = (int64_t)ms_of(&r->ref.ulid) };
}

/* Nearer in time is better where the points are even; then the order of ids, so an answer is always
 * the same. */
static bool worse(const struct kept_row *a, const struct kept_row *b)
{
	if (a->points != b->points)
		return a->points < b->points;
	if (a->apart_ms != b->apart_ms)
		return a->apart_ms > b->apart_ms;
	return memcmp(a->ref.ulid.bytes, b->ref.ulid.bytes, ST_ULID_SIZE) > 0;
}

static void swap(struct kept_row *a, struct kept_row *b)
{
	struct kept_row c = *a;
	*a = *b;
	*b = c;
}

static void sift_up(struct kept_row *heap, size_t at)
{
	for (; at > 0 && worse(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static void sift_down(struct kept_row *heap, size_t count)
{
	for (size_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && worse(&heap[child + 1], &heap[child]))
			child++;
		if (!worse(&heap[child], &heap[at]))
			return;
		swap(&heap[at], &heap[child]);
	}
}

static void keep(struct best_rows *f, const struct kept_row *one)
{
	st_assert(f->count <= ST_CANDIDATES_TEXTS_MAX);
	if (f->count < ST_CANDIDATES_TEXTS_MAX) {
		f->kept[f->count] = *one;
		sift_up(f->kept, f->count++);
		return;
	}
	f->left = true;
	if (worse(one, &f->kept[0]))
		return;
	f->kept[0] = *one;
	sift_down(f->kept, f->count);
}

/* ---- the rows of the window ---- */

static bool is_self(const struct best_rows *f, const struct st_record_ref *ref)
{
	return f->self != NULL && st_record_same(f->self, ref);
}

static int look(struct best_rows *f, const struct st_record_ref *ref, struct st_span row,
		uint64_t ms)
{
	struct kept_row one = { .ref = *ref };
	struct st_record r;
	struct st_score score;
	if (f->rows_left == 0) {
		f->again = false;
		return 1;
	}
	f->rows_left--;
	f->rows++;
	int rc = st_record_decode(ref, row, &r);
	if (rc < 0)
		return rc;
	if (r.kind != f->kind || r.revision == 0 || is_self(f, ref))
		return 0;
	struct st_door its = candidate_door(&r);
	st_door_score(&f->door, &its, false, &score);
	one.points = score.points;
	uint64_t mine = (uint64_t)f->door.ms;
	one.apart_ms = ms > mine ? ms - mine : mine - ms;
	keep(f, &one);
	return 0;
}

/* Goes on within a station's window; ends the stretch, with the place of the next one, where it
 * leaves it. */
static int each_row(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct best_rows *f = arg;
	uint64_t ms = ms_of(&ref->ulid);
	bool own = ref->opener == f->home;
	f->again = true;
	if (f->own && !own) {
		f->again = false;
		return 1;
	}
	if (ms > f->to_ms || (!f->own && own)) { /* the next station; our own had its turn first */
		f->again = ref->opener < UINT32_MAX && !f->own;
		f->at.opener = ref->opener + 1;
		ulid_from(f->from_ms, &f->at.ulid);
		return 1;
	}
	if (ms < f->from_ms) {
		f->at.opener = ref->opener;
		ulid_from(f->from_ms, &f->at.ulid);
		return 1;
	}
	return look(f, ref, row, ms);
}

/* The rows that were opened from from_ms to to_ms, of the own station or of all others. */
static int stretch(struct best_rows *f, uint64_t from_ms, uint64_t to_ms)
{
	int rc = 0;
	f->from_ms = from_ms;
	f->to_ms = to_ms;
	f->at.opener = f->own ? f->home : 1;
	ulid_from(from_ms, &f->at.ulid);
	for (f->again = true; rc >= 0 && f->again;) {
		struct st_record_ref from = f->at;
		f->again = false;
		rc = st_record_each(f->txn, &from, each_row, f);
		if (rc == 0)
			break; /* the table's end */
	}
	return rc < 0 ? rc : 0;
}

/* Ring by ring away from the asker's day, until the window or the limit is reached. */
static int rings(struct best_rows *f, bool own, uint32_t *ret_days)
{
	uint64_t mine = (uint64_t)f->door.ms, seen = 0;
	int rc = 0;
	f->own = own;
	f->rows_left = ST_CANDIDATES_ROWS_MAX;
	*ret_days = 0;
	for (uint64_t days = 1; rc == 0; days *= RING_GROWS) {
		uint64_t out = days < f->days ? days : f->days, wide = out * DAY_MS;
		uint64_t from = mine > wide ? mine - wide : 0;
		if (seen == 0) {
			rc = stretch(f, from, mine + wide);
		} else {
			rc = mine > seen ? stretch(f, from, mine - seen - 1) : 0;
			if (rc == 0 && f->rows_left > 0)
				rc = stretch(f, mine + seen + 1, mine + wide);
		}
		if (f->rows_left == 0)
			break; /* this ring may not be whole */
		*ret_days = (uint32_t)out;
		if (out == f->days)
			break;
		seen = wide;
	}
	return rc;
}

int best_rows_find(struct best_rows *f)
{
	ST_REQUIRE(f->door.ms >= 0);
	ST_REQUIRE(f->days > 0);
	f->count = 0;
	int rc = f->home == 0 ? 0 : rings(f, true, &f->own_whole);
	return rc < 0 ? rc : rings(f, false, &f->whole);
}
