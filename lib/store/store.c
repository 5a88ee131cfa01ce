/* store.c - a station's store: opened once, written by one, read by any.
 *
 * Owns:    the environment, its lock, and the judgement whether it can still be written.
 * Promise: 1: a write is done when commit and sync are; 9: a full disk heals by itself.
 * Flow:    apply -> store -> disk */
#include <station/store/store.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <station/base/check.h>
#include "in_hand.h"
#include "kv.h"

/* LMDB forbids a second open of one environment, and its own lock file doesn't tell us of one. */
static int take_lock(struct st_store *s)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/stationd.lock", s->directory);
	if (n < 0 || (size_t)n >= sizeof(path))
		return ST_ETOOBIG;
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return errno == ENOSPC ? ST_EFULL : ST_EIO;
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? ST_ELOCKED : ST_EIO;
	return 0;
}

/* Pages that the newest commit knows and the file hasn't, as after a copy that was cut off, end a process that reads them.
 * Zeros there are damage that is told. (LMDB itself leaves out pages at the end that were given back before the commit.) */
static int fill_up(MDB_env *env, bool *ret_filled)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat file;
	mdb_filehandle_t fd = -1;
	int rc = mdb_env_info(env, &info);
	if (rc == 0)
		rc = mdb_env_stat(env, &stat);
	if (rc == 0)
		rc = mdb_env_get_fd(env, &fd);
	if (rc != 0)
		return kv_error(rc);
	off_t whole = ((off_t)info.me_last_pgno + 1) * (off_t)stat.ms_psize;
	if (fstat(fd, &file) < 0)
		return ST_EIO;
	*ret_filled = file.st_size < whole;
	return *ret_filled && ftruncate(fd, whole) < 0 ? ST_EIO : 0;
}

static int env_open(struct st_store *s, const struct st_store_conf *conf, bool *ret_filled)
{
	int rc = mdb_env_create(&s->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(s->env, TABLE_COUNT + 1); /* and one of an older format */
	if (rc == 0)
		rc = mdb_env_set_mapsize(s->env, (size_t)s->map_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(s->env, conf->readers_max);
	if (rc == 0)
		rc = mdb_env_open(s->env, s->directory, MDB_NOTLS, 0600);
	return rc == 0 ? fill_up(s->env, ret_filled) : kv_error(rc);
}

/* The format of the environment, 0: it is fresh. Not a byte is written: this may be the only copy. Where the file had to
 * be filled up, a format that can't be found is damage, and not another's. */
static int format_check(struct st_store *s, bool filled, uint32_t *ret_format)
{
	MDB_txn *txn = NULL;
	MDB_dbi unnamed, meta;
	MDB_stat stat;
	uint8_t name = ST_META_FORMAT;
	MDB_val k = { 1, &name }, v;
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
	if (rc != 0)
		return kv_error(rc);
	int answer = ST_EFORMAT;
	rc = mdb_dbi_open(txn, NULL, 0, &unnamed);
	if (rc == 0)
		rc = mdb_stat(txn, unnamed, &stat);
	if (rc == 0 && stat.ms_entries == 0) {
		answer = 0;
		*ret_format = 0;
	} else if (rc == 0) {
		rc = mdb_dbi_open(txn, st_table_name(TABLE_META), 0, &meta);
		if (rc == 0)
			rc = mdb_get(txn, meta, &k, &v);
		*ret_format = rc == 0 && v.mv_size == 4 ? st_get_u32(v.mv_data) : 0;
		answer = *ret_format > ST_STORE_FORMAT ? ST_ENEWER
			 : *ret_format >= ST_STORE_FORMAT_LEAST ? 0
								: ST_EFORMAT;
	}
	mdb_txn_abort(txn);
	/* Another's store has no such table or row; anything else is no judgement of the format. */
	if (rc != 0 && rc != MDB_NOTFOUND && rc != MDB_INCOMPATIBLE)
		return kv_error(rc);
	return answer == ST_EFORMAT && filled ? ST_ECORRUPT : answer;
}

/* From an older format, or from nothing. */
static int make_ours(struct st_txn *t, uint32_t from)
{
	uint8_t format[4], from_nothing[13] = { 0 };
	st_put_u32(format, ST_STORE_FORMAT);
	int rc = st_meta_put(t, ST_META_FORMAT, ST_SPAN(format));
	if (rc == 0 && from != 0 && from < STORE_FORMAT_TAILS)
		rc = store_take_over(t);
	if (rc == 0 && from != 0 && from < ST_STORE_FORMAT_FOLDED)
		rc = st_meta_put(t, ST_META_REFOLD, ST_SPAN(from_nothing));
	return rc;
}

static int tables_open(struct st_store *s, uint32_t format)
{
	struct st_txn t = { .store = s, .writes = true, .in_hand = s->in_hand };
	int rc = kv_error(mdb_txn_begin(s->env, NULL, 0, &t.mdb));
	if (rc < 0)
		return rc;
	for (int i = 0; rc == 0 && i < TABLE_COUNT; i++)
		rc = kv_error(mdb_dbi_open(t.mdb, st_table_name((size_t)i), MDB_CREATE, &s->tables[i]));
	if (rc == 0 && format != ST_STORE_FORMAT)
		rc = make_ours(&t, format);
	if (rc < 0) {
		mdb_txn_abort(t.mdb);
		return rc;
	}
	return kv_error(mdb_txn_commit(t.mdb));
}

int st_store_open(const struct st_store_conf *conf, struct st_store **ret_store)
{
	ST_REQUIRE(conf->readers_max > 0);
	ST_REQUIRE(conf->map_bytes > 0);
	ST_REQUIRE(conf->directory != NULL);
	ST_REQUIRE(ret_store != NULL);
	struct st_store *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ST_ENOMEM;
	s->lock_fd = -1;
	s->map_bytes = conf->map_bytes;
	s->reserve_bytes = conf->reserve_bytes;
	s->directory = strdup(conf->directory);
	uint32_t format = 0;
	bool filled = false;
	int rc = s->directory == NULL ? ST_ENOMEM : in_hand_new(&s->in_hand);
	if (rc == 0)
		rc = take_lock(s);
	if (rc == 0)
		rc = env_open(s, conf, &filled);
	if (rc == 0)
		rc = format_check(s, filled, &format);
	if (rc == 0)
		rc = tables_open(s, format);
	if (rc < 0)
		goto out;
	(void)st_store_reap_readers(s);
	st_assert(s->lock_fd >= 0);
	*ret_store = s;
	s = NULL;
out:
	st_store_close(s);
	return rc;
}

void st_store_close(struct st_store *s)
{
	if (s == NULL)
		return;
	if (s->env != NULL)
		mdb_env_close(s->env);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd); /* ends the lock */
	in_hand_free(s->in_hand);
	free(s->directory);
	free(s);
}

static uint64_t disk_free(const struct st_store *s)
{
	struct statvfs v;
	if (statvfs(s->directory, &v) < 0)
		return UINT64_MAX; /* the commit will tell */
	return (uint64_t)v.f_bavail * v.f_frsize;
}

/* Where the write that failed was that of the meta page, LMDB gives the environment up: not even
 * reads go on, and only opening it anew tells what is on disk. */
static bool given_up(struct st_store *s)
{
	MDB_txn *txn = NULL;
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
	if (rc == 0)
		mdb_txn_abort(txn);
	return rc == MDB_PANIC;
}

/* LMDB says EIO when a short write meets a full disk; the transaction is rolled back and the store
 * is as before. Any other failed commit may have lost pages that the kernel believes clean. */
static int commit_failed(struct st_store *s, int rc)
{
	int error = kv_error(rc);
	bool full = error == ST_EFULL ||
		    (error == ST_EIO && disk_free(s) <= s->reserve_bytes + (1 << 20));
	if (full && !given_up(s)) {
		s->full = true;
		return ST_EFULL;
	}
	s->broken = true;
	return ST_EIO;
}

int st_store_write(struct st_store *s, st_txn_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct st_txn t = { .store = s, .writes = true, .in_hand = s->in_hand };
	if (s->broken)
		return ST_EIO;
	if (disk_free(s) < s->reserve_bytes) {
		s->full = true;
		return ST_EFULL;
	}
	int rc = mdb_txn_begin(s->env, NULL, 0, &t.mdb);
	if (rc != 0)
		return kv_error(rc);
	in_hand_forget(t.in_hand);
	rc = fn(&t, arg);
	if (rc == 0)
		rc = in_hand_write(&t);
	if (rc != 0) {
		mdb_txn_abort(t.mdb);
		if (rc == ST_EFULL)
			s->full = true;
		return rc;
	}
	rc = mdb_txn_commit(t.mdb);
	if (rc != 0)
		return commit_failed(s, rc);
	s->full = false;
	return 0;
}

int st_store_read(struct st_store *s, st_txn_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct st_txn t = { .store = s };
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &t.mdb);
	if (rc != 0)
		return kv_error(rc);
	rc = fn(&t, arg);
	mdb_txn_abort(t.mdb);
	return rc;
}

bool st_txn_writes(const struct st_txn *t)
{
	return t->writes;
}

int st_store_info(struct st_store *s, struct st_store_info *ret_info)
{
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_info(s->env, &info);
	if (rc == 0)
		rc = mdb_env_stat(s->env, &stat);
	if (rc != 0)
		return kv_error(rc);
	*ret_info = (struct st_store_info){
		.used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize,
		.map_bytes = s->map_bytes,
		.disk_free_bytes = disk_free(s),
		.readers = info.me_numreaders,
		.format = ST_STORE_FORMAT,
		.full = s->full || disk_free(s) < s->reserve_bytes,
		.broken = s->broken,
	};
	return 0;
}

unsigned st_store_reap_readers(struct st_store *s)
{
	int dead = 0;
	return mdb_reader_check(s->env, &dead) == 0 && dead > 0 ? (unsigned)dead : 0;
}

int st_meta_get(struct st_txn *t, enum st_meta key, void *to, size_t room, size_t *ret_size)
{
	ST_REQUIRE(key >= ST_META_FORMAT);
	ST_REQUIRE(to != NULL);
	uint8_t name = (uint8_t)key;
	struct st_span value;
	int rc = kv_get(t, TABLE_META, st_span(&name, 1), &value);
	if (rc < 0)
		return rc;
	if (value.size > room)
		return ST_ETOOBIG;
	if (value.size > 0)
		memcpy(to, value.data, value.size);
	*ret_size = value.size;
	return 0;
}

int st_meta_put(struct st_txn *t, enum st_meta key, struct st_span value)
{
	ST_REQUIRE(key >= ST_META_FORMAT);
	ST_REQUIRE(key <= ST_META_LAST);
	uint8_t name = (uint8_t)key;
	return kv_put(t, TABLE_META, st_span(&name, 1), value);
}

int st_meta_del(struct st_txn *t, enum st_meta key)
{
	uint8_t name = (uint8_t)key;
	int rc = kv_del(t, TABLE_META, st_span(&name, 1));
	return rc == ST_ENOTFOUND ? 0 : rc;
}
