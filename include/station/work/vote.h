/* vote.h - the ballot: tokens, papers, and the count of a vote from its events alone.
 *
 * The rule, on the set of a vote's events that its opener wrote, in the order of epoch and seq:
 *   - the opening says the candidates in the order of the paper, the seats, all deputies, the
 *     method, and, where the city sets them, quorum and majority; `issue` says who was present;
 *     `open` and `close` bound the papers;
 *   - tokens are the hashes in tokens events before `issue`, one for each deputy present;
 *   - a paper is an event; the same id counts once. It is void when it is late (not between `open`
 *     and `close`), when nobody can read it, when its token is none of these or stands on an
 *     earlier paper in time, when it has more choices than seats, or choices that aren't on the
 *     paper or come twice. A blank paper is valid;
 *   - more papers in time than tokens, or tokens that aren't as many as the present, void the vote;
 *     below the quorum nobody is elected;
 *   - n_of_m: ranked by votes. priority: a first choice gives as many points as there are seats,
 *     each next one point less; ranked by points, then votes. Elected are the first who have the
 *     majority, at most as many as there are seats; where the rank of the last seat is another's
 *     too, all of that rank are tied: said, not decided.
 * st_vote_count is that rule and nothing else. */
#pragma once
#include <station/store/records.h>
#include <station/trust/hash.h>
#include <station/work/record.h>

enum {
	ST_TOKENS_MAX = 3000,    /* deputies of one vote: a national congress */
	ST_BALLOTS_MAX = 4096,   /* papers of one vote; more than there may be tokens */
	ST_VOTE_CANDIDATES_MAX = ST_MANY_MAX,
	ST_TOKEN_TEXT = 35,      /* seven groups of four characters, the last two of them a check */
};

/* The table's numbers that the jobs and the count go by (kind_vote.c). */
enum { ST_VOTE_PREPARED = 1, ST_VOTE_ISSUED, ST_VOTE_OPEN, ST_VOTE_CLOSED, ST_VOTE_DECLARED,
       ST_VOTE_VOID };
enum { ST_VOTE_PREPARE = 1, ST_VOTE_AGAIN, ST_VOTE_ISSUE, ST_VOTE_START, ST_VOTE_END,
       ST_VOTE_DECLARE, ST_VOTE_ANNUL };
enum { ST_VOTE_F_ROUND = ST_F_OWN + 1, ST_VOTE_F_CANDIDATES, ST_VOTE_F_SEATS, ST_VOTE_F_DEPUTIES,
       ST_VOTE_F_PRESENT, ST_VOTE_F_QUORUM, ST_VOTE_F_MAJORITY, ST_VOTE_F_FOLLOWS, ST_VOTE_F_ISSUED,
       ST_VOTE_F_RETURNED, ST_VOTE_F_VALID, ST_VOTE_F_ELECTED, ST_VOTE_F_TIED };
enum { ST_VOTE_N_OF_M = 1, ST_VOTE_PRIORITY = 2 };

struct st_token {
	uint8_t bytes[ST_TOKEN_SIZE];
};
void st_token_text(const struct st_token *token, char ret_text[ST_TOKEN_TEXT]);
/* Dashes, blanks and small letters are as good. ST_EFIELD: mistyped. */
ST_MUST int st_token_parse(struct st_span text, struct st_token *ret_token);
/* One that came back. */
struct st_paper {
	bool spoiled; /* nobody can read it; it has neither token nor choices */
	struct st_token token;
	size_t choice_count;
	uint8_t choices[ST_BALLOT_CHOICES_MAX];
};
/* A paper from its words: a token, or "-" of one that is spoiled, and the places chosen, from 1. ST_EFIELD. */
ST_MUST int st_paper_read(const struct st_span *words, size_t count, struct st_paper *ret_paper);
/* A pile as people write it down: a paper a line, its words between blanks or commas; empty lines and those that begin
 * with # count for nothing. ST_EFIELD, ST_ETOOBIG (more than max) with the line's number; papers are then no answer. */
ST_MUST int st_pile_read(struct st_span text, struct st_paper *papers, size_t max, size_t *ret_count,
			 size_t *reterr_line);
/* What stands in the log instead of it; bound to the vote, so no other vote's token passes. */
struct st_hash st_token_hash(const struct st_record_id *vote, const struct st_token *token);

struct st_vote_rules {
	size_t candidates, seats;
	uint32_t deputies, present; /* all of them, and those who got a token */
	uint32_t quorum, majority;  /* 0: two thirds of all, rounded up; more than half of all */
	bool priority;
	bool annulled;
	bool closed;                /* until then papers are counted, votes aren't */
};
struct st_vote_paper {
	uint32_t epoch;
	uint64_t seq;
	bool in_time;
	struct st_ballot ballot;
};
struct st_vote_in {
	struct st_vote_rules rules;
	struct st_record_id vote;
	const struct st_hash *tokens; /* any order, any of them twice */
	size_t token_count;           /* <= ST_TOKENS_MAX */
	const struct st_vote_paper *papers; /* any order */
	size_t paper_count;           /* <= ST_BALLOTS_MAX */
	uint64_t papers_beyond;       /* more papers in time than that */
};

/*      name                number  text in JSON; Chinese and English for people */
#define ST_VERDICTS(X)                                                                             \
	X(ST_BALLOT_VALID, 0, "valid", "有效", "valid")                                            \
	X(ST_BALLOT_LATE, 1, "late", "不在投票时间内", "not while voting was open")                \
	X(ST_BALLOT_SPOILED, 2, "spoiled", "无法辨认", "can't be read")                            \
	X(ST_BALLOT_UNKNOWN, 3, "unknown", "票号不在发出之列", "no token of this vote")            \
	X(ST_BALLOT_USED, 4, "used", "票号已用过", "token used before")                            \
	X(ST_BALLOT_TOO_MANY, 5, "too_many", "所选多于应选", "more choices than seats")            \
	X(ST_BALLOT_CHOICE, 6, "choice", "所选不在票上或重复", "choices not on the paper, or twice")
enum st_ballot_verdict {
#define X(name, number, text, zh, en) name = (number),
	ST_VERDICTS(X)
#undef X
	ST_VERDICT_COUNT
};

/*      name                number  text in JSON; Chinese and English for people */
#define ST_VOTE_ENDS(X)                                                                            \
	X(ST_VOTE_STANDS, 0, "stands", "有效", "it stands")                                        \
	X(ST_VOTE_NOT_CLOSED, 1, "not_closed", "投票尚未结束", "voting hasn't closed")             \
	X(ST_VOTE_TOKENS, 2, "tokens", "发出票数与到会人数不符, 票决无效",                         \
	  "tokens aren't as many as deputies present: the vote is void")                           \
	X(ST_VOTE_RETURNED, 3, "returned", "收回票数多于发出票数, 票决无效",                       \
	  "more papers came back than were given: the vote is void")                               \
	X(ST_VOTE_QUORUM, 4, "quorum", "到会人数未达法定人数", "the quorum was missed")            \
	X(ST_VOTE_ANNULLED, 5, "annulled", "已宣布无效", "it was declared void")
enum st_vote_end {
#define X(name, number, text, zh, en) name = (number),
	ST_VOTE_ENDS(X)
#undef X
};

enum st_vote_standing { ST_VOTE_NOT_CHOSEN, ST_VOTE_CHOSEN, ST_VOTE_TIED };
struct st_vote_count {
	enum st_vote_end end;
	uint32_t quorum, majority;  /* as they apply */
	size_t issued, returned;    /* tokens; papers in time */
	size_t repeated;            /* the same paper entered again: not counted */
	size_t verdicts[ST_VERDICT_COUNT];
	size_t blank;               /* of the valid ones */
	uint32_t votes[ST_VOTE_CANDIDATES_MAX], points[ST_VOTE_CANDIDATES_MAX];
	enum st_vote_standing standing[ST_VOTE_CANDIDATES_MAX];
	uint8_t order[ST_VOTE_CANDIDATES_MAX]; /* candidates by rank, best first */
	size_t elected, tied;
	size_t seats_left; /* that the tied ones would share, or nobody has the majority for */
};
ST_MUST int st_vote_count(const struct st_vote_in *in, struct st_vote_count *ret_count); /* ST_ENOMEM */

/* A vote's events as they stand in the store. */
struct st_vote {
	struct st_record record;
	struct st_vote_in in;
	struct st_buf texts;   /* the candidates as the opening names them, */
	size_t offsets[ST_VOTE_CANDIDATES_MAX + 1]; /* one behind the other */
	char follows[ST_RECORD_NAME_MAX + 1]; /* the vote whose tie it decides; "": none */
	int64_t opened_ms, closed_ms; /* business time; 0: not yet */
	struct st_position prepared, issued, opened, closed, declared; /* seq 0: not yet */
	struct st_position tokens_at[ST_TOKENS_MAX / ST_TOKENS_EVENT_MAX + 1];
	size_t tokens_at_count;
	struct st_position first, last; /* papers; seq 0: none */
	uint32_t said_issued, said_returned, said_valid; /* by `declare` */
	struct st_hash *tokens;
	struct st_vote_paper *papers;
};
/* ST_EKIND: no vote; ST_ENOTFOUND. Done with st_vote_done in any case. */
ST_MUST int st_vote_load(struct st_txn *t, const struct st_record_ref *ref, struct st_vote *ret_v);
void st_vote_done(struct st_vote *v);
struct st_span st_vote_candidate(const struct st_vote *v, size_t i);
