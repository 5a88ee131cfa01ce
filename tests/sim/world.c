/* world.c - the seed, virtual time, and what happens next.
 *
 * Owns:    every random number and the order of all steps.
 * Promise: the same seed gives the same steps.
 * Flow:    seed -> queue -> everything else */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { STEPS_MAX = 2000000 };

uint64_t sim_random(struct sim *sim)
{
	uint64_t z = sim->drawn += 0x9e3779b97f4a7c15ull; /* splitmix64 */
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t sim_below(struct sim *sim, uint64_t n)
{
	return n == 0 ? 0 : sim_random(sim) % n;
}

bool sim_chance(struct sim *sim, unsigned permille)
{
	return sim_below(sim, 1000) < permille;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void sim_after(struct sim *sim, uint64_t ms, sim_fn *fn, void *what, uint64_t tag)
{
	if (sim->queue_count == sim->queue_room) {
		sim->queue_room = sim->queue_room == 0 ? 256 : sim->queue_room * 2;
		sim->queue = realloc(sim->queue, sim->queue_room * sizeof(*sim->queue));
		ST_REQUIRE(sim->queue != NULL);
	}
	struct sim_event e = { sim->now_ms + ms, sim->order++, tag, fn, what };
	size_t i = sim->queue_count++;
	for (; i > 0 && before(&e, &sim->queue[(i - 1) / 2]); i = (i - 1) / 2)
		sim->queue[i] = sim->queue[(i - 1) / 2];
	sim->queue[i] = e;
}

bool sim_next(struct sim *sim)
{
	if (sim->queue_count == 0)
		return false;
	struct sim_event first = sim->queue[0], last = sim->queue[--sim->queue_count];
	size_t i = 0;
	for (;;) {
		size_t down = 2 * i + 1;
		if (down + 1 < sim->queue_count && before(&sim->queue[down + 1], &sim->queue[down]))
			down++;
		if (down >= sim->queue_count || !before(&sim->queue[down], &last))
			break;
		sim->queue[i] = sim->queue[down];
		i = down;
	}
	sim->queue[i] = last;
	sim->now_ms = first.at_ms;
	if (++sim->steps > STEPS_MAX)
		sim_fail(sim, NULL, "the city doesn't come to rest: %d steps", (int)STEPS_MAX);
	first.fn(sim, first.what, first.tag);
	return true;
}

static void mix(struct sim *sim, uint64_t v)
{
	sim->trace = (sim->trace ^ v) * 0x9fb21c651e98df25ull;
	sim->trace ^= sim->trace >> 32;
}

void sim_trace(struct sim *sim, const struct station *s, const char *what, uint64_t a, uint64_t b)
{
	for (const char *p = what; *p != 0; p++)
		mix(sim, (uint8_t)*p);
	mix(sim, sim->now_ms);
	mix(sim, s == NULL ? 0 : s->index + 1);
	mix(sim, a);
	mix(sim, b);
	if (sim->verbose)
		(void)fprintf(stderr, "%10.3f %-12s %-20s %llu %llu\n", (double)sim->now_ms / 1000,
			      s == NULL ? "" : s->code.text, what, (unsigned long long)a,
			      (unsigned long long)b);
}

void sim_trace_bytes(struct sim *sim, struct st_span bytes)
{
	size_t i = 0;
	for (; i + 8 <= bytes.size; i += 8)
		mix(sim, st_get_u64(bytes.data + i));
	for (; i < bytes.size; i++)
		mix(sim, bytes.data[i]);
}

void sim_fail(struct sim *sim, const struct station *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = snprintf(sim->failed, sizeof(sim->failed), "at %.3f s, %s: ", (double)sim->now_ms / 1000,
			 s == NULL ? "city" : s->code.text);
	(void)vsnprintf(sim->failed + n, sizeof(sim->failed) - (size_t)n, format, args);
	va_end(args);
	longjmp(*sim->out, 1);
}
