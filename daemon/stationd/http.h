/* http.h - what the sources of the HTTP server share: requests (api.c), their turns on the loop
 * (http_turn.c), and listeners with their connections (http_listen.c). */
#pragma once
#include <microhttpd.h>
#include "api.h"

/* A connection of a listener that cuts slow ones off. */
struct connection {
	int fd; /* the server's: only shut down here */
	uint64_t since_ms;
	bool working, cut; /* working: its request is whole, and waits for us */
	struct connection *next;
};

struct api {
	struct station *station;
	struct api_conf conf;
	struct MHD_Daemon *http;
	struct connection *connections;
	unsigned cuts;
	uv_poll_t *poll;
	uv_timer_t *timer;
	struct request *requests;
	size_t count;
	bool ending;  /* what comes now is refused: whoever waits can't be closed */
	bool closing; /* the loop doesn't run it any more */
};

/* http_turn.c: the server's socket has something for it. */
void http_on_poll(uv_poll_t *poll, int status, int events);

/* http_listen.c: NULL: of a listener that cuts nobody off. */
struct connection *http_connection_of(struct MHD_Connection *connection);

/* api.c: microhttpd's calls. */
enum MHD_Result http_request(void *cls, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload_data,
			     size_t *upload_data_size, void **con_cls);
void http_ended(void *cls, struct MHD_Connection *connection, void **con_cls,
		enum MHD_RequestTerminationCode code);
