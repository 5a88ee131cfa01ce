/* verbs_log.c - is it all true? Checkpoints, keys, proofs, verification and recount.
 *
 * Owns:    nothing; what it prints verifies elsewhere.
 * Flow:    anybody -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <station/base/text.h>
#include "ctl.h"

enum { LOOK_MS = 200 };

/* name: of the text in JSON; NULL: they are bytes, which JSON has as base64. */
static json_t *named(const char *name, const struct answer *ans)
{
	struct st_buf bytes;
	if (name != NULL)
		return json_pack("{s:s#}", name, ans->body, (int)ans->size);
	st_buf_init(&bytes, 2 * ans->size + 8);
	st_base64_put(&bytes, st_span(ans->body, ans->size));
	json_t *o = json_pack("{s:s#}", "bytes", bytes.error < 0 ? "" : (const char *)bytes.data, (int)bytes.size);
	st_buf_done(&bytes);
	return o;
}

static int get_text(const char *path, const char *name)
{
	struct answer ans;
	int rc = call_bytes(path, &ans);
	if (rc == 0 && ctl.json) {
		json_t *o = named(name, &ans);
		json_print(o);
		json_decref(o);
	} else if (rc == 0) {
		answer_print(&ans);
	}
	answer_done(&ans);
	return rc;
}

static int with_argument(const char *path, const char *name, const char *value, const char *json)
{
	struct query q;
	query_init(&q, path);
	query_add(&q, name, value);
	int rc = get_text(query_text(&q), json);
	query_done(&q);
	return rc;
}

static int run_checkpoint(const struct args *a)
{
	return with_argument("/v1/log/checkpoint", "log", option(a, "log"), "note");
}

static int run_proof(const struct args *a)
{
	return with_argument("/v1/proof", "event", a->words[0], "proof");
}

static int run_event(const struct args *a)
{
	return with_argument("/v1/event", "event", a->words[0], NULL);
}

static int run_key(const struct args *a)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/log/key");
	query_add(&q, "station", option(a, "station"));
	query_add(&q, "as", option(a, "as"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		(void)puts(member(ans.json, "vkey"));
	answer_done(&ans);
	return rc;
}

/* Starts a task and follows it to its end; *ret is its last answer. */
static int follow(const char *path, const char *what, struct answer *ret)
{
	char task[64];
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000 * 1000 };
	int rc = call_post(path, NULL, ret);
	if (rc != 0)
		return rc;
	(void)snprintf(task, sizeof(task), "/v1/tasks/%lld", number(ret->json, "task"));
	for (;;) {
		answer_done(ret);
		rc = call_get(task, ret);
		if (rc != 0 || truth(ret->json, "finished"))
			break;
		progress(what, (unsigned long long)number(ret->json, "done"),
			 (unsigned long long)number(ret->json, "total"));
		(void)nanosleep(&pause, NULL);
	}
	progress_end();
	return rc;
}

/* What came outside the logs: false when one is wrong, or one that was sent here is missing. */
static bool show_carried(const json_t *c)
{
	if (c == NULL)
		return true;
	bool right = number(c, "wrong") == 0 && number(c, "missing") == 0;
	if (ctl.json)
		return right;
	(void)printf("%s %lld: %s %lld %s, %s %lld %s\n",
		     either("日志之外送达的事件", "events that came outside their logs"), number(c, "events"),
		     either("有误", "wrong"), number(c, "wrong"), member(c, "first_wrong"),
		     either("缺", "missing"), number(c, "missing"), member(c, "first_missing"));
	return right;
}

/* The same by what their writers have signed for: false when something at the end is missing. */
static bool show_heads(const json_t *h)
{
	bool right = h == NULL || number(h, "missing") == 0;
	if (h == NULL || ctl.json)
		return right;
	(void)printf("%s %lld: %s %lld %s %s\n",
		     either("寄件声明", "heads of writers to this station"), number(h, "heads"),
		     either("按声明缺", "missing by them"), number(h, "missing"), member(h, "first_missing"),
		     member(h, "as_of"));
	return right;
}

static int run_verify(const struct args *a)
{
	struct query q;
	struct answer ans;
	size_t i;
	json_t *one;
	bool right = true;
	query_init(&q, "/v1/log/verify");
	query_add(&q, "log", flag(a, "all") ? "all" : option(a, "log"));
	int rc = follow(query_text(&q), either("核验日志", "verifying logs"), &ans);
	query_done(&q);
	if (rc != 0) {
		answer_done(&ans);
		return rc;
	}
	struct table t;
	const char *head[] = { either("日志", "log"), either("事件", "events"),
			       either("检查点", "checkpoints"), either("收据", "receipts"),
			       either("结论", "verdict") };
	table_init(&t, 5, "lrrrl");
	table_add(&t, head);
	json_array_foreach(json_object_get(ans.json, "verdicts"), i, one) {
		char size[32], checkpoints[32], receipts[32], verdict[256];
		const json_t *error = json_object_get(one, "error");
		right &= truth(one, "ok");
		(void)snprintf(size, sizeof(size), "%lld", number(one, "size"));
		(void)snprintf(checkpoints, sizeof(checkpoints), "%lld", number(one, "checkpoints"));
		(void)snprintf(receipts, sizeof(receipts), "%lld", number(one, "receipts"));
		(void)snprintf(verdict, sizeof(verdict), "%s%s%lld",
			       truth(one, "ok") ? either("正确", "right") : member(error, either("zh", "en")),
			       truth(one, "ok") ? " 1.." : " @", truth(one, "ok") ? number(one, "size")
										   : number(one, "bad_seq"));
		const char *row[] = { member(one, "log"), size, checkpoints, receipts, verdict };
		table_add(&t, row);
	}
	if (ctl.json) {
		answer_print(&ans);
		table_clear(&t);
	}
	table_print(&t);
	right &= show_carried(json_object_get(ans.json, "carried"));
	right &= show_heads(json_object_get(ans.json, "heads"));
	answer_done(&ans);
	return right ? CTL_RIGHT : CTL_WRONG;
}

void recount_show(const json_t *r)
{
	const json_t *told = json_object_get(r, "told");
	complain(T_RECOUNT_SUM, (unsigned long long)number(r, "events"),
		 (unsigned long long)number(r, "records"), (unsigned long long)number(r, "counters"),
		 (unsigned long long)number(r, "wrong"), (unsigned long long)number(r, "wrong_records"));
	complain(T_RETOLD_SUM, (unsigned long long)number(told, "rows"),
		 (unsigned long long)number(told, "wrong"), (unsigned long long)number(r, "wrong_rows"));
	if (member(r, "first_wrong")[0] != 0)
		complain(T_FIRST_WRONG, member(r, "first_wrong"));
	if (number(told, "wrong") > 0) {
		complain(T_WRONG_TABLES, member(told, "tables"));
		complain(T_FIRST_WRONG, member(told, "first_wrong"));
	}
}

static int run_recount(const struct args *a)
{
	struct answer ans;
	(void)a;
	int rc = follow("/v1/recount", either("重算", "recounting"), &ans);
	if (rc != 0) {
		answer_done(&ans);
		return rc;
	}
	const json_t *r = json_object_get(ans.json, "recount"), *told = json_object_get(r, "told");
	bool right = json_is_object(r) && number(r, "wrong") == 0 && number(r, "wrong_records") == 0 &&
		     number(r, "wrong_rows") == 0 && number(told, "wrong") == 0;
	if (ctl.json)
		answer_print(&ans);
	else
		recount_show(r);
	if (!ctl.json && right)
		(void)puts(text(T_ALL_RIGHT));
	answer_done(&ans);
	return right ? CTL_RIGHT : CTL_WRONG;
}

const struct verb log_verbs[] = {
	{ "log checkpoint", "[--log CODE[/EPOCH]]", "log", 0, 0, run_checkpoint,
	  "最新检查点与收据 (C2SP 签名便条)", "the newest checkpoint with its receipts (a C2SP signed note)",
	  "stationctl log checkpoint --log 410611003" },
	{ "log key", "[--station CODE] [--as origin|receipt]", "station as", 0, 0, run_key,
	  "站点的 C2SP 验证密钥 (vkey)", "a station's C2SP verifier key (vkey)",
	  "stationctl log key --station 410611003" },
	{ "log verify", "[--log CODE[/EPOCH] | --all]", "log !all", 0, 0, run_verify,
	  "逐个事件核验日志, 直到市根密钥", "verify logs event by event, up to the city's root key",
	  "stationctl log verify --all" },
	{ "proof", "CODE/EPOCH/SEQ", "", 1, 1, run_proof, "一个事件的包含证明 (C2SP tlog-proof)",
	  "an event's inclusion proof (C2SP tlog-proof)", "stationctl proof 410611003/1/42" },
	{ "event", "CODE/EPOCH/SEQ", "", 1, 1, run_event, "一个事件的原始字节 (--json: base64)", "an event's very bytes (--json: as base64)",
	  "stationctl event 410611003/1/42 > event.bin" },
	{ "recount", "", "", 0, 0, run_recount, "由原始事件重算全部派生的表并比对",
	  "recount all derived tables from the raw events, and compare", "stationctl recount" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
