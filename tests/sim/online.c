/* online.c - the city's platform sends messages, and sends them again until it hears; it takes what
 * it is told of them, now and then, and forgets nothing.
 *
 * Owns:    the platform's own list: each request, the code it was told, what it took.
 * Promise: 2: one request id is one matter, ever, with one code, whatever crashed; what becomes of
 *          it is told once, in order, and no step of it is left out.
 * Flow:    seed -> online jobs -> own log; hooks -> platform -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/merge.h>
#include "sim.h"

enum { MERGED = 8 }; /* the state of a matter, by its table */
enum { EVERY_MS = 6000, AFTER_MS = 100, TAKES = 3, FIELDS = 2, TEXT = 96 };
#define SOURCE "platform"

struct online_request {
	bool told;
	char code[ST_QUERY_CODE + 1];
};
struct online {
	struct station *station; /* with the listener that the platform knows */
	struct online_request requests[ONLINE_MAX];
	size_t count;
	struct st_hook *told;
	size_t told_count, told_room;
	bool hooks; /* it was said that all is to be told */
};

struct message {
	struct online_request *request;
	struct st_command_field fields[FIELDS];
	char values[FIELDS][TEXT], id[32];
};

static void gone(struct job *j)
{
	free(j->arg);
}

/* The matter behind a code becomes one that clerks know of. */
struct finding {
	const char *code;
	struct st_record record;
	struct st_record_id id;
};

static int find_code(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	struct st_record_ref ref;
	int rc = st_online_resolve(t, st_span_text(f->code), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &f->record);
	return rc < 0 ? rc : st_record_id(t, &ref, &f->id);
}

static void know(struct station *s, const char *code)
{
	struct finding f = { .code = code };
	SIM_DO(s->sim, s, st_store_read(s->store, find_code, &f));
	struct told_record *r = told_record_new(s);
	r->kind = st_kind(ST_KIND_MATTER);
	r->id = f.id;
	st_number_text(&f.record.number, &f.id.opener, &f.id.ulid, r->number);
	r->writers = 1u << s->index;
	r->handed = r->wild = true;
}

static void answered(struct station *s, struct job *j)
{
	struct message *m = j->arg;
	const struct st_job_online *o = &j->work.u.online;
	struct sim *sim = s->sim;
	int rc = j->work.rc;
	if (rc < 0) {
		SIM_CHECK(sim, s, rc == ST_EFULL || rc == ST_EIO || rc == ST_EBUSY,
			  "refuses a message: %s %s", st_error_name(rc), o->place);
		return;
	}
	SIM_CHECK(sim, s, !m->request->told || (o->again && strcmp(m->request->code, o->code) == 0),
		  "%s has code %s and was told %s", m->id, o->code, m->request->code);
	if (!m->request->told)
		know(s, o->code);
	m->request->told = true;
	memcpy(m->request->code, o->code, sizeof(m->request->code));
}

static void send(struct station *s, struct online *x, struct online_request *r)
{
	struct sim *sim = s->sim;
	struct message *m = calloc(1, sizeof(*m));
	struct job *j = job_new(ST_JOB_ONLINE, answered);
	size_t n = (size_t)(r - x->requests);
	ST_REQUIRE(m != NULL);
	m->request = r;
	(void)snprintf(m->id, sizeof(m->id), "M-%zu", n);
	(void)snprintf(m->values[0], TEXT, "路灯不亮 %zu", n);
	(void)snprintf(m->values[1], TEXT, PRIVATE_MARK "%zu", n);
	m->fields[0] = (struct st_command_field){ st_span_text("title"), st_span_text(m->values[0]) };
	m->fields[1] =
		(struct st_command_field){ st_span_text("reporter_name"), st_span_text(m->values[1]) };
	j->arg = m;
	j->gone = gone;
	j->work.u.online = (struct st_job_online){
		.source = st_span_text(SOURCE),
		.request = st_span_text(m->id),
		.fields = m->fields,
		.field_count = 2,
		.spot = { .code = st_code_span(&sim->stations[n % sim->count]->code) },
	};
	if (station_submit(s, j) < 0)
		job_free(j);
}

/* ---- what it is told ---- */

static int next_hook(struct st_txn *t, void *arg)
{
	return st_hook_next(t, NULL, arg);
}

/* The same message, however often: its number and id say which. */
static void take(struct station *s, struct online *x, const struct st_hook *h)
{
	for (size_t i = 0; i < x->told_count; i++) {
		const struct st_hook *o = &x->told[i];
		bool same = o->ref.opener == h->ref.opener && o->n == h->n &&
			    memcmp(&o->ref.ulid, &h->ref.ulid, sizeof(h->ref.ulid)) == 0;
		SIM_CHECK(s->sim, s, !same || (o->state == h->state && memcmp(o->id, h->id, ST_HOOK_ID) == 0),
			  "tells %u of a matter twice, and otherwise", h->n);
		if (same)
			return;
	}
	if (x->told_count == x->told_room) {
		x->told_room = x->told_room == 0 ? 32 : 2 * x->told_room;
		x->told = realloc(x->told, x->told_room * sizeof(*x->told));
		ST_REQUIRE(x->told != NULL);
	}
	x->told[x->told_count++] = *h;
}

static void take_next(struct station *s, struct online *x)
{
	struct st_hook h;
	int rc = st_store_read(s->store, next_hook, &h);
	if (rc == ST_ENOTFOUND)
		return;
	SIM_DO(s->sim, s, rc);
	take(s, x, &h);
	struct job *j = job_new(ST_JOB_TOLD, NULL);
	j->work.u.told = (struct st_job_told){ h.ref, h.n };
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void hooked(struct station *s, struct job *j)
{
	s->sim->online->hooks |= j->work.rc == 0;
}

static void tell_all(struct station *s)
{
	struct job *j = job_new(ST_JOB_HOOKS, hooked);
	j->work.u.hooks = true;
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void work(struct sim *sim, void *arg, uint64_t tag)
{
	struct online *x = arg;
	struct station *s = x->station;
	sim_after(sim, sim->healed ? AFTER_MS : 300 + sim_below(sim, EVERY_MS), work, x, tag);
	if (!s->alive || !s->self.set_up || s->doomed)
		return;
	if (sim->healed) {
		take_next(s, x);
		return;
	}
	if (!x->hooks) {
		tell_all(s); /* before the first message: none of their steps is missed */
		return;
	}
	for (uint64_t n = sim_below(sim, TAKES + 1); n > 0; n--)
		take_next(s, x);
	if (x->count < ONLINE_MAX && sim_chance(sim, 500))
		send(s, x, &x->requests[x->count++]);
	else if (x->count > 0) /* it hasn't heard, or has and asks again */
		send(s, x, &x->requests[sim_below(sim, x->count)]);
}

void online_start(struct sim *sim)
{
	if (!sim_chance(sim, 400))
		return;
	sim->online = calloc(1, sizeof(*sim->online));
	ST_REQUIRE(sim->online != NULL);
	sim->online->station = sim->stations[sim_chance(sim, 700) ? 0 : 1];
	sim_after(sim, sim_below(sim, EVERY_MS), work, sim->online, 0);
}

void online_free(struct sim *sim)
{
	if (sim->online != NULL)
		free(sim->online->told);
	free(sim->online);
	sim->online = NULL;
}

/* ---- at the end ---- */

struct judging {
	struct online *x;
	struct station *station;
	size_t opened[ONLINE_MAX];
	uint32_t log;
};

static int count_opening(uint64_t seq, struct st_span bytes, void *arg)
{
	struct judging *g = arg;
	struct st_arena *arena = &g->station->sim->arena;
	struct st_event e;
	struct st_change c;
	unsigned n = 0;
	char text[32];
	(void)seq;
	st_arena_reset(arena);
	if (st_event_decode(bytes, arena, &e) < 0 || e.type != ST_MOVE || e.previous.seq != 0 ||
	    st_change_decode(e.type, e.body, arena, &c) < 0)
		return 0;
	const struct st_field *source = st_field_find(c.fields, c.field_count, ST_F_SOURCE);
	const struct st_field *number = st_field_find(c.fields, c.field_count, ST_F_SOURCE_NUMBER);
	if (source == NULL || number == NULL || !st_span_equal(source->text, st_span_text(SOURCE)))
		return 0;
	(void)snprintf(text, sizeof(text), "%.*s", (int)number->text.size, (const char *)number->text.data);
	if (sscanf(text, "M-%u", &n) == 1 && n < ONLINE_MAX)
		g->opened[n]++;
	return 0;
}

/* The newest thing that was said or is still to be said of a matter. */
static const struct st_hook *newest(const struct online *x, const struct st_record_ref *ref)
{
	const struct st_hook *best = NULL;
	for (size_t i = 0; i < x->told_count; i++) {
		const struct st_hook *h = &x->told[i];
		if (h->ref.opener == ref->opener && memcmp(&h->ref.ulid, &ref->ulid, sizeof(ref->ulid)) == 0 &&
		    (best == NULL || h->n > best->n))
			best = h;
	}
	return best;
}

static size_t told_of(const struct online *x, const struct st_record_ref *ref)
{
	size_t n = 0;
	for (size_t i = 0; i < x->told_count; i++)
		n += x->told[i].ref.opener == ref->opener &&
		     memcmp(&x->told[i].ref.ulid, &ref->ulid, sizeof(ref->ulid)) == 0;
	return n;
}

/* Somebody signed about it what no command writes. */
static bool is_raw(const struct station *s, const struct st_ulid *ulid)
{
	for (size_t i = 0; i < s->told->record_count; i++)
		if (s->told->records[i].raw &&
		    memcmp(&s->told->records[i].id.ulid, ulid, sizeof(*ulid)) == 0)
			return true;
	return false;
}

/* A plain walk along the merges: the state at their end, where it is a result. */
static int result_of(struct st_txn *t, const struct st_record *r, uint32_t *ret)
{
	struct st_merge_reader *x = NULL;
	struct st_record at;
	struct st_merge m;
	st_record_copy(&at, r);
	int rc = st_merge_reader_new(t, &x);
	for (unsigned n = 0; rc == 0 && n < ST_MERGE_STEPS_MAX && at.state == MERGED; n++) {
		rc = st_merge_read(x, &at, &m);
		if (rc < 0 || !m.here)
			break;
		rc = st_record_load(t, &m.target, &at);
	}
	st_merge_reader_free(x);
	*ret = rc == 0 && r->state == MERGED && at.kind == ST_KIND_MATTER && st_state_is_result(at.state) ? at.state : 0;
	return rc;
}

static int judge_row(struct st_txn *t, struct judging *g, const struct st_online *o)
{
	struct st_record r;
	struct sim *sim = g->station->sim;
	if (is_raw(g->station, &o->ref.ulid))
		return 0;
	int rc = st_record_load(t, &o->ref, &r);
	if (rc < 0)
		return rc;
	const struct st_hook *last = newest(g->x, &o->ref);
	SIM_CHECK(sim, g->station, o->state == r.state, "thinks of %s as in state %u; it is in %u", o->code,
		  o->state, r.state);
	SIM_CHECK(sim, g->station, told_of(g->x, &o->ref) == o->hooks, "told %zu of %u steps of %s",
		  told_of(g->x, &o->ref), o->hooks, o->code);
	uint32_t result = 0, known = o->joined != 0 ? o->joined : r.state;
	rc = result_of(t, &r, &result);
	SIM_CHECK(sim, g->station, rc < 0 || o->joined == result, "thinks that what %s joins is in state %u; it is in %u",
		  o->code, o->joined, result);
	bool taken_back = r.state == MERGED && result == 0 && last != NULL; /* told by the next result */
	SIM_CHECK(sim, g->station, !st_state_is_told(r.state) || taken_back || (last != NULL && last->state == known),
		  "%s is in state %u, and the platform doesn't know", o->code, known);
	return 0;
}

struct rows {
	struct st_online list[ONLINE_MAX + 1];
	size_t count;
};

static int add_row(const struct st_online *o, void *arg)
{
	struct rows *r = arg;
	if (r->count <= ONLINE_MAX)
		r->list[r->count++] = *o;
	return 0;
}

static int judge(struct st_txn *t, void *arg)
{
	struct judging *g = arg;
	struct st_log log;
	struct rows *rows = calloc(1, sizeof(*rows));
	ST_REQUIRE(rows != NULL);
	int rc = st_log_get(t, g->log, &log);
	if (rc == 0)
		rc = st_event_each(t, log.number, 1, log.tree.size, count_opening, g);
	if (rc == 0)
		rc = st_online_each(t, NULL, add_row, rows);
	for (size_t i = 0; rc == 0 && i < rows->count; i++)
		rc = judge_row(t, g, &rows->list[i]);
	free(rows);
	return rc;
}

/* The platform has taken all that there was to tell. */
bool online_is_quiet(struct sim *sim, char why[200])
{
	struct online *x = sim->online;
	struct st_hook h;
	if (x == NULL || !x->station->self.set_up)
		return true;
	(void)snprintf(why, 200, "%s has more to tell the platform", x->station->code.text);
	return x->station->alive && st_store_read(x->station->store, next_hook, &h) == ST_ENOTFOUND;
}

void check_online(struct sim *sim)
{
	struct online *x = sim->online;
	if (x == NULL || !x->station->self.set_up)
		return;
	struct judging g = { .x = x, .station = x->station, .log = x->station->self.log };
	SIM_DO(sim, x->station, st_store_read(x->station->store, judge, &g));
	for (size_t i = 0; i < ONLINE_MAX; i++)
		SIM_CHECK(sim, x->station, g.opened[i] <= 1 && (g.opened[i] == 1 || !x->requests[i].told),
			  "message M-%zu is %zu matters", i, g.opened[i]);
}
