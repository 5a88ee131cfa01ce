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

/* A name may be Chinese: escaped, as a value in an address is. */
static int run_register(const struct args *a)
{
	static const char *const names[] = { "from", "to", "station", "deputy", "state", "limit" };
	struct query name, q;
	query_init(&name, "/v1/registers/");
	query_put(&name, a->words[0]);
	query_init(&q, query_text(&name));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		query_add(&q, names[i], option(a, names[i]));
	query_add(&q, "lang", ctl.lang == ST_EN ? "en" : "zh");
	int rc = out_pages(a, query_text(&q));
	query_done(&q);
	query_done(&name);
	return rc;
}

const struct verb register_verbs[] = {
	{ "register list", OUT_USAGE, OUT_OPTIONS, 0, 0, run_list, "列出登记簿", "list the registers",
	  "stationctl register list" },
	{ "register",
	  "NAME [--from DAY] [--to DAY] [--station CODE] [--deputy CODE] [--state STATE] [--limit N]\n"
	  "  " OUT_USAGE "\n\n"
	  "  NAME: its name, its title or its number in `register list`\n"
	  "  DAY: 2026-07-01, 2026-07; of opening. CODE of a station: opened or held there or below\n"
	  "  --csv, --xlsx: texts whole; a file is readable by you alone. --limit: rows that are asked for at a time",
	  "from to station deputy state limit " OUT_OPTIONS, 1, 1, run_register,
	  "按登记簿的栏目列出记录, 可存为 CSV 或 XLSX", "records in a register's columns, as CSV or XLSX, too",
	  "stationctl register 接待群众登记簿 --from 2026-07 --to 2026-09 --xlsx 接待.xlsx" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
