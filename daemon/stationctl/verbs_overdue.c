/* verbs_overdue.c - what is late here and below, by who has it, and what soon will be.
 *
 * Owns:    the question's options.
 * Flow:    clerk, city office -> verbs -> call */
#include <string.h>
#include "ctl.h"

static int run_overdue(const struct args *a)
{
	struct query q;
	query_init(&q, "/v1/overdue");
	query_add(&q, "kind", option(a, "kind"));
	query_add(&q, "holder", option(a, "holder"));
	query_add(&q, "soon", flag(a, "soon") || option(a, "days") != NULL ? "1" : NULL);
	query_add(&q, "days", option(a, "days"));
	query_add(&q, "by", option(a, "by"));
	query_add(&q, "what", option(a, "what"));
	query_add(&q, "missed", option(a, "missed"));
	query_add(&q, "lang", either("zh", "en"));
	int rc = out_pages(a, query_text(&q));
	query_done(&q);
	return rc;
}

const struct verb overdue_verbs[] = {
	{ "overdue", "[--soon] [--days N] [--by state] [--what WHAT] [--missed N]\n"
		     "  [--kind KIND] [--holder CODE] " OUT_USAGE,
	  "kind holder days by what missed !soon " OUT_OPTIONS, 0, 0, run_overdue,
	  "本站及下级超期的记录, 按持有站列出, 附超期天数与工作日",
	  "what is overdue here and below, by holder, with days and working days over",
	  "stationctl overdue --holder 410611003 --xlsx overdue.xlsx" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
