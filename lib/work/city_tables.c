/* city_tables.c - the city's tables: their columns, keys and limits.
 *
 * Owns:    these tables, and nothing that walks them. Numbers and places of columns are in events for ever.
 * Flow:    tables -> city, city_read -> apply, api, stationctl */
#include <string.h>
#include <station/base/check.h>
#include <station/work/assessment.h>

static const struct st_choice units[] = {
	{ 1, "working", "工作日", "working days" },
	{ 2, "calendar", "自然日", "calendar days" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice yes_no[] = {
	{ 1, "no", "否", "no" },
	{ 2, "yes", "是", "yes" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice day_kinds[] = {
	{ 1, "off", "休", "off" },
	{ 2, "work", "班", "work" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice tiers[] = {
	{ 1, "main", "市总站", "main" },
	{ 2, "branch", "县区分站", "branch" },
	{ 3, "base", "乡镇街道基站", "base" },
	{ 4, "specialty", "行业专业站", "specialty" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice assessed[] = {
#define X(number, name, counted, zh, en) { number, #name, zh, en },
	ST_ASSESSED(X)
#undef X
	{ 0, NULL, NULL, NULL },
};

#define TEXT(name, flags, max, zh, en)  { name, ST_CITY_TEXT, flags, 0, max, NULL, NULL, zh, en }
#define COUNT(name, flags, min, max, zh, en) { name, ST_CITY_COUNT, flags, min, max, NULL, NULL, zh, en }
#define CHOICE(name, flags, choices, zh, en) { name, ST_CITY_CHOICE, flags, 0, 0, choices, NULL, zh, en }
#define FIELD(name, flags, field, zh, en) { name, ST_CITY_FIELD, flags, 0, 0, NULL, field, zh, en }
#define OTHER(name, type, flags, zh, en) { name, type, flags, 0, 0, NULL, NULL, zh, en }
enum { NEEDED = ST_CITY_NEEDED, ANY = ST_CITY_ANY, LIST = ST_CITY_LIST };

static const struct st_city_column categories[] = {
	TEXT("level1", NEEDED, 120, "一级类别", "category"),
	TEXT("level2", 0, 120, "二级类别", "category below it"),
	TEXT("level3", 0, 120, "三级类别", "category below that"),
	TEXT("unit", 0, 120, "通常承办单位", "unit that handles it by default"),
	TEXT("code", 0, 40, "代码", "code"),
};
static const struct st_city_column focus[] = {
	COUNT("number", NEEDED, 1, 6, "序号", "number"),
	TEXT("name", NEEDED, 120, "重点事项", "key matter"),
	TEXT("note", 0, 400, "说明", "note"),
};
static const struct st_city_column deadlines[] = {
	OTHER("kind", ST_CITY_KIND, NEEDED, "类", "kind"),
	TEXT("category", NEEDED | ANY, 120, "类别 (* 为任何)", "category (* any)"),
	FIELD("urgency", NEEDED | ANY, "matter.urgency", "紧急程度 (* 为任何)", "urgency (* any)"),
	COUNT("days", NEEDED, 0, 3650, "天数", "days"),
	CHOICE("unit", NEEDED, units, "按", "counted in"),
	CHOICE("stops", NEEDED, yes_no, "等待反映人时停表", "the clock stops while waiting for the reporter"),
	COUNT("extend", 0, 0, 3650, "最多延长天数", "extension of at most so many days"),
	CHOICE("before_due", 0, yes_no, "须在到期前申请延期", "an extension is asked before the due day"),
	COUNT("warn", 0, 0, 365, "提前几天提醒", "warned so many days ahead"),
};
static const struct st_city_column workdays[] = {
	OTHER("date", ST_CITY_DAY, NEEDED, "日期", "day"),
	CHOICE("kind", NEEDED, day_kinds, "休或班", "off or worked"),
	TEXT("name", 0, 120, "节日", "holiday"),
};
static const struct st_city_column registers[] = {
	TEXT("register", NEEDED, 32, "簿册", "register"),
	COUNT("order", NEEDED, 0, 99, "次序 (0 为簿名)", "order (0: the register's own title)"),
	TEXT("zh", NEEDED, 96, "中文栏名", "Chinese title"),
	TEXT("en", NEEDED, 96, "英文栏名", "English title"),
	TEXT("source", NEEDED, 500, "取自", "source: KIND.FIELD (order 0: the kinds)"),
};
static const struct st_city_column points[] = {
	TEXT("item", NEEDED, 80, "项目", "item"),
	TEXT("source", NEEDED, 500, "计自", "what counts: KIND.FIELD [WORD=VALUE...]"),
	COUNT("first", NEEDED, 0, 1000, "首次", "first"),
	COUNT("further", NEEDED, 0, 1000, "每再一次", "each further"),
	COUNT("at_most", NEEDED, 0, 10000, "最多", "at most"),
};
static const struct st_city_column schedules[] = {
	TEXT("name", NEEDED, 80, "名称", "name"),
	CHOICE("tier", NEEDED | ANY, tiers, "哪一级站 (* 为各级)", "tier (* all)"),
	FIELD("type", NEEDED, "schedule.type", "类型", "type"),
	FIELD("months", 0, "schedule.months", "月份", "months"),
	FIELD("weekdays", LIST, "schedule.weekdays", "星期", "weekdays"),
	FIELD("weeks", LIST, "schedule.weeks", "每月第几个", "which ones of the month"),
	FIELD("month_days", LIST, "schedule.month_days", "每月几日", "days of the month"),
	FIELD("starts", NEEDED, "schedule.starts", "开始", "starts at"),
	FIELD("ends", 0, "schedule.ends", "结束", "ends at"),
	TEXT("place", 0, 240, "地点", "place"),
	TEXT("topic", 0, 300, "主题", "topic"),
	TEXT("duty", 0, 240, "责任", "duty"),
	FIELD("holiday", 0, "schedule.holiday", "逢节假日", "on a holiday"),
	COUNT("days_ahead", 0, 0, 60, "提前几天公告", "announced so many days ahead"),
};
static const struct st_city_column guides[] = {
	OTHER("station", ST_CITY_CODE, NEEDED, "受指导站", "station that is guided"),
	OTHER("guide", ST_CITY_CODE, NEEDED, "指导站", "station that guides it"),
	TEXT("person", 0, 60, "联系人", "person"),
};
static const struct st_city_column settings[] = {
	OTHER("name", ST_CITY_NAME, NEEDED, "设置", "setting"),
	OTHER("value", ST_CITY_VALUE, NEEDED, "值", "value"),
};
static const struct st_city_column assessment[] = {
	CHOICE("line", NEEDED, assessed, "考核项", "what is measured"),
	COUNT("most", NEEDED, 0, 1000, "满分", "points at most"),
	COUNT("full_at", 0, 1, 1000000, "多少次得满分 (按次数计的项)", "of what is counted: how many earn all points"),
	COUNT("of_nothing", 0, 0, 1000, "无从计算时得分", "points where there is nothing to take a share of"),
};

#define TABLE(name, zh, en, key, rows)                                                             \
	{ ST_CITY_##name, #name, zh, en, name, sizeof(name) / sizeof(name[0]), key, rows }
#define FITS(name) _Static_assert(sizeof(name) / sizeof(name[0]) <= ST_CITY_COLUMNS_MAX, #name)
FITS(categories);
FITS(deadlines);
FITS(registers);
FITS(schedules);

/* Keys: bits of the columns. */
static const struct st_city_table tables[] = {
	TABLE(categories, "类别", "categories", 7, 3000),
	TABLE(focus, "重点事项", "key matters", 1, 6),
	TABLE(deadlines, "办理期限", "deadlines", 7, 500),
	TABLE(workdays, "工作日", "working days", 1, 2000),
	TABLE(registers, "簿册栏目", "columns of registers", 3, 300),
	TABLE(points, "积分", "points", 1, 100),
	TABLE(schedules, "四定样板", "templates of schedules", 1, 200),
	TABLE(guides, "指导关系", "who guides which station", 5, 1500),
	TABLE(settings, "设置", "settings", 1, 100),
	TABLE(assessment, "站点考核评分", "points of stations", 1, ST_ASSESSED_END - 1),
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

size_t st_city_table_count(void)
{
	return TABLES;
}

const struct st_city_table *st_city_table_at(size_t i)
{
	ST_REQUIRE(i < TABLES);
	return &tables[i];
}

const struct st_city_table *st_city_table(uint32_t number)
{
	if (number == 0 || number > TABLES)
		return NULL;
	st_assert(tables[number - 1].number == number); /* listed from 1 on, in order */
	return &tables[number - 1];
}

const struct st_city_table *st_city_table_named(struct st_span name)
{
	for (size_t i = 0; i < TABLES; i++)
		if (st_span_equal(name, st_span_text(tables[i].name)))
			return &tables[i];
	return NULL;
}

const struct st_city_table *st_city_table_of_file(const char *path)
{
	ST_REQUIRE(path != NULL);
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
	const char *dot = strchr(base, '.');
	return st_city_table_named(st_span(base, dot == NULL ? strlen(base) : (size_t)(dot - base)));
}
