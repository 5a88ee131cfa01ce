/* states.h - the states that records of a kind are in, those of a later version too. */
#pragma once
#include <station/store/records.h>

enum { STATES_MAX = UINT8_MAX + 1 }; /* as the index tells them apart */

/* Marks those that any record is in; as many looks as there are. */
int states_here(struct st_txn *t, uint32_t kind, bool ret_here[STATES_MAX]);
