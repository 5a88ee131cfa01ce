/* out_csv.c - a table as CSV (RFC 4180) and as one JSON object, written as its pages come.
 *
 * Owns:    the guard against cells that a spreadsheet would take for a formula, and the byte order
 *          mark: files have one, so that Excel reads them as UTF-8; standard output hasn't, since
 *          it breaks pipes.
 * Flow:    out -> CSV, JSON */
#include <string.h>
#include "out.h"

/* What a person typed and a spreadsheet would run; some take the wide signs of Chinese, too. */
static bool is_formula(const char *s)
{
	static const char *const signs[] = { "=",  "+",  "-",  "@",  "\t", "\r",
					     "\n", "＝", "＋", "－", "＠" };
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(s, signs[i], strlen(signs[i])) == 0)
			return true;
	return false;
}

static void put_cell(FILE *to, const char *s, bool guarded)
{
	size_t n = strlen(s);
	bool quoted = strpbrk(s, ",\"\r\n") != NULL || (n > 0 && (s[0] == ' ' || s[n - 1] == ' '));
	if (quoted)
		(void)fputc('"', to);
	if (guarded)
		(void)fputc('\'', to);
	for (; *s != 0; s++) {
		if (*s == '"')
			(void)fputc('"', to);
		(void)fputc(*s, to);
	}
	if (quoted)
		(void)fputc('"', to);
}

static int csv_head(struct out *o)
{
	if (o->name != NULL)
		(void)fputs("\xef\xbb\xbf", o->to);
	for (size_t i = 0; i < o->columns; i++) {
		if (i > 0)
			(void)fputc(',', o->to);
		put_cell(o->to, o->column[i].title, is_formula(o->column[i].title));
	}
	(void)fputs("\r\n", o->to);
	return 0;
}

static int csv_row(struct out *o, const json_t *cells)
{
	char room[OUT_CELL_ROOM];
	for (size_t i = 0; i < o->columns; i++) {
		const json_t *cell = json_array_get(cells, i);
		const char *s = out_text(&o->column[i], cell, false, room);
		if (i > 0)
			(void)fputc(',', o->to);
		put_cell(o->to, s, json_is_string(cell) && is_formula(s));
	}
	(void)fputs("\r\n", o->to);
	return 0;
}

/* A disk that fills up is said at the page, not after the whole table. */
static int csv_page(struct out *o)
{
	return ferror(o->to) != 0 ? out_failed(o, either("写不进去", "can't be written")) : 0;
}

static int csv_end(struct out *o, const json_t *last)
{
	(void)o;
	(void)last;
	return 0;
}

const struct sink out_csv = { csv_head, csv_row, csv_page, csv_end, NULL, false };

/* ---- JSON: the pages as one answer ---- */

static void put_member(struct out *o, const char *name, const json_t *value)
{
	(void)fprintf(o->to, "\"%s\":", name);
	if (value == NULL || json_dumpf(value, o->to, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		(void)fputs("null", o->to);
}

static int json_head(struct out *o)
{
	ctl.answered = true;
	o->own = o; /* begun, and not ended */
	(void)fputc('{', o->to);
	put_member(o, "title", o->title);
	(void)fputc(',', o->to);
	put_member(o, "columns", o->columns_json);
	(void)fputs(",\"rows\":[", o->to);
	return 0;
}

static int json_row(struct out *o, const json_t *cells)
{
	(void)fputs(o->rows > 0 ? ",\n" : "\n", o->to);
	return json_dumpf(cells, o->to, JSON_COMPACT) < 0 ? out_failed(o, "JSON") : 0;
}

static int json_end(struct out *o, const json_t *last)
{
	o->own = NULL;
	(void)fputs("],\n", o->to);
	put_member(o, "name", json_object_get(last, "name"));
	(void)fputs(",\"next\":null,", o->to);
	put_member(o, "coverage", json_object_get(last, "coverage"));
	(void)fputs("}\n", o->to);
	return 0;
}

/* A table that breaks off is a value still, which says so and has no coverage. */
static void json_drop(struct out *o)
{
	json_t *why = o->own == NULL ? NULL : refusal_json();
	if (o->own == NULL || o->to == NULL)
		return;
	(void)fputs("],\n", o->to);
	put_member(o, "refused", why);
	(void)fputs("}\n", o->to);
	json_decref(why);
}

const struct sink out_json = { json_head, json_row, csv_page, json_end, json_drop, false };
