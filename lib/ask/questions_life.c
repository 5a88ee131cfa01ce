/* questions_life.c - the life of one matter, event by event, each with the proof that it stands in
 * its writer's log.
 *
 * Owns:    the verification of each event: its place under a checkpoint, that one's signature, and
 * its writer's chain up to the city's root. Promise: 3, origin-signed, end to end. Flow:    record
 * -> life, proofs -> rows */
#include "question.h"
#include <stdio.h>
#include <string.h>
#include <station/ask/verify.h>
#include <station/base/check.h>
#include <station/store/carried.h>
#include <station/trust/proof.h>

struct proving {
	struct asking *a;
	const struct st_kind *kind;
	struct st_buf event, text;
	uint32_t writer; /* the last one whose chain was verified, and what that said */
	int chain;
};

static int verify_chain(struct proving *p, uint32_t station)
{
	if (p->writer != station) {
		p->chain = st_chain_verify(p->a->txn, station);
		p->writer = station;
	}
	return p->chain;
}

/* In its log: by the very proof that people get. */
static int prove_logged(struct proving *p, const struct st_log *log, uint64_t seq,
			struct st_checkpoint *cp)
{
	struct st_log_id id;
	struct st_station s;
	char name[ST_KEY_NAME_MAX];
	st_assert(seq > 0);
	st_assert(seq <= log->tree.size);
	st_buf_clear(&p->text);
	st_buf_clear(&p->event);
	int rc = st_log_id(p->a->txn, log, &id);
	if (rc == 0)
		rc = st_station_get(p->a->txn, log->station, &s);
	if (rc == 0)
		rc = st_event_get(p->a->txn, log->number, seq, &p->event);
	if (rc == 0)
		rc = st_event_proof(p->a->txn, log, seq, &p->text);
	if (rc < 0)
		return rc;
	st_origin_name(&id, name);
	return st_proof_verify(st_buf_span(&p->text), st_buf_span(&p->event), name,
			       &s.certificate.identity, cp);
}

/* Carried: by the path that came with it. */
static int prove_carried(struct proving *p, const struct st_log *log, uint64_t seq,
			 struct st_checkpoint *cp)
{
	struct st_carried c;
	struct st_station s;
	st_assert(seq > log->tree.size);
	int rc = st_carried_get(p->a->txn, log->number, seq, &c);
	if (rc == 0)
		rc = st_log_id(p->a->txn, log, &cp->log);
	if (rc == 0)
		rc = st_station_get(p->a->txn, log->station, &s);
	if (rc < 0)
		return rc;
	struct st_hash leaf = st_hash_leaf(c.event);
	cp->size = c.size;
	rc = st_inclusion_root(seq - 1, c.size, &leaf, &c.proof, &cp->root);
	return rc < 0 ? rc : st_cosign_verify(cp, &s.certificate.identity, &c.cosignature);
}

static int prove(struct proving *p, const struct st_position *at, struct st_checkpoint *cp,
		 uint32_t *station)
{
	struct st_log log;
	st_assert(at->seq > 0);
	memset(cp, 0, sizeof(*cp));
	int rc = st_station_number(p->a->txn, &at->station, station);
	if (rc == 0)
		rc = st_log_find(p->a->txn, *station, at->epoch, &log);
	if (rc < 0)
		return rc;
	rc = at->seq <= log.tree.size ? prove_logged(p, &log, at->seq, cp)
				      : prove_carried(p, &log, at->seq, cp);
	return rc < 0 ? rc : verify_chain(p, *station);
}

/* A trouble of the store's own isn't a word about the event. */
static bool is_verdict(int rc)
{
	return rc != ST_ENOMEM && rc != ST_EIO;
}

static void put_what(struct proving *p, const struct st_life_event *e)
{
	struct asking *a = p->a;
	const struct st_state_row *s = st_kind_state(p->kind, e->state);
	st_assert(p->kind != NULL);
	if (e->move != NULL)
		row_text(a, either_of(a, e->move->zh, e->move->en));
	else if (e->type == ST_NOTE)
		row_text(a, either_of(a, "备注", "note"));
	else
		row_text(a, e->type == ST_REASSIGN ? either_of(a, "改派", "reassigned") : NULL);
	row_text(a, s == NULL ? NULL : either_of(a, s->zh, s->en));
}

static void put_author(struct asking *a, const struct st_life_event *e)
{
	char author[ST_AUTHOR_MAX + 1];
	(void)snprintf(author, sizeof(author), "%.*s", (int)e->author.size,
		       e->author.size == 0 ? "" : (const char *)e->author.data);
	row_text(a, author);
	switch (e->stray) {
	case ST_STRAY_NOTE: row_text(a, either_of(a, "附记", "beside it")); return;
	case ST_STRAY_WAITING:
		row_text(a, either_of(a, "等待前件或在办站登记", "waits for one before it, or for its holder to be enrolled"));
		return;
	case ST_STRAY_SET_ASIDE: row_text(a, either_of(a, "搁置", "set aside")); return;
	}
	row_text(a, either_of(a, "是", "yes"));
}

static void put_held_by(struct asking *a, const char *tier)
{
	enum st_tier t;
	if (tier[0] == 0 || st_tier_parse(st_span_text(tier), &t) < 0)
		row_text(a, either_of(a, "仅本站", "here only"));
	else
		row_choice(a, st_kind_field(st_kind_named("station"), ST_F_CHANNEL)->choices, t);
}

static int give_event(const struct st_life_event *e, void *arg)
{
	struct proving *p = arg;
	struct asking *a = p->a;
	struct st_checkpoint cp;
	uint32_t station = 0;
	char place[ST_CODE_MAX + 48];
	int verdict = prove(p, &e->at, &cp, &station);
	if (!is_verdict(verdict))
		return verdict;
	row_time(a, e->at_ms);
	put_what(p, e);
	row_station(a, station);
	put_author(a, e);
	(void)snprintf(place, sizeof(place), "%s/%u/%llu", e->at.station.text, e->at.epoch,
		       (unsigned long long)e->at.seq);
	row_code(a, place);
	put_held_by(a, e->held_by);
	row_text(a, verdict == 0 ? either_of(a, "核验通过", "verified")
				 : st_error_text(verdict, a->q->lang));
	(void)snprintf(place, sizeof(place), "%s/%u/%llu", cp.log.station.text, cp.log.epoch,
		       (unsigned long long)cp.size);
	row_code(a, verdict == 0 ? place : NULL);
	return row_give(a);
}

static int find(struct asking *a, struct st_record *ret)
{
	struct st_record_ref ref;
	int rc = st_record_resolve(a->txn, a->q->record, &ref);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, ret);
	if (rc == ST_ENOTFOUND || rc == ST_EFIELD)
		(void)snprintf(a->place, ST_PLACE_MAX, "record: %.*s (%s)",
			       (int)(a->q->record.size < 64 ? a->q->record.size : 64),
			       (const char *)a->q->record.data,
			       either_of(a, "编号抄错, 或不在本站", "mistyped, or not here"));
	return rc;
}

int question_life(struct asking *a)
{
	struct st_record r;
	struct proving p = { .a = a };
	int rc = find(a, &r);
	if (rc < 0)
		return rc;
	p.kind = st_kind(r.kind);
	if (p.kind == NULL)
		return ST_EUNREAD;
	st_buf_init(&p.event, ST_EVENT_MAX);
	st_buf_init(&p.text, 2 * ST_NOTE_MAX);
	rc = st_life_each(a->txn, &r, NULL, give_event, &p);
	st_assert(rc != 0 || a->rows >= r.revision);
	st_buf_done(&p.event);
	st_buf_done(&p.text);
	return rc;
}
