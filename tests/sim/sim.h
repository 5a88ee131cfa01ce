/* sim.h - a whole city in one process, from one seed: what the sources of the simulator share.
 *
 *   world    seed -> random numbers; virtual time; the queue of what happens next; the trace
 *   disk     what LMDB's calls and statvfs answer, so that disks fill, fail and lose what wasn't synced
 *   net      connections: frames in order within one, late or lost across them
 *   station  a store, its writer's queue, and life and death of the process
 *   up, down the glue between machines, frames and writer, as the daemon's link_up.c, link_session.c,
 *            link_down.c and writer.c have it
 *   join     invite, enrol, adopt
 *   clerk    what people do; rogue: what nobody should do
 *            wish, values: one thing that a clerk wants, from any kind's table; import; city: main's tables;
 *            online: the platform; vote: a vote of deputies; joined: what is merged far from where it was opened
 *   erase    who has what erased, and what is left of it
 *   told     the model: what people and neighbours were told, and nothing else
 *   check    the disks against the model; records, life, lists: what became of each record; heard: who knows
 *            what of each directive; heads: who sees what is withheld; books: a register and two questions, at one tier
 *
 * One thread, no clock, no randomness but the seed's: the same seed gives the same trace, byte by byte. */
#pragma once
#include <setjmp.h>
#include <stdio.h>
#include <station/apply/apply.h>
#include <station/ask/verify.h>
#include <station/event/event.h>
#include <station/store/carried.h>
#include <station/sync/downlink.h>
#include <station/sync/retry.h>
#include <station/sync/uplink.h>
#include "daemon/stationd/frames.h"

enum {
	CITY_MAX = 9, /* stations of one city */
	CITY_CATEGORIES = 4, CITY_TABLES = 10, CITY_VERSIONS = 12,
	WITHHELD_MAX = 64,
	ONLINE_MAX = 24, /* messages of the platform */
	NUMBER_MAX = ST_NUMBER_TEXT,
	WRITER_JOBS_MAX = 4096, WRITER_BYTES_MAX = 64 * 1024 * 1024,
	WRITER_GROUP_BYTES = 4 * 1024 * 1024, /* as in the daemon's writer.h */
};

struct sim;
struct station;
typedef void sim_fn(struct sim *sim, void *what, uint64_t tag);

/* ---- world.c ---- */

struct sim_event {
	uint64_t at_ms, order, tag;
	sim_fn *fn;
	void *what;
};
enum { SIM_IMPORT_ROWS_MAX = 512 }; /* of one import: as many events as several groups of others */
struct sim {
	uint64_t seed, drawn, now_ms, order, steps, trace;
	struct sim_event *queue; /* a heap */
	size_t queue_count, queue_room;
	bool verbose, healed, over; /* healed: nothing new goes wrong */
	char folder[96];
	struct st_signing_key root;
	struct station *stations[CITY_MAX];
	size_t count;
	struct conn *conns; /* all that ever were */
	uint32_t conn_last;
	struct st_arena arena; /* for frames that the model reads */
	unsigned permille_loss, permille_rubbish, bursts, floods, rows_max;
	bool has_city; /* main issues tables */
	struct online *online; /* NULL: no platform */
	struct vote *vote; /* NULL: none */
	struct erasures *erasures; /* NULL: nobody erases */
	uint64_t chaos_ms, quiet_ms; /* how long things go wrong; how long the city took to catch up */
	jmp_buf *out;               /* where a failed check leaves the run */
	char failed[512];
};
uint64_t sim_random(struct sim *sim);
uint64_t sim_below(struct sim *sim, uint64_t n);
bool sim_chance(struct sim *sim, unsigned permille);
/* Calls fn(sim, what, tag) after some time, in order of time and then of asking. */
void sim_after(struct sim *sim, uint64_t ms, sim_fn *fn, void *what, uint64_t tag);
bool sim_next(struct sim *sim); /* false: nothing is left to happen */
void sim_trace(struct sim *sim, const struct station *s, const char *what, uint64_t a, uint64_t b);
void sim_trace_bytes(struct sim *sim, struct st_span bytes);
_Noreturn void sim_fail(struct sim *sim, const struct station *s, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define SIM_CHECK(sim, s, x, ...)                                                                  \
	do {                                                                                       \
		if (!(x))                                                                          \
			sim_fail(sim, s, __VA_ARGS__);                                             \
	} while (0)
#define SIM_DO(sim, s, x)                                                                          \
	do {                                                                                       \
		int sim_rc = (x);                                                                  \
		if (sim_rc < 0)                                                                    \
			sim_fail(sim, s, "%s: %s", #x, st_error_name(sim_rc));                     \
	} while (0)

/* ---- disk.c ---- */

enum commit_fault { COMMIT_RIGHT, COMMIT_DIES_BEFORE, COMMIT_NO_SPACE, COMMIT_SHORT_WRITE,
		    COMMIT_SYNC_FAILS, COMMIT_SYNC_FAILS_WRITTEN };
struct disk {
	const char *folder;
	bool full;                /* statvfs says so */
	bool died;                /* the process ended within the commit */
	enum commit_fault commit; /* of the next commit */
	unsigned puts_left;       /* the map is full after so many; 0: never */
	bool poisoned;            /* a put failed: LMDB refuses the rest of the transaction */
	bool sync_failed;         /* since the start: only this excuses ST_EIO */
	bool unsynced;            /* data.synced is what a power loss leaves */
};
/* Whose calls the wrapped functions are answering; NULL: the real answers. */
void disk_enter(struct disk *d);
void disk_power_lost(struct disk *d);

/* ---- net.c ---- */

struct conn {
	uint32_t id;
	struct station *child, *parent;
	uint64_t child_life, parent_life;
	bool open;             /* the child's socket */
	bool noticed;          /* the parent's kernel knows that it is not */
	bool silent;           /* half-open: nothing arrives, nobody is told */
	bool tainted;          /* rubbish went over it */
	unsigned late;         /* frames on the way that arrive after the close */
	uint64_t arrives_up, arrives_down; /* the last frame's time: order within a connection */
	struct conn *next;
};
struct conn *conn_open(struct sim *sim, struct station *child);
void conn_close(struct sim *sim, struct conn *c); /* by the child, or the network; it isn't told */
void conn_cut(struct sim *sim, struct conn *c);   /* the network: the child is told */
void conn_send(struct sim *sim, struct conn *c, bool up, struct st_span frame);
void net_start(struct sim *sim);
void net_heal(struct sim *sim);
void net_arrives(struct sim *sim, void *flight, uint64_t tag); /* frees flight */

/* ---- station.c ---- */

struct job;
typedef void job_fn(struct station *s, struct job *j);
struct job {
	struct st_job work;
	size_t bytes;
	job_fn *done;             /* not called if the process ends before */
	void (*gone)(struct job *j); /* frees what hangs on it; may be NULL */
	void *arg;
	struct job *next;
};
struct jobs {
	struct job *first, *last;
	size_t count, bytes;
};
struct result {
	struct jobs jobs;
	int rc;
	struct st_applied applied;
	struct result *next;
};
enum up_state { UP_NONE, UP_WAITING, UP_CONNECTING, UP_GREETING, UP_LINKED };
struct child {
	struct station *parent, *station;
	struct st_code code;
	uint32_t number;
	bool enrolled, pump_armed;
	struct conn *route;
	struct st_downlink *session;
	struct frames frames;
	struct job *pending, **pending_end;
	/* for the checks: of the session of the newest hello */
	bool any_refused, tainted;
	bool silenced; /* given up for silence: what a slow line still brings is refused until a hello */
	uint64_t told[CITY_MAX]; /* sizes that the greeting told */
};
/* A version of a city table: not held when the own log had `after` events, and surely from `to` on. */
struct city_held {
	uint32_t from_day;
	uint64_t after, to; /* to 0: not yet */
};
struct station {
	struct sim *sim;
	size_t index;
	struct station *parent;
	struct st_code code;
	enum st_tier tier;
	char directory[128];
	struct st_keys keys;
	uint64_t drawn;
	uint64_t life, boot_ms, boots; /* life: rises when the process ends */
	bool alive, doomed, revoked, full;
	unsigned pressed_in; /* events until bulk at work is to make way; 0: it isn't */
	bool mad; /* it has said rubbish to its parent: parts that it spoilt were dropped there */
	bool boasts; /* it said that it had taken what it hadn't: that doesn't come again, to it or to who is below */
	bool jumped; /* its wall clock did */
	int64_t wall_off_ms;
	struct disk disk;
	struct st_store *store;
	struct st_apply *apply;
	struct st_self self;
	struct jobs waiting;
	struct result *results, **results_end;
	bool writing, delivering;
	struct {
		struct st_uplink *session;
		struct st_retry retry;
		struct frames frames;
		enum up_state state;
		uint64_t deadline_ms, timer;
		struct conn *conn;
		struct job *receipts;
		bool failed, pump_armed;
	} up;
	struct {
		struct child *children[CITY_MAX];
		size_t count, turn; /* turn: whose grant is next */
		struct st_pool pool;
		bool timed;
	} down;
	struct { /* the link to the parent */
		bool cut;
		uint64_t latency_ms, bytes_per_ms;
	} net;
	struct {
		bool has_invite;
		struct st_invite invite;
	} paper; /* what the operator holds in his hands */
	struct {
		uint64_t size; /* of the own log, at the last look */
		struct city_held held[CITY_TABLES + 1][CITY_VERSIONS + 1];
	} city;
	struct told *told;
	uint32_t withholds; /* the child from which it holds events back; 0: it is honest */
	struct st_outbox_row withheld[WITHHELD_MAX];
	size_t withheld_count;
};
void station_new(struct sim *sim, size_t index, struct station *parent, const char *code,
		 enum st_tier tier);
void station_free(struct station *s);
void station_ends(struct station *s); /* the process, at once and for good */
/* The process ends between two steps; power: so does the machine. It comes back after a while. */
void station_dies(struct station *s, bool power, uint64_t back_ms);
void station_boots(struct sim *sim, void *station, uint64_t life);
int station_submit(struct station *s, struct job *j); /* ST_EBUSY: the caller still owns it */
struct job *job_new(enum st_job_kind kind, job_fn *done);
void job_free(struct job *j);
uint64_t station_mono(const struct station *s);
int64_t station_wall(const struct station *s);
struct st_now station_now(const struct station *s);
struct st_world station_world(struct station *s);
struct station *station_of(struct sim *sim, const struct st_code *code);
/* What follows from a group, for a transaction that the simulator wrote itself. */
void station_applied(struct station *s, int rc, const struct st_applied *applied);

/* ---- up.c, down.c, join.c ---- */

void up_reload(struct station *s);
void up_applied(struct station *s, const struct st_applied *applied);
void up_failed(struct station *s, int rc);
void up_frame(struct station *s, struct st_span frame);
void up_ends(struct station *s); /* with the process */
void up_connected(struct sim *sim, void *station, uint64_t life);
void down_reload(struct station *s);
void down_applied(struct station *s, const struct st_applied *applied);
void down_frame(struct station *s, struct conn *c, struct st_span frame);
void down_receipts(struct station *s, const struct st_job_receipts *job);
void down_ends(struct station *s);
struct child *down_child(struct station *s, const struct station *child);
void join_start(struct sim *sim);
void join_answered(struct sim *sim, void *job, uint64_t life); /* frees job */

/* ---- clerk.c, import.c, rogue.c, forge.c ---- */

#define PRIVATE_MARK "王秘密Zq7" /* begins each private value: found in no store */
void clerk_start(struct sim *sim);
void clerk_imports(struct station *s);
void rogue_acts(struct station *s); /* signs into its own log what no command writes */
void forge_push(struct station *s); /* a push comes that nobody has signed so */
/* A record that someone was told of, of a station at or below s; NULL: none. */
struct told_record *told_record_below(struct station *s, struct station **ret_opener);
bool station_is_below(const struct station *s, const struct station *top);

/* ---- told.c: the model ---- */

struct told_record {
	char number[NUMBER_MAX];
	struct st_record_id id;
	const struct st_kind *kind;
	uint32_t state;
	uint64_t seq;    /* of the last event that was told */
	bool unsure;     /* a move's answer never came */
	bool raw;        /* somebody signed about it what no command writes */
	bool handed;     /* it was handed on, or reassigned: who holds it, the tiers must agree on */
	bool wild;       /* its own station signed what no command writes: no state is expected */
	bool busy;       /* a move is on its way */
	bool waits;      /* somebody is waited for, and nobody has said that he isn't any more */
	uint32_t writers; /* bits: stations that wrote about it */
	/* of the last walk through its life: what it was merged into, "": nothing, and by whom */
	char joins[ST_RECORD_NAME_MAX + 1];
	char entered[96]; /* by which it is known; "": by nothing */
	struct station *merged_by;
};
struct told {
	struct {
		uint64_t seq;
		struct st_hash leaf;
	} *events; /* of the station's own log */
	size_t event_count, event_room;
	struct told_record *records;
	size_t record_count, record_room;
	uint32_t row_last;                 /* import rows given out, */
	uint32_t rows_told;                /* and those up to here were acknowledged */
	uint64_t unread;                   /* events that no version reads, in its log */
	uint64_t size[CITY_MAX];           /* of each log, as told to whomever */
	uint64_t receipted[CITY_MAX];
};
void told_event(struct station *s, const struct st_position *at);
struct told_record *told_record_new(struct station *s);
void told_frame(struct child *c, struct st_span frame); /* what a parent says to a child */
void told_pool(struct station *s);
/* Everything that was told is on the disk. */
void told_is_durable(struct station *s);

/* ---- check.c ---- */

bool city_is_quiet(struct sim *sim, char why[200]);
/* Every station holds the receipt of each station above it for the whole of its own log. */
bool city_is_receipted(struct sim *sim, char why[200]);
void check_recount(struct station *s);
void check_all(struct sim *sim);
/* What was told of a station's records, and what each tier above makes of them. */
void check_records(struct station *s);

/* ---- life.c, lists.c ---- */

/* A record's chain at s, step by step by its kind's table, and its row against it. */
void check_life(struct station *s, struct told_record *r);
/* Once all lives have been walked: merges make trees. */
void check_merges(struct sim *sim);
/* Each record stands in the lists that its row says, and nothing else does. */
void check_lists(struct station *s);

/* ---- city.c ---- */

struct city_rule {
	uint32_t days, extend;
	bool working;
};
void city_start(struct sim *sim);
void city_before_group(struct station *s);
void city_after_group(struct station *s);
uint32_t city_answers(const struct station *s, uint32_t table, uint32_t day, uint64_t seq);
/* What a version of the deadlines says; false: nothing of this category. */
bool city_rule(uint32_t version, const char *kind, struct st_span category, struct city_rule *ret);
/* By a version of the workdays, 0: Monday to Friday. */
uint32_t city_add(uint32_t calendar, uint32_t day, uint32_t n, bool work);
uint32_t city_between(uint32_t calendar, uint32_t from, uint32_t to, bool work);
/* What a version of the focus table calls a key matter, and whom one of the settings calls law officials: visit.who,
 * in their order, ends with 0; version 0: nobody. */
void city_focus(uint32_t version, unsigned focus, char to[32]);
/* The assessment's points: at most for each measure, and for how many visits all of them. */
enum { CITY_MEASURES = 6 };
uint32_t city_most(uint32_t version, unsigned measure);
uint32_t city_full_at(uint32_t version);
void city_officials(uint32_t version, unsigned to[]);
bool city_works(uint32_t version, uint32_t day);
void check_city(struct station *s);

/* ---- online.c ---- */

void online_start(struct sim *sim);
void online_free(struct sim *sim);
bool online_is_quiet(struct sim *sim, char why[200]);
void check_online(struct sim *sim);

/* ---- vote.c ---- */

void vote_start(struct sim *sim);
void vote_free(struct sim *sim);
void check_vote(struct sim *sim);

/* ---- joined.c ---- */

void joined_start(struct sim *sim);
/* Whoever had a merged matter holds what main holds of the one that is handled for it. */
void check_joined(struct sim *sim);

/* ---- erase.c ---- */

#define ROGUE_REASON "rubbish" /* of an erase that counts for nothing */
void erase_start(struct sim *sim);
void erase_free(struct sim *sim);
void erase_read(struct sim *sim); /* what the logs name, before the two that follow */
bool erase_named(const struct sim *sim, const struct st_hash *part);
void check_erased(struct sim *sim);

/* ---- books.c ---- */

void check_books(struct sim *sim);

/* ---- heard.c ---- */

void check_heard(struct station *s);

/* ---- heads.c ---- */

void heads_start(struct sim *sim);
bool heads_are_quiet(struct sim *sim, char why[200]); /* each is signed, and at all whom it is for */
void heads_after_group(struct station *s);
void check_heads(struct sim *sim);
/* A tier between holds back what main asks of one below it, and gives it back. quiet: runs until the city is. */
void heads_last_act(struct sim *sim, void (*quiet)(struct sim *sim));

/* ---- run.c ---- */

struct outcome {
	uint64_t trace, steps, quiet_ms, events;
	char failed[512];
};
/* One city, from the seed to the last check. */
void sim_run(uint64_t seed, const char *folder, bool verbose, struct outcome *ret_outcome);
