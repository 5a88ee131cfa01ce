/* hooked.c - what becomes of a matter that came in online is to be told.
 *
 * Owns:    which steps are told: the matter's own and, once it has been merged, the results of the one
 * that is handled for it.
 * Promise: 2: each is put down in the transaction that stores its event, and kept until taken.
 * Flow:    fold -> hooks -> online */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/work/merge.h>

static int hooks_on(struct st_apply *a)
{
	uint8_t on;
	size_t size = 0;
	if (a->asked.hooks != HOOKS_UNKNOWN)
		return a->asked.hooks == HOOKS_ON;
	int rc = st_meta_get(a->txn, ST_META_ONLINE_HOOKS, &on, sizeof(on), &size);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	a->asked.hooks = rc == 0 ? HOOKS_ON : HOOKS_OFF;
	return rc == 0;
}

/* Without a secret nothing has come in, and no event needs to be looked at. */
static int any_online(struct st_apply *a)
{
	struct st_online_secret secret;
	if (a->asked.online != ONLINE_UNKNOWN)
		return a->asked.online == ONLINE_SOME;
	int rc = st_online_secret(a->txn, &secret);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	a->asked.online = rc == 0 ? ONLINE_SOME : ONLINE_NONE;
	st_wipe(&secret, sizeof(secret));
	return rc == 0;
}

static int add_hook(struct st_apply *a, struct st_online *o, const struct st_event *e, uint32_t state)
{
	struct st_online_secret secret;
	struct st_hook h = { .ref = o->ref, .n = ++o->hooks, .state = state,
			     .at_ms = a->world->now_ms > 0 ? a->world->now_ms : 0 };
	int rc = st_online_secret(a->txn, &secret);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	st_hook_id(&secret, &e->at, o->hooks << 8 | state, h.id); /* one event may tell of several */
	st_wipe(&secret, sizeof(secret));
	a->applied.hooked = true;
	rc = st_given_put(a->txn, &o->ref, h.n);
	return rc < 0 ? rc : st_hook_put(a->txn, &h);
}

int hooked_result(struct st_apply *a, const struct st_record *r, uint32_t *ret_state)
{
	struct st_merge_reader *x = NULL;
	struct st_record end;
	*ret_state = 0;
	if (!st_state_merged(st_kind(r->kind), r->state))
		return 0;
	st_record_copy(&end, r);
	int rc = st_merge_reader_new(a->txn, &x);
	if (rc == 0)
		rc = st_merge_end(x, &end);
	st_merge_reader_free(x);
	if (rc == 0 && end.kind == ST_KIND_MATTER && st_state_is_result(end.state))
		*ret_state = end.state;
	return rc;
}

/* Of one that came in here: what is new of it, and of what it was merged into. A result that was
 * taken back is told by the next one. */
static int tell(struct st_apply *a, const struct st_record *r, const struct st_event *e)
{
	struct st_online o;
	uint32_t joined = 0;
	if (r->ref.opener != a->self.station.number)
		return 0;
	int rc = st_online_get(a->txn, &r->ref, &o);
	if (rc == 0)
		rc = hooked_result(a, r, &joined);
	if (rc < 0 || (o.state == r->state && o.joined == joined))
		return rc == ST_ENOTFOUND ? 0 : rc;
	bool own = o.state != r->state, other = o.joined != joined;
	o.state = r->state;
	o.joined = joined;
	rc = hooks_on(a);
	bool told = rc == 1;
	if (told && own && st_state_is_told(o.state))
		rc = add_hook(a, &o, e, o.state);
	if (rc >= 0 && told && other && joined != 0)
		rc = add_hook(a, &o, e, joined);
	return rc < 0 ? rc : st_online_put(a->txn, &o);
}

/* Everyone who was merged into it, over those that were merged themselves. */
static int tell_joined(struct st_apply *a, const struct st_record *r, const struct st_event *e)
{
	struct st_record *list = NULL;
	struct st_merge_reader *x = NULL;
	size_t count = 0;
	int rc = st_merge_reader_new(a->txn, &x);
	if (rc == 0)
		rc = st_merge_under(x, r, &list, &count);
	st_merge_reader_free(x);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = tell(a, &list[i], e);
	free(list);
	return rc;
}

int online_event(struct st_apply *a, const struct st_event *e)
{
	const struct st_record *folded = st_fold_row(a->fold);
	struct st_record r;
	if (folded == NULL || folded->kind != ST_KIND_MATTER || e->type == ST_NOTE)
		return 0;
	int rc = any_online(a);
	if (rc != 1)
		return rc;
	st_record_copy(&r, folded);
	rc = tell(a, &r, e);
	if (rc == 0)
		rc = joined_any(a, &r);
	return rc == 1 ? tell_joined(a, &r, e) : rc;
}

int job_hooks(struct st_apply *a, bool on)
{
	const uint8_t yes = 1;
	a->asked.hooks = on ? HOOKS_ON : HOOKS_OFF;
	return on ? st_meta_put(a->txn, ST_META_ONLINE_HOOKS, st_span(&yes, 1))
		  : st_meta_del(a->txn, ST_META_ONLINE_HOOKS);
}

int job_told(struct st_apply *a, const struct st_job_told *job)
{
	int rc = st_hook_del(a->txn, &job->ref, job->n);
	st_assert(a->txn != NULL);
	return rc == ST_ENOTFOUND ? 0 : rc; /* told twice, taken once */
}
