/* event.h - one event, encoded once and decoded within a budget.
 * The bytes are the event. st_event is a decoded view of them: every span borrows from those bytes
 * or from the arena they were decoded into, and dies with them. Encoding is for the origin alone;
 * nothing that was signed is ever encoded again. Format: proto/event.proto. */
#pragma once
#include <station/base/arena.h>
#include <station/base/code.h>
#include <station/base/digest.h>

enum {
	ST_EVENT_VERSION = 1, /* the newest event version that this program reads */
	ST_EVENT_MAX = 65535, /* bytes; a C2SP entry bundle has 16-bit lengths */
	ST_EVENT_ADDRESSEES_MAX = 16,
	ST_EVENT_PARTS_MAX = 8,
	ST_EVENT_PARTS_BYTES_MAX = 64 * 1024, /* all parts of one event together */
	ST_FIELDS_MAX = 48,
	ST_AUTHOR_MAX = 40,
	ST_HEARD_MAX = 512, /* positions that one event says of */
	ST_EVENT_ARENA = 64 * 1024, /* decode budget beyond the bytes themselves */
	ST_CITY_ROWS_BYTES_MAX = 60000, /* rows of one version of a city table: one event has them all */
	ST_CITY_COLUMNS_MAX = 16,
};

/*      name          number  text in logs and JSON */
#define ST_EVENT_TYPES(X)                                                                          \
	X(ST_BEGIN, 1, "begin")                                                                    \
	X(ST_ENROL, 2, "enrol")                                                                    \
	X(ST_REVOKE, 3, "revoke")                                                                  \
	X(ST_CITY, 4, "city")                                                                      \
	X(ST_HEARD, 5, "heard")                                                                    \
	X(ST_MOVE, 16, "move")                                                                     \
	X(ST_NOTE, 17, "note")                                                                     \
	X(ST_REASSIGN, 18, "reassign")                                                             \
	X(ST_BALLOT, 20, "ballot")                                                                 \
	X(ST_TOKENS, 21, "tokens")                                                                 \
	X(ST_ERASE, 31, "erase")
enum st_event_type {
#define X(name, number, text) name = (number),
	ST_EVENT_TYPES(X)
#undef X
};
const char *st_event_type_name(uint32_t type); /* "unknown" for others */

struct st_position {
	struct st_code station;
	uint32_t epoch;
	uint64_t seq; /* 0: none */
};

/* CODE/EPOCH/SEQ, as people see and give it. ST_EFIELD. */
ST_MUST int st_position_parse(struct st_span text, struct st_position *ret_at);

struct st_addressee {
	struct st_code station;
	bool subtree;
	uint32_t prev_epoch;
	uint64_t prev_seq;
};

struct st_part_ref {
	uint32_t type, size; /* size of the stored form */
	struct st_hash hash;
};

struct st_field {
	uint32_t id;
	bool is_number;
	uint64_t number;
	struct st_span text;
};

struct st_event {
	struct st_position at; /* station, epoch, seq of this event */
	uint32_t min_version;
	uint64_t wall_ms;
	bool has_record;
	struct st_record_id record;
	uint32_t term, revision;
	struct st_position previous; /* seq 0: none */
	struct st_span author;
	size_t addressee_count, part_count;
	struct st_addressee addressees[ST_EVENT_ADDRESSEES_MAX];
	struct st_part_ref parts[ST_EVENT_PARTS_MAX];
	uint32_t type;
	struct st_span body;
};

/* Encodes; in->at.seq > 0. ST_ETOOBIG: over ST_EVENT_MAX. */
ST_MUST int st_event_encode(const struct st_event *in, struct st_buf *to);
/* Reads the envelope. ST_EWIRE: not an event. ST_EUNREAD: well-formed but of a later version or an
 * unknown type; *ret_event has what could be read (at least at.seq). */
ST_MUST int st_event_decode(struct st_span bytes, struct st_arena *arena,
			    struct st_event *ret_event);

bool st_event_has_part(const struct st_event *e, uint32_t type);
/* The type alone, of bytes that nobody has decoded yet. 0: there is none. */
uint32_t st_event_type_in(struct st_span bytes);

/* The bodies. Decoders: ST_EWIRE on anything out of form; results borrow from body and arena. */
struct st_begin {
	uint64_t previous_size;
	struct st_hash previous_root;
	uint8_t instance[16];
};

struct st_revoke {
	struct st_code station;
	uint64_t serial, size;
	uint32_t epoch;
};

/* One version of a city table, whole. Rows are cells, one after another: each its size as a varint, and text.
 * A later version of the program may know more columns; they stand last. */
struct st_city {
	uint32_t table, version; /* of a table, from 1 */
	uint32_t from_day;       /* in force from this business day */
	uint32_t columns;
	struct st_span rows;
};

/* Move, note and reassign in one shape: a note has no state, a reassign no move. */
struct st_change {
	uint32_t kind, move, state;
	int64_t at_ms;
	struct st_code holder; /* empty: unchanged */
	size_t field_count;
	const struct st_field *fields;
};

/* What its writer has of others' events that were for it. */
enum st_stage { ST_STAGE_NONE, ST_STAGE_DELIVERED, ST_STAGE_SEEN }; /* on its disk; seen by a person */
struct st_heard {
	uint32_t stage; /* a later version's, above ST_STAGE_SEEN, counts as seen */
	size_t count;   /* 1 .. ST_HEARD_MAX */
	const struct st_position *positions; /* those of one log stand together */
};
/* One paper that came back from a vote: an event of the vote's record that commutes. What it counts for is never said
 * here, but by whoever counts (work/ballot.h). */
enum { ST_TOKEN_SIZE = 16, ST_PAPER_ID_SIZE = 16, ST_BALLOT_CHOICES_MAX = 64 };
struct st_ballot {
	bool spoiled;                    /* nobody can read it; it has no token then */
	uint8_t token[ST_TOKEN_SIZE];
	uint8_t id[ST_PAPER_ID_SIZE];    /* the same paper entered twice has the same one */
	size_t choice_count;
	uint8_t choices[ST_BALLOT_CHOICES_MAX]; /* places on the paper from 1, in the deputy's order */
};
/* Hashes of a vote's tokens, one behind the other, 32 bytes each. */
enum { ST_TOKENS_EVENT_MAX = 1500 };

/* Parts of one record's events that are to be dropped wherever they are. Which hashes a writer may name is for
 * whoever applies it (work/lineage.h). */
enum { ST_ERASE_HASHES_MAX = 1024, ST_ERASE_REASON_MAX = 400 };
enum st_erase_scope {
	ST_ERASE_ALL = 1,     /* all that the record had when it was written */
	ST_ERASE_PRIVATE = 2, /* of that, what is private: sealed fields, keys, blind indexes */
	ST_ERASE_EVENT = 3,   /* what stands beside one event */
};
struct st_erase {
	uint32_t scope; /* a later version's counts as ST_ERASE_EVENT: just what is named */
	int64_t at_ms;
	struct st_span reason; /* text; stands in the log for ever, so it names nobody */
	struct st_span hashes; /* 32 bytes each, one behind the other */
};
ST_MUST int st_erase_encode(const struct st_erase *in, struct st_buf *to);
ST_MUST int st_erase_decode(struct st_span body, struct st_erase *ret_erase);

ST_MUST int st_ballot_encode(const struct st_ballot *in, struct st_buf *to);
ST_MUST int st_ballot_decode(struct st_span body, struct st_ballot *ret_ballot);
ST_MUST int st_tokens_encode(struct st_span hashes, struct st_buf *to);
ST_MUST int st_tokens_decode(struct st_span body, struct st_span *ret_hashes);

ST_MUST int st_begin_encode(const struct st_begin *in, struct st_buf *to);
ST_MUST int st_begin_decode(struct st_span body, struct st_begin *ret_begin);
ST_MUST int st_enrol_encode(struct st_span certificate, struct st_buf *to);
ST_MUST int st_enrol_decode(struct st_span body, struct st_span *ret_certificate);
ST_MUST int st_revoke_encode(const struct st_revoke *in, struct st_buf *to);
ST_MUST int st_revoke_decode(struct st_span body, struct st_revoke *ret_revoke);
ST_MUST int st_city_encode(const struct st_city *in, struct st_buf *to);
ST_MUST int st_city_decode(struct st_span body, struct st_city *ret_city); /* its rows are in form, too */
/* The next row's cells; false at the end, and where the rows are out of form (then r->failed). */
bool st_city_next(struct st_reader *r, uint32_t columns, struct st_span cells[ST_CITY_COLUMNS_MAX]);
ST_MUST int st_heard_encode(const struct st_heard *in, struct st_buf *to);
ST_MUST int st_heard_decode(struct st_span body, struct st_arena *arena, struct st_heard *ret_heard);
/* type: ST_MOVE, ST_NOTE or ST_REASSIGN; decoding another one is ST_EWIRE. */
ST_MUST int st_change_encode(uint32_t type, const struct st_change *in, struct st_buf *to);
ST_MUST int st_change_decode(uint32_t type, struct st_span body, struct st_arena *arena,
			     struct st_change *ret_change);
/* Whether e asks something of one of its addressees: it gives it the record, or is a note to it. Others that
 * it is addressed to are only told. holder: the change's; that an addressee has heard is said of these alone. */
bool st_event_directs(const struct st_event *e, const struct st_code *holder,
		      const struct st_addressee *to);
/* Whether a key beside it travels: it gives its record to somebody (*ret_to), whom that is sealed to. What can't be
 * read here may do so (*ret_to empty); a key of its writer's own stays at home, whoever hears of the event. */
bool st_event_grants(const struct st_event *e, struct st_arena *arena, struct st_code *ret_to);
/* The fields of a text or private part's content. */
ST_MUST int st_fields_encode(const struct st_field *fields, size_t count, struct st_buf *to);
ST_MUST int st_fields_decode(struct st_span content, struct st_arena *arena,
			     const struct st_field **ret_fields, size_t *ret_count);
/* The field of that id, or NULL. */
const struct st_field *st_field_find(const struct st_field *fields, size_t count, uint32_t id);
