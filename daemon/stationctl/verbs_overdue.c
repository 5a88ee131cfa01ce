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
		     "  [--kind KIND] [--holder CODE] " OUT_USAGE "\n\n"
		     "  --what: record 超过办理期限的记录; opinion 逾期未提会办意见的单位; missed 未落实的四定日\n"
		     "          record: past its due day; opinion: of a co-handling unit, past its day; missed: a reception\n"
		     "          day that nothing met; all of them by default\n"
		     "  --missed: 未落实的四定日往回看几天 (缺省 92, 至多 731)\n"
		     "          missed days of so many days back (92 by default, 731 at most)\n"
		     "  --soon: 未超期, 而在期限规则的提醒天数之内 (没有规则时 7 天)\n"
		     "          not overdue, but within the days that its deadline rule warns ahead (7 without a rule)\n"
		     "  --days: 即将到期改按此天数 (自然日)\n"
		     "          due within so many calendar days instead\n"
		     "  --by state: 只数各状态有多少超期\n"
		     "          only how many are overdue in each state\n",
	  "kind holder days by what missed !soon " OUT_OPTIONS, 0, 0, run_overdue,
	  "本站及下级超期的记录, 按持有站列出, 附超期天数与工作日",
	  "what is overdue here and below, by holder, with days and working days over",
	  "stationctl overdue --holder 410611003 --xlsx overdue.xlsx" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
