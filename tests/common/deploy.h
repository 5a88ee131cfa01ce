/* deploy.h - the files of city data that ship, as tests read them. */
#pragma once
#include <stdio.h>
#include <station/base/check.h>

/* Of a table, whole; stands until the next call. */
static inline const char *deploy_csv(const char *table)
{
	static char csv[65536];
	char path[80];
	(void)snprintf(path, sizeof(path), "deploy/city/%s.csv", table);
	FILE *f = fopen(path, "rb");
	ST_REQUIRE(f != NULL);
	csv[fread(csv, 1, sizeof(csv) - 1, f)] = 0;
	(void)fclose(f);
	return csv;
}
