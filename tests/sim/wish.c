/* wish.c - a wish goes to the writer, and the model learns of the answer.
 *
 * Owns:    what a clerk may expect: a legal move is done and leads where its table says, whatever
 *          the links do; one that isn't is refused.
 * Promise: 5 is tried: a clerk never waits for a link; his station does everything without one.
 * Flow:    wish -> writer -> told */
#include <stdlib.h>
#include <string.h>
#include <station/ask/matter.h>
#include <station/base/check.h>
#include "wish.h"

struct wish *wish_new(struct station *s, const struct st_kind *k, const struct st_move_row *move)
{
	struct wish *w = malloc(sizeof(*w));
	ST_REQUIRE(w != NULL);
	memset(w, 0, offsetof(struct wish, values));
	w->station = w->opener = s;
	w->record = SIZE_MAX;
	w->kind = k;
	w->move = move;
	return w;
}

struct told_record *wish_record(struct wish *w)
{
	return w->record == SIZE_MAX ? NULL : &w->opener->told->records[w->record];
}

void wish_about(struct wish *w, struct station *opener, struct told_record *r)
{
	w->opener = opener;
	w->record = (size_t)(r - opener->told->records);
	memcpy(w->number, r->number, sizeof(w->number));
}

void wish_drop(struct wish *w)
{
	free(w);
}

static void gone(struct job *j)
{
	struct wish *w = j->arg;
	struct told_record *r = wish_record(w);
	if (r != NULL && w->station == w->opener) {
		r->busy = false;
		r->unsure |= !w->answered && w->move != NULL;
	}
	wish_drop(w);
}

static const char *name_of(const struct wish *w)
{
	return w->move == NULL ? "note" : w->move->name;
}

/* ---- answers ---- */

_Static_assert(sizeof(((struct wish *)NULL)->entered) == sizeof(((struct told_record *)NULL)->entered),
	       "it is copied whole");

static void told_open(struct station *s, struct wish *w, const struct st_job_command *c)
{
	SIM_CHECK(s->sim, s, w->expect < ILLEGAL, "%s %s was taken, and is wrong", w->kind->name,
		  w->move->name);
	SIM_CHECK(s->sim, s, c->state == w->move->to, "%s %s leads to state %u", w->kind->name,
		  w->move->name, c->state);
	const struct told_record *twin = w->twin == 0 ? NULL : &s->told->records[w->twin - 1];
	SIM_CHECK(s->sim, s, twin == NULL || twin->unsure || twin->wild || twin->raw, "%s %s was taken beside %s",
		  w->kind->name, w->entered, twin->number);
	struct told_record *r = told_record_new(s);
	memcpy(r->entered, w->entered, sizeof(r->entered));
	memcpy(r->number, c->number, sizeof(r->number));
	r->id = c->id;
	r->kind = w->kind;
	r->state = c->state;
	r->seq = c->event.seq;
	r->writers = 1u << s->index;
	r->handed = r->wild = w->move->hands != ST_HANDS_STAY;
}

static void told_move(struct station *s, struct wish *w, const struct st_job_command *c)
{
	struct told_record *r = wish_record(w);
	bool sure = !r->unsure && !r->wild && !r->handed && w->opener == s;
	SIM_CHECK(s->sim, s, w->expect < (sure ? ILLEGAL : NEVER), "%s took %s in state %u", r->number,
		  name_of(w), r->state);
	r->writers |= 1u << s->index;
	if (w->move == NULL || w->opener != s)
		return;
	uint32_t to = w->move->to != 0 ? w->move->to : r->state;
	SIM_CHECK(s->sim, s, c->state == to || !sure, "%s made %s a %u", w->move->name, r->number,
		  c->state);
	r->state = c->state;
	if (w->move->clock == ST_CLOCK_WAIT || w->move->clock == ST_CLOCK_RESUME)
		r->waits = w->move->clock == ST_CLOCK_WAIT;
	r->unsure = false;
	r->seq = c->event.seq;
}

static void refused(struct station *s, struct wish *w, int rc)
{
	struct told_record *r = wish_record(w);
	bool room = rc == ST_EFULL || rc == ST_EIO; /* and that there was none the disk says: station.c */
	bool sure = r == NULL || (!r->unsure && !r->wild && !r->handed && w->opener == s);
	/* A clock that is off makes thirty days of one, or puts a term before the opening. */
	bool late = s->jumped && (rc == ST_EMOVE || rc == ST_EFIELD);
	/* Somebody may have signed about it since it was chosen. */
	const struct told_record *into = w->joins_of == NULL ? NULL : &w->joins_of->told->records[w->joins];
	bool gone_wild = into != NULL && (into->wild || into->unsure) && (rc == ST_EJOINED || rc == ST_EENDED);
	SIM_CHECK(s->sim, s, room || w->expect != LEGAL || !sure || late || gone_wild, "%s %s of %s is refused: %s",
		  w->kind->name, name_of(w), w->number, st_error_name(rc));
}

/* What was acknowledged says what the clerk said, in each of its places: from here on its bytes are pinned by its leaf. */
struct saying {
	struct station *station;
	const struct wish *wish;
	const struct st_job_command *command;
	struct st_record record;
	size_t found; /* of the wish's fields */
	bool seen;
};

static bool has_value(const struct st_field *fields, size_t count, const struct st_field_row *row, struct st_span value)
{
	bool as_given = row->type == ST_FIELD_TEXT || row->type == ST_FIELD_LONG || row->type == ST_FIELD_IDENTITY;
	for (size_t i = 0; i < count; i++)
		if (fields[i].id == row->id && (!as_given || st_span_equal(fields[i].text, value)))
			return true;
	return false;
}

/* Somebody may have had it erased in the same transaction. */
static bool is_erased(const struct st_life_event *e, const struct st_field_row *row)
{
	return (row->place == ST_AS_TEXT && e->texts_erased) || (row->place == ST_AS_PRIVATE && e->private_erased);
}

static int look_at(const struct st_life_event *e, void *arg)
{
	struct saying *x = arg;
	const struct wish *w = x->wish;
	if (e->at.seq != x->command->event.seq || !st_code_equal(&e->at.station, &x->station->code))
		return 0;
	x->seen = true;
	for (size_t i = 0; i < w->field_count; i++) {
		const struct st_field_row *row = st_kind_field_named(w->kind, w->fields[i].name);
		const struct st_command_field *f = &w->fields[i];
		x->found += row != NULL && (is_erased(e, row) || has_value(e->facts, e->fact_count, row, f->value) ||
					    has_value(e->texts, e->text_count, row, f->value) ||
					    has_value(e->privates, e->private_count, row, f->value));
	}
	return 0;
}

static int read_saying(struct st_txn *t, void *arg)
{
	struct saying *x = arg;
	struct st_record_ref ref;
	int rc = st_record_resolve(t, st_span_text(x->command->number), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &x->record);
	return rc < 0 ? rc : st_life_each(t, &x->record, &x->station->keys.grant, look_at, x);
}

static void told_content(struct station *s, const struct wish *w, const struct st_job_command *c)
{
	struct saying x = { .station = s, .wish = w, .command = c };
	int rc = st_store_read(s->store, read_saying, &x);
	SIM_CHECK(s->sim, s, rc == 0 && x.seen && x.found == w->field_count, "%s %s says %zu of its %zu fields: %s",
		  w->kind->name, name_of(w), x.found, w->field_count, st_error_name(rc));
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
	told_content(s, w, c);
	if (w->record == SIZE_MAX)
		told_open(s, w, c);
	else
		told_move(s, w, c);
}

void wish_submit(struct wish *w)
{
	struct job *j = job_new(ST_JOB_COMMAND, done);
	struct told_record *r = wish_record(w);
	j->arg = w;
	j->gone = gone;
	j->work.u.command.command = (struct st_command){
		.kind = w->kind->number,
		.move = name_of(w),
		.author = st_span_text("clerk"),
		.fields = w->fields,
		.field_count = w->field_count,
	};
	if (w->number[0] != 0)
		j->work.u.command.record = st_span_text(w->number);
	if (r != NULL && w->opener != w->station) /* it may be in its log before its answer is */
		r->writers |= 1u << w->station->index;
	if (r != NULL && w->opener == w->station)
		r->busy = true;
	if (station_submit(w->station, j) < 0)
		job_free(j);
}
