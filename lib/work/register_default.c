/* register_default.c - the six registers of a liaison station, 六簿, where the city has issued no others.
 *
 * Owns:    this table, in the words of work/register.h, and which table is in force.
 * Flow:    table, city's tables -> register */
#include <station/work/register.h>
#include <stdlib.h>
#include <station/base/check.h>
#include <station/work/city.h>

enum { ROW_REGISTER, ROW_ORDER, ROW_ZH, ROW_EN, ROW_SOURCE, ROW_CELLS };
_Static_assert((int)ROW_CELLS <= (int)ST_CITY_COLUMNS_MAX, "a row of the city's table");

#define LINE(reg, order, zh, en, source)                                                           \
	{ { (const uint8_t *)(reg), sizeof(reg) - 1 }, order, { (const uint8_t *)(zh), sizeof(zh) - 1 }, \
	  { (const uint8_t *)(en), sizeof(en) - 1 }, { (const uint8_t *)(source), sizeof(source) - 1 } }

#define R "reception"
#define M "matters"
#define S "suggestions"
#define A "activities"
#define T "training"
#define E "evaluation"
static const struct st_register_line lines[] = {
	/* A matter that came of a visit stands with the visit. */
	LINE(R, 0, "接待群众登记簿", "masses reception",
	     "visit state=recorded + matter channel=visit,phone,letter,deputy !visit"),
	LINE(R, 1, "序号", "no.", "record.row"),
	LINE(R, 2, "编号", "number", "record.number"),
	LINE(R, 3, "事由", "subject", "title"),
	LINE(R, 4, "姓名", "name", "reporter_name|names"),
	LINE(R, 5, "性别", "sex", "sex:reporter_id|sex:identity"),
	LINE(R, 6, "身份证号", "identity number", "reporter_id|identity"),
	LINE(R, 7, "涉及人数", "people concerned", "people"),
	LINE(R, 8, "住址", "address", "reporter_address|address"),
	LINE(R, 9, "接待人及职务", "received by, and post", "received_by|official|deputies|deputy"),
	LINE(R, 10, "接待日期", "date", "record.opened"),
	LINE(R, 11, "起因", "cause", "cause|matters>cause"),
	LINE(R, 12, "地点", "place", "place|matters>place"),
	LINE(R, 13, "反映内容", "text", "text|words|matters>text"),
	LINE(R, 14, "处理意见", "proposal", "proposal|matters>proposal|elsewhere|matters>elsewhere"),
	LINE(R, 15, "办理方式", "how handled", "matters>record.handled|services|record.handled"),
	LINE(R, 16, "由此登记的事项", "matters that came of it", "matters>record.number"),
	LINE(R, 17, "承办单位", "unit", "unit|matters>unit"),
	LINE(R, 18, "经办人", "by whom", "record.handler"),
	LINE(R, 19, "办理日期", "when", "record.changed"),
	LINE(R, 20, "备注", "remarks", "record.remarks"),

	LINE(M, 0, "群众意见建议办理登记簿", "matters handled", "matter"),
	LINE(M, 1, "序号", "no.", "record.row"),
	LINE(M, 2, "编号", "number", "record.number"),
	LINE(M, 3, "登记日期", "registered", "record.opened"),
	LINE(M, 4, "渠道", "channel", "channel"),
	LINE(M, 5, "类别", "category", "category"),
	LINE(M, 6, "标题", "title", "title"),
	LINE(M, 7, "内容", "text", "text|words"),
	LINE(M, 8, "反映人", "reporter", "reporter_name"),
	LINE(M, 9, "联系电话", "phone", "reporter_phone"),
	LINE(M, 10, "地点", "place", "place"),
	LINE(M, 11, "涉及人数", "people concerned", "people"),
	LINE(M, 12, "接待代表", "receiving deputy", "deputy"),
	LINE(M, 13, "拟办意见", "proposal", "proposal"),
	LINE(M, 14, "登记站", "registered at", "record.opener_name"),
	LINE(M, 15, "持有站", "held by", "record.holder_name"),
	LINE(M, 16, "承办单位", "handling unit", "unit"),
	LINE(M, 17, "办理期限", "due", "record.due"),
	LINE(M, 18, "状态", "state", "record.state"),
	LINE(M, 19, "答复", "reply", "reply|elsewhere"),
	LINE(M, 20, "反馈方式", "how it was told", "told_how"),
	LINE(M, 21, "答复满意度", "rating of the answer", "rating_answer"),
	LINE(M, 22, "结果满意度", "rating of the result", "rating_result"),
	LINE(M, 23, "办结日期", "closed", "record.closed"),
	LINE(M, 24, "办理天数", "days", "record.days"),
	LINE(M, 25, "经办人", "by whom", "record.handler"),
	LINE(M, 26, "备注", "remarks", "record.remarks"),

	LINE(S, 0, "代表建议登记簿", "deputies' suggestions", "suggestion"),
	LINE(S, 1, "序号", "no.", "record.row"),
	LINE(S, 2, "编号", "number", "record.number"),
	LINE(S, 3, "提出日期", "raised", "record.opened"),
	LINE(S, 4, "届次", "session", "session"),
	LINE(S, 5, "种类", "type", "type"),
	LINE(S, 6, "标题", "title", "title"),
	LINE(S, 7, "内容", "text", "text"),
	LINE(S, 8, "领衔代表", "raised by", "deputy"),
	LINE(S, 9, "附议代表", "co-signers", "co_signers"),
	LINE(S, 10, "主办单位", "main unit", "unit"),
	LINE(S, 11, "会办单位", "co-handling units", "co_units"),
	LINE(S, 12, "办理期限", "due", "record.due"),
	LINE(S, 13, "状态", "state", "record.state"),
	LINE(S, 14, "答复方式", "how it was answered", "answered_how"),
	LINE(S, 15, "答复分类", "class of the answer", "class"),
	LINE(S, 16, "答复", "answer", "reply"),
	LINE(S, 17, "对答复的评价", "rating of the answer", "rating_answer"),
	LINE(S, 18, "对结果的评价", "rating of the result", "rating_result"),
	LINE(S, 19, "承诺期限", "promised for", "promise"),
	LINE(S, 20, "重点建议", "key suggestion", "key"),
	LINE(S, 21, "办结日期", "closed", "record.closed"),
	LINE(S, 22, "备注", "remarks", "record.remarks"),

	LINE(A, 0, "代表活动登记簿", "deputies' activities",
	     "activity state=planned,held type=inspection,research,enforcement_check,evening_talk,"
	     "themed_reception,grid,policy,voters_visited,dispute_settled,help,good_deed,charity,other"),
	LINE(A, 1, "序号", "no.", "record.row"),
	LINE(A, 2, "编号", "number", "record.number"),
	LINE(A, 3, "活动日期", "date", "on|record.opened"),
	LINE(A, 4, "活动类型", "type", "type"),
	LINE(A, 5, "活动主题", "topic", "title"),
	LINE(A, 6, "活动地点", "place", "place"),
	LINE(A, 7, "组织者", "held by", "host"),
	LINE(A, 8, "参加代表", "deputies present", "deputies"),
	LINE(A, 9, "请假代表", "deputies on leave", "on_leave"),
	LINE(A, 10, "参加群众", "citizens present", "people"),
	LINE(A, 11, "活动情况", "what happened", "text"),
	LINE(A, 12, "由此登记的事项", "matters that came of it", "matters>record.number"),
	LINE(A, 13, "由此提出的建议", "suggestions that came of it", "suggestions>record.number"),
	LINE(A, 14, "联络站", "station", "record.opener_name"),
	LINE(A, 15, "状态", "state", "record.state"),
	LINE(A, 16, "备注", "remarks", "record.remarks"),

	LINE(T, 0, "学习培训登记簿", "study and training", "activity state=planned,held type=training"),
	LINE(T, 1, "序号", "no.", "record.row"),
	LINE(T, 2, "编号", "number", "record.number"),
	LINE(T, 3, "学习日期", "date", "on|record.opened"),
	LINE(T, 4, "学习主题", "topic", "title"),
	LINE(T, 5, "地点", "place", "place"),
	LINE(T, 6, "组织者", "held by", "host"),
	LINE(T, 7, "参加代表", "deputies present", "deputies"),
	LINE(T, 8, "请假代表", "deputies on leave", "on_leave"),
	LINE(T, 9, "学时", "hours", "hours"),
	LINE(T, 10, "学习内容", "what was studied", "text"),
	LINE(T, 11, "联络站", "station", "record.opener_name"),
	LINE(T, 12, "状态", "state", "record.state"),
	LINE(T, 13, "备注", "remarks", "record.remarks"),

	LINE(E, 0, "代表述职评议登记簿", "reports and evaluation",
	     "activity state=planned,held type=report_to_voters"),
	LINE(E, 1, "序号", "no.", "record.row"),
	LINE(E, 2, "编号", "number", "record.number"),
	LINE(E, 3, "述职日期", "date", "on|record.opened"),
	LINE(E, 4, "述职代表", "deputies who reported", "deputies"),
	LINE(E, 5, "主题", "topic", "title"),
	LINE(E, 6, "地点", "place", "place"),
	LINE(E, 7, "主持人", "chaired by", "host"),
	LINE(E, 8, "参加选民", "voters present", "people"),
	LINE(E, 9, "述职情况", "the report", "text"),
	LINE(E, 10, "评议结果", "rating", "rating_result"),
	LINE(E, 11, "联络站", "station", "record.opener_name"),
	LINE(E, 12, "状态", "state", "record.state"),
	LINE(E, 13, "备注", "remarks", "record.remarks"),
};

const struct st_register_line *st_register_defaults(size_t *ret_count)
{
	*ret_count = sizeof(lines) / sizeof(lines[0]);
	return lines;
}

int st_registers_of_rows(struct st_span rows, uint32_t columns, struct st_registers **ret_registers,
			 struct st_register_wrong *reterr)
{
	size_t count = st_city_rows_count(rows, columns), n = 0;
	struct st_city_rows r = st_city_rows(rows, columns);
	struct st_registers *all = NULL;
	struct st_register_line *table = calloc(count + 1, sizeof(*table));
	if (table == NULL)
		return ST_ENOMEM;
	for (; n < count && st_city_rows_next(&r); n++)
		table[n] = (struct st_register_line){ r.cells[ROW_REGISTER],
						      (uint32_t)st_city_number(r.cells[ROW_ORDER], 0),
						      r.cells[ROW_ZH], r.cells[ROW_EN], r.cells[ROW_SOURCE] };
	st_assert(n == count);
	int rc = st_registers_read(table, n, &all, reterr);
	free(table);
	if (rc == 0 && ret_registers != NULL)
		*ret_registers = all;
	else
		free(all);
	return rc;
}

static int load_city(struct st_txn *t, uint32_t day, struct st_registers **ret_registers)
{
	struct st_city_version v;
	struct st_register_wrong wrong;
	struct st_buf rows;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	int rc = st_city_in_force(t, ST_CITY_registers, day, &v);
	if (rc == 0)
		rc = st_city_get(t, ST_CITY_registers, v.version, &v, &rows);
	if (rc == 0)
		rc = st_registers_of_rows(st_buf_span(&rows), v.columns, ret_registers, &wrong);
	st_buf_done(&rows);
	return rc;
}

int st_registers_load(struct st_txn *t, uint32_t day, struct st_registers **ret_registers)
{
	struct st_register_wrong wrong;
	ST_REQUIRE(t != NULL);
	ST_REQUIRE(ret_registers != NULL);
	int rc = load_city(t, day, ret_registers);
	if (rc != ST_ENOTFOUND && rc != ST_EFIELD && rc != ST_ETOOBIG)
		return rc;
	rc = st_registers_read(lines, sizeof(lines) / sizeof(lines[0]), ret_registers, &wrong);
	st_assert(rc == 0 || rc == ST_ENOMEM); /* our own table is right: a test reads it */
	return rc;
}
