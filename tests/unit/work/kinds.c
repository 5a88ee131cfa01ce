/* kinds.c - every table holds together, and every kind can be walked from opening to each end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/clock.h>
#include <station/work/city.h>
#include <station/work/command.h>

#define EACH_KIND(k)                                                                               \
	const struct st_kind *k;                                                                   \
	for (size_t kind_i = 0; kind_i < st_kind_count() && (k = st_kind_at(kind_i), true); kind_i++)

/* A setting of the same choices as the rule's field, which says without a city what the table says. */
static bool is_of_choices(const struct st_rule *r, const struct st_field_row *f)
{
	const struct st_setting *s = st_setting_named(st_span_text(r->by));
	struct st_span usual = st_span_text(s->usual);
	uint64_t bits = 0;
	for (struct st_span w = st_city_word(&usual); w.size > 0; w = st_city_word(&usual))
		bits |= 1ull << st_choice_named(f->choices, w)->number;
	return s->type == ST_SETTING_FIELDS && st_city_field(s->field) == f && bits == r->values;
}

static void test_fields(void **state)
{
	/* Options of the verbs themselves. */
	static const char *const taken[] = { "at", "author", "help", "json", "lang", "socket", "version" };
	(void)state;
	EACH_KIND(k) {
		assert_ptr_equal(st_kind(k->number), k);
		assert_ptr_equal(st_kind_named(k->name), k);
		assert_true(k->zh[0] != 0 && k->en[0] != 0);
		for (size_t i = 0; i < k->field_count; i++) {
			const struct st_field_row *f = &k->fields[i];
			assert_ptr_equal(st_kind_field(k, f->id), f);
			assert_ptr_equal(st_kind_field_named(k, st_span_text(f->name)), f);
			assert_true(f->zh[0] != 0 && f->en[0] != 0);
			assert_int_equal(f->type == ST_FIELD_CHOICE, f->choices != NULL);
			assert_true(f->min <= f->max);
			if (f->type == ST_FIELD_TEXT || f->type == ST_FIELD_LONG)
				assert_true(f->max > 0);
			if (f->type == ST_FIELD_RECORD && f->max != 0)
				assert_non_null(st_kind((uint32_t)f->max));
			for (size_t n = 0; n < sizeof(taken) / sizeof(taken[0]); n++)
				assert_string_not_equal(f->name, taken[n]);
		}
		assert_non_null(st_kind_field(k, ST_F_SERIAL));
		assert_non_null(st_kind_field(k, ST_F_YEAR));
	}
}

static void test_choices(void **state)
{
	(void)state;
	EACH_KIND(k) {
		for (size_t i = 0; i < k->field_count; i++)
			for (const struct st_choice *c = k->fields[i].choices; c != NULL && c->name != NULL; c++) {
				assert_ptr_equal(st_choice_numbered(k->fields[i].choices, c->number), c);
				assert_ptr_equal(st_choice_named(k->fields[i].choices, st_span_text(c->name)), c);
				assert_ptr_equal(st_choice_named(k->fields[i].choices, st_span_text(c->zh)), c);
				assert_true(c->number > 0 && c->en[0] != 0);
			}
	}
}

/* What a table says of its moves refers to what is there; no two share a number or a name. */
static void test_moves(void **state)
{
	(void)state;
	EACH_KIND(k) {
		size_t opens = 0;
		for (size_t i = 0; i < k->state_count; i++)
			assert_int_equal(k->states[i].number, i + 1);
		assert_true(k->state_count < ST_FROM_ANY);
		for (size_t i = 0; i < k->move_count; i++) {
			const struct st_move_row *m = &k->moves[i];
			assert_ptr_equal(st_kind_move(k, m->number), m);
			assert_ptr_equal(st_kind_move_named(k, m->name), m);
			assert_true(m->number > 0 && m->number < 64);
			assert_true(m->zh[0] != 0 && m->en[0] != 0 && m->example != NULL);
			opens += st_move_opens(m);
			if (m->to != 0)
				assert_non_null(st_kind_state(k, m->to));
			assert_true(!st_move_opens(m) || m->to != 0);
			for (size_t n = 0; n < ST_FROM_MAX && m->from[n] != 0; n++)
				assert_true(m->from[n] >= ST_FROM_ANY || st_kind_state(k, m->from[n]) != NULL);
			for (size_t n = 0; n < ST_NEEDS_MAX && m->needs[n] != 0; n++)
				assert_non_null(st_kind_field(k, m->needs[n]));
			for (size_t n = 0; n < 3; n++) /* verbs that every kind has */
				assert_string_not_equal(m->name, ((const char *[]){ "note", "show", "list" })[n]);
			if (m->due_most != 0)
				assert_non_null(st_kind_field(k, ST_F_DUE_DAY));
		}
		assert_true(opens > 0);
		if (k->due_move != 0)
			assert_true(st_kind_move(k, k->due_move) != NULL && st_kind_field(k, ST_F_DUE_DAY) != NULL);
		for (size_t i = 0; i < k->rule_count; i++) {
			const struct st_rule *r = &k->rules[i];
			assert_non_null(st_kind_field(k, r->field)->choices);
			assert_true(r->zh[0] != 0 && r->en[0] != 0 && r->moves[0] != 0);
			assert_true(r->least <= ST_RULE_LEAST_MAX && (r->least == 0) == (r->of[0] == 0));
			for (size_t n = 0; n < ST_RULE_MOVES_MAX && r->moves[n] != 0; n++)
				assert_non_null(st_kind_move(k, r->moves[n]));
			for (size_t n = 0; n < ST_RULE_FIELDS_MAX && r->of[n] != 0; n++)
				assert_int_equal(st_kind_field(k, r->of[n])->type, ST_FIELD_TEXT);
			assert_true(r->unless == 0 || st_kind_move(k, r->unless) != NULL);
			assert_true(r->by == NULL || is_of_choices(r, st_kind_field(k, r->field)));
		}
		unsigned dated = 0; /* one at most: the place of a page in the list of what is late names no field */
		for (size_t i = 0; i < k->left_count; i++) {
			const struct st_left *left = &k->lefts[i];
			assert_true(st_kind_field(k, left->of) != NULL && st_kind_field(k, left->done) != NULL);
			assert_true(left->due == 0 || st_kind_field(k, left->due)->type == ST_FIELD_DAY);
			dated += left->due != 0;
		}
		assert_true(dated <= 1);
		if (k->due_field != 0)
			assert_int_equal(st_kind_field(k, k->due_field)->type, ST_FIELD_DAY);
		if (k->fewer.field != 0)
			assert_true((st_kind_field(k, k->fewer.values)->flags & ST_MANY) != 0);
		for (size_t i = 0; i < k->when_count; i++) {
			assert_non_null(st_choice_numbered(st_kind_field(k, k->whens[i].field)->choices,
							   k->whens[i].value));
			assert_non_null(st_kind_field(k, k->whens[i].needs));
			if (k->whens[i].by == NULL)
				continue;
			assert_int_equal(st_setting_named(st_span_text(k->whens[i].by))->type, ST_SETTING_TEXT);
			assert_int_equal(st_kind_field(k, k->whens[i].needs)->place, ST_AS_FACT);
		}
		for (size_t i = 0; i < k->part_count; i++) {
			assert_int_equal(st_setting_named(st_span_text(k->parts[i].by))->type, ST_SETTING_SHARE);
			assert_int_equal(st_kind_field(k, k->parts[i].field)->type, ST_FIELD_NUMBER);
			assert_int_equal(st_kind_field(k, k->parts[i].of)->type, ST_FIELD_NUMBER);
		}
	}
}

/* Each state is reached from an opening, and from each state an end is. */
static void test_reached(void **state)
{
	(void)state;
	EACH_KIND(k) {
		uint64_t reached = 0, ends = 0;
		for (size_t round = 0; round < k->state_count; round++)
			for (size_t i = 0; i < k->move_count; i++) {
				const struct st_move_row *m = &k->moves[i];
				if (m->to == 0)
					continue;
				if (st_move_opens(m))
					reached |= 1ull << m->to;
				for (uint32_t s = 1; s <= k->state_count; s++) {
					if (!st_move_from(k, m, s))
						continue;
					if (reached >> s & 1)
						reached |= 1ull << m->to;
					if (ends >> m->to & 1 || st_kind_state(k, m->to)->class == ST_ENDED)
						ends |= 1ull << s;
				}
			}
		for (uint32_t s = 1; s <= k->state_count; s++) {
			assert_true(reached >> s & 1);
			assert_true(ends >> s & 1 || st_kind_state(k, s)->class == ST_ENDED);
		}
	}
}

/* Takes "--name value" pairs apart; a value has no spaces. The count, or SIZE_MAX. */
static size_t split_example(char *text, struct st_command_field *fields)
{
	size_t n = 0;
	char *save = NULL;
	for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		char *value = strtok_r(NULL, " ", &save);
		if (strncmp(w, "--", 2) != 0 || value == NULL || n == ST_COMMAND_FIELDS_MAX)
			return SIZE_MAX;
		if (strcmp(value, "NUMBER") == 0)
			value = (char *)(uintptr_t)"410611003/01ARZ3NDEKTSV4RRFFQ69G5FAV";
		fields[n++] = (struct st_command_field){ st_span_text(w + 2), st_span_text(value) };
	}
	return n;
}

/* The example of --help does what it says. */
static void test_examples(void **state)
{
	struct st_buf b;
	(void)state;
	st_buf_init(&b, 100000);
	EACH_KIND(k) {
		for (size_t i = 0; i < k->move_count; i++)
			for (uint32_t s = 0; s <= k->state_count; s++) {
				const struct st_move_row *m = &k->moves[i];
				struct st_command_field fields[ST_COMMAND_FIELDS_MAX];
				char text[600], place[ST_PLACE_MAX];
				struct st_checked checked;
				struct st_record r = { .kind = k->number, .state = s, .revision = 1, .holder = 1,
						       .opened_day = 20600, .changed_day = 20600 };
				if (!st_move_from(k, m, s))
					continue;
				if (m->who == ST_BY_PROGRAM)
					continue; /* the example is the verb that runs it */
				(void)snprintf(text, sizeof(text), "%s", m->example);
				struct st_command c = { .kind = k->number, .move = m->name, .fields = fields,
							.at_ms = st_day_start_ms(20605) };
				c.field_count = split_example(text, fields);
				assert_true(c.field_count <= ST_COMMAND_FIELDS_MAX);
				st_buf_clear(&b);
				int rc = st_command_check(&c, s == 0 ? NULL : &r, 1, &b, &checked, place);
				if (rc < 0)
					fail_msg("%s %s %s: %s at %s", k->name, m->name, m->example,
						 st_error_name(rc), place);
				assert_int_equal(checked.state, m->to == 0 ? s : m->to);
			}
	}
	st_buf_done(&b);
}

enum { COMMAND_DAY = 20605 };
static int command(uint32_t kind, const char *move, const struct st_record *r,
		   const struct st_command_field *fields, size_t count, char place[ST_PLACE_MAX])
{
	struct st_checked checked;
	struct st_buf b;
	struct st_command c = { .kind = kind, .move = move, .at_ms = st_day_start_ms(COMMAND_DAY),
				.fields = fields, .field_count = count };
	st_buf_init(&b, 100000);
	int rc = st_command_check(&c, r, 1, &b, &checked, place);
	st_buf_done(&b);
	return rc;
}
#define F(name, value) { { (const uint8_t *)(name), sizeof(name) - 1 }, { (const uint8_t *)(value), sizeof(value) - 1 } }

static void test_refusals(void **state)
{
	char place[ST_PLACE_MAX];
	uint32_t matter = st_kind_named("matter")->number, visit = st_kind_named("visit")->number;
	uint32_t suggestion = st_kind_named("suggestion")->number;
	const struct st_kind *sk = st_kind(suggestion);
	struct st_record r = { .kind = visit, .state = 1, .revision = 1, .holder = 1, .opened_day = 20600,
			       .closed_day = 20600, .changed_day = 20600 };
	(void)state;
	/* A visit's number given for a matter says what it is. */
	assert_int_equal(command(matter, "accept", &r, NULL, 0, place), ST_EKIND);
	assert_string_equal(place, "visit");
	/* What the table doesn't allow is refused with what it does. */
	assert_int_equal(command(visit, "record", &r, NULL, 0, place), ST_EMOVE);
	assert_string_equal(place, "link suggest add void");
	/* A move that leaves the state says something, or nothing is written. */
	assert_int_equal(command(visit, "add", &r, NULL, 0, place), ST_EFIELD);
	assert_string_equal(place, "fields");
	/* Once is on opening only. */
	struct st_command_field who[] = { F("who", "judge") };
	assert_int_equal(command(visit, "add", &r, who, 1, place), ST_EFIELD);
	assert_string_equal(place, "who");
	struct st_command_field ranges[] = { F("people", "0") };
	assert_int_equal(command(visit, "add", &r, ranges, 1, place), ST_EFIELD);
	/* Several values of one field, and not of another. */
	struct st_command_field twice[] = { F("services", "mediation"), F("services", "law_advice") };
	assert_int_equal(command(visit, "add", &r, twice, 2, place), 0);
	struct st_command_field title[] = { F("title", "a"), F("title", "b") };
	assert_int_equal(command(visit, "add", &r, title, 2, place), ST_EFIELD);
	/* Three attempts before somebody counts as not reached. */
	struct st_record answered = { .kind = matter, .state = 4, .revision = 3, .holder = 1, .category = 1,
				      .opened_day = 20600, .changed_day = 20600 };
	struct st_command_field echo[] = { F("told_how", "unreachable"), F("rating_answer", "unrated"),
					   F("attempts", "2026-01-05"), F("attempts", "2026-01-06"),
					   F("attempts", "2026-01-07") };
	assert_int_equal(command(matter, "echo", &answered, echo, 4, place), ST_EFIELD);
	assert_string_equal(place, "attempts (>= 3)");
	assert_int_equal(command(matter, "echo", &answered, echo, 5, place), 0);
	/* A unit returns what isn't its own within its term, and no extension goes beyond six months. */
	struct st_record assigned = { .kind = suggestion, .revision = 3, .holder = 1, .opened_day = 20500,
				      .state = st_kind_state_named(sk, st_span_text("assigned"))->number,
				      .changed_day = 20589 };
	struct st_command_field reason[] = { F("reason", "x") };
	assert_int_equal(command(suggestion, "return", &assigned, reason, 1, place), 0);
	assigned.changed_day = 20588;
	assert_int_equal(command(suggestion, "return", &assigned, reason, 1, place), ST_EMOVE);
	struct st_command_field extend[] = { F("reason", "x"), F("consent", "y"), F("due", "2026-08-17") };
	assert_int_equal(command(suggestion, "extend", &assigned, extend, 3, place), 0);
	extend[2] = (struct st_command_field)F("due", "2026-08-20");
	assert_int_equal(command(suggestion, "extend", &assigned, extend, 3, place), ST_EFIELD);
	assert_string_equal(place, "due (<= 2026-08-18)");
}

/* What stands in order, and what has been by the day on which it is told. */
static void test_days_in_order(void **state)
{
	char place[ST_PLACE_MAX];
	uint32_t matter = st_kind_named("matter")->number;
	struct st_record answered = { .kind = matter, .state = 4, .revision = 3, .holder = 1, .category = 1,
				      .opened_day = 20500, .changed_day = 20500 };
	struct st_command_field plan[] = { F("type", "reception"), F("title", "x"), F("place", "x"), F("people", "D-1"),
					   F("starts", "15:00"), F("ends", "15:00"), F("first", "2026-06-01"),
					   F("last", "2026-06-01") };
	struct st_command_field echo[] = { F("told_how", "unreachable"), F("rating_answer", "unrated"),
					   F("attempts", "2026-01-05"), F("attempts", "2026-01-06"),
					   F("attempts", "9999-01-07") };
	char day[ST_DAY_TEXT], most[64];
	(void)state;
	assert_int_equal(command(st_kind_named("schedule")->number, "plan", NULL, plan, 8, place), 0);
	plan[5] = (struct st_command_field)F("ends", "14:59");
	assert_int_equal(command(st_kind_named("schedule")->number, "plan", NULL, plan, 8, place), ST_EFIELD);
	assert_string_equal(place, "ends (>= starts)");
	plan[5] = (struct st_command_field)F("ends", "15:01");
	plan[7] = (struct st_command_field)F("last", "2026-05-31");
	assert_int_equal(command(st_kind_named("schedule")->number, "plan", NULL, plan, 8, place), ST_EFIELD);
	assert_string_equal(place, "last (>= first)");
	assert_int_equal(command(matter, "echo", &answered, echo, 5, place), ST_EFIELD);
	st_day_text(COMMAND_DAY, day);
	(void)snprintf(most, sizeof(most), "attempts (<= %s)", day);
	assert_string_equal(place, most);
	echo[4].value = st_span_text(day);
	assert_int_equal(command(matter, "echo", &answered, echo, 5, place), 0);
}

/* A plan is of a day to come; what was held, and what is added to it, isn't. */
static void test_held_by_its_day(void **state)
{
	char place[ST_PLACE_MAX], day[ST_DAY_TEXT], most[64];
	uint32_t activity = st_kind_named("activity")->number;
	struct st_record r = { .kind = activity, .state = 1, .revision = 1, .holder = 1,
			       .opened_day = 18000, .changed_day = 18000 };
	struct st_command_field f[] = { F("type", "training"), F("title", "x"), F("deputies", "D-1"),
					F("on", "9999-01-07") };
	(void)state;
	st_day_text(COMMAND_DAY, day);
	(void)snprintf(most, sizeof(most), "on (<= %s)", day);
	assert_int_equal(command(activity, "plan", NULL, f, 4, place), 0);
	assert_int_equal(command(activity, "record", NULL, f, 4, place), ST_EFIELD);
	assert_string_equal(place, most);
	assert_int_equal(command(activity, "hold", &r, f + 2, 2, place), ST_EFIELD);
	assert_string_equal(place, most);
	r.state = 2;
	assert_int_equal(command(activity, "add", &r, f + 3, 1, place), ST_EFIELD);
	f[3].value = st_span_text(day);
	assert_int_equal(command(activity, "record", NULL, f, 4, place), 0);
	assert_int_equal(command(activity, "add", &r, f + 3, 1, place), 0);
}

/* To whom it goes is said where it goes, and blanks say nothing. */
static void test_said_for_nothing(void **state)
{
	char place[ST_PLACE_MAX];
	uint32_t matter = st_kind_named("matter")->number;
	struct st_record accepted = { .kind = matter, .state = 2, .revision = 2, .holder = 1, .category = 1,
				      .opened_day = 20500, .changed_day = 20500 };
	static const char *const blanks[] = { " ", "\xe3\x80\x80", " \n\t", "\xc2\xa0" };
	struct st_command_field open[] = { F("channel", "visit"), F("to", "410611003") };
	(void)state;
	assert_int_equal(command(matter, "open", NULL, open, 2, place), ST_EFIELD);
	assert_string_equal(place, "to");
	assert_int_equal(command(matter, "hand", &accepted, open + 1, 1, place), 0);
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		struct st_command_field reply[] = { { st_span_text("reply"), st_span_text(blanks[i]) } };
		assert_int_equal(command(matter, "answer", &accepted, reply, 1, place), ST_EFIELD);
		assert_string_equal(place, "reply");
	}
}

/* Five people are a group, and nobody says so but the program. */
static void test_group(void **state)
{
	struct st_command_field fields[] = { F("channel", "visit"), F("people", "5") };
	struct st_command c = { .kind = ST_KIND_MATTER, .move = "open", .at_ms = st_day_start_ms(20605),
				.fields = fields, .field_count = 2 };
	const struct st_field_row *row =
		st_kind_field_named(st_kind(ST_KIND_MATTER), st_span_text("group"));
	struct st_checked checked;
	struct st_buf b;
	char place[ST_PLACE_MAX];
	(void)state;
	st_buf_init(&b, 10000);
	for (int people = 4; people <= 5; people++) {
		fields[1].value = st_span_text(people == 4 ? "4" : "5");
		assert_int_equal(st_command_check(&c, NULL, 1, &b, &checked, place), 0);
		const struct st_field *group = st_field_find(checked.facts, checked.fact_count, row->id);
		assert_non_null(group);
		assert_string_equal(st_choice_numbered(row->choices, group->number)->name,
				    people == 4 ? "no" : "yes");
	}
	fields[0] = (struct st_command_field)F("group", "yes");
	assert_int_equal(st_command_check(&c, NULL, 1, &b, &checked, place), ST_EFIELD);
	st_buf_done(&b);
}

static void test_values(void **state)
{
	static const struct { const char *kind, *field, *value; int rc; const char *back; } rows[] = {
		{ "activity", "starts", "9:05", 0, "09:05" },   { "activity", "starts", "24:00", ST_EFIELD, "" },
		{ "activity", "starts", "12:60", ST_EFIELD, "" }, { "activity", "starts", "12345", ST_EFIELD, "" },
		{ "activity", "photos", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0,
		  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
		{ "activity", "photos", "0123", ST_EFIELD, "" },
		{ "activity", "matters", "410611003-2026-000001-K7", 0, "410611003-2026-000001-K7" },
		{ "activity", "matters", "410611003/01ARZ3NDEKTSV4RRFFQ69G5FAV", 0,
		  "410611003/01ARZ3NDEKTSV4RRFFQ69G5FAV" },
		{ "activity", "matters", "the other one", ST_EFIELD, "" },
		{ "deputy", "station", "410611003", 0, "410611003" }, { "deputy", "station", "x/y", ST_EFIELD, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct st_field_row *row =
			st_kind_field_named(st_kind_named(rows[i].kind), st_span_text(rows[i].field));
		struct st_field f;
		struct st_buf b, text;
		st_buf_init(&b, 1000);
		st_buf_init(&text, 1000);
		st_buf_reserve(&b, st_field_room(st_span_text(rows[i].value)));
		assert_int_equal(st_field_parse(row, st_span_text(rows[i].value), &b, &f), rows[i].rc);
		if (rows[i].rc == 0) {
			st_field_text(row, &f, &text);
			assert_true(st_span_equal(st_buf_span(&text), st_span_text(rows[i].back)));
		}
		st_buf_done(&b);
		st_buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),	cmocka_unit_test(test_choices), cmocka_unit_test(test_moves),
		cmocka_unit_test(test_reached), cmocka_unit_test(test_examples), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_days_in_order), cmocka_unit_test(test_held_by_its_day),
		cmocka_unit_test(test_said_for_nothing),
		cmocka_unit_test(test_group),	cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
