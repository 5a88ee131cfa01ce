/* online.c - the listener for the city's platform: opened, its secrets read, its results told or not.
 *
 * Owns:    the online listener, the tokens and the web hooks' secret, read anew on reload.
 * Promise: 8: what is wrong in a file of secrets stops only what it is for; 9: connections are bounded.
 * Flow:    settings, files -> listener -> gate; store -> hooks */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <station/base/check.h>
#include "online_gate.h"
#include "say.h"

enum { CONNECTIONS = 64, PER_ADDRESS = 32, IDLE_S = 10, REQUEST_MS = 20 * 1000, BACKLOG = 64 };

static int listen_at(const struct sockaddr_storage *address)
{
	socklen_t size = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							: sizeof(struct sockaddr_in);
	int one = 1;
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)address, size) < 0 || listen(fd, BACKLOG) < 0) {
		int rc = -errno;
		(void)close(fd);
		return rc;
	}
	return fd;
}

static int read_tokens(struct online *o, char why[ONLINE_WHY_MAX])
{
	const char *path = o->station->config.online_token_file;
	struct online_tokens read;
	struct st_buf text;
	if (path[0] == 0)
		return 0;
	st_buf_init(&text, ONLINE_FILE_MAX);
	int rc = online_file_read(path, &text, why);
	if (rc == 0)
		rc = online_tokens_parse(st_buf_span(&text), &read, why);
	if (text.data != NULL)
		st_wipe(text.data, text.room);
	st_buf_done(&text);
	for (size_t i = 0; rc == 0 && i < read.count; i++)
		for (size_t k = 0; k < o->tokens.count; k++)
			if (strcmp(read.tokens[i].name, o->tokens.tokens[k].name) == 0)
				read.tokens[i].rate = o->tokens.tokens[k].rate;
	if (rc == 0)
		o->tokens = read;
	return rc;
}

static int read_secret(struct online *o, char why[ONLINE_WHY_MAX])
{
	const char *path = o->station->config.online_webhook_secret_file;
	struct st_buf text;
	if (o->hooks == NULL || path[0] == 0)
		return 0;
	st_buf_init(&text, ONLINE_SECRET_MAX);
	int rc = online_file_read(path, &text, why);
	struct st_span secret = st_buf_span(&text);
	while (rc == 0 && secret.size > 0 &&
	       (secret.data[secret.size - 1] == '\n' || secret.data[secret.size - 1] == '\r'))
		secret.size--;
	if (rc == 0 && secret.size < ONLINE_SECRET_LEAST) {
		(void)snprintf(why, ONLINE_WHY_MAX, "%s",
			       say_lang() == ST_EN ? "shorter than 16 bytes" : "不足 16 字节");
		rc = ST_EFIELD;
	}
	if (rc == 0)
		rc = hooks_secret(o->hooks, secret);
	if (text.data != NULL)
		st_wipe(text.data, text.room);
	st_buf_done(&text);
	return rc;
}

static void open_listener(struct online *o)
{
	const char *at = o->station->config.online_listen;
	struct sockaddr_storage address;
	if (at[0] == 0)
		return;
	if (!config_is_socket(at, &address))
		return; /* the settings were checked */
	int fd = listen_at(&address);
	struct api_conf conf = { .socket = fd,
				 .connections = CONNECTIONS,
				 .per_address = PER_ADDRESS,
				 .idle_s = IDLE_S,
				 .request_ms = REQUEST_MS,
				 .body_max = o->station->config.online_body_max,
				 .route = online_route,
				 .gate = online_gate,
				 .answering = online_answering };
	if (fd < 0)
		(void)snprintf(o->why, sizeof(o->why), "%s", st_file_error_text(-fd, say_lang()));
	else if (api_listen(o->station, &conf, &o->api) < 0)
		(void)snprintf(o->why, sizeof(o->why), "%s", st_error_text(ST_ENOMEM, say_lang()));
	if (o->api == NULL)
		say(SAY_ONLINE_FAILED, at, o->why, NULL);
	else
		say(SAY_ONLINE_OPEN, at, NULL, NULL);
}

/* ---- whether results are to be told ---- */

static void hooks_said(struct job *j)
{
	struct station *s = j->arg;
	if (s->online != NULL)
		s->online->hooks_unsaid = j->work.rc < 0; /* again after the next good commit */
	free(j);
}

static void say_hooks(struct online *o)
{
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return;
	o->hooks_unsaid = false;
	j->work.kind = ST_JOB_HOOKS;
	j->work.u.hooks = o->hooks != NULL;
	j->bytes = sizeof(*j);
	j->arg = o->station;
	j->done = hooks_said;
	if (writer_submit(o->station->writer, j) == 0)
		return;
	o->hooks_unsaid = true;
	free(j);
}

static int read_meta(struct st_txn *t, void *arg)
{
	bool *on = arg;
	uint8_t value;
	size_t size;
	int rc = st_meta_get(t, ST_META_ONLINE_HOOKS, &value, sizeof(value), &size);
	*on = rc == 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int online_open(struct station *s, struct online **ret_o)
{
	struct online *o = calloc(1, sizeof(*o));
	bool was = false;
	int rc = 0;
	if (o == NULL)
		return ST_ENOMEM;
	*ret_o = o;
	o->station = s;
	if (s->config.online_webhook[0] != 0)
		rc = hooks_open(s, &o->hooks);
	if (rc == 0)
		rc = st_store_read(s->store, read_meta, &was);
	if (rc < 0)
		return rc;
	if (was != (o->hooks != NULL))
		say_hooks(o);
	const char *file = s->config.online_token_file;
	if (s->config.online_listen[0] != 0 && read_tokens(o, o->why) < 0) {
		say(SAY_ONLINE_FAILED, file, o->why, NULL);
		return 0;
	}
	file = s->config.online_webhook_secret_file;
	if (read_secret(o, o->why) < 0) { /* nothing goes out unsigned that is to be signed */
		say(SAY_ONLINE_FAILED, file, o->why, NULL);
		hooks_close(o->hooks);
		o->hooks = NULL;
		return 0;
	}
	open_listener(o);
	hooks_wake(o->hooks);
	return 0;
}

void online_close(struct online *o)
{
	if (o == NULL)
		return;
	api_close(o->api); /* its last requests still pass the gate */
	hooks_close(o->hooks);
	o->station->online = NULL;
	free(o);
}

void online_reload(struct online *o)
{
	char why[ONLINE_WHY_MAX] = "";
	if (o == NULL)
		return;
	if (o->api != NULL && read_tokens(o, why) < 0)
		say(SAY_ONLINE_FILE, o->station->config.online_token_file, why, NULL);
	if (read_secret(o, why) < 0)
		say(SAY_ONLINE_FILE, o->station->config.online_webhook_secret_file, why, NULL);
}

void online_applied(struct online *o, const struct st_applied *applied)
{
	if (o->hooks_unsaid)
		say_hooks(o);
	if (applied->hooked)
		hooks_wake(o->hooks);
}

void online_info(const struct online *o, struct online_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->listen = ret_info->webhook = "";
	if (o == NULL)
		return;
	ret_info->listen = o->station->config.online_listen;
	ret_info->webhook = o->station->config.online_webhook;
	ret_info->open = o->api != NULL;
	(void)snprintf(ret_info->why, sizeof(ret_info->why), "%s", o->why);
	for (size_t i = 0; i < o->tokens.count; i++)
		ret_info->tokens[ret_info->token_count++] = o->tokens.tokens[i].name;
	ret_info->requests = o->requests;
	ret_info->taken = o->taken;
	ret_info->refused = o->refused;
	ret_info->unknown_tokens = o->unknown_tokens;
	ret_info->limited = o->limited;
	ret_info->cut = o->api == NULL ? 0 : api_cut(o->api);
	hooks_info(o->hooks, &ret_info->hooks);
}
