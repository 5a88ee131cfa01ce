/* call.c - requests to the daemon, over its control socket.
 *
 * Owns:    the way from an HTTP status to an exit code and a sentence.
 * Promise: 1: what ends with 0 was answered in full; where that isn't known, it is said.
 * Flow:    verbs -> call -> stationd */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

enum { ANSWER_MAX = 64 * 1024 * 1024 };

static bool short_of_memory; /* JSON found none: what is made of it may lack something */

static void *noted_malloc(size_t size)
{
	void *p = malloc(size);
	short_of_memory |= p == NULL;
	return p;
}

void call_start(void)
{
	json_set_alloc_funcs(noted_malloc, free);
}

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct answer *a = arg;
	size_t n = size * count;
	if (n > ANSWER_MAX - a->size)
		return 0;
	if (a->size + n + 1 > a->room) {
		size_t room = (a->size + n + 1) * 2;
		char *body = realloc(a->body, room);
		if (body == NULL)
			return 0;
		a->body = body;
		a->room = room;
	}
	memcpy(a->body + a->size, data, n);
	a->size += n;
	a->body[a->size] = 0;
	return n;
}

bool call_fell_short(void)
{
	return short_of_memory;
}

void answer_done(struct answer *a)
{
	free(a->body);
	json_decref(a->json);
	memset(a, 0, sizeof(*a));
}

void answer_print(const struct answer *a)
{
	ctl.answered = true;
	if (a->body != NULL)
		(void)fwrite(a->body, 1, a->size, stdout);
}

const char *member(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s == NULL ? "" : s;
}

long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

bool truth(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

const char *spoken(const json_t *both)
{
	return member(both, either("zh", "en"));
}

static const json_t *cell(const json_t *table, const json_t *row, const char *name)
{
	size_t i;
	json_t *column;
	json_array_foreach(json_object_get(table, "columns"), i, column)
		if (strcmp(member(column, "name"), name) == 0)
			return json_array_get(row, i);
	return NULL;
}

const char *column_text(const json_t *table, const json_t *row, const char *name)
{
	const char *s = json_string_value(cell(table, row, name));
	return s == NULL ? "" : s;
}

long long column_number(const json_t *table, const json_t *row, const char *name)
{
	return json_integer_value(cell(table, row, name));
}

static int exit_code_of(long status)
{
	if (status == 400 || status == 413)
		return CTL_USAGE;
	if (status == 503)
		return CTL_LATER;
	return status == 500 ? CTL_WRONG : CTL_REFUSED;
}

/* A word that stands for a record's number and is none. */
static bool number_explain(const char *place)
{
	const struct args *a = ctl.args;
	if (a == NULL || a->verb == NULL || a->count == 0 || strcmp(a->words[0], place) != 0 ||
	    strstr(a->verb->usage, "NUMBER") == NULL)
		return false;
	complain(T_NO_NUMBER, place);
	return true;
}

/* The verb's first word is the number of another record than it takes, or of none that is here. */
static bool word_explain(enum text t, const char *place)
{
	const struct args *a = ctl.args;
	bool number = a != NULL && a->count > 0 && strcmp(a->words[0], place) == 0 &&
		      (strstr(a->verb->usage, "NUMBER") != NULL || strstr(a->verb->usage, "VOTE") != NULL);
	if (number)
		complain(t, place, a->verb->name, a->verb->usage);
	return number;
}

/* Of a record's verb: which value is wrong and what it should be, or which moves there are. */
static bool explained(const char *error, const char *place)
{
	if (strcmp(error, "EMOVE") == 0)
		return record_moves_explain(place);
	if (strcmp(error, "EKIND") == 0)
		return kind_explain(place) || word_explain(T_WRONG_KIND, place);
	if (strcmp(error, "ENOTFOUND") == 0)
		return word_explain(T_NOT_HERE, place);
	if (strcmp(error, "ETOOBIG") == 0)
		return record_explain(place);
	return strcmp(error, "EFIELD") == 0 && (number_explain(place) || record_explain(place));
}

/* What the daemon refused, in words: what, then the place. */
static int refused(struct answer *a)
{
	const json_t *message = json_object_get(a->json, "message");
	const char *words = spoken(message);
	const char *place = member(a->json, "place");
	if (ctl.said_later && exit_code_of(a->status) == CTL_LATER)
		return CTL_LATER;
	if (words[0] != 0)
		refusal_keep(a);
	if (words[0] == 0)
		complain(T_NONSENSE, a->status);
	else if (explained(member(a->json, "error"), place))
		; /* said, with the cure */
	else if (city_explain(member(a->json, "error"), place))
		;
	else if (place[0] == 0)
		(void)fprintf(stderr, "%s\n", words);
	else
		(void)fprintf(stderr, "%s: %s\n", words, place);
	return exit_code_of(a->status);
}

static bool is_control(const char *text, size_t at)
{
	unsigned char c = (unsigned char)text[at], before = at == 0 ? 0 : (unsigned char)text[at - 1];
	return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (before == 0xc2 && c < 0xa0);
}

/* What others have signed may hold a terminal's commands: on the screen they are blanks. --json has all as it is. */
static void calm(json_t *j)
{
	const char *key;
	json_t *one;
	size_t i;
	json_object_foreach(j, key, one)
		calm(one);
	json_array_foreach(j, i, one)
		calm(one);
	const char *text = json_string_value(j);
	size_t size = json_string_length(j);
	char *calmed = NULL;
	for (i = 0; i < size; i++) {
		if (!is_control(text, i))
			continue;
		calmed = calmed != NULL ? calmed : strndup(text, size);
		if (calmed == NULL)
			return;
		calmed[i] = ' ';
		if ((unsigned char)text[i] >= 0x80)
			calmed[i - 1] = ' ';
	}
	if (calmed != NULL)
		(void)json_string_set(j, calmed);
	free(calmed);
}

static int perform(CURL *curl, struct answer *a, bool posts)
{
	CURLcode rc = curl_easy_perform(curl);
	if (rc != CURLE_OK) {
		long why = 0;
		(void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &why);
		complain(rc == CURLE_COULDNT_CONNECT ? why == EACCES ? T_NO_RIGHT : T_NO_DAEMON : T_TRY_AGAIN,
			 rc == CURLE_COULDNT_CONNECT ? ctl.socket : curl_easy_strerror(rc), ctl.socket);
		if (posts && rc != CURLE_COULDNT_CONNECT)
			complain(T_UNSURE);
		return CTL_NO_DAEMON;
	}
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
	a->json = a->body == NULL ? NULL : json_loadb(a->body, a->size, JSON_REJECT_DUPLICATES, NULL);
	calm(a->json);
	return a->status / 100 == 2 ? 0 : refused(a);
}

static int ask(const char *method, const char *path, const char *type, struct st_span body,
	       struct answer *ret)
{
	bool posts = strcmp(method, "POST") == 0;
	char url[8192], header[128];
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	memset(ret, 0, sizeof(*ret));
	if (curl == NULL)
		return CTL_WRONG;
	(void)snprintf(url, sizeof(url), "http://stationd%s", path);
	(void)snprintf(header, sizeof(header), "Content-Type: %s", type);
	headers = curl_slist_append(headers, header);
	headers = curl_slist_append(headers, "Expect:");
	(void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl.socket);
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (posts) {
		(void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.size == 0 ? "" : (const char *)body.data);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
	}
	int rc = perform(curl, ret, posts);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return rc;
}

int call(const char *method, const char *path, const char *type, struct st_span body,
	 struct answer *ret)
{
	int rc = ask(method, path, type, body, ret);
	if (rc != 0 || ret->json != NULL)
		return rc;
	complain(T_NONSENSE, ret->status);
	if (strcmp(method, "POST") == 0)
		complain(T_UNSURE);
	return CTL_WRONG;
}

int call_bytes(const char *path, struct answer *ret)
{
	int rc = ask("GET", path, "application/json", ST_SPAN_NONE, ret);
	if (rc != 0 || ret->size > 0)
		return rc;
	complain(T_NONSENSE, ret->status);
	return CTL_WRONG;
}

int call_get(const char *path, struct answer *ret)
{
	return call("GET", path, "application/json", ST_SPAN_NONE, ret);
}

int call_post(const char *path, json_t *body, struct answer *ret)
{
	char *words = body == NULL ? strdup("{}") : json_dumps(body, JSON_COMPACT);
	json_decref(body);
	memset(ret, 0, sizeof(*ret));
	if (words == NULL || call_fell_short()) {
		free(words);
		(void)fprintf(stderr, "%s\n", st_error_text(ST_ENOMEM, ctl.lang));
		return CTL_WRONG;
	}
	int rc = call("POST", path, "application/json", st_span_text(words), ret);
	free(words);
	return rc;
}

void query_init(struct query *q, const char *path)
{
	st_buf_init(&q->text, 8000);
	st_buf_put_text(&q->text, path);
	q->any = strchr(path, '?') != NULL;
}

void query_put(struct query *q, const char *value)
{
	for (const unsigned char *p = (const unsigned char *)value; *p != 0; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || strchr("-_.~,/", *p) != NULL;
		if (plain)
			st_buf_u8(&q->text, *p);
		else
			st_buf_printf(&q->text, "%%%02X", *p);
	}
}

void query_add(struct query *q, const char *name, const char *value)
{
	if (value == NULL)
		return;
	st_buf_printf(&q->text, "%c%s=", q->any ? '&' : '?', name);
	q->any = true;
	query_put(q, value);
}

const char *query_text(struct query *q)
{
	st_buf_u8(&q->text, 0);
	return q->text.error < 0 ? "/" : (const char *)q->text.data;
}

void query_done(struct query *q)
{
	st_buf_done(&q->text);
}
