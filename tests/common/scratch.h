/* scratch.h - a new folder for a test's store: in TMPDIR, which may be memory, or in /tmp; and its end. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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

/* Removes a store's files and its folder; 0, or -1 where something else lies in it. */
static inline int scratch_store_gone(const char *directory)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "stationd.lock" };
	char path[256];
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		ST_REQUIRE(n > 0 && (size_t)n < sizeof(path));
		(void)unlink(path);
	}
	return rmdir(directory);
}
