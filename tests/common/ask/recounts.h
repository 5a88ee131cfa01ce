/* recounts.h - each question's answer, counted plainly from lives: one look at all of them for each
 * figure. */
#pragma once
#include "lives.h"
#include "days.h"

static bool tallied(const struct counted *c, uint32_t day) /* of a month that the period takes in */
{
	uint32_t m = st_month_of_day(day);
	return day != 0 && (c->from == 0 || m >= st_month_of_day(c->from)) &&
	       (c->to == 0 || m <= st_month_of_day(c->to));
}

static uint32_t days_of(const struct lived *l)
{
	return l->closed > l->opened ? l->closed - l->opened : 0;
}

static int by_value(const void *a, const void *b)
{
	return *(const uint32_t *)a < *(const uint32_t *)b
		       ? -1
		       : *(const uint32_t *)a > *(const uint32_t *)b;
}

static const char *rank_of(uint32_t *days, size_t n, unsigned percent, char room[32])
{
	qsort(days, n, sizeof(*days), by_value);
	return n == 0 ? "-" : real(days[(n * percent + 99) / 100 - 1], room);
}

static void recount_opened(struct counted *c)
{
	uint32_t first = UINT32_MAX, last = 0;
	EACH(c, l, "matter")
	{
		uint32_t from = st_month_of_day(l->opened), to = st_month_of_day(l->closed);
		first = from < first ? from : first;
		first = l->closed != 0 && to < first ? to : first;
		last = from > last ? from : last;
		last = to > last ? to : last;
	}
	for (uint32_t m = first; m <= last; m++)
		EACH_TOWN(c, b)
		{
			unsigned n[3] = { 0 };
			char month[ST_MONTH_TEXT];
			EACH(c, l, "matter")
			{
				n[0] += covered(opener(c, l)) &&
					opener(c, l)->branch == b->number &&
					st_month_of_day(l->opened) == m && tallied(c, l->opened);
				if (!covered(holder(c, l)) || holder(c, l)->branch != b->number)
					continue;
				n[1] += l->closed != 0 && st_month_of_day(l->closed) == m &&
					tallied(c, l->closed);
				n[2] += open_now(l) && st_month_of_day(l->opened) == m &&
					tallied(c, l->opened);
			}
			st_month_text(m, month);
			if (n[0] + n[1] + n[2] > 0)
				say(c, "%s|%s|%s|%u|%u|%u", b->code, b->name, month, n[0], n[1],
				    n[2]);
		}
}

static void say_overdue(struct counted *c, const struct town *b, const char *unit,
			const char *label)
{
	unsigned n[2] = { 0 };
	char r[32];
	EACH(c, l, "matter")
	{
		bool in = covered(holder(c, l)) && holder(c, l)->branch == b->number &&
			  open_now(l) && (unit == NULL || strcmp(txt(l, "unit"), unit) == 0);
		n[0] += in;
		n[1] += in && overdue(c, l);
	}
	if (n[0] > 0)
		say(c, "%s|%s|%s|%u|%u|%s", b->code, b->name, label, n[0], n[1],
		    share(n[1], n[0], r));
}

static void recount_overdue(struct counted *c)
{
	texts_of(c, "matter", "unit");
	EACH_TOWN(c, b)
	{
		say_overdue(c, b, NULL, "合计");
		for (size_t i = 0; i < c->text_count; i++)
			say_overdue(c, b, c->texts[i], c->texts[i][0] == 0 ? "未交办" : c->texts[i]);
	}
}

static void recount_focus(struct counted *c)
{
	static const char *const states[] = { "registered", "accepted", "assigned", "answered",
					      "echoed",     "reopened", "closed",   "refused",
					      "merged",     "withdrawn" };
	for (unsigned focus = 1; focus <= 6; focus++) {
		unsigned opened = 0, late = 0, in[10] = { 0 };
		uint32_t days[LIVES], n = 0;
		char r[2][32], name[32] = "";
		if (c->city.focus != 0)
			c->city.focus_name(c->city.focus, focus, name);
		EACH(c, l, "matter")
		{
			if (num(l, "focus") != focus)
				continue;
			opened += covered(opener(c, l)) && tallied(c, l->opened);
			if (!covered(holder(c, l)))
				continue;
			for (unsigned s = 0; s < 10; s++)
				in[s] += in_state(l, states[s]) && tallied(c, l->opened);
			late += overdue(c, l) && tallied(c, l->opened);
			if (tallied(c, l->closed))
				days[n++] = days_of(l);
		}
		say(c, "%u|%s|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%u|%s|%s", focus, or_none(name), opened, in[0], in[1],
		    in[2], in[3], in[4], in[5], in[6], in[7], in[8], in[9], late,
		    rank_of(days, n, 50, r[0]), rank_of(days, n, 90, r[1]));
	}
}

static void recount_days(struct counted *c)
{
	texts_of(c, "matter", "category");
	for (size_t i = 0; i < c->text_count; i++) {
		uint32_t days[LIVES], n = 0;
		char r[2][32];
		EACH(c, l, "matter")
		if (covered(holder(c, l)) && tallied(c, l->closed) &&
		    strcmp(txt(l, "category"), c->texts[i]) == 0)
			days[n++] = days_of(l);
		if (n > 0)
			say(c, "%s|%u|%s|%s", or_none(c->texts[i]), n, rank_of(days, n, 50, r[0]),
			    rank_of(days, n, 90, r[1]));
	}
}

static void recount_ratings(struct counted *c)
{
	static const char *const labels[] = { "满意", "基本满意", "不满意", "未评价", "无记录" };
	static const uint64_t values[] = { 1, 2, 3, 9, 0 };
	for (unsigned i = 0; i < 5; i++) {
		unsigned n[5] = { 0 };
		EACH(c, l, "matter")
		for (unsigned k = 0; k < 5; k++)
			n[k] += covered(holder(c, l)) && tallied(c, l->closed) &&
				num(l, "rating_answer") == values[i] &&
				num(l, "rating_result") == values[k];
		say(c, "%s|%u|%u|%u|%u|%u|%u", labels[i], n[0] + n[1] + n[2] + n[3] + n[4], n[0],
		    n[1], n[2], n[3], n[4]);
	}
}

static void recount_reopened(struct counted *c)
{
	unsigned all[3] = { 0 };
	char r[32];
	EACH_TOWN(c, b)
	{
		unsigned n[3] = { 0 };
		EACH(c, l, "matter")
		{
			if (!covered(holder(c, l)) || holder(c, l)->branch != b->number ||
			    !tallied(c, l->opened))
				continue;
			n[0]++;
			n[1] += !open_now(l);
			n[2] += l->reopened > 0;
		}
		for (unsigned i = 0; i < 3; i++)
			all[i] += n[i];
		if (n[0] > 0)
			say(c, "%s|%s|%u|%u|%u|%s", b->code, b->name, n[0], n[1], n[2],
			    share(n[2], n[0], r));
	}
	say(c, "-|合计|%u|%u|%u|%s", all[0], all[1], all[2], share(all[2], all[0], r));
}

static const char *tier_text(const struct town *t)
{
	static const char *const texts[] = { "", "市总站", "县区分站", "乡镇街道基站",
					     "行业专业站" };
	return texts[t->tier];
}

static int64_t silent_days(const struct counted *c, const struct town *t)
{
	return (c->now_ms - (int64_t)t->checkpoint_s * 1000) / 86400000;
}

static void recount_silent(struct counted *c)
{
	EACH_TOWN(c, t)
	{
		char at[ST_TIME_TEXT];
		if (!here(t) || t->number == c->self)
			continue;
		if (t->heard && c->now_ms - (int64_t)t->checkpoint_s * 1000 <= 86400000)
			continue;
		st_time_text((int64_t)t->checkpoint_s * 1000, at);
		const char *branch = town(c, t->branch)->name;
		if (t->heard)
			say(c, "%s|%s|%s|%s|%s|%lld|%llu", t->code, t->name, tier_text(t), branch,
			    at, (long long)silent_days(c, t), (unsigned long long)t->size);
		else
			say(c, "%s|%s|%s|%s|-|-|%llu", t->code, t->name, tier_text(t), branch,
			    (unsigned long long)t->size);
	}
}

static void recount_no_visit(struct counted *c)
{
	EACH_TOWN(c, t)
	{
		uint32_t last = 0, in = 0;
		char month[ST_MONTH_TEXT] = "";
		EACH(c, l, "visit")
		{
			if (!in_state(l, "recorded") || holder(c, l) != t)
				continue;
			in += tallied(c, l->opened);
			last = st_month_of_day(l->opened) > last ? st_month_of_day(l->opened)
								 : last;
		}
		if (last != 0)
			st_month_text(last, month);
		if (here(t) && in == 0)
			say(c, "%s|%s|%s|%s|%s", t->code, t->name, tier_text(t),
			    town(c, t->branch)->name, or_none(month));
	}
}

static void at_station(struct counted *c, const struct town *t, const char *type, unsigned n[6])
{
	EACH(c, l, "schedule")
	{
		unsigned o[5] = { 0 };
		if (holder(c, l) != t || (type != NULL && num(l, "type") != 3))
			continue;
		walk_days(c, l, o);
		n[0] += o[0] > 0;
		for (unsigned i = 0; i < 5; i++)
			n[1 + i] += o[i];
	}
}

static void recount_schedules(struct counted *c)
{
	EACH_TOWN(c, t)
	{
		unsigned n[6] = { 0 };
		char r[32];
		if (!t->covered)
			continue;
		at_station(c, t, NULL, n);
		if (n[0] + n[1] > 0)
			say(c, "%s|%s|%u|%u|%u|%u|%u|%u|%s", t->code, t->name, n[0], n[1], n[2],
			    n[3], n[4], n[5], share(n[3], n[1] - n[2], r));
	}
}

static void recount_leaders(struct counted *c)
{
	EACH_TOWN(c, t)
	{
		unsigned n[6] = { 0 }, visits = 0, matters = 0;
		if (!t->covered)
			continue;
		at_station(c, t, "leader_visit", n);
		EACH(c, l, "visit")
		visits += holder(c, l) == t && in_state(l, "recorded") && num(l, "who") == 3 &&
			  tallied(c, l->opened);
		EACH(c, l, "matter")
		matters += opener(c, l) == t && txt(l, "official")[0] != 0 && tallied(c, l->opened);
		if (n[0] + n[1] + visits + matters > 0)
			say(c, "%s|%s|%u|%u|%u|%u|%u|%u|%u|%u", t->code, t->name, n[0], n[1],
			    n[2], n[3], n[4], n[5], visits, matters);
	}
}

static void recount_law_services(struct counted *c)
{
	static const unsigned usual[] = { 4, 5, 6, 7, 3, 0 };
	const unsigned *numbers = c->city.officials[0] != 0 ? c->city.officials : usual;
	const struct st_choice *whos = st_kind_field(st_kind_named("visit"), ST_F_CHANNEL)->choices;
	for (unsigned i = 0; numbers[i] != 0; i++) {
		unsigned n[7] = { 0 };
		EACH(c, l, "visit")
		{
			if (!covered(opener(c, l)) || !in_state(l, "recorded") ||
			    num(l, "who") != numbers[i] || !tallied(c, l->opened))
				continue;
			n[0]++;
			for (unsigned s = 2; s <= 7; s++)
				n[s - 1] += has(l, "services", s, NULL);
		}
		say(c, "%s|%u|%u|%u|%u|%u|%u|%u", st_choice_numbered(whos, numbers[i])->zh, n[0], n[1], n[2], n[3], n[4], n[5],
		    n[6]);
	}
}

static struct town *serves_at(struct counted *c, const struct lived *l)
{
	const char *code = txt(l, "station");
	EACH_TOWN(c, t)
	if (strcmp(t->code, code) == 0)
		return t;
	return holder(c, l);
}

/* Opened later; in order of the index among equals. */
static bool is_later(const struct lived *l, const struct lived *than)
{
	if (l->opened != than->opened)
		return l->opened > than->opened;
	if (l->ref.opener != than->ref.opener)
		return l->ref.opener > than->ref.opener;
	return memcmp(l->ref.ulid.bytes, than->ref.ulid.bytes, ST_ULID_SIZE) > 0;
}

/* Nobody has entered the same deputy later. */
static bool is_newest_entry(struct counted *c, const struct lived *d)
{
	const char *code = txt(d, "deputy");
	EACH(c, l, "deputy")
	if (code[0] != 0 && open_now(l) && is_later(l, d) && strcmp(txt(l, "deputy"), code) == 0)
		return false;
	return true;
}

static void recount_no_reception(struct counted *c)
{
	EACH(c, d, "deputy")
	{
		const char *code = txt(d, "deputy");
		struct town *t = serves_at(c, d);
		uint32_t last = 0;
		bool received = false;
		char r[32];
		if (!in_state(d, "serving") || !covered(t) || !is_newest_entry(c, d))
			continue;
		EACH(c, l, "visit")
		{
			if (in_state(l, "voided") || !has(l, "deputies", 0, code))
				continue;
			received |= period(c, l->opened);
			last = l->opened > last && (c->to == 0 || l->opened <= c->to) ? l->opened
										      : last;
		}
		EACH(c, l, "matter")
		{
			if (strcmp(txt(l, "deputy"), code) != 0)
				continue;
			received |= period(c, l->opened);
			last = l->opened > last && (c->to == 0 || l->opened <= c->to) ? l->opened
										      : last;
		}
		if (!received)
			say(c, "%s|%s|%s|%s|%s", code, or_none(txt(d, "name")), t->code, t->name,
			    daytext(last, r));
	}
}

static void recount_suggestions(struct counted *c)
{
	static const char *const labels[] = { "A|已解决或基本解决", "B|正在解决", "C|列入计划",
					      "D|留作参考, 已说明", "-|尚无分类" };
	for (unsigned i = 0; i < 5; i++) {
		unsigned n[5] = { 0 };
		EACH(c, l, "suggestion")
		{
			if (!covered(holder(c, l)) || num(l, "class") != (i + 1) % 5 ||
			    !tallied(c, l->opened))
				continue;
			n[0]++;
			n[open_now(l) ? 1 : 2]++;
			n[3] += in_state(l, "promised");
			n[4] += in_state(l, "promised") && newest(l, "promise") != NULL &&
				num(l, "promise") < c->today;
		}
		say(c, "%s|%u|%u|%u|%u|%u", labels[i], n[0], n[1], n[2], n[3], n[4]);
	}
}
