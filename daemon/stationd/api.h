/* api.h - the control API: HTTP and JSON over a Unix socket, on the loop.
 * A route answers at once, or keeps its request and answers later; no request ever holds up the loop. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <station/base/bytes.h>
#include "station.h"

struct MHD_Connection;
struct sockaddr;
struct api;
struct request;

/* Called when a body is complete. 0: answered, or kept; < 0: refused with that code, and q->place. */
typedef int route_fn(struct request *q);
struct route {
	const char *method, *path; /* a path that ends in '/' takes what follows as q->rest */
	route_fn *fn;
};

enum { API_BODY_MAX = 1024 * 1024 + 64 * 1024, API_PLACE_MAX = 256, API_REQUESTS_MAX = 128 };
enum { API_SOURCE_MAX = 41 };

struct request {
	struct station *station;
	const struct route *route;
	const char *rest;
	struct st_buf body;
	char place[API_PLACE_MAX];
	const char *zh, *en;             /* why it is refused, where an error's own words say less; NULL */
	void *work;                      /* a route's own, freed by work_free when the request ends */
	void (*work_free)(void *work);
	/* what waits for something to move: asked again after each change. True: it has answered. */
	bool (*again)(struct request *q);
	uint64_t deadline_ms;            /* of again */
	char source[API_SOURCE_MAX];     /* of the online listener: whose token it came with */
	void *address;                   /*   and what is kept of the address that it came from */
	/* the server's own */
	struct api *api;
	struct MHD_Connection *connection;
	const char *method;
	char *path;
	unsigned status;
	struct st_buf answer;
	const char *reserve;             /* instead of answer, when there was no memory for one; NULL */
	unsigned shortages;              /* api_shortages() as it began */
	const char *type;
	bool answered, suspended, routed;
	struct request *next;
};

int api_open(struct station *s, struct api **ret_a); /* at the control socket */
void api_close(struct api *a);

/* A listener with routes and bounds of its own. */
struct api_conf {
	int socket;              /* listening; the listener's from now on, even on failure */
	unsigned connections, per_address; /* at most; per_address 0: any number */
	unsigned idle_s;
	/* A request that isn't answered so long after the one before it, or after the connection, is cut
	 * off, however busy its sender looks; 0: never. */
	uint64_t request_ms;
	size_t body_max;
	const struct route *(*route)(const char *method, const char *path, const char **ret_rest,
				     bool *ret_other_method);
	void (*gate)(struct request *q);      /* the head is here, the body isn't: it may answer */
	void (*answering)(struct request *q); /* an answer is about to leave. NULL: nobody looks */
};
int api_listen(struct station *s, const struct api_conf *conf, struct api **ret_a);
unsigned api_cut(const struct api *a); /* connections cut off for being slow */
/* Of a request's head; NULL: not there. */
const char *api_header(struct request *q, const char *name);
const struct sockaddr *api_peer(struct request *q);
void api_moved(struct api *a); /* something changed: who waits is asked again */

/* The route of a path, and what follows it; NULL: none, or none of that method. */
const struct route *api_route(const char *method, const char *path, const char **ret_rest,
			      bool *ret_other_method);
bool api_path_fits(const struct route *r, const char *path, const char **ret_rest);
/* The answer stands in q: lets the server send it. */
void api_answered(struct request *q, unsigned status);

/* Answers. json is taken; NULL: there was no memory for it. Where any of it fell short the answer is a refusal,
 * which says "done" if what a POST asked for has been carried out: both answer once it has. */
int api_json(struct request *q, json_t *json);
int api_answer(struct request *q, unsigned status, json_t *json);
int api_text(struct request *q, const char *type, const struct st_buf *text); /* not empty */
int api_refuse(struct request *q, int code);
unsigned api_status(int code); /* the HTTP status of an error */
int api_place(struct request *q, int code, const char *place); /* sets the place; answers code */
/* ST_EFIELD of that place, and why, where the error's own words say less. */
int api_because(struct request *q, const char *place, const char *zh, const char *en);
/* An argument of a question, in the words of what it is to be (api_wrong.c). */
int api_wrong(struct request *q, int code, const char *name);
/* The same: what was given, and behind it what there is: name number i of a list, NULL: there are no more. */
typedef const char *api_name_fn(const void *list, size_t i);
int api_place_among(struct request *q, int code, const char *given, api_name_fn *name, const void *list);
/* Keeps the request until api_json, api_text or api_refuse is called. */
void api_keep(struct request *q);
/* Keeps it and asks `again` after each change, and at the deadline. */
void api_wait(struct request *q, bool (*again)(struct request *q), uint64_t timeout_ms);

const char *api_argument(struct request *q, const char *name); /* of the query; NULL: absent */
typedef void api_argument_fn(const char *name, const char *value, void *arg);
void api_each_argument(struct request *q, api_argument_fn *fn, void *arg);
/* The body as a JSON object; the caller's. ST_EWIRE with the line in q->place. */
int api_object(struct request *q, json_t **ret_object);
/* A text member: NULL if absent. ST_EFIELD: not text, or missing when needed. */
int api_member(struct request *q, const json_t *object, const char *name, bool needed,
	       const char **ret_text);
/* Submits j for q; done is called with the result. ST_EBUSY. */
int api_submit(struct request *q, struct job *j);

/* How often JSON has found no memory since api_count_shortages(): a request during which that moved may lack a
 * member or a row, which jansson's own results tell only to those who look at each of them. */
void api_count_shortages(void);
unsigned api_shortages(void);
json_t *api_span(struct st_span s);      /* text; what isn't UTF-8 becomes null */
json_t *api_buf(const struct st_buf *b); /* the same; a buffer that fell short is a shortage */
json_t *api_hex(struct st_span s);
json_t *api_time(int64_t unix_ms);       /* RFC 3339, UTC+8; null for 0 */
json_t *api_day(uint32_t day);           /* 2011-07-01; null for none */
json_t *api_log_name(const struct st_log_id *id);
json_t *api_position(const struct st_position *at); /* CODE/EPOCH/SEQ; null for seq 0 */
json_t *api_two(const char *zh, const char *en);
json_t *api_why(int code); /* {"error","zh","en"} or null */
/* What an answer covers ({"stations","heard",...,"rows","invited"}): of the subtree, those that are marked. */
struct api_covers {
	const bool *station; /* [station number]; NULL: all of them */
	size_t count;
	uint32_t top;        /* only this one and those below it; 0: any */
};
int api_coverage(struct st_txn *t, const struct api_covers *covers, int64_t now_ms, json_t **ret);
/* Tables: one shape for all of them. A column's type: text, count, number, days, share, day, time, month, code. */
json_t *api_column(const char *name, const char *type, const char *zh, const char *en);
struct api_table {
	const char *name, *zh, *en;
	json_t *title;                     /* taken; NULL: zh and en */
	json_t *columns, *rows, *coverage; /* taken; coverage NULL: not of this page */
	struct st_span next;               /* where the next page begins; empty: this is the last */
};
json_t *api_table(const struct api_table *t);
/* The period that ?from, ?to (days or months), ?month, ?quarter=2026-Q3 and ?year say; what isn't said stays as it is.
 * ST_EFIELD with the place. */
int api_period(struct request *q, uint32_t *from_day, uint32_t *to_day);
/* ?limit and ?station; ?lang=en. station: in a read transaction. */
int api_limit(struct request *q, size_t usual, size_t most, size_t *ret_limit);
int api_station(struct request *q, struct st_txn *t, uint32_t *ret_number);
enum st_lang api_lang(struct request *q);
int64_t api_now_ms(void);
uint32_t api_today(void);
int api_read_log(struct st_txn *t, const char *name, struct st_log *ret_log); /* CODE or CODE/EPOCH */

/* api_directives.c */
struct st_life_event;
struct st_aside;
json_t *api_reaches(const struct st_life_event *e);
json_t *api_aside(const struct st_aside *a);
bool api_is_unseen(const struct st_life_event *e); /* it asks something of us, and nobody has looked */
void api_seen(struct station *s, const char *record); /* says so; nobody waits for it */

/* api_joined.c: of a merged record, what is handled for it; NULL: it isn't merged. */
int api_joined(struct st_txn *t, const struct st_record *r, json_t **ret_joined);
/* What one field of the record's events has named and another hasn't (st_left), from those events as JSON. */
struct st_kind;
json_t *api_left(const struct st_kind *k, const json_t *events);

/* Routes, by group of files. Each list ends with a NULL method. */
#define ROUTE_LISTS(X)                                                                             \
	X(station)                                                                                 \
	X(status)                                                                                  \
	X(link)                                                                                    \
	X(record)                                                                                  \
	X(import)                                                                                  \
	X(report)                                                                                  \
	X(ask)                                                                                     \
	X(register)                                                                                \
	X(log)                                                                                     \
	X(task)                                                                                    \
	X(kind)                                                                                    \
	X(directive)                                                                               \
	X(matter)                                                                                  \
	X(online)                                                                                  \
	X(vote)                                                                                    \
	X(city)                                                                                    \
	X(erase)                                                                                   \
	X(overdue)                                                                                 \
	X(schedule)                                                                                \
	X(deputy)                                                                                  \
	X(points)
#define X(group) extern const struct route api_##group##_routes[];
ROUTE_LISTS(X)
#undef X
void api_tasks_close(struct station *s);
