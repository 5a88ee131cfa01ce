/* api_workdays.c - until which day the table of working days speaks, in status and city list.
 *
 * Owns:    the warning. The state publishes a year's days off at a time; behind them due days and
 *          schedules go by Monday to Friday, which nobody would see.
 * Promise: 6: what isn't known is said, and not taken for a plain week unseen.
 * Flow:    terms -> calendar -> workdays -> status, city list */
#include "workdays.h"
#include <stdio.h>
#include <station/base/clock.h>
#include <station/work/terms.h>
#include "api.h"

int workdays_until(struct st_txn *t, uint32_t *ret_until)
{
	const struct st_calendar *calendar = NULL;
	struct st_terms *terms = NULL;
	int rc = st_terms_new(&terms);
	if (rc < 0)
		return rc;
	st_terms_begin(terms, t);
	rc = st_terms_calendar(terms, api_today(), &calendar);
	*ret_until = rc < 0 ? 0 : st_calendar_until(calendar);
	st_terms_free(terms);
	return rc;
}

int workdays_tell(struct st_txn *t, json_t *into)
{
	char zh[160], en[160], day[ST_DAY_TEXT];
	uint32_t until = 0;
	int rc = workdays_until(t, &until);
	if (rc < 0)
		return rc;
	st_day_text(until, day);
	(void)snprintf(zh, sizeof(zh), "工作日表只到 %s: 请市总站发布下一年的表", day);
	(void)snprintf(en, sizeof(en),
		       "the table of working days ends at %s: main should issue the next year's", day);
	json_object_set_new(into, "until", api_day(until));
	json_object_set_new(into, "warning",
			    st_calendar_ends_soon(until, api_today()) ? api_two(zh, en) : json_null());
	return 0;
}
