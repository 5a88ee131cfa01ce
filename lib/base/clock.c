/* clock.c - days, months and the texts of times, by arithmetic alone.
 *
 * Owns:    the calendar: proleptic Gregorian, business days of UTC+8.
 * Flow:    text, milliseconds -> clock -> days, months, text */
#include <station/base/clock.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>

enum { MS_PER_DAY = 24 * 3600 * 1000, ZONE_MS = 8 * 3600 * 1000, DAYS_MAX = 2932896 /* year 9999 */ };
_Static_assert(sizeof("9999-12-31T23:59:59+08:00") <= ST_TIME_TEXT, "the longest time");
_Static_assert(sizeof("9999-12-31") <= ST_DAY_TEXT, "the longest day");
_Static_assert(sizeof("9999-12") <= ST_MONTH_TEXT, "the longest month");

/* Days from 1970-01-01, the civil-calendar formula with years that begin in March. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t yoe = year - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
	st_assert(*month >= 1);
	st_assert(*month <= 12);
	st_assert(*day >= 1);
	st_assert(*day <= 31);
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	_Static_assert(sizeof(days) / sizeof(days[0]) == 12, "a year's months");
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	st_assert(month <= 12);
	st_assert(month >= 1);
	return days[month - 1] + (month == 2 && leap);
}

uint32_t st_day_of_ms(int64_t unix_ms)
{
	if (unix_ms < 0 || unix_ms / MS_PER_DAY >= DAYS_MAX)
		return 0;
	return (uint32_t)((unix_ms + ZONE_MS) / MS_PER_DAY + 1);
}

int64_t st_day_start_ms(uint32_t day)
{
	return day == 0 ? 0 : ((int64_t)day - 1) * MS_PER_DAY - ZONE_MS;
}

uint32_t st_day_of_date(int year, int month, int day)
{
	if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month))
		return 0;
	return (uint32_t)(days_from_civil(year, month, day) + 1);
}

uint32_t st_month_of_day(uint32_t day)
{
	int y, m, d;
	if (day == 0)
		return 0;
	civil_from_days((int64_t)day - 1, &y, &m, &d);
	return (uint32_t)(y * 12 + m - 1);
}

uint32_t st_month_first_day(uint32_t month)
{
	return month == 0 ? 0 : st_day_of_date((int)(month / 12), (int)(month % 12) + 1, 1);
}

/* Exactly n digits at p, as a number; -1 otherwise. */
static int number(const uint8_t *p, unsigned n)
{
	int v = 0;
	for (unsigned i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static int parse_date(const uint8_t *p, int64_t *ret_days)
{
	int year = number(p, 4), month = number(p + 5, 2), day = number(p + 8, 2);
	if (year < 0 || p[4] != '-' || p[7] != '-' || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month))
		return ST_EFIELD;
	*ret_days = days_from_civil(year, month, day);
	return 0;
}

/* "Z" or "+08:00"; minutes east. */
static int parse_zone(struct st_span s, int *ret_minutes)
{
	if (s.size == 1 && (s.data[0] == 'Z' || s.data[0] == 'z')) {
		*ret_minutes = 0;
		return 0;
	}
	if (s.size != 6 || (s.data[0] != '+' && s.data[0] != '-') || s.data[3] != ':')
		return ST_EFIELD;
	int hours = number(s.data + 1, 2), minutes = number(s.data + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return ST_EFIELD;
	*ret_minutes = (s.data[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
	return 0;
}

int st_time_parse(struct st_span text, int64_t *ret_unix_ms)
{
	const uint8_t *p = text.data;
	int64_t days = 0;
	int zone = 0, ms = 0;
	if (text.size < 20 || text.size > 35 || parse_date(p, &days) < 0 ||
	    (p[10] != 'T' && p[10] != 't' && p[10] != ' ') || p[13] != ':' || p[16] != ':')
		return ST_EFIELD;
	int h = number(p + 11, 2), m = number(p + 14, 2), s = number(p + 17, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
		return ST_EFIELD;
	size_t at = 19;
	if (p[at] == '.') {
		int scale = 100;
		for (at++; at < text.size && p[at] >= '0' && p[at] <= '9'; at++, scale /= 10)
			ms += (p[at] - '0') * scale;
		if (at == 20)
			return ST_EFIELD;
	}
	if (parse_zone(st_span(p + at, text.size - at), &zone) < 0)
		return ST_EFIELD;
	*ret_unix_ms = (((days * 24 + h) * 60 + m - zone) * 60 + s) * 1000 + ms;
	return 0;
}

int st_period_parse(struct st_span text, uint32_t *ret_first, uint32_t *ret_last)
{
	uint8_t date[10] = { 0 };
	int64_t days = 0;
	if (text.size != 7 && text.size != 10)
		return ST_EFIELD;
	memcpy(date, text.data, text.size);
	if (text.size == 7)
		memcpy(date + 7, "-01", 3);
	if (parse_date(date, &days) < 0 || days < 0)
		return ST_EFIELD;
	uint32_t first = (uint32_t)days + 1;
	*ret_last = text.size == 10 ? first : st_month_first_day(st_month_of_day(first) + 1) - 1;
	*ret_first = first;
	st_assert(*ret_last >= first);
	return 0;
}

void st_time_text(int64_t unix_ms, char ret_text[ST_TIME_TEXT])
{
	int y, mo, d;
	static const int64_t most_ms = ((int64_t)DAYS_MAX + 1) * MS_PER_DAY;
	ret_text[0] = 0;
	if (unix_ms < -most_ms || unix_ms > most_ms)
		return; /* an event may hold any number; a year has four digits */
	int64_t local = unix_ms + ZONE_MS;
	int64_t days = local / MS_PER_DAY - (local % MS_PER_DAY < 0);
	int s = (int)((local - days * MS_PER_DAY) / 1000);
	st_assert(s < 24 * 3600);
	st_assert(s >= 0);
	civil_from_days(days, &y, &mo, &d);
	if (y < 0 || y > 9999)
		return;
	(void)snprintf(ret_text, ST_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u+08:00",
		       (unsigned)y % 10000, (unsigned)mo % 100, (unsigned)d % 100,
		       (unsigned)s / 3600 % 100, (unsigned)s / 60 % 60, (unsigned)s % 60);
}

void st_day_text(uint32_t day, char ret_text[ST_DAY_TEXT])
{
	int y, m, d;
	ret_text[0] = 0;
	if (day == 0 || day > DAYS_MAX)
		return;
	civil_from_days((int64_t)day - 1, &y, &m, &d);
	(void)snprintf(ret_text, ST_DAY_TEXT, "%04u-%02u-%02u", (unsigned)y % 10000,
		       (unsigned)m % 100, (unsigned)d % 100);
}

void st_month_text(uint32_t month, char ret_text[ST_MONTH_TEXT])
{
	ret_text[0] = 0;
	if (month != 0)
		(void)snprintf(ret_text, ST_MONTH_TEXT, "%04u-%02u", month / 12 % 10000, month % 12 + 1);
}
