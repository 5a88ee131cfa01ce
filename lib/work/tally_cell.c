/* tally_cell.c - the bytes of counters: their ids, the keys of cells, and the cells themselves.
 *
 * Owns:    what a stored cell looks like, written and read.
 * Promise: 4, tallies equal a recount: a cell in which a counter would fall below none is corrupt.
 * Flow:    tally -> cells -> report */
#include "tally_cell.h"
#include <station/base/check.h>

enum { BUCKET_BITS = 24, BUCKET_MAX = 0xffffff };
_Static_assert(BUCKET_MAX == (1 << BUCKET_BITS) - 1, "what is no measure is bucket");
_Static_assert((int)ST_DAYS_MAX <= (int)BUCKET_MAX, "any number of days is a bucket");
_Static_assert((int)ST_DAY_MAX == (int)BUCKET_MAX, "any due day is a bucket");
_Static_assert((int)ST_TALLY_KEY_SIZE <= (int)ST_CELL_KEY_MAX, "the store takes such a key");
_Static_assert(ST_TALLY_KEY_SIZE == 1 + 1 + 4 + 2 + 1 + 2 + 1, "both sides of the key's bytes");

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
	to[1] = k->kind;
	st_put_u32(to + 2, k->station);
	st_put_u16(to + 6, k->category);
	to[8] = k->channel;
	st_put_u16(to + 9, (uint16_t)k->month);
	to[11] = (uint8_t)k->role;
}

int st_tally_key_decode(struct st_span bytes, struct st_tally_key *ret_k)
{
	if (bytes.size != ST_TALLY_KEY_SIZE)
		return ST_ECORRUPT;
	const uint8_t *p = bytes.data;
	*ret_k = (struct st_tally_key){
		.view = (enum st_view)p[0],
		.kind = p[1],
		.station = st_get_u32(p + 2),
		.category = st_get_u16(p + 6),
		.channel = p[8],
		.month = st_get_u16(p + 9),
		.role = (enum st_role)p[11],
	};
	return 0;
}

static void put_counter(struct st_buf *cell, uint32_t *last, uint32_t counter, int64_t value)
{
	if (value == 0)
		return;
	st_buf_varint(cell, counter - *last);
	st_buf_varint(cell, (uint64_t)value);
	*last = counter;
}

int tally_cell_merge(struct st_span old, const struct tally_delta *changes, size_t n,
		     struct st_buf *to)
{
	st_assert(n > 0);
	struct st_reader r = st_reader(old);
	uint32_t counter = 0, last = 0;
	size_t i = 0;
	st_buf_clear(to);
	while (r.rest.size > 0) {
		counter += (uint32_t)st_read_varint(&r);
		int64_t value = (int64_t)st_read_varint(&r);
		if (r.failed)
			return ST_ECORRUPT;
		for (; i < n && changes[i].counter < counter; i++)
			put_counter(to, &last, changes[i].counter, changes[i].count);
		if (i < n && changes[i].counter == counter)
			value += changes[i++].count;
		if (value < 0)
			return ST_ECORRUPT; /* fewer than none */
		put_counter(to, &last, counter, value);
	}
	for (; i < n; i++) {
		if (changes[i].count < 0)
			return ST_ECORRUPT;
		put_counter(to, &last, changes[i].counter, changes[i].count);
	}
	return to->error;
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
