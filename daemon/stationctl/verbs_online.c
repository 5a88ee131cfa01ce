/* verbs_online.c - what came in online, and whether its results are being taken.
 *
 * Owns:    how they look on a screen.
 * Flow:    operator -> verbs -> call */
#include <stdio.h>
#include <string.h>
#include "ctl.h"

static void line(const char *zh, const char *en, const char *value)
{
	(void)printf("%s: %s\n", either(zh, en), value[0] == 0 ? "-" : value);
}

static void count(const char *zh, const char *en, const json_t *object, const char *name)
{
	(void)printf("%s: %lld\n", either(zh, en), number(object, name));
}

static void show_hooks(const json_t *h)
{
	if (!truth(h, "on")) {
		line("结果回送", "results are told",
		     either("未设置 online_webhook", "nowhere: online_webhook isn't set"));
		count("  待送", "  waiting", h, "waiting");
		return;
	}
	line("结果回送", "results are told to", member(h, "webhook"));
	count("  待送", "  waiting", h, "waiting");
	count("  已送", "  taken since the start", h, "sent");
	line("  上次送达", "  last taken", member(h, "last_sent_at"));
	line("  上次失败", "  last error", member(h, "last_error"));
	if (member(h, "last_error")[0] != 0)
		line("  失败于", "  that was at", member(h, "last_error_at"));
	if (member(h, "next_try_at")[0] != 0)
		line("  下次再送", "  next try", member(h, "next_try_at"));
}

static int show_status(const json_t *s)
{
	size_t i;
	json_t *name;
	line("监听", "listening on", member(s, "listen"));
	if (member(s, "listen")[0] != 0 && !truth(s, "open"))
		line("  未开", "  not open", member(s, "why"));
	(void)printf("%s:", either("令牌", "tokens"));
	json_array_foreach(json_object_get(s, "tokens"), i, name)
		(void)printf(" %s", json_string_value(name));
	(void)putchar('\n');
	count("来件", "matters", s, "matters");
	count("请求", "requests since the start", s, "requests");
	count("  接收", "  messages taken", s, "taken");
	count("  拒绝", "  refused", s, "refused");
	count("  令牌不对", "  with a wrong token", s, "unknown_tokens");
	count("  太频繁", "  too often", s, "limited");
	count("  太慢而断开", "  cut off for being slow", s, "cut");
	show_hooks(json_object_get(s, "hooks"));
	return CTL_RIGHT;
}

static int online_status(const struct args *a)
{
	struct answer answer;
	(void)a;
	int rc = call_get("/v1/online", &answer);
	if (rc == 0 && ctl.json)
		answer_print(&answer);
	else if (rc == 0)
		rc = show_status(answer.json);
	answer_done(&answer);
	return rc;
}

static int online_list(const struct args *a)
{
	return out_pages(a, "/v1/online/list");
}

const struct verb online_verbs[] = {
	{ "online status", "", "", 0, 0, online_status, "线上接单: 监听, 计数, 结果回送",
	  "what comes in online: the listener, counts, and results told",
	  "stationctl online status" },
	{ "online list", "[--csv FILE|-] [--xlsx FILE]", OUT_OPTIONS, 0, 0, online_list,
	  "线上来件, 按查询码", "what came in online, by query code", "stationctl online list" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
