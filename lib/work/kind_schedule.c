/* kind_schedule.c - the schedule, 四定: fixed time, place, people and topic; each occurrence is met,
 * moved or missed.
 *
 * Owns:    this table. What happens to an occurrence names its day, and leaves the plan in force.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice types[] = {
	{ 1, "reception", "代表接待日", "deputies' reception" },
	{ 2, "director_reception", "主任副主任接待代表日", "directors' reception of deputies" },
	{ 3, "leader_visit", "领导干部进站", "leaders' visit" },
	{ 4, "law_service", "三官两员服务日", "law service day" },
	{ 5, "activity", "代表活动日", "deputies' activity day" },
	{ 6, "other", "其他", "other" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice weekdays[] = {
	{ 1, "monday", "周一", "Monday" },
	{ 2, "tuesday", "周二", "Tuesday" },
	{ 3, "wednesday", "周三", "Wednesday" },
	{ 4, "thursday", "周四", "Thursday" },
	{ 5, "friday", "周五", "Friday" },
	{ 6, "saturday", "周六", "Saturday" },
	{ 7, "sunday", "周日", "Sunday" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice months[] = {
	{ 1, "every", "每月", "every month" },
	{ 2, "odd", "单月", "odd months" },
	{ 3, "even", "双月", "even months" },
	{ 4, "quarter", "每季首月", "first of a quarter" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice holidays[] = {
	{ 1, "next_working_day", "顺延至下一工作日", "next working day" },
	{ 2, "one_week", "顺延一周", "one week later" },
	{ 3, "stays", "不顺延", "stays" },
	{ 0, NULL, NULL, NULL },
};

enum { ACTIVE = 1, PAUSED, ENDED };
enum { REMARK = ST_F_OWN, WEEKDAYS, WEEKS, MONTH_DAYS, MONTHS, STARTS, ENDS, PLACE, PEOPLE, DUTY, HOLIDAY,
       FIRST, LAST, DAYS_AHEAD, OCCURRENCE, NEW_DAY, NOTICE, MET_BY };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "type", types, "类型", "type", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "主题", "topic"),
	LONG(ST_F_TEXT, "text", 4000, "说明", "text"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	CHOICE(WEEKDAYS, "weekdays", weekdays, "星期", "weekdays", ST_MANY),
	NUMBER(WEEKS, "weeks", 1, 5, "每月第几个", "which one of the month", ST_MANY),
	NUMBER(MONTH_DAYS, "month_days", 1, 31, "每月几日", "days of the month", ST_MANY),
	CHOICE(MONTHS, "months", months, "月份", "months", 0),
	TIME(STARTS, "starts", "开始", "starts at"),
	TIME(ENDS, "ends", "结束", "ends at"),
	FACT(PLACE, "place", 240, "地点", "place", 0),
	FACT(PEOPLE, "people", 40, "人员", "people", ST_MANY),
	FACT(DUTY, "duty", 240, "责任", "duty", 0),
	CHOICE(HOLIDAY, "holiday", holidays, "逢节假日", "on a holiday", 0),
	DAY(FIRST, "first", "首日", "first day", 0),
	DAY(LAST, "last", "末日", "last day", 0),
	NUMBER(DAYS_AHEAD, "days_ahead", 0, 60, "提前几天公告", "announced so many days ahead", 0),
	DAY(OCCURRENCE, "occurrence", "哪一次", "which occurrence", 0),
	DAY(NEW_DAY, "new_day", "改到", "moved to", 0),
	LONG(NOTICE, "notice", 4000, "公告", "notice"),
	LINK(MET_BY, "met_by", 0, "由何记录落实", "the visit or activity that meets it", ST_MANY),
	EVERY_KIND,
};

static const struct st_state_row states[] = {
	{ ACTIVE, "active", ST_OPEN, "执行", "active" },
	{ PAUSED, "paused", ST_OPEN, "暂停", "paused" },
	{ ENDED, "ended", ST_ENDED, "终止", "ended" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "plan", FROM(0), ACTIVE, NEEDS(ST_F_CHANNEL, ST_F_TITLE, STARTS, PLACE, PEOPLE), "制定", "plan",
	     "--type reception --title 物业纠纷 --weekdays friday --weeks 1 --starts 15:00 --ends 16:00 "
	     "--place 一楼接待室 --people D-17 --holiday one_week"),
	MOVE(2, "amend", FROM(ACTIVE, PAUSED), 0, NEEDS(ST_F_REASON), "修订", "amend", "--reason 换届 --people D-20"),
	MOVE(3, "announce", FROM(ACTIVE), 0, NEEDS(OCCURRENCE, NOTICE), "公告", "announce an occurrence",
	     "--occurrence 2026-11-06 --notice 周五15时D-17代表接待"),
	MOVE(4, "meet", FROM(ACTIVE), 0, NEEDS(OCCURRENCE, MET_BY), "落实", "an occurrence is met",
	     "--occurrence 2026-11-06 --met_by NUMBER"),
	MOVE(5, "move", FROM(ACTIVE), 0, NEEDS(OCCURRENCE, NEW_DAY, ST_F_REASON), "改期",
	     "move an occurrence", "--occurrence 2026-10-02 --new_day 2026-10-09 --reason 国庆假期"),
	MOVE(6, "miss", FROM(ACTIVE), 0, NEEDS(OCCURRENCE, ST_F_REASON), "缺失", "an occurrence is missed",
	     "--occurrence 2026-11-06 --reason 代表外出"),
	MOVE(7, "pause", FROM(ACTIVE), PAUSED, NEEDS(ST_F_REASON), "暂停", "pause", "--reason 装修"),
	MOVE(8, "resume", FROM(PAUSED), ACTIVE, NEEDS(0), "恢复", "resume", ""),
	MOVE(9, "end", FROM(ACTIVE, PAUSED), ENDED, NEEDS(ST_F_REASON), "终止", "end", "--reason 另行安排"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_schedule = { KIND(schedule, "四定", "schedule") };
