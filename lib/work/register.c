/* register.c - reads registers from the rows of a table, whole or not at all.
 *
 * Owns:    the words in which a register's kinds and a column's sources are written.
 * Promise: 8: a wrong row is refused with its place, and nothing of its table is taken.
 * Flow:    city's table, default table -> register -> ask */
#include <station/work/register.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { SOURCE_MAX = 500, WORDS_MAX = 32, BIT_MAX = 64 };

struct reading {
	struct st_registers *to;
	struct st_register_wrong *wrong;
};

const char *st_cell_type_text(enum st_cell_type type)
{
	static const char *const texts[] = {
#define X(name, text) text,
		ST_CELL_TYPES(X)
#undef X
	};
	st_assert((size_t)type < sizeof(texts) / sizeof(texts[0]));
	return texts[type];
}

static const struct {
	const char *text;
	enum st_cell_type type;
} data[ST_DATUM_COUNT] = {
#define X(name, text, type) { text, ST_CELL_##type },
	ST_REGISTER_DATA(X)
#undef X
};

static int refuse(const struct reading *r, const char *column, const char *word)
{
	st_assert(column != NULL);
	(void)snprintf(r->wrong->place, sizeof(r->wrong->place), "%s: %.100s", column, word);
	return ST_EFIELD;
}

/* A word that isn't among those there are. */
static int refuse_datum(const struct reading *r, const char *word)
{
	size_t used;
	(void)refuse(r, "source", word);
	used = strlen(r->wrong->place);
	for (size_t i = 0; i < ST_DATUM_COUNT && used < sizeof(r->wrong->place); i++)
		used += (size_t)snprintf(r->wrong->place + used, sizeof(r->wrong->place) - used,
					 "%s%s", i == 0 ? " (" : " ", data[i].text);
	return ST_EFIELD;
}

static int copy_text(const struct reading *r, const char *column, struct st_span from, char *to,
		     size_t max)
{
	int rc = from.size == 0 ? ST_EFIELD : st_text_check(from, max, false);
	if (rc < 0) {
		(void)refuse(r, column, "");
		return rc;
	}
	memcpy(to, from.data, from.size);
	to[from.size] = 0;
	return 0;
}

/* A machine name: what an address, a file's name and a column of CSV can carry. */
static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return n > 0 && s[n] == 0 && n <= ST_REGISTER_NAME_MAX;
}

static char *trim(char *s)
{
	s += strspn(s, " ");
	size_t n = strlen(s);
	while (n > 0 && s[n - 1] == ' ')
		s[--n] = 0;
	return s;
}

/* ---- a register: its kinds, and which of them ---- */

static int read_states(const struct reading *r, const struct st_kind *k, char *values,
		       uint64_t *bits)
{
	char *save = NULL;
	for (char *v = strtok_r(values, ",", &save); v != NULL; v = strtok_r(NULL, ",", &save)) {
		const struct st_state_row *s = st_kind_state_named(k, st_span_text(v));
		if (s == NULL || s->number >= BIT_MAX)
			return refuse(r, "source: state", v);
		*bits |= 1ull << s->number;
	}
	return *bits == 0 ? refuse(r, "source: state", "") : 0;
}

static int read_channels(const struct reading *r, const struct st_field_row *f, char *values,
			 uint64_t *bits)
{
	char *save = NULL;
	st_assert(f->id == ST_F_CHANNEL);
	for (char *v = strtok_r(values, ",", &save); v != NULL; v = strtok_r(NULL, ",", &save)) {
		const struct st_choice *c = st_choice_named(f->choices, st_span_text(v));
		if (c == NULL || c->number >= BIT_MAX)
			return refuse(r, "source", v);
		*bits |= 1ull << c->number;
	}
	return *bits == 0 ? refuse(r, "source", f->name) : 0;
}

static int read_word(const struct reading *r, const struct st_kind *k, char *word,
		     struct st_register_kind *to)
{
	char *equals = strchr(word, '=');
	const struct st_field_row *channel = st_kind_field(k, ST_F_CHANNEL);
	if (word[0] == '!') {
		const struct st_field_row *f = st_kind_field_named(k, st_span_text(word + 1));
		if (f == NULL || to->absent_count == ST_REGISTER_ABSENT_MAX)
			return refuse(r, "source", word);
		to->absent[to->absent_count++] = f->id;
		return 0;
	}
	if (equals == NULL)
		return refuse(r, "source", word);
	*equals = 0;
	if (strcmp(word, "state") == 0)
		return read_states(r, k, equals + 1, &to->states);
	if (channel != NULL && channel->choices != NULL && strcmp(word, channel->name) == 0)
		return read_channels(r, channel, equals + 1, &to->channels);
	return refuse(r, "source", word);
}

static int read_kind(const struct reading *r, char *text, struct st_register *reg)
{
	char *save = NULL, *word = strtok_r(text, " ", &save);
	const struct st_kind *k = word == NULL ? NULL : st_kind_named(word);
	if (k == NULL)
		return refuse(r, "source: kind", word == NULL ? "" : word);
	if (reg->kind_count == ST_REGISTER_KINDS_MAX)
		return refuse(r, "source: too many kinds", word);
	for (size_t i = 0; i < reg->kind_count; i++)
		if (reg->kinds[i].kind == k->number)
			return refuse(r, "source: twice", word);
	struct st_register_kind *to = &reg->kinds[reg->kind_count++];
	st_assert(reg->kind_count <= ST_REGISTER_KINDS_MAX);
	st_assert(to->states == 0 && to->absent_count == 0);
	to->kind = k->number;
	for (word = strtok_r(NULL, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		int rc = read_word(r, k, word, to);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_register(const struct reading *r, const struct st_register_line *line)
{
	char text[SOURCE_MAX + 1], *save = NULL;
	struct st_registers *all = r->to;
	if (all->count == ST_REGISTERS_MAX)
		return refuse(r, "register: too many", "");
	struct st_register *reg = &all->rows[all->count];
	int rc = copy_text(r, "register", line->reg, reg->name, ST_REGISTER_NAME_MAX);
	if (rc == 0 && (!is_name(reg->name) || st_register_named(all, reg->name) != NULL))
		rc = refuse(r, "register", reg->name);
	if (rc == 0)
		rc = copy_text(r, "zh", line->zh, reg->zh, ST_REGISTER_TITLE_MAX);
	if (rc == 0)
		rc = copy_text(r, "en", line->en, reg->en, ST_REGISTER_TITLE_MAX);
	if (rc == 0)
		rc = copy_text(r, "source", line->source, text, SOURCE_MAX);
	if (rc < 0)
		return rc;
	for (char *one = strtok_r(text, "+", &save); rc == 0 && one != NULL;
	     one = strtok_r(NULL, "+", &save))
		rc = read_kind(r, one, reg);
	if (rc == 0 && reg->kind_count == 0)
		rc = refuse(r, "source: kind", "");
	all->count += rc == 0;
	st_assert(all->count <= ST_REGISTERS_MAX);
	return rc;
}

/* ---- a column: its sources ---- */

static const struct st_field_row *field_of(uint32_t kind, const char *name)
{
	const struct st_kind *k = st_kind(kind);
	return k == NULL ? NULL : st_kind_field_named(k, st_span_text(name));
}

/* A field of any of the register's kinds; with a link, of the kind that it leads to (0: of any). */
static const struct st_field_row *any_field(const struct st_register *reg, const char *name)
{
	for (size_t i = 0; i < reg->kind_count; i++) {
		const struct st_field_row *f = field_of(reg->kinds[i].kind, name);
		if (f != NULL)
			return f;
	}
	return NULL;
}

static bool linked_field(const struct st_field_row *link, const char *name)
{
	st_assert(link->type == ST_FIELD_RECORD);
	if (link->max != 0)
		return field_of((uint32_t)link->max, name) != NULL;
	for (size_t i = 0; i < st_kind_count(); i++)
		if (st_kind_field_named(st_kind_at(i), st_span_text(name)) != NULL)
			return true;
	return false;
}

static enum st_cell_type type_of_field(const struct st_field_row *f)
{
	if ((f->flags & ST_MANY) != 0)
		return ST_CELL_TEXT;
	switch (f->type) {
	case ST_FIELD_NUMBER:   return ST_CELL_COUNT;
	case ST_FIELD_DAY:      return ST_CELL_DAY;
	case ST_FIELD_IDENTITY:
	case ST_FIELD_STATION:
	case ST_FIELD_RECORD:   return ST_CELL_CODE;
	default:                return ST_CELL_TEXT;
	}
}

static int take_datum(const struct reading *r, const char *word, struct st_register_source *to)
{
	for (size_t i = 0; i < ST_DATUM_COUNT; i++)
		if (strcmp(word, data[i].text) == 0) {
			to->what = ST_SOURCE_DATUM;
			to->datum = (enum st_register_datum)i;
			return 0;
		}
	return refuse_datum(r, word);
}

static int copy_name(const struct reading *r, const char *word, char to[ST_REGISTER_NAME_MAX + 1])
{
	if (!is_name(word))
		return refuse(r, "source", word);
	(void)snprintf(to, ST_REGISTER_NAME_MAX + 1, "%s", word);
	return 0;
}

/* One alternative: *ret_type is what its values are. */
static int read_source(const struct reading *r, const struct st_register *reg, char *word,
		       struct st_register_source *to, enum st_cell_type *ret_type)
{
	const struct st_field_row *link = NULL, *f = NULL;
	char *rest = strchr(word, '>');
	memset(to, 0, sizeof(*to));
	if (rest != NULL) {
		*rest = 0;
		link = any_field(reg, trim(word));
		if (link == NULL || link->type != ST_FIELD_RECORD)
			return refuse(r, "source: no link", word);
		int rc = copy_name(r, trim(word), to->link);
		if (rc < 0)
			return rc;
		word = trim(rest + 1);
	}
	if (strncmp(word, "record.", 7) == 0) {
		int rc = take_datum(r, word + 7, to);
		*ret_type = rc == 0 && link == NULL ? data[to->datum].type : ST_CELL_TEXT;
		return rc;
	}
	to->what = strncmp(word, "sex:", 4) == 0 ? ST_SOURCE_SEX : ST_SOURCE_FIELD;
	word += to->what == ST_SOURCE_SEX ? 4 : 0;
	f = link == NULL ? any_field(reg, word) : NULL;
	if (link == NULL ? f == NULL : !linked_field(link, word))
		return refuse(r, "source: no field", word);
	*ret_type = link != NULL || to->what == ST_SOURCE_SEX ? ST_CELL_TEXT : type_of_field(f);
	return copy_name(r, word, to->field);
}

/* For programs: "opened", "reporter_name"; a second one of that name gets its order, too. */
static void name_column(const struct st_register *reg, struct st_register_column *c)
{
	const struct st_register_source *s = &c->sources[0];
	const char *name = s->what == ST_SOURCE_DATUM ? data[s->datum].text : s->field;
	if (s->what == ST_SOURCE_SEX)
		name = "sex";
	st_assert(c->count > 0);
	bool taken = false;
	for (size_t i = 0; i < reg->column_count; i++)
		taken |= strcmp(reg->columns[i].name, name) == 0;
	if (taken)
		(void)snprintf(c->name, sizeof(c->name), "%s_%u", name, c->order);
	else
		(void)snprintf(c->name, sizeof(c->name), "%s", name);
}

static int read_sources(const struct reading *r, const struct st_register *reg, char *text,
			struct st_register_column *c)
{
	char *save = NULL;
	for (char *one = strtok_r(text, "|", &save); one != NULL;
	     one = strtok_r(NULL, "|", &save)) {
		enum st_cell_type type = ST_CELL_TEXT;
		if (c->count == ST_REGISTER_SOURCES_MAX)
			return refuse(r, "source: too many", one);
		int rc = read_source(r, reg, trim(one), &c->sources[c->count], &type);
		if (rc < 0)
			return rc;
		c->type = c->count == 0 || c->type == type ? type : ST_CELL_TEXT;
		c->count++;
	}
	return c->count == 0 ? refuse(r, "source", "") : 0;
}

static int read_column(const struct reading *r, const struct st_register_line *line)
{
	char text[SOURCE_MAX + 1];
	struct st_register *reg = r->to->count == 0 ? NULL : &r->to->rows[r->to->count - 1];
	if (reg == NULL || !st_span_equal(line->reg, st_span_text(reg->name)))
		return refuse(r, "register: its row of order 0 must stand first", "");
	if (reg->column_count == ST_REGISTER_COLUMNS_MAX)
		return refuse(r, "order: too many columns", "");
	if (reg->column_count > 0 && line->order <= reg->columns[reg->column_count - 1].order)
		return refuse(r, "order: must ascend", "");
	struct st_register_column *c = &reg->columns[reg->column_count];
	c->order = line->order;
	st_assert(c->count == 0);
	int rc = copy_text(r, "zh", line->zh, c->zh, ST_REGISTER_TITLE_MAX);
	if (rc == 0)
		rc = copy_text(r, "en", line->en, c->en, ST_REGISTER_TITLE_MAX);
	if (rc == 0)
		rc = copy_text(r, "source", line->source, text, SOURCE_MAX);
	if (rc == 0)
		rc = read_sources(r, reg, text, c);
	if (rc < 0)
		return rc;
	name_column(reg, c);
	reg->column_count++;
	return 0;
}

static int read_all(const struct reading *r, const struct st_register_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		r->wrong->line = i;
		int rc = 0;
		size_t n = r->to->count;
		if (lines[i].order == 0 && n > 0 && r->to->rows[n - 1].column_count == 0)
			rc = refuse(r, "register: no columns", r->to->rows[n - 1].name);
		if (rc == 0)
			rc = lines[i].order == 0 ? read_register(r, &lines[i])
						 : read_column(r, &lines[i]);
		if (rc < 0)
			return rc;
	}
	if (r->to->count == 0 || r->to->rows[r->to->count - 1].column_count == 0)
		return refuse(r, "register: no columns", "");
	return 0;
}

int st_registers_read(const struct st_register_line *lines, size_t count,
		      struct st_registers **ret_registers, struct st_register_wrong *reterr)
{
	ST_REQUIRE(lines != NULL || count == 0);
	ST_REQUIRE(ret_registers != NULL);
	ST_REQUIRE(reterr != NULL);
	struct reading r = { calloc(1, sizeof(struct st_registers)), reterr };
	memset(reterr, 0, sizeof(*reterr));
	if (r.to == NULL)
		return ST_ENOMEM;
	int rc = read_all(&r, lines, count);
	if (rc < 0) {
		free(r.to);
		return rc;
	}
	st_assert(r.to->count > 0);
	*ret_registers = r.to;
	return 0;
}

const struct st_register *st_register_named(const struct st_registers *all, const char *name)
{
	ST_REQUIRE(all != NULL);
	char number[24];
	for (size_t i = 0; i < all->count; i++) {
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		if (strcmp(all->rows[i].name, name) == 0 || strcmp(all->rows[i].zh, name) == 0 ||
		    strcmp(number, name) == 0)
			return &all->rows[i];
	}
	return NULL;
}
