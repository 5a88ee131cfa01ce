/* import.c - rows of cases become the moves that are still missing.
 *
 * Owns:    the promise that a second import adds nothing, not even under a name that nobody chose.
 * Promise: 8: a bad row is named and skipped, or stops the import where it is asked to; rows before
 *          it stand whole.
 * Flow:    api -> import -> plan -> command -> own log */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/work/import.h>

enum { SOURCES_LOOKED_AT = 64, NFC_GROWS = 12 };

struct importing {
	struct st_job_import *job;
	struct st_buf source, number; /* in normal form, as events have them */
	/* Rows of this job whose events aren't in the store yet, by identity. */
	uint8_t pending[ST_IMPORT_ROWS_MAX][16];
	size_t pending_count;
};

static bool is_pending(const struct importing *m, const uint8_t hash[16])
{
	for (size_t i = 0; i < m->pending_count; i++)
		if (memcmp(m->pending[i], hash, 16) == 0)
			return true;
	return false;
}

static int flush(struct st_apply *a, struct importing *m)
{
	m->pending_count = 0;
	return own_flush(a);
}

/* What is no text stays as it is: the opening is refused for it. */
static int normal(struct st_span s, struct st_buf *to, struct st_span *ret_s)
{
	st_buf_clear(to);
	int rc = st_text_nfc(s, to);
	*ret_s = rc == 0 ? st_buf_span(to) : s;
	return rc == ST_ENOMEM ? rc : 0;
}

static int row_hash(struct importing *m, struct st_span source, const struct st_import_case *c,
		    uint8_t ret_hash[16])
{
	struct st_span number;
	int rc = normal(c->column[ST_COL_NUMBER], &m->number, &number);
	if (rc == 0)
		st_import_source(source, number, ret_hash);
	return rc;
}

/* Whether any row is known under a source. 1: it is. */
static int known_under(struct st_apply *a, struct importing *m, struct st_span source)
{
	uint8_t hash[16];
	struct st_record_ref ref;
	for (size_t i = 0; i < m->job->case_count; i++) {
		int rc = row_hash(m, source, &m->job->cases[i], hash);
		if (rc == 0)
			rc = st_source_get(a->txn, hash, &ref);
		if (rc != ST_ENOTFOUND)
			return rc < 0 ? rc : 1;
	}
	return 0;
}

/* An export under a new file name is most often the same source's: that it would open every matter
 * a second time is found before anything is written. */
static int check_source(struct st_apply *a, struct importing *m)
{
	char name[ST_NAME_TEXT_MAX + 1];
	uint16_t number = 0;
	int rc = m->job->source_assumed
			 ? st_name_find(a->txn, ST_NAMES_SOURCE, m->job->source, &number)
			 : 0;
	if (rc != ST_ENOTFOUND)
		return rc;
	for (uint16_t n = 1; n <= SOURCES_LOOKED_AT; n++) {
		rc = st_name_text(a->txn, ST_NAMES_SOURCE, n, name);
		if (rc == 0)
			rc = known_under(a, m, st_span_text(name));
		if (rc == 1)
			(void)snprintf(m->job->place, ST_PLACE_MAX, "%s", name);
		if (rc != 0)
			return rc == ST_ENOTFOUND ? 0 : rc == 1 ? ST_ESOURCE : rc;
	}
	return 0;
}

static int keep_source(struct st_apply *a, const struct importing *m)
{
	uint16_t number;
	if (m->job->opened == 0 || m->job->source.size > ST_NAME_TEXT_MAX)
		return 0;
	int rc = st_name_intern(a->txn, ST_NAMES_SOURCE, m->job->source, &number);
	return rc == ST_ETOOBIG ? 0 : rc; /* so many names are no names */
}

/* The record of a row; revision 0: there is none yet. */
static int find_record(struct st_apply *a, struct importing *m, const struct st_import_case *c,
		       struct st_record *r)
{
	uint8_t hash[16], random[10];
	struct st_record_ref ref;
	int rc = row_hash(m, m->job->source, c, hash);
	if (rc == 0 && is_pending(m, hash))
		rc = flush(a, m);
	if (rc == 0)
		rc = st_source_get(a->txn, hash, &ref);
	if (rc == 0)
		return st_record_load(a->txn, &ref, r);
	if (rc != ST_ENOTFOUND)
		return rc;
	memset(r, 0, sizeof(*r));
	a->world->random(a->world->arg, random, sizeof(random));
	r->ref.opener = a->self.station.number;
	/* The ULID's time is the opening's, so records of one file sort as they happened. */
	r->ref.ulid = st_ulid_make(c->opened_ms > 0 ? (uint64_t)c->opened_ms : 0, random);
	st_assert(m->pending_count < ST_IMPORT_ROWS_MAX);
	memcpy(m->pending[m->pending_count++], hash, 16);
	return 0;
}

static void bad_row(struct st_job_import *job, uint64_t row, int rc, const char *column,
		    const char *reason)
{
	size_t n = job->bad_count++;
	if (n < job->bad_room)
		job->bad[n] = (struct st_import_bad){ .row = row, .rc = rc, .column = column, .reason = reason };
}

/* A time that hasn't come yet, by this station's clock. */
static const char *column_ahead(const struct st_apply *a, const struct st_import_case *c)
{
	int64_t most = a->world->now_ms + ST_AT_AHEAD_MS;
	return c->opened_ms > most   ? st_import_column_name(ST_COL_OPENED_AT)
	       : c->closed_ms > most ? st_import_column_name(ST_COL_CLOSED_AT)
				     : NULL;
}

static int one_move(struct st_apply *a, struct importing *m, const struct st_import_move *move,
		    struct st_record *r, const char **reterr_column)
{
	struct st_checked checked;
	struct st_position at;
	char place[ST_PLACE_MAX];
	struct st_command c = {
		.kind = ST_KIND_MATTER,
		.move = move->move,
		.at_ms = move->at_ms,
		.now_ms = a->world->now_ms,
		.author = m->job->author,
		.fields = move->fields,
		.field_count = move->field_count,
		.foreign = true, /* the source's dates and categories stand */
	};
	struct known known;
	place[0] = 0;
	st_buf_clear(&a->values);
	int rc = known_fill(a, r, &c, &known);
	if (rc < 0)
		return rc;
	rc = st_command_check(&c, r->revision > 0 ? r : NULL, a->self.station.number, &a->values,
				  &checked, place);
	if (rc < 0) {
		const struct st_kind *k = st_kind(ST_KIND_MATTER);
		const struct st_field_row *f = st_kind_field_named(k, st_span_text(place));
		*reterr_column = f != NULL ? f->name : "";
		return rc;
	}
	return command_add(a, &c, &checked, r, &at);
}

/* All moves of a row are checked by its plan's table; a row that fails halfway keeps the moves before. */
static int one_row(struct st_apply *a, struct importing *m, const struct st_import_case *c)
{
	struct st_import_move moves[ST_IMPORT_MOVES_MAX];
	struct st_job_import *job = m->job;
	struct st_record r;
	const char *column = column_ahead(a, c);
	if (column != NULL) {
		bad_row(job, c->row, ST_EFIELD, column, "ahead");
		return 0;
	}
	int rc = find_record(a, m, c, &r);
	if (rc < 0)
		return rc;
	column = "";
	bool opens = r.revision == 0;
	int count = st_import_plan(c, job->source, opens ? NULL : &r, moves);
	rc = count < 0 ? count : 0;
	int done = 0;
	for (; rc == 0 && done < count; done++)
		rc = one_move(a, m, &moves[done], &r, &column);
	if (is_failure(rc))
		return rc;
	if (rc < 0) {
		bool gone = count < 0; /* it has ended here, and not as the row says */
		bad_row(job, c->row, rc, gone ? st_import_column_name(ST_COL_STATE) : column,
			gone ? "gone" : "");
		return 0;
	}
	job->events += (uint64_t)count;
	job->opened += opens;
	job->moved += !opens && count > 0;
	job->unchanged += count == 0;
	return 0;
}

static int all_rows(struct st_apply *a, struct importing *m)
{
	struct st_job_import *job = m->job;
	int rc = normal(job->source, &m->source, &job->source);
	if (rc == 0)
		rc = check_source(a, m);
	for (size_t i = 0; rc == 0 && i < job->case_count; i++) {
		rc = one_row(a, m, &job->cases[i]);
		if (job->bad_count > 0 && job->stop_on_error)
			break;
	}
	if (rc == 0)
		rc = flush(a, m);
	return rc == 0 ? keep_source(a, m) : rc;
}

int job_import(struct st_apply *a, struct st_job_import *job)
{
	struct importing m = { .job = job };
	struct st_span source = job->source;
	ST_REQUIRE(job->case_count <= ST_IMPORT_ROWS_MAX);
	job->opened = job->moved = job->unchanged = job->bad_count = 0;
	job->events = 0;
	job->place[0] = 0;
	int rc = may_sign(a);
	if (rc < 0)
		return rc;
	st_buf_init(&m.source, NFC_GROWS * ST_NAME_TEXT_MAX);
	st_buf_init(&m.number, NFC_GROWS * ST_CSV_FIELD_MAX);
	rc = all_rows(a, &m);
	job->source = source; /* the caller's again */
	st_buf_done(&m.source);
	st_buf_done(&m.number);
	return rc;
}
