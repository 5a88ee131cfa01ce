/* pump.h - ZeroMQ sockets on a libuv loop.
 * A socket's file descriptor only says that something may have changed; ZMQ_EVENTS alone is the
 * truth, and any call may use the edge up. So all sockets are asked once a turn of the loop. */
#pragma once
#include <stdbool.h>
#include <uv.h>

struct pump;
struct pump_socket {
	void *zmq;
	void (*in)(void *arg);  /* reads at most a turn's share, by time; more comes next turn */
	void (*out)(void *arg); /* called while wants_out or tries_out; may be NULL */
	void *arg;
	bool wants_out; /* the loop turns for it as long as the socket takes messages from anybody */
	bool tries_out; /* for a peer that takes none just now: on each turn that comes anyhow, and seldom besides */
	/* the pump's own */
	uv_poll_t *poll;
	struct pump_socket *next;
};

int pump_open(uv_loop_t *loop, struct pump **ret_p);
int pump_add(struct pump *p, struct pump_socket *s); /* s stays the caller's */
/* Takes it out, and closes the ZeroMQ socket with no linger. */
void pump_drop(struct pump *p, struct pump_socket *s);
void pump_close(struct pump *p); /* all sockets dropped before */
/* When the share of a turn that begins now is over, as uv_hrtime counts. It is of time, since a frame may be a
 * word or a push of many events: a clerk's request comes to the loop several times, and waits for each. */
uint64_t pump_share_ends(void);
