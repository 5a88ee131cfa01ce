/* states.c - which states the index of states knows.
 *
 * Owns:    nothing.
 * Promise: 11: what a later version has signed is hidden by nothing that asks for all there is.
 * Flow:    index -> states -> registers, questions */
#include "states.h"
#include <string.h>
#include <station/base/check.h>

static int first(struct st_span key, void *arg)
{
	if (key.size < 2)
		return ST_ECORRUPT;
	*(uint32_t *)arg = key.data[1];
	return 1;
}

int states_here(struct st_txn *t, uint32_t kind, bool ret_here[STATES_MAX])
{
	const uint8_t prefix = (uint8_t)kind;
	int rc = 1;
	memset(ret_here, 0, STATES_MAX * sizeof(*ret_here));
	for (uint32_t next = 0; rc == 1 && next < STATES_MAX; next++) {
		const uint8_t from[2] = { prefix, (uint8_t)next };
		rc = st_index_each(t, ST_INDEX_STATE, st_span(&prefix, 1), ST_SPAN(from), first, &next);
		st_assert(rc != 1 || next >= from[1]);
		st_assert(next < STATES_MAX);
		if (rc == 1)
			ret_here[next] = true;
	}
	return rc < 0 ? rc : 0;
}
