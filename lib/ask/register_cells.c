/* register_cells.c - a record's values as the cells of a register's columns.
 *
 * Owns:    how several values, joined records and the program's own words look in a cell.
 * Flow:    values -> cells -> register */
#include <stdio.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include <station/base/text.h>
#include "register.h"

#define BETWEEN "、"
#define MORE    "…"

/* A cell's text grows in p->cells; several pieces are told apart. */
struct piece {
	struct page *p;
	size_t from; /* where the cell's text begins */
};

static void between(const struct piece *x)
{
	st_assert(x->from <= x->p->cells.size);
	if (x->p->cells.size > x->from)
		st_buf_put_text(&x->p->cells, BETWEEN);
}

/* What a right key signed may be no text: that piece is left out, and the others stand. */
static void put_text(const struct piece *x, struct st_span text)
{
	if (text.size == 0 || st_text_check(text, text.size, true) < 0)
		return;
	between(x);
	st_buf_put_span(&x->p->cells, text);
}

static const char *either(const struct piece *x, const char *zh, const char *en)
{
	return x->p->q->lang == ST_EN ? en : zh;
}

/* "D-17 李某", where his record is here. */
static int put_deputy(const struct piece *x, struct st_span code)
{
	const char *name = "";
	size_t from = x->p->cells.size;
	int rc = page_deputy(x->p, code, &name);
	if (rc < 0)
		return rc;
	put_text(x, code);
	if (x->p->cells.size > from && name[0] != 0) {
		st_buf_put_text(&x->p->cells, " ");
		st_buf_put_text(&x->p->cells, name);
	}
	return 0;
}

static int put_value(const struct piece *x, const struct gathered *g, const struct value *v)
{
	st_assert(v->id != 0);
	const struct st_field_row *row = st_kind_field(g->kind, v->id);
	struct st_field f = { .id = v->id, .is_number = v->is_number, .number = v->number,
			      .text = gathered_text(g, v) };
	const struct st_choice *c = row != NULL && row->choices != NULL && v->is_number
					    ? st_choice_numbered(row->choices, v->number)
					    : NULL;
	if (c != NULL) {
		put_text(x, st_span_text(either(x, c->zh, c->en)));
		return 0;
	}
	if (!f.is_number && row != NULL && row->names == ST_NAMES_DEPUTY)
		return put_deputy(x, f.text);
	if (!f.is_number) {
		put_text(x, f.text);
		return 0;
	}
	between(x);
	st_field_text(row, &f, &x->p->cells);
	return 0;
}

/* GB 11643: the last but one of 18 digits is odd for men. */
static void put_sex(const struct piece *x, struct st_span identity)
{
	if (identity.size != 18)
		return;
	bool man = (identity.data[16] - '0') % 2 == 1;
	put_text(x, st_span_text(man ? either(x, "男", "male") : either(x, "女", "female")));
}

static void put_moves(const struct piece *x, const struct gathered *g)
{
	for (size_t i = 0; i < g->move_count; i++)
		put_text(x, st_span_text(either(x, g->moves[i]->zh, g->moves[i]->en)));
}

static void put_remarks(const struct piece *x, const struct gathered *g)
{
	uint32_t id = page_kind(x->p, g->kind)->remark;
	for (const struct value *v = gathered_next(g, id, NULL); v != NULL;
	     v = gathered_next(g, id, v))
		put_text(x, gathered_text(g, v));
}

static void put_number(const struct piece *x, const struct gathered *g)
{
	char number[ST_NUMBER_TEXT];
	st_number_text(&g->record.number, &g->id.opener, &g->id.ulid, number);
	put_text(x, st_span_text(number));
}

static int put_station(const struct piece *x, uint32_t number, bool name)
{
	int rc = 0;
	const struct station_kept *s = page_station(x->p, number, &rc);
	if (s == NULL)
		return rc;
	put_text(x, st_span_text(name && s->name[0] != 0 ? s->name : s->code.text));
	return 0;
}

static void put_state(const struct piece *x, const struct gathered *g)
{
	const struct st_state_row *s = st_kind_state(g->kind, g->record.state);
	if (s != NULL)
		put_text(x, st_span_text(either(x, s->zh, s->en)));
}

/* A datum that is a number, a day or a time. False: it is a text, or there is none. */
static bool datum_number(const struct page *p, const struct gathered *g,
			 enum st_register_datum datum, int64_t *to)
{
	const struct st_record *r = &g->record;
	switch (datum) {
	case ST_DATUM_ROW:       *to = (int64_t)p->number; return true;
	case ST_DATUM_OPENED:    *to = r->opened_day; return *to != 0;
	case ST_DATUM_OPENED_AT: *to = g->opened_ms; return *to != 0;
	case ST_DATUM_DUE:       *to = r->due_day; return *to != 0;
	case ST_DATUM_FIRST_DUE: *to = r->first_due_day; return *to != 0;
	case ST_DATUM_CHANGED:   *to = r->changed_day; return *to != 0;
	case ST_DATUM_CLOSED:    *to = r->closed_day; return *to != 0;
	case ST_DATUM_DAYS:
		*to = (int64_t)r->closed_day - (int64_t)r->opened_day;
		return r->closed_day != 0 && *to >= 0;
	case ST_DATUM_HANDED:    *to = r->handed; return true;
	case ST_DATUM_REOPENED:  *to = r->reopened; return true;
	default:                 return false;
	}
}

static int put_datum(const struct piece *x, const struct gathered *g, enum st_register_datum datum)
{
	switch (datum) {
	case ST_DATUM_NUMBER:      put_number(x, g); break;
	case ST_DATUM_KIND: put_text(x, st_span_text(either(x, g->kind->zh, g->kind->en))); break;
	case ST_DATUM_STATE:       put_state(x, g); break;
	case ST_DATUM_OPENER:      return put_station(x, g->record.ref.opener, false);
	case ST_DATUM_OPENER_NAME: return put_station(x, g->record.ref.opener, true);
	case ST_DATUM_HOLDER:      return put_station(x, g->record.holder, false);
	case ST_DATUM_HOLDER_NAME: return put_station(x, g->record.holder, true);
	case ST_DATUM_HANDLED:     put_moves(x, g); break;
	case ST_DATUM_AUTHOR:      put_text(x, st_span_text(g->author)); break;
	case ST_DATUM_HANDLER:     put_text(x, st_span_text(g->handler)); break;
	case ST_DATUM_REMARKS:     put_remarks(x, g); break;
	default:                   break; /* numbers: datum_number */
	}
	return 0;
}

/* A number, day or time as text, where a cell has room for texts only. */
static void put_plain(const struct piece *x, enum st_register_datum datum, int64_t number)
{
	char text[ST_TIME_TEXT];
	text[0] = 0;
	if (datum == ST_DATUM_OPENED_AT)
		st_time_text(number, text);
	else if (datum == ST_DATUM_OPENED || datum == ST_DATUM_DUE || datum == ST_DATUM_FIRST_DUE ||
		 datum == ST_DATUM_CHANGED || datum == ST_DATUM_CLOSED)
		st_day_text((uint32_t)number, text);
	else
		(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	put_text(x, st_span_text(text));
}

/* Where there was a text or a name, and somebody had it erased, the cell says so. */
static void put_erased(const struct piece *x, const struct gathered *g, uint32_t id)
{
	const struct st_field_row *row = id == 0 ? NULL : st_kind_field(g->kind, id);
	if (row == NULL || gathered_next(g, id, NULL) != NULL)
		return;
	if ((row->place == ST_AS_TEXT && g->texts_erased) || (row->place == ST_AS_PRIVATE && g->privates_erased))
		put_text(x, st_span_text(either(x, ST_ERASED_ZH, ST_ERASED_EN)));
}

/* Where in the register's columns a source stands. */
struct source {
	const struct st_register_source *row;
	size_t column, at;
};

static int put_source(const struct piece *x, const struct gathered *g, const struct source *s)
{
	int64_t number = 0;
	const struct st_register_source *row = s->row;
	const struct known *n = page_kind(x->p, g->kind);
	uint32_t id = n->field[s->column][s->at];
	st_assert(g->here);
	st_assert(s->at < ST_REGISTER_SOURCES_MAX);
	if (row->what == ST_SOURCE_DATUM) {
		if (!datum_number(x->p, g, row->datum, &number))
			return put_datum(x, g, row->datum);
		put_plain(x, row->datum, number);
		return 0;
	}
	put_erased(x, g, id);
	for (const struct value *v = gathered_next(g, id, NULL); v != NULL;
	     v = gathered_next(g, id, v)) {
		int rc = 0;
		if (row->what == ST_SOURCE_SEX)
			put_sex(x, gathered_text(g, v));
		else
			rc = put_value(x, g, v);
		if (rc < 0)
			return rc;
	}
	return x->p->cells.error;
}

/* ---- joined records ---- */

/* Read once a row, however many columns ask for it. *ret: NULL where it isn't here. */
static int joined(struct page *p, struct st_span name, const struct gathered **ret)
{
	struct st_record_ref ref;
	struct st_record r;
	st_assert(p->join_count <= ST_REGISTER_JOINS_MAX);
	*ret = NULL;
	int rc = st_record_resolve(p->txn, name, &ref);
	if (rc == ST_EFIELD || rc == ST_ENOTFOUND)
		return 0;
	for (size_t i = 0; rc == 0 && i < p->join_count; i++)
		if (st_record_same(&p->joins[i].ref, &ref)) {
			*ret = &p->joined[i];
			return 0;
		}
	if (rc == 0)
		rc = st_record_load(p->txn, &ref, &r);
	if (rc == ST_ENOTFOUND ||
	    (rc == 0 && (r.revision == 0 || p->join_count == ST_REGISTER_JOINS_MAX)))
		return 0;
	if (rc == 0)
		rc = gather(p, &r, &p->joined[p->join_count]);
	if (rc < 0)
		return rc;
	p->joins[p->join_count].ref = ref;
	if (p->joined[p->join_count].here)
		*ret = &p->joined[p->join_count++];
	return 0;
}

static int put_joined(const struct piece *x, const struct gathered *g, const struct source *s)
{
	const struct known *n = page_kind(x->p, g->kind);
	uint32_t id = n->link[s->column][s->at];
	size_t shown = 0;
	st_assert(s->row->link[0] != 0);
	for (const struct value *v = gathered_next(g, id, NULL); v != NULL;
	     v = gathered_next(g, id, v)) {
		const struct gathered *other = NULL;
		if (shown++ == ST_REGISTER_JOINS_MAX) {
			st_buf_put_text(&x->p->cells, x->p->cells.size > x->from ? MORE : "");
			break;
		}
		int rc = joined(x->p, gathered_text(g, v), &other);
		if (rc < 0)
			return rc;
		bool number = s->row->what == ST_SOURCE_DATUM && s->row->datum == ST_DATUM_NUMBER;
		if (other == NULL && number)
			put_text(x, gathered_text(g, v)); /* as it was given: it isn't here */
		if (other != NULL)
			rc = put_source(x, other, s);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- cells ---- */

/* The number of a cell whose column is of numbers: its first source that has one. */
static bool number_of(const struct page *p, const struct known *n, const struct source *s,
		      int64_t *to)
{
	const struct gathered *g = &p->row;
	if (s->row->what == ST_SOURCE_DATUM)
		return datum_number(p, g, s->row->datum, to);
	const struct value *v = gathered_next(g, n->field[s->column][s->at], NULL);
	if (v == NULL || !v->is_number || v->number > INT64_MAX)
		return false;
	*to = (int64_t)v->number;
	return true;
}

static int make_cell(struct page *p, size_t column, struct st_register_cell *cell, size_t *ret_from)
{
	const struct st_register_column *c = &p->q->reg->columns[column];
	const struct known *n = page_kind(p, p->row.kind);
	struct piece x = { p, p->cells.size };
	*cell = (struct st_register_cell){ .type = c->type, .empty = true };
	*ret_from = x.from;
	st_assert(c->count > 0);
	st_assert(c->count <= ST_REGISTER_SOURCES_MAX);
	for (size_t i = 0; i < c->count && cell->empty; i++) {
		struct source s = { &c->sources[i], column, i };
		int rc = 0;
		if (c->type != ST_CELL_TEXT && c->type != ST_CELL_CODE) {
			cell->empty = !number_of(p, n, &s, &cell->number);
			continue;
		}
		if (s.row->link[0] != 0)
			rc = put_joined(&x, &p->row, &s);
		else
			rc = put_source(&x, &p->row, &s);
		if (rc < 0 || p->cells.error < 0)
			return rc < 0 ? rc : p->cells.error;
		cell->empty = p->cells.size == x.from;
	}
	cell->text.size = p->cells.size - x.from;
	return 0;
}

int make_cells(struct page *p, struct st_register_cell *cells)
{
	size_t from[ST_REGISTER_COLUMNS_MAX], count = p->q->reg->column_count;
	st_buf_clear(&p->cells);
	p->join_count = 0;
	st_assert(p->row.here);
	st_assert(count <= ST_REGISTER_COLUMNS_MAX);
	for (size_t i = 0; i < count; i++) {
		int rc = make_cell(p, i, &cells[i], &from[i]);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < count; i++) /* only now: the buffer moves as it grows */
		cells[i].text = cells[i].text.size == 0
					? ST_SPAN_NONE
					: st_span(p->cells.data + from[i], cells[i].text.size);
	return 0;
}
