/* show.c - tables and progress on a screen.
 *
 * Owns:    how wide a text is: a Chinese character takes two columns.
 * Flow:    verbs -> show -> terminal */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>
#include "ctl.h"

enum { NARROW = 8 };

static size_t width(const char *s)
{
	size_t w = 0;
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
	while (*p != 0) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t n = utf8proc_iterate(p, -1, &c);
		if (n <= 0) {
			p++;
			continue;
		}
		int columns = utf8proc_charwidth(c);
		w += columns > 0 ? (size_t)columns : 0;
		p += n;
	}
	return w;
}

void table_init(struct table *t, size_t columns, const char *right)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	for (size_t i = 0; i < columns && i < strlen(right); i++)
		t->right[i] = right[i] == 'r';
}

void table_add(struct table *t, const char *const *cells)
{
	if (t->rows == t->room) {
		size_t room = t->room == 0 ? 32 : t->room * 2;
		char **grown = realloc(t->cells, room * t->columns * sizeof(*grown));
		if (grown == NULL)
			return;
		t->cells = grown;
		t->room = room;
	}
	for (size_t i = 0; i < t->columns; i++) {
		char *cell = strdup(cells[i]);
		for (char *p = cell; p != NULL && *p != 0; p++)
			if (*p == '\n' || *p == '\t' || *p == '\r')
				*p = ' ';
		t->cells[t->rows * t->columns + i] = cell;
	}
	t->rows++;
}

static void pad(size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)putchar(' ');
}

/* What fits into so many columns, with a mark that there is more; the columns that it took. */
static size_t put_cut(const char *s, size_t most)
{
	size_t used = 0;
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
	while (*p != 0) {
		utf8proc_int32_t c = 0;
		utf8proc_ssize_t n = utf8proc_iterate(p, -1, &c);
		int columns = n <= 0 ? 1 : utf8proc_charwidth(c);
		size_t w = columns > 0 ? (size_t)columns : 0;
		if (used + w + 1 > most)
			break;
		n = n <= 0 ? 1 : n;
		(void)fwrite(p, 1, (size_t)n, stdout);
		used += w;
		p += n;
	}
	(void)fputs("…", stdout);
	return used + 1;
}

/* The widest columns give way until a line fits, none of them below NARROW. */
static void fit(struct table *t)
{
	size_t sum = t->columns == 0 ? 0 : 2 * (t->columns - 1), widest = 0;
	for (size_t c = 0; c < t->columns; c++)
		sum += t->widths[c];
	while (t->screen > 0 && sum > t->screen) {
		for (size_t c = 0; c < t->columns; c++)
			widest = t->widths[c] > t->widths[widest] ? c : widest;
		if (t->widths[widest] <= NARROW)
			return;
		t->widths[widest]--;
		sum--;
	}
}

static void settle(struct table *t)
{
	for (size_t r = 0; r < t->rows; r++)
		for (size_t c = 0; c < t->columns; c++) {
			const char *cell = t->cells[r * t->columns + c];
			size_t w = cell == NULL ? 0 : width(cell);
			w = t->most > 0 && w > t->most ? t->most : w;
			t->widths[c] = w > t->widths[c] ? w : t->widths[c];
		}
	fit(t);
	t->flowing = true;
}

static void put_cell(const struct table *t, size_t c, const char *cell)
{
	size_t w = width(cell), room = t->widths[c];
	bool cut = w > room && (t->most > 0 || t->screen > 0);
	if (t->right[c] && w < room)
		pad(room - w);
	if (cut)
		w = put_cut(cell, room);
	else
		(void)fputs(cell, stdout);
	if (!t->right[c] && c + 1 < t->columns && w < room)
		pad(room - w);
	(void)fputs(c + 1 < t->columns ? "  " : "\n", stdout);
}

void table_flow(struct table *t)
{
	if (!t->flowing)
		settle(t);
	for (size_t r = 0; r < t->rows; r++)
		for (size_t c = 0; c < t->columns; c++) {
			const char *cell = t->cells[r * t->columns + c];
			put_cell(t, c, cell == NULL ? "" : cell);
		}
	table_clear(t);
}

void table_print(struct table *t)
{
	table_flow(t);
	t->flowing = false;
	memset(t->widths, 0, sizeof(t->widths));
}

void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->rows = t->room = 0;
}

void progress(const char *what, unsigned long long done, unsigned long long total)
{
	if (!ctl.terminal)
		return;
	if (total > 0)
		(void)fprintf(stderr, "\r%s %llu / %llu (%llu %%) ", what, done, total, done * 100 / total);
	else
		(void)fprintf(stderr, "\r%s %llu ", what, done);
	(void)fflush(stderr);
}

void progress_end(void)
{
	if (ctl.terminal)
		(void)fputs("\r\033[K", stderr);
}

const char *age(long long then_ms, char *room, size_t size)
{
	long long s = (long long)time(NULL) - then_ms / 1000;
	if (then_ms == 0)
		(void)snprintf(room, size, "%s", either("从未", "never"));
	else if (s < 0)
		(void)snprintf(room, size, "%s", either("时钟偏差", "clock differs"));
	else if (s < 120)
		(void)snprintf(room, size, "%lld %s", s, either("秒", "s"));
	else if (s < 7200)
		(void)snprintf(room, size, "%lld %s", s / 60, either("分", "min"));
	else if (s < 172800)
		(void)snprintf(room, size, "%lld %s", s / 3600, either("时", "h"));
	else
		(void)snprintf(room, size, "%lld %s", s / 86400, either("天", "days"));
	return room;
}
