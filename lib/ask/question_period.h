/* question_period.h - days of months, and a question's period. */
#pragma once
#include <station/ask/question.h>

uint32_t month_last_day(uint32_t month);
/* What was asked for, or what is usual. ST_EFIELD: the question has no such period. */
int period_settle(const struct st_ask *q, uint32_t today, uint32_t *from, uint32_t *to,
		  char *place);
/* The same days a year earlier; of 29 February the 28th. */
void period_year_before(uint32_t from, uint32_t to, uint32_t *ret_from, uint32_t *ret_to);
