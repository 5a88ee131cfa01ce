/* apply.c - a group of jobs in one transaction.
 *
 * Owns:    the only way in which a store changes.
 * Promise: 1, acknowledged is durable: results count once st_store_write has answered 0.
 * Flow:    writer -> apply -> store, fold -> writer */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

_Static_assert(ST_GROWN_MAX > ST_GROUP_JOBS_MAX, "each job grows one log, and there is the own one");

int st_apply_new(struct st_store *store, const struct st_keys *keys, struct st_apply **ret_a)
{
	ST_REQUIRE(store != NULL);
	ST_REQUIRE(keys != NULL);
	struct st_apply *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return ST_ENOMEM;
	a->store = store;
	a->keys = keys;
	st_buf_init(&a->scratch, OWN_BYTES_MAX);
	st_buf_init(&a->body, ST_EVENT_MAX);
	st_buf_init(&a->values, OWN_BYTES_MAX);
	st_buf_init(&a->plain, ST_PART_MAX);
	st_buf_init(&a->sealed, 2 * ST_PART_MAX + 4096);
	st_buf_init(&a->own.bytes, OWN_BYTES_MAX);
	st_buf_init(&a->own.parts, OWN_BYTES_MAX);
	int rc = st_arena_init(&a->arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_arena_init(&a->other, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_fold_new(&a->fold);
	if (rc == 0)
		rc = st_terms_new(&a->terms);
	if (rc < 0) {
		st_apply_free(a);
		return rc;
	}
	*ret_a = a;
	return 0;
}

void st_apply_free(struct st_apply *a)
{
	if (a == NULL)
		return;
	st_fold_free(a->fold);
	st_terms_free(a->terms);
	st_arena_done(&a->arena);
	st_arena_done(&a->other);
	st_buf_done(&a->scratch);
	st_buf_done(&a->body);
	st_buf_done(&a->values);
	st_buf_done(&a->plain);
	st_buf_done(&a->sealed);
	st_buf_done(&a->own.bytes);
	st_buf_done(&a->own.parts);
	free(a);
}

static int meta_fixed(struct st_txn *t, enum st_meta key, void *to, size_t size)
{
	size_t got = 0;
	int rc = st_meta_get(t, key, to, size, &got);
	if (rc == 0 && got != size)
		rc = ST_ECORRUPT;
	return rc;
}

int st_self_load(struct st_txn *t, struct st_self *ret_self)
{
	struct st_self self;
	struct st_code code;
	uint8_t log[4];
	size_t size = 0;
	memset(&self, 0, sizeof(self));
	memset(&code, 0, sizeof(code));
	int rc = st_meta_get(t, ST_META_SELF, code.text, ST_CODE_MAX, &size);
	if (rc == ST_ENOTFOUND) {
		*ret_self = self;
		return 0;
	}
	if (rc == 0)
		rc = st_station_find(t, &code, &self.station);
	if (rc == 0)
		rc = meta_fixed(t, ST_META_ROOT, self.root.bytes, sizeof(self.root.bytes));
	if (rc == 0)
		rc = meta_fixed(t, ST_META_INCARNATION, self.incarnation, sizeof(self.incarnation));
	if (rc == 0)
		rc = meta_fixed(t, ST_META_LOG, log, sizeof(log));
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	self.log = st_get_u32(log);
	self.set_up = true;
	rc = st_meta_get(t, ST_META_HALT, self.halted, sizeof(self.halted) - 1, &size);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	*ret_self = self;
	return 0;
}

uint64_t now_s(const struct st_apply *a)
{
	return a->world->now_ms > 0 ? (uint64_t)a->world->now_ms / 1000 : 0;
}

int may_sign(const struct st_apply *a)
{
	if (!a->self.set_up)
		return ST_ENOSTATION;
	return a->self.halted[0] != 0 ? ST_EFORKED : 0;
}

void grown(struct st_apply *a, uint32_t log, uint64_t size)
{
	st_assert(log > 0);
	st_assert(size > 0);
	struct st_applied *out = &a->applied;
	for (size_t i = 0; i < out->grown_count; i++) {
		if (out->grown[i].log != log)
			continue;
		out->grown[i].size = size;
		return;
	}
	st_assert(out->grown_count < ST_GROWN_MAX); /* a job grows one log, and there is the own one */
	if (out->grown_count < ST_GROWN_MAX)
		out->grown[out->grown_count++] = (struct st_grown){ log, size };
}

static int run(struct st_apply *a, struct st_job *job)
{
	switch (job->kind) {
	case ST_JOB_FOUND:    return job_found(a, &job->u.found);
	case ST_JOB_ADOPT:    return job_adopt(a, &job->u.adopt);
	case ST_JOB_INVITE:   return job_invite(a, &job->u.invite);
	case ST_JOB_ENROL:    return job_enrol(a, &job->u.enrol);
	case ST_JOB_REVOKE:   return job_revoke(a, &job->u.revoke);
	case ST_JOB_COMMAND:  return job_command(a, &job->u.command);
	case ST_JOB_IMPORT:   return job_import(a, &job->u.import);
	case ST_JOB_PUSH:     return job_push(a, &job->u.push);
	case ST_JOB_CARRY:    return job_carry(a, &job->u.carry);
	case ST_JOB_TAKEN:    return job_taken(a, &job->u.taken);
	case ST_JOB_RECEIPTS: return job_receipts(a, &job->u.receipts);
	case ST_JOB_CLAIMS:   return job_claims(a, &job->u.claims);
	case ST_JOB_HALT:     return job_halt(a, &job->u.halt);
	case ST_JOB_REFRESH:  return job_refresh(a);
	case ST_JOB_ONLINE:   return job_online(a, &job->u.online);
	case ST_JOB_HOOKS:    return job_hooks(a, job->u.hooks);
	case ST_JOB_TOLD:     return job_told(a, &job->u.told);
	case ST_JOB_CITY:     return job_city(a, &job->u.city);
	case ST_JOB_SEEN:     return job_seen(a, &job->u.seen);
	case ST_JOB_TOKENS:   return job_tokens(a, &job->u.tokens);
	case ST_JOB_BALLOTS:  return job_ballots(a, &job->u.ballots);
	case ST_JOB_DECLARE:  return job_declare(a, &job->u.declare);
	case ST_JOB_HEADS:    return job_heads(a, &job->u.heads);
	case ST_JOB_ERASE:    return job_erase(a, &job->u.erase);
	}
	return ST_NEVER(true) ? ST_EUSAGE : 0;
}

struct group {
	struct st_apply *apply;
	struct st_job **jobs;
	size_t count;
};

static int run_all(struct st_txn *t, void *arg)
{
	struct group *g = arg;
	struct st_apply *a = g->apply;
	st_assert(g->count > 0);
	a->txn = t;
	a->own.loaded = a->own.dirty = false;
	memset(&a->asked, 0, sizeof(a->asked));
	a->retelling = false;
	erase_begin(a);
	own_forget(a);
	a->hearing.count = a->hearing.code_count = 0;
	memset(&a->applied, 0, sizeof(a->applied));
	st_fold_begin(a->fold);
	st_terms_begin(a->terms, t);
	int rc = st_self_load(t, &a->self);
	for (size_t i = 0; rc == 0 && i < g->count; i++) {
		int answer = run(a, g->jobs[i]);
		g->jobs[i]->rc = answer;
		st_assert(a->own.count == 0 || answer < 0);
		if (answer < 0)
			own_forget(a);
		rc = is_failure(answer) ? answer : erase_say(a);
	}
	if (rc == 0)
		rc = erase_settle(a);
	if (rc == 0)
		rc = heard_flush(a);
	if (rc == 0)
		rc = own_finish(a);
	if (rc == 0)
		rc = st_fold_finish(t, a->fold);
	return rc == 0 && is_pressed(a) ? ST_EPRESSED : rc;
}

static int read_held(struct st_txn *t, void *arg)
{
	struct st_job_push *job = arg;
	const struct st_log_id *id = &job->push.checkpoint.log;
	struct st_log log;
	uint32_t number = 0;
	int rc = st_station_number(t, &id->station, &number);
	if (rc == 0)
		rc = st_log_find(t, number, id->epoch, &log);
	if (rc == 0)
		job->held = log.tree.size;
	return rc;
}

/* Nothing of the group is on disk: no job may answer as if it were. What is held of a log is asked
 * anew; where the store can't say, 0 makes the child send again, and nothing is stored twice. */
static void take_back(struct st_apply *a, struct st_job *job, int rc)
{
	st_assert(rc < 0);
	job->rc = rc;
	if (job->kind != ST_JOB_PUSH)
		return;
	job->u.push.receipted = false;
	job->u.push.unread = job->u.push.parts_dropped = 0;
	memset(&job->u.push.heads, 0, sizeof(job->u.push.heads));
	job->u.push.held = job->u.push.log = 0;
	(void)(st_store_read(a->store, read_held, &job->u.push) == 0);
}

static int transact(struct st_apply *a, struct st_job **jobs, size_t count,
		    struct st_applied *ret_applied)
{
	struct group g = { .apply = a, .jobs = jobs, .count = count };
	int rc = st_store_write(a->store, run_all, &g);
	a->txn = NULL;
	for (size_t i = 0; rc < 0 && i < count; i++)
		take_back(a, jobs[i], rc);
	if (rc == 0)
		*ret_applied = a->applied;
	return rc;
}

static void merge(struct st_applied *all, const struct st_applied *one)
{
	st_assert(all->grown_count + one->grown_count <= ST_GROWN_MAX);
	for (size_t i = 0; i < one->grown_count && all->grown_count < ST_GROWN_MAX; i++)
		all->grown[all->grown_count++] = one->grown[i];
	all->self_changed |= one->self_changed;
	all->addressed |= one->addressed;
	all->wrote_to |= one->wrote_to;
	all->hooked |= one->hooked;
	all->stations_changed |= one->stations_changed;
	all->city_changed |= one->city_changed;
}

/* Damage in one job's rows must not hold up the others: each by itself, and none given up when another has been
 * committed. */
static int one_by_one(struct st_apply *a, struct st_job **jobs, size_t count, struct st_applied *ret_applied)
{
	struct st_world calm = *a->world;
	int rc = 0;
	calm.pressed = NULL;
	a->world = &calm;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct st_applied one;
		rc = transact(a, &jobs[i], 1, &one);
		if (rc == 0)
			merge(ret_applied, &one);
		else if (rc == ST_ECORRUPT)
			rc = 0;
		for (size_t k = i + 1; rc < 0 && k < count; k++)
			jobs[k]->rc = rc; /* none of them has run */
	}
	return rc;
}

int st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs,
		   size_t count, struct st_applied *ret_applied)
{
	ST_REQUIRE(count > 0);
	ST_REQUIRE(count <= ST_GROUP_JOBS_MAX);
	ST_REQUIRE(world->random != NULL);
	struct st_applied applied;
	a->world = world;
	int rc = transact(a, jobs, count, &applied);
	if (rc == ST_ECORRUPT) { /* of one job alone: the job's matter, the store still serves */
		memset(&applied, 0, sizeof(applied));
		applied.damaged = true;
		rc = count > 1 ? one_by_one(a, jobs, count, &applied) : 0;
	}
	a->world = NULL;
	if (rc == 0)
		*ret_applied = applied;
	return rc;
}
