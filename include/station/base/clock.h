/* clock.h - calendar arithmetic on times that others measured. No function here reads a clock.
 * Wall times are Unix milliseconds. A business day is a day of UTC+8 (one zone in all China),
 * counted from 1970-01-01 = day 1, so that 0 can mean "none". A month is year * 12 + month - 1. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <station/base/bytes.h>

enum { ST_TIME_TEXT = 30, ST_DAY_TEXT = 11, ST_MONTH_TEXT = 8 };

uint32_t st_day_of_ms(int64_t unix_ms);       /* 0 for times before 1970 */
int64_t st_day_start_ms(uint32_t day);
uint32_t st_month_of_day(uint32_t day);       /* 0 for none */
uint32_t st_month_first_day(uint32_t month);
uint32_t st_day_of_date(int year, int month, int day); /* 0: no such date */

/* RFC 3339 with offset, e.g. 2011-07-01T01:32:33-04:00. ST_EFIELD otherwise. */
ST_MUST int st_time_parse(struct st_span text, int64_t *ret_unix_ms);
/* "2011-07-01" or "2011-07"; *ret_last is the last day that the text covers. */
ST_MUST int st_period_parse(struct st_span text, uint32_t *ret_first, uint32_t *ret_last);
void st_time_text(int64_t unix_ms, char ret_text[ST_TIME_TEXT]); /* in UTC+8, seconds; "" beyond year 9999 */
void st_day_text(uint32_t day, char ret_text[ST_DAY_TEXT]);      /* 2011-07-01, "" for none */
void st_month_text(uint32_t month, char ret_text[ST_MONTH_TEXT]); /* 2011-07 */
