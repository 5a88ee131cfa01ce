/* online_gate.c - who may ask the online listener, and how often.
 *
 * Owns:    the gate that each request passes before a byte of its body is read, and its counts.
 * Promise: 9: addresses, rates and sizes are bounded.
 * Flow:    platform -> gate -> online routes */
#include "online_gate.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	LOOKUPS = 10,     /* questions a minute for each message a minute that is allowed */
	WRONG_COSTS = 10, /* of these: a wrong code or token, so as often as messages may be sent */
	DRAIN_TIMES = 16, /* a body so many times too long isn't even read to its end */
};

/* ---- whose request it is ---- */

/* An IPv4 address is the same one where it is written, or comes in, as an IPv6 one (::ffff:1.2.3.4). */
static void put_v6(const struct in6_addr *v6, uint8_t to[16])
{
	memset(to, 0, 16);
	if (IN6_IS_ADDR_V4MAPPED(v6))
		memcpy(to + 12, v6->s6_addr + 12, 4);
	else
		memcpy(to, v6, 8);
}

static bool read_address(const char *text, size_t n, uint8_t to[16])
{
	char one[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;
	if (n == 0 || n >= sizeof(one))
		return false;
	memcpy(one, text, n);
	one[n] = 0;
	if (inet_pton(AF_INET, one, &v4) == 1) {
		memset(to, 0, 16);
		memcpy(to + 12, &v4, 4);
	} else if (inet_pton(AF_INET6, one, &v6) == 1) {
		put_v6(&v6, to);
	} else {
		return false;
	}
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
		put_v6(&((const struct sockaddr_in6 *)&peer)->sin6_addr, to);
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
static struct online_address *address_find(struct online *o, const uint8_t bytes[16])
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < 16; i++)
		h = (h ^ bytes[i]) * 16777619u;
	struct online_address *set = o->addresses[(h ^ h >> 16) % ONLINE_ADDRESS_SETS], *oldest = set;
	for (size_t i = 0; i < ONLINE_ADDRESS_WAYS; i++) {
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
	struct online_address *a = q->address;
	st_rate_charge(&a->lookups, now_of(o), rate_of(o) * LOOKUPS, WRONG_COSTS);
	o->unknown_tokens++;
	online_refuse(q, 401, "ETOKEN", words, "Authorization");
	return NULL;
}

/* Both buckets, or neither. */
static bool take_message(struct online *o, struct online_address *a, struct online_token *token)
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

void online_gate(struct request *q)
{
	struct online *o = q->station->online;
	struct online_token *token = NULL;
	uint8_t bytes[16];
	o->requests++;
	address_of(q, bytes);
	struct online_address *a = address_find(o, bytes);
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
void online_answering(struct request *q)
{
	struct online *o = q->station->online;
	struct online_address *a = q->address;
	if (o == NULL)
		return;
	o->taken += q->status == 201;
	o->refused += q->status >= 400;
	if (q->status == 404 && a != NULL)
		st_rate_charge(&a->lookups, now_of(o), rate_of(o) * LOOKUPS, WRONG_COSTS);
}
