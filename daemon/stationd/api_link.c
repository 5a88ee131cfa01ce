/* api_link.c - the operator's hand on the link: pause, resume, and waiting for what it brings or carries.
 *
 * Owns:    what is waited for: the link itself, a tier's receipts, or so much of one log.
 * Promise: 1: what was waited for is on disk, here or where the receipt says.
 * Flow:    store, link -> wait -> api */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "api.h"

/* Three things can be waited for: the link (linked), receipts of a tier for all that is held at this
 * moment (receipted), or that so much of one log is on this station's disk (log, size). */
enum { WAIT_LOGS_MAX = 65536, WAIT_S_MAX = 3600, LOG_NAME_MAX = ST_CODE_MAX + 12 };

struct wanted {
	uint32_t log;
	uint64_t size;
};

struct waiting {
	bool linked;
	char log[LOG_NAME_MAX]; /* CODE or CODE/EPOCH; empty: something else is waited for */
	uint64_t log_size;
	enum st_tier tier;
	uint32_t signer; /* the station above (or this one) whose receipts are waited for */
	struct wanted *logs;
	size_t count, room, held;
	char lags[64];
};

static void free_waiting(void *work)
{
	struct waiting *w = work;
	free(w->logs);
	free(w);
}

static int want_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct waiting *w = arg;
	(void)t;
	if (log->tree.size == 0)
		return 0; /* of a writer elsewhere: what is carried isn't pushed, and gets no receipt */
	if (w->count == w->room) {
		size_t room = w->room == 0 ? 64 : w->room * 2;
		struct wanted *logs =
			room > WAIT_LOGS_MAX ? NULL : realloc(w->logs, room * sizeof(*logs));
		if (logs == NULL)
			return ST_ENOMEM;
		w->logs = logs;
		w->room = room;
	}
	w->logs[w->count++] = (struct wanted){ log->number, log->tree.size };
	return 0;
}

struct noting {
	struct station *s;
	struct waiting *w;
};

/* The tier's station on the path up from here, and what is held at this moment. */
static int note_wanted(struct st_txn *t, void *arg)
{
	struct noting *n = arg;
	struct st_station s = n->s->self.station;
	while (s.certificate.tier != n->w->tier) {
		if (s.parent == 0)
			return ST_EFIELD;
		int rc = st_station_get(t, s.parent, &s);
		if (rc < 0)
			return rc;
	}
	n->w->signer = s.number;
	return st_log_each(t, want_log, n->w);
}

static int count_held(struct st_txn *t, void *arg)
{
	struct noting *n = arg;
	struct waiting *w = n->w;
	bool here = w->signer == n->s->self.station.number;
	for (; w->held < w->count; w->held++) {
		const struct wanted *want = &w->logs[w->held];
		struct st_receipt r;
		struct st_log log;
		struct st_log_id id;
		int rc = here ? 0 : st_receipt_get(t, want->log, w->signer, &r);
		if (here || (rc == 0 && r.size >= want->size))
			continue;
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		rc = st_log_get(t, want->log, &log);
		if (rc == 0)
			rc = st_log_id(t, &log, &id);
		if (rc == 0)
			(void)snprintf(w->lags, sizeof(w->lags), "%s/%u", id.station.text, id.epoch);
		return rc;
	}
	return 0;
}

/* Readers see only what has been committed and synced. A log that isn't here yet may come. */
static int look_at_log(struct st_txn *t, void *arg)
{
	struct waiting *w = arg;
	struct st_log log;
	int rc = api_read_log(t, w->log, &log);
	w->held = w->count = 1;
	if (rc == 0 && log.tree.size >= w->log_size)
		return 0;
	(void)snprintf(w->lags, sizeof(w->lags), "%s", w->log);
	w->held = 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* The time is over: what is still waited for. */
static void say_lacking(struct request *q, const struct waiting *w)
{
	q->zh = w->linked ? "限时之内链路没有接通" : w->log[0] != 0 ? "限时之内本站没有存到那么多" : "限时之内没有全部得到收据, 最先缺的是";
	q->en = w->linked           ? "the link wasn't up within the time"
		: w->log[0] != 0 ? "so much of it wasn't here within the time"
				 : "not all was receipted within the time; what lacks first is";
}

static bool wait_again(struct request *q)
{
	struct waiting *w = q->work;
	struct station *s = q->station;
	struct noting n = { s, w };
	struct up_info up;
	bool done;
	int rc = 0;
	if (w->linked) {
		link_up_info(s->link, &up);
		done = up.state == UP_LINKED;
	} else if (w->log[0] != 0) {
		rc = st_store_read(s->store, look_at_log, w);
		done = rc == 0 && w->held == w->count;
	} else {
		rc = st_store_read(s->store, count_held, &n);
		done = rc == 0 && w->held == w->count;
	}
	if (rc == 0 && !done && uv_now(&s->loop) < q->deadline_ms)
		return false;
	if (done) {
		(void)api_json(q, json_pack("{s:b, s:I}", "held", 1, "logs", (json_int_t)w->count));
	} else {
		(void)api_place(q, 0, w->lags);
		if (rc == 0)
			say_lacking(q, w);
		(void)api_refuse(q, rc < 0 ? rc : ST_ESILENT);
	}
	return true;
}

/* log, with the size that it should have here. */
static int read_log_wanted(struct request *q, struct waiting *w)
{
	const char *log = api_argument(q, "log"), *size = api_argument(q, "size");
	char *end = NULL;
	if (log == NULL)
		return 0;
	if (log[0] == 0 || strlen(log) >= sizeof(w->log))
		return api_wrong(q, ST_EFIELD, "log");
	(void)snprintf(w->log, sizeof(w->log), "%s", log);
	if (size != NULL && size[0] >= '0' && size[0] <= '9')
		w->log_size = strtoull(size, &end, 10);
	return end == NULL || *end != 0 ? api_wrong(q, ST_EFIELD, "size") : 0;
}

static int get_wait(struct request *q)
{
	const char *tier = api_argument(q, "receipted"), *linked = api_argument(q, "linked");
	const char *timeout = api_argument(q, "timeout_s");
	char *end = NULL;
	long seconds = timeout == NULL ? 30 : strtol(timeout, &end, 10);
	struct waiting *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ST_ENOMEM;
	q->work = w;
	q->work_free = free_waiting;
	w->linked = linked != NULL;
	if (seconds < 0 || seconds > WAIT_S_MAX || (end != NULL && (end == timeout || *end != 0)))
		return api_wrong(q, ST_EFIELD, "timeout_s");
	if (!q->station->self.set_up)
		return ST_ENOSTATION;
	if (w->linked && q->station->self.station.certificate.tier == ST_MAIN)
		return ST_ENOPARENT;
	int bad = read_log_wanted(q, w);
	if (bad < 0)
		return bad;
	bool receipts = !w->linked && w->log[0] == 0;
	if (receipts && (tier == NULL || st_tier_parse(st_span_text(tier), &w->tier) < 0))
		return api_wrong(q, ST_EFIELD, "receipted");
	if (receipts) {
		struct noting n = { q->station, w };
		int rc = st_store_read(q->station->store, note_wanted, &n);
		if (rc < 0)
			return rc == ST_EFIELD ? api_wrong(q, rc, "receipted") : rc;
	}
	q->deadline_ms = UINT64_MAX;
	if (seconds == 0)
		q->deadline_ms = 0;
	if (wait_again(q))
		return 0;
	api_wait(q, wait_again, (uint64_t)seconds * 1000);
	return 0;
}

static int set_paused(struct request *q, bool pause)
{
	if (!q->station->self.set_up)
		return ST_ENOSTATION;
	if (q->station->self.station.certificate.tier == ST_MAIN)
		return ST_ENOPARENT;
	link_pause(q->station->link, pause);
	return api_json(q, json_pack("{s:b}", "paused", (int)pause));
}

static int post_pause(struct request *q)
{
	return set_paused(q, true);
}

static int post_resume(struct request *q)
{
	return set_paused(q, false);
}

const struct route api_link_routes[] = {
	{ "GET", "/v1/wait", get_wait },
	{ "POST", "/v1/link/pause", post_pause },
	{ "POST", "/v1/link/resume", post_resume },
	{ NULL, NULL, NULL },
};
