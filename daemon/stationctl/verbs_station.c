/* verbs_station.c - the operator's verbs: set up, invite, join, watch, pause.
 *
 * Owns:    the city's root key file, which no daemon ever reads.
 * Promise: 3: main's certificate is signed here, offline, by a key that stays with people.
 * Flow:    operator -> verbs -> call */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <station/base/text.h>
#include <station/trust/certificate.h>
#include <station/trust/invite.h>
#include "ctl.h"

enum { ROOT_YEARS = 30 };
static const char ROOT_LINE[] = "stationd/root/v1\n";

static int file_wrong(const char *path)
{
	complain(T_BAD_FILE, path, st_file_error_text(errno, ctl.lang));
	return CTL_WRONG;
}

static int read_root(const char *path, int fd, uint8_t seed[ST_SEED_SIZE])
{
	char bytes[128];
	struct stat st;
	size_t head = sizeof(ROOT_LINE) - 1, size = 0;
	if (fstat(fd, &st) < 0)
		return file_wrong(path);
	if ((st.st_mode & 077) != 0) {
		complain(T_ROOT_OPEN, path);
		return CTL_WRONG;
	}
	ssize_t n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return file_wrong(path);
	if ((size_t)n != head + 45 || memcmp(bytes, ROOT_LINE, head) != 0 ||
	    st_base64_get(st_span(bytes + head, 44), seed, ST_SEED_SIZE, &size) < 0 ||
	    size != ST_SEED_SIZE) {
		complain(T_ROOT_BAD, path);
		return CTL_WRONG;
	}
	return 0;
}

static int make_root(const char *path, uint8_t seed[ST_SEED_SIZE])
{
	struct st_buf words;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_wrong(path);
	st_buf_init(&words, 256);
	st_buf_put_text(&words, ROOT_LINE);
	bool good = getrandom(seed, ST_SEED_SIZE, 0) == ST_SEED_SIZE;
	st_base64_put(&words, st_span(seed, ST_SEED_SIZE));
	st_buf_put_text(&words, "\n");
	good = good && words.error == 0 && write(fd, words.data, words.size) == (ssize_t)words.size &&
	       fsync(fd) == 0;
	int rc = close(fd) == 0 && good ? 0 : file_wrong(path);
	if (words.data != NULL)
		st_wipe(words.data, words.room);
	st_buf_done(&words);
	if (rc == 0)
		complain(T_ROOT_MADE, path);
	return rc;
}

static int open_root(const char *path, struct st_signing_key *root)
{
	uint8_t seed[ST_SEED_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd >= 0 ? read_root(path, fd, seed)
		 : errno == ENOENT ? make_root(path, seed)
				   : file_wrong(path);
	if (fd >= 0)
		(void)close(fd);
	if (rc == 0)
		st_signing_key_from_seed(seed, root);
	st_wipe(seed, sizeof(seed));
	return rc;
}

static bool key_of(const json_t *identity, const char *name, struct st_public_key *to)
{
	size_t size = 0;
	return st_hex_get(st_span_text(member(identity, name)), to->bytes, ST_KEY_SIZE, &size) == 0 &&
	       size == ST_KEY_SIZE;
}

static int need(const struct args *a, const char *name, const char **to)
{
	*to = option(a, name);
	if (*to != NULL)
		return 0;
	complain(T_NEED_OPTION, name);
	return CTL_USAGE;
}

/* Main's certificate, signed by the root key, as base64. */
static int certify(const struct args *a, const struct st_signing_key *root, struct st_buf *to)
{
	struct st_certificate c;
	struct answer identity;
	struct st_buf bytes;
	const char *code = option(a, "code"), *name = option(a, "name");
	memset(&c, 0, sizeof(c));
	if (st_code_parse(st_span_text(code), &c.code) < 0) {
		complain(T_BAD_NUMBER, "code");
		return CTL_USAGE;
	}
	if (name[0] == 0 || st_text_check(st_span_text(name), ST_NAME_MAX, false) < 0) {
		complain(T_BAD_NUMBER, "name");
		return CTL_USAGE;
	}
	int rc = call_get("/v1/identity", &identity);
	if (rc == 0 && (!key_of(identity.json, "identity", &c.identity) ||
			!key_of(identity.json, "transport", &c.transport) ||
			!key_of(identity.json, "grant", &c.grant))) {
		complain(T_BAD_ANSWER);
		rc = CTL_WRONG;
	}
	answer_done(&identity);
	if (rc != 0)
		return rc;
	(void)snprintf(c.name, sizeof(c.name), "%s", name);
	c.tier = ST_MAIN;
	c.serial = 1;
	c.not_before_ms = (int64_t)time(NULL) * 1000;
	c.not_after_ms = c.not_before_ms + ROOT_YEARS * 365LL * 24 * 3600 * 1000;
	st_buf_init(&bytes, ST_CERTIFICATE_MAX);
	if (st_certificate_issue(&c, root, &bytes) == 0)
		st_base64_put(to, st_buf_span(&bytes));
	st_buf_u8(to, 0);
	st_buf_done(&bytes);
	return to->error < 0 ? CTL_WRONG : 0;
}

/* Asked before a root key is made: one that founds no city would lie about looking like one that does. */
static int may_found(void)
{
	struct answer ans;
	int rc = call_get("/v1/identity", &ans);
	if (rc == 0 && truth(ans.json, "set_up")) {
		const json_t *s = json_object_get(ans.json, "station");
		complain(T_SET_UP, member(s, "code"), member(s, "name"));
		rc = CTL_REFUSED;
	}
	answer_done(&ans);
	return rc;
}

static int run_init(const struct args *a)
{
	struct st_signing_key root;
	struct st_buf certificate, hex;
	struct answer ans;
	const char *file = option(a, "root-key"), *ignored;
	if (need(a, "code", &ignored) != 0 || need(a, "name", &ignored) != 0)
		return CTL_USAGE;
	memset(&root, 0, sizeof(root));
	st_buf_init(&certificate, 4096);
	st_buf_init(&hex, 256);
	int rc = may_found();
	if (rc == 0)
		rc = open_root(file == NULL ? "city-root.key" : file, &root);
	if (rc == 0)
		rc = certify(a, &root, &certificate);
	if (rc == 0) {
		struct st_hash fingerprint = st_root_fingerprint(&root.public);
		struct st_buf print;
		st_buf_init(&print, 256);
		st_hex_put(&hex, ST_SPAN(root.public.bytes));
		st_buf_u8(&hex, 0);
		st_hex_put(&print, ST_SPAN(fingerprint.bytes));
		st_buf_u8(&print, 0);
		rc = call_post("/v1/init", json_pack("{s:s, s:s}", "certificate", (char *)certificate.data,
						     "root", (char *)hex.data), &ans);
		if (rc == 0 && ctl.json)
			answer_print(&ans);
		else if (rc == 0) {
			const json_t *s = json_object_get(ans.json, "station");
			complain(T_FOUNDED, member(s, "code"), member(s, "name"));
			complain(T_FINGERPRINT, (char *)print.data);
		}
		answer_done(&ans);
		st_buf_done(&print);
	}
	st_wipe(&root, sizeof(root));
	st_buf_done(&certificate);
	st_buf_done(&hex);
	return rc;
}

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
	char path[128];
	struct answer ans;
	(void)snprintf(path, sizeof(path), "/v1/stations/%.40s/revoke", a->words[0]);
	int rc = call_post(path, NULL, &ans);
	if (rc == 0 && ctl.json)
		answer_print(&ans);
	else if (rc == 0)
		complain(T_REVOKED, a->words[0]);
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

static const char *why(const json_t *o)
{
	return json_is_null(o) || o == NULL ? "" : member(o, ctl.lang == ST_EN ? "en" : "zh");
}

/* All that keeps a station's events from here or from further up. */
static const char *troubles(const json_t *one, char *room, size_t size)
{
	const char *parts[] = { strcmp(member(one, "standing"), "revoked") == 0 ? either("已吊销", "revoked") : "",
				why(json_object_get(one, "waits")), why(json_object_get(one, "silent")),
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
	if (why(json_object_get(u, "why"))[0] != 0)
		(void)printf(" (%s)", why(json_object_get(u, "why")));
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

const struct verb station_verbs[] = {
	{ "init", "--code CODE --name NAME [--root-key FILE]", "code name root-key", 0, 0, run_init,
	  "建市总站; 市根密钥文件不存在时生成 (缺省 ./city-root.key)",
	  "set up the main station; makes the city's root key file if there is none (./city-root.key)",
	  "stationctl init --code 410600 --name 鹤壁市总站 --root-key /media/usb/city-root.key" },
	{ "invite", "--code CODE --name NAME --tier branch|base|specialty [--address tcp://HOST:PORT] [--valid-hours N]",
	  "code name tier address valid-hours", 0, 0, run_invite,
	  "邀请一个下级站: 打印一行邀请, 一次有效", "invite a child station: prints one line, good once",
	  "stationctl invite --code 410611 --name 淇滨区分站 --tier branch" },
	{ "invites", "", "", 0, 0, run_invites, "列出已发出的邀请", "list the invites given",
	  "stationctl invites" },
	{ "join", "INVITE|- [--address tcp://HOST:PORT]", "address", 1, 1, run_join,
	  "凭邀请加入上级", "join a parent with its invite", "stationctl join stationd1.CgwK..." },
	{ "revoke", "CODE", "", 1, 1, run_revoke, "吊销一个下级站的密钥", "end a child's key",
	  "stationctl revoke 410611003" },
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
