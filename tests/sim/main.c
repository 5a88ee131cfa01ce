/* main.c - many seeds on both cores, or one seed in detail.
 *
 *   sim FROM COUNT [PROCESSES]   runs the seeds, prints each failure; exit 1 if there was one
 *   sim seed N                   runs one; VERBOSE=1 traces it to standard error
 *   sim until BOUND              runs seeds until one fails; prints it. Exit 1: none did
 *
 * Owns:    the processes and what they say.
 * Flow:    command line -> seeds -> outcomes -> standard output */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <malloc.h>
#include <station/base/check.h>
#include "sim.h"

enum { PROCESSES_MAX = 16, TWICE_EVERY = 20 };

static char folder[64];

static void make_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	if (tmp == NULL || strlen(tmp) > 40)
		tmp = "/tmp";
	if (access("/dev/shm", W_OK) == 0)
		tmp = "/dev/shm"; /* many stores, and their syncs cost nothing there */
	(void)snprintf(folder, sizeof(folder), "%s/sim-XXXXXX", tmp);
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(2);
	}
}

struct totals {
	uint64_t runs, failed, steps, quiet_max_ms;
};

/* Each so-many-th seed runs twice: the same seed gives the same trace. */
static void run_one(uint64_t seed, struct totals *t)
{
	struct outcome o, again;
	sim_run(seed, folder, false, &o);
	if (o.failed[0] == 0 && seed % TWICE_EVERY == 0) {
		sim_run(seed, folder, false, &again);
		if (again.trace != o.trace)
			(void)snprintf(o.failed, sizeof(o.failed), "two runs differ: %016llx, %016llx",
				       (unsigned long long)o.trace, (unsigned long long)again.trace);
	}
	t->runs++;
	t->steps += o.steps;
	if (o.quiet_ms > t->quiet_max_ms)
		t->quiet_max_ms = o.quiet_ms;
	if (o.failed[0] == 0)
		return;
	t->failed++;
	(void)printf("FAILED seed %llu: %s\n", (unsigned long long)seed, o.failed);
	(void)fflush(stdout);
}

static int work(uint64_t from, uint64_t count, uint64_t step, int to)
{
	struct totals t = { 0 };
	for (uint64_t n = 0; n < count; n += step)
		run_one(from + n, &t);
	return write(to, &t, sizeof(t)) == sizeof(t) ? 0 : 1;
}

/* A process that dies in a seed is a failure, too: it says which when it is asked seed by seed. */
static int run_many(uint64_t from, uint64_t count, unsigned processes)
{
	struct totals sum = { 0 }, t;
	unsigned dead = 0;
	int pipes[2];
	struct timespec begin, end;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	if (pipe(pipes) != 0)
		return 2;
	for (unsigned i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		if (i > 0)
			make_folder();
		int rc = work(from + i, count > i ? count - i : 0, processes, pipes[1]);
		(void)rmdir(folder);
		_exit(rc);
	}
	(void)close(pipes[1]);
	while (read(pipes[0], &t, sizeof(t)) == sizeof(t)) {
		sum.runs += t.runs;
		sum.failed += t.failed;
		sum.steps += t.steps;
		if (t.quiet_max_ms > sum.quiet_max_ms)
			sum.quiet_max_ms = t.quiet_max_ms;
	}
	for (int status; wait(&status) > 0;)
		dead += status != 0;
	dead += dead == 0 && sum.runs != count; /* a seed that nobody ran hasn't passed */
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	double s = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	(void)printf("sim: seeds %llu..%llu in %.1f s, %.1f a second, %llu steps, slowest to catch up "
		     "%.0f s\n", (unsigned long long)from, (unsigned long long)(from + count - 1), s,
		     (double)sum.runs / s, (unsigned long long)sum.steps, (double)sum.quiet_max_ms / 1000);
	(void)printf("%llu passed, %llu failed\n", (unsigned long long)(sum.runs - sum.failed),
		     (unsigned long long)(sum.failed + dead));
	return sum.failed + dead > 0;
}

static int run_seed(uint64_t seed)
{
	struct outcome o;
	sim_run(seed, folder, getenv("VERBOSE") != NULL, &o);
	(void)printf("seed %llu: trace %016llx, %llu steps, caught up in %.0f s: %s\n",
		     (unsigned long long)seed, (unsigned long long)o.trace, (unsigned long long)o.steps,
		     (double)o.quiet_ms / 1000, o.failed[0] == 0 ? "right" : o.failed);
	return o.failed[0] != 0;
}

static int run_until_failure(uint64_t bound)
{
	for (uint64_t seed = 1; seed <= bound; seed++) {
		struct outcome o;
		sim_run(seed, folder, false, &o);
		if (o.failed[0] == 0)
			continue;
		(void)printf("found at seed %llu: %s\n", (unsigned long long)seed, o.failed);
		return 0;
	}
	(void)printf("not found in %llu seeds\n", (unsigned long long)bound);
	return 1;
}

int main(int argc, char **argv)
{
	ST_REQUIRE(st_trust_start() == 0);
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20); /* stores come and go: the memory stays */
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	if (argc < 3) {
		(void)fprintf(stderr, "usage: sim FROM COUNT [PROCESSES] | sim seed N | sim until BOUND\n");
		return 2;
	}
	make_folder();
	uint64_t n = strtoull(argv[2], NULL, 10);
	int rc;
	if (strcmp(argv[1], "seed") == 0) {
		rc = run_seed(n);
	} else if (strcmp(argv[1], "until") == 0) {
		rc = run_until_failure(n);
	} else {
		unsigned processes = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 2;
		if (processes > PROCESSES_MAX)
			processes = PROCESSES_MAX;
		rc = run_many(strtoull(argv[1], NULL, 10), n, processes);
	}
	(void)rmdir(folder);
	return rc;
}
