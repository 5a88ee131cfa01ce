/* facet.c - the values by which records are found and counted.
 *
 * Owns:    what a field's value is as a number, the facets of a row, and their places in the index.
 * Promise: 4: a row's facets are a function of its chain, and the index and the tallies of the row.
 * Flow:    change -> facet -> record, index -> ask */
#include "facet.h"
#include <station/base/check.h>
#include <station/base/text.h>

enum { FACET_KEY = 1 + 1 + 4 + 4 + ST_REF_SIZE };
_Static_assert((int)FACET_KEY <= (int)ST_INDEX_KEY_MAX, "the index takes such a key");
_Static_assert((int)ST_KINDS_MAX <= (int)UINT8_MAX, "a kind is one byte of it");

/* FNV-1a, whatever the case of the check characters. 0 says that there is none. */
uint32_t st_facet_of_record(struct st_span text)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		h = (h ^ (c >= 'a' && c <= 'z' ? c - 32u : c)) * 16777619u;
	}
	return h == 0 ? 1 : h;
}

uint32_t st_record_facet(const struct st_record *r, uint32_t field)
{
	st_assert(r->facet_count <= ST_FACETS_MAX);
	for (size_t i = 0; i < r->facet_count; i++)
		if (r->facets[i].field == field)
			return r->facets[i].value;
	return field == ST_F_UNIT ? r->unit : 0;
}

/* A name's number. A reader of the store finds what the fold has put there; what is no text or too
 * long for a name, or a dictionary that is full, counts as none: nobody's categories can wedge a log or
 * a list. */
int facet_name(struct st_txn *t, enum st_names names, const struct st_field *f, uint16_t *to)
{
	uint16_t number = 0;
	st_assert(names != 0);
	int rc = f->is_number ? ST_ENOTFOUND : st_name_find(t, (uint8_t)names, f->text, &number);
	if (rc == ST_ENOTFOUND && !f->is_number && st_txn_writes(t) &&
	    st_text_check(f->text, ST_NAME_TEXT_MAX, false) == 0)
		rc = st_name_intern(t, (uint8_t)names, f->text, &number);
	if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_ETOOBIG)
		return rc;
	*to = rc == 0 ? number : 0;
	return 0;
}

static int station_value(struct st_txn *t, const struct st_field *f, uint32_t *to)
{
	struct st_code code;
	*to = 0;
	if (f->is_number || st_code_parse(f->text, &code) < 0)
		return 0;
	int rc = st_station_intern(t, &code, to);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int value_of(struct st_txn *t, const struct st_field_row *row, const struct st_field *f,
		    uint32_t *to)
{
	uint16_t name = 0;
	int rc = 0;
	*to = 0;
	switch (row->type) {
	case ST_FIELD_CHOICE:
	case ST_FIELD_NUMBER:
	case ST_FIELD_DAY:
	case ST_FIELD_TIME:
		*to = f->is_number && f->number <= UINT32_MAX ? (uint32_t)f->number : 0;
		return 0;
	case ST_FIELD_TEXT:
		rc = facet_name(t, row->names, f, &name);
		*to = name;
		return rc;
	case ST_FIELD_STATION:
		return station_value(t, f, to);
	case ST_FIELD_RECORD:
		*to = f->is_number ? 0 : st_facet_of_record(f->text);
		return 0;
	case ST_FIELD_LONG:
	case ST_FIELD_IDENTITY:
	case ST_FIELD_HASH:
		st_assert(!"no table calls such a field a facet");
		break;
	}
	return 0;
}

static void drop(struct st_record *r, uint32_t field)
{
	uint16_t kept = 0;
	for (uint16_t i = 0; i < r->facet_count; i++)
		if (r->facets[i].field != field)
			r->facets[kept++] = r->facets[i];
	r->facet_count = kept;
}

static bool has(const struct st_record *r, uint32_t field, uint32_t value)
{
	for (uint16_t i = 0; i < r->facet_count; i++)
		if (r->facets[i].field == field && r->facets[i].value == value)
			return true;
	return false;
}

static bool given_before(const struct st_change *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (c->fields[i].id == c->fields[at].id)
			return true;
	return false;
}

int facet_take(struct st_txn *t, struct st_record *r, const struct st_change *c, size_t at)
{
	st_assert(at < c->field_count);
	const struct st_field *f = &c->fields[at];
	const struct st_kind *k = st_kind(r->kind);
	const struct st_field_row *row = k == NULL ? NULL : st_kind_field(k, f->id);
	uint32_t value = 0;
	if (row == NULL || (row->flags & ST_FACET) == 0 || f->id > UINT8_MAX)
		return 0;
	/* It is what the move that needs it says, and whoever signs it beside another says nothing: so reads a merge's link
	 * (merge.c), too. */
	if ((row->flags & ST_NEEDED) != 0 && (given_before(c, at) || !st_move_needs(st_kind_move(k, c->move), f->id)))
		return 0;
	int rc = value_of(t, row, f, &value);
	if (rc < 0)
		return rc;
	bool gathers = (row->flags & ST_MANY) != 0 && (row->flags & ST_ANEW) == 0;
	if (!gathers && ((row->flags & ST_MANY) == 0 || !given_before(c, at)))
		drop(r, f->id);
	if (value == 0 || has(r, f->id, value) || r->facet_count == ST_FACETS_MAX)
		return 0;
	r->facets[r->facet_count++] = (struct st_facet){ .value = value, .field = (uint8_t)f->id };
	return 0;
}

struct facet_key {
	uint8_t bytes[FACET_KEY];
};

static struct facet_key key_of(const struct st_record *r, const struct st_facet *f)
{
	struct facet_key k;
	k.bytes[0] = (uint8_t)r->kind;
	k.bytes[1] = f->field;
	st_put_u32(k.bytes + 2, f->value);
	st_put_u32(k.bytes + 6, r->opened_day);
	st_ref_put(k.bytes + 10, &r->ref);
	return k;
}

static bool is_indexed(const struct st_record *r, const struct st_facet *f)
{
	const struct st_kind *k = st_kind(r->kind);
	const struct st_field_row *row = k == NULL ? NULL : st_kind_field(k, f->field);
	return row != NULL && (row->flags & ST_INDEXED) != 0;
}

/* Entries of `from` that `other` hasn't: put, or deleted. */
static int change_those(struct st_txn *t, const struct st_record *from, const struct st_record *other,
			bool put)
{
	bool moved = from->opened_day != other->opened_day || from->kind != other->kind;
	for (uint16_t i = 0; i < from->facet_count; i++) {
		const struct st_facet *f = &from->facets[i];
		if (!is_indexed(from, f) || (!moved && has(other, f->field, f->value)))
			continue;
		struct facet_key k = key_of(from, f);
		int rc = put ? st_index_put(t, ST_INDEX_FACET, ST_SPAN(k.bytes))
			     : st_index_del(t, ST_INDEX_FACET, ST_SPAN(k.bytes));
		if (rc < 0)
			return rc;
	}
	return 0;
}

int facet_relist(struct st_txn *t, const struct st_record *before, const struct st_record *after)
{
	st_assert(before->facet_count <= ST_FACETS_MAX);
	st_assert(after->facet_count <= ST_FACETS_MAX);
	if (before->facet_count == 0 && after->facet_count == 0)
		return 0;
	int rc = change_those(t, before, after, false);
	return rc < 0 ? rc : change_those(t, after, before, true);
}

int facet_places(const struct st_record *r, st_record_place_fn *fn, void *arg)
{
	int rc = 0;
	for (uint16_t i = 0; rc == 0 && i < r->facet_count; i++) {
		if (!is_indexed(r, &r->facets[i]))
			continue;
		struct facet_key k = key_of(r, &r->facets[i]);
		rc = fn(ST_INDEX_FACET, ST_SPAN(k.bytes), arg);
	}
	return rc;
}

struct walking {
	const struct st_facet_query *q;
	st_facet_fn *fn;
	void *arg;
	bool ended;
};

static int walk(struct st_span key, void *arg)
{
	struct walking *w = arg;
	struct st_record_ref ref;
	if (key.size != FACET_KEY)
		return ST_ECORRUPT;
	uint32_t value = st_get_u32(key.data + 2), day = st_get_u32(key.data + 6);
	if (w->q->to_day != 0 && day > w->q->to_day) {
		w->ended = w->q->value != 0; /* of one value they come in order of days */
		return w->ended;
	}
	if (day < w->q->from_day)
		return 0;
	int rc = st_index_ref(key, &ref);
	return rc < 0 ? rc : w->fn(&ref, value, day, w->arg);
}

int st_facet_each(struct st_txn *t, const struct st_facet_query *q, st_facet_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(q->field <= UINT8_MAX);
	struct walking w = { .q = q, .fn = fn, .arg = arg };
	uint8_t from[10] = { (uint8_t)q->kind, (uint8_t)q->field };
	st_put_u32(from + 2, q->value);
	st_put_u32(from + 6, q->from_day);
	struct st_span prefix = st_span(from, q->value != 0 ? 6 : 2);
	int rc = st_index_each(t, ST_INDEX_FACET, prefix, q->value != 0 ? ST_SPAN(from) : ST_SPAN_NONE,
			       walk, &w);
	return w.ended ? 0 : rc;
}
