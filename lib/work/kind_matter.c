/* kind_matter.c - the matter, 群众事项: its fields, states and moves.
 *
 * Owns:    this table, and nothing that walks it. Numbers are in events for ever.
 * Flow:    table -> command, fold, ask */
#include "kind_matter.h"

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
static const struct st_choice ratings[] = {
	{ 1, "satisfied", "满意", "satisfied" },
	{ 2, "basically", "基本满意", "basically satisfied" },
	{ 3, "unsatisfied", "不满意", "not satisfied" },
	{ 9, "unrated", "未评价", "not rated" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice told_how[] = {
	{ 1, "person", "当面", "in person" },
	{ 2, "phone", "电话", "by phone" },
	{ 3, "letter", "书面", "in writing" },
	{ 4, "online", "网上", "online" },
	{ 5, "unreachable", "三次联系不上", "not reached in three attempts" },
	{ 9, "unrecorded", "未记载", "not recorded" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice urgencies[] = {
	{ 1, "normal", "一般", "normal" },
	{ 2, "urgent", "紧急", "urgent" },
	{ 3, "very_urgent", "特急", "very urgent" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice yes_no[] = {
	{ 1, "no", "否", "no" },
	{ 2, "yes", "是", "yes" },
	{ 0, NULL, NULL, NULL },
};

enum { FOCUS = ST_F_OWN, URGENCY, PEOPLE, CONFIDENTIAL, PLACE, CAUSE, WORDS, TOLD_HOW, ELSEWHERE,
       JOINS, DEPUTY, DUPLICATE_OF, REMARK, REPORTER_NAME = 48, REPORTER_PHONE, REPORTER_ADDRESS,
       REPORTER_ID };

static const struct st_field_row fields[] = {
	/* id, name, type, place, max, choices, Chinese, English */
	{ ST_F_CATEGORY, "category", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "类别", "category" },
	{ ST_F_SUBCATEGORY, "subcategory", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "子类", "subcategory" },
	{ ST_F_CHANNEL, "channel", ST_FIELD_CHOICE, ST_AS_FACT, 0, channels, "渠道", "channel" },
	{ ST_F_DUE_DAY, "due", ST_FIELD_DAY, ST_AS_FACT, 0, NULL, "期限", "due day" },
	{ ST_F_FIRST_DUE_DAY, "first_due", ST_FIELD_DAY, ST_AS_FACT, 0, NULL, "原期限", "first due day" },
	{ ST_F_SERIAL, "serial", ST_FIELD_NUMBER, ST_AS_FACT, UINT32_MAX, NULL, "序号", "serial" },
	{ ST_F_YEAR, "year", ST_FIELD_NUMBER, ST_AS_FACT, 9999, NULL, "年度", "year" },
	{ ST_F_SOURCE, "source", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "来源", "source" },
	{ ST_F_SOURCE_NUMBER, "source_number", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "来源编号",
	  "number at its source" },
	{ ST_F_RATING_ANSWER, "rating_answer", ST_FIELD_CHOICE, ST_AS_FACT, 0, ratings, "答复满意度",
	  "rating of the answer" },
	{ ST_F_RATING_RESULT, "rating_result", ST_FIELD_CHOICE, ST_AS_FACT, 0, ratings, "结果满意度",
	  "rating of the result" },
	{ ST_F_UNIT, "unit", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "承办单位", "handling unit" },
	{ ST_F_TO, "to", ST_FIELD_STATION, ST_AS_FACT, ST_CODE_MAX, NULL, "移交至", "handed to" },
	{ ST_F_REASON, "reason", ST_FIELD_LONG, ST_AS_TEXT, 4000, NULL, "理由", "reason" },
	{ ST_F_TITLE, "title", ST_FIELD_TEXT, ST_AS_TEXT, 300, NULL, "标题", "title" },
	{ ST_F_TEXT, "text", ST_FIELD_LONG, ST_AS_TEXT, 12000, NULL, "内容", "text" },
	{ ST_F_REPLY, "reply", ST_FIELD_LONG, ST_AS_TEXT, 12000, NULL, "答复", "reply" },
	{ FOCUS, "focus", ST_FIELD_NUMBER, ST_AS_FACT, 6, NULL, "重点事项", "key matter (1 to 6)" },
	{ URGENCY, "urgency", ST_FIELD_CHOICE, ST_AS_FACT, 0, urgencies, "紧急程度", "urgency" },
	{ PEOPLE, "people", ST_FIELD_NUMBER, ST_AS_FACT, 1000000, NULL, "涉及人数", "people concerned" },
	{ CONFIDENTIAL, "confidential", ST_FIELD_CHOICE, ST_AS_FACT, 0, yes_no, "要求保密",
	  "wants it confidential" },
	{ PLACE, "place", ST_FIELD_TEXT, ST_AS_FACT, 240, NULL, "地点", "place" },
	{ CAUSE, "cause", ST_FIELD_LONG, ST_AS_TEXT, 2000, NULL, "起因", "cause" },
	{ WORDS, "words", ST_FIELD_LONG, ST_AS_TEXT, 8000, NULL, "群众原话", "the citizen's own words" },
	{ TOLD_HOW, "told_how", ST_FIELD_CHOICE, ST_AS_FACT, 0, told_how, "反馈方式", "how it was told" },
	{ ELSEWHERE, "elsewhere", ST_FIELD_LONG, ST_AS_TEXT, 2000, NULL, "另行途径",
	  "where to go instead" },
	{ JOINS, "joins", ST_FIELD_TEXT, ST_AS_FACT, 64, NULL, "并入事项", "the matter it joins" },
	{ DEPUTY, "deputy", ST_FIELD_TEXT, ST_AS_FACT, 40, NULL, "接待代表", "receiving deputy" },
	{ DUPLICATE_OF, "duplicate_of", ST_FIELD_TEXT, ST_AS_FACT, 120, NULL, "来源所记重复件",
	  "repeats, at its source" },
	{ REMARK, "remark", ST_FIELD_LONG, ST_AS_TEXT, 8000, NULL, "备注", "remark" },
	{ REPORTER_NAME, "reporter_name", ST_FIELD_TEXT, ST_AS_PRIVATE, 120, NULL, "反映人姓名",
	  "reporter's name" },
	{ REPORTER_PHONE, "reporter_phone", ST_FIELD_TEXT, ST_AS_PRIVATE, 40, NULL, "反映人电话",
	  "reporter's phone" },
	{ REPORTER_ADDRESS, "reporter_address", ST_FIELD_TEXT, ST_AS_PRIVATE, 300, NULL, "反映人住址",
	  "reporter's address" },
	{ REPORTER_ID, "reporter_id", ST_FIELD_IDENTITY, ST_AS_PRIVATE, 18, NULL, "反映人身份证号",
	  "reporter's identity number" },
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
#define BY  ST_BY_HOLDER
#define STAY ST_HANDS_STAY
static const struct st_move_row moves[] = {
	/* number, name, from, to, who, needs, days, Chinese, English, hands */
	{ 1, "open", { 0 }, REG, BY, { ST_F_CHANNEL }, 0, "登记", "register", STAY },
	{ 2, "accept", { REG }, ACC, BY, { ST_F_CATEGORY }, 0, "受理", "accept", STAY },
	{ 3, "refuse", { REG }, MATTER_REFUSED, BY, { ST_F_REASON, ELSEWHERE }, 0, "不予受理", "refuse", STAY },
	{ 4, "merge", { REG }, MATTER_MERGED, BY, { JOINS }, 0, "并案", "merge", STAY },
	{ 5, "withdraw", { REG, ACC, ASS, REO }, MATTER_WITHDRAWN, BY, { ST_F_REASON }, 0, "撤回",
	  "withdraw", STAY },
	{ 6, "assign", { ACC, REO }, ASS, BY, { ST_F_UNIT }, 0, "交办", "assign", STAY },
	{ 7, "answer", { ACC, ASS, REO }, ANS, BY, { ST_F_REPLY }, 0, "答复", "answer", STAY },
	{ 8, "return", { ASS }, ACC, BY, { ST_F_REASON }, 0, "退办", "return", STAY },
	{ 9, "extend", { ACC, ASS, REO }, 0, BY, { ST_F_DUE_DAY, ST_F_REASON }, 0, "延期", "extend", STAY },
	{ 10, "echo", { ANS }, ECH, BY, { ST_F_RATING_ANSWER, TOLD_HOW }, 0, "反馈", "echo", STAY },
	{ 11, "rework", { ANS, ECH }, ACC, BY, { ST_F_REASON }, 0, "重办", "rework", STAY },
	{ 12, "close", { ECH }, CLO, BY, { 0 }, 0, "办结", "close", STAY },
	{ 13, "reopen", { CLO }, REO, BY, { ST_F_REASON }, 30, "重开", "reopen", STAY },
	{ 15, "hand", { REG, ACC, ASS, REO }, 0, BY, { ST_F_TO }, 0, "移交", "hand on", ST_HANDS_ON },
	{ 16, "reassign", { REG, ACC, ASS, ANS, ECH, REO }, 0, ST_BY_ABOVE, { ST_F_TO }, 0, "改派",
	  "reassign", ST_HANDS_ON },
	{ 14, "rate", { CLO }, 0, BY, { ST_F_RATING_RESULT }, 0, "评价结果", "rate the result", STAY },
};

const struct st_kind kind_matter = {
	.number = ST_KIND_MATTER,
	.name = "matter",
	.zh = "群众事项",
	.en = "matter",
	.fields = fields,
	.field_count = sizeof(fields) / sizeof(fields[0]),
	.states = states,
	.state_count = sizeof(states) / sizeof(states[0]),
	.moves = moves,
	.move_count = sizeof(moves) / sizeof(moves[0]),
	.due_move = 2,
	.due_days = 60,
};
