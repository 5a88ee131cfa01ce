/* kind_project.c - the project, 民生实事项目: 点单 定单 领单 验单.
 *
 * Owns:    this table. The vote is a kind of its own (kind_vote.c), and its declaration makes the moves
 *          choose and pass; where a city votes elsewhere they are made by hand.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice origins[] = {
	{ 1, "citizen", "群众", "citizen" },
	{ 2, "deputy", "代表", "deputy" },
	{ 3, "unit", "部门", "unit" },
	{ 4, "station", "联络站", "station" },
	{ 5, "online", "网上征集", "online" },
	{ 0, NULL, NULL, NULL },
};

enum { PROPOSED = 1, CANDIDATE, CHOSEN, TAKEN, FINISHED, ACCEPTED, DROPPED, MERGED, NOT_CHOSEN };
enum { REMARK = ST_F_OWN, PLACE, PEOPLE, COST, ROUND, PRIORITY, VOTES, DEPUTIES, BUDGET, LEADER,
       MILESTONES, PROGRESS, PERCENT, INSPECTIONS, FINDINGS, SATISFIED, BASICALLY, UNSATISFIED, JOINS,
       MATTERS, SUGGESTIONS, PHOTOS, RESULT, DEPUTY, NAMES = 80, PHONE };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "origin", origins, "来源", "proposed by", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "项目名称", "title"),
	LONG(ST_F_TEXT, "text", 12000, "内容", "text"),
	DUE_DAYS,
	UNIT("承办单位", "handling unit"),
	LONG(ST_F_REASON, "reason", 4000, "理由", "reason"),
	CHOICE(ST_F_RATING_RESULT, "rating_result", choice_ratings, "验收评价", "rating on acceptance", 0),
	FACT(PLACE, "place", 240, "地点", "place", 0),
	NUMBER(PEOPLE, "people", 0, 100000000, "受益或附议人数", "people who gain or support", 0),
	NUMBER(COST, "cost", 0, 999999999999, "估算 (元)", "estimate (yuan)", 0),
	NAMED(ROUND, "round", 120, ST_NAMES_ROUND, "候选批次", "round of the list", ST_INDEXED),
	NUMBER(PRIORITY, "priority", 1, 1000, "次序", "place on the list", 0),
	NUMBER(VOTES, "votes", 0, 100000, "得票", "votes for it", 0),
	NUMBER(DEPUTIES, "deputies_present", 0, 100000, "到会代表", "deputies present", 0),
	NUMBER(BUDGET, "budget", 0, 999999999999, "预算 (元)", "budget (yuan)", 0),
	FACT(LEADER, "leader", 120, "责任领导", "official in charge", 0),
	FACT(MILESTONES, "milestones", 240, "节点", "milestones", ST_MANY),
	LONG(PROGRESS, "progress", 8000, "进展", "progress"),
	NUMBER(PERCENT, "percent", 0, 100, "完成比例", "percent done", 0),
	LINK(INSPECTIONS, "inspections", KIND_activity, "视察活动", "inspections", ST_MANY),
	LONG(FINDINGS, "findings", 8000, "视察意见", "findings"),
	NUMBER(SATISFIED, "satisfied", 0, 100000, "满意票", "votes satisfied", 0),
	NUMBER(BASICALLY, "basically", 0, 100000, "基本满意票", "votes basically satisfied", 0),
	NUMBER(UNSATISFIED, "unsatisfied", 0, 100000, "不满意票", "votes not satisfied", 0),
	LINK(JOINS, "joins", KIND_project, "并入项目", "the project it joins", ST_INDEXED | ST_NEEDED),
	LINK(MATTERS, "matters", KIND_matter, "所据群众事项", "matters that it rests on", ST_MANY),
	LINK(SUGGESTIONS, "suggestions", KIND_suggestion, "所据代表建议", "suggestions that it rests on", ST_MANY),
	HASH(PHOTOS, "photos", "照片 (SHA-256)", "photos (SHA-256)"),
	LONG(RESULT, "result", 8000, "完成情况", "what was done"),
	DEPUTY_CODE(DEPUTY, "deputy", "提出代表", "proposing deputy", 0),
	EVERY_KIND,
	PRIVATE(NAMES, "names", 120, "提议人姓名", "proposers' names", ST_MANY),
	PRIVATE(PHONE, "phone", 40, "提议人电话", "proposer's phone", 0),
};

static const struct st_state_row states[] = {
	{ PROPOSED, "proposed", ST_OPEN, "点单", "proposed" },
	{ CANDIDATE, "candidate", ST_OPEN, "候选", "candidate" },
	{ CHOSEN, "chosen", ST_OPEN, "定单", "chosen" },
	{ TAKEN, "taken", ST_OPEN, "领单", "taken" },
	{ FINISHED, "finished", ST_OPEN, "待验单", "finished" },
	{ ACCEPTED, "accepted", ST_ENDED, "验单", "accepted" },
	{ DROPPED, "dropped", ST_ENDED, "未入选候选", "dropped" },
	{ MERGED, "merged", ST_ENDED, "合并", "merged" },
	{ NOT_CHOSEN, "not_chosen", ST_ENDED, "票决未入选", "not chosen" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "propose", FROM(0), PROPOSED, NEEDS(ST_F_CHANNEL, ST_F_TITLE), "点单", "propose",
	     "--origin citizen --title 改造老旧小区 --people 120 --names 王某"),
	MOVE(2, "support", FROM(PROPOSED), 0, NEEDS(PEOPLE), "附议", "add support", "--people 150"),
	MOVE(3, "merge", FROM(PROPOSED), MERGED, NEEDS(JOINS), "合并", "merge", "--joins NUMBER"),
	MOVE(4, "screen", FROM(PROPOSED), CANDIDATE, NEEDS(ROUND), "列为候选", "screen as a candidate",
	     "--round 2026 --cost 3000000"),
	MOVE(5, "drop", FROM(PROPOSED, CANDIDATE), DROPPED, NEEDS(ST_F_REASON), "不列入", "drop",
	     "--reason 已有在建项目"),
	MOVE(6, "choose", FROM(CANDIDATE), CHOSEN, NEEDS(VOTES, DEPUTIES), "票决入选", "choose by vote",
	     "--votes 152 --deputies_present 201"),
	MOVE(7, "pass", FROM(CANDIDATE), NOT_CHOSEN, NEEDS(VOTES, DEPUTIES), "票决未入选", "not chosen by vote",
	     "--votes 40 --deputies_present 201"),
	MOVE(8, "take", FROM(CHOSEN), TAKEN, NEEDS(ST_F_UNIT, BUDGET, MILESTONES), "领单", "take on",
	     "--unit 区住建局 --budget 3200000 --milestones 2026-06主体完工 --due 2026-12-31"),
	MOVE(9, "report", FROM(TAKEN), 0, NEEDS(PROGRESS, PERCENT), "报进度", "report progress",
	     "--progress 主体完工 --percent 60"),
	MOVE(10, "inspect", FROM(TAKEN, FINISHED), 0, NEEDS(FINDINGS), "视察", "inspect", "--findings 质量合格"),
	MOVE_CLOCK(ST_CLOCK_EXTEND, 11, "extend", FROM(TAKEN), 0, NEEDS(ST_F_DUE_DAY, ST_F_REASON), "延期", "extend",
	     "--due 2027-03-31 --reason 汛期停工"),
	MOVE(12, "change", FROM(CHOSEN, TAKEN), 0, NEEDS(ST_F_REASON), "调整", "change", "--reason 经常委会同意"),
	MOVE(13, "finish", FROM(TAKEN), FINISHED, NEEDS(RESULT), "完工", "finish", "--result 全部完工"),
	MOVE(14, "rework", FROM(FINISHED), TAKEN, NEEDS(ST_F_REASON), "返工", "send back to work",
	     "--reason 排水不合格"),
	MOVE(15, "accept", FROM(FINISHED), ACCEPTED, NEEDS(ST_F_RATING_RESULT), "验单", "accept and rate",
	     "--rating_result satisfied --satisfied 180 --basically 15 --unsatisfied 2"),
	MOVE(16, "link", FROM(ST_FROM_ANY), 0, NEEDS(MATTERS), "关联事项", "link the matters it rests on",
	     "--matters NUMBER"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_project = {
	KIND(project, "民生实事项目", "project"),
	.due_move = 8,
	.due_days = 365,
};
