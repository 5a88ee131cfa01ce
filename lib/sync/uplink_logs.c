/* uplink_logs.c - the uplink's table of logs: what there is, what the parent has, whose turn it is.
 *
 * Owns:    which log goes up next.
 * Promise: 5: what is little first, then our own log, the others in turn: no backlog holds up a neighbour.
 * Flow:    store -> uplink table -> pack */
#include "uplink_state.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/heads.h>
#include <station/store/stations.h>

_Static_assert((size_t)ST_UPLINK_LOGS_MAX < (size_t)UPLINK_NO_LOG,
	       "no log's index says that there is none");

static int order(const void *a, const void *b)
{
	const struct st_uplink_log *x = a, *y = b;
	int by_code = memcmp(x->id.station.text, y->id.station.text, sizeof(x->id.station.text));
	if (by_code != 0)
		return by_code;
	return x->id.epoch < y->id.epoch ? -1 : x->id.epoch > y->id.epoch;
}

/* Our own log to the front; the rest sorted, for lookups by name. */
static void sort(struct st_uplink *u)
{
	for (size_t i = 1; i < u->log_count; i++) {
		if (u->logs[i].number != u->self.log)
			continue;
		struct st_uplink_log own = u->logs[i];
		u->logs[i] = u->logs[0];
		u->logs[0] = own;
	}
	if (u->log_count > 2)
		qsort(u->logs + 1, u->log_count - 1, sizeof(*u->logs), order);
}

static size_t find_number(const struct st_uplink *u, uint32_t number)
{
	for (size_t i = 0; i < u->log_count; i++)
		if (u->logs[i].number == number)
			return i;
	return UPLINK_NO_LOG;
}

static int row(struct st_txn *t, const struct st_log *log, struct st_uplink_log *l)
{
	struct st_checkpoint_row cp = { .size = 0 };
	if (log->signed_size < l->size)
		return ST_ECORRUPT; /* no log loses what was signed */
	if (log->signed_size > 0) {
		int rc = st_checkpoint_get(t, log->number, log->signed_size, &cp);
		if (rc < 0)
			return rc;
	}
	l->number = log->number;
	l->size = log->signed_size;
	l->bytes = log->bytes;
	l->signed_s = cp.cosignature.time_s;
	return st_head_up_newest(t, log->number, &l->heads);
}

static int add(struct st_uplink *u, struct st_txn *t, const struct st_log *log)
{
	if (u->log_count == ST_UPLINK_LOGS_MAX)
		return ST_ETOOBIG;
	if (u->log_count == u->log_room) {
		size_t room = u->log_room == 0 ? 16 : u->log_room * 2;
		struct st_uplink_log *logs = realloc(u->logs, room * sizeof(*logs));
		if (logs == NULL)
			return ST_ENOMEM;
		u->logs = logs;
		u->log_room = room;
	}
	struct st_uplink_log l;
	struct st_station s;
	memset(&l, 0, sizeof(l));
	int rc = row(t, log, &l);
	if (rc == 0)
		rc = st_log_id(t, log, &l.id);
	if (rc == 0)
		rc = st_station_get(t, log->station, &s);
	if (rc < 0)
		return rc;
	l.issuer_log = log->number == u->self.log ? 0 : s.issuer_log;
	l.issuer_seq = s.issuer_seq;
	st_assert(u->log_count < u->log_room);
	u->logs[u->log_count++] = l;
	return 0;
}

static int load_one(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct st_uplink *u = arg;
	/* Of a writer elsewhere there are carried events at most: nothing to push. */
	return log->signed_size == 0 && log->number != u->self.log ? 0 : add(u, t, log);
}

int uplink_logs_load(struct st_uplink *u, struct st_txn *t)
{
	u->log_count = 0;
	u->packed_ready = false;
	u->turn = 1;
	int rc = st_log_each(t, load_one, u);
	if (rc < 0)
		return rc;
	sort(u);
	return u->log_count > 0 && u->logs[0].number == u->self.log ? 0 : ST_ECORRUPT;
}

int uplink_log_update(struct st_uplink *u, struct st_txn *t, uint32_t number)
{
	struct st_log log;
	int rc = st_log_get(t, number, &log);
	if (rc < 0)
		return rc;
	size_t i = find_number(u, number);
	if (i != UPLINK_NO_LOG)
		return row(t, &log, &u->logs[i]);
	rc = add(u, t, &log);
	if (rc < 0)
		return rc;
	sort(u);
	st_assert(u->logs[0].number == u->self.log);
	u->packed_ready = false; /* indexes have moved */
	return 0;
}

size_t uplink_log_find(const struct st_uplink *u, const struct st_log_id *id)
{
	struct st_uplink_log key = { .id = *id };
	if (u->log_count == 0)
		return UPLINK_NO_LOG;
	if (order(&key, &u->logs[0]) == 0)
		return 0;
	const struct st_uplink_log *found =
		bsearch(&key, u->logs + 1, u->log_count - 1, sizeof(key), order);
	st_assert(found == NULL || found > u->logs);
	return found == NULL ? UPLINK_NO_LOG : (size_t)(found - u->logs);
}

/* What isn't sent yet, by the log's mean size of an event. */
static uint64_t unsent_bytes(const struct st_uplink_log *l)
{
	st_assert(l->sent <= l->size);
	return l->sent < l->size ? (l->size - l->sent) * (l->bytes / l->size + 1) : 0;
}

/* Little waits, and something of this log is on the way: it goes with the ack of that, together with
 * what has come by then. A lone event never waits; a busy clerk costs each parent a commit a round trip,
 * not one an event. */
static bool gathers(const struct st_uplink_log *l)
{
	return l->sent > l->acked && unsent_bytes(l) < ST_CHUNK_MAX;
}

static bool may_go(struct st_uplink *u, struct st_uplink_log *l, uint64_t now_ms)
{
	st_assert(l->acked <= l->sent);
	bool heads = u->version >= ST_WIRE_HEADS && l->heads > l->heads_sent;
	bool stale = l->sent == l->size && l->acked == l->size && (heads || l->signed_s != l->sent_s);
	if ((l->sent == l->size && !stale) || l->size == 0 || now_ms < l->again_ms || gathers(l))
		return false;
	if (l->admitted || l->issuer_log == 0)
		return true;
	size_t issuer = find_number(u, l->issuer_log);
	l->admitted = issuer != UPLINK_NO_LOG && u->logs[issuer].acked >= l->issuer_seq;
	return l->admitted;
}

/* Little waits of a log of which nothing is on the way: it may overtake any backlog. */
static bool is_prompt(const struct st_uplink_log *l)
{
	return l->sent == l->acked && unsent_bytes(l) < ST_CHUNK_MAX / 2;
}

/* The next of the others in turn. */
static size_t in_turn(struct st_uplink *u, uint64_t now_ms, bool prompt)
{
	st_assert(u->turn >= 1);
	size_t others = u->log_count - 1;
	for (size_t n = 0; n < others; n++) {
		size_t i = 1 + (u->turn - 1 + n) % others;
		st_assert(i < u->log_count);
		if ((prompt && !is_prompt(&u->logs[i])) || !may_go(u, &u->logs[i], now_ms))
			continue;
		u->turn = i + 1;
		return i;
	}
	return UPLINK_NO_LOG;
}

size_t uplink_log_prompt(struct st_uplink *u, uint64_t now_ms)
{
	if (u->log_count == 0)
		return UPLINK_NO_LOG;
	if (is_prompt(&u->logs[0]) && may_go(u, &u->logs[0], now_ms))
		return 0;
	return in_turn(u, now_ms, true);
}

size_t uplink_log_choose(struct st_uplink *u, uint64_t now_ms)
{
	if (u->log_count == 0)
		return UPLINK_NO_LOG;
	size_t prompt = uplink_log_prompt(u, now_ms);
	if (prompt != UPLINK_NO_LOG)
		return prompt;
	return may_go(u, &u->logs[0], now_ms) ? 0 : in_turn(u, now_ms, false);
}

uint64_t uplink_logs_waiting(const struct st_uplink *u)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < u->log_count; i++)
		bytes += unsent_bytes(&u->logs[i]);
	return bytes;
}

void uplink_logs_wake(struct st_uplink *u, uint64_t now_ms)
{
	for (size_t i = 0; i < u->log_count; i++)
		if (u->logs[i].again_ms <= now_ms)
			u->logs[i].again_ms = 0;
}

uint64_t uplink_logs_again_ms(const struct st_uplink *u)
{
	uint64_t first = 0;
	for (size_t i = 0; i < u->log_count; i++) {
		uint64_t at = u->logs[i].again_ms;
		if (at != 0 && u->logs[i].sent < u->logs[i].size && (first == 0 || at < first))
			first = at;
	}
	return first;
}

int uplink_state_of(struct st_uplink *u, struct st_txn *t, uint32_t parent,
		    const struct st_uplink_log *l, struct st_log_state *ret_state)
{
	struct st_log_state s = { .log = l->id, .size = l->size };
	struct st_checkpoint_row cp;
	struct st_receipt receipt;
	st_assert(l->number != 0);
	st_assert(u->log_count > 0);
	if (l->size > 0) {
		int rc = st_checkpoint_get(t, l->number, l->size, &cp);
		if (rc < 0)
			return rc;
		s.root = cp.root;
		s.origin = cp.cosignature;
	}
	int rc = st_receipt_get(t, l->number, parent, &receipt);
	if (rc == 0 && receipt.size <= l->size) {
		struct st_tree tree = { .txn = t, .log = l->number, .size = l->size };
		rc = st_merkle_root(receipt.size, st_tree_read, &tree, &s.receipt_root);
		s.receipt_size = receipt.size;
		s.receipt = receipt.cosignature;
	}
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	st_assert(s.receipt_size <= s.size);
	*ret_state = s;
	return 0;
}
