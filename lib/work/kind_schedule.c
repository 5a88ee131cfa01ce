/* kind_schedule.c - the schedule, 四定: fixed time, place, people and topic; each occurrence is met,
 * moved or missed.
 *
 * Owns:    this table. What happens to an occurrence names its day, and leaves the plan in force.
 * Flow:    table -> command, fold, ask */
#include "kind_schedule.h"
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
	{ SCHEDULE_EVERY_MONTH, "every", "每月", "every month" },
	{ SCHEDULE_ODD, "odd", "单月", "odd months" },
	{ SCHEDULE_EVEN, "even", "双月", "even months" },
	{ SCHEDULE_QUARTER, "quarter", "每季首月", "first of a quarter" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice holidays[] = {
	{ SCHEDULE_NEXT_WORKING_DAY, "next_working_day", "顺延至下一工作日", "next working day" },
	{ SCHEDULE_ONE_WEEK, "one_week", "顺延一周", "one week later" },
	{ SCHEDULE_STAYS, "stays", "不顺延", "stays" },
	{ 0, NULL, NULL, NULL },
};

#define ACTIVE SCHEDULE_ACTIVE
#define PAUSED SCHEDULE_PAUSED
#define ENDED SCHEDULE_ENDED
enum { REMARK = SCHEDULE_F_REMARK };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "type", types, "类型", "type", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "主题", "topic"),
	LONG(ST_F_TEXT, "text", 4000, "说明", "text"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	CHOICE(SCHEDULE_F_WEEKDAYS, "weekdays", weekdays, "星期", "weekdays", ST_MANY),
	NUMBER(SCHEDULE_F_WEEKS, "weeks", 1, 5, "每月第几个", "which one of the month", ST_MANY),
	NUMBER(SCHEDULE_F_MONTH_DAYS, "month_days", 1, 31, "每月几日", "days of the month", ST_MANY),
	CHOICE(SCHEDULE_F_MONTHS, "months", months, "月份", "months", 0),
	TIME(SCHEDULE_F_STARTS, "starts", "开始", "starts at"),
	TIME(SCHEDULE_F_ENDS, "ends", "结束", "ends at"),
	FACT(SCHEDULE_F_PLACE, "place", 240, "地点", "place", 0),
	FACT(SCHEDULE_F_PEOPLE, "people", 40, "人员", "people", ST_MANY),
	FACT(SCHEDULE_F_DUTY, "duty", 240, "责任", "duty", 0),
	CHOICE(SCHEDULE_F_HOLIDAY, "holiday", holidays, "逢节假日", "on a holiday", 0),
	DAY(SCHEDULE_F_FIRST, "first", "首日", "first day", 0),
	DAY(SCHEDULE_F_LAST, "last", "末日", "last day", 0),
	NUMBER(SCHEDULE_F_DAYS_AHEAD, "days_ahead", 0, 60, "提前几天公告", "announced so many days ahead", 0),
	DAY(SCHEDULE_F_OCCURRENCE, "occurrence", "哪一次", "which occurrence", 0),
	DAY(SCHEDULE_F_NEW_DAY, "new_day", "改到", "moved to", 0),
	LONG(SCHEDULE_F_NOTICE, "notice", 4000, "公告", "notice"),
	LINK(SCHEDULE_F_MET_BY, "met_by", 0, "由何记录落实", "the visit or activity that meets it", ST_MANY),
	EVERY_KIND,
};

static const struct st_state_row states[] = {
	{ ACTIVE, "active", ST_OPEN, "执行", "active" },
	{ PAUSED, "paused", ST_OPEN, "暂停", "paused" },
	{ ENDED, "ended", ST_ENDED, "终止", "ended" },
};

static const struct st_move_row moves[] = {
	MOVE(SCHEDULE_PLAN, "plan", FROM(0), ACTIVE,
	     NEEDS(ST_F_CHANNEL, ST_F_TITLE, SCHEDULE_F_STARTS, SCHEDULE_F_PLACE, SCHEDULE_F_PEOPLE), "制定", "plan",
	     "--type reception --title 物业纠纷 --weekdays friday --weeks 1 --starts 15:00 --ends 16:00 "
	     "--place 一楼接待室 --people D-17 --holiday one_week --first 2026-09-01"),
	MOVE(SCHEDULE_AMEND, "amend", FROM(ACTIVE, PAUSED), 0, NEEDS(ST_F_REASON), "修订", "amend",
	     "--reason 换届 --people D-20"),
	MOVE(SCHEDULE_ANNOUNCE, "announce", FROM(ACTIVE), 0, NEEDS(SCHEDULE_F_OCCURRENCE, SCHEDULE_F_NOTICE), "公告",
	     "announce an occurrence",
	     "--occurrence 2026-11-06 --notice 周五15时D-17代表接待"),
	MOVE(SCHEDULE_MEET, "meet", FROM(ACTIVE), 0, NEEDS(SCHEDULE_F_OCCURRENCE, SCHEDULE_F_MET_BY), "落实",
	     "an occurrence is met",
	     "--occurrence 2026-11-06 --met_by NUMBER"),
	MOVE(SCHEDULE_MOVE, "move", FROM(ACTIVE), 0,
	     NEEDS(SCHEDULE_F_OCCURRENCE, SCHEDULE_F_NEW_DAY, ST_F_REASON), "改期", "move an occurrence",
	     "--occurrence 2026-10-02 --new_day 2026-10-09 --reason 国庆假期"),
	MOVE(SCHEDULE_MISS, "miss", FROM(ACTIVE), 0, NEEDS(SCHEDULE_F_OCCURRENCE, ST_F_REASON), "缺失",
	     "an occurrence is missed",
	     "--occurrence 2026-11-06 --reason 代表外出"),
	MOVE(SCHEDULE_PAUSE, "pause", FROM(ACTIVE), PAUSED, NEEDS(ST_F_REASON), "暂停", "pause", "--reason 装修"),
	MOVE(SCHEDULE_RESUME, "resume", FROM(PAUSED), ACTIVE, NEEDS(0), "恢复", "resume", ""),
	MOVE(SCHEDULE_END, "end", FROM(ACTIVE, PAUSED), ENDED, NEEDS(ST_F_REASON), "终止", "end",
	     "--reason 另行安排"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
static const struct st_order orders[] = {
	{ SCHEDULE_F_STARTS, SCHEDULE_F_ENDS, 0 },
	{ SCHEDULE_F_FIRST, SCHEDULE_F_LAST, 0 },
};
const struct st_kind kind_schedule = { KIND(schedule, "四定", "schedule"), ORDERS };
