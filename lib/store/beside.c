/* beside.c - the told tables a second time, beside a snapshot of the store.
 *
 * Owns:    the folder "beside" within a store's own: made for one look, gone after it, and a leftover of a process
 *          that died in it is no loss.
 * Promise: 9: memory is bounded by what is flushed, disk by what is free beyond the reserve.
 * Flow:    snapshot -> retell -> beside -> compare */
#include <station/store/tables.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <station/base/check.h>
#include "kv.h"

enum { PATH_ROOM = 4096, KEY_SHOWN = 32 };
static const uint64_t MAP_LEAST = 1 << 20, MAP_MOST = 1ull << 40;

static int path_of(const struct st_store *s, const char *file, char to[PATH_ROOM])
{
	int n = snprintf(to, PATH_ROOM, "%s/beside%s", s->directory, file);
	return n < 0 || n >= PATH_ROOM ? ST_ETOOBIG : 0;
}

static int sweep(const struct st_store *s)
{
	static const char *const files[] = { "/data.mdb", "/lock.mdb" };
	char path[PATH_ROOM];
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		rc = path_of(s, files[i], path);
		if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
			rc = ST_EIO;
	}
	if (rc == 0)
		rc = path_of(s, "", path);
	if (rc == 0 && rmdir(path) < 0 && errno != ENOENT)
		rc = ST_EIO;
	return rc;
}

/* As large as the disk has room for: a full map ends the look, and harms nobody. */
static int map_size(const struct st_store *s, uint64_t *ret_bytes)
{
	struct statvfs v;
	uint64_t room = MAP_MOST;
	if (statvfs(s->directory, &v) == 0) {
		uint64_t is_free = (uint64_t)v.f_bavail * v.f_frsize;
		if (is_free < s->reserve_bytes + MAP_LEAST)
			return ST_EFULL;
		room = is_free - s->reserve_bytes;
	}
	room = room < MAP_MOST ? room : MAP_MOST;
	*ret_bytes = room < s->map_bytes ? room : s->map_bytes;
	return 0;
}

static int begin(struct beside *b)
{
	return kv_error(mdb_txn_begin(b->env, NULL, 0, &b->txn));
}

static int tables_open(struct beside *b)
{
	int rc = begin(b);
	for (size_t i = 0; rc == 0 && i < TABLE_COUNT; i++)
		if (st_table_class(i) == ST_TABLE_TOLD)
			rc = kv_error(mdb_dbi_open(b->txn, st_table_name(i), MDB_CREATE, &b->tables[i]));
	return rc;
}

static int open_env(const struct st_store *s, struct beside *b)
{
	char path[PATH_ROOM];
	uint64_t bytes = 0;
	int rc = sweep(s);
	if (rc == 0)
		rc = path_of(s, "", path);
	if (rc == 0)
		rc = map_size(s, &bytes);
	if (rc == 0 && mkdir(path, 0700) < 0)
		rc = errno == ENOSPC ? ST_EFULL : ST_EIO;
	if (rc < 0)
		return rc;
	rc = mdb_env_create(&b->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(b->env, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_set_mapsize(b->env, (size_t)bytes);
	if (rc == 0) /* nothing here outlives the call, so nothing is synced */
		rc = mdb_env_open(b->env, path, MDB_NOSYNC | MDB_NOTLS, 0600);
	return rc == 0 ? tables_open(b) : kv_error(rc);
}

static void close_env(const struct st_store *s, struct beside *b)
{
	if (b->txn != NULL)
		mdb_txn_abort(b->txn);
	if (b->env != NULL)
		mdb_env_close(b->env);
	(void)(sweep(s) == 0); /* what stays is swept before the next look */
}

struct looking {
	struct beside *beside;
	st_txn_fn *fn;
	void *arg;
};

static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	t->beside = l->beside;
	st_assert(!t->writes);
	int rc = l->fn(t, l->arg);
	t->beside = NULL;
	return rc;
}

int st_store_beside(struct st_store *s, st_txn_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct beside b = { .env = NULL };
	struct looking l = { &b, fn, arg };
	int rc = open_env(s, &b);
	if (rc == 0)
		rc = st_store_read(s, look, &l);
	close_env(s, &b);
	return rc;
}

int st_beside_flush(struct st_txn *t)
{
	ST_REQUIRE(t->beside != NULL);
	struct beside *b = t->beside;
	int rc = kv_error(mdb_txn_commit(b->txn));
	b->txn = NULL;
	return rc < 0 ? rc : begin(b);
}

/* ---- comparing ---- */

struct side {
	MDB_cursor *cursor;
	MDB_val key, value;
	bool ended;
};

static int step(struct side *s, MDB_cursor_op op)
{
	int rc = mdb_cursor_get(s->cursor, &s->key, &s->value, op);
	s->ended = rc == MDB_NOTFOUND;
	return s->ended ? 0 : kv_error(rc);
}

static int open_side(MDB_txn *txn, MDB_dbi table, struct side *s)
{
	int rc = kv_error(mdb_cursor_open(txn, table, &s->cursor));
	return rc < 0 ? rc : step(s, MDB_FIRST);
}

static void note_wrong(struct st_differences *d, const char *table, const MDB_val *key, const char *how)
{
	size_t used = strlen(d->tables);
	size_t n = key->mv_size < KEY_SHOWN ? key->mv_size : KEY_SHOWN;
	char hex[2 * KEY_SHOWN + 1] = "";
	const uint8_t *bytes = key->mv_data;
	if (strstr(d->tables, table) == NULL && used + strlen(table) + 2 < sizeof(d->tables))
		(void)snprintf(d->tables + used, sizeof(d->tables) - used, "%s%s", used == 0 ? "" : ", ",
			       table);
	if (d->wrong++ > 0)
		return;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	(void)snprintf(d->first_wrong, sizeof(d->first_wrong), "%s %s: %s", table, hex, how);
}

/* Both in the order of their keys. */
static int compare_rows(const char *table, MDB_txn *txn, MDB_dbi dbi, struct side sides[2],
			struct st_differences *d)
{
	struct side *is = &sides[0], *told = &sides[1];
	int rc = 0;
	while (rc == 0 && !(is->ended && told->ended)) {
		int order = is->ended ? 1 : told->ended ? -1 : mdb_cmp(txn, dbi, &is->key, &told->key);
		d->rows++;
		if (order < 0)
			note_wrong(d, table, &is->key, "row of no event");
		else if (order > 0)
			note_wrong(d, table, &told->key, "row missing");
		else if (is->value.mv_size != told->value.mv_size ||
			 memcmp(is->value.mv_data, told->value.mv_data, is->value.mv_size) != 0)
			note_wrong(d, table, &is->key, "row differs");
		if (order <= 0)
			rc = step(is, MDB_NEXT);
		if (rc == 0 && order >= 0)
			rc = step(told, MDB_NEXT);
	}
	return rc;
}

static int compare_table(struct st_txn *t, size_t table, struct st_differences *d)
{
	struct side sides[2] = { { .cursor = NULL }, { .cursor = NULL } };
	MDB_dbi dbi = t->store->tables[table];
	int rc = open_side(t->mdb, dbi, &sides[0]);
	if (rc == 0)
		rc = open_side(t->beside->txn, t->beside->tables[table], &sides[1]);
	if (rc == 0)
		rc = compare_rows(st_table_name(table), t->mdb, dbi, sides, d);
	for (size_t i = 0; i < 2; i++)
		if (sides[i].cursor != NULL)
			mdb_cursor_close(sides[i].cursor);
	return rc;
}

int st_beside_compare(struct st_txn *t, struct st_differences *ret_d)
{
	ST_REQUIRE(t->beside != NULL);
	struct st_differences d;
	memset(&d, 0, sizeof(d));
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < TABLE_COUNT; i++)
		if (st_table_class(i) == ST_TABLE_TOLD)
			rc = compare_table(t, i, &d);
	st_assert(d.wrong <= d.rows);
	if (rc == 0)
		*ret_d = d;
	return rc;
}
