/* workdays.c - that the table of working days ends soon is said in main's log.
 *
 * Owns:    one line a day.
 * Promise: 6: what isn't known is said, before it matters.
 * Flow:    timer, store -> workdays -> log */
#include "workdays.h"
#include <station/base/clock.h>
#include <station/work/calendar.h>
#include "api.h"
#include "say.h"

static int look(struct st_txn *t, void *arg)
{
	return workdays_until(t, arg);
}

void workdays_look(struct station *s)
{
	char day[ST_DAY_TEXT];
	uint32_t until = 0, today = api_today();
	if (!s->self.set_up || s->self.station.certificate.tier != ST_MAIN || s->workdays_said == today)
		return;
	if (st_store_read(s->store, look, &until) < 0 || !st_calendar_ends_soon(until, today))
		return;
	st_day_text(until, day);
	say(SAY_WORKDAYS_END, day, NULL, NULL);
	s->workdays_said = today;
}
