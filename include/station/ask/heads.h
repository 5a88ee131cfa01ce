/* heads.h - which events to this station are missing, by the heads of who wrote them, and which writers have fallen
 * silent. One row for each (writer's log, addressee) whose events come to this station outside their log. */
#pragma once
#include <station/store/heads.h>

struct st_heads_ask {
	uint64_t now_s;
	uint64_t patience_s; /* what isn't here is missing once it has been so for that long */
	uint64_t silent_s;   /* a head older than this is of a writer that has fallen silent, */
	bool linked;         /* if the parent could have brought a newer one */
};
struct st_head_verdict {
	struct st_head_key key;
	struct st_head head;
	uint64_t kept_s;    /* this clock, when it came */
	uint64_t missing;   /* at least so many of its events to us; 0: none is known to be */
	uint64_t first;     /* one of them, by its seq */
	uint64_t after;     /* nothing is missing up to there */
	bool silent;
	bool more;          /* a look has stopped at its bound: a job of heads looks on */
};
typedef int st_heads_fn(const struct st_head_verdict *v, void *arg);
/* Non-zero from fn stops and is returned. ST_ENOSTATION. */
ST_MUST int st_heads_each(struct st_txn *t, const struct st_heads_ask *ask, st_heads_fn *fn, void *arg);
