/* nominees.c - may these projects be voted on?
 *
 * Owns:    that question, asked alike as a vote is prepared and as its tokens are drawn: each
 *          candidate is a project of this station's list, screened and not decided of yet, and no
 *          two are the same; after a tie, each is one of those tied.
 * Promise: 8: who prepares a vote learns of it there and then, by the project's number, and not in
 *          the hall.
 * Flow:    command, tokens -> nominees -> own log */
#include "group.h"
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/changes.h>
#include <station/work/vote.h>

static const struct st_rule unscreened = {
	.zh = "这个项目还没有列为候选: 请先用 project screen 列入",
	.en = "this project isn't a candidate yet: screen it first (project screen)",
};
static const struct st_rule decided = {
	.zh = "这个项目已经入选, 不能再票决",
	.en = "this project has been elected already: it isn't voted on again",
};
static const struct st_rule over = {
	.zh = "这个项目已不是候选 (未入选、不列入或已并入另一件)",
	.en = "this project is no candidate any more: not chosen, dropped or merged",
};
static const struct st_rule twice = {
	.zh = "同一项目在候选中写了两次",
	.en = "the same project stands among the candidates twice",
};
static const struct st_rule not_tied = {
	.zh = "这个项目不在所续票决 (--follows) 得票相等的项目之列",
	.en = "this project isn't one of those tied in the vote that this one follows (--follows)",
};
static const struct st_rule no_tie = {
	.zh = "所续的票决 (--follows) 没有公布过得票相等的项目: 另行票决请用 vote prepare",
	.en = "that vote has declared no tie: for another vote use vote prepare",
};

struct refs {
	struct st_txn *txn;
	size_t count;
	struct st_record_ref refs[ST_VOTE_CANDIDATES_MAX];
};

static bool has(const struct refs *list, const struct st_record_ref *ref)
{
	st_assert(list->count <= ST_VOTE_CANDIDATES_MAX);
	for (size_t i = 0; i < list->count; i++)
		if (st_record_same(&list->refs[i], ref))
			return true;
	return false;
}

static int broken(const struct st_rule *rule, const struct st_rule **reterr_rule)
{
	st_assert(rule->zh != NULL && rule->en != NULL);
	*reterr_rule = rule;
	return ST_ERULE;
}

static void place_name(char place[ST_PLACE_MAX], const char *field, struct st_span name)
{
	(void)snprintf(place, ST_PLACE_MAX, "%s: %.*s", field, (int)name.size,
		       (const char *)name.data);
}

/* ---- those tied ---- */

static int take_tied(const struct st_step *step, const struct st_event *event,
		     const struct st_change *change, void *arg)
{
	struct refs *tied = arg;
	(void)step;
	if (event->type != ST_MOVE || change->move != ST_VOTE_DECLARE)
		return 0;
	for (size_t i = 0; i < change->field_count; i++) {
		const struct st_field *f = &change->fields[i];
		if (f->id != ST_VOTE_F_TIED || f->is_number || tied->count == ST_VOTE_CANDIDATES_MAX)
			continue;
		int rc = st_record_resolve(tied->txn, f->text, &tied->refs[tied->count]);
		if (rc < 0 && rc != ST_ENOTFOUND && rc != ST_EFIELD)
			return rc;
		tied->count += rc == 0;
	}
	return 0;
}

static int read_tied(struct st_apply *a, struct st_span name, struct refs *tied)
{
	struct st_record_ref ref;
	struct st_record vote;
	int rc = st_record_resolve(a->txn, name, &ref);
	if (rc == 0)
		rc = st_record_load(a->txn, &ref, &vote);
	if (rc == 0 && vote.kind != st_kind_named("vote")->number)
		rc = ST_EKIND;
	return rc < 0 ? rc : st_record_changes(a->txn, &vote, take_tied, tied);
}

/* ---- each of them ---- */

static int check_state(const struct st_record *r, const struct st_rule **reterr_rule)
{
	const struct st_kind *k = st_kind_named("project");
	if (r->kind != k->number)
		return ST_EKIND;
	if (st_move_from(k, st_kind_move_named(k, "choose"), r->state))
		return 0;
	if (st_move_from(k, st_kind_move_named(k, "screen"), r->state))
		return broken(&unscreened, reterr_rule);
	const struct st_state_row *s = st_kind_state(k, r->state);
	bool accepted = s != NULL && strcmp(s->name, "accepted") == 0;
	return broken(st_record_open(r) || accepted ? &decided : &over, reterr_rule);
}

int nominees_check(struct st_apply *a, const struct nominees *n, const struct st_rule **reterr_rule,
		   char place[ST_PLACE_MAX])
{
	struct refs before = { .txn = a->txn }, tied = { .txn = a->txn };
	ST_REQUIRE(n->count <= ST_VOTE_CANDIDATES_MAX);
	if (n->follows.size > 0) {
		place_name(place, "follows", n->follows);
		int rc = read_tied(a, n->follows, &tied);
		if (rc == 0 && tied.count == 0)
			rc = broken(&no_tie, reterr_rule);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < n->count; i++) {
		struct st_record_ref ref;
		struct st_record r;
		place_name(place, "candidates", n->names[i]);
		int rc = st_record_resolve(a->txn, n->names[i], &ref);
		if (rc == 0)
			rc = st_record_load(a->txn, &ref, &r);
		if (rc == 0)
			rc = check_state(&r, reterr_rule);
		if (rc == 0 && r.holder != a->self.station.number)
			rc = ST_EHOLDER;
		if (rc == 0 && has(&before, &ref))
			rc = broken(&twice, reterr_rule);
		if (rc == 0 && n->follows.size > 0 && !has(&tied, &ref))
			rc = broken(&not_tied, reterr_rule);
		if (rc < 0)
			return rc;
		before.refs[before.count++] = ref;
	}
	place[0] = 0;
	return 0;
}

int nominees_check_command(struct st_apply *a, const struct st_checked *c,
			   const struct st_rule **reterr_rule, char place[ST_PLACE_MAX])
{
	struct nominees n = { .count = 0 };
	ST_REQUIRE(c->kind != NULL);
	if (c->kind != st_kind_named("vote") || c->move == NULL || !st_move_opens(c->move))
		return 0;
	for (size_t i = 0; i < c->fact_count; i++) {
		const struct st_field *f = &c->facts[i];
		if (f->id == ST_VOTE_F_CANDIDATES && n.count < ST_VOTE_CANDIDATES_MAX)
			n.names[n.count++] = f->text;
		else if (f->id == ST_VOTE_F_FOLLOWS)
			n.follows = f->text;
	}
	return nominees_check(a, &n, reterr_rule, place);
}
