/* http_listen.c - listeners and their connections; the control socket.
 *
 * Owns:    the control socket's file, and what is known of a connection that may be cut off.
 * Promise: 8 and 9: connections are bounded; a socket that another daemon answers on stays its own.
 * Flow:    stationctl, platform -> listener -> requests */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <station/base/check.h>
#include "http.h"
#include "say.h"

enum { CONNECTIONS_MAX = 64, IDLE_S = 60, BACKLOG = 64 };

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

struct connection *http_connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
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
	a->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_request, a,
				   MHD_OPTION_LISTEN_SOCKET, conf->socket,
				   MHD_OPTION_NOTIFY_COMPLETED, http_ended, a,
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
	(void)uv_poll_start(a->poll, UV_READABLE, http_on_poll);
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
	a->ending = true;
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
