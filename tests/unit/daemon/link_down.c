/* link_down.c - tests of what goes down to children of which one doesn't read: the loop rests, the others are served,
 * and it misses nothing once it reads. The children are ZeroMQ sockets in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>
#include <cmocka.h>
#include <station/base/check.h>
#include "daemon/stationd/link_state.h"
#include "tests/common/city.h"

/* FRAMES: more than ZeroMQ takes for a child that doesn't read. TURNS_MAX is far from the few turns of a loop that
 * rests for IDLE_MS, and from the many thousands of one that doesn't. */
enum { FRAMES = 40, IDLE_MS = 400, TURNS_MAX = 60, READ_HWM = 2 };

struct reader {
	struct pump_socket socket;
	struct child *child;
	unsigned got, wanted; /* frames, each of which says its number */
};

static uv_loop_t loop;
static struct link l;
static struct config config = { .listen = "inproc://children" };
static struct node parent, nodes[2];
static struct reader slow, quick;
static uv_prepare_t counter;
static unsigned turns;

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

static int group_setup(void **state)
{
	struct st_signing_key root;
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	node_init(&parent, "parent", 1);
	assert_int_equal(node_open(&parent), 0);
	assert_int_equal(node_found(&parent, "410600", &root), 0);
	for (size_t i = 0; i < 2; i++) {
		struct joining how = { i == 0 ? "410611" : "410621", ST_BRANCH, root.public };
		node_init(&nodes[i], how.code, 2 + i);
		assert_int_equal(node_open(&nodes[i]), 0);
		assert_int_equal(node_join(&parent, &nodes[i], &how), 0);
	}
	assert_int_equal(st_store_read(parent.store, load_self, &l.self), 0);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	node_erase(&parent);
	node_erase(&nodes[0]);
	node_erase(&nodes[1]);
	return 0;
}

static void on_turn(uv_prepare_t *prepare)
{
	(void)prepare;
	turns++;
}

static void read_frames(void *arg)
{
	struct reader *r = arg;
	unsigned number = 0;
	while (zmq_recv(r->socket.zmq, &number, sizeof(number), ZMQ_DONTWAIT) >= 0) {
		assert_int_equal(number, r->got);
		r->got++;
	}
	if (r->got == r->wanted)
		uv_stop(&loop);
}

/* A child that has said a word, so that its route is known. */
static void child_begins(struct reader *r, struct child *c)
{
	int hwm = READ_HWM;
	memset(r, 0, sizeof(*r));
	r->child = c;
	r->socket = (struct pump_socket){ .zmq = zmq_socket(l.context, ZMQ_DEALER), .in = read_frames, .arg = r };
	c->route_size = strlen(c->code.text);
	memcpy(c->route, c->code.text, c->route_size);
	assert_int_equal(zmq_setsockopt(r->socket.zmq, ZMQ_RCVHWM, &hwm, sizeof(hwm)), 0);
	assert_int_equal(zmq_setsockopt(r->socket.zmq, ZMQ_ROUTING_ID, c->route, c->route_size), 0);
	assert_int_equal(zmq_connect(r->socket.zmq, config.listen), 0);
	assert_int_equal(zmq_send(r->socket.zmq, "x", 1, 0), 1);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	l.conf.loop = &loop;
	l.conf.store = parent.store;
	l.conf.keys = &parent.keys;
	l.conf.config = &config;
	l.context = zmq_ctx_new();
	assert_int_equal(pump_open(&loop, &l.pump), 0);
	assert_int_equal(link_down_open(&l), 0);
	assert_int_equal(link_down_reload(&l), 0);
	child_begins(&slow, l.down.children);
	child_begins(&quick, l.down.children->next);
	while (l.refusals[-ST_EWIRE] < 2) /* their words: nobody has let them in */
		(void)uv_run(&loop, UV_RUN_ONCE);
	(void)uv_prepare_init(&loop, &counter);
	(void)uv_prepare_start(&counter, on_turn);
	assert_int_equal(pump_add(l.pump, &quick.socket), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	uv_close((uv_handle_t *)&counter, NULL);
	pump_drop(l.pump, &slow.socket);
	pump_drop(l.pump, &quick.socket);
	link_down_close(&l);
	pump_close(l.pump);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(zmq_ctx_term(l.context), 0);
	return uv_loop_close(&loop);
}

static void queue(struct reader *r)
{
	for (unsigned i = 0; i < FRAMES; i++) {
		unsigned number = r->wanted++;
		assert_int_equal(frames_push(&r->child->frames, st_span(&number, sizeof(number)), true), 0);
	}
	l.down.socket.wants_out = true;
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(&loop);
	uv_close((uv_handle_t *)timer, NULL);
}

/* What is counted before is set to 0. */
static void rest(void)
{
	static uv_timer_t timer;
	(void)uv_timer_init(&loop, &timer);
	(void)uv_timer_start(&timer, on_time, IDLE_MS, 0);
	turns = 0;
	(void)uv_run(&loop, UV_RUN_DEFAULT);
}

static void who_doesnt_read_costs_no_turns_and_misses_nothing(void **state)
{
	(void)state;
	queue(&slow);
	queue(&quick);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(quick.got, FRAMES);
	assert_false(frames_empty(&slow.child->frames));
	rest();
	assert_in_range(turns, 1, TURNS_MAX);
	queue(&quick);
	turns = 0;
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(quick.got, 2 * FRAMES);
	assert_in_range(turns, 1, TURNS_MAX);
	assert_int_equal(pump_add(l.pump, &slow.socket), 0); /* it reads again */
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(slow.got, FRAMES);
	rest();
	assert_in_range(turns, 1, TURNS_MAX);
	assert_false(l.down.socket.tries_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_doesnt_read_costs_no_turns_and_misses_nothing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
