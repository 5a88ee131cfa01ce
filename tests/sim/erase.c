/* erase.c - clerks have what people told them erased, and in the end it is nowhere.
 *
 * Owns:    who erases what; the list of erases that were acknowledged; and the search for what they
 *          name.
 * Promise: 7: dropped at every holder, whatever came first, and what was sealed for others
 *          meanwhile with it.
 * Flow:    seed -> erase jobs; disks -> what is left of what was erased */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/trust/part.h>
#include "sim.h"

enum { ERASURES_MAX = 256, HASHES_MAX = 16384, EVERY = 3 };

struct acknowledged {
	struct station *writer;
	struct st_position at;
	struct st_record_id record;
	enum st_erase_scope scope;
	struct st_span hashes; /* in bytes */
	struct st_buf bytes;
	uint64_t known[CITY_MAX]; /* where its log says that it has taken effect; 0: not */
};
struct erasures {
	struct acknowledged all[ERASURES_MAX];
	size_t count;
	size_t hash_count; /* named in any station's own log */
	struct st_hash hashes[HASHES_MAX];
};

/* ---- who erases what ---- */

struct wanting {
	struct st_record_id record;
	char number[NUMBER_MAX];
};

static void gone(struct job *j)
{
	free(j->arg);
}

static void answered(struct station *s, struct job *j)
{
	const struct wanting *w = j->arg;
	const struct st_job_erase *e = &j->work.u.erase;
	int rc = j->work.rc;
	struct erasures *x = s->sim->erasures;
	if (rc < 0) {
		bool usual = rc == ST_EHOLDER || rc == ST_EERASED || rc == ST_ENOTFOUND;
		bool room = rc == ST_EFULL || rc == ST_EBUSY || rc == ST_EIO || rc == ST_ENOMEM;
		SIM_CHECK(s->sim, s, usual || room, "an erase of %s is refused: %s", w->number,
			  st_error_name(rc));
		return;
	}
	SIM_CHECK(s->sim, s, e->parts > 0, "an erase of %s names nothing", w->number);
	told_event(s, &e->at);
	sim_trace(s->sim, s, "erased", e->parts, e->scope);
	if (x->count == ERASURES_MAX)
		return;
	x->all[x->count++] = (struct acknowledged){
		.writer = s, .at = e->at, .record = w->record, .scope = e->scope
	};
}

static void erase_some(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station, *opener = NULL;
	if (sim->healed)
		return;
	sim_after(sim, 2000 + sim_below(sim, 20000), erase_some, s, tag);
	if (!s->alive || !s->self.set_up)
		return;
	struct told_record *r =
		told_record_below(sim_chance(sim, 800) ? s : sim->stations[0], &opener);
	if (r == NULL)
		return;
	struct job *j = job_new(ST_JOB_ERASE, answered);
	struct wanting *w = calloc(1, sizeof(*w));
	ST_REQUIRE(w != NULL);
	w->record = r->id;
	memcpy(w->number, r->number, sizeof(w->number));
	j->arg = w;
	j->gone = gone;
	j->work.u.erase = (struct st_job_erase){
		.record = st_span_text(w->number),
		.reason = st_span_text("依法删除"),
		.scope = sim_chance(sim, 600) ? ST_ERASE_ALL : ST_ERASE_PRIVATE,
	};
	if (station_submit(s, j) < 0)
		job_free(j);
}

void erase_start(struct sim *sim)
{
	if (sim->seed % EVERY != 2)
		return;
	sim->erasures = calloc(1, sizeof(*sim->erasures));
	ST_REQUIRE(sim->erasures != NULL);
	for (size_t i = 0; i < sim->count; i++)
		sim_after(sim, sim_below(sim, 20000), erase_some, sim->stations[i], 0);
}

void erase_free(struct sim *sim)
{
	for (size_t i = 0; sim->erasures != NULL && i < sim->erasures->count; i++)
		st_buf_done(&sim->erasures->all[i].bytes);
	free(sim->erasures);
}

/* ---- what was named ---- */

struct reading {
	struct sim *sim;
	struct station *station;
	struct st_arena arena;
	uint64_t group, wall_ms; /* the first event of one transaction, and the time of all that it wrote */
};

static void name_all(struct erasures *x, struct st_span hashes)
{
	for (size_t at = 0; at < hashes.size && x->hash_count < HASHES_MAX; at += ST_HASH_SIZE)
		memcpy(x->hashes[x->hash_count++].bytes, hashes.data + at, ST_HASH_SIZE);
}

/* It is said at its transaction's end, whose other jobs may have known: all before it was written without knowing. */
static void hear(struct reading *r, const struct st_heard *h)
{
	struct erasures *x = r->sim->erasures;
	for (size_t i = 0; h->stage == ST_STAGE_DELIVERED && i < h->count; i++)
		for (size_t n = 0; n < x->count; n++)
			if (x->all[n].at.seq == h->positions[i].seq &&
			    st_code_equal(&x->all[n].at.station, &h->positions[i].station))
				x->all[n].known[r->station->index] = r->group - 1;
}

/* All that one transaction writes has its time, but for papers, which have their vote's. */
static void find_group(struct reading *r, uint64_t seq, const struct st_event *e)
{
	if (e->wall_ms == r->wall_ms || e->type == ST_BALLOT)
		return;
	r->group = seq;
	r->wall_ms = e->wall_ms;
}

/* Of each station's own log: what it erases, and which erases it says to have taken effect. */
static int read_own(uint64_t seq, struct st_span bytes, void *arg)
{
	struct reading *r = arg;
	struct erasures *x = r->sim->erasures;
	struct st_event e;
	struct st_erase erase;
	struct st_heard heard;
	st_arena_reset(&r->arena);
	if (st_event_decode(bytes, &r->arena, &e) < 0)
		return 0;
	find_group(r, seq, &e);
	if (e.type == ST_HEARD && st_heard_decode(e.body, &r->arena, &heard) == 0)
		hear(r, &heard);
	if (e.type != ST_ERASE || st_erase_decode(e.body, &erase) < 0 ||
	    st_span_equal(erase.reason, st_span_text(ROGUE_REASON)))
		return 0;
	name_all(x, erase.hashes);
	for (size_t n = 0; n < x->count; n++) {
		struct acknowledged *a = &x->all[n];
		if (a->writer != r->station || a->at.seq != seq)
			continue;
		st_buf_init(&a->bytes, ST_EVENT_MAX);
		st_buf_put_span(&a->bytes, erase.hashes);
		a->hashes = st_buf_span(&a->bytes);
		a->known[r->station->index] = seq;
	}
	return 0;
}

static int read_log(struct st_txn *t, void *arg)
{
	struct reading *r = arg;
	struct st_log log;
	r->group = 1;
	r->wall_ms = 0;
	int rc = st_log_get(t, r->station->self.log, &log);
	return rc < 0 || log.tree.size == 0
		       ? rc
		       : st_event_each(t, log.number, 1, log.tree.size, read_own, r);
}

void erase_read(struct sim *sim)
{
	struct reading r = { .sim = sim };
	if (sim->erasures == NULL)
		return;
	SIM_DO(sim, NULL, st_arena_init(&r.arena, ST_EVENT_ARENA));
	for (size_t i = 0; i < sim->count; i++) {
		r.station = sim->stations[i];
		if (r.station->self.set_up)
			SIM_DO(sim, r.station, st_store_read(r.station->store, read_log, &r));
	}
	st_arena_done(&r.arena);
}

bool erase_named(const struct sim *sim, const struct st_hash *part)
{
	for (size_t i = 0; sim->erasures != NULL && i < sim->erasures->hash_count; i++)
		if (st_hash_equal(&sim->erasures->hashes[i], part))
			return true;
	return false;
}

/* ---- what is left ---- */

struct searching {
	struct station *station;
	struct st_txn *txn;
	uint32_t log;
	struct station *origin;
	struct st_arena arena;
	struct st_buf part;
};

static bool names(const struct acknowledged *a, const struct st_hash *part)
{
	for (size_t at = 0; at < a->hashes.size; at += ST_HASH_SIZE)
		if (memcmp(a->hashes.data + at, part->bytes, ST_HASH_SIZE) == 0)
			return true;
	return false;
}

/* A part is there though an erase of its record was acknowledged: it isn't one that was named, and
 * what is sealed was written by somebody who knew. */
static void judge(struct searching *x, const struct acknowledged *a, const struct st_event *e,
		  unsigned n)
{
	struct sim *sim = x->station->sim;
	const struct st_part_ref *p = &e->parts[n];
	SIM_CHECK(sim, x->station, !names(a, &p->hash),
		  "has part %u of %s/%llu, which %s/%llu erased", n, e->at.station.text,
		  (unsigned long long)e->at.seq, a->at.station.text, (unsigned long long)a->at.seq);
	if (p->type == ST_PART_TEXT || x->origin == NULL)
		return;
	uint64_t known = a->known[x->origin->index];
	SIM_CHECK(sim, x->station, known == 0 || e->at.seq > known,
		  "has part %u of %s/%llu, sealed before its writer knew of %s/%llu", n,
		  e->at.station.text, (unsigned long long)e->at.seq, a->at.station.text,
		  (unsigned long long)a->at.seq);
}

static int search_event(uint64_t seq, struct st_span bytes, void *arg)
{
	struct searching *x = arg;
	struct erasures *all = x->station->sim->erasures;
	struct st_event e;
	st_arena_reset(&x->arena);
	if (st_event_decode(bytes, &x->arena, &e) < 0 || !e.has_record || e.part_count == 0)
		return 0;
	x->origin = station_of(x->station->sim, &e.at.station);
	for (size_t i = 0; i < all->count; i++) {
		const struct acknowledged *a = &all->all[i];
		if (!st_code_equal(&e.record.opener, &a->record.opener) ||
		    memcmp(e.record.ulid.bytes, a->record.ulid.bytes, ST_ULID_SIZE) != 0)
			continue;
		for (unsigned n = 0; n < e.part_count; n++) {
			st_buf_clear(&x->part);
			int rc = st_part_get_row(x->txn, x->log, seq, n, &x->part);
			if (rc == 0)
				judge(x, a, &e, n);
			else if (rc != ST_ENOTFOUND)
				return rc;
		}
	}
	return 0;
}

static int search_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct searching *x = arg;
	x->log = log->number;
	return log->tree.size == 0
		       ? 0
		       : st_event_each(t, log->number, 1, log->tree.size, search_event, x);
}

static int search_carried(struct st_txn *t, const struct st_carried *c, void *arg)
{
	struct searching *x = arg;
	(void)t;
	x->log = c->log;
	return search_event(c->seq, c->event, x);
}

static int search(struct st_txn *t, void *arg)
{
	struct searching *x = arg;
	x->txn = t;
	int rc = st_log_each(t, search_log, x);
	return rc < 0 ? rc : st_carried_each(t, 0, 0, search_carried, x);
}

void check_erased(struct sim *sim)
{
	if (sim->erasures == NULL)
		return;
	for (size_t i = 1; i < sim->count; i++) {
		const struct station *s = sim->stations[i];
		const struct child *c = down_child(s->parent, s);
		if (s->self.set_up && (c == NULL || !c->enrolled))
			return; /* revoked: nobody reaches what it has, and what it wrote may count for nothing */
	}
	for (size_t i = 0; i < sim->count; i++) {
		struct searching x = { .station = sim->stations[i] };
		if (!x.station->self.set_up)
			continue;
		SIM_DO(sim, x.station, st_arena_init(&x.arena, ST_EVENT_ARENA));
		st_buf_init(&x.part, ST_EVENT_PARTS_BYTES_MAX);
		SIM_DO(sim, x.station, st_store_read(x.station->store, search, &x));
		st_arena_done(&x.arena);
		st_buf_done(&x.part);
	}
}
