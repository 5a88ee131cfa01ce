/* link_state.h - what the sources of the link share. */
#pragma once
#include "frames.h"
#include "link.h"
#include "pump.h"
#include "zap.h"

enum {
	LINK_PROMPT_MAX = 16 * 1024, /* what is larger takes turns at the writer with the rest */
	LINK_LATER_MAX = 256,        /* jobs that wait for room at the writer, each of some 16 KiB */
};

struct child {
	struct st_code code;
	uint32_t number;
	bool enrolled;
	uint8_t route[64]; /* ROUTER's name of its newest connection */
	size_t route_size; /* 0: never heard */
	struct st_downlink *session;
	struct frames frames;
	bool linked;
	struct push_job *pending, **pending_end; /* pushes that the writer had no room for */
	struct push_job *bulk;                   /* of its backlog, at the writer or pending */
	struct link *link;
	struct child *next;
};

struct receipts_job;
struct join;

struct link {
	struct link_conf conf;
	void *context;
	struct pump *pump;
	struct zap *zap;
	struct st_self self;
	uint64_t refusals[REFUSALS_MAX];
	struct {
		struct job *first, **end;
		size_t count;
	} later;

	/* up */
	struct {
		struct pump_socket socket, monitor;
		struct st_uplink *session;
		struct st_retry *retry;
		struct frames frames;
		uv_timer_t *timer; /* wait, attempt and session */
		uv_getaddrinfo_t *resolving;
		enum up_state state;
		bool paused;
		int why;
		uint64_t since_ms, deadline_ms;
		char address[ST_ADDRESS_MAX + 1];
		struct receipts_job *receipts; /* being gathered */
		uv_timer_t *receipts_timer;
		bool receipts_lost; /* some found no room: only greeting brings them again */
		bool failed; /* a frame found no room: the session ends at the next chance */
	} up;

	/* down */
	struct {
		struct pump_socket socket;
		struct child *children, *turn; /* turn: whose it is to be granted of the pool; NULL: the first */
		struct st_pool pool;
		bool listening;
		uv_timer_t *timer;
	} down;

	struct join *join;
};

struct st_now link_now(const struct link *l);
void link_count(struct link *l, int code);
const char *link_code_text(int code);
/* Counts and says what a neighbour brought and was refused. */
void link_refused(struct link *l, const char *neighbour, unsigned times, int code);
/* Options that each socket of ours has. */
void link_socket_options(void *socket);

/* link_later.c: submits j, or keeps it until the writer has room. ST_EBUSY: too many wait; the caller still owns j. */
void link_later_open(struct link *l);
ST_MUST int link_submit(struct link *l, struct job *j);
void link_later_submit(struct link *l); /* there may be room again */
void link_later_close(struct link *l);  /* answers each with ST_EBUSY */

int link_up_open(struct link *l);
void link_up_close(struct link *l);
int link_up_reload(struct link *l);
void link_up_applied(struct link *l, const struct st_applied *applied);

/* A connection, or an attempt, is over; another follows. */
void link_up_failed(struct link *l, int rc);
void link_up_enter(struct link *l, enum up_state state);
/* When the timer fires: the state's time is up, or the session wants to be called. */
void link_up_arm(struct link *l, uint64_t at_ms);

/* link_dial.c: one attempt. < 0: it is over before it began. */
ST_MUST int link_dial(struct link *l);
void link_dial_drop(struct link *l);

/* link_session.c: between the session and the socket. */
void link_session_calls(struct st_uplink_to *to);
void link_session_begins(struct link *l); /* the handshake is done */
void link_session_tick(struct link *l);
void link_session_grown(struct link *l, const struct st_applied *applied);
void link_session_in(void *link); /* the socket has something to read, or room */
void link_session_out(void *link);

int link_receipts_open(struct link *l);
void link_receipts_close(struct link *l);
/* The session's: receipts came. */
void link_receipts_take(void *arg, const struct st_receipt_in *receipts, size_t count);

int link_down_open(struct link *l);
void link_down_close(struct link *l);
int link_down_reload(struct link *l);
/* Hands receipts that were stored to the child that they concern. */
void link_down_receipts(struct link *l, const struct st_receipt_in *receipts, const bool *stored,
			size_t count);
void link_down_applied(struct link *l, const struct st_applied *applied);
void link_down_room(struct link *l); /* the writer may take what a child has brought */

/* link_push.c: what the child brings. The session's calls but for its frames. */
void link_push_calls(struct st_downlink_to *to);
/* Those that the writer had no room for are tried again. */
void link_push_pending(struct child *c);
void link_push_drop(struct child *c); /* the same, given up */
/* Credit to each child in turn, beginning behind the one that got some last. */
void link_push_grant(struct link *l);

/* link_dial.c: what a socket's connection comes to, zmq_socket_monitor(3); monitor: with its `in` and `arg`. ST_EIO. */
ST_MUST int link_watch(struct link *l, void *socket, struct pump_socket *monitor);
uint16_t link_watched(struct pump_socket *monitor); /* the next event; 0: none now */
void link_unwatch(struct link *l, struct pump_socket *socket, struct pump_socket *monitor); /* both are closed */
