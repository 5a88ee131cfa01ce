/* questions.c - each of the 24 questions equals a plain recount of the records' lives, at every
 * tier, over random histories, stations and periods; and what isn't a question's parameter is
 * refused by name.
 *
 * A failure prints its seed (SEED=n runs that one) and the first row that only one side has. */
#include "history.h"
#include "../../common/ask/questions.h"

enum { HISTORIES = 2, STEPS = 1100, ASKS = 3 };
static uint64_t first_seed;

struct asked {
	int at;
	struct st_ask ask;
	char what[200];
	struct answer *answer;
	struct st_answered answered;
	size_t rows; /* of all answers, so that none passes by having none */
};

static void compare(struct asked *x, struct counted *c)
{
	struct answer *a = x->answer;
	size_t i = first_difference(a, c);
	if (i != SIZE_MAX)
		fail_msg("seed %llu: %s: row %zu of %zu\n  said     %s\n  recount  %s (of %zu)",
			 (unsigned long long)first_seed, x->what, i, a->count,
			 i < a->count ? a->lines[i] : "(none)",
			 i < c->line_count ? c->lines[i] : "(none)", c->line_count);
	x->rows += a->count;
}

static void cover(struct counted *c, const struct asked *x, uint32_t top)
{
	for (size_t i = 0; i < c->towns_count; i++) {
		struct town *t = &c->towns[i];
		t->covered = is_below(c, t->number, top);
		assert_true(t->number < x->answered.station_count);
		assert_int_equal(x->answered.covers[t->number], t->covered);
	}
}

static int ask_one(struct st_txn *t, void *arg)
{
	struct asked *x = arg;
	char place[ST_PLACE_MAX];
	struct counted *c = calloc(1, sizeof(*c));
	x->answer->count = 0;
	int rc = st_ask(t, &x->ask, x->ask.question->of_record ? take_life : take_row, x->answer,
			&x->answered, place);
	if (rc != 0)
		fail_msg("seed %llu: %s: %s %s", (unsigned long long)first_seed, x->what,
			 st_error_name(rc), place);
	assert_int_equal(x->answered.rows, x->answer->count);
	assert_true(read_all(c, t, codes[x->at]));
	uint32_t top = c->self;
	if (!st_code_empty(&x->ask.station))
		assert_int_equal(st_station_number(t, &x->ask.station, &top), 0);
	cover(c, x, top);
	c->from = x->answered.from_day;
	c->to = x->answered.to_day;
	c->now_ms = x->ask.now_ms;
	c->today = st_day_of_ms(x->ask.now_ms);
	c->record = (const char *)x->ask.record.data;
	recounts[x->ask.question->number - 1](c);
	compare(x, c);
	free(x->answered.covers);
	forget(c);
	return 0;
}

/* Days around the history, or whole months, or what is usual. */
static void some_period(struct asked *x)
{
	const struct st_question *q = x->ask.question;
	uint32_t today = st_day_of_ms(x->ask.now_ms), from = today - below(500),
		 to = from + below(300);
	if (q->period == ST_PERIOD_NONE || below(3) == 0)
		return;
	if (q->period == ST_PERIOD_MONTHS) {
		from = st_month_first_day(st_month_of_day(from));
		to = st_month_first_day(st_month_of_day(to) + 1) - 1;
	}
	x->ask.from_day = from;
	x->ask.to_day = below(4) == 0 ? 0 : to;
}

static void ask_at(struct asked *x, int at, const struct st_question *q, const char *of_life)
{
	char from[ST_DAY_TEXT], to[ST_DAY_TEXT];
	x->at = at;
	x->ask = (struct st_ask){ .question = q,
				  .lang = ST_ZH,
				  .now_ms =
					  city[at].world.now_ms + (int64_t)below(20) * 86400000LL };
	some_period(x);
	if (below(3) == 0) {
		int k = (int)below(STATIONS), up = k;
		while (up != at && up > MAIN)
			up = parents[up];
		if (up == at)
			x->ask.station = code_of(codes[k]);
	}
	if (q->of_record)
		x->ask.record = st_span_text(of_life);
	st_day_text(x->ask.from_day, from);
	st_day_text(x->ask.to_day, to);
	(void)snprintf(x->what, sizeof(x->what), "%s at %s, of %s, %s to %s", q->name, codes[at],
		       x->ask.station.text, from, to);
	assert_int_equal(st_store_read(city[at].store, ask_one, x), 0);
}

static int is_known(struct st_txn *t, void *arg)
{
	struct st_record_ref ref;
	return st_record_resolve(t, st_span_text(arg), &ref);
}

static void test_equal_a_recount(void **state)
{
	const char *given = getenv("SEED");
	(void)state;
	struct asked x = { .answer = calloc(1, sizeof(struct answer)) };
	size_t total[64] = { 0 };
	for (unsigned n = 0; n < (given != NULL ? 1 : HISTORIES); n++) {
		first_seed = seed = given != NULL ? strtoull(given, NULL, 10) : 500 + n;
		city_begin();
		history(STEPS);
		assert_true(record_count > 60 && moved_count > 150);
		for (size_t i = 0; i < st_question_count(); i++) {
			x.rows = 0;
			for (int at = 0; at < STATIONS; at++)
				for (unsigned k = 0; k < ASKS; k++) {
					const struct st_question *q = st_question_at(i);
					if (q->of_record && st_store_read(city[at].store, is_known,
									  records[k].number) != 0)
						continue;
					ask_at(&x, at, q, records[k].number);
				}
			if (getenv("SAY") != NULL)
				print_message("%s: %zu rows\n", st_question_at(i)->name, x.rows);
			total[i] += x.rows;
		}
		city_end();
	}
	for (size_t i = 0; given == NULL && i < st_question_count(); i++)
		if (total[i] == 0)
			fail_msg("%s: no history has a row of it", st_question_at(i)->name);
	free(x.answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_equal_a_recount) };
	if (st_trust_start() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
