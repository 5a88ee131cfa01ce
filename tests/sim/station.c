/* station.c - one station: its store, its writer's queue, and its life and death.
 *
 * Owns:    what is in memory and dies with the process, and what is on the disk and doesn't.
 * Promise: 1: results leave after the commit, or never; a disk that failed a sync ends the process.
 * Flow:    up, down, clerk -> queue -> apply -> results -> up, down, clerk */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <station/base/check.h>
#include "sim.h"

enum { MAP_BYTES = 64 << 20, RESERVE_BYTES = 1 << 20 };
static const int64_t BASE_MS = 1767196800000; /* 2026-01-01 in UTC+8 */

static void write_step(struct sim *sim, void *station, uint64_t life);

static void draw(void *arg, void *to, size_t size)
{
	struct station *s = arg;
	uint8_t *p = to;
	for (size_t i = 0; i < size; i++) {
		s->drawn = s->drawn * 6364136223846793005ull + 1442695040888963407ull;
		p[i] = (uint8_t)(s->drawn >> 33);
	}
}

uint64_t station_mono(const struct station *s)
{
	return s->sim->now_ms - s->boot_ms + 1;
}

int64_t station_wall(const struct station *s)
{
	int64_t wall = BASE_MS + (int64_t)s->sim->now_ms + s->wall_off_ms;
	return wall > 1000 ? wall : 1000; /* a dead battery starts at 1970 */
}

struct st_now station_now(const struct station *s)
{
	return (struct st_now){ .mono_ms = station_mono(s), .wall_ms = (uint64_t)station_wall(s) };
}

struct st_world station_world(struct station *s)
{
	return (struct st_world){ .now_ms = station_wall(s), .random = draw, .arg = s };
}

struct station *station_of(struct sim *sim, const struct st_code *code)
{
	for (size_t i = 0; i < sim->count; i++)
		if (st_code_equal(&sim->stations[i]->code, code))
			return sim->stations[i];
	return NULL;
}

/* ---- jobs ---- */

struct job *job_new(enum st_job_kind kind, job_fn *done)
{
	struct job *j = calloc(1, sizeof(*j));
	ST_REQUIRE(j != NULL);
	j->work.kind = kind;
	j->bytes = sizeof(*j);
	j->done = done;
	return j;
}

void job_free(struct job *j)
{
	if (j->gone != NULL)
		j->gone(j);
	free(j);
}

static void jobs_push(struct jobs *l, struct job *j)
{
	j->next = NULL;
	if (l->last == NULL)
		l->first = j;
	else
		l->last->next = j;
	l->last = j;
	l->count++;
	l->bytes += j->bytes;
}

static struct job *jobs_pop(struct jobs *l)
{
	struct job *j = l->first;
	if (j == NULL)
		return NULL;
	l->first = j->next;
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	l->bytes -= j->bytes;
	return j;
}

int station_submit(struct station *s, struct job *j)
{
	if (s->waiting.count == WRITER_JOBS_MAX ||
	    (s->waiting.count > 0 && s->waiting.bytes + j->bytes > WRITER_BYTES_MAX))
		return ST_EBUSY;
	jobs_push(&s->waiting, j);
	if (!s->writing) {
		s->writing = true;
		sim_after(s->sim, sim_below(s->sim, 4), write_step, s, s->life);
	}
	return 0;
}

/* ---- results ---- */

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static void reload(struct station *s)
{
	SIM_DO(s->sim, s, st_store_read(s->store, load_self, &s->self));
	if (!s->self.set_up)
		return;
	SIM_CHECK(s->sim, s, s->self.halted[0] == 0, "signing has stopped: %s", s->self.halted);
	down_reload(s);
	up_reload(s);
}

void station_applied(struct station *s, int rc, const struct st_applied *applied)
{
	if (rc == ST_EIO) {
		s->doomed = true;
		return;
	}
	s->full = rc == ST_EFULL;
	if (rc < 0)
		return;
	if (applied->self_changed || applied->stations_changed)
		reload(s);
	up_applied(s, applied);
	down_applied(s, applied);
}

static void deliver(struct station *s, struct result *r)
{
	if (!s->doomed)
		station_applied(s, r->rc, &r->applied);
	for (struct job *j; (j = jobs_pop(&r->jobs)) != NULL;) {
		if (j->done != NULL && !s->doomed)
			j->done(s, j);
		job_free(j);
	}
	free(r);
}

static void deliver_step(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	if (!s->alive || s->life != life)
		return;
	s->delivering = false;
	while (s->results != NULL) {
		struct result *r = s->results;
		s->results = r->next;
		if (s->results == NULL)
			s->results_end = &s->results;
		deliver(s, r);
	}
	if (s->doomed)
		station_dies(s, false, 1000 + sim_below(sim, 5000));
}

/* ---- the writer ---- */

/* Somebody comes when what this station stores in bulk has so many events more. */
static bool is_pressed(void *station)
{
	struct station *s = station;
	return s->pressed_in > 0 && --s->pressed_in == 0;
}

static void apply_group(struct station *s, struct result *r)
{
	struct st_job *jobs[ST_GROUP_JOBS_MAX];
	struct st_world world = station_world(s);
	size_t n = 0;
	bool tables = false, bulk = true;
	for (struct job *j = r->jobs.first; j != NULL; j = j->next) {
		jobs[n++] = &j->work;
		tables |= j->work.kind == ST_JOB_CARRY || j->work.kind == ST_JOB_CITY;
		bulk &= j->work.kind == ST_JOB_PUSH || j->work.kind == ST_JOB_CARRY;
	}
	s->pressed_in = bulk && sim_chance(s->sim, 100) ? 1 + (unsigned)sim_below(s->sim, 40) : 0;
	world.pressed = is_pressed;
	if (tables && s->sim->has_city)
		city_before_group(s);
	disk_enter(&s->disk);
	r->rc = st_apply_group(s->apply, &world, jobs, n, &r->applied);
	if (r->rc == ST_EPRESSED)
		r->rc = st_apply_group(s->apply, &world, jobs, n, &r->applied);
	disk_enter(NULL);
	s->disk.puts_left = 0;
	SIM_CHECK(s->sim, s, r->rc != ST_EIO || s->disk.sync_failed,
		  "a disk that is but full ends the process");
	SIM_CHECK(s->sim, s, r->rc != ST_EFULL || s->disk.full || s->disk.poisoned, "full, and the disk isn't");
	SIM_CHECK(s->sim, s, r->rc == 0 || r->rc == ST_EIO || r->rc == ST_EFULL, "a group failed: %s",
		  st_error_name(r->rc));
	if (r->rc == 0 && r->applied.city_changed)
		city_after_group(s);
	heads_after_group(s);
	sim_trace(s->sim, s, "group", n, (uint64_t)-r->rc);
}

static void write_step(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	if (!s->alive || s->life != life)
		return;
	struct result *r = calloc(1, sizeof(*r));
	ST_REQUIRE(r != NULL);
	while (s->waiting.first != NULL && r->jobs.count < ST_GROUP_JOBS_MAX &&
	       (r->jobs.count == 0 || r->jobs.bytes + s->waiting.first->bytes <= WRITER_GROUP_BYTES))
		jobs_push(&r->jobs, jobs_pop(&s->waiting));
	apply_group(s, r);
	*s->results_end = r;
	s->results_end = &r->next;
	if (s->disk.died) { /* within the commit: nobody learns anything */
		station_dies(s, true, 1000 + sim_below(sim, 20000));
		return;
	}
	if (!s->delivering) {
		s->delivering = true;
		sim_after(sim, sim_below(sim, 3), deliver_step, s, life);
	}
	s->writing = s->waiting.first != NULL;
	if (s->writing)
		sim_after(sim, 1 + sim_below(sim, 5), write_step, s, life);
}

/* ---- life and death ---- */

static void drop_jobs(struct jobs *l)
{
	for (struct job *j; (j = jobs_pop(l)) != NULL;)
		job_free(j);
}

void station_ends(struct station *s)
{
	up_ends(s);
	down_ends(s);
	drop_jobs(&s->waiting);
	while (s->results != NULL) {
		struct result *r = s->results;
		s->results = r->next;
		drop_jobs(&r->jobs);
		free(r);
	}
	s->results_end = &s->results;
	st_apply_free(s->apply);
	st_store_close(s->store);
	s->apply = NULL;
	s->store = NULL;
	s->down.pool.given = 0;
	s->alive = s->writing = s->delivering = s->doomed = false;
	s->life++;
}

void station_dies(struct station *s, bool power, uint64_t back_ms)
{
	struct sim *sim = s->sim;
	if (!s->alive)
		return;
	sim_trace(sim, s, power ? "loses power" : "dies", back_ms, 0);
	told_pool(s);
	station_ends(s);
	if (power)
		disk_power_lost(&s->disk);
	for (struct conn *c = sim->conns; c != NULL; c = c->next) {
		if (c->parent != s || !c->open)
			continue;
		if (power && sim_chance(sim, 500))
			c->silent = true; /* nobody is left to say that it is over */
		else
			conn_cut(sim, c);
	}
	sim_after(sim, back_ms, station_boots, s, s->life);
}

void station_boots(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	struct st_store_conf conf = { .directory = s->directory, .map_bytes = MAP_BYTES,
				      .reserve_bytes = RESERVE_BYTES, .readers_max = 4 };
	if (s->alive || s->life != life)
		return;
	s->disk.died = s->disk.poisoned = s->disk.sync_failed = false;
	s->boot_ms = sim->now_ms;
	disk_enter(&s->disk);
	int rc = st_store_open(&conf, &s->store);
	disk_enter(NULL);
	if (rc < 0) { /* the disk's fault hit it while it started: systemd tries again */
		SIM_CHECK(sim, s, rc == ST_EIO || rc == ST_EFULL, "doesn't open: %s", st_error_name(rc));
		sim_after(sim, 5000, station_boots, s, life);
		return;
	}
	uint8_t incarnation[ST_INCARNATION_SIZE] = { (uint8_t)s->index, (uint8_t)(s->boots >> 8), (uint8_t)s->boots };
	disk_enter(&s->disk);
	rc = st_incarnation_renew(s->store, incarnation);
	disk_enter(NULL);
	if (rc < 0 && rc != ST_EFULL) {
		SIM_CHECK(sim, s, rc == ST_EIO, "isn't renewed: %s", st_error_name(rc));
		st_store_close(s->store);
		s->store = NULL;
		sim_after(sim, 5000, station_boots, s, life);
		return;
	}
	SIM_DO(sim, s, st_apply_new(s->store, &s->keys, &s->apply));
	s->alive = true;
	s->boots++;
	s->full = false;
	sim_trace(sim, s, "boots", s->boots, (uint64_t)s->wall_off_ms);
	told_is_durable(s);
	reload(s);
	if (s->sim->has_city)
		city_after_group(s); /* what came in the transaction in which it ended */
}

void station_new(struct sim *sim, size_t index, struct station *parent, const char *code,
		 enum st_tier tier)
{
	struct station *s = calloc(1, sizeof(*s));
	uint8_t seeds[3 * ST_SEED_SIZE];
	ST_REQUIRE(s != NULL);
	s->sim = sim;
	s->index = index;
	s->parent = parent;
	s->tier = tier;
	s->drawn = sim_random(sim);
	s->results_end = &s->results;
	s->told = calloc(1, sizeof(*s->told));
	ST_REQUIRE(s->told != NULL);
	SIM_DO(sim, s, st_code_parse(st_span_text(code), &s->code));
	(void)snprintf(s->directory, sizeof(s->directory), "%s/%zu", sim->folder, index);
	ST_REQUIRE(mkdir(s->directory, 0700) == 0);
	s->disk.folder = s->directory;
	draw(s, seeds, sizeof(seeds));
	st_keys_from_seeds(seeds, &s->keys);
	s->down.pool.size = ST_SHARE_MIN + sim_below(sim, 2) * (4 << 20);
	if (sim_chance(sim, 300))
		s->wall_off_ms = (int64_t)sim_below(sim, 20 * 365) * 86400000 - 10LL * 365 * 86400000;
	if (sim_chance(sim, 30))
		s->wall_off_ms = -BASE_MS;
	sim->stations[index] = s;
}

void station_free(struct station *s)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "stationd.lock", "data.synced" };
	char path[160];
	if (s->alive)
		station_ends(s);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->directory, files[i]);
		(void)remove(path);
	}
	(void)remove(s->directory);
	free(s->told->events);
	free(s->told->records);
	free(s->told);
	free(s);
}
