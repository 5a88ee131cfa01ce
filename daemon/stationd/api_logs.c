/* api_logs.c - checkpoints, keys, proofs and raw events.
 *
 * Owns:    what a stranger needs to verify what this station holds.
 * Flow:    store -> note, proof -> api */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <station/ask/verify.h>
#include <station/base/check.h>
#include "api.h"

struct reading {
	struct request *q;
	struct st_buf out;
	const char *log, *as;
	uint64_t seq;
	struct st_public_key key;
};

static int read_note(struct st_txn *t, void *arg)
{
	struct reading *x = arg;
	struct st_log log;
	int rc = x->log == NULL ? st_log_get(t, x->q->station->self.log, &log)
				: api_read_log(t, x->log, &log);
	return rc < 0 ? api_wrong(x->q, rc, "log") : st_log_note(t, &log, &x->out);
}

static int answer(struct request *q, struct reading *x, st_txn_fn *fn, const char *type)
{
	st_buf_init(&x->out, 256 * 1024);
	x->q = q;
	int rc = q->station->self.set_up ? st_store_read(q->station->store, fn, x) : ST_ENOSTATION;
	if (rc == 0)
		rc = api_text(q, type, &x->out);
	st_buf_done(&x->out);
	return rc;
}

static int get_checkpoint(struct request *q)
{
	struct reading x = { .log = api_argument(q, "log") };
	return answer(q, &x, read_note, "text/plain; charset=utf-8");
}

static int read_key(struct st_txn *t, void *arg)
{
	struct reading *x = arg;
	struct st_station s = x->q->station->self.station;
	struct st_log_id id;
	struct st_code code;
	struct st_log log;
	char name[ST_KEY_NAME_MAX];
	int rc = 0;
	if (x->log != NULL) {
		rc = st_code_parse(st_span_text(x->log), &code);
		if (rc == 0)
			rc = st_station_find(t, &code, &s);
	}
	if (rc < 0)
		return api_wrong(x->q, rc, "station");
	bool receipt = x->as != NULL && strcmp(x->as, "receipt") == 0;
	if (!receipt && x->as != NULL && strcmp(x->as, "origin") != 0)
		return api_wrong(x->q, ST_EFIELD, "as");
	rc = st_log_newest(t, s.number, &log);
	id = (struct st_log_id){ s.certificate.code, rc == 0 ? log.epoch : 1 };
	if (receipt)
		st_station_key_name(&s.certificate.code, name);
	else
		st_origin_name(&id, name);
	st_vkey_text(name, &s.certificate.identity, &x->out);
	return x->out.error;
}

static int get_key(struct request *q)
{
	struct reading x = { .q = q, .log = api_argument(q, "station"), .as = api_argument(q, "as") };
	st_buf_init(&x.out, 1024);
	int rc = q->station->self.set_up ? st_store_read(q->station->store, read_key, &x)
					 : ST_ENOSTATION;
	if (rc == 0)
		rc = api_json(q, json_pack("{s:o}", "vkey", api_buf(&x.out)));
	st_buf_done(&x.out);
	return rc;
}

/* "CODE/EPOCH/SEQ", in full: without its epoch a place would be another event in a station's next life. */
static int find_event(struct st_txn *t, struct reading *x, struct st_log *log)
{
	char name[32];
	const char *slash = x->log == NULL ? NULL : strrchr(x->log, '/');
	char rest = 0;
	if (slash == NULL || (size_t)(slash - x->log) >= sizeof(name) || strchr(x->log, '/') == slash ||
	    slash[1] < '0' || slash[1] > '9' || sscanf(slash + 1, "%" SCNu64 "%c", &x->seq, &rest) != 1)
		return api_wrong(x->q, ST_EFIELD, "event");
	memcpy(name, x->log, (size_t)(slash - x->log));
	name[slash - x->log] = 0;
	int rc = api_read_log(t, name, log);
	return rc < 0 ? api_wrong(x->q, rc, "event") : 0;
}

static int read_proof(struct st_txn *t, void *arg)
{
	struct reading *x = arg;
	struct st_log log;
	int rc = find_event(t, x, &log);
	return rc < 0 ? rc : st_event_proof(t, &log, x->seq, &x->out);
}

static int read_event(struct st_txn *t, void *arg)
{
	struct reading *x = arg;
	struct st_log log;
	int rc = find_event(t, x, &log);
	return rc < 0 ? rc : st_event_get(t, log.number, x->seq, &x->out);
}

static int get_proof(struct request *q)
{
	struct reading x = { .log = api_argument(q, "event") };
	return answer(q, &x, read_proof, "text/plain; charset=utf-8");
}

static int get_event(struct request *q)
{
	struct reading x = { .log = api_argument(q, "event") };
	return answer(q, &x, read_event, "application/octet-stream");
}

const struct route api_log_routes[] = {
	{ "GET", "/v1/log/checkpoint", get_checkpoint },
	{ "GET", "/v1/log/key", get_key },
	{ "GET", "/v1/proof", get_proof },
	{ "GET", "/v1/event", get_event },
	{ NULL, NULL, NULL },
};
