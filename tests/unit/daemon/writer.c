/* writer.c - tests of the queue in front of apply: what goes into one group, and that a full queue takes again.
 * The group's work is this file's own (the linker's --wrap): it notes which jobs came, and waits to be told to end. */
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

enum { GROUPS_MAX = 8 };

static sem_t begun, may_end;
static char groups[GROUPS_MAX][ST_GROUP_JOBS_MAX + 1]; /* a letter a job */
static size_t group_count;

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
	return kind == ST_JOB_HALT ? 'H' : kind == ST_JOB_COMMAND ? 'C' : '?';
}

/* On the writer's thread. */
int __wrap_st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs, size_t count,
			  struct st_applied *ret_applied);
int __wrap_st_apply_group(struct st_apply *a, const struct st_world *world, struct st_job **jobs, size_t count,
			  struct st_applied *ret_applied)
{
	(void)a;
	(void)world;
	(void)ret_applied;
	for (size_t i = 0; group_count < GROUPS_MAX && i < count; i++)
		groups[group_count][i] = letter_of(jobs[i]->kind);
	group_count++;
	ST_REQUIRE(sem_post(&begun) == 0);
	while (sem_wait(&may_end) < 0)
		;
	return 0;
}

static uv_loop_t loop;
static struct writer *writer;
static size_t done_count;

static void ignore(void *arg, int rc, const struct st_applied *applied)
{
	(void)arg;
	(void)rc;
	(void)applied;
}

static int setup(void **state)
{
	struct writer_conf conf = { .loop = &loop, .applied = ignore };
	(void)state;
	memset(groups, 0, sizeof(groups));
	group_count = done_count = 0;
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&may_end, 0, 0), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(writer_open(&conf, &writer), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < GROUPS_MAX; i++) /* where a test has failed one may be at work */
		assert_int_equal(sem_post(&may_end), 0);
	writer_close(writer);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void done(struct job *j)
{
	(void)j;
	done_count++;
}

static struct job job_of(enum st_job_kind kind)
{
	return (struct job){ .work = { .kind = kind }, .bytes = sizeof(struct job), .done = done };
}

/* The group at work ends, and its one job is told. */
static void let_end(void)
{
	size_t then = done_count + 1;
	assert_int_equal(sem_post(&may_end), 0);
	while (done_count < then)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void who_is_to_sign_no_more_is_told_before_all_else_of_a_group(void **state)
{
	struct job jobs[] = { job_of(ST_JOB_COMMAND), job_of(ST_JOB_COMMAND), job_of(ST_JOB_HALT),
			      job_of(ST_JOB_COMMAND) };
	(void)state;
	assert_int_equal(writer_submit(writer, &jobs[0]), 0);
	while (sem_wait(&begun) < 0)
		;
	for (size_t i = 1; i < 4; i++) /* while the first is at work: they would all go together */
		assert_int_equal(writer_submit(writer, &jobs[i]), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(sem_post(&may_end), 0);
	while (done_count < 4)
		(void)uv_run(&loop, UV_RUN_ONCE);
	assert_string_equal(groups[0], "C");
	assert_string_equal(groups[1], "C");
	assert_string_equal(groups[2], "HC");
	assert_int_equal(group_count, 3);
}

static void a_full_queue_refuses_until_a_group_has_ended(void **state)
{
	enum { FIT = 4 };
	struct job first = job_of(ST_JOB_COMMAND), jobs[FIT + 1];
	(void)state;
	assert_int_equal(writer_submit(writer, &first), 0);
	while (sem_wait(&begun) < 0)
		;
	for (size_t i = 0; i <= FIT; i++) {
		jobs[i] = job_of(ST_JOB_COMMAND);
		jobs[i].bytes = WRITER_BYTES_MAX / FIT;
		assert_int_equal(writer_submit(writer, &jobs[i]), i < FIT ? 0 : ST_EBUSY);
	}
	let_end(); /* and the next group is taken from the queue */
	while (sem_wait(&begun) < 0)
		;
	assert_int_equal(writer_submit(writer, &jobs[FIT]), 0);
	for (size_t i = 0; i <= FIT; i++)
		let_end();
	assert_int_equal(group_count, FIT + 2);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(who_is_to_sign_no_more_is_told_before_all_else_of_a_group),
		EACH(a_full_queue_refuses_until_a_group_has_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
