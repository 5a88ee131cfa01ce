/* api.c - the HTTP server on the loop.
 *
 * Owns:    the control socket, requests under way, and the HTTP status of each error.
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

struct api {
	struct station *station;
	struct MHD_Daemon *http;
	int socket;
	uv_poll_t *poll;
	uv_timer_t *timer;
	struct request *requests;
	size_t count;
	bool closing;
};

static const struct route *const route_lists[] = {
	api_station_routes, api_status_routes, api_record_routes, api_import_routes,
	api_report_routes, api_log_routes, api_task_routes, api_kind_routes,
};

static const struct {
	int code;
	unsigned status;
} statuses[] = {
	{ ST_EFIELD, 400 }, { ST_ETOOBIG, 400 }, { ST_EUSAGE, 400 }, { ST_EWIRE, 400 },
	{ ST_ENOTFOUND, 404 }, { ST_EBUSY, 503 }, { ST_EFULL, 503 }, { ST_ESILENT, 503 },
	{ ST_EADDRESS, 503 }, { ST_ENOPARENT, 503 }, { ST_EIO, 500 }, { ST_ECORRUPT, 500 },
	{ ST_ENOMEM, 500 },
};

static unsigned status_of(int code)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == code)
			return statuses[i].status;
	return 409; /* refused by the state of things */
}

static void pump(struct api *a);

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
	if (q->station->api != NULL)
		(void)uv_timer_start(q->station->api->timer, on_timer, 0, 0);
}

static int answer(struct request *q, unsigned status)
{
	st_assert(!q->answered);
	q->status = status;
	q->answered = true;
	resume(q);
	return 0;
}

int api_json(struct request *q, json_t *json)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text == NULL)
		return q->answered ? 0 : api_refuse(q, ST_ENOMEM);
	q->type = "application/json";
	st_buf_clear(&q->answer);
	st_buf_put_text(&q->answer, text);
	st_buf_put_text(&q->answer, "\n");
	free(text);
	return answer(q, 200);
}

int api_text(struct request *q, const char *type, struct st_span text)
{
	q->type = type;
	st_buf_clear(&q->answer);
	st_buf_put_span(&q->answer, text);
	return answer(q, 200);
}

int api_refuse(struct request *q, int code)
{
	json_t *json = json_pack("{s:s, s:i, s:o, s:s}", "error", st_error_name(code), "code", code,
				 "message",
				 api_two(st_error_text(code, ST_ZH), st_error_text(code, ST_EN)), "place",
				 q->place);
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	q->type = "application/json";
	st_buf_clear(&q->answer);
	st_buf_put_text(&q->answer, text == NULL ? "{\"error\":\"ENOMEM\"}" : text);
	st_buf_put_text(&q->answer, "\n");
	free(text);
	return answer(q, status_of(code));
}

int api_place(struct request *q, int code, const char *place)
{
	(void)snprintf(q->place, sizeof(q->place), "%s", place);
	return code;
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
	(void)uv_timer_start(q->station->api->timer, on_timer, 0, 0);
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
	(void)connection;
	(void)code;
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
	q->connection = connection;
	q->path = strdup(url);
	if (q->path == NULL) {
		free(q);
		return NULL;
	}
	st_buf_init(&q->body, API_BODY_MAX);
	st_buf_init(&q->answer, 64 * 1024 * 1024);
	q->next = a->requests;
	a->requests = q;
	a->count++;
	return q;
}

static bool path_fits(const struct route *r, const char *path, const char **rest)
{
	size_t n = strlen(r->path);
	if (r->path[n - 1] != '/') {
		*rest = "";
		return strcmp(path, r->path) == 0;
	}
	*rest = path + n;
	return strncmp(path, r->path, n) == 0 && path[n] != 0;
}

/* An exact path wins over one that takes a rest, since lists are walked for it first. */
static const struct route *find_route(const char *method, const char *path, const char **rest,
				      bool *other_method)
{
	for (int exact = 1; exact >= 0; exact--)
		for (size_t l = 0; l < sizeof(route_lists) / sizeof(route_lists[0]); l++)
			for (const struct route *r = route_lists[l]; r->method != NULL; r++) {
				if ((r->path[strlen(r->path) - 1] != '/') != exact ||
				    !path_fits(r, path, rest))
					continue;
				if (strcmp(r->method, method) == 0)
					return r;
				*other_method = true;
			}
	return NULL;
}

static void run_route(struct request *q, const char *method)
{
	bool other_method = false;
	q->routed = true;
	q->route = find_route(method, q->path, &q->rest, &other_method);
	int rc = q->route == NULL ? ST_ENOTFOUND : q->body.error < 0 ? ST_ETOOBIG : q->route->fn(q);
	if (q->route == NULL)
		(void)api_place(q, rc, q->path);
	if (rc < 0 && !q->answered)
		(void)api_refuse(q, rc);
	if (q->route == NULL && other_method)
		q->status = 405;
	if (q->body.error < 0)
		q->status = 413;
}

static enum MHD_Result send_answer(struct request *q)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		q->answer.size, q->answer.data == NULL ? (void *)"" : (void *)q->answer.data,
		MHD_RESPMEM_MUST_COPY);
	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type", q->type);
	if (q->status == 503)
		(void)MHD_add_response_header(r, "Retry-After", "1");
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
		return q == NULL ? MHD_NO : MHD_YES;
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

int api_open(struct station *s, struct api **ret_a)
{
	struct api *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return ST_ENOMEM;
	a->station = s;
	a->socket = listen_at(s->config.control_socket);
	if (a->socket < 0) {
		say(SAY_SOCKET_FAILED, s->config.control_socket, strerror(-a->socket), NULL);
		free(a);
		return ST_EIO;
	}
	a->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, a,
				   MHD_OPTION_LISTEN_SOCKET, a->socket, MHD_OPTION_NOTIFY_COMPLETED,
				   end_request, a, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
				   MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_END);
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

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void api_close(struct api *a)
{
	if (a == NULL)
		return;
	api_tasks_close(a->station);
	for (struct request *q = a->requests; q != NULL; q = q->next)
		if (q->suspended && !q->answered)
			(void)api_refuse(q, ST_EBUSY);
	(void)MHD_run(a->http); /* those that have been answered get their answer */
	a->closing = true;
	(void)uv_poll_stop(a->poll);
	uv_close((uv_handle_t *)a->poll, free_handle);
	uv_close((uv_handle_t *)a->timer, free_handle);
	MHD_stop_daemon(a->http);
	(void)unlink(a->station->config.control_socket);
	free(a);
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
