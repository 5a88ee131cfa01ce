/* routes.c - the server's part of the API without a server, and without links.
 *
 * Owns:    the station whose routes are asked, and the arguments of the request.
 * Flow:    fuzz targets, fault runs -> routes -> api_*.c, online_routes.c -> store */
#include "routes.h"
#include <stdlib.h>
#include <string.h>
#include <daemon/stationd/heads.h>
#include <daemon/stationd/online.h>
#include <station/base/check.h>

enum { ARGUMENTS_MAX = 24 };

struct arguments {
	size_t count;
	const char *names[ARGUMENTS_MAX], *values[ARGUMENTS_MAX];
};

struct station routes_station;
static struct node *node;
static struct arguments arguments;
static bool written;
static struct job *submitted, **submitted_end = &submitted;

/* ---- the server's part, without a server ---- */

void api_answered(struct request *q, unsigned status)
{
	ST_REQUIRE(!q->answered && status >= 200 && status < 600);
	q->status = status;
	q->answered = true;
	q->suspended = false;
}

void api_keep(struct request *q)
{
	ST_REQUIRE(!q->answered && !q->suspended);
	q->suspended = true;
}

void api_wait(struct request *q, bool (*again)(struct request *q), uint64_t timeout_ms)
{
	(void)timeout_ms;
	q->again = again;
	q->deadline_ms = 0;
	api_keep(q);
}

const char *api_argument(struct request *q, const char *name)
{
	(void)q;
	for (size_t i = 0; i < arguments.count; i++)
		if (strcmp(arguments.names[i], name) == 0)
			return arguments.values[i];
	return NULL;
}

void api_each_argument(struct request *q, api_argument_fn *fn, void *arg)
{
	(void)q;
	for (size_t i = 0; i < arguments.count; i++)
		fn(arguments.names[i], arguments.values[i] == NULL ? "" : arguments.values[i], arg);
}

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

/* As the writer: a job ends on a later turn, never within its submitter's. */
int writer_submit(struct writer *w, struct job *j)
{
	(void)w;
	j->next = NULL;
	*submitted_end = j;
	submitted_end = &j->next;
	return 0;
}

int api_submit(struct request *q, struct job *j)
{
	int rc = writer_submit(NULL, j);
	api_keep(q);
	return rc;
}

static void run_submitted(void)
{
	for (struct job *j; (j = submitted) != NULL;) {
		submitted = j->next;
		if (submitted == NULL)
			submitted_end = &submitted;
		written = true;
		(void)(node_run(node, &j->work) == 0); /* the job has it */
		if (node->applied.self_changed)
			ST_REQUIRE(st_store_read(node->store, load_self, &routes_station.self) == 0);
		j->done(j);
	}
}

struct st_heads_ask heads_ask(struct station *s)
{
	(void)s;
	return (struct st_heads_ask){ .now_s = 1, .patience_s = HEADS_PATIENCE_S, .silent_s = 1, .linked = true };
}

int link_join(struct link *l, const struct st_invite *invite, link_joined_fn *done, void *arg)
{
	(void)l;
	(void)invite;
	(void)done;
	(void)arg;
	return ST_EBUSY;
}

void link_up_info(const struct link *l, struct up_info *ret_info)
{
	(void)l;
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->state = UP_WAITING;
	ret_info->why = ST_ESILENT;
}

void link_each_child(const struct link *l, link_child_fn *fn, void *arg)
{
	struct child_info c;
	(void)l;
	memset(&c, 0, sizeof(c));
	c.code = code_of(CITY_SPECIALTY);
	fn(&c, arg);
}

const uint64_t *link_refusals(const struct link *l)
{
	static const uint64_t counts[REFUSALS_MAX] = { [3] = 7 };
	(void)l;
	return counts;
}

uint64_t link_now_ms(const struct link *l)
{
	(void)l;
	return 1000;
}

void link_pause(struct link *l, bool pause)
{
	(void)l;
	(void)pause;
}

void online_info(const struct online *o, struct online_info *ret_info)
{
	(void)o;
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->listen = ret_info->webhook = "";
}

uint64_t uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return 1000;
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *work, uv_work_cb run, uv_after_work_cb done)
{
	(void)loop;
	run(work);
	done(work, 0);
	return 0;
}

/* ---- a request ---- */

/* name=value pairs as MHD gives them: unescaped, ended by NUL. */
static void unescape(char *s)
{
	char *to = s, hex[3] = { 0 };
	for (; *s != 0; s++) {
		if (*s == '%' && s[1] != 0 && s[2] != 0) {
			hex[0] = s[1];
			hex[1] = s[2];
			*to++ = (char)strtoul(hex, NULL, 16);
			s += 2;
		} else {
			*to++ = *s == '+' ? ' ' : *s;
		}
	}
	*to = 0;
}

static void read_arguments(char *query)
{
	arguments.count = 0;
	for (char *save = NULL, *one = query == NULL ? NULL : strtok_r(query, "&", &save);
	     one != NULL && arguments.count < ARGUMENTS_MAX; one = strtok_r(NULL, "&", &save)) {
		char *value = strchr(one, '=');
		if (value != NULL)
			*value++ = 0;
		unescape(one);
		if (value != NULL)
			unescape(value);
		arguments.names[arguments.count] = one;
		arguments.values[arguments.count++] = value;
	}
}

static int ask(struct request *q)
{
	bool other = false, online = strncmp(q->path, "/online/", 8) == 0;
	q->route = (online ? online_route : api_route)(q->method, q->path, &q->rest, &other);
	int rc = q->route == NULL ? ST_ENOTFOUND : q->body.error < 0 ? q->body.error : q->route->fn(q);
	if (q->route == NULL)
		(void)api_place(q, rc, q->path);
	return rc;
}

void routes_ask(struct request *q, char *line, struct st_span body)
{
	char *path = strchr(line, ' ');
	ST_REQUIRE(path != NULL);
	*path++ = 0;
	char *query = strchr(path, '?');
	if (query != NULL)
		*query++ = 0;
	unescape(path);
	read_arguments(query);
	memset(q, 0, sizeof(*q));
	q->station = &routes_station;
	q->shortages = api_shortages();
	q->rest = "";
	q->method = line;
	q->path = path;
	(void)snprintf(q->source, sizeof(q->source), "fuzz");
	st_buf_init(&q->body, API_BODY_MAX);
	st_buf_init(&q->answer, 64 * 1024 * 1024);
	st_buf_put_span(&q->body, body);
	int rc = ask(q);
	if (rc < 0 && !q->answered)
		(void)api_refuse(q, rc);
	run_submitted();
	if (q->suspended && q->again != NULL)
		ST_REQUIRE(q->again(q));
	ST_REQUIRE(q->answered);
}

struct st_span routes_answer(const struct request *q)
{
	return q->reserve != NULL ? st_span_text(q->reserve) : st_buf_span(&q->answer);
}

void routes_done(struct request *q)
{
	if (q->work_free != NULL)
		q->work_free(q->work);
	st_buf_done(&q->body);
	st_buf_done(&q->answer);
	api_tasks_close(&routes_station);
}

void routes_use(struct node *n)
{
	static char address[] = "tcp://127.0.0.1:1";
	node = n;
	written = false;
	routes_station.config.listen = routes_station.config.public_address = address;
	routes_station.store = n->store;
	routes_station.keys = n->keys;
	ST_REQUIRE(st_store_read(n->store, load_self, &routes_station.self) == 0);
}

void routes_message(char code[ST_QUERY_CODE + 1])
{
	const struct st_command_field fields[] = {
		{ st_span_text("title"), st_span_text("路灯") },
		{ st_span_text("reporter_name"), st_span_text("王某") },
	};
	struct st_job job = { .kind = ST_JOB_ONLINE };
	job.u.online = (struct st_job_online){ .source = st_span_text("fuzz"), .request = st_span_text("1"),
					       .fields = fields, .field_count = 2 };
	ST_REQUIRE(node_run(node, &job) == 0);
	memcpy(code, job.u.online.code, ST_QUERY_CODE + 1);
}

bool routes_wrote(void)
{
	return written;
}
