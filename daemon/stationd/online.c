/* online.c - the listener for the city's platform: who may ask, and how often.
 *
 * Owns:    the gate that each request passes before a byte of its body is read, and its counts.
 * Promise: 9: connections, addresses, rates and sizes are bounded; who is slow is cut off.
 * Flow:    platform -> gate -> online routes */
#include "online.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <station/base/check.h>
#include "say.h"

enum {
	CONNECTIONS = 64, PER_ADDRESS = 32, IDLE_S = 10, REQUEST_MS = 20 * 1000, BACKLOG = 64,
	ADDRESS_SETS = 256, ADDRESS_WAYS = 4,
	LOOKUPS = 10,     /* questions a minute for each message a minute that is allowed */
	WRONG_COSTS = 10, /* of these: a wrong code or token, so as often as messages may be sent */
	DRAIN_TIMES = 16, /* a body so many times too long isn't even read to its end */
};

struct address {
	uint8_t bytes[16]; /* of IPv6 its first 8: one customer's */
	uint64_t used;
	struct st_rate messages, lookups;
};

struct online {
	struct station *station;
	struct api *api;
	struct hooks *hooks;
	struct online_tokens tokens;
	struct address addresses[ADDRESS_SETS][ADDRESS_WAYS];
	uint64_t turns, requests, taken, refused, unknown_tokens, limited;
	char why[ONLINE_WHY_MAX];
	bool hooks_unsaid; /* the store doesn't know yet whether results are to be told */
};

/* ---- whose request it is ---- */

static bool read_address(const char *text, size_t n, uint8_t to[16])
{
	char one[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;
	if (n == 0 || n >= sizeof(one))
		return false;
	memcpy(one, text, n);
	one[n] = 0;
	memset(to, 0, 16);
	if (inet_pton(AF_INET, one, &v4) == 1)
		memcpy(to + 12, &v4, 4);
	else if (inet_pton(AF_INET6, one, &v6) == 1)
		memcpy(to, &v6, 8);
	else
		return false;
	return true;
}

/* Behind a proxy of this machine, its last word on whom it speaks for; else who is connected. */
static void address_of(struct request *q, uint8_t to[16])
{
	struct sockaddr_storage peer;
	const struct sockaddr *p = api_peer(q);
	const char *forwarded = api_header(q, "X-Forwarded-For");
	memset(to, 0, 16);
	memset(&peer, 0, sizeof(peer));
	if (p == NULL)
		return;
	memcpy(&peer, p,
	       p->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	if (p->sa_family == AF_INET6)
		memcpy(to, &((const struct sockaddr_in6 *)&peer)->sin6_addr, 8);
	else
		memcpy(to + 12, &((const struct sockaddr_in *)&peer)->sin_addr, 4);
	if (forwarded == NULL || !config_is_loopback(&peer))
		return;
	const char *comma = strrchr(forwarded, ',');
	const char *last = comma == NULL ? forwarded : comma + 1;
	uint8_t told[16];
	last += strspn(last, " \t");
	if (read_address(last, strcspn(last, " \t"), told))
		memcpy(to, told, 16);
}

/* Its place in the table; of those that share it, whoever was silent longest gives way. */
static struct address *address_find(struct online *o, const uint8_t bytes[16])
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < 16; i++)
		h = (h ^ bytes[i]) * 16777619u;
	struct address *set = o->addresses[(h ^ h >> 16) % ADDRESS_SETS], *oldest = set;
	for (size_t i = 0; i < ADDRESS_WAYS; i++) {
		if (set[i].used != 0 && memcmp(set[i].bytes, bytes, 16) == 0) {
			oldest = &set[i];
			break;
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	if (oldest->used == 0 || memcmp(oldest->bytes, bytes, 16) != 0) {
		memset(oldest, 0, sizeof(*oldest));
		memcpy(oldest->bytes, bytes, 16);
	}
	oldest->used = ++o->turns;
	return oldest;
}

/* ---- the gate ---- */

static uint32_t rate_of(const struct online *o)
{
	return (uint32_t)o->station->config.online_rate;
}

static uint64_t now_of(const struct online *o)
{
	return uv_now(&o->station->loop);
}

static void limit(struct online *o, struct request *q)
{
	static const char *words[2] = { "太频繁, 请稍后再试", "too often; try again later" };
	o->limited++;
	online_refuse(q, 429, "ERATE", words, "");
}

/* Whose token it is; NULL: nobody's, and that has been answered. */
static struct online_token *check_token(struct online *o, struct request *q)
{
	static const char *words[2] = { "令牌缺失或不对", "the token is missing or wrong" };
	const char *given = api_header(q, "Authorization");
	struct online_token *token = NULL;
	if (given != NULL && strncasecmp(given, "Bearer ", 7) == 0)
		token = online_token_find(&o->tokens, st_span_text(given + 7));
	if (token != NULL)
		return token;
	struct address *a = q->address;
	st_rate_charge(&a->lookups, now_of(o), rate_of(o) * LOOKUPS, WRONG_COSTS);
	o->unknown_tokens++;
	online_refuse(q, 401, "ETOKEN", words, "Authorization");
	return NULL;
}

/* Both buckets, or neither. */
static bool take_message(struct online *o, struct address *a, struct online_token *token)
{
	uint64_t now = now_of(o);
	if (st_rate_wait(&a->messages, now, rate_of(o), 1) > 0)
		return false;
	if (token != NULL && !st_rate_take(&token->rate, now, rate_of(o), 1))
		return false;
	return st_rate_take(&a->messages, now, rate_of(o), 1);
}

static void check_body(struct online *o, struct request *q)
{
	static const char *long_words[2] = { "留言太长", "the message is too long" };
	static const char *type_words[2] = { "应为 application/json", "must be application/json" };
	const char *length = api_header(q, "Content-Length"), *type = api_header(q, "Content-Type");
	uint64_t most = o->station->config.online_body_max * DRAIN_TIMES;
	if (length != NULL && strtoull(length, NULL, 10) > most)
		online_refuse(q, 413, "ETOOBIG", long_words, "");
	else if (type == NULL || strncasecmp(type, "application/json", 16) != 0 ||
		 (type[16] != 0 && type[16] != ';' && type[16] != ' '))
		online_refuse(q, 415, "EFIELD", type_words, "Content-Type");
}

static void gate(struct request *q)
{
	struct online *o = q->station->online;
	struct online_token *token = NULL;
	uint8_t bytes[16];
	o->requests++;
	address_of(q, bytes);
	struct address *a = address_find(o, bytes);
	q->address = a;
	if (!st_rate_take(&a->lookups, now_of(o), rate_of(o) * LOOKUPS, 1)) {
		limit(o, q);
		return;
	}
	if (o->tokens.count > 0 && strcmp(q->path, "/online/v1/health") != 0) {
		token = check_token(o, q);
		if (token == NULL)
			return;
	}
	(void)snprintf(q->source, sizeof(q->source), "%s", token == NULL ? "online" : token->name);
	if (strcmp(q->method, "POST") != 0)
		return;
	if (!take_message(o, a, token))
		limit(o, q);
	else
		check_body(o, q);
}

/* A wrong code costs its asker more than a right one. */
static void answering(struct request *q)
{
	struct online *o = q->station->online;
	struct address *a = q->address;
	if (o == NULL)
		return;
	o->taken += q->status == 201;
	o->refused += q->status >= 400;
	if (q->status == 404 && a != NULL)
		st_rate_charge(&a->lookups, now_of(o), rate_of(o) * LOOKUPS, WRONG_COSTS);
}

/* ---- opening ---- */

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
				 .gate = gate,
				 .answering = answering };
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
