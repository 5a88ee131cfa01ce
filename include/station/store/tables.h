/* tables.h - what each table of a store is, and what follows from that.
 *
 *   truth   the only copy: events, parts, carried events, checkpoints, receipts and evidence; and what keys and rows
 *           are made of: the numbers, certificates and standing of stations, the numbers and sizes of logs. Never
 *           cleared, never made anew.
 *   local   this store's own state, of which no event tells: what it still owes (outbox, hooks), what it has sent off
 *           (left, given), its invites, who it is (meta). Never cleared; lost is lost.
 *   folded  records and what follows from their rows: made anew by the fold, compared record by record
 *           (ask/verify.h, st_recount_run).
 *   told    what each event says by itself, whatever became of its record: made anew event by event, compared row
 *           by row (apply/rebuild.h, st_retell_run).
 *
 * The list is ST_TABLES in lib/store/kv.h; a new table says there which it is. */
#pragma once
#include <station/store/store.h>

enum st_table_class { ST_TABLE_TRUTH, ST_TABLE_LOCAL, ST_TABLE_FOLDED, ST_TABLE_TOLD };

size_t st_table_count(void);
const char *st_table_name(size_t table);
enum st_table_class st_table_class(size_t table);
/* The table of a name; st_table_count(): none. */
size_t st_table_named(const char *name);
ST_MUST int st_table_rows(struct st_txn *t, size_t table, uint64_t *ret_rows);
/* Its rows in the order of their keys; spans die with the callback. Non-zero from fn stops and is returned. */
typedef int st_table_fn(struct st_span key, struct st_span value, void *arg);
ST_MUST int st_table_each(struct st_txn *t, size_t table, st_table_fn *fn, void *arg);
/* Empties all tables of a derived class. */
ST_MUST int st_tables_clear(struct st_txn *t, enum st_table_class class);

/* How far a long look has come; false: stop (ST_EBUSY). */
typedef bool st_progress_fn(void *arg, uint64_t done, uint64_t total);

/* Runs fn in a read transaction beside which all told tables are empty and can be written: they stand in a folder
 * within the store's own, which ends with the call. ST_EFULL: the disk has no room for them beyond the reserve; the
 * store itself isn't touched. */
ST_MUST int st_store_beside(struct st_store *s, st_txn_fn *fn, void *arg);
/* Writes out what fn has put there so far, so that memory stays bounded. Spans of told rows die. */
ST_MUST int st_beside_flush(struct st_txn *t);

/* The store's told tables against those beside it. */
struct st_differences {
	uint64_t rows, wrong;    /* looked at; that differ, are missing, or are too many */
	char tables[128];        /* which have any: "heard, ballots" */
	char first_wrong[200];   /* table, key, how */
};
ST_MUST int st_beside_compare(struct st_txn *t, struct st_differences *ret_d);
