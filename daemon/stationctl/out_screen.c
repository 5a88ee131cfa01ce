/* out_screen.c - a table on the screen, and what it covers under it.
 *
 * Owns:    how much of a long text a screen shows. Files and JSON have all of it.
 * Promise: 6: coverage stands under every table.
 * Flow:    out -> screen */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "out.h"

enum { CELL_MOST = 60 };

static size_t screen_columns(void)
{
	struct winsize size;
	if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

static int screen_head(struct out *o)
{
	char right[COLUMNS_MAX + 1];
	const char *row[COLUMNS_MAX];
	struct table *t = calloc(1, sizeof(*t));
	o->own = t;
	if (t == NULL)
		return CTL_WRONG;
	for (size_t i = 0; i < o->columns; i++) {
		enum out_type type = o->column[i].type;
		right[i] = type >= OUT_COUNT && type <= OUT_SHARE ? 'r' : 'l';
		row[i] = o->column[i].title;
	}
	right[o->columns] = 0;
	table_init(t, o->columns, right);
	t->most = CELL_MOST;
	t->screen = screen_columns();
	table_add(t, row);
	return 0;
}

static int screen_row(struct out *o, const json_t *cells)
{
	const char *row[COLUMNS_MAX];
	char rooms[COLUMNS_MAX][OUT_CELL_ROOM];
	for (size_t i = 0; i < o->columns; i++)
		row[i] = out_text(&o->column[i], json_array_get(cells, i), true, rooms[i]);
	table_add(o->own, row);
	return 0;
}

static int screen_page(struct out *o)
{
	table_flow(o->own);
	return 0;
}

static int screen_end(struct out *o, const json_t *last)
{
	out_coverage(o->to, json_object_get(last, "coverage"));
	return 0;
}

static void screen_drop(struct out *o)
{
	if (o->own != NULL)
		table_clear(o->own);
	free(o->own);
	o->own = NULL;
}

const struct sink out_screen = { screen_head, screen_row,  screen_page,
				 screen_end,  screen_drop, false };

void out_coverage(FILE *to, const json_t *c)
{
	char oldest[32];
	size_t i;
	json_t *one;
	long long stations = number(c, "stations"), heard = number(c, "heard");
	if (!json_is_object(c))
		return; /* what isn't about stations */
	(void)fprintf(to, "%s %lld / %lld; %s %s; %s %lld", either("覆盖站点", "stations covered"),
		      heard, stations, either("最旧检查点", "oldest checkpoint"),
		      age(number(c, "oldest_checkpoint_s") * 1000, oldest, sizeof(oldest)),
		      either("事件", "events"), number(c, "events"));
	if (number(c, "unread") + number(c, "waiting") + number(c, "set_aside") > 0)
		(void)fprintf(to, "; %s %lld, %s %lld, %s %lld", either("读不懂", "unread"),
			      number(c, "unread"), either("等待", "waiting"), number(c, "waiting"),
			      either("未采纳", "set aside"), number(c, "set_aside"));
	(void)fputc('\n', to);
	if ((one = json_object_get(c, "lacks")) != NULL)
		(void)fprintf(to, "  %s %s (%s)\n", text(T_OUT_LACKS), member(one, "table"),
			      member(one, either("zh", "en")));
	json_array_foreach(json_object_get(c, "rows"), i, one) {
		if (!truth(one, "heard"))
			(void)fprintf(to, "  %s %s %s\n", either("未收到:", "not heard from:"),
				      member(one, "code"), member(one, "name"));
		else if (truth(one, "refilling"))
			(void)fprintf(to, "  %s %s %s\n", either("正在补齐:", "being refilled:"),
				      member(one, "code"), member(one, "name"));
	}
	json_array_foreach(json_object_get(c, "invited"), i, one) {
		(void)fprintf(to, "  %s %s\n", either("已邀请未加入:", "invited, not joined:"),
			      json_string_value(one));
	}
}
