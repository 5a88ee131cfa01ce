/* city_settings.c - the closed list of what a city may set, with types and ranges.
 *
 * Owns:    the list, and what holds where the city says nothing.
 * Flow:    settings -> city_read, terms, ask */
#include <string.h>
#include <station/base/check.h>
#include <station/work/city.h>

#define COUNT(name, min, max, usual, zh, en)                                                       \
	{ name, ST_SETTING_COUNT, min, max, NULL, false, usual, zh, en }
#define WORKING(name, min, max, usual, zh, en)                                                     \
	{ name, ST_SETTING_COUNT, min, max, NULL, true, usual, zh, en }
#define SHARE(name, usual, zh, en) { name, ST_SETTING_SHARE, 0, 0, NULL, false, usual, zh, en }
#define FIELDS(name, field, usual, zh, en) { name, ST_SETTING_FIELDS, 0, 0, field, false, usual, zh, en }
#define TEXT(name, max, usual, zh, en) { name, ST_SETTING_TEXT, 0, max, NULL, false, usual, zh, en }

static const struct st_setting settings[] = {
	COUNT("floor_reports", 0, 100, "1", "代表每年述职至少几次", "reports to voters a deputy owes a year"),
	COUNT("floor_voters", 0, 1000, "10", "代表每年联系选民至少几人", "voters a deputy contacts a year"),
	COUNT("floor_receptions", 0, 365, "2", "代表每年接待至少几次", "receptions a deputy owes a year"),
	FIELDS("law_officials", "visit.who", "judge prosecutor judicial_officer official leader",
	       "三官两员是哪些来访人类别", "which visitors are the five law officials"),
	TEXT("key_supervisors", 300, "", "五位一体督办的五方 (以空格分隔)",
	     "the five parties of key supervision, with blanks between"),
	FIELDS("promise_classes", "suggestion.class", "B C", "哪些答复分类是承诺",
	       "which classes of answers are promises"),
	SHARE("ballot_quorum", "2/3", "到会代表占全体的份额", "share of all deputies who must be present"),
	SHARE("ballot_majority", "1/2", "当选票数须超过全体的份额", "share of all deputies that votes must exceed"),
	WORKING("return_days", 1, 60, "7", "建议退办期限 (工作日)", "a unit returns a suggestion within (working days)"),
	COUNT("opinion_days", 1, 365, "30", "会办意见期限 (自然日)", "co-handling opinions within (calendar days)"),
	COUNT("new_answer_days", 15, 62, "60", "重新答复期限 (自然日)", "a new answer within (calendar days)"),
	COUNT("announce_days", 0, 60, "3", "接待日提前几天公告", "reception days are announced so many days ahead"),
	COUNT("group_people", 2, 1000, "5", "群体性事项的人数", "people that make a matter a group's"),
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };
_Static_assert(SETTINGS <= 100, "the table has room for each of them");

size_t st_setting_count(void)
{
	return SETTINGS;
}

const struct st_setting *st_setting_at(size_t i)
{
	ST_REQUIRE(i < SETTINGS);
	return &settings[i];
}

const struct st_setting *st_setting_named(struct st_span name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (st_span_equal(name, st_span_text(settings[i].name)))
			return &settings[i];
	return NULL;
}

struct st_span st_city_word(struct st_span *rest)
{
	size_t from = 0, end;
	while (from < rest->size && rest->data[from] == ' ')
		from++;
	for (end = from; end < rest->size && rest->data[end] != ' '; end++)
		;
	st_assert(end <= rest->size);
	struct st_span word = st_span(rest->data + from, end - from);
	*rest = st_span(rest->data + end, rest->size - end);
	return word;
}

const struct st_field_row *st_city_field(const char *path)
{
	char kind[40];
	const char *dot = strchr(path, '.');
	ST_REQUIRE(dot != NULL);
	size_t n = (size_t)(dot - path);
	ST_REQUIRE(n < sizeof(kind));
	memcpy(kind, path, n);
	kind[n] = 0;
	const struct st_kind *k = st_kind_named(kind);
	ST_REQUIRE(k != NULL);
	const struct st_field_row *f = st_kind_field_named(k, st_span_text(dot + 1));
	ST_REQUIRE(f != NULL);
	return f;
}

/* A number of at most 6 digits, from *at on. */
static bool digits(struct st_span text, size_t *at, uint32_t *ret)
{
	size_t from = *at;
	uint32_t v = 0;
	for (; *at < text.size && *at < from + 6 && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++)
		v = v * 10 + (uint32_t)(text.data[*at] - '0');
	st_assert(v < 1000000);
	*ret = v;
	return *at > from;
}

int st_share_parse(struct st_span text, uint32_t *ret_of, uint32_t *ret_whole)
{
	size_t at = 0;
	uint32_t of = 0, whole = 0;
	if (!digits(text, &at, &of) || at >= text.size || text.data[at++] != '/' ||
	    !digits(text, &at, &whole) || at != text.size || whole == 0 || of > whole)
		return ST_EFIELD;
	*ret_of = of;
	*ret_whole = whole;
	return 0;
}
