/* records.h - what the events add up to: records, strays, indexes, tallies, names.
 * All of it is folded from the events and can be rebuilt from them. Rows of records and cells are
 * opaque here (work/record.h and work/tally.h give them meaning).
 *
 *   records  opener u32 | ulid            -> the record's folded row
 *   strays   opener u32 | ulid | log u32 | seq u64 -> why it is off the chain (u8)
 *   index    u8 which | ...               -> empty: an ordered list of records
 *   numbers  opener u32 | year u16 | epoch u16 | serial u32 -> ulid
 *   sources  hash of (source, number), 16 bytes -> opener u32 | ulid
 *   names    u8 dimension | text <-> u16 number
 *   tallies  an opaque key                -> an opaque cell
 *   unread   log u32 | seq u64            -> error code i32 */
#pragma once
#include <station/base/code.h>
#include <station/store/store.h>

enum { ST_RECORD_ROW_MAX = 1280, ST_CELL_KEY_MAX = 32, ST_CELL_MAX = 1024 * 1024 };

struct st_record_ref {
	uint32_t opener; /* station number */
	struct st_ulid ulid;
};
/* As it stands in keys and rows: opener u32 | ulid. */
enum { ST_REF_SIZE = 4 + ST_ULID_SIZE };
void st_ref_put(uint8_t to[ST_REF_SIZE], const struct st_record_ref *ref);
struct st_record_ref st_ref_get(const uint8_t from[ST_REF_SIZE]);
bool st_record_same(const struct st_record_ref *a, const struct st_record_ref *b);

ST_MUST int st_record_get(struct st_txn *t, const struct st_record_ref *record,
			  uint8_t to[ST_RECORD_ROW_MAX], size_t *ret_size);
ST_MUST int st_record_put(struct st_txn *t, const struct st_record_ref *record, struct st_span row);
typedef int st_record_fn(const struct st_record_ref *record, struct st_span row, void *arg);
/* From key on (NULL: all), in key order. */
ST_MUST int st_record_each(struct st_txn *t, const struct st_record_ref *from, st_record_fn *fn,
			   void *arg);

enum st_stray_why { ST_STRAY_NOTE = 1, ST_STRAY_WAITING = 2, ST_STRAY_SET_ASIDE = 3 };
struct st_stray {
	uint32_t log;
	uint64_t seq;
	enum st_stray_why why;
};
ST_MUST int st_stray_put(struct st_txn *t, const struct st_record_ref *record,
			 const struct st_stray *stray); /* replaces the why */
ST_MUST int st_stray_del(struct st_txn *t, const struct st_record_ref *record,
			 const struct st_stray *stray);
ST_MUST int st_stray_has(struct st_txn *t, const struct st_record_ref *record,
			 const struct st_stray *stray); /* 1: just so; 0: not there, or why differs */
typedef int st_stray_fn(const struct st_stray *stray, void *arg);
ST_MUST int st_stray_each(struct st_txn *t, const struct st_record_ref *record, st_stray_fn *fn,
			  void *arg);

ST_MUST int st_stray_count(struct st_txn *t, enum st_stray_why why, uint64_t *ret_count); /* all records */

enum st_index {
	/* holder u32 | kind u8 | class u8 (open 1, closed 2) | due day u32 | opener u32 | ulid */
	ST_INDEX_DUE = 1,
	/* kind u8 | state u8 | opened day u32 | opener u32 | ulid */
	ST_INDEX_STATE = 2,
	/* kind u8 | field u8 | value u32 | opened day u32 | opener u32 | ulid */
	ST_INDEX_FACET = 3,
};
enum { ST_INDEX_KEY_MAX = 40 };
/* A record's places are written with its row: ST_ECORRUPT, now or then: one to be deleted isn't there. */
ST_MUST int st_index_put(struct st_txn *t, enum st_index which, struct st_span key);
ST_MUST int st_index_del(struct st_txn *t, enum st_index which, struct st_span key);
ST_MUST int st_index_has(struct st_txn *t, enum st_index which, struct st_span key); /* 1 or 0 */
/* The record that a key of any index names: it ends with it. ST_ECORRUPT. */
ST_MUST int st_index_ref(struct st_span key, struct st_record_ref *ret_ref);
typedef int st_index_fn(struct st_span key, void *arg);
/* Keys that start with prefix, from `from` on (a full key, or empty). */
ST_MUST int st_index_each(struct st_txn *t, enum st_index which, struct st_span prefix,
			  struct st_span from, st_index_fn *fn, void *arg);

struct st_number {
	uint32_t opener;
	uint16_t year, epoch;
	uint32_t serial;
};
ST_MUST int st_number_put(struct st_txn *t, const struct st_number *n, const struct st_ulid *ulid);
ST_MUST int st_number_get(struct st_txn *t, const struct st_number *n, struct st_ulid *ret_ulid);
/* Largest serial in use for opener, year and epoch; 0: none. */
ST_MUST int st_number_last(struct st_txn *t, const struct st_number *n, uint32_t *ret_serial);

ST_MUST int st_source_put(struct st_txn *t, const uint8_t hash[16],
			  const struct st_record_ref *record);
ST_MUST int st_source_get(struct st_txn *t, const uint8_t hash[16],
			  struct st_record_ref *ret_key);

/* A dictionary of short texts (categories ...): small numbers for keys. Number 0 is the empty text. */
enum { ST_NAME_TEXT_MAX = 120 };
ST_MUST int st_name_intern(struct st_txn *t, uint8_t dimension, struct st_span text,
			   uint16_t *ret_number); /* ST_ETOOBIG: 65,535 of them */
ST_MUST int st_name_find(struct st_txn *t, uint8_t dimension, struct st_span text,
			 uint16_t *ret_number); /* ST_ENOTFOUND; never writes */
ST_MUST int st_name_text(struct st_txn *t, uint8_t dimension, uint16_t number,
			 char to[ST_NAME_TEXT_MAX + 1]);

ST_MUST int st_cell_get(struct st_txn *t, struct st_span key, struct st_buf *to); /* ST_ENOTFOUND */
ST_MUST int st_cell_put(struct st_txn *t, struct st_span key, struct st_span cell); /* empty: deletes */
typedef int st_cell_fn(struct st_span key, struct st_span cell, void *arg);
ST_MUST int st_cell_each(struct st_txn *t, struct st_span prefix, st_cell_fn *fn, void *arg);

ST_MUST int st_unread_put(struct st_txn *t, uint32_t log, uint64_t seq, int code);
ST_MUST int st_unread_count(struct st_txn *t, uint32_t log, uint64_t *ret_count); /* of one log */
