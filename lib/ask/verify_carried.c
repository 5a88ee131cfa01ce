/* verify_carried.c - events that came outside their logs, verified anew.
 *
 * Owns:    the judgement of each by itself, and whether one that was addressed here is missing.
 * Promise: 3, origin-signed, end to end; 6: what is known to be missing is said.
 * Flow:    carried, stations -> verify -> api */
#include <station/ask/verify.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/trust/part.h>

struct verifying {
	struct st_txn *txn;
	struct st_carried_verdict *v;
	struct st_arena arena;
	struct st_station self, writer; /* writer: of the event before, most often of this one too */
	int chain;                      /* what its chain said */
	uint32_t log;                   /* the last one looked at */
	uint64_t seq;
	unsigned left;
};

static int load_self(struct verifying *y)
{
	uint32_t self = 0;
	int rc = st_station_self(y->txn, &self);
	if (rc == 0)
		rc = st_station_get(y->txn, self, &y->self);
	return rc == ST_ENOTFOUND ? ST_ENOSTATION : rc;
}

static bool is_verdict(int rc)
{
	return rc == ST_EROOT || rc == ST_ESIGNATURE || rc == ST_ECHAIN || rc == ST_ECORRUPT;
}

static int find_writer(struct verifying *y, uint32_t station)
{
	if (y->writer.number == station)
		return y->chain;
	int rc = st_station_get(y->txn, station, &y->writer);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECHAIN : rc;
	y->chain = st_chain_verify(y->txn, station);
	return y->chain;
}

static int prove(struct verifying *y, const struct st_carried *c, const struct st_log *log,
		 struct st_log_id *ret_id)
{
	struct st_checkpoint cp = { .size = c->size };
	struct st_hash leaf = st_hash_leaf(c->event);
	int rc = st_log_id(y->txn, log, ret_id);
	if (rc == 0)
		rc = find_writer(y, log->station);
	if (rc == 0)
		rc = st_inclusion_root(c->seq - 1, c->size, &leaf, &c->proof, &cp.root);
	cp.log = *ret_id;
	return rc < 0 ? rc
		      : st_cosign_verify(&cp, &y->writer.certificate.identity, &c->cosignature);
}

/* 1: the writer's event is here, in its log or carried. */
static int is_here(struct verifying *y, uint32_t epoch, uint64_t seq)
{
	struct st_log log;
	struct st_carried c;
	int rc = st_log_find(y->txn, y->writer.number, epoch, &log);
	if (rc == 0 && seq <= log.tree.size)
		return 1;
	if (rc == 0)
		rc = st_carried_get(y->txn, log.number, seq, &c);
	return rc == ST_ENOTFOUND ? 0 : rc < 0 ? rc : 1;
}

/* 1: the addressee is this station, or it stands below it. */
static int is_for_us(struct verifying *y, const struct st_addressee *to)
{
	uint32_t station = 0;
	int rc = st_station_number(y->txn, &to->station, &station);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (!to->subtree)
		return station == y->self.number;
	return st_station_below(y->txn, y->self.number, station);
}

static int look_before(struct verifying *y, const struct st_carried *c, const struct st_log_id *id)
{
	struct st_event e;
	st_arena_reset(&y->arena);
	if (st_event_decode(c->event, &y->arena, &e) < 0)
		return 0; /* unread: it is counted as such elsewhere */
	for (size_t i = 0; i < e.addressee_count; i++) {
		const struct st_addressee *to = &e.addressees[i];
		int ours = to->prev_seq == 0 ? 0 : is_for_us(y, to);
		int here = ours == 1 ? is_here(y, to->prev_epoch, to->prev_seq) : 1;
		if (ours < 0 || here < 0)
			return ours < 0 ? ours : here;
		if (here == 0 && y->v->missing++ == 0)
			y->v->first_missing =
				(struct st_position){ id->station, to->prev_epoch, to->prev_seq };
	}
	return 0;
}

static int look(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct verifying *y = arg;
	struct st_log log;
	struct st_log_id id;
	if (y->left-- == 0)
		return 1;
	memset(&id, 0, sizeof(id));
	y->log = c->log;
	y->seq = c->seq;
	y->v->events++;
	int rc = st_log_get(t, c->log, &log);
	if (rc == 0)
		rc = prove(y, c, &log, &id);
	if (rc < 0 && !is_verdict(rc))
		return rc;
	if (rc == 0)
		return look_before(y, c, &id);
	if (y->v->wrong++ == 0) {
		y->v->rc = rc;
		y->v->first_wrong = (struct st_position){ id.station, id.epoch, c->seq };
	}
	return 0;
}

static int slice(struct st_txn *t, void *arg)
{
	struct verifying *y = arg;
	y->txn = t;
	y->left = ST_SLICE_EVENTS / 16; /* each costs a signature */
	int rc = y->self.number != 0 ? 0 : load_self(y);
	return rc < 0 ? rc : st_carried_each(t, y->log, y->seq, look, y);
}

int st_carried_verify(struct st_store *s, st_progress_fn *progress, void *arg,
		      struct st_carried_verdict *ret_verdict)
{
	struct st_carried_verdict v;
	struct verifying y;
	memset(&v, 0, sizeof(v));
	memset(&y, 0, sizeof(y));
	y.v = &v;
	int rc = st_arena_init(&y.arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_store_read(s, slice, &y);
	while (rc == 1) {
		bool on = progress == NULL || progress(arg, v.events, v.events);
		rc = on ? st_store_read(s, slice, &y) : ST_EBUSY;
	}
	st_arena_done(&y.arena);
	if (rc == 0)
		*ret_verdict = v;
	return rc;
}
