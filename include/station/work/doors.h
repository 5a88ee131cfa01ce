/* doors.h - are two matters the same trouble, come in by two doors?
 * A score says how much speaks for it, in points: ten double the odds. Each part says why:
 *
 *   category  the same subcategory, the same category, or another one
 *   place     the same place by its text, or the same station, or elsewhere
 *   time      how far apart the two were opened
 *   text      how much the titles, texts and the citizens' own words say the same
 *   reporter  the same telephone or identity number, by the blind index
 *
 * Parts are weights of evidence: log2(P(so | one trouble) / P(so | two)), times ten, as record
 * linkage counts (Fellegi and Sunter). Those of category, place and time were measured, and those
 * of text's chance likeness: deploy/docs/doors.md. What isn't known of one of both gives no points.
 * A person decides. */
#pragma once
#include <station/work/likeness.h>

/*      id        name        Chinese     English */
#define ST_WHYS(X)                                  \
	X(CATEGORY, "category", "类别", "category") \
	X(PLACE, "place", "地点", "place")          \
	X(TIME, "time", "时间", "time")             \
	X(TEXT, "text", "文字", "text")             \
	X(REPORTER, "reporter", "反映人", "reporter")
enum st_why {
#define X(id, name, zh, en) ST_WHY_##id,
	ST_WHYS(X)
#undef X
		ST_WHY_COUNT
};

/* What the score looks at. A sketch is NULL where there is none, or it isn't looked at yet. */
struct st_door {
	uint32_t station;                             /* that opened it; 0: not known */
	uint16_t category, subcategory;               /* numbers of names; 0: not given */
	int64_t ms;                                   /* when it was opened; 0: not known */
	const struct st_sketch *title, *text, *place; /* text: title, text and words together */
};

struct st_score {
	int points, parts[ST_WHY_COUNT]; /* points is their sum */
	uint32_t like, place_like;       /* per mille; what text and place rest on */
};

/* Symmetric in a and b. */
void st_door_score(const struct st_door *a, const struct st_door *b, bool same_reporter,
		   struct st_score *ret_score);
/* How much two sketches of free text say the same: the whole, the titles, or a short one within a
 * long one. */
uint32_t st_door_like(const struct st_door *a, const struct st_door *b);
