/* api_answer.c - which route a request takes, and its answer's form and status.
 *
 * Owns:    the list of routes, and the HTTP status of each error.
 * Promise: 8: a refusal names its reason and place, whatever bytes the place is made of. An answer is whole
 *          or a refusal, and a refusal needs no memory.
 * Flow:    routes -> answer -> api */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "api.h"

static const struct route *const route_lists[] = {
#define X(group) api_##group##_routes,
	ROUTE_LISTS(X)
#undef X
};

static const struct {
	int code;
	unsigned status;
} statuses[] = {
	{ ST_EFIELD, 400 }, { ST_EITSELF, 400 }, { ST_ETOOBIG, 400 }, { ST_EUSAGE, 400 }, { ST_EWIRE, 400 },
	{ ST_ENOTFOUND, 404 }, { ST_EBUSY, 503 }, { ST_EFULL, 503 }, { ST_ESILENT, 503 },
	{ ST_EADDRESS, 503 }, { ST_EIO, 500 }, { ST_ECORRUPT, 500 },
	{ ST_ENOMEM, 500 },
};

unsigned api_status(int code)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == code)
			return statuses[i].status;
	return 409; /* refused by the state of things */
}

bool api_path_fits(const struct route *r, const char *path, const char **rest)
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
const struct route *api_route(const char *method, const char *path, const char **rest,
			      bool *other_method)
{
	for (int exact = 1; exact >= 0; exact--)
		for (size_t l = 0; l < sizeof(route_lists) / sizeof(route_lists[0]); l++)
			for (const struct route *r = route_lists[l]; r->method != NULL; r++) {
				if ((r->path[strlen(r->path) - 1] != '/') != exact ||
				    !api_path_fits(r, path, rest))
					continue;
				if (strcmp(r->method, method) == 0)
					return r;
				*other_method = true;
			}
	return NULL;
}

/* What is answered when there is no memory for an answer. Done: what was asked has been carried out, and
 * only its answer couldn't be made; whoever takes that for a failure would do it twice. */
#define RESERVE(zh, en, done)                                                                      \
	"{\"error\":\"ENOMEM\",\"code\":-1,\"message\":{\"zh\":\"" zh "\",\"en\":\"" en "\"},\"place\":\"\"" \
	",\"done\":" done "}\n"
static const char reserve_done[] =
	RESERVE("已办, 但内存不足, 应答没有做成: 先查看, 不要重做",
		"done, but there was no memory for the answer: look it up, don't do it again", "true");
static const char reserve_not[] = RESERVE("内存不足", "out of memory", "false");
_Static_assert(ST_ENOMEM == -1, "the reserve answers have it as text");

/* The whole text becomes the answer; < 0: it is cut, and must not leave. */
static int put_answer(struct request *q, const char *type, struct st_span text, bool line)
{
	q->type = type;
	q->reserve = NULL;
	st_buf_clear(&q->answer);
	st_buf_put_span(&q->answer, text);
	if (line)
		st_buf_put_text(&q->answer, "\n");
	return q->answer.error;
}

/* since: the shortages there had been when its building began. jansson goes on past what didn't fit, and
 * answers a text all the same. */
static int put_json(struct request *q, json_t *json, unsigned since)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	bool whole = text != NULL && api_shortages() == since;
	int rc = whole ? put_answer(q, "application/json", st_span_text(text), true) : ST_ENOMEM;
	json_decref(json);
	free(text);
	return rc;
}

static void answer_reserve(struct request *q, bool done)
{
	q->type = "application/json";
	q->reserve = done ? reserve_done : reserve_not;
	st_buf_clear(&q->answer);
	api_answered(q, api_status(ST_ENOMEM));
}

int api_answer(struct request *q, unsigned status, json_t *json)
{
	bool done = status / 100 == 2 && q->method != NULL && strcmp(q->method, "POST") == 0;
	int rc = put_json(q, json, q->shortages);
	if (rc == 0)
		api_answered(q, status);
	else if (rc == ST_ETOOBIG && !done)
		(void)api_refuse(q, rc);
	else
		answer_reserve(q, done);
	return 0;
}

int api_json(struct request *q, json_t *json)
{
	return api_answer(q, 200, json);
}

int api_text(struct request *q, const char *type, const struct st_buf *text)
{
	st_assert(text->error < 0 || text->size > 0);
	int rc = text->error < 0 ? text->error : put_answer(q, type, st_buf_span(text), false);
	if (rc < 0)
		return api_refuse(q, rc);
	api_answered(q, 200);
	return 0;
}

int api_refuse(struct request *q, int code)
{
	unsigned before = api_shortages();
	json_t *json = json_pack("{s:s, s:i, s:o, s:o}", "error", st_error_name(code), "code", code,
				 "message",
				 api_two(q->zh == NULL ? st_error_text(code, ST_ZH) : q->zh,
					 q->en == NULL ? st_error_text(code, ST_EN) : q->en), "place",
				 api_span(st_span_text(q->place)));
	if (put_json(q, json, before) < 0)
		answer_reserve(q, false);
	else
		api_answered(q, api_status(code));
	return 0;
}

/* Cut where a character ends, since what is cut within one is no text any more. */
int api_place(struct request *q, int code, const char *place)
{
	size_t n = strlen(place);
	if (n >= sizeof(q->place)) {
		n = sizeof(q->place) - 1;
		while (n > 0 && ((unsigned char)place[n] & 0xc0) == 0x80)
			n--;
	}
	memmove(q->place, place, n);
	q->place[n] = 0;
	return code;
}

int api_because(struct request *q, const char *place, const char *zh, const char *en)
{
	q->zh = zh;
	q->en = en;
	return api_place(q, ST_EFIELD, place);
}

int api_place_among(struct request *q, int code, const char *given, api_name_fn *name, const void *list)
{
	char place[API_PLACE_MAX];
	const char *one = name(list, 0);
	size_t used = (size_t)snprintf(place, sizeof(place), "%s (", strlen(given) <= 60 ? given : "...");
	for (size_t i = 0; one != NULL && used < sizeof(place); one = name(list, ++i))
		used += (size_t)snprintf(place + used, sizeof(place) - used, "%s%s", i == 0 ? "" : " ", one);
	if (used < sizeof(place))
		(void)snprintf(place + used, sizeof(place) - used, ")");
	return api_place(q, code, place);
}
