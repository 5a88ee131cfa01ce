/* clerk.c - what people do at a station: open, move, note, mistype, import; and what they expect.
 *
 * Owns:    the wishes, and the model's own small table of moves.
 * Promise: 5 is tried: a clerk never waits for a link; his station does everything without one.
 * Flow:    seed -> wishes -> writer -> told */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "sim.h"

enum { FIELDS_MAX = 6, VALUE_MAX = 7900, FLOOD_FROM = 500 };

#define IN(state) (1u << (state))
#define ENDED (IN(M_CLOSED) | IN(M_REFUSED) | IN(M_MERGED) | IN(M_WITHDRAWN))
#define ANOTHER   "" /* the number of another record of the same opener */
static const struct move {
	const char *name;
	unsigned from; /* bits of states */
	enum model_state to;
	const char *fields[4]; /* name, value ... */
} moves[] = {
	{ "accept", IN(M_REGISTERED), M_ACCEPTED, { NULL } },
	{ "refuse", IN(M_REGISTERED), M_REFUSED, { "reason", "不属受理范围", "elsewhere", "信访局" } },
	{ "merge", IN(M_REGISTERED), M_MERGED, { "joins", ANOTHER } },
	{ "withdraw", IN(M_REGISTERED) | IN(M_ACCEPTED) | IN(M_ASSIGNED) | IN(M_REOPENED), M_WITHDRAWN,
	  { "reason", "本人撤回" } },
	{ "assign", IN(M_ACCEPTED) | IN(M_REOPENED), M_ASSIGNED, { "unit", "城管局" } },
	{ "answer", IN(M_ACCEPTED) | IN(M_ASSIGNED) | IN(M_REOPENED), M_ANSWERED,
	  { "reply", "已处理" } },
	{ "return", IN(M_ASSIGNED), M_ACCEPTED, { "reason", "应由他局办理" } },
	{ "echo", IN(M_ANSWERED), M_ECHOED, { "rating_answer", "satisfied", "told_how", "phone" } },
	{ "rework", IN(M_ANSWERED) | IN(M_ECHOED), M_ACCEPTED, { "reason", "未解决" } },
	{ "close", IN(M_ECHOED), M_CLOSED, { NULL } },
	{ "reopen", IN(M_CLOSED), M_REOPENED, { "reason", "又发生" } },
};
enum { MOVES = sizeof(moves) / sizeof(moves[0]) };

struct wish {
	struct station *station, *opener;
	size_t record; /* of the opener's told records; SIZE_MAX: a new one */
	const struct move *move; /* NULL: an opening or a note */
	bool answered, legal;
	struct st_command_field fields[FIELDS_MAX];
	size_t field_count;
	char number[NUMBER_MAX];
	size_t used;
	char values[VALUE_MAX + 512];
};

static struct told_record *record_of(struct wish *w)
{
	return w->record == SIZE_MAX ? NULL : &w->opener->told->records[w->record];
}

static void gone(struct job *j)
{
	struct wish *w = j->arg;
	struct told_record *r = record_of(w);
	if (r != NULL && w->station == w->opener) {
		r->busy = false;
		r->unsure |= !w->answered && w->move != NULL;
	}
	free(w);
}

static void field(struct wish *w, const char *name, const char *value)
{
	size_t size = strlen(value);
	ST_REQUIRE(w->field_count < FIELDS_MAX && w->used + size <= sizeof(w->values));
	memcpy(w->values + w->used, value, size);
	w->fields[w->field_count++] =
		(struct st_command_field){ st_span_text(name), st_span(w->values + w->used, size) };
	w->used += size;
}

/* Text that doesn't compress: a backlog that needs many pushes, and credit. */
static void long_text(struct sim *sim, struct wish *w, const char *name)
{
	char text[VALUE_MAX + 1];
	size_t size = 20 + sim_below(sim, sim_chance(sim, sim->floods) ? VALUE_MAX - 20 : 200);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + sim_below(sim, 26));
	text[size] = 0;
	field(w, name, text);
}

static void told_open(struct station *s, struct wish *w, const struct st_job_command *c)
{
	SIM_CHECK(s->sim, s, c->state == M_REGISTERED, "an opened matter is in state %u", c->state);
	struct told_record *r = told_record_new(s);
	memcpy(r->number, c->number, sizeof(r->number));
	r->id = c->id;
	r->state = M_REGISTERED;
	r->seq = c->event.seq;
	r->moves = 1;
	r->writers = 1u << s->index;
	(void)w;
}

static void told_own(struct station *s, struct wish *w, const struct st_job_command *c)
{
	struct told_record *r = record_of(w);
	bool sure = !r->unsure && !r->wild;
	if (w->move == NULL || r->handed)
		return;
	SIM_CHECK(s->sim, s, w->legal || !sure, "%s took %s in state %d", r->number, w->move->name,
		  (int)r->state);
	SIM_CHECK(s->sim, s, r->wild || c->state == w->move->to, "%s made %s a %u", w->move->name,
		  r->number, c->state);
	r->state = w->move->to;
	r->unsure = false;
	r->seq = c->event.seq;
	r->moves++;
}

static void refused(struct station *s, struct wish *w, int rc)
{
	struct told_record *r = record_of(w);
	bool room = rc == ST_EFULL || rc == ST_EBUSY || rc == ST_EIO || rc == ST_ENOMEM;
	bool sure = r == NULL || (!r->unsure && !r->wild && w->opener == s);
	bool late = s->jumped && rc == ST_EMOVE; /* a clock that is off makes thirty days of one */
	SIM_CHECK(s->sim, s, room || !w->legal || !sure || late, "%s of %s is refused: %s",
		  w->move == NULL ? "an opening or a note" : w->move->name, w->number, st_error_name(rc));
}

static void done(struct station *s, struct job *j)
{
	struct wish *w = j->arg;
	const struct st_job_command *c = &j->work.u.command;
	w->answered = true;
	if (j->work.rc < 0) {
		refused(s, w, j->work.rc);
		return;
	}
	told_event(s, &c->event);
	if (w->record == SIZE_MAX)
		told_open(s, w, c);
	else if (w->opener == s)
		told_own(s, w, c);
	else
		record_of(w)->writers |= 1u << s->index; /* a note from above, or what was reassigned */
}

static void submit(struct station *s, struct wish *w, const char *move)
{
	struct job *j = job_new(ST_JOB_COMMAND, done);
	j->arg = w;
	j->gone = gone;
	j->work.u.command.command = (struct st_command){
		.kind = ST_KIND_MATTER,
		.move = move,
		.author = st_span_text("clerk"),
		.fields = w->fields,
		.field_count = w->field_count,
	};
	if (w->number[0] != 0)
		j->work.u.command.record = st_span_text(w->number);
	if (w->record != SIZE_MAX && w->opener != s) /* it may be in its log before its answer is */
		record_of(w)->writers |= 1u << s->index;
	if (station_submit(s, j) < 0)
		job_free(j);
}

static struct wish *wish_new(struct station *s)
{
	struct wish *w = malloc(sizeof(*w));
	ST_REQUIRE(w != NULL);
	memset(w, 0, offsetof(struct wish, values));
	w->station = w->opener = s;
	w->record = SIZE_MAX;
	return w;
}

static void give_fields(struct wish *w, const struct move *move)
{
	const struct told *m = w->opener->told;
	for (size_t i = 0; i + 1 < 4 && move->fields[i] != NULL; i += 2) {
		const char *value = move->fields[i + 1];
		if (value[0] == 0) {
			const struct told_record *other = &m->records[(w->record + 1) % m->record_count];
			value = other->number;
			w->legal &= m->record_count > 1; /* none joins itself */
			if (other->unsure || other->wild || other->handed || other->busy)
				record_of(w)->unsure = true; /* whether it can be joined isn't known here */
			else
				w->legal &= (ENDED & IN(other->state)) == 0;
		}
		field(w, move->fields[i], value);
	}
}

static void open_one(struct sim *sim, struct station *s)
{
	static const char *const categories[] = { "环境", "交通", "物业", "社保" };
	struct wish *w = wish_new(s);
	char name[64];
	w->legal = true;
	field(w, "channel", sim_chance(sim, 500) ? "visit" : "phone");
	field(w, "category", categories[sim_below(sim, 4)]);
	long_text(sim, w, "text");
	if (sim_chance(sim, 400)) {
		(void)snprintf(name, sizeof(name), PRIVATE_MARK "%llu", (unsigned long long)sim_below(sim, 1000));
		field(w, "reporter_name", name);
	}
	submit(s, w, "open");
}

static void move_one(struct sim *sim, struct station *s)
{
	struct told *m = s->told;
	if (m->record_count == 0)
		return;
	size_t n = m->record_count - 1 - sim_below(sim, m->record_count < 12 ? m->record_count : 12);
	struct told_record *r = &m->records[n];
	const struct move *move = &moves[sim_below(sim, MOVES)];
	for (int i = 0; i < 8 && (move->from & IN(r->state)) == 0; i++)
		move = &moves[sim_below(sim, MOVES)];
	if (r->busy)
		return;
	struct wish *w = wish_new(s);
	w->record = n;
	w->move = sim_chance(sim, 150) ? NULL : move;
	w->legal = (move->from & IN(r->state)) != 0;
	memcpy(w->number, r->number, sizeof(w->number));
	r->busy = true;
	if (w->move == NULL) {
		w->legal = true;
		long_text(sim, w, "remark");
		submit(s, w, "note");
		return;
	}
	give_fields(w, move);
	submit(s, w, move->name);
}

/* It goes to another station, by its holder or over his head; from then on only the tiers know more. */
static void hand_one(struct sim *sim, struct station *s)
{
	struct station *opener = NULL, *to = sim->stations[sim_below(sim, sim->count)];
	struct told_record *r = told_record_below(s, &opener);
	if (r == NULL || r->busy)
		return;
	struct wish *w = wish_new(s);
	w->opener = opener;
	w->record = (size_t)(r - opener->told->records);
	w->legal = false;
	memcpy(w->number, r->number, sizeof(w->number));
	field(w, "to", to->code.text);
	r->wild = r->handed = true;
	submit(s, w, opener == s ? "hand" : "reassign");
}

/* Whoever holds it now goes on with it. */
static void hold_one(struct sim *sim, struct station *s)
{
	struct station *opener = sim->stations[sim_below(sim, sim->count)];
	if (opener->told->record_count == 0)
		return;
	size_t n = sim_below(sim, opener->told->record_count);
	struct told_record *r = &opener->told->records[n];
	const struct move *move = &moves[sim_below(sim, MOVES)];
	if (!r->handed || r->busy || opener == s)
		return;
	struct wish *w = wish_new(s);
	w->opener = opener;
	w->record = n;
	memcpy(w->number, r->number, sizeof(w->number));
	give_fields(w, move);
	submit(s, w, move->name);
}

/* From above: a note that commutes, a move that the holder alone may do, a number mistyped. */
static void above_one(struct sim *sim, struct station *s)
{
	struct station *opener = NULL;
	struct told_record *r = told_record_below(s, &opener);
	if (r == NULL || opener == s)
		return;
	struct wish *w = wish_new(s);
	w->opener = opener;
	w->record = (size_t)(r - opener->told->records);
	memcpy(w->number, r->number, sizeof(w->number));
	if (sim_chance(sim, 100))
		w->number[strlen(w->number) - 1] ^= 1;
	field(w, "remark", "请尽快办理");
	submit(s, w, sim_chance(sim, 700) ? "note" : "withdraw");
}

struct told_record *told_record_below(struct station *s, struct station **ret_opener)
{
	struct sim *sim = s->sim;
	struct station *o = sim->stations[sim_below(sim, sim->count)];
	if (!station_is_below(o, s) || o->told->record_count == 0)
		return NULL;
	*ret_opener = o;
	return &o->told->records[sim_below(sim, o->told->record_count)];
}

bool station_is_below(const struct station *s, const struct station *top)
{
	for (; s != NULL; s = s->parent)
		if (s == top)
			return true;
	return false;
}

static void revoked(struct station *s, struct job *j)
{
	struct station *child = j->arg;
	if (j->work.rc < 0)
		return;
	child->revoked = true;
	sim_trace(s->sim, s, "revoked", child->index, 0);
}

static void revoke(struct sim *sim, void *station, uint64_t tag)
{
	struct station *child = station, *s = child->parent;
	(void)tag;
	if (sim->healed || !s->alive || !s->self.set_up)
		return;
	struct job *j = job_new(ST_JOB_REVOKE, revoked);
	j->arg = child;
	j->work.u.revoke.child = child->code;
	if (station_submit(s, j) < 0)
		job_free(j);
}

/* More than the parent's whole pool; and now and then the parent has had enough of it. */
static void flood(struct sim *sim, struct station *s)
{
	for (uint64_t n = 30 + sim_below(sim, 90); n > 0; n--)
		open_one(sim, s);
	if (s->parent != NULL && sim_chance(sim, 100))
		sim_after(sim, sim_below(sim, 3000), revoke, s, 0);
}

/* Somebody looks at what has come for his station. */
static void see_all(struct station *s)
{
	struct job *j = job_new(ST_JOB_SEEN, NULL);
	if (station_submit(s, j) < 0)
		job_free(j);
}

static void work(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	if (sim->healed)
		return;
	sim_after(sim, 200 + sim_below(sim, 5000), work, s, tag);
	if (!s->alive || !s->self.set_up)
		return;
	if (sim_chance(sim, 100))
		see_all(s);
	if (sim->floods > FLOOD_FROM && sim_chance(sim, 30))
		flood(sim, s);
	for (uint64_t n = sim_chance(sim, sim->bursts) ? sim_below(sim, 24) : sim_below(sim, 3);
	     n > 0 && s->alive; n--) {
		uint64_t what = sim_below(sim, 100);
		if (what < 35)
			open_one(sim, s);
		else if (what < 85)
			move_one(sim, s);
		else if (what < 89)
			above_one(sim, s);
		else if (what < 91)
			sim_chance(sim, 500) ? hand_one(sim, s) : hold_one(sim, s);
		else if (what < 94)
			rogue_acts(s);
		else if (what < 98)
			forge_push(s);
		else
			clerk_imports(s);
	}
}

/* While it is idle, so that its silence has an age; as the daemon does, but more often. */
static void refresh(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	sim_after(sim, 5000 + sim_below(sim, 60000), refresh, s, tag);
	if (!s->alive || !s->self.set_up || s->writing)
		return;
	struct job *j = job_new(ST_JOB_REFRESH, NULL);
	if (station_submit(s, j) < 0)
		job_free(j);
}

void clerk_start(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++) {
		sim_after(sim, sim_below(sim, 4000), work, sim->stations[i], 0);
		sim_after(sim, sim_below(sim, 30000), refresh, sim->stations[i], 0);
	}
	if (sim_chance(sim, 300))
		sim_after(sim, sim_below(sim, sim->chaos_ms), revoke,
			  sim->stations[1 + sim_below(sim, sim->count - 1)], 0);
}
