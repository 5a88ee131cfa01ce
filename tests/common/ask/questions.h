/* questions.h - all recounts by their questions' numbers, and an answer in the same lines. */
#pragma once
#include "recounts_more.h"

typedef void recount_fn(struct counted *c);
static recount_fn *const recounts[] = {
	recount_opened,      recount_overdue,     recount_focus,        recount_days,
	recount_ratings,     recount_reopened,    recount_silent,       recount_no_visit,
	recount_schedules,   recount_leaders,     recount_law_services, recount_no_reception,
	recount_suggestions, recount_key_notices, recount_projects,     recount_voices,
	recount_handed_up,   recount_online,      recount_industries,   recount_premises,
	recount_year,        recount_life,        recount_trainings,    recount_ranking,
};

struct answer {
	size_t count;
	char lines[LINES][LINE];
};

static void put_cell(const struct st_answer_cell *c, char *to, size_t room)
{
	char r[32] = "";
	switch (c->type) {
	case ST_ANSWER_TEXT:
	case ST_ANSWER_CODE: (void)snprintf(to, room, "%s", c->empty ? "-" : c->text); return;
	case ST_ANSWER_COUNT:
		(void)snprintf(r, sizeof(r), "%llu", (unsigned long long)c->number);
		break;
	case ST_ANSWER_NUMBER:
	case ST_ANSWER_DAYS:
	case ST_ANSWER_SHARE: (void)snprintf(r, sizeof(r), "%.9g", c->real); break;
	case ST_ANSWER_DAY: st_day_text((uint32_t)c->number, r); break;
	case ST_ANSWER_MONTH: st_month_text((uint32_t)c->number, r); break;
	case ST_ANSWER_TIME: st_time_text(c->ms, r); break;
	}
	(void)snprintf(to, room, "%s", c->empty ? "-" : r);
}

static int take_row(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct answer *a = arg;
	char *to = a->lines[a->count++];
	size_t used = 0;
	ST_REQUIRE(a->count <= LINES);
	for (size_t i = 0; i < count; i++) {
		char cell[ST_ANSWER_TEXT_MAX + 1];
		put_cell(&cells[i], cell, sizeof(cell));
		used += (size_t)snprintf(to + used, LINE - used, "%s%s", i == 0 ? "" : "|", cell);
		ST_REQUIRE(used < LINE);
	}
	return 0;
}

/* Of a life the proof alone is compared. */
static int take_life(const struct st_answer_cell *cells, size_t count, void *arg)
{
	struct answer *a = arg;
	ST_REQUIRE(count == 11);
	(void)snprintf(a->lines[a->count++], LINE, "%s", cells[9].empty ? "-" : cells[9].text);
	return 0;
}

static int by_line(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Voices, the last but one of a line's cells. */
static unsigned voices_in(const char *line)
{
	const char *at = strrchr(line, '|');
	ST_REQUIRE(at != NULL);
	while (at > line && at[-1] != '|')
		at--;
	return (unsigned)strtoul(at, NULL, 10);
}

static int by_voices(const void *a, const void *b)
{
	unsigned x = voices_in(a), y = voices_in(b);
	return x != y ? (x > y ? -1 : 1) : strcmp(a, b);
}

static bool in_answer(const struct answer *a, const char *line)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->lines[i], line) == 0)
			return true;
	return false;
}

/* Of more than the question gives, those with most voices; of those that have as many as the last of them, the
 * ones that the answer chose. */
static void keep_ranked(const struct answer *a, struct counted *c)
{
	if (c->ranked_from == 0)
		return;
	size_t from = c->ranked_from - 1, kept = from, most = from + RANKED;
	c->ranked_from = 0;
	if (c->line_count <= most)
		return;
	qsort(c->lines + from, c->line_count - from, LINE, by_voices);
	unsigned least = voices_in(c->lines[most - 1]);
	for (size_t i = from; i < c->line_count && kept < most; i++)
		if (voices_in(c->lines[i]) > least || in_answer(a, c->lines[i]))
			memmove(c->lines[kept++], c->lines[i], LINE);
	c->line_count = kept;
}

/* The recount's lines beside the answer's, both sorted: the first place where they differ; SIZE_MAX: none. */
static size_t first_difference(struct answer *a, struct counted *c)
{
	keep_ranked(a, c);
	qsort(a->lines, a->count, LINE, by_line);
	qsort(c->lines, c->line_count, LINE, by_line);
	size_t n = a->count < c->line_count ? a->count : c->line_count, i = 0;
	while (i < n && strcmp(a->lines[i], c->lines[i]) == 0)
		i++;
	return i == n && a->count == c->line_count ? SIZE_MAX : i;
}
