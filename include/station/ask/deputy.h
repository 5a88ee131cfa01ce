/* deputy.h - a deputy by his code: his card, his archive, and what his work counts for.
 * All of it is derived from records that name him (the facets deputy, deputies and co_signers),
 * found by the index of facets: its cost grows with what he did, not with the store. Nothing here
 * reads a private part, and nothing says who voted for what. At any tier: of what
 * that tier holds. */
#pragma once
#include <station/ask/matter.h>
#include <station/work/points.h>

enum {
	ST_DEPUTY_CODE_MAX = 40,   /* bytes */
	ST_DEPUTY_TEXT = 304,      /* of a text that is shown, with its end */
	ST_DEPUTY_LEVELS_MAX = 16,
	ST_DEPUTY_SCAN_MAX = 4096, /* records looked at for one page, but for its last deputy's */
};

/* The record of the deputy of that code: one who serves before one who has left, then the newest.
 * ST_ENOTFOUND. */
ST_MUST int st_deputy_find(struct st_txn *t, struct st_span code, struct st_record *ret_record);

/* 代表联系卡: what he has chosen to be public, and nothing else. */
struct st_card {
	char code[ST_DEPUTY_CODE_MAX + 1];
	char name[ST_DEPUTY_TEXT], post[ST_DEPUTY_TEXT], constituency[ST_DEPUTY_TEXT];
	char phone[ST_DEPUTY_TEXT], days[ST_DEPUTY_TEXT];
	char qr[ST_DEPUTY_TEXT]; /* as given; "": none was */
	struct st_code station;  /* empty: none */
	char station_name[ST_NAME_MAX + 1];
	size_t level_count;
	uint32_t levels[ST_DEPUTY_LEVELS_MAX], state;
};
ST_MUST int st_deputy_card(struct st_txn *t, struct st_span code, struct st_card *ret_card);

/* 代表履职档案. Parts in the order in which an archive is kept; within a part by the day of opening.
 *      name         text           Chinese                English */
#define ST_ARCHIVE_PARTS(X)                                                                        \
	X(BASIC, "basic", "基本情况", "basic data")                                                \
	X(MEETINGS, "meetings", "出席会议", "meetings attended")                                   \
	X(INSPECTIONS, "inspections", "视察调研", "inspections and research")                      \
	X(TRAINING, "training", "学习培训", "training")                                            \
	X(GROUP, "group", "小组活动", "group activities")                                          \
	X(DEEDS, "deeds", "好事实事", "good deeds")                                                \
	X(SUGGESTIONS, "suggestions", "议案建议", "suggestions")                                   \
	X(REPORTS, "reports", "述职", "reports to voters")                                         \
	X(HONOURS, "honours", "荣誉", "honours")                                                   \
	X(VISITS, "visits", "接待群众", "visits received")                                         \
	X(MATTERS, "matters", "反映事项", "matters")                                               \
	X(PROJECTS, "projects", "民生实事", "projects")
enum st_archive_part {
#define X(name, text, zh, en) ST_ARCHIVE_##name,
	ST_ARCHIVE_PARTS(X)
#undef X
	ST_ARCHIVE_PART_COUNT
};
const char *st_archive_part_text(enum st_archive_part p); /* the machine's name */
const char *st_archive_part_title(enum st_archive_part p, enum st_lang lang);

struct st_archive_query {
	struct st_span code;
	uint32_t from_day, to_day; /* of what was done; 0: open end */
	enum st_lang lang;         /* of states, roles and choices */
	size_t limit;              /* 1 .. ST_LIST_MAX; a page may be shorter and not the last */
	struct st_span page;       /* where the page before ended; empty: from the start */
};
struct st_archive_row {
	enum st_archive_part part;
	uint32_t day;
	const struct st_kind *kind;
	char number[ST_NUMBER_TEXT];
	char title[ST_DEPUTY_TEXT]; /* of basic data: the datum's name */
	const char *role;           /* "": none */
	char result[ST_DEPUTY_TEXT];
};
typedef int st_archive_fn(const struct st_archive_row *row, void *arg);
/* ST_ENOTFOUND: nobody here has that code. ST_EFIELD: no place of a page. */
ST_MUST int st_archive_each(struct st_txn *t, const struct st_archive_query *q, st_archive_fn *fn,
			    void *arg, struct st_buf *ret_next);

/* Points and floors, deputy by deputy. */
struct st_deputies_query {
	struct st_span code;                 /* one deputy, with a record or without; empty: all */
	uint32_t station;                    /* entered at it or below, or assigned there; 0: any */
	uint32_t from_day, to_day;           /* of what was done; 0: open end */
	const struct st_points_table *table;
	bool floors;                         /* reports, voters and receptions are wanted, too */
	size_t limit;                        /* 1 .. ST_LIST_MAX */
	struct st_span page;
};
struct st_deputy_row {
	char code[ST_DEPUTY_CODE_MAX + 1], name[ST_DEPUTY_TEXT];
	struct st_code station; /* assigned there, else entered there; empty: no record */
	bool serving;           /* in office; false: he has left, or has no record here */
	/* by rows of the table */
	uint64_t counts[ST_POINTS_ROWS_MAX], points[ST_POINTS_ROWS_MAX], total;
	uint64_t days_served;   /* days on which he received visits or took part in an activity */
	uint64_t reports, voters, receptions; /* voters: people met; receptions: days of them */
};
typedef int st_deputies_fn(const struct st_deputy_row *row, void *arg);
/* In the order in which codes became known here. Who has left shows where he did something in that
 * time. */
ST_MUST int st_deputies_each(struct st_txn *t, const struct st_deputies_query *q,
			     st_deputies_fn *fn, void *arg, struct st_buf *ret_next);

/* One person at several levels counts once at each, and once as a person, however many stations have entered him: the
 * newest entry of those in office stands. */
struct st_census {
	size_t level_count;
	struct {
		const struct st_choice *level;
		uint64_t deputies;
	} levels[ST_DEPUTY_LEVELS_MAX];
	uint64_t seats, persons; /* seats: the sum over the levels */
};
ST_MUST int st_census_make(struct st_txn *t, struct st_census *ret_census);
