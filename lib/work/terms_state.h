/* terms_state.h - what the sources of terms share: the rows of the versions in use. */
#pragma once
#include <station/work/terms.h>

enum { TERMS_SLOTS = 2, TERMS_TABLES_MAX = 16 };

/* The rows of one version, as they stand in the store. Versions never change, so they outlive a transaction. */
struct terms_held {
	uint32_t version, columns;
	struct st_buf rows;
};
struct terms_known {
	bool asked, none;     /* within this transaction: is there any version at all? */
	uint32_t day;         /* the last day that was asked for, */
	uint32_t version;     /* and its version; 0: none then */
	struct terms_held held[TERMS_SLOTS];
	unsigned next;        /* slot to be given up */
};
struct st_terms {
	struct st_txn *txn;
	struct terms_known tables[TERMS_TABLES_MAX];
	struct st_calendar calendar;
	uint32_t calendar_version;
	bool calendar_filled;
};

/* terms.c */
/* The rows in force on a day. ST_ENOTFOUND: none, or a table without rows, which is as none. */
int terms_rows(struct st_terms *s, enum st_city_table_number table, uint32_t day,
	       const struct terms_held **ret_held);
struct st_city_rows terms_walk(const struct terms_held *h);

/* terms_category.c */
enum { TERMS_LEVELS = 3 }; /* of the categories table */
/* The row of a category, and of the subcategory below it; *ret_level is the category's. 1: the category is
 * there without that subcategory. */
int terms_find_category(struct st_terms *s, const struct st_term_query *q,
			struct st_city_rows *ret_row, size_t *ret_level);
