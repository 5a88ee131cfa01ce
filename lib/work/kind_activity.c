/* kind_activity.c - the activity, 活动: what deputies do, planned and held.
 *
 * Owns:    this table. What was never planned is recorded as held at once.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice types[] = {
	{ 1, "training", "学习培训", "training" },
	{ 2, "inspection", "视察", "inspection" },
	{ 3, "research", "调研", "research" },
	{ 4, "enforcement_check", "执法检查", "law enforcement check" },
	{ 5, "report_to_voters", "述职", "report to voters" },
	{ 6, "evening_talk", "民情夜话", "evening talk" },
	{ 7, "themed_reception", "主题式接待", "themed reception" },
	{ 8, "grid", "代表进网格", "deputy in the grid" },
	{ 9, "policy", "政策宣传", "policy publicity" },
	{ 10, "congress", "人代会", "congress session" },
	{ 11, "meeting", "其他会议", "other meeting" },
	{ 12, "voters_visited", "走访选民", "visit to voters" },
	{ 13, "dispute_settled", "化解矛盾", "dispute settled" },
	{ 14, "help", "帮扶困难", "help to the needy" },
	{ 15, "good_deed", "办好事实事", "good deed" },
	{ 16, "charity", "公益慈善", "charity" },
	{ 17, "other", "其他", "other" },
	{ 0, NULL, NULL, NULL },
};

enum { PLANNED = 1, HELD, CANCELLED };
enum { REMARK = ST_F_OWN, ON, STARTS, ENDS, PLACE, DEPUTIES, LEAVE, HOST, PEOPLE, MATTERS, SUGGESTIONS,
       SCHEDULE, NOTICE, PHOTOS, FILES, HOURS, LAW, NAMES = 64, PHONE };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "type", types, "类型", "type", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "主题", "topic"),
	LONG(ST_F_TEXT, "text", 12000, "情况", "what happened"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	CHOICE(ST_F_RATING_RESULT, "rating_result", choice_ratings, "评议结果", "rating (a report to voters)", 0),
	DAY(ON, "on", "日期", "day", 0),
	TIME(STARTS, "starts", "开始", "starts at"),
	TIME(ENDS, "ends", "结束", "ends at"),
	FACT(PLACE, "place", 240, "地点", "place", 0),
	DEPUTY_CODE(DEPUTIES, "deputies", "参加代表", "deputies present", ST_MANY),
	NAMED(LEAVE, "on_leave", 40, ST_NAMES_DEPUTY, "请假代表", "deputies on leave", ST_MANY),
	FACT(HOST, "host", 120, "组织者", "held by", 0),
	NUMBER(PEOPLE, "people", 0, 1000000, "参加群众", "citizens present", 0),
	NUMBER(HOURS, "hours", 0, 1000, "学时", "hours of training", 0),
	FACT(LAW, "law", 240, "所检查的法律", "the law that was checked", 0),
	LINK(MATTERS, "matters", KIND_matter, "由此登记的事项", "matters that came of it", ST_MANY),
	LINK(SUGGESTIONS, "suggestions", KIND_suggestion, "由此提出的建议", "suggestions that came of it", ST_MANY),
	LINK(SCHEDULE, "schedule", KIND_schedule, "所属四定安排", "the schedule that it meets", ST_INDEXED),
	LONG(NOTICE, "notice", 4000, "公告", "notice"),
	HASH(PHOTOS, "photos", "照片 (SHA-256)", "photos (SHA-256)"),
	HASH(FILES, "files", "材料 (SHA-256)", "papers (SHA-256)"),
	EVERY_KIND,
	PRIVATE(NAMES, "names", 120, "受访受助群众姓名", "names of citizens", ST_MANY),
	PRIVATE(PHONE, "phone", 40, "联系电话", "phone", 0),
};

static const struct st_state_row states[] = {
	{ PLANNED, "planned", ST_OPEN, "计划", "planned" },
	{ HELD, "held", ST_ENDED, "已开展", "held" },
	{ CANCELLED, "cancelled", ST_ENDED, "取消", "cancelled" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "plan", FROM(0), PLANNED, NEEDS(ST_F_CHANNEL, ST_F_TITLE, ON), "计划", "plan",
	     "--type inspection --title 视察供暖 --on 2026-11-05 --starts 15:00 --place 黎阳路街道"),
	MOVE(2, "record", FROM(0), HELD, NEEDS(ST_F_CHANNEL, ST_F_TITLE, DEPUTIES), "登记", "record as held",
	     "--type training --title 学习代表法 --deputies D-17 --deputies D-18 --hours 2"),
	MOVE(3, "announce", FROM(PLANNED), 0, NEEDS(NOTICE), "公告", "announce", "--notice 本周五下午视察供暖"),
	MOVE(4, "postpone", FROM(PLANNED), 0, NEEDS(ON, ST_F_REASON), "改期", "move to another day",
	     "--on 2026-11-12 --reason 大雪"),
	MOVE(5, "hold", FROM(PLANNED), HELD, NEEDS(DEPUTIES), "开展", "hold", "--deputies D-17 --text 走访四个小区"),
	MOVE(6, "cancel", FROM(PLANNED), CANCELLED, NEEDS(ST_F_REASON), "取消", "cancel", "--reason 疫情"),
	MOVE(7, "add", FROM(HELD), 0, NEEDS(0), "补充", "add what was left out", "--people 30"),
	MOVE(8, "link", FROM(HELD), 0, NEEDS(MATTERS), "关联事项", "link the matters that came of it",
	     "--matters NUMBER"),
	MOVE(9, "suggest", FROM(HELD), 0, NEEDS(SUGGESTIONS), "关联建议", "link the suggestions that came of it",
	     "--suggestions NUMBER"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
static const struct st_order orders[] = { { STARTS, ENDS, 0 }, { ON, 0, HELD } };
const struct st_kind kind_activity = { KIND(activity, "活动", "activity"), ORDERS };
