/* check.h - the three asserts of libstation.
 * ST_REQUIRE: our own caller broke the contract; always on, aborts.
 * st_assert:  an invariant; only in debug builds (ST_DEBUG).
 * ST_NEVER:   a branch that can't be; aborts in debug, answers true in release to be handled.
 * Bytes from outside get an error, never one of these. */
#pragma once
#include <stdbool.h>

_Noreturn void st_check_failed(const char *what, const char *file, int line);

#define ST_REQUIRE(x) ((x) ? (void)0 : st_check_failed(#x, __FILE__, __LINE__))
#ifdef ST_DEBUG
#define st_assert(x) ST_REQUIRE(x)
#define ST_NEVER(x)  ((x) ? (st_check_failed(#x, __FILE__, __LINE__), true) : false)
#else
#define st_assert(x) ((void)sizeof(!(x)))
#define ST_NEVER(x)  (x)
#endif
