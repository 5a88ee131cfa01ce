/* merge.c - from a merged record to the one that it joins.
 *
 * Owns:    what a merge is, in terms of the kinds' tables.
 * Promise: 9: each walk has an end, whatever the events say.
 * Flow:    rows, events -> merge -> apply, ask */
#include <station/work/merge.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/logs.h>

struct st_merge_reader {
	struct st_txn *txn;
	struct st_buf bytes;
	struct st_arena arena;
};

const struct st_field_row *st_merge_field(const struct st_kind *k, const struct st_move_row *m)
{
	const struct st_state_row *to = m == NULL || m->to == 0 ? NULL : st_kind_state(k, m->to);
	if (to == NULL || to->class != ST_ENDED)
		return NULL;
	for (size_t i = 0; i < ST_NEEDS_MAX && m->needs[i] != 0; i++) {
		const struct st_field_row *f = st_kind_field(k, m->needs[i]);
		if (f != NULL && f->type == ST_FIELD_RECORD && f->max == k->number)
			return f;
	}
	return NULL;
}

bool st_state_merged(const struct st_kind *k, uint32_t state)
{
	for (size_t i = 0; k != NULL && i < k->move_count; i++)
		if (k->moves[i].to == state && st_merge_field(k, &k->moves[i]) != NULL)
			return true;
	return false;
}

bool st_state_tells(const struct st_kind *k, uint32_t state)
{
	const struct st_move_row *m = k == NULL ? NULL : st_kind_move_named(k, "tell");
	return m != NULL && m->to == 0 && st_move_from(k, m, state);
}

bool st_state_answered(const struct st_kind *k, uint32_t state)
{
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, state);
	const struct st_move_row *echo = k == NULL ? NULL : st_kind_move_named(k, "echo");
	if (s == NULL || s->class == ST_ENDED)
		return s != NULL;
	return echo != NULL && (echo->to == state || st_move_from(k, echo, state));
}

int st_merge_reader_new(struct st_txn *t, struct st_merge_reader **ret_x)
{
	struct st_merge_reader *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return ST_ENOMEM;
	x->txn = t;
	st_buf_init(&x->bytes, ST_EVENT_MAX);
	int rc = st_arena_init(&x->arena, ST_EVENT_ARENA);
	if (rc < 0) {
		st_merge_reader_free(x);
		return rc;
	}
	*ret_x = x;
	return 0;
}

void st_merge_reader_free(struct st_merge_reader *x)
{
	if (x == NULL)
		return;
	st_buf_done(&x->bytes);
	st_arena_done(&x->arena);
	free(x);
}

static int read(struct st_merge_reader *x, const struct st_place *at, struct st_event *e,
		struct st_change *change)
{
	st_assert(at->seq > 0);
	st_buf_clear(&x->bytes);
	st_arena_reset(&x->arena);
	int rc = st_event_get(x->txn, at->log, at->seq, &x->bytes);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&x->bytes), &x->arena, e);
	return rc < 0 ? rc : st_change_decode(e->type, e->body, &x->arena, change);
}

static int before(struct st_merge_reader *x, const struct st_event *e, struct st_place *ret_at)
{
	struct st_log log;
	uint32_t station = 0;
	int rc = st_station_number(x->txn, &e->previous.station, &station);
	if (rc == 0)
		rc = st_log_find(x->txn, station, e->previous.epoch, &log);
	if (rc == 0)
		*ret_at = (struct st_place){ log.number, e->previous.seq };
	return rc;
}

/* The link that the merge wrote. What has none, or none that can be read, joins nothing: no command
 * writes such a merge, and whoever signs one stops no count but his own. */
static int take_link(struct st_merge_reader *x, const struct st_field *f, struct st_merge *to)
{
	st_assert(!to->here);
	if (f == NULL || f->is_number || st_record_name_check(f->text) < 0)
		return 0;
	st_assert(f->text.size <= ST_RECORD_NAME_MAX);
	memcpy(to->name, f->text.data, f->text.size);
	to->name[f->text.size] = 0;
	int rc = st_record_resolve(x->txn, f->text, &to->target);
	to->here = rc == 0;
	return rc == ST_ENOTFOUND || rc == ST_EFIELD ? 0 : rc; /* of a station elsewhere */
}

int st_merge_read(struct st_merge_reader *x, const struct st_record *r, struct st_merge *ret_merge)
{
	const struct st_kind *k = st_kind(r->kind);
	struct st_merge joined;
	struct st_place at = r->head;
	bool merged = k != NULL && st_state_merged(k, r->state);
	memset(&joined, 0, sizeof(joined));
	st_assert(r->revision <= ST_REVISIONS_MAX);
	for (uint32_t n = 0; k != NULL && at.seq != 0 && n < r->revision; n++) {
		struct st_event e;
		struct st_change change;
		int rc = read(x, &at, &e, &change);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
		const struct st_move_row *m =
			e.type == ST_MOVE ? st_kind_move(k, change.move) : NULL;
		const struct st_field_row *f = m == NULL ? NULL : st_merge_field(k, m);
		joined.told |= m != NULL && m->to == 0 && strcmp(m->name, "tell") == 0;
		if (merged && f != NULL) {
			rc = take_link(x, st_field_find(change.fields, change.field_count, f->id),
				       &joined);
			if (rc < 0)
				return rc;
		}
		/* What ended it; a tell can only stand behind. Behind a merge a rogue or a table of another version
		 * may have moved what stayed merged: the last merge says what it joins. */
		bool ends = merged ? f != NULL : m != NULL && m->to != 0;
		if (ends || e.previous.seq == 0)
			break;
		rc = before(x, &e, &at);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	}
	*ret_merge = joined;
	return 0;
}

int st_merge_end(struct st_merge_reader *x, struct st_record *r)
{
	for (unsigned n = 0; n < ST_MERGE_STEPS_MAX; n++) {
		struct st_merge joined;
		if (!st_state_merged(st_kind(r->kind), r->state))
			return 0;
		int rc = st_merge_read(x, r, &joined);
		if (rc < 0 || !joined.here)
			return rc;
		rc = st_record_load(x->txn, &joined.target, r);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- and back: what was merged into a record ---- */

struct joining {
	struct st_merge_reader *reader;
	const struct st_record *target;
	st_merged_fn *fn;
	void *arg;
};

static int joins(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	struct joining *j = arg;
	const struct st_record_ref *to = &j->target->ref;
	struct st_merge merge;
	struct st_record r;
	st_assert(value != 0);
	(void)day;
	int rc = st_record_load(j->reader->txn, ref, &r);
	if (rc == 0)
		rc = st_merge_read(j->reader, &r, &merge);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	/* Values of links are hashes: another number may have the same. */
	return merge.here && st_record_same(&merge.target, to) ? j->fn(&r, &merge, j->arg) : 0;
}

uint32_t st_merge_names(const struct st_kind *k)
{
	for (size_t i = 0; k != NULL && i < k->move_count; i++) {
		const struct st_field_row *f = st_merge_field(k, &k->moves[i]);
		if (f != NULL)
			return f->id;
	}
	return 0;
}

/* Those whose merge names it, by the hash of its number. 1: nothing of its kind is merged. */
static int naming(struct st_txn *t, const struct st_record *target, struct st_facet_query *ret_q)
{
	char number[ST_NUMBER_TEXT];
	uint32_t field = st_merge_names(st_kind(target->kind));
	if (field == 0)
		return 1;
	int rc = st_record_number(t, target, number);
	if (rc < 0)
		return rc;
	*ret_q = (struct st_facet_query){ .kind = target->kind,
					  .field = field,
					  .value = st_facet_of_record(st_span_text(number)) };
	return 0;
}

int st_merge_each(struct st_merge_reader *x, const struct st_record *target, st_merged_fn *fn, void *arg)
{
	struct joining j = { x, target, fn, arg };
	struct st_facet_query q;
	ST_REQUIRE(fn != NULL);
	int rc = naming(x->txn, target, &q);
	return rc == 0 ? st_facet_each(x->txn, &q, joins, &j) : rc == 1 ? 0 : rc;
}

struct under {
	const struct st_record *target;
	struct st_record *list;
	size_t count;
};

static int add_under(const struct st_record *r, const struct st_merge *m, void *arg)
{
	struct under *u = arg;
	(void)m;
	if (st_record_same(&r->ref, &u->target->ref))
		return 0;
	for (size_t i = 0; i < u->count; i++)
		if (st_record_same(&u->list[i].ref, &r->ref))
			return 0; /* a ring */
	if (u->count == ST_JOINED_MAX)
		return 1;
	st_record_copy(&u->list[u->count++], r);
	return 0;
}

int st_merge_under(struct st_merge_reader *x, const struct st_record *target,
		   struct st_record **ret_list, size_t *ret_count)
{
	struct under u = { .target = target, .list = calloc(ST_JOINED_MAX, sizeof(*u.list)) };
	int rc = u.list == NULL ? ST_ENOMEM : st_merge_each(x, target, add_under, &u);
	for (size_t i = 0; rc == 0 && i < u.count; i++)
		rc = st_merge_each(x, &u.list[i], add_under, &u);
	st_assert(u.count <= ST_JOINED_MAX);
	if (rc < 0) {
		free(u.list);
		return rc;
	}
	*ret_list = u.list;
	*ret_count = u.count;
	return 0;
}

static int found(const struct st_record_ref *ref, uint32_t value, uint32_t day, void *arg)
{
	st_assert(ref->opener > 0);
	(void)value;
	(void)day;
	*(bool *)arg = true;
	return 1;
}

int st_merge_any(struct st_txn *t, const struct st_record *target)
{
	struct st_facet_query q;
	bool any = false;
	int rc = naming(t, target, &q);
	if (rc == 0)
		rc = st_facet_each(t, &q, found, &any);
	return rc < 0 ? rc : any;
}

int st_merge_any_of(struct st_txn *t, const struct st_kind *k)
{
	struct st_facet_query q = { .field = st_merge_names(k) };
	bool any = false;
	if (q.field == 0)
		return 0;
	q.kind = k->number;
	int rc = st_facet_each(t, &q, found, &any);
	return rc < 0 ? rc : any;
}
