/* api_joined.c - of a merged record: what is handled for it, and what its reporter may be told.
 *
 * Owns:    that answer: the end of its merges, its state and newest reply, and whether the reporter was told.
 * Flow:    store -> joined -> api */
#include <station/ask/matter.h>
#include <station/work/merge.h>
#include "api.h"

struct replying {
	json_t *text; /* NULL: none */
	int64_t at_ms;
};

static int find_reply(const struct st_life_event *e, void *arg)
{
	struct replying *x = arg;
	const struct st_field *f = st_field_find(e->texts, e->text_count, ST_F_REPLY);
	if (f == NULL || e->stray != 0)
		return 0;
	json_decref(x->text);
	x->text = api_span(f->text);
	x->at_ms = e->at_ms;
	return x->text == NULL ? ST_ENOMEM : 0;
}

/* Nothing is handled for it that is here: its name alone. */
static json_t *elsewhere(const struct st_merge *m)
{
	return json_pack("{s:s, s:b, s:b}", "number", m->name, "here", 0, "told", (int)m->told);
}

static int describe(struct st_txn *t, const struct st_record *end, const struct st_merge *m, json_t **ret)
{
	const struct st_kind *k = st_kind(end->kind);
	const struct st_state_row *state = k == NULL ? NULL : st_kind_state(k, end->state);
	struct replying reply = { .text = NULL };
	char number[ST_NUMBER_TEXT];
	struct st_record_id id;
	struct st_code holder;
	int rc = st_record_id(t, &end->ref, &id);
	if (rc == 0)
		rc = st_station_code(t, end->holder, &holder);
	if (rc == 0)
		rc = st_life_each(t, end, NULL, find_reply, &reply);
	if (rc == 0) {
		st_number_text(&end->number, &id.opener, &id.ulid, number);
		*ret = json_pack("{s:s, s:s, s:b, s:s, s:s, s:b, s:O?, s:o, s:b}", "joins", m->name, "number",
				 number, "here", 1, "state", state == NULL ? "" : state->name, "holder",
				 holder.text, "answered", (int)st_state_answered(k, end->state), "reply",
				 reply.text, "reply_at",
				 reply.text == NULL ? json_null() : api_time(reply.at_ms), "told",
				 (int)m->told);
	}
	json_decref(reply.text);
	return rc < 0 ? rc : *ret == NULL ? ST_ENOMEM : 0;
}

int api_joined(struct st_txn *t, const struct st_record *r, json_t **ret_joined)
{
	struct st_merge_reader *x = NULL;
	struct st_record end;
	struct st_merge m;
	*ret_joined = NULL;
	if (!st_state_merged(st_kind(r->kind), r->state))
		return 0;
	st_record_copy(&end, r);
	int rc = st_merge_reader_new(t, &x);
	if (rc == 0)
		rc = st_merge_read(x, r, &m);
	if (rc == 0 && m.here)
		rc = st_merge_end(x, &end);
	st_merge_reader_free(x);
	if (rc == 0 && m.here)
		return describe(t, &end, &m, ret_joined);
	if (rc == 0)
		*ret_joined = elsewhere(&m);
	return rc;
}
