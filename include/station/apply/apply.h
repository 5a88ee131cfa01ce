/* apply.h - the one transaction that changes anything: a group of jobs in, results out.
 * The daemon's writer thread and the simulator call st_apply_group; neither knows anything that the other
 * doesn't. Each job either has its whole effect or none; a job's refusal (rc < 0) leaves no trace
 * and doesn't disturb the others. The group's own events get one checkpoint, signed before the commit, and
 * results are written only once the commit has returned 0 (promise 1).
 *
 * Not thread-safe: one owner. Time and randomness come in with st_world. */
#pragma once
#include <station/store/carry.h>
#include <station/store/logs.h>
#include <station/store/outside.h>
#include <station/store/push.h>
#include <station/trust/invite.h>
#include <station/work/city.h>
#include <station/work/import.h>
#include <station/work/online.h>
#include <station/work/spot.h>
#include <station/work/vote.h>

struct st_world {
	int64_t now_ms; /* wall clock, Unix */
	void (*random)(void *arg, void *to, size_t size);
	/* Asked between the events of pushes and carries, and before the commit: true gives the group up
	 * (ST_EPRESSED) and keeps nothing of it, so that others come first. NULL: never. */
	bool (*pressed)(void *arg);
	void *arg;
};

enum { ST_INCARNATION_SIZE = 16 };
/* Who this station is, as the store says. */
struct st_self {
	bool set_up;             /* init or join is done */
	struct st_station station;
	struct st_public_key root;
	uint32_t log;            /* own log's number */
	uint8_t incarnation[ST_INCARNATION_SIZE];
	char halted[200];        /* why signing stopped; "": it hasn't */
};
ST_MUST int st_self_load(struct st_txn *t, struct st_self *ret_self); /* set_up false: a fresh store */
/* Another life of the outboxes: what children say they have of them is of the one before, and whatever waits there goes to
 * them again. Drawn at each start, since a store that comes from a backup gives its positions a second time. A store that
 * isn't set up stays as it is. */
ST_MUST int st_incarnation_renew(struct st_store *s, const uint8_t random[ST_INCARNATION_SIZE]);
/* Whether these are the keys that the certificate names. */
bool st_keys_are_of(const struct st_keys *keys, const struct st_certificate *c);

enum st_job_kind {
	ST_JOB_FOUND,    /* init: main, with the certificate that the root key signed */
	ST_JOB_ADOPT,    /* join: what the parent sent back */
	ST_JOB_INVITE,   /* a child may join */
	ST_JOB_ENROL,    /* a child joins with an invite: certify it */
	ST_JOB_REVOKE,   /* end a child's key */
	ST_JOB_COMMAND,  /* a person's move or note */
	ST_JOB_IMPORT,   /* rows of cases */
	ST_JOB_PUSH,     /* a child's events */
	ST_JOB_CARRY,    /* events from the parent, outside their logs */
	ST_JOB_TAKEN,    /* a child has its outbox so far */
	ST_JOB_RECEIPTS, /* of higher tiers, from the parent */
	ST_JOB_CLAIMS,   /* our own receipts, shown by a child: we may have lost something */
	ST_JOB_HALT,     /* the parent proved that our log is not the one we signed */
	ST_JOB_REFRESH,  /* sign the newest checkpoint afresh */
	ST_JOB_ONLINE,   /* a message of the city's platform becomes a matter, at the station of its place */
	ST_JOB_HOOKS,    /* from now on, what happens to such matters is to be told, or isn't */
	ST_JOB_TOLD,     /* the platform has taken one of these */
	ST_JOB_CITY,     /* main issues tables to the whole city */
	ST_JOB_SEEN,     /* a person has seen what was for this station */
	ST_JOB_TOKENS,   /* a vote's tokens, for those who are present */
	ST_JOB_BALLOTS,  /* papers that came back */
	ST_JOB_DECLARE,  /* what the papers add up to, written on vote and projects */
	ST_JOB_HEADS,    /* signs this station's heads that have changed, or whose time has come */
	ST_JOB_ERASE,    /* a record's parts are dropped, here and wherever they are */
};
enum {
	ST_RECEIPTS_MAX = 64, ST_CHAIN_MAX = ST_DEPTH_MAX,
	ST_GROUP_JOBS_MAX = 256, ST_GROWN_MAX = 512,
	ST_SKEW_MAX_S = 300, /* between two clocks; further apart, one of them is wrong */
};

struct st_job_found {
	struct st_span certificate; /* signed by root; its keys are ours */
	struct st_public_key root;
};
struct st_job_adopt {
	struct st_span chain[ST_CHAIN_MAX]; /* main's certificate first, ours last */
	size_t chain_count;
	struct st_public_key root;
	struct st_span parent_address;
};
struct st_job_invite {
	struct st_code child;
	struct st_span name;
	enum st_tier tier;
	struct st_span address; /* ours, that goes into the invite */
	int64_t valid_ms;
	struct st_buf *text; /* out: the invite; the caller's */
};
struct st_job_enrol {
	struct st_public_key invite_key; /* as ZAP saw it */
	struct st_code child;
	struct st_span request;
	struct st_buf *chain; /* out: certificates, each u16 size || bytes, main's first, the child's last */
};
struct st_job_revoke {
	struct st_code child;
	struct st_code parent; /* out, with ST_ESUBTREE: of the station that may */
};
struct st_job_command {
	struct st_command command; /* its now_ms is the world's */
	struct st_span record;  /* number or id; empty: opens one */
	/* out */
	struct st_position event;
	struct st_record_id id;
	uint32_t state;
	char number[ST_NUMBER_TEXT];
	char place[ST_PLACE_MAX]; /* what is wrong, on refusal */
	const struct st_rule *rule; /* that forbids it; NULL: none */
};
enum { ST_ONLINE_FIELDS_MAX = 12 };
struct st_job_online {
	struct st_span source, request; /* whose message, and its own id: known already, nothing is opened */
	const struct st_command_field *fields; /* but source, source_number and channel */
	size_t field_count;             /* <= ST_ONLINE_FIELDS_MAX */
	struct st_spot spot;
	/* out */
	char code[ST_QUERY_CODE + 1];
	struct st_station station;      /* that has the matter, as far as is known here */
	bool again;                     /* known already */
	char place[ST_PLACE_MAX];       /* what is wrong, on refusal */
};
struct st_job_told {
	struct st_record_ref ref;
	uint32_t n;
};
struct st_import_bad {
	uint64_t row;
	const char *column, *reason; /* static texts */
	int rc;
};
struct st_job_import {
	struct st_span source, author;
	bool source_assumed; /* nobody named it: ST_ESOURCE when a row is known under another one */
	bool stop_on_error;
	const struct st_import_case *cases;
	size_t case_count; /* <= ST_IMPORT_ROWS_MAX */
	struct st_import_bad *bad; /* the caller's: what is wrong with rows, for the first bad_room of them; NULL: none */
	size_t bad_room;
	/* out */
	char place[ST_PLACE_MAX]; /* on refusal: the source that the rows are known under */
	size_t opened, moved, unchanged, bad_count;
	uint64_t events;
};
/* Heads that came with events: kept and sent on, here already, or refused. */
struct st_heads_taken {
	unsigned kept, known, refused;
	int why; /* the first refusal's code; 0: none */
};
struct st_job_push {
	struct st_push push;
	uint32_t child; /* number of the station whose link brought it */
	/* out */
	uint64_t held;  /* our durable size of that log, on success and on refusal */
	uint32_t log;   /* its local number; 0: none */
	bool receipted;
	struct st_cosignature receipt;
	unsigned unread, parts_dropped;
	struct st_heads_taken heads;
};
struct st_job_carry {
	struct st_carry carry;
	/* out */
	unsigned stored, known, refused; /* of the items */
	int why;                         /* the first refusal's code; 0: none */
	struct st_heads_taken heads;
};
struct st_job_taken {
	uint32_t child; /* station number */
	uint64_t position;
};
struct st_job_receipts {
	size_t count;
	struct st_receipt_in receipts[ST_RECEIPTS_MAX];
	/* out */
	bool stored[ST_RECEIPTS_MAX];
	unsigned refused; /* that didn't verify */
};
struct st_job_claims {
	size_t count;
	struct st_claim claims[ST_RECEIPTS_MAX];
	unsigned refilling; /* out: logs of which we hold less than we had receipted */
};
struct st_job_halt {
	struct st_checkpoint theirs; /* the parent's, under our own key */
	struct st_cosignature cosignature;
};
/* One random token for each deputy present; their hashes go into the vote's log, they themselves nowhere but here.
 * The vote must be prepared, its candidates on this station's list. */
struct st_job_tokens {
	struct st_span vote, author;
	uint32_t present;
	/* out */
	struct st_token *tokens; /* the caller's, `present` of them, and his to wipe */
	bool quorum;             /* enough are present */
	char number[ST_NUMBER_TEXT], place[ST_PLACE_MAX];
	const struct st_rule *rule; /* that forbids it; NULL: none */
};
/* Papers in the order of the box, or one. All of them are written, in an order drawn anew, or none; one that
 * is in already, of the same batch, isn't written twice. Whether a paper counts isn't asked here. */
struct st_job_ballots {
	struct st_span vote, author;
	struct st_span batch; /* names the pile; two piles may hold papers that look the same */
	const struct st_paper *papers;
	size_t count; /* 1 .. ST_BALLOTS_MAX */
	/* out */
	size_t written, known;
	bool late; /* voting has closed: they were written, and are void */
	char number[ST_NUMBER_TEXT], place[ST_PLACE_MAX];
};
/* Counts, and makes of each candidate elected a chosen project and of each that isn't one not chosen; those tied at the last seat
 * stay candidates. ST_EVOTE with the reason in place: there is nothing to declare. */
struct st_job_declare {
	struct st_span vote, author;
	/* out */
	struct st_vote_count count;
	char number[ST_NUMBER_TEXT], place[ST_PLACE_MAX];
};

/* One table, with rows in their one form (st_city_read). */
struct st_city_issue {
	uint32_t table, columns;
	struct st_span rows;
	/* out */
	uint32_t newest, version; /* before and after */
	uint64_t seq;             /* of its event in main's log */
	bool unchanged;           /* what is in force then says just this: nothing was issued */
};
enum { ST_CITY_ISSUES_MAX = 16 };
struct st_job_city {
	size_t count;
	struct st_city_issue issues[ST_CITY_ISSUES_MAX];
	uint32_t from_day; /* 0: today */
	struct st_span author;
	char place[ST_PLACE_MAX]; /* out: what is wrong, on refusal */
};

struct st_job_seen {
	struct st_span what; /* a record's number or id: all that it asks of us; an event CODE/EPOCH/SEQ; empty: all */
	struct st_span author;
	/* out */
	unsigned count; /* that nobody had seen before */
	bool more;      /* there are more than one job says */
};

enum { ST_HEADS_JOB_MAX = 64 };
struct st_job_heads {
	uint64_t every_s; /* one that hasn't changed is signed afresh after that */
	bool look;        /* looks on, too, where a head named more than one look reads */
	/* out */
	unsigned signed_count;
	bool more;        /* there are more than one job signs */
};

/* By the record's holder, or a station above it. ST_EHOLDER; ST_EERASED: nothing is left of what is meant. */
struct st_job_erase {
	struct st_span record, reason, author;
	enum st_erase_scope scope;
	struct st_span event; /* of ST_ERASE_EVENT: CODE/EPOCH/SEQ */
	/* out */
	size_t parts;
	struct st_position at; /* the erase event; of several the last */
	char number[ST_NUMBER_TEXT], place[ST_PLACE_MAX];
};

struct st_job {
	enum st_job_kind kind;
	int rc; /* out */
	union {
		struct st_job_found found;
		struct st_job_adopt adopt;
		struct st_job_invite invite;
		struct st_job_enrol enrol;
		struct st_job_revoke revoke;
		struct st_job_command command;
		struct st_job_import import;
		struct st_job_push push;
		struct st_job_carry carry;
		struct st_job_taken taken;
		struct st_job_receipts receipts;
		struct st_job_claims claims;
		struct st_job_halt halt;
		struct st_job_online online;
		bool hooks;
		struct st_job_told told;
		struct st_job_city city;
		struct st_job_seen seen;
		struct st_job_tokens tokens;
		struct st_job_ballots ballots;
		struct st_job_declare declare;
		struct st_job_heads heads;
		struct st_job_erase erase;
	} u;
};

/* Whether a job of heads has something to sign at that time (Unix seconds). */
ST_MUST int st_heads_due(struct st_txn *t, const struct st_self *self, uint64_t now_s, uint64_t every_s,
			 bool *ret_due);

/* A log that has a new newest checkpoint: uplinks pass it on. */
struct st_grown {
	uint32_t log;
	uint64_t size;
};
struct st_applied {
	size_t grown_count;
	struct st_grown grown[ST_GROWN_MAX];
	bool self_changed;     /* st_self is another: load it again */
	bool addressed;        /* a child's outbox has more */
	bool wrote_to;         /* this station has addressed somebody: a head is due */
	bool hooked;           /* the platform is to be told of something */
	bool stations_changed; /* somebody was invited, enrolled or revoked */
	bool city_changed;     /* a version of a city table has come */
	bool damaged;          /* a job met rows that make no sense, and was refused: fsck says which */
};

struct st_apply;
/* store and keys are borrowed and outlive it. */
ST_MUST int st_apply_new(struct st_store *store, const struct st_keys *keys, struct st_apply **ret_a);
void st_apply_free(struct st_apply *a);
/* One transaction for jobs[0..count). 0: committed; each job has its rc and results. < 0 (ST_EFULL,
 * ST_EIO, ST_ENOMEM, ST_EPRESSED): nothing happened, every job's rc is that code; but when damage has made the jobs
 * run one by one, what was committed before the failure stands, and those jobs' rc says so. */
ST_MUST int st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs,
			   size_t count, struct st_applied *ret_applied);
