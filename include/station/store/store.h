/* store.h - the one LMDB environment of a station: opening, transactions, and its health.
 *
 * What each table is (the only copy, derived, or this store's own state): store/tables.h.
 *
 * One process opens a directory, one thread writes, any thread reads (short transactions). Nothing
 * of LMDB leaves lib/store: rows are copied out, and spans handed to a scan's callback die when it
 * returns. All keys are big-endian, so that a scan's order is the order of the numbers.
 *
 * Promise 1: st_store_write answers 0 only after commit and sync. Promise 9: a full disk is
 * ST_EFULL, the transaction leaves no trace, and reads go on. */
#pragma once
#include <station/base/bytes.h>

/* A store of an older format from ST_STORE_FORMAT_LEAST on is taken over when it is opened. The records of one before
 * ST_STORE_FORMAT_FOLDED are marked to be folded anew (store/folded.h). */
enum { ST_STORE_FORMAT = 8, ST_STORE_FORMAT_FOLDED = 8, ST_STORE_FORMAT_LEAST = 2 };

struct st_store;
struct st_txn; /* a read or write transaction; lives only inside the callback */

struct st_store_conf {
	const char *directory;   /* exists, owned by us; holds data.mdb and lock.mdb */
	uint64_t map_bytes;      /* address space to reserve: the most that the store may grow to */
	uint64_t reserve_bytes;  /* writes are refused when less disk than this would stay free */
	unsigned readers_max;
};

/* ST_ELOCKED: another process has it. ST_ENEWER, ST_EFORMAT: untouched. ST_EIO, ST_ENOMEM. */
ST_MUST int st_store_open(const struct st_store_conf *conf, struct st_store **ret_store);
void st_store_close(struct st_store *s); /* NULL is fine; no transaction may be open */

typedef int st_txn_fn(struct st_txn *txn, void *arg);
/* Runs fn in one write transaction. 0 from fn: commit and sync; anything else: no trace, and that
 * code is returned. ST_EFULL before fn runs when the disk or the map is nearly full. ST_EIO: the
 * disk failed a commit; every later write answers ST_EIO too (it is never tried again as if nothing
 * had happened), until the process starts anew. */
ST_MUST int st_store_write(struct st_store *s, st_txn_fn *fn, void *arg);
/* Runs fn on a snapshot. Keep it short: old snapshots keep old pages. */
ST_MUST int st_store_read(struct st_store *s, st_txn_fn *fn, void *arg);

bool st_txn_writes(const struct st_txn *t);

struct st_store_info {
	uint64_t used_bytes, map_bytes, disk_free_bytes;
	unsigned readers, format;
	bool full, broken; /* writes answer ST_EFULL; writes answer ST_EIO for good */
};
ST_MUST int st_store_info(struct st_store *s, struct st_store_info *ret_info);
unsigned st_store_reap_readers(struct st_store *s); /* slots of dead processes; their count */

/* Single values by name: who this station is, and what must outlive a restart. */
enum st_meta {
	ST_META_FORMAT = 1,      /* u32 */
	ST_META_SELF = 2,        /* station code */
	ST_META_ROOT = 3,        /* the city's root public key */
	ST_META_PARENT = 4,      /* address (text) of the parent */
	ST_META_INCARNATION = 5, /* 16 random bytes of this store's life */
	ST_META_LOG = 6,         /* u32: number of the own log's newest epoch */
	ST_META_HALT = 7,        /* why signing stopped: text; absent: it hasn't */
	ST_META_SERIAL = 8,      /* u64: last certificate serial issued */
	ST_META_INSTANCE = 9,    /* 16 random bytes of this log's epoch */
	ST_META_TAKEN = 10,      /* of the parent's outbox: its incarnation 16, position u64 */
	ST_META_ONLINE_SECRET = 14, /* 32 random bytes that query codes are made under: they die with it */
	ST_META_ONLINE_HOOKS = 15,  /* there: what happens to matters that came online is to be told */
	ST_META_REFOLD = 23,        /* how far the fold has come that makes all records anew (store/folded.h) */
	ST_META_LAST = 31,
};
/* Copies at most room bytes; ST_ENOTFOUND, ST_ETOOBIG. */
ST_MUST int st_meta_get(struct st_txn *t, enum st_meta key, void *to, size_t room,
			size_t *ret_size);
ST_MUST int st_meta_put(struct st_txn *t, enum st_meta key, struct st_span value);
ST_MUST int st_meta_del(struct st_txn *t, enum st_meta key); /* 0 if absent, too */
