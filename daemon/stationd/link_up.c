/* link_up.c - the connection to the parent: one attempt is one socket.
 *
 * Owns:    the DEALER socket, its monitor, and when to try again.
 * Promise: 5: whatever happens to a connection, it is thrown away whole and tried anew.
 * Flow:    uplink -> frames -> DEALER -> parent -> DEALER -> uplink */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <zmq.h>
#include <station/base/check.h>
#include <station/sync/retry.h>
#include "link_state.h"
#include "say.h"

enum { FRAMES_PER_TURN = 64, SKEW_MAX_MS = 300 * 1000 };

struct carry_job {
	struct job job;
	struct link *link;
	struct st_inbound_carry *in;
};

static void run(struct link *l);

static void enter(struct link *l, enum up_state state)
{
	l->up.state = state;
	l->up.since_ms = link_now_ms(l);
}

static void on_timer(uv_timer_t *timer);

/* Fires when the state's time is up, or when the session wants to be called. Never within this turn of
 * the loop: libuv runs a timer that its own callback has set to 0 again and again, and nothing else. */
static void arm(struct link *l, uint64_t at_ms)
{
	uint64_t now = link_now_ms(l);
	(void)uv_timer_start(l->up.timer, on_timer, at_ms > now ? at_ms - now : 1, 0);
}

static void arm_session(struct link *l)
{
	uint64_t at = st_uplink_next_ms(l->up.session);
	if (at != 0)
		arm(l, at);
}

static void drop_sockets(struct link *l)
{
	pump_drop(l->pump, &l->up.monitor);
	pump_drop(l->pump, &l->up.socket);
	frames_clear(&l->up.frames);
	l->up.failed = false;
	if (l->up.resolving != NULL)
		(void)uv_cancel((uv_req_t *)l->up.resolving);
	l->up.resolving = NULL;
}

void link_up_failed(struct link *l, int rc)
{
	struct st_now now = link_now(l);
	uint32_t random = 0;
	bool was_linked = l->up.state == UP_LINKED;
	drop_sockets(l);
	st_uplink_lost(l->up.session, &now);
	l->up.why = rc;
	if (was_linked)
		say_seldom(now.mono_ms, SAY_UP_LOST, l->self.station.certificate.parent.text,
			   link_code_text(rc), NULL);
	else if (rc == ST_EWIRE || rc == ST_ESIGNATURE || rc == ST_ESTATE || rc == ST_EVERSION)
		say_seldom(now.mono_ms, SAY_UP_NONSENSE, l->self.station.certificate.parent.text,
			   link_code_text(rc), NULL);
	if (rc == ST_EWIRE || rc == ST_ESIGNATURE || rc == ST_ESTATE || rc == ST_EVERSION)
		link_count(l, rc);
	if (l->up.paused) {
		enter(l, UP_PAUSED);
		return;
	}
	(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
	enter(l, UP_WAITING);
	arm(l, now.mono_ms + st_retry_failed(l->up.retry, now.mono_ms, random));
	l->conf.moved(l->conf.arg);
}

static void queue_frame(void *arg, struct st_span frame, bool bulk)
{
	struct link *l = arg;
	if (frames_push(&l->up.frames, frame, bulk) < 0)
		l->up.failed = true; /* a gap in what we say would confuse both: begin again */
	l->up.socket.wants_out = true;
}

static void carry_done(struct job *j)
{
	struct carry_job *c = j->arg;
	struct link *l = c->link;
	struct st_now now = link_now(l);
	const struct st_job_carry *carry = &j->work.u.carry;
	const char *parent = l->self.station.certificate.parent.text;
	if (j->work.rc == 0) {
		link_refused(l, parent, carry->refused, carry->why);
		link_refused(l, parent, carry->heads.refused, carry->heads.why);
	}
	st_uplink_carried(l->up.session, c->in, &now, j->work.rc);
	free(c);
	if (l->up.state == UP_LINKED || l->up.state == UP_GREETING)
		arm_session(l);
	l->conf.moved(l->conf.arg);
}

/* What can't be queued now is answered as what can't be stored: it is asked for again. */
static void take_carry(void *arg, struct st_inbound_carry *in)
{
	struct link *l = arg;
	struct st_now now = link_now(l);
	struct carry_job *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		st_uplink_carried(l->up.session, in, &now, ST_ENOMEM);
		return;
	}
	c->link = l;
	c->in = in;
	c->job.arg = c;
	c->job.done = carry_done;
	c->job.bytes = sizeof(*c) + in->raw_size;
	c->job.patient = true;
	c->job.bulk = in->raw_size > LINK_PROMPT_MAX; /* none passes another: one is on its way at a time */
	c->job.work.kind = ST_JOB_CARRY;
	c->job.work.u.carry.carry = in->carry;
	if (writer_submit(l->conf.writer, &c->job) == 0)
		return;
	free(c);
	st_uplink_carried(l->up.session, in, &now, ST_EBUSY);
}

static void halt_done(struct job *j)
{
	free(j);
}

static void take_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	struct link *l = arg;
	char size[64];
	struct job *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return; /* the next greeting says it again */
	j->done = halt_done;
	j->bytes = sizeof(*j);
	j->work.kind = ST_JOB_HALT;
	j->work.u.halt = (struct st_job_halt){ .theirs = *theirs, .cosignature = *c };
	if (writer_submit(l->conf.writer, j) < 0)
		free(j);
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)theirs->size);
	say_seldom(link_now_ms(l), SAY_HALTED, size, NULL, NULL);
}

static void on_out(void *arg)
{
	struct link *l = arg;
	struct st_span frame;
	for (int i = 0; i < FRAMES_PER_TURN && frames_peek(&l->up.frames, &frame); i++) {
		if (zmq_send(l->up.socket.zmq, frame.data, frame.size, ZMQ_DONTWAIT) < 0)
			return; /* full, or not connected: later */
		frames_pop(&l->up.frames);
	}
	l->up.socket.wants_out = !frames_empty(&l->up.frames);
}

/* The session changed, or may have: what follows from it. */
static void settle(struct link *l, int rc)
{
	struct st_uplink_info info;
	if (rc == 0 && l->up.failed)
		rc = ST_EBUSY;
	if (rc < 0) {
		link_up_failed(l, rc);
		return;
	}
	st_uplink_info(l->up.session, &info);
	if (info.state == ST_UPLINK_LINKED && l->up.state != UP_LINKED) {
		enter(l, UP_LINKED);
		l->up.why = 0;
		st_retry_linked(l->up.retry, link_now_ms(l));
		say(SAY_UP_LINKED, info.parent.text, NULL, NULL);
		if (info.skew_ms > SKEW_MAX_MS || info.skew_ms < -SKEW_MAX_MS) {
			char seconds[32];
			(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)info.skew_ms / 1000);
			say_seldom(link_now_ms(l), SAY_SKEWED, seconds, NULL, NULL);
		}
		l->conf.moved(l->conf.arg);
	}
	arm_session(l);
}

/* A step of the session within one snapshot. */
struct step {
	struct link *link;
	enum { STEP_LINKED, STEP_TICK, STEP_READ, STEP_GROWN } kind;
	const struct st_applied *applied;
};

static int read_frames(struct link *l, struct st_txn *t)
{
	uint8_t bytes[ST_FRAME_MAX];
	for (int i = 0; i < FRAMES_PER_TURN; i++) {
		struct st_now now = link_now(l);
		int more = 0;
		size_t size = sizeof(more);
		int n = zmq_recv(l->up.socket.zmq, bytes, sizeof(bytes), ZMQ_DONTWAIT);
		if (n < 0)
			return 0;
		(void)zmq_getsockopt(l->up.socket.zmq, ZMQ_RCVMORE, &more, &size);
		if (more != 0 || (size_t)n > sizeof(bytes))
			return ST_EWIRE;
		int rc = st_uplink_frame(l->up.session, t, &now, st_span(bytes, (size_t)n));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int do_step(struct st_txn *t, void *arg)
{
	struct step *s = arg;
	struct link *l = s->link;
	struct st_now now = link_now(l);
	uint32_t logs[ST_GROWN_MAX];
	switch (s->kind) {
	case STEP_LINKED: return st_uplink_linked(l->up.session, t, &now);
	case STEP_TICK:   return st_uplink_tick(l->up.session, t, &now);
	case STEP_READ:   return read_frames(l, t);
	case STEP_GROWN:
		for (size_t i = 0; i < s->applied->grown_count; i++)
			logs[i] = s->applied->grown[i].log;
		return st_uplink_grown(l->up.session, t, &now, logs, s->applied->grown_count);
	}
	return 0;
}

static void on_in(void *arg)
{
	struct link *l = arg;
	struct step s = { .link = l, .kind = STEP_READ };
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

static void session_begins(struct link *l)
{
	struct step s = { .link = l, .kind = STEP_LINKED };
	enter(l, UP_GREETING);
	l->up.receipts_lost = false;
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

/* What the socket's monitor says of its one connection: zmq_socket_monitor(3). */
static void on_monitor(void *arg)
{
	struct link *l = arg;
	uint8_t event[6];
	char endpoint[256];
	while (l->up.monitor.zmq != NULL &&
	       zmq_recv(l->up.monitor.zmq, event, sizeof(event), ZMQ_DONTWAIT) == 6) {
		uint16_t kind;
		memcpy(&kind, event, sizeof(kind));
		(void)zmq_recv(l->up.monitor.zmq, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
		switch (kind) {
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			session_begins(l);
			break;
		case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
			link_up_failed(l, ST_EREVOKED);
			return;
		case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
			link_up_failed(l, ST_EWIRE);
			return;
		case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: /* cut, or silent, before it was done */
			link_up_failed(l, ST_ESILENT);
			return;
		case ZMQ_EVENT_DISCONNECTED:
		case ZMQ_EVENT_CLOSED:
			link_up_failed(l, l->up.state == UP_CONNECTING ? ST_EADDRESS : ST_ESILENT);
			return;
		default:
			break;
		}
	}
}

static int open_sockets(struct link *l)
{
	static unsigned attempts;
	char endpoint[64];
	int immediate = 1;
	void *s = zmq_socket(l->context, ZMQ_DEALER);
	if (s == NULL)
		return ST_ENOMEM;
	l->up.socket = (struct pump_socket){ .zmq = s, .in = on_in, .out = on_out, .arg = l };
	link_socket_options(s);
	(void)zmq_setsockopt(s, ZMQ_IMMEDIATE, &immediate, sizeof(immediate));
	(void)zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, l->conf.keys->transport.public.bytes, ST_KEY_SIZE);
	(void)zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, l->conf.keys->transport.secret, ST_KEY_SIZE);
	(void)snprintf(endpoint, sizeof(endpoint), "inproc://up-%u", attempts++);
	if (zmq_socket_monitor(s, endpoint, ZMQ_EVENT_ALL) < 0 || pump_add(l->pump, &l->up.socket) < 0)
		return ST_EIO;
	l->up.monitor = (struct pump_socket){ .in = on_monitor, .arg = l };
	l->up.monitor.zmq = zmq_socket(l->context, ZMQ_PAIR);
	if (l->up.monitor.zmq == NULL || zmq_connect(l->up.monitor.zmq, endpoint) < 0 ||
	    pump_add(l->pump, &l->up.monitor) < 0)
		return ST_EIO;
	return 0;
}

static int find_parent(struct st_txn *t, void *arg)
{
	struct link *l = arg;
	struct st_station parent;
	int rc = st_station_get(t, l->self.station.parent, &parent);
	if (rc == 0 && zmq_setsockopt(l->up.socket.zmq, ZMQ_CURVE_SERVERKEY,
				      parent.certificate.transport.bytes, ST_KEY_SIZE) < 0)
		rc = ST_EIO;
	return rc;
}

static void connect_to(struct link *l, const char *host, const char *port)
{
	char endpoint[128];
	bool v6 = strchr(host, ':') != NULL;
	(void)snprintf(endpoint, sizeof(endpoint), "tcp://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
		       port);
	int rc = open_sockets(l);
	if (rc == 0)
		rc = st_store_read(l->conf.store, find_parent, l);
	if (rc == 0 && zmq_connect(l->up.socket.zmq, endpoint) < 0)
		rc = ST_EADDRESS;
	if (rc < 0) {
		link_up_failed(l, rc);
		return;
	}
	enter(l, UP_CONNECTING);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct link *l = request->data;
	char host[64], port[8]; /* numeric */
	if (l == NULL || l->up.resolving != request) { /* cancelled: the attempt is over */
		uv_freeaddrinfo(found);
		free(request);
		return;
	}
	l->up.resolving = NULL;
	bool good = status == 0 && found != NULL &&
		    getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), port, sizeof(port),
				NI_NUMERICHOST | NI_NUMERICSERV) == 0;
	uv_freeaddrinfo(found);
	free(request);
	if (good)
		connect_to(l, host, port);
	else
		link_up_failed(l, ST_EADDRESS);
}

/* ZeroMQ would resolve on its only I/O thread, and hold up every other connection with it. */
static int resolve(struct link *l)
{
	char host[ST_ADDRESS_MAX + 1], port[8];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int rc = link_split(l->up.address, host, port);
	uv_getaddrinfo_t *request = rc < 0 ? NULL : calloc(1, sizeof(*request));
	if (request == NULL)
		return rc < 0 ? rc : ST_ENOMEM;
	request->data = l;
	if (uv_getaddrinfo(l->conf.loop, request, on_resolved, host, port, &hints) != 0) {
		free(request);
		return ST_EADDRESS;
	}
	l->up.resolving = request;
	return 0;
}

static void attempt(struct link *l)
{
	enter(l, UP_RESOLVING);
	l->up.deadline_ms = link_now_ms(l) + ST_RETRY_ATTEMPT_MS;
	arm(l, l->up.deadline_ms);
	int rc = resolve(l);
	if (rc < 0)
		link_up_failed(l, rc);
}

static void on_timer(uv_timer_t *timer)
{
	struct link *l = timer->data;
	struct step s = { .link = l, .kind = STEP_TICK };
	switch (l->up.state) {
	case UP_NONE:
	case UP_PAUSED:
		return;
	case UP_WAITING:
		attempt(l);
		return;
	case UP_RESOLVING:
	case UP_CONNECTING:
		if (link_now_ms(l) >= l->up.deadline_ms)
			link_up_failed(l, ST_ESILENT);
		else
			arm(l, l->up.deadline_ms);
		return;
	case UP_GREETING:
	case UP_LINKED:
		settle(l, st_store_read(l->conf.store, do_step, &s));
		return;
	}
}

int link_up_open(struct link *l)
{
	l->up.timer = calloc(1, sizeof(*l->up.timer));
	l->up.retry = calloc(1, sizeof(*l->up.retry));
	if (l->up.timer == NULL || l->up.retry == NULL)
		return ST_ENOMEM;
	ST_REQUIRE(uv_timer_init(l->conf.loop, l->up.timer) == 0);
	l->up.timer->data = l;
	return link_receipts_open(l);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

void link_up_close(struct link *l)
{
	if (l->up.resolving != NULL)
		l->up.resolving->data = NULL;
	drop_sockets(l);
	if (l->up.timer != NULL)
		uv_close((uv_handle_t *)l->up.timer, on_timer_closed);
	link_receipts_close(l);
	free(l->up.retry);
	st_uplink_free(l->up.session);
}

static int load_address(struct st_txn *t, void *arg)
{
	struct link *l = arg;
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_PARENT, l->up.address, sizeof(l->up.address) - 1, &size);
	if (rc == 0)
		l->up.address[size] = 0;
	return rc;
}

static void run(struct link *l)
{
	if (l->up.paused) {
		enter(l, UP_PAUSED);
		return;
	}
	attempt(l);
}

int link_up_reload(struct link *l)
{
	struct st_uplink_self self = {
		.station = l->self.station.certificate.code,
		.parent = l->self.station.certificate.parent,
		.identity = l->conf.keys->identity.public,
		.log = l->self.log,
		.ping_ms = (uint32_t)(l->conf.config->ping_s * 1000),
	};
	struct st_uplink_to to = { .arg = l, .frame = queue_frame, .receipts = link_receipts_take,
				   .carry = take_carry, .halt = take_halt };
	if (l->up.session != NULL || l->self.station.certificate.tier == ST_MAIN)
		return 0;
	int rc = st_store_read(l->conf.store, load_address, l);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	memcpy(self.incarnation, l->self.incarnation, sizeof(self.incarnation));
	rc = st_uplink_new(&self, &to, &l->up.session);
	if (rc == 0)
		run(l);
	return rc;
}

void link_up_applied(struct link *l, const struct st_applied *applied)
{
	struct step s = { .link = l, .kind = STEP_GROWN, .applied = applied };
	if (l->up.session == NULL || applied->grown_count == 0 ||
	    (l->up.state != UP_LINKED && l->up.state != UP_GREETING))
		return;
	settle(l, st_store_read(l->conf.store, do_step, &s));
}

void link_pause(struct link *l, bool pause)
{
	if (l->up.paused == pause)
		return;
	l->up.paused = pause;
	if (l->up.session == NULL)
		return;
	if (pause)
		link_up_failed(l, 0);
	else
		attempt(l);
}

void link_up_info(const struct link *l, struct up_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->state = l->up.session == NULL ? UP_NONE : l->up.state;
	ret_info->why = l->up.why;
	ret_info->since_ms = l->up.since_ms;
	memcpy(ret_info->address, l->up.address, sizeof(ret_info->address));
	if (l->up.session != NULL)
		st_uplink_info(l->up.session, &ret_info->session);
}
