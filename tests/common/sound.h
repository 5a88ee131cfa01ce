/* sound.h - one look at a store for all tests: does every derived table say what its events say? */
#pragma once
#include <stdio.h>
#include <station/apply/rebuild.h>
#include <station/ask/verify.h>

enum { WHY_UNSOUND = 768 };

/* 0: it could be looked at; why is empty if all is right. */
static inline int store_sound(struct st_store *s, char why[WHY_UNSOUND])
{
	struct st_recount r;
	struct st_differences d;
	int rc = st_recount_run(s, NULL, NULL, &r);
	if (rc == 0)
		rc = st_retell_run(s, NULL, NULL, &d);
	why[0] = 0;
	if (rc == 0 && (!st_recount_right(&r) || d.wrong > 0))
		(void)snprintf(why, WHY_UNSOUND, "%s (%llu, %llu, %llu); %s (%llu in %s)", r.first_wrong,
			       (unsigned long long)r.wrong, (unsigned long long)r.wrong_records,
			       (unsigned long long)r.wrong_rows, d.first_wrong, (unsigned long long)d.wrong,
			       d.tables);
	return rc;
}
