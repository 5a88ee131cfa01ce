/* workdays.h - until which day the city's table of working days speaks, and saying so before it ends. */
#pragma once
#include <jansson.h>
#include <station/store/store.h>

struct station;
/* "until": a day, or null where the city has issued no such table; "warning": {zh, en} from
 * ST_CALENDAR_WARN_DAYS before that day on, else null. */
ST_MUST int workdays_tell(struct st_txn *t, json_t *into);
/* At main: the log's line, once a day. On the loop thread, as often as one likes. */
void workdays_look(struct station *s);
