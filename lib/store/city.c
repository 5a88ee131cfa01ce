/* city.c - the city's tables in all their versions.
 *
 * Owns:    the table city.
 * Promise: a day is judged by the same version at every station that holds the same events.
 * Flow:    apply -> city -> work */
#include <station/store/city.h>
#include <string.h>
#include <station/base/check.h>
#include "kv.h"

enum { BY_DAY = 1, BY_VERSION = 2, HEAD = 4 + 8 + 1, DAY_KEY = 10, VERSION_KEY = 6 };
_Static_assert(HEAD == sizeof(uint32_t) + sizeof(uint64_t) + 1, "log, seq and columns");

static struct key day_key(uint8_t table, uint32_t day, uint32_t version)
{
	struct key k = key_new();
	key_u8(&k, BY_DAY);
	key_u8(&k, table);
	key_u32(&k, day);
	key_u32(&k, version);
	st_assert(k.size == DAY_KEY);
	return k;
}

static struct key version_key(uint8_t table, uint32_t version)
{
	struct key k = key_new();
	key_u8(&k, BY_VERSION);
	key_u8(&k, table);
	key_u32(&k, version);
	st_assert(k.size == VERSION_KEY);
	return k;
}

int st_city_put(struct st_txn *t, const struct st_city_version *v, struct st_span rows)
{
	ST_REQUIRE(v->table > 0);
	ST_REQUIRE(v->version > 0);
	ST_REQUIRE(v->columns > 0);
	ST_REQUIRE(v->columns <= UINT8_MAX);
	ST_REQUIRE(v->log > 0);
	ST_REQUIRE(v->seq > 0);
	struct key by_version = version_key(v->table, v->version);
	struct key by_day = day_key(v->table, v->from_day, v->version);
	struct st_span known;
	uint8_t day[4], *row = NULL;
	int rc = kv_get(t, TABLE_CITY, key_span(&by_version), &known);
	if (rc != ST_ENOTFOUND)
		return rc;
	st_put_u32(day, v->from_day);
	rc = kv_put(t, TABLE_CITY, key_span(&by_version), ST_SPAN(day));
	if (rc == 0)
		rc = kv_reserve(t, TABLE_CITY, key_span(&by_day), HEAD + rows.size, &row);
	if (rc < 0)
		return rc;
	st_put_u32(row, v->log);
	st_put_u64(row + 4, v->seq);
	row[12] = (uint8_t)v->columns;
	if (rows.size > 0)
		memcpy(row + HEAD, rows.data, rows.size);
	return 0;
}

static int decode(struct st_span key, struct st_span value, struct st_city_version *ret_v)
{
	if (key.size != DAY_KEY || value.size < HEAD)
		return ST_ECORRUPT;
	struct st_city_version v = {
		.table = key.data[1],
		.from_day = st_get_u32(key.data + 2),
		.version = st_get_u32(key.data + 6),
		.log = st_get_u32(value.data),
		.seq = st_get_u64(value.data + 4),
		.columns = value.data[12],
	};
	if (v.table == 0 || v.version == 0 || v.columns == 0 || v.log == 0 || v.seq == 0)
		return ST_ECORRUPT; /* st_city_put writes no such row */
	*ret_v = v;
	return 0;
}

int st_city_get(struct st_txn *t, uint8_t table, uint32_t version, struct st_city_version *ret_v,
		struct st_buf *rows)
{
	struct key k = version_key(table, version);
	struct st_city_version v;
	struct st_span value;
	int rc = kv_get(t, TABLE_CITY, key_span(&k), &value);
	if (rc < 0)
		return rc;
	if (value.size != 4)
		return ST_ECORRUPT;
	k = day_key(table, st_get_u32(value.data), version);
	rc = kv_get(t, TABLE_CITY, key_span(&k), &value);
	if (rc == 0)
		rc = decode(key_span(&k), value, &v);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	if (rows != NULL) {
		st_buf_clear(rows);
		st_buf_put(rows, value.data + HEAD, value.size - HEAD);
		if (rows->error < 0)
			return rows->error;
	}
	*ret_v = v;
	return 0;
}

int st_city_in_force(struct st_txn *t, uint8_t table, uint32_t day, struct st_city_version *ret_v)
{
	ST_REQUIRE(table > 0);
	const uint8_t prefix[2] = { BY_DAY, table };
	struct key k = day_key(table, day, UINT32_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_CITY, key_span(&k), ST_SPAN(prefix), &row);
	return rc < 0 ? rc : decode(row.key, row.value, ret_v);
}

int st_city_newest(struct st_txn *t, uint8_t table, uint32_t *ret_version)
{
	const uint8_t prefix[2] = { BY_VERSION, table };
	struct key k = version_key(table, UINT32_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_CITY, key_span(&k), ST_SPAN(prefix), &row);
	if (rc == 0 && row.key.size != VERSION_KEY)
		return ST_ECORRUPT;
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	*ret_version = rc == 0 ? st_get_u32(row.key.data + 2) : 0;
	return 0;
}

struct each {
	st_city_fn *fn;
	void *arg;
};

static int each_row(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	struct st_city_version v;
	if (row->key.size != VERSION_KEY)
		return ST_ECORRUPT;
	int rc = st_city_get(t, row->key.data[1], st_get_u32(row->key.data + 2), &v, NULL);
	return rc < 0 ? (rc == ST_ENOTFOUND ? ST_ECORRUPT : rc) : e->fn(&v, e->arg);
}

int st_city_each(struct st_txn *t, uint8_t table, st_city_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	const uint8_t prefix[2] = { BY_VERSION, table };
	struct each e = { fn, arg };
	struct kv_range range = { .table = TABLE_CITY,
				  .prefix = st_span(prefix, table == 0 ? 1 : 2) };
	return kv_scan(t, &range, each_row, &e);
}
