/* out_xlsx.c - a table as an XLSX file that is ready to be read, filtered and printed.
 *
 * Owns:    its look: a title, a head that stays and is repeated on each page, A4 across, real dates
 *          and numbers, and a last sheet that says what the table is and what it covers. A text is
 *          always a string, whatever it begins with.
 * Promise: 6: coverage goes with the table; 9: rows go to the disk as they come.
 * Flow:    out -> XLSX */
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>
#include <station/base/clock.h>
#include "out.h"

enum {
	ROWS_MAX = 1000000, /* of one sheet: 1,048,576 is the format's bound; more go on the next */
	SHEETS_MAX = 32,
	TEXT_MAX = 32000,   /* characters of a cell: the format's bound is 32,767 */
	WIDTH_LEAST = 6,
	WIDTH_MOST = 48,
	HEAD_ROW = 1,       /* under the title */
};

struct xlsx {
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *title, *head, *cell[OUT_TYPE_COUNT], *whole;
	char *directory; /* of its own temporary files: the table's, which has to fit there anyway */
	lxw_row_t row;
	size_t sheets, widths[COLUMNS_MAX];
};

static int failed(const struct out *o, lxw_error error)
{
	return out_failed(o, lxw_strerror(error));
}

static lxw_format *format(struct xlsx *x, const char *number)
{
	lxw_format *f = workbook_add_format(x->book);
	if (f == NULL)
		return NULL; /* the library takes it for no format */
	format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
	if (number != NULL)
		format_set_num_format(f, number);
	else
		format_set_text_wrap(f);
	return f;
}

static void formats(struct xlsx *x)
{
	static const char *const numbers[OUT_TYPE_COUNT] = {
		[OUT_COUNT] = "#,##0",   [OUT_NUMBER] = "General", [OUT_DAYS] = "0.##",
		[OUT_SHARE] = "0.0%",    [OUT_DAY] = "yyyy-mm-dd", [OUT_TIME] = "yyyy-mm-dd hh:mm",
		[OUT_MONTH] = "yyyy-mm", [OUT_CODE] = "@",
	};
	for (int i = 0; i < OUT_TYPE_COUNT; i++)
		x->cell[i] = format(x, numbers[i]);
	x->whole = format(x, "General");
	x->title = workbook_add_format(x->book);
	x->head = format(x, NULL);
	if (x->title != NULL) {
		format_set_bold(x->title);
		format_set_font_size(x->title, 16);
	}
	if (x->head != NULL) {
		format_set_bold(x->head);
		format_set_align(x->head, LXW_ALIGN_CENTER);
		format_set_bg_color(x->head, 0xDDE6F0);
	}
}

/* Columns of the screen that a text takes, to set a column's width; a rough measure is enough. */
static size_t breadth(const char *s)
{
	size_t n = 0;
	for (; *s != 0 && n <= WIDTH_MOST; s++)
		n += ((unsigned char)*s & 0xc0) == 0x80 ? 0 : (unsigned char)*s >= 0xe0 ? 2 : 1;
	return n;
}

static void widen(struct xlsx *x, size_t i, size_t width)
{
	width = width > WIDTH_MOST ? WIDTH_MOST : width;
	if (width > x->widths[i])
		x->widths[i] = width;
}

/* A title may have what a sheet's name may not. */
static void sheet_name(const struct out *o, const struct xlsx *x, char to[128])
{
	const char *title = out_title(o);
	size_t n = 0, characters = 0;
	for (const char *s = title; *s != 0 && n < 100; s++) {
		characters += ((unsigned char)*s & 0xc0) != 0x80;
		if (characters > 24)
			break;
		to[n++] = strchr("[]:*?/\\'", *s) != NULL ? ' ' : *s;
	}
	if (x->sheets > 0)
		n += (size_t)snprintf(to + n, 28, " %zu", x->sheets + 1);
	to[n] = 0;
}

/* Says how the sheet that is full or at its end looks: the library takes this at any time. */
static void dress(const struct out *o, struct xlsx *x)
{
	lxw_col_t last = (lxw_col_t)(o->columns - 1);
	for (size_t i = 0; i < o->columns; i++)
		(void)worksheet_set_column(x->sheet, (lxw_col_t)i, (lxw_col_t)i,
					   (double)(x->widths[i] + 2), NULL);
	if (x->row > HEAD_ROW + 1)
		(void)worksheet_autofilter(x->sheet, HEAD_ROW, 0, x->row - 1, last);
	worksheet_freeze_panes(x->sheet, HEAD_ROW + 1, 0);
	worksheet_gridlines(x->sheet, LXW_SHOW_ALL_GRIDLINES); /* on paper, too */
	worksheet_set_landscape(x->sheet);
	worksheet_set_paper(x->sheet, 9); /* A4 */
	worksheet_fit_to_pages(x->sheet, 1, 0);
	(void)worksheet_repeat_rows(x->sheet, 0, HEAD_ROW);
	(void)worksheet_set_footer(x->sheet, "&C&P / &N");
}

/* The library's files have no name once they are open: no signal comes between. */
static lxw_worksheet *new_sheet(struct xlsx *x, const char *name)
{
	out_hold(true);
	lxw_worksheet *made = workbook_add_worksheet(x->book, name);
	out_hold(false);
	return made;
}

static int sheet(struct out *o, struct xlsx *x)
{
	char name[128];
	sheet_name(o, x, name);
	if (x->sheet != NULL)
		dress(o, x);
	if (x->sheets == SHEETS_MAX)
		return out_failed(o, either("超过表格行数上限", "more rows than a workbook holds"));
	if (workbook_validate_sheet_name(x->book, name) != LXW_NO_ERROR)
		(void)snprintf(name, sizeof(name), "stationctl %zu", x->sheets + 1);
	x->sheet = new_sheet(x, name);
	if (x->sheet == NULL)
		return out_failed(o, name);
	x->sheets++;
	lxw_error rc = worksheet_write_string(x->sheet, 0, 0, out_title(o), x->title);
	for (size_t i = 0; rc == LXW_NO_ERROR && i < o->columns; i++)
		rc = worksheet_write_string(x->sheet, HEAD_ROW, (lxw_col_t)i, o->column[i].title,
					    x->head);
	x->row = HEAD_ROW + 1;
	return rc == LXW_NO_ERROR ? 0 : failed(o, rc);
}

static int xlsx_head(struct out *o)
{
	struct xlsx *x = calloc(1, sizeof(*x));
	o->own = x;
	if (x == NULL)
		return CTL_WRONG;
	x->directory = strdup(o->temporary);
	char *slash = x->directory == NULL ? NULL : strrchr(x->directory, '/');
	if (slash != NULL)
		*slash = 0;
	lxw_workbook_options options = {
		.constant_memory = LXW_TRUE,
		.tmpdir = slash == NULL ? "." : slash == x->directory ? "/" : x->directory,
	};
	x->book = workbook_new_opt(o->temporary, &options);
	if (x->book == NULL)
		return out_failed(o, "XLSX");
	formats(x);
	for (size_t i = 0; i < o->columns; i++) {
		widen(x, i, WIDTH_LEAST);
		widen(x, i, breadth(o->column[i].title) + 3); /* and the filter's arrow */
	}
	return sheet(o, x);
}

/* ---- cells ---- */

static lxw_error write_text(struct xlsx *x, lxw_col_t at, const char *s, lxw_format *f)
{
	size_t characters = 0;
	const char *end = s;
	for (; *end != 0; end++) {
		characters += ((unsigned char)*end & 0xc0) != 0x80;
		if (characters > TEXT_MAX)
			break;
	}
	if (*end == 0)
		return worksheet_write_string(x->sheet, x->row, at, s, f);
	char *cut = NULL;
	if (asprintf(&cut, "%.*s…", (int)(end - s), s) < 0)
		return LXW_ERROR_MEMORY_MALLOC_FAILED;
	lxw_error rc = worksheet_write_string(x->sheet, x->row, at, cut, f);
	free(cut);
	return rc;
}

/* "2011-07-01", "2011-07" or "2011-07-01T09:30:00+08:00", as on that clock. False: none of them. */
static bool read_time(enum out_type type, const char *s, lxw_datetime *to)
{
	int second = 0, used = 0;
	memset(to, 0, sizeof(*to));
	to->day = 1;
	if (type == OUT_MONTH)
		return sscanf(s, "%4d-%2d%n", &to->year, &to->month, &used) == 2 && s[used] == 0 &&
		       to->year >= 1900;
	if (type == OUT_DAY)
		return sscanf(s, "%4d-%2d-%2d%n", &to->year, &to->month, &to->day, &used) == 3 &&
		       s[used] == 0 && to->year >= 1900;
	bool right = type == OUT_TIME && sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &to->year, &to->month,
						&to->day, &to->hour, &to->min, &second) == 6;
	to->sec = second;
	return right && to->year >= 1900;
}

static lxw_error write_cell(struct xlsx *x, const struct out_column *c, size_t i,
			    const json_t *cell)
{
	char room[OUT_CELL_ROOM], shown[OUT_CELL_ROOM];
	lxw_datetime when;
	lxw_col_t at = (lxw_col_t)i;
	lxw_format *f = x->cell[c->type];
	const char *s = out_text(c, cell, false, room);
	widen(x, i, breadth(json_is_number(cell) ? out_text(c, cell, true, shown) : s));
	if (json_is_number(cell))
		return worksheet_write_number(x->sheet, x->row, at, json_number_value(cell),
					      c->type == OUT_TEXT ? x->whole : f);
	if (s[0] == 0)
		return LXW_NO_ERROR; /* lines are the sheet's own, so an empty cell needs nothing */
	if (read_time(c->type, s, &when))
		return worksheet_write_datetime(x->sheet, x->row, at, &when, f);
	return write_text(x, at, s, c->type == OUT_CODE ? f : x->cell[OUT_TEXT]);
}

static int xlsx_row(struct out *o, const json_t *cells)
{
	struct xlsx *x = o->own;
	lxw_error rc = LXW_NO_ERROR;
	if (x->row == ROWS_MAX) {
		int wrong = sheet(o, x);
		if (wrong != 0)
			return wrong;
	}
	for (size_t i = 0; rc == LXW_NO_ERROR && i < o->columns; i++)
		rc = write_cell(x, &o->column[i], i, json_array_get(cells, i));
	x->row++;
	return rc == LXW_NO_ERROR ? 0 : failed(o, rc);
}

/* ---- the last sheet ---- */

static void about_line(struct xlsx *x, const char *name, const char *value)
{
	(void)worksheet_write_string(x->sheet, x->row, 0, name, x->cell[OUT_TEXT]);
	(void)write_text(x, 1, value, x->cell[OUT_TEXT]);
	x->row++;
}

static void about_count(struct xlsx *x, const char *name, long long value)
{
	(void)worksheet_write_string(x->sheet, x->row, 0, name, x->cell[OUT_TEXT]);
	(void)worksheet_write_number(x->sheet, x->row, 1, (double)value, x->cell[OUT_COUNT]);
	x->row++;
}

static void about_stations(struct xlsx *x, const json_t *coverage)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(coverage, "rows"), i, one) {
		if (x->row >= ROWS_MAX)
			return;
		if (!truth(one, "heard"))
			about_line(x, either("未收到", "not heard from"), member(one, "code"));
		else if (truth(one, "refilling"))
			about_line(x, either("正在补齐", "being refilled"), member(one, "code"));
	}
	json_array_foreach(json_object_get(coverage, "invited"), i, one) {
		if (x->row < ROWS_MAX)
			about_line(x, either("已邀请未加入", "invited, not joined"),
				   json_string_value(one));
	}
}

static void about(const struct out *o, struct xlsx *x, const json_t *c)
{
	char question[1024], when[ST_TIME_TEXT];
	st_time_text((int64_t)time(NULL) * 1000, when); /* as every other time in it, whatever zone the machine keeps */
	out_question(o, question, sizeof(question));
	x->row = 0;
	about_line(x, either("名称", "title"), out_title(o));
	about_line(x, either("命令", "question"), question);
	about_line(x, either("制表时间", "made at"), when);
	about_count(x, either("行数", "rows"), (long long)o->rows);
	if (json_is_object(c)) {
		char oldest[32];
		about_count(x, either("应覆盖站点", "stations to be covered"),
			    number(c, "stations"));
		about_count(x, either("已收到站点", "stations heard from"), number(c, "heard"));
		about_line(x, either("最旧检查点", "oldest checkpoint"),
			   age(number(c, "oldest_checkpoint_s") * 1000, oldest, sizeof(oldest)));
		about_count(x, either("事件", "events"), number(c, "events"));
		about_count(x, either("读不懂的事件", "events unread"), number(c, "unread"));
		about_count(x, either("等待的事件", "events waiting"), number(c, "waiting"));
		about_count(x, either("未采纳的事件", "events set aside"), number(c, "set_aside"));
		if (json_object_get(c, "lacks") != NULL)
			about_line(x, text(T_OUT_LACKS), member(json_object_get(c, "lacks"), "table"));
		about_stations(x, c);
	}
	(void)worksheet_set_column(x->sheet, 0, 0, 26, NULL);
	(void)worksheet_set_column(x->sheet, 1, 1, 60, NULL);
	worksheet_set_paper(x->sheet, 9);
}

static int xlsx_end(struct out *o, const json_t *last)
{
	struct xlsx *x = o->own;
	dress(o, x);
	x->sheet = new_sheet(x, either("说明", "About"));
	if (x->sheet == NULL)
		return out_failed(o, "XLSX");
	about(o, x, json_object_get(last, "coverage"));
	out_hold(true);
	lxw_error rc = workbook_close(x->book); /* and frees it, whatever it answers */
	out_hold(false);
	x->book = NULL;
	return rc == LXW_NO_ERROR ? 0 : failed(o, rc);
}

static void xlsx_drop(struct out *o)
{
	struct xlsx *x = o->own;
	if (x == NULL)
		return;
	if (x->book != NULL)
		lxw_workbook_free(x->book);
	free(x->directory);
	free(x);
	o->own = NULL;
}

const struct sink out_xlsx = { xlsx_head, xlsx_row, NULL, xlsx_end, xlsx_drop, true };
