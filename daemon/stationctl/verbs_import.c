/* verbs_import.c - a CSV file of cases, streamed to the daemon in pieces.
 *
 * Owns:    which rows go into which piece, and their numbers in the file. While a piece is under way, on a thread of
 *          its own, the next one is cut; pieces go one after another.
 * Promise: 9: a file of any length takes the memory of two pieces and a body.
 * Flow:    file -> import reader -> pieces -> call */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/base/check.h>
#include <station/base/utf8.h>
#include <station/work/import.h>
#include "ctl.h"

/* A body is a piece, or one row that is larger: of cells that the reader takes, all of them quotes, it still is less than
 * the daemon takes in one body (1 MiB and some). BODY_BYTES has room for both together. */
enum { PIECE_ROWS = 8192, PIECE_BYTES = 900 * 1024, BODY_BYTES = 3 * PIECE_BYTES, SLICE = 64 * 1024, TRIES = 600 };
static char slice[SLICE];

struct piece {
	struct st_buf text;           /* its rows */
	uint64_t numbers[PIECE_ROWS]; /* theirs, in the file, */
	size_t starts[PIECE_ROWS];    /* and where they begin in text */
	size_t rows;
	json_t *answers; /* each about the rows that come next */
	int rc;
};
static struct piece pieces[2];

struct importing {
	const struct args *args;
	const char *file;
	struct st_buf path, body;
	struct piece *cut, *sent; /* cut: being filled; sent: with the thread */
	pthread_t thread;
	bool under_way, threaded;
	bool stop, stopped, found_bad;
	uint64_t stopped_at, read, bad, opened, moved, unchanged, events, taken;
	uint64_t reached; /* the last row in the file that was answered for, or found bad */
	json_t *bad_rows;
	int rc;
};

static void put_header(struct st_buf *to)
{
	for (int i = 0; i < ST_IMPORT_COLUMNS; i++)
		st_buf_printf(to, "%s%s", i == 0 ? "" : ",", st_import_column_name((enum st_import_column)i));
	st_buf_put_text(to, "\n");
}

/* RFC 4180: quoted where it must be. */
static void put_value(struct st_buf *to, struct st_span v)
{
	bool quote = false;
	for (size_t i = 0; i < v.size; i++)
		quote |= v.data[i] == '"' || v.data[i] == ',' || v.data[i] == '\n' || v.data[i] == '\r';
	if (!quote) {
		st_buf_put_span(to, v);
		return;
	}
	st_buf_put_text(to, "\"");
	for (size_t i = 0; i < v.size; i++) {
		if (v.data[i] == '"')
			st_buf_put_text(to, "\"");
		st_buf_u8(to, v.data[i]);
	}
	st_buf_put_text(to, "\"");
}

static void say_bad(struct importing *m, uint64_t row, const char *column, const char *reason)
{
	m->found_bad = true;
	m->bad++;
	m->reached = row > m->reached ? row : m->reached;
	if (m->stop && !m->stopped) {
		m->stopped = true;
		m->stopped_at = row;
	}
	progress_end();
	if (column[0] == 0)
		column = text(T_IMPORT_WHOLE);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)fprintf(stderr, text(T_IMPORT_ROW), m->file, (unsigned long long)row, column, reason);
#pragma GCC diagnostic pop
	json_array_append_new(m->bad_rows, json_pack("{s:I, s:s, s:s}", "row", (json_int_t)row, "column",
						     column, "reason", reason));
}

static void take_answer(struct importing *m, const json_t *o, const struct piece *p, size_t first)
{
	size_t i;
	json_t *one;
	m->opened += (uint64_t)number(o, "opened");
	m->moved += (uint64_t)number(o, "moved");
	m->unchanged += (uint64_t)number(o, "unchanged");
	m->events += (uint64_t)number(o, "events");
	json_array_foreach(json_object_get(o, "bad"), i, one) {
		long long at = (long long)first + number(one, "row") - 2; /* a body's own numbering begins at 2 */
		uint64_t row = at >= 0 && (size_t)at < p->rows ? p->numbers[at] : 0;
		say_bad(m, row, member(one, "column"),
			spoken(json_object_get(one, "reason")));
	}
}

/* Sends a piece's rows from the given one on. How many of them the answer is about: 0 if it was none. */
static size_t send_rows(struct importing *m, struct piece *p, size_t first)
{
	struct answer ans;
	size_t from = p->starts[first], rows = 0;
	st_buf_clear(&m->body);
	put_header(&m->body);
	st_buf_put(&m->body, p->text.data + from, p->text.size - from);
	if (p->text.error < 0 || m->body.error < 0) {
		(void)fprintf(stderr, "%s\n", st_error_text(ST_ENOMEM, ctl.lang));
		p->rc = CTL_WRONG;
		return 0;
	}
	p->rc = call("POST", (const char *)m->path.data, "text/csv", st_buf_span(&m->body), &ans);
	if (p->rc == 0) {
		rows = (size_t)number(ans.json, "rows");
		json_array_append(p->answers, ans.json);
	}
	if (p->rc == 0 && rows == 0) {
		complain(T_NONSENSE, ans.status);
		p->rc = CTL_WRONG;
	}
	if (m->stop && truth(ans.json, "stopped"))
		rows = p->rows - first;
	answer_done(&ans);
	return rows;
}

/* The daemon may be busy, or its disk full for a while: what it didn't take is sent again. Rows that were taken and
 * not answered are harmless, since a row's second import adds nothing. */
static void *send_piece(void *arg)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	struct importing *m = arg;
	struct piece *p = m->sent;
	p->rc = CTL_LATER;
	for (size_t at = 0, tries = 0; at < p->rows && tries < TRIES && (p->rc == 0 || p->rc == CTL_LATER); tries++) {
		size_t rows = send_rows(m, p, at);
		at += rows;
		if (p->rc == CTL_LATER) {
			ctl.said_later = true;
			(void)nanosleep(&pause, NULL);
		} else if (rows > 0) {
			ctl.said_later = false;
			tries = 0;
		}
	}
	ctl.said_later = false;
	return NULL;
}

/* Waits for the piece that is under way, and takes its answers. */
static int piece_end(struct importing *m)
{
	struct piece *p = m->sent;
	size_t i, first = 0;
	json_t *one;
	if (!m->under_way)
		return 0;
	if (m->threaded)
		(void)pthread_join(m->thread, NULL);
	m->under_way = false;
	json_array_foreach(p->answers, i, one) {
		take_answer(m, one, p, first);
		first += (size_t)number(one, "rows");
		if (first > 0 && first <= p->rows)
			m->reached = p->numbers[first - 1];
	}
	json_array_clear(p->answers);
	m->taken += first;
	p->rows = 0;
	st_buf_clear(&p->text);
	progress(either("已导入", "imported"), m->taken, 0);
	return p->rc;
}

/* Sends the piece that was cut, once the one before it has been taken. */
static int piece_begin(struct importing *m)
{
	int rc = piece_end(m);
	if (rc != 0 || m->stopped || m->cut->rows == 0)
		return rc;
	m->sent = m->cut;
	m->cut = m->sent == &pieces[0] ? &pieces[1] : &pieces[0];
	m->under_way = true;
	m->threaded = pthread_create(&m->thread, NULL, send_piece, m) == 0;
	if (!m->threaded)
		(void)send_piece(m);
	return 0;
}

/* All that was cut is sent and answered. */
static int send_all(struct importing *m)
{
	int rc = piece_begin(m);
	return rc != 0 ? rc : piece_end(m);
}

/* Values of one option are alternatives. */
static bool wanted(const struct importing *m, const char *name, struct st_span value)
{
	bool any = false, given = false;
	for (size_t i = 0; i < m->args->option_count; i++) {
		if (strcmp(m->args->options[i].name, name) != 0)
			continue;
		given = true;
		any |= st_span_equal(value, st_span_text(m->args->options[i].value));
	}
	return any || !given;
}

/* A row that can't even be cut into its columns. Those before it are sent first, so that bad rows
 * are told in the file's order and a stop is at the first. */
static int take_broken(struct importing *m, uint64_t row, int rc, const char *column)
{
	const char *reason = st_error_text(rc, ctl.lang);
	m->rc = send_all(m);
	if (m->rc != 0 || m->stopped)
		return 1;
	if (rc == ST_EFIELD && column[0] == 0)
		reason = either("列数与表头不同", "it hasn't as many columns as the header");
	else if (rc == ST_EWIRE)
		reason = either("引号不成对或位置不对, 其后各行无法读取",
				"a quote has no end or stands amiss; what follows can't be read");
	say_bad(m, row, column, reason);
	return m->stopped ? 1 : 0;
}

static void put_row(struct piece *p, const struct st_import_row *row)
{
	p->numbers[p->rows] = row->row;
	p->starts[p->rows++] = p->text.size;
	for (int i = 0; i < ST_IMPORT_COLUMNS; i++) {
		if (i > 0)
			st_buf_put_text(&p->text, ",");
		put_value(&p->text, row->column[i]);
	}
	st_buf_put_text(&p->text, "\n");
}

/* A row that the piece has no room for begins the next one. */
static int add_row(struct importing *m, const struct st_import_row *row)
{
	struct piece *p = m->cut;
	size_t size = p->text.size;
	put_row(p, row);
	if (p->rows == 1 || (p->rows < PIECE_ROWS && p->text.size <= PIECE_BYTES))
		return 0;
	p->rows--;
	p->text.size = size;
	int rc = piece_begin(m);
	if (rc == 0 && !m->stopped)
		put_row(m->cut, row);
	return rc;
}

static int take_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct importing *m = arg;
	m->read++;
	if (rc < 0)
		return take_broken(m, row->row, rc, column);
	if (!wanted(m, "district", row->column[ST_COL_DISTRICT]) ||
	    !wanted(m, "sub-district", row->column[ST_COL_SUB_DISTRICT]))
		return 0;
	m->rc = add_row(m, row);
	return m->rc != 0 || m->stopped ? 1 : 0;
}

static int header_wrong(const struct importing *m)
{
	struct st_buf header;
	st_buf_init(&header, 1024);
	put_header(&header);
	header.size--;
	st_buf_u8(&header, 0);
	complain(T_IMPORT_HEADER, m->file, (const char *)header.data);
	st_buf_done(&header);
	return CTL_USAGE;
}

static int check_encoding(struct importing *m, const struct st_utf8_sum *sum)
{
	if (st_utf8_is(sum))
		return 0;
	(void)piece_end(m); /* one at a time complains */
	bool wide = st_utf8_is_wide(sum);
	complain(T_NOT_UTF8, m->file, (unsigned long long)sum->bad_line, wide ? "UTF-16" : "GBK",
		 wide ? "UTF-16" : "GB18030");
	return CTL_USAGE;
}

/* A file is looked through before anything of it is imported; a pipe can't be, and is looked at slice by slice. */
static int look_through(struct importing *m, FILE *f)
{
	struct st_utf8_sum sum = { .size = 0 };
	size_t n;
	off_t start = ftello(f);
	if (start < 0)
		return 0;
	while ((n = fread(slice, 1, sizeof(slice), f)) > 0)
		st_utf8_add(&sum, st_span(slice, n));
	if (ferror(f) == 0 && fseeko(f, start, SEEK_SET) == 0)
		return check_encoding(m, &sum);
	complain(T_BAD_FILE, m->file, st_file_error_text(errno, ctl.lang));
	return CTL_WRONG;
}

static int read_slices(struct importing *m, FILE *f, struct st_import_reader *reader)
{
	struct st_utf8_sum sum = { .size = 0 };
	int rc = 0;
	size_t n;
	while (rc == 0 && (n = fread(slice, 1, sizeof(slice), f)) > 0) {
		st_utf8_add(&sum, st_span(slice, n));
		m->rc = check_encoding(m, &sum);
		rc = m->rc != 0 ? 1 : st_import_feed(reader, st_span(slice, n));
	}
	return rc;
}

static int read_file(struct importing *m, FILE *f)
{
	struct st_import_reader *reader = NULL;
	int rc = look_through(m, f);
	if (rc != 0)
		return rc;
	rc = st_import_reader_new(take_row, m, &reader);
	if (rc < 0)
		return CTL_WRONG;
	rc = read_slices(m, f, reader);
	if (rc == 0 && ferror(f) != 0) {
		(void)piece_end(m);
		complain(T_BAD_FILE, m->file, st_file_error_text(errno, ctl.lang));
		m->rc = CTL_WRONG;
	}
	if (rc == 0)
		rc = st_import_end(reader);
	st_import_reader_free(reader);
	if (rc == ST_EFIELD && m->read == 0 && m->rc == 0)
		return header_wrong(m);
	if (rc == ST_EWIRE && !m->stopped) { /* what follows broken quotes has no rows */
		m->stopped = true;
		m->stopped_at = m->read + 1;
	}
	if (m->rc == 0) /* good rows before a bad end are taken */
		m->rc = send_all(m);
	else
		(void)piece_end(m);
	progress_end();
	return m->rc != 0 ? m->rc : rc < 0 && !m->found_bad ? CTL_USAGE : 0;
}

static int summary(const struct importing *m)
{
	/* What was read ahead of a stop, or of trouble, counts for nothing. The header is the file's first row. */
	uint64_t rows = m->stopped ? m->stopped_at - 1 : m->rc == 0 ? m->read : m->reached > 0 ? m->reached - 1 : 0;
	if (ctl.json) {
		json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:O}", "file", m->file, "rows",
				      (json_int_t)rows, "opened", (json_int_t)m->opened, "moved",
				      (json_int_t)m->moved, "unchanged", (json_int_t)m->unchanged, "bad",
				      (json_int_t)m->bad, "events", (json_int_t)m->events, "stopped",
				      (int)m->stopped, "bad_rows", m->bad_rows);
		json_print(o);
		json_decref(o);
	} else {
		complain(T_IMPORT_SUM, (unsigned long long)rows, (unsigned long long)m->opened,
			 (unsigned long long)m->moved, (unsigned long long)m->unchanged,
			 (unsigned long long)m->bad, (unsigned long long)m->events);
		if (m->stopped)
			complain(T_IMPORT_STOPPED, (unsigned long long)m->stopped_at);
	}
	return m->stopped ? CTL_USAGE : m->found_bad ? CTL_WRONG : CTL_RIGHT;
}

static int open_import(struct importing *m, struct query *q)
{
	const struct args *a = m->args;
	const char *on_error = option(a, "on-error"), *slash = strrchr(m->file, '/');
	if (on_error != NULL && strcmp(on_error, "stop") != 0 && strcmp(on_error, "skip") != 0) {
		complain(T_SKIP_STOP);
		return CTL_USAGE;
	}
	if (strcmp(m->file, "-") == 0 && option(a, "source") == NULL) { /* "-" would name any pipe's rows */
		complain(T_NEED_OPTION, "source");
		return CTL_USAGE;
	}
	m->stop = on_error != NULL && strcmp(on_error, "stop") == 0;
	query_init(q, "/v1/import");
	query_add(q, "source", option(a, "source") != NULL ? option(a, "source")
			       : slash == NULL		   ? m->file
							   : slash + 1);
	query_add(q, "source_assumed", option(a, "source") == NULL ? "1" : NULL);
	query_add(q, "author", option(a, "author"));
	query_add(q, "on_error", on_error);
	query_add(q, "row", "2");
	st_buf_init(&m->path, 8192);
	st_buf_put_text(&m->path, query_text(q));
	st_buf_u8(&m->path, 0);
	st_buf_init(&m->body, BODY_BYTES);
	for (size_t i = 0; i < 2; i++) {
		st_buf_init(&pieces[i].text, BODY_BYTES);
		pieces[i].answers = json_array();
	}
	m->cut = &pieces[0];
	return 0;
}

static int run_import(const struct args *a)
{
	struct importing m = { .args = a, .file = a->words[0], .bad_rows = json_array() };
	struct query q = { .any = false };
	bool standard = strcmp(m.file, "-") == 0;
	int rc = open_import(&m, &q);
	FILE *f = rc != 0 ? NULL : standard ? stdin : fopen(m.file, "rb");
	if (rc == 0 && f == NULL) {
		complain(T_BAD_FILE, m.file, st_file_error_text(errno, ctl.lang));
		rc = CTL_USAGE;
	}
	if (rc == 0)
		rc = read_file(&m, f);
	if (f != NULL && !standard)
		(void)fclose(f);
	if (rc == 0)
		rc = summary(&m);
	else if (m.read > 0 && !ctl.json)
		(void)summary(&m); /* what was taken before the trouble */
	query_done(&q);
	st_buf_done(&m.path);
	st_buf_done(&m.body);
	for (size_t i = 0; i < 2; i++) {
		st_buf_done(&pieces[i].text);
		json_decref(pieces[i].answers);
	}
	json_decref(m.bad_rows);
	return rc;
}

const struct verb import_verbs[] = {
	{ "import",
	  "FILE.csv|- [--source NAME] [--author ID] [--on-error skip|stop] [--district NAME ...] [--sub-district NAME ...]",
	  "source author on-error district sub-district", 1, 1, run_import,
	  "导入 CSV; 再次导入同一文件不会重复, 有进展的行只补新步骤",
	  "import cases from CSV; a second import adds nothing, a row that has moved on adds just what is new",
	  "stationctl import boston-2026-11.csv --source boston --district Dorchester --on-error skip" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
