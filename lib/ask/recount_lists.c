/* recount_lists.c - strays, lists, numbers, sources and names, against the records that they follow from.
 *
 * Owns:    which rows each record must have, and that there are no others.
 * Promise: 4: a list leaves nothing out and shows nothing that isn't.
 * Flow:    recounted record -> lists -> right or wrong */
#include "recount.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/tables.h>

void recount_wrong(struct st_recount *out, uint64_t *count, const char *what, const char *how)
{
	st_assert(what[0] != 0);
	if ((*count)++ == 0 && out->first_wrong[0] == 0)
		(void)snprintf(out->first_wrong, sizeof(out->first_wrong), "%s: %s", what, how);
}

static void wrong_of(struct recount_lists *l, const char *table, const struct st_record *r)
{
	char ulid[ST_ULID_TEXT + 1], what[64];
	st_ulid_text(&r->ref.ulid, ulid);
	(void)snprintf(what, sizeof(what), "%s, record %s", table, ulid);
	recount_wrong(l->out, &l->out->wrong_rows, what, "row missing or wrong");
}

static enum st_stray_why why_of(enum st_verdict v)
{
	return v == ST_IS_NOTE ? ST_STRAY_NOTE : v == ST_WAITS ? ST_STRAY_WAITING : ST_STRAY_SET_ASIDE;
}

static int strays_of(struct recount_lists *l, const struct recount_record *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct st_stray stray = { r->links[i].at.log, r->links[i].at.seq, why_of(r->verdicts[i]) };
		if (r->verdicts[i] == ST_ON_CHAIN)
			continue;
		int rc = st_stray_has(l->txn, &r->row->ref, &stray);
		if (rc < 0)
			return rc;
		if (rc == 0)
			wrong_of(l, "strays", r->row);
		l->strays++;
	}
	return 0;
}

struct placing {
	struct recount_lists *lists;
	const struct st_record *row;
};

static int place_of(enum st_index which, struct st_span key, void *arg)
{
	struct placing *p = arg;
	int rc = st_index_has(p->lists->txn, which, key);
	if (rc < 0)
		return rc;
	if (rc == 0)
		wrong_of(p->lists, "index", p->row);
	p->lists->places++;
	return 0;
}

/* The first record to take a number keeps it; a later one that bears it too has no row. */
static int number_of(struct recount_lists *l, const struct st_record *r)
{
	struct st_record_ref other = { .opener = r->number.opener };
	struct st_record row;
	if (r->revision == 0 || r->number.serial == 0)
		return 0;
	int rc = st_number_get(l->txn, &r->number, &other.ulid);
	if (rc == 0 && memcmp(other.ulid.bytes, r->ref.ulid.bytes, ST_ULID_SIZE) == 0) {
		l->numbers++;
		return 0;
	}
	if (rc == 0)
		rc = st_record_load(l->txn, &other, &row);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_ECORRUPT)
		return rc;
	if (rc < 0 || row.number.serial != r->number.serial || row.number.year != r->number.year ||
	    row.number.epoch != r->number.epoch)
		wrong_of(l, "numbers", r);
	return 0;
}

static int source_of(struct recount_lists *l, const struct recount_record *r)
{
	struct st_record_ref known;
	if (r->source == NULL)
		return 0;
	int rc = st_source_get(l->txn, r->source, &known);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_ECORRUPT)
		return rc;
	if (rc < 0)
		wrong_of(l, "sources", r->row);
	else if (st_record_same(&known, &r->row->ref))
		l->sources++;
	return 0;
}

int recount_lists_of(struct recount_lists *l, const struct recount_record *r)
{
	struct placing placing = { l, r->row };
	unsigned openings = 0;
	for (size_t i = 0; i < r->count; i++)
		openings += r->links[i].type != ST_NOTE && r->links[i].previous.seq == 0 &&
			    r->links[i].writer == r->row->ref.opener;
	l->many_openings |= openings > 1;
	int rc = strays_of(l, r);
	if (rc == 0)
		rc = st_record_places(r->row, place_of, &placing);
	if (rc == 0)
		rc = number_of(l, r->row);
	return rc < 0 ? rc : source_of(l, r);
}

/* Each name has its number, and each number its name. Rows: 1 | dimension | text -> number, 2 | dimension | number ->
 * text (lib/store/names.c). */
static int name_row(struct st_span key, struct st_span value, void *arg)
{
	struct recount_lists *l = arg;
	char text[ST_NAME_TEXT_MAX + 1];
	uint16_t number = 0;
	int rc = ST_ENOTFOUND;
	if (key.size > 2 && key.data[0] == 1 && value.size == 2) {
		struct st_span name = st_span(key.data + 2, key.size - 2);
		rc = st_name_text(l->txn, key.data[1], st_get_u16(value.data), text);
		if (rc == 0 && !st_span_equal(name, st_span_text(text)))
			rc = ST_ENOTFOUND;
	} else if (key.size == 4 && key.data[0] == 2) {
		rc = st_name_find(l->txn, key.data[1], value, &number);
		if (rc == 0 && number != st_get_u16(key.data + 2))
			rc = ST_ENOTFOUND;
	}
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_ECORRUPT)
		return rc;
	if (rc < 0)
		recount_wrong(l->out, &l->out->wrong_rows, "names", "text and number differ");
	return 0;
}

static void total_of(struct recount_lists *l, const char *table, uint64_t wanted, uint64_t rows)
{
	char how[64];
	if (rows == wanted)
		return;
	(void)snprintf(how, sizeof(how), "%llu rows, of records %llu", (unsigned long long)rows,
		       (unsigned long long)wanted);
	recount_wrong(l->out, &l->out->wrong_rows, table, how);
}

int recount_lists_done(struct recount_lists *l)
{
	const struct {
		const char *table;
		uint64_t wanted;
		bool unknown;
	} totals[] = {
		{ "records", l->out->records, false },
		{ "strays", l->strays, false },
		{ "index", l->places, false },
		{ "numbers", l->numbers, l->many_openings },
		{ "sources", l->sources, l->many_openings },
		{ "names", 0, true },   /* row by row: each side has the other */
		{ "tallies", 0, true }, /* counter by counter */
	};
	enum { TOTALS = sizeof(totals) / sizeof(totals[0]) };
	int rc = st_table_each(l->txn, st_table_named("names"), name_row, l);
	for (size_t t = 0; rc == 0 && t < st_table_count(); t++) {
		const char *table = st_table_name(t);
		uint64_t rows = 0;
		size_t i = 0;
		if (st_table_class(t) != ST_TABLE_FOLDED)
			continue;
		while (i < TOTALS && strcmp(totals[i].table, table) != 0)
			i++;
		rc = st_table_rows(l->txn, t, &rows);
		if (rc == 0 && i == TOTALS)
			recount_wrong(l->out, &l->out->wrong_rows, table, "nothing compares it");
		else if (rc == 0 && !totals[i].unknown)
			total_of(l, table, totals[i].wanted, rows);
	}
	return rc;
}
