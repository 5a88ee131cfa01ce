/* notes.c - what --help explains behind a verb's usage, in both languages, side by side.
 *
 * Owns:    these words alone; what a verb takes stands with the verb.
 * Flow:    verb -> notes -> --help */
#include <string.h>
#include <station/ask/report.h>
#include "ctl.h"

#define X(id, word, zh, en) " " word
#define DIMENSIONS "  DIM:" ST_DIMENSIONS(X) "\n"
#define HEADER                                                                                     \
	"  number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,sub_district,\n" \
	"  agency,title,text,reply,duplicate_of\n"                                                 \
	"  opened_at due_at closed_at: RFC 3339 (2026-01-02T03:04:05+08:00); state: open closed;\n" \
	"  channel: visit phone letter online deputy partner other\n"
#define FILES_ZH "  UTF-8 CSV, 首行为列名; 表名即文件名 (categories.csv), 或用 --table:\n" TABLES
#define FILES_EN "  UTF-8 CSV whose first row names the columns; the table is the file's name, or --table:\n" TABLES
#define TABLES "  categories focus deadlines workdays registers points schedules guides settings assessment\n"

static const struct {
	const char *verb, *zh, *en;
} notes[] = {
	{ "import",
	  "  UTF-8 CSV (RFC 4180), 表头:\n" HEADER
	  "  --source: 来源之名与编号一起认定一行, 每次导出都应写同一名; 缺省为文件名, 若这些编号已从另一来源导入则拒绝\n",
	  "  UTF-8 CSV (RFC 4180), header:\n" HEADER
	  "  --source: with the number it names a row for ever, so give the same one for each export; by default\n"
	  "            the file's name, refused when the numbers came from another source before\n" },
	{ "report",
	  DIMENSIONS "  自 unit 起任取其一, 且该类记录的表里有这一项 (stationctl kinds)\n"
	  "  未结与超期是当前的数, 不论时段; 登记, 办结, 天数与评价按 --from 和 --to\n",
	  DIMENSIONS "  from unit on: one of them, of the kinds whose table says so (stationctl kinds)\n"
	  "  open and overdue are as of now, whatever the period; what was opened and closed, days and ratings are of --from to --to\n" },
	{ "ask",
	  "  NAME: ask --list 里的代号或序号, 那里写明各取哪些选项。DAY: 2026-07-01 或 2026-07\n"
	  "  CODE: 只算该站及其下级。NUMBER: 只问一条记录的问题 (life) 用\n",
	  "  NAME: its name or number in ask --list, which tells what each takes. DAY: 2026-07-01, or 2026-07\n"
	  "  CODE: only this station and those below it. NUMBER: of the question that is of one record (life)\n" },
	{ "register",
	  "  NAME: register list 里的代号、名称或序号\n"
	  "  DAY: 2026-07-01 或 2026-07, 按登记日。站的 CODE: 由该站或其下级登记或持有\n"
	  "  --csv, --xlsx: 文字完整不截断, 文件只有本人可读。--limit: 每次取多少行\n",
	  "  NAME: its name, its title or its number in register list\n"
	  "  DAY: 2026-07-01, 2026-07; of opening. CODE of a station: opened or held there or below\n"
	  "  --csv, --xlsx: texts whole; a file is readable by you alone. --limit: rows that are asked for at a time\n" },
	{ "city set",
	  FILES_ZH "  --from: 自哪天起施行, 缺省今天; 首版可早于今天\n",
	  FILES_EN "  --from: in force from that day, by default today; only a first version may reach back\n" },
	{ "city check", FILES_ZH, FILES_EN },
	{ "overdue",
	  "  --what: record 超过办理期限的记录; opinion 逾期未提会办意见的单位; missed 未落实的四定日; 缺省为全部\n"
	  "  --missed: 未落实的四定日往回看几天 (缺省 92, 至多 731)\n"
	  "  --soon: 未超期, 而在期限规则的提醒天数之内 (没有规则时 7 天)\n"
	  "  --days: 即将到期改按此天数 (自然日)\n"
	  "  --by state: 只数各状态有多少超期\n",
	  "  --what: record: past its due day; opinion: of a co-handling unit, past its day; missed: a reception\n"
	  "          day that nothing met; all of them by default\n"
	  "  --missed: missed days of so many days back (92 by default, 731 at most)\n"
	  "  --soon: not overdue, but within the days that its deadline rule warns ahead (7 without a rule)\n"
	  "  --days: due within so many calendar days instead\n"
	  "  --by state: only how many are overdue in each state\n" },
	{ "deputy card",
	  "  CODE: 代表编号, 如 D-17。--qr: 附二维码。--svg: 二维码存入文件\n",
	  "  CODE: the deputy's, as in D-17. --qr: with its QR code. --svg: the QR code into a file\n" },
	{ "deputy archive", "  DAY: 2026-07-01 或 2026-07\n", "  DAY: 2026-07-01 or 2026-07\n" },
	{ "deputy floors",
	  "  列出未达年度底线的代表; --all: 全部代表。不给时段: 今年至今\n",
	  "  Who is below the yearly floors; --all: everyone. Without a period: this year so far\n" },
	{ "schedule plan",
	  "  --template: 市级表格中的样板 (stationctl city show schedules); 另给的字段优先\n",
	  "  --template: one of the city's templates (stationctl city show schedules); what is given beside it counts\n" },
	{ "schedule calendar",
	  "  不给时段: 前两周到后两周。--open: 今后两周待开展的。\n"
	  "  按日列出; 安排多时分页 (--limit: 每页几条安排)\n",
	  "  Without a period: two weeks back and two to come. --open: what comes next, in two weeks.\n"
	  "  By day; where there are many schedules, page by page (--limit: schedules a page)\n" },
};

const char *verb_notes(const struct verb *v)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if (strcmp(notes[i].verb, v->name) == 0)
			return either(notes[i].zh, notes[i].en);
	return "";
}
