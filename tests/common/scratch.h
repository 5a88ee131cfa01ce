/* scratch.h - a new folder for a test's store: in TMPDIR, which may be memory, or in /tmp. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { SCRATCH_BASE_MAX = 32 };

static inline void scratch_folder(char *ret, size_t cap, const char *name)
{
	const char *base = getenv("TMPDIR");
	if (base == NULL || base[0] == 0 || strlen(base) > SCRATCH_BASE_MAX)
		base = "/tmp";
	int n = snprintf(ret, cap, "%s/%s-XXXXXX", base, name);
	ST_REQUIRE(n > 0 && (size_t)n < cap && mkdtemp(ret) != NULL);
}
