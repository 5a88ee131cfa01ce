/* group.h - what the sources of apply share: one transaction at work, and the own log in it.
 *
 * A job's function answers 0, a refusal (the job has written nothing), or a store's failure, which
 * ends the whole transaction. So everything is checked before the first write. */
#pragma once
#include <station/apply/apply.h>
#include <station/base/clock.h>
#include <station/event/event.h>
#include <station/store/carried.h>
#include <station/store/heads.h>
#include <station/store/erased.h>
#include <station/store/heard.h>
#include <station/trust/part.h>
#include <station/trust/paths.h>
#include <station/work/fold.h>
#include <station/work/terms.h>

enum {
	OWN_PENDING_MAX = ST_PUSH_EVENTS_MAX,
	OWN_BYTES_MAX = 2 * 1024 * 1024,
	OWN_YEARS_MAX = 16,
	ERASE_DUE_MAX = 1024, /* records of one job; ST_IMPORT_ROWS_MAX is the most that any changes */
};

/* A part of an own event, before it stands in the store. */
struct own_part {
	uint32_t event; /* index among the pending */
	uint32_t n, offset, size;
	bool goes; /* it travels with its event */
};

/* The own log within one transaction: events gather here, encoded once, and go to the store in runs. */
struct own {
	bool loaded, dirty;
	bool folding; /* what is pending: nothing is added before it is done */
	struct st_log log;
	struct st_log_id id;
	uint64_t signed_bytes; /* log.bytes at the newest checkpoint */
	struct st_buf bytes, parts;
	size_t count, part_count;
	struct st_span events[OWN_PENDING_MAX];
	size_t offsets[OWN_PENDING_MAX];
	struct st_hash leaves[OWN_PENDING_MAX];
	struct own_part part_rows[OWN_PENDING_MAX * 2];
	struct {
		uint16_t year;
		uint32_t last;
	} years[OWN_YEARS_MAX]; /* last serial given, by year */
	size_t year_count;
};

/* What has come for this station in the transaction at work, and has not been said to be here yet. */
struct hearing {
	size_t count, code_count;
	struct st_position events[ST_HEARD_MAX];
	struct st_record_ref records[ST_HEARD_MAX];
	bool listed[ST_HEARD_MAX]; /* it stands among the directives */
	struct st_code codes[ST_EVENT_ADDRESSEES_MAX]; /* writers that our log doesn't go up to */
};

/* A checkpoint whose signature by a key was found right. Zeroed: none (its size is 0). */
enum { SIGNED_ONCE_MAX = 16 };
struct signed_once {
	struct st_checkpoint c;
	struct st_public_key key;
	struct st_cosignature by;
};

struct st_apply {
	struct st_store *store;
	const struct st_keys *keys;
	struct st_fold *fold;
	struct st_terms *terms;
	struct st_arena arena; /* one event */
	struct st_arena other; /* one that it speaks of */
	struct st_buf scratch, body, values, plain, sealed;
	struct own own;
	struct hearing hearing;
	struct {
		enum { ERASURES_UNKNOWN, ERASURES_NONE, ERASURES_SOME } any; /* in this store, once it was asked */
		size_t due_count;
		struct st_record_ref due[ERASE_DUE_MAX]; /* records of which there is something to say */
	} erasing;
	struct signed_once signed_once[SIGNED_ONCE_MAX]; /* of carried events */
	unsigned signed_next;
	struct st_paths paths; /* of the carry at work */
	struct {
		bool known; /* false: of nobody, or what follows may have changed since */
		bool below; /* us: its events come with their log */
		struct st_log_id id;
		struct st_station station;
		struct st_log log; /* number 0: not asked yet */
	} writer; /* of the newest carried event */
	struct st_hash leaves[ST_PUSH_EVENTS_MAX]; /* of a push */
	char link_numbers[ST_FIELDS_MAX][ST_NUMBER_TEXT]; /* of one command, as links.c writes them */

	/* of the transaction at work */
	struct st_txn *txn;
	const struct st_world *world;
	struct st_self self;
	struct st_applied applied;
	struct {
		enum { HOOKS_UNKNOWN, HOOKS_OFF, HOOKS_ON } hooks;        /* whether anybody is to be told */
		enum { ONLINE_UNKNOWN, ONLINE_NONE, ONLINE_SOME } online; /* whether any matter came in online */
		uint32_t merges, merged; /* kinds, as bits: asked of; some record of it has been merged */
	} asked; /* of the store, once; zeroed: nothing yet */
	bool retelling; /* told tables alone are written (retell.c) */
};

/* A failure of the store, not a refusal of one job: the transaction can't go on. */
static inline bool is_failure(int rc)
{
	return rc == ST_EFULL || rc == ST_EIO || rc == ST_ENOMEM || rc == ST_ECORRUPT || rc == ST_EPRESSED;
}

static inline bool is_pressed(const struct st_apply *a)
{
	return a->world->pressed != NULL && a->world->pressed(a->world->arg);
}

/* own.c */
int own_load(struct st_apply *a);
/* Encodes e at the own log's next position; fills e->at. stored[n] belongs to e->parts[n]. */
int own_add(struct st_apply *a, struct st_event *e, const struct st_span *stored);
int own_keep_addressees(struct st_apply *a, const struct st_event *e); /* whom we wrote to last */
void own_forget(struct st_apply *a); /* what was added and not flushed: its job was refused */
int own_flush(struct st_apply *a);  /* into the store, and folded */
int own_finish(struct st_apply *a); /* signs and keeps the log's row */
int own_next_serial(struct st_apply *a, uint16_t year, uint32_t *ret_serial);
uint64_t now_s(const struct st_apply *a);
int may_sign(const struct st_apply *a); /* ST_ENOSTATION, ST_EFORKED */
void grown(struct st_apply *a, uint32_t log, uint64_t size);

/* setup.c */
int job_found(struct st_apply *a, struct st_job_found *job);
int job_adopt(struct st_apply *a, struct st_job_adopt *job);
/* members.c */
int job_invite(struct st_apply *a, struct st_job_invite *job);
int job_enrol(struct st_apply *a, struct st_job_enrol *job);
int job_revoke(struct st_apply *a, struct st_job_revoke *job);
/* effect.c: an event that stands at (id, seq). Not 0: why it can't be read; at.seq is 0 where not even its envelope
 * is, or says another place. */
int effect_decode(struct st_apply *a, const struct st_log_id *id, uint64_t seq, struct st_span bytes,
		  struct st_event *ret_e);
/* What an event says of stations and the city (its code, where that counts for nothing: it is unread) ... */
int effect_read(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* ... and of records and votes. */
int effect_folded(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* Where this station stands is known from now on: what waited for that takes effect, and what it was given goes to it. */
int effect_known(struct st_apply *a, uint32_t station);
/* All of an event of another's log, whose envelope is read. unread: why its body isn't; 0: it is. 1: counted as
 * unread; < 0: the store failed. */
int effect_arrived(struct st_apply *a, const struct st_log *log, const struct st_event *e, int unread);
/* roll.c: what enrolments and revocations of the logs below say of stations */
int member_event(struct st_apply *a, const struct st_log *log, const struct st_event *e);
int member_add(struct st_apply *a, const struct st_station *issuer, struct st_span certificate,
	       const struct st_position *at, uint32_t log);
/* Writes an event for main and all below it; what it says has still to take effect. */
int city_tell(struct st_apply *a, struct st_event *e);
/* city.c */
int job_city(struct st_apply *a, struct st_job_city *job);
int city_event(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* Whether the tables in force have what a command names. ST_EFIELD: they haven't (place: the field, and what is
 * like it). */
int city_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
	       char place[ST_PLACE_MAX]);
/* known.c: what the record says so far, and the city's tables, for st_command_check; its texts live in room. */
struct known {
	char category[ST_NAME_TEXT_MAX + 1], subcategory[ST_NAME_TEXT_MAX + 1], unit[ST_NAME_TEXT_MAX + 1];
};
int known_fill(struct st_apply *a, const struct st_record *r, struct st_command *c, struct known *room);
/* command.c */
int job_command(struct st_apply *a, struct st_job_command *job);
/* Checks one of the program's own moves, and adds it where write is set. The fields are as people write them. */
struct own_move {
	struct st_record *record; /* as it is before, and after */
	const char *move;
	struct st_span author;
	const struct st_command_field *fields;
	size_t field_count;
};
int command_own(struct st_apply *a, const struct own_move *m, bool write, char place[ST_PLACE_MAX]);
void command_new_record(struct st_apply *a, struct st_record *r); /* to be opened, under a new id */
/* Whom a checked command hands the record to. ST_EFIELD: no station; ST_ERULE, with the rule: it has it, or was revoked. */
int command_receiver(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
		     uint32_t *ret_to, const struct st_rule **reterr_rule);
/* command_event.c */
/* Behind which event of the record the next one stands; the own log is loaded. */
int command_previous(struct st_apply *a, const struct st_record *r, struct st_position *ret_at);
/* Addresses e to a station, unless our log goes there by itself. */
int command_address(struct st_apply *a, uint32_t station, struct st_event *e);
/* Adds the event of a checked command; *r is the record as it is before, and after. */
int command_add(struct st_apply *a, const struct st_command *c, struct st_checked *checked,
		struct st_record *r, struct st_position *ret_at);
/* online.c */
int job_online(struct st_apply *a, struct st_job_online *job);
int job_hooks(struct st_apply *a, bool on);
int job_told(struct st_apply *a, const struct st_job_told *job);
/* After the fold of an event: whether the platform that its matter came from is to be told. */
int online_event(struct st_apply *a, const struct st_event *e);
/* The state of what is handled for a merged matter, where that is its result; 0: it has none. */
int hooked_result(struct st_apply *a, const struct st_record *r, uint32_t *ret_state);
/* Of an event that is told anew: a matter that came in online is found by its code and its request again. */
int online_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* links.c: writes each link by its record's number; ST_ENOTFOUND, ST_EKIND or ST_EFIELD with the field in place */
int links_check(struct st_apply *a, struct st_checked *c, const struct st_record *r,
		char place[ST_PLACE_MAX]);
/* Whether r can join what the move joins, if it merges. ST_EJOINED, ST_EENDED, ST_EKIND, ST_EFIELD (itself),
 * ST_ENOTFOUND with the place. */
ST_MUST int merge_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
			char place[ST_PLACE_MAX]);
/* entered.c: ST_EENTERED with the number of the record that this station keeps of the same person or station. */
ST_MUST int entered_check(struct st_apply *a, const struct st_checked *c, const struct st_record *r,
			  char place[ST_PLACE_MAX]);
/* import.c */
int job_import(struct st_apply *a, struct st_job_import *job);
/* retell.c: a transaction that makes derived tables anew; told: its events go to retell_event. */
int retell_begin(struct st_apply *a, struct st_txn *t, bool told);
/* What an event that stands in the store at (log, seq) says by itself goes to the told tables. */
int retell_event(struct st_apply *a, const struct st_log *log, uint64_t seq, struct st_span bytes);
/* push.c */
int job_push(struct st_apply *a, struct st_job_push *job);
/* route.c: whom an event that has just been stored goes on to */
int route_event(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* An event of a record that is held further down: it belongs to the history that went there before it. */
int route_late(struct st_apply *a, const struct st_log *log, const struct st_event *e);
int route_known(struct st_apply *a, const struct st_record *r); /* all of it: where its holder stands is known by now */
/* One event more to a child, unless it has it by its writer or an address. */
int route_also(struct st_apply *a, const struct st_log *log, const struct st_event *e, uint32_t child);
/* All that is here of a record, unless it was opened at or below the child. */
int route_whole(struct st_apply *a, uint32_t child, const struct st_record *r);
/* Whether the event is part of the chain of its record. */
int route_on_chain(struct st_apply *a, const struct st_record *r, const struct st_log *log,
		   const struct st_event *e, bool *ret_on);
/* joined.c: a matter's events, to whoever had another one that was merged into it */
int route_joined(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* 1: there may be records that were merged into it. */
int joined_any(struct st_apply *a, const struct st_record *r);
void joined_note(struct st_apply *a); /* behind each fold: it may have been the first merge of its kind */
/* Who opened or held what was merged into it. Non-zero from fn stops and is returned. */
typedef int joined_fn(uint32_t station, void *arg);
int joined_each(struct st_apply *a, const struct st_record *r, joined_fn *fn, void *arg);
/* An erase goes on to every station that has, or had, the record, as far as is known here. */
int route_erasure(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* All stations that are known, and the city's tables, to a new child. */
int route_roll(struct st_apply *a, uint32_t child);
/* One head to the child on the way down to its addressee, or to all on the way to a subtree's. */
int route_head(struct st_apply *a, const struct st_head_key *key, uint32_t writer,
	       const struct st_addressee *to);
/* heads.c */
int job_heads(struct st_apply *a, struct st_job_heads *job);
/* Those that came with a push that is stored. A refused one is counted, and stops nothing. */
int heads_pushed(struct st_apply *a, const struct st_log *log, const struct st_station *writer,
		 struct st_job_push *job);
/* 0 kept, 1 known already, < 0 refused, or the store's failure. */
int head_carried(struct st_apply *a, const struct st_station *writer, const struct st_head *h);
void heads_note(struct st_heads_taken *to, int rc);
/* heard.c */
/* Whom a move or reassignment gives its record to; empty: nobody. */
void event_gives(struct st_apply *a, const struct st_event *e, struct st_code *ret_holder);
/* An event of another station stands in the store: it may be for us, or say what has been heard. e is dead after. */
int heard_arrives(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* The same of an own event, which may ask something of others. */
int heard_own(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* A directive leaves through a child's outbox. */
int heard_leaves(struct st_apply *a, const struct st_log *log, const struct st_event *e,
		 const struct st_code *to, uint64_t position);
/* Of an event that is told anew: what heard_arrives, heard_own and hearing_say had written of it. */
int heard_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e);
int heard_flush(struct st_apply *a); /* says what has come, in one event */
/* 1: noted; 0: the event that is being made has no more room. */
int hearing_note(struct st_apply *a, const struct st_position *at,
		 const struct st_record_ref *record, uint32_t writer, bool listed);
int hearing_say(struct st_apply *a, enum st_stage stage, struct st_span author);
/* erase.c */
void erase_begin(struct st_apply *a);
/* After the fold of an event: it may be an erase, or one that an erase names or waits for. */
int erase_event(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* Of an event that is told anew: the same, out of the whole store. */
int erase_retell(struct st_apply *a, const struct st_log *log, const struct st_event *e);
/* At a group's end: what waited for stations that are known now. */
int erase_settle(struct st_apply *a);
int erase_given(struct st_apply *a, const struct st_record_ref *ref); /* whoever has it now gets what was erased of it */
/* erase_say.c */
/* What has been erased since is confirmed and goes on to whoever else has it: it may write own events, so it comes
 * behind an event and all that it led to, never within its fold. Events that were read are dead after. */
int erase_say(struct st_apply *a);
/* erase_parts.c */
/* Keeps the part, unless it was erased. 1: kept. */
int erase_keep_part(struct st_apply *a, const struct st_log *log, const struct st_event *e, unsigned n,
		    struct st_span stored);
/* All events of a record that stand in the store; they live until fn is back. */
typedef int erase_visit_fn(struct st_apply *a, const struct st_log *log, const struct st_event *e, void *arg);
int erase_visit(struct st_apply *a, const struct st_record_ref *ref, erase_visit_fn *fn, void *arg);
/* erase_job.c */
int job_erase(struct st_apply *a, struct st_job_erase *job);
/* An erase has taken effect: names private parts that this station had written and that it didn't know of. */
int erase_follow(struct st_apply *a, const struct st_record_ref *record, const struct st_event *of,
		 const struct st_erase *body);
/* seen.c */
int job_seen(struct st_apply *a, struct st_job_seen *job);
/* carry.c */
int job_carry(struct st_apply *a, struct st_job_carry *job);
int job_taken(struct st_apply *a, struct st_job_taken *job);
/* grant.c: the record's private fields and key, for its new holder */
int grant_find_key(struct st_apply *a, const struct st_record *r, struct st_record_key *ret_key);
int grant_fields(struct st_apply *a, const struct st_record *r, const struct st_record_key *key,
		 struct st_buf *to);
/* nominees.c: whether these may be the candidates of a vote, of one that follows another where that is named.
 * ST_ERULE with the rule, ST_EHOLDER, ST_EKIND, ST_ENOTFOUND; the place names the record. */
struct nominees {
	size_t count;
	struct st_span names[ST_VOTE_CANDIDATES_MAX], follows; /* follows: empty: none */
};
ST_MUST int nominees_check(struct st_apply *a, const struct nominees *n, const struct st_rule **reterr_rule,
			   char place[ST_PLACE_MAX]);
/* Of a command: 0 where it prepares no vote. */
ST_MUST int nominees_check_command(struct st_apply *a, const struct st_checked *c,
				   const struct st_rule **reterr_rule, char place[ST_PLACE_MAX]);
/* vote.c */
int job_tokens(struct st_apply *a, struct st_job_tokens *job);
/* Adds an event of the vote whose body stands in a->body. */
int vote_add(struct st_apply *a, const struct st_vote *v, enum st_event_type type,
	     struct st_span author);
/* An event that stands in the store: a vote's own ones are listed. */
int vote_event(struct st_apply *a, const struct st_log *log, const struct st_event *e);
int vote_find(struct st_apply *a, struct st_span name, struct st_vote *ret_v,
	      char number[ST_NUMBER_TEXT]);
/* papers.c */
int job_ballots(struct st_apply *a, struct st_job_ballots *job);
/* declare.c */
int job_declare(struct st_apply *a, struct st_job_declare *job);
/* witness.c */
int job_receipts(struct st_apply *a, struct st_job_receipts *job);
int job_claims(struct st_apply *a, struct st_job_claims *job);
int job_halt(struct st_apply *a, struct st_job_halt *job);
int job_refresh(struct st_apply *a);
int evidence_fork(struct st_apply *a, const struct st_log *log, const struct st_public_key *key,
		  const struct st_checkpoint *theirs, const struct st_cosignature *c);
int root_at(struct st_txn *t, const struct st_log *log, uint64_t size, struct st_hash *ret_root);
