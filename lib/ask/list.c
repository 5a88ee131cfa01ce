/* list.c - ordered lists of records, a page at a time.
 *
 * Owns:    which index answers which list, and the place to go on from.
 * Promise: 9: no page is longer than ST_LIST_MAX.
 * Flow:    indexes -> list -> api */
#include <station/ask/matter.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "life.h"

enum { REF_SIZE = 4 + ST_ULID_SIZE, TOKEN_MAX = ST_INDEX_KEY_MAX };

struct listing {
	struct st_txn *txn;
	const struct st_list_query *q;
	struct life life;
	st_list_fn *fn;
	void *arg;
	size_t count;
	uint8_t from[TOKEN_MAX]; /* the last key of the page before: this page begins after it */
	size_t from_size;
	struct st_buf *next;
	uint8_t last[TOKEN_MAX];
	size_t last_size;
};

static bool wanted(const struct listing *l, const struct st_record *r)
{
	const struct st_list_query *q = l->q;
	if (r->revision == 0 || (q->holder != 0 && r->holder != q->holder) ||
	    (q->state != 0 && r->state != q->state))
		return false;
	if ((q->open_only || q->overdue) && !st_record_open(r))
		return false;
	return !q->overdue || (r->due_day != 0 && r->due_day < q->today);
}

/* The title stands with the opening. */
static int title_of(struct listing *l, const struct st_record *r, char to[304])
{
	struct st_place at = r->head;
	struct st_life_event e;
	to[0] = 0;
	for (uint32_t n = 0; n < r->revision && at.seq != 0; n++) {
		struct st_event event;
		struct st_change change;
		struct st_place before;
		int rc = life_read(&l->life, &at, &event, &change);
		if (rc == 0)
			rc = life_previous(&l->life, &event, &before);
		if (rc < 0)
			return rc;
		if (before.seq == 0)
			break;
		at = before;
	}
	int rc = life_event(&l->life, &at, 0, &e);
	const struct st_field *title =
		rc < 0 ? NULL : st_field_find(e.texts, e.text_count, ST_F_TITLE);
	if (title != NULL)
		(void)snprintf(to, 304, "%.*s", (int)title->text.size, (const char *)title->text.data);
	return rc;
}

static int give(struct listing *l, const struct st_record *r)
{
	struct st_list_row row;
	memset(&row, 0, sizeof(row));
	row.record = *r;
	int rc = st_record_id(l->txn, &r->ref, &row.id);
	if (rc == 0)
		rc = st_station_code(l->txn, r->holder, &row.holder);
	if (rc == 0)
		rc = st_name_text(l->txn, ST_NAMES_CATEGORY, r->category, row.category);
	if (rc == 0)
		rc = title_of(l, r, row.title);
	if (rc < 0)
		return rc;
	st_number_text(&r->number, &row.id.opener, &row.id.ulid, row.number);
	return l->fn(&row, l->arg);
}

static int take(struct listing *l, struct st_span key, const struct st_record *r)
{
	if (st_span_equal(key, st_span(l->from, l->from_size)) || !wanted(l, r))
		return 0;
	if (l->count == l->q->limit) {
		st_hex_put(l->next, st_span(l->last, l->last_size));
		return 1; /* there is a page after this one */
	}
	l->count++;
	st_assert(key.size <= sizeof(l->last));
	memcpy(l->last, key.data, key.size);
	l->last_size = key.size;
	return give(l, r);
}

static int indexed(struct st_span key, void *arg)
{
	struct listing *l = arg;
	struct st_record r;
	struct st_record_ref ref;
	if (key.size < REF_SIZE || key.size > TOKEN_MAX)
		return ST_ECORRUPT;
	const uint8_t *p = key.data + key.size - REF_SIZE;
	ref.opener = st_get_u32(p);
	memcpy(ref.ulid.bytes, p + 4, ST_ULID_SIZE);
	int rc = st_record_load(l->txn, &ref, &r);
	return rc < 0 ? (rc == ST_ENOTFOUND ? ST_ECORRUPT : rc) : take(l, key, &r);
}

static int scanned(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct listing *l = arg;
	struct st_record r;
	uint8_t key[REF_SIZE];
	st_put_u32(key, ref->opener);
	memcpy(key + 4, ref->ulid.bytes, ST_ULID_SIZE);
	int rc = st_record_decode(ref, row, &r);
	return rc < 0 ? rc : take(l, ST_SPAN(key), &r);
}

static int run(struct listing *l)
{
	const struct st_list_query *q = l->q;
	struct st_span from = st_span(l->from, l->from_size);
	uint8_t prefix[5];
	struct st_record_ref ref;
	if (q->holder != 0) {
		st_put_u32(prefix, q->holder);
		prefix[4] = ST_OPEN;
		size_t size = q->open_only || q->overdue ? 5 : 4;
		return st_index_each(l->txn, ST_INDEX_DUE, st_span(prefix, size), from, indexed, l);
	}
	if (q->state != 0) {
		prefix[0] = (uint8_t)q->state;
		return st_index_each(l->txn, ST_INDEX_STATE, st_span(prefix, 1), from, indexed, l);
	}
	if (from.size == REF_SIZE) {
		ref.opener = st_get_u32(from.data);
		memcpy(ref.ulid.bytes, from.data + 4, ST_ULID_SIZE);
	}
	return st_record_each(l->txn, from.size == REF_SIZE ? &ref : NULL, scanned, l);
}

int st_list_each(struct st_txn *t, const struct st_list_query *q, st_list_fn *fn, void *arg,
		 struct st_buf *ret_next)
{
	struct listing l = { .txn = t, .q = q, .fn = fn, .arg = arg, .next = ret_next };
	ST_REQUIRE(q->limit > 0 && q->limit <= ST_LIST_MAX);
	if (st_hex_get(q->from, l.from, sizeof(l.from), &l.from_size) < 0)
		return ST_EFIELD;
	int rc = life_open(&l.life, t, NULL);
	if (rc == 0)
		rc = run(&l);
	life_close(&l.life);
	return rc < 0 ? rc : ret_next->error;
}
