/* kind_suggestion.c - the suggestion, 代表建议: 提 办 督 评.
 *
 * Owns:    this table. Terms are those of the common rules, in calendar days, where a city has set none.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

enum { FACE = 2 };
enum { MOTION = 2, UNSATISFIED = 3, YES = CHOICE_YES, TOWN = 5, PARTIES = 5 };
static const struct st_choice types[] = {
	{ 1, "suggestion", "建议", "suggestion" },
	{ MOTION, "motion", "议案", "motion" },
	{ 3, "criticism", "批评", "criticism" },
	{ 4, "opinion", "意见", "opinion" },
	{ 5, "question", "质询", "question" },
	{ 0, NULL, NULL, NULL },
};
enum { CLASS_B = 2, CLASS_C = 3 }; /* these are promises, where the city says nothing else */
static const struct st_choice answer_classes[] = {
	{ 1, "A", "已解决或基本解决", "solved or mostly" },
	{ CLASS_B, "B", "正在解决", "under way" },
	{ CLASS_C, "C", "列入计划", "planned for later" },
	{ 4, "D", "留作参考, 已说明", "for reference, explained" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice answered_how[] = {
	{ 1, "written", "书面", "in writing" },
	{ FACE, "face", "面商", "face to face" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice reviewers[] = {
	{ 1, "delegation", "代表团", "the delegation in session" },
	{ 2, "deputies_office", "选工委", "the deputies' office" },
	{ 3, "presidium", "乡镇主席团", "the township presidium" },
	{ 0, NULL, NULL, NULL },
};

enum { RAISED = 1, ACCEPTED, ASSIGNED, DRAFTED, SUBMITTED, ANSWERED, RATED, PROMISED, AGENDA, CLOSED,
       REFUSED, MERGED, WITHDRAWN };
enum { REMARK = ST_F_OWN, LEVEL, SESSION, DEPUTY, CO_SIGNERS, CO_UNITS, CO_UNIT, OPINION, CLASS,
       ANSWERED_HOW, MET_PLACE, MET_DAY, MET_REPORT, RESPONSIBLE, REVIEWED_BY, RATING_MEETING,
       RATING_ATTITUDE, RATING_WHOLE, PROMISE, PROGRESS, KEY, SUPERVISORS, SCORE, JOINS, DECISION,
       PUBLIC_TEXT, PUBLIC_ANSWER, TOLD, TOLD_HOW, MATTERS, PROJECTS, ATTACHMENTS, CONSENT, PHONE, OPINION_DUE };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "type", types, "种类", "type", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "标题", "title"),
	LONG(ST_F_TEXT, "text", 20000, "内容", "text"),
	DUE_DAYS,
	UNIT("主办单位", "main unit"),
	LONG(ST_F_REASON, "reason", 4000, "理由", "reason"),
	LONG(ST_F_REPLY, "reply", 20000, "答复", "answer"),
	CHOICE(LEVEL, "level", choice_deputy_levels, "哪一级人大", "of which congress", ST_ONCE),
	FACT(SESSION, "session", 120, "届次", "session", 0),
	DEPUTY_CODE(DEPUTY, "deputy", "领衔代表", "raised by", ST_ONCE),
	DEPUTY_CODE(CO_SIGNERS, "co_signers", "附议代表", "co-signers", ST_MANY),
	FACT(CO_UNITS, "co_units", 120, "会办单位", "co-handling units", ST_MANY),
	FACT(CO_UNIT, "co_unit", 120, "提出意见的会办单位", "the co-handling unit that gives its opinion", 0),
	LONG(OPINION, "opinion", 8000, "会办意见", "its opinion"),
	DAY(OPINION_DUE, "opinion_due", "会办意见期限", "opinions are due", 0),
	CHOICE(CLASS, "class", answer_classes, "答复分类", "class of the answer", ST_INDEXED | ST_MONTHLY),
	CHOICE(ANSWERED_HOW, "answered_how", answered_how, "答复方式", "how it was answered", 0),
	FACT(MET_PLACE, "met_place", 240, "面商地点", "where they met", 0),
	DAY(MET_DAY, "met_day", "面商日期", "day they met", 0),
	LONG(MET_REPORT, "met_report", 8000, "面商情况", "report of the meeting"),
	FACT(RESPONSIBLE, "responsible", 120, "答复负责人", "who is responsible for the answer", 0),
	CHOICE(REVIEWED_BY, "reviewed_by", reviewers, "审核", "reviewed by", 0),
	CHOICE(RATING_MEETING, "rating_meeting", choice_ratings, "对沟通的评价", "rating of the meeting", 0),
	CHOICE(RATING_ATTITUDE, "rating_attitude", choice_ratings, "对态度的评价", "rating of the attitude", 0),
	CHOICE(ST_F_RATING_ANSWER, "rating_answer", choice_ratings, "对答复的评价", "rating of the answer", 0),
	CHOICE(ST_F_RATING_RESULT, "rating_result", choice_ratings, "对结果的评价", "rating of the result", 0),
	CHOICE(RATING_WHOLE, "rating_whole", choice_ratings, "总体评价", "rating of the whole", 0),
	DAY(PROMISE, "promise", "承诺期限", "day that is promised", ST_NEEDED),
	LONG(PROGRESS, "progress", 8000, "进展", "progress"),
	CHOICE(KEY, "key", choice_yes_no, "重点建议", "key suggestion", ST_INDEXED),
	FACT(SUPERVISORS, "supervisors", 120, "五位一体督办方", "the parties that supervise it", ST_MANY),
	NUMBER(SCORE, "score", 0, 100, "承办单位得分", "score of the handling unit", 0),
	LINK(JOINS, "joins", KIND_suggestion, "并入建议", "the suggestion it joins", ST_INDEXED | ST_NEEDED),
	LONG(DECISION, "decision", 4000, "主席团决定", "the presidium's decision"),
	CHOICE(PUBLIC_TEXT, "public_text", choice_yes_no, "内容公开", "the text is public", 0),
	CHOICE(PUBLIC_ANSWER, "public_answer", choice_yes_no, "答复公开", "the answer is public", 0),
	NAMED(TOLD, "told", 40, ST_NAMES_DEPUTY, "已答复的代表", "deputies who were answered", ST_MANY),
	CHOICE(TOLD_HOW, "told_how", choice_told_how, "告知方式", "how they were told", 0),
	LINK(MATTERS, "matters", KIND_matter, "所据群众事项", "matters that it rests on", ST_MANY),
	LINK(PROJECTS, "projects", KIND_project, "相关民生实事", "projects that it led to", ST_MANY),
	HASH(ATTACHMENTS, "attachments", "附件 (SHA-256)", "attachments (SHA-256)"),
	FACT(CONSENT, "consent", 120, "同意延期的机构", "who consents to the extension", 0),
	EVERY_KIND,
	PRIVATE(PHONE, "deputy_phone", 40, "代表电话", "the deputy's phone", 0),
};

static const struct st_state_row states[] = {
	{ RAISED, "raised", ST_OPEN, "提出", "raised" },
	{ ACCEPTED, "accepted", ST_OPEN, "受理", "accepted" },
	{ ASSIGNED, "assigned", ST_OPEN, "交办", "assigned" },
	{ DRAFTED, "drafted", ST_OPEN, "拟答复", "drafted" },
	{ SUBMITTED, "submitted", ST_OPEN, "报审", "submitted" },
	{ ANSWERED, "answered", ST_OPEN, "答复", "answered" },
	{ RATED, "rated", ST_OPEN, "已评价", "rated" },
	{ PROMISED, "promised", ST_OPEN, "承诺跟踪", "promise tracked" },
	{ AGENDA, "agenda", ST_OPEN, "列入议程", "on the agenda" },
	{ CLOSED, "closed", ST_ENDED, "办结", "closed" },
	{ REFUSED, "refused", ST_ENDED, "不予立案", "refused" },
	{ MERGED, "merged", ST_ENDED, "并案", "merged" },
	{ WITHDRAWN, "withdrawn", ST_ENDED, "撤回", "withdrawn" },
};

enum { MOVE_AGENDA = 4, MOVE_REDO = 19, MOVE_PROMISE = 20, MOVE_CLOSE = 23 };
static const struct st_move_row moves[] = {
	MOVE(1, "raise", FROM(0), RAISED, NEEDS(ST_F_CHANNEL, ST_F_TITLE, DEPUTY), "提出", "raise",
	     "--type suggestion --title 增设公交站 --deputy D-17 --co_signers D-18 --co_signers D-19"),
	MOVE(2, "cosign", FROM(RAISED), 0, NEEDS(CO_SIGNERS), "附议", "co-sign", "--co_signers D-20"),
	MOVE(3, "accept", FROM(RAISED), ACCEPTED, NEEDS(ST_F_CATEGORY), "受理", "accept", "--category 交通管理"),
	MOVE(MOVE_AGENDA, "agenda", FROM(RAISED), AGENDA, NEEDS(DECISION), "列入议程", "put on the agenda",
	     "--decision 列为议案"),
	MOVE(5, "resolve", FROM(AGENDA), CLOSED, NEEDS(DECISION), "表决办结", "resolve", "--decision 决议通过"),
	MOVE(6, "refuse", FROM(RAISED), REFUSED, NEEDS(ST_F_REASON), "不予立案", "refuse", "--reason 不属本级职权"),
	MOVE(7, "merge", FROM(RAISED, ACCEPTED), MERGED, NEEDS(JOINS), "并案", "merge", "--joins NUMBER"),
	MOVE(8, "withdraw", FROM(RAISED, ACCEPTED, ASSIGNED, AGENDA), WITHDRAWN, NEEDS(ST_F_REASON), "撤回",
	     "withdraw", "--reason 代表撤回"),
	MOVE_SETS(OPINION_DUE, "opinion_days", CO_UNITS, 9, "assign", FROM(ACCEPTED), ASSIGNED, NEEDS(ST_F_UNIT), "交办", "assign",
	     "--unit 区交通局 --co_units 区公安分局"),
	/* Seven working days, over the longest holiday that there is. */
	MOVE_WITHIN(16, ST_SINCE_STATE, "return_days", 10, "return", FROM(ASSIGNED), ACCEPTED, NEEDS(ST_F_REASON), "退办",
		    "return by the unit", "--reason 非本单位职责"),
	MOVE(11, "consult", FROM(ASSIGNED, DRAFTED), 0, NEEDS(CO_UNIT, OPINION), "会办意见",
	     "give a co-handling unit's opinion", "--co_unit 区公安分局 --opinion 同意设站"),
	MOVE(12, "draft", FROM(ASSIGNED), DRAFTED, NEEDS(ST_F_REPLY, CLASS), "拟答复", "draft the answer",
	     "--reply 已列入计划 --class C"),
	MOVE(13, "submit", FROM(DRAFTED), SUBMITTED, NEEDS(RESPONSIBLE), "报审", "submit",
	     "--responsible 区交通局李某"),
	MOVE(14, "sendback", FROM(SUBMITTED), ASSIGNED, NEEDS(REVIEWED_BY, ST_F_REASON), "置回", "send back",
	     "--reviewed_by deputies_office --reason 未答复要点"),
	MOVE(15, "answer", FROM(SUBMITTED), ANSWERED, NEEDS(REVIEWED_BY, ANSWERED_HOW), "审核并答复",
	     "review and answer", "--reviewed_by deputies_office --answered_how written"),
	/* Six months from its raising are the most, with consent. */
	MOVE_DUE(184, 16, "extend", FROM(ACCEPTED, ASSIGNED, DRAFTED, SUBMITTED), 0,
		 NEEDS(ST_F_DUE_DAY, ST_F_REASON, CONSENT), "延期", "extend",
		 "--due 2026-10-31 --reason 需现场勘察 --consent 市人大办公室"),
	MOVE(17, "tell", FROM(ANSWERED, RATED, PROMISED, MERGED), 0, NEEDS(TOLD, TOLD_HOW), "逐一答复附议代表",
	     "answer co-signers one by one", "--told D-18 --told_how letter"),
	MOVE(18, "rate", FROM(ANSWERED), RATED,
	     NEEDS(RATING_MEETING, RATING_ATTITUDE, ST_F_RATING_ANSWER, RATING_WHOLE), "代表评价", "rate",
	     "--rating_meeting satisfied --rating_attitude satisfied --rating_answer satisfied "
	     "--rating_whole basically"),
	MOVE_SETS(ST_F_DUE_DAY, "new_answer_days", 0, MOVE_REDO, "redo", FROM(RATED), ASSIGNED,
		  NEEDS(ST_F_REASON, ST_F_DUE_DAY), "重新办理", "answer anew",
	     "--reason 代表不满意 --due 2026-12-31"),
	MOVE(MOVE_PROMISE, "promise", FROM(RATED), PROMISED, NEEDS(PROMISE), "承诺", "promise", "--promise 2027-06-30"),
	MOVE(21, "progress", FROM(PROMISED), 0, NEEDS(PROGRESS), "报进展", "tell progress", "--progress 已立项"),
	MOVE(22, "fulfil", FROM(PROMISED), CLOSED, NEEDS(PROGRESS, ST_F_RATING_RESULT), "兑现办结",
	     "fulfil the promise", "--progress 已建成 --rating_result satisfied"),
	MOVE(MOVE_CLOSE, "close", FROM(RATED), CLOSED, NEEDS(0), "办结", "close", ""),
	MOVE(24, "rerate", FROM(CLOSED), 0, NEEDS(ST_F_RATING_RESULT), "评价结果", "rate the result",
	     "--rating_result satisfied"),
	MOVE(25, "evaluate", FROM(RATED, PROMISED, CLOSED), 0, NEEDS(SCORE), "评议承办单位",
	     "score the handling unit", "--score 92"),
	MOVE(26, "key", FROM(ST_FROM_ANY_OPEN), 0, NEEDS(KEY, SUPERVISORS), "列为重点督办",
	     "make it a key suggestion", "--key yes --supervisors 市人大 --supervisors 市政府 --supervisors 政协 "
	     "--supervisors 纪委监委 --supervisors 承办单位上级"),
	MOVE(27, "publish", FROM(ST_FROM_ANY), 0, NEEDS(PUBLIC_TEXT, PUBLIC_ANSWER), "公开", "say what is public",
	     "--public_text yes --public_answer yes"),
	MOVE(28, "link", FROM(ST_FROM_ANY), 0, NEEDS(MATTERS), "关联事项", "link the matters it rests on",
	     "--matters NUMBER"),
};

static const struct st_when whens[] = {
	{ ANSWERED_HOW, FACE, MET_PLACE, 1, NULL },
	{ ANSWERED_HOW, FACE, MET_DAY, 1, NULL },
	{ ANSWERED_HOW, FACE, MET_REPORT, 1, NULL },
	{ ST_F_CHANNEL, MOTION, LEVEL, 1, NULL }, /* how many it needs depends on it */
	{ KEY, YES, SUPERVISORS, PARTIES, "key_supervisors" },
};

#define ONE_OF(value) (1ull << (value))
static const struct st_rule rules[] = {
	{ { MOVE_AGENDA }, ST_F_CHANNEL, ~ONE_OF(MOTION), 0, 0, { 0 }, "只有议案可以列入议程",
	  "only a motion goes on the agenda", NULL },
	{ { MOVE_AGENDA }, LEVEL, ~ONE_OF(TOWN), 0, 10, { DEPUTY, CO_SIGNERS },
	  "县级以上议案须由十名以上代表联名: 请先 cosign",
	  "a motion at county level and above needs ten deputies: cosign first", NULL },
	{ { MOVE_AGENDA }, LEVEL, ONE_OF(TOWN), 0, 5, { DEPUTY, CO_SIGNERS }, "乡镇议案须由五名以上代表联名: 请先 cosign",
	  "a motion in a township needs five deputies: cosign first", NULL },
	{ { MOVE_CLOSE }, CLASS, ONE_OF(CLASS_B) | ONE_OF(CLASS_C), 0, 0, { 0 },
	  "这一类答复是承诺: 请用 promise 登记期限, 兑现后 fulfil",
	  "an answer of this class is a promise: give its day with promise, and fulfil it", "promise_classes" },
	/* A second answer that leaves him unsatisfied, too, may end it: it was answered anew. */
	{ { MOVE_CLOSE, MOVE_PROMISE }, RATING_WHOLE, ONE_OF(UNSATISFIED), MOVE_REDO, 0, { 0 },
	  "代表不满意: 须重新办理 (redo)", "the deputy isn't satisfied: answer anew (redo)", NULL },
	{ { MOVE_CLOSE, MOVE_PROMISE }, ST_F_RATING_ANSWER, ONE_OF(UNSATISFIED), MOVE_REDO, 0, { 0 },
	  "代表对答复不满意: 须重新办理 (redo)", "the deputy isn't satisfied with the answer: answer anew (redo)", NULL },
};
static const struct st_left lefts[] = {
	{ CO_SIGNERS, TOLD, "尚未答复的附议代表", "co-signers not answered yet", 0 },
	{ CO_UNITS, CO_UNIT, "尚未提出意见的会办单位", "co-handling units that gave no opinion yet",
	  OPINION_DUE },
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_suggestion = {
	KIND(suggestion, "代表建议", "suggestion"),
	.due_move = 3,
	.due_days = 92, /* three months */
	.whens = whens,
	.when_count = sizeof(whens) / sizeof(whens[0]),
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.lefts = lefts,
	.left_count = sizeof(lefts) / sizeof(lefts[0]),
	.due_field = PROMISE,
};
