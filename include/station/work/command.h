/* command.h - a person's wish, checked against the kind's table before anything is written.
 * In: fields by name as people write them. Out: typed fields split into facts, text part and private
 * part, and the state that follows; or the place that is wrong, in words. */
#pragma once
#include <station/work/record.h>

enum { ST_AT_AHEAD_MS = 24 * 3600 * 1000 }; /* how far a person's date may be ahead of the clock */
enum { ST_PLACE_MAX = 160, ST_COMMAND_FIELDS_MAX = ST_FIELDS_MAX };

struct st_command_field {
	struct st_span name, value;
};
struct st_terms; /* work/terms.h */
struct st_command {
	uint32_t kind;
	const char *move;    /* the move's name, or "note" */
	int64_t at_ms;       /* business time; 0: not given, so it is now */
	int64_t now_ms;      /* the station's clock; 0: not known, and no time is too late */
	struct st_span author;
	const struct st_command_field *fields;
	size_t field_count;
	bool by_program;     /* one of the program's own jobs: it may make its moves and fill its fields */
	/* What the city's tables say, and what the record says so far of that by which they are asked. */
	struct st_terms *terms; /* NULL: nothing; the kinds' own terms hold */
	struct st_span category, subcategory;
	uint32_t urgency;
	uint32_t state_day;     /* when the record came into its state; 0: not known, and its newest change stands for it */
	struct st_span unit;    /* that handles the category by default; empty: none is known */
	bool foreign;           /* another system's dates: the city's rules don't bound them */
};
struct st_checked {
	const struct st_kind *kind;
	const struct st_move_row *move; /* NULL: a note */
	int64_t at_ms;                  /* business time */
	uint32_t state;                 /* after it */
	struct st_code holder;          /* whom it is handed to; empty: it stays */
	bool reassigns;                 /* by a station above the holder */
	struct st_field facts[ST_FIELDS_MAX], texts[ST_FIELDS_MAX], privates[ST_FIELDS_MAX];
	size_t fact_count, text_count, private_count;
};
/* Checks c against the record's row (NULL: it opens one) as station `self`. Values live in `to`.
 * Fills the due day where the kind's table asks for one and none is given. A move without a time that the
 * clock puts before the record's opening, since it was ahead then, is of the opening's day; a time that is
 * given is refused before the opening, and when it is later than the clock by more than ST_AT_AHEAD_MS.
 * ST_EMOVE: not from this state (place: the moves that are allowed); ST_EHOLDER; ST_EFIELD or
 * ST_ETOOBIG (place: the field's name); ST_EEXPIRED: an extension that is asked after the due day.
 * reterr_place is written on failure only. */
ST_MUST int st_command_check(const struct st_command *c, const struct st_record *r, uint32_t self,
			     struct st_buf *to, struct st_checked *ret_checked,
			     char reterr_place[ST_PLACE_MAX]);
