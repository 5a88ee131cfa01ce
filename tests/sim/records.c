/* records.c - records at their holder, above it, and in the model.
 *
 * Owns:    the comparison of what the tiers make of the same events.
 * Promise: 2: an event takes effect once, in its record's order, the same at every tier.
 * Flow:    told, records of each tier -> right or wrong */
#include <string.h>
#include <station/base/check.h>
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

static int put_names(struct st_txn *t, const struct st_record *r, char *to, size_t room)
{
	char category[ST_NAME_TEXT_MAX + 1], sub[ST_NAME_TEXT_MAX + 1], unit[ST_NAME_TEXT_MAX + 1];
	int rc = st_name_text(t, ST_NAMES_CATEGORY, r->category, category);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_SUBCATEGORY, r->subcategory, sub);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_UNIT, r->unit, unit);
	if (rc == 0)
		(void)snprintf(to, room, "%s|%s|%s", category, sub, unit);
	return rc;
}

/* A value without this store's numbers of names and stations. */
static int facet_text(struct st_txn *t, const struct st_record *r, const struct st_facet *f, char *to,
		      size_t room)
{
	const struct st_field_row *row = st_kind_field(st_kind(r->kind), f->field);
	char name[ST_NAME_TEXT_MAX + 1] = "";
	struct st_code code = { .text = "" };
	int rc = 0;
	if (row->type == ST_FIELD_TEXT)
		rc = st_name_text(t, (uint8_t)row->names, (uint16_t)f->value, name);
	else if (row->type == ST_FIELD_STATION)
		rc = st_station_code(t, f->value, &code);
	else
		(void)snprintf(name, sizeof(name), "%u", f->value);
	(void)snprintf(to, room, " %s %s%s", row->name, name, code.text);
	return rc;
}

static int put_facets(struct st_txn *t, struct looking *l)
{
	size_t used = strlen(l->text);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->record.facet_count && used < sizeof(l->text); i++) {
		rc = facet_text(t, &l->record, &l->record.facets[i], l->text + used,
				sizeof(l->text) - used);
		used += strlen(l->text + used);
	}
	return rc;
}

static int put_text(struct st_txn *t, struct looking *l)
{
	const struct st_record *r = &l->record;
	struct st_code holder = { .text = "" };
	struct st_log log;
	struct st_log_id id;
	char names[3 * ST_NAME_TEXT_MAX + 4] = "";
	memset(&l->head, 0, sizeof(l->head));
	int rc = r->holder == 0 ? 0 : st_station_code(t, r->holder, &holder);
	if (rc == 0 && r->head.seq != 0) {
		rc = st_log_get(t, r->head.log, &log);
		if (rc == 0)
			rc = st_log_id(t, &log, &id);
		if (rc == 0)
			l->head = (struct st_position){ id.station, id.epoch, r->head.seq };
	}
	l->holder = holder;
	if (rc == 0)
		rc = put_names(t, r, names, sizeof(names));
	if (rc < 0)
		return rc;
	(void)snprintf(l->text, sizeof(l->text),
		       "kind %u state %u holder %s term %u revision %u head %s/%llu days %u %u %u due %u %u "
		       "names %s channel %u ratings %u %u reopened %u number %u %u %u strays %u %u %u "
		       "handed %u left %u",
		       r->kind, r->state, holder.text, r->term, r->revision, l->head.station.text,
		       (unsigned long long)l->head.seq, r->opened_day, r->closed_day, r->changed_day,
		       r->due_day, r->first_due_day, names, r->channel, r->rating_answer,
		       r->rating_result, r->reopened, r->number.year, r->number.epoch, r->number.serial,
		       r->notes, r->waiting, r->set_aside, r->handed, r->days_left);
	return put_facets(t, l);
}

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
	return put_text(t, l);
}

static void look_at(struct station *s, const struct st_record_id *id, struct looking *l)
{
	l->station = s;
	l->id = *id;
	l->text[0] = 0;
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
