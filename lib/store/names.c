/* names.c - a dictionary of short texts, so that keys and rows carry two bytes instead.
 *
 * Owns:    the table names, both ways. Numbers are this store's own and never leave it.
 * Flow:    fold -> names -> reports */
#include <station/store/records.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

/* key 1 | dimension | text       -> number u16
 * key 2 | dimension | number u16 -> text */
enum { BY_TEXT = 1, BY_NUMBER = 2 };
_Static_assert(1 + 1 + ST_NAME_TEXT_MAX <= KV_KEY_MAX, "a text fits its key");

static struct key text_key(uint8_t dimension, struct st_span text)
{
	st_assert(text.size > 0);
	struct key k = key_new();
	key_u8(&k, BY_TEXT);
	key_u8(&k, dimension);
	key_put(&k, text.data, text.size);
	return k;
}

static struct key number_key(uint8_t dimension, uint16_t number)
{
	struct key k = key_new();
	key_u8(&k, BY_NUMBER);
	key_u8(&k, dimension);
	key_u16(&k, number);
	return k;
}

int st_name_find(struct st_txn *t, uint8_t dimension, struct st_span text, uint16_t *ret_number)
{
	struct st_span row;
	if (text.size == 0) {
		*ret_number = 0;
		return 0;
	}
	if (text.size > ST_NAME_TEXT_MAX)
		return ST_ENOTFOUND;
	uint16_t number = lookup_name(t, dimension, text);
	if (number == 0) {
		struct key k = text_key(dimension, text);
		int rc = kv_get(t, TABLE_NAMES, key_span(&k), &row);
		if (rc < 0)
			return rc;
		if (row.size != 2)
			return ST_ECORRUPT;
		number = st_get_u16(row.data);
		lookup_keep_name(t, dimension, text, number);
	}
	*ret_number = number;
	return 0;
}

static int next_number(struct st_txn *t, uint8_t dimension, uint16_t *ret_number)
{
	struct key k = number_key(dimension, UINT16_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_NAMES, key_span(&k), st_span(k.bytes, 2), &row);
	uint16_t last = 0;
	if (rc == 0)
		last = st_get_u16(row.key.data + 2);
	else if (rc != ST_ENOTFOUND)
		return rc;
	if (last == UINT16_MAX)
		return ST_ETOOBIG; /* not ST_EFULL, which says that the transaction is lost */
	*ret_number = (uint16_t)(last + 1);
	st_assert(*ret_number > 0); /* 0 is the empty text */
	return 0;
}

int st_name_intern(struct st_txn *t, uint8_t dimension, struct st_span text, uint16_t *ret_number)
{
	uint16_t number = 0;
	uint8_t value[2];
	ST_REQUIRE(text.size <= ST_NAME_TEXT_MAX);
	int rc = st_name_find(t, dimension, text, ret_number);
	if (rc != ST_ENOTFOUND)
		return rc;
	rc = next_number(t, dimension, &number);
	if (rc < 0)
		return rc;
	struct key by_text = text_key(dimension, text), by_number = number_key(dimension, number);
	st_put_u16(value, number);
	rc = kv_put(t, TABLE_NAMES, key_span(&by_text), ST_SPAN(value));
	if (rc == 0)
		rc = kv_put(t, TABLE_NAMES, key_span(&by_number), text);
	if (rc == 0)
		*ret_number = number;
	return rc;
}

int st_name_text(struct st_txn *t, uint8_t dimension, uint16_t number,
		 char to[ST_NAME_TEXT_MAX + 1])
{
	struct st_span row;
	if (number == 0) {
		to[0] = 0;
		return 0;
	}
	struct key k = number_key(dimension, number);
	int rc = kv_get(t, TABLE_NAMES, key_span(&k), &row);
	if (rc < 0)
		return rc;
	if (row.size > ST_NAME_TEXT_MAX)
		return ST_ECORRUPT;
	memcpy(to, row.data, row.size);
	to[row.size] = 0;
	return 0;
}
