/* likeness.c - tests of trigrams and sketches against plain sets, of characters that people type
 * differently, of rubbish, and of the evidence that a score adds up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/work/doors.h>

static struct st_sketcher sketcher;
static uint64_t seed = 7;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static struct st_sketch sketch_of(const char *text)
{
	struct st_sketch s;
	st_sketcher_begin(&sketcher);
	assert_int_equal(st_sketcher_add(&sketcher, st_span_text(text)), 0);
	st_sketcher_end(&sketcher, &s);
	return s;
}

static uint32_t like(const char *a, const char *b)
{
	struct st_sketch x = sketch_of(a), y = sketch_of(b);
	assert_int_equal(st_sketch_jaccard(&x, &y), st_sketch_jaccard(&y, &x));
	assert_int_equal(st_sketch_contained(&x, &y), st_sketch_contained(&y, &x));
	return st_sketch_jaccard(&x, &y);
}

static void test_what_people_type_differently_is_the_same(void **state)
{
	static const char *const same[][2] = {
		{ "路灯不亮", "路灯不亮。" },
		{ "路灯 不亮,三天了", "路灯不亮，三天了！" },
		{ "３号楼ＡＢＣ", "3号楼abc" },
		{ "Street LIGHT out", "street light, out" },
		{ "Cafe\xcc\x81 zu", "CAF\xc3\x89 zu" }, /* e and an accent, or one letter */
		{ "\xef\xbe\x8a\xef\xbe\x9d\xef\xbd\xb6\xef\xbd\xb8", "ハンカク" }, /* half width */
		{ "Stra\xc3\x9f"
		  "e frei",
		  "STRASSE FREI" },
		{ "灯", "（灯）" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_int_equal(like(same[i][0], same[i][1]), ST_LIKE);
}

static void test_short_texts(void **state)
{
	(void)state;
	assert_int_equal(sketch_of("").count, 0);
	assert_int_equal(sketch_of("。，！ \n\t—").count, 0);
	assert_int_equal(like("", ""), 0); /* nothing is like nothing */
	assert_int_equal(like("灯", ""), 0);
	assert_int_equal(sketch_of("灯").count, 1);
	assert_int_equal(sketch_of("路灯").count, 1);
	assert_int_equal(sketch_of("路灯坏").count, 1);
	assert_int_equal(like("路灯", "路灯坏"), 0);
	assert_int_equal(like("路灯", "路灯"), ST_LIKE);
	assert_int_equal(like("路灯坏了", "路灯坏"), 500);
}

/* Two texts are two: no trigram goes across. */
static void test_texts_stay_apart(void **state)
{
	struct st_sketch apart, together = sketch_of("路灯坏了三天");
	(void)state;
	st_sketcher_begin(&sketcher);
	assert_int_equal(st_sketcher_add(&sketcher, st_span_text("路灯坏")), 0);
	assert_int_equal(st_sketcher_add(&sketcher, st_span_text("了三天")), 0);
	st_sketcher_end(&sketcher, &apart);
	assert_int_equal(apart.grams, 2);
	assert_int_equal(st_sketch_contained(&apart, &together), ST_LIKE);
}

/* A text of `size` Chinese characters of an alphabet, as code points and in UTF-8. */
struct text {
	uint32_t c[6000];
	char utf8[6000 * 3 + 1];
	size_t size;
};

static void put(struct text *t, uint32_t c)
{
	char *to = t->utf8 + 3 * t->size;
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 63));
	to[2] = (char)(0x80 | (c & 63));
	to[3] = 0;
	t->c[t->size++] = c;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static size_t set_of(const struct text *t, uint64_t *to)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i + 2 < t->size; i++)
		to[n++] = (uint64_t)t->c[i] << 42 | (uint64_t)t->c[i + 1] << 21 | t->c[i + 2];
	qsort(to, n, sizeof(*to), by_value);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || to[i] != to[i - 1])
			to[kept++] = to[i];
	return kept;
}

static void exact(const struct text *a, const struct text *b, uint32_t *ret_jaccard,
		  uint32_t *ret_contained)
{
	static uint64_t x[6000], y[6000];
	size_t n = set_of(a, x), m = set_of(b, y), both = 0;
	for (size_t i = 0; i < n; i++)
		both += bsearch(&x[i], y, m, sizeof(*y), by_value) != NULL;
	*ret_jaccard = (uint32_t)((both * ST_LIKE + (n + m - both) / 2) / (n + m - both));
	*ret_contained = (uint32_t)((both * ST_LIKE + (n < m ? n : m) / 2) / (n < m ? n : m));
}

static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* Two texts that share stretches, of many lengths and degrees of likeness. */
static void test_sketches_against_sets(void **state)
{
	static struct text a, b;
	uint64_t sum = 0, large = 0;
	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		size_t size = 3 + below(round % 3 == 0 ? 4000 : 250);
		uint32_t alphabet = 50 + below(3000), share = below(101), jaccard, contained;
		a.size = b.size = 0;
		while (a.size < size || b.size < 3) {
			uint32_t c = 0x4e00 + below(alphabet);
			bool both = below(100) < share;
			for (unsigned n = 0; n < 12; n++, c = 0x4e00 + below(alphabet)) {
				put(&a, c);
				if (both)
					put(&b, c);
				else if (below(2))
					put(&b, 0x4e00 + below(alphabet));
			}
		}
		exact(&a, &b, &jaccard, &contained);
		struct st_sketch x = sketch_of(a.utf8), y = sketch_of(b.utf8);
		bool whole = x.grams <= ST_SKETCH_KEPT && y.grams <= ST_SKETCH_KEPT;
		uint32_t off = apart(st_sketch_jaccard(&x, &y), jaccard);
		if (whole && x.grams + y.grams <= ST_SKETCH_KEPT) {
			assert_int_equal(off, 0); /* nothing was left out */
			assert_true(apart(st_sketch_contained(&x, &y), contained) <= 1);
			continue;
		}
		assert_true(off <= 4 * 32); /* four standard errors at worst */
		sum += off;
		large++;
	}
	assert_true(large > 100);
	assert_true(sum <= 32 * large); /* and within one on the average */
}

static void test_the_long_way_gives_the_same(void **state)
{
	static struct text t;
	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		char mixed[sizeof(t.utf8) + 2];
		t.size = 0;
		while (t.size < 60)
			put(&t, 0x4e00 + below(20000));
		(void)snprintf(mixed, sizeof(mixed), "%s\xc3\xa9",
			       t.utf8); /* a letter that isn't common */
		struct st_sketch plain = sketch_of(t.utf8), with = sketch_of(mixed);
		assert_int_equal(with.grams, plain.grams + 1);
		assert_int_equal(st_sketch_contained(&plain, &with), ST_LIKE);
	}
}

static void test_rubbish(void **state)
{
	uint8_t bytes[300];
	struct st_sketch s;
	unsigned refused = 0;
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t size = below(sizeof(bytes));
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)below(round % 2 ? 256 : 128);
		st_sketcher_begin(&sketcher);
		assert_int_equal(st_sketcher_add(&sketcher, st_span_text("路灯坏了")), 0);
		int rc = st_sketcher_add(&sketcher, st_span(bytes, size));
		assert_true(rc == 0 || rc == ST_EFIELD);
		st_sketcher_end(&sketcher, &s);
		assert_true(s.grams >= 2 && s.count <= ST_SKETCH_KEPT);
		if (rc < 0)
			assert_int_equal(s.grams, 2); /* nothing of it was taken */
		refused += rc < 0;
	}
	assert_true(refused > 1000);
}

static void test_more_than_a_sketcher_takes(void **state)
{
	struct st_sketch s;
	static struct text t;
	(void)state;
	while (t.size < 5000)
		put(&t, 0x4e00 + below(20000));
	st_sketcher_begin(&sketcher);
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(st_sketcher_add(&sketcher, st_span(t.utf8, 3 * t.size)), 0);
	assert_int_equal(sketcher.count, ST_SKETCHER_GRAMS_MAX);
	st_sketcher_end(&sketcher, &s);
	assert_int_equal(s.count, ST_SKETCH_KEPT);
	assert_true(s.grams <= 4998);
}

/* ---- doors ---- */

static int points(const struct st_door *a, const struct st_door *b, bool reporter)
{
	struct st_score x, y;
	int sum = 0;
	st_door_score(a, b, reporter, &x);
	st_door_score(b, a, reporter, &y);
	assert_memory_equal(&x, &y, sizeof(x));
	for (size_t i = 0; i < ST_WHY_COUNT; i++)
		sum += x.parts[i];
	assert_int_equal(sum, x.points);
	return x.points;
}

static void test_a_score_says_why(void **state)
{
	enum { DAY = 24 * 3600 * 1000 };
	struct st_sketch same = sketch_of("幸福里社区三号院"),
			 other = sketch_of("天山路街道办事处门前");
	struct st_door a = { .station = 3, .category = 1, .subcategory = 2, .ms = 100ll * DAY },
		       b = a, c = a;
	struct st_score s;
	(void)state;
	assert_true(points(&a, &b, true) > points(&a, &b, false));
	for (int64_t days = 1; days < 64; days *= 2) { /* later never speaks more for it */
		int before = points(&a, &c, false);
		c.ms = a.ms + days * DAY;
		assert_true(points(&a, &c, false) <= before);
	}
	c = a;
	c.subcategory = 3;
	assert_true(points(&a, &c, false) < points(&a, &b, false));
	c.category = 4;
	assert_true(points(&a, &c, false) < 0 + points(&a, &b, false));
	b.station = 4;
	c = b;
	a.place = b.place = &same;
	assert_true(points(&a, &b, false) >
		    points(&a, &c, false)); /* one place, told at two stations */
	b.station = 3;
	b.place = &other;
	st_door_score(&a, &b, false, &s);
	assert_int_equal(s.parts[ST_WHY_PLACE], 0); /* two places of one station */
	memset(&c, 0, sizeof(c));
	assert_int_equal(points(&a, &c, false), 0); /* nothing known, nothing said */
	a.text = b.text = &same;
	st_door_score(&a, &b, false, &s);
	assert_int_equal(s.like, ST_LIKE);
	assert_true(s.parts[ST_WHY_TEXT] > 100);
	b.text = &other;
	st_door_score(&a, &b, false, &s);
	assert_true(s.parts[ST_WHY_TEXT] < 0);
	a.ms = 1;
	b.ms = INT64_MAX;
	st_door_score(&a, &b, false, &s);
	assert_int_equal(s.parts[ST_WHY_TIME], -70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_people_type_differently_is_the_same),
		cmocka_unit_test(test_short_texts),
		cmocka_unit_test(test_texts_stay_apart),
		cmocka_unit_test(test_sketches_against_sets),
		cmocka_unit_test(test_the_long_way_gives_the_same),
		cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_more_than_a_sketcher_takes),
		cmocka_unit_test(test_a_score_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
