/* disk.c - what the disk answers: full, failing, losing what wasn't synced.
 *
 * Owns:    LMDB's calls and statvfs as the library sees them (-Wl,--wrap), for one station at a time.
 * Promise: 1 and 9 are tried: commits that fail before, at and after their sync; disks and maps that fill.
 * Flow:    lib/store -> wrapped calls -> LMDB */
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <station/base/check.h>
#include "sim.h"

int __real_mdb_txn_begin(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
int __real_mdb_txn_commit(MDB_txn *);
int __real_mdb_put(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
int __real_mdb_cursor_put(MDB_cursor *, MDB_val *, MDB_val *, unsigned);
int __real_mdb_del(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *);
int __real_mdb_env_sync(MDB_env *, int);
int __real_statvfs(const char *, struct statvfs *);
int __wrap_mdb_txn_begin(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
int __wrap_mdb_txn_commit(MDB_txn *);
int __wrap_mdb_put(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned);
int __wrap_mdb_cursor_put(MDB_cursor *, MDB_val *, MDB_val *, unsigned);
int __wrap_mdb_del(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *);
int __wrap_mdb_env_sync(MDB_env *, int);
int __wrap_statvfs(const char *, struct statvfs *);

static struct disk *at; /* one process, one thread, one station at a time */

void disk_enter(struct disk *d)
{
	at = d;
}

static void copy(const char *folder, const char *from, const char *to)
{
	char path[2][160], bytes[65536];
	size_t n;
	(void)snprintf(path[0], sizeof(path[0]), "%s/%s", folder, from);
	(void)snprintf(path[1], sizeof(path[1]), "%s/%s", folder, to);
	FILE *in = fopen(path[0], "r"), *out = fopen(path[1], "w");
	ST_REQUIRE(in != NULL && out != NULL);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		ST_REQUIRE(fwrite(bytes, 1, n, out) == n);
	(void)fclose(in);
	ST_REQUIRE(fclose(out) == 0);
}

/* What was committed without a sync is gone. The environment is closed. */
void disk_power_lost(struct disk *d)
{
	if (d->unsynced)
		copy(d->folder, "data.synced", "data.mdb");
	d->unsynced = false;
}

int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	if (at != NULL && (flags & MDB_RDONLY) == 0)
		at->poisoned = false;
	return __real_mdb_txn_begin(env, parent, flags, txn);
}

static int map_full(void)
{
	if (at == NULL)
		return 0;
	if (at->poisoned)
		return MDB_BAD_TXN;
	if (at->puts_left == 0 || --at->puts_left > 0)
		return 0;
	at->poisoned = true;
	return MDB_MAP_FULL;
}

int __wrap_mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v, unsigned flags)
{
	int rc = map_full();
	return rc != 0 ? rc : __real_mdb_put(txn, dbi, k, v, flags);
}

int __wrap_mdb_cursor_put(MDB_cursor *c, MDB_val *k, MDB_val *v, unsigned flags)
{
	int rc = map_full();
	return rc != 0 ? rc : __real_mdb_cursor_put(c, k, v, flags);
}

int __wrap_mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	return at != NULL && at->poisoned ? MDB_BAD_TXN : __real_mdb_del(txn, dbi, k, v);
}

static int commit(MDB_txn *txn)
{
	unsigned flags = 0;
	if (mdb_env_get_flags(mdb_txn_env(txn), &flags) == 0 &&
	    (flags & (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC)) != 0 && !at->unsynced) {
		copy(at->folder, "data.mdb", "data.synced");
		at->unsynced = true;
	}
	return __real_mdb_txn_commit(txn);
}

int __wrap_mdb_txn_commit(MDB_txn *txn)
{
	if (at == NULL)
		return __real_mdb_txn_commit(txn);
	enum commit_fault fault = at->commit;
	at->commit = COMMIT_RIGHT;
	if (at->poisoned) {
		mdb_txn_abort(txn);
		return MDB_BAD_TXN;
	}
	if (fault == COMMIT_RIGHT)
		return commit(txn);
	at->sync_failed |= fault != COMMIT_NO_SPACE && fault != COMMIT_SHORT_WRITE;
	if (fault == COMMIT_SYNC_FAILS_WRITTEN) {
		(void)commit(txn); /* on disk after all, but nobody can know */
		return EIO;
	}
	mdb_txn_abort(txn);
	at->died = fault == COMMIT_DIES_BEFORE;
	if (fault == COMMIT_NO_SPACE || fault == COMMIT_SHORT_WRITE)
		at->full = true; /* between the look at the disk and the commit */
	return fault == COMMIT_NO_SPACE ? ENOSPC : EIO;
}

int __wrap_mdb_env_sync(MDB_env *env, int force)
{
	int rc = __real_mdb_env_sync(env, force);
	if (at != NULL && rc == 0)
		at->unsynced = false;
	return rc;
}

int __wrap_statvfs(const char *path, struct statvfs *to)
{
	if (at == NULL)
		return __real_statvfs(path, to);
	*to = (struct statvfs){ .f_frsize = 4096, .f_bavail = at->full ? 16 : 1 << 24 };
	return 0;
}
