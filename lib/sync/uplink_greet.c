/* uplink_greet.c - what neighbours tell each other on linking, from the child's side.
 *
 * Owns:    the comparison of our logs with the parent's, and the word to halt.
 * Promise: 10, no lost identity: a station that finds more of its own log above than it has itself stops signing.
 * Flow:    link -> greeting -> uplink, apply (halt) */
#include "uplink_state.h"
#include <station/base/check.h>
#include <station/store/stations.h>

static int say_logs(struct st_uplink *u, struct st_txn *t)
{
	struct st_log_state states[ST_FRAME_LOGS_MAX];
	uint32_t parent = 0;
	size_t count = 0;
	int rc = st_station_number(t, &u->self.parent, &parent);
	for (size_t i = 0; rc == 0 && i < u->log_count; i++) {
		st_assert(count < ST_FRAME_LOGS_MAX);
		rc = uplink_state_of(u, t, parent, &u->logs[i], &states[count]);
		count++;
		bool last = i + 1 == u->log_count;
		if (rc < 0 || (!last && count < ST_FRAME_LOGS_MAX))
			continue;
		struct st_frame f = { .kind = ST_FRAME_LOGS };
		f.u.logs = (struct st_logs){ .logs = states, .count = count, .last = last };
		rc = uplink_say(u, &f, false);
		count = 0;
	}
	st_assert(rc < 0 || count == 0); /* all of them are told */
	return rc;
}

int uplink_greet(struct st_uplink *u, struct st_txn *t, const struct st_now *now)
{
	st_assert(u->info.state == ST_UPLINK_GREETING);
	struct st_frame f = { .kind = ST_FRAME_HELLO };
	struct st_hello *hello = &f.u.hello;
	int rc = uplink_logs_load(u, t);
	if (rc < 0)
		return rc;
	*hello = (struct st_hello){
		.version_min = ST_WIRE_VERSION_MIN,
		.version_max = ST_WIRE_VERSION,
		.station = u->self.station,
		.wall_ms = now->wall_ms,
		.software = st_span_text("stationd"),
	};
	for (size_t i = 0; i < sizeof(hello->incarnation); i++)
		hello->incarnation[i] = u->self.incarnation[i];
	rc = st_taken_get(t, &hello->taken);
	if (rc == 0)
		rc = uplink_say(u, &f, false);
	return rc < 0 ? rc : say_logs(u, t);
}

/* The parent shows more of our log than we have, or another one. Only our own signature over it makes
 * that true; without it the parent talks nonsense, and we go on as we are. */
static int challenged(struct st_uplink *u, const struct st_log_state *theirs)
{
	st_assert(theirs->size > 0);
	struct st_checkpoint c = { .log = theirs->log, .size = theirs->size, .root = theirs->root };
	int rc = st_cosign_verify(&c, &u->self.identity, &theirs->origin);
	if (rc < 0)
		return rc;
	u->to.halt(u->to.arg, &c, &theirs->origin);
	return ST_EFORKED;
}

static int same_root(struct st_txn *t, const struct st_uplink_log *l,
		     const struct st_log_state *theirs)
{
	st_assert(theirs->size <= l->size);
	struct st_hash ours;
	struct st_tree tree = { .txn = t, .log = l->number, .size = l->size };
	int rc = st_merkle_root(theirs->size, st_tree_read, &tree, &ours);
	if (rc < 0)
		return rc;
	return st_hash_equal(&ours, &theirs->root) ? 0 : ST_EROOT;
}

int uplink_compare(struct st_uplink *u, struct st_txn *t, const struct st_log_state *theirs)
{
	size_t i = uplink_log_find(u, &theirs->log);
	bool own = st_code_equal(&theirs->log.station, &u->self.station);
	if (theirs->size == 0)
		return 0;
	if (i == UPLINK_NO_LOG) /* another life of ours, or a log below that we have lost */
		return own ? challenged(u, theirs) : 0;
	struct st_uplink_log *l = &u->logs[i];
	int rc = theirs->size > l->size ? ST_EAHEAD : same_root(t, l, theirs);
	if (rc == ST_EAHEAD || rc == ST_EROOT) {
		if (own)
			return challenged(u, theirs);
		l->refused = rc; /* shown; it is for the log's own station, or for a refill, to settle */
		l->acked = l->sent = l->size;
		l->sent_s = l->signed_s;
		return 0;
	}
	if (rc < 0)
		return rc;
	l->acked = l->sent = theirs->size;
	l->sent_s = theirs->size == l->size ? theirs->origin.time_s : 0;
	l->admitted = true;
	st_assert(l->sent <= l->size);
	if (own)
		u->info.parent_size = theirs->size;
	return 0;
}
