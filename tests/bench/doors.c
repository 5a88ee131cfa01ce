/* doors.c - what the offering of like matters reaches, on a file of cases in the canonical form.
 *
 *   gunzip -c boston.csv.gz | doors labels [DAYS]   precision and recall against its duplicate_of
 *   gunzip -c zh.csv.gz | doors chance [DAYS]       how alike any two texts are by chance
 *   gunzip -c zh.csv.gz | doors top N [DAYS]        the N pairs with the most points
 *   gunzip -c zh.csv.gz | doors speed               sketches and comparisons a second
 *
 * A row's districts stand for its station. Of a labelled pair the later one asks, since at its
 * registration only the earlier one was there; right is what the labels join, by one step or
 * several.
 *
 * Owns:    the cases in memory.
 * Flow:    file -> import reader -> doors -> figures */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/base/clock.h>
#include <station/work/doors.h>
#include <station/work/import.h>

enum { CASES_MAX = 200000, NAMES_MAX = 20000, BEST = 5, LEVELS = 40, LEVEL = 10, DAYS = 60 };

struct one {
	struct st_door door;
	struct st_sketch *title, *text;
	char *number, *duplicate_of, *label;
	uint32_t root; /* of what the labels join */
	bool later;    /* of a labelled pair, or joined by one */
};
static struct one *cases;
static uint32_t case_count;
static char *names[NAMES_MAX];
static struct st_sketcher sketcher;

static void die(const char *what)
{
	(void)fprintf(stderr, "doors: %s\n", what);
	exit(1);
}

static char *text_of(struct st_span s)
{
	char *to = strndup((const char *)s.data, s.size);
	if (to == NULL)
		die("out of memory");
	return to;
}

static uint32_t name_of(const char *text)
{
	uint32_t i = 1;
	if (text[0] == 0)
		return 0;
	for (; i < NAMES_MAX && names[i] != NULL; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	if (i == NAMES_MAX || (names[i] = strdup(text)) == NULL)
		die("too many names");
	return i;
}

static struct st_sketch *sketch(void)
{
	struct st_sketch s, *to = NULL;
	st_sketcher_end(&sketcher, &s);
	size_t size = offsetof(struct st_sketch, kept) + s.count * sizeof(s.kept[0]);
	if (s.count > 0 && (to = malloc(size)) != NULL)
		memcpy(to, &s, size); /* only what is kept */
	return to;
}

/* A title that is the category over again says nothing of its own. */
static void take_texts(struct one *c, const struct st_import_row *row)
{
	struct st_span title = row->column[ST_COL_TITLE], text = row->column[ST_COL_TEXT];
	bool same = st_span_equal(title, row->column[ST_COL_CATEGORY]) ||
		    st_span_equal(title, row->column[ST_COL_SUBCATEGORY]);
	st_sketcher_begin(&sketcher);
	if (!same && st_sketcher_add(&sketcher, title) == 0)
		c->door.title = c->title = sketch();
	if ((!same && st_sketcher_add(&sketcher, title) < 0) ||
	    st_sketcher_add(&sketcher, text) < 0)
		die("not UTF-8");
	c->door.text = c->text = sketch();
}

static int on_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	char cell[512], *category;
	struct one *c = &cases[case_count];
	(void)column;
	(void)arg;
	if (rc < 0 || case_count == CASES_MAX)
		die("a bad row, or too many");
	(void)snprintf(cell, sizeof(cell), "%.*s/%.*s", (int)row->column[ST_COL_DISTRICT].size,
		       (const char *)row->column[ST_COL_DISTRICT].data,
		       (int)row->column[ST_COL_SUB_DISTRICT].size,
		       (const char *)row->column[ST_COL_SUB_DISTRICT].data);
	if (st_time_parse(row->column[ST_COL_OPENED_AT], &c->door.ms) < 0)
		die("a bad time");
	c->door.station = name_of(cell);
	category = text_of(row->column[ST_COL_CATEGORY]);
	c->door.category = (uint16_t)name_of(category);
	free(category);
	category = text_of(row->column[ST_COL_SUBCATEGORY]);
	c->door.subcategory = (uint16_t)name_of(category);
	free(category);
	c->number = text_of(row->column[ST_COL_NUMBER]);
	c->duplicate_of = text_of(row->column[ST_COL_DUPLICATE_OF]);
	c->label = text_of(row->column[ST_COL_TITLE]);
	take_texts(c, row);
	case_count++;
	return 0;
}

static void read_all(void)
{
	struct st_import_reader *r = NULL;
	static uint8_t piece[65536];
	size_t n;
	cases = calloc(CASES_MAX, sizeof(*cases));
	if (cases == NULL || st_import_reader_new(on_row, NULL, &r) < 0)
		die("out of memory");
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		if (st_import_feed(r, st_span(piece, n)) < 0)
			die("not a file of cases");
	if (st_import_end(r) < 0)
		die("not a file of cases");
	st_import_reader_free(r);
}

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct one *)a)->number, ((const struct one *)b)->number);
}

static int by_time(const void *a, const void *b)
{
	const struct one *x = a, *y = b;
	return x->door.ms != y->door.ms ? (x->door.ms > y->door.ms) - (x->door.ms < y->door.ms)
					: strcmp(x->number, y->number);
}

static uint32_t root_of(uint32_t i)
{
	while (cases[i].root != i)
		i = cases[i].root;
	return i;
}

/* What the labels join gets one root; then the cases stand in order of time. */
static uint32_t join(void)
{
	uint32_t labels = 0, *newest;
	qsort(cases, case_count, sizeof(*cases), by_number);
	for (uint32_t i = 0; i < case_count; i++)
		cases[i].root = i;
	for (uint32_t i = 0; i < case_count; i++) {
		struct one key = { .number = cases[i].duplicate_of };
		struct one *other = key.number[0] == 0 ? NULL
						       : bsearch(&key, cases, case_count,
								 sizeof(*cases), by_number);
		if (other == NULL)
			continue;
		labels++;
		cases[root_of(i)].root = root_of((uint32_t)(other - cases));
	}
	for (uint32_t i = 0; i < case_count; i++)
		cases[i].root = root_of(i);
	qsort(cases, case_count, sizeof(*cases), by_time);
	newest = calloc(case_count, sizeof(*newest)); /* by root: whether one of it has been seen */
	for (uint32_t i = 0; newest != NULL && i < case_count; i++)
		cases[i].later = newest[cases[i].root]++ > 0;
	free(newest);
	return labels;
}

struct figures {
	uint64_t askers, right_at[BEST + 1];     /* a right one among the first n */
	uint64_t offered[LEVELS], right[LEVELS]; /* pairs with at least so many points */
	uint64_t reached[LEVELS];                /* askers that a right one is offered to */
	uint64_t any[LEVELS];                    /* matters to which something is offered */
	uint64_t beyond; /* askers whose right one is older than the window */
};

static void ask(uint32_t i, uint32_t from, struct figures *f)
{
	struct {
		int points;
		bool right;
	} best[BEST + 1];
	size_t count = 0;
	int best_right = -100000, best_any = -100000;
	for (uint32_t k = from; k < i; k++) {
		struct st_score s;
		st_door_score(&cases[i].door, &cases[k].door, false, &s);
		bool right = cases[k].root == cases[i].root;
		best_any = s.points > best_any ? s.points : best_any;
		best_right = right && s.points > best_right ? s.points : best_right;
		for (int l = 0; l < LEVELS && s.points >= l * LEVEL; l++) {
			f->offered[l]++;
			f->right[l] += right;
		}
		size_t at = count < BEST ? count++ : BEST;
		for (; at > 0 && best[at - 1].points <= s.points;
		     at--) /* of equals, the newer first */
			best[at] = best[at - 1];
		best[at].points = s.points;
		best[at].right = right;
	}
	for (int l = 0; l < LEVELS; l++)
		f->any[l] += best_any >= l * LEVEL;
	if (!cases[i].later)
		return;
	f->askers++;
	f->beyond += best_right == -100000;
	bool found = false;
	for (size_t n = 0; n < BEST; n++) {
		found |= n < count && best[n].right;
		f->right_at[n + 1] += found;
	}
	for (int l = 0; l < LEVELS; l++)
		f->reached[l] += best_right >= l * LEVEL;
}

static void print_figures(const char *what, const struct figures *f, uint64_t matters)
{
	double n = (double)f->askers;
	(void)printf("%s: %llu matters, %llu of them repeat an earlier one, %llu of those from "
		     "outside the window\n",
		     what, (unsigned long long)matters, (unsigned long long)f->askers,
		     (unsigned long long)f->beyond);
	for (size_t k = 1; k <= BEST; k += 2)
		(void)printf("  top-%zu: recall %.3f, precision %.3f\n", k,
			     (double)f->right_at[k] / n, (double)f->right_at[k] / n / (double)k);
	(void)printf("  points  recall  precision  pairs   matters with an offer\n");
	for (int l = 0; l <= 24; l += 2)
		(void)printf("  %6d  %.3f   %.3f    %8llu  %.3f\n", l * LEVEL,
			     (double)f->reached[l] / n,
			     f->offered[l] == 0 ? 0.0 : (double)f->right[l] / (double)f->offered[l],
			     (unsigned long long)f->offered[l],
			     (double)f->any[l] / (double)matters);
}

static void labels(int64_t window_ms)
{
	static struct figures half[2];
	uint64_t matters[2] = { 0, 0 };
	uint32_t from = 0, joined = join();
	(void)printf("%u labels point inside the file\n", joined);
	for (uint32_t i = 0; i < case_count; i++) {
		size_t h = i >= case_count / 2;
		while (cases[from].door.ms < cases[i].door.ms - window_ms)
			from++;
		matters[h]++;
		ask(i, from, &half[h]);
	}
	print_figures("earlier half", &half[0], matters[0]);
	print_figures("later half", &half[1], matters[1]);
}

/* Pairs at random within the window: how often chance alone reaches a likeness. */
static void chance(int64_t window_ms)
{
	static const uint32_t steps[] = { 0, 20, 50, 100, 150, 250, 500, 1001 };
	uint64_t seen[8] = { 0 }, all = 0, seed = 1;
	qsort(cases, case_count, sizeof(*cases), by_time);
	while (all < 2000000) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		uint32_t a = (uint32_t)(seed >> 33) % case_count;
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		uint32_t b = (uint32_t)(seed >> 33) % case_count;
		int64_t apart = cases[a].door.ms - cases[b].door.ms;
		if (a == b || apart > window_ms || apart < -window_ms)
			continue;
		uint32_t like = st_door_like(&cases[a].door, &cases[b].door);
		for (size_t s = 0; s < 7; s++)
			seen[s] += like >= steps[s] && like < steps[s + 1];
		all++;
	}
	for (size_t s = 0; s < 7; s++)
		(void)printf("likeness from %4u: %.7f\n", steps[s], (double)seen[s] / (double)all);
}

struct pair {
	uint32_t a, b;
	struct st_score score;
};

static int by_points(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return y->score.points - x->score.points;
}

/* Every step-th one, so that all levels can be looked at. */
static void top(size_t count, int64_t window_ms)
{
	enum { PAIRS = 400000, LEAST = 60 };
	struct pair *pairs = calloc(PAIRS, sizeof(*pairs));
	size_t n = 0;
	uint32_t from = 0;
	qsort(cases, case_count, sizeof(*cases), by_time);
	for (uint32_t i = 0; pairs != NULL && i < case_count; i++) {
		while (cases[from].door.ms < cases[i].door.ms - window_ms)
			from++;
		for (uint32_t k = from; k < i && n < PAIRS; k++) {
			st_door_score(&cases[i].door, &cases[k].door, false, &pairs[n].score);
			if (pairs[n].score.points < LEAST)
				continue;
			pairs[n].a = i;
			pairs[n++].b = k;
		}
	}
	qsort(pairs, n, sizeof(*pairs), by_points);
	size_t step = n > count && count > 0 ? n / count : 1;
	for (size_t i = 0; i < n; i += step) {
		const struct pair *p = &pairs[i];
		(void)printf("%zu %d (", i, p->score.points);
		for (size_t w = 0; w < ST_WHY_COUNT; w++)
			(void)printf(" %d", p->score.parts[w]);
		(void)printf(" ) like %u | %s %s | %s %s\n", p->score.like, cases[p->a].number,
			     cases[p->a].label, cases[p->b].number, cases[p->b].label);
	}
	free(pairs);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int count_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct one c = { .number = NULL };
	(void)column;
	*(double *)arg -= now_s();
	if (rc == 0)
		take_texts(&c, row);
	*(double *)arg += now_s();
	free(c.title);
	free(c.text);
	return 0;
}

static void speed(void)
{
	struct st_buf all;
	struct st_import_reader *r = NULL;
	static uint8_t piece[65536];
	double spent = 0;
	uint64_t points = 0, compared = 0;
	size_t n;
	st_buf_init(&all, 1u << 30);
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		st_buf_put(&all, piece, n);
	cases = calloc(CASES_MAX, sizeof(*cases));
	if (cases == NULL || st_import_reader_new(on_row, NULL, &r) < 0 ||
	    st_import_feed(r, st_buf_span(&all)) < 0)
		die("not a file of cases");
	st_import_reader_free(r);
	if (st_import_reader_new(count_row, &spent, &r) < 0 ||
	    st_import_feed(r, st_buf_span(&all)) < 0)
		die("not a file of cases");
	st_import_reader_free(r);
	(void)printf("sketches of a matter: %.2f us\n", spent / (double)case_count * 1e6);
	double start = now_s();
	for (uint32_t i = 0; i < 2000; i++)
		for (uint32_t k = 0; k < 500; k++, compared++) {
			struct st_score s;
			st_door_score(&cases[i % case_count].door,
				      &cases[(i + k) % case_count].door, false, &s);
			points += (uint64_t)s.like;
		}
	(void)printf("one comparison: %.3f us (%llu)\n", (now_s() - start) / (double)compared * 1e6,
		     (unsigned long long)points);
	st_buf_done(&all);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool is_top = strcmp(what, "top") == 0;
	const char *days = argc > 2 + is_top ? argv[2 + is_top] : NULL;
	int64_t window_ms = (days == NULL ? DAYS : strtoll(days, NULL, 10)) * 24 * 3600 * 1000;
	if (strcmp(what, "speed") == 0) {
		speed();
		return 0;
	}
	read_all();
	if (strcmp(what, "labels") == 0)
		labels(window_ms);
	else if (strcmp(what, "chance") == 0)
		chance(window_ms);
	else if (is_top && argc > 2)
		top((size_t)strtoull(argv[2], NULL, 10), window_ms);
	else
		die("labels | chance | top N | speed, and the days of the window");
	return 0;
}
