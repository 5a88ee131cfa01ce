/* questions_records.c - questions whose rows are records: key notices past their deadline, and
 * projects.
 *
 * Owns:    which records stand there, and which of their fields.
 * Flow:    indexes, events -> rows */
#include "question.h"
#include <station/base/check.h>

/* ---- 14: key supervision notices ---- */

struct noticing {
	uint32_t key, title, supervisors, about;
};

static int give_notice(struct asking *a, const struct st_record *r, void *arg)
{
	const struct noticing *x = arg;
	bool past = st_record_open(r) && r->due_day != 0 && r->due_day < a->today;
	if (r->channel != x->key || !past ||
	    (!is_covered(a, r->holder) && !is_covered(a, r->ref.opener)))
		return 0;
	struct newest w[] = { { .id = x->title },
			      { .id = x->supervisors, .all = true },
			      { .id = x->about } };
	int rc = newest_read(&a->life, r, w, sizeof(w) / sizeof(w[0]));
	if (rc == 0)
		rc = row_number(a, r);
	if (rc < 0)
		return rc;
	st_assert(r->due_day < a->today);
	row_text(a, w[0].text);
	row_station(a, r->ref.opener);
	row_station(a, r->holder);
	rc = row_state(a, r);
	row_day(a, r->opened_day);
	row_day(a, r->due_day);
	row_real(a, (double)(a->today - r->due_day));
	row_text(a, w[1].text);
	row_code(a, w[2].text);
	return rc < 0 ? rc : row_give(a);
}

int question_key_notices(struct asking *a)
{
	const struct st_kind *k = st_kind_named("supervision");
	struct noticing x = { choice_number("supervision", "level", "key"), ST_F_TITLE,
			      field_number("supervision", "supervisors"),
			      field_number("supervision", "about") };
	return records_open(a, k, give_notice, &x);
}

/* ---- 15: projects ---- */

#define PROJECT_FIELDS(X)   \
	X(votes)            \
	X(deputies_present) \
	X(budget) X(milestones) X(percent) X(satisfied) X(basically) X(unsatisfied)
enum {
	F_TITLE,
#define X(name) F_##name,
	PROJECT_FIELDS(X)
#undef X
		F_COUNT
};

static void put_number(struct asking *a, const struct newest *w)
{
	row_count(a, w->number);
	if (!w->found)
		a->row[a->cells - 1].empty = true; /* nobody has said; 0 would be an answer */
}

static int give_project(struct asking *a, const struct st_record *r, void *arg)
{
	const struct st_field_row *rating = st_kind_field(st_kind(r->kind), ST_F_RATING_RESULT);
	const uint32_t *fields = arg;
	struct newest w[F_COUNT];
	st_assert(rating != NULL);
	st_assert(fields[F_TITLE] == ST_F_TITLE);
	if (!is_covered(a, r->holder))
		return 0;
	for (size_t i = 0; i < F_COUNT; i++)
		w[i] = (struct newest){ .id = fields[i], .all = true };
	int rc = newest_read(&a->life, r, w, F_COUNT);
	if (rc == 0)
		rc = row_number(a, r);
	if (rc < 0)
		return rc;
	row_text(a, w[F_TITLE].text);
	rc = row_name(a, ST_NAMES_ROUND,
		      (uint16_t)st_record_facet(r, field_number("project", "round")));
	if (rc == 0)
		rc = row_state(a, r);
	if (rc < 0)
		return rc;
	put_number(a, &w[F_votes]);
	put_number(a, &w[F_deputies_present]);
	rc = row_name(a, ST_NAMES_UNIT, r->unit);
	put_number(a, &w[F_budget]);
	row_text(a, w[F_milestones].text);
	put_number(a, &w[F_percent]);
	row_day(a, r->due_day);
	row_choice(a, rating->choices, r->rating_result);
	put_number(a, &w[F_satisfied]);
	put_number(a, &w[F_basically]);
	put_number(a, &w[F_unsatisfied]);
	return rc < 0 ? rc : row_give(a);
}

int question_projects(struct asking *a)
{
	static const char *const states[] = { "candidate", "chosen",   "taken",
					      "finished",  "accepted", "not_chosen" };
	uint32_t fields[F_COUNT] = { [F_TITLE] = ST_F_TITLE,
#define X(name) [F_##name] = field_number("project", #name),
				     PROJECT_FIELDS(X)
#undef X
	};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(states) / sizeof(states[0]); i++)
		rc = records_in_state(a, kind_number("project"), state_number("project", states[i]),
				      give_project, fields);
	return rc < 0 ? rc : records_of_later(a, st_kind_named("project"), give_project, fields);
}
