/* api_workdays.c - until which day the table of working days speaks, in status and city list.
 *
 * Owns:    the warning. The state publishes a year's days off at a time; behind them due days and
 *          schedules go by Monday to Friday, which nobody would see.
 * Promise: 6: what isn't known is said, and not taken for a plain week unseen.
 * Flow:    store -> calendar -> workdays -> status, city list */
#include "workdays.h"
#include <stdio.h>
#include <station/base/clock.h>
#include <station/store/city.h>
#include <station/work/calendar.h>
#include "api.h"

int workdays_until(struct st_txn *t, uint32_t *ret_until)
{
	struct st_city_version v;
	struct st_calendar calendar;
	struct st_buf rows;
	int rc = st_city_in_force(t, ST_CITY_workdays, api_today(), &v);
	*ret_until = 0;
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	rc = st_city_get(t, ST_CITY_workdays, v.version, &v, &rows);
	if (rc == 0) {
		st_calendar_fill(&calendar, st_buf_span(&rows), v.columns);
		*ret_until = st_calendar_until(&calendar);
	}
	st_buf_done(&rows);
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
