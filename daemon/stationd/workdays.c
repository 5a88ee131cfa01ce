/* workdays.c - that the table of working days ends soon is said in main's log.
 *
 * Owns:    one line a day.
 * Promise: 6: what isn't known is said, before it matters.
 * Flow:    store -> workdays -> log */
#include "workdays.h"
#include <time.h>
#include <station/base/clock.h>
#include <station/work/calendar.h>
#include "say.h"
#include "station.h"

static int look(struct st_txn *t, void *arg)
{
	return workdays_until(t, arg);
}

void workdays_look(struct station *s)
{
	char day[ST_DAY_TEXT];
	uint32_t until = 0, today = st_day_of_ms((int64_t)time(NULL) * 1000);
	if (s->self.station.certificate.tier != ST_MAIN || s->workdays_said == today)
		return;
	if (st_store_read(s->store, look, &until) < 0 || !st_calendar_ends_soon(until, today))
		return;
	st_day_text(until, day);
	say(SAY_WORKDAYS_END, day, NULL, NULL);
	s->workdays_said = today;
}
