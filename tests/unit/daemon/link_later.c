/* link_later.c - tests of what neighbours bring while the writer's queue is full: it comes to the writer by itself once a
 * group has ended, in its order, and no more of it is kept than is bounded. */
#include "queue.h"
#include "daemon/stationd/link_state.h"

_Static_assert(GROUPS_MAX > LINK_LATER_MAX + FIT, "each job may come to be a group of its own");

static struct link l;
static struct child child;
static struct st_downlink_to down;
static struct st_uplink_to up;

static void on_applied(void *arg, int rc, const struct st_applied *applied)
{
	(void)arg;
	(void)rc;
	(void)applied;
	link_room(&l);
}

static void ignore(void *arg)
{
	(void)arg;
}

static int setup(void **state)
{
	(void)state;
	queue_open(on_applied);
	memset(&l, 0, sizeof(l));
	l.conf = (struct link_conf){ .loop = &loop, .writer = writer, .moved = ignore };
	link_later_open(&l);
	child = (struct child){ .link = &l, .number = 1 };
	link_push_calls(&down);
	link_session_calls(&up);
	return link_receipts_open(&l);
}

static int teardown(void **state)
{
	(void)state;
	link_later_close(&l);
	link_receipts_close(&l);
	return queue_close();
}

/* So many jobs of a kind that came to the writer. */
static size_t count_of(char letter)
{
	size_t n = 0;
	for (size_t g = 0; g < GROUPS_MAX; g++)
		for (const char *p = groups[g]; *p != 0; p++)
			n += *p == letter;
	return n;
}

/* Until the writer has nothing more to do. */
static void wait_all(void)
{
	let_end(GROUPS_MAX);
	wait_done(FIT + 1);
	while (!writer_idle(writer)) /* so a group is still to end, and says so */
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void what_finds_no_room_comes_when_there_is_room(void **state)
{
	struct st_claim claim = { .size = 1 };
	struct st_receipt_in receipt = { .size = 1 };
	struct st_checkpoint theirs = { .size = 1 };
	struct st_cosignature c = { .time_s = 1 };
	(void)state;
	queue_fill();
	down.claims(&child, &claim, 1);
	down.taken(&child, 5);
	up.halt(&l, &theirs, &c);
	assert_int_equal(l.later.count, 3);
	up.receipts(&l, &receipt, 1);
	while (l.up.receipts != NULL) /* they are gathered for a moment */
		(void)uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(l.later.count, 4);
	wait_all();
	assert_int_equal(count_of('K'), 1);
	assert_int_equal(count_of('T'), 1);
	assert_int_equal(count_of('H'), 1);
	assert_int_equal(count_of('R'), 1);
}

static void no_more_than_is_bounded_waits_for_room(void **state)
{
	struct st_claim claim = { .size = 1 };
	(void)state;
	queue_fill();
	for (size_t i = 0; i < LINK_LATER_MAX + 10; i++)
		down.claims(&child, &claim, 1);
	assert_int_equal(l.later.count, LINK_LATER_MAX);
	wait_all();
	assert_int_equal(l.later.count, 0);
	assert_int_equal(count_of('K'), LINK_LATER_MAX);
}

static void what_waits_as_the_links_close_is_let_go(void **state)
{
	(void)state;
	queue_fill();
	down.taken(&child, 5);
	assert_int_equal(l.later.count, 1);
	link_later_close(&l);
	assert_int_equal(l.later.count, 0);
	wait_all();
	assert_int_equal(count_of('T'), 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_finds_no_room_comes_when_there_is_room),
		EACH(no_more_than_is_bounded_waits_for_room),
		EACH(what_waits_as_the_links_close_is_let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
