/* verbs_register.c - registers: the books that a station keeps, to the screen, CSV or XLSX.
 *
 * Owns:    a register's question on the command line.
 * Flow:    clerk, city office -> verbs -> out */
#include <stdio.h>
#include <string.h>
#include "ctl.h"

static int run_list(const struct args *a)
{
	return out_pages(a, "/v1/registers");
}

static int run_register(const struct args *a)
{
	static const char *const options[] = { PERIOD_NAMES, "station", "deputy", "state", "limit", NULL };
	return out_asked(a, "/v1/registers/", a->words[0], options);
}

const struct verb register_verbs[] = {
	{ "register list", OUT_USAGE, OUT_OPTIONS, 0, 0, run_list, "列出登记簿", "list the registers",
	  "stationctl register list" },
	{ "register",
	  "NAME " PERIOD_USAGE "\n  [--station CODE] [--deputy CODE] [--state STATE] [--limit N]\n"
	  "  " OUT_USAGE,
	  PERIOD_OPTIONS "station deputy state limit " OUT_OPTIONS, 1, 1, run_register,
	  "按登记簿的栏目列出记录, 可存为 CSV 或 XLSX", "records in a register's columns, as CSV or XLSX, too",
	  "stationctl register 接待群众登记簿 --from 2026-07 --to 2026-09 --xlsx 接待.xlsx" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
