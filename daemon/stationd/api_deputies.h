/* api_deputies.h - what the routes of deputies share (api_deputies.c, api_points.c). */
#pragma once
#include <station/ask/deputy.h>
#include "api.h"

struct deputy_asking {
	struct request *q;
	enum st_lang lang;
	struct st_archive_query archive;
	struct st_deputies_query deputies;
	struct st_points_table *table;
	struct st_floors floors;
	bool all; /* those who are not below the floors, too */
	struct st_buf next;
	json_t *rows, *coverage;
	struct st_card card;
	struct st_census census;
};

const char *deputy_in(const struct deputy_asking *x, const char *zh, const char *en);
int deputy_cover(struct deputy_asking *x, struct st_txn *t, uint32_t station); /* with the last page */
/* Reads what a question wants, then answers it as a table; t.columns and t.rows are taken in any
 * case. */
int deputy_answer(struct deputy_asking *x, st_txn_fn *read, struct api_table t);
int deputy_append(struct deputy_asking *x, json_t *row); /* taken */
