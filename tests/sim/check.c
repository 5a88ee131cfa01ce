/* check.c - the disks against the model, and against each other.
 *
 * Owns:    the judgement, when all is healed and quiet; and whether it is quiet.
 * Promise: 1 to 5, 8 and 9.
 * Flow:    told, stores -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/store/outside.h>
#include <station/trust/part.h>
#include "../common/sound.h"
#include "sim.h"

enum { LOGS_MAX = CITY_MAX };

/* The logs that one store holds. */
struct holding {
	struct station *station, *origins[LOGS_MAX];
	struct st_log logs[LOGS_MAX];
	uint64_t unread[LOGS_MAX];
	size_t count;
};

static int add_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct holding *h = arg;
	struct st_code code;
	if (log->tree.size == 0)
		return 0; /* of its writer there are carried events at most */
	int rc = st_station_code(t, log->station, &code);
	if (rc < 0)
		return rc;
	ST_REQUIRE(h->count < LOGS_MAX);
	h->origins[h->count] = station_of(h->station->sim, &code);
	h->logs[h->count] = *log;
	rc = st_unread_count(t, log->number, &h->unread[h->count]);
	h->count++;
	return rc;
}

static int add_logs(struct st_txn *t, void *arg)
{
	return st_log_each(t, add_log, arg);
}

static void hold(struct station *s, struct holding *h)
{
	memset(h, 0, sizeof(*h));
	h->station = s;
	SIM_DO(s->sim, s, st_store_read(s->store, add_logs, h));
}

static const struct st_log *held_log(const struct holding *h, const struct station *origin)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->origins[i] == origin)
			return &h->logs[i];
	return NULL;
}

static bool enrolled(const struct station *s)
{
	struct child *c = down_child(s->parent, s);
	return c != NULL && c->enrolled;
}

/* ---- quiet: nothing is on its way any more ---- */

struct outbox {
	uint32_t child;
	uint64_t taken;
};

/* Rows that the child has may stay until its next word, where a full disk kept them. */
static int outbox_waits(struct st_txn *t, void *arg)
{
	const struct outbox *o = arg;
	int rc = st_outbox_waits(t, o->child, o->taken);
	return rc == 0 ? 1 : rc == ST_ENOTFOUND ? 0 : rc;
}

static bool link_is_quiet(struct station *s, const struct holding *all, char why[200])
{
	struct child *c = down_child(s->parent, s);
	const struct holding *below = &all[s->index], *above = &all[s->parent->index];
	struct st_downlink_info info;
	if (c == NULL)
		return false;
	st_downlink_info(c->session, &info);
	if (info.granted != 0 || info.held != 0) {
		(void)snprintf(why, 200, "%s has %llu of the pool, %llu held", s->code.text,
			       (unsigned long long)info.granted, (unsigned long long)info.held);
		return false;
	}
	if (!c->enrolled)
		return true; /* it is refused for ever */
	if (s->up.state != UP_LINKED || c->route != s->up.conn || info.state != ST_DOWNLINK_LINKED) {
		(void)snprintf(why, 200, "%s isn't linked", s->code.text);
		return false;
	}
	struct outbox o = { .child = c->number, .taken = info.outbox_taken };
	int waits = st_store_read(s->parent->store, outbox_waits, &o);
	SIM_DO(s->sim, s->parent, waits);
	if (waits == 1) {
		(void)snprintf(why, 200, "events wait for %s", s->code.text);
		return false;
	}
	for (size_t i = 0; i < below->count; i++) {
		const struct st_log *up = held_log(above, below->origins[i]);
		uint64_t size = up == NULL ? 0 : up->tree.size;
		if (size == below->logs[i].tree.size)
			continue;
		(void)snprintf(why, 200, "%s has %llu of %s, its parent %llu", s->code.text,
			       (unsigned long long)below->logs[i].tree.size,
			       below->origins[i]->code.text, (unsigned long long)size);
		return false;
	}
	return true;
}

bool city_is_quiet(struct sim *sim, char why[200])
{
	struct holding all[CITY_MAX];
	for (size_t i = 0; i < sim->count; i++) {
		struct station *s = sim->stations[i];
		if (!s->alive || !s->self.set_up || s->waiting.count > 0 || s->results != NULL) {
			(void)snprintf(why, 200, "%s is %s", s->code.text,
				       !s->alive ? "down" : s->self.set_up ? "busy" : "not set up");
			return false;
		}
		hold(s, &all[i]);
	}
	(void)snprintf(why, 200, "a child isn't known");
	for (size_t i = 1; i < sim->count; i++)
		if (!link_is_quiet(sim->stations[i], all, why))
			return false;
	return heads_are_quiet(sim, why);
}

/* ---- receipts, all the way down ---- */

struct asking {
	struct station *signer, *origin;
	uint64_t size, receipted;
};

static int read_receipt(struct st_txn *t, void *arg)
{
	struct asking *a = arg;
	struct st_log log;
	struct st_receipt r = { .size = 0 };
	uint32_t signer = 0;
	int rc = st_log_get(t, a->origin->self.log, &log);
	if (rc == 0)
		rc = st_station_number(t, &a->signer->code, &signer);
	if (rc == 0)
		rc = st_receipt_get(t, log.number, signer, &r);
	a->size = log.tree.size;
	a->receipted = rc == 0 ? r.size : 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

bool city_is_receipted(struct sim *sim, char why[200])
{
	for (size_t i = 1; i < sim->count; i++) {
		struct station *s = sim->stations[i];
		for (struct station *up = s; up->parent != NULL && enrolled(up); up = up->parent) {
			struct asking a = { .signer = up->parent, .origin = s };
			SIM_DO(sim, s, st_store_read(s->store, read_receipt, &a));
			if (a.receipted == a.size)
				continue;
			(void)snprintf(why, 200, "%s has %llu events and a receipt of %s for %llu",
				       s->code.text, (unsigned long long)a.size,
				       up->parent->code.text, (unsigned long long)a.receipted);
			return false;
		}
	}
	return true;
}

/* ---- each store by itself ---- */

void check_recount(struct station *s)
{
	char why[WHY_UNSOUND];
	SIM_DO(s->sim, s, store_sound(s->store, why));
	SIM_CHECK(s->sim, s, why[0] == 0, "recount: %s", why);
}

static int count_evidence(const struct st_evidence *e, void *arg)
{
	(void)e;
	++*(unsigned *)arg;
	return 0;
}

static int read_evidence(struct st_txn *t, void *arg)
{
	return st_evidence_each(t, count_evidence, arg);
}

static void check_store(struct station *s, const struct holding *h)
{
	unsigned evidence = 0;
	for (size_t i = 0; i < h->count; i++) {
		struct st_log_verdict v;
		SIM_DO(s->sim, s, st_log_verify(s->store, h->logs[i].number, NULL, NULL, &v));
		SIM_CHECK(s->sim, s, v.rc == 0, "the log of %s doesn't verify at %llu: %s",
			  h->origins[i]->code.text, (unsigned long long)v.bad_seq, st_error_name(v.rc));
		SIM_CHECK(s->sim, s, h->logs[i].refill_size == 0, "%s is to be refilled",
			  h->origins[i]->code.text);
	}
	SIM_DO(s->sim, s, st_store_read(s->store, read_evidence, &evidence));
	SIM_CHECK(s->sim, s, evidence == 0, "there is evidence of %u forks", evidence);
	check_recount(s);
}

/* ---- each copy of a log against its origin ---- */

struct comparing {
	struct station *holder, *origin;
	const struct st_log *log;
	struct st_arena arena;
	struct st_buf part;
	struct st_txn *txn;
	struct st_hash root;
	uint64_t size;
};

static int root_at(struct st_txn *t, void *arg)
{
	struct comparing *c = arg;
	struct st_log log;
	int rc = st_log_get(t, c->origin->self.log, &log);
	struct st_tree tree = { .txn = t, .log = log.number, .size = log.tree.size };
	return rc < 0 ? rc : st_merkle_root(c->size, st_tree_read, &tree, &c->root);
}

/* A part isn't signed for, only bound by its hash: one that was spoilt on the way is dropped. */
static bool may_lack_parts(const struct station *origin, const struct station *holder)
{
	bool mad = false;
	for (const struct station *s = origin; s != holder && s != NULL; s = s->parent)
		mad |= s->mad;
	return mad;
}

/* A hand-on goes with its private part, sealed to the new holder. */
static bool hands_on(struct comparing *c, const struct st_event *e)
{
	struct st_change change;
	return (e->type == ST_MOVE || e->type == ST_REASSIGN) &&
	       st_change_decode(e->type, e->body, &c->arena, &change) == 0 &&
	       !st_code_empty(&change.holder);
}

/* Clear parts travel with their events; private ones and keys stay where they were made. */
static int check_parts(uint64_t seq, struct st_span event, void *arg)
{
	struct comparing *c = arg;
	struct sim *sim = c->holder->sim;
	struct st_event e;
	st_arena_reset(&c->arena);
	if (st_event_decode(event, &c->arena, &e) < 0)
		return 0;
	for (unsigned n = 0; n < e.part_count; n++) {
		bool clear = e.parts[n].type == ST_PART_TEXT, home = c->holder == c->origin;
		st_buf_clear(&c->part);
		int rc = st_part_get_row(c->txn, c->log->number, seq, n, &c->part);
		if (rc < 0 && rc != ST_ENOTFOUND)
			return rc;
		if (!clear && hands_on(c, &e))
			continue;
		if (rc == ST_ENOTFOUND && erase_named(sim, &e.parts[n].hash))
			continue;
		if (rc == ST_ENOTFOUND && clear && may_lack_parts(c->origin, c->holder))
			continue;
		SIM_CHECK(sim, c->holder, (rc == 0) == (clear || home),
			  "part %u (type %u) of event %llu of %s is %s", n, e.parts[n].type,
			  (unsigned long long)seq, c->origin->code.text, rc == 0 ? "here" : "missing");
	}
	return 0;
}

static int each_part(struct st_txn *t, void *arg)
{
	struct comparing *c = arg;
	c->txn = t;
	return st_event_each(t, c->log->number, 1, c->log->tree.size, check_parts, c);
}

static void check_copy(const struct holding *h, size_t i, const struct holding *all)
{
	struct sim *sim = h->station->sim;
	struct comparing c = { .holder = h->station, .origin = h->origins[i], .log = &h->logs[i],
			       .size = h->logs[i].tree.size };
	const struct st_log *own = held_log(&all[c.origin->index], c.origin);
	SIM_CHECK(sim, c.holder, own != NULL && own->tree.size >= c.size,
		  "holds %llu of %s, which has less", (unsigned long long)c.size, c.origin->code.text);
	if (c.size > 0) {
		struct st_hash here = st_frontier_root(&c.log->tree);
		SIM_DO(sim, c.origin, st_store_read(c.origin->store, root_at, &c));
		SIM_CHECK(sim, c.holder, st_hash_equal(&here, &c.root), "holds another log of %s",
			  c.origin->code.text);
	}
	uint64_t unread = all[c.origin->index].unread[own - all[c.origin->index].logs];
	SIM_CHECK(sim, c.holder, own->tree.size != c.size || h->unread[i] == unread,
		  "counts %llu unread of %s, it itself %llu", (unsigned long long)h->unread[i],
		  c.origin->code.text, (unsigned long long)unread);
	SIM_DO(sim, c.holder, st_arena_init(&c.arena, ST_EVENT_ARENA));
	st_buf_init(&c.part, ST_EVENT_PARTS_BYTES_MAX);
	SIM_DO(sim, c.holder, st_store_read(c.holder->store, each_part, &c));
	st_arena_done(&c.arena);
	st_buf_done(&c.part);
}

/* ---- personal data ---- */

static void check_private(struct station *s)
{
	char path[160];
	(void)snprintf(path, sizeof(path), "%s/data.mdb", s->directory);
	FILE *f = fopen(path, "r");
	ST_REQUIRE(f != NULL && fseek(f, 0, SEEK_END) == 0);
	size_t size = (size_t)ftell(f);
	char *bytes = malloc(size);
	ST_REQUIRE(bytes != NULL && fseek(f, 0, SEEK_SET) == 0 && fread(bytes, 1, size, f) == size);
	(void)fclose(f);
	bool found = memmem(bytes, size, PRIVATE_MARK, sizeof(PRIVATE_MARK) - 1) != NULL;
	free(bytes);
	SIM_CHECK(s->sim, s, !found, "a private value stands in the store in clear");
}

void check_all(struct sim *sim)
{
	struct holding all[CITY_MAX];
	erase_read(sim);
	for (size_t i = 0; i < sim->count; i++)
		hold(sim->stations[i], &all[i]);
	for (size_t i = 0; i < sim->count; i++) {
		struct station *s = sim->stations[i];
		told_is_durable(s);
		check_store(s, &all[i]);
		for (size_t n = 0; n < all[i].count; n++)
			check_copy(&all[i], n, all);
		if (sim->seed % 4 == 0)
			check_private(s);
		if (s->revoked)
			SIM_CHECK(sim, s, !enrolled(s), "was revoked, and isn't");
		check_records(s);
		check_lists(s);
		check_heard(s);
		check_city(s);
	}
	check_merges(sim);
	check_joined(sim);
	check_online(sim);
	check_vote(sim);
	check_erased(sim);
	check_books(sim);
	check_heads(sim);
}
