/* deputies.c - archives, points, floors and the census equal a recount of all records' lives.
 *
 * A station lives through random years: activities planned, held and called off, visits recorded
 * and voided, suggestions raised, co-signed, refused and taken back, matters, projects and deputies
 * who come and go. Then every record's life is read event by event, and what it says of each deputy
 * is reckoned here by words of its own. A failure prints its seed. */
#include "../../unit/apply/pair.h"
#include <station/ask/deputy.h>
#include <station/base/clock.h>

enum { DEPUTIES = 6, STEPS = 500, WALKS = 3, RECORDS = 400, ROWS = 4000, MANY = 12 };

static uint64_t seed, first_seed;
static struct station main_station;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- what was done ---- */

struct done {
	char number[ST_NUMBER_TEXT];
	const char *kind;
};
static struct done records[RECORDS];
static size_t record_count;

struct wish {
	const char *kind, *move;
	char values[MANY][40];
	struct st_command_field fields[MANY];
	size_t count;
};

static void give(struct wish *w, const char *name, const char *value)
{
	assert_true(w->count < MANY);
	(void)snprintf(w->values[w->count], sizeof(w->values[0]), "%s", value);
	w->fields[w->count] =
		(struct st_command_field){ st_span_text(name), st_span_text(w->values[w->count]) };
	w->count++;
}

static void give_deputy(struct wish *w, const char *field)
{
	char code[8];
	(void)snprintf(code, sizeof(code), "D-%u", below(DEPUTIES));
	give(w, field, code);
}

static void give_deputies(struct wish *w, const char *field, uint32_t most)
{
	for (uint32_t n = below(most) + 1; n > 0; n--)
		give_deputy(w, field);
}

static void give_day(struct wish *w, const char *field, bool has_been)
{
	char day[ST_DAY_TEXT];
	uint32_t today = st_day_of_ms(main_station.world.now_ms), off = below(40);
	st_day_text(has_been ? today - off : today + off, day);
	give(w, field, day);
}

static const char *any_of(const struct st_choice *c)
{
	size_t n = 0;
	while (c[n].name != NULL)
		n++;
	return c[below((uint32_t)n)].name;
}

static const char *some_choice(const char *kind, const char *field)
{
	return any_of(st_kind_field_named(st_kind_named(kind), st_span_text(field))->choices);
}

static void give_people(struct wish *w)
{
	char people[8];
	(void)snprintf(people, sizeof(people), "%u", below(5) + 1);
	if (below(2) == 0)
		give(w, "people", people);
}

static void wish_opening(struct wish *w)
{
	switch (below(8)) {
	case 0:
	case 1:
		*w = (struct wish){ .kind = "activity", .move = below(2) ? "record" : "plan" };
		give(w, "type", some_choice("activity", "type"));
		if (strcmp(w->move, "plan") == 0 || below(3) == 0)
			give_day(w, "on", strcmp(w->move, "record") == 0);
		give_deputies(w, "deputies", 3);
		give_people(w);
		break;
	case 2:
	case 3:
		*w = (struct wish){ .kind = "visit", .move = "record" };
		give(w, "who", below(3) ? "masses" : some_choice("visit", "who"));
		give_people(w);
		if (below(5))
			give_deputies(w, "deputies", 2);
		break;
	case 4:
		*w = (struct wish){ .kind = "suggestion", .move = "raise" };
		give(w, "type", "suggestion");
		give_deputy(w, "deputy");
		if (below(2))
			give_deputies(w, "co_signers", 3);
		break;
	case 5:
		*w = (struct wish){ .kind = "matter", .move = "open" };
		give(w, "channel", some_choice("matter", "channel"));
		give_deputy(w, "deputy");
		break;
	case 6:
		*w = (struct wish){ .kind = "project", .move = "propose" };
		give(w, "origin", "deputy");
		give_deputy(w, "deputy");
		break;
	default:
		*w = (struct wish){ .kind = "deputy", .move = "enter" };
		give_deputy(w, "deputy");
		give(w, "name", "李某");
		give(w, "levels", some_choice("deputy", "levels"));
		if (below(2))
			give(w, "levels", some_choice("deputy", "levels"));
		return;
	}
	give(w, "title", "题");
}

/* Whatever the table refuses is refused; what it takes counts. */
static void wish_move(struct wish *w, const struct done *r)
{
	static const char *const moves[][3] = {
		{ "activity", "hold", "deputies" },       { "activity", "cancel", "reason" },
		{ "activity", "postpone", "on" },         { "activity", "add", "deputies" },
		{ "visit", "add", "deputies" },           { "visit", "void", "reason" },
		{ "suggestion", "cosign", "co_signers" }, { "suggestion", "refuse", "reason" },
		{ "suggestion", "withdraw", "reason" },   { "suggestion", "accept", "category" },
		{ "deputy", "honour", "honours" },        { "deputy", "amend", "levels" },
		{ "deputy", "leave", "reason" },          { "matter", "accept", "category" },
		{ "matter", "withdraw", "reason" },       { "project", "drop", "reason" },
	};
	size_t at = below(sizeof(moves) / sizeof(moves[0]));
	while (strcmp(moves[at][0], r->kind) != 0)
		at = (at + 1) % (sizeof(moves) / sizeof(moves[0]));
	*w = (struct wish){ .kind = r->kind, .move = moves[at][1] };
	const char *field = moves[at][2];
	if (strcmp(field, "deputies") == 0 || strcmp(field, "co_signers") == 0)
		give_deputies(w, field, 2);
	else if (strcmp(field, "on") == 0)
		give_day(w, field, false);
	else if (strcmp(field, "levels") == 0)
		give(w, field, some_choice("deputy", "levels"));
	else
		give(w, field, "因故");
	if (strcmp(w->move, "postpone") == 0)
		give(w, "reason", "雪");
	if (strcmp(w->move, "honour") == 0)
		give_day(w, "on", false);
}

static void live(void)
{
	static struct wish w; /* fields point into it */
	struct done *r = &records[record_count];
	bool opens = record_count == 0 || (record_count < RECORDS && below(3) > 0);
	char number[ST_NUMBER_TEXT] = "";
	if (opens) {
		wish_opening(&w);
	} else {
		r = &records[below((uint32_t)record_count)];
		wish_move(&w, r);
		(void)snprintf(number, sizeof(number), "%s", r->number);
	}
	station_kind = st_kind_named(w.kind)->number;
	int rc = station_command(&main_station, w.move, number, w.fields, w.count);
	if (opens && rc == ST_EENTERED) { /* and so he is, and serves */
		assert_true(strcmp(w.kind, "deputy") == 0 && number[0] == 0);
		return;
	}
	if (opens && rc != 0)
		fail_msg("seed %llu: %s %s: %s", (unsigned long long)first_seed, w.kind, w.move,
			 st_error_name(rc));
	if (opens) {
		(void)snprintf(r->number, sizeof(r->number), "%s", number);
		r->kind = w.kind;
		record_count++;
	}
	main_station.world.now_ms += below(3) * 86400000LL;
}

/* ---- the recount ---- */

struct life {
	const struct st_kind *kind;
	uint32_t opened, state, channel, on, people;
	char number[ST_NUMBER_TEXT];
	struct {
		uint32_t field;
		char code[8];
	} names[64];
	size_t name_count, level_count;
	uint64_t levels[8];
	struct {
		uint32_t day;
	} honours[16];
	size_t honour_count;
	bool first;
};

static void name(struct life *l, const struct st_field_row *f, const struct st_field *v)
{
	size_t at = 0;
	if ((f->flags & ST_MANY) == 0)
		for (size_t i = 0; i < l->name_count; i++)
			if (l->names[i].field == f->id)
				l->names[i].field = 0; /* replaced */
	for (; at < l->name_count; at++)
		if (l->names[at].field == f->id &&
		    st_span_equal(st_span_text(l->names[at].code), v->text))
			return;
	assert_true(at < 64);
	l->names[at].field = f->id;
	(void)snprintf(l->names[at].code, sizeof(l->names[0].code), "%.*s", (int)v->text.size,
		       (const char *)v->text.data);
	l->name_count++;
}

static int read_event(const struct st_life_event *e, void *arg)
{
	struct life *l = arg;
	bool levels = false, honours = false;
	uint32_t on = 0;
	assert_int_equal(e->stray, 0);
	if (l->first)
		l->opened = st_day_of_ms(e->at_ms);
	l->first = false;
	l->state = e->state != 0 ? e->state : l->state;
	for (size_t i = 0; i < e->text_count; i++)
		honours |= strcmp(st_kind_field(l->kind, e->texts[i].id)->name, "honours") == 0;
	for (size_t i = 0; i < e->fact_count; i++) {
		const struct st_field_row *f = st_kind_field(l->kind, e->facts[i].id);
		const struct st_field *v = &e->facts[i];
		if (f->id == ST_F_CHANNEL)
			l->channel = (uint32_t)v->number;
		if (strcmp(f->name, "on") == 0)
			on = l->on = (uint32_t)v->number;
		if (strcmp(f->name, "people") == 0 && v->is_number)
			l->people = (uint32_t)v->number;
		if (strcmp(f->name, "deputy") == 0 || strcmp(f->name, "deputies") == 0 ||
		    strcmp(f->name, "co_signers") == 0)
			name(l, f, v);
		if (strcmp(f->name, "levels") == 0) {
			l->level_count = levels ? l->level_count : 0;
			levels = true;
			bool known = false;
			for (size_t n = 0; n < l->level_count; n++)
				known |= l->levels[n] == v->number;
			if (!known)
				l->levels[l->level_count++] = v->number;
		}
	}
	if (honours)
		l->honours[l->honour_count++].day = on;
	return 0;
}

struct row {
	char text[120];
};
struct told {
	struct row rows[ROWS];
	size_t count;
};
static struct told want, got;
struct sums {
	uint64_t counts[ST_POINTS_ROWS_MAX], total, days, reports, voters, receptions;
	bool serves, entered, days_seen[4000], received[4000];
};
static struct sums sums[DEPUTIES];
static uint64_t seats[8], persons;
static uint32_t from_day, to_day, base_day;
static struct st_points_table table;

static void tell(struct told *t, const char *part, uint32_t day, const char *number,
		 const char *role)
{
	assert_true(t->count < ROWS);
	(void)snprintf(t->rows[t->count++].text, sizeof(t->rows[0].text), "%s %u %s %s", part, day,
		       number, role);
}

static const char *choice(const struct life *l)
{
	const struct st_field_row *f = st_kind_field(l->kind, ST_F_CHANNEL);
	return f == NULL ? "" : st_choice_numbered(f->choices, l->channel)->name;
}

static bool is(const char *text, const char *list)
{
	const char *at = strstr(list, text);
	return at != NULL && (at == list || at[-1] == ' ') &&
	       (at[strlen(text)] == ' ' || at[strlen(text)] == 0);
}

/* In words of its own: what a deputy's name in this field of this record means. */
static void tell_one(const struct life *l, size_t n, uint32_t deputy)
{
	const char *kind = l->kind->name, *field = st_kind_field(l->kind, l->names[n].field)->name,
		   *type = choice(l);
	const char *state = st_kind_state(l->kind, l->state)->name;
	uint32_t day = strcmp(kind, "activity") == 0 && l->on != 0 ? l->on : l->opened;
	struct sums *s = &sums[deputy];
	bool now = day >= from_day && day <= to_day, undone = is(state, "planned cancelled voided");
	const char *part = NULL, *role = "present", *item = NULL;
	if (strcmp(kind, "deputy") == 0 || !now || undone)
		return;
	if (strcmp(kind, "activity") == 0) {
		s->days_seen[day - base_day] = true;
		part = is(type, "congress meeting")                         ? "meetings"
		       : is(type, "inspection research enforcement_check")  ? "inspections"
		       : is(type, "training")                               ? "training"
		       : is(type, "dispute_settled help good_deed charity") ? "deeds"
		       : is(type, "report_to_voters")                       ? "reports"
									    : "group";
		role = is(type, "report_to_voters") ? "reported" : "present";
		static const char *const items[][2] = {
			{ "congress", "出席人代会" }, { "meeting", "其他会议" },
			{ "training", "学习培训" },   { "research", "调研" },
			{ "inspection", "视察" },     { "dispute_settled", "化解矛盾" },
			{ "help", "帮扶困难" },       { "good_deed", "办好事实事" },
			{ "charity", "公益慈善" },    { "report_to_voters", "述职" },
		};
		for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
			item = strcmp(type, items[i][0]) == 0 ? items[i][1] : item;
		s->reports += strcmp(type, "report_to_voters") == 0;
		if (strcmp(type, "themed_reception") == 0)
			s->received[day - base_day] = true;
		if (is(type, "voters_visited evening_talk grid themed_reception"))
			s->voters += l->people;
	} else if (strcmp(kind, "visit") == 0) {
		part = "visits";
		role = "received";
		s->days_seen[day - base_day] = true;
		if (strcmp(type, "masses") == 0) {
			item = "接待选民";
			s->voters += l->people;
			s->received[day - base_day] = true;
		}
	} else if (strcmp(kind, "suggestion") == 0) {
		part = "suggestions";
		role = strcmp(field, "deputy") == 0 ? "raised" : "co-signed";
		if (!is(state, "refused withdrawn"))
			item = strcmp(field, "deputy") == 0 ? "领衔提出建议" : "附议建议";
	} else if (strcmp(kind, "matter") == 0) {
		part = "matters";
		role = strcmp(type, "deputy") == 0 ? "brought" : "received";
	} else if (strcmp(kind, "project") == 0) {
		part = "projects";
		role = "proposed";
	}
	for (size_t i = 0; item != NULL && i < table.count; i++)
		s->counts[i] += strcmp(table.rows[i].item, item) == 0;
	char who[16];
	(void)snprintf(who, sizeof(who), "%u:%s", deputy, part);
	tell(&want, who, day, l->number, role);
}

struct reading {
	struct st_txn *txn;
};

static int read_record(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct reading *x = arg;
	struct st_record r;
	struct st_record_id id;
	struct life l = { .first = true, .people = 1 };
	assert_int_equal(st_record_decode(ref, row, &r), 0);
	assert_int_equal(st_record_id(x->txn, ref, &id), 0);
	st_number_text(&r.number, &id.opener, &id.ulid, l.number);
	l.kind = st_kind(r.kind);
	assert_int_equal(st_life_each(x->txn, &r, NULL, read_event, &l), 0);
	if (strcmp(l.kind->name, "deputy") == 0) {
		struct sums *s = &sums[l.names[0].code[2] - '0'];
		bool open = strcmp(st_kind_state(l.kind, l.state)->name, "left") != 0;
		s->entered = true;
		s->serves |= open;
		persons += open;
		for (size_t i = 0; open && i < l.level_count; i++)
			seats[l.levels[i]]++;
	}
	for (size_t n = 0; n < l.name_count; n++)
		if (l.names[n].field != 0)
			tell_one(&l, n, (uint32_t)(l.names[n].code[2] - '0'));
	return 0;
}

/* ---- what the station answers ---- */

struct asking {
	struct st_txn *txn;
	uint32_t deputy, honours, basics;
	size_t rows;
};

static int take_row(const struct st_archive_row *row, void *arg)
{
	struct asking *x = arg;
	char who[16];
	x->rows++;
	x->basics += row->part == ST_ARCHIVE_BASIC;
	if (row->part == ST_ARCHIVE_BASIC || row->part == ST_ARCHIVE_HONOURS)
		return 0;
	assert_string_equal(row->title, "题");
	(void)snprintf(who, sizeof(who), "%u:%s", x->deputy, st_archive_part_text(row->part));
	tell(&got, who, row->day, row->number, row->role);
	return 0;
}

static int take_deputy(const struct st_deputy_row *row, void *arg)
{
	struct asking *x = arg;
	const struct sums *s = &sums[row->code[2] - '0'];
	uint64_t days = 0, receptions = 0, total = 0;
	for (size_t i = 0; i < 4000; i++) {
		days += s->days_seen[i];
		receptions += s->received[i];
	}
	for (size_t i = 0; i < table.count; i++) {
		const struct st_points_row *p = &table.rows[i];
		uint64_t points =
			s->counts[i] == 0 ? 0 : p->first + (s->counts[i] - 1) * p->further;
		points = points > p->at_most ? p->at_most : points;
		if (row->counts[i] != s->counts[i])
			fail_msg("seed %llu: %s has %llu of %s, not %llu",
				 (unsigned long long)first_seed, row->code,
				 (unsigned long long)row->counts[i], p->item,
				 (unsigned long long)s->counts[i]);
		assert_int_equal(row->points[i], points);
		total += points;
	}
	assert_int_equal(row->total, total);
	assert_int_equal(row->days_served, days);
	assert_int_equal(row->reports, s->reports);
	assert_int_equal(row->voters, s->voters);
	assert_int_equal(row->receptions, receptions);
	assert_int_equal(row->serving, s->serves);
	x->rows++;
	return 0;
}

static void ask_archive(struct st_txn *t, uint32_t deputy)
{
	char code[8];
	(void)snprintf(code, sizeof(code), "D-%u", deputy);
	struct asking x = { .txn = t, .deputy = deputy };
	struct st_buf next, page;
	st_buf_init(&next, 256);
	st_buf_init(&page, 256);
	do {
		struct st_archive_query q = { .code = st_span_text(code),
					      .from_day = from_day,
					      .to_day = to_day,
					      .lang = ST_EN,
					      .limit = below(4) + 1,
					      .page = st_buf_span(&page) };
		st_buf_clear(&next);
		int rc = st_archive_each(t, &q, take_row, &x, &next);
		if (rc == ST_ENOTFOUND)
			break; /* nobody ever named him */
		assert_int_equal(rc, 0);
		st_buf_clear(&page);
		st_buf_put_span(&page, st_buf_span(&next));
	} while (next.size > 0);
	assert_int_equal(x.basics > 0, sums[deputy].entered);
	st_buf_done(&next);
	st_buf_done(&page);
}

static void ask_points(struct st_txn *t)
{
	struct asking x = { .txn = t };
	struct st_buf next, page;
	size_t entered = 0;
	st_buf_init(&next, 64);
	st_buf_init(&page, 64);
	do {
		struct st_deputies_query q = { .from_day = from_day,
					       .to_day = to_day,
					       .table = &table,
					       .floors = true,
					       .limit = below(3) + 1,
					       .page = st_buf_span(&page) };
		st_buf_clear(&next);
		assert_int_equal(st_deputies_each(t, &q, take_deputy, &x, &next), 0);
		st_buf_clear(&page);
		st_buf_put_span(&page, st_buf_span(&next));
	} while (next.size > 0);
	for (size_t i = 0; i < DEPUTIES; i++)
		entered += sums[i].serves;
	assert_true(x.rows >= entered);
	st_buf_done(&next);
	st_buf_done(&page);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->text, ((const struct row *)b)->text);
}

static int compare(struct st_txn *t, void *arg)
{
	struct reading x = { t };
	struct st_census census;
	uint64_t sum = 0;
	(void)arg;
	assert_int_equal(st_record_each(t, NULL, read_record, &x), 0);
	for (uint32_t i = 0; i < DEPUTIES; i++)
		ask_archive(t, i);
	qsort(want.rows, want.count, sizeof(want.rows[0]), by_text);
	qsort(got.rows, got.count, sizeof(got.rows[0]), by_text);
	for (size_t i = 0; i < want.count && i < got.count; i++)
		if (strcmp(want.rows[i].text, got.rows[i].text) != 0)
			fail_msg("seed %llu: \"%s\", not \"%s\"", (unsigned long long)first_seed,
				 got.rows[i].text, want.rows[i].text);
	assert_int_equal(want.count, got.count);
	assert_true(want.count > 50);
	ask_points(t);
	assert_int_equal(st_census_make(t, &census), 0);
	for (size_t i = 0; i < census.level_count; i++)
		assert_int_equal(census.levels[i].deputies, seats[census.levels[i].level->number]);
	for (size_t i = 0; i < 8; i++)
		sum += seats[i];
	assert_int_equal(census.seats, sum);
	assert_int_equal(census.persons, persons);
	return 0;
}

static void test_equal_to_a_recount(void **state)
{
	size_t count = 0, line = 0;
	const struct st_points_line *lines = st_points_defaults(&count);
	(void)state;
	assert_int_equal(st_points_read(lines, count, &table, &line), 0);
	for (uint64_t i = 0; i < WALKS; i++) {
		struct st_signing_key root;
		seed = first_seed =
			getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 10) : 7100 + i;
		record_count = want.count = got.count = 0;
		persons = 0;
		memset(sums, 0, sizeof(sums));
		memset(seats, 0, sizeof(seats));
		station_new(&main_station, first_seed);
		station_found(&main_station, "410600", &root);
		base_day = st_day_of_ms(main_station.world.now_ms);
		for (size_t n = 0; n < STEPS; n++)
			live();
		from_day = base_day + below(60);
		to_day = from_day + 200 + below(200);
		assert_int_equal(st_store_read(main_station.store, compare, NULL), 0);
		station_gone(&main_station);
	}
}

/* A real township: 1 + 23 + 90 deputies who are 103 persons, since 11 sit at two levels. */
static int count_township(struct st_txn *t, void *arg)
{
	struct st_census c;
	(void)arg;
	assert_int_equal(st_census_make(t, &c), 0);
	assert_int_equal(c.level_count, 3);
	assert_int_equal(c.seats, 114);
	assert_int_equal(c.persons, 103);
	return 0;
}

static int enter(const char *move, char number[ST_NUMBER_TEXT], const char *field, const char *value)
{
	const struct st_command_field fields[] = {
		{ st_span_text(field), st_span_text(value) },
		{ st_span_text("name"), st_span_text("李某") },
		{ st_span_text("levels"), st_span_text("town") },
	};
	return station_command(&main_station, move, number, fields, strcmp(move, "enter") == 0 ? 3 : 1);
}

static int count_one(struct st_txn *t, void *arg)
{
	struct st_census c;
	(void)arg;
	assert_int_equal(st_census_make(t, &c), 0);
	assert_int_equal(c.persons, 1);
	assert_int_equal(c.seats, 1);
	return 0;
}

/* Again only once he has left; and who has left comes back only where he isn't entered anew. */
static void test_a_person_is_entered_once(void **state)
{
	struct st_signing_key root;
	char first[ST_NUMBER_TEXT] = "", again[ST_NUMBER_TEXT] = "";
	(void)state;
	station_new(&main_station, 6);
	station_found(&main_station, "410600", &root);
	station_kind = st_kind_named("deputy")->number;
	assert_int_equal(enter("enter", first, "deputy", "D-1"), 0);
	assert_int_equal(enter("enter", again, "deputy", "D-1"), ST_EENTERED);
	assert_int_equal(enter("suspend", first, "reason", "x"), 0);
	assert_int_equal(enter("enter", again, "deputy", "D-1"), ST_EENTERED);
	assert_int_equal(enter("resume", first, "reason", "x"), 0);
	assert_int_equal(enter("leave", first, "reason", "x"), 0);
	assert_int_equal(enter("enter", again, "deputy", "D-1"), 0);
	assert_int_equal(enter("return", first, "levels", "city"), ST_EENTERED);
	assert_int_equal(st_store_read(main_station.store, count_one, NULL), 0);
	assert_int_equal(enter("leave", again, "reason", "x"), 0);
	assert_int_equal(enter("return", first, "levels", "city"), 0);
	assert_int_equal(st_store_read(main_station.store, count_one, NULL), 0);
	station_gone(&main_station);
}

static void test_a_person_counts_once(void **state)
{
	struct st_signing_key root;
	(void)state;
	station_new(&main_station, 5);
	station_found(&main_station, "410600", &root);
	station_kind = st_kind_named("deputy")->number;
	for (unsigned i = 0; i < 103; i++) {
		char code[8], number[ST_NUMBER_TEXT] = "";
		(void)snprintf(code, sizeof(code), "D-%u", i);
		const char *first = i < 1 ? "city" : i < 24 ? "county" : "town";
		const struct st_command_field fields[] = {
			{ st_span_text("deputy"), st_span_text(code) },
			{ st_span_text("name"), st_span_text("李某") },
			{ st_span_text("levels"), st_span_text(first) },
			{ st_span_text("levels"), st_span_text("town") },
		};
		bool two = i >= 1 && i < 12;
		assert_int_equal(station_command(&main_station, "enter", number, fields,
						 two ? 4 : 3),
				 0);
	}
	assert_int_equal(st_store_read(main_station.store, count_township, NULL), 0);
	station_gone(&main_station);
}

/* Each field that names a deputy, and each type of activity, has its place in an archive. */
static int one_of_each(struct st_txn *t, void *arg)
{
	struct asking x = { .txn = t };
	struct st_archive_query q = { .code = st_span_text("D-0"),
				      .lang = ST_EN,
				      .limit = ST_LIST_MAX };
	struct st_buf next;
	st_buf_init(&next, 256);
	got.count = 0;
	assert_int_equal(st_archive_each(t, &q, take_row, &x, &next), 0);
	assert_int_equal(got.count, *(size_t *)arg);
	q.page = st_span_text("00");
	assert_int_equal(st_archive_each(t, &q, take_row, &x, &next), ST_EFIELD);
	q.code = st_span_text("D-9");
	assert_int_equal(st_archive_each(t, &q, take_row, &x, &next), ST_ENOTFOUND);
	st_buf_done(&next);
	return 0;
}

static void test_every_type_has_its_part(void **state)
{
	struct st_signing_key root;
	const struct st_choice *types =
		st_kind_field_named(st_kind_named("activity"), st_span_text("type"))->choices;
	size_t count = 0;
	(void)state;
	station_new(&main_station, 6);
	station_found(&main_station, "410600", &root);
	station_kind = st_kind_named("activity")->number;
	for (; types[count].name != NULL; count++) {
		char number[ST_NUMBER_TEXT] = "";
		const struct st_command_field fields[] = {
			{ st_span_text("type"), st_span_text(types[count].name) },
			{ st_span_text("title"), st_span_text("题") },
			{ st_span_text("deputies"), st_span_text("D-0") },
		};
		assert_int_equal(station_command(&main_station, "record", number, fields, 3), 0);
	}
	for (size_t k = 0; k < st_kind_count(); k++)
		for (size_t f = 0; f < st_kind_at(k)->field_count; f++) {
			const struct st_field_row *row = &st_kind_at(k)->fields[f];
			char source[80];
			struct st_deed d;
			if (row->names != ST_NAMES_DEPUTY || (row->flags & ST_INDEXED) == 0)
				continue;
			(void)snprintf(source, sizeof(source), "%s.%s", st_kind_at(k)->name,
				       row->name);
			assert_int_equal(st_deed_parse(st_span_text(source), &d), 0);
			assert_true(is(source, "deputy.deputy activity.deputies suggestion.deputy "
					       "suggestion.co_signers visit.deputies matter.deputy "
					       "project.deputy"));
		}
	assert_int_equal(st_store_read(main_station.store, one_of_each, &count), 0);
	station_gone(&main_station);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_to_a_recount),
		cmocka_unit_test(test_a_person_counts_once),
		cmocka_unit_test(test_a_person_is_entered_once),
		cmocka_unit_test(test_every_type_has_its_part),
	};
	if (st_trust_start() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
