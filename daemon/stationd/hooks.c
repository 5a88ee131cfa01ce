/* hooks.c - tells the city's platform what became of its messages.
 *
 * Owns:    one transfer at a time, through libcurl on the loop, and when the next is tried.
 * Promise: 2: a result is dropped only once the platform has answered 2xx and that is on disk; 9: a
 *          receiver that is dead or slow holds up nothing but itself.
 * Flow:    table hooks -> hooks -> platform -> told job -> table hooks */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/trust/mac.h>
#include "online.h"
#include "say.h"

enum {
	CONNECT_MS = 10 * 1000, TRANSFER_MS = 30 * 1000,
	FIRST_MS = 500, DOWN_MOST_MS = 60 * 1000,  /* waits while the receiver is down */
	REST_MOST_MS = 3600 * 1000,                /* a matter's own, whose result it won't take */
	RESTS_MAX = 64, LOOK_MAX = 256, ANSWER_MAX = 64 * 1024, BODY_MAX = 128 * 1024,
};

/* A matter whose result the receiver, though it is there, doesn't take: it waits, others go on. */
struct rest {
	struct st_record_ref ref;
	unsigned failures;
	uint64_t until_ms;
};

struct watch {
	uv_poll_t poll; /* first: it is freed as one */
	struct hooks *hooks;
	curl_socket_t socket;
};

struct hooks {
	struct station *station;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	uv_timer_t *curl_timer, *retry;
	struct st_buf body;
	uint8_t secret[ONLINE_SECRET_MAX];
	size_t secret_size, answer_bytes;
	struct st_hook now;         /* the one that is sent */
	bool flying, settling, closing, said_down;
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

static int64_t wall_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_retry(uv_timer_t *timer)
{
	turn(timer->data);
}

static void again_at(struct hooks *h, uint64_t at_ms)
{
	uint64_t now = now_of(h), wait = at_ms > now ? at_ms - now : 0;
	h->info.next_ms = wall_ms() + (int64_t)wait;
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

static bool same(const struct st_record_ref *a, const struct st_record_ref *b)
{
	return a->opener == b->opener && memcmp(a->ulid.bytes, b->ulid.bytes, ST_ULID_SIZE) == 0;
}

static struct rest *rest_of(struct hooks *h, const struct st_record_ref *ref)
{
	for (size_t i = 0; i < h->rest_count; i++)
		if (same(&h->rests[i].ref, ref))
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
	struct st_buf id;
	int rc = st_online_status_ref(t, &x->hook.ref, &s);
	const struct st_state_row *state = st_kind_state(st_kind(ST_KIND_MATTER), x->hook.state);
	st_buf_init(&id, sizeof(hex));
	st_hex_put(&id, st_span(x->hook.id, ST_HOOK_ID));
	if (id.error == 0)
		memcpy(hex, id.data, id.size < sizeof(hex) ? id.size : sizeof(hex) - 1);
	st_buf_done(&id);
	if (rc == 0)
		x->json = json_pack("{s:s, s:s, s:o, s:s, s:s, s:o}", "id", hex, "event",
				    state == NULL ? "" : state->name, "at", api_time(x->hook.at_ms),
				    "source", s.online.source, "request_id", s.online.request,
				    "status", online_status_json(&s));
	st_online_status_done(&s);
	return rc < 0 ? rc : x->json == NULL ? ST_ENOMEM : 0;
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

static int sign(struct hooks *h, char timestamp[24], struct curl_slist **headers)
{
	char line[256];
	struct st_buf hex;
	const struct st_span pieces[] = { st_span_text(timestamp), st_span_text("."),
					  st_buf_span(&h->body) };
	struct st_hash mac;
	if (h->secret_size == 0)
		return 0;
	mac = st_mac(st_span(h->secret, h->secret_size), pieces, 3);
	st_buf_init(&hex, 2 * ST_HASH_SIZE + 1);
	st_hex_put(&hex, ST_SPAN(mac.bytes));
	(void)snprintf(line, sizeof(line), "X-Stationd-Signature: v1=%.*s", (int)hex.size,
		       hex.data == NULL ? "" : (const char *)hex.data);
	st_buf_done(&hex);
	*headers = curl_slist_append(*headers, line);
	return *headers == NULL ? ST_ENOMEM : 0;
}

static int make_request(struct hooks *h, const json_t *json)
{
	char timestamp[24], line[128], id[2 * ST_HOOK_ID + 1];
	char *text = json_dumps(json, JSON_COMPACT);
	struct curl_slist *headers = NULL;
	if (text == NULL)
		return ST_ENOMEM;
	st_buf_clear(&h->body);
	st_buf_put_text(&h->body, text);
	free(text);
	(void)snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(json, "id")));
	(void)snprintf(timestamp, sizeof(timestamp), "%lld", (long long)(wall_ms() / 1000));
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	(void)snprintf(line, sizeof(line), "X-Stationd-Id: %s", id);
	headers = curl_slist_append(headers, line);
	(void)snprintf(line, sizeof(line), "X-Stationd-Timestamp: %s", timestamp);
	headers = curl_slist_append(headers, line);
	int rc = h->body.error < 0 ? h->body.error : sign(h, timestamp, &headers);
	curl_slist_free_all(h->headers);
	h->headers = headers;
	h->answer_bytes = 0;
	(void)curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, (const char *)h->body.data);
	(void)curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)h->body.size);
	return rc;
}

/* What it answers beside the status is nobody's; too much of it is no answer. */
static size_t drop(char *data, size_t size, size_t count, void *arg)
{
	struct hooks *h = arg;
	(void)data;
	h->answer_bytes += size * count;
	return h->answer_bytes > ANSWER_MAX ? 0 : size * count;
}

static void turn(struct hooks *h)
{
	struct choosing x = { .h = h, .wait_until = UINT64_MAX };
	if (h->closing || h->flying || h->settling || !h->station->self.set_up)
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
	if (rc == 0 && x.found) {
		h->flying = curl_multi_add_handle(h->multi, h->easy) == CURLM_OK;
		rc = h->flying ? 0 : ST_ENOMEM;
	}
	if (rc < 0) { /* ours: the store's or memory's */
		(void)snprintf(h->info.error, sizeof(h->info.error), "%s",
			       st_error_text(rc, say_lang()));
		h->info.error_ms = wall_ms();
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
	h->info.sent_ms = wall_ms();
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

static void failed(struct hooks *h, CURLcode code, long status)
{
	bool is_down = status < 300 || status == 408 || status == 429 || status >= 500;
	if (code != CURLE_OK)
		(void)snprintf(h->info.error, sizeof(h->info.error), "%s",
			       curl_easy_strerror(code));
	else
		(void)snprintf(h->info.error, sizeof(h->info.error), "HTTP %ld", status);
	h->info.error_ms = wall_ms();
	h->info.failed++;
	h->info.in_a_row++;
	say_seldom(now_of(h), SAY_HOOK_FAILED, h->station->config.online_webhook, h->info.error,
		   NULL);
	h->said_down = true;
	if (is_down || code != CURLE_OK || !lay_to_rest(h))
		h->until_ms = now_of(h) + backoff(h->info.in_a_row, DOWN_MOST_MS);
	turn(h);
}

static void look_for_end(struct hooks *h)
{
	int left = 0;
	for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left)) != NULL;) {
		long status = 0;
		CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)curl_multi_remove_handle(h->multi, h->easy);
		h->flying = false;
		if (code == CURLE_OK && status / 100 == 2)
			taken(h);
		else
			failed(h, code, status);
	}
}

/* ---- libcurl on the loop ---- */

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct hooks *h = w->hooks;
	int running = 0, what = 0;
	if (status < 0)
		what = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		what |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		what |= CURL_CSELECT_OUT;
	(void)curl_multi_socket_action(h->multi, w->socket, what, &running);
	look_for_end(h);
}

static void free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *arg, void *mine)
{
	struct hooks *h = arg;
	struct watch *w = mine;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)curl_multi_assign(h->multi, s, NULL);
		if (w != NULL) {
			(void)uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, free_watch);
		}
		return 0;
	}
	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		if (w == NULL || uv_poll_init_socket(&h->station->loop, &w->poll, s) != 0) {
			free(w);
			return -1;
		}
		w->poll.data = w;
		w->hooks = h;
		w->socket = s;
		(void)curl_multi_assign(h->multi, s, w);
	}
	int events =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&w->poll, events, on_socket_ready) == 0 ? 0 : -1;
}

static void on_curl_timer(uv_timer_t *timer)
{
	struct hooks *h = timer->data;
	int running = 0;
	(void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look_for_end(h);
}

/* From within libcurl, so it isn't called back at once. */
static int on_curl_wait(CURLM *multi, long wait_ms, void *arg)
{
	struct hooks *h = arg;
	(void)multi;
	if (h->closing || wait_ms < 0)
		(void)uv_timer_stop(h->curl_timer);
	else
		(void)uv_timer_start(h->curl_timer, on_curl_timer, (uint64_t)wait_ms, 0);
	return 0;
}

static bool set_up(struct hooks *h)
{
	CURL *e = h->easy;
	bool good = curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_curl_wait) == CURLM_OK &&
		    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) == CURLM_OK;
	return good &&
	       curl_easy_setopt(e, CURLOPT_URL, h->station->config.online_webhook) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)TRANSFER_MS) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK &&
	       curl_easy_setopt(e, CURLOPT_WRITEDATA, h) == CURLE_OK;
}

int hooks_open(struct station *s, struct hooks **ret_h)
{
	struct hooks *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return ST_ENOMEM;
	h->station = s;
	h->info.on = true;
	st_buf_init(&h->body, BODY_MAX);
	bool good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	h->multi = good ? curl_multi_init() : NULL;
	h->easy = good ? curl_easy_init() : NULL;
	h->curl_timer = calloc(1, sizeof(*h->curl_timer));
	h->retry = calloc(1, sizeof(*h->retry));
	ST_REQUIRE(h->multi != NULL && h->easy != NULL && h->curl_timer != NULL &&
		   h->retry != NULL);
	ST_REQUIRE(uv_timer_init(&s->loop, h->curl_timer) == 0);
	ST_REQUIRE(uv_timer_init(&s->loop, h->retry) == 0);
	h->curl_timer->data = h->retry->data = h;
	ST_REQUIRE(set_up(h));
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
	if (h->flying)
		(void)curl_multi_remove_handle(h->multi, h->easy);
	curl_easy_cleanup(h->easy);
	(void)curl_multi_cleanup(h->multi); /* its sockets' polls are closed by on_socket */
	curl_slist_free_all(h->headers);
	uv_close((uv_handle_t *)h->curl_timer, free_handle);
	uv_close((uv_handle_t *)h->retry, free_handle);
	st_wipe(h->secret, sizeof(h->secret));
	st_buf_done(&h->body);
	free(h);
	curl_global_cleanup();
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
	ret_info->sending = h->flying;
}
