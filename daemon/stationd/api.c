/* api.c - requests, from their first byte to their answer, as microhttpd brings them.
 *
 * Owns:    the requests of every listener.
 * Promise: 8 and 9: bodies and requests are bounded; rubbish gets an answer.
 * Flow:    listener -> request -> routes -> request -> listener */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "http.h"

void http_ended(void *cls, struct MHD_Connection *connection, void **con_cls,
		enum MHD_RequestTerminationCode code)
{
	struct api *a = cls;
	struct request *q = *con_cls;
	struct connection *c = http_connection_of(connection);
	(void)code;
	if (c != NULL) {
		c->since_ms = uv_now(&a->station->loop);
		c->working = false;
	}
	if (q == NULL)
		return;
	for (struct request **at = &a->requests; *at != NULL; at = &(*at)->next) {
		if (*at != q)
			continue;
		*at = q->next;
		a->count--;
		break;
	}
	if (q->work_free != NULL)
		q->work_free(q->work);
	st_buf_done(&q->body);
	st_buf_done(&q->answer);
	free(q->path);
	free(q);
	*con_cls = NULL;
}

static struct request *new_request(struct api *a, struct MHD_Connection *connection,
				   const char *url)
{
	struct request *q = a->count == API_REQUESTS_MAX ? NULL : calloc(1, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->station = a->station;
	q->api = a;
	q->shortages = api_shortages();
	q->connection = connection;
	q->path = strdup(url);
	if (q->path == NULL) {
		free(q);
		return NULL;
	}
	st_buf_init(&q->body, a->conf.body_max);
	st_buf_init(&q->answer, 64 * 1024 * 1024);
	q->next = a->requests;
	a->requests = q;
	a->count++;
	return q;
}

static void run_route(struct request *q, const char *method)
{
	bool other_method = false;
	struct connection *c = http_connection_of(q->connection);
	q->routed = true;
	if (c != NULL)
		c->working = true;
	q->route = q->api->conf.route(method, q->path, &q->rest, &other_method);
	int rc = q->route == NULL ? ST_ENOTFOUND : q->body.error < 0 ? q->body.error : q->api->ending ? ST_EBUSY : q->route->fn(q);
	if (q->route == NULL)
		(void)api_place(q, rc, q->path);
	if (rc < 0 && !q->answered)
		(void)api_refuse(q, rc);
	if (q->route == NULL && other_method)
		q->status = 405;
	if (q->body.error == ST_ETOOBIG)
		q->status = 413;
}

static enum MHD_Result send_answer(struct request *q)
{
	struct connection *c = http_connection_of(q->connection);
	if (c != NULL)
		c->working = false; /* the time that is left is for taking the answer */
	if (q->api->conf.answering != NULL)
		q->api->conf.answering(q);
	bool reserve = q->reserve != NULL;
	ST_REQUIRE(reserve || (q->answer.error == 0 && q->answer.size > 0));
	void *data = reserve ? (void *)(uintptr_t)q->reserve : q->answer.data;
	struct MHD_Response *r = MHD_create_response_from_buffer(
		reserve ? strlen(q->reserve) : q->answer.size, data,
		reserve ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
	if (r == NULL)
		return MHD_NO; /* ends the connection, and its other end knows that nothing was answered */
	(void)MHD_add_response_header(r, "Content-Type", q->type);
	if (q->status == 503 || q->status == 429)
		(void)MHD_add_response_header(r, "Retry-After", q->status == 503 ? "1" : "10");
	if (q->status == 401)
		(void)MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	enum MHD_Result result = MHD_queue_response(q->connection, q->status, r);
	MHD_destroy_response(r);
	return result;
}

enum MHD_Result http_request(void *cls, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload_data,
			     size_t *upload_data_size, void **con_cls)
{
	struct request *q = *con_cls;
	(void)version;
	if (q == NULL) {
		q = new_request(cls, connection, url);
		*con_cls = q;
		if (q == NULL)
			return MHD_NO;
		q->method = method;
		if (q->api->conf.gate != NULL)
			q->api->conf.gate(q);
		return q->answered ? send_answer(q) : MHD_YES;
	}
	if (*upload_data_size > 0) {
		st_buf_put(&q->body, upload_data, *upload_data_size);
		*upload_data_size = 0;
		return MHD_YES;
	}
	if (!q->routed)
		run_route(q, method);
	return q->answered ? send_answer(q) : MHD_YES;
}

const char *api_header(struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

const struct sockaddr *api_peer(struct request *q)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info == NULL ? NULL : info->client_addr;
}

int api_submit(struct request *q, struct job *j)
{
	int rc = writer_submit(q->station->writer, j);
	if (rc == 0)
		api_keep(q);
	return rc;
}

const char *api_argument(struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct arguments {
	api_argument_fn *fn;
	void *arg;
};

static enum MHD_Result each_argument(void *cls, enum MHD_ValueKind kind, const char *key,
				     const char *value)
{
	struct arguments *a = cls;
	(void)kind;
	a->fn(key, value == NULL ? "" : value, a->arg);
	return MHD_YES;
}

void api_each_argument(struct request *q, api_argument_fn *fn, void *arg)
{
	struct arguments a = { fn, arg };
	(void)MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, each_argument, &a);
}
