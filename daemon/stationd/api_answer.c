/* api_answer.c - which route a request takes, and its answer's form and status.
 *
 * Owns:    the list of routes, and the HTTP status of each error.
 * Promise: 8: a refusal names its reason and place, whatever bytes the place is made of.
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
	api_answered(q, 200);
	return 0;
}

int api_text(struct request *q, const char *type, struct st_span text)
{
	q->type = type;
	st_buf_clear(&q->answer);
	st_buf_put_span(&q->answer, text);
	api_answered(q, 200);
	return 0;
}

int api_refuse(struct request *q, int code)
{
	json_t *json = json_pack("{s:s, s:i, s:o, s:o}", "error", st_error_name(code), "code", code,
				 "message",
				 api_two(q->zh == NULL ? st_error_text(code, ST_ZH) : q->zh,
					 q->en == NULL ? st_error_text(code, ST_EN) : q->en), "place",
				 api_span(st_span_text(q->place)));
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	json_decref(json);
	q->type = "application/json";
	st_buf_clear(&q->answer);
	st_buf_put_text(&q->answer, text == NULL ? "{\"error\":\"ENOMEM\"}" : text);
	st_buf_put_text(&q->answer, "\n");
	free(text);
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
