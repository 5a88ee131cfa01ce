/* verbs_status.c - the operator watches: a station and all below it, its link, and what he waits for.
 *
 * Owns:    the operator's view of a station, in words and as a table.
 * Promise: 6 and 8: what is missing, refused or late is shown, with its reason.
 * Flow:    operator -> call -> screen */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "ctl.h"

/* All that keeps a station's events from here or from further up. */
static const char *troubles(const json_t *one, char *room, size_t size)
{
	const char *parts[] = { strcmp(member(one, "standing"), "revoked") == 0 ? either("已吊销", "revoked") : "",
				spoken(json_object_get(one, "waits")), spoken(json_object_get(one, "silent")),
				truth(one, "behind") ? either("自有的少于此处所存", "it has less than is held here") : "",
				truth(one, "refilling") ? either("正在补齐", "being refilled") : "" };
	const struct {
		long long count;
		const char *what;
	} counts[] = { { number(one, "own_size") - number(one, "size"), either("尚未到此", "not here yet") },
		       { number(one, "outbox"), either("待其领取", "to be taken by it") },
		       { number(one, "unread"), either("读不懂", "unread") } };
	size_t used = 0;
	room[0] = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && used < size; i++)
		if (parts[i][0] != 0)
			used += (size_t)snprintf(room + used, size - used, "%s%s", used == 0 ? "" : "; ", parts[i]);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]) && used < size; i++)
		if (counts[i].count > 0)
			used += (size_t)snprintf(room + used, size - used, "%s%s %lld", used == 0 ? "" : "; ",
						 counts[i].what, counts[i].count);
	return room;
}

static void show_stations(const json_t *stations)
{
	size_t i, k;
	json_t *one, *held;
	struct table t;
	const char *head[] = { either("站点", "station"), either("名称", "name"), either("层级", "tier"),
			       either("自有", "has"), either("存于此", "held here"),
			       either("检查点", "checkpoint"),
			       either("收据 (层级:数)", "receipts (tier:size)"), either("等待", "waits") };
	table_init(&t, 8, "lllrrlll");
	table_add(&t, head);
	json_array_foreach(stations, i, one) {
		char own[32] = "", size[32], when[32], receipts[256] = "", trouble[512];
		size_t used = 0;
		if (json_is_integer(json_object_get(one, "own_size")))
			(void)snprintf(own, sizeof(own), "%lld", number(one, "own_size"));
		(void)snprintf(size, sizeof(size), "%lld", number(one, "size"));
		json_array_foreach(json_object_get(one, "held"), k, held) {
			int n = snprintf(receipts + used, sizeof(receipts) - used, "%s%s:%lld",
					 used == 0 ? "" : " ", member(held, "tier"), number(held, "size"));
			used += n > 0 && (size_t)n < sizeof(receipts) - used ? (size_t)n : 0;
		}
		const char *row[] = { member(one, "code"), member(one, "name"), member(one, "tier"), own, size,
				      age(number(one, "checkpoint_ms"), when, sizeof(when)), receipts,
				      troubles(one, trouble, sizeof(trouble)) };
		table_add(&t, row);
	}
	table_print(&t);
}

static void show_uplink(const json_t *u)
{
	if (json_is_null(u))
		return;
	(void)printf("%s %s %s: %s", either("上级", "parent"), member(u, "parent"), member(u, "address"),
		     member(u, "state"));
	if (spoken(json_object_get(u, "why"))[0] != 0)
		(void)printf(" (%s)", spoken(json_object_get(u, "why")));
	(void)printf("; %s %lld B; %s %lld ms\n", either("待传约", "to send about"),
		     number(u, "waiting_bytes"), either("时钟差", "clock differs by"),
		     number(u, "skew_ms"));
}

static void show_refusals(const json_t *o)
{
	const char *key;
	json_t *value;
	if (json_object_size(o) == 0)
		return;
	(void)printf("%s:", either("拒绝过", "refused so far"));
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
		(void)printf(" %s %lld", key, (long long)json_integer_value(value));
	(void)puts("");
}

/* What others addressed to this station and hasn't come, by their own signed heads. */
static void show_addressed(const json_t *a)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(a, "missing"), i, one)
		(void)printf("%s %s %s %lld, %s %lld (%s, %s %s)\n", either("站点", "from"),
			     member(one, "from"),
			     either("发给本站的事件缺", "to this station, events missing:"),
			     number(one, "missing"), either("最后连续的是第", "after its seq"),
			     number(one, "after"), member(one, "event"), either("据其声明", "as of"),
			     member(one, "as_of"));
	json_array_foreach(json_object_get(a, "silent"), i, one)
		(void)printf("%s %s %s %s\n", either("站点", "from"), member(one, "from"),
			     either("没有新的寄件声明, 自", "no fresh head since"), member(one, "since"));
}

static void show_status(const json_t *o)
{
	const json_t *s = json_object_get(o, "station"), *store = json_object_get(o, "store");
	const char *ends = spoken(json_object_get(json_object_get(o, "workdays"), "warning"));
	if (!truth(o, "set_up")) {
		(void)puts(either("尚未建站: 请用 stationctl init (市总站) 或 stationctl join (其他站)",
				  "not set up yet: stationctl init (main) or stationctl join (others)"));
		return;
	}
	(void)printf("%s %s (%s)  stationd %s\n", member(s, "code"), member(s, "name"), member(s, "tier"),
		     member(o, "software"));
	if (member(o, "halted")[0] != 0)
		(void)printf("%s: %s\n", either("已停止签名: 上级持有本站另一份或更长的日志",
						"SIGNING HAS STOPPED: the parent holds another or a longer log of this station"),
			     member(o, "halted"));
	(void)printf("%s %lld MiB, %s %lld MiB%s\n", either("库", "store"),
		     number(store, "used_bytes") >> 20, either("磁盘可用", "disk free"),
		     number(store, "disk_free_bytes") >> 20,
		     truth(store, "full") ? either(" 磁盘已满: 写入暂停", " DISK FULL: writes wait") : "");
	show_uplink(json_object_get(o, "uplink"));
	if (number(o, "evidence") > 0)
		(void)printf("%s %lld\n", either("存有分叉证据", "evidence of forks kept:"),
			     number(o, "evidence"));
	show_refusals(json_object_get(o, "refusals"));
	show_addressed(json_object_get(o, "addressed"));
	if (ends[0] != 0)
		(void)puts(ends);
	show_stations(json_object_get(o, "stations"));
}

static int run_status(const struct args *a)
{
	struct answer ans;
	(void)a;
	int rc = call_get("/v1/status", &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		show_status(ans.json);
	answer_done(&ans);
	return rc;
}

static int run_link(const struct args *a)
{
	bool pause = strcmp(a->verb->name, "link pause") == 0;
	struct answer ans;
	int rc = call_post(pause ? "/v1/link/pause" : "/v1/link/resume", NULL, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		complain(pause ? T_PAUSED : T_RESUMED);
	answer_done(&ans);
	return rc;
}

static int run_wait(const struct args *a)
{
	struct query q;
	struct answer ans;
	query_init(&q, "/v1/wait");
	query_add(&q, "receipted", option(a, "receipted"));
	query_add(&q, "linked", flag(a, "linked") ? "1" : NULL);
	query_add(&q, "log", option(a, "log"));
	query_add(&q, "size", option(a, "size"));
	query_add(&q, "timeout_s", option(a, "timeout"));
	int rc = call_get(query_text(&q), &ans);
	query_done(&q);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0 && !flag(a, "linked")) {
		char n[32];
		(void)snprintf(n, sizeof(n), "%lld", number(ans.json, "logs"));
		complain(T_HELD, n);
	}
	answer_done(&ans);
	return rc;
}

const struct verb status_verbs[] = {
	{ "status", "", "", 0, 0, run_status, "本站与下级现状: 各站存了什么, 谁持有, 等什么",
	  "this station and all below: what each has, who holds it, what it waits for",
	  "stationctl status" },
	{ "link pause", "", "", 0, 0, run_link, "暂停上行链路", "pause the uplink", "stationctl link pause" },
	{ "link resume", "", "", 0, 0, run_link, "恢复上行链路", "resume the uplink",
	  "stationctl link resume" },
	{ "wait", "--receipted TIER | --linked | --log CODE[/EPOCH] --size N [--timeout SECONDS]",
	  "receipted !linked log size timeout", 0, 0, run_wait,
	  "等到此刻所存全部得到某层级的收据 (或链路接通, 或某份日志在本站存到 N 个事件)",
	  "wait until all that is held now is receipted by a tier (or the link is up, or so many events of "
	  "one log are on this station's disk)",
	  "stationctl wait --receipted main --timeout 60" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
