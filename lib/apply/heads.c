/* heads.c - this station's heads are signed, those of others kept and sent on.
 *
 * Owns:    which head counts: of one log and addressee the one of the later event, and of one event the one that
 *          was signed later.
 * Promise: 3: what is held back at the end of a line shows there; 9: one job signs a bounded number, and a head takes
 *          the place of the one before it.
 * Flow:    addressed -> heads -> outbox, push; push, carry -> heads -> outbox, push */
#include "group.h"
#include <string.h>
#include <station/base/check.h>
#include <station/store/heads.h>
#include <station/work/heads.h>

/* ---- keeping, whoever signed it ---- */

/* Goes on to who hasn't got it: down on the way to the addressee, or up. */
static int send_on(struct st_apply *a, const struct st_log *log, const struct st_head_key *key,
		   struct st_head_row *row, const struct st_addressee *to)
{
	st_assert(key->log == log->number);
	st_assert(key->to > 0);
	int within = st_station_below(a->txn, key->to, a->self.station.number);
	if (within < 0)
		return within;
	int below = st_station_below(a->txn, log->station, a->self.station.number);
	if (below < 0)
		return below;
	if (within == 0 && below == 1 && a->self.station.parent != 0) {
		int rc = st_head_goes_up(a->txn, key, row);
		if (rc < 0)
			return rc;
		grown(a, log->number, log->tree.size);
	}
	return route_head(a, key, log->station, to);
}

/* How far what it names is here, for who is addressed. */
static int look(struct st_apply *a, const struct st_head_key *key, struct st_head_row *row, bool *ret_more)
{
	struct st_head_look look;
	int rc = st_head_is_for(a->txn, key, a->self.station.number);
	*ret_more = false;
	if (rc != 1)
		return rc;
	st_arena_reset(&a->arena);
	rc = st_head_look(a->txn, &a->arena, key, row, &look);
	if (rc < 0)
		return rc;
	st_assert(look.seq >= row->whole_seq); /* a break never wanders back */
	row->whole_seq = look.seq;
	row->whole_count = look.count;
	*ret_more = look.more;
	if (look.missing == 0)
		row->behind_s = 0;
	else if (row->behind_s == 0)
		row->behind_s = now_s(a) > 0 ? now_s(a) : 1;
	return 0;
}

static int keep(struct st_apply *a, const struct st_log *log, const struct st_head_key *key,
		struct st_head_row *row, const struct st_head *h)
{
	struct st_addressee to = { .station = h->to, .subtree = h->subtree };
	bool more = false;
	st_assert(h->seq >= row->seq); /* compare has seen to it */
	row->seq = h->seq;
	row->count = h->count;
	row->time_s = h->time_s;
	row->signature = h->signature;
	row->kept_s = now_s(a);
	int rc = send_on(a, log, key, row, &to);
	if (rc == 0)
		rc = look(a, key, row, &more);
	return rc < 0 ? rc : st_head_put(a->txn, key, row);
}

/* 1: it is here already; *row is what is here, zeroed where there is none. ST_EHEAD: that is newer. */
static int compare(struct st_apply *a, const struct st_head_key *key, const struct st_head *h,
		   struct st_head_row *row)
{
	memset(row, 0, sizeof(*row));
	int rc = st_head_get(a->txn, key, row);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (h->seq < row->seq || (h->seq == row->seq && h->time_s < row->time_s))
		return ST_EHEAD;
	return h->seq == row->seq && h->time_s == row->time_s;
}

/* ---- from below, with its writer's log ---- */

/* The event that it names is one to that addressee: so nobody has more heads kept here than he wrote events. */
static int names_event(struct st_apply *a, const struct st_log *log, const struct st_head *h)
{
	struct st_event e;
	uint64_t prev = 0;
	if (h->seq > log->tree.size)
		return ST_EHEAD;
	st_assert(h->seq > 0);
	st_buf_clear(&a->scratch);
	st_arena_reset(&a->arena);
	int rc = st_event_get(a->txn, log->number, h->seq, &a->scratch);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&a->scratch), &a->arena, &e);
	if (is_failure(rc))
		return rc;
	if ((rc < 0 && rc != ST_EUNREAD) || !st_event_names(&e, &h->to, h->subtree, &prev))
		return ST_EHEAD;
	return 0;
}

/* 0 kept, 1 known already, < 0 refused. */
static int take_pushed(struct st_apply *a, const struct st_log *log, const struct st_station *writer,
		       const struct st_head *h)
{
	struct st_head_key key = { .log = log->number, .subtree = h->subtree };
	struct st_head_row row;
	if (!st_code_equal(&h->log.station, &writer->certificate.code) || h->log.epoch != log->epoch)
		return ST_EHEAD;
	if (writer->standing == ST_REVOKED && h->seq > writer->revoked_size)
		return ST_EREVOKED;
	memset(&row, 0, sizeof(row));
	int rc = st_station_number(a->txn, &h->to, &key.to);
	if (rc == 0)
		rc = compare(a, &key, h, &row);
	if (rc != 0 && rc != ST_ENOTFOUND)
		return rc;
	rc = names_event(a, log, h);
	if (rc == 0)
		rc = st_head_verify(h, &writer->certificate.identity);
	if (rc == 0 && key.to == 0)
		rc = st_station_intern(a->txn, &h->to, &key.to);
	return rc < 0 ? rc : keep(a, log, &key, &row, h);
}

int heads_pushed(struct st_apply *a, const struct st_log *log, const struct st_station *writer,
		 struct st_job_push *job)
{
	st_assert(job->push.head_count <= ST_PUSH_HEADS_MAX);
	for (size_t i = 0; i < job->push.head_count; i++) {
		int rc = take_pushed(a, log, writer, &job->push.heads[i]);
		if (is_failure(rc))
			return rc;
		heads_note(&job->heads, rc);
	}
	return 0;
}

void heads_note(struct st_heads_taken *to, int rc)
{
	st_assert(rc <= 1);
	st_assert(!is_failure(rc));
	to->kept += rc == 0;
	to->known += rc == 1;
	to->refused += rc < 0;
	if (rc < 0 && to->why == 0)
		to->why = rc;
}

/* ---- from above ---- */

/* 0: this station is on its way; ST_ESUBTREE: it was sent to the wrong one. */
static int on_the_way(struct st_apply *a, const struct st_head_key *key)
{
	uint32_t self = a->self.station.number;
	int rc = st_station_below(a->txn, key->to, self);
	if (rc == 0 && key->subtree)
		rc = st_station_below(a->txn, self, key->to);
	return rc < 0 ? rc : rc == 1 ? 0 : ST_ESUBTREE;
}

int head_carried(struct st_apply *a, const struct st_station *writer, const struct st_head *h)
{
	struct st_head_key key = { .subtree = h->subtree };
	struct st_head_row row;
	struct st_log log;
	if (writer->standing == ST_REVOKED && h->seq > writer->revoked_size)
		return ST_EREVOKED;
	int rc = st_station_number(a->txn, &h->to, &key.to);
	if (rc == 0)
		rc = on_the_way(a, &key);
	else if (rc == ST_ENOTFOUND)
		rc = ST_ESUBTREE;
	if (rc < 0)
		return rc;
	rc = st_log_find(a->txn, writer->number, h->log.epoch, &log);
	memset(&row, 0, sizeof(row));
	key.log = rc == 0 ? log.number : 0;
	if (rc == 0)
		rc = compare(a, &key, h, &row);
	if (rc != 0 && rc != ST_ENOTFOUND)
		return rc;
	rc = st_head_verify(h, &writer->certificate.identity);
	if (rc == 0 && key.log == 0) {
		rc = st_log_create(a->txn, writer->number, h->log.epoch, &log);
		key.log = log.number;
	}
	return rc < 0 ? rc : keep(a, &log, &key, &row, h);
}

/* ---- this station's own ---- */

struct due {
	struct st_head_key key;
	struct st_code to;
	uint64_t seq, count;
};

struct signing {
	const struct st_self *self;
	uint32_t epoch;
	uint64_t now_s, every_s;
	size_t count, most;
	bool more;
	struct due *due; /* NULL: whether there is one is all that is asked */
};

/* 1: who is addressed hears of it by a head. Who stands above has the log itself, and its checkpoint is the head. */
static int hears(struct st_txn *t, const struct st_self *self, const struct due *d)
{
	struct st_station to;
	int rc = d->key.subtree ? 0 : st_station_below(t, self->station.number, d->key.to);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = st_station_get(t, d->key.to, &to);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	return to.standing == ST_ENROLLED;
}

static int find_due(struct st_txn *t, const struct st_code *to, bool subtree, const struct st_addressed *a,
		    void *arg)
{
	struct signing *s = arg;
	struct due d = { .key = { s->self->log, 0, subtree }, .to = *to, .seq = a->seq,
			 .count = a->count };
	struct st_head_row row;
	st_assert(s->count <= s->most);
	if (a->epoch != s->epoch)
		return 0;
	int rc = st_station_number(t, to, &d.key.to);
	if (rc == 0)
		rc = st_head_get(t, &d.key, &row);
	else if (rc == ST_ENOTFOUND)
		return 0;
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	/* A clock that was set back signs once more, and has its new time kept. */
	if (rc == 0 && row.seq == a->seq && s->now_s >= row.kept_s && s->now_s < row.kept_s + s->every_s)
		return 0;
	rc = hears(t, s->self, &d);
	if (rc != 1)
		return rc;
	if (s->count == s->most) {
		s->more = true;
		return 1;
	}
	if (s->due != NULL)
		s->due[s->count] = d;
	s->count++;
	return 0;
}

int st_heads_due(struct st_txn *t, const struct st_self *self, uint64_t now, uint64_t every_s, bool *ret_due)
{
	struct signing s = { .self = self, .now_s = now, .every_s = every_s };
	struct st_log log;
	*ret_due = false;
	if (!self->set_up || self->halted[0] != 0)
		return 0;
	int rc = st_log_get(t, self->log, &log);
	s.epoch = log.epoch;
	if (rc == 0)
		rc = st_addressed_each(t, find_due, &s);
	*ret_due = s.more;
	return rc < 0 ? rc : 0;
}

static int sign(struct st_apply *a, const struct due *d)
{
	struct st_head h = { .log = a->own.id, .to = d->to, .subtree = d->key.subtree, .seq = d->seq,
			     .count = d->count, .time_s = now_s(a) };
	struct st_head_row row;
	st_assert(d->seq <= a->own.log.tree.size);
	st_assert(a->self.halted[0] == 0);
	memset(&row, 0, sizeof(row));
	int rc = st_head_get(a->txn, &d->key, &row);
	if (rc == ST_ENOTFOUND)
		rc = 0;
	if (rc < 0)
		return rc;
	if (h.time_s <= row.time_s)
		h.time_s = row.time_s + 1; /* of two for one event, who reads them must know the later */
	st_head_sign(&h, &a->keys->identity);
	return keep(a, &a->own.log, &d->key, &row, &h);
}

/* What a bound has stopped goes on. */
static int look_on(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *kept, void *arg)
{
	struct st_apply *a = arg;
	struct st_head_row row = *kept;
	bool more = false;
	if (kept->whole_seq >= kept->seq)
		return 0;
	int rc = look(a, key, &row, &more);
	if (rc < 0 || memcmp(&row, kept, sizeof(row)) == 0)
		return rc;
	rc = st_head_put(t, key, &row);
	return rc < 0 ? rc : more; /* one long way a job */
}

int job_heads(struct st_apply *a, struct st_job_heads *job)
{
	struct due due[ST_HEADS_JOB_MAX];
	int rc = may_sign(a);
	job->signed_count = 0;
	if (rc == 0)
		rc = own_load(a);
	if (rc < 0)
		return rc;
	struct signing s = { .self = &a->self, .epoch = a->own.id.epoch, .now_s = now_s(a),
			     .every_s = job->every_s, .most = ST_HEADS_JOB_MAX, .due = due };
	rc = st_addressed_each(a->txn, find_due, &s);
	for (size_t i = 0; rc >= 0 && i < s.count; i++)
		rc = sign(a, &due[i]);
	if (rc < 0)
		return rc;
	st_assert(s.count <= ST_HEADS_JOB_MAX);
	job->signed_count = (unsigned)s.count;
	job->more = s.more;
	rc = job->look ? st_head_each(a->txn, 0, look_on, a) : 0;
	return rc < 0 ? rc : 0;
}
