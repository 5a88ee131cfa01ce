/* api_online.c - the operator's view of what comes in online.
 *
 * Owns:    /v1/online, and the list of matters by query code.
 * Promise: 6: the last page of the list says which stations' states it covers.
 * Flow:    online, store, coverage -> api -> stationctl */
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include "online.h"

enum { LIST_PAGE = 200, LIST_MAX = 500 };

static json_t *hooks_json(const struct hooks_info *h, const char *webhook, uint64_t waiting)
{
	return json_pack("{s:b, s:s, s:I, s:b, s:I, s:I, s:i, s:s, s:o, s:o, s:o}", "on", h->on,
			 "webhook", webhook, "waiting", (json_int_t)waiting, "sending", h->sending,
			 "sent", (json_int_t)h->sent, "failed", (json_int_t)h->failed,
			 "failed_in_a_row", (int)h->in_a_row, "last_error", h->error,
			 "last_error_at", api_time(h->error_ms), "last_sent_at",
			 api_time(h->sent_ms), "next_try_at", api_time(h->next_ms));
}

struct counting {
	uint64_t matters, waiting;
};

static int count(struct st_txn *t, void *arg)
{
	struct counting *c = arg;
	int rc = st_online_count(t, &c->matters);
	return rc < 0 ? rc : st_hook_count(t, &c->waiting);
}

static int get_online(struct request *q)
{
	struct online_info i;
	struct counting c = { 0, 0 };
	online_info(q->station->online, &i);
	int rc = st_store_read(q->station->store, count, &c);
	if (rc < 0)
		return rc;
	json_t *names = json_array();
	for (size_t n = 0; n < i.token_count; n++)
		json_array_append_new(names, json_string(i.tokens[n]));
	return api_json(q, json_pack("{s:s, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
				     "listen", i.listen, "open", i.open, "why", i.why, "tokens",
				     names, "matters", (json_int_t)c.matters, "requests",
				     (json_int_t)i.requests, "taken", (json_int_t)i.taken,
				     "refused", (json_int_t)i.refused, "unknown_tokens",
				     (json_int_t)i.unknown_tokens, "limited", (json_int_t)i.limited,
				     "cut", (json_int_t)i.cut, "hooks",
				     hooks_json(&i.hooks, i.webhook, c.waiting)));
}

/* ---- the list ---- */

struct listing {
	struct request *q;
	struct st_txn *txn;
	json_t *rows, *coverage;
	size_t limit;
	char next[ST_QUERY_CODE_TEXT];
	bool more;
};

static int add_row(const struct st_online *o, void *arg)
{
	struct listing *x = arg;
	struct st_record r;
	struct st_record_id id;
	struct st_code holder;
	char code[ST_QUERY_CODE_TEXT], number[ST_NUMBER_TEXT];
	if (json_array_size(x->rows) == x->limit) {
		x->more = true;
		return 1;
	}
	int rc = st_record_load(x->txn, &o->ref, &r);
	if (rc == 0)
		rc = st_record_id(x->txn, &o->ref, &id);
	if (rc == 0)
		rc = st_station_code(x->txn, r.holder, &holder);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	const struct st_state_row *state = st_kind_state(st_kind(ST_KIND_MATTER), r.state);
	st_query_code_text(o->code, code);
	memcpy(x->next, code, sizeof(code));
	st_number_text(&r.number, &id.opener, &id.ulid, number);
	return json_array_append_new(x->rows,
				     json_pack("[s, s, s, s, o, s, s, o]", code, number, o->source,
					       o->request, api_time(o->received_ms),
					       state == NULL ? ""
					       : api_lang(x->q) == ST_EN ? state->en
									 : state->zh,
					       holder.text,
					       api_day(r.due_day))) == 0
		       ? 0
		       : ST_ENOMEM;
}

static int read_list(struct st_txn *t, void *arg)
{
	struct listing *x = arg;
	const char *page = api_argument(x->q, "page");
	struct st_record_ref after;
	int rc = api_limit(x->q, LIST_PAGE, LIST_MAX, &x->limit);
	if (rc < 0)
		return rc;
	x->txn = t;
	if (page != NULL && st_online_resolve(t, st_span_text(page), &after) < 0)
		return api_wrong(x->q, ST_EFIELD, "page");
	rc = st_online_each(t, page == NULL ? NULL : &after, add_row, x);
	const struct api_covers covers = { .top = 0 };
	if (rc < 0 || x->more)
		return rc < 0 ? rc : 0;
	return api_coverage(t, &covers, api_now_ms(), &x->coverage);
}

static json_t *columns_json(void)
{
	return json_pack("[o, o, o, o, o, o, o, o]", api_column("code", "text", "查询码", "query code"),
			 api_column("number", "text", "编号", "number"),
			 api_column("source", "text", "来源", "source"),
			 api_column("request_id", "text", "平台编号", "platform's id"),
			 api_column("received", "time", "收到", "received"),
			 api_column("state", "text", "状态", "state"),
			 api_column("holder", "code", "持有站", "held by"),
			 api_column("due", "day", "期限", "due day"));
}

static int get_list(struct request *q)
{
	struct listing x = { .q = q, .rows = json_array() };
	int rc = st_store_read(q->station->store, read_list, &x);
	const struct api_table t = { .name = "online",
				     .zh = "线上来件",
				     .en = "what came in online",
				     .columns = columns_json(),
				     .rows = x.rows,
				     .coverage = x.coverage,
				     .next = x.more ? st_span_text(x.next) : ST_SPAN_NONE };
	json_t *json = api_table(&t);
	if (rc == 0)
		return api_json(q, json);
	json_decref(json);
	return rc;
}

const struct route api_online_routes[] = {
	{ "GET", "/v1/online", get_online },
	{ "GET", "/v1/online/list", get_list },
	{ NULL, NULL, NULL },
};
