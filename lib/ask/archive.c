/* archive.c - a deputy's archive: parts, each made of records that name him.
 *
 * Owns:    which records stand in which part, and the place to go on from.
 * Promise: nothing is typed for it, and each record stands in one part once for each role; 9:
 * pages. Flow:    deeds -> archive -> api */
#include <station/ask/deputy.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include "deeds.h"

#define PRESENT    "参加", "present"
#define NO_ROLE    "", ""
#define ACTIVITIES "activity.deputies type="
enum own { OF_DEEDS, OF_DATA, OF_HONOURS };
/* One stretch of the archive. An activity's types stand in one row each; a test holds them to it.
 */
static const struct stretch {
	enum st_archive_part part;
	enum own own;
	const char *source; /* as a points table has it */
	const char *role_zh, *role_en;
} stretches[] = {
	{ ST_ARCHIVE_BASIC, OF_DATA, "", NO_ROLE },
	{ ST_ARCHIVE_MEETINGS, OF_DEEDS, ACTIVITIES "congress,meeting", PRESENT },
	{ ST_ARCHIVE_INSPECTIONS, OF_DEEDS, ACTIVITIES "inspection,research,enforcement_check",
	  PRESENT },
	{ ST_ARCHIVE_TRAINING, OF_DEEDS, ACTIVITIES "training", PRESENT },
	{ ST_ARCHIVE_GROUP, OF_DEEDS,
	  ACTIVITIES "evening_talk,themed_reception,grid,policy,voters_visited,other", PRESENT },
	{ ST_ARCHIVE_DEEDS, OF_DEEDS, ACTIVITIES "dispute_settled,help,good_deed,charity",
	  PRESENT },
	{ ST_ARCHIVE_SUGGESTIONS, OF_DEEDS, "suggestion.deputy", "领衔", "raised" },
	{ ST_ARCHIVE_SUGGESTIONS, OF_DEEDS, "suggestion.co_signers", "附议", "co-signed" },
	{ ST_ARCHIVE_REPORTS, OF_DEEDS, ACTIVITIES "report_to_voters", "述职", "reported" },
	{ ST_ARCHIVE_HONOURS, OF_HONOURS, "", NO_ROLE },
	{ ST_ARCHIVE_VISITS, OF_DEEDS, "visit.deputies", "接待", "received" },
	{ ST_ARCHIVE_MATTERS, OF_DEEDS, "matter.deputy channel=deputy", "带回", "brought" },
	{ ST_ARCHIVE_MATTERS, OF_DEEDS, "matter.deputy", "接待", "received" },
	{ ST_ARCHIVE_PROJECTS, OF_DEEDS, "project.deputy", "提出", "proposed" },
};
enum {
	STRETCHES = sizeof(stretches) / sizeof(stretches[0]),
	PLACE_SIZE = 1 + 4 + ST_REF_SIZE
};

const char *st_archive_part_text(enum st_archive_part p)
{
	static const char *const texts[] = {
#define X(name, text, zh, en) text,
		ST_ARCHIVE_PARTS(X)
#undef X
	};
	st_assert(p < ST_ARCHIVE_PART_COUNT);
	return texts[p];
}

const char *st_archive_part_title(enum st_archive_part p, enum st_lang lang)
{
	static const char *const texts[][2] = {
#define X(name, text, zh, en) { zh, en },
		ST_ARCHIVE_PARTS(X)
#undef X
	};
	st_assert(p < ST_ARCHIVE_PART_COUNT);
	return texts[p][lang == ST_EN];
}

struct archiving {
	const struct st_archive_query *q;
	struct deeds deeds;
	size_t at;            /* the stretch */
	struct st_deed deed;  /* of it */
	uint64_t other_types; /* of the same field, that an earlier stretch of the part has */
	size_t count;
	st_archive_fn *fn;
	void *arg;
};

static const char *in(const struct archiving *x, const char *zh, const char *en)
{
	return x->q->lang == ST_EN ? en : zh;
}

static void add_text(struct st_archive_row *row, const char *text)
{
	size_t n = strlen(row->result);
	st_assert(n < sizeof(row->result));
	if (text[0] == 0)
		return;
	if (n > 0)
		newest_text(st_span_text(", "), row->result + n, sizeof(row->result) - n);
	n = strlen(row->result);
	newest_text(st_span_text(text), row->result + n, sizeof(row->result) - n);
}

static void add_choice(const struct archiving *x, struct st_archive_row *row, const char *field,
		       uint32_t value)
{
	const struct st_field_row *f = st_kind_field_named(row->kind, st_span_text(field));
	const struct st_choice *c = f == NULL || f->choices == NULL || value == 0
					    ? NULL
					    : st_choice_numbered(f->choices, value);
	if (c != NULL)
		add_text(row, in(x, c->zh, c->en));
}

/* How it ended, or how far it is; its class where answers have one, and how its result was rated.
 */
static void put_result(const struct archiving *x, const struct st_record *r,
		       struct st_archive_row *row)
{
	const struct st_state_row *s = st_kind_state(row->kind, r->state);
	const struct st_field_row *f = st_kind_field_named(row->kind, st_span_text("class"));
	if (s != NULL)
		add_text(row, in(x, s->zh, s->en));
	if (f != NULL) {
		const struct st_choice *c =
			st_choice_numbered(f->choices, st_record_facet(r, f->id));
		if (c != NULL)
			add_text(row, c->name);
		add_choice(x, row, "class", st_record_facet(r, f->id));
	}
	if (r->rating_result != 0)
		add_choice(x, row, "rating_result", r->rating_result);
	else
		add_choice(x, row, "rating_answer", r->rating_answer);
}

static bool fits(const struct st_record *r, void *arg)
{
	const struct archiving *x = arg;
	bool doubled = r->channel < 64 && (x->other_types >> r->channel & 1) != 0;
	bool shows_all = stretches[x->at].part == ST_ARCHIVE_SUGGESTIONS; /* refused ones, too */
	return st_deed_fits(&x->deed, r) && !doubled && (shows_all || st_deed_done(r));
}

static int one_deed(const struct st_record *r, uint32_t day, void *arg)
{
	struct archiving *x = arg;
	const struct stretch *s = &stretches[x->at];
	struct st_archive_row row;
	struct newest title = { .id = ST_F_TITLE };
	st_assert(s->own == OF_DEEDS);
	st_assert(x->count <= x->q->limit);
	if (x->count == x->q->limit)
		return 1;
	memset(&row, 0, sizeof(row));
	row.part = s->part;
	row.day = day;
	row.kind = st_kind(r->kind);
	row.role = in(x, s->role_zh, s->role_en);
	st_assert(row.kind != NULL);
	int rc = st_record_number(x->deeds.txn, r, row.number);
	if (rc == 0)
		rc = newest_read(&x->deeds.life, r, &title, 1);
	if (rc < 0)
		return rc;
	newest_text(st_span_text(title.text), row.title, sizeof(row.title));
	put_result(x, r, &row);
	x->count++;
	return x->fn(&row, x->arg);
}

/* His levels, and whether he serves. */
static int more_data(struct archiving *x, const struct st_record *r, struct st_archive_row *row)
{
	const struct st_field_row *levels = st_kind_field_named(row->kind, st_span_text("levels"));
	const struct st_state_row *s = st_kind_state(row->kind, r->state);
	st_assert(levels != NULL);
	row->result[0] = 0;
	for (size_t i = 0; i < r->facet_count; i++)
		if (r->facets[i].field == levels->id)
			add_choice(x, row, "levels", r->facets[i].value);
	newest_text(st_span_text(in(x, levels->zh, levels->en)), row->title, sizeof(row->title));
	int rc = x->fn(row, x->arg);
	if (rc != 0 || s == NULL)
		return rc;
	row->result[0] = 0;
	add_text(row, in(x, s->zh, s->en));
	newest_text(st_span_text(in(x, "状态", "state")), row->title, sizeof(row->title));
	return x->fn(row, x->arg);
}

/* Basic data are the public facts of his record; what is private stands nowhere here. */
static int data(struct archiving *x, const struct st_record *r)
{
	static const char *const names[] = { "name",  "post",  "constituency", "delegation", "term",
					     "party", "since", "public_phone", "public_days" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	struct newest values[NAMES];
	struct st_archive_row row;
	uint32_t code;
	const struct st_kind *k = deputy_kind(&code);
	memset(&row, 0, sizeof(row));
	row.part = stretches[x->at].part;
	row.day = r->opened_day;
	row.kind = k;
	row.role = "";
	for (size_t i = 0; i < NAMES; i++)
		values[i] =
			(struct newest){ .id = st_kind_field_named(k, st_span_text(names[i]))->id };
	int rc = st_record_number(x->deeds.txn, r, row.number);
	if (rc == 0)
		rc = newest_read(&x->deeds.life, r, values, NAMES);
	for (size_t i = 0; rc == 0 && i < NAMES; i++) {
		const struct st_field_row *f = st_kind_field(k, values[i].id);
		struct st_buf text;
		if (!values[i].found)
			continue;
		st_buf_init(&text, 2 * sizeof(row.result));
		struct st_field value = { values[i].id, values[i].is_number, values[i].number,
					  st_span_text(values[i].text) };
		st_field_text(f, &value, &text);
		newest_text(st_buf_span(&text), row.result, sizeof(row.result));
		rc = text.error;
		st_buf_done(&text);
		if (rc < 0)
			return rc;
		newest_text(st_span_text(in(x, f->zh, f->en)), row.title, sizeof(row.title));
		rc = x->fn(&row, x->arg);
	}
	return rc != 0 ? rc : more_data(x, r, &row);
}

struct honouring {
	struct archiving *x;
	struct st_archive_row row;
	uint32_t honours, on;
};

static int honour(const struct st_life_event *e, void *arg)
{
	struct honouring *h = arg;
	const struct deeds *d = &h->x->deeds;
	const struct st_field *text = st_field_find(e->texts, e->text_count, h->honours);
	const struct st_field *on = st_field_find(e->facts, e->fact_count, h->on);
	if (e->stray != 0 || text == NULL)
		return 0;
	h->row.day = on != NULL && on->number <= ST_DAY_MAX ? (uint32_t)on->number : 0;
	if (h->row.day < d->from_day || (d->to_day != 0 && h->row.day > d->to_day))
		return 0;
	newest_text(text->text, h->row.title, sizeof(h->row.title));
	return h->x->fn(&h->row, h->x->arg);
}

static int honours(struct archiving *x, const struct st_record *r)
{
	struct honouring h = { .x = x };
	uint32_t code;
	const struct st_kind *k = deputy_kind(&code);
	h.row.part = stretches[x->at].part;
	h.row.kind = k;
	h.row.role = "";
	h.honours = st_kind_field_named(k, st_span_text("honours"))->id;
	h.on = st_kind_field_named(k, st_span_text("on"))->id;
	int rc = st_record_number(x->deeds.txn, r, h.row.number);
	return rc < 0 ? rc : st_life_each(x->deeds.txn, r, NULL, honour, &h);
}

/* A stretch without types of its own leaves out those of the stretch before it on the same field.
 */
static int begin(struct archiving *x)
{
	struct st_deed before;
	x->other_types = 0;
	int rc = st_deed_parse(st_span_text(stretches[x->at].source), &x->deed);
	if (rc == 0 && x->at > 0 && x->deed.types == 0 &&
	    st_deed_parse(st_span_text(stretches[x->at - 1].source), &before) == 0 &&
	    before.kind == x->deed.kind && before.field == x->deed.field)
		x->other_types = before.types;
	return rc;
}

static int one_stretch(struct archiving *x, uint32_t deputy, const struct deed_place *after)
{
	const struct stretch *s = &stretches[x->at];
	struct st_record r;
	st_assert(x->at < STRETCHES);
	if (s->own != OF_DEEDS) {
		int rc = deputy_best(x->deeds.txn, deputy, &r);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? 0 : rc; /* named, and not entered here */
		return s->own == OF_DATA ? data(x, &r) : honours(x, &r);
	}
	int rc = begin(x);
	struct deeds_wanted w = { deputy, x->deed.kind, x->deed.field, fits, after };
	return rc < 0 ? rc : deeds_each(&x->deeds, &w, one_deed, x);
}

static int read_page(struct archiving *x, struct deed_place *to, bool *ret_goes_on)
{
	uint8_t bytes[PLACE_SIZE];
	size_t size = 0;
	*ret_goes_on = x->q->page.size > 0;
	if (!*ret_goes_on)
		return 0;
	if (st_hex_get(x->q->page, bytes, sizeof(bytes), &size) < 0 || size != PLACE_SIZE ||
	    bytes[0] >= STRETCHES)
		return ST_EFIELD;
	x->at = bytes[0];
	to->day = st_get_u32(bytes + 1);
	to->ref = st_ref_get(bytes + 5);
	return 0;
}

static void put_page(const struct archiving *x, struct st_buf *to)
{
	uint8_t bytes[PLACE_SIZE];
	st_assert(x->at < STRETCHES);
	bytes[0] = (uint8_t)x->at;
	st_put_u32(bytes + 1, x->deeds.last.day);
	st_ref_put(bytes + 5, &x->deeds.last.ref);
	st_hex_put(to, ST_SPAN(bytes));
}

int st_archive_each(struct st_txn *t, const struct st_archive_query *q, st_archive_fn *fn,
		    void *arg, struct st_buf *ret_next)
{
	ST_REQUIRE(fn != NULL);
	ST_REQUIRE(q->limit > 0);
	ST_REQUIRE(q->limit <= ST_LIST_MAX);
	struct archiving x = { .q = q, .fn = fn, .arg = arg };
	struct deed_place after;
	bool goes_on = false;
	uint32_t deputy = 0;
	int rc = deputy_number(t, q->code, &deputy);
	if (rc == 0)
		rc = read_page(&x, &after, &goes_on);
	if (rc < 0)
		return rc;
	rc = deeds_open(&x.deeds, t, q->from_day, q->to_day);
	x.deeds.most = ST_DEPUTY_SCAN_MAX;
	while (rc == 0 && x.at < STRETCHES) {
		memset(&x.deeds.last, 0, sizeof(x.deeds.last)); /* before all of the stretch */
		if (goes_on)
			x.deeds.last = after;
		rc = one_stretch(&x, deputy, goes_on ? &after : NULL);
		goes_on = false;
		if (rc == 0)
			x.at++;
	}
	deeds_close(&x.deeds);
	if (rc > 0) { /* a page goes on behind what was looked at last */
		put_page(&x, ret_next);
		rc = 0;
	}
	return rc < 0 ? rc : ret_next->error;
}
