/* history.h - random histories in a city of seven stations: walks of all kinds, hand-ons and
 * notices, pushed up and carried down. What a table doesn't allow is refused, and no matter here.
 */
#pragma once
#include "../../unit/apply/pair.h"
#include <station/base/clock.h>

enum { MAIN, BRANCH_A, BRANCH_B, BASE_A, BASE_B, BASE_C, SPECIALTY, STATIONS };
enum { RECORDS = 220, VALUE = 80 };
static struct station city[STATIONS];
static struct st_signing_key root;
static const char *const codes[STATIONS] = { "410600",    "410611",    "410621",      "410611003",
					     "410611001", "410621001", "410611003-01" };
static const int parents[STATIONS] = { -1, MAIN, MAIN, BRANCH_A, BRANCH_A, BRANCH_B, BASE_A };
static const enum st_tier tiers[STATIONS] = { ST_MAIN, ST_BRANCH, ST_BRANCH,   ST_BASE,
					      ST_BASE, ST_BASE,   ST_SPECIALTY };

static uint64_t seed;
static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- links ---- */

#include "../../unit/apply/passing.h"

/* ---- walks ---- */

struct walked {
	const struct st_kind *kind;
	char number[ST_NUMBER_TEXT];
	int opener, holder;
	uint32_t state;
};
static struct walked records[RECORDS];
static size_t record_count, moved_count;
static bool unsettled;

static int station_of(struct st_span code)
{
	for (int i = 0; i < STATIONS; i++)
		if (st_span_equal(code, st_span_text(codes[i])))
			return i;
	return -1;
}

static const char *some_record(uint32_t kind)
{
	for (int tries = 0; record_count > 0 && tries < 60; tries++) {
		const struct walked *w = &records[below((uint32_t)record_count)];
		if (kind == 0 || w->kind->number == kind)
			return w->number;
	}
	return NULL;
}

static bool value_of(const struct st_field_row *f, uint32_t today, char to[VALUE])
{
	static const char *const units[] = { "城管局", "交通局", "水务局" };
	char day[ST_DAY_TEXT];
	size_t n = 0;
	const char *other;
	switch (f->type) {
	case ST_FIELD_TEXT:
	case ST_FIELD_LONG:
		if (f->names == ST_NAMES_DEPUTY)
			(void)snprintf(to, VALUE, "D-%u", 1 + below(7));
		else
			(void)snprintf(to, VALUE, "%s%u",
				       f->id == ST_F_UNIT ? units[below(3)] : "值", below(3));
		return true;
	case ST_FIELD_NUMBER:
		(void)snprintf(to, VALUE, "%u",
			       (unsigned)f->min + below(f->max - f->min < 50
								? (uint32_t)(f->max - f->min) + 1
								: 50));
		return true;
	case ST_FIELD_DAY: /* few occurrences, so that one is told of more than once */
		if (strcmp(f->name, "occurrence") == 0)
			st_day_text(today / 100 * 100 + below(2), day);
		else
			st_day_text(today - (f->id == ST_F_DUE_DAY ? 0 : below(60)) + below(40),
				    day);
		(void)snprintf(to, VALUE, "%s", day);
		return true;
	case ST_FIELD_CHOICE:
		while (f->choices[n].name != NULL)
			n++;
		(void)snprintf(to, VALUE, "%s", f->choices[below((uint32_t)n)].name);
		return true;
	case ST_FIELD_IDENTITY: (void)snprintf(to, VALUE, "11010519491231002X"); return true;
	case ST_FIELD_STATION: (void)snprintf(to, VALUE, "%s", codes[below(STATIONS)]); return true;
	case ST_FIELD_TIME:
		(void)snprintf(to, VALUE, "%02u:%02u", below(24), below(60));
		return true;
	case ST_FIELD_HASH: (void)snprintf(to, VALUE, "%064x", below(1u << 30)); return true;
	case ST_FIELD_RECORD:
		other = some_record((uint32_t)f->max);
		(void)snprintf(to, VALUE, "%s", other == NULL ? "" : other);
		return other != NULL;
	}
	return false;
}

struct wish {
	struct st_command_field fields[24];
	char values[24][VALUE];
	size_t count;
};

static void wish_one(struct wish *x, const struct st_field_row *f, uint32_t today)
{
	if (x->count < 24 && value_of(f, today, x->values[x->count])) {
		x->fields[x->count] =
			(struct st_command_field){ st_span_text(f->name),
						   st_span_text(x->values[x->count]) };
		x->count++;
	}
}

/* Moves that the questions are about come with fields that they read more often than by chance. */
static void wish_for(struct wish *x, const struct st_kind *k, const struct st_move_row *m,
		     uint32_t today)
{
	static const char *const liked[] = { "category", "focus",    "official", "deputy",
					     "deputies", "services", "premises", "industry",
					     "standing", "channel",  "hours",    "votes",
					     "weekdays", "weeks",    "months",   "month_days",
					     "holiday",  "first",    "schedule" };
	x->count = 0;
	for (size_t i = 0; i < ST_NEEDS_MAX && m->needs[i] != 0; i++)
		wish_one(x, st_kind_field(k, m->needs[i]), today);
	for (size_t i = 0; i < sizeof(liked) / sizeof(liked[0]); i++) {
		const struct st_field_row *f = st_kind_field_named(k, st_span_text(liked[i]));
		bool needed = false;
		for (size_t n = 0; f != NULL && n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
			needed |= m->needs[n] == f->id;
		if (f == NULL || !st_field_is_given(k, m, f) || below(2) == 0 ||
		    (needed && (f->flags & ST_MANY) == 0))
			continue;
		wish_one(x, f, today);
		if ((f->flags & ST_MANY) != 0 && below(2) == 0)
			wish_one(x, f, today);
	}
	if (strcmp(k->name, "suggestion") == 0 && strcmp(m->name, "assign") == 0)
		for (unsigned i = 0; i < 2; i++) /* whose opinions may be late */
			wish_one(x, st_kind_field_named(k, st_span_text("co_units")), today);
	if (k->number == ST_KIND_MATTER && m->number == 10 && below(3) > 0)
		wish_one(x, st_kind_field(k, ST_F_RATING_RESULT), today);
	if (st_kind_field_named(k, st_span_text("supervisors")) != NULL && x->count < 20 &&
	    st_move_opens(m))
		wish_one(x, st_kind_field_named(k, st_span_text("supervisors")), today);
}

static int run(int at, const struct st_kind *k, const struct st_move_row *m, const struct wish *x,
	       char number[ST_NUMBER_TEXT])
{
	station_kind = k->number;
	return station_command(&city[at], m->name, number, x->fields, x->count);
}

static uint32_t today_of(int at)
{
	return st_day_of_ms(city[at].world.now_ms);
}

static int handed_to(const struct wish *x)
{
	for (size_t i = 0; i < x->count; i++)
		if (st_span_equal(x->fields[i].name, st_span_text("to")))
			return station_of(x->fields[i].value);
	return -1;
}

static void did(struct walked *w, const struct st_move_row *m, const struct wish *x)
{
	int holder = m->hands == ST_HANDS_ON     ? handed_to(x)
		     : m->hands == ST_HANDS_BACK ? w->opener
						 : w->holder;
	unsettled |= holder != w->holder;
	w->holder = holder;
	w->state = m->to != 0 ? m->to : w->state;
	moved_count++;
}

static void open_one(void)
{
	/* Matters are the most; of notices and schedules a question asks what is rare among them.
	 */
	static const char *const rare[] = { "supervision", "schedule", "deputy",    "project",
					    "visit",       "activity", "suggestion" };
	uint32_t which = below(14);
	const struct st_kind *k = which < 5    ? st_kind(ST_KIND_MATTER)
				  : which < 12 ? st_kind_named(rare[which - 5])
					       : st_kind_at(below((uint32_t)st_kind_count()));
	const struct st_move_row *m = &k->moves[below((uint32_t)k->move_count)];
	struct walked *w = &records[record_count];
	/* A notice goes down: it comes from where there is somebody below. */
	bool down = m->hands == ST_HANDS_ON || strcmp(k->name, "supervision") == 0;
	int at = (int)below(down ? BRANCH_B + 1 : STATIONS);
	struct wish x;
	if (record_count == RECORDS)
		return;
	while (!st_move_opens(m))
		m = &k->moves[below((uint32_t)k->move_count)];
	*w = (struct walked){ .kind = k, .opener = at, .holder = at };
	wish_for(&x, k, m, today_of(at));
	if (run(at, k, m, &x, w->number) != 0)
		return;
	record_count++;
	did(w, m, &x);
}

static void move_one(void)
{
	struct walked *w = &records[below((uint32_t)record_count)];
	/* Some of a schedule's moves and of a suggestion's long way are rare else. */
	const char *wanted = below(6) > 0 ? NULL : below(2) ? "schedule" : "suggestion";
	for (int tries = 0; wanted != NULL && tries < 40 && strcmp(w->kind->name, wanted) != 0;
	     tries++)
		w = &records[below((uint32_t)record_count)];
	const struct st_move_row *m = &w->kind->moves[below((uint32_t)w->kind->move_count)];
	struct wish x;
	/* Mostly onward, so that long ways are walked to their ends. */
	bool onward = below(2) == 0 && strcmp(w->kind->name, "schedule") != 0;
	for (int tries = 0;
	     tries < 60 && (!st_move_from(w->kind, m, w->state) || (onward && m->to <= w->state));
	     tries++)
		m = &w->kind->moves[below((uint32_t)w->kind->move_count)];
	if (m->who == ST_BY_ABOVE || st_move_opens(m))
		return;
	if (unsettled) {
		settle();
		unsettled = false;
	}
	wish_for(&x, w->kind, m, today_of(w->holder));
	if (x.count == 0 && m->to == 0)
		return;
	if (run(w->holder, w->kind, m, &x, w->number) == 0)
		did(w, m, &x);
}

static void history(unsigned steps)
{
	for (unsigned step = 0; step < steps; step++) {
		int64_t later = below(4) == 0 ? below(9) * 86400000LL : 1000;
		for (int i = 0; i < STATIONS; i++)
			city[i].world.now_ms += later;
		if (record_count == 0 || below(5) == 0)
			open_one();
		else
			move_one();
	}
	settle();
}

static void city_begin(void)
{
	memset(passed, 0, sizeof(passed));
	passing_goes_on = true;
	record_count = moved_count = 0;
	unsettled = false;
	for (int i = 0; i < STATIONS; i++)
		station_new(&city[i], (uint64_t)i + 10);
	station_found(&city[MAIN], codes[MAIN], &root);
	for (int i = 1; i < STATIONS; i++)
		station_join(&city[parents[i]], &city[i], codes[i], tiers[i], &root.public);
	settle();
}

static void city_end(void)
{
	for (int i = 0; i < STATIONS; i++)
		station_gone(&city[i]);
}
