/* city.c - main issues the city's tables in the midst of all, version after version; everyone has
 * them in the end, and each due day is by the version that was in force for its record where its
 * holder sat.
 *
 * Owns:    what each version says, as a function of its number; who had which when, by the size of
 *          his own log; and the rules for due days, counted day by day.
 * Promise: 2: tables come to every station, once and in order; what anybody but main says of them
 *          counts for nothing. A record is judged by the version in force when it was opened.
 * Flow:    seed -> main; group -> who holds what; life -> days -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "sim.h"

enum { ISSUE_MS = 9000, ROWS_TEXT = 8192, MARKS = 40, BASE_DAY = 20455 /* 2026-01-02 */ };
static const char *const categories[CITY_CATEGORIES] = { "环境", "交通", "物业", "社保" };

/* ---- what version v of a table says ---- */

/* The last category has no rule, so the kinds' own terms hold for it. */
bool city_rule(uint32_t version, const char *kind, struct st_span category, struct city_rule *ret)
{
	size_t c = 0;
	while (c < CITY_CATEGORIES && !st_span_equal(category, st_span_text(categories[c])))
		c++;
	if (c >= CITY_CATEGORIES - 1 || strcmp(kind, "matter") != 0)
		return false;
	*ret = (struct city_rule){ .days = 5 + 7 * version + (uint32_t)c, .working = (version + c) % 2,
				   .extend = 10 + version };
	return true;
}

/* 0: the week says; 1: off; 2: worked. */
static unsigned mark(uint32_t version, uint32_t day)
{
	uint32_t n = day - BASE_DAY;
	if (day < BASE_DAY || n >= 3 * MARKS || n % 3 != version % 3)
		return 0;
	return 1 + (n / 3 + version) % 2;
}

static bool working(uint32_t version, uint32_t day)
{
	unsigned m = version == 0 ? 0 : mark(version, day);
	return m != 0 ? m == 2 : (day + 2) % 7 < 5; /* day 1 was a Thursday */
}

uint32_t city_add(uint32_t calendar, uint32_t day, uint32_t n, bool work)
{
	if (!work)
		return day + n;
	while (n > 0)
		n -= working(calendar, ++day);
	return day;
}

uint32_t city_between(uint32_t calendar, uint32_t from, uint32_t to, bool work)
{
	uint32_t n = 0;
	for (uint32_t day = from + 1; day <= to; day++)
		n += !work || working(calendar, day);
	return n;
}

bool city_works(uint32_t version, uint32_t day)
{
	return working(version, day);
}

void city_focus(uint32_t version, unsigned focus, char to[32])
{
	(void)snprintf(to, 32, "重点%u-%u", version, focus);
}

void city_officials(uint32_t version, unsigned to[])
{
	size_t n = 0;
	for (unsigned who = 1; version != 0 && who <= 7; who++)
		if ((who + version) % 3 != 0)
			to[n++] = who;
	to[n] = 0;
}

uint32_t city_most(uint32_t version, unsigned measure)
{
	return 5 + (7 * version + 11 * measure) % 40;
}

uint32_t city_full_at(uint32_t version)
{
	return 1 + version % 9;
}

static size_t csv_assessment(uint32_t version, char *to, size_t room)
{
	static const char *const lines[CITY_MEASURES] = { "in_time", "ended", "satisfied", "visits", "kept", "heard" };
	size_t used = (size_t)snprintf(to, room, "line,most,full_at,of_nothing\n");
	for (unsigned i = 0; i < CITY_MEASURES; i++) {
		char full_at[12] = "";
		if (i == 3)
			(void)snprintf(full_at, sizeof(full_at), "%u", city_full_at(version));
		used += (size_t)snprintf(to + used, room - used, "%s,%u,%s,%s\n", lines[i], city_most(version, i),
					 full_at, i == 0 ? "3" : "");
	}
	return used;
}

/* Registers: six, of kinds that change their places with the version. */
static size_t csv_registers(uint32_t version, char *to, size_t room)
{
	static const char *const kinds[] = { "matter", "visit state=recorded + matter channel=visit,phone !visit",
					     "suggestion", "activity + schedule", "matter state=accepted,closed",
					     "deputy + visit + matter", "project" };
	static const char *const columns[] = { "record.number", "record.opened", "record.due", "record.closed",
					       "title", "record.holder_name" };
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), COLUMNS = sizeof(columns) / sizeof(columns[0]) };
	size_t used = (size_t)snprintf(to, room, "register,order,zh,en,source\n");
	for (unsigned r = 0; r < 6; r++) {
		used += (size_t)snprintf(to + used, room - used, "r%u,0,簿%u,book %u,\"%s\"\n", r, r, r,
					 kinds[(r + version) % KINDS]);
		for (unsigned c = 0; c < COLUMNS; c++)
			used += (size_t)snprintf(to + used, room - used, "r%u,%u,栏%u,column %u,%s\n", r, c + 1, c,
						 c, columns[(c + version) % COLUMNS]);
	}
	return used;
}

static size_t csv_settings(uint32_t version, char *to, size_t room)
{
	const struct st_choice *choices = st_kind_field(st_kind_named("visit"), ST_F_CHANNEL)->choices;
	unsigned officials[8];
	size_t used = (size_t)snprintf(to, room, "name,value\nfloor_reports,%u\nannounce_days,%u\nlaw_officials,",
				       version, version);
	city_officials(version, officials);
	for (size_t i = 0; officials[i] != 0; i++)
		used += (size_t)snprintf(to + used, room - used, "%s%s", i == 0 ? "" : " ",
					 st_choice_numbered(choices, officials[i])->name);
	return used + (size_t)snprintf(to + used, room - used, "\n");
}

static size_t csv_more(uint32_t table, uint32_t version, char *to, size_t room)
{
	char name[32];
	size_t used;
	switch (table) {
	case ST_CITY_registers: return csv_registers(version, to, room);
	case ST_CITY_settings:  return csv_settings(version, to, room);
	case ST_CITY_assessment: return csv_assessment(version, to, room);
	case ST_CITY_points:
		return (size_t)snprintf(to, room,
					"item,source,first,further,at_most\n会议,activity.deputies type=meeting,%u,1,%u\n"
					"建议,suggestion.deputy,2,%u,90\n",
					version, 10 + version, version);
	case ST_CITY_schedules:
		return (size_t)snprintf(to, room,
					"name,tier,type,weekdays,starts\n样板%u,*,reception,friday,%02u:00\n", version,
					version % 24);
	case ST_CITY_guides:
		return (size_t)snprintf(to, room, "station,guide,person\n410611,410600,%u\n", version);
	}
	ST_REQUIRE(table == ST_CITY_focus);
	used = (size_t)snprintf(to, room, "number,name\n");
	for (unsigned n = 1; n <= 6; n++) {
		city_focus(version, n, name);
		used += (size_t)snprintf(to + used, room - used, "%u,%s\n", n, name);
	}
	return used;
}

static size_t csv(uint32_t table, uint32_t version, char *to, size_t room)
{
	size_t used = 0;
	char day[ST_DAY_TEXT];
#define PUT(...) (used += (size_t)snprintf(to + used, room - used, __VA_ARGS__))
	if (table == ST_CITY_categories) {
		PUT("level1,level2,unit,code\n");
		for (size_t c = 0; c < CITY_CATEGORIES; c++)
			PUT("%s,,局%u,%u\n", categories[c], (unsigned)c, version);
	} else if (table == ST_CITY_deadlines) {
		PUT("kind,category,urgency,days,unit,stops,extend,before_due,warn\n");
		for (size_t c = 0; c < CITY_CATEGORIES; c++) {
			struct city_rule r;
			if (city_rule(version, "matter", st_span_text(categories[c]), &r))
				PUT("matter,%s,*,%u,%s,yes,%u,yes,%u\n", categories[c], r.days,
				    r.working ? "working" : "calendar", r.extend, version % 9);
		}
	} else if (table == ST_CITY_workdays) {
		PUT("date,kind,name\n");
		for (uint32_t n = version % 3; n < 3 * MARKS; n += 3) {
			st_day_text(BASE_DAY + n, day);
			PUT("%s,%s,\n", day, mark(version, BASE_DAY + n) == 1 ? "off" : "work");
		}
	} else {
		used = csv_more(table, version, to, room);
	}
#undef PUT
	ST_REQUIRE(used < room);
	return used;
}

/* ---- main issues ---- */

struct issuing {
	struct st_buf rows[CITY_TABLES];
};

static void gone(struct job *j)
{
	struct issuing *x = j->arg;
	for (size_t i = 0; i < CITY_TABLES; i++)
		st_buf_done(&x->rows[i]);
	free(x);
}

static int read_newest(struct st_txn *t, void *arg)
{
	struct st_city_issue *i = arg;
	return st_city_newest(t, (uint8_t)i->table, &i->newest);
}

static void issued(struct station *s, struct job *j)
{
	const struct st_job_city *c = &j->work.u.city;
	int rc = j->work.rc;
	SIM_CHECK(s->sim, s, rc >= 0 || rc == ST_EFULL || rc == ST_EIO || s->jumped,
		  "can't issue a table: %s %s", st_error_name(rc), c->place);
	sim_trace(s->sim, s, "issued", c->count, (uint64_t)-rc);
}

/* Later versions begin today, or in some days; the first one may reach back. */
static void issue(struct station *s)
{
	struct sim *sim = s->sim;
	struct job *j = job_new(ST_JOB_CITY, issued);
	struct issuing *x = calloc(1, sizeof(*x));
	struct st_job_city *c = &j->work.u.city;
	char text[ROWS_TEXT];
	ST_REQUIRE(x != NULL);
	bool first = true;
	for (size_t i = 0; i < st_city_table_count(); i++) {
		struct st_city_issue *n = &c->issues[c->count];
		struct st_city_file file;
		n->table = st_city_table_at(i)->number;
		SIM_DO(sim, s, st_store_read(s->store, read_newest, n));
		if (n->newest >= CITY_VERSIONS || (c->count > 0 && sim_chance(sim, 500)))
			continue;
		first &= n->newest == 0;
		struct st_span rows = st_span(text, csv(n->table, n->newest + 1, text, sizeof(text)));
		st_buf_init(&x->rows[c->count], ST_CITY_ROWS_BYTES_MAX);
		SIM_DO(sim, s, st_city_read(st_city_table(n->table), rows, &x->rows[c->count], &file));
		n->columns = (uint32_t)st_city_table(n->table)->column_count;
		n->rows = st_buf_span(&x->rows[c->count++]);
	}
	c->author = st_span_text("city");
	uint32_t today = st_day_of_ms(station_wall(s));
	c->from_day = first && sim_chance(sim, 600) ? 1
		      : sim_chance(sim, 500)        ? 0
						    : today + (uint32_t)sim_below(sim, 3);
	j->arg = x;
	j->gone = gone;
	if (c->count == 0 || station_submit(s, j) < 0)
		job_free(j);
}

static void issue_step(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	sim_after(sim, 1000 + sim_below(sim, 2 * ISSUE_MS), issue_step, s, tag);
	if (s->alive && s->self.set_up && s->waiting.count == 0 && !s->writing)
		issue(s); /* nothing else is on its way, so the next version's number is known */
}

void city_start(struct sim *sim)
{
	sim->has_city = sim_chance(sim, 500);
	if (sim->has_city)
		sim_after(sim, 500 + sim_below(sim, ISSUE_MS), issue_step, sim->stations[0], 0);
}

/* ---- who holds what ---- */

struct versions {
	struct st_city_version list[CITY_TABLES * CITY_VERSIONS + 1];
	size_t count;
};

static int add_version(const struct st_city_version *v, void *arg)
{
	struct versions *x = arg;
	if (x->count < sizeof(x->list) / sizeof(x->list[0]))
		x->list[x->count++] = *v;
	return 0;
}

static int read_versions(struct st_txn *t, void *arg)
{
	return st_city_each(t, 0, add_version, arg);
}

static int read_size(struct st_txn *t, void *arg)
{
	struct station *s = arg;
	struct st_log log;
	int rc = s->self.set_up ? st_log_get(t, s->self.log, &log) : ST_ENOTFOUND;
	s->city.size = rc == 0 ? log.tree.size : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

void city_before_group(struct station *s)
{
	SIM_DO(s->sim, s, st_store_read(s->store, read_size, s));
}

/* What is new here came with events of the own log between the size before and the one now. */
void city_after_group(struct station *s)
{
	struct versions v = { .count = 0 };
	uint64_t before = s->city.size;
	SIM_DO(s->sim, s, st_store_read(s->store, read_versions, &v));
	SIM_DO(s->sim, s, st_store_read(s->store, read_size, s));
	for (size_t i = 0; i < v.count; i++) {
		if (v.list[i].table > CITY_TABLES || v.list[i].version > CITY_VERSIONS)
			continue;
		struct city_held *h = &s->city.held[v.list[i].table][v.list[i].version];
		if (h->to == 0)
			*h = (struct city_held){ .from_day = v.list[i].from_day, .after = before,
						 .to = s->city.size + 1 };
	}
}

/* The versions that may have answered for a day when the station wrote its event `seq`, as bits 1 << version;
 * bit 0: none. More than one only where a table came in the transaction of that event. */
uint32_t city_answers(const struct station *s, uint32_t table, uint32_t day, uint64_t seq)
{
	uint32_t bits = 0;
	for (unsigned late = 0; late <= CITY_VERSIONS; late++) {
		uint32_t best = 0, from = 0, maybe = 0;
		for (uint32_t v = 1; v <= CITY_VERSIONS; v++) {
			const struct city_held *h = &s->city.held[table][v];
			if (h->to == 0 || seq <= h->after)
				continue; /* it hadn't come */
			if (seq < h->to && maybe++ >= late)
				continue; /* it came about then */
			if (h->from_day <= day && h->from_day >= from) {
				best = v;
				from = h->from_day;
			}
		}
		bits |= 1u << best;
	}
	return bits;
}

/* ---- at the end ---- */

void check_city(struct station *s)
{
	struct sim *sim = s->sim;
	struct versions here = { .count = 0 }, top = { .count = 0 };
	SIM_DO(sim, s, st_store_read(s->store, read_versions, &here));
	SIM_DO(sim, s, st_store_read(sim->stations[0]->store, read_versions, &top));
	bool cut = false;
	for (const struct station *up = s; up->parent != NULL; up = up->parent) {
		const struct child *c = down_child(up->parent, up);
		cut |= c == NULL || !c->enrolled;
	}
	SIM_CHECK(sim, s, cut || here.count == top.count, "holds %zu versions of the city's tables, main %zu",
		  here.count, top.count);
	for (size_t i = 0; i < here.count; i++) {
		bool known = false;
		for (size_t n = 0; n < top.count; n++)
			known |= here.list[i].table == top.list[n].table &&
				 here.list[i].version == top.list[n].version &&
				 here.list[i].from_day == top.list[n].from_day;
		SIM_CHECK(sim, s, known, "holds version %u of table %u, which main hasn't",
			  here.list[i].version, here.list[i].table);
	}
}
