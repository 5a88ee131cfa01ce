/* stations.h - every station that this one knows, under a small local number.
 * Row: its signed certificate, its tier and place in the tree, the pinned identity key, and how it
 * stands. The tables logs and stations give the numbers that keys elsewhere are made of. */
#pragma once
#include <station/store/store.h>
#include <station/trust/certificate.h>
#include <station/trust/checkpoint.h>

enum st_standing { ST_ENROLLED = 1, ST_REVOKED = 2 };

struct st_station {
	uint32_t number;        /* from 1 */
	uint32_t parent;        /* its parent's number; 0: none, or above what is known */
	uint32_t depth;         /* stations above it up to the root: 0 for main */
	enum st_standing standing;
	struct st_certificate certificate; /* decoded */
	uint8_t signed_bytes[ST_CERTIFICATE_MAX];
	size_t signed_size;
	uint32_t issuer_log;    /* the log and seq of the event that enrolled it here; 0: handed over */
	uint64_t issuer_seq;    /*   on joining */
	uint32_t revoked_epoch; /* where its log ends, when revoked */
	uint64_t revoked_size;
	uint32_t revoker_log;   /* the log and seq of the event that said so */
	uint64_t revoker_seq;
};

ST_MUST int st_station_get(struct st_txn *t, uint32_t number, struct st_station *ret_s);
ST_MUST int st_station_find(struct st_txn *t, const struct st_code *code, struct st_station *ret_s);
/* The number alone, cheaper than the row. ST_ENOTFOUND. */
ST_MUST int st_station_number(struct st_txn *t, const struct st_code *code, uint32_t *ret_number);
/* This store's own one. ST_ENOSTATION: it is nobody's yet. */
ST_MUST int st_station_self(struct st_txn *t, uint32_t *ret_number);
ST_MUST int st_station_code(struct st_txn *t, uint32_t number, struct st_code *ret_code);
/* number 0: a new row gets the next number, written back. */
ST_MUST int st_station_put(struct st_txn *t, struct st_station *s);
/* A code that records name but nobody has enrolled here yet (an opener elsewhere): gets a number
 * without a row; the row fills it later. */
ST_MUST int st_station_intern(struct st_txn *t, const struct st_code *code, uint32_t *ret_number);
typedef int st_station_fn(const struct st_station *s, void *arg); /* non-zero stops the scan */
ST_MUST int st_station_each(struct st_txn *t, st_station_fn *fn, void *arg);
/* 1: number is top or stands below it; 0: it doesn't; < 0: the store's failure. */
ST_MUST int st_station_below(struct st_txn *t, uint32_t number, uint32_t top);
/* The same, where 0 is certain: ST_ENOTFOUND if it isn't known here where the station stands. */
ST_MUST int st_station_stands_below(struct st_txn *t, uint32_t number, uint32_t top);
/* The child of top on the way down to number (number itself if it is one); ST_ESUBTREE. */
ST_MUST int st_station_branch_of(struct st_txn *t, uint32_t number, uint32_t top,
				 uint32_t *ret_child);
