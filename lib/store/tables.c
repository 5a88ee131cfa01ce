/* tables.c - the list of tables, walked.
 *
 * Owns:    nothing but the list's order: it goes by what kv.h says of each.
 * Promise: what no event can say again is never emptied.
 * Flow:    kv.h's list -> rebuild, recount, fsck */
#include <station/store/tables.h>
#include <string.h>
#include <station/base/check.h>
#include "in_hand.h"
#include "kv.h"

static const struct {
	const char *name;
	enum st_table_class class;
} list[TABLE_COUNT] = {
#define X(table, name, class) [TABLE_##table] = { name, ST_TABLE_##class },
	ST_TABLES(X)
#undef X
};

size_t st_table_count(void)
{
	return TABLE_COUNT;
}

const char *st_table_name(size_t table)
{
	ST_REQUIRE(table < TABLE_COUNT);
	return list[table].name;
}

enum st_table_class st_table_class(size_t table)
{
	ST_REQUIRE(table < TABLE_COUNT);
	return list[table].class;
}

size_t st_table_named(const char *name)
{
	size_t i = 0;
	while (i < TABLE_COUNT && strcmp(list[i].name, name) != 0)
		i++;
	return i;
}

int st_table_rows(struct st_txn *t, size_t table, uint64_t *ret_rows)
{
	MDB_stat stat;
	ST_REQUIRE(table < TABLE_COUNT);
	st_assert(t->beside == NULL || list[table].class != ST_TABLE_TOLD);
	int rc = in_hand_write(t);
	if (rc == 0)
		rc = kv_error(mdb_stat(t->mdb, t->store->tables[table], &stat));
	if (rc == 0)
		*ret_rows = stat.ms_entries;
	return rc;
}

struct each {
	st_table_fn *fn;
	void *arg;
};

static int each_row(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct each *e = arg;
	(void)t;
	return e->fn(row->key, row->value, e->arg);
}

int st_table_each(struct st_txn *t, size_t table, st_table_fn *fn, void *arg)
{
	ST_REQUIRE(table < TABLE_COUNT);
	ST_REQUIRE(fn != NULL);
	struct each e = { fn, arg };
	struct kv_range range = { .table = (enum table)table };
	int rc = in_hand_write(t);
	return rc < 0 ? rc : kv_scan(t, &range, each_row, &e);
}

int st_tables_clear(struct st_txn *t, enum st_table_class class)
{
	ST_REQUIRE(class == ST_TABLE_FOLDED || class == ST_TABLE_TOLD);
	int rc = in_hand_write(t);
	for (size_t i = 0; rc == 0 && i < TABLE_COUNT; i++)
		if (list[i].class == class)
			rc = kv_clear(t, (enum table)i);
	return rc;
}
