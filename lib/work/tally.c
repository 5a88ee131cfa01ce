/* tally.c - what one record counts as, and counters gathered and swept.
 *
 * Owns:    the rule of what is counted where, and the cells' bytes.
 * Promise: 4, tallies equal a recount: counters are a function of rows, changed with them.
 * Flow:    fold -> tally -> cells -> report */
#include <station/work/tally.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>

enum { FIRST_ROOM = 1024, BUCKET_BITS = 24, BUCKET_MAX = 0xffffff };
_Static_assert(BUCKET_MAX == (1 << BUCKET_BITS) - 1, "what is no measure is bucket");
_Static_assert((int)ST_DAYS_MAX <= (int)BUCKET_MAX, "any number of days is a bucket");
_Static_assert((int)ST_DAY_MAX == (int)BUCKET_MAX, "any due day is a bucket");
_Static_assert((int)ST_TALLY_KEY_SIZE <= (int)ST_CELL_KEY_MAX, "the store takes such a key");
_Static_assert(ST_TALLY_KEY_SIZE == 1 + 1 + 1 + 4 + 2 + 1 + 2, "both sides of the key's bytes");
_Static_assert((FIRST_ROOM & (FIRST_ROOM - 1)) == 0, "slot_of takes the low bits");

uint32_t st_counter(enum st_measure measure, uint32_t bucket)
{
	st_assert(measure >= ST_OPENED);
	st_assert(measure <= ST_AWAY);
	return (uint32_t)measure << BUCKET_BITS | (bucket < BUCKET_MAX ? bucket : BUCKET_MAX);
}

enum st_measure st_counter_measure(uint32_t counter)
{
	return (enum st_measure)(counter >> BUCKET_BITS);
}

uint32_t st_counter_bucket(uint32_t counter)
{
	return counter & BUCKET_MAX;
}

void st_tally_key_encode(const struct st_tally_key *k, uint8_t to[ST_TALLY_KEY_SIZE])
{
	to[0] = (uint8_t)k->view;
	to[1] = (uint8_t)k->role;
	to[2] = k->kind;
	st_put_u32(to + 3, k->station);
	st_put_u16(to + 7, k->category);
	to[9] = k->channel;
	st_put_u16(to + 10, (uint16_t)k->month);
}

int st_tally_key_decode(struct st_span bytes, struct st_tally_key *ret_k)
{
	if (bytes.size != ST_TALLY_KEY_SIZE)
		return ST_ECORRUPT;
	const uint8_t *p = bytes.data;
	*ret_k = (struct st_tally_key){
		.view = (enum st_view)p[0],
		.role = (enum st_role)p[1],
		.kind = p[2],
		.station = st_get_u32(p + 3),
		.category = st_get_u16(p + 7),
		.channel = p[9],
		.month = st_get_u16(p + 10),
	};
	return 0;
}

struct tallied { /* a facet that is counted by */
	uint16_t value;
	uint8_t field;
	bool monthly;
};

/* Where one record's counters go. */
struct counting {
	const struct st_record *r;
	struct st_tally_one *ones;
	size_t count, tallied_count;
	struct tallied tallied[ST_TALLIED_MAX];
};

static void add_tallied(struct counting *c, const struct st_kind *k, uint32_t field, uint32_t value)
{
	const struct st_field_row *row = st_kind_field(k, field);
	if (row == NULL || (row->flags & (ST_TALLIED | ST_MONTHLY)) == 0 || value == 0 ||
	    value > UINT16_MAX || c->tallied_count == ST_TALLIED_MAX)
		return;
	c->tallied[c->tallied_count++] = (struct tallied){
		.value = (uint16_t)value,
		.field = (uint8_t)field,
		.monthly = (row->flags & ST_MONTHLY) != 0,
	};
}

static void find_tallied(struct counting *c)
{
	const struct st_kind *k = st_kind(c->r->kind);
	if (k == NULL)
		return;
	if (c->r->unit != 0)
		add_tallied(c, k, ST_F_UNIT, c->r->unit);
	for (size_t i = 0; i < c->r->facet_count; i++)
		add_tallied(c, k, c->r->facets[i].field, c->r->facets[i].value);
}

/* One counter in each view that doesn't tell months apart by channel. */
static void count_coarsely(struct counting *c, struct st_tally_key key, uint32_t counter)
{
	uint32_t month = key.month;
	st_assert(c->count + 1 + c->tallied_count <= ST_TALLIES_OF_MAX);
	key.view = ST_VIEW_COARSE;
	key.channel = 0;
	key.month = 0;
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
	for (size_t i = 0; i < c->tallied_count; i++) {
		key.view = c->tallied[i].monthly ? ST_VIEW_MONTHLY : ST_VIEW_FACET;
		key.category = c->tallied[i].value;
		key.channel = c->tallied[i].field;
		key.month = c->tallied[i].monthly ? month : 0;
		c->ones[c->count++] = (struct st_tally_one){ key, counter };
	}
}

/* The full view's key without its category. */
static void count_in_month(struct counting *c, struct st_tally_key key, uint32_t counter)
{
	st_assert(c->count < ST_TALLIES_OF_MAX);
	key.view = ST_VIEW_MONTH;
	key.category = 0;
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
}

static struct st_tally_key full_key(const struct st_record *r, enum st_role role, uint32_t month)
{
	return (struct st_tally_key){
		.view = ST_VIEW_FULL,
		.role = role,
		.kind = (uint8_t)r->kind,
		.channel = r->channel,
		.station = role == ST_ROLE_OPENER ? r->ref.opener : r->holder,
		.category = r->category,
		.month = month,
	};
}

static void count(struct counting *c, enum st_role role, uint32_t month, uint32_t counter)
{
	struct st_tally_key key = full_key(c->r, role, month);
	st_assert(c->count < ST_TALLIES_OF_MAX);
	c->ones[c->count++] = (struct st_tally_one){ key, counter };
	count_in_month(c, key, counter);
	count_coarsely(c, key, counter);
}

/* The same by the day of the month, which the view of months alone tells. */
static void count_on(struct counting *c, enum st_role role, enum st_measure measure, uint32_t day)
{
	uint32_t month = st_month_of_day(day);
	uint32_t of_month = day == 0 ? 0 : day - st_month_first_day(month) + 1;
	struct st_tally_key key = full_key(c->r, role, month);
	st_assert(of_month <= 31);
	count_in_month(c, key, st_counter(measure, of_month));
	if (measure != ST_OPENED)
		return; /* what ended is counted by its days elsewhere */
	st_assert(c->count < ST_TALLIES_OF_MAX);
	c->ones[c->count++] = (struct st_tally_one){ key, st_counter(measure, 0) };
	count_coarsely(c, key, st_counter(measure, 0));
}

/* Said by the citizen: satisfied, basically, not. */
static bool is_rating(uint32_t rating)
{
	return rating >= 1 && rating <= 3;
}

uint32_t st_rated(uint32_t bucket)
{
	uint32_t answer = bucket >> 8 & 0xff, result = bucket & 0xff;
	return is_rating(result) ? result : is_rating(answer) ? answer : 0;
}

size_t st_tally_of(const struct st_record *r, struct st_tally_one ones[ST_TALLIES_OF_MAX])
{
	if (r == NULL || r->revision == 0)
		return 0;
	struct counting c = { .r = r, .ones = ones };
	uint32_t opened = st_month_of_day(r->opened_day);
	find_tallied(&c);
	count_on(&c, ST_ROLE_OPENER, ST_OPENED, r->opened_day);
	count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_IN_STATE, r->state));
	if (r->holder != r->ref.opener) {
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_FROM_OUTSIDE, 0));
		count(&c, ST_ROLE_OPENER, opened, st_counter(ST_AWAY, r->holder));
	}
	if (r->reopened > 0)
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_REOPENED, 0));
	if (st_record_open(r)) {
		count(&c, ST_ROLE_HOLDER, opened, st_counter(ST_OPEN_DUE, r->due_day));
		return c.count;
	}
	uint32_t closed = st_month_of_day(r->closed_day);
	uint32_t days = r->closed_day > r->opened_day ? r->closed_day - r->opened_day : 0;
	count(&c, ST_ROLE_HOLDER, closed, st_counter(ST_DAYS, days < ST_DAYS_MAX ? days : ST_DAYS_MAX));
	count_on(&c, ST_ROLE_HOLDER, ST_ENDED_ON, r->closed_day);
	if (r->rating_answer != 0 || r->rating_result != 0)
		count(&c, ST_ROLE_HOLDER, closed,
		      st_counter(ST_RATED, (uint32_t)r->rating_answer << 8 | r->rating_result));
	return c.count;
}

struct delta {
	uint8_t key[ST_TALLY_KEY_SIZE];
	uint32_t counter;
	int64_t count;
};

/* An open-addressing table; count 0 with used set is a counter whose changes cancelled out. */
struct st_tally {
	struct delta *slots;
	bool *used;
	size_t room, filled;
	struct st_buf old_cell, new_cell;
};

int st_tally_new(struct st_tally **ret_tally)
{
	struct st_tally *y = calloc(1, sizeof(*y));
	if (y == NULL)
		return ST_ENOMEM;
	st_buf_init(&y->old_cell, ST_CELL_MAX);
	st_buf_init(&y->new_cell, ST_CELL_MAX);
	*ret_tally = y;
	return 0;
}

void st_tally_free(struct st_tally *y)
{
	if (y == NULL)
		return;
	free(y->slots);
	free(y->used);
	st_buf_done(&y->old_cell);
	st_buf_done(&y->new_cell);
	free(y);
}

void st_tally_clear(struct st_tally *y)
{
	if (y->used != NULL)
		memset(y->used, 0, y->room * sizeof(*y->used));
	y->filled = 0;
}

static bool key_is(const uint8_t key[ST_TALLY_KEY_SIZE], uint64_t first, uint32_t rest)
{
	return memcmp(key, &first, sizeof(first)) == 0 && memcmp(key + sizeof(first), &rest, sizeof(rest)) == 0;
}

static size_t slot_of(const struct st_tally *y, const uint8_t *key, uint32_t counter)
{
	st_assert((y->room & (y->room - 1)) == 0);
	st_assert(y->filled < y->room); /* a free slot ends the search */
	uint64_t first;
	uint32_t rest;
	_Static_assert(sizeof(first) + sizeof(rest) == ST_TALLY_KEY_SIZE, "these are the key");
	memcpy(&first, key, sizeof(first)); /* by words: an import comes here for each counter */
	memcpy(&rest, key + sizeof(first), sizeof(rest));
	uint64_t h = (first ^ (uint64_t)counter << 32) * 0x9e3779b97f4a7c15ull;
	h = (h ^ h >> 32 ^ rest) * 0x9e3779b97f4a7c15ull;
	h ^= h >> 32;
	size_t i = (size_t)h & (y->room - 1);
	while (y->used[i] && (y->slots[i].counter != counter || !key_is(y->slots[i].key, first, rest)))
		i = (i + 1) & (y->room - 1);
	return i;
}

static int grow(struct st_tally *y)
{
	struct st_tally bigger = { .room = y->room == 0 ? FIRST_ROOM : y->room * 2 };
	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	bigger.used = calloc(bigger.room, sizeof(*bigger.used));
	if (bigger.slots == NULL || bigger.used == NULL) {
		free(bigger.slots);
		free(bigger.used);
		return ST_ENOMEM;
	}
	for (size_t i = 0; i < y->room; i++) {
		if (!y->used[i])
			continue;
		size_t at = slot_of(&bigger, y->slots[i].key, y->slots[i].counter);
		bigger.slots[at] = y->slots[i];
		bigger.used[at] = true;
	}
	free(y->slots);
	free(y->used);
	y->slots = bigger.slots;
	y->used = bigger.used;
	y->room = bigger.room;
	return 0;
}

static int add(struct st_tally *y, const struct st_tally_one *one, int64_t by)
{
	uint8_t key[ST_TALLY_KEY_SIZE];
	if (y->filled * 2 >= y->room) {
		int rc = grow(y);
		if (rc < 0)
			return rc;
	}
	st_tally_key_encode(&one->key, key);
	size_t i = slot_of(y, key, one->counter);
	if (!y->used[i]) {
		y->used[i] = true;
		y->filled++;
		memcpy(y->slots[i].key, key, sizeof(key));
		y->slots[i].counter = one->counter;
		y->slots[i].count = 0;
	}
	y->slots[i].count += by;
	st_assert(y->filled <= y->room);
	return 0;
}

int st_tally_add(struct st_tally *y, const struct st_tally_key *key, uint32_t counter, int64_t by)
{
	struct st_tally_one one = { *key, counter };
	return add(y, &one, by);
}

int st_tally_change(struct st_tally *y, const struct st_record *before, const struct st_record *after)
{
	struct st_tally_one ones[ST_TALLIES_OF_MAX];
	size_t n = st_tally_of(before, ones);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add(y, &ones[i], -1);
	n = st_tally_of(after, ones);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add(y, &ones[i], 1);
	return rc;
}

static int by_key(const void *a, const void *b)
{
	const struct delta *x = a, *z = b;
	int c = memcmp(x->key, z->key, ST_TALLY_KEY_SIZE);
	return c != 0 ? c : x->counter < z->counter ? -1 : x->counter > z->counter;
}

/* The changes that are left, packed to the front and sorted; the table is to be cleared after. */
static size_t sorted(struct st_tally *y)
{
	size_t n = 0;
	for (size_t i = 0; i < y->room; i++)
		if (y->used[i] && y->slots[i].count != 0)
			y->slots[n++] = y->slots[i];
	if (n > 1)
		qsort(y->slots, n, sizeof(*y->slots), by_key);
	st_assert(n <= y->filled);
	return n;
}

static void put_counter(struct st_buf *cell, uint32_t *last, uint32_t counter, int64_t value)
{
	if (value == 0)
		return;
	st_buf_varint(cell, counter - *last);
	st_buf_varint(cell, (uint64_t)value);
	*last = counter;
}

/* The old cell with n sorted changes of its key worked in. */
static int merge(struct st_tally *y, const struct delta *changes, size_t n)
{
	st_assert(n > 0);
	struct st_reader r = st_reader(st_buf_span(&y->old_cell));
	uint32_t counter = 0, last = 0;
	size_t i = 0;
	st_buf_clear(&y->new_cell);
	while (r.rest.size > 0) {
		counter += (uint32_t)st_read_varint(&r);
		int64_t value = (int64_t)st_read_varint(&r);
		if (r.failed)
			return ST_ECORRUPT;
		for (; i < n && changes[i].counter < counter; i++)
			put_counter(&y->new_cell, &last, changes[i].counter, changes[i].count);
		if (i < n && changes[i].counter == counter)
			value += changes[i++].count;
		if (value < 0)
			return ST_ECORRUPT; /* fewer than none */
		put_counter(&y->new_cell, &last, counter, value);
	}
	for (; i < n; i++) {
		if (changes[i].count < 0)
			return ST_ECORRUPT;
		put_counter(&y->new_cell, &last, changes[i].counter, changes[i].count);
	}
	return y->new_cell.error;
}

int st_tally_sweep(struct st_txn *t, struct st_tally *y)
{
	size_t n = sorted(y);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n;) {
		size_t end = i + 1;
		while (end < n && memcmp(y->slots[end].key, y->slots[i].key, ST_TALLY_KEY_SIZE) == 0)
			end++;
		struct st_span key = ST_SPAN(y->slots[i].key);
		st_buf_clear(&y->old_cell);
		rc = st_cell_get(t, key, &y->old_cell);
		if (rc == ST_ENOTFOUND)
			rc = 0;
		if (rc == 0)
			rc = merge(y, &y->slots[i], end - i);
		if (rc == 0)
			rc = st_cell_put(t, key, st_buf_span(&y->new_cell));
		st_assert(end <= n);
		i = end;
	}
	st_tally_clear(y);
	return rc;
}

int st_tally_each(struct st_tally *y, st_counter_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	size_t n = sorted(y);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct st_tally_key key;
		rc = st_tally_key_decode(ST_SPAN(y->slots[i].key), &key);
		if (rc == 0)
			rc = fn(&key, y->slots[i].counter, y->slots[i].count, arg);
	}
	st_tally_clear(y);
	return rc;
}

/* Written out, since a report decodes a million of them. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;
	for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = v;
			return true;
		}
	}
	return false;
}

int st_cell_walk_of(const struct st_tally_key *key, struct st_span cell, uint32_t measures,
		    st_counter_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	const uint8_t *at = cell.data, *end = cell.size == 0 ? at : at + cell.size;
	uint32_t counter = 0;
	while (at != end) {
		uint64_t delta = 0, value = 0;
		if (!read_varint(&at, end, &delta) || !read_varint(&at, end, &value) || value == 0 ||
		    value > INT64_MAX)
			return ST_ECORRUPT;
		counter += (uint32_t)delta;
		uint32_t left = measures >> (counter >> BUCKET_BITS & 31);
		if (left == 0)
			return 0; /* those that follow are of later measures */
		int rc = (left & 1) == 0 ? 0 : fn(key, counter, (int64_t)value, arg);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int st_cell_walk(const struct st_tally_key *key, struct st_span cell, st_counter_fn *fn, void *arg)
{
	return st_cell_walk_of(key, cell, UINT32_MAX, fn, arg);
}
