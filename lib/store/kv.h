/* kv.h - the tables of a store, and LMDB's calls as the rest of lib/store needs them.
 * Plain tables with big-endian composite keys, never DUPSORT. A span that a call answers dies at the
 * transaction's next write. */
#pragma once
#include <lmdb.h>
#include <stdatomic.h>
#include <station/store/records.h>
#include <station/store/tables.h>
#include "lookups.h"

/* All tables, each with what it is (store/tables.h): whoever empties, compares or copies goes by this list.
 *      table         name            class */
#define ST_TABLES(X)                                                                               \
	X(META, "meta", LOCAL)                                                                     \
	X(STATIONS, "stations", TRUTH)                                                             \
	X(LOGS, "logs", TRUTH)                                                                     \
	X(EVENTS, "events", TRUTH)                                                                 \
	X(TREE, "tree", TOLD)                                                                      \
	X(CHECKPOINTS, "checkpoints", TRUTH)                                                       \
	X(PARTS, "parts", TRUTH)                                                                   \
	X(CARRIED, "carried", TRUTH)                                                               \
	X(EVIDENCE, "evidence", TRUTH)                                                             \
	X(INVITES, "invites", LOCAL)                                                               \
	X(OUTBOX, "outbox", LOCAL)                                                                 \
	X(LEFT, "left", LOCAL)                                                                     \
	X(ADDRESSED, "addressed", TOLD)                                                            \
	X(HEARD, "heard", TOLD)                                                                    \
	X(DIRECTIVES, "directives", TOLD)                                                          \
	X(RECORDS, "records", FOLDED)                                                              \
	X(STRAYS, "strays", FOLDED)                                                                \
	X(INDEX, "index", FOLDED)                                                                  \
	X(NUMBERS, "numbers", FOLDED)                                                              \
	X(SOURCES, "sources", FOLDED)                                                              \
	X(NAMES, "names", FOLDED)                                                                  \
	X(TALLIES, "tallies", FOLDED)                                                              \
	X(UNREAD, "unread", TOLD)                                                                  \
	X(ONLINE, "online", TOLD)                                                                  \
	X(HOOKS, "hooks", LOCAL)                                                                   \
	X(GIVEN, "given", LOCAL)                                                                   \
	X(BALLOTS, "ballots", TOLD)                                                                \
	X(CITY, "city", TOLD)                                                                      \
	X(HEADS, "heads", TRUTH)                                                                   \
	X(ERASED, "erased", TOLD)                                                                  \
	X(CROWDED, "crowded", LOCAL)
enum table {
#define X(table, name, class) TABLE_##table,
	ST_TABLES(X)
#undef X
	TABLE_COUNT
};

enum { KV_KEY_MAX = 160, KV_ROW_MAX = 20 * 1024 };

struct st_store {
	MDB_env *env;
	MDB_dbi tables[TABLE_COUNT];
	int lock_fd;
	char *directory;
	struct in_hand *in_hand; /* of the one writing transaction */
	uint64_t map_bytes, reserve_bytes;
	atomic_bool full, broken;
};

/* A second set of the told tables, in an environment of its own (beside.c). */
struct beside {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi tables[TABLE_COUNT]; /* of told ones */
};

struct st_txn {
	struct st_store *store;
	MDB_txn *mdb;
	bool writes;
	struct in_hand *in_hand; /* NULL where it only reads */
	struct beside *beside; /* NULL: none; else told tables are those, and can be written */
	struct lookups lookups;
};

/* A key under construction: fixed-width numbers and bytes, one after another. */
struct key {
	uint8_t bytes[KV_KEY_MAX];
	size_t size;
};
struct key key_new(void);
void key_u8(struct key *k, uint8_t v);
void key_u16(struct key *k, uint16_t v);
void key_u32(struct key *k, uint32_t v);
void key_u64(struct key *k, uint64_t v);
void key_ref(struct key *k, const struct st_record_ref *ref);
void key_put(struct key *k, const void *data, size_t size);
struct st_span key_span(const struct key *k);

/* Of formats before this one: what now stands beside a log's row is moved there (takeover.c). */
enum { STORE_FORMAT_TAILS = 7 };
int store_take_over(struct st_txn *t);

int kv_error(int mdb_rc);
int kv_get(struct st_txn *t, enum table table, struct st_span key, struct st_span *ret_value);
int kv_put(struct st_txn *t, enum table table, struct st_span key, struct st_span value);
/* A value of size bytes to be filled in place. */
int kv_reserve(struct st_txn *t, enum table table, struct st_span key, size_t size,
	       uint8_t **ret_value);
int kv_del(struct st_txn *t, enum table table, struct st_span key); /* ST_ENOTFOUND */
int kv_clear(struct st_txn *t, enum table table); /* all its rows */

struct kv_row {
	struct st_span key, value;
};
/* The last row whose key is <= key and starts with prefix; the first one >= key. ST_ENOTFOUND. */
int kv_at_most(struct st_txn *t, enum table table, struct st_span key, struct st_span prefix,
	       struct kv_row *ret_row);
int kv_at_least(struct st_txn *t, enum table table, struct st_span key, struct st_span prefix,
		struct kv_row *ret_row);

/* Rows that start with prefix, from `from` on (empty: the first). The callback may write; its row is
 * a copy when the transaction writes. Non-zero from it stops the scan and is returned. */
typedef int kv_fn(struct st_txn *t, const struct kv_row *row, void *arg);
struct kv_range {
	enum table table;
	struct st_span prefix, from;
};
int kv_scan(struct st_txn *t, const struct kv_range *range, kv_fn *fn, void *arg);
