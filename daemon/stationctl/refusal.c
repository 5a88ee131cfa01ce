/* refusal.c - what a call says where it fails: sentences on stderr, and with --json one value on stdout.
 *
 * Owns:    the words of this call so far, and the daemon's newest refusal.
 * Promise: with --json stdout has one JSON value, whatever comes of the call.
 * Flow:    verbs, call -> refusal -> screen */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

enum { TOLD_MAX = 2048 };
static char told[TOLD_MAX]; /* what complain() has said, a line each; what is more is left out */
static char *refused;       /* the daemon's, as it came; NULL: it hasn't refused */

void complain(enum text t, ...)
{
	va_list args, again;
	size_t used = strlen(told);
	va_start(args, t);
	va_copy(again, args);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)vfprintf(stderr, text(t), args);
	(void)snprintf(told + used, sizeof(told) - used, "%s", used == 0 ? "" : "\n");
	used = strlen(told);
	(void)vsnprintf(told + used, sizeof(told) - used, text(t), again);
#pragma GCC diagnostic pop
	va_end(again);
	va_end(args);
	(void)fputc('\n', stderr);
}

void refusal_keep(struct answer *a)
{
	if (a->json == NULL)
		return;
	free(refused);
	refused = a->body;
	a->body = NULL;
	a->size = a->room = 0;
}

/* A file's name may be in another encoding, and the last line cut within a character. */
static json_t *told_json(void)
{
	json_t *words = json_string(told);
	for (char *p = told; words == NULL && *p != 0; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return words != NULL ? words : json_string(told);
}

json_t *refusal_json(void)
{
	json_t *json = refused == NULL ? NULL : json_loads(refused, JSON_REJECT_DUPLICATES, NULL);
	if (json != NULL)
		return json;
	return json_pack("{s:s, s:{s:o}}", "error", "ETOOL", "message", either("zh", "en"), told_json());
}

void json_print(const json_t *value)
{
	ctl.answered = true;
	if (value == NULL || json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		(void)fputs("null", stdout);
	(void)fputc('\n', stdout);
}

void refusal_print(void)
{
	if (!ctl.json || ctl.answered)
		return;
	json_t *json = refused != NULL ? NULL : refusal_json();
	if (refused != NULL)
		(void)fputs(refused, stdout);
	else
		json_print(json);
	json_decref(json);
	(void)fflush(stdout);
}
