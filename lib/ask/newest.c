/* newest.c - the newest values of a few fields of one record.
 *
 * Owns:    the walk back along a chain, no further than it must.
 * Promise: 7: what is private is never read here.
 * Flow:    record -> chain -> newest -> archive, schedule, questions */
#include "newest.h"
#include <string.h>
#include <station/base/check.h>

void newest_text(struct st_span from, char *to, size_t room)
{
	size_t n = from.size;
	st_assert(room > 0);
	if (n > room - 1) {
		n = room - 1;
		while (n > 0 && (from.data[n] & 0xc0) == 0x80)
			n--;
	}
	st_assert(n < room);
	if (n > 0)
		memcpy(to, from.data, n);
	to[n] = 0;
}

/* The event's other values of the field. */
static void join(struct newest *w, const struct st_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(w->text);
		if (fields[i].id != w->id || fields[i].is_number)
			continue;
		newest_text(st_span_text("、"), w->text + used, sizeof(w->text) - used);
		used = strlen(w->text);
		st_assert(used < sizeof(w->text));
		newest_text(fields[i].text, w->text + used, sizeof(w->text) - used);
	}
}

static size_t take(struct newest *wanted, size_t count, const struct st_field *fields, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		struct newest *w = &wanted[i];
		const struct st_field *f =
			w->found || w->id == 0 ? NULL : st_field_find(fields, n, w->id);
		if (f == NULL)
			continue;
		w->found = true;
		w->is_number = f->is_number;
		w->number = f->number;
		if (!f->is_number)
			newest_text(f->text, w->text, sizeof(w->text));
		if (!f->is_number && w->all)
			join(w, f + 1, (size_t)(fields + n - f) - 1);
		found++;
	}
	return found;
}

/* Whether any that is still wanted stands in a text part, which is then read with the event. */
static bool needs_parts(const struct st_record *r, const struct newest *wanted, size_t count)
{
	const struct st_kind *k = st_kind(r->kind);
	for (size_t i = 0; k != NULL && i < count; i++) {
		const struct st_field_row *f =
			wanted[i].found ? NULL : st_kind_field(k, wanted[i].id);
		if (f != NULL && f->place == ST_AS_TEXT)
			return true;
	}
	return false;
}

int newest_read(struct life *l, const struct st_record *r, struct newest *wanted, size_t count)
{
	struct st_place at = r->head;
	size_t left = 0;
	ST_REQUIRE(count <= NEWEST_MAX);
	st_assert(r->revision <= ST_REVISIONS_MAX);
	for (size_t i = 0; i < count; i++) {
		wanted[i].found = wanted[i].is_number = false;
		wanted[i].number = 0;
		wanted[i].text[0] = 0;
		left += wanted[i].id != 0;
	}
	l->grant = NULL;
	for (uint32_t n = 0; n < r->revision && at.seq != 0 && left > 0; n++) {
		struct st_event event;
		struct st_change change;
		struct st_life_event e;
		struct st_place before = { .seq = 0 };
		bool parts = needs_parts(r, wanted, count);
		int rc = parts ? life_facts(l, &at, &event, &e) : life_read(l, &at, &event, &change);
		if (rc == 0 && parts)
			left -= take(wanted, count, e.facts, e.fact_count) +
				take(wanted, count, e.texts, e.text_count);
		else if (rc == 0)
			left -= take(wanted, count, change.fields, change.field_count);
		if (rc == 0 && n + 1 < r->revision) /* before the opening there is nothing */
			rc = life_previous(l, &event, &before);
		if (rc < 0)
			return rc;
		at = before;
	}
	return 0;
}
