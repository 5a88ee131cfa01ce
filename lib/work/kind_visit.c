/* kind_visit.c - the visit, 进站记录: who came, why, who received them and what came of it.
 *
 * Owns:    this table. A visit is ended as soon as it is recorded; what came of it is added later.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

/* 三官两员 are 3 to 7 here; the city's table says which five count. */
static const struct st_choice whos[] = {
	{ 1, "masses", "群众", "masses" },
	{ 2, "deputy", "人大代表", "deputy" },
	{ 3, "leader", "领导干部", "leading official" },
	{ 4, "judge", "法官", "judge" },
	{ 5, "prosecutor", "检察官", "prosecutor" },
	{ 6, "judicial_officer", "司法工作人员", "judicial officer" },
	{ 7, "official", "政府机关工作人员", "appointed official" },
	{ 8, "party_delegate", "党代表", "party delegate" },
	{ 9, "cppcc", "政协委员", "CPPCC member" },
	{ 10, "other", "其他", "other" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice services[] = {
	{ 1, "none", "无", "none" },
	{ 2, "reception", "接待", "reception" },
	{ 3, "law_advice", "法律咨询", "law advice" },
	{ 4, "mediation", "调解", "mediation" },
	{ 5, "law_education", "普法宣传", "law education" },
	{ 6, "policy", "政策解答", "policy explained" },
	{ 7, "other", "其他", "other" },
	{ 0, NULL, NULL, NULL },
};

enum { RECORDED = 1, VOIDED };
enum { REMARK = ST_F_OWN, PEOPLE, SERVICES, DEPUTIES, OFFICIAL, MATTERS, SUGGESTIONS, SCHEDULE, TOPIC,
       LEAVES, PHOTOS, NAMES = 48, PHONE, ADDRESS, POST, IDENTITY_NUMBER };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "who", whos, "来访人类别", "who came", ST_ONCE),
	CATEGORY,
	LINE(ST_F_TITLE, "title", 300, "来意", "why"),
	LONG(ST_F_TEXT, "text", 8000, "经过", "what was said"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	NUMBER(PEOPLE, "people", 1, 10000, "人数", "people who came", 0),
	CHOICE(SERVICES, "services", services, "提供的服务", "services given",
	       ST_MANY | ST_INDEXED | ST_MONTHLY),
	DEPUTY_CODE(DEPUTIES, "deputies", "接待代表", "received by these deputies", ST_MANY),
	FACT(OFFICIAL, "received_by", 80, "接待人及职务", "received by, and post", 0),
	FACT(TOPIC, "topic", 120, "接待主题", "the reception's topic", 0),
	TIME(LEAVES, "left", "离站时间", "time of leaving"),
	LINK(MATTERS, "matters", KIND_matter, "由此登记的事项", "matters that came of it", ST_MANY),
	LINK(SUGGESTIONS, "suggestions", KIND_suggestion, "由此提出的建议", "suggestions that came of it", ST_MANY),
	LINK(SCHEDULE, "schedule", KIND_schedule, "所属四定安排", "the schedule that it meets", ST_INDEXED),
	HASH(PHOTOS, "photos", "照片 (SHA-256)", "photos (SHA-256)"),
	EVERY_KIND,
	PRIVATE(NAMES, "names", 120, "来访人姓名", "names", ST_MANY),
	PRIVATE(PHONE, "phone", 40, "电话", "phone", 0),
	PRIVATE(ADDRESS, "address", 300, "住址", "address", 0),
	PRIVATE(POST, "post", 120, "单位及职务", "unit and post", 0),
	IDENTITY(IDENTITY_NUMBER, "identity", "身份证号", "identity number"),
};

static const struct st_state_row states[] = {
	{ RECORDED, "recorded", ST_ENDED, "已记录", "recorded" },
	{ VOIDED, "voided", ST_ENDED, "作废", "voided" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "record", FROM(0), RECORDED, NEEDS(ST_F_CHANNEL, ST_F_TITLE), "登记进站", "record",
	     "--who masses --title 反映噪声 --services reception --deputies D-17 --names 王某"),
	MOVE(2, "link", FROM(RECORDED), 0, NEEDS(MATTERS), "关联事项", "link the matters that came of it",
	     "--matters NUMBER"),
	MOVE(3, "suggest", FROM(RECORDED), 0, NEEDS(SUGGESTIONS), "关联建议", "link the suggestions that came of it",
	     "--suggestions NUMBER"),
	MOVE(4, "add", FROM(RECORDED), 0, NEEDS(0), "补充", "add what was left out",
	     "--services law_advice --left 16:20"),
	MOVE(5, "void", FROM(RECORDED), VOIDED, NEEDS(ST_F_REASON), "作废", "void", "--reason 重复登记"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_visit = { KIND(visit, "进站记录", "visit") };
