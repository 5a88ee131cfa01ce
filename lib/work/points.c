/* points.c - the points table: what counts, and how much.
 *
 * Owns:    the default table, and the rule of first, further and at most.
 * Promise: points are a function of counts; a city's table is read whole or not at all.
 * Flow:    table, counts -> points -> ask */
#include <station/work/points.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>

const struct st_floors st_floors_default = { .reports = 1, .voters = 10, .receptions = 2 };

/* One city's, as an example for others. */
static const struct st_points_line defaults[] = {
	{ "出席人代会", "congress sessions", "activity.deputies type=congress", 15, 0, 15 },
	{ "其他会议", "other meetings", "activity.deputies type=meeting", 3, 1, 5 },
	{ "学习培训", "training", "activity.deputies type=training", 3, 1, 5 },
	{ "领衔提出建议", "suggestions raised", "suggestion.deputy", 6, 2, 10 },
	{ "附议建议", "suggestions co-signed", "suggestion.co_signers", 1, 1, 4 },
	{ "调研", "research", "activity.deputies type=research", 4, 1, 6 },
	{ "视察", "inspection", "activity.deputies type=inspection", 6, 1, 10 },
	{ "接待选民", "receiving voters", "visit.deputies who=masses", 4, 2, 12 },
	{ "化解矛盾", "disputes settled", "activity.deputies type=dispute_settled", 5, 1, 8 },
	{ "帮扶困难", "help to the needy", "activity.deputies type=help", 5, 1, 8 },
	{ "办好事实事", "good deeds", "activity.deputies type=good_deed", 5, 1, 8 },
	{ "公益慈善", "charity", "activity.deputies type=charity", 5, 1, 8 },
	{ "述职", "reports to voters", "activity.deputies type=report_to_voters", 3, 0, 5 },
};
_Static_assert(sizeof(defaults) / sizeof(defaults[0]) <= ST_POINTS_ROWS_MAX, "a table holds them");

const struct st_points_line *st_points_defaults(size_t *ret_count)
{
	*ret_count = sizeof(defaults) / sizeof(defaults[0]);
	return defaults;
}

/* Cuts what stands before the first c off s; all of it where there is none. */
static struct st_span cut(struct st_span *s, char c)
{
	const uint8_t *at = s->size == 0 ? NULL : memchr(s->data, c, s->size);
	size_t n = at == NULL ? s->size : (size_t)(at - s->data);
	struct st_span head = st_span(s->data, n);
	*s = at == NULL ? ST_SPAN_NONE : st_span(s->data + n + 1, s->size - n - 1);
	st_assert(s->size + head.size <= s->size + n);
	return head;
}

static int parse_types(const struct st_kind *k, struct st_span word, uint64_t *types)
{
	struct st_span name = cut(&word, '=');
	const struct st_field_row *f = st_kind_field(k, ST_F_CHANNEL);
	if (f == NULL || f->choices == NULL || !st_span_equal(name, st_span_text(f->name)) ||
	    word.size == 0)
		return ST_EFIELD;
	while (word.size > 0) {
		const struct st_choice *c = st_choice_named(f->choices, cut(&word, ','));
		if (c == NULL || c->number > 63)
			return ST_EFIELD;
		*types |= 1ull << c->number;
	}
	return 0;
}

int st_deed_read(struct st_span source, struct st_deed *ret_deed, struct st_span *reterr_word)
{
	char name[40];
	struct st_deed d = { .types = 0 };
	struct st_span first = cut(&source, ' '), where = first, kind = cut(&where, '.');
	*reterr_word = kind;
	if (kind.size == 0 || kind.size >= sizeof(name))
		return ST_EFIELD;
	memcpy(name, kind.data, kind.size);
	name[kind.size] = 0;
	d.kind = st_kind_named(name);
	if (d.kind == NULL)
		return ST_EFIELD;
	*reterr_word = first;
	const struct st_field_row *f = st_kind_field_named(d.kind, where);
	if (f == NULL || f->names != ST_NAMES_DEPUTY || (f->flags & ST_INDEXED) == 0)
		return ST_EFIELD;
	d.field = f->id;
	while (source.size > 0) {
		struct st_span word = cut(&source, ' ');
		int rc = word.size == 0 ? 0 : parse_types(d.kind, word, &d.types);
		*reterr_word = word;
		if (rc < 0)
			return rc;
	}
	st_assert(d.field <= UINT8_MAX);
	*ret_deed = d;
	return 0;
}

int st_deed_parse(struct st_span source, struct st_deed *ret_deed)
{
	struct st_span word;
	return st_deed_read(source, ret_deed, &word);
}

bool st_deed_fits(const struct st_deed *d, const struct st_record *r)
{
	ST_REQUIRE(d->kind != NULL);
	st_assert(r->revision > 0);
	return r->kind == d->kind->number &&
	       (d->types == 0 || (r->channel < 64 && (d->types >> r->channel & 1) != 0));
}

bool st_deed_done(const struct st_record *r)
{
	static const struct {
		const char *kind, *state;
	} undone[] = {
		{ "activity", "planned" },   { "activity", "cancelled" },   { "visit", "voided" },
		{ "suggestion", "refused" }, { "suggestion", "withdrawn" },
	};
	const struct st_kind *k = st_kind(r->kind);
	const struct st_state_row *s = k == NULL ? NULL : st_kind_state(k, r->state);
	if (s == NULL)
		return false;
	for (size_t i = 0; i < sizeof(undone) / sizeof(undone[0]); i++)
		if (strcmp(k->name, undone[i].kind) == 0 && strcmp(s->name, undone[i].state) == 0)
			return false;
	return true;
}

static int read_line(const struct st_points_line *l, struct st_points_row *row)
{
	size_t zh = strlen(l->item), en = l->en == NULL ? zh : strlen(l->en);
	if (zh == 0 || zh > ST_POINTS_ITEM_MAX || en > ST_POINTS_ITEM_MAX)
		return ST_EFIELD;
	memcpy(row->item, l->item, zh + 1);
	memcpy(row->en, l->en == NULL ? l->item : l->en, en + 1);
	row->first = l->first;
	row->further = l->further;
	row->at_most = l->at_most;
	return st_deed_parse(st_span_text(l->source), &row->deed);
}

int st_points_read(const struct st_points_line *lines, size_t count,
		   struct st_points_table *ret_table, size_t *reterr_line)
{
	ST_REQUIRE(count == 0 || lines != NULL);
	struct st_points_table t = { .count = count };
	*reterr_line = 0;
	if (count > ST_POINTS_ROWS_MAX)
		return ST_ETOOBIG;
	for (size_t i = 0; i < count; i++) {
		int rc = read_line(&lines[i], &t.rows[i]);
		if (rc < 0) {
			*reterr_line = i;
			return rc;
		}
	}
	*ret_table = t;
	return 0;
}

uint64_t st_points_of(const struct st_points_row *row, uint64_t count)
{
	if (count == 0)
		return 0;
	st_assert(count <= UINT32_MAX); /* further is 32 bits, too */
	uint64_t points = row->first + (count - 1) * row->further;
	return points < row->at_most ? points : row->at_most;
}
