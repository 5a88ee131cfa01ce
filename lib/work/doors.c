/* doors.c - the evidence that two matters are one.
 *
 * Owns:    the weights.
 * Promise: what is offered says why, part by part, and the same is offered wherever the same is
 *          known.
 * Flow:    rows, likeness -> doors -> ask */
#include <station/work/doors.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { SUBCATEGORY_SAME = 36, CATEGORY_SAME = 4, CATEGORY_OTHER = -50 };
enum {
	STATION_SAME = 49,
	STATION_OTHER = -40,
	/* A place's text is finer than a station: a village, a street. */
	PLACE_LIKE = 500,
	PLACE_SAME = 60,
	PLACE_NEAR = 40,
	PLACE_OTHER_HERE = 0
};
enum { REPORTER_SAME = 60 };
/* A short text within a long one says less than two long ones that are alike, and so do titles. */
enum { CONTAINED_LEAST = 600, CONTAINED_GRAMS = 8, TITLE_GRAMS = 4, PART_OF = 2 };

struct step {
	uint64_t below; /* the first row that it is below counts */
	int points;
};
enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
static const uint64_t DAY = 24 * HOUR;

static int time_points(int64_t a, int64_t b)
{
	const struct step steps[] = {
		{ 2 * MINUTE, 77 }, { 10 * MINUTE, 59 }, { HOUR, 42 },    { 6 * HOUR, 27 },
		{ DAY, 19 },        { 2 * DAY, 4 },      { 4 * DAY, -3 }, { 8 * DAY, -15 },
		{ 16 * DAY, -23 },  { 32 * DAY, -33 },
	};
	uint64_t apart = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
	if (a == 0 || b == 0)
		return 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (apart < steps[i].below)
			return steps[i].points;
	return -70;
}

static int text_points(uint32_t like)
{
	static const struct step steps[] = {
		{ 20, -35 }, { 50, 15 }, { 100, 45 }, { 150, 90 }, { 250, 110 }, { 500, 130 },
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (like < steps[i].below)
			return steps[i].points;
	return 150;
}

static int category_points(const struct st_door *a, const struct st_door *b)
{
	if (a->category == 0 || b->category == 0)
		return 0;
	if (a->category != b->category)
		return CATEGORY_OTHER;
	if (a->subcategory == 0 || b->subcategory == 0)
		return (SUBCATEGORY_SAME + CATEGORY_SAME) / 2;
	return a->subcategory == b->subcategory ? SUBCATEGORY_SAME : CATEGORY_SAME;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static int place_points(const struct st_door *a, const struct st_door *b, uint32_t *ret_like)
{
	bool texts = a->place != NULL && b->place != NULL;
	bool stations = a->station != 0 && b->station != 0;
	bool here = stations && a->station == b->station;
	*ret_like = 0;
	if (texts) {
		*ret_like = larger(st_sketch_jaccard(a->place, b->place),
				   st_sketch_contained(a->place, b->place));
		if (st_sketch_jaccard(a->place, b->place) == ST_LIKE)
			return PLACE_SAME;
		if (*ret_like >= PLACE_LIKE)
			return here ? STATION_SAME : PLACE_NEAR;
	}
	if (here)
		return texts ? PLACE_OTHER_HERE : STATION_SAME;
	return stations ? STATION_OTHER : 0;
}

uint32_t st_door_like(const struct st_door *a, const struct st_door *b)
{
	uint32_t like = 0;
	if (a->text != NULL && b->text != NULL) {
		like = st_sketch_jaccard(a->text, b->text);
		uint32_t within = st_sketch_contained(a->text, b->text);
		bool says = a->text->grams >= CONTAINED_GRAMS && b->text->grams >= CONTAINED_GRAMS;
		if (says && within >= CONTAINED_LEAST)
			like = larger(like, within / PART_OF);
	}
	if (a->title != NULL && b->title != NULL && a->title->grams >= TITLE_GRAMS &&
	    b->title->grams >= TITLE_GRAMS)
		like = larger(like, st_sketch_jaccard(a->title, b->title) / PART_OF);
	st_assert(like <= ST_LIKE);
	return like;
}

void st_door_score(const struct st_door *a, const struct st_door *b, bool same_reporter,
		   struct st_score *ret_score)
{
	struct st_score s;
	memset(&s, 0, sizeof(s));
	s.parts[ST_WHY_CATEGORY] = category_points(a, b);
	s.parts[ST_WHY_PLACE] = place_points(a, b, &s.place_like);
	s.parts[ST_WHY_TIME] = time_points(a->ms, b->ms);
	s.parts[ST_WHY_REPORTER] = same_reporter ? REPORTER_SAME : 0;
	if (a->text != NULL && b->text != NULL) {
		s.like = st_door_like(a, b);
		s.parts[ST_WHY_TEXT] = text_points(s.like);
	}
	for (size_t i = 0; i < ST_WHY_COUNT; i++)
		s.points += s.parts[i];
	st_assert(s.like <= ST_LIKE);
	st_assert(s.place_like <= ST_LIKE);
	*ret_score = s;
}
