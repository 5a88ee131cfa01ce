/* life.c - one record and all that happened to it, with texts from facts, parts and what only the
 * holder can read.
 *
 * Owns:    the bringing together of an event and its parts.
 * Promise: 7: a private part opens only with this station's own grant key.
 * Flow:    record -> chain of events, parts -> life -> api */
#include <station/ask/matter.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/erased.h>
#include "life.h"

int life_open(struct life *l, struct st_txn *t, const struct st_box_key *grant)
{
	ST_REQUIRE(l != NULL);
	memset(l, 0, sizeof(*l));
	l->txn = t;
	l->grant = grant;
	st_buf_init(&l->event, ST_EVENT_MAX);
	st_buf_init(&l->text, ST_PART_MAX);
	st_buf_init(&l->sealed, 2 * ST_PART_MAX);
	st_buf_init(&l->plain, ST_PART_MAX);
	int any = st_erasure_any(t);
	l->any_erased = any == 1;
	return any < 0 ? any : st_arena_init(&l->arena, 4 * ST_EVENT_ARENA);
}

int life_of(struct life *l, const struct st_record *r)
{
	free(l->steps);
	l->steps = NULL;
	l->step_count = 0;
	l->record = r;
	int rc = st_station_self(l->txn, &l->self);
	if (rc < 0 || (r->handed == 0 && r->set_aside == 0))
		return rc;
	return st_record_chain(l->txn, r, &l->steps, &l->step_count);
}

void life_close(struct life *l)
{
	free(l->steps);
	if (l->plain.data != NULL)
		st_wipe(l->plain.data, l->plain.room);
	st_wipe(&l->key, sizeof(l->key));
	st_buf_done(&l->event);
	st_buf_done(&l->text);
	st_buf_done(&l->sealed);
	st_buf_done(&l->plain);
	st_arena_done(&l->arena);
}

int life_read(struct life *l, const struct st_place *at, struct st_event *ret_event,
	      struct st_change *ret_change)
{
	st_buf_clear(&l->event);
	st_arena_reset(&l->arena);
	int rc = st_event_get(l->txn, at->log, at->seq, &l->event);
	if (rc == 0)
		rc = st_event_decode(st_buf_span(&l->event), &l->arena, ret_event);
	if (rc == 0)
		rc = st_change_decode(ret_event->type, ret_event->body, &l->arena, ret_change);
	return rc;
}

int life_previous(struct life *l, const struct st_event *e, struct st_place *ret_at)
{
	struct st_log log;
	uint32_t station = 0;
	*ret_at = (struct st_place){ .seq = 0 };
	if (e->previous.seq == 0)
		return 0;
	int rc = st_station_number(l->txn, &e->previous.station, &station);
	if (rc == 0)
		rc = st_log_find(l->txn, station, e->previous.epoch, &log);
	if (rc == 0)
		*ret_at = (struct st_place){ log.number, e->previous.seq };
	return rc;
}

/* A part's content, if it is here. */
static int part(struct life *l, const struct st_place *at, unsigned n, struct st_buf *to,
		struct st_span *ret_content)
{
	st_buf_clear(to);
	int rc = st_part_get_row(l->txn, at->log, at->seq, n, to);
	return rc < 0 ? rc : st_part_content(st_buf_span(to), ret_content);
}

/* What its writer put there isn't what this version reads: his matter, not the store's trouble. */
static bool is_unreadable(int rc)
{
	return rc == ST_EWIRE || rc == ST_ETOOBIG;
}

/* Why a part isn't here: somebody had it erased. */
static int was_erased(struct life *l, const struct st_event *event, unsigned n, bool *ret_erased)
{
	struct st_record_ref ref = { .ulid = event->record.ulid };
	uint32_t writer = 0;
	if (!event->has_record || !l->any_erased)
		return 0;
	int rc = st_station_number(l->txn, &event->record.opener, &ref.opener);
	if (rc == 0)
		rc = st_station_number(l->txn, &event->at.station, &writer);
	if (rc == 0)
		rc = st_erased_has(l->txn, &ref, &event->parts[n].hash, writer);
	*ret_erased |= rc == 1;
	return rc < 0 && rc != ST_ENOTFOUND ? rc : 0;
}

static int read_text(struct life *l, const struct st_place *at, unsigned n, const struct st_event *event,
		     struct st_life_event *e)
{
	st_assert(n < ST_EVENT_PARTS_MAX);
	struct st_span content;
	int rc = part(l, at, n, &l->text, &content);
	if (rc == ST_ENOTFOUND) {
		e->texts_missing = true;
		return was_erased(l, event, n, &e->texts_erased);
	}
	if (rc == 0)
		rc = st_fields_decode(content, &l->arena, &e->texts, &e->text_count);
	if (is_unreadable(rc)) {
		e->texts_missing = true; /* signed rubbish: the event stands without it */
		return 0;
	}
	return rc;
}

static int read_key(struct life *l, const struct st_place *at, unsigned n)
{
	st_assert(n < ST_EVENT_PARTS_MAX);
	struct st_span content;
	int rc = l->grant == NULL ? ST_ENOTFOUND : part(l, at, n, &l->sealed, &content);
	if (rc == 0)
		rc = st_key_open(content, l->grant, &l->key);
	l->key_here |= rc == 0;
	return rc == ST_ENOTFOUND || rc == ST_ESIGNATURE || is_unreadable(rc) ? 0 : rc;
}

static int read_private(struct life *l, const struct st_place *at, unsigned n,
			const struct st_event *event, struct st_life_event *e)
{
	st_assert(n < ST_EVENT_PARTS_MAX);
	struct st_span content;
	int rc = l->key_here ? part(l, at, n, &l->sealed, &content) : ST_ENOTFOUND;
	st_buf_clear(&l->plain);
	if (rc == 0)
		rc = st_private_open(&l->key, &event->record, content, &l->plain);
	if (rc == 0)
		rc = st_fields_decode(st_buf_span(&l->plain), &l->arena, &e->privates,
				      &e->private_count);
	e->private_here = rc == 0;
	e->private_elsewhere = rc < 0;
	st_assert(e->private_here != e->private_elsewhere);
	if (e->private_elsewhere) {
		int asked = was_erased(l, event, n, &e->private_erased);
		if (asked < 0)
			return asked;
	}
	return rc == ST_ENOTFOUND || rc == ST_ESIGNATURE || is_unreadable(rc) ? 0 : rc;
}

/* Keys first: a private part may stand before its key in the same event. */
static int read_parts(struct life *l, const struct st_place *at, const struct st_event *event,
		      struct st_life_event *e)
{
	int rc = 0;
	for (unsigned n = 0; rc == 0 && n < event->part_count; n++)
		if (event->parts[n].type == ST_PART_KEY)
			rc = read_key(l, at, n);
	for (unsigned n = 0; rc == 0 && n < event->part_count; n++) {
		if (event->parts[n].type == ST_PART_TEXT)
			rc = read_text(l, at, n, event, e);
		else if (event->parts[n].type == ST_PART_PRIVATE)
			rc = read_private(l, at, n, event, e);
	}
	return rc;
}

struct holding {
	struct life *l;
	uint64_t seq;
	uint32_t best_depth;
	const char *tier;
};

/* The highest tier whose receipt covers the event. */
static int held(const struct st_receipt *r, void *arg)
{
	struct holding *h = arg;
	struct st_station s;
	if (r->size < h->seq)
		return 0;
	int rc = st_station_get(h->l->txn, r->signer, &s);
	if (rc == 0 && s.depth < h->best_depth) {
		h->best_depth = s.depth;
		h->tier = st_tier_name(s.certificate.tier);
	}
	return rc == ST_ENOTFOUND ? 0 : rc;
}

/* A carried event came from the parent, which stored it first: so much is known of who holds it. */
static int held_above(struct life *l, const struct st_place *at, struct holding *h)
{
	struct st_log log;
	struct st_station s;
	uint32_t self = 0;
	int rc = st_log_get(l->txn, at->log, &log);
	if (rc < 0 || at->seq <= log.tree.size)
		return rc;
	rc = st_station_self(l->txn, &self);
	if (rc == 0)
		rc = st_station_get(l->txn, self, &s);
	if (rc == 0 && s.parent != 0)
		rc = st_station_get(l->txn, s.parent, &s);
	if (rc == 0)
		h->tier = st_tier_name(s.certificate.tier);
	return rc == ST_ENOTFOUND || rc == ST_ENOSTATION ? 0 : rc;
}

int life_held(struct life *l, const struct st_place *at, const char **ret_tier)
{
	struct holding h = { .l = l, .seq = at->seq, .best_depth = UINT32_MAX, .tier = "" };
	int rc = st_receipt_each(l->txn, at->log, held, &h);
	if (rc == 0 && h.tier[0] == 0)
		rc = held_above(l, at, &h);
	*ret_tier = h.tier;
	return rc;
}

void life_forget(struct life *l)
{
	st_wipe(&l->key, sizeof(l->key));
	l->key_here = false;
}

/* What the event says by itself. */
static int life_envelope(struct life *l, const struct st_place *at, struct st_event *event,
			 struct st_change *change, struct st_life_event *e)
{
	int rc = life_read(l, at, event, change);
	if (rc < 0)
		return rc;
	const struct st_kind *kind = st_kind(change->kind);
	e->at = event->at;
	e->wall_ms = event->wall_ms;
	e->at_ms = change->at_ms;
	e->type = event->type;
	e->state = change->state;
	e->term = event->term;
	e->revision = event->revision;
	e->move = kind != NULL && event->type == ST_MOVE ? st_kind_move(kind, change->move) : NULL;
	e->author = event->author;
	e->facts = change->fields;
	e->fact_count = change->field_count;
	return 0;
}

int life_facts(struct life *l, const struct st_place *at, struct st_event *ret_event,
	       struct st_life_event *e)
{
	struct st_change change;
	memset(e, 0, sizeof(*e));
	e->held_by = "";
	int rc = life_envelope(l, at, ret_event, &change, e);
	return rc < 0 ? rc : read_parts(l, at, ret_event, e);
}

int life_event(struct life *l, const struct st_place *at, enum st_stray_why stray,
	       struct st_life_event *e)
{
	struct st_event event;
	struct st_change change;
	memset(e, 0, sizeof(*e));
	int rc = 0;
	if (stray == ST_STRAY_SET_ASIDE && l->record != NULL)
		rc = aside_find(l, at, &e->aside); /* first: it reads other events */
	if (rc == 0)
		rc = life_envelope(l, at, &event, &change, e);
	e->stray = stray;
	if (rc == 0 && l->record != NULL)
		rc = reach_fill(l, at, &event, &change, e);
	if (rc == 0)
		rc = read_parts(l, at, &event, e);
	if (rc == 0)
		rc = life_held(l, at, &e->held_by);
	st_assert(rc < 0 || e->held_by != NULL);
	return rc;
}

/* Most often a record's events stand one behind another, as an import or a quick clerk writes them. */
static int guess_opening(struct life *l, const struct st_record *r, const struct st_record_id *id,
			 struct st_place *ret_at)
{
	struct st_event e;
	struct st_change change;
	if (r->revision == 0 || r->head.seq < r->revision)
		return ST_ENOTFOUND;
	struct st_place at = { r->head.log, r->head.seq - (r->revision - 1) };
	int rc = life_read(l, &at, &e, &change);
	if (rc < 0 || !e.has_record || e.previous.seq != 0 || e.type != ST_MOVE)
		return ST_ENOTFOUND;
	if (memcmp(e.record.ulid.bytes, id->ulid.bytes, ST_ULID_SIZE) != 0 ||
	    !st_code_equal(&e.record.opener, &id->opener) || !st_code_equal(&e.at.station, &id->opener))
		return ST_ENOTFOUND;
	*ret_at = at;
	return 0;
}

int life_opening(struct life *l, const struct st_record *r, struct st_place *ret_at)
{
	struct st_record_id id;
	struct st_place at = r->head;
	int rc = st_record_id(l->txn, &r->ref, &id);
	st_assert(r->revision <= ST_REVISIONS_MAX);
	if (rc == 0 && guess_opening(l, r, &id, ret_at) == 0)
		return 0;
	for (uint32_t n = 0; rc == 0 && n < r->revision && at.seq != 0; n++) {
		struct st_event e;
		struct st_change change;
		struct st_place before;
		*ret_at = at;
		rc = life_read(l, &at, &e, &change);
		if (rc == 0)
			rc = life_previous(l, &e, &before);
		at = before;
	}
	return rc;
}

struct telling {
	struct life *l;
	st_life_fn *fn;
	void *arg;
};

static int tell_stray(const struct st_stray *s, void *arg)
{
	struct telling *x = arg;
	struct st_life_event e;
	struct st_place at = { s->log, s->seq };
	int rc = life_event(x->l, &at, s->why, &e);
	return rc < 0 ? rc : x->fn(&e, x->arg);
}

static int tell_chain(struct telling *x, const struct st_record *r)
{
	struct st_place *places = calloc(r->revision + 1, sizeof(*places));
	struct st_place at = r->head;
	uint32_t n = 0;
	int rc = places == NULL ? ST_ENOMEM : 0;
	while (rc == 0 && at.seq != 0 && n < r->revision) {
		struct st_event e;
		struct st_change change;
		places[n++] = at;
		rc = life_read(x->l, &at, &e, &change);
		if (rc == 0)
			rc = life_previous(x->l, &e, &at);
	}
	while (rc == 0 && n > 0) {
		struct st_life_event e;
		rc = life_event(x->l, &places[--n], 0, &e);
		if (rc == 0)
			rc = x->fn(&e, x->arg);
	}
	st_assert(rc != 0 || n == 0); /* all of them are told */
	free(places);
	return rc;
}

int st_life_each(struct st_txn *t, const struct st_record *r, const struct st_box_key *grant,
		 st_life_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct life l;
	struct telling x = { &l, fn, arg };
	st_assert(r->revision <= ST_REVISIONS_MAX);
	int rc = life_open(&l, t, grant);
	if (rc == 0)
		rc = life_of(&l, r);
	if (rc == 0)
		rc = tell_chain(&x, r);
	if (rc == 0)
		rc = st_stray_each(t, &r->ref, tell_stray, &x);
	life_close(&l);
	return rc;
}
