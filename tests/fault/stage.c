/* stage.c - plays scenes with faults.
 *
 * Owns:    the stores of a small city, made once and copied for each play.
 * Flow:    scenes -> stage -> TAP */
#include "stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <lib/store/kv.h>
#include <station/apply/rebuild.h>
#include <station/ask/verify.h>
#include <station/base/check.h>

static struct city city;
static struct stage stage;
static bool writes; /* the scene that is played; until that is known: yes */
static unsigned step = 1; /* every so manieth call: FAULT_STEP, for a short run */

void stage_wrong(struct stage *s, const char *what)
{
	s->wrong = true;
	(void)printf("# wrong: %s\n", what);
}

/* Every row of a store. */
static int digest_of(struct node *n, uint64_t *ret)
{
	uint64_t h = 14695981039346656037ull;
	MDB_txn *txn = NULL;
	int rc = mdb_txn_begin(n->store->env, NULL, MDB_RDONLY, &txn);
	if (rc != 0) {
		(void)printf("# wrong: a store that can't be read: %s\n", mdb_strerror(rc));
		return ST_EIO;
	}
	for (int i = 0; i < TABLE_COUNT; i++) {
		MDB_cursor *c = NULL;
		MDB_val v[2];
		ST_REQUIRE(mdb_cursor_open(txn, n->store->tables[i], &c) == 0);
		while (mdb_cursor_get(c, &v[0], &v[1], MDB_NEXT) == 0)
			for (int k = 0; k < 2; k++)
				for (size_t b = 0; b < v[k].mv_size; b++)
					h = (h ^ ((uint8_t *)v[k].mv_data)[b] ^ (uint64_t)i << 8) *
					    1099511628211ull;
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	*ret = h;
	return 0;
}

static uint64_t digest(struct node *n)
{
	uint64_t h = 0;
	ST_REQUIRE(digest_of(n, &h) == 0);
	return h;
}

static uint64_t last_txn(const struct node *n)
{
	MDB_envinfo info;
	ST_REQUIRE(mdb_env_info(n->store->env, &info) == 0);
	return info.me_last_txnid;
}

/* Opening a store takes longer than most plays: one that nobody has written to since it was opened stays open. The
 * subject is opened anew for each play that may write, so that a fault finds nothing that an earlier one has left. */
static bool is_as_opened(const struct scene *scene, const struct node *n, uint64_t opened_txn)
{
	struct st_store_info info;
	if (n->store == NULL || (n == stage.subject && (writes || scene->opens)))
		return false;
	return st_store_info(n->store, &info) == 0 && !info.broken && last_txn(n) == opened_txn;
}

static void setup(const struct scene *scene)
{
	static uint64_t opened_txn[5];
	struct node *all[] = { &stage.main, &stage.branch, &stage.base, &stage.specialty, &stage.fresh };
	const struct node *from[] = { &city.main, &city.branch, &city.base, &city.specialty };
	stage.wrong = false;
	stage.of = scene->of;
	stage.subject = scene->subject(&stage);
	for (size_t i = 0; i < 5; i++) {
		bool kept = is_as_opened(scene, all[i], opened_txn[i]);
		all[i]->drawn = i == 4 ? 77 : from[i]->drawn;
		if (kept)
			continue;
		node_close(all[i]);
		if (i == 4)
			node_erase(all[i]);
		else
			node_copy(all[i], from[i]);
		if (all[i] == stage.subject && scene->opens && scene->before == NULL)
			continue;
		ST_REQUIRE(node_open(all[i]) == 0);
		opened_txn[i] = last_txn(all[i]);
	}
	if (scene->before != NULL)
		ST_REQUIRE(scene->before(&stage) == 0);
	if (scene->opens)
		node_close(stage.subject);
}

static bool is_clean(int rc, enum fault kind, bool broken)
{
	if (broken) /* a commit failed: whatever it was, nobody knows what is on disk until it is read again */
		return rc == ST_EIO;
	switch (kind) {
	case FAULT_MEMORY: return rc == ST_ENOMEM;
	case FAULT_READ:
	case FAULT_WRITE:
	case FAULT_DISK:
	case FAULT_SYNC:   return rc == ST_EIO;
	case FAULT_FULL:
	case FAULT_SPACE:  return rc == ST_EFULL || rc == ST_EIO;
	case FAULT_COUNT:  break;
	}
	return false;
}

static int write_nothing(struct st_txn *t, void *arg)
{
	(void)t;
	(void)arg;
	return 0;
}

static int reopen(struct node *n)
{
	node_close(n);
	return node_open(n);
}

/* Rows are what their events add up to; but while they are made anew, when nobody asks for them. */
static void check_sum(struct node *n)
{
	struct st_recount r;
	int asked = st_rebuild_asked(n->store);
	RIGHT(&stage, asked >= 0);
	if (asked == 1)
		return;
	RIGHT(&stage, st_recount_run(n->store, NULL, NULL, &r) == 0 && st_recount_right(&r));
}

struct reference {
	int rc;
	uint64_t before, after;
};

static void after_fault(const struct scene *scene, const struct reference *ref, enum fault kind, int rc)
{
	struct node *n = stage.subject;
	struct st_store_info info = { .broken = false };
	if (n->store == NULL)
		RIGHT(&stage, node_open(n) == 0);
	RIGHT(&stage, st_store_info(n->store, &info) == 0);
	if (info.broken) {
		RIGHT(&stage, st_store_write(n->store, write_nothing, NULL) == ST_EIO);
		RIGHT(&stage, st_store_write(n->store, write_nothing, NULL) == ST_EIO);
	}
	if (kind == FAULT_SYNC)
		RIGHT(&stage, rc == ref->rc || info.broken || scene->opens);
	if (info.broken || scene->opens)
		RIGHT(&stage, reopen(n) == 0);
	RIGHT(&stage, rc == ref->rc || is_clean(rc, kind, info.broken));
	uint64_t now = digest(n);
	if (rc == ref->rc)
		RIGHT(&stage, now == ref->after);
	else if (!scene->ends_well && !scene->resumes)
		RIGHT(&stage, now == ref->before);
	check_sum(n);
}

/* Once more, on what the fault has left: works as it does without one. */
static void again(const struct scene *scene, const struct reference *ref, const uint64_t drawn[5])
{
	struct node *all[] = { &stage.main, &stage.branch, &stage.base, &stage.specialty, &stage.fresh };
	for (size_t i = 0; i < 5; i++)
		all[i]->drawn = drawn[i];
	if (scene->opens)
		node_close(stage.subject);
	RIGHT(&stage, scene->play(&stage) == ref->rc);
	if (stage.subject->store == NULL)
		RIGHT(&stage, node_open(stage.subject) == 0);
	RIGHT(&stage, digest(stage.subject) == ref->after);
	RIGHT(&stage, reopen(stage.subject) == 0);
	RIGHT(&stage, digest(stage.subject) == ref->after);
	check_sum(stage.subject);
}

/* true: the play came to its fault. */
static bool play_with(const struct scene *scene, const struct reference *ref, enum fault kind, unsigned n)
{
	uint64_t drawn[5];
	setup(scene);
	struct node *all[] = { &stage.main, &stage.branch, &stage.base, &stage.specialty, &stage.fresh };
	for (size_t i = 0; i < 5; i++)
		drawn[i] = all[i]->drawn;
	fault_arm(kind, n);
	int rc = scene->play(&stage);
	bool fired = fault_disarm();
	if (!fired)
		return false;
	if (getenv("FAULT_SHOW") != NULL)
		(void)printf("# %s: %s fault %u in %s, answered %s\n", scene->name, fault_names[kind], n,
			     fault_where(), st_error_name(rc));
	after_fault(scene, ref, kind, rc);
	if (rc != ref->rc && !stage.wrong)
		again(scene, ref, drawn);
	if (stage.wrong)
		(void)printf("# %s: %s fault %u in %s, answered %s\n", scene->name, fault_names[kind], n,
			     fault_where(), st_error_name(rc));
	return true;
}

static struct reference refer(const struct scene *scene)
{
	struct reference ref;
	writes = true;
	setup(scene);
	if (stage.subject->store == NULL)
		ref.before = 0;
	else
		ref.before = digest(stage.subject);
	ref.rc = scene->play(&stage);
	if (stage.subject->store == NULL)
		ST_REQUIRE(node_open(stage.subject) == 0);
	ref.after = digest(stage.subject);
	if (scene->opens)
		ref.before = ref.after; /* an empty store's tables are no trace */
	ST_REQUIRE(!stage.wrong);
	writes = ref.before != ref.after || scene->opens;
	return ref;
}

/* Whoever writes meets faults of a write and, but for an opening, of a sync. */
static bool came_to_faults(const struct scene *scene, const unsigned plays[FAULT_COUNT])
{
	unsigned all = 0;
	for (int kind = 0; kind < FAULT_COUNT; kind++)
		all += plays[kind];
	bool came = all > 0 && (!writes || (plays[FAULT_WRITE] > 0 && (scene->opens || plays[FAULT_SYNC] > 0)));
	if (!came)
		(void)printf("# %s: it came to no fault\n", scene->name);
	return came;
}

static bool run_scene(const struct scene *scene, unsigned *ret_plays)
{
	struct reference ref = refer(scene);
	unsigned failures = 0, plays[FAULT_COUNT] = { 0 };
	const char *only = getenv("FAULT_KIND");
	for (int kind = 0; kind < FAULT_COUNT; kind++) {
		if (only != NULL && strcmp(only, fault_names[kind]) != 0)
			continue;
		for (unsigned n = 1; failures < 8 && play_with(scene, &ref, (enum fault)kind, n); n += step) {
			failures += stage.wrong;
			plays[kind]++;
		}
		*ret_plays += plays[kind];
	}
	return failures == 0 && (only != NULL || came_to_faults(scene, plays));
}

int stage_run(const struct scene *scenes, size_t count)
{
	const char *only = getenv("FAULT_SCENE"), *steps = getenv("FAULT_STEP");
	unsigned failed = 0;
	step = steps == NULL || atoi(steps) < 1 ? 1 : (unsigned)atoi(steps);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	city_close(&city);
	stage.root = &city.root;
	node_init(&stage.main, "w-main", 11);
	node_init(&stage.branch, "w-branch", 12);
	node_init(&stage.base, "w-base", 13);
	node_init(&stage.specialty, "w-specialty", 14);
	node_init(&stage.fresh, "w-fresh", 15);
	(void)printf("1..%zu\n", only == NULL ? count : 1);
	for (size_t i = 0; i < count; i++) {
		unsigned plays = 0;
		if (only != NULL && strcmp(only, scenes[i].name) != 0)
			continue;
		bool right = run_scene(&scenes[i], &plays);
		failed += !right;
		(void)printf("%sok %zu - %s: %u faults\n", right ? "" : "not ", i + 1, scenes[i].name, plays);
	}
	struct node *all[] = { &stage.main, &stage.branch, &stage.base, &stage.specialty, &stage.fresh };
	for (size_t i = 0; i < 5; i++)
		node_close(all[i]);
	return failed == 0 ? 0 : 1;
}
