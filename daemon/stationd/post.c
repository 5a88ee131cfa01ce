/* post.c - libcurl on the loop, for one request at a time.
 *
 * Owns:    its sockets' polls and its timer, and libcurl itself, which a station without hooks never loads.
 * Promise: 9: a request has an end, and an answer a bound; no name, redirection or proxy but the URL's own.
 * Flow:    hooks -> post -> receiver -> post -> hooks */
#include "post.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/error.h>

enum { CONNECT_MS = 10 * 1000, TRANSFER_MS = 30 * 1000, ANSWER_MAX = 64 * 1024 };

struct watch {
	uv_poll_t poll; /* first: it is freed as one */
	struct post *post;
	curl_socket_t socket;
};

struct post {
	uv_loop_t *loop;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	uv_timer_t *timer;
	size_t answer_bytes;
	bool flying, closing;
	post_done_fn *done;
	void *arg;
};

/* With what it brings along, libcurl is more memory than all of an idle station's own. */
#define CURL_CALLS(X) \
	X(easy_cleanup) X(easy_getinfo) X(easy_init) X(easy_setopt) X(easy_strerror) \
	X(global_cleanup) X(global_init) X(multi_add_handle) X(multi_assign) X(multi_cleanup) \
	X(multi_info_read) X(multi_init) X(multi_remove_handle) X(multi_setopt) \
	X(multi_socket_action) X(slist_append) X(slist_free_all)

static struct {
#define CURL_MEMBER(name) __typeof__(curl_##name) *name;
	CURL_CALLS(CURL_MEMBER)
} curl;

static int load(void)
{
	void *lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL)
		return ST_ELIBRARY;
	bool whole = true;
#define CURL_FIND(name)                                           \
	do {                                                      \
		void *call = dlsym(lib, "curl_" #name);           \
		memcpy(&curl.name, &call, sizeof(curl.name));     \
		whole = whole && call != NULL;                    \
	} while (0);
	CURL_CALLS(CURL_FIND)
	return whole && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : ST_ELIBRARY;
}

static void look_for_end(struct post *p)
{
	int left = 0;
	for (CURLMsg *m; (m = curl.multi_info_read(p->multi, &left)) != NULL;) {
		long status = 0;
		CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)curl.multi_remove_handle(p->multi, p->easy);
		p->flying = false;
		p->done(p->arg, code == CURLE_OK ? NULL : curl.easy_strerror(code), status);
	}
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct post *p = w->post;
	int running = 0, what = 0;
	if (status < 0)
		what = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		what |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		what |= CURL_CSELECT_OUT;
	(void)curl.multi_socket_action(p->multi, w->socket, what, &running);
	look_for_end(p);
}

static void free_watch(uv_handle_t *handle)
{
	free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *arg, void *mine)
{
	struct post *p = arg;
	struct watch *w = mine;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)curl.multi_assign(p->multi, s, NULL);
		if (w != NULL) {
			(void)uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, free_watch);
		}
		return 0;
	}
	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		if (w == NULL || uv_poll_init_socket(p->loop, &w->poll, s) != 0) {
			free(w);
			return -1;
		}
		w->poll.data = w;
		w->post = p;
		w->socket = s;
		(void)curl.multi_assign(p->multi, s, w);
	}
	int events =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&w->poll, events, on_socket_ready) == 0 ? 0 : -1;
}

static void on_timer(uv_timer_t *timer)
{
	struct post *p = timer->data;
	int running = 0;
	(void)curl.multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	look_for_end(p);
}

/* From within libcurl, so it isn't called back at once. */
static int on_wait(CURLM *multi, long wait_ms, void *arg)
{
	struct post *p = arg;
	(void)multi;
	if (p->closing || wait_ms < 0)
		(void)uv_timer_stop(p->timer);
	else
		(void)uv_timer_start(p->timer, on_timer, (uint64_t)wait_ms, 0);
	return 0;
}

/* Too much of an answer is none. */
static size_t drop(char *data, size_t size, size_t count, void *arg)
{
	struct post *p = arg;
	(void)data;
	p->answer_bytes += size * count;
	return p->answer_bytes > ANSWER_MAX ? 0 : size * count;
}

static bool set_up(struct post *p, const char *url)
{
	CURL *e = p->easy;
	bool good = curl.multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
		    curl.multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p) == CURLM_OK &&
		    curl.multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_wait) == CURLM_OK &&
		    curl.multi_setopt(p->multi, CURLMOPT_TIMERDATA, p) == CURLM_OK;
	return good && curl.easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)TRANSFER_MS) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK &&
	       curl.easy_setopt(e, CURLOPT_WRITEDATA, p) == CURLE_OK;
}

int post_open(uv_loop_t *loop, const char *url, post_done_fn *done, void *arg, struct post **ret_p)
{
	int rc = load();
	if (rc < 0)
		return rc;
	struct post *p = calloc(1, sizeof(*p));
	ST_REQUIRE(p != NULL);
	p->loop = loop;
	p->done = done;
	p->arg = arg;
	p->multi = curl.multi_init();
	p->easy = curl.easy_init();
	p->timer = calloc(1, sizeof(*p->timer));
	ST_REQUIRE(p->multi != NULL && p->easy != NULL && p->timer != NULL);
	ST_REQUIRE(uv_timer_init(loop, p->timer) == 0);
	p->timer->data = p;
	ST_REQUIRE(set_up(p, url));
	*ret_p = p;
	return 0;
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void post_close(struct post *p)
{
	p->closing = true;
	if (p->flying)
		(void)curl.multi_remove_handle(p->multi, p->easy);
	curl.easy_cleanup(p->easy);
	(void)curl.multi_cleanup(p->multi); /* its sockets' polls are closed by on_socket */
	curl.slist_free_all(p->headers);
	uv_close((uv_handle_t *)p->timer, free_handle);
	free(p);
	curl.global_cleanup();
}

bool post_flies(const struct post *p)
{
	return p->flying;
}

void post_begin(struct post *p)
{
	ST_REQUIRE(!p->flying);
	curl.slist_free_all(p->headers);
	p->headers = NULL;
}

int post_header(struct post *p, const char *line)
{
	struct curl_slist *longer = curl.slist_append(p->headers, line);
	if (longer == NULL)
		return ST_ENOMEM;
	p->headers = longer;
	return 0;
}

int post_send(struct post *p, struct st_span body)
{
	ST_REQUIRE(!p->flying);
	p->answer_bytes = 0;
	(void)curl.easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	(void)curl.easy_setopt(p->easy, CURLOPT_POSTFIELDS, (const char *)body.data);
	(void)curl.easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
	p->flying = curl.multi_add_handle(p->multi, p->easy) == CURLM_OK;
	return p->flying ? 0 : ST_ENOMEM;
}
