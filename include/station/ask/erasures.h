/* erasures.h - what was erased, by whom and why, and which stations have confirmed that it is gone
 * there. */
#pragma once
#include <station/ask/matter.h>
#include <station/store/erased.h>

/*      number               text       Chinese         English */
#define ST_ERASE_SCOPES(X)                                                            \
	X(ST_ERASE_ALL, "all", "全部正文与个人信息", "all texts and personal fields") \
	X(ST_ERASE_PRIVATE, "private", "个人信息", "personal fields")                 \
	X(ST_ERASE_EVENT, "event", "一个事件的", "of one event")
#define ST_ERASURE_STATES(X)                                                             \
	X(ST_ERASURE_WAITS, "waiting", "等待所依据的事件", "waits for what it rests on") \
	X(ST_ERASURE_REFUSED, "ignored", "未采纳: 发出站当时无权抹除",                   \
	  "ignored: its writer had no power to")                                         \
	X(ST_ERASURE_DONE, "erased", "本站已抹除", "erased here")
const char *st_erase_scope_text(uint32_t scope);
const char *st_erasure_state_text(enum st_erasure_state state);

/* One erase event, as a person reads it. Spans die with the callback. */
struct st_erasure_shown {
	struct st_erasure row;
	struct st_position at;
	uint32_t scope;
	int64_t at_ms;
	size_t parts;
	struct st_span reason, author;
	char number[ST_NUMBER_TEXT]; /* of the record; "": it isn't here */
	uint32_t kind;               /* 0: unknown */
	unsigned expected,
		confirmed; /* stations that had, or passed on, what it names; those of them done */
	const char *held_by; /* newest tier whose receipt covers it */
};
typedef int st_erasure_shown_fn(const struct st_erasure_shown *e, void *arg);

/* Newest first. from: where the page before ended, or empty. *ret_next: where this one did, empty
 * at the end. ST_EFIELD. */
struct st_erasures_query {
	size_t limit; /* 1 .. ST_LIST_MAX */
	struct st_span from;
};
ST_MUST int st_erasures_each(struct st_txn *t, const struct st_erasures_query *q,
			     st_erasure_shown_fn *fn, void *arg, struct st_buf *ret_next);
/* Those of one record. */
ST_MUST int st_erasures_of(struct st_txn *t, const struct st_record_ref *record,
			   st_erasure_shown_fn *fn, void *arg);
/* The record of an erase event. ST_ENOTFOUND. */
ST_MUST int st_erasure_record(struct st_txn *t, const struct st_position *at,
			      struct st_record_ref *ret_ref);

/* A station that has to drop what the event names: DELIVERED and on mean that it has. */
struct st_erasure_station {
	struct st_reach reach;
	struct st_station station;
};
typedef int st_erasure_station_fn(const struct st_erasure_station *s, void *arg);
/* Each station that opened, wrote, held or was handed the record, and all above them, but the
 * erase's writer. */
ST_MUST int st_erasure_stations(struct st_txn *t, const struct st_erasure *e,
				st_erasure_station_fn *fn, void *arg);
