/* heard.c - how far each directive has come, and which this station wrote or got.
 *
 * Owns:    the tables heard and directives, which follow from the events, and left, which doesn't.
 * Promise: 9: a list of them costs what it shows.
 * Flow:    apply -> heard, directives -> ask */
#include <station/store/heard.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

enum { HEARD_KEY = 20, HEARD_ROW = 29, SENT_KEY = 17, GOT_KEY = 29 };
_Static_assert((int)GOT_KEY <= (int)ST_DIRECTIVE_KEY_MAX, "the longer of both keys");

static struct key heard_key(const struct st_heard_key *h)
{
	struct key k = key_new();
	key_u32(&k, h->writer);
	key_u32(&k, h->epoch);
	key_u64(&k, h->seq);
	key_u32(&k, h->addressee);
	return k;
}

static int decode(struct st_span value, struct st_heard_row *to)
{
	if (value.size != HEARD_ROW)
		return ST_ECORRUPT;
	*to = (struct st_heard_row){
		.stage = value.data[0],
		.epoch = st_get_u32(value.data + 1),
		.position = st_get_u64(value.data + 5),
		.delivered_ms = st_get_u64(value.data + 13),
		.seen_ms = st_get_u64(value.data + 21),
	};
	return 0;
}

int st_heard_get(struct st_txn *t, const struct st_heard_key *key, struct st_heard_row *ret_row)
{
	struct key k = heard_key(key);
	struct st_span value;
	st_assert(k.size == HEARD_KEY);
	int rc = kv_get(t, TABLE_HEARD, key_span(&k), &value);
	return rc < 0 ? rc : decode(value, ret_row);
}

int st_heard_put(struct st_txn *t, const struct st_heard_key *key, const struct st_heard_row *row)
{
	ST_REQUIRE(key->writer > 0);
	ST_REQUIRE(key->addressee > 0);
	ST_REQUIRE(key->seq > 0);
	struct key k = heard_key(key);
	uint8_t value[HEARD_ROW] = { row->stage };
	st_put_u32(value + 1, row->epoch);
	st_put_u64(value + 5, row->position);
	st_put_u64(value + 13, row->delivered_ms);
	st_put_u64(value + 21, row->seen_ms);
	return kv_put(t, TABLE_HEARD, key_span(&k), ST_SPAN(value));
}

int st_left_get(struct st_txn *t, const struct st_heard_key *key, uint64_t *ret_position)
{
	struct key k = heard_key(key);
	struct st_span value;
	int rc = kv_get(t, TABLE_LEFT, key_span(&k), &value);
	if (rc < 0)
		return rc;
	if (value.size != 8)
		return ST_ECORRUPT;
	*ret_position = st_get_u64(value.data);
	return 0;
}

int st_left_put(struct st_txn *t, const struct st_heard_key *key, uint64_t position)
{
	ST_REQUIRE(key->addressee > 0);
	ST_REQUIRE(position > 0);
	struct key k = heard_key(key);
	uint8_t value[8];
	st_put_u64(value, position);
	return kv_put(t, TABLE_LEFT, key_span(&k), ST_SPAN(value));
}

struct each {
	union {
		st_heard_fn *heard;
		st_directive_fn *directive;
	} fn;
	void *arg;
	struct st_span behind;
};

static int each_heard(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_heard_row value;
	(void)t;
	if (row->key.size != HEARD_KEY)
		return ST_ECORRUPT;
	struct st_heard_key key = {
		.writer = st_get_u32(row->key.data),
		.epoch = st_get_u32(row->key.data + 4),
		.seq = st_get_u64(row->key.data + 8),
		.addressee = st_get_u32(row->key.data + 16),
	};
	int rc = decode(row->value, &value);
	return rc < 0 ? rc : e->fn.heard(&key, &value, e->arg);
}

int st_heard_each(struct st_txn *t, st_heard_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct each e = { .fn.heard = fn, .arg = arg };
	struct kv_range range = { .table = TABLE_HEARD };
	return kv_scan(t, &range, each_heard, &e);
}

/* Complements, so that a scan goes from the newest back. */
static void key_newest(struct key *k, uint32_t epoch, uint64_t seq)
{
	key_u32(k, ~epoch);
	key_u64(k, ~seq);
}

static struct key directive_key(enum st_directives which, const struct st_directive_row *row)
{
	struct key k = key_new();
	key_u8(&k, (uint8_t)which);
	if (which == ST_DIRECTIVES_TO)
		key_u32(&k, row->event.addressee);
	if (which == ST_DIRECTIVES_SENT || which == ST_DIRECTIVES_TO) {
		key_newest(&k, row->event.epoch, row->event.seq);
		if (which == ST_DIRECTIVES_SENT)
			key_u32(&k, row->event.addressee);
		return k;
	}
	key_newest(&k, row->told_epoch, row->told_seq);
	key_u32(&k, row->event.writer);
	key_newest(&k, row->event.epoch, row->event.seq);
	st_assert(k.size == GOT_KEY);
	return k;
}

int st_directive_put(struct st_txn *t, enum st_directives which, const struct st_directive_row *row)
{
	ST_REQUIRE(which >= ST_DIRECTIVES_SENT && which <= ST_DIRECTIVES_UNSEEN);
	struct key k = directive_key(which, row);
	uint8_t value[ST_REF_SIZE];
	st_ref_put(value, &row->record);
	return kv_put(t, TABLE_DIRECTIVES, key_span(&k), ST_SPAN(value));
}

int st_directive_del(struct st_txn *t, enum st_directives which, const struct st_directive_row *row)
{
	struct key k = directive_key(which, row);
	int rc = kv_del(t, TABLE_DIRECTIVES, key_span(&k));
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int decode_sent(const uint8_t *p, struct st_directive_row *to)
{
	bool by_addressee = p[0] == ST_DIRECTIVES_TO;
	const uint8_t *at = p + 1 + (by_addressee ? 4 : 0);
	to->event.epoch = ~st_get_u32(at);
	to->event.seq = ~st_get_u64(at + 4);
	to->event.addressee = st_get_u32(by_addressee ? p + 1 : at + 12);
	return 0;
}

static int decode_directive(const struct kv_row *row, struct st_directive_row *to)
{
	const uint8_t *p = row->key.data;
	memset(to, 0, sizeof(*to));
	if (row->value.size != ST_REF_SIZE || row->key.size == 0)
		return ST_ECORRUPT;
	bool sent = p[0] <= ST_DIRECTIVES_TO;
	if (row->key.size != (sent ? SENT_KEY : GOT_KEY))
		return ST_ECORRUPT;
	to->record = st_ref_get(row->value.data);
	if (sent)
		return decode_sent(p, to);
	to->told_epoch = ~st_get_u32(p + 1);
	to->told_seq = ~st_get_u64(p + 5);
	to->event.writer = st_get_u32(p + 13);
	to->event.epoch = ~st_get_u32(p + 17);
	to->event.seq = ~st_get_u64(p + 21);
	return 0;
}

static int each_directive(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_directive_row d;
	(void)t;
	if (st_span_equal(row->key, e->behind))
		return 0;
	int rc = decode_directive(row, &d);
	return rc < 0 ? rc : e->fn.directive(&d, row->key, e->arg);
}

int st_directive_each(struct st_txn *t, const struct st_directive_range *range, st_directive_fn *fn,
		      void *arg)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(range->which != ST_DIRECTIVES_TO || range->addressee > 0);
	struct each e = { .fn.directive = fn, .arg = arg, .behind = range->behind };
	struct key k = key_new();
	key_u8(&k, (uint8_t)range->which);
	if (range->which == ST_DIRECTIVES_TO)
		key_u32(&k, range->addressee);
	struct kv_range scan = { .table = TABLE_DIRECTIVES, .prefix = key_span(&k),
				 .from = range->behind };
	return kv_scan(t, &scan, each_directive, &e);
}
