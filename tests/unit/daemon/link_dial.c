/* link_dial.c - tests of what is left when an attempt to reach a parent is over: nothing that its I/O thread waits for,
 * and nothing that a look-up under way comes back to. The other end is a socket of this file's own; look-ups wait here
 * until they are let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>
#include <cmocka.h>
#include <station/base/check.h>
#include "daemon/stationd/link_state.h"

enum { DEADLINE_S = 10, PORT_FIRST = 12000, PORT_LAST = 17000 }; /* no client's port on Linux */

static uv_loop_t loop;
static struct link l;
static struct st_keys keys;

static int group_setup(void **state)
{
	static const uint8_t seeds[3 * ST_SEED_SIZE] = { 1 };
	(void)state;
	st_keys_from_seeds(seeds, &keys);
	return st_trust_start();
}

static int setup(void **state)
{
	(void)state;
	memset(&l, 0, sizeof(l));
	l.conf.loop = &loop;
	l.conf.keys = &keys;
	return uv_loop_init(&loop);
}

static int teardown(void **state)
{
	(void)state;
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

/* ---- the monitor ---- */

enum { ENDS = 50 };
static int listener = -1, peer = -1; /* peer: of the connection that is given up; -1: none */
static unsigned ends;                /* that ZeroMQ has seen; its I/O thread hangs before that */

/* Its first bytes have come: ZeroMQ is at work on it. */
static int meet(void)
{
	char byte;
	struct timeval deadline = { .tv_sec = DEADLINE_S };
	int fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)), 0);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	return fd;
}

/* ZeroMQ closes a connection that its peer has ended. */
static bool end_peer(void)
{
	char bytes[256];
	ssize_t n;
	(void)shutdown(peer, SHUT_WR);
	while ((n = recv(peer, bytes, sizeof(bytes), 0)) > 0)
		;
	(void)close(peer);
	peer = -1;
	return n == 0;
}

/* Just when the first of the attempt's two sockets has been closed the peer ends the connection, and each that follows:
 * so there is something to tell a monitor of, again and again, while the other goes. */
int __real_zmq_close(void *socket);
int __wrap_zmq_close(void *socket);
int __wrap_zmq_close(void *socket)
{
	int rc = __real_zmq_close(socket);
	while (peer >= 0 && end_peer())
		if (++ends < ENDS)
			peer = meet();
	return rc;
}

static int listen_on(uint16_t *ret_port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	for (uint16_t port = (uint16_t)(PORT_FIRST + getpid() % 4000); port < PORT_LAST; port++) {
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port),
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
			continue;
		struct timeval deadline = { .tv_sec = DEADLINE_S }; /* for accept, too */
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline)), 0);
		assert_int_equal(listen(fd, 4), 0);
		*ret_port = port;
		return fd;
	}
	fail_msg("no free port");
	return -1;
}

static void ignore(void *arg)
{
	(void)arg;
}

static void an_attempt_that_ends_as_its_peer_does_holds_up_no_other(void **state)
{
	char endpoint[64];
	uint16_t port = 0;
	(void)state;
	listener = listen_on(&port);
	(void)snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%u", port);
	l.context = zmq_ctx_new();
	assert_int_equal(pump_open(&loop, &l.pump), 0);
	for (int attempt = 0; attempt < 2; attempt++) { /* the second is the other one */
		struct pump_socket socket = { .zmq = zmq_socket(l.context, ZMQ_DEALER), .in = ignore };
		struct pump_socket monitor = { .in = ignore };
		int again_ms = 1;
		link_socket_options(socket.zmq);
		assert_int_equal(zmq_setsockopt(socket.zmq, ZMQ_RECONNECT_IVL, &again_ms, sizeof(again_ms)), 0);
		assert_int_equal(link_watch(&l, socket.zmq, &monitor), 0);
		assert_int_equal(zmq_connect(socket.zmq, endpoint), 0);
		assert_int_equal(pump_add(l.pump, &socket), 0);
		peer = meet();
		ends = 0;
		link_unwatch(&l, &socket, &monitor);
		assert_int_equal(ends, ENDS);
	}
	pump_close(l.pump);
	assert_int_equal(zmq_ctx_term(l.context), 0);
	(void)close(listener);
}

/* ---- looking up ---- */

static sem_t asked, may_answer;
static atomic_bool holds;

/* This program's own comes before the C library's. It holds libuv's thread; ZeroMQ reads numbers with it, too. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	if (atomic_exchange(&holds, false)) {
		ST_REQUIRE(sem_post(&asked) == 0);
		while (sem_wait(&may_answer) < 0)
			;
	}
	__typeof__(&getaddrinfo) next = (__typeof__(next))dlsym(RTLD_NEXT, "getaddrinfo");
	return next(node, service, hints, res);
}

static void hold_look_ups(void)
{
	assert_int_equal(sem_init(&asked, 0, 0), 0);
	assert_int_equal(sem_init(&may_answer, 0, 0), 0);
	atomic_store(&holds, true);
}

static unsigned failures;
void __wrap_link_up_failed(struct link *of, int rc);
void __wrap_link_up_failed(struct link *of, int rc)
{
	(void)of;
	(void)rc;
	failures++;
}

static void a_look_up_comes_back_to_no_attempt_that_has_ended(void **state)
{
	static struct link then;
	(void)state;
	hold_look_ups();
	(void)snprintf(l.up.address, sizeof(l.up.address), "tcp://127.0.0.1:%d", PORT_FIRST);
	assert_int_equal(link_dial(&l), 0);
	while (sem_wait(&asked) < 0)
		;
	link_dial_drop(&l);
	then = l;
	assert_int_equal(sem_post(&may_answer), 0);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(failures, 0);
	assert_memory_equal(&l, &then, sizeof(l));
}

static unsigned joined;

static void on_joined(void *arg, int rc)
{
	(void)arg;
	assert_int_equal(rc, ST_EBUSY);
	joined++;
}

static void a_look_up_comes_back_to_no_join_that_has_ended(void **state)
{
	struct st_invite invite = { .expires_ms = INT64_MAX };
	(void)state;
	hold_look_ups();
	(void)snprintf(invite.address, sizeof(invite.address), "tcp://127.0.0.1:%d", PORT_FIRST);
	(void)snprintf(invite.child.text, sizeof(invite.child.text), "410611");
	assert_int_equal(link_join(&l, &invite, on_joined, NULL), 0);
	while (sem_wait(&asked) < 0)
		;
	link_join_close(&l);
	assert_int_equal(joined, 1);
	assert_null(l.join);
	assert_int_equal(sem_post(&may_answer), 0);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(joined, 1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(an_attempt_that_ends_as_its_peer_does_holds_up_no_other),
		EACH(a_look_up_comes_back_to_no_attempt_that_has_ended),
		EACH(a_look_up_comes_back_to_no_join_that_has_ended),
	};
	return cmocka_run_group_tests(tests, group_setup, NULL);
}
