/* links.c - do the records that a command refers to exist?
 *
 * Owns:    that question. A record opened at this station or below it is here, so a link to one must
 *          find it, and of the right kind; what was opened elsewhere may not be here, and is then taken
 *          by its form alone. What is found is written by its number, however it was given, so that all
 *          links to a record read the same.
 * Promise: 8: a mistyped number is refused before anything is written.
 * Flow:    command -> links -> own log */
#include "group.h"
#include <stdio.h>
#include <station/base/check.h>

static int check_link(struct st_apply *a, const struct st_field_row *row, struct st_span *name,
		      const struct st_record *r, char number[ST_NUMBER_TEXT])
{
	st_assert(row->type == ST_FIELD_RECORD);
	struct st_code opener;
	struct st_record_ref ref;
	struct st_record other;
	uint32_t station = a->self.station.number;
	int rc = st_record_name_opener(*name, &opener);
	if (rc == 0 && !st_code_empty(&opener))
		rc = st_station_number(a->txn, &opener, &station);
	if (rc == ST_ENOTFOUND)
		return 0;
	bool elsewhere = rc == 0 && !st_station_below(a->txn, station, a->self.station.number);
	if (rc == 0)
		rc = st_record_resolve(a->txn, *name, &ref);
	if (elsewhere && (rc == ST_ENOTFOUND || rc == ST_EFIELD))
		return 0;
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &other);
	if (rc < 0)
		return rc;
	if (row->max != 0 && other.kind != row->max)
		return ST_EKIND;
	if (st_record_same(&ref, &r->ref))
		return ST_EITSELF;
	rc = st_record_number(a->txn, &other, number);
	if (rc == 0)
		*name = st_span_text(number);
	return rc;
}

int links_check(struct st_apply *a, struct st_checked *c, const struct st_record *r,
		char place[ST_PLACE_MAX])
{
	ST_REQUIRE(c->kind != NULL);
	st_assert(c->fact_count <= ST_FIELDS_MAX);
	for (size_t i = 0; i < c->fact_count; i++) {
		struct st_field *f = &c->facts[i];
		const struct st_field_row *row = st_kind_field(c->kind, f->id);
		if (row == NULL || row->type != ST_FIELD_RECORD)
			continue;
		int rc = check_link(a, row, &f->text, r, a->link_numbers[i]);
		if (rc == ST_ENOTFOUND || rc == ST_EKIND)
			(void)snprintf(place, ST_PLACE_MAX, "%s: %.*s", row->name, (int)f->text.size,
				       (const char *)f->text.data);
		else if (rc < 0)
			(void)snprintf(place, ST_PLACE_MAX, "%s", row->name);
		if (rc < 0)
			return rc;
	}
	return 0;
}
