/* life.h - reading a record's events one by one, for the sources of lib/ask. */
#pragma once
#include <station/ask/matter.h>

struct life {
	struct st_txn *txn;
	const struct st_box_key *grant;
	struct st_record_key key; /* the record's, once a part has given it */
	bool key_here, any_erased; /* any_erased: something of this store's was erased */
	struct st_buf event, text, sealed, plain;
	struct st_arena arena;
	/* of life_of: how far its directives have come is told of a whole record alone */
	uint32_t self; /* this station's number */
	const struct st_record *record;
	struct st_step *steps; /* the chain, newest first */
	size_t step_count;
};
int life_open(struct life *l, struct st_txn *t, const struct st_box_key *grant);
/* What is read next are events of this record, which outlives it. */
int life_of(struct life *l, const struct st_record *r);
void life_close(struct life *l);
/* One event with its parts, whose texts are spans until the next call. */
int life_event(struct life *l, const struct st_place *at, enum st_stray_why stray,
	       struct st_life_event *e);
/* The event at a place; spans live until the next call. */
int life_read(struct life *l, const struct st_place *at, struct st_event *ret_event,
	      struct st_change *ret_change);
/* The highest tier that is known to hold the event; "": this station only. */
int life_held(struct life *l, const struct st_place *at, const char **ret_tier);
int life_previous(struct life *l, const struct st_event *e, struct st_place *ret_at);
/* Another record follows: this one's key is forgotten. */
void life_forget(struct life *l);
/* As life_event, without who holds it and how far it has come, which cost more than all the rest. */
int life_facts(struct life *l, const struct st_place *at, struct st_event *ret_event,
	       struct st_life_event *e);
/* Where the record's first event stands. */
int life_opening(struct life *l, const struct st_record *r, struct st_place *ret_at);
/* reach.c */
int reach_fill(struct life *l, const struct st_place *at, const struct st_event *e,
	       const struct st_change *change, struct st_life_event *to);
int reach_of(struct life *l, const struct st_place *at, const struct st_heard_key *key, struct st_reach *r);
int aside_find(struct life *l, const struct st_place *at, struct st_aside *ret_aside);
/* list.c */
enum { TITLE_ROOM = 304 };
int list_title(struct life *l, const struct st_record *r, char to[TITLE_ROOM]);
