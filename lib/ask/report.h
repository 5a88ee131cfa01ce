/* report.h - what the sources of a report share: stations by number, and rows under construction. */
#pragma once
#include <station/ask/report.h>

struct place { /* a station as the dimensions see it */
	uint32_t number;
	uint32_t branch; /* its branch, or the station itself where there is none above */
	uint32_t parent;
	enum st_tier tier;
	bool revoked;
	struct st_code code;
	char name[ST_NAME_MAX + 1];
};
enum {
	/* Codes that events have named make numbers, too, but not so many: a row beyond is damage, and nobody makes an
	 * array for it. */
	STATION_NUMBER_MAX = 60 * 1000 * 1000,
};
/* Stations with a certificate, and how to find them by number: any event may name codes that nobody has, and each takes
 * a number, so that numbers may lie far apart. */
struct places {
	struct place *rows; /* from 1, in order of numbers; row 0 is what isn't known: tier 0 */
	size_t row_count;
	size_t count; /* of numbers, from 0: what an array by number needs */
};
int report_places(struct st_txn *t, struct places *ret_places);
void report_places_done(struct places *p);
/* Never NULL. */
const struct place *place_of(const struct places *p, uint32_t number);

/* dimensions.c */
struct dimensions {
	struct st_txn *txn;
	const struct st_kind *kind;
	const struct places *places;
	const struct st_field_row *facet; /* the one that the question has; NULL: none */
};
bool dimension_is_facet(enum st_dimension d);
/* What a question's value is in keys. ST_EFIELD. */
int dimension_wanted(const struct dimensions *m, const struct st_where *w, uint32_t *to);
/* And back: the machine's form, and people's. */
int dimension_label(const struct dimensions *m, enum st_dimension d, uint32_t key, char k[ST_LABEL_MAX],
		    char l[ST_LABEL_MAX]);

/* report_late.c: records of a kind that are open and past their due day, in order of holder and due
 * day. fn: negative stops. ST_ETOOBIG: more than REPORT_LATE_MAX. */
enum { REPORT_LATE_MAX = 1000 * 1000 };
typedef int late_fn(const struct st_record *r, void *arg);
int late_each(struct st_txn *t, uint32_t kind, uint32_t today, late_fn *fn, void *arg);

enum { GROUP_KEYS = ST_REPORT_BY_MAX };
struct days_count {
	uint32_t days;
	uint64_t count;
};
struct group { /* one row of the answer while it is counted */
	uint32_t keys[GROUP_KEYS];
	struct st_report_row figures;
	struct days_count *days;
	size_t days_count, days_room;
};
struct groups {
	struct group *rows;
	size_t count, room;
	uint32_t *slots; /* hash table of row numbers + 1 */
	size_t slot_count;
};
int groups_find(struct groups *g, const uint32_t keys[GROUP_KEYS], struct group **ret_group);
void groups_done(struct groups *g);
int group_add_days(struct group *g, uint32_t days, uint64_t count);
/* Median and 90th percentile by nearest rank. */
void group_close(struct group *g);
