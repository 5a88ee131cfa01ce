/* changes.h - a record's chain read from its opening on, and the rules of its kind that rest on it.
 */
#pragma once
#include <station/work/command.h>

/* event and change die with the callback; non-zero from it stops and is returned. ST_ECORRUPT: an
 * event of the chain isn't here. */
typedef int st_change_fn(const struct st_step *step, const struct st_event *event,
			 const struct st_change *change, void *arg);
ST_MUST int st_record_changes(struct st_txn *t, const struct st_record *r, st_change_fn *fn,
			      void *arg);

/* The kind's rules for a checked move of a record (NULL: it opens one), by the city's settings of its
 * opening (terms; NULL: by the table's own). ST_ERULE: *reterr_rule is broken, and the place says
 * how far. */
struct st_ruling {
	struct st_txn *txn;
	struct st_terms *terms;
	const struct st_record *record;
	const struct st_checked *checked;
};
ST_MUST int st_rules_check(const struct st_ruling *q, const struct st_rule **reterr_rule,
			   char reterr_place[ST_PLACE_MAX]);
