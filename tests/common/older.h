/* older.h - a store in the shape that formats up to 6 had, made of a closed one: a log's newest
 * checkpoint among those that space it, its tail a block like the others, and receipts in a table
 * of their own. */
#pragma once
#include <lmdb.h>
#include <string.h>
#include <lib/store/log_rows.h>
#include <station/base/check.h>

enum { OLDER_FORMAT = 6, OLDER_CHECKPOINT = 112, OLDER_RECEIPT = 80 };

/* The transaction in which a store is made older, and the tables that differ. */
struct older {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi logs, checkpoints, receipts, events, meta;
};

static inline void older_begin(struct older *o, const char *directory, size_t map_bytes)
{
	MDB_dbi *const tables[] = { &o->logs, &o->checkpoints, &o->receipts, &o->events, &o->meta };
	static const char *const names[] = { "logs", "checkpoints", "receipts", "events", "meta" };
	ST_REQUIRE(mdb_env_create(&o->env) == 0);
	ST_REQUIRE(mdb_env_set_maxdbs(o->env, TABLE_COUNT + 1) == 0);
	ST_REQUIRE(mdb_env_set_mapsize(o->env, map_bytes) == 0);
	ST_REQUIRE(mdb_env_open(o->env, directory, MDB_NOSYNC, 0600) == 0);
	ST_REQUIRE(mdb_txn_begin(o->env, NULL, 0, &o->txn) == 0);
	for (size_t i = 0; i < 5; i++)
		ST_REQUIRE(mdb_dbi_open(o->txn, names[i], MDB_CREATE, tables[i]) == 0);
}

static inline void older_put(struct older *o, MDB_dbi table, const struct key *k, const void *value,
			     size_t size)
{
	MDB_val key = { k->size, (void *)(uintptr_t)k->bytes },
		v = { size, (void *)(uintptr_t)value };
	ST_REQUIRE(mdb_put(o->txn, table, &key, &v, 0) == 0);
}

/* wide: of a size or seq; else of a signer. */
static inline struct key older_key(uint32_t log, uint64_t second, bool wide)
{
	struct key k = key_new();
	key_u32(&k, log);
	if (wide)
		key_u64(&k, second);
	else
		key_u32(&k, (uint32_t)second);
	return k;
}

static inline void older_checkpoint(struct older *o, uint32_t log, uint64_t size, const uint8_t *is)
{
	uint8_t row[OLDER_CHECKPOINT + 1] = { 0 };
	struct key k = older_key(log, size, true);
	memcpy(row, is, OLDER_CHECKPOINT);
	older_put(o, o->checkpoints, &k, row, sizeof(row));
}

/* Moves what stands beside a log's row to where it stood. */
static inline void older_move(struct older *o, struct st_span key, struct st_span v)
{
	uint32_t log = st_get_u32(key.data + 1);
	struct key k;
	if (key.data[5] == LOG_NEWEST) {
		older_checkpoint(o, log, st_get_u64(v.data), v.data + 8);
	} else if (key.data[5] == LOG_TAIL) {
		k = older_key(log, st_get_u64(v.data), true);
		if (st_get_u16(v.data + 8) > 0)
			older_put(o, o->events, &k, v.data + 10, st_get_u16(v.data + 8));
	} else {
		ST_REQUIRE(key.size == 10 && v.size == OLDER_RECEIPT + OLDER_CHECKPOINT);
		k = older_key(log, st_get_u32(key.data + 6), false);
		older_put(o, o->receipts, &k, v.data, OLDER_RECEIPT);
		older_checkpoint(o, log, st_get_u64(v.data), v.data + OLDER_RECEIPT);
	}
}

/* How many rows were moved. */
static inline size_t older_move_all(struct older *o)
{
	MDB_cursor *c = NULL;
	MDB_val k, v;
	size_t moved = 0;
	ST_REQUIRE(mdb_cursor_open(o->txn, o->logs, &c) == 0);
	while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
		if (((const uint8_t *)k.mv_data)[0] != 1 || k.mv_size == 5)
			continue;
		older_move(o, st_span(k.mv_data, k.mv_size), st_span(v.mv_data, v.mv_size));
		ST_REQUIRE(mdb_cursor_del(c, 0) == 0);
		moved++;
	}
	mdb_cursor_close(c);
	return moved;
}

static inline void older_end(struct older *o, uint32_t format)
{
	struct key meta = key_new();
	uint8_t value[4];
	key_u8(&meta, ST_META_FORMAT);
	st_put_u32(value, format);
	older_put(o, o->meta, &meta, value, sizeof(value));
	ST_REQUIRE(mdb_txn_commit(o->txn) == 0);
	mdb_env_close(o->env);
}
