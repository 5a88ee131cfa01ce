/* link.c - opening, reloading and closing the links.
 *
 * Owns:    the ZeroMQ context, and the table of who may connect.
 * Flow:    stationd -> link -> up, down, join */
#include "link.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>
#include <station/base/check.h>
#include <station/store/outside.h>
#include "link_state.h"
#include "say.h"

uint64_t link_now_ms(const struct link *l)
{
	return uv_now(l->conf.loop) + 1; /* never 0 */
}

struct st_now link_now(const struct link *l)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (struct st_now){ .mono_ms = link_now_ms(l),
				.wall_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 };
}

void link_count(struct link *l, int code)
{
	int at = -code;
	if (at > 0 && at < REFUSALS_MAX)
		l->refusals[at]++;
}

const char *link_code_text(int code)
{
	return st_error_text(code, say_lang());
}

void link_refused(struct link *l, const char *neighbour, unsigned times, int code)
{
	for (unsigned i = 0; i < times; i++)
		link_count(l, code);
	if (times > 0)
		say_seldom(link_now_ms(l), SAY_REFUSED, neighbour, st_error_name(code), link_code_text(code));
}

void link_socket_options(void *socket)
{
	const struct {
		int option, value;
	} options[] = {
		{ ZMQ_LINGER, 0 },
		{ ZMQ_IPV6, 1 },
		{ ZMQ_SNDHWM, 8 }, /* what is urgent waits behind no more than these */
		{ ZMQ_RCVHWM, 64 },
		{ ZMQ_HANDSHAKE_IVL, 10000 },
		{ ZMQ_CONNECT_TIMEOUT, 10000 },
		{ ZMQ_RECONNECT_IVL, -1 },
		{ ZMQ_TCP_KEEPALIVE, 1 },
		{ ZMQ_TCP_KEEPALIVE_IDLE, 60 },
		{ ZMQ_TCP_KEEPALIVE_INTVL, 15 },
		{ ZMQ_TCP_KEEPALIVE_CNT, 4 },
		{ ZMQ_TCP_MAXRT, 60000 },
	};
	int64_t most = ST_FRAME_MAX;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int rc = zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int));
		st_assert(rc == 0);
		(void)rc;
	}
	(void)zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof(most));
}

struct admitting {
	struct link *link;
	struct zap_key *keys;
	size_t count, room;
	int64_t now_ms;
};

static int admit(struct admitting *a, const struct st_public_key *key, const char *prefix,
		 const char *user)
{
	if (a->count == a->room) {
		size_t room = a->room == 0 ? 64 : a->room * 2;
		struct zap_key *keys = room > ZAP_KEYS_MAX ? NULL : realloc(a->keys, room * sizeof(*keys));
		if (keys == NULL)
			return ST_ENOMEM;
		a->keys = keys;
		a->room = room;
	}
	struct zap_key *to = &a->keys[a->count++];
	to->key = *key;
	(void)snprintf(to->user, sizeof(to->user), "%s%s", prefix, user);
	return 0;
}

static int admit_station(const struct st_station *s, void *arg)
{
	struct admitting *a = arg;
	if (s->parent != a->link->self.station.number)
		return 0;
	return admit(a, &s->certificate.transport, "",
		     s->standing == ST_ENROLLED ? s->certificate.code.text : "");
}

static int admit_invite(const struct st_invite_row *i, void *arg)
{
	struct admitting *a = arg;
	bool late = i->expires_ms < a->now_ms && !i->used; /* told so */
	return admit(a, &i->key, late ? "" : "invite:", late ? "" : i->child.text);
}

static int admit_all(struct st_txn *t, void *arg)
{
	struct admitting *a = arg;
	int rc = st_station_each(t, admit_station, a);
	return rc < 0 ? rc : st_invite_each(t, admit_invite, a);
}

static int reload_keys(struct link *l)
{
	struct admitting a = { .link = l, .now_ms = (int64_t)link_now(l).wall_ms };
	int rc = st_store_read(l->conf.store, admit_all, &a);
	if (rc < 0) {
		free(a.keys);
		return rc;
	}
	zap_admit(l->zap, a.keys, a.count);
	return 0;
}

int link_open(const struct link_conf *conf, struct link **ret_l)
{
	struct link *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ST_ENOMEM;
	l->conf = *conf;
	link_later_open(l);
	l->context = zmq_ctx_new();
	int rc = l->context == NULL ? ST_ENOMEM : pump_open(conf->loop, &l->pump);
	if (rc == 0)
		rc = zap_open(l->context, l->pump, &l->zap);
	if (rc == 0 && zap_self_test(l->zap, &conf->keys->transport) < 0) {
		say(SAY_ZAP_FAILED, NULL, NULL, NULL);
		rc = ST_EIO;
	}
	if (rc == 0)
		rc = link_up_open(l);
	if (rc == 0)
		rc = link_down_open(l);
	if (rc < 0) {
		link_close(l);
		return rc;
	}
	*ret_l = l;
	return 0;
}

void link_close(struct link *l)
{
	if (l == NULL)
		return;
	link_join_close(l);
	link_later_close(l);
	link_up_close(l);
	link_down_close(l);
	zap_close(l->zap);
	pump_close(l->pump);
	if (l->context != NULL)
		(void)zmq_ctx_term(l->context);
	free(l);
}

int link_reload(struct link *l, const struct st_self *self)
{
	l->self = *self;
	if (!self->set_up)
		return 0;
	int rc = reload_keys(l);
	int down = rc == 0 ? link_down_reload(l) : 0; /* whom nobody can reach goes on, and up */
	if (rc == 0)
		rc = link_up_reload(l);
	return rc < 0 ? rc : down;
}

void link_room(struct link *l)
{
	link_later_submit(l);
	link_down_room(l);
}

void link_applied(struct link *l, const struct st_applied *applied)
{
	link_up_applied(l, applied);
	link_down_applied(l, applied);
	l->conf.moved(l->conf.arg);
}

const uint64_t *link_refusals(const struct link *l)
{
	return l->refusals;
}
