/* carry.c - rows of an outbox, made into one carry, and read back.
 *
 * Owns:    what travels with a carried event: its proof, its clear parts, and a hand-on's sealed ones.
 * Promise: 7, personal data stays: a private part goes only beside the key that is sealed to one station.
 * Flow:    outbox -> carry -> downlink; uplink -> carry -> apply */
#include <station/sync/carry.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>
#include <station/event/event.h>
#include <station/store/heads.h>
#include <station/store/stations.h>
#include <station/trust/part.h>
#include "packer.h"

enum { CARRY_INCARNATION = 1, CARRY_POSITION, CARRY_ITEM, CARRY_CERTIFICATE, CARRY_HEAD };
enum { ITEM_STATION = 1, ITEM_EPOCH, ITEM_SEQ, ITEM_EVENT, ITEM_PATH, ITEM_SIZE, ITEM_TIME,
       ITEM_SIGNATURE, ITEM_PART, ITEM_SHARED };
enum { CARRY_RAW_MAX = ST_PUSH_RAW_MAX };
_Static_assert((int)ST_DEPTH_MAX <= (int) ST_CARRY_CERTIFICATES_MAX, "a carry has room for one chain");
_Static_assert(ST_EVENT_MAX + ST_EVENT_PARTS_BYTES_MAX + ST_DEPTH_MAX * ST_CERTIFICATE_MAX +
		       ST_PROOF_MAX * ST_HASH_SIZE + 4096 <=
	       CARRY_RAW_MAX,
	       "and for one event with all that belongs to it");

/* ---- packing ---- */

struct carrying {
	struct st_packer *packer;
	struct st_txn *txn;
	const struct st_carry_for *to;
	struct st_arena arena;
	struct st_proving proving;
	struct st_log_id id;     /* of the log at work */
	uint32_t id_log, chained; /* whose id; whose chain was put last */
	struct st_buf event, item, stored;
	uint64_t position;
	size_t items, items_max, heads;
	uint32_t told[ST_CARRY_CERTIFICATES_MAX]; /* stations whose certificate is in it */
	size_t told_count;
};

/* 1: what is sealed goes along: this is the way to whom its key is sealed to. Who only hears of a hand-on has no use
 * for it. */
static int granted(struct carrying *c, const struct st_event *e)
{
	struct st_code to;
	uint32_t holder = 0;
	st_assert(c->to->child > 0);
	if (!st_event_has_part(e, ST_PART_KEY) || !st_event_grants(e, &c->arena, &to))
		return 0;
	if (st_code_empty(&to))
		return 1;
	int rc = st_station_number(c->txn, &to, &holder);
	if (rc == 0)
		rc = st_station_below(c->txn, holder, c->to->child);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int put_parts(struct carrying *c, uint32_t log, uint64_t seq)
{
	struct st_event e;
	struct st_buf *part = packer_part(c->packer);
	st_arena_reset(&c->arena);
	int rc = st_event_decode(st_buf_span(&c->event), &c->arena, &e);
	if (rc < 0 && rc != ST_EUNREAD)
		return 0; /* it travels without parts */
	int sealed = granted(c, &e);
	if (sealed < 0)
		return sealed;
	for (size_t n = 0; n < e.part_count; n++) {
		st_buf_clear(&c->stored);
		st_buf_clear(part);
		rc = st_part_goes(e.parts[n].type, sealed == 1)
			     ? st_part_get_row(c->txn, log, seq, (unsigned)n, &c->stored)
			     : ST_ENOTFOUND;
		if (rc == ST_ENOTFOUND)
			continue;
		if (rc < 0)
			return rc;
		packer_put_part(part, 0, (uint32_t)n, st_buf_span(&c->stored));
		st_pb_put_bytes(&c->item, ITEM_PART, st_buf_span(part));
	}
	return c->item.error;
}

/* The certificates of a writer and of those above it, unless the child knows them: whoever is above
 * it, and below. Above comes first. */
static int put_chain(struct carrying *c, uint32_t station)
{
	struct st_station path[ST_DEPTH_MAX];
	size_t n = 0;
	int rc = 0;
	if (station == c->chained)
		return 0;
	c->chained = station;
	while (rc == 0 && station != 0 && n < ST_DEPTH_MAX) {
		rc = st_station_below(c->txn, c->to->child, station);
		if (rc == 0)
			rc = st_station_below(c->txn, station, c->to->child);
		if (rc != 0)
			break;
		rc = st_station_get(c->txn, station, &path[n]);
		if (rc == 0)
			station = path[n++].parent;
	}
	rc = rc == 1 ? 0 : rc;
	while (rc == 0 && n-- > 0) {
		bool told = false;
		for (size_t i = 0; i < c->told_count; i++)
			told |= c->told[i] == path[n].number;
		if (told)
			continue;
		st_assert(c->told_count < ST_CARRY_CERTIFICATES_MAX);
		c->told[c->told_count++] = path[n].number;
		st_pb_put_bytes(packer_raw(c->packer), CARRY_CERTIFICATE,
				st_span(path[n].signed_bytes, path[n].signed_size));
	}
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int put_item(struct carrying *c, const struct st_carried *e)
{
	st_buf_clear(&c->item);
	st_pb_put_number(&c->item, ITEM_SEQ, e->seq);
	st_pb_put_bytes(&c->item, ITEM_EVENT, e->event);
	st_pb_put_bytes(&c->item, ITEM_PATH,
			st_span(e->proof.path, e->proof.count * ST_HASH_SIZE));
	if (c->proving.shared) {
		st_pb_put_number(&c->item, ITEM_SHARED, 1);
		return put_parts(c, e->log, e->seq);
	}
	st_pb_put_bytes(&c->item, ITEM_STATION, st_code_span(&c->id.station));
	st_pb_put_number(&c->item, ITEM_EPOCH, c->id.epoch);
	st_pb_put_number(&c->item, ITEM_SIZE, e->size);
	st_pb_put_number(&c->item, ITEM_TIME, e->cosignature.time_s);
	st_pb_put_bytes(&c->item, ITEM_SIGNATURE, ST_SPAN(e->cosignature.signature.bytes));
	return put_parts(c, e->log, e->seq);
}

static int name_log(struct carrying *c)
{
	if (c->id_log == c->proving.log.number)
		return 0;
	int rc = st_log_id(c->txn, &c->proving.log, &c->id);
	if (rc == 0)
		c->id_log = c->proving.log.number;
	return rc;
}

/* 1: the next carry has room for it. A child that doesn't take heads is told of none. */
static int add_head(struct carrying *c, const struct st_outbox_row *row, const struct st_head_key *key)
{
	struct st_buf *raw = packer_raw(c->packer);
	struct st_head h;
	struct st_log log;
	if (c->heads == ST_CARRY_HEADS_MAX)
		return 1;
	int rc = c->to->version < ST_WIRE_HEADS ? ST_ENOTFOUND : st_head_read(c->txn, key, &h);
	if (rc == ST_ENOTFOUND) {
		c->position = row->position;
		return 0;
	}
	if (rc == 0)
		rc = st_log_get(c->txn, key->log, &log);
	if (rc == 0)
		rc = put_chain(c, log.station);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	packer_put_head(raw, CARRY_HEAD, &h);
	c->position = row->position;
	c->heads++;
	return raw->error;
}

/* 1: the next carry has room for it. */
static int add_row(const struct st_outbox_row *row, void *arg)
{
	struct carrying *c = arg;
	struct st_carried e;
	struct st_buf *raw = packer_raw(c->packer);
	st_assert(row->position > c->position); /* one after the other */
	if (c->items == c->items_max || raw->size > ST_CARRY_BYTES_MAX ||
	    c->told_count + ST_DEPTH_MAX > ST_CARRY_CERTIFICATES_MAX)
		return 1;
	struct st_head_key key;
	if (st_outbox_head(row, &key))
		return add_head(c, row, &key);
	st_buf_clear(&c->event);
	int rc = st_carried_prove(&c->proving, row->log, row->seq, &e);
	if (rc == ST_ENOTFOUND) { /* erased, or never covered: nothing that could be proven */
		c->position = row->position;
		return 0;
	}
	if (rc == 0)
		rc = name_log(c);
	if (rc == 0)
		rc = put_item(c, &e);
	if (rc < 0)
		return rc;
	if (c->items > 0 && raw->size + c->item.size + ST_DEPTH_MAX * ST_CERTIFICATE_MAX > CARRY_RAW_MAX)
		return 1;
	rc = put_chain(c, c->proving.log.station);
	st_pb_put_bytes(raw, CARRY_ITEM, st_buf_span(&c->item));
	c->position = row->position;
	st_assert(c->items < ST_CARRY_ITEMS_MAX);
	c->items++;
	return rc < 0 ? rc : raw->error;
}

int st_carry_pack(struct st_packer *p, struct st_txn *t, const struct st_carry_for *to,
		  struct st_packed *ret_packed)
{
	ST_REQUIRE(to->child > 0);
	struct carrying c = { .packer = p, .txn = t, .to = to, .position = to->after };
	struct st_buf *raw = packer_raw(p);
	struct packer_proofs *proofs = NULL;
	int rc = packer_proofs(p, &proofs);
	if (rc == 0)
		rc = st_arena_init(&c.arena, ST_EVENT_ARENA);
	if (rc < 0)
		return rc;
	c.items_max = ST_CARRY_WHOLE_MAX;
	if (to->version >= ST_WIRE_SHARES) {
		c.items_max = ST_CARRY_ITEMS_MAX;
		c.proving.paths = &proofs->paths;
		st_paths_clear(c.proving.paths);
	}
	c.proving.txn = t;
	c.proving.memo = &proofs->memo;
	c.proving.to = &c.event;
	st_buf_init(&c.event, ST_EVENT_MAX);
	st_buf_init(&c.item, CARRY_RAW_MAX);
	st_buf_init(&c.stored, ST_EVENT_PARTS_BYTES_MAX);
	st_buf_clear(raw);
	st_pb_put_bytes(raw, CARRY_INCARNATION, ST_SPAN(to->incarnation));
	rc = st_outbox_each(t, to->child, to->after, add_row, &c);
	if (rc >= 0 && c.position == to->after)
		rc = ST_ENOTFOUND;
	if (rc >= 0) {
		st_pb_put_number(raw, CARRY_POSITION, c.position);
		rc = raw->error;
	}
	if (rc == 0) {
		*ret_packed = (struct st_packed){ .size = c.position };
		st_assert(c.position > to->after);
		packer_compress(p, ret_packed);
	}
	st_arena_done(&c.arena);
	st_buf_done(&c.event);
	st_buf_done(&c.item);
	st_buf_done(&c.stored);
	return rc;
}

/* ---- unpacking ---- */

static int read_path(struct st_span bytes, struct st_span *path)
{
	if (bytes.size % ST_HASH_SIZE != 0 || bytes.size > ST_PROOF_MAX * ST_HASH_SIZE)
		return ST_EWIRE;
	*path = bytes;
	return 0;
}

static int take_item(struct st_carry_item *i, const struct st_pb_field *f)
{
	bool bytes = f->wire == ST_PB_BYTES;
	switch (f->number) {
	case ITEM_STATION:
		return bytes && st_code_parse(f->bytes, &i->log.station) == 0 ? 0 : ST_EWIRE;
	case ITEM_EPOCH:
		i->log.epoch = f->value > UINT32_MAX ? 0 : (uint32_t)f->value;
		return i->log.epoch == 0 ? ST_EWIRE : 0;
	case ITEM_SEQ:
		i->seq = f->value;
		return f->value == 0 || f->value > INT64_MAX ? ST_EWIRE : 0;
	case ITEM_EVENT:
		i->event = f->bytes;
		return bytes && f->bytes.size <= ST_EVENT_MAX ? 0 : ST_EWIRE;
	case ITEM_PATH:
		return bytes ? read_path(f->bytes, &i->path) : ST_EWIRE;
	case ITEM_SIZE:
		i->size = f->value;
		return 0;
	case ITEM_TIME:
		i->cosignature.time_s = f->value;
		return 0;
	case ITEM_SIGNATURE:
		if (!bytes || f->bytes.size != ST_SIGNATURE_SIZE)
			return ST_EWIRE;
		memcpy(i->cosignature.signature.bytes, f->bytes.data, ST_SIGNATURE_SIZE);
		return 0;
	case ITEM_PART:
		if (!bytes || i->part_count == ST_CARRY_PARTS_MAX)
			return ST_EWIRE;
		return packer_read_part(f->bytes, &i->parts[i->part_count++]);
	case ITEM_SHARED:
		i->shared = f->value != 0;
		return 0;
	default:
		return 0; /* a later version's */
	}
}

/* base: the newest item before it that doesn't lean on another, which it becomes itself if it doesn't. */
static int read_item(struct st_span bytes, struct st_carry_item *i, const struct st_carry_item **base)
{
	struct st_reader r = st_reader(bytes);
	struct st_pb_field f;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f))
		rc = take_item(i, &f);
	if (rc == 0 && i->shared) {
		if (*base == NULL)
			return ST_EWIRE;
		i->log = (*base)->log;
		i->size = (*base)->size;
		i->cosignature = (*base)->cosignature;
	} else {
		*base = i;
	}
	if (rc < 0 || r.failed || i->log.epoch == 0 || i->seq == 0 || i->event.size == 0 ||
	    st_code_empty(&i->log.station))
		return ST_EWIRE;
	return 0;
}

/* Counts first, so that the arrays are as large as the carry says within its bounds. */
static int count_rows(struct st_span raw, struct st_carry *c)
{
	struct st_reader r = st_reader(raw);
	struct st_pb_field f;
	while (st_pb_next(&r, &f)) {
		c->item_count += f.number == CARRY_ITEM;
		c->certificate_count += f.number == CARRY_CERTIFICATE;
		c->head_count += f.number == CARRY_HEAD;
	}
	if (r.failed)
		return ST_EWIRE;
	return c->item_count > ST_CARRY_ITEMS_MAX || c->head_count > ST_CARRY_HEADS_MAX ||
			       c->certificate_count > ST_CARRY_CERTIFICATES_MAX
		       ? ST_ETOOBIG
		       : 0;
}

static int read_carry(struct st_span raw, struct st_arena *arena, struct st_carry *c)
{
	struct st_reader r = st_reader(raw);
	struct st_pb_field f;
	size_t item = 0, certificate = 0, head = 0;
	const struct st_carry_item *base = NULL;
	struct st_carry_item *items = st_arena_alloc(arena, (c->item_count + 1) * sizeof(*items));
	struct st_span *certificates =
		st_arena_alloc(arena, (c->certificate_count + 1) * sizeof(*certificates));
	struct st_head *heads = st_arena_alloc(arena, (c->head_count + 1) * sizeof(*heads));
	if (items == NULL || certificates == NULL || heads == NULL)
		return ST_ETOOBIG;
	int rc = 0;
	while (rc == 0 && st_pb_next(&r, &f)) {
		bool bytes = f.wire == ST_PB_BYTES;
		if (f.number == CARRY_INCARNATION && bytes && f.bytes.size == sizeof(c->incarnation))
			memcpy(c->incarnation, f.bytes.data, sizeof(c->incarnation));
		else if (f.number == CARRY_POSITION)
			c->position = f.value;
		else if (f.number == CARRY_ITEM)
			rc = bytes ? read_item(f.bytes, &items[item++], &base) : ST_EWIRE;
		else if (f.number == CARRY_CERTIFICATE)
			certificates[certificate++] = f.bytes;
		else if (f.number == CARRY_HEAD)
			rc = bytes ? packer_read_head(f.bytes, &heads[head++]) : ST_EWIRE;
	}
	st_assert(item <= c->item_count); /* as count_rows has counted */
	st_assert(certificate <= c->certificate_count);
	st_assert(head <= c->head_count);
	c->heads = heads;
	c->items = items;
	c->certificates = certificates;
	return rc < 0 || r.failed || c->position == 0 ? ST_EWIRE : 0;
}

int st_carry_unpack(uint8_t *raw, size_t size, struct st_inbound_carry **ret_in)
{
	ST_REQUIRE(raw != NULL || size == 0);
	struct st_carry c;
	memset(&c, 0, sizeof(c));
	int rc = count_rows(st_span(raw, size), &c);
	if (rc < 0)
		return rc;
	struct st_inbound_carry *in = calloc(1, sizeof(*in));
	if (in == NULL)
		return ST_ENOMEM;
	rc = st_arena_init(&in->arena, (c.item_count + 1) * sizeof(struct st_carry_item) +
					       (c.certificate_count + 1) * sizeof(struct st_span) +
					       (c.head_count + 1) * sizeof(struct st_head) + 64);
	if (rc == 0)
		rc = read_carry(st_span(raw, size), &in->arena, &c);
	if (rc < 0) {
		st_inbound_carry_free(in);
		return rc;
	}
	in->carry = c;
	in->raw = raw;
	in->raw_size = size;
	*ret_in = in;
	return 0;
}

void st_inbound_carry_free(struct st_inbound_carry *in)
{
	if (in == NULL)
		return;
	st_arena_done(&in->arena);
	free(in->raw);
	free(in);
}
