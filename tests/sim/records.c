/* records.c - records at their holder, above it, and in the model.
 *
 * Owns:    the comparison of what the tiers make of the same events.
 * Promise: 2: an event takes effect once, in its record's order, the same at every tier.
 * Flow:    told, records of each tier -> right or wrong */
#include <string.h>
#include <station/base/check.h>
#include "../common/record_text.h"
#include "sim.h"

enum { TEXT_MAX = 4096 };

struct looking {
	struct station *station;
	struct st_record_id id;
	bool found;
	struct st_record record;
	struct st_position head;
	struct st_code holder;
	char text[TEXT_MAX]; /* the row, without this store's numbers */
};

static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_record_ref ref = { .ulid = l->id.ulid };
	int rc = st_station_number(t, &l->id.opener, &ref.opener);
	if (rc == 0)
		rc = st_record_load(t, &ref, &l->record);
	l->found = rc == 0;
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = record_head(t, &l->record, &l->head);
	if (rc == 0 && l->record.holder != 0)
		rc = st_station_code(t, l->record.holder, &l->holder);
	return rc < 0 ? rc : record_text(t, &l->record, l->text, sizeof(l->text));
}

static void look_at(struct station *s, const struct st_record_id *id, struct looking *l)
{
	l->station = s;
	l->id = *id;
	l->text[0] = 0;
	memset(&l->holder, 0, sizeof(l->holder));
	SIM_DO(s->sim, s, st_store_read(s->store, look, l));
}

/* Do both hold the same events of it? Its writers all stand at or below the lower one. */
static bool same_set(const struct station *lower, uint32_t writers)
{
	const struct sim *sim = lower->sim;
	for (size_t i = 0; i < sim->count; i++)
		if ((writers & 1u << i) != 0 && !station_is_below(sim->stations[i], lower))
			return false;
	return true;
}

static bool relays(const struct station *s)
{
	const struct child *c = s->parent == NULL ? NULL : down_child(s->parent, s);
	return c != NULL && c->enrolled;
}

static void check_upward(struct station *opener, const struct told_record *r)
{
	struct looking below, above;
	look_at(opener, &r->id, &below);
	for (struct station *s = opener; relays(s); s = s->parent) {
		look_at(s->parent, &r->id, &above);
		SIM_CHECK(s->sim, s->parent, above.found, "doesn't know %s", r->number);
		if (same_set(s, r->writers))
			SIM_CHECK(s->sim, s->parent, strcmp(below.text, above.text) == 0,
				  "%s is otherwise than at %s: %s; there %s", r->number, s->code.text,
				  above.text, below.text);
		below = above;
	}
}

static bool all_enrolled(const struct sim *sim)
{
	for (size_t i = 1; i < sim->count; i++)
		if (!relays(sim->stations[i]))
			return false;
	return true;
}

/* What was handed on, main, whoever opened it and whoever holds it see alike: each of them is told. */
static void check_handed(struct station *opener, const struct told_record *r)
{
	struct sim *sim = opener->sim;
	struct looking top, other;
	look_at(sim->stations[0], &r->id, &top);
	struct station *holder = station_of(sim, &top.holder);
	SIM_CHECK(sim, sim->stations[0], top.found && holder != NULL, "nobody holds %s", r->number);
	for (int i = 0; i < 2; i++) {
		struct station *s = i == 0 ? opener : holder;
		look_at(s, &r->id, &other);
		bool same = other.found && other.record.state == top.record.state &&
			    other.record.term == top.record.term &&
			    other.record.revision == top.record.revision &&
			    st_code_equal(&other.holder, &top.holder) && other.head.seq == top.head.seq &&
			    st_code_equal(&other.head.station, &top.head.station);
		SIM_CHECK(sim, s, same, "%s was handed on and is here: %s; at main: %s", r->number,
			  other.text, top.text);
	}
}

static void check_model(struct station *s, const struct told_record *r)
{
	struct looking l;
	look_at(s, &r->id, &l);
	SIM_CHECK(s->sim, s, l.found, "%s was told, and isn't here", r->number);
	if (r->wild || r->unsure)
		return;
	SIM_CHECK(s->sim, s, l.record.state == r->state && l.head.seq == r->seq,
		  "%s was told to be in state %u by event %llu; it is: %s", r->number, r->state,
		  (unsigned long long)r->seq, l.text);
}

struct rows {
	const struct station *source;
	uint32_t row;
	bool found;
};

static int find_row(struct st_txn *t, void *arg)
{
	struct rows *x = arg;
	struct st_record_ref ref;
	char number[32];
	uint8_t hash[16];
	(void)snprintf(number, sizeof(number), "C%u-%u", x->row, x->row % 7);
	st_import_source(st_code_span(&x->source->code), st_span_text(number), hash);
	int rc = st_source_get(t, hash, &ref);
	x->found = rc == 0;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static void check_rows(struct station *source)
{
	for (struct station *s = source; s != NULL; s = relays(s) ? s->parent : NULL) {
		for (uint32_t n = 1; n <= source->told->rows_told; n++) {
			struct rows x = { source, n, false };
			SIM_DO(s->sim, s, st_store_read(s->store, find_row, &x));
			SIM_CHECK(s->sim, s, x.found, "row %u, imported at %s, isn't here", n,
				  source->code.text);
		}
	}
}

void check_records(struct station *s)
{
	for (size_t i = 0; i < s->told->record_count; i++) {
		struct told_record *r = &s->told->records[i];
		check_model(s, r);
		check_upward(s, r);
		check_life(s, r);
		if (!r->handed || r->raw || !all_enrolled(s->sim))
			continue;
		check_handed(s, r);
		check_life(s->sim->stations[0], r);
	}
	check_rows(s);
}
