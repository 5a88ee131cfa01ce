/* http.c - any request to the control API, or to the online intake, through its real routes and into a real store,
 * without the server: an answer that is JSON (or a text), a store whose tallies equal a recount, and in what is told by
 * query code nobody's name. And any headers before the gate of the online intake: whom a request is counted for, whose
 * token it bears, and whether its body may come.
 *
 * Input: a line "METHOD PATH?QUERY"; lines ">NAME: VALUE", its headers, where "Peer" is who is connected; and the body
 * behind them. */
#include "decoders.h"
#include <arpa/inet.h>
#include <strings.h>
#include <daemon/stationd/online_gate.h>
#include <daemon/stationd/say.h>
#include <station/ask/verify.h>
#include "../common/routes.h"

static struct city city;
static struct node node;

static void check_answer(const struct request *q)
{
	struct st_span answer = routes_answer(q);
	ST_REQUIRE(q->answer.error == 0 && answer.size > 0);
	if (strcmp(q->type, "application/json") != 0)
		return;
	json_t *json = json_loadb((const char *)answer.data, answer.size, 0, NULL);
	ST_REQUIRE(json != NULL);
	const char *error = json_string_value(json_object_get(json, "error"));
	/* Nothing here fails for want of memory: it would be another trouble in its clothes. */
	ST_REQUIRE(error == NULL || strcmp(error, "ENOMEM") != 0);
	bool told = q->status == 200 && strcmp(q->route->path, "/online/v1/messages/") == 0;
	ST_REQUIRE(!told || memmem(answer.data, answer.size, "王某", strlen("王某")) == NULL);
	const char *state = json_string_value(json_object_get(json, "state"));
	CANARY(q->status == 200 && state != NULL && strcmp(state, "answered") == 0);
	json_decref(json);
}

static void setup(void)
{
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	city_close(&city);
	node_init(&node, "work", 9);
}

/* A message that is known, so that its code, written KNOWN in an input, is one. */
static char known[ST_QUERY_CODE + 1];

static void afresh(void)
{
	if (node.store != NULL && !routes_wrote())
		return;
	node_close(&node);
	node_copy(&node, &city.base);
	ST_REQUIRE(node_open(&node) == 0);
	routes_use(&node);
	routes_message(known);
}

/* ---- the gate ---- */

enum { HEADERS_MAX = 8, BODY_MAX = 1000, DRAINED = 16 * BODY_MAX };
static const char TOKEN[] = "01234567890123456789";
static struct header {
	const char *name, *value;
} headers[HEADERS_MAX];
static size_t header_count;
static struct sockaddr_storage peer;
static struct online gate;

enum st_lang say_lang(void)
{
	return ST_EN;
}

const char *api_header(struct request *q, const char *name)
{
	(void)q;
	for (size_t i = 0; i < header_count; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

const struct sockaddr *api_peer(struct request *q)
{
	(void)q;
	return (const struct sockaddr *)&peer;
}

static bool peer_is(const char *text)
{
	struct sockaddr_storage other = { .ss_family = AF_INET };
	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&other)->sin_addr) != 1) {
		other.ss_family = AF_INET6;
		if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&other)->sin6_addr) != 1)
			return false;
	}
	peer = other;
	return true;
}

static struct online_address *counted_for(struct request *q, const char *method, const char *path)
{
	memset(q, 0, sizeof(*q));
	q->station = &routes_station;
	q->method = method;
	q->path = (char *)(uintptr_t)path;
	st_buf_init(&q->answer, 64 * 1024);
	online_gate(q);
	ST_REQUIRE(q->address != NULL);
	return q->address;
}

/* ::ffff:1.2.3.4 is 1.2.3.4. */
static void peer_plainly(void)
{
	char v4[INET_ADDRSTRLEN];
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&peer)->sin6_addr;
	if (peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		ST_REQUIRE(inet_ntop(AF_INET, v6->s6_addr + 12, v4, sizeof(v4)) != NULL && peer_is(v4));
}

/* Who stands in the last word of a proxy's header is who would be counted if he came himself. */
static void check_address(const struct online_address *was, const char *forwarded)
{
	char last[64] = "";
	struct request q;
	bool by_proxy = config_is_loopback(&peer);
	const char *comma = forwarded == NULL ? NULL : strrchr(forwarded, ',');
	if (forwarded != NULL)
		(void)sscanf(comma == NULL ? forwarded : comma + 1, "%*[ \t]%63[^ \t]", last);
	if (forwarded != NULL && last[0] == 0)
		(void)sscanf(comma == NULL ? forwarded : comma + 1, "%63[^ \t]", last);
	if (by_proxy)
		(void)peer_is(last);
	peer_plainly();
	header_count = 0;
	ST_REQUIRE(counted_for(&q, "GET", "/online/v1/health") == was);
	st_buf_done(&q.answer);
}

static bool bears_token(const char *authorization)
{
	return authorization != NULL && strncasecmp(authorization, "bearer ", 7) == 0 &&
	       strcmp(authorization + 7, TOKEN) == 0;
}

static uint64_t number_of(const char *digits)
{
	uint64_t n = 0;
	for (; *digits >= '0' && *digits <= '9' && n <= DRAINED; digits++)
		n = n * 10 + (uint64_t)(*digits - '0');
	return n;
}

static void check_head(const struct request *q, bool posts)
{
	const char *length = api_header(NULL, "Content-Length"), *type = api_header(NULL, "Content-Type");
	bool may = bears_token(api_header(NULL, "Authorization")) || strcmp(q->path, "/online/v1/health") == 0;
	ST_REQUIRE(may == (!q->answered || q->status != 401));
	if (!q->answered) {
		ST_REQUIRE(q->source[0] != 0 && memchr(q->source, 0, sizeof(q->source)) != NULL);
		ST_REQUIRE(!posts || (type != NULL && strncasecmp(type, "application/json", 16) == 0));
		ST_REQUIRE(!posts || length == NULL || number_of(length) <= DRAINED);
		return;
	}
	json_t *json = json_loadb((const char *)q->answer.data, q->answer.size, 0, NULL);
	ST_REQUIRE(q->status == 401 || q->status == 413 || q->status == 415);
	ST_REQUIRE(json_string_value(json_object_get(json, "error")) != NULL);
	json_decref(json);
}

/* line: as routes_ask takes it. */
static void ask_gate(const char *line)
{
	static char path[2048];
	struct request q;
	bool posts = strncmp(line, "POST ", 5) == 0;
	const char *forwarded = api_header(NULL, "X-Forwarded-For"), *who = api_header(NULL, "Peer");
	(void)snprintf(path, sizeof(path), "%s", strchr(line, ' ') + 1);
	path[strcspn(path, "?")] = 0;
	ST_REQUIRE(peer_is("127.0.0.1"));
	if (who != NULL)
		(void)peer_is(who);
	memset(&gate, 0, sizeof(gate));
	gate.station = &routes_station;
	ST_REQUIRE(online_tokens_parse(st_span_text("a:01234567890123456789"), &gate.tokens, gate.why) == 0);
	routes_station.online = &gate;
	routes_station.config.online_rate = 60;
	routes_station.config.online_body_max = BODY_MAX;
	const struct online_address *a = counted_for(&q, posts ? "POST" : "GET", path);
	check_head(&q, posts);
	q.status = 404; /* as it may be answered */
	online_answering(&q);
	st_buf_done(&q.answer);
	check_address(a, forwarded);
	routes_station.online = NULL;
}

/* Takes headers off the body's front. */
static void read_headers(struct st_span *body)
{
	static char lines[2048];
	size_t used = 0;
	header_count = 0;
	while (header_count < HEADERS_MAX && body->size > 0 && body->data[0] == '>') {
		const uint8_t *end = memchr(body->data, '\n', body->size);
		size_t n = end == NULL ? body->size : (size_t)(end - body->data);
		if (n >= sizeof(lines) - used || memchr(body->data, 0, n) != NULL)
			break;
		char *line = lines + used, *colon;
		memcpy(line, body->data + 1, n - 1);
		line[n - 1] = 0;
		used += n;
		n += end != NULL;
		*body = st_span(body->data + n, body->size - n);
		colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		*colon++ = 0;
		headers[header_count++] = (struct header){ line, colon + (*colon == ' ') };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char to_known[] = "GET /online/v1/messages/KNOWN";
	static char line[2048];
	struct request q;
	struct st_recount r;
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end == NULL ? size : (size_t)(end - data);
	if (n == 0 || n >= sizeof(line) || memchr(data, 0, n) != NULL || memchr(data, ' ', n) == NULL)
		return 0;
	if (node.directory[0] == 0)
		setup();
	afresh();
	memcpy(line, data, n);
	line[n] = 0;
	if (strcmp(line, to_known) == 0)
		memcpy(line + sizeof(to_known) - sizeof("KNOWN"), known, sizeof(known));
	struct st_span body = end == NULL ? ST_SPAN_NONE : st_span(end + 1, size - n - 1);
	read_headers(&body);
	ask_gate(line);
	routes_ask(&q, line, body);
	check_answer(&q);
	routes_done(&q);
	if (routes_wrote()) {
		ST_REQUIRE(st_recount_run(node.store, NULL, NULL, &r) == 0);
		ST_REQUIRE(r.wrong == 0 && r.wrong_records == 0);
	}
	return 0;
}
