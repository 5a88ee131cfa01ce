/* facet.h - what the fold needs of facets. */
#pragma once
#include <station/work/fold.h>

/* Takes field `at` of a change into the row, if its kind's table calls it a facet. */
int facet_take(struct st_txn *t, struct st_record *r, const struct st_change *c, size_t at);
/* Brings the index from what before listed to what after lists. */
int facet_relist(struct st_txn *t, const struct st_record *before, const struct st_record *after);
/* A text's number in a dictionary; 0: none. */
int facet_name(struct st_txn *t, enum st_names names, const struct st_field *f, uint16_t *to);
/* The places of its facets in the lists. */
int facet_places(const struct st_record *r, st_record_place_fn *fn, void *arg);
