/* by_city.h - between command.c and by_city.c: what a city's settings say of a move beside its dates. */
#pragma once
#include "clocks.h"

enum { BY_CITY_NAMES_MAX = 300 }; /* bytes that it needs of `to`, reserved by its owner */

/* Fills in what the city has set and nobody has given: names that a value asks for, shares of a number. ST_EFIELD with
 * the place: a name that the city asks for is missing. */
int by_city_fill(const struct checking *k);
/* Whether the city has named what a value asks for, so that the table's number of them doesn't count. */
int by_city_names(const struct checking *k, const struct st_when *w, struct st_span *ret_names);
