/* kind_matter.c - the matter, 群众事项: its fields, states and moves.
 *
 * Owns:    this table, and nothing that walks it. Numbers are in events for ever.
 * Flow:    table -> command, fold, ask */
#include "kind_matter.h"
#include "kinds.h"

static const struct st_choice channels[] = {
	{ 1, "visit", "来访", "visit" },
	{ 2, "phone", "来电", "phone" },
	{ 3, "letter", "来信", "letter" },
	{ 4, "online", "网上", "online" },
	{ 5, "deputy", "代表走访", "deputy" },
	{ 6, "partner", "两代表一委员/12345", "partner" },
	{ 7, "other", "其他", "other" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice urgencies[] = {
	{ 1, "normal", "一般", "normal" },
	{ 2, "urgent", "紧急", "urgent" },
	{ 3, "very_urgent", "特急", "very urgent" },
	{ 0, NULL, NULL, NULL },
};
/* Numbered as they came, so new ones stand last. */
enum { FOCUS = ST_F_OWN, URGENCY, PEOPLE, CONFIDENTIAL, PLACE, CAUSE, WORDS, TOLD_HOW, ELSEWHERE,
       JOINS, DEPUTY, DUPLICATE_OF, REMARK, REPORTER_NAME = 48, REPORTER_PHONE, REPORTER_ADDRESS,
       REPORTER_ID, ATTACHMENTS, OFFICIAL, VISIT, LINKS, GROUP, ATTEMPTS, PROPOSAL };

static const struct st_field_row fields[] = {
	CATEGORY,
	FACT(ST_F_SUBCATEGORY, "subcategory", 120, "子类", "subcategory", 0),
	CHOICE(ST_F_CHANNEL, "channel", channels, "渠道", "channel", 0),
	DUE_DAYS,
	DAYS_LEFT,
	FACT(ST_F_SOURCE, "source", 120, "来源", "source", 0),
	FACT(ST_F_SOURCE_NUMBER, "source_number", 120, "来源编号", "number at its source", 0),
	CHOICE(ST_F_RATING_ANSWER, "rating_answer", choice_ratings, "答复满意度", "rating of the answer", 0),
	CHOICE(ST_F_RATING_RESULT, "rating_result", choice_ratings, "结果满意度", "rating of the result", 0),
	UNIT("承办单位", "handling unit"),
	TO,
	LONG(ST_F_REASON, "reason", 4000, "理由", "reason"),
	LINE(ST_F_TITLE, "title", 300, "标题", "title"),
	LONG(ST_F_TEXT, "text", 12000, "内容", "text"),
	LONG(ST_F_REPLY, "reply", 12000, "答复", "reply"),
	LONG(PROPOSAL, "proposal", 4000, "拟办意见", "how it is proposed to be handled"),
	NUMBER(FOCUS, "focus", 0, 6, "重点事项", "key matter (1 to 6)", ST_INDEXED | ST_MONTHLY),
	CHOICE(URGENCY, "urgency", urgencies, "紧急程度", "urgency", 0),
	NUMBER(PEOPLE, "people", 0, 1000000, "涉及人数", "people concerned", 0),
	CHOICE(GROUP, "group", choice_yes_no, "群体性 (五人以上)", "a group (five or more)", 0),
	CHOICE(CONFIDENTIAL, "confidential", choice_yes_no, "要求保密", "wants it confidential", 0),
	FACT(PLACE, "place", 240, "地点", "place", 0),
	LONG(CAUSE, "cause", 2000, "起因", "cause"),
	LONG(WORDS, "words", 8000, "群众原话", "the citizen's own words"),
	CHOICE(TOLD_HOW, "told_how", choice_told_how, "反馈方式", "how it was told", 0),
	DAY(ATTEMPTS, "attempts", "联系未果的日期", "days of attempts to reach", ST_MANY),
	LONG(ELSEWHERE, "elsewhere", 2000, "另行途径", "where to go instead"),
	LINK(JOINS, "joins", KIND_matter, "并入事项", "the matter it joins", ST_INDEXED | ST_NEEDED),
	DEPUTY_CODE(DEPUTY, "deputy", "接待代表", "receiving deputy", 0),
	NAMED(OFFICIAL, "official", 80, ST_NAMES_PERSON, "接访领导", "visiting official", ST_INDEXED),
	LINK(VISIT, "visit", KIND_visit, "进站记录", "the visit that it came of", ST_INDEXED),
	LINK(LINKS, "links", 0, "关联记录", "records that belong to it", ST_MANY),
	HASH(ATTACHMENTS, "attachments", "附件 (SHA-256)", "attachments (SHA-256)"),
	FACT(DUPLICATE_OF, "duplicate_of", 120, "来源所记重复件", "repeats, at its source", 0),
	EVERY_KIND,
	PRIVATE(REPORTER_NAME, "reporter_name", 120, "反映人姓名", "reporter's name", 0),
	PRIVATE(REPORTER_PHONE, "reporter_phone", 40, "反映人电话", "reporter's phone", ST_FIND),
	PRIVATE(REPORTER_ADDRESS, "reporter_address", 300, "反映人住址", "reporter's address", 0),
	IDENTITY(REPORTER_ID, "reporter_id", "反映人身份证号", "reporter's identity number"),
};

static const struct st_state_row states[] = {
	{ MATTER_REGISTERED, "registered", ST_OPEN, "登记", "registered" },
	{ MATTER_ACCEPTED, "accepted", ST_OPEN, "受理", "accepted" },
	{ MATTER_ASSIGNED, "assigned", ST_OPEN, "交办", "assigned" },
	{ MATTER_ANSWERED, "answered", ST_OPEN, "答复", "answered" },
	{ MATTER_ECHOED, "echoed", ST_OPEN, "反馈", "echoed" },
	{ MATTER_CLOSED, "closed", ST_ENDED, "办结", "closed" },
	{ MATTER_REFUSED, "refused", ST_ENDED, "不予受理", "refused" },
	{ MATTER_MERGED, "merged", ST_ENDED, "并案", "merged" },
	{ MATTER_WITHDRAWN, "withdrawn", ST_ENDED, "撤回", "withdrawn" },
	{ MATTER_REOPENED, "reopened", ST_OPEN, "重开", "reopened" },
};

#define REG MATTER_REGISTERED
#define ACC MATTER_ACCEPTED
#define ASS MATTER_ASSIGNED
#define ANS MATTER_ANSWERED
#define ECH MATTER_ECHOED
#define CLO MATTER_CLOSED
#define REO MATTER_REOPENED
static const struct st_move_row moves[] = {
	MOVE(1, "open", FROM(0), REG, NEEDS(ST_F_CHANNEL), "登记", "register",
	     "--channel visit --category 环境卫生 --title 垃圾清运 --reporter_name 王某"),
	MOVE(2, "accept", FROM(REG), ACC, NEEDS(ST_F_CATEGORY), "受理", "accept", "--category 环境卫生"),
	MOVE(3, "refuse", FROM(REG), MATTER_REFUSED, NEEDS(ST_F_REASON, ELSEWHERE), "不予受理", "refuse",
	     "--reason 已由法院受理 --elsewhere 淇滨区人民法院"),
	MOVE(4, "merge", FROM(REG), MATTER_MERGED, NEEDS(JOINS), "并案", "merge", "--joins NUMBER"),
	MOVE(5, "withdraw", FROM(REG, ACC, ASS, REO), MATTER_WITHDRAWN, NEEDS(ST_F_REASON), "撤回", "withdraw",
	     "--reason 本人撤回"),
	MOVE(6, "assign", FROM(ACC, REO), ASS, NEEDS(ST_F_UNIT), "交办", "assign", "--unit 区城管局"),
	MOVE(7, "answer", FROM(ACC, ASS, REO), ANS, NEEDS(ST_F_REPLY), "答复", "answer", "--reply 已清运"),
	MOVE(8, "return", FROM(ASS), ACC, NEEDS(ST_F_REASON), "退办", "return", "--reason 非本单位职责"),
	MOVE_CLOCK(ST_CLOCK_EXTEND, 9, "extend", FROM(ACC, ASS, REO), 0, NEEDS(ST_F_DUE_DAY, ST_F_REASON), "延期", "extend",
	     "--due 2026-12-31 --reason 待施工"),
	MOVE(10, "echo", FROM(ANS), ECH, NEEDS(ST_F_RATING_ANSWER, TOLD_HOW), "反馈", "echo",
	     "--rating_answer satisfied --told_how phone"),
	MOVE(11, "rework", FROM(ANS, ECH), ACC, NEEDS(ST_F_REASON), "重办", "rework", "--reason 未解决"),
	MOVE(12, "close", FROM(ECH), CLO, NEEDS(0), "办结", "close", ""),
	MOVE_WITHIN(30, ST_SINCE_END, NULL, 13, "reopen", FROM(CLO), REO, NEEDS(ST_F_REASON), "重开", "reopen",
		    "--reason 反复"),
	MOVE(14, "rate", FROM(CLO), 0, NEEDS(ST_F_RATING_RESULT), "评价结果", "rate the result",
	     "--rating_result satisfied"),
	MOVE(15, "tell", FROM(MATTER_REFUSED, MATTER_MERGED, MATTER_WITHDRAWN), 0, NEEDS(TOLD_HOW),
	     "告知反映人", "tell the reporter", "--told_how person"),
	MOVE_HAND(16, "hand", FROM(REG, ACC, ASS, REO), ST_BY_HOLDER, "移交 (上报, 下派, 平级)",
		  "hand on, up, down or across"),
	MOVE_HAND(17, "reassign", FROM(ST_FROM_ANY_OPEN), ST_BY_ABOVE, "改派 (由上级站)",
		  "name a new holder, from above"),
	MOVE_CLOCK(ST_CLOCK_WAIT, 18, "wait", FROM(ACC, ASS, REO), 0, NEEDS(ST_F_REASON), "等待反映人",
		   "wait for the reporter", "--reason 待补充材料"),
	MOVE_CLOCK(ST_CLOCK_RESUME, 19, "resume", FROM(ACC, ASS, REO), 0, NEEDS(0), "恢复办理",
		   "the wait is over, the clock runs again", ""),
};

static const struct st_when whens[] = {
	{ TOLD_HOW, CHOICE_UNREACHABLE, ATTEMPTS, 3, NULL },
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
static const struct st_order orders[] = { { ATTEMPTS, 0, 0 } };
const struct st_kind kind_matter = {
	KIND(matter, "群众事项", "matter"),
	ORDERS,
	.due_move = 2,
	.due_days = 60,
	.whens = whens,
	.when_count = sizeof(whens) / sizeof(whens[0]),
	.mark = { .of = PEOPLE, .field = GROUP, .least = 5, .no = CHOICE_NO, .yes = CHOICE_YES,
		  .by = "group_people" },
};
