/* http.c - any request to the control API, or to the online intake, through its real routes and into a real store,
 * without the server: an answer that is JSON (or a text), a store whose tallies equal a recount, and in what is told by
 * query code nobody's name.
 *
 * Input: a line "METHOD PATH?QUERY", and the body behind it. */
#include "decoders.h"
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
	routes_ask(&q, line, end == NULL ? ST_SPAN_NONE : st_span(end + 1, size - n - 1));
	check_answer(&q);
	routes_done(&q);
	if (routes_wrote()) {
		ST_REQUIRE(st_recount_run(node.store, NULL, NULL, &r) == 0);
		ST_REQUIRE(r.wrong == 0 && r.wrong_records == 0);
	}
	return 0;
}
