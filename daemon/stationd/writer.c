/* writer.c - the writer thread.
 *
 * Owns:    the queue of jobs, and the only calls of st_apply_group.
 * Promise: 1: results are posted after the commit; 9: the queue is bounded by jobs and bytes.
 * Flow:    api, link -> writer -> apply -> api, link */
#include "writer.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <station/base/check.h>
#include <station/trust/hash.h>

struct list {
	struct job *first, *last;
	size_t count, bytes, patient; /* patient: how many of them are */
};

/* A finished group on its way back to the loop. */
struct result {
	struct list jobs;
	int rc;
	struct st_applied applied;
	struct result *next;
};

struct writer {
	struct writer_conf conf;
	struct st_apply *apply;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct list waiting, bulk;
	bool bulk_turn; /* the last group was of the others, and bulk waits */
	atomic_bool pressed; /* somebody waits for whom bulk makes way */
	size_t bulk_bytes;  /* of bulk alone in one transaction: what takes WRITER_BULK_MS */
	size_t slice_bytes; /* and where others come: more after each that came to its end, half after one that was given up */
	size_t fair_bytes;  /* or, once it is overdue: what takes WRITER_SLICE_TIMES as long as a group of the others, but for the commit */
	bool makes_way;     /* bulk at work; */
	uint64_t asked_ns;  /* when it last looked whether somebody presses: both are the writer's thread's alone */
	uint64_t other_ns;  /* what a group of the others takes of late, mostly its commit */
	uint64_t owed_ns;   /* what the others have taken while bulk waits, since it last took its due */
	uint64_t crowd_until_ns, rest_until_ns; /* monotonic, as all _ns here */
	struct result *results, **results_end;
	bool stopping, busy;
	uint64_t gather_until_ns;
	uint8_t random[256]; /* getrandom gives so much whole, or nothing */
	size_t random_left;
	uv_async_t async;
	atomic_uint_fast64_t groups;
};

static void list_push(struct list *l, struct job *j)
{
	j->next = NULL;
	if (l->last == NULL)
		l->first = j;
	else
		l->last->next = j;
	l->last = j;
	l->count++;
	l->bytes += j->bytes;
	l->patient += j->patient;
}

static struct job *list_pop(struct list *l)
{
	struct job *j = l->first;
	if (j == NULL)
		return NULL;
	l->first = j->next;
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	l->bytes -= j->bytes;
	l->patient -= j->patient;
	return j;
}

/* All of them, in front of what is there. */
static void list_return(struct list *l, struct list *back)
{
	st_assert(back->last != NULL);
	back->last->next = l->first;
	l->first = back->first;
	if (l->last == NULL)
		l->last = back->last;
	l->count += back->count;
	l->bytes += back->bytes;
	l->patient += back->patient;
}

/* From a store of some: an import asks for a few bytes a row. What was given isn't kept. */
static void draw(void *arg, void *to, size_t size)
{
	struct writer *w = arg;
	for (uint8_t *p = to; size > 0; p++, size--) {
		if (w->random_left == 0) {
			ssize_t n = getrandom(w->random, sizeof(w->random), 0);
			ST_REQUIRE(n == sizeof(w->random)); /* a kernel without randomness is no place to sign */
			w->random_left = sizeof(w->random);
		}
		uint8_t *next = &w->random[--w->random_left];
		*p = *next;
		*next = 0;
	}
}

static struct st_world world_now(struct writer *w)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (struct st_world){ .now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000,
				  .random = draw,
				  .arg = w };
}

static uint64_t now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Waits to be woken, or until then: ETIMEDOUT. Called with the mutex held. */
static int wait_until(struct writer *w, uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
	return pthread_cond_timedwait(&w->wake, &w->mutex, &t);
}

/* Who is to sign no more is told so before anything else of a transaction. */
static bool joins(const struct list *group, const struct job *next, size_t most_bytes)
{
	return group->count == 0 || (next->work.kind != ST_JOB_HALT && group->bytes + next->bytes <= most_bytes);
}

static void take(struct list *from, size_t most_bytes, struct list *group)
{
	while (from->first != NULL && group->count < ST_GROUP_JOBS_MAX && joins(group, from->first, most_bytes))
		list_push(group, list_pop(from));
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The others have had their share: bulk neither rests nor makes way. */
static bool is_overdue(const struct writer *w)
{
	return w->owed_ns > WRITER_SHARE_TIMES * w->other_ns;
}

static size_t within(size_t least_bytes, size_t bytes, size_t most_bytes)
{
	return bytes < least_bytes ? least_bytes : bytes > most_bytes ? most_bytes : bytes;
}

/* With so much of bulk one is at work for so long, by what the last took; the commit, which grows far less, is beside it. */
static size_t fits(size_t bytes, uint64_t took_ns, uint64_t ns)
{
	uint64_t n = (uint64_t)bytes * ns / (took_ns + 1);
	return within(WRITER_SLICE_BYTES, n, WRITER_BULK_BYTES);
}

/* Bulk's turn, which it leaves to whoever is pressing: it wouldn't come to its end. Called with the mutex held. */
static bool takes_turn(struct writer *w)
{
	return w->bulk_turn && (!atomic_load(&w->pressed) || is_overdue(w));
}

/* Takes as much as one transaction may hold: of bulk in turn with the rest, and not while it rests, so that no
 * backlog holds up a clerk or a sibling. Nothing: bulk alone waits, and rests. Called with the mutex held. */
static struct list take_group(struct writer *w, bool *ret_bulk)
{
	struct list group = { .first = NULL };
	uint64_t now = now_ns();
	bool rests = now < w->rest_until_ns && !is_overdue(w);
	*ret_bulk = !rests && (w->waiting.first == NULL || takes_turn(w));
	if (*ret_bulk) {
		w->makes_way = !is_overdue(w);
		w->owed_ns = w->makes_way ? w->owed_ns : 0;
		size_t slice = w->makes_way ? w->slice_bytes : w->fair_bytes;
		take(&w->bulk, now < w->crowd_until_ns ? slice : w->bulk_bytes, &group);
	} else {
		take(&w->waiting, WRITER_GROUP_BYTES, &group);
		atomic_store(&w->pressed, w->waiting.first != NULL);
	}
	w->bulk_turn = !*ret_bulk && w->bulk.first != NULL;
	return group;
}

/* The slower the disk, the more there is in a slice at least: else it would be but commits. */
static void set_slice(struct writer *w, size_t bytes)
{
	w->slice_bytes = within(most(WRITER_SLICE_BYTES, w->fair_bytes / 4), bytes, w->bulk_bytes);
}

static bool is_pressed(void *arg)
{
	struct writer *w = arg;
	w->asked_ns = now_ns();
	return w->makes_way && atomic_load_explicit(&w->pressed, memory_order_relaxed);
}

/* A transaction of so much that wasn't given up. From asked_ns on it couldn't be any more. Called with the mutex held. */
static void bulk_took(struct writer *w, size_t bytes, uint64_t begun, uint64_t ended)
{
	st_assert(w->asked_ns >= begun && w->asked_ns <= ended);
	uint64_t work = w->asked_ns - begun, commit = ended - w->asked_ns, long_ns = (uint64_t)WRITER_BULK_MS * 1000000;
	w->owed_ns = 0;
	w->bulk_bytes = fits(bytes, work, long_ns - least(commit, long_ns));
	w->fair_bytes = least(fits(bytes, work, WRITER_SLICE_TIMES * w->other_ns), w->bulk_bytes);
	if (ended >= w->crowd_until_ns)
		return;
	set_slice(w, w->slice_bytes + WRITER_SLICE_BYTES);
	w->rest_until_ns = ended + least(WRITER_REST_TIMES * commit, (uint64_t)WRITER_REST_MOST_MS * 1000000);
}

/* Called with the mutex held. */
static void others_took(struct writer *w, const struct result *r, uint64_t ns)
{
	if (r->rc == 0 && r->applied.grown_count > 0) /* what writes nothing syncs nothing */
		w->other_ns = (3 * w->other_ns + ns) / 4;
	w->owed_ns = w->bulk.first == NULL ? 0 : w->owed_ns + ns;
}

static void apply_group(struct writer *w, struct result *r, bool bulk)
{
	struct st_job *jobs[ST_GROUP_JOBS_MAX];
	struct st_world world = world_now(w);
	world.pressed = bulk ? is_pressed : NULL;
	size_t n = 0;
	for (struct job *j = r->jobs.first; j != NULL; j = j->next)
		jobs[n++] = &j->work;
	memset(&r->applied, 0, sizeof(r->applied));
	r->rc = st_apply_group(w->apply, &world, jobs, n, &r->applied);
}

/* Bulk that gave its transaction up is done again behind what it made way for. Called with the mutex held. */
static void put_back(struct writer *w, struct result *r)
{
	list_return(&w->bulk, &r->jobs);
	set_slice(w, w->slice_bytes / 2);
	free(r);
}

/* Called with the mutex held. */
static void post(struct writer *w, struct result *r)
{
	r->next = NULL;
	*w->results_end = r;
	w->results_end = &r->next;
	atomic_fetch_add(&w->groups, 1);
	(void)uv_async_send(&w->async);
}

/* Small pushes that come in a stream share a commit; the first after a pause goes at once, and what a
 * person waits for never waits here. Who comes just behind a commit waits for no longer than it took, so that
 * sharing one costs nobody more than what it saves. Called with the mutex held. */
static void gather(struct writer *w)
{
	int rc = 0;
	while (rc == 0 && !w->stopping && (w->bulk.first == NULL || now_ns() < w->rest_until_ns) &&
	       w->waiting.patient == w->waiting.count && w->waiting.count < ST_GROUP_JOBS_MAX)
		rc = wait_until(w, w->gather_until_ns);
}

/* The next group; none: the writer stops. Called with the mutex held. */
static struct list next_group(struct writer *w, bool *ret_bulk)
{
	struct list group = { .first = NULL };
	while (!w->stopping && group.first == NULL) {
		if (w->waiting.first != NULL) {
			gather(w);
			if (!w->stopping)
				group = take_group(w, ret_bulk);
		} else if (w->bulk.first == NULL) {
			(void)pthread_cond_wait(&w->wake, &w->mutex);
		} else {
			group = take_group(w, ret_bulk);
			if (group.first == NULL)
				(void)wait_until(w, w->rest_until_ns);
		}
	}
	return group;
}

/* What waits is bounded, and refused beyond that: nothing is lost until there is memory again. */
static struct result *new_result(void)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	struct result *r;
	while ((r = calloc(1, sizeof(*r))) == NULL)
		(void)nanosleep(&pause, NULL);
	return r;
}

static void *run(void *arg)
{
	struct writer *w = arg;
	(void)(st_hash_start() == 0); /* if not now, then at the first hash */
	for (;;) {
		struct result *r = new_result();
		bool bulk = false;
		(void)pthread_mutex_lock(&w->mutex);
		r->jobs = next_group(w, &bulk);
		w->busy = r->jobs.first != NULL;
		(void)pthread_mutex_unlock(&w->mutex);
		if (r->jobs.first == NULL) {
			free(r);
			return NULL;
		}
		size_t bytes = r->jobs.bytes;
		uint64_t begun = now_ns();
		w->asked_ns = begun;
		apply_group(w, r, bulk);
		uint64_t ended = now_ns();
		(void)pthread_mutex_lock(&w->mutex);
		w->busy = false;
		if (bulk && r->rc == 0)
			bulk_took(w, bytes, begun, ended);
		else if (!bulk)
			others_took(w, r, ended - begun);
		w->gather_until_ns = bulk ? ended : ended + least(w->other_ns, (uint64_t)WRITER_GATHER_MOST_US * 1000);
		if (r->rc == ST_EPRESSED)
			put_back(w, r);
		else
			post(w, r);
		(void)pthread_mutex_unlock(&w->mutex);
	}
}

static void deliver(struct writer *w)
{
	(void)pthread_mutex_lock(&w->mutex);
	struct result *r = w->results;
	w->results = NULL;
	w->results_end = &w->results;
	(void)pthread_mutex_unlock(&w->mutex);
	while (r != NULL) {
		struct result *next = r->next;
		w->conf.applied(w->conf.arg, r->rc, &r->applied);
		for (struct job *j; (j = list_pop(&r->jobs)) != NULL;)
			j->done(j);
		free(r);
		r = next;
	}
}

static void on_async(uv_async_t *async)
{
	deliver(async->data);
}

int writer_open(const struct writer_conf *conf, struct writer **ret_w)
{
	struct writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ST_ENOMEM;
	w->conf = *conf;
	w->results_end = &w->results;
	w->bulk_bytes = w->slice_bytes = w->fair_bytes = WRITER_SLICE_BYTES;
	int rc = st_apply_new(conf->store, conf->keys, &w->apply);
	if (rc < 0) {
		free(w);
		return rc;
	}
	pthread_condattr_t attributes;
	(void)pthread_mutex_init(&w->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	ST_REQUIRE(uv_async_init(conf->loop, &w->async, on_async) == 0);
	w->async.data = w;
	ST_REQUIRE(pthread_create(&w->thread, NULL, run, w) == 0);
	*ret_w = w;
	return 0;
}

/* Called with the mutex held. */
static void presses(struct writer *w, uint64_t now)
{
	w->crowd_until_ns = now + (uint64_t)WRITER_CROWD_MS * 1000000;
	atomic_store(&w->pressed, true);
}

int writer_submit(struct writer *w, struct job *j)
{
	int rc = 0;
	ST_REQUIRE(j->done != NULL);
	(void)pthread_mutex_lock(&w->mutex);
	uint64_t now = now_ns();
	size_t count = w->waiting.count + w->bulk.count, bytes = w->waiting.bytes + w->bulk.bytes;
	if (w->stopping || count >= WRITER_JOBS_MAX || (count > 0 && bytes + j->bytes > WRITER_BYTES_MAX))
		rc = ST_EBUSY;
	else
		list_push(j->bulk ? &w->bulk : &w->waiting, j);
	if (rc == 0 && !j->bulk && (j->prompt || !j->patient))
		presses(w, now);
	(void)pthread_mutex_unlock(&w->mutex);
	if (rc == 0)
		(void)pthread_cond_signal(&w->wake);
	return rc;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void writer_close(struct writer *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	(void)pthread_mutex_unlock(&w->mutex);
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_join(w->thread, NULL);
	deliver(w);
	for (struct job *j; (j = list_pop(&w->waiting)) != NULL || (j = list_pop(&w->bulk)) != NULL;) {
		j->work.rc = ST_EBUSY;
		j->done(j);
	}
	st_apply_free(w->apply);
	(void)pthread_mutex_destroy(&w->mutex);
	(void)pthread_cond_destroy(&w->wake);
	uv_close((uv_handle_t *)&w->async, on_closed);
}

uint64_t writer_groups(const struct writer *w)
{
	return atomic_load(&w->groups);
}

bool writer_idle(const struct writer *cw)
{
	struct writer *w = (struct writer *)(uintptr_t)cw;
	(void)pthread_mutex_lock(&w->mutex);
	bool idle = !w->busy && w->waiting.first == NULL && w->bulk.first == NULL;
	(void)pthread_mutex_unlock(&w->mutex);
	return idle;
}
