/* writer.c - tests of the queue in front of apply: what goes into one group, that a full queue takes again, and for whom bulk makes way. */
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

static bool bulk_done;

static void set_bulk_done(struct job *j)
{
	(void)j;
	bulk_done = true;
}

/* One at a time and without end: each comes while bulk is at work. */
static void bulk_makes_way_for_each_clerk_until_it_is_overdue(void **state)
{
	struct job bulk = job_of(ST_JOB_TAKEN, 1);
	size_t clerks = 0;
	(void)state;
	bulk.bulk = true;
	bulk.done = set_bulk_done;
	bulk_done = false;
	grown_count = 1; /* as a clerk's group has a commit, so has its time */
	assert_int_equal(writer_submit(writer, &bulk), 0);
	while (!bulk_done) {
		struct job clerk = job_of(ST_JOB_COMMAND, 1);
		wait_begun();
		assert_int_equal(writer_submit(writer, &clerk), 0);
		let_end(1); /* bulk, given up or not; */
		wait_begun();
		let_end(1); /* then the clerk */
		wait_done(++clerks);
	}
	assert_true(clerks > 2);
	assert_string_equal(groups[0], "T");
	assert_string_equal(groups[1], "c");
	assert_string_equal(groups[2], "T");
	assert_string_equal(groups[3], "c");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(who_is_to_sign_no_more_is_told_before_all_else_of_a_group),
		EACH(a_full_queue_refuses_until_a_group_has_ended),
		EACH(bulk_makes_way_for_each_clerk_until_it_is_overdue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
