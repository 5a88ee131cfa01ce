/* verbs_station.c - who belongs to the network: children invited and ended, a parent joined.
 *
 * Owns:    an invite's way between two people, as one line of text.
 * Promise: 3: nobody is admitted but by an invite of the station above.
 * Flow:    operator -> verbs -> call */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/trust/invite.h>
#include "ctl.h"

static int run_invite(const struct args *a)
{
	const char *code = NULL, *name = NULL, *tier = NULL, *valid = option(a, "valid-hours");
	struct answer ans;
	if (need(a, "code", &code) != 0 || need(a, "name", &name) != 0 || need(a, "tier", &tier) != 0)
		return CTL_USAGE;
	json_t *body = json_pack("{s:s, s:s, s:s}", "code", code, "name", name, "tier", tier);
	if (option(a, "address") != NULL)
		json_object_set_new(body, "address", json_string(option(a, "address")));
	if (valid != NULL)
		json_object_set_new(body, "valid_hours", json_integer(strtol(valid, NULL, 10)));
	int rc = call_post("/v1/invites", body, &ans);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		(void)puts(member(ans.json, "invite"));
		complain(T_EXPIRES, member(ans.json, "expires_at"));
		if (!truth(ans.json, "within"))
			complain(T_LOCAL_CODE, member(ans.json, "code"), member(ans.json, "parent"));
	}
	answer_done(&ans);
	return rc;
}

static int run_invites(const struct args *a)
{
	struct answer ans;
	size_t i;
	json_t *one;
	(void)a;
	int rc = call_get("/v1/invites", &ans);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		struct table t;
		const char *head[] = { either("站点", "station"), either("名称", "name"),
				       either("层级", "tier"), either("有效至", "valid until"),
				       either("已用", "used") };
		table_init(&t, 5, "lllll");
		table_add(&t, head);
		json_array_foreach(json_object_get(ans.json, "invites"), i, one) {
			const char *row[] = { member(one, "code"), member(one, "name"), member(one, "tier"),
					      member(one, "expires_at"),
					      truth(one, "used") ? either("是", "yes") : "" };
			table_add(&t, row);
		}
		table_print(&t);
	}
	answer_done(&ans);
	return rc;
}

static int run_join(const struct args *a)
{
	char pasted[ST_INVITE_TEXT_MAX + 1];
	const char *invite = a->words[0];
	struct answer ans;
	if (strcmp(invite, "-") == 0) {
		size_t n = fread(pasted, 1, sizeof(pasted) - 1, stdin);
		pasted[n] = 0;
		invite = pasted;
	}
	json_t *body = json_pack("{s:s}", "invite", invite);
	if (option(a, "address") != NULL)
		json_object_set_new(body, "address", json_string(option(a, "address")));
	int rc = call_post("/v1/join", body, &ans);
	if (rc == 0 && ctl.json) {
		answer_print(&ans);
	} else if (rc == 0) {
		const json_t *s = json_object_get(ans.json, "station");
		complain(T_JOINED, member(s, "code"), member(s, "name"), member(s, "parent"));
	}
	answer_done(&ans);
	return rc;
}

static int run_revoke(const struct args *a)
{
	struct query q;
	struct answer ans;
	int sure = confirmed(a, T_REVOKE_ASK, "");
	if (sure != 0)
		return sure;
	query_init(&q, "/v1/stations/");
	query_put(&q, a->words[0]);
	st_buf_put_text(&q.text, "/revoke");
	int rc = call_post(query_text(&q), NULL, &ans);
	query_done(&q);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		complain(T_REVOKED, a->words[0]);
	answer_done(&ans);
	return rc;
}

const struct verb station_verbs[] = {
	{ "invite", "--code CODE --name NAME --tier branch|base|specialty [--address tcp://HOST:PORT] [--valid-hours N]",
	  "code name tier address valid-hours", 0, 0, run_invite,
	  "邀请一个下级站: 打印一行邀请, 一次有效", "invite a child station: prints one line, good once",
	  "stationctl invite --code 410611 --name 淇滨区分站 --tier branch" },
	{ "invites", "", "", 0, 0, run_invites, "列出已发出的邀请", "list the invites given",
	  "stationctl invites" },
	{ "join", "INVITE|- [--address tcp://HOST:PORT]", "address", 1, 1, run_join,
	  "凭邀请加入上级", "join a parent with its invite", "stationctl join stationd1.CgwK..." },
	{ "revoke", "CODE [--yes]", "!yes", 1, 1, run_revoke, "永久吊销一个下级站的密钥", "end a child's key for good",
	  "stationctl revoke 410611003 --yes" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
