/* api_wrong.c - what the arguments of a question are to be, said where one of them isn't.
 *
 * Owns:    these words, in both languages, one row an argument, whichever question it is of.
 * Flow:    api -> wrong -> refusal */
#include <string.h>
#include "api.h"

static const struct {
	const char *name, *zh, *en;
} arguments[] = {
	{ "limit", "应为正整数, 不超过每页的上限",
	  "must be a whole number from 1 on, no more than a page may have" },
	{ "page", "页的位置要照前一页末尾给出的原样写",
	  "must be the place that the page before gave, as it stands there" },
	{ "holder", "应为本站所知的站码, 如 410611003",
	  "must be the code of a station that is known here, as 410611003" },
	{ "station", "应为本站所知的站码, 如 410611003",
	  "must be the code of a station that is known here, as 410611003" },
	{ "to", "应为本站所知的站码, 如 410611003; 不与 --received 同用",
	  "must be the code of a station that is known here, as 410611003, and doesn't go with "
	  "--received" },
	{ "kind", "没有这一类记录, 或它没有所问的 (stationctl kinds)",
	  "there is no such kind of record, or it hasn't what is asked for (stationctl kinds)" },
	{ "log", "应为 站码 或 站码/期, 如 410611003/1, 且日志在本站",
	  "must be CODE or CODE/EPOCH, as 410611003/1, of a log that is here" },
	{ "size", "应为事件个数 (整数)", "must be a number of events" },
	{ "timeout_s", "应为秒数, 0 至 3600", "must be seconds, 0 to 3600" },
	{ "receipted", "应为本站或其上的一级: main branch base specialty; 另有 --linked, --log",
	  "must be the tier of this station or of one above: main branch base specialty; else "
	  "there are --linked and --log" },
	{ "as", "应为 origin 或 receipt", "must be origin or receipt" },
	{ "event", "应为本站所有的事件 站码/期/序号, 如 410611003/1/42 (见 show)",
	  "must be CODE/EPOCH/SEQ of an event that is here, as 410611003/1/42 (see show)" },
	{ "from", "应为月份 2026-07, 或其首日", "must be a month, 2026-07, or its first day" },
	{ "phone", "位数太少, 查不准", "has too few digits to be found by" },
	{ "id", "位数太少, 查不准", "has too few digits to be found by" },
	{ "days", "应为天数, 在范围之内", "must be a number of days within its range" },
	{ "record", "请给出编号, 或要找的内容 (--title, --text, --category, --phone)",
	  "give a number, or what to look for (--title, --text, --category, --phone)" },
	{ "invite", "不是完整的邀请码: 请把 invite 打印的那一行照样全部粘贴",
	  "isn't a whole invite: paste the line that invite printed, all of it" },
	{ "version", "没有这一版: 见 stationctl city list",
	  "there is no such version: see stationctl city list" },
};

int api_wrong(struct request *q, int code, const char *name)
{
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		if (strcmp(arguments[i].name, name) != 0)
			continue;
		q->zh = arguments[i].zh;
		q->en = arguments[i].en;
	}
	return api_place(q, code, name);
}
