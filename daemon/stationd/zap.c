/* zap.c - the answer to "may this key connect?" (rfc.zeromq.org/spec/27).
 *
 * Owns:    the table of admitted keys.
 * Promise: 3 and 8: no socket of ours takes a connection that this hasn't admitted.
 * Flow:    ZeroMQ -> zap; stations, invites -> zap */
#include "zap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include <station/base/check.h>
#include <station/base/error.h>

/* The header hides it among the drafts, but the library of Debian 12 obeys it. */
enum { ENFORCE_DOMAIN = 93, FRAMES = 7, FRAME_MAX = 256, SELF_TEST_MS = 3000 };
static const char DOMAIN[] = "stationd";

struct zap {
	void *context;
	struct pump *pump;
	struct pump_socket socket;
	struct zap_key *keys;
	size_t count;
	uint64_t refused;
};

struct request {
	uint8_t frames[FRAMES][FRAME_MAX];
	size_t sizes[FRAMES];
	size_t count;
};

static bool receive(void *socket, struct request *r)
{
	int more = 1;
	size_t size = sizeof(more);
	r->count = 0;
	while (more != 0) {
		uint8_t spare[FRAME_MAX];
		uint8_t *to = r->count < FRAMES ? r->frames[r->count] : spare;
		int n = zmq_recv(socket, to, FRAME_MAX, ZMQ_DONTWAIT);
		if (n < 0)
			return false;
		if (r->count < FRAMES)
			r->sizes[r->count] = n > FRAME_MAX ? FRAME_MAX : (size_t)n;
		r->count++;
		(void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
	}
	return true;
}

static const struct zap_key *find(const struct zap *z, const struct request *r)
{
	if (r->count != FRAMES || r->sizes[5] != 5 || memcmp(r->frames[5], "CURVE", 5) != 0 ||
	    r->sizes[6] != ST_KEY_SIZE)
		return NULL;
	for (size_t i = 0; i < z->count; i++)
		if (memcmp(z->keys[i].key.bytes, r->frames[6], ST_KEY_SIZE) == 0)
			return &z->keys[i];
	return NULL;
}

static void answer(struct zap *z, const struct request *r)
{
	const struct zap_key *key = find(z, r);
	const char *status = key == NULL ? "300" : key->user[0] == 0 ? "400" : "200";
	const char *text = key == NULL ? "unknown key" : key->user[0] == 0 ? "revoked key" : "";
	const char *user = key == NULL ? "" : key->user;
	z->refused += strcmp(status, "200") != 0;
	(void)zmq_send(z->socket.zmq, "1.0", 3, ZMQ_SNDMORE);
	(void)zmq_send(z->socket.zmq, r->frames[1], r->count > 1 ? r->sizes[1] : 0, ZMQ_SNDMORE);
	(void)zmq_send(z->socket.zmq, status, 3, ZMQ_SNDMORE);
	(void)zmq_send(z->socket.zmq, text, strlen(text), ZMQ_SNDMORE);
	(void)zmq_send(z->socket.zmq, user, strlen(user), ZMQ_SNDMORE);
	(void)zmq_send(z->socket.zmq, "", 0, 0);
}

static void on_in(void *arg)
{
	struct zap *z = arg;
	struct request r;
	while (receive(z->socket.zmq, &r))
		answer(z, &r);
}

int zap_open(void *context, struct pump *pump, struct zap **ret_z)
{
	struct zap *z = calloc(1, sizeof(*z));
	if (z == NULL)
		return ST_ENOMEM;
	z->context = context;
	z->pump = pump;
	z->socket = (struct pump_socket){ .in = on_in, .arg = z };
	z->socket.zmq = zmq_socket(context, ZMQ_REP);
	if (z->socket.zmq == NULL || zmq_bind(z->socket.zmq, "inproc://zeromq.zap.01") < 0 ||
	    pump_add(pump, &z->socket) < 0) {
		zap_close(z);
		return ST_EIO;
	}
	*ret_z = z;
	return 0;
}

void zap_close(struct zap *z)
{
	if (z == NULL)
		return;
	pump_drop(z->pump, &z->socket);
	free(z->keys);
	free(z);
}

void zap_admit(struct zap *z, struct zap_key *keys, size_t count)
{
	free(z->keys);
	z->keys = keys;
	z->count = count;
}

int zap_guard(void *socket, const struct st_box_key *transport)
{
	int yes = 1;
	if (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, transport->secret, ST_KEY_SIZE) < 0 ||
	    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, DOMAIN, sizeof(DOMAIN) - 1) < 0 ||
	    zmq_setsockopt(socket, ENFORCE_DOMAIN, &yes, sizeof(yes)) < 0)
		return ST_EIO;
	return 0;
}

/* A stranger knocks; the handler must be asked and say no. */
static bool stranger_refused(struct zap *z, void *stranger, const char *endpoint,
			     const struct st_box_key *transport)
{
	char public[41], secret[41];
	uint64_t before = z->refused;
	if (zmq_curve_keypair(public, secret) < 0 ||
	    zmq_setsockopt(stranger, ZMQ_CURVE_SERVERKEY, transport->public.bytes, ST_KEY_SIZE) < 0 ||
	    zmq_setsockopt(stranger, ZMQ_CURVE_PUBLICKEY, public, 41) < 0 ||
	    zmq_setsockopt(stranger, ZMQ_CURVE_SECRETKEY, secret, 41) < 0 ||
	    zmq_connect(stranger, endpoint) < 0)
		return false;
	zmq_pollitem_t item = { .socket = z->socket.zmq, .events = ZMQ_POLLIN };
	for (int turns = 0; turns < 8 && z->refused == before; turns++)
		if (zmq_poll(&item, 1, SELF_TEST_MS) > 0)
			on_in(z);
		else
			break;
	return z->refused > before;
}

int zap_self_test(struct zap *z, const struct st_box_key *transport)
{
	int none = 0;
	char endpoint[64];
	size_t size = sizeof(endpoint);
	void *server = zmq_socket(z->context, ZMQ_ROUTER), *stranger = zmq_socket(z->context, ZMQ_DEALER);
	bool right = server != NULL && stranger != NULL && zap_guard(server, transport) == 0 &&
		     zmq_bind(server, "tcp://127.0.0.1:*") == 0 &&
		     zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 &&
		     stranger_refused(z, stranger, endpoint, transport);
	if (server != NULL) {
		(void)zmq_setsockopt(server, ZMQ_LINGER, &none, sizeof(none));
		(void)zmq_close(server);
	}
	if (stranger != NULL) {
		(void)zmq_setsockopt(stranger, ZMQ_LINGER, &none, sizeof(none));
		(void)zmq_close(stranger);
	}
	return right ? 0 : ST_EIO;
}
