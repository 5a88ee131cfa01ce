/* overdue_opinions.c - what was asked of others beside the main unit, and isn't there by its day.
 *
 * Owns:    what a record still lacks of a field, with its day (work/kind.h, st_left).
 * Promise: judged at reading, so nothing happens at midnight.
 * Flow:    index, chains -> opinions -> overdue */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "overdue.h"

enum { VALUES_MAX = 64 }; /* of one record; more co-handling units than any suggestion has */

struct values {
	size_t count;
	char text[VALUES_MAX][ST_NAME_TEXT_MAX + 1];
};
struct owing {
	struct looking *l;
	const struct st_kind *kind;
	const struct st_left *left;
	struct values named, done;
	uint32_t due; /* 0: never said */
};

static bool has(const struct values *v, const char *text)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->text[i], text) == 0)
			return true;
	return false;
}

static void add(struct values *v, struct st_span text)
{
	char one[ST_NAME_TEXT_MAX + 1];
	if (v->count == VALUES_MAX || text.size == 0)
		return;
	(void)snprintf(one, sizeof(one), "%.*s", (int)text.size, (const char *)text.data);
	if (!has(v, one))
		memcpy(v->text[v->count++], one, sizeof(one));
	st_assert(v->count <= VALUES_MAX);
}

static void take(struct owing *o, const struct st_change *c)
{
	for (size_t i = 0; i < c->field_count; i++) {
		const struct st_field *f = &c->fields[i];
		if (f->id == o->left->of && !f->is_number)
			add(&o->named, f->text);
		else if (f->id == o->left->done && !f->is_number)
			add(&o->done, f->text);
		else if (f->id == o->left->due && f->is_number && f->number <= ST_DAY_MAX)
			o->due = (uint32_t)f->number;
	}
}

/* From the opening on, so that the newest day counts and units stand as they were named. */
static int read_chain(struct owing *o, const struct st_record *r)
{
	struct st_step *steps = NULL;
	size_t count = 0;
	o->named.count = o->done.count = o->due = 0;
	int rc = st_record_chain(o->l->txn, r, &steps, &count);
	for (size_t i = count; rc == 0 && i > 0; i--) {
		struct st_event e;
		struct st_change change;
		rc = life_read(&o->l->life, &steps[i - 1].at, &e, &change);
		if (rc == 0)
			take(o, &change);
	}
	free(steps);
	return rc;
}

static bool is_late(const struct owing *o)
{
	const struct st_overdue_query *q = o->l->q;
	uint32_t ahead = q->soon_days != 0 ? q->soon_days : ST_SOON_USUAL;
	if (o->due == 0)
		return false;
	return q->soon ? o->due >= q->today && o->due <= q->today + ahead : o->due < q->today;
}

static int give_units(struct owing *o, const uint8_t key[LATE_KEY], struct st_overdue_row *row)
{
	char subcategory[ST_NAME_TEXT_MAX + 1];
	uint32_t urgency;
	int rc = late_fill(o->l, row, &urgency, subcategory);
	row->what = ST_OVERDUE_opinion;
	row->due = o->due;
	row->first_due = 0;
	for (size_t i = 0; rc == 0 && i < o->named.count; i++) {
		if (has(&o->done, o->named.text[i]))
			continue;
		memcpy(row->unit, o->named.text[i], sizeof(row->unit));
		rc = late_row(o->l, key, row);
	}
	return rc;
}

static int indexed(struct st_span key, void *arg)
{
	struct owing *o = arg;
	struct st_overdue_row row;
	if (key.size != LATE_KEY)
		return ST_ECORRUPT;
	int rc = st_record_indexed(o->l->txn, key, &row.record);
	if (rc < 0)
		return rc;
	if (!st_left_open(o->kind, o->left, row.record.state))
		return 0;
	rc = read_chain(o, &row.record);
	return rc < 0 ? rc : is_late(o) ? give_units(o, key.data, &row) : 0;
}

static int of_left(struct owing *o, uint32_t holder)
{
	struct looking *l = o->l;
	uint8_t prefix[6];
	st_put_u32(prefix, holder);
	prefix[4] = (uint8_t)o->kind->number;
	prefix[5] = ST_OPEN;
	struct st_span start = ST_SPAN_NONE;
	bool on = l->from.section == ST_OVERDUE_opinion;
	int before = on ? memcmp(l->from.key, prefix, sizeof(prefix)) : -1;
	if (before > 0)
		return 0; /* told on a page before */
	if (before == 0)
		start = ST_SPAN(l->from.key);
	int rc = st_index_each(l->txn, ST_INDEX_DUE, ST_SPAN(prefix), start, indexed, o);
	return rc < 0 ? rc : 0;
}

int late_opinions(struct looking *l, uint32_t holder, const struct st_kind *k)
{
	struct owing *o = NULL;
	int rc = 0;
	for (size_t i = 0; rc == 0 && !l->stopped && i < k->left_count; i++) {
		if (k->lefts[i].due == 0)
			continue;
		if (o == NULL && (o = calloc(1, sizeof(*o))) == NULL)
			return ST_ENOMEM;
		o->l = l;
		o->kind = k;
		o->left = &k->lefts[i];
		rc = of_left(o, holder);
	}
	free(o);
	return rc;
}
