/* link_join.c - joining: a station that has an invite asks, its parent certifies.
 *
 * Owns:    the one connection on which a station without a certificate may speak.
 * Promise: 3: the answer is taken only if its root is the one whose fingerprint the invite carries.
 * Flow:    invite -> Join -> parent's enrol -> Joined -> adopt */
#include "link_join.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <station/base/check.h>
#include "say.h"

enum { JOIN_MS = 15 * 1000, CHAIN_BYTES = ST_DEPTH_MAX * (ST_CERTIFICATE_MAX + 2) };

/* ---- the child's side ---- */

struct join {
	struct link *link;
	struct st_invite invite;
	link_joined_fn *done;
	void *arg;
	struct pump_socket socket, monitor;
	uv_timer_t *timer;
	uv_getaddrinfo_t *resolving;
	struct job job;
	struct st_buf request, answer;
	struct st_arena arena;
	struct st_frame frame;
	bool reached, connected, adopting;
};

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

static void join_free(struct join *j)
{
	link_unwatch(j->link, &j->socket, &j->monitor);
	if (j->timer != NULL)
		uv_close((uv_handle_t *)j->timer, on_timer_closed);
	if (j->resolving != NULL)
		j->resolving->data = NULL;
	st_buf_done(&j->request);
	st_buf_done(&j->answer);
	st_arena_done(&j->arena);
	st_wipe(&j->invite, sizeof(j->invite));
	free(j);
}

static void finish(struct join *j, int rc)
{
	link_joined_fn *done = j->done;
	void *arg = j->arg;
	j->link->join = NULL;
	join_free(j);
	done(arg, rc);
}

static void adopted(struct job *job)
{
	finish(job->arg, job->work.rc);
}

static int adopt(struct join *j, const struct st_joined *joined)
{
	struct st_hash fingerprint = st_root_fingerprint(&joined->root);
	struct st_job_adopt *to = &j->job.work.u.adopt;
	if (!st_hash_equal(&fingerprint, &j->invite.root_fingerprint))
		return ST_ECHAIN;
	j->job.work.kind = ST_JOB_ADOPT;
	j->job.arg = j;
	j->job.done = adopted;
	j->job.bytes = sizeof(*j);
	to->root = joined->root;
	to->chain_count = joined->count;
	for (size_t i = 0; i < joined->count; i++)
		to->chain[i] = joined->certificates[i];
	to->parent_address = st_span_text(j->invite.address);
	int rc = writer_submit(j->link->conf.writer, &j->job);
	j->adopting = rc == 0;
	return rc;
}

static void on_in(void *arg)
{
	struct join *j = arg;
	uint8_t bytes[ST_FRAME_MAX];
	int n = zmq_recv(j->socket.zmq, bytes, sizeof(bytes), ZMQ_DONTWAIT);
	if (n < 0 || j->adopting)
		return;
	st_buf_clear(&j->answer); /* what adopt borrows must stay while the writer works */
	st_buf_put(&j->answer, bytes, (size_t)n < sizeof(bytes) ? (size_t)n : sizeof(bytes));
	st_arena_reset(&j->arena);
	int rc = j->answer.error;
	if (rc == 0)
		rc = st_frame_decode(st_buf_span(&j->answer), &j->arena, &j->frame);
	if (rc == 0 && j->frame.kind == ST_FRAME_REFUSAL)
		rc = j->frame.u.refusal.code;
	else if (rc == 0)
		rc = j->frame.kind == ST_FRAME_JOINED ? adopt(j, &j->frame.u.joined) : ST_EWIRE;
	if (rc < 0)
		finish(j, rc);
}

static void on_out(void *arg)
{
	struct join *j = arg;
	if (zmq_send(j->socket.zmq, j->request.data, j->request.size, ZMQ_DONTWAIT) < 0)
		return;
	j->connected = true;
	j->socket.wants_out = false;
}

static void on_timer(uv_timer_t *timer)
{
	struct join *j = timer->data;
	if (!j->adopting)
		finish(j, j->connected ? ST_ESILENT : j->reached ? ST_EINVITE : ST_EADDRESS);
}

static int put_request(struct join *j)
{
	const struct st_keys *keys = j->link->conf.keys;
	struct st_enrol_request r = { keys->identity.public, keys->transport.public,
				      keys->grant.public };
	struct st_frame f = { .kind = ST_FRAME_JOIN };
	struct st_buf request;
	st_buf_init(&request, ST_CERTIFICATE_MAX);
	st_enrol_request_encode(&r, &keys->identity, &request);
	f.u.join = (struct st_join){ .station = j->invite.child, .request = st_buf_span(&request) };
	int rc = request.error < 0 ? request.error : st_frame_encode(&f, &j->request);
	st_buf_done(&request);
	return rc;
}

/* The parent lets in only the keys of invites that hold. To a key that it doesn't know it says nothing at all. */
static void on_monitor(void *arg)
{
	struct join *j = arg;
	uint16_t kind;
	while ((kind = link_watched(&j->monitor)) != 0) {
		j->reached |= kind == ZMQ_EVENT_CONNECTED;
		if (j->adopting || (kind != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL && kind != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH))
			continue;
		finish(j, ST_EINVITE);
		return;
	}
}

static int dial(struct join *j, const char *host, const char *port)
{
	char endpoint[128];
	struct st_box_key key;
	int immediate = 1;
	bool v6 = strchr(host, ':') != NULL;
	j->socket = (struct pump_socket){ .in = on_in, .out = on_out, .arg = j, .wants_out = true };
	j->socket.zmq = zmq_socket(j->link->context, ZMQ_DEALER);
	if (j->socket.zmq == NULL)
		return ST_ENOMEM;
	link_socket_options(j->socket.zmq);
	st_invite_key(&j->invite, &key);
	(void)zmq_setsockopt(j->socket.zmq, ZMQ_IMMEDIATE, &immediate, sizeof(immediate));
	(void)zmq_setsockopt(j->socket.zmq, ZMQ_CURVE_SERVERKEY, j->invite.parent_transport.bytes,
			     ST_KEY_SIZE);
	(void)zmq_setsockopt(j->socket.zmq, ZMQ_CURVE_PUBLICKEY, key.public.bytes, ST_KEY_SIZE);
	(void)zmq_setsockopt(j->socket.zmq, ZMQ_CURVE_SECRETKEY, key.secret, ST_KEY_SIZE);
	st_wipe(&key, sizeof(key));
	(void)snprintf(endpoint, sizeof(endpoint), "tcp://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
		       port);
	j->monitor = (struct pump_socket){ .in = on_monitor, .arg = j };
	int rc = link_watch(j->link, j->socket.zmq, &j->monitor);
	if (rc == 0 && zmq_connect(j->socket.zmq, endpoint) < 0)
		rc = ST_EADDRESS;
	return rc < 0 ? rc : pump_add(j->link->pump, &j->socket);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct join *j = request->data;
	char host[64], port[8]; /* numeric */
	int rc = ST_EADDRESS;
	if (j != NULL) {
		j->resolving = NULL;
		if (status == 0 && found != NULL &&
		    getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), port, sizeof(port),
				NI_NUMERICHOST | NI_NUMERICSERV) == 0)
			rc = dial(j, host, port);
	}
	uv_freeaddrinfo(found);
	free(request);
	if (j != NULL && rc < 0)
		finish(j, rc);
}

static int resolve(struct join *j)
{
	char host[ST_ADDRESS_MAX + 1], port[ST_PORT_ROOM];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int rc = st_address_split(j->invite.address, host, port);
	if (rc < 0)
		return rc;
	j->resolving = calloc(1, sizeof(*j->resolving));
	if (j->resolving == NULL)
		return ST_ENOMEM;
	j->resolving->data = j;
	if (uv_getaddrinfo(j->link->conf.loop, j->resolving, on_resolved, host, port, &hints) != 0) {
		free(j->resolving);
		j->resolving = NULL;
		return ST_EADDRESS;
	}
	return 0;
}

int link_join(struct link *l, const struct st_invite *invite, link_joined_fn *done, void *arg)
{
	if (l->join != NULL)
		return ST_EBUSY;
	if (l->self.set_up)
		return ST_EEXIST;
	if (invite->expires_ms < (int64_t)link_now(l).wall_ms)
		return ST_EEXPIRED;
	struct join *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ST_ENOMEM;
	j->link = l;
	j->invite = *invite;
	j->done = done;
	j->arg = arg;
	st_buf_init(&j->request, ST_FRAME_MAX);
	st_buf_init(&j->answer, ST_FRAME_MAX);
	j->timer = calloc(1, sizeof(*j->timer));
	int rc = j->timer == NULL ? ST_ENOMEM : st_arena_init(&j->arena, ST_FRAME_ARENA);
	if (j->timer != NULL) {
		ST_REQUIRE(uv_timer_init(l->conf.loop, j->timer) == 0);
		j->timer->data = j;
		(void)uv_timer_start(j->timer, on_timer, JOIN_MS, 0);
	}
	if (rc == 0)
		rc = put_request(j);
	if (rc == 0)
		rc = resolve(j);
	if (rc < 0) {
		join_free(j);
		return rc;
	}
	l->join = j;
	return 0;
}

void link_join_close(struct link *l)
{
	if (l != NULL && l->join != NULL && !l->join->adopting)
		finish(l->join, ST_EBUSY);
}

/* ---- the parent's side ---- */

struct enrolling {
	struct job job;
	struct link *link;
	uint8_t route[64];
	size_t route_size;
	struct st_buf chain;
	struct st_span request;
	uint8_t request_bytes[ST_CERTIFICATE_MAX];
};

static void answer(struct link *l, const struct enrolling *e, const struct st_frame *f)
{
	struct st_buf out;
	if (l->down.socket.zmq == NULL)
		return;
	st_buf_init(&out, ST_FRAME_MAX);
	if (st_frame_encode(f, &out) == 0 &&
	    zmq_send(l->down.socket.zmq, e->route, e->route_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
		(void)zmq_send(l->down.socket.zmq, out.data, out.size, ZMQ_DONTWAIT);
	st_buf_done(&out);
}

static void refuse(struct link *l, const struct enrolling *e, const char *child, int code)
{
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	f.u.refusal.code = code;
	link_count(l, code);
	say_seldom(link_now_ms(l), SAY_REFUSED, child, st_error_name(code), link_code_text(code));
	answer(l, e, &f);
}

static void enrolled(struct job *j)
{
	struct enrolling *e = j->arg;
	const char *child = j->work.u.enrol.child.text;
	struct st_span certificates[ST_DEPTH_MAX];
	struct st_frame f = { .kind = ST_FRAME_JOINED };
	struct st_reader r = st_reader(st_buf_span(&e->chain));
	if (j->work.rc < 0) {
		refuse(e->link, e, child, j->work.rc);
	} else {
		f.u.joined.root = e->link->self.root;
		f.u.joined.certificates = certificates;
		while (r.rest.size > 0 && f.u.joined.count < ST_DEPTH_MAX) {
			uint16_t size = st_read_u16(&r);
			certificates[f.u.joined.count++] = st_read_span(&r, size);
		}
		answer(e->link, e, &f);
		say(SAY_CHILD_JOINED, child, NULL, NULL);
	}
	st_buf_done(&e->chain);
	free(e);
}

static int key_of_invite(struct st_txn *t, void *arg)
{
	struct st_job_enrol *job = arg;
	struct st_invite_row row;
	int rc = st_invite_get(t, &job->child, &row);
	if (rc == 0)
		job->invite_key = row.key; /* ZAP admitted the connection under this very key */
	return rc;
}

static int read_request(struct enrolling *e, const char *child, struct st_span body)
{
	struct st_arena arena;
	struct st_frame f;
	int rc = st_arena_init(&arena, ST_FRAME_ARENA);
	if (rc < 0)
		return rc;
	rc = st_frame_decode(body, &arena, &f);
	if (rc == 0 && f.kind != ST_FRAME_JOIN)
		rc = ST_ESTATE; /* an invite lets its bearer say one thing only */
	if (rc == 0 && strcmp(f.u.join.station.text, child) != 0)
		rc = ST_ESUBTREE;
	if (rc == 0) {
		memcpy(e->request_bytes, f.u.join.request.data, f.u.join.request.size);
		e->request = st_span(e->request_bytes, f.u.join.request.size);
		e->job.work.u.enrol.child = f.u.join.station;
	}
	st_arena_done(&arena);
	return rc;
}

void link_join_request(struct link *l, const uint8_t *route, size_t route_size, const char *child,
		       struct st_span body)
{
	struct enrolling *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return;
	e->link = l;
	memcpy(e->route, route, route_size);
	e->route_size = route_size;
	st_buf_init(&e->chain, CHAIN_BYTES);
	e->job.arg = e;
	e->job.done = enrolled;
	e->job.bytes = sizeof(*e);
	e->job.work.kind = ST_JOB_ENROL;
	int rc = read_request(e, child, body);
	e->job.work.u.enrol.request = e->request;
	e->job.work.u.enrol.chain = &e->chain;
	if (rc == 0)
		rc = st_store_read(l->conf.store, key_of_invite, &e->job.work.u.enrol);
	if (rc == 0)
		rc = writer_submit(l->conf.writer, &e->job);
	if (rc < 0) {
		refuse(l, e, child, rc);
		st_buf_done(&e->chain);
		free(e);
	}
}
