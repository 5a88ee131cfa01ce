/* hooks.c - tells the city's platform what became of its messages.
 *
 * Owns:    which result goes next, and when it is tried again.
 * Promise: 2: a result is dropped only once the platform has answered 2xx and that is on disk; 9: a
 *          receiver that is dead or slow holds up nothing but itself.
 * Flow:    table hooks -> hooks -> platform -> told job -> table hooks */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/trust/mac.h>
#include "api.h"
#include "online.h"
#include "post.h"
#include "say.h"

enum {
	FIRST_MS = 500, DOWN_MOST_MS = 60 * 1000,  /* waits while the receiver is down */
	REST_MOST_MS = 3600 * 1000,                /* a matter's own, whose result it won't take */
	RESTS_MAX = 64, LOOK_MAX = 256, BODY_MAX = 128 * 1024,
};

/* A matter whose result the receiver, though it is there, doesn't take: it waits, others go on. */
struct rest {
	struct st_record_ref ref;
	unsigned failures;
	uint64_t until_ms;
};

struct hooks {
	struct station *station;
	struct post *post;
	uv_timer_t *retry;
	struct st_buf body;
	uint8_t secret[ONLINE_SECRET_MAX];
	size_t secret_size;
	struct st_hook now;         /* the one that is sent */
	bool settling, closing, said_down;
	struct st_record_ref last;  /* the matter that was tried last: the next one has its turn */
	bool has_last;
	struct rest rests[RESTS_MAX];
	size_t rest_count;
	uint64_t until_ms;          /* the receiver is down until then */
	struct hooks_info info;
	struct job told;
};

static void turn(struct hooks *h);

static uint64_t now_of(const struct hooks *h)
{
	return uv_now(&h->station->loop);
}

static void on_retry(uv_timer_t *timer)
{
	turn(timer->data);
}

static void again_at(struct hooks *h, uint64_t at_ms)
{
	uint64_t now = now_of(h), wait = at_ms > now ? at_ms - now : 0;
	h->info.next_ms = api_now_ms() + (int64_t)wait;
	(void)uv_timer_start(h->retry, on_retry, wait, 0);
}

/* Doubling, and at least half of it by chance, so that stations don't come all at once. */
static uint64_t backoff(unsigned failures, uint64_t most)
{
	uint64_t step = FIRST_MS;
	uint32_t random = 0;
	for (unsigned i = 1; i < failures && step < most; i++)
		step *= 2;
	step = step < most ? step : most;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = 0;
	return step / 2 + random % (step / 2 + 1);
}

/* ---- which one is next ---- */

static struct rest *rest_of(struct hooks *h, const struct st_record_ref *ref)
{
	for (size_t i = 0; i < h->rest_count; i++)
		if (st_record_same(&h->rests[i].ref, ref))
			return &h->rests[i];
	return NULL;
}

struct choosing {
	struct hooks *h;
	struct st_hook hook;
	uint64_t wait_until; /* the first rest that ends; UINT64_MAX: none */
	bool found;
	json_t *json;
};

static int describe(struct st_txn *t, struct choosing *x)
{
	struct st_online_status s;
	char hex[2 * ST_HOOK_ID + 1] = "";
	unsigned before = api_shortages();
	struct st_buf id;
	int rc = st_online_status_ref(t, &x->hook.ref, &s);
	const struct st_state_row *state = st_kind_state(st_kind(ST_KIND_MATTER), x->hook.state);
	st_buf_init(&id, sizeof(hex));
	st_hex_put(&id, st_span(x->hook.id, ST_HOOK_ID));
	if (id.error == 0)
		memcpy(hex, id.data, id.size < sizeof(hex) ? id.size : sizeof(hex) - 1);
	else if (rc == 0)
		rc = id.error;
	st_buf_done(&id);
	if (rc == 0)
		x->json = json_pack("{s:s, s:s, s:o, s:s, s:s, s:o}", "id", hex, "event",
				    state == NULL ? "" : state->name, "at", api_time(x->hook.at_ms),
				    "source", s.online.source, "request_id", s.online.request,
				    "status", online_status_json(&s));
	st_online_status_done(&s);
	/* What lacks a text isn't sent: it would be taken for the whole result, and never told again. */
	return rc < 0 ? rc : x->json == NULL || api_shortages() != before ? ST_ENOMEM : 0;
}

/* Matters in turn, each with its oldest result, past those that rest. */
static int choose(struct st_txn *t, void *arg)
{
	struct choosing *x = arg;
	struct hooks *h = x->h;
	bool wrapped = !h->has_last;
	const struct st_record_ref *after = h->has_last ? &h->last : NULL;
	struct st_record_ref at;
	for (size_t i = 0; i < LOOK_MAX; i++) {
		int rc = st_hook_next(t, after, &x->hook);
		if (rc == ST_ENOTFOUND && !wrapped) {
			wrapped = true;
			after = NULL;
			continue;
		}
		if (rc < 0)
			return rc == ST_ENOTFOUND ? 0 : rc;
		const struct rest *r = rest_of(h, &x->hook.ref);
		if (r == NULL || r->until_ms <= now_of(h)) {
			x->found = true;
			return describe(t, x);
		}
		x->wait_until = r->until_ms < x->wait_until ? r->until_ms : x->wait_until;
		at = x->hook.ref;
		after = &at;
	}
	return 0;
}

/* ---- sending ---- */

static int sign(struct hooks *h, const char *timestamp)
{
	char line[256];
	struct st_buf hex;
	const struct st_span pieces[] = { st_span_text(timestamp), st_span_text("."),
					  st_buf_span(&h->body) };
	if (h->secret_size == 0)
		return 0;
	struct st_hash mac = st_mac(st_span(h->secret, h->secret_size), pieces, 3);
	st_buf_init(&hex, 2 * ST_HASH_SIZE + 1);
	st_hex_put(&hex, ST_SPAN(mac.bytes));
	(void)snprintf(line, sizeof(line), "X-Stationd-Signature: v1=%.*s", (int)hex.size,
		       hex.data == NULL ? "" : (const char *)hex.data);
	int rc = hex.error;
	st_buf_done(&hex);
	return rc < 0 ? rc : post_header(h->post, line);
}

static int make_request(struct hooks *h, const json_t *json)
{
	char timestamp[24], id[128], dated[128];
	unsigned before = api_shortages(); /* a text is answered even where a piece of it didn't fit */
	char *text = json_dumps(json, JSON_COMPACT);
	bool whole = text != NULL && api_shortages() == before;
	st_buf_clear(&h->body);
	if (whole)
		st_buf_put_text(&h->body, text);
	free(text);
	if (!whole)
		return ST_ENOMEM;
	(void)snprintf(timestamp, sizeof(timestamp), "%lld", (long long)(api_now_ms() / 1000));
	(void)snprintf(id, sizeof(id), "X-Stationd-Id: %s", json_string_value(json_object_get(json, "id")));
	(void)snprintf(dated, sizeof(dated), "X-Stationd-Timestamp: %s", timestamp);
	const char *const lines[] = { "Content-Type: application/json", "Expect:", id, dated };
	int rc = h->body.error;
	post_begin(h->post);
	for (size_t i = 0; rc == 0 && i < sizeof(lines) / sizeof(lines[0]); i++)
		rc = post_header(h->post, lines[i]);
	return rc < 0 ? rc : sign(h, timestamp);
}

static void turn(struct hooks *h)
{
	struct choosing x = { .h = h, .wait_until = UINT64_MAX };
	if (h->closing || post_flies(h->post) || h->settling || !h->station->self.set_up)
		return;
	if (h->until_ms > now_of(h)) {
		again_at(h, h->until_ms);
		return;
	}
	(void)uv_timer_stop(h->retry);
	h->info.next_ms = 0;
	int rc = st_store_read(h->station->store, choose, &x);
	if (x.found) { /* whatever comes of it, the next behind it has its turn */
		h->now = x.hook;
		h->last = x.hook.ref;
		h->has_last = true;
	}
	if (rc == 0 && x.found)
		rc = make_request(h, x.json);
	json_decref(x.json);
	if (rc == 0 && x.found)
		rc = post_send(h->post, st_buf_span(&h->body));
	if (rc < 0) { /* ours: the store's or memory's */
		(void)snprintf(h->info.error, sizeof(h->info.error), "%s",
			       st_error_text(rc, say_lang()));
		h->info.error_ms = api_now_ms();
		h->until_ms = now_of(h) + backoff(++h->info.in_a_row, DOWN_MOST_MS);
		again_at(h, h->until_ms);
	} else if (!x.found && x.wait_until != UINT64_MAX) {
		again_at(h, x.wait_until);
	}
}

/* ---- what came of it ---- */

static void told_done(struct job *j)
{
	struct hooks *h = j->arg;
	h->settling = false;
	if (j->work.rc == 0) {
		turn(h);
		return;
	}
	/* It will be sent twice, under one id. */
	h->until_ms = now_of(h) + backoff(4, DOWN_MOST_MS);
	if (!h->closing)
		again_at(h, h->until_ms);
}

static void rest_end(struct hooks *h, const struct st_record_ref *ref)
{
	struct rest *r = rest_of(h, ref);
	if (r != NULL)
		*r = h->rests[--h->rest_count];
}

static void taken(struct hooks *h)
{
	if (h->said_down)
		say(SAY_HOOK_TAKEN, h->station->config.online_webhook, NULL, NULL);
	h->said_down = false;
	h->info.in_a_row = 0;
	h->info.sent++;
	h->info.sent_ms = api_now_ms();
	rest_end(h, &h->now.ref);
	memset(&h->told, 0, sizeof(h->told));
	h->told.work.kind = ST_JOB_TOLD;
	h->told.work.u.told = (struct st_job_told){ h->now.ref, h->now.n };
	h->told.bytes = sizeof(h->told);
	h->told.arg = h;
	h->told.done = told_done;
	h->settling = true;
	if (writer_submit(h->station->writer, &h->told) < 0) {
		h->told.work.rc = ST_EBUSY;
		told_done(&h->told);
	}
}

/* The receiver is there, and won't have this one: its matter rests. False: too many do. */
static bool lay_to_rest(struct hooks *h)
{
	struct rest *r = rest_of(h, &h->now.ref);
	if (r == NULL && h->rest_count == RESTS_MAX)
		return false;
	if (r == NULL) {
		r = &h->rests[h->rest_count++];
		*r = (struct rest){ .ref = h->now.ref };
	}
	r->failures++;
	r->until_ms = now_of(h) + backoff(r->failures, REST_MOST_MS);
	return true;
}

static void failed(struct hooks *h, const char *error, long status)
{
	bool is_down = status < 300 || status == 408 || status == 429 || status >= 500;
	if (error != NULL)
		(void)snprintf(h->info.error, sizeof(h->info.error), "%s", error);
	else
		(void)snprintf(h->info.error, sizeof(h->info.error), "HTTP %ld", status);
	h->info.error_ms = api_now_ms();
	h->info.failed++;
	h->info.in_a_row++;
	say_seldom(now_of(h), SAY_HOOK_FAILED, h->station->config.online_webhook, h->info.error,
		   NULL);
	h->said_down = true;
	if (is_down || error != NULL || !lay_to_rest(h))
		h->until_ms = now_of(h) + backoff(h->info.in_a_row, DOWN_MOST_MS);
	turn(h);
}

static void on_done(void *arg, const char *error, long status)
{
	struct hooks *h = arg;
	if (error == NULL && status / 100 == 2)
		taken(h);
	else
		failed(h, error, status);
}

int hooks_open(struct station *s, struct hooks **ret_h)
{
	struct hooks *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return ST_ENOMEM;
	h->station = s;
	int rc = post_open(&s->loop, s->config.online_webhook, on_done, h, &h->post);
	if (rc < 0) {
		free(h);
		return rc;
	}
	h->info.on = true;
	st_buf_init(&h->body, BODY_MAX);
	h->retry = calloc(1, sizeof(*h->retry));
	ST_REQUIRE(h->retry != NULL);
	ST_REQUIRE(uv_timer_init(&s->loop, h->retry) == 0);
	h->retry->data = h;
	*ret_h = h;
	return 0;
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void hooks_close(struct hooks *h)
{
	if (h == NULL)
		return;
	h->closing = true;
	post_close(h->post);
	uv_close((uv_handle_t *)h->retry, free_handle);
	st_wipe(h->secret, sizeof(h->secret));
	st_buf_done(&h->body);
	free(h);
}

int hooks_secret(struct hooks *h, struct st_span secret)
{
	if (secret.size > sizeof(h->secret))
		return ST_ETOOBIG;
	st_wipe(h->secret, sizeof(h->secret));
	if (secret.size > 0)
		memcpy(h->secret, secret.data, secret.size);
	h->secret_size = secret.size;
	return 0;
}

void hooks_wake(struct hooks *h)
{
	if (h != NULL)
		turn(h);
}

void hooks_info(const struct hooks *h, struct hooks_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	if (h == NULL)
		return;
	*ret_info = h->info;
	ret_info->sending = post_flies(h->post);
}
