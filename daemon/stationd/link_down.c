/* link_down.c - the connections of the children: one ROUTER, one session each.
 *
 * Owns:    which connection speaks for which child.
 * Promise: 8: a child's rubbish is refused and counted, and its siblings never notice.
 * Flow:    child -> ROUTER -> downlink -> link_push -> writer -> downlink -> ROUTER -> child */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <station/base/check.h>
#include "link_join.h"
#include "link_state.h"
#include "say.h"

enum { FRAMES_PER_TURN = 64, LOOK_MS = 5000, SILENT_FACTOR = 3 };

static struct child *child_of(struct link *l, const char *code)
{
	for (struct child *c = l->down.children; c != NULL; c = c->next)
		if (strcmp(c->code.text, code) == 0)
			return c;
	return NULL;
}

static void queue_frame(void *arg, struct st_span frame, bool bulk)
{
	struct child *c = arg;
	if (frames_push(&c->frames, frame, bulk) < 0) {
		/* A child that doesn't read loses its session; its next hello begins another. */
		frames_clear(&c->frames);
		c->route_size = 0;
	}
	c->link->down.socket.wants_out = true;
}

static int open_session(struct child *c)
{
	struct link *l = c->link;
	struct st_downlink_self self = {
		.station = l->self.station.certificate.code,
		.child = c->code,
		.station_number = l->self.station.number,
		.child_number = c->number,
	};
	struct st_downlink_to to = { .arg = c, .frame = queue_frame };
	link_push_calls(&to);
	memcpy(self.incarnation, l->self.incarnation, sizeof(self.incarnation));
	return st_downlink_new(&self, &to, &l->down.pool, &c->session);
}

/* false: ZeroMQ takes no more for it just now. */
static bool send_frames(struct child *c)
{
	void *router = c->link->down.socket.zmq;
	struct st_span frame;
	for (int i = 0; i < FRAMES_PER_TURN && frames_peek(&c->frames, &frame); i++) {
		int rc = c->route_size == 0
				 ? -1
				 : zmq_send(router, c->route, c->route_size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
		if (rc < 0 && c->route_size != 0 && zmq_errno() == EAGAIN)
			return false;
		if (rc < 0) { /* it has gone: a new hello brings it back */
			frames_clear(&c->frames);
			return true;
		}
		(void)zmq_send(router, frame.data, frame.size, ZMQ_DONTWAIT);
		frames_pop(&c->frames);
	}
	return true;
}

/* A ROUTER takes messages as long as it takes one for anybody: the loop turns only for a child that has them taken. */
static void on_out(void *arg)
{
	struct link *l = arg;
	struct pump_socket *s = &l->down.socket;
	s->wants_out = s->tries_out = false;
	for (struct child *c = l->down.children; c != NULL; c = c->next) {
		bool taken = send_frames(c), left = !frames_empty(&c->frames);
		s->wants_out |= left && taken;
		s->tries_out |= left && !taken;
	}
}

/* One message: who sent it by ZeroMQ's name and by ours, and what. */
struct incoming {
	uint8_t route[64];
	size_t route_size;
	char user[ZAP_USER_MAX];
	struct st_span body;
	zmq_msg_t frame;
};

/* The User-Id stands on the body's frame; on the route's it may be missing. */
static bool receive(struct link *l, struct incoming *m)
{
	int more = 0;
	size_t size = sizeof(more);
	int n = zmq_recv(l->down.socket.zmq, m->route, sizeof(m->route), ZMQ_DONTWAIT);
	if (n < 0)
		return false;
	m->route_size = (size_t)n < sizeof(m->route) ? (size_t)n : 0;
	m->user[0] = 0;
	m->body = ST_SPAN_NONE;
	(void)zmq_msg_init(&m->frame);
	for (unsigned parts = 1;; parts++) {
		(void)zmq_getsockopt(l->down.socket.zmq, ZMQ_RCVMORE, &more, &size);
		if (more == 0) {
			if (parts != 2)
				m->user[0] = 0; /* not one body: nobody of ours sends such */
			return true;
		}
		if (zmq_msg_recv(&m->frame, l->down.socket.zmq, ZMQ_DONTWAIT) < 0)
			return true;
		const char *user = zmq_msg_gets(&m->frame, "User-Id");
		if (parts == 1 && user != NULL)
			(void)snprintf(m->user, sizeof(m->user), "%s", user);
		m->body = st_span(zmq_msg_data(&m->frame), zmq_msg_size(&m->frame));
	}
}

/* A hello begins a session on the connection that it came by; anything else must come by that one. */
static bool is_hello(struct st_span body)
{
	return body.size > 0 && body.data[0] == 0x0a; /* proto Frame's first field */
}

static void refuse_stranger(struct link *l, const struct incoming *m, int code)
{
	struct st_buf out;
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	f.u.refusal.code = code;
	link_refused(l, m->user[0] ? m->user : "?", 1, code);
	st_buf_init(&out, ST_FRAME_MAX);
	if (st_frame_encode(&f, &out) == 0 &&
	    zmq_send(l->down.socket.zmq, m->route, m->route_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		(void)zmq_send(l->down.socket.zmq, out.data, out.size, ZMQ_DONTWAIT);
	st_buf_done(&out);
}

static void take_message(struct link *l, struct st_txn *t, const struct incoming *m)
{
	struct st_now now = link_now(l);
	struct st_downlink_info info;
	if (strncmp(m->user, "invite:", 7) == 0) {
		link_join_request(l, m->route, m->route_size, m->user + 7, m->body);
		return;
	}
	struct child *c = child_of(l, m->user);
	if (c == NULL || !c->enrolled || c->session == NULL) {
		refuse_stranger(l, m, c == NULL ? ST_EORIGIN : ST_EREVOKED);
		return;
	}
	bool same = c->route_size == m->route_size && memcmp(c->route, m->route, m->route_size) == 0;
	if (!same && !is_hello(m->body))
		return; /* of a connection that a newer one has replaced */
	if (!same) {
		frames_clear(&c->frames);
		memcpy(c->route, m->route, m->route_size);
		c->route_size = m->route_size;
	}
	uint64_t given = l->down.pool.given;
	(void)st_downlink_frame(c->session, t, &now, m->body);
	if (l->down.pool.given < given)
		link_push_grant(l);
	st_downlink_info(c->session, &info);
	if (info.state == ST_DOWNLINK_LINKED && !c->linked) {
		c->linked = true;
		say(SAY_CHILD_LINKED, c->code.text, NULL, NULL);
		l->conf.moved(l->conf.arg);
	}
}

static int read_messages(struct st_txn *t, void *arg)
{
	struct link *l = arg;
	struct incoming m;
	uint64_t ends = pump_share_ends();
	while (uv_hrtime() < ends && receive(l, &m)) {
		if (m.user[0] == 0 || m.body.data == NULL || m.route_size == 0)
			link_count(l, ST_EWIRE);
		else
			take_message(l, t, &m);
		(void)zmq_msg_close(&m.frame);
	}
	return 0;
}

static void on_in(void *arg)
{
	struct link *l = arg;
	int rc = st_store_read(l->conf.store, read_messages, l);
	if (rc < 0)
		link_count(l, rc);
}

static void on_timer(uv_timer_t *timer)
{
	struct link *l = timer->data;
	uint64_t silent_ms = l->conf.config->ping_s * 1000 * SILENT_FACTOR;
	for (struct child *c = l->down.children; c != NULL; c = c->next) {
		struct st_downlink_info info;
		if (c->session == NULL || !c->linked)
			continue;
		st_downlink_info(c->session, &info);
		if (link_now_ms(l) < info.heard_ms + silent_ms)
			continue;
		c->linked = false;
		st_downlink_lost(c->session);
		link_push_grant(l);
		say_seldom(link_now_ms(l), SAY_CHILD_SILENT, c->code.text, NULL, NULL);
	}
}

int link_down_open(struct link *l)
{
	uint64_t pool = l->conf.config->child_pool_kib * 1024;
	l->down.pool.size = pool < ST_SHARE_MIN ? ST_SHARE_MIN : pool;
	l->down.timer = calloc(1, sizeof(*l->down.timer));
	if (l->down.timer == NULL)
		return ST_ENOMEM;
	ST_REQUIRE(uv_timer_init(l->conf.loop, l->down.timer) == 0);
	l->down.timer->data = l;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

void link_down_close(struct link *l)
{
	pump_drop(l->pump, &l->down.socket);
	while (l->down.children != NULL) {
		struct child *c = l->down.children;
		l->down.children = c->next;
		link_push_drop(c);
		st_downlink_free(c->session);
		frames_clear(&c->frames);
		free(c);
	}
	if (l->down.timer != NULL)
		uv_close((uv_handle_t *)l->down.timer, on_timer_closed);
}

static int listen_at(struct link *l)
{
	int yes = 1;
	const char *address = l->conf.config->listen;
	void *s = zmq_socket(l->context, ZMQ_ROUTER);
	if (s == NULL)
		return ST_ENOMEM;
	link_socket_options(s);
	(void)zmq_setsockopt(s, ZMQ_ROUTER_MANDATORY, &yes, sizeof(yes));
	l->down.socket = (struct pump_socket){ .zmq = s, .in = on_in, .out = on_out, .arg = l };
	if (zap_guard(s, &l->conf.keys->transport) < 0)
		return ST_EIO;
	if (zmq_bind(s, address) < 0) {
		say(SAY_LISTEN_FAILED, address, st_file_error_text(zmq_errno(), say_lang()), NULL);
		return ST_EADDRESS;
	}
	if (pump_add(l->pump, &l->down.socket) < 0)
		return ST_EIO;
	l->down.listening = true;
	(void)uv_timer_start(l->down.timer, on_timer, LOOK_MS, LOOK_MS);
	say(SAY_LISTENING, address, NULL, NULL);
	return 0;
}

static int load_child(const struct st_station *s, void *arg)
{
	struct link *l = arg;
	if (s->parent != l->self.station.number)
		return 0;
	struct child *c = child_of(l, s->certificate.code.text);
	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL)
			return ST_ENOMEM;
		c->code = s->certificate.code;
		c->number = s->number;
		c->link = l;
		c->pending_end = &c->pending;
		int rc = open_session(c);
		if (rc < 0) { /* the next reload tries again */
			free(c);
			return rc;
		}
		c->next = l->down.children;
		l->down.children = c;
	}
	c->enrolled = s->standing == ST_ENROLLED;
	return 0;
}

static int load_children(struct st_txn *t, void *arg)
{
	return st_station_each(t, load_child, arg);
}

int link_down_reload(struct link *l)
{
	int rc = st_store_read(l->conf.store, load_children, l);
	if (rc == 0 && !l->down.listening && l->conf.config->listen[0] != 0)
		rc = listen_at(l);
	if (rc < 0 && !l->down.listening)
		pump_drop(l->pump, &l->down.socket);
	return rc;
}

static int carry_all(struct st_txn *t, void *arg)
{
	struct link *l = arg;
	for (struct child *c = l->down.children; c != NULL; c = c->next) {
		int rc = c->session == NULL ? 0 : st_downlink_carry(c->session, t);
		if (rc < 0)
			link_count(l, rc); /* the next one that is addressed, or the next greeting, tries again */
	}
	return 0;
}

void link_down_room(struct link *l)
{
	for (struct child *c = l->down.children; c != NULL; c = c->next)
		link_push_pending(c);
}

void link_down_applied(struct link *l, const struct st_applied *applied)
{
	int rc = applied->addressed ? st_store_read(l->conf.store, carry_all, l) : 0;
	if (rc < 0)
		link_count(l, rc);
}

struct handing {
	struct link *link;
	const struct st_receipt_in *receipts;
	const bool *stored;
	size_t count;
};

static int hand_down(struct st_txn *t, void *arg)
{
	struct handing *h = arg;
	for (size_t i = 0; i < h->count; i++) {
		uint32_t number = 0, branch = 0;
		if (!h->stored[i] || st_station_number(t, &h->receipts[i].log.station, &number) < 0 ||
		    st_station_branch_of(t, number, h->link->self.station.number, &branch) < 0)
			continue;
		for (struct child *c = h->link->down.children; c != NULL; c = c->next)
			if (c->number == branch && c->session != NULL)
				st_downlink_receipts(c->session, &h->receipts[i], 1);
	}
	return 0;
}

void link_down_receipts(struct link *l, const struct st_receipt_in *receipts, const bool *stored,
			size_t count)
{
	struct handing h = { l, receipts, stored, count };
	int rc = l->down.children == NULL ? 0 : st_store_read(l->conf.store, hand_down, &h);
	if (rc < 0)
		link_count(l, rc); /* the next greeting tells them all */
}

void link_each_child(const struct link *l, link_child_fn *fn, void *arg)
{
	for (const struct child *c = l->down.children; c != NULL; c = c->next) {
		struct child_info info = { .code = c->code, .linked = c->linked && c->enrolled };
		if (c->session != NULL)
			st_downlink_info(c->session, &info.session);
		fn(&info, arg);
	}
}
