/* lives.h - every record of a station as its life tells it, event by event, and the tree of
 * stations: what the plain recounts of the property test and of the simulator go by. Of the folded row only the
 * holder is read, which no event of a life names. */
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/ask/question.h>
#include <station/ask/report.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/store/tables.h>

enum { TEXT_ROOM = 160 };
struct told_value { /* one value */
	uint32_t event, id;
	bool is_number;
	uint64_t number;
	char text[TEXT_ROOM];
};
struct done { /* one event of the chain */
	uint32_t move, type, day;
};
struct lived {
	struct st_record_ref ref;
	struct st_record row; /* for the holder and what is no recount's */
	char number[ST_NUMBER_TEXT];
	const struct st_kind *kind;
	uint32_t state, opened, closed, reopened, events, strays;
	struct told_value *told;
	size_t told_count;
	struct done *done;
};
struct town { /* a station as the certificates say */
	uint32_t number, parent, branch;
	enum st_tier tier;
	char code[16], name[ST_NAME_MAX + 1];
	bool covered, heard, revoked;
	uint64_t checkpoint_s, size;
};
enum { LIVES = 4096, TOWNS = 32, LINES = 4096, LINE = 1200, TEXTS = 512, OFFICIALS = 16, RANKED = 20 };
/* A table of points as the city issued it: lines in their order, of_nothing of the first. */
struct towns_points {
	bool none;
	uint32_t from_day, full_at, of_nothing, most[6];
};
enum { POINTS_MAX = 4 };
/* What the city's tables say, where it is known otherwise than from the code that is tried. Zeroed: they say nothing. */
struct city_says {
	uint32_t workdays; /* version in force today; 0: Monday to Friday */
	bool (*works)(uint32_t version, uint32_t day);
	uint32_t focus; /* 0: no focus has a name */
	void (*focus_name)(uint32_t version, unsigned focus, char to[32]);
	unsigned officials[OFFICIALS]; /* visit.who, ends with 0; first 0: as where nobody says */
};
struct counted {
	struct st_txn *txn;
	struct lived *lives;
	size_t count, towns_count, line_count;
	struct town towns[TOWNS]; /* in order of codes */
	uint32_t self, from, to, today;
	int64_t now_ms;
	const char *record;
	const struct towns_points *points; /* in order of their first days */
	size_t points_count;
	struct city_says city;
	size_t text_count;
	const char *texts[TEXTS]; /* of texts_of */
	char (*lines)[LINE]; /* LINES of them */
	size_t ranked_from;  /* from this one on, counted from 1, the question gives RANKED at most; 0: all */
};

/* A state that the table doesn't know is open, whoever signed it. */
static bool ended(const struct lived *l, uint32_t state)
{
	const struct st_state_row *s = st_kind_state(l->kind, state);
	return s != NULL && s->class == ST_ENDED;
}

static void tell(struct lived *l, const struct st_field *f)
{
	l->told = realloc(l->told, (l->told_count + 1) * sizeof(*l->told));
	struct told_value *t = &l->told[l->told_count++];
	memset(t, 0, sizeof(*t));
	t->event = l->events;
	t->id = f->id;
	t->is_number = f->is_number;
	t->number = f->number;
	(void)snprintf(t->text, TEXT_ROOM, "%.*s", (int)f->text.size,
		       f->text.size ? (const char *)f->text.data : "");
}

static uint64_t told_number(const struct lived *l, uint32_t id)
{
	uint64_t n = 0;
	for (size_t i = 0; i < l->told_count; i++)
		if (l->told[i].id == id)
			n = l->told[i].number;
	return n;
}

static int live(const struct st_life_event *e, void *arg)
{
	struct lived *l = arg;
	if (e->stray != 0) {
		l->strays++;
		return 0;
	}
	uint32_t day = st_day_of_ms(e->at_ms);
	bool was_ended = l->events > 0 && ended(l, l->state);
	for (size_t i = 0; i < e->fact_count; i++)
		tell(l, &e->facts[i]);
	for (size_t i = 0; i < e->text_count; i++)
		tell(l, &e->texts[i]);
	ST_REQUIRE(l->events < l->row.revision);
	l->done[l->events] = (struct done){ e->move == NULL ? 0 : e->move->number, e->type, day };
	if (e->type == ST_MOVE && e->state != 0)
		l->state = e->state;
	if (l->events == 0) {
		struct st_number n = { 0, (uint16_t)told_number(l, ST_F_YEAR),
				       (uint16_t)e->at.epoch,
				       (uint32_t)told_number(l, ST_F_SERIAL) };
		st_number_text(&n, &e->at.station, &l->ref.ulid, l->number);
		l->opened = day;
	}
	bool is_ended = ended(l, l->state);
	l->closed = !is_ended ? 0 : was_ended ? l->closed : day;
	l->reopened += was_ended && !is_ended;
	l->events++;
	return 0;
}

static int read_life(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct counted *c = arg;
	struct lived *l = &c->lives[c->count];
	struct st_record r;
	ST_REQUIRE(st_record_decode(ref, row, &r) == 0);
	if (r.revision == 0)
		return 0;
	ST_REQUIRE(c->count++ < LIVES);
	l->ref = *ref;
	l->row = r;
	l->kind = st_kind(r.kind);
	l->done = calloc(r.revision, sizeof(*l->done));
	ST_REQUIRE(l->done != NULL);
	return st_life_each(c->txn, &r, NULL, live, l);
}

static int read_town(const struct st_station *s, void *arg)
{
	struct counted *c = arg;
	struct town *t = &c->towns[c->towns_count++];
	*t = (struct town){ .number = s->number, .parent = s->parent, .tier = s->certificate.tier,
			    .revoked = s->standing == ST_REVOKED };
	memcpy(t->code, s->certificate.code.text, sizeof(s->certificate.code.text));
	memcpy(t->name, s->certificate.name, sizeof(t->name));
	return 0;
}

static struct town *town(struct counted *c, uint32_t number)
{
	for (size_t i = 0; i < c->towns_count; i++)
		if (c->towns[i].number == number)
			return &c->towns[i];
	return NULL;
}

static bool is_below(struct counted *c, uint32_t number, uint32_t top)
{
	for (struct town *t = town(c, number); t != NULL; t = town(c, t->parent))
		if (t->number == top)
			return true;
	return false;
}

static int by_town(const void *a, const void *b)
{
	return strcmp(((const struct town *)a)->code, ((const struct town *)b)->code);
}

static int read_fresh(const struct st_coverage_row *row, void *arg)
{
	struct town *t = town(arg, row->station.number);
	t->heard = row->heard;
	t->size = row->size;
	t->checkpoint_s = row->checkpoint_time_s;
	return 0;
}

static void read_towns(struct counted *c, const char *self)
{
	ST_REQUIRE(st_station_each(c->txn, read_town, c) == 0);
	qsort(c->towns, c->towns_count, sizeof(c->towns[0]), by_town);
	for (size_t i = 0; i < c->towns_count; i++) {
		struct town *t = &c->towns[i], *b = t;
		while (b != NULL && b->tier != ST_BRANCH)
			b = town(c, b->parent);
		t->branch = b == NULL ? t->number : b->number;
		c->self = strcmp(t->code, self) == 0 ? t->number : c->self;
	}
	ST_REQUIRE(st_coverage_each(c->txn, read_fresh, c) == 0);
}

static void forget(struct counted *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->lives[i].told);
		free(c->lives[i].done);
	}
	free(c->lives);
	free(c->lines);
	free(c);
}

/* All that stands at a station: false: more than the recounts are made for. */
static bool read_all(struct counted *c, struct st_txn *t, const char *self)
{
	uint64_t rows = 0;
	c->txn = t;
	ST_REQUIRE(st_table_rows(t, st_table_named("records"), &rows) == 0);
	if (rows > LIVES)
		return false;
	c->lives = calloc(rows + 1, sizeof(*c->lives));
	c->lines = calloc(LINES, sizeof(*c->lines));
	ST_REQUIRE(c->lives != NULL && c->lines != NULL);
	read_towns(c, self);
	ST_REQUIRE(st_record_each(t, NULL, read_life, c) == 0);
	return true;
}

/* ---- what a life says ---- */

static uint32_t fid(const struct lived *l, const char *field)
{
	return st_kind_field_named(l->kind, st_span_text(field))->id;
}

/* The newest value; NULL: never. */
static const struct told_value *newest(const struct lived *l, const char *field)
{
	const struct told_value *found = NULL;
	for (size_t i = 0; i < l->told_count; i++)
		if (l->told[i].id == fid(l, field))
			found = &l->told[i];
	return found;
}

static uint64_t num(const struct lived *l, const char *field)
{
	const struct told_value *t = newest(l, field);
	return t == NULL ? 0 : t->number;
}

static const char *txt(const struct lived *l, const char *field)
{
	const struct told_value *t = newest(l, field);
	return t == NULL ? "" : t->text;
}

/* All values of the newest event that gives any, joined. */
static const char *joined(const struct lived *l, const char *field, char room[LINE])
{
	const struct told_value *last = newest(l, field);
	room[0] = 0;
	for (size_t i = 0; last != NULL && i < l->told_count; i++)
		if (l->told[i].id == last->id && l->told[i].event == last->event) {
			strcat(room, room[0] ? "、" : "");
			strcat(room, l->told[i].text);
		}
	return room;
}

/* Whether a field of several values has this one: of all events, or of the newest that gives any
 * (anew). */
static bool has(const struct lived *l, const char *field, uint64_t number, const char *text)
{
	const struct told_value *last = newest(l, field);
	bool anew = (st_kind_field(l->kind, fid(l, field))->flags & ST_ANEW) != 0, found = false;
	for (size_t i = 0; last != NULL && i < l->told_count; i++) {
		const struct told_value *t = &l->told[i];
		found |= t->id == last->id && (!anew || t->event == last->event) &&
			 (text == NULL ? t->number == number : strcmp(t->text, text) == 0);
	}
	return found;
}

static bool is_kind(const struct lived *l, const char *kind)
{
	return strcmp(l->kind->name, kind) == 0;
}

static bool in_state(const struct lived *l, const char *state)
{
	const struct st_state_row *s = st_kind_state(l->kind, l->state);
	return s != NULL && strcmp(s->name, state) == 0;
}

static bool open_now(const struct lived *l)
{
	return !ended(l, l->state);
}

static bool overdue(const struct counted *c, const struct lived *l)
{
	return open_now(l) && num(l, "due") != 0 && num(l, "due") < c->today;
}

static struct town *opener(struct counted *c, const struct lived *l)
{
	return town(c, l->ref.opener);
}

static struct town *holder(struct counted *c, const struct lived *l)
{
	return town(c, l->row.holder);
}

static bool covered(const struct town *t)
{
	return t != NULL && t->covered;
}

/* Covered, and still a station. */
static bool here(const struct town *t)
{
	return covered(t) && !t->revoked;
}

static bool period(const struct counted *c, uint32_t day)
{
	return day != 0 && day >= c->from && (c->to == 0 || day <= c->to);
}

#define EACH(c, l, name)                                                     \
	for (struct lived *l = (c)->lives; l < (c)->lives + (c)->count; l++) \
		if (is_kind(l, name))
/* The different texts that records of a kind give in a field, "" too: the newest of each, or all (ST_MANY). */
static void add_text(struct counted *c, const char *text)
{
	for (size_t i = 0; i < c->text_count; i++)
		if (strcmp(c->texts[i], text) == 0)
			return;
	ST_REQUIRE(c->text_count < TEXTS);
	c->texts[c->text_count++] = text;
}

#define EACH_TOWN(c, t) for (struct town *t = (c)->towns; t < (c)->towns + (c)->towns_count; t++)

static void texts_of(struct counted *c, const char *kind, const char *field)
{
	c->text_count = 0;
	EACH(c, l, kind)
	{
		bool many = (st_kind_field(l->kind, fid(l, field))->flags & ST_MANY) != 0;
		if (!many)
			add_text(c, txt(l, field));
		for (size_t i = 0; many && i < l->told_count; i++)
			if (l->told[i].id == fid(l, field))
				add_text(c, l->told[i].text);
	}
}

/* ---- lines: cells with | between them, "-" for none ---- */

__attribute__((format(printf, 2, 3))) static void say(struct counted *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	ST_REQUIRE(c->line_count < LINES);
	(void)vsnprintf(c->lines[c->line_count++], LINE, format, args);
	va_end(args);
}

static const char *or_none(const char *text)
{
	return text == NULL || text[0] == 0 ? "-" : text;
}

static const char *real(double v, char room[32])
{
	(void)snprintf(room, 32, "%.9g", v);
	return v != v ? "-" : room;
}

static const char *share(uint64_t of, uint64_t whole, char room[32])
{
	return whole == 0 ? "-" : real((double)of / (double)whole, room);
}

static const char *daytext(uint32_t day, char room[32])
{
	st_day_text(day, room);
	return or_none(room);
}
