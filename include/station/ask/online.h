/* online.h - what a citizen is told who asks by his query code: how it stands, with whom, since
 * when, and the answer. Never a name, a phone, a number, an author, or a text that somebody else
 * wrote for somebody else. */
#pragma once
#include <station/store/stations.h>
#include <station/work/online.h>
#include <station/work/record.h>

struct st_online_status {
	struct st_online online;
	struct st_record record;
	const struct st_state_row *state; /* of the matter's table; NULL: of another version */
	const char *zh, *en;              /* how it stands, in people's words */
	struct st_station station;        /* that has it */
	int64_t accepted_ms, answered_ms, ended_ms; /* 0: not so */
	/* The matter that it was merged into: its answer is this one's, too. */
	char joins[ST_RECORD_NAME_MAX + 1];
	bool has_answer, has_reason;
	bool text_missing;                /* there is an answer or a reason without its text */
	struct st_buf answer, reason, elsewhere; /* empty unless it was answered, or refused */
};
/* *ret is to be done even after a failure. ST_ENOTFOUND: no matter of that code. */
ST_MUST int st_online_status_code(struct st_txn *t, struct st_span code,
				  struct st_online_status *ret);
ST_MUST int st_online_status_ref(struct st_txn *t, const struct st_record_ref *ref,
				 struct st_online_status *ret);
void st_online_status_done(struct st_online_status *s);
