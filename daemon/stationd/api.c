/* api.c - the HTTP server on the loop.
 *
 * Owns:    the control socket, and the requests and connections of every listener.
 * Promise: 8 and 9: bodies, requests and connections are bounded; rubbish gets an answer.
 * Flow:    stationctl -> api -> routes -> api -> stationctl */
#include "api.h"
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <station/base/check.h>
#include "say.h"

enum { CONNECTIONS_MAX = 64, IDLE_S = 60, BACKLOG = 64 };

/* A connection of a listener that cuts slow ones off. */
struct connection {
	int fd; /* the server's: only shut down here */
	uint64_t since_ms;
	bool working, cut; /* working: its request is whole, and waits for us */
	struct connection *next;
};

struct api {
	struct station *station;
	struct api_conf conf;
	struct MHD_Daemon *http;
	struct connection *connections;
	unsigned cuts;
	uv_poll_t *poll;
	uv_timer_t *timer;
	struct request *requests;
	size_t count;
	bool closing;
};

static void pump(struct api *a);

static struct connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
}

/* Whoever sends a byte now and then keeps no connection for ever. How long until the next is due. */
static uint64_t cut_slow(struct api *a, uint64_t now)
{
	uint64_t wait = UINT64_MAX;
	bool any = false;
	for (struct connection *c = a->connections; c != NULL; c = c->next) {
		uint64_t due = c->since_ms + a->conf.request_ms;
		if (c->cut || c->working)
			continue;
		if (now >= due) {
			any = c->cut = true;
			a->cuts++;
			(void)shutdown(c->fd, SHUT_RDWR); /* the server sees an end, and closes */
		} else if (due - now < wait) {
			wait = due - now;
		}
	}
	return any ? 0 : wait;
}

static void on_timer(uv_timer_t *timer)
{
	pump(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	pump(poll->data);
}

/* Runs the server, and asks to be called when it next wants to be, or when somebody's wait ends. */
static void pump(struct api *a)
{
	MHD_UNSIGNED_LONG_LONG http = 0;
	uint64_t now = uv_now(&a->station->loop), wait = UINT64_MAX;
	if (a->closing)
		return;
	(void)MHD_run(a->http);
	if (MHD_get_timeout(a->http, &http) == MHD_YES)
		wait = http;
	uint64_t slow = cut_slow(a, now);
	wait = slow < wait ? slow : wait;
	for (const struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended) {
			uint64_t left = q->deadline_ms > now ? q->deadline_ms - now : 1;
			wait = left < wait ? left : wait;
		}
	if (wait == UINT64_MAX)
		(void)uv_timer_stop(a->timer);
	else
		(void)uv_timer_start(a->timer, on_timer, wait, 0);
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended && now >= q->deadline_ms) {
			api_moved(a); /* time is up: each one looks and answers */
			return;
		}
}

static void resume(struct request *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	q->again = NULL;
	MHD_resume_connection(q->connection);
	/* Nothing happens until the server runs: on the loop's next turn, at once. */
	if (!q->api->closing)
		(void)uv_timer_start(q->api->timer, on_timer, 0, 0);
}

void api_answered(struct request *q, unsigned status)
{
	st_assert(!q->answered);
	q->status = status;
	q->answered = true;
	resume(q);
}

void api_keep(struct request *q)
{
	st_assert(!q->answered && !q->suspended);
	q->suspended = true;
	MHD_suspend_connection(q->connection);
}

void api_wait(struct request *q, bool (*again)(struct request *q), uint64_t timeout_ms)
{
	q->again = again;
	q->deadline_ms = uv_now(&q->station->loop) + timeout_ms;
	api_keep(q);
	(void)uv_timer_start(q->api->timer, on_timer, 0, 0);
}

void api_moved(struct api *a)
{
	bool any = false;
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->again != NULL && q->suspended)
			any |= q->again(q);
	if (any && !a->closing)
		(void)uv_timer_start(a->timer, on_timer, 0, 0);
}

/* ---- microhttpd's side ---- */

static void end_request(void *cls, struct MHD_Connection *connection, void **con_cls,
			enum MHD_RequestTerminationCode code)
{
	struct api *a = cls;
	struct request *q = *con_cls;
	struct connection *c = connection_of(connection);
	(void)code;
	if (c != NULL) {
		c->since_ms = uv_now(&a->station->loop);
		c->working = false;
	}
	if (q == NULL)
		return;
	for (struct request **at = &a->requests; *at != NULL; at = &(*at)->next) {
		if (*at != q)
			continue;
		*at = q->next;
		a->count--;
		break;
	}
	if (q->work_free != NULL)
		q->work_free(q->work);
	st_buf_done(&q->body);
	st_buf_done(&q->answer);
	free(q->path);
	free(q);
	*con_cls = NULL;
}

static struct request *new_request(struct api *a, struct MHD_Connection *connection,
				   const char *url)
{
	struct request *q = a->count == API_REQUESTS_MAX ? NULL : calloc(1, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->station = a->station;
	q->api = a;
	q->shortages = api_shortages();
	q->connection = connection;
	q->path = strdup(url);
	if (q->path == NULL) {
		free(q);
		return NULL;
	}
	st_buf_init(&q->body, a->conf.body_max);
	st_buf_init(&q->answer, 64 * 1024 * 1024);
	q->next = a->requests;
	a->requests = q;
	a->count++;
	return q;
}

static void run_route(struct request *q, const char *method)
{
	bool other_method = false;
	struct connection *c = connection_of(q->connection);
	q->routed = true;
	if (c != NULL)
		c->working = true;
	q->route = q->api->conf.route(method, q->path, &q->rest, &other_method);
	int rc = q->route == NULL ? ST_ENOTFOUND : q->body.error < 0 ? q->body.error : q->route->fn(q);
	if (q->route == NULL)
		(void)api_place(q, rc, q->path);
	if (rc < 0 && !q->answered)
		(void)api_refuse(q, rc);
	if (q->route == NULL && other_method)
		q->status = 405;
	if (q->body.error == ST_ETOOBIG)
		q->status = 413;
}

static enum MHD_Result send_answer(struct request *q)
{
	struct connection *c = connection_of(q->connection);
	if (c != NULL)
		c->working = false; /* the time that is left is for taking the answer */
	if (q->api->conf.answering != NULL)
		q->api->conf.answering(q);
	bool reserve = q->reserve != NULL;
	ST_REQUIRE(reserve || (q->answer.error == 0 && q->answer.size > 0));
	void *data = reserve ? (void *)(uintptr_t)q->reserve : q->answer.data;
	struct MHD_Response *r = MHD_create_response_from_buffer(
		reserve ? strlen(q->reserve) : q->answer.size, data,
		reserve ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
	if (r == NULL)
		return MHD_NO; /* ends the connection, and its other end knows that nothing was answered */
	(void)MHD_add_response_header(r, "Content-Type", q->type);
	if (q->status == 503 || q->status == 429)
		(void)MHD_add_response_header(r, "Retry-After", q->status == 503 ? "1" : "10");
	if (q->status == 401)
		(void)MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	enum MHD_Result result = MHD_queue_response(q->connection, q->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload_data,
				  size_t *upload_data_size, void **con_cls)
{
	struct request *q = *con_cls;
	(void)version;
	if (q == NULL) {
		q = new_request(cls, connection, url);
		*con_cls = q;
		if (q == NULL)
			return MHD_NO;
		q->method = method;
		if (q->api->conf.gate != NULL)
			q->api->conf.gate(q);
		return q->answered ? send_answer(q) : MHD_YES;
	}
	if (*upload_data_size > 0) {
		st_buf_put(&q->body, upload_data, *upload_data_size);
		*upload_data_size = 0;
		return MHD_YES;
	}
	if (!q->routed)
		run_route(q, method);
	return q->answered ? send_answer(q) : MHD_YES;
}

/* A socket file that nobody answers on is left from a process that died; any other is in use. */
static int clear_stale(const struct sockaddr_un *address)
{
	struct stat st;
	if (lstat(address->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	if (fd >= 0)
		(void)close(fd);
	if (alive)
		return EADDRINUSE;
	return unlink(address->sun_path) < 0 ? errno : 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int rc = clear_stale(&address);
	if (rc != 0)
		return -rc;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0660) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		rc = errno;
		(void)close(fd);
		return -rc;
	}
	return fd;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct api *a = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *fd =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		bool timed = a->conf.request_ms > 0 && fd != NULL;
		struct connection *c = timed ? calloc(1, sizeof(*c)) : NULL;
		if (c == NULL)
			return;
		c->fd = fd->connect_fd;
		c->since_ms = uv_now(&a->station->loop);
		c->next = a->connections;
		a->connections = c;
		*context = c;
		return;
	}
	for (struct connection **at = &a->connections; *at != NULL; at = &(*at)->next) {
		if (*at != *context)
			continue;
		*at = (*at)->next;
		break;
	}
	free(*context);
	*context = NULL;
}

int api_listen(struct station *s, const struct api_conf *conf, struct api **ret_a)
{
	struct api *a = calloc(1, sizeof(*a));
	if (a == NULL) {
		(void)close(conf->socket);
		return ST_ENOMEM;
	}
	a->station = s;
	a->conf = *conf;
	a->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, a,
				   MHD_OPTION_LISTEN_SOCKET, conf->socket,
				   MHD_OPTION_NOTIFY_COMPLETED, end_request, a,
				   MHD_OPTION_NOTIFY_CONNECTION, on_connection, a,
				   MHD_OPTION_CONNECTION_LIMIT, conf->connections,
				   MHD_OPTION_PER_IP_CONNECTION_LIMIT, conf->per_address,
				   MHD_OPTION_CONNECTION_TIMEOUT, conf->idle_s, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
		a->http == NULL ? NULL : MHD_get_daemon_info(a->http, MHD_DAEMON_INFO_EPOLL_FD);
	a->poll = calloc(1, sizeof(*a->poll));
	a->timer = calloc(1, sizeof(*a->timer));
	ST_REQUIRE(info != NULL && a->poll != NULL && a->timer != NULL);
	ST_REQUIRE(uv_poll_init(&s->loop, a->poll, info->epoll_fd) == 0);
	ST_REQUIRE(uv_timer_init(&s->loop, a->timer) == 0);
	a->poll->data = a->timer->data = a;
	(void)uv_poll_start(a->poll, UV_READABLE, on_poll);
	*ret_a = a;
	return 0;
}

int api_open(struct station *s, struct api **ret_a)
{
	api_count_shortages();
	struct api_conf conf = {
		.socket = listen_at(s->config.control_socket),
		.connections = CONNECTIONS_MAX,
		.idle_s = IDLE_S,
		.body_max = API_BODY_MAX,
		.route = api_route,
	};
	if (conf.socket < 0) {
		say(SAY_SOCKET_FAILED, s->config.control_socket, st_file_error_text(-conf.socket, say_lang()), NULL);
		return ST_EIO;
	}
	return api_listen(s, &conf, ret_a);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void api_close(struct api *a)
{
	if (a == NULL)
		return;
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->suspended && !q->answered)
			(void)api_refuse(q, ST_EBUSY);
	(void)MHD_run(a->http); /* those that have been answered get their answer */
	a->closing = true;
	(void)uv_poll_stop(a->poll);
	uv_close((uv_handle_t *)a->poll, free_handle);
	uv_close((uv_handle_t *)a->timer, free_handle);
	MHD_stop_daemon(a->http);
	free(a);
}

unsigned api_cut(const struct api *a)
{
	return a->cuts;
}

const char *api_header(struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

const struct sockaddr *api_peer(struct request *q)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info == NULL ? NULL : info->client_addr;
}

int api_submit(struct request *q, struct job *j)
{
	int rc = writer_submit(q->station->writer, j);
	if (rc == 0)
		api_keep(q);
	return rc;
}

const char *api_argument(struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct arguments {
	api_argument_fn *fn;
	void *arg;
};

static enum MHD_Result each_argument(void *cls, enum MHD_ValueKind kind, const char *key,
				     const char *value)
{
	struct arguments *a = cls;
	(void)kind;
	a->fn(key, value == NULL ? "" : value, a->arg);
	return MHD_YES;
}

void api_each_argument(struct request *q, api_argument_fn *fn, void *arg)
{
	struct arguments a = { fn, arg };
	(void)MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, each_argument, &a);
}
