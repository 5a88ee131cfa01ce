/* check.c - where a broken contract ends.
 *
 * Owns:    the last line that a process with a wrong caller says.
 * Flow:    assert -> stderr, abort */
#include <station/base/check.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void st_check_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}
