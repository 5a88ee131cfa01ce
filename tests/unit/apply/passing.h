/* passing.h - pushes and carries between the stations of a test's city, passed by hand.
 * Whoever includes it has before: enum { MAIN, ..., STATIONS }, and by these numbers city[] (pair.h), codes[] and
 * parents[], where children come behind their parents. */
#pragma once
#include <station/store/heads.h>
#include <station/event/event.h>
#include <station/store/carried.h>
#include <station/sync/carry.h>
#include <zstd.h>
#include "pair.h"

struct numbering {
	const char *code;
	uint32_t number;
};

static inline int find_number(struct st_txn *t, void *arg)
{
	struct numbering *n = arg;
	struct st_code code = code_of(n->code);
	return st_station_number(t, &code, &n->number);
}

static inline uint32_t number_at(struct station *s, const char *code)
{
	struct numbering n = { code, 0 };
	assert_int_equal(st_store_read(s->store, find_number, &n), 0);
	return n.number;
}

/* ---- pushes ---- */

enum { PASSED_LOGS = 64 };
static uint64_t passed[STATIONS][PASSED_LOGS];
static bool passing_goes_on;

struct pushing {
	struct st_packer *packer;
	uint32_t log;
	uint64_t from, heads;
	struct st_packed packed;
	int rc;
};

static inline int pack_log(struct st_txn *t, void *arg)
{
	struct pushing *p = arg;
	struct st_log log;
	uint64_t newest = 0;
	int rc = st_log_get(t, p->log, &log);
	if (rc == 0)
		rc = st_head_up_newest(t, p->log, &newest);
	if (rc < 0)
		return rc;
	struct st_push_from from = { .size = p->from, .heads_after = p->heads, .heads = true };
	p->rc = log.signed_size <= p->from && newest <= p->heads
			? ST_ENOTFOUND
			: st_push_pack_from(p->packer, t, &log, &from, &p->packed);
	return 0;
}

static inline uint8_t *unpacked(const struct st_packed *p)
{
	uint8_t *raw = malloc(p->raw_size);
	if (p->compressed)
		assert_int_equal(ZSTD_decompress(raw, p->raw_size, p->bytes.data, p->bytes.size), p->raw_size);
	else
		memcpy(raw, p->bytes.data, p->bytes.size);
	return raw;
}

/* One log of a child: from nothing, since what is held already is known as such; or, where much is passed, from
 * where it was before. */
static inline void push_log(int child, int parent, uint32_t log)
{
	assert_true(log < PASSED_LOGS);
	struct pushing p = { .log = log, .from = passing_goes_on ? passed[child][log] : 0 };
	assert_int_equal(st_packer_new(&p.packer), 0);
	while (st_store_read(city[child].store, pack_log, &p) == 0 && p.rc == 0) {
		struct st_inbound *in = NULL;
		struct st_job *job = calloc(1, sizeof(*job));
		assert_int_equal(st_push_unpack(unpacked(&p.packed), p.packed.raw_size, &in), 0);
		job->kind = ST_JOB_PUSH;
		job->u.push.push = in->push;
		job->u.push.child = number_at(&city[parent], codes[child]);
		assert_int_equal(station_run(&city[parent], job), 0);
		p.from = p.packed.size;
		p.heads = p.packed.heads;
		st_inbound_free(in);
		free(job);
	}
	assert_int_equal(p.rc, ST_ENOTFOUND);
	passed[child][log] = p.from;
	st_packer_free(p.packer);
}

static inline int list_logs(struct st_txn *t, const struct st_log *log, void *arg)
{
	uint32_t *list = arg;
	(void)t;
	if (log->signed_size > 0)
		list[++list[0]] = log->number;
	return 0;
}

struct listing {
	uint32_t list[64];
	uint32_t own;
};

static inline int read_logs(struct st_txn *t, void *arg)
{
	struct listing *l = arg;
	struct st_self self;
	int rc = st_self_load(t, &self);
	l->own = self.log;
	return rc < 0 ? rc : st_log_each(t, list_logs, l->list);
}

static inline void push_all(int child)
{
	struct listing l = { .list = { 0 } };
	assert_int_equal(st_store_read(city[child].store, read_logs, &l), 0);
	push_log(child, parents[child], l.own); /* what enrolled the others comes first */
	for (uint32_t i = 1; i <= l.list[0]; i++)
		if (l.list[i] != l.own)
			push_log(child, parents[child], l.list[i]);
}

/* A station that a later version runs at says to another what nobody here can read, behind its log as it is, in a push
 * to its parent. How many events that counted as unread. */
static inline unsigned push_later_version(int station, int to)
{
	struct pushing p = { .log = 0 };
	struct listing l = { .list = { 0 } };
	struct st_inbound *in = NULL;
	struct st_event e;
	struct st_buf bytes;
	struct st_frontier tree = { .size = 0 };
	assert_int_equal(st_store_read(city[station].store, read_logs, &l), 0);
	p.log = l.own;
	assert_int_equal(st_packer_new(&p.packer), 0);
	assert_int_equal(st_store_read(city[station].store, pack_log, &p), 0);
	assert_int_equal(st_push_unpack(unpacked(&p.packed), p.packed.raw_size, &in), 0);
	for (size_t i = 0; i < in->push.event_count; i++) {
		struct st_hash leaf = st_hash_leaf(in->push.events[i]);
		assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	}
	memset(&e, 0, sizeof(e));
	e.at = (struct st_position){ code_of(codes[station]), 1, in->push.event_count + 1 };
	e.min_version = ST_EVENT_VERSION + 1;
	e.type = 60000;
	e.addressee_count = 1;
	e.addressees[0].station = code_of(codes[to]);
	st_buf_init(&bytes, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&e, &bytes), 0);
	struct st_span event = st_buf_span(&bytes);
	struct st_hash leaf = st_hash_leaf(event);
	assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_PUSH;
	job->u.push.push = (struct st_push){ .first_seq = tree.size, .event_count = 1, .events = &event,
					     .checkpoint = in->push.checkpoint };
	job->u.push.push.checkpoint.size = tree.size;
	job->u.push.push.checkpoint.root = st_frontier_root(&tree);
	st_cosign(&job->u.push.push.checkpoint, &city[station].keys.identity, 5, &job->u.push.push.cosignature);
	job->u.push.child = number_at(&city[parents[station]], codes[station]);
	assert_int_equal(station_run(&city[parents[station]], job), 0);
	unsigned unread = job->u.push.unread;
	st_buf_done(&bytes);
	st_inbound_free(in);
	st_packer_free(p.packer);
	free(job);
	return unread;
}

/* ---- carries ---- */

static uint32_t carry_version = ST_WIRE_VERSION; /* of the children's wire */

struct carrying {
	struct st_packer *packer;
	struct st_carry_for to;
	struct st_packed packed;
	int rc;
};

static inline int pack_carry(struct st_txn *t, void *arg)
{
	struct carrying *c = arg;
	c->rc = st_carry_pack(c->packer, t, &c->to, &c->packed);
	return 0;
}

/* The next carry for a child, after a position; NULL: nothing waits. */
static inline struct st_inbound_carry *next_carry(int parent, int child, uint64_t after)
{
	struct carrying c = { .to = { .child = number_at(&city[parent], codes[child]), .after = after,
				     .version = carry_version } };
	struct st_inbound_carry *in = NULL;
	memset(c.to.incarnation, 7, sizeof(c.to.incarnation));
	assert_int_equal(st_packer_new(&c.packer), 0);
	assert_int_equal(st_store_read(city[parent].store, pack_carry, &c), 0);
	if (c.rc == 0)
		assert_int_equal(st_carry_unpack(unpacked(&c.packed), c.packed.raw_size, &in), 0);
	else
		assert_int_equal(c.rc, ST_ENOTFOUND);
	st_packer_free(c.packer);
	return in;
}

static inline struct st_job_carry take(int child, const struct st_carry *carry)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = *carry;
	assert_int_equal(station_run(&city[child], job), 0);
	struct st_job_carry done = job->u.carry;
	free(job);
	return done;
}

static inline unsigned carry_all(int child)
{
	struct st_inbound_carry *in;
	uint64_t after = 0;
	unsigned stored = 0;
	while ((in = next_carry(parents[child], child, after)) != NULL) {
		struct st_job_carry done = take(child, &in->carry);
		assert_int_equal(done.refused, 0);
		stored += done.stored;
		after = in->carry.position;
		st_inbound_carry_free(in);
	}
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_TAKEN;
	job->u.taken = (struct st_job_taken){ number_at(&city[parents[child]], codes[child]), after };
	assert_int_equal(station_run(&city[parents[child]], job), 0);
	free(job);
	return stored;
}

/* Up to main, and down again, until nothing moves. */
static inline void settle(void)
{
	for (int turn = 0; turn < 3; turn++) {
		for (int i = STATIONS - 1; i > MAIN; i--)
			push_all(i);
		for (int i = 1; i < STATIONS; i++)
			(void)carry_all(i);
	}
}
