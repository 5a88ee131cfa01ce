/* heads.c - is all here that a writer's head names?
 *
 * Owns:    the judgement of one head; who is told, and when, is for others.
 * Promise: 3 and 6: what was left out on the way is seen at its end, and said.
 * Flow:    heads, carried -> look -> apply, ask */
#include <station/work/heads.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/store/stations.h>

bool st_event_names(const struct st_event *e, const struct st_code *to, bool subtree, uint64_t *ret_prev)
{
	for (size_t i = 0; i < e->addressee_count; i++) {
		const struct st_addressee *a = &e->addressees[i];
		if (a->subtree != subtree || !st_code_equal(&a->station, to))
			continue;
		*ret_prev = a->prev_epoch == e->at.epoch ? a->prev_seq : 0;
		return true;
	}
	return false;
}

int st_head_is_for(struct st_txn *t, const struct st_head_key *key, uint32_t station)
{
	struct st_log log;
	int rc = key->to == station ? 1 : key->subtree ? st_station_below(t, station, key->to) : 0;
	if (rc != 1)
		return rc;
	rc = st_log_get(t, key->log, &log);
	if (rc == 0)
		rc = st_station_below(t, log.station, station);
	return rc < 0 ? rc : rc == 0;
}

struct looking {
	struct st_arena *arena;
	const struct st_head_key *key;
	const struct st_head_row *row;
	struct st_head_look *look;
	struct st_code to;
	unsigned looked;
	uint64_t here; /* behind whole_seq, with or without a break before */
	bool broken;
};

static int look_at(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct looking *x = arg;
	struct st_event e;
	uint64_t prev = 0;
	(void)t;
	if (c->log != x->key->log || c->seq > x->row->seq)
		return 1;
	if (x->looked++ == ST_HEAD_LOOK_MAX) {
		x->look->more = true;
		return 1;
	}
	st_assert(c->seq > x->row->whole_seq);
	st_arena_reset(x->arena);
	int rc = st_event_decode(c->event, x->arena, &e);
	if (rc == ST_ENOMEM)
		return rc;
	if ((rc < 0 && rc != ST_EUNREAD) || !st_event_names(&e, &x->to, x->key->subtree, &prev))
		return 0;
	x->here++;
	if (!x->broken && prev > x->look->seq) {
		x->broken = true;
		x->look->first = prev;
	}
	if (!x->broken) {
		x->look->seq = c->seq;
		x->look->count++;
	}
	return 0;
}

static int is_here(struct st_txn *t, const struct st_head_key *key, uint64_t seq)
{
	struct st_carried c;
	int rc = st_carried_get(t, key->log, seq, &c);
	return rc == ST_ENOTFOUND ? 0 : rc < 0 ? rc : 1;
}

int st_head_look(struct st_txn *t, struct st_arena *arena, const struct st_head_key *key,
		 const struct st_head_row *row, struct st_head_look *ret_look)
{
	struct looking x = { .arena = arena, .key = key, .row = row, .look = ret_look };
	memset(ret_look, 0, sizeof(*ret_look));
	ret_look->seq = row->whole_seq;
	ret_look->count = row->whole_count;
	int last = is_here(t, key, row->seq);
	int rc = last < 0 ? last : st_station_code(t, key->to, &x.to);
	/* Who came late to a subtree has what it needs of it, and not what was before: only the newest must be there. */
	bool walks = !key->subtree || row->whole_seq > 0;
	if (rc == 0 && walks)
		rc = st_carried_each(t, key->log, row->whole_seq, look_at, &x);
	if (rc < 0)
		return rc;
	st_assert(x.looked <= ST_HEAD_LOOK_MAX + 1);
	st_assert(ret_look->count <= row->whole_count + x.here);
	ret_look->whole = last == 1 && !x.broken && !ret_look->more;
	if (ret_look->whole) {
		ret_look->seq = row->seq;
		ret_look->count = row->count;
		return 0;
	}
	if (last == 1 && !x.broken)
		return 0; /* more: nothing is missing so far */
	uint64_t due = row->count > row->whole_count ? row->count - row->whole_count : 0;
	ret_look->missing = walks && !ret_look->more && due > x.here ? due - x.here : 1;
	if (ret_look->first == 0)
		ret_look->first = row->seq;
	st_assert(ret_look->missing > 0);
	return 0;
}
