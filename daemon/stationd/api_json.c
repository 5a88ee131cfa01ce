/* api_json.c - JSON in and out of the API's terms.
 *
 * Owns:    how times, days, keys and names look in JSON, and the count of its shortages of memory.
 * Flow:    routes -> JSON -> stationctl, web */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/clock.h>
#include <station/base/text.h>
#include "api.h"

static atomic_uint shortages; /* jansson's hook has no place for an argument */

static void *counted_malloc(size_t size)
{
	void *p = malloc(size);
	if (p == NULL)
		(void)atomic_fetch_add(&shortages, 1);
	return p;
}

void api_count_shortages(void)
{
	json_set_alloc_funcs(counted_malloc, free);
}

unsigned api_shortages(void)
{
	return atomic_load(&shortages);
}

int api_object(struct request *q, json_t **ret_object)
{
	json_error_t error;
	unsigned before = api_shortages(); /* jansson tells one as a wrong word, or as nothing at all */
	json_t *object = json_loadb((const char *)q->body.data, q->body.size, JSON_REJECT_DUPLICATES,
				    &error);
	if (api_shortages() != before) {
		json_decref(object);
		return ST_ENOMEM;
	}
	if (object == NULL) {
		(void)snprintf(q->place, sizeof(q->place), "%d:%d %.150s", error.line, error.column,
			       error.text);
		return ST_EWIRE;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		return api_place(q, ST_EWIRE, "1:1");
	}
	*ret_object = object;
	return 0;
}

int api_member(struct request *q, const json_t *object, const char *name, bool needed,
	       const char **ret_text)
{
	const json_t *member = json_object_get(object, name);
	if ((member == NULL || json_is_null(member)) && !needed) {
		*ret_text = NULL;
		return 0;
	}
	if (!json_is_string(member) || strlen(json_string_value(member)) != json_string_length(member))
		return api_place(q, ST_EFIELD, name);
	*ret_text = json_string_value(member);
	return 0;
}

json_t *api_span(struct st_span s)
{
	json_t *text = s.size == 0 ? json_string("") : json_stringn((const char *)s.data, s.size);
	return text == NULL ? json_null() : text;
}

json_t *api_buf(const struct st_buf *b)
{
	if (b->error < 0)
		(void)atomic_fetch_add(&shortages, 1);
	return b->error < 0 ? json_null() : api_span(st_buf_span(b));
}

json_t *api_hex(struct st_span s)
{
	struct st_buf b;
	st_buf_init(&b, 4096);
	st_hex_put(&b, s);
	json_t *text = api_buf(&b);
	st_buf_done(&b);
	return text;
}

json_t *api_time(int64_t unix_ms)
{
	char text[ST_TIME_TEXT];
	if (unix_ms == 0)
		return json_null();
	st_time_text(unix_ms, text);
	return json_string(text);
}

json_t *api_day(uint32_t day)
{
	char text[ST_DAY_TEXT];
	st_day_text(day, text);
	return text[0] == 0 ? json_null() : json_string(text);
}

json_t *api_log_name(const struct st_log_id *id)
{
	return json_sprintf("%s/%u", id->station.text, id->epoch);
}

json_t *api_position(const struct st_position *at)
{
	return at->seq == 0 ? json_null()
			    : json_sprintf("%s/%u/%llu", at->station.text, at->epoch,
					   (unsigned long long)at->seq);
}

json_t *api_two(const char *zh, const char *en)
{
	return json_pack("{s:s, s:s}", "zh", zh, "en", en);
}

json_t *api_why(int code)
{
	if (code == 0)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "error", st_error_name(code), "zh",
			 st_error_text(code, ST_ZH), "en", st_error_text(code, ST_EN));
}

int api_read_log(struct st_txn *t, const char *name, struct st_log *ret_log)
{
	const char *slash = strchr(name, '/');
	struct st_code code;
	uint32_t number = 0;
	unsigned epoch = 0;
	char rest = 0;
	size_t n = slash == NULL ? strlen(name) : (size_t)(slash - name);
	if (slash != NULL && (sscanf(slash + 1, "%u%c", &epoch, &rest) != 1 || epoch == 0))
		return ST_EFIELD;
	int rc = st_code_parse(st_span(name, n), &code);
	if (rc == 0)
		rc = st_station_number(t, &code, &number);
	if (rc < 0)
		return rc;
	return epoch == 0 ? st_log_newest(t, number, ret_log) : st_log_find(t, number, epoch, ret_log);
}
