/* inject.c - the wrapped calls.
 *
 * Owns:    which call fails, and how LMDB behaves after a failed one.
 * Flow:    lib, LMDB -> inject -> C library, LMDB */
#include "inject.h"
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

const char *const fault_names[FAULT_COUNT] = {
#define X(kind, name, what) name,
	FAULTS(X)
#undef X
};

static bool armed, fired;
static enum fault armed_kind;
static unsigned countdown;
static const char *where = "";
static MDB_txn *lost; /* a write failed in it: LMDB does nothing more in it but end it */

void fault_arm(enum fault kind, unsigned n)
{
	armed_kind = kind;
	countdown = n;
	fired = false;
	where = "";
	lost = NULL;
	armed = true;
}

bool fault_disarm(void)
{
	armed = false;
	lost = NULL;
	return fired;
}

const char *fault_where(void)
{
	return where;
}

static bool fails(enum fault kind, const char *name)
{
	if (!armed || fired || kind != armed_kind || countdown == 0 || --countdown > 0)
		return false;
	fired = true;
	where = name;
	return true;
}

#define WRAPPED(type, name, ...)                                                                   \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

/* ---- memory ---- */

WRAPPED(void *, malloc, size_t size)
{
	return fails(FAULT_MEMORY, "malloc") ? NULL : __real_malloc(size);
}

WRAPPED(void *, calloc, size_t n, size_t size)
{
	return fails(FAULT_MEMORY, "calloc") ? NULL : __real_calloc(n, size);
}

WRAPPED(void *, realloc, void *p, size_t size)
{
	return fails(FAULT_MEMORY, "realloc") ? NULL : __real_realloc(p, size);
}

WRAPPED(char *, strdup, const char *text)
{
	return fails(FAULT_MEMORY, "strdup") ? NULL : __real_strdup(text);
}

WRAPPED(int, posix_memalign, void **p, size_t alignment, size_t size)
{
	return fails(FAULT_MEMORY, "posix_memalign") ? ENOMEM
						     : __real_posix_memalign(p, alignment, size);
}

WRAPPED(void *, aligned_alloc, size_t alignment, size_t size)
{
	return fails(FAULT_MEMORY, "aligned_alloc") ? NULL : __real_aligned_alloc(alignment, size);
}

/* ---- the disk under LMDB ---- */

static bool disk_fails(const char *name)
{
	if (fails(FAULT_DISK, name)) {
		errno = EIO;
		return true;
	}
	if (fails(FAULT_SPACE, name)) {
		errno = ENOSPC;
		return true;
	}
	return false;
}

WRAPPED(ssize_t, pwrite, int fd, const void *data, size_t size, off_t at)
{
	return disk_fails("pwrite") ? -1 : __real_pwrite(fd, data, size, at);
}

WRAPPED(ssize_t, writev, int fd, const struct iovec *v, int n)
{
	return disk_fails("writev") ? -1 : __real_writev(fd, v, n);
}

WRAPPED(int, ftruncate, int fd, off_t size)
{
	return disk_fails("ftruncate") ? -1 : __real_ftruncate(fd, size);
}

WRAPPED(int, fdatasync, int fd)
{
	if (fails(FAULT_SYNC, "fdatasync")) {
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

/* ---- LMDB itself ---- */

static bool write_fails(MDB_txn *txn, const char *name, int *rc)
{
	if (txn != NULL && txn == lost) {
		*rc = MDB_BAD_TXN;
		return true;
	}
	if (fails(FAULT_WRITE, name))
		*rc = EIO;
	else if (fails(FAULT_FULL, name))
		*rc = MDB_MAP_FULL;
	else
		return false;
	lost = txn;
	return true;
}

static bool read_fails(MDB_txn *txn, const char *name, int *rc)
{
	if (txn != NULL && txn == lost)
		*rc = MDB_BAD_TXN;
	else if (fails(FAULT_READ, name))
		*rc = EIO;
	else
		return false;
	return true;
}

WRAPPED(int, mdb_put, MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v, unsigned flags)
{
	int rc = 0;
	return write_fails(txn, "mdb_put", &rc) ? rc : __real_mdb_put(txn, dbi, k, v, flags);
}

WRAPPED(int, mdb_del, MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	int rc = 0;
	return write_fails(txn, "mdb_del", &rc) ? rc : __real_mdb_del(txn, dbi, k, v);
}

WRAPPED(int, mdb_drop, MDB_txn *txn, MDB_dbi dbi, int whole)
{
	int rc = 0;
	return write_fails(txn, "mdb_drop", &rc) ? rc : __real_mdb_drop(txn, dbi, whole);
}

WRAPPED(int, mdb_cursor_put, MDB_cursor *c, MDB_val *k, MDB_val *v, unsigned flags)
{
	int rc = 0;
	return write_fails(mdb_cursor_txn(c), "mdb_cursor_put", &rc)
		       ? rc
		       : __real_mdb_cursor_put(c, k, v, flags);
}

WRAPPED(int, mdb_cursor_del, MDB_cursor *c, unsigned flags)
{
	int rc = 0;
	return write_fails(mdb_cursor_txn(c), "mdb_cursor_del", &rc) ? rc
								     : __real_mdb_cursor_del(c, flags);
}

WRAPPED(int, mdb_txn_commit, MDB_txn *txn)
{
	int rc = 0;
	if (!write_fails(txn, "mdb_txn_commit", &rc))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn); /* as LMDB does: it is gone in any case */
	lost = NULL;
	return rc;
}

WRAPPED(int, mdb_txn_begin, MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	lost = NULL;
	if (fails((flags & MDB_RDONLY) != 0 ? FAULT_READ : FAULT_WRITE, "mdb_txn_begin"))
		return EIO;
	return __real_mdb_txn_begin(env, parent, flags, txn);
}

WRAPPED(int, mdb_get, MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v)
{
	int rc = 0;
	return read_fails(txn, "mdb_get", &rc) ? rc : __real_mdb_get(txn, dbi, k, v);
}

WRAPPED(int, mdb_cursor_open, MDB_txn *txn, MDB_dbi dbi, MDB_cursor **c)
{
	int rc = 0;
	return read_fails(txn, "mdb_cursor_open", &rc) ? rc : __real_mdb_cursor_open(txn, dbi, c);
}

WRAPPED(int, mdb_cursor_get, MDB_cursor *c, MDB_val *k, MDB_val *v, MDB_cursor_op op)
{
	int rc = 0;
	return read_fails(mdb_cursor_txn(c), "mdb_cursor_get", &rc) ? rc
								    : __real_mdb_cursor_get(c, k, v, op);
}

WRAPPED(int, mdb_dbi_open, MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
	int rc = 0;
	return read_fails(txn, "mdb_dbi_open", &rc) ? rc : __real_mdb_dbi_open(txn, name, flags, dbi);
}

WRAPPED(int, mdb_stat, MDB_txn *txn, MDB_dbi dbi, MDB_stat *stat)
{
	int rc = 0;
	return read_fails(txn, "mdb_stat", &rc) ? rc : __real_mdb_stat(txn, dbi, stat);
}
