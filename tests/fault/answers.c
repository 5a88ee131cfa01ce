/* answers.c - every kind of answer of the API, with a fault at each call on its way: the same answer as without one,
 * or a refusal that names the trouble. Never an empty answer, one that is cut, or one without a row or a member; and
 * what a POST has written is never told as if it hadn't been.
 *
 * Owns:    the questions, and what may be answered to each.
 * Flow:    inject -> routes -> answers -> TAP */
#include "inject.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/base/check.h>
#include "../common/routes.h"

enum { FAILURES_MAX = 8, LINE_MAX_BYTES = 512, STILL_S = 1700000000, EVERY_UP_TO = 200 };

struct question {
	const char *line; /* %s: a matter's number; KNOWN: a message's code */
	const char *body;
};
#define MATTER                                                                                     \
	"{\"kind\":\"matter\",\"move\":\"open\",\"fields\":{\"channel\":\"visit\",\"category\":\"c\"," \
	"\"title\":\"t\",\"reporter_name\":\"n\"}}"
#define CASES                                                                                      \
	"number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,"           \
	"sub_district,agency,title,text,reply,duplicate_of\n"
static const struct question questions[] = {
	{ "GET /v1/status", NULL },
	{ "GET /v1/identity", NULL },
	{ "GET /v1/invites", NULL },
	{ "GET /v1/kinds", NULL },
	{ "GET /v1/questions", NULL },
	{ "GET /v1/ask/opened?year=2023", NULL },
	{ "GET /v1/city", NULL },
	{ "GET /v1/deputies/points?year=2023", NULL },
	{ "GET /v1/deputies/floors?all=1&year=2023", NULL },
	{ "GET /v1/deputies/census", NULL },
	{ "GET /v1/directives", NULL },
	{ "GET /v1/erasures", NULL },
	{ "GET /v1/log/checkpoint", NULL },
	{ "GET /v1/log/key?station=410611003", NULL },
	{ "GET /v1/proof?event=410611003/1/2", NULL },
	{ "GET /v1/event?event=410611003/1/2", NULL },
	{ "GET /v1/matters/candidates?category=c&title=t", NULL },
	{ "GET /v1/matters/voices?record=%s", NULL },
	{ "GET /v1/online", NULL },
	{ "GET /v1/online/list?limit=2", NULL },
	{ "GET /v1/overdue?soon=1&days=300", NULL },
	{ "GET /v1/records?limit=2", NULL },
	{ "GET /v1/records/%s?events=1", NULL },
	{ "GET /v1/registers", NULL },
	{ "GET /v1/registers/matters", NULL },
	{ "GET /v1/report?by=category,month", NULL },
	{ "GET /v1/schedules/calendar?from=2023-11-01&to=2023-12", NULL },
	{ "GET /v1/schedules/counts?year=2023", NULL },
	{ "GET /v1/wait?receipted=main&timeout_s=0", NULL },
	{ "GET /online/v1/messages/KNOWN", NULL },
	{ "GET /online/v1/stations?code=410611003", NULL },
	{ "GET /online/v1/health", NULL },
	{ "POST /v1/commands", MATTER },
	{ "POST /v1/import?source=s", CASES "1,2023-01-02T03:04:05+08:00,,,open,phone,c,,d,,,t,x,r,\n"
				      "2,rubbish,,,open,phone,c,,d,,,t,x,r,\n" },
	{ "POST /v1/erasures", "{\"record\":\"%s\",\"reason\":\"r\",\"scope\":\"private\"}" },
	{ "POST /v1/directives/seen", "{\"what\":\"all\"}" },
	{ "POST /v1/invites", "{\"code\":\"410611003-02\",\"name\":\"n\",\"tier\":\"specialty\"}" },
	{ "POST /online/v1/messages", "{\"request_id\":\"2\",\"title\":\"t\",\"text\":\"x\",\"name\":\"n\","
				      "\"mobile\":\"13800138000\",\"notice_accepted\":true,\"category\":\"c\","
				      "\"place\":{\"code\":\"410611003\"}}" },
};

static struct city city;
static struct node node;
static char number[ST_NUMBER_TEXT], known[ST_QUERY_CODE + 1];

struct told {
	char *text;
	size_t size;
	unsigned status;
	bool is_json, done, broken; /* broken: a commit failed, which is a disk's error whatever it was */
	char error[32];
	uint64_t rows; /* events and invites that are in the store behind it */
};

/* A clock that stands: an answer with a time in it is the same each time. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	(void)id;
	*ret = (struct timespec){ .tv_sec = STILL_S };
	return 0;
}

static void afresh(void)
{
	node_close(&node);
	node_copy(&node, &city.base);
	node.drawn = 99;
	ST_REQUIRE(node_open(&node) == 0);
	routes_use(&node);
	routes_message(known);
	ST_REQUIRE(node_opens(&node, number) == 0);
}

static int add_invite(const struct st_invite_row *i, void *arg)
{
	(void)i;
	++*(uint64_t *)arg;
	return 0;
}

static int count(struct st_txn *t, void *arg)
{
	uint64_t *sum = arg;
	struct st_log log;
	int rc = st_log_get(t, routes_station.self.log, &log);
	if (rc < 0)
		return rc;
	*sum = log.tree.size;
	return st_invite_each(t, add_invite, sum);
}

/* How many events and invites there are: what any of these POSTs adds to. */
static uint64_t count_rows(bool *ret_broken)
{
	struct st_store_info info;
	uint64_t size = 0;
	ST_REQUIRE(st_store_info(node.store, &info) == 0);
	*ret_broken = info.broken;
	if (info.broken) {
		node_close(&node);
		ST_REQUIRE(node_open(&node) == 0);
		routes_use(&node);
	}
	ST_REQUIRE(st_store_read(node.store, count, &size) == 0);
	return size;
}

static void tell(const struct request *q, struct told *ret)
{
	struct st_span answer = routes_answer(q);
	json_t *json = json_loadb((const char *)answer.data, answer.size, 0, NULL);
	const char *error = json_string_value(json_object_get(json, "error"));
	*ret = (struct told){ .size = answer.size, .status = q->status, .is_json = json != NULL,
			      .done = json_is_true(json_object_get(json, "done")) };
	ret->text = malloc(answer.size + 1);
	ST_REQUIRE(ret->text != NULL);
	memcpy(ret->text, answer.data == NULL ? (const uint8_t *)"" : answer.data, answer.size);
	ret->text[answer.size] = 0;
	(void)snprintf(ret->error, sizeof(ret->error), "%s", error == NULL ? "" : error);
	json_decref(json);
}

static void fill(const char *form, char *to)
{
	const char *at = strstr(form, "%s");
	if (at == NULL)
		(void)snprintf(to, LINE_MAX_BYTES, "%s", form);
	else
		(void)snprintf(to, LINE_MAX_BYTES, "%.*s%s%s", (int)(at - form), form, number, at + 2);
	char *code = strstr(to, "KNOWN");
	if (code != NULL)
		memcpy(code, known, sizeof(known));
}

/* true: the fault came. n 0: without one. */
static bool ask(const struct question *question, enum fault kind, unsigned n, struct told *ret)
{
	static char line[LINE_MAX_BYTES], body[LINE_MAX_BYTES];
	struct request q;
	fill(question->line, line);
	fill(question->body == NULL ? "" : question->body, body);
	fault_arm(kind, n);
	routes_ask(&q, line, st_span_text(body));
	bool fired = fault_disarm();
	tell(&q, ret);
	routes_done(&q);
	ret->rows = count_rows(&ret->broken);
	return fired;
}

/* What is wrong with a POST's answer; NULL: nothing. Numbers and times in it are its own. */
static const char *wrong_with_post(const struct told *right, const struct told *told, uint64_t before)
{
	bool wrote = told->rows > before;
	json_t *a = json_loadb(right->text, right->size, 0, NULL), *b = json_loadb(told->text, told->size, 0, NULL);
	const char *name, *wrong = NULL;
	json_t *one, *other;
	if (told->status / 100 != 2)
		wrong = told->done == wrote || right->rows == 0 ? NULL : "told as done what isn't, or not what is";
	else if (!wrote && right->rows > 0)
		wrong = "acknowledged and not written";
	else
		json_object_foreach(a, name, one) {
			other = json_object_get(b, name);
			if (other == NULL || json_typeof(one) != json_typeof(other) ||
			    json_array_size(one) != json_array_size(other))
				wrong = name;
		}
	if (wrong != NULL)
		(void)printf("# wrong: %s\n", wrong);
	json_decref(a);
	json_decref(b);
	return wrong == NULL ? NULL : "a POST's answer";
}

static const char *wrong_with(const struct told *right, const struct told *told, enum fault kind)
{
	if (told->size == 0)
		return "an empty answer";
	if (told->status / 100 == 2 || told->status == right->status)
		return told->size == right->size && memcmp(told->text, right->text, right->size) == 0
			       ? NULL : "another answer";
	if (!told->is_json || told->error[0] == 0)
		return "a refusal that isn't one";
	if (kind == FAULT_MEMORY && strcmp(told->error, told->broken ? "EIO" : "ENOMEM") != 0)
		return "a refusal for another reason";
	return told->status == 500 ? NULL : "a refusal of another status";
}

static unsigned walk(const struct question *question, enum fault kind, unsigned *plays)
{
	bool posts = strncmp(question->line, "POST", 4) == 0;
	unsigned failures = 0;
	struct told right, told;
	afresh();
	uint64_t before = count_rows(&right.broken);
	(void)ask(question, kind, 0, &right);
	if (right.status / 100 != 2 && right.status != 503) {
		(void)printf("# wrong: %s without a fault: %u %s\n", question->line, right.status, right.text);
		free(right.text);
		return 1;
	}
	right.rows -= before; /* what one such request adds */
	/* Beyond the first of a long answer it is more of the same. */
	for (unsigned n = 1; failures < FAILURES_MAX; n += 1 + n / EVERY_UP_TO) {
		if (posts)
			afresh();
		bool fired = ask(question, kind, n, &told);
		bool refused = told.status / 100 != 2;
		const char *wrong = posts && !refused ? NULL : wrong_with(&right, &told, kind);
		if (posts && wrong == NULL)
			wrong = wrong_with_post(&right, &told, before);
		if (fired && wrong != NULL) {
			failures++;
			(void)printf("# wrong: %s: %s fault %u in %s: %s: %u %.300s\n", question->line,
				     fault_names[kind], n, fault_where(), wrong, told.status, told.text);
		}
		free(told.text);
		if (!fired)
			break;
		++*plays;
	}
	free(right.text);
	return failures;
}

int main(void)
{
	const char *only = getenv("FAULT_SCENE");
	unsigned failed = 0;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	city_close(&city);
	node_init(&node, "work", 9);
	api_count_shortages();
	if (only == NULL)
		(void)printf("1..%zu\n", sizeof(questions) / sizeof(questions[0]));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		unsigned plays = 0, failures = 0;
		if (only != NULL && strstr(questions[i].line, only) == NULL)
			continue;
		failures += walk(&questions[i], FAULT_MEMORY, &plays);
		if (questions[i].body == NULL)
			failures += walk(&questions[i], FAULT_READ, &plays);
		failed += failures > 0;
		(void)printf("%sok %zu - %s: %u faults\n", failures == 0 ? "" : "not ", i + 1,
			     questions[i].line, plays);
	}
	node_close(&node);
	return failed == 0 ? 0 : 1;
}
