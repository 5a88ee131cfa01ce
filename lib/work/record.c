/* record.c - a record's row, and what one event of its chain does to it.
 *
 * Owns:    the row's bytes, and st_record_step: the only place where a state changes.
 * Promise: 4: a row is a function of its chain, so a recount finds the same.
 * Flow:    chain -> record -> tallies, indexes, ask */
#include <station/work/record.h>
#include <stddef.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "facet.h"

void st_record_encode(const struct st_record *r, struct st_buf *to)
{
	const uint64_t values[] = {
		ST_FOLD_VERSION, r->kind, r->state, r->holder, r->term, r->revision, r->head.log,
		r->head.seq, r->opened_day, r->closed_day, r->changed_day, r->due_day,
		r->first_due_day, r->category, r->subcategory, r->unit, r->channel,
		r->rating_answer, r->rating_result, r->reopened, r->handed, r->number.year, r->number.epoch,
		r->number.serial, r->notes, r->waiting, r->set_aside, r->days_left, r->facet_count,
	};
	_Static_assert(sizeof(values) / sizeof(values[0]) * 10 + ST_FACETS_MAX * (2 + 5) <= ST_RECORD_ROW_MAX,
		       "the largest row");
	st_assert(r->revision <= ST_REVISIONS_MAX); /* st_record_decode refuses more */
	st_assert(r->facet_count <= ST_FACETS_MAX);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		st_buf_varint(to, values[i]);
	for (size_t i = 0; i < r->facet_count; i++) {
		st_buf_varint(to, r->facets[i].field);
		st_buf_varint(to, r->facets[i].value);
	}
}

void st_record_copy(struct st_record *to, const struct st_record *from)
{
	st_assert(from->facet_count <= ST_FACETS_MAX);
	memcpy(to, from, offsetof(struct st_record, facets) + from->facet_count * sizeof(from->facets[0]));
}

static uint32_t u32(struct st_reader *r)
{
	uint64_t v = st_read_varint(r);
	if (v > UINT32_MAX)
		r->failed = true;
	return (uint32_t)v;
}

static uint16_t u16(struct st_reader *r)
{
	return (uint16_t)u32(r);
}

static uint8_t u8(struct st_reader *r)
{
	return (uint8_t)u32(r);
}

int st_record_decode(const struct st_record_ref *ref, struct st_span row, struct st_record *ret_r)
{
	struct st_record o;
	struct st_reader r = st_reader(row);
	memset(&o, 0, offsetof(struct st_record, facets));
	o.ref = *ref;
	o.fold_version = u32(&r);
	o.kind = u32(&r);
	o.state = u32(&r);
	o.holder = u32(&r);
	o.term = u32(&r);
	o.revision = u32(&r);
	o.head.log = u32(&r);
	o.head.seq = st_read_varint(&r);
	o.opened_day = u32(&r);
	o.closed_day = u32(&r);
	o.changed_day = u32(&r);
	o.due_day = u32(&r);
	o.first_due_day = u32(&r);
	o.category = u16(&r);
	o.subcategory = u16(&r);
	o.unit = u16(&r);
	o.channel = u8(&r);
	o.rating_answer = u8(&r);
	o.rating_result = u8(&r);
	o.reopened = u16(&r);
	o.handed = u16(&r);
	o.number.opener = ref->opener;
	o.number.year = u16(&r);
	o.number.epoch = u16(&r);
	o.number.serial = u32(&r);
	o.notes = u32(&r);
	o.waiting = u32(&r);
	o.set_aside = u32(&r);
	o.days_left = u16(&r);
	o.facet_count = u16(&r);
	if (r.failed || o.facet_count > ST_FACETS_MAX)
		return ST_ECORRUPT;
	for (size_t i = 0; i < o.facet_count; i++) {
		o.facets[i].field = u8(&r);
		o.facets[i].value = u32(&r);
	}
	if (!st_reader_done(&r) || o.revision > ST_REVISIONS_MAX)
		return ST_ECORRUPT;
	st_record_copy(ret_r, &o);
	return 0;
}

int st_record_load(struct st_txn *t, const struct st_record_ref *ref, struct st_record *ret_r)
{
	uint8_t row[ST_RECORD_ROW_MAX];
	size_t size = 0;
	int rc = st_record_get(t, ref, row, &size);
	return rc < 0 ? rc : st_record_decode(ref, st_span(row, size), ret_r);
}

int st_record_indexed(struct st_txn *t, struct st_span key, struct st_record *ret_r)
{
	struct st_record_ref ref;
	int rc = st_index_ref(key, &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, ret_r);
	return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
}

static bool state_open(uint32_t kind, uint32_t state)
{
	const struct st_kind *k = st_kind(kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, state);
	return s == NULL || s->class == ST_OPEN;
}

bool st_record_open(const struct st_record *r)
{
	return state_open(r->kind, r->state);
}

int st_record_id(struct st_txn *t, const struct st_record_ref *ref, struct st_record_id *ret_id)
{
	struct st_record_id id = { .ulid = ref->ulid };
	int rc = st_station_code(t, ref->opener, &id.opener);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

static uint32_t bounded(const struct st_field *f, uint32_t most)
{
	return f->is_number && f->number <= most ? (uint32_t)f->number : 0;
}

static int take_field(struct st_txn *t, struct st_record *r, const struct st_change *c, size_t at)
{
	const struct st_field *f = &c->fields[at];
	switch (f->id) {
	case ST_F_CATEGORY:      return facet_name(t, ST_NAMES_CATEGORY, f, &r->category);
	case ST_F_SUBCATEGORY:   return facet_name(t, ST_NAMES_SUBCATEGORY, f, &r->subcategory);
	case ST_F_UNIT:          return facet_name(t, ST_NAMES_UNIT, f, &r->unit);
	case ST_F_CHANNEL:       r->channel = (uint8_t)bounded(f, UINT8_MAX); break;
	case ST_F_DUE_DAY:       r->due_day = bounded(f, ST_DAY_MAX); break;
	case ST_F_FIRST_DUE_DAY: r->first_due_day = bounded(f, ST_DAY_MAX); break;
	case ST_F_RATING_ANSWER: r->rating_answer = (uint8_t)bounded(f, UINT8_MAX); break;
	case ST_F_RATING_RESULT: r->rating_result = (uint8_t)bounded(f, UINT8_MAX); break;
	case ST_F_DAYS_LEFT:     r->days_left = (uint16_t)bounded(f, UINT16_MAX); break;
	case ST_F_YEAR: /* the number is told once, on opening */
		if (r->revision == 0)
			r->number.year = (uint16_t)bounded(f, UINT16_MAX);
		break;
	case ST_F_SERIAL:
		if (r->revision == 0)
			r->number.serial = bounded(f, UINT32_MAX);
		break;
	default:                 return facet_take(t, r, c, at); /* a kind's own */
	}
	return 0;
}

int st_record_step(struct st_txn *t, struct st_record *r, const struct st_link *link,
		   const struct st_change *change)
{
	st_assert(link->type != ST_NOTE);
	st_assert(link->at.seq > 0);
	struct st_record n;
	st_record_copy(&n, r);
	uint32_t day = st_day_of_ms(change->at_ms);
	bool opens = n.revision == 0, was_open = opens || st_record_open(&n);
	if (opens) {
		n.kind = change->kind;
		n.holder = link->writer;
		n.opened_day = day;
		n.number.opener = n.ref.opener;
		n.number.epoch = (uint16_t)link->epoch;
	}
	for (size_t i = 0; i < change->field_count; i++) {
		int rc = take_field(t, &n, change, i);
		if (rc < 0)
			return rc;
	}
	if (n.category != r->category && st_field_find(change->fields, change->field_count, ST_F_SUBCATEGORY) == NULL)
		n.subcategory = 0; /* it was one of another category */
	if (link->type == ST_MOVE && change->state != 0)
		n.state = change->state;
	if (link->holder != 0 && link->holder != n.holder) {
		n.holder = link->holder;
		n.handed++;
	}
	bool is_open = st_record_open(&n);
	if (is_open)
		n.closed_day = 0;
	else if (was_open)
		n.closed_day = day;
	n.reopened = (uint16_t)(n.reopened + (!was_open && is_open));
	n.changed_day = day;
	n.term = link->term;
	n.revision++;
	n.head = link->at;
	n.fold_version = ST_FOLD_VERSION;
	st_record_copy(r, &n);
	return 0;
}
