/* down.c - the connections of the children, as the daemon's link_down.c has it.
 *
 * Owns:    which connection speaks for which child, and whose pushes wait for the writer.
 * Promise: 8: a child's rubbish is refused, and its siblings never notice.
 * Flow:    net -> downlink -> writer -> downlink -> net */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { FRAMES_PER_TURN = 8, LOOK_MS = 5000, SILENT_MS = 3 * ST_PING_MS };

static void on_pump(struct sim *sim, void *child, uint64_t life)
{
	struct child *c = child;
	struct station *s = sim->stations[life % CITY_MAX];
	struct st_span frame;
	size_t bytes = 0;
	if (!s->alive || s->life != life / CITY_MAX)
		return; /* c went with its process */
	c->pump_armed = false;
	for (int i = 0; i < FRAMES_PER_TURN && frames_peek(&c->frames, &frame); i++) {
		if (c->route == NULL || c->route->noticed) { /* it has gone: a new hello brings it back */
			frames_clear(&c->frames);
			return;
		}
		bytes += frame.size;
		conn_send(sim, c->route, false, frame);
		frames_pop(&c->frames);
	}
	if (frames_empty(&c->frames))
		return;
	c->pump_armed = true;
	sim_after(sim, 1 + bytes / c->station->net.bytes_per_ms, on_pump, c, life);
}

static void queue_frame(void *arg, struct st_span frame, bool bulk)
{
	struct child *c = arg;
	struct station *s = c->parent;
	told_frame(c, frame);
	if (frames_push(&c->frames, frame, bulk) < 0) {
		frames_clear(&c->frames);
		c->route = NULL;
	}
	if (c->pump_armed)
		return;
	c->pump_armed = true;
	sim_after(s->sim, sim_below(s->sim, 2), on_pump, c, s->life * CITY_MAX + s->index);
}

/* Each child in turn, beginning behind the one that got some last. */
static void grant_in_turn(struct station *s)
{
	size_t first = s->down.turn;
	for (size_t n = 0; n < s->down.count; n++) {
		size_t i = (first + n) % s->down.count;
		if (st_downlink_grant(s->down.children[i]->session))
			s->down.turn = i + 1;
	}
	told_pool(s);
}

static void push_done(struct station *s, struct job *j)
{
	struct st_inbound *in = j->arg;
	struct child *c = NULL;
	const struct st_job_push *push = &j->work.u.push;
	struct st_push_result result = { .rc = j->work.rc, .held = push->held,
					 .receipt = push->receipted ? &push->receipt : NULL };
	for (size_t i = 0; i < s->down.count; i++)
		if (s->down.children[i]->number == push->child)
			c = s->down.children[i];
	SIM_CHECK(s->sim, s, j->work.rc < 0 || push->heads.refused == 0 || c->tainted ||
				     push->heads.why == ST_EREVOKED,
		  "an honest child's head is refused: %s", st_error_name(push->heads.why));
	sim_trace(s->sim, s, "push", push->held, (uint64_t)-j->work.rc);
	j->arg = NULL;
	st_downlink_applied(c->session, in, &result);
	grant_in_turn(s);
}

static void push_gone(struct job *j)
{
	st_inbound_free(j->arg);
}

/* What is sent again was on the way when the link went: never what the parent had told. */
static void check_resumes(struct child *c, const struct st_inbound *in)
{
	struct station *origin = station_of(c->parent->sim, &in->push.checkpoint.log.station);
	if (c->tainted || c->station->mad || c->any_refused || origin == NULL || in->push.event_count == 0)
		return;
	SIM_CHECK(c->parent->sim, c->station, in->push.first_seq > c->told[origin->index],
		  "sends %s from %llu again, the parent told %llu", origin->code.text,
		  (unsigned long long)in->push.first_seq, (unsigned long long)c->told[origin->index]);
}

static void take_push(void *arg, struct st_inbound *in)
{
	struct child *c = arg;
	struct job *j = job_new(ST_JOB_PUSH, push_done);
	j->arg = in;
	j->gone = push_gone;
	j->bytes = sizeof(*j) + in->raw_size;
	j->work.u.push.push = in->push;
	j->work.u.push.child = c->number;
	check_resumes(c, in);
	if (c->pending == NULL && station_submit(c->parent, j) == 0)
		return;
	*c->pending_end = j;
	c->pending_end = &j->next;
}

static void take_claims(void *arg, const struct st_claim *claims, size_t count)
{
	struct child *c = arg;
	struct job *j = job_new(ST_JOB_CLAIMS, NULL);
	struct st_job_claims *to = &j->work.u.claims;
	for (size_t i = 0; i < count && i < ST_RECEIPTS_MAX; i++)
		to->claims[to->count++] = claims[i];
	SIM_CHECK(c->parent->sim, c->parent, c->tainted,
		  "%s shows a receipt of ours for more than we hold", c->code.text);
	if (station_submit(c->parent, j) < 0)
		job_free(j);
}

/* An honest child is refused for want of room, and for what follows from that. Nothing else; but what comes late
 * on a line that it has left for another may be older than what is here by then, and nobody hears of that. */
static void take_refused(void *arg, int code, const struct st_log_id *log)
{
	struct child *c = arg;
	bool room = code == ST_EFULL || code == ST_EIO;
	bool fits = room || (code == ST_ESEQ && c->any_refused) || code == ST_EREVOKED ||
		    (code == ST_ESTATE && c->silenced) ||
		    (code == ST_EFORKED && c->route != c->station->up.conn);
	sim_trace(c->parent->sim, c->parent, st_error_name(code), c->station->index, log != NULL);
	SIM_CHECK(c->parent->sim, c->parent, fits || c->tainted, "%s of %s is refused: %s",
		  log == NULL ? "a frame" : log->station.text, c->code.text, st_error_name(code));
	c->any_refused = true;
}

static bool is_hello(struct st_span body)
{
	return body.size > 0 && body.data[0] == 0x0a;
}

static void refuse_stranger(struct station *s, struct conn *conn, int code)
{
	struct st_buf out;
	struct st_frame f = { .kind = ST_FRAME_REFUSAL };
	f.u.refusal.code = code;
	st_buf_init(&out, ST_FRAME_MAX);
	SIM_DO(s->sim, s, st_frame_encode(&f, &out));
	if (!conn->noticed)
		conn_send(s->sim, conn, false, st_buf_span(&out));
	st_buf_done(&out);
}

struct message {
	struct child *child;
	struct st_span body;
};

static int read_message(struct st_txn *t, void *arg)
{
	struct message *m = arg;
	struct st_now now = station_now(m->child->parent);
	(void)st_downlink_frame(m->child->session, t, &now, m->body);
	return 0;
}

void down_frame(struct station *s, struct conn *conn, struct st_span body)
{
	struct child *c = down_child(s, conn->child);
	struct message m = { c, body };
	if (c == NULL || !c->enrolled) {
		refuse_stranger(s, conn, c == NULL ? ST_EORIGIN : ST_EREVOKED);
		return;
	}
	if (c->route != conn && !is_hello(body))
		return; /* of a connection that a newer one has replaced */
	if (c->route != conn) {
		frames_clear(&c->frames);
		c->route = conn;
		c->tainted = c->any_refused = c->silenced = false;
	}
	c->tainted |= conn->tainted;
	uint64_t given = s->down.pool.given;
	SIM_DO(s->sim, s, st_store_read(s->store, read_message, &m));
	if (s->down.pool.given < given)
		grant_in_turn(s);
	told_pool(s);
}

struct child *down_child(struct station *s, const struct station *child)
{
	for (size_t i = 0; i < s->down.count; i++)
		if (s->down.children[i]->station == child)
			return s->down.children[i];
	return NULL;
}

static void take_taken(void *arg, uint64_t position)
{
	struct child *c = arg;
	struct job *j = job_new(ST_JOB_TAKEN, NULL);
	j->work.u.taken = (struct st_job_taken){ .child = c->number, .position = position };
	if (station_submit(c->parent, j) < 0)
		job_free(j);
}

static int open_session(struct child *c)
{
	struct station *s = c->parent;
	struct st_downlink_self self = {
		.station = s->code,
		.child = c->code,
		.station_number = s->self.station.number,
		.child_number = c->number,
	};
	struct st_downlink_to to = { .arg = c, .frame = queue_frame, .push = take_push,
				     .claims = take_claims, .refused = take_refused,
				     .taken = take_taken };
	memcpy(self.incarnation, s->self.incarnation, sizeof(self.incarnation));
	return st_downlink_new(&self, &to, &s->down.pool, &c->session);
}

static int load_child(const struct st_station *row, void *arg)
{
	struct station *s = arg;
	struct station *child = station_of(s->sim, &row->certificate.code);
	if (row->parent != s->self.station.number || child == NULL)
		return 0;
	struct child *c = down_child(s, child);
	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		ST_REQUIRE(c != NULL);
		c->parent = s;
		c->station = child;
		c->code = row->certificate.code;
		c->number = row->number;
		c->pending_end = &c->pending;
		s->down.children[s->down.count++] = c;
		SIM_DO(s->sim, s, open_session(c));
	}
	c->enrolled = row->standing == ST_ENROLLED;
	return 0;
}

static int load_children(struct st_txn *t, void *arg)
{
	return st_station_each(t, load_child, arg);
}

/* A child that has gone silent gives its part of the pool back. */
static void on_timer(struct sim *sim, void *station, uint64_t life)
{
	struct station *s = station;
	if (!s->alive || s->life != life)
		return;
	sim_after(sim, LOOK_MS, on_timer, s, life);
	for (size_t i = 0; i < s->down.count; i++) {
		struct st_downlink_info info;
		st_downlink_info(s->down.children[i]->session, &info);
		if (info.state == ST_DOWNLINK_NEW || station_mono(s) < info.heard_ms + SILENT_MS)
			continue;
		sim_trace(sim, s, "child is silent", s->down.children[i]->station->index, info.granted);
		st_downlink_lost(s->down.children[i]->session);
		s->down.children[i]->silenced = true;
		grant_in_turn(s);
	}
}

void down_reload(struct station *s)
{
	SIM_DO(s->sim, s, st_store_read(s->store, load_children, s));
	if (s->down.timed)
		return;
	s->down.timed = true;
	sim_after(s->sim, LOOK_MS, on_timer, s, s->life);
}

static int carry_all(struct st_txn *t, void *arg)
{
	struct station *s = arg;
	for (size_t i = 0; i < s->down.count; i++)
		SIM_DO(s->sim, s, st_downlink_carry(s->down.children[i]->session, t));
	return 0;
}

void down_applied(struct station *s, const struct st_applied *applied)
{
	for (size_t i = 0; i < s->down.count; i++) {
		struct child *c = s->down.children[i];
		while (c->pending != NULL) {
			struct job *next = c->pending->next;
			if (station_submit(s, c->pending) < 0)
				break;
			c->pending = next;
			if (next == NULL)
				c->pending_end = &c->pending;
		}
	}
	if (applied->addressed)
		SIM_DO(s->sim, s, st_store_read(s->store, carry_all, s));
}

struct handing {
	struct station *station;
	const struct st_job_receipts *job;
};

static int hand_down(struct st_txn *t, void *arg)
{
	struct handing *h = arg;
	struct station *s = h->station;
	for (size_t i = 0; i < h->job->count; i++) {
		const struct st_receipt_in *r = &h->job->receipts[i];
		uint32_t number = 0, branch = 0;
		if (!h->job->stored[i] || st_station_number(t, &r->log.station, &number) < 0 ||
		    st_station_branch_of(t, number, s->self.station.number, &branch) < 0)
			continue;
		for (size_t n = 0; n < s->down.count; n++)
			if (s->down.children[n]->number == branch)
				st_downlink_receipts(s->down.children[n]->session, r, 1);
	}
	return 0;
}

void down_receipts(struct station *s, const struct st_job_receipts *job)
{
	struct handing h = { s, job };
	if (s->down.count > 0)
		SIM_DO(s->sim, s, st_store_read(s->store, hand_down, &h));
}

void down_ends(struct station *s)
{
	for (size_t i = 0; i < s->down.count; i++) {
		struct child *c = s->down.children[i];
		while (c->pending != NULL) {
			struct job *j = c->pending;
			c->pending = j->next;
			job_free(j);
		}
		st_downlink_free(c->session);
		frames_clear(&c->frames);
		free(c);
	}
	s->down.count = s->down.turn = 0;
	s->down.timed = false;
}
