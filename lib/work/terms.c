/* terms.c - the city's tables, of which version and with which rows they answer.
 *
 * Owns:    which version answers, and the rows that are kept of it.
 * Promise: a record is judged by the version in force on the day that the question names.
 * Flow:    store -> terms -> settings, categories, deadlines */
#include "terms_state.h"
#include <stdlib.h>
#include <station/base/check.h>
#include <station/event/event.h>

int st_terms_new(struct st_terms **ret_terms)
{
	struct st_terms *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ST_ENOMEM;
	for (size_t i = 0; i < TERMS_TABLES_MAX; i++)
		for (size_t n = 0; n < TERMS_SLOTS; n++)
			st_buf_init(&s->tables[i].held[n].rows, ST_CITY_ROWS_BYTES_MAX);
	*ret_terms = s;
	return 0;
}

void st_terms_free(struct st_terms *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < TERMS_TABLES_MAX; i++)
		for (size_t n = 0; n < TERMS_SLOTS; n++)
			st_buf_done(&s->tables[i].held[n].rows);
	free(s);
}

void st_terms_begin(struct st_terms *s, struct st_txn *t)
{
	s->txn = t;
	for (size_t i = 0; i < TERMS_TABLES_MAX; i++)
		s->tables[i].asked = false;
}

int st_terms_version(struct st_terms *s, enum st_city_table_number table, uint32_t day,
		     uint32_t *ret_version)
{
	ST_REQUIRE(s->txn != NULL);
	struct terms_known *k = &s->tables[table];
	struct st_city_version v;
	int rc = 0;
	if (!k->asked) {
		uint32_t newest = 0;
		rc = st_city_newest(s->txn, (uint8_t)table, &newest);
		if (rc < 0)
			return rc;
		k->asked = true;
		k->none = newest == 0;
		k->day = 0;
		k->version = 0;
	}
	if (!k->none && k->day != day) {
		rc = st_city_in_force(s->txn, (uint8_t)table, day, &v);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		k->day = day;
		k->version = rc == 0 ? v.version : 0;
	}
	*ret_version = k->version;
	return k->none || k->version == 0 ? ST_ENOTFOUND : 0;
}

int terms_rows(struct st_terms *s, enum st_city_table_number table, uint32_t day,
	       const struct terms_held **ret_held)
{
	_Static_assert((int)ST_CITY_settings < (int)TERMS_TABLES_MAX, "each table has its place");
	ST_REQUIRE(s->txn != NULL);
	struct terms_known *k = &s->tables[table];
	struct terms_held *h = NULL;
	uint32_t version = 0;
	int rc = st_terms_version(s, table, day, &version);
	if (rc < 0)
		return rc;
	for (size_t n = 0; n < TERMS_SLOTS; n++)
		if (k->held[n].version == version)
			h = &k->held[n];
	if (h == NULL) {
		struct st_city_version v;
		h = &k->held[k->next++ % TERMS_SLOTS];
		h->version = 0;
		rc = st_city_get(s->txn, (uint8_t)table, version, &v, &h->rows);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
		h->version = version;
		h->columns = v.columns;
	}
	st_assert(h->version == version);
	*ret_held = h;
	return h->rows.size == 0 ? ST_ENOTFOUND : 0;
}

struct st_city_rows terms_walk(const struct terms_held *h)
{
	return st_city_rows(st_buf_span(&h->rows), h->columns);
}
