/* merge.c - may this record join that one?
 *
 * Owns:    that question. What is joined must be here, so that its result comes here and the
 *          reporter can be told; another one of its kind, and open, so that there will be a result;
 *          and not merged itself.
 * Promise: 8: a merge that would leave a reporter without an answer is refused, with the record to
 *          join.
 * Flow:    command -> merge -> own log */
#include "group.h"
#include <stdio.h>
#include <station/base/check.h>
#include <station/work/merge.h>

/* The number to join instead, behind the one that was named. */
static int name_end(struct st_apply *a, struct st_record *r, char place[ST_PLACE_MAX])
{
	struct st_merge_reader *x = NULL;
	char number[ST_NUMBER_TEXT], asked[ST_PLACE_MAX];
	int rc = st_merge_reader_new(a->txn, &x);
	if (rc == 0)
		rc = st_merge_end(x, r);
	if (rc == 0)
		rc = st_record_number(a->txn, r, number);
	st_merge_reader_free(x);
	if (rc < 0)
		return rc;
	(void)snprintf(asked, sizeof(asked), "%s", place);
	(void)snprintf(place, ST_PLACE_MAX, "%.100s -> %s", asked, number);
	return ST_EJOINED;
}

int merge_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		char place[ST_PLACE_MAX])
{
	ST_REQUIRE(c->kind != NULL);
	const struct st_field_row *row = st_merge_field(c->kind, c->move);
	const struct st_field *f =
		row == NULL ? NULL : st_field_find(c->facts, c->fact_count, row->id);
	struct st_record_ref ref;
	struct st_record other;
	if (f == NULL)
		return 0;
	st_assert(!f->is_number);
	int rc = st_record_resolve(a->txn, f->text, &ref);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &other);
	(void)snprintf(place, ST_PLACE_MAX, "%s: %.*s", row->name, (int)f->text.size,
		       (const char *)f->text.data);
	if (rc < 0)
		return rc;
	if (st_record_same(&ref, &r->ref))
		return ST_EITSELF;
	if (other.kind != c->kind->number) /* one that was opened elsewhere was taken by its form so far */
		return ST_EKIND;
	if (st_state_merged(c->kind, other.state))
		return name_end(a, &other, place);
	if (!st_record_open(&other))
		return ST_EENDED;
	place[0] = 0;
	return 0;
}
