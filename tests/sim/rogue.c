/* rogue.c - a station signs into its own log what none of its commands would write: reassignments,
 * claims on other stations' records, what waits for an event that hasn't come, and what nobody can read.
 *
 * Owns:    the right of an origin to sign anything. It stands in the log, and takes effect, or not, the
 *          same at every tier.
 * Promise: 2, 4 and 8 are tried: folds out of order, and rubbish under a right signature.
 * Flow:    seed -> own log -> uplink */
#include <string.h>
#include <station/base/check.h>
#include <station/store/erased.h>
#include <station/store/online.h>
#include <station/work/fold.h>
#include <station/work/lineage.h>
#include <station/work/merge.h>
#include "sim.h"

struct act {
	struct station *station;
	struct st_event event;
	struct st_change change;
	struct st_city city;
	struct st_hash hashes[ST_EVENT_PARTS_MAX];
	size_t hash_count;
	bool readable, rubbish, misplaced;
	struct st_log log;
};

/* What a right program would keep of it here. */
static int keep_erase(struct st_txn *t, const struct st_log *log, const struct st_event *e)
{
	struct st_erasure row = { .record.ulid = e->record.ulid, .log = log->number, .seq = e->at.seq,
				  .state = ST_ERASURE_WAITS, .wall_ms = e->wall_ms };
	struct st_erase_judged j;
	int rc = st_station_intern(t, &e->record.opener, &row.record.opener);
	int counts = rc < 0 ? rc : st_erase_counts(t, log, e, &j);
	if (counts == ST_EHOLDER) {
		row.state = ST_ERASURE_REFUSED;
		row.why = counts;
	} else if (counts == ST_ENOTFOUND && j.unknown != 0) {
		rc = st_erasure_await(t, j.unknown, &row.record);
	} else if (counts != ST_ENOTFOUND) {
		return counts < 0 ? counts : ST_EUSAGE; /* it was to count for nothing */
	}
	return rc < 0 ? rc : st_erasure_put(t, &row);
}

static int write_event(struct st_txn *t, struct act *a, struct st_log *log, struct st_fold *fold)
{
	struct st_event e;
	struct st_arena arena;
	struct st_buf bytes;
	st_buf_init(&bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&arena, ST_EVENT_ARENA);
	if (rc < 0)
		return rc;
	rc = st_event_encode(&a->event, &bytes);
	if (rc == 0 && a->rubbish)
		memset(bytes.data, 0xff, bytes.size);
	struct st_span span = st_buf_span(&bytes);
	struct st_hash leaf = st_hash_leaf(span);
	struct st_append run = { .events = &span, .leaves = &leaf, .count = 1 };
	uint64_t seq = log->tree.size + 1;
	if (rc == 0)
		rc = st_log_append(t, log, &run);
	if (rc == 0) {
		int unread = st_event_decode(span, &arena, &e);
		if (unread == 0 && a->misplaced)
			unread = ST_EWIRE;
		if (a->event.type == ST_CITY)
			unread = ST_EORIGIN;
		rc = unread == 0 ? st_fold_event(t, fold, log, &e)
				 : st_unread_put(t, log->number, seq, unread);
		if (rc == 0 && unread == 0 && e.type == ST_ERASE)
			rc = keep_erase(t, log, &e);
	}
	st_buf_done(&bytes);
	st_arena_done(&arena);
	return rc;
}

static int write_own(struct st_txn *t, void *arg)
{
	struct act *a = arg;
	struct station *s = a->station;
	struct st_buf body;
	struct st_fold *fold = NULL;
	struct st_cosignature signature;
	st_buf_init(&body, ST_EVENT_MAX);
	int rc = st_log_get(t, s->self.log, &a->log);
	if (rc == 0)
		rc = st_fold_new(&fold);
	if (rc < 0)
		return rc;
	st_fold_begin(fold);
	a->event.at = (struct st_position){ s->code, 1, a->log.tree.size + (a->misplaced ? 2 : 1) };
	struct st_erase erase = { .scope = ST_ERASE_ALL, .reason = st_span_text(ROGUE_REASON),
				  .hashes = st_span(a->hashes, a->hash_count * ST_HASH_SIZE) };
	rc = a->event.type == ST_CITY    ? st_city_encode(&a->city, &body)
	     : a->event.type == ST_ERASE ? st_erase_encode(&erase, &body)
					 : st_change_encode(ST_MOVE, &a->change, &body);
	a->event.body = st_buf_span(&body);
	if (rc == 0)
		rc = write_event(t, a, &a->log, fold);
	struct st_checkpoint c = { .log = { s->code, 1 }, .size = a->log.tree.size,
				   .root = st_frontier_root(&a->log.tree) };
	st_cosign(&c, &s->keys.identity, (uint64_t)station_wall(s) / 1000, &signature);
	if (rc == 0)
		rc = st_checkpoint_put(t, &a->log, &signature);
	if (rc == 0)
		rc = st_log_put(t, &a->log);
	if (rc == 0)
		rc = st_fold_finish(t, fold);
	st_fold_free(fold);
	st_buf_done(&body);
	return rc;
}

static void sign(struct act *a)
{
	struct station *s = a->station;
	struct st_applied applied;
	memset(&applied, 0, sizeof(applied));
	a->event.min_version = a->event.min_version == 0 ? 1 : a->event.min_version;
	a->event.wall_ms = (uint64_t)station_wall(s);
	disk_enter(&s->disk);
	int rc = st_store_write(s->store, write_own, a);
	disk_enter(NULL);
	sim_trace(s->sim, s, "signs", a->event.type, (uint64_t)-rc);
	if (s->disk.died || rc == ST_EIO) {
		station_dies(s, s->disk.died, 2000);
		return;
	}
	SIM_CHECK(s->sim, s, rc == 0 || rc == ST_EFULL, "can't sign: %s", st_error_name(rc));
	if (rc == 0) {
		s->told->unread += !a->readable;
		applied.grown_count = 1;
		applied.grown[0] = (struct st_grown){ a->log.number, a->log.tree.size };
	}
	station_applied(s, rc, &applied);
}

struct looking {
	struct st_record_id id;
	struct st_record record;
	struct st_position head;
	struct st_code holder;
	bool found, merges; /* merges: they count, too */
	bool online; /* it, or what joined it, came in online here: what it becomes is told by the jobs, which nothing of
			this is */
};

static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_record_ref ref = { .ulid = l->id.ulid };
	struct st_log log;
	struct st_log_id id;
	struct st_online online;
	int rc = st_station_number(t, &l->id.opener, &ref.opener);
	l->online = rc == 0 && st_online_get(t, &ref, &online) == 0;
	if (rc == 0)
		rc = st_record_load(t, &ref, &l->record);
	if (rc == ST_ENOTFOUND || (rc == 0 && l->record.revision == 0))
		return 0;
	if (rc == 0)
		rc = st_log_get(t, l->record.head.log, &log);
	if (rc == 0)
		rc = st_log_id(t, &log, &id);
	if (rc == 0)
		rc = st_station_code(t, l->record.holder, &l->holder);
	if (rc < 0)
		return rc;
	l->head = (struct st_position){ id.station, id.epoch, l->record.head.seq };
	l->found = true;
	rc = l->merges ? st_merge_any(t, &l->record) : 0;
	l->online |= rc == 1;
	return rc < 0 ? rc : 0;
}

/* About somebody's record: a reassignment from above, a claim that isn't the writer's to make, or a word
 * behind an event that this station hasn't seen and that may never come. */
static void about_record(struct station *s, struct act *a)
{
	struct sim *sim = s->sim;
	struct station *opener = NULL;
	struct told_record *r = sim_chance(sim, 800) ? told_record_below(s, &opener)
						     : told_record_below(sim->stations[0], &opener);
	if (r == NULL)
		return;
	struct looking l = { .id = r->id, .merges = sim->online != NULL };
	SIM_DO(sim, s, st_store_read(s->store, look, &l));
	if (l.online)
		return;
	a->readable = true;
	a->event.has_record = true;
	a->event.record = r->id;
	a->event.type = sim_chance(sim, 600) ? ST_REASSIGN : ST_MOVE;
	a->event.previous = l.head;
	a->event.term = l.record.term + (a->event.type == ST_REASSIGN);
	a->event.revision = l.record.revision + 1;
	if (!l.found || sim_chance(sim, 250))
		a->event.previous = (struct st_position){ opener->code, 1, r->seq + sim_below(sim, 3) };
	a->change.kind = r->kind->number;
	a->change.state = 1 + (uint32_t)sim_below(sim, 10);
	if (a->event.type == ST_MOVE)
		a->change.move = 1 + (uint32_t)sim_below(sim, 14);
	else
		a->change.holder = sim->stations[sim_below(sim, sim->count)]->code;
	if (a->event.type == ST_REASSIGN)
		a->change.move = 0;
	r->writers |= 1u << s->index;
	r->wild |= opener == s;
	r->raw = true;
	sign(a);
}

static int head_parts(struct st_txn *t, void *arg)
{
	struct act *a = arg;
	struct st_buf bytes;
	struct st_arena arena;
	struct st_event e;
	struct st_log log;
	uint32_t station = 0;
	st_buf_init(&bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_station_number(t, &a->event.previous.station, &station);
	if (rc == 0)
		rc = st_log_find(t, station, a->event.previous.epoch, &log);
	if (rc == 0)
		rc = st_event_get(t, log.number, a->event.previous.seq, &bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&bytes), &arena, &e);
	for (size_t n = 0; rc == 0 && n < e.part_count; n++)
		a->hashes[a->hash_count++] = e.parts[n].hash;
	st_buf_done(&bytes);
	st_arena_done(&arena);
	return rc;
}

/* Whoever neither holds a record nor stands above who does, has it erased: it counts nowhere. */
static void false_erase(struct station *s, struct act *a)
{
	struct sim *sim = s->sim;
	struct station *opener = NULL;
	struct told_record *r = told_record_below(sim->stations[0], &opener);
	if (sim->erasures == NULL || r == NULL || !opener->alive || !opener->self.set_up)
		return;
	struct looking l = { .id = r->id };
	SIM_DO(sim, opener, st_store_read(opener->store, look, &l)); /* it may know more than its station does */
	const struct station *holder = l.found ? station_of(sim, &l.holder) : NULL;
	if (holder == NULL || station_is_below(holder, s))
		return;
	a->readable = true;
	a->event.record = r->id;
	a->event.type = ST_ERASE;
	a->event.previous = l.head;
	SIM_DO(sim, opener, st_store_read(opener->store, head_parts, a));
	if (a->hash_count > 0)
		sign(a);
}

/* A table for the whole city, by who isn't main. */
static void false_table(struct station *s, struct act *a)
{
	if (s->parent == NULL)
		return;
	a->event.type = ST_CITY;
	a->event.has_record = false;
	a->event.addressee_count = 1;
	a->event.addressees[0] =
		(struct st_addressee){ .station = s->sim->stations[0]->code, .subtree = true };
	a->city = (struct st_city){ .table = ST_CITY_deadlines, .version = 1 + (uint32_t)sim_below(s->sim, 9),
				    .from_day = 1, .columns = 9, .rows = ST_SPAN_NONE };
	sign(a);
}

static void unreadable(struct station *s, struct act *a)
{
	switch (sim_below(s->sim, 6)) {
	case 0:
		a->change.kind = 99;
		break;
	case 1:
		a->rubbish = true;
		break;
	case 2:
		a->misplaced = true;
		break;
	case 3:
		a->event.type = 77;
		break;
	case 4:
		false_table(s, a);
		return;
	default:
		a->event.min_version = 9;
		break;
	}
	sign(a);
}

void rogue_acts(struct station *s)
{
	struct act a;
	if (!s->self.set_up || s->doomed)
		return;
	memset(&a, 0, sizeof(a));
	a.station = s;
	a.event.type = ST_MOVE;
	a.event.has_record = true;
	a.event.record.opener = s->code;
	a.event.record.ulid.bytes[0] = (uint8_t)sim_below(s->sim, 256);
	a.change.kind = ST_KIND_MATTER;
	a.change.at_ms = station_wall(s);
	if (s->sim->erasures != NULL && sim_chance(s->sim, 250))
		false_erase(s, &a);
	else if (sim_chance(s->sim, 750))
		about_record(s, &a);
	else
		unreadable(s, &a);
}
