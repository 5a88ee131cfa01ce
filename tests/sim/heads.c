/* heads.c - writers' heads: signed in time, everywhere at the end, and never a false alarm; and the last act, in which
 * a tier between holds back what main asks of a station below it.
 *
 * Owns:    the model of who should know what of whose heads.
 * Promise: 3 and 6: what is left out on the way is seen by who should have got it, and by nobody else.
 * Flow:    timer -> heads job; heads, withheld -> right or wrong */
#include <stdlib.h>
#include <string.h>
#include <station/ask/heads.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/work/heads.h>
#include "sim.h"

enum { TICK_MS = 2000, DAY_S = 20, NEVER_S = 100u * 365 * 86400, DIRECTIVES_MAX = 3,
       SUPERVISION = 9 /* lib/work/kinds.h */ };

/* ---- signing, as the daemon's heads.c has it ---- */

struct due {
	struct station *station;
	bool due;
};

static uint64_t every_s(const struct sim *sim)
{
	return sim->healed ? NEVER_S : DAY_S; /* a city that signs for ever is never quiet */
}

static int read_due(struct st_txn *t, void *arg)
{
	struct due *d = arg;
	struct station *s = d->station;
	return st_heads_due(t, &s->self, (uint64_t)station_wall(s) / 1000, every_s(s->sim), &d->due);
}

static bool heads_due(struct station *s)
{
	struct due d = { .station = s };
	SIM_DO(s->sim, s, st_store_read(s->store, read_due, &d));
	return d.due;
}

static void tick(struct sim *sim, void *station, uint64_t tag)
{
	struct station *s = station;
	sim_after(sim, TICK_MS / 2 + sim_below(sim, TICK_MS), tick, s, tag);
	if (!s->alive || s->doomed || !s->self.set_up || !heads_due(s))
		return;
	struct job *j = job_new(ST_JOB_HEADS, NULL);
	j->work.u.heads = (struct st_job_heads){ .every_s = every_s(sim), .look = sim_chance(sim, 200) };
	if (station_submit(s, j) < 0)
		job_free(j);
}

void heads_start(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++)
		sim_after(sim, sim_below(sim, TICK_MS), tick, sim->stations[i], 0);
}

/* ---- what a station says ---- */

struct saying {
	const struct station *about; /* NULL: of anybody */
	uint64_t missing;
	struct st_head_verdict first;
};

static int say(const struct st_head_verdict *v, void *arg)
{
	struct saying *x = arg;
	if (x->about != NULL && !st_code_equal(&x->about->code, &v->head.log.station))
		return 0;
	if (v->missing > 0 && x->missing == 0)
		x->first = *v;
	x->missing += v->missing;
	return 0;
}

static int read_saying(struct st_txn *t, void *arg)
{
	struct st_heads_ask ask = { .now_s = 1 }; /* no patience: an honest way leaves nothing out, ever */
	return st_heads_each(t, &ask, say, arg);
}

static struct saying ask(struct station *s, const struct station *about)
{
	struct saying x = { .about = about };
	SIM_DO(s->sim, s, st_store_read(s->store, read_saying, &x));
	return x;
}

/* It, or who is above it, has asked not to be told. */
static bool may_miss(const struct station *s)
{
	bool boasts = false;
	for (; s != NULL; s = s->parent)
		boasts |= s->boasts;
	return boasts;
}

static void check_silent(struct station *s)
{
	struct saying x = ask(s, NULL);
	SIM_CHECK(s->sim, s, x.missing == 0 || may_miss(s), "misses %llu events of %s, %llu is one, after %llu",
		  (unsigned long long)x.missing, x.first.head.log.station.text,
		  (unsigned long long)x.first.first, (unsigned long long)x.first.after);
}

/* ---- each head is wherever it should be ---- */

struct comparing {
	struct station *writer, *at;
	char *why;
	struct st_head head;
	struct st_head_row row;
	bool found;
};

static int read_row(struct st_txn *t, void *arg)
{
	struct comparing *c = arg;
	struct st_head_key key = { .subtree = c->head.subtree };
	struct st_log log;
	uint32_t writer = 0;
	int rc = st_station_number(t, &c->head.log.station, &writer);
	if (rc == 0)
		rc = st_log_find(t, writer, c->head.log.epoch, &log);
	if (rc == 0)
		rc = st_station_number(t, &c->head.to, &key.to);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	key.log = log.number;
	rc = st_head_get(t, &key, &c->row);
	c->found = rc == 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static bool is_within(const struct station *s, const struct station *top)
{
	while (s != NULL && s != top)
		s = s->parent;
	return s == top;
}

/* 1: it isn't yet wherever it is for. */
static int compare_head(struct st_txn *t, const struct st_head_key *key, const struct st_head_row *row,
			void *arg)
{
	struct comparing *c = arg;
	struct sim *sim = c->writer->sim;
	int rc = st_head_read(t, key, &c->head);
	struct station *to = rc < 0 ? NULL : station_of(sim, &c->head.to);
	for (size_t i = 0; to != NULL && i < sim->count; i++) {
		c->at = sim->stations[i];
		c->found = false;
		bool addressed = c->head.subtree ? is_within(c->at, to) : c->at == to;
		if (!addressed || is_within(c->writer, c->at) || may_miss(c->at))
			continue;
		SIM_DO(sim, c->at, st_store_read(c->at->store, read_row, c));
		if (c->found && c->row.seq == row->seq && c->row.time_s == row->time_s)
			continue;
		(void)snprintf(c->why, 200, "%s has the head of %s at %llu, not %llu", c->at->code.text,
			       c->writer->code.text, c->found ? (unsigned long long)c->row.seq : 0ull,
			       (unsigned long long)row->seq);
		return 1;
	}
	return rc;
}

static int read_own(struct st_txn *t, void *arg)
{
	struct comparing *c = arg;
	return st_head_each(t, c->writer->self.log, compare_head, c);
}

static bool all_enrolled(const struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++) {
		const struct child *c = down_child(sim->stations[i]->parent, sim->stations[i]);
		if (c == NULL || !c->enrolled)
			return false;
	}
	return true;
}

bool heads_are_quiet(struct sim *sim, char why[200])
{
	for (size_t i = 0; i < sim->count; i++) {
		struct comparing c = { .writer = sim->stations[i], .why = why };
		if (heads_due(c.writer)) {
			(void)snprintf(why, 200, "%s has heads to sign", c.writer->code.text);
			return false;
		}
		int rc = all_enrolled(sim) ? st_store_read(c.writer->store, read_own, &c) : 0;
		SIM_DO(sim, c.writer, rc);
		if (rc == 1)
			return false;
	}
	return true;
}

void check_heads(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++)
		check_silent(sim->stations[i]);
}

/* ---- the last act ---- */

static int hold_row(const struct st_outbox_row *row, void *arg)
{
	struct station *s = arg;
	if ((row->seq & ST_OUTBOX_HEAD) != 0)
		return 0;
	ST_REQUIRE(s->withheld_count < WITHHELD_MAX);
	s->withheld[s->withheld_count++] = *row;
	return 0;
}

static int hold_back(struct st_txn *t, void *arg)
{
	struct station *s = arg;
	size_t before = s->withheld_count;
	int rc = st_outbox_each(t, s->withholds, 0, hold_row, s);
	for (size_t i = before; rc == 0 && i < s->withheld_count; i++)
		rc = st_outbox_drop(t, s->withholds, s->withheld[i].position);
	return rc;
}

void heads_after_group(struct station *s)
{
	if (s->withholds != 0)
		SIM_DO(s->sim, s, st_store_write(s->store, hold_back, s));
}

static int give_back(struct st_txn *t, void *arg)
{
	struct station *s = arg;
	uint64_t position = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->withheld_count; i++)
		rc = st_outbox_put(t, s->withheld[i].child, s->withheld[i].log, s->withheld[i].seq, &position);
	return rc;
}

static void issued(struct station *s, struct job *j)
{
	SIM_CHECK(s->sim, s, j->work.rc == 0, "can't issue: %s %s", st_error_name(j->work.rc),
		  j->work.u.command.place);
}

static void issue(struct station *s, const struct station *to)
{
	static char due[ST_DAY_TEXT];
	static struct st_command_field fields[4];
	struct job *j = job_new(ST_JOB_COMMAND, issued);
	st_day_text(st_day_of_ms(station_wall(s)) + 30, due);
	fields[0] = (struct st_command_field){ st_span_text("to"), st_code_span(&to->code) };
	fields[1] = (struct st_command_field){ st_span_text("level"), st_span_text("ordinary") };
	fields[2] = (struct st_command_field){ st_span_text("due"), st_span_text(due) };
	fields[3] = (struct st_command_field){ st_span_text("title"), st_span_text("最后一件") };
	j->work.u.command.command = (struct st_command){ .kind = SUPERVISION, .move = "issue",
							 .at_ms = station_wall(s), .fields = fields,
							 .field_count = 4 };
	SIM_DO(s->sim, s, station_submit(s, j));
}

/* A child of a tier between; NULL: the city is too flat, or somebody's key has ended. */
static struct station *victim(struct sim *sim)
{
	size_t first = sim_below(sim, sim->count);
	for (size_t n = 0; all_enrolled(sim) && n < sim->count; n++) {
		struct station *s = sim->stations[(first + n) % sim->count];
		if (s->parent != NULL && s->parent->parent != NULL && !may_miss(s))
			return s;
	}
	return NULL;
}

static void check_victim(struct sim *sim, struct station *victim, uint64_t missing)
{
	for (size_t i = 0; i < sim->count; i++) {
		struct station *s = sim->stations[i];
		if (may_miss(s))
			continue;
		struct saying of_main = ask(s, sim->stations[0]), of_all = ask(s, NULL);
		uint64_t right = s == victim ? missing : 0;
		SIM_CHECK(sim, s, of_main.missing == right && of_all.missing == right,
			  "says that %llu events are missing, %llu of main; %llu are withheld from %s",
			  (unsigned long long)of_all.missing, (unsigned long long)of_main.missing,
			  (unsigned long long)missing, victim->code.text);
	}
}

void heads_last_act(struct sim *sim, void (*quiet)(struct sim *sim))
{
	struct station *to = victim(sim), *main = sim->stations[0];
	struct st_applied applied;
	if (to == NULL)
		return;
	struct station *rogue = to->parent;
	uint64_t count = 1 + sim_below(sim, DIRECTIVES_MAX);
	sim_trace(sim, rogue, "withholds", to->index, count);
	rogue->withholds = down_child(rogue, to)->number;
	for (uint64_t n = 0; n < count; n++)
		issue(main, to);
	quiet(sim);
	SIM_CHECK(sim, rogue, rogue->withheld_count >= count, "had nothing to withhold");
	check_victim(sim, to, count);
	SIM_DO(sim, rogue, st_store_write(rogue->store, give_back, rogue));
	rogue->withholds = 0;
	memset(&applied, 0, sizeof(applied));
	applied.addressed = true;
	down_applied(rogue, &applied);
	quiet(sim);
	check_victim(sim, to, 0);
}
