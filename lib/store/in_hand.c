/* in_hand.c - one record's row and places in lists, kept in memory while one event after another changes them.
 *
 * Owns:    the changes of the record in hand: of an import, or a neighbour's backlog, a record's events come together,
 *          and its row and places are written once instead of once an event.
 * Promise: 4: who asks in the same transaction is told what is in hand, and a commit has all of it.
 * Flow:    fold -> records -> in hand -> tables records and index */
#include "in_hand.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { PLACES_MAX = 64 }; /* changes of places; when there are more, all is written */

struct place {
	uint8_t key[1 + ST_INDEX_KEY_MAX];
	uint8_t size;
	bool is_there;
};

struct in_hand {
	struct st_record_ref record; /* opener 0: none */
	uint8_t row[ST_RECORD_ROW_MAX];
	size_t row_size; /* 0: unchanged */
	struct place places[PLACES_MAX];
	size_t place_count;
};

int in_hand_new(struct in_hand **ret_h)
{
	*ret_h = calloc(1, sizeof(**ret_h));
	return *ret_h == NULL ? ST_ENOMEM : 0;
}

void in_hand_free(struct in_hand *h)
{
	free(h);
}

void in_hand_forget(struct in_hand *h)
{
	h->record.opener = 0;
	h->row_size = h->place_count = 0;
}

static int write_places(struct st_txn *t, const struct in_hand *h)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < h->place_count; i++) {
		const struct place *p = &h->places[i];
		struct st_span key = st_span(p->key, p->size);
		rc = p->is_there ? kv_put(t, TABLE_INDEX, key, ST_SPAN_NONE) : kv_del(t, TABLE_INDEX, key);
	}
	return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
}

int in_hand_write(struct st_txn *t)
{
	struct in_hand *h = t->in_hand;
	int rc = 0;
	if (h == NULL || h->record.opener == 0)
		return 0;
	struct key k = key_new();
	key_ref(&k, &h->record);
	if (h->row_size > 0)
		rc = kv_put(t, TABLE_RECORDS, key_span(&k), st_span(h->row, h->row_size));
	if (rc == 0)
		rc = write_places(t, h);
	in_hand_forget(h);
	return rc;
}

int in_hand_write_places(struct st_txn *t, struct st_span prefix)
{
	const struct in_hand *h = t->in_hand;
	for (size_t i = 0; h != NULL && i < h->place_count; i++)
		if (h->places[i].size >= prefix.size && memcmp(h->places[i].key, prefix.data, prefix.size) == 0)
			return in_hand_write(t);
	return 0;
}

static bool holds(const struct in_hand *h, const struct st_record_ref *record)
{
	return h != NULL && h->record.opener != 0 && st_record_same(&h->record, record);
}

static int take(struct st_txn *t, const struct st_record_ref *record)
{
	ST_REQUIRE(t->in_hand != NULL); /* a reading transaction has none */
	ST_REQUIRE(record->opener > 0);
	if (holds(t->in_hand, record))
		return 0;
	int rc = in_hand_write(t);
	t->in_hand->record = *record;
	return rc;
}

int in_hand_put_row(struct st_txn *t, const struct st_record_ref *record, struct st_span row)
{
	st_assert(row.size > 0);
	st_assert(row.size <= ST_RECORD_ROW_MAX);
	int rc = take(t, record);
	if (rc < 0)
		return rc;
	memcpy(t->in_hand->row, row.data, row.size);
	t->in_hand->row_size = row.size;
	return 0;
}

bool in_hand_row(const struct st_txn *t, const struct st_record_ref *record, struct st_span *ret_row)
{
	if (!holds(t->in_hand, record) || t->in_hand->row_size == 0)
		return false;
	*ret_row = st_span(t->in_hand->row, t->in_hand->row_size);
	return true;
}

static struct place *find(struct in_hand *h, struct st_span key)
{
	for (size_t i = 0; h != NULL && i < h->place_count; i++)
		if (st_span_equal(st_span(h->places[i].key, h->places[i].size), key))
			return &h->places[i];
	return NULL;
}

bool in_hand_place(const struct st_txn *t, struct st_span key, bool *ret_is_there)
{
	const struct place *p = find(t->in_hand, key);
	if (p != NULL)
		*ret_is_there = p->is_there;
	return p != NULL;
}

static int change_place(struct st_txn *t, struct st_span key, bool is_there)
{
	struct st_record_ref record;
	struct in_hand *h = t->in_hand;
	st_assert(key.size <= sizeof(h->places[0].key));
	int rc = st_index_ref(key, &record);
	if (rc == 0)
		rc = take(t, &record);
	if (rc < 0)
		return rc;
	struct place *p = find(h, key);
	if (p != NULL && p->is_there == is_there)
		return is_there ? 0 : ST_ECORRUPT;
	if (p != NULL) { /* back to how it stands in the table */
		*p = h->places[--h->place_count];
		return 0;
	}
	if (h->place_count == PLACES_MAX) {
		rc = in_hand_write(t);
		h->record = record;
	}
	p = &h->places[h->place_count++];
	memcpy(p->key, key.data, key.size);
	p->size = (uint8_t)key.size;
	p->is_there = is_there;
	return rc;
}

int in_hand_put_place(struct st_txn *t, struct st_span key)
{
	return change_place(t, key, true);
}

int in_hand_del_place(struct st_txn *t, struct st_span key)
{
	return change_place(t, key, false);
}
