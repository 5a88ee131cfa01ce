/* city.h - the city's tables, each in all its versions, as main's events gave them.
 *
 *   city  1 | table u8 | from day u32 | version u32 -> log u32 | seq u64 | columns u8 | rows
 *         2 | table u8 | version u32                -> from day u32
 *
 * What a table means stands in work/city.h; here it is columns of text. Folded from the events; can be
 * rebuilt from them. */
#pragma once
#include <station/store/store.h>

struct st_city_version {
	uint8_t table;
	uint32_t version, from_day, columns;
	uint32_t log; /* of the event that issued it */
	uint64_t seq;
};

/* A version that is known already stays as it is. */
ST_MUST int st_city_put(struct st_txn *t, const struct st_city_version *v, struct st_span rows);
/* rows, if wanted, is cleared and filled. ST_ENOTFOUND. */
ST_MUST int st_city_get(struct st_txn *t, uint8_t table, uint32_t version,
			struct st_city_version *ret_v, struct st_buf *rows);
/* The version by which a day is judged: of those in force by then the one that begins last, and of those of one
 * day the newest. ST_ENOTFOUND: none yet. */
ST_MUST int st_city_in_force(struct st_txn *t, uint8_t table, uint32_t day,
			     struct st_city_version *ret_v);
/* The version issued last, 0: none. */
ST_MUST int st_city_newest(struct st_txn *t, uint8_t table, uint32_t *ret_version);
typedef int st_city_fn(const struct st_city_version *v, void *arg); /* non-zero stops the scan */
/* By table and version; table 0: all. */
ST_MUST int st_city_each(struct st_txn *t, uint8_t table, st_city_fn *fn, void *arg);
