/* recounts_more.h - the other questions' answers, counted plainly from lives. */
#pragma once
#include <math.h>
#include "recounts.h"

static const char *state_text(const struct lived *l)
{
	const struct st_state_row *s = st_kind_state(l->kind, l->state);
	return s == NULL ? "-" : s->zh;
}

static void recount_key_notices(struct counted *c)
{
	EACH(c, l, "supervision")
	{
		char r[2][32], many[LINE];
		struct town *from = opener(c, l), *to = holder(c, l);
		if (num(l, "level") != 2 || !overdue(c, l) || (!covered(from) && !covered(to)))
			continue;
		say(c, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%u|%s|%s", l->number, or_none(txt(l, "title")),
		    from->code, from->name, to->code, to->name, state_text(l),
		    daytext(l->opened, r[0]), daytext((uint32_t)num(l, "due"), r[1]),
		    c->today - (uint32_t)num(l, "due"), or_none(joined(l, "supervisors", many)),
		    or_none(txt(l, "about")));
	}
}

static const char *maybe(const struct lived *l, const char *field, char room[32])
{
	(void)snprintf(room, 32, "%llu", (unsigned long long)num(l, field));
	return newest(l, field) == NULL ? "-" : room;
}

static void recount_projects(struct counted *c)
{
	EACH(c, l, "project")
	{
		char r[8][32], many[LINE];
		const struct st_choice *rating =
			st_choice_numbered(st_kind_field(l->kind, ST_F_RATING_RESULT)->choices,
					   num(l, "rating_result"));
		if (!covered(holder(c, l)) || in_state(l, "proposed") || in_state(l, "dropped") ||
		    in_state(l, "merged"))
			continue;
		say(c, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s", l->number,
		    or_none(txt(l, "title")), or_none(txt(l, "round")), state_text(l),
		    maybe(l, "votes", r[0]), maybe(l, "deputies_present", r[1]),
		    or_none(txt(l, "unit")), maybe(l, "budget", r[2]),
		    or_none(joined(l, "milestones", many)), maybe(l, "percent", r[3]),
		    daytext((uint32_t)num(l, "due"), r[4]), rating == NULL ? "-" : rating->zh,
		    maybe(l, "satisfied", r[5]), maybe(l, "basically", r[6]),
		    maybe(l, "unsatisfied", r[7]));
	}
}

/* What the last merge of it names; one that names nothing, which no command writes, joins nothing. */
static const char *joins_of(const struct lived *l)
{
	uint32_t merge = st_kind_move_named(l->kind, "merge")->number, last = 0;
	const struct told_value *t = NULL;
	for (uint32_t e = 0; e < l->events; e++)
		if (l->done[e].type == ST_MOVE && l->done[e].move == merge)
			last = e;
	for (size_t i = 0; i < l->told_count; i++)
		if (l->told[i].event == last && l->told[i].id == fid(l, "joins"))
			t = &l->told[i];
	return t == NULL ? "" : t->text;
}

static bool is_joined(const struct lived *l)
{
	return is_kind(l, "matter") && in_state(l, "merged") && joins_of(l)[0] != 0;
}

static bool is_voice(struct counted *c, const struct lived *l)
{
	return is_joined(l) && covered(holder(c, l)) && tallied(c, l->opened);
}

/* The number that is handled for it in the end. */
static const char *end_of(struct counted *c, const struct lived *from)
{
	const char *at = joins_of(from);
	for (int n = 0; n < LIVES; n++) {
		const char *next = NULL;
		EACH(c, l, "matter")
		if (is_joined(l) && strcmp(l->number, at) == 0)
			next = joins_of(l);
		if (next == NULL)
			break;
		at = next;
	}
	return at;
}

static void say_voices(struct counted *c, const char *number, unsigned voices)
{
	EACH(c, l, "matter")
	if (strcmp(l->number, number) == 0) {
		voices += covered(holder(c, l)) && tallied(c, l->opened); /* its own */
		say(c, "事项|%s|%s|%s|%s|%s|%s|%u|1", or_none(txt(l, "category")), number,
		    or_none(txt(l, "title")), holder(c, l)->code, holder(c, l)->name, state_text(l),
		    voices);
		return;
	}
	say(c, "事项|-|%s|-|-|-|-|%u|1", number, voices);
}

static void recount_voices(struct counted *c)
{
	texts_of(c, "matter", "category");
	for (size_t i = 0; i < c->text_count; i++) {
		unsigned n[2] = { 0 };
		EACH(c, l, "matter")
		{
			bool in = covered(holder(c, l)) && tallied(c, l->opened) &&
				  strcmp(txt(l, "category"), c->texts[i]) == 0;
			n[0] += in;
			n[1] += in && !in_state(l, "merged");
		}
		if (n[0] > 0)
			say(c, "类别|%s|-|-|-|-|-|%u|%u", or_none(c->texts[i]), n[0], n[1]);
	}
	c->ranked_from = c->line_count + 1;
	EACH(c, l, "matter")
	{
		unsigned voices = 0;
		bool first = true;
		if (!is_voice(c, l))
			continue;
		EACH(c, o, "matter")
		if (is_voice(c, o) && strcmp(end_of(c, o), end_of(c, l)) == 0) {
			voices++;
			first &= o >= l;
		}
		if (first)
			say_voices(c, end_of(c, l), voices);
	}
}

static void recount_handed_up(struct counted *c)
{
	EACH_TOWN(c, from)
	EACH_TOWN(c, to)
	{
		unsigned n = 0;
		if (!from->covered || (from->tier != ST_BASE && from->tier != ST_SPECIALTY) ||
		    from == to)
			continue;
		EACH(c, l, "matter")
		n += opener(c, l) == from && holder(c, l) == to && tallied(c, l->opened);
		const char *way = is_below(c, from->number, to->number)   ? "上报"
				  : is_below(c, to->number, from->number) ? "下派"
									  : "平级";
		if (n > 0)
			say(c, "%s|%s|%s|%s|%s|%s|%u", from->code, from->name,
			    town(c, from->branch)->name, to->code, to->name, way, n);
	}
}

static void say_online(struct counted *c, unsigned first, unsigned last, bool online,
		       const char *label)
{
	unsigned all = 0, n[5] = { 0 };
	uint32_t days[LIVES], count = 0;
	char r[3][32];
	EACH(c, l, "matter")
	{
		uint64_t channel = num(l, "channel"), a = num(l, "rating_answer"),
			 b = num(l, "rating_result");
		uint64_t said = b >= 1 && b <= 3 ? b : a >= 1 && a <= 3 ? a : 0;
		bool in = channel >= first && channel <= last && (channel == 4) == online;
		all += covered(opener(c, l)) && tallied(c, l->opened);
		n[0] += in && covered(opener(c, l)) && tallied(c, l->opened);
		if (!in || !covered(holder(c, l)))
			continue;
		n[1] += tallied(c, l->closed);
		n[2] += open_now(l) && tallied(c, l->opened);
		n[3] += tallied(c, l->closed) && said != 0;
		n[4] += tallied(c, l->closed) && said != 0 && said <= 2;
		if (tallied(c, l->closed))
			days[count++] = days_of(l);
	}
	bool sum = first != last;
	if (sum || n[0] + n[1] + n[2] > 0)
		say(c, "%s|%s|%u|%s|%u|%u|%s|%u|%s", online ? "线上" : "线下", label, n[0],
		    share(n[0], all, r[0]), n[1], n[2], rank_of(days, count, 50, r[1]), n[3],
		    share(n[4], n[3], r[2]));
}

static void recount_online(struct counted *c)
{
	const struct st_choice *channel =
		st_kind_field(st_kind(ST_KIND_MATTER), ST_F_CHANNEL)->choices;
	say_online(c, 0, 99, true, "合计");
	say_online(c, 0, 99, false, "合计");
	for (; channel->name != NULL; channel++)
		say_online(c, channel->number, channel->number, channel->number == 4, channel->zh);
}

/* The entry that speaks for a station: the last opened that isn't closed. */
static const struct lived *entry_of(struct counted *c, const struct town *t)
{
	const struct lived *best = NULL;
	EACH(c, l, "station")
	if (open_now(l) && (best == NULL || is_later(l, best)) && strcmp(txt(l, "code"), t->code) == 0)
		best = l;
	return best;
}

static void say_industry(struct counted *c, const char *industry, bool entry, const char *label)
{
	unsigned n[3] = { 0 };
	EACH_TOWN(c, t)
	{
		const struct lived *e = entry_of(c, t);
		if (!here(t) || t->tier != ST_SPECIALTY || (e != NULL) != entry ||
		    (e != NULL && strcmp(txt(e, "industry"), industry) != 0))
			continue;
		n[0]++;
		n[1] += e != NULL && num(e, "standing") == 2;
		n[2] += e != NULL && in_state(e, "suspended");
	}
	if (n[0] > 0)
		say(c, "%s|%u|%u|%u", label, n[0], n[1], n[2]);
}

static void recount_industries(struct counted *c)
{
	say_industry(c, "", false, "无站点登记");
	say_industry(c, "", true, "未填行业");
	texts_of(c, "station", "industry");
	for (size_t i = 0; i < c->text_count; i++)
		if (c->texts[i][0] != 0)
			say_industry(c, c->texts[i], true, c->texts[i]);
}

static void say_premises(struct counted *c, const struct town *b)
{
	unsigned n[7] = { 0 };
	char r[32];
	EACH_TOWN(c, t)
	{
		const struct lived *e = entry_of(c, t);
		if (!here(t) || (b != NULL && t->branch != b->number))
			continue;
		n[0]++;
		n[1] += e != NULL && has(e, "premises", 2, NULL);
		n[2] += e != NULL && has(e, "premises", 3, NULL);
		n[3] += e != NULL && has(e, "premises", 4, NULL);
		n[4] += e != NULL && has(e, "premises", 1, NULL);
		n[5] += e != NULL && newest(e, "premises") == NULL;
		n[6] += e == NULL;
	}
	if (b == NULL || n[0] > 0)
		say(c, "%s|%s|%u|%u|%u|%u|%u|%u|%u|%s", b == NULL ? "-" : b->code,
		    b == NULL ? "合计" : b->name, n[0], n[1], n[2], n[3], n[4], n[5], n[6],
		    share(n[1], n[0], r));
}

static void recount_premises(struct counted *c)
{
	EACH_TOWN(c, b)
	say_premises(c, b);
	say_premises(c, NULL);
}

/* The same date of the year before, by its text. */
static uint32_t year_before(uint32_t day)
{
	char text[ST_DAY_TEXT];
	int y, m, d;
	st_day_text(day, text);
	ST_REQUIRE(sscanf(text, "%d-%d-%d", &y, &m, &d) == 3);
	uint32_t before = st_day_of_date(y - 1, m, d);
	return before != 0 ? before : st_day_of_date(y - 1, m, d - 1);
}

/* So many tenths as there are whole ones in it, and one more from half of one on. */
static double part_of(unsigned most, unsigned of, unsigned whole)
{
	unsigned long tenths = 0, left = 10ul * most * of;
	for (; left >= whole; left -= whole)
		tenths++;
	return (double)(tenths + (2 * left >= whole)) / 10;
}

static const char *more(unsigned before, unsigned now, char room[32])
{
	double v = before == 0 ? 0 : part_of(100, now < before ? before - now : now - before, before);
	(void)snprintf(room, 32, "%.9g", now < before && v > 0 ? -v : v);
	return before == 0 ? "-" : room;
}

static void say_year(struct counted *c, const struct town *b)
{
	unsigned n[4] = { 0 };
	char r[2][32];
	uint32_t from[2] = { year_before(c->from), c->from }, to[2] = { year_before(c->to), c->to };
	EACH(c, l, "matter")
	for (unsigned i = 0; i < 2; i++) {
		struct town *o = opener(c, l), *h = holder(c, l);
		n[i] += covered(o) && (b == NULL || o->branch == b->number) &&
			l->opened >= from[i] && l->opened <= to[i];
		n[2 + i] += covered(h) && (b == NULL || h->branch == b->number) &&
			    l->closed >= from[i] && l->closed <= to[i] && l->closed != 0;
	}
	if (b == NULL || n[0] + n[1] + n[2] + n[3] > 0)
		say(c, "%s|%s|%u|%u|%s|%u|%u|%s", b == NULL ? "-" : b->code,
		    b == NULL ? "合计" : b->name, n[0], n[1], more(n[0], n[1], r[0]), n[2], n[3],
		    more(n[2], n[3], r[1]));
}

static void recount_year(struct counted *c)
{
	EACH_TOWN(c, b)
	say_year(c, b);
	say_year(c, NULL);
}

/* Of a life, how many events, all of them proven: the texts are the system test's. */
static void recount_life(struct counted *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->lives[i].number, c->record) == 0)
			for (uint32_t n = 0; n < c->lives[i].events + c->lives[i].strays; n++)
				say(c, "核验通过");
}

static void say_trainings(struct counted *c, const char *code, const struct lived *d)
{
	unsigned n = 0, hours = 0, ours = 0;
	uint32_t last = 0;
	char r[32];
	EACH(c, l, "activity")
	{
		uint32_t day = newest(l, "on") != NULL ? (uint32_t)num(l, "on") : l->opened;
		if (!in_state(l, "held") || num(l, "type") != 1 || !period(c, day) ||
		    !has(l, "deputies", 0, code))
			continue;
		n++;
		hours += (unsigned)num(l, "hours");
		last = day > last ? day : last;
		ours += covered(holder(c, l));
	}
	if (d != NULL)
		say(c, "%s|%s|%s|%s|%u|%u|%s", code, or_none(txt(d, "name")), serves_at(c, d)->code,
		    serves_at(c, d)->name, n, hours, daytext(last, r));
	else if (ours > 0)
		say(c, "%s|(无代表登记)|-|-|%u|%u|%s", code, n, hours, daytext(last, r));
}

static void recount_trainings(struct counted *c)
{
	EACH(c, d, "deputy")
	if (open_now(d) && covered(serves_at(c, d)) && is_newest_entry(c, d))
		say_trainings(c, txt(d, "deputy"), d);
	texts_of(c, "activity", "deputies");
	for (size_t i = 0; i < c->text_count; i++) {
		const char *code = c->texts[i];
		bool known = false;
		EACH(c, d, "deputy")
		known |= strcmp(txt(d, "deputy"), code) == 0;
		if (!known)
			say_trainings(c, code, NULL);
	}
}

struct score {
	struct town *t;
	double points[6], sum; /* NAN: no table */
	unsigned n[9]; /* open, in time, matters, ended, rated, satisfied, visits, kept, due */
};

static double one_place(double v)
{
	return (double)(int64_t)(10 * v + 0.5) / 10;
}

/* The table that is in force at the end of the period. */
static const struct towns_points *points_at(const struct counted *c)
{
	static const struct towns_points none = { .none = true };
	uint32_t day = c->to == 0 || c->to > c->today ? c->today : c->to;
	const struct towns_points *found = &none;
	for (size_t i = 0; i < c->points_count; i++)
		if (c->points[i].from_day <= day)
			found = &c->points[i];
	return found;
}

static void score_one(struct counted *c, struct score *s)
{
	unsigned o[6] = { 0 };
	EACH(c, l, "matter")
	{
		uint64_t a = num(l, "rating_answer"), b = num(l, "rating_result");
		uint64_t said = b >= 1 && b <= 3 ? b : a >= 1 && a <= 3 ? a : 0;
		if (holder(c, l) != s->t)
			continue;
		s->n[0] += open_now(l);
		s->n[1] += open_now(l) && !overdue(c, l);
		s->n[2] += tallied(c, l->opened);
		s->n[3] += tallied(c, l->opened) && !open_now(l);
		s->n[4] += tallied(c, l->closed) && said != 0;
		s->n[5] += tallied(c, l->closed) && said != 0 && said <= 2;
	}
	EACH(c, l, "visit")
	s->n[6] += holder(c, l) == s->t && in_state(l, "recorded") && tallied(c, l->opened);
	at_station(c, s->t, NULL, o);
	s->n[7] = o[3];
	s->n[8] = o[1] - o[2];
	bool heard = s->t->number == c->self ||
		     (s->t->heard && c->now_ms - (int64_t)s->t->checkpoint_s * 1000 <= 86400000);
	const struct towns_points *p = points_at(c);
	const double earned[6] = {
		s->n[0] == 0 ? p->of_nothing : part_of(p->most[0], s->n[1], s->n[0]),
		s->n[2] == 0 ? 0 : part_of(p->most[1], s->n[3], s->n[2]),
		s->n[4] == 0 ? 0 : part_of(p->most[2], s->n[5], s->n[4]),
		s->n[6] >= p->full_at ? p->most[3] : part_of(p->most[3], s->n[6], p->full_at),
		s->n[8] == 0 ? 0 : part_of(p->most[4], s->n[7], s->n[8]),
		heard ? p->most[5] : 0,
	};
	for (unsigned i = 0; i < 6; i++) {
		s->points[i] = p->none ? (double)NAN : earned[i];
		s->sum += s->points[i];
	}
	s->sum = p->none ? s->sum : one_place(s->sum);
}

static void recount_ranking(struct counted *c)
{
	struct score all[TOWNS] = { { 0 } };
	size_t count = 0;
	EACH_TOWN(c, t)
	if (here(t)) {
		all[count].t = t;
		score_one(c, &all[count++]);
	}
	for (size_t i = 0; i < count; i++) {
		struct score *s = &all[i];
		unsigned rank = 1;
		char r[12][32], silent[32] = "0";
		for (size_t k = 0; k < count; k++)
			rank += all[k].t->tier == s->t->tier && all[k].sum > s->sum;
		if (s->t->number != c->self && silent_days(c, s->t) > 0)
			(void)snprintf(silent, sizeof(silent), "%lld",
				       (long long)silent_days(c, s->t));
		char ranked[32] = "-";
		if (s->sum == s->sum)
			(void)snprintf(ranked, sizeof(ranked), "%u", rank);
		say(c, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%u|%s|%s|%s|%s|%s", tier_text(s->t), ranked,
		    s->t->code, s->t->name, real(s->sum, r[0]), share(s->n[1], s->n[0], r[1]),
		    real(s->points[0], r[2]), share(s->n[3], s->n[2], r[3]),
		    real(s->points[1], r[4]), share(s->n[5], s->n[4], r[5]),
		    real(s->points[2], r[6]), s->n[6], real(s->points[3], r[7]),
		    share(s->n[7], s->n[8], r[8]), real(s->points[4], r[9]),
		    s->t->number != c->self && !s->t->heard ? "-" : silent,
		    real(s->points[5], r[10]));
	}
}
