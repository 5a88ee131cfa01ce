/* link_dial.c - one attempt to reach the parent: its address, a socket, the handshake.
 *
 * Owns:    the DEALER socket, its monitor, and the address that is being looked up.
 * Promise: 5: one attempt is one socket; nothing of it outlives the attempt.
 * Flow:    address -> DEALER -> parent; monitor -> session, link */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>
#include "link_state.h"

/* The socket is told first: whoever has an event for a monitor that has gone waits for another to come, and that is ZeroMQ's
 * only I/O thread, for ever. */
void link_unwatch(struct link *l, struct pump_socket *socket, struct pump_socket *monitor)
{
	if (socket->zmq != NULL)
		(void)zmq_socket_monitor(socket->zmq, NULL, 0);
	pump_drop(l->pump, monitor);
	pump_drop(l->pump, socket);
}

void link_dial_drop(struct link *l)
{
	link_unwatch(l, &l->up.socket, &l->up.monitor);
	frames_clear(&l->up.frames);
	l->up.failed = false;
	if (l->up.resolving != NULL) {
		l->up.resolving->data = NULL; /* a look-up that runs can't be cancelled, and may outlive this link */
		(void)uv_cancel((uv_req_t *)l->up.resolving);
	}
	l->up.resolving = NULL;
}

int link_watch(struct link *l, void *socket, struct pump_socket *monitor)
{
	static unsigned watched;
	char endpoint[64];
	(void)snprintf(endpoint, sizeof(endpoint), "inproc://watched-%u", watched++);
	if (zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ALL) < 0)
		return ST_EIO;
	monitor->zmq = zmq_socket(l->context, ZMQ_PAIR);
	if (monitor->zmq == NULL || zmq_connect(monitor->zmq, endpoint) < 0 || pump_add(l->pump, monitor) < 0)
		return ST_EIO;
	return 0;
}

uint16_t link_watched(struct pump_socket *monitor)
{
	uint8_t event[6];
	char endpoint[256];
	uint16_t kind = 0;
	if (monitor->zmq == NULL || zmq_recv(monitor->zmq, event, sizeof(event), ZMQ_DONTWAIT) != sizeof(event))
		return 0;
	memcpy(&kind, event, sizeof(kind));
	(void)zmq_recv(monitor->zmq, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
	return kind;
}

static void on_monitor(void *arg)
{
	struct link *l = arg;
	uint16_t kind;
	while ((kind = link_watched(&l->up.monitor)) != 0) {
		switch (kind) {
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			link_session_begins(l);
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
	int immediate = 1;
	void *s = zmq_socket(l->context, ZMQ_DEALER);
	if (s == NULL)
		return ST_ENOMEM;
	l->up.socket = (struct pump_socket){ .zmq = s, .in = link_session_in, .out = link_session_out, .arg = l };
	link_socket_options(s);
	(void)zmq_setsockopt(s, ZMQ_IMMEDIATE, &immediate, sizeof(immediate));
	(void)zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, l->conf.keys->transport.public.bytes, ST_KEY_SIZE);
	(void)zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, l->conf.keys->transport.secret, ST_KEY_SIZE);
	l->up.monitor = (struct pump_socket){ .in = on_monitor, .arg = l };
	int rc = link_watch(l, s, &l->up.monitor);
	return rc == 0 && pump_add(l->pump, &l->up.socket) < 0 ? ST_EIO : rc;
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
	link_up_enter(l, UP_CONNECTING);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct link *l = request->data;
	char host[64], port[8]; /* numeric */
	if (l == NULL) { /* the attempt is over */
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
int link_dial(struct link *l)
{
	char host[ST_ADDRESS_MAX + 1], port[ST_PORT_ROOM];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int rc = st_address_split(l->up.address, host, port);
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
