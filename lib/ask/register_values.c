/* register_values.c - what a record's events say of it: the newest value of each field that a
 * register asks for, or all of those that gather.
 *
 * Owns:    the reading of one record's chain, once.
 * Promise: 7: what is private is read with this station's own grant key or not at all; 9: no record
 *          takes more than VALUES_MAX values and TEXTS_MAX bytes.
 * Flow:    chain, notes -> values -> cells */
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include "register.h"

enum { TEXTS_MAX = 1024 * 1024 };
_Static_assert(VALUE_IDS % 64 == 0, "wanted is made of whole words");

static void want(struct known *n, const struct st_field_row *f, uint32_t *to)
{
	if (f == NULL || f->id >= VALUE_IDS)
		return;
	*to = f->id;
	n->wanted[f->id / 64] |= 1ull << f->id % 64;
	n->is_private |= f->place == ST_AS_PRIVATE;
}

static bool wanted(const struct known *n, uint32_t id)
{
	st_assert(n->done);
	return id < VALUE_IDS && (n->wanted[id / 64] >> id % 64 & 1) != 0;
}

static void want_source(struct known *n, const struct st_kind *k,
			const struct st_register_source *s, uint32_t *field, uint32_t *link)
{
	if (s->link[0] != 0)
		want(n, st_kind_field_named(k, st_span_text(s->link)), link);
	if (s->what != ST_SOURCE_DATUM)
		want(n, st_kind_field_named(k, st_span_text(s->field)), field);
	else if (s->datum == ST_DATUM_REMARKS)
		want(n, st_kind_field_named(k, st_span_text("remark")), &n->remark);
}

const struct known *page_kind(struct page *p, const struct st_kind *k)
{
	const struct st_register *reg = p->q->reg;
	st_assert(k->number < ST_KINDS_MAX);
	struct known *n = &p->kinds[k->number];
	if (n->done)
		return n;
	for (size_t c = 0; c < reg->column_count; c++)
		for (size_t i = 0; i < reg->columns[c].count; i++)
			want_source(n, k, &reg->columns[c].sources[i], &n->field[c][i],
				    &n->link[c][i]);
	for (size_t i = 0; i < reg->kind_count; i++)
		for (size_t a = 0;
		     reg->kinds[i].kind == k->number && a < reg->kinds[i].absent_count; a++) {
			uint32_t id = 0;
			want(n, st_kind_field(k, reg->kinds[i].absent[a]), &id);
		}
	n->done = true;
	return n;
}

/* Where a code is kept. FNV-1a. */
static size_t slot_of(struct st_span code)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < code.size; i++)
		h = (h ^ code.data[i]) * 16777619u;
	return h % DEPUTIES_KEPT;
}

/* The newest name that his record's facts tell: it is no part of anything private. */
static int read_name(struct page *p, struct st_span code, char name[ST_DEPUTY_TEXT])
{
	struct st_record r;
	uint32_t field;
	const struct st_kind *k = deputy_kind(&field);
	struct newest value = { .id = st_kind_field_named(k, st_span_text("name"))->id };
	st_assert(st_kind_field(k, value.id)->place == ST_AS_FACT);
	int rc = st_deputy_find(p->txn, code, &r);
	if (rc == 0) {
		life_forget(&p->life);
		rc = newest_read(&p->life, &r, &value, 1);
		p->events += r.revision;
	}
	if (rc == 0)
		newest_text(st_span_text(value.text), name, ST_DEPUTY_TEXT);
	return rc == ST_ENOTFOUND ? 0 : rc;
}

int page_deputy(struct page *p, struct st_span code, const char **ret_name)
{
	struct deputy_kept *k = &p->deputies[slot_of(code)];
	*ret_name = "";
	if (code.size == 0 || code.size > ST_DEPUTY_CODE_MAX)
		return 0;
	if (!st_span_equal(code, st_span_text(k->code))) {
		memset(k, 0, sizeof(*k));
		int rc = read_name(p, code, k->name);
		if (rc < 0)
			return rc;
		memcpy(k->code, code.data, code.size);
	}
	*ret_name = k->name;
	return 0;
}

void gathered_init(struct gathered *g)
{
	st_buf_init(&g->texts, TEXTS_MAX);
}

void gathered_done(struct gathered *g)
{
	if (g->texts.data != NULL)
		st_wipe(g->texts.data, g->texts.room); /* names may have been in it */
	st_buf_done(&g->texts);
}

const struct value *gathered_next(const struct gathered *g, uint32_t id, const struct value *after)
{
	st_assert(g->count <= VALUES_MAX);
	if (id == 0)
		return NULL;
	for (const struct value *v = after == NULL ? g->values : after + 1;
	     v < g->values + g->count; v++)
		if (v->id == id)
			return v;
	return NULL;
}

struct st_span gathered_text(const struct gathered *g, const struct value *v)
{
	st_assert(v->is_number || v->at + v->size <= g->texts.size);
	return v->is_number ? ST_SPAN_NONE : st_span(g->texts.data + v->at, v->size);
}

static bool same(const struct gathered *g, const struct value *v, const struct st_field *f)
{
	if (v->is_number != f->is_number)
		return false;
	return f->is_number ? v->number == f->number : st_span_equal(gathered_text(g, v), f->text);
}

/* A text that finds no room is left out; the store's own bound on a chain makes that rare. */
static void set(struct gathered *g, struct value *v, const struct st_field *f)
{
	*v = (struct value){ .id = f->id, .is_number = f->is_number, .number = f->number };
	if (f->is_number || f->text.size > TEXTS_MAX - g->texts.size)
		return;
	v->at = g->texts.size;
	v->size = f->text.size;
	st_buf_put_span(&g->texts, f->text);
}

/* Several values gather, each once; of others the newest counts. */
static void keep(struct gathered *g, const struct st_field *f, bool gathers)
{
	const struct value *v = gathered_next(g, f->id, NULL);
	if (v != NULL && !gathers) {
		set(g, &g->values[v - g->values], f);
		return;
	}
	for (; v != NULL; v = gathered_next(g, f->id, v))
		if (same(g, v, f))
			return;
	if (g->count < VALUES_MAX)
		set(g, &g->values[g->count++], f);
}

static void drop(struct gathered *g, uint32_t id)
{
	size_t kept = 0;
	st_assert(g->count <= VALUES_MAX);
	for (size_t i = 0; i < g->count; i++)
		if (g->values[i].id != id)
			g->values[kept++] = g->values[i];
	g->count = kept;
}

static void keep_all(struct gathered *g, const struct known *n, const struct st_field *fields,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct st_field_row *row =
			wanted(n, fields[i].id) ? st_kind_field(g->kind, fields[i].id) : NULL;
		if (row == NULL)
			continue;
		if ((row->flags & ST_ANEW) != 0 && st_field_find(fields, i, row->id) == NULL)
			drop(g, row->id); /* the event's values stand for all before */
		keep(g, &fields[i], (row->flags & ST_MANY) != 0 || row->id == n->remark);
	}
}

static void keep_move(struct gathered *g, const struct st_move_row *m)
{
	if (m == NULL || st_move_opens(m) || (m->to == 0 && m->hands == ST_HANDS_STAY))
		return;
	if (g->move_count > 0 && g->moves[g->move_count - 1] == m)
		return;
	if (g->move_count == MOVES_MAX)
		memmove(g->moves, g->moves + 1, (--g->move_count) * sizeof(g->moves[0]));
	g->moves[g->move_count++] = m;
	st_assert(g->move_count <= MOVES_MAX);
}

static void copy_author(struct st_span from, char to[ST_AUTHOR_MAX + 1])
{
	size_t n = from.size > ST_AUTHOR_MAX ? ST_AUTHOR_MAX : from.size;
	if (n > 0)
		memcpy(to, from.data, n);
	to[n] = 0;
}

static int read_event(struct page *p, const struct st_place *at, struct gathered *g, bool first)
{
	struct st_life_event e;
	struct st_event event;
	const struct known *n = page_kind(p, g->kind);
	st_assert(at->seq > 0);
	p->life.grant = n->is_private ? p->q->grant : NULL;
	int rc = life_facts(&p->life, at, &event, &e);
	if (rc < 0)
		return rc;
	p->events++;
	if (first) {
		g->opened_ms = e.at_ms;
		copy_author(e.author, g->author);
	}
	copy_author(e.author, g->handler);
	keep_move(g, e.move);
	g->texts_erased |= e.texts_erased;
	g->privates_erased |= e.private_erased;
	keep_all(g, n, e.facts, e.fact_count);
	keep_all(g, n, e.texts, e.text_count);
	if (e.private_here)
		keep_all(g, n, e.privates, e.private_count);
	return g->texts.error;
}

struct noting {
	struct page *page;
	struct gathered *g;
};

/* What is noted stands off the chain: its remarks count, and nothing else of it. */
static int read_note(const struct st_stray *s, void *arg)
{
	struct noting *x = arg;
	struct st_life_event e;
	struct st_event event;
	struct st_place at = { s->log, s->seq };
	const struct known *n = page_kind(x->page, x->g->kind);
	if (s->why != ST_STRAY_NOTE)
		return 0;
	x->page->life.grant = NULL;
	int rc = life_facts(&x->page->life, &at, &event, &e);
	if (rc < 0)
		return rc;
	x->page->events++;
	for (size_t i = 0; i < e.text_count; i++)
		if (e.texts[i].id == n->remark)
			keep(x->g, &e.texts[i], true);
	return x->g->texts.error;
}

/* Back along the predecessors, then forward: a key stands before what it opens. */
static int read_chain(struct page *p, const struct st_record *r, struct gathered *g)
{
	struct st_place at = r->head;
	uint32_t n = 0;
	int rc = 0;
	st_assert(r->revision <= ST_REVISIONS_MAX);
	while (rc == 0 && at.seq != 0 && n < r->revision) {
		struct st_event e;
		struct st_change change;
		p->chain[n++] = at;
		if (n == r->revision)
			break; /* the opening */
		rc = life_read(&p->life, &at, &e, &change);
		if (rc == 0)
			rc = life_previous(&p->life, &e, &at);
	}
	for (uint32_t i = n; rc == 0 && i > 0; i--)
		rc = read_event(p, &p->chain[i - 1], g, i == n);
	return rc;
}

int gather(struct page *p, const struct st_record *r, struct gathered *g)
{
	st_record_copy(&g->record, r);
	g->kind = st_kind(r->kind);
	g->count = g->move_count = 0;
	g->texts_erased = g->privates_erased = false;
	g->author[0] = g->handler[0] = 0;
	g->opened_ms = 0;
	g->here = g->kind != NULL;
	st_buf_clear(&g->texts);
	life_forget(&p->life);
	int rc = st_record_id(p->txn, &r->ref, &g->id);
	if (rc == 0 && g->here)
		rc = read_chain(p, r, g);
	if (rc == 0 && g->here && r->notes > 0 && page_kind(p, g->kind)->remark != 0) {
		struct noting x = { p, g };
		rc = st_stray_each(p->txn, &r->ref, read_note, &x);
	}
	return rc;
}
