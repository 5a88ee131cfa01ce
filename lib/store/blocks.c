/* blocks.c - events in rows of a page.
 *
 * Owns:    the tables events and parts, and each log's tail: the only copy of what stations wrote.
 * Promise: 2, in order: an event's place is its log's size at the moment it is appended.
 * Flow:    apply -> blocks -> fold, pack, proofs */
#include <station/store/carried.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "log_rows.h"
#include "tree.h"

/* A value of 4,080 bytes fills one overflow page; a larger event has a row of its own.
 *
 * The newest events, which don't fill a block yet, are the log's tail, beside its row:
 *   first seq u64 | size u16 | so many bytes of { varint size, event }... | zeros
 * always of a whole page, so that what stands beside it stays where it is while it grows. */
enum { PAGE_MAX = 4080, TAIL_HEAD = 8 + 2, BLOCK_MAX = PAGE_MAX - TAIL_HEAD, EVENT_SIZE_MAX = 65535 };
_Static_assert(EVENT_SIZE_MAX < 1 << 21, "varint_size knows three bytes");

static struct key block_key(uint32_t log, uint64_t first_seq)
{
	struct key k = key_new();
	key_u32(&k, log);
	key_u64(&k, first_seq);
	return k;
}

/* A log without one: nothing was appended to it since tails are kept. ST_ENOTFOUND. */
static int find_tail(struct st_txn *t, uint32_t log, uint64_t *ret_first, struct st_span *ret_events)
{
	struct key k = log_row_key(log, LOG_TAIL);
	struct st_span row;
	int rc = kv_get(t, TABLE_LOGS, key_span(&k), &row);
	if (rc < 0)
		return rc;
	size_t size = row.size == PAGE_MAX ? st_get_u16(row.data + 8) : SIZE_MAX;
	if (size > BLOCK_MAX)
		return ST_ECORRUPT;
	*ret_first = st_get_u64(row.data);
	*ret_events = st_span(row.data + TAIL_HEAD, size);
	return 0;
}

/* The tail or block that holds seq: the last that begins at or before it. */
static int find_block(struct st_txn *t, uint32_t log, uint64_t seq, uint64_t *ret_first,
		      struct st_span *ret_block)
{
	struct key k = block_key(log, seq);
	struct kv_row row;
	int rc = find_tail(t, log, ret_first, ret_block);
	if ((rc < 0 && rc != ST_ENOTFOUND) || (rc == 0 && *ret_first <= seq))
		return rc;
	rc = kv_at_most(t, TABLE_EVENTS, key_span(&k), st_span(k.bytes, 4), &row);
	if (rc < 0)
		return rc;
	if (row.key.size != 12)
		return ST_ECORRUPT;
	*ret_first = st_get_u64(row.key.data + 4);
	*ret_block = row.value;
	return 0;
}

static size_t varint_size(size_t v)
{
	return v < 0x80 ? 1 : v < 0x4000 ? 2 : 3;
}

/* The block that is being filled. */
struct filling {
	uint8_t bytes[BLOCK_MAX];
	size_t size;
	uint64_t first_seq;
};

static int put_block(struct st_txn *t, uint32_t log, struct filling *f)
{
	struct key k = block_key(log, f->first_seq);
	if (f->size == 0)
		return 0;
	int rc = kv_put(t, TABLE_EVENTS, key_span(&k), st_span(f->bytes, f->size));
	f->size = 0;
	return rc;
}

static int put_tail(struct st_txn *t, uint32_t log, const struct filling *f)
{
	struct key k = log_row_key(log, LOG_TAIL);
	uint8_t *p = NULL;
	int rc = kv_reserve(t, TABLE_LOGS, key_span(&k), PAGE_MAX, &p);
	if (rc < 0)
		return rc;
	st_put_u64(p, f->first_seq);
	st_put_u16(p + 8, (uint16_t)f->size);
	memcpy(p + TAIL_HEAD, f->bytes, f->size);
	memset(p + TAIL_HEAD + f->size, 0, BLOCK_MAX - f->size);
	return 0;
}

static void put_event(struct filling *f, struct st_span event)
{
	st_assert(event.size + varint_size(event.size) <= BLOCK_MAX - f->size);
	size_t v = event.size;
	for (; v >= 0x80; v >>= 7)
		f->bytes[f->size++] = (uint8_t)(v | 0x80);
	f->bytes[f->size++] = (uint8_t)v;
	memcpy(f->bytes + f->size, event.data, event.size);
	f->size += event.size;
	st_assert(f->size <= BLOCK_MAX);
}

static int put_alone(struct st_txn *t, uint32_t log, uint64_t seq, struct st_span event)
{
	struct key k = block_key(log, seq);
	uint8_t *p = NULL;
	size_t head = varint_size(event.size), v = event.size;
	st_assert(head + event.size > BLOCK_MAX);
	int rc = kv_reserve(t, TABLE_EVENTS, key_span(&k), head + event.size, &p);
	if (rc < 0)
		return rc;
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	memcpy(p, event.data, event.size);
	return 0;
}

static int next_event(struct st_reader *r, struct st_span *ret_event)
{
	uint64_t size = st_read_varint(r);
	if (r->failed || size == 0 || size > r->rest.size)
		return ST_ECORRUPT; /* no event is without a byte */
	*ret_event = st_read_span(r, (size_t)size);
	return 0;
}

/* What is appended goes behind it, and becomes a block under the seq that it says: so it is counted. */
static int resume(struct st_txn *t, const struct st_log *log, struct filling *f)
{
	struct st_span events, event;
	f->size = 0;
	f->first_seq = log->tree.size + 1;
	uint64_t first = 0, next;
	int rc = find_tail(t, log->number, &first, &events);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	struct st_reader r = st_reader(events);
	for (next = first; rc == 0 && r.rest.size > 0; next++)
		rc = next_event(&r, &event);
	if (rc < 0 || first == 0 || next != log->tree.size + 1)
		return ST_ECORRUPT;
	if (events.size > 0)
		memcpy(f->bytes, events.data, events.size);
	f->size = events.size;
	f->first_seq = first;
	return 0;
}

int st_log_append(struct st_txn *t, struct st_log *log, const struct st_append *append)
{
	ST_REQUIRE(append->leaves != NULL || append->count == 0);
	ST_REQUIRE(append->events != NULL || append->count == 0);
	struct filling f;
	uint64_t bytes = append->part_bytes;
	int rc = resume(t, log, &f);
	for (size_t i = 0; rc == 0 && i < append->count; i++) {
		struct st_span event = append->events[i];
		uint64_t seq = log->tree.size + 1 + i;
		ST_REQUIRE(event.size > 0);
		ST_REQUIRE(event.size <= EVENT_SIZE_MAX);
		size_t need = event.size + varint_size(event.size);
		bytes += event.size;
		if (f.size + need > BLOCK_MAX) {
			rc = put_block(t, log->number, &f);
			f.first_seq = seq;
		}
		if (rc < 0)
			break;
		if (need > BLOCK_MAX) {
			rc = put_alone(t, log->number, seq, event);
			f.first_seq = seq + 1;
		} else {
			put_event(&f, event);
		}
	}
	if (rc == 0)
		rc = put_tail(t, log->number, &f);
	if (rc == 0)
		rc = tree_append(t, log, append->leaves, append->count);
	if (rc == 0)
		log->bytes += bytes;
	return rc;
}

static int in_its_log(struct st_txn *t, uint32_t log, uint64_t seq, struct st_span *ret_event)
{
	uint64_t first = 0;
	struct st_span block;
	int rc = find_block(t, log, seq, &first, &block);
	if (rc < 0)
		return rc;
	struct st_reader r = st_reader(block);
	for (uint64_t at = first; rc == 0 && at <= seq; at++) {
		if (r.rest.size == 0)
			return ST_ENOTFOUND;
		rc = next_event(&r, ret_event);
	}
	return rc;
}

int st_event_get(struct st_txn *t, uint32_t log, uint64_t seq, struct st_buf *to)
{
	struct st_span event = ST_SPAN_NONE;
	struct st_carried c;
	int rc = in_its_log(t, log, seq, &event);
	if (rc == ST_ENOTFOUND) {
		rc = st_carried_get(t, log, seq, &c);
		event = c.event;
	}
	if (rc < 0)
		return rc;
	st_buf_put_span(to, event);
	return to->error;
}

struct each {
	uint64_t from, to, next;
	st_event_fn *fn;
	void *arg;
};

/* Those of one block that are wanted; 1: that was all. */
static int each_of(struct each *e, uint64_t seq, struct st_span block)
{
	struct st_reader r = st_reader(block);
	struct st_span event;
	if (seq > e->to)
		return e->next > e->to ? 1 : ST_ECORRUPT; /* what is wanted before it is lost */
	for (; r.rest.size > 0 && seq <= e->to; seq++) {
		int rc = next_event(&r, &event);
		if (rc < 0)
			return rc;
		if (seq < e->from)
			continue;
		st_assert(e->next >= e->from);
		if (seq != e->next)
			return ST_ECORRUPT;
		e->next++;
		rc = e->fn(seq, event, e->arg);
		if (rc != 0)
			return rc;
	}
	return seq > e->to ? 1 : 0;
}

static int each_block(struct st_txn *t, const struct kv_row *row, void *arg)
{
	(void)t;
	return row->key.size != 12 ? ST_ECORRUPT : each_of(arg, st_get_u64(row->key.data + 4), row->value);
}

/* From a copy: fn may write. */
static int each_in_tail(struct st_txn *t, uint32_t log, struct each *e)
{
	uint8_t copy[BLOCK_MAX];
	uint64_t first = 0;
	struct st_span events;
	int rc = find_tail(t, log, &first, &events);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (events.size > 0)
		memcpy(copy, events.data, events.size);
	return each_of(e, first, st_span(copy, events.size));
}

int st_event_each(struct st_txn *t, uint32_t log, uint64_t from, uint64_t to, st_event_fn *fn,
		  void *arg)
{
	ST_REQUIRE(fn != NULL);
	uint64_t first = 0;
	struct st_span block;
	struct each e = { .from = from, .to = to, .next = from, .fn = fn, .arg = arg };
	if (from == 0 || from > to)
		return 0;
	int rc = find_block(t, log, from, &first, &block);
	if (rc < 0)
		return rc;
	struct key k = block_key(log, first);
	struct kv_range range = { .table = TABLE_EVENTS, .prefix = st_span(k.bytes, 4),
				  .from = key_span(&k) };
	rc = kv_scan(t, &range, each_block, &e);
	if (rc == 0)
		rc = each_in_tail(t, log, &e);
	if (rc == 1 && e.next > to)
		return 0; /* all of them; a 1 from fn before the last is handed on */
	if (rc == 0 && e.next <= to)
		return ST_ENOTFOUND;
	return rc;
}

static struct key part_key(uint32_t log, uint64_t seq, unsigned n)
{
	struct key k = key_new();
	ST_REQUIRE(n <= UINT8_MAX);
	key_u32(&k, log);
	key_u64(&k, seq);
	key_u8(&k, (uint8_t)n);
	return k;
}

int st_part_put_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n, struct st_span stored)
{
	struct key k = part_key(log, seq, n);
	return kv_put(t, TABLE_PARTS, key_span(&k), stored);
}

int st_part_get_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n, struct st_buf *to)
{
	struct key k = part_key(log, seq, n);
	struct st_span stored;
	int rc = kv_get(t, TABLE_PARTS, key_span(&k), &stored);
	if (rc < 0)
		return rc;
	st_buf_put_span(to, stored);
	return to->error;
}

/* A delete moves rows within a page and leaves the bytes behind; so they are zeros before it. */
int st_part_erase_row(struct st_txn *t, uint32_t log, uint64_t seq, unsigned n)
{
	struct key k = part_key(log, seq, n);
	struct st_span stored;
	uint8_t *p = NULL;
	int rc = kv_get(t, TABLE_PARTS, key_span(&k), &stored);
	if (rc == 0 && stored.size > 0) {
		size_t size = stored.size;
		rc = kv_reserve(t, TABLE_PARTS, key_span(&k), size, &p);
		if (rc == 0)
			memset(p, 0, size);
	}
	return rc < 0 ? rc : kv_del(t, TABLE_PARTS, key_span(&k));
}
