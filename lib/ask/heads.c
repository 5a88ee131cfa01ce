/* heads.c - the heads that are for this station, judged.
 *
 * Owns:    when something is said to be missing, and when somebody to be silent. Heads come behind the events that
 *          they name, so an honest way leaves nothing out; patience is for what was sent twice or is being refilled.
 * Promise: 3 and 6: what is known to be missing is said, by whom it was written and since when.
 * Flow:    heads, carried -> verdicts -> api, log lines */
#include <station/ask/heads.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/store/stations.h>
#include <station/work/heads.h>

struct judging {
	const struct st_heads_ask *ask;
	struct st_arena arena;
	uint32_t self;
	st_heads_fn *fn;
	void *arg;
};

/* A clock that was set back has waited for long enough: nobody knows how long it was. */
static bool older(uint64_t then_s, uint64_t now_s, uint64_t by_s)
{
	return now_s < then_s || now_s - then_s >= by_s;
}

/* The writer's newest life is judged; its key may have ended before what the head names. */
static int is_silent(struct st_txn *t, const struct judging *j, const struct st_log *log,
		     const struct st_station *writer, const struct st_head_row *row)
{
	struct st_log newest;
	const struct st_heads_ask *ask = j->ask;
	if (!ask->linked || writer->standing != ST_ENROLLED || row->kept_s + ask->silent_s > ask->now_s)
		return 0;
	int rc = st_log_newest(t, log->station, &newest);
	return rc < 0 ? rc : newest.number == log->number;
}

static int judge(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row, void *arg)
{
	struct judging *j = arg;
	struct st_head_verdict v = { .key = *key, .kept_s = row->kept_s };
	struct st_head_look look;
	struct st_station writer;
	struct st_log log;
	int rc = st_head_is_for(t, key, j->self);
	if (rc != 1)
		return rc;
	rc = st_head_read(t, key, &v.head);
	if (rc == 0)
		rc = st_log_get(t, key->log, &log);
	if (rc == 0)
		rc = st_station_get(t, log.station, &writer);
	if (rc == 0)
		rc = st_head_look(t, &j->arena, key, row, &look);
	if (rc < 0)
		return rc;
	bool ended = writer.standing == ST_REVOKED && row->seq > writer.revoked_size;
	v.after = look.seq;
	v.more = look.more;
	if (look.missing > 0 && !ended && row->behind_s > 0 &&
	    older(row->behind_s, j->ask->now_s, j->ask->patience_s)) {
		v.missing = look.missing;
		v.first = look.first;
	}
	rc = is_silent(t, j, &log, &writer, row);
	v.silent = rc == 1;
	st_assert((v.missing == 0) == (v.first == 0));
	return rc < 0 ? rc : j->fn(&v, j->arg);
}

int st_heads_each(struct st_txn *t, const struct st_heads_ask *ask, st_heads_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct judging j = { .ask = ask, .fn = fn, .arg = arg };
	int rc = st_station_self(t, &j.self);
	if (rc == 0)
		rc = st_arena_init(&j.arena, ST_EVENT_ARENA);
	if (rc < 0)
		return rc;
	rc = st_head_each(t, 0, judge, &j);
	st_arena_done(&j.arena);
	return rc;
}
