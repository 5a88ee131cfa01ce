/* below.h - main and one child of it: what the child's key signs is pushed to main, and main is asked. */
#pragma once
#include "../apply/pair.h"

static struct station main_station, child;
static struct st_signing_key root;

static inline void found_both(void)
{
	assert_int_equal(st_trust_start(), 0);
	station_new(&main_station, 1);
	station_new(&child, 2);
	station_found(&main_station, "410600", &root);
	station_join(&main_station, &child, "410611", ST_BRANCH, &root.public);
}

static inline int teardown(void **state)
{
	(void)state;
	station_gone(&main_station);
	station_gone(&child);
	return 0;
}

static inline int child_number(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611");
	return st_station_number(t, &code, arg);
}
