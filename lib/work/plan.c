/* plan.c - from where a record is to where its row says: the moves between.
 *
 * Owns:    the life that a source's row tells, as far as it tells it.
 * Promise: a second import adds nothing; a row that has moved on adds just what is new.
 * Flow:    import -> plan -> command */
#include <station/work/import.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "kind_matter.h"

/* What a source that records no reply, rating or way of telling leaves us to say. */
static const char NO_REPLY[] = "来源未记载答复", DUE_MOVED[] = "来源改期";

struct plan {
	const struct st_import_case *c;
	struct st_import_move *moves;
	int count;
};

static struct st_import_move *add(struct plan *p, const char *name, int64_t at_ms)
{
	ST_REQUIRE(p->count < ST_IMPORT_MOVES_MAX);
	struct st_import_move *m = &p->moves[p->count++];
	*m = (struct st_import_move){ .move = name, .at_ms = at_ms };
	return m;
}

static void give(struct st_import_move *m, const char *field, struct st_span value)
{
	if (value.size == 0)
		return;
	st_assert(m->field_count < sizeof(m->fields) / sizeof(m->fields[0]));
	m->fields[m->field_count++] = (struct st_command_field){ st_span_text(field), value };
}

static void plan_open(struct plan *p, struct st_span source)
{
	const struct st_span *column = p->c->column;
	struct st_import_move *m = add(p, "open", p->c->opened_ms);
	give(m, "channel", column[ST_COL_CHANNEL]);
	give(m, "category", column[ST_COL_CATEGORY]);
	give(m, "subcategory", column[ST_COL_SUBCATEGORY]);
	give(m, "title", column[ST_COL_TITLE]);
	give(m, "text", column[ST_COL_TEXT]);
	give(m, "place", column[ST_COL_SUB_DISTRICT].size > 0 ? column[ST_COL_SUB_DISTRICT]
							      : column[ST_COL_DISTRICT]);
	give(m, "duplicate_of", column[ST_COL_DUPLICATE_OF]);
	give(m, "source", source);
	give(m, "source_number", column[ST_COL_NUMBER]);
}

static void give_due(struct plan *p, struct st_import_move *m)
{
	if (p->c->due_day == 0)
		return;
	st_day_text(p->c->due_day, m->text);
	give(m, "due", st_span_text(m->text));
}

/* Whether the source has set another day since. One that was put off here stays, unless the source's is
 * later still. */
static bool due_moved(const struct st_import_case *c, const struct st_record *r)
{
	const struct st_kind *k = st_kind(ST_KIND_MATTER);
	uint32_t due = c->due_day;
	return r != NULL && due != 0 && due != r->due_day &&
	       (due > r->due_day || r->due_day == r->first_due_day) &&
	       st_move_from(k, st_kind_move_named(k, "extend"), r->state);
}

/* A row doesn't say when its day was changed: it is so from now on. */
static void plan_extend(struct plan *p)
{
	struct st_import_move *m = add(p, "extend", 0);
	give_due(p, m);
	give(m, "reason", st_span_text(DUE_MOVED));
}

static void plan_end(struct plan *p, uint32_t state)
{
	struct st_span reply = p->c->column[ST_COL_REPLY];
	if (state < MATTER_ANSWERED || state == MATTER_REOPENED)
		give(add(p, "answer", p->c->closed_ms), "reply",
		     reply.size > 0 ? reply : st_span_text(NO_REPLY));
	if (state < MATTER_ECHOED || state == MATTER_REOPENED) {
		struct st_import_move *m = add(p, "echo", p->c->closed_ms);
		give(m, "rating_answer", st_span_text("unrated"));
		give(m, "told_how", st_span_text("unrecorded"));
	}
	(void)add(p, "close", p->c->closed_ms);
}

int st_import_plan(const struct st_import_case *c, struct st_span source,
		   const struct st_record *r, struct st_import_move moves[ST_IMPORT_MOVES_MAX])
{
	struct plan p = { .c = c, .moves = moves };
	uint32_t state = r == NULL ? 0 : r->state;
	if (state == MATTER_REFUSED || state == MATTER_MERGED || state == MATTER_WITHDRAWN ||
	    (state == MATTER_CLOSED && !c->closed))
		return ST_EMOVE;
	if (state == MATTER_CLOSED)
		return 0;
	if (state == 0)
		plan_open(&p, source);
	if (state <= MATTER_REGISTERED)
		give_due(&p, add(&p, "accept", c->opened_ms));
	/* One that a unit has handed back isn't pressed on it again. */
	bool unassigned = state <= MATTER_REGISTERED || (state == MATTER_ACCEPTED && r->unit == 0);
	if (unassigned && c->column[ST_COL_AGENCY].size > 0)
		give(add(&p, "assign", c->opened_ms), "unit", c->column[ST_COL_AGENCY]);
	if (c->closed)
		plan_end(&p, state);
	else if (due_moved(c, r))
		plan_extend(&p);
	return p.count;
}
