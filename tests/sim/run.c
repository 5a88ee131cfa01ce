/* run.c - one seed: a city is built, everything goes wrong for a while, it heals, and is judged.
 *
 * Owns:    the shape of the city and the faults of its machines.
 * Promise: a city whose links are up for good catches up within a bounded time.
 * Flow:    seed -> city -> trouble -> heal -> quiet -> check */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <station/base/check.h>
#include "sim.h"

enum {
	QUIET_MAX_MS = 900 * 1000, /* from the heal to the last event at main */
	LOOK_MS = 1000,
	RECEIPTS_EVERY = 3, /* so many seeds greet once more, for the receipts */
};

static void build(struct sim *sim)
{
	static const char *const branches[] = { "410611", "410612", "410613" };
	char code[64];
	size_t n = 0, most = 3 + sim_below(sim, CITY_MAX - 2);
	size_t branch_count = 1 + sim_below(sim, most < 5 ? most - 2 : 3);
	station_new(sim, n++, NULL, "410600", ST_MAIN);
	for (size_t b = 0; b < branch_count; b++)
		station_new(sim, n++, sim->stations[0], branches[b], ST_BRANCH);
	for (size_t k = 0; k < 2 * branch_count && n < most; k++) {
		struct station *branch = sim->stations[1 + sim_below(sim, branch_count)];
		(void)snprintf(code, sizeof(code), "%s%03zu", branch->code.text, k + 1);
		station_new(sim, n++, branch, code, ST_BASE);
	}
	for (size_t k = 0; n < most; k++) {
		struct station *parent = sim->stations[sim_below(sim, n)];
		if (parent->tier == ST_SPECIALTY)
			continue;
		(void)snprintf(code, sizeof(code), "%.9s-%02zu", parent->code.text, k + 1);
		station_new(sim, n++, parent, code, ST_SPECIALTY);
	}
	sim->count = n;
}

/* ---- what goes wrong with machines ---- */

static void disk_empties(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	(void)sim;
	(void)tag;
	s->disk.full = false;
}

static void clock_jumps(struct sim *sim, struct station *s)
{
	int64_t by = (int64_t)sim_below(sim, 1000) * (sim_chance(sim, 500) ? 1000 : 86400000);
	s->wall_off_ms += sim_chance(sim, 500) ? by : -by;
	s->jumped = true;
	sim_trace(sim, s, "clock jumps", (uint64_t)by, 0);
}

static void fault(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	uint64_t what = sim_below(sim, 100), back = sim_below(sim, sim_chance(sim, 800) ? 8000 : 60000);
	sim_after(sim, 2000 + sim_below(sim, 60000), fault, s, tag);
	if (!s->alive)
		return;
	if (what < 30) {
		station_dies(s, sim_chance(sim, 400), back);
	} else if (what < 55) {
		s->disk.commit = COMMIT_DIES_BEFORE + (enum commit_fault)sim_below(sim, 5);
		sim_after(sim, 2000 + sim_below(sim, 20000), disk_empties, s, 0);
	} else if (what < 65) {
		s->disk.full = true;
		sim_after(sim, sim_below(sim, 30000), disk_empties, s, 0);
	} else if (what < 80) {
		s->disk.puts_left = 1 + (unsigned)sim_below(sim, 120);
	} else if (what < 88) {
		clock_jumps(sim, s);
	} else if (s->self.set_up) {
		check_recount(s);
	}
	sim_trace(sim, s, "fault", what, 0);
}

static void start(struct sim *sim)
{
	uint8_t seed[ST_SEED_SIZE];
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)sim_random(sim);
	st_signing_key_from_seed(seed, &sim->root);
	sim->permille_loss = sim_chance(sim, 600) ? (unsigned)sim_below(sim, 12) : 0;
	sim->permille_rubbish = sim_chance(sim, 250) ? 1 + (unsigned)sim_below(sim, 10) : 0;
	sim->bursts = sim_chance(sim, 250) ? 120 : 10;
	sim->floods = sim_chance(sim, 250) ? 700 : 60;
	sim->rows_max = sim_chance(sim, 120) ? SIM_IMPORT_ROWS_MAX : 12;
	sim->chaos_ms = 20000 + sim_below(sim, 60000);
	build(sim);
	for (size_t i = 0; i < sim->count; i++) {
		sim_after(sim, 0, station_boots, sim->stations[i], 0);
		if (sim_chance(sim, 800))
			sim_after(sim, 1000 + sim_below(sim, 50000), fault, sim->stations[i], 0);
	}
	join_start(sim);
	net_start(sim);
	clerk_start(sim);
	city_start(sim);
	online_start(sim);
	vote_start(sim);
	joined_start(sim);
	heads_start(sim);
	erase_start(sim);
}

static void run_until(struct sim *sim, uint64_t at_ms)
{
	while (sim->queue_count > 0 && sim->queue[0].at_ms <= at_ms)
		(void)sim_next(sim);
	sim->now_ms = at_ms;
}

static void heal(struct sim *sim)
{
	sim->healed = true;
	sim_trace(sim, NULL, "healed", sim->steps, 0);
	for (size_t i = 0; i < sim->count; i++) {
		struct disk *d = &sim->stations[i]->disk;
		d->full = false;
		d->commit = COMMIT_RIGHT;
		d->puts_left = 0;
	}
	net_heal(sim);
}

/* Bounded: promise 5 is also that it comes to an end. */
static void until(struct sim *sim, bool (*reached)(struct sim *, char why[200]))
{
	char why[200] = "";
	uint64_t from = sim->now_ms;
	do {
		SIM_CHECK(sim, NULL, sim->now_ms - from < QUIET_MAX_MS,
			  "hasn't caught up in %d s: %s", QUIET_MAX_MS / 1000, why);
		run_until(sim, sim->now_ms + LOOK_MS);
	} while (!reached(sim, why));
	if (sim->now_ms - from > sim->quiet_ms)
		sim->quiet_ms = sim->now_ms - from;
}

/* A receipt that a full disk couldn't keep comes again when the neighbours greet. */
static void greet_anew(struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++)
		if (sim->stations[i]->up.conn != NULL)
			conn_cut(sim, sim->stations[i]->up.conn);
	until(sim, city_is_quiet);
	until(sim, city_is_receipted);
}

static void quiet(struct sim *sim)
{
	until(sim, city_is_quiet);
}

static void play(struct sim *sim)
{
	start(sim);
	run_until(sim, sim->chaos_ms);
	heal(sim);
	until(sim, city_is_quiet);
	until(sim, online_is_quiet);
	if (sim->seed % RECEIPTS_EVERY == 0)
		greet_anew(sim);
	check_all(sim);
	heads_last_act(sim, quiet);
}

static void forget(struct sim *sim)
{
	sim->over = true;
	for (size_t i = 0; i < CITY_MAX; i++)
		if (sim->stations[i] != NULL && sim->stations[i]->alive)
			station_ends(sim->stations[i]);
	for (size_t i = 0; i < sim->queue_count; i++) {
		struct sim_event *e = &sim->queue[i];
		if (e->fn == net_arrives || e->fn == join_answered)
			e->fn(sim, e->what, e->tag);
	}
	for (size_t i = 0; i < CITY_MAX; i++)
		if (sim->stations[i] != NULL)
			station_free(sim->stations[i]);
	while (sim->conns != NULL) {
		struct conn *c = sim->conns;
		sim->conns = c->next;
		free(c);
	}
	free(sim->queue);
	online_free(sim);
	vote_free(sim);
	erase_free(sim);
	st_arena_done(&sim->arena);
	(void)remove(sim->folder);
}

void sim_run(uint64_t seed, const char *folder, bool verbose, struct outcome *ret_outcome)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	jmp_buf out;
	ST_REQUIRE(sim != NULL && st_arena_init(&sim->arena, ST_FRAME_ARENA) == 0);
	sim->seed = seed;
	/* Not splitmix's own step: else the next seed would be this one, a number later. */
	sim->drawn = (seed + 1) * 0xd1342543de82ef95ull;
	sim->verbose = verbose;
	sim->out = &out;
	(void)snprintf(sim->folder, sizeof(sim->folder), "%s/%llu", folder, (unsigned long long)seed);
	ST_REQUIRE(mkdir(sim->folder, 0700) == 0);
	if (setjmp(out) == 0)
		play(sim);
	disk_enter(NULL);
	*ret_outcome = (struct outcome){ sim->trace, sim->steps, sim->quiet_ms, 0, "" };
	memcpy(ret_outcome->failed, sim->failed, sizeof(ret_outcome->failed));
	forget(sim);
	free(sim);
}
