/* fold.c - an event takes effect on its record.
 *
 * Owns:    the common way: the event follows the head, and only the row changes.
 * Promise: 2 and 4: once, in the record's order, with tallies in the same transaction.
 * Flow:    apply -> fold -> records, indexes, tallies */
#include <station/work/fold.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/erased.h>
#include <station/work/import.h>
#include "facet.h"
#include "fold.h"

int st_fold_new(struct st_fold **ret_fold)
{
	struct st_fold *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return ST_ENOMEM;
	st_buf_init(&f->row, ST_RECORD_ROW_MAX);
	st_buf_init(&f->event, ST_EVENT_MAX);
	int rc = st_arena_init(&f->arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_arena_init(&f->event_arena, ST_EVENT_ARENA);
	if (rc == 0)
		rc = st_tally_new(&f->tally);
	if (rc < 0) {
		st_fold_free(f);
		return rc;
	}
	*ret_fold = f;
	return 0;
}

void st_fold_free(struct st_fold *f)
{
	if (f == NULL)
		return;
	st_tally_free(f->tally);
	st_arena_done(&f->arena);
	st_arena_done(&f->event_arena);
	st_buf_done(&f->row);
	st_buf_done(&f->event);
	free(f->links);
	free(f->verdicts);
	free(f->before);
	free(f->order);
	free(f->room);
	free(f);
}

void st_fold_begin(struct st_fold *f)
{
	/* A transaction that failed leaves nothing behind. */
	f->counted.ref.opener = 0;
	st_tally_clear(f->tally);
}

const struct st_record *st_fold_row(const struct st_fold *f)
{
	return f->folded && f->last.revision > 0 ? &f->last : NULL;
}

static int count(struct st_fold *f)
{
	if (f->counted.ref.opener == 0)
		return 0;
	int rc = st_tally_change(f->tally, f->counted.revision > 0 ? &f->counted : NULL, &f->last);
	f->counted.ref.opener = 0;
	return rc;
}

int st_fold_finish(struct st_txn *t, struct st_fold *f)
{
	int rc = count(f);
	return rc < 0 ? rc : st_tally_sweep(t, f->tally);
}

static int place_of(struct st_txn *t, const struct st_log *log, const struct st_position *p,
		    struct st_place *to)
{
	struct st_log other;
	uint32_t station = 0;
	*to = (struct st_place){ .seq = p->seq };
	if (p->seq == 0)
		return 0;
	int rc = st_station_number(t, &p->station, &station);
	if (rc == 0 && station == log->station && p->epoch == log->epoch) {
		to->log = log->number;
		return 0;
	}
	if (rc == 0)
		rc = st_log_find(t, station, p->epoch, &other);
	if (rc == 0)
		to->log = other.number;
	return rc == ST_ENOTFOUND ? 0 : rc; /* not held here: it waits */
}

int st_link_of(struct st_txn *t, const struct st_log *log, const struct st_event *e,
	       const struct st_change *change, struct st_link *ret_link)
{
	ST_REQUIRE(log->number > 0);
	ST_REQUIRE(log->epoch > 0);
	struct st_link l = {
		.at = { log->number, e->at.seq },
		.writer = log->station,
		.epoch = log->epoch,
		.term = e->term,
		.type = e->type,
	};
	int rc = e->type == ST_NOTE ? 0 : place_of(t, log, &e->previous, &l.previous);
	if (rc == 0 && !st_code_empty(&change->holder)) {
		rc = st_station_intern(t, &change->holder, &l.holder);
		if (rc == ST_ENOTFOUND)
			rc = 0;
	}
	if (rc == 0)
		*ret_link = l;
	return rc;
}

struct list_key {
	uint8_t bytes[ST_INDEX_KEY_MAX];
	size_t size;
};
_Static_assert(10 + (int)ST_REF_SIZE <= (int)ST_INDEX_KEY_MAX, "the longer of both keys");

static void put_ref(struct list_key *k, const struct st_record *r)
{
	st_assert(k->size + ST_REF_SIZE <= ST_INDEX_KEY_MAX);
	st_ref_put(k->bytes + k->size, &r->ref);
	k->size += ST_REF_SIZE;
}

static struct list_key due_key(const struct st_record *r)
{
	struct list_key k = { .size = 10 };
	st_put_u32(k.bytes, r->holder);
	k.bytes[4] = (uint8_t)r->kind;
	k.bytes[5] = st_record_open(r) ? ST_OPEN : ST_ENDED;
	st_put_u32(k.bytes + 6, r->due_day);
	put_ref(&k, r);
	return k;
}

static struct list_key state_key(const struct st_record *r)
{
	struct list_key k = { .size = 6 };
	k.bytes[0] = (uint8_t)r->kind;
	k.bytes[1] = (uint8_t)r->state;
	st_put_u32(k.bytes + 2, r->opened_day);
	put_ref(&k, r);
	return k;
}

int st_record_places(const struct st_record *r, st_record_place_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	if (r->revision == 0)
		return 0; /* notes alone: in no list */
	struct list_key due = due_key(r), state = state_key(r);
	int rc = fn(ST_INDEX_DUE, st_span(due.bytes, due.size), arg);
	if (rc == 0)
		rc = fn(ST_INDEX_STATE, st_span(state.bytes, state.size), arg);
	return rc == 0 ? facet_places(r, fn, arg) : rc;
}

static int relist(struct st_txn *t, enum st_index which, const struct list_key *before,
		  const struct list_key *after)
{
	st_assert(after->size > 0);
	struct st_span old = before == NULL ? ST_SPAN_NONE : st_span(before->bytes, before->size);
	struct st_span new = st_span(after->bytes, after->size);
	if (st_span_equal(old, new))
		return 0;
	int rc = old.size == 0 ? 0 : st_index_del(t, which, old);
	return rc < 0 ? rc : st_index_put(t, which, new);
}

int fold_put(struct st_txn *t, struct st_fold *f, const struct st_record *before,
	     const struct st_record *after)
{
	st_assert(before->ref.opener == after->ref.opener);
	st_assert(after->revision <= ST_REVISIONS_MAX);
	bool was = before->revision > 0, is = after->revision > 0;
	int rc = 0;
	if (!st_record_same(&f->counted.ref, &after->ref)) {
		rc = count(f);
		st_record_copy(&f->counted, before);
	}
	st_record_copy(&f->last, after);
	f->folded = true;
	st_buf_clear(&f->row);
	st_record_encode(after, &f->row);
	if (rc == 0)
		rc = f->row.error < 0 ? f->row.error : st_record_put(t, &after->ref, st_buf_span(&f->row));
	if (rc < 0 || !is)
		return rc;
	struct list_key new_due = due_key(after), new_state = state_key(after);
	struct list_key old_due = due_key(before), old_state = state_key(before);
	rc = relist(t, ST_INDEX_DUE, was ? &old_due : NULL, &new_due);
	if (rc == 0)
		rc = relist(t, ST_INDEX_STATE, was ? &old_state : NULL, &new_state);
	return rc == 0 ? facet_relist(t, before, after) : rc;
}

bool st_change_source(const struct st_change *change, uint8_t hash[16])
{
	const struct st_field *source = st_field_find(change->fields, change->field_count, ST_F_SOURCE);
	const struct st_field *number =
		st_field_find(change->fields, change->field_count, ST_F_SOURCE_NUMBER);
	if (source == NULL || number == NULL)
		return false;
	st_import_source(source->text, number->text, hash);
	return true;
}

/* The number that the citizen was told, and the row of a file that it came from. The first one to
 * take a number or a source row keeps it. */
static int put_names(struct st_txn *t, const struct st_record *r, const struct st_change *change)
{
	struct st_ulid taken;
	struct st_record_ref known;
	uint8_t hash[16];
	int rc = 0;
	if (r->number.serial != 0) {
		rc = st_number_get(t, &r->number, &taken);
		if (rc == ST_ENOTFOUND)
			rc = st_number_put(t, &r->number, &r->ref.ulid);
	}
	if (rc < 0 || !st_change_source(change, hash))
		return rc;
	rc = st_source_get(t, hash, &known);
	return rc == ST_ENOTFOUND ? st_source_put(t, hash, &r->ref) : rc;
}

static int fold_note(struct st_txn *t, struct st_fold *f, const struct st_record *r,
		     const struct st_link *link)
{
	st_assert(link->type == ST_NOTE);
	struct st_record after;
	st_record_copy(&after, r);
	struct st_stray stray = { link->at.log, link->at.seq, ST_STRAY_NOTE };
	int rc = st_stray_put(t, &r->ref, &stray);
	after.notes++;
	return rc < 0 ? rc : fold_put(t, f, r, &after);
}

/* It is the holder's next word, and nothing waits that may rest on it. What is set aside has lost
 * whatever comes behind the head, so it costs an honest holder nothing. */
static bool follows(const struct st_record *r, const struct st_link *l)
{
	if (l->type != ST_MOVE || l->lost || r->waiting > 0 || r->revision >= ST_REVISIONS_MAX)
		return false;
	if (r->revision == 0)
		return l->previous.seq == 0 && l->writer == r->ref.opener;
	return l->previous.log == r->head.log && l->previous.seq == r->head.seq &&
	       l->writer == r->holder && l->term == r->term;
}

static int fold_change(struct st_txn *t, struct st_fold *f, const struct st_record *r,
		       const struct st_link *link, const struct st_change *change)
{
	st_assert(link->type != ST_NOTE);
	struct st_record after;
	st_record_copy(&after, r);
	int rc = follows(r, link) ? st_record_step(t, &after, link, change)
				  : fold_refold(t, f, &after, link);
	if (rc == 0)
		rc = fold_put(t, f, r, &after);
	if (rc == 0 && after.revision > 0 && link->previous.seq == 0 &&
	    link->writer == after.ref.opener)
		rc = put_names(t, &after, change);
	return rc;
}

int st_fold_reads(const struct st_event *event, struct st_arena *arena, struct st_change *ret_change)
{
	if (event->type != ST_MOVE && event->type != ST_NOTE && event->type != ST_REASSIGN)
		return 0;
	int rc = event->has_record ? st_change_decode(event->type, event->body, arena, ret_change)
				   : ST_EWIRE;
	if (rc == 0 && st_kind(ret_change->kind) == NULL)
		rc = ST_EUNREAD;
	return rc < 0 ? rc : 1;
}

int st_fold_event(struct st_txn *t, struct st_fold *f, const struct st_log *log,
		  const struct st_event *event)
{
	ST_REQUIRE(event->at.seq > 0);
	struct st_change change;
	struct st_link link;
	struct st_record r;
	f->folded = false;
	st_arena_reset(&f->arena);
	int rc = st_fold_reads(event, &f->arena, &change);
	if (rc == 0)
		return 0;
	if (rc < 0)
		return st_unread_put(t, log->number, event->at.seq, rc);
	struct st_record_ref ref = { .ulid = event->record.ulid };
	rc = st_station_intern(t, &event->record.opener, &ref.opener);
	if (rc == 0)
		rc = st_link_of(t, log, event, &change, &link);
	int crowded = rc == 0 ? st_crowded_has(t, log->number, event->at.seq) : rc; /* folded anew, it stays so */
	link.lost = crowded == 1;
	rc = crowded < 0 ? crowded : st_record_load(t, &ref, &r);
	if (rc == ST_ENOTFOUND) {
		memset(&r, 0, offsetof(struct st_record, facets));
		r.ref = ref;
		rc = 0;
	}
	if (rc < 0)
		return rc;
	return link.type == ST_NOTE ? fold_note(t, f, &r, &link)
				    : fold_change(t, f, &r, &link, &change);
}
