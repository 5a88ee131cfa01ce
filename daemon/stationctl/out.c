/* out.c - a table that the daemon answers, page by page, to the screen, CSV, XLSX or JSON.
 *
 * Owns:    which form is asked for, the pages, and the file: it is written under another name
 *          beside it and renamed when it is whole, so nobody finds half a table.
 * Promise: 9: one page is in memory at a time, however long the table is.
 * Flow:    call -> out -> screen, file */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "out.h"

enum { PAGES_MAX = 10 * 1000 * 1000 };

/* What a signal would leave behind: a half-written file may hold names. NULL: there is none. */
static char *volatile unfinished;

static void on_signal(int number)
{
	if (unfinished != NULL)
		(void)unlink(unfinished);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

void out_hold(bool held)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(held ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int out_failed(const struct out *o, const char *why)
{
	complain(T_BAD_FILE, o->name == NULL ? "-" : o->name, why);
	return CTL_WRONG;
}

const char *out_title(const struct out *o)
{
	const char *title = spoken(o->title);
	return title[0] == 0 ? o->args->verb->name : title;
}

void out_question(const struct out *o, char *to, size_t room)
{
	const struct args *a = o->args;
	size_t n = (size_t)snprintf(to, room, "stationctl %s", a->verb->name);
	for (size_t i = 0; i < a->count && n < room; i++)
		n += (size_t)snprintf(to + n, room - n, " %s", a->words[i]);
	for (size_t i = 0; i < a->option_count && n < room; i++) {
		const char *name = a->options[i].name;
		if (strcmp(name, "csv") != 0 && strcmp(name, "xlsx") != 0)
			n += (size_t)snprintf(to + n, room - n, " --%s %s", name,
					      a->options[i].value);
	}
}

const char *out_text(const struct out_column *c, const json_t *cell, bool screen,
		     char room[OUT_CELL_ROOM])
{
	double real = json_number_value(cell);
	if (json_is_string(cell))
		return json_string_value(cell);
	if (json_is_boolean(cell))
		return json_is_true(cell) ? either("是", "yes") : either("否", "no");
	if (!json_is_number(cell))
		return screen && c->type >= OUT_COUNT && c->type <= OUT_SHARE ? "-" : "";
	if (screen && c->type == OUT_SHARE)
		(void)snprintf(room, OUT_CELL_ROOM, "%.1f %%", 100.0 * real);
	else if (json_is_integer(cell))
		(void)snprintf(room, OUT_CELL_ROOM, "%lld", (long long)json_integer_value(cell));
	else if (screen)
		(void)snprintf(room, OUT_CELL_ROOM,
			       real == (double)(long long)real ? "%.0f" : "%.1f", real);
	else
		(void)snprintf(room, OUT_CELL_ROOM, "%.15g", real);
	return room;
}

/* ---- the file ---- */

/* What isn't a plain file (a pipe, a device) is written as it is: renaming would put a file in its
 * place. */
static bool is_plain(const char *path)
{
	struct stat st;
	return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

/* Readable by its writer alone: a register may hold names. */
static int open_temporary(struct out *o)
{
	o->target = realpath(o->name, NULL); /* where it is a link, what it links to */
	if (o->target == NULL)
		o->target = strdup(o->name);
	if (o->target == NULL || asprintf(&o->temporary, "%s.XXXXXX", o->target) < 0) {
		o->temporary = NULL;
		return out_failed(o, st_file_error_text(ENOMEM, ctl.lang));
	}
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	(void)signal(SIGHUP, on_signal);
	out_hold(true);
	int fd = mkstemp(o->temporary), error = errno;
	unfinished = fd < 0 ? NULL : o->temporary;
	out_hold(false);
	if (fd < 0) {
		free(o->temporary);
		o->temporary = NULL;
		return out_failed(o, st_file_error_text(error, ctl.lang));
	}
	if (o->sink->to_file) {
		(void)close(fd);
		return 0;
	}
	o->to = fdopen(fd, "wb");
	return o->to == NULL ? out_failed(o, st_file_error_text(errno, ctl.lang)) : 0;
}

static int open_file(struct out *o)
{
	if (o->name == NULL) {
		o->to = stdout;
		return 0;
	}
	if (is_plain(o->name))
		return open_temporary(o);
	if (o->sink->to_file)
		return out_failed(o, either("不是普通文件", "not a plain file"));
	o->to = fopen(o->name, "wb");
	return o->to == NULL ? out_failed(o, st_file_error_text(errno, ctl.lang)) : 0;
}

/* On disk before it has its name: a power cut leaves the old file or the new one. */
static int keep_file(struct out *o)
{
	int fd = open(o->temporary, O_RDONLY | O_CLOEXEC);
	bool right = fd >= 0 && fsync(fd) == 0;
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	if (right && rename(o->temporary, o->target) < 0) {
		right = false;
		error = errno;
	}
	if (!right)
		return out_failed(o, st_file_error_text(error, ctl.lang));
	unfinished = NULL;
	free(o->temporary);
	o->temporary = NULL;
	return 0;
}

static int finish_file(struct out *o)
{
	bool failed = o->to != NULL && (fflush(o->to) != 0 || ferror(o->to) != 0);
	int error = errno;
	if (o->to != NULL && o->to != stdout)
		failed |= fclose(o->to) != 0;
	o->to = NULL;
	if (failed)
		return out_failed(o, st_file_error_text(error, ctl.lang));
	return o->temporary == NULL ? 0 : keep_file(o);
}

/* ---- a table ---- */

static enum out_type type_of(const char *name)
{
	static const char *const names[] = {
#define X(id, text) text,
		OUT_TYPES(X)
#undef X
	};
	for (int i = 0; i < OUT_TYPE_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum out_type)i;
	return OUT_TEXT;
}

/* The forms exclude each other. */
static int choose(struct out *o, const struct args *a)
{
	const char *csv = option(a, "csv"), *xlsx = option(a, "xlsx");
	memset(o, 0, sizeof(*o));
	o->args = a;
	if ((csv != NULL) + (xlsx != NULL) + (ctl.json ? 1 : 0) > 1) {
		complain(T_ONE_FORM);
		return CTL_USAGE;
	}
	o->sink = ctl.json ? &out_json : &out_screen;
	if (csv != NULL || xlsx != NULL)
		o->sink = csv != NULL ? &out_csv : &out_xlsx;
	o->name = csv != NULL ? csv : xlsx;
	if (csv != NULL && strcmp(csv, "-") == 0)
		o->name = NULL;
	if (o->name != NULL && (o->name[0] == 0 || strcmp(o->name, "-") == 0)) {
		complain(T_FILE_NAME, csv != NULL ? "csv" : "xlsx");
		return CTL_USAGE;
	}
	return 0;
}

static int head(struct out *o, const json_t *answer)
{
	size_t i;
	json_t *one, *columns = json_object_get(answer, "columns");
	o->columns = json_array_size(columns);
	if (o->columns == 0 || o->columns > COLUMNS_MAX) {
		complain(T_BAD_ANSWER);
		return CTL_WRONG;
	}
	o->columns_json = json_incref(columns);
	o->title = json_incref(json_object_get(answer, "title"));
	json_array_foreach(columns, i, one) {
		o->column[i].name = member(one, "name");
		o->column[i].title = spoken(one);
		o->column[i].type = type_of(member(one, "type"));
	}
	int rc = open_file(o);
	return rc == 0 ? o->sink->head(o) : rc;
}

static int rows(struct out *o, const json_t *answer)
{
	size_t i;
	json_t *row;
	int rc = 0;
	json_array_foreach(json_object_get(answer, "rows"), i, row) {
		if (json_array_size(row) != o->columns) {
			complain(T_BAD_ANSWER);
			return CTL_WRONG;
		}
		rc = o->sink->row(o, row);
		if (rc != 0)
			return rc;
		o->rows++;
	}
	if (o->sink->page != NULL)
		rc = o->sink->page(o);
	if (o->name != NULL)
		progress(either("行", "rows"), o->rows, 0);
	return rc;
}

/* A file says on the screen what it holds and covers; standard output has the table alone. */
static int end(struct out *o, const json_t *last)
{
	int rc = o->sink->end(o, last);
	if (rc == 0)
		rc = finish_file(o);
	progress_end();
	if (rc != 0 || o->sink == &out_screen || o->sink == &out_json)
		return rc;
	if (o->name != NULL)
		complain(T_WRITTEN, o->name, o->rows);
	out_coverage(stderr, json_object_get(last, "coverage"));
	return 0;
}

static void done(struct out *o)
{
	progress_end();
	if (o->sink != NULL && o->sink->drop != NULL)
		o->sink->drop(o);
	if (o->to != NULL && o->to != stdout)
		(void)fclose(o->to);
	if (o->temporary != NULL)
		(void)unlink(o->temporary);
	unfinished = NULL;
	free(o->temporary);
	free(o->target);
	json_decref(o->columns_json);
	json_decref(o->title);
}

int out_table(const struct args *a, const json_t *answer)
{
	struct out o;
	int rc = choose(&o, a);
	if (rc != 0)
		return rc;
	rc = head(&o, answer);
	if (rc == 0)
		rc = rows(&o, answer);
	if (rc == 0)
		rc = end(&o, answer);
	done(&o);
	return rc;
}

static int get_page(const char *path, const char *page, struct answer *ret)
{
	struct query q;
	query_init(&q, path);
	query_add(&q, "page", page);
	int rc = call_get(query_text(&q), ret);
	query_done(&q);
	return rc;
}

/* One page out; *page becomes the place of the next one, NULL at the end. */
static int one_page(struct out *o, const char *path, char **page)
{
	struct answer ans;
	int rc = get_page(path, *page, &ans);
	const char *next = rc == 0 ? json_string_value(json_object_get(ans.json, "next")) : NULL;
	if (rc == 0 && o->columns == 0)
		rc = head(o, ans.json);
	if (rc == 0)
		rc = rows(o, ans.json);
	if (rc == 0 && (next == NULL || next[0] == 0))
		rc = end(o, ans.json);
	free(*page);
	*page = rc == 0 && next != NULL && next[0] != 0 ? strdup(next) : NULL;
	answer_done(&ans);
	return rc;
}

int out_pages(const struct args *a, const char *path)
{
	struct out o;
	char *page = NULL;
	int rc = choose(&o, a);
	for (int n = 0; rc == 0 && n < PAGES_MAX; n++) {
		rc = one_page(&o, path, &page);
		if (page == NULL)
			break;
	}
	free(page);
	done(&o);
	return rc;
}

int out_page(const struct args *a, const char *path,
	     void (*show)(const struct args *a, const json_t *answer))
{
	struct answer ans;
	if (option(a, "csv") != NULL || option(a, "xlsx") != NULL)
		return out_pages(a, path);
	int rc = get_page(path, option(a, "page"), &ans);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		show(a, ans.json);
		if (member(ans.json, "next")[0] != 0)
			complain(T_MORE, member(ans.json, "next"));
	}
	answer_done(&ans);
	return rc;
}

int out_asked(const struct args *a, const char *path, const char *name, const char *const *options)
{
	struct query q;
	query_init(&q, path);
	if (name != NULL)
		query_put(&q, name);
	for (size_t i = 0; options[i] != NULL; i++)
		query_add(&q, options[i], option(a, options[i]));
	query_add(&q, "lang", either("zh", "en"));
	int rc = out_pages(a, query_text(&q));
	query_done(&q);
	return rc;
}
