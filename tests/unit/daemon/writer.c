/* writer.c - tests of the queue in front of apply: what goes into one group, and that a full queue takes again. */
#include "queue.h"

static void ignore(void *arg, int rc, const struct st_applied *applied)
{
	(void)arg;
	(void)rc;
	(void)applied;
}

static int setup(void **state)
{
	(void)state;
	queue_open(ignore);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return queue_close();
}

static void who_is_to_sign_no_more_is_told_before_all_else_of_a_group(void **state)
{
	struct job jobs[] = { job_of(ST_JOB_COMMAND, 1), job_of(ST_JOB_COMMAND, 1), job_of(ST_JOB_HALT, 1),
			      job_of(ST_JOB_COMMAND, 1) };
	(void)state;
	assert_int_equal(writer_submit(writer, &jobs[0]), 0);
	wait_begun();
	for (size_t i = 1; i < 4; i++) /* while the first is at work: they would all go together */
		assert_int_equal(writer_submit(writer, &jobs[i]), 0);
	let_end(4);
	wait_done(4);
	assert_string_equal(groups[0], "c");
	assert_string_equal(groups[1], "c");
	assert_string_equal(groups[2], "Hc");
	assert_int_equal(group_count, 3);
}

static void a_full_queue_refuses_until_a_group_has_ended(void **state)
{
	struct job late = job_of(ST_JOB_COMMAND, 1);
	(void)state;
	queue_fill();
	assert_int_equal(writer_submit(writer, &late), ST_EBUSY);
	let_end(1);
	wait_done(1);
	wait_begun(); /* the next group has been taken from the queue */
	assert_int_equal(writer_submit(writer, &late), 0);
	let_end(FIT + 1);
	wait_done(FIT + 2);
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
