/* queue.h - the writer with a group's work of the test's own (the linker's --wrap): it notes which jobs came, waits to
 * be told to end, and is given up where it may be and somebody presses. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <semaphore.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/check.h>
#include <station/base/error.h>
#include "daemon/stationd/writer.h"

enum { GROUPS_MAX = 512, FIT = 4 /* jobs of the largest kind fill the queue */ };

static sem_t begun, may_end;
static char groups[GROUPS_MAX][ST_GROUP_JOBS_MAX + 1]; /* a letter a job */
static size_t group_count;
static size_t grown_count; /* of what a group is said to have written: of as many logs */

int __wrap_st_apply_new(struct st_store *store, const struct st_keys *keys, struct st_apply **ret_a);
int __wrap_st_apply_new(struct st_store *store, const struct st_keys *keys, struct st_apply **ret_a)
{
	(void)store;
	(void)keys;
	*ret_a = NULL;
	return 0;
}

void __wrap_st_apply_free(struct st_apply *a);
void __wrap_st_apply_free(struct st_apply *a)
{
	(void)a;
}

static char letter_of(enum st_job_kind kind)
{
	switch ((int)kind) {
	case ST_JOB_COMMAND:  return 'c';
	case ST_JOB_HALT:     return 'H';
	case ST_JOB_CLAIMS:   return 'K';
	case ST_JOB_TAKEN:    return 'T';
	case ST_JOB_RECEIPTS: return 'R';
	default:              return '?';
	}
}

/* On the writer's thread. */
int __wrap_st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs, size_t count,
			  struct st_applied *ret_applied);
int __wrap_st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs, size_t count,
			  struct st_applied *ret_applied)
{
	(void)a;
	ret_applied->grown_count = grown_count;
	for (size_t i = 0; group_count < GROUPS_MAX && i < count; i++)
		groups[group_count][i] = letter_of(jobs[i]->kind);
	group_count++;
	ST_REQUIRE(sem_post(&begun) == 0);
	while (sem_wait(&may_end) < 0)
		;
	return world->pressed != NULL && world->pressed(world->arg) ? ST_EPRESSED : 0;
}

static uv_loop_t loop;
static struct writer *writer;
static size_t done_count; /* of the jobs of job_of */

static void done(struct job *j)
{
	(void)j;
	done_count++;
}

static struct job job_of(enum st_job_kind kind, size_t bytes)
{
	return (struct job){ .work = { .kind = kind }, .bytes = bytes, .done = done };
}

static void queue_open(writer_applied_fn *applied)
{
	struct writer_conf conf = { .loop = &loop, .applied = applied };
	memset(groups, 0, sizeof(groups));
	group_count = grown_count = done_count = 0;
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&may_end, 0, 0), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(writer_open(&conf, &writer), 0);
}

static int queue_close(void)
{
	for (size_t i = 0; i < GROUPS_MAX; i++) /* where a test has failed one may be at work */
		assert_int_equal(sem_post(&may_end), 0);
	writer_close(writer);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void wait_begun(void)
{
	while (sem_wait(&begun) < 0)
		;
}

static struct job filling[FIT + 1];

/* One job is at work, and the queue is full of others. */
static void queue_fill(void)
{
	filling[FIT] = job_of(ST_JOB_COMMAND, 1);
	assert_int_equal(writer_submit(writer, &filling[FIT]), 0);
	wait_begun();
	for (size_t i = 0; i < FIT; i++) {
		filling[i] = job_of(ST_JOB_COMMAND, WRITER_BYTES_MAX / FIT);
		assert_int_equal(writer_submit(writer, &filling[i]), 0);
	}
}

static void let_end(size_t count) /* groups, the one at work first */
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sem_post(&may_end), 0);
}

/* Until n jobs of job_of have been answered. */
static void wait_done(size_t n)
{
	while (done_count < n)
		(void)uv_run(&loop, UV_RUN_ONCE);
}
