/* http.c - any request to the control API, or to the online intake, through its real routes and into a real store,
 * without the server: an answer that is JSON (or a text), a store whose tallies equal a recount, and in what is told by
 * query code nobody's name.
 *
 * Input: a line "METHOD PATH?QUERY", and the body behind it. */
#include "decoders.h"
#include <daemon/stationd/heads.h>
#include <daemon/stationd/online.h>
#include <station/ask/verify.h>
#include "../common/city.h"

enum { ARGUMENTS_MAX = 24 };

struct arguments {
	size_t count;
	const char *names[ARGUMENTS_MAX], *values[ARGUMENTS_MAX];
};

static struct city city;
static struct node node;
static struct station station;
static struct arguments arguments;
static bool dirty;

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

int api_submit(struct request *q, struct job *j)
{
	dirty = true;
	api_keep(q);
	(void)node_run(&node, &j->work);
	if (node.applied.self_changed)
		ST_REQUIRE(st_store_read(node.store, load_self, &station.self) == 0);
	j->done(j);
	return 0;
}

/* What is said with nobody waiting for it. */
int writer_submit(struct writer *w, struct job *j)
{
	(void)w;
	dirty = true;
	(void)node_run(&node, &j->work);
	j->done(j);
	return 0;
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

static void check_answer(const struct request *q)
{
	ST_REQUIRE(q->answered && q->answer.error == 0);
	if (strcmp(q->type, "application/json") != 0)
		return;
	json_t *json = json_loadb((const char *)q->answer.data, q->answer.size, 0, NULL);
	ST_REQUIRE(json != NULL);
	const char *error = json_string_value(json_object_get(json, "error"));
	/* Nothing here fails for want of memory: it would be another trouble in its clothes. */
	ST_REQUIRE(error == NULL || strcmp(error, "ENOMEM") != 0);
	bool told = q->status == 200 && strcmp(q->route->path, "/online/v1/messages/") == 0;
	ST_REQUIRE(!told || memmem(q->answer.data, q->answer.size, "王某", strlen("王某")) == NULL);
	const char *state = json_string_value(json_object_get(json, "state"));
	CANARY(q->status == 200 && state != NULL && strcmp(state, "answered") == 0);
	json_decref(json);
}

static void run(struct request *q, const char *method)
{
	bool other = false;
	bool online = strncmp(q->path, "/online/", 8) == 0;
	q->route = (online ? online_route : api_route)(method, q->path, &q->rest, &other);
	int rc = q->route == NULL ? ST_ENOTFOUND : q->body.error < 0 ? ST_ETOOBIG : q->route->fn(q);
	if (q->route == NULL)
		(void)api_place(q, rc, q->path);
	if (rc < 0 && !q->answered)
		(void)api_refuse(q, rc);
	if (q->suspended && q->again != NULL)
		ST_REQUIRE(q->again(q));
	check_answer(q);
	if (q->work_free != NULL)
		q->work_free(q->work);
	st_buf_done(&q->body);
	st_buf_done(&q->answer);
}

static void setup(void)
{
	static char address[] = "tcp://127.0.0.1:1";
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	city_close(&city);
	node_init(&node, "work", 9);
	station.config.listen = station.config.public_address = address;
	dirty = true;
}

/* A message that is known, so that its code, written KNOWN in an input, is one. */
static char known[ST_QUERY_CODE + 1];

static void take_known(void)
{
	const struct st_command_field fields[] = {
		{ st_span_text("title"), st_span_text("路灯") },
		{ st_span_text("reporter_name"), st_span_text("王某") },
	};
	struct st_job job = { .kind = ST_JOB_ONLINE };
	job.u.online = (struct st_job_online){ .source = st_span_text("fuzz"), .request = st_span_text("1"),
					       .fields = fields, .field_count = 2 };
	ST_REQUIRE(node_run(&node, &job) == 0);
	memcpy(known, job.u.online.code, sizeof(known));
}

static void afresh(void)
{
	if (!dirty)
		return;
	dirty = false;
	node_close(&node);
	node_copy(&node, &city.base);
	ST_REQUIRE(node_open(&node) == 0);
	station.store = node.store;
	station.keys = node.keys;
	ST_REQUIRE(st_store_read(node.store, load_self, &station.self) == 0);
	take_known();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[2048], code_path[64];
	struct request q = { .station = &station, .rest = "" };
	struct st_recount r;
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end == NULL ? size : (size_t)(end - data);
	if (n == 0 || n >= sizeof(line) || memchr(data, 0, n) != NULL)
		return 0;
	if (node.directory[0] == 0)
		setup();
	afresh();
	memcpy(line, data, n);
	line[n] = 0;
	char *path = strchr(line, ' ');
	if (path == NULL)
		return 0;
	*path++ = 0;
	char *query = strchr(path, '?');
	if (query != NULL)
		*query++ = 0;
	unescape(path);
	read_arguments(query);
	st_buf_init(&q.body, API_BODY_MAX);
	st_buf_init(&q.answer, 64 * 1024 * 1024);
	if (end != NULL)
		st_buf_put(&q.body, end + 1, size - n - 1);
	(void)snprintf(q.source, sizeof(q.source), "fuzz");
	(void)snprintf(code_path, sizeof(code_path), "/online/v1/messages/%s", known);
	q.path = strcmp(path, "/online/v1/messages/KNOWN") == 0 ? code_path : path;
	run(&q, line);
	api_tasks_close(&station);
	if (dirty) {
		ST_REQUIRE(st_recount_run(node.store, NULL, NULL, &r) == 0);
		ST_REQUIRE(r.wrong == 0 && r.wrong_records == 0);
	}
	return 0;
}
