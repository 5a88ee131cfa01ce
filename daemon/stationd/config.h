/* config.h - stationd's settings: one table gives parsing, ranges, help and defaults.
 * A file is YAML, one flat map. What isn't in the table, isn't of its type or isn't in its range is
 * refused with file, line, column and the cure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <station/base/error.h>

/*      name, type, default, least, most, Chinese, English */
#define SETTINGS(X)                                                                                \
	X(data_dir, TEXT, "/var/lib/stationd", 1, 200, "数据目录", "data directory")                \
	X(control_socket, TEXT, "/run/stationd/control.sock", 1, 100, "控制套接字",                 \
	  "control socket")                                                                        \
	X(listen, TEXT, "", 0, 120, "等候下级的地址, 如 tcp://0.0.0.0:7411; 空: 不接下级",          \
	  "where children connect, e.g. tcp://0.0.0.0:7411; empty: no children")                   \
	X(public_address, TEXT, "", 0, 120, "写入邀请的本站地址; 空: 用 listen",                    \
	  "this station's address as invites give it; empty: the setting listen")                  \
	X(lang, TEXT, "zh", 2, 2, "日志语言 zh 或 en", "language of the log, zh or en")             \
	X(log_level, TEXT, "info", 3, 7, "日志级别 error warning notice info debug",                \
	  "log level: error warning notice info debug")                                            \
	X(map_gib, NUMBER, 64, 1, 4096, "库最大可长到 (GiB)", "the most that the store may grow to, GiB") \
	X(reserve_mib, NUMBER, 64, 1, 1048576, "磁盘至少留空 (MiB), 不足则暂停写入",                \
	  "disk to leave free, MiB; writes wait below it")                                         \
	X(fresh_checkpoint_s, NUMBER, 600, 5, 86400, "空闲时每隔多少秒重签检查点",                  \
	  "seconds between fresh checkpoints of an idle station")                                  \
	X(fresh_head_s, NUMBER, 86400, 1, 86400, "每隔多少秒向曾发去过事件的站重签寄件声明, 两倍时间没有新的即为失声", \
	  "seconds between fresh heads for stations that were written to; a writer without one for twice that is silent") \
	X(ping_s, NUMBER, 20, 1, 300, "链路静默多少秒后探测", "seconds of silence before a ping")   \
	X(child_pool_kib, NUMBER, 8192, 512, 1048576, "下级在途数据总额度 (KiB)",                   \
	  "bytes that all children may have on the way, KiB")                                      \
	X(max_children, NUMBER, 2000, 1, 10000, "最多同时连接的下级", "children linked at most")    \
	X(online_listen, TEXT, "", 0, 120, "线上接单的 HTTP 地址, 如 127.0.0.1:7480; 空: 不开",     \
	  "where messages come in over HTTP, e.g. 127.0.0.1:7480; empty: nowhere")                 \
	X(online_token_file, TEXT, "", 0, 200, "平台令牌文件, 每行 名称:令牌, 他人不可读; 只有本机地址可以没有", \
	  "file of the platforms' tokens, a line NAME:TOKEN each; only loopback goes without one") \
	X(online_rate, NUMBER, 60, 1, 60000, "每个令牌, 每个来源地址每分钟最多几条留言",            \
	  "messages a minute, for each token and for each address")                                \
	X(online_body_max, NUMBER, 65536, 1024, 1048576, "一条留言最长 (字节)",                     \
	  "the longest message, bytes")                                                            \
	X(online_webhook, TEXT, "", 0, 500, "办理结果送往的网址 http(s)://...; 空: 不送",           \
	  "where results are told, http(s)://...; empty: nowhere")                                 \
	X(online_webhook_secret_file, TEXT, "", 0, 200, "签名密钥文件, 16 字节以上, 他人不可读; 空: 不签名", \
	  "file of the secret that results are signed with, 16 bytes or more; empty: unsigned")

struct config {
#define TEXT char *
#define NUMBER uint64_t
#define X(name, type, ...) type name;
	SETTINGS(X)
#undef X
#undef TEXT
#undef NUMBER
	char *file; /* NULL: all defaults */
};

enum { CONFIG_WRONG_MAX = 512 };
/* file NULL: the defaults. ST_EFIELD with the place and the cure in words; ST_EIO: can't be read. */
ST_MUST int config_load(const char *file, enum st_lang lang, struct config *ret_config,
			char reterr_wrong[CONFIG_WRONG_MAX]);
void config_done(struct config *c);
enum st_lang config_lang(const struct config *c);
int config_level(const struct config *c);
bool config_is_address(const char *text); /* tcp://HOST:PORT */
/* ADDRESS:PORT or [ADDRESS]:PORT, in numbers. */
struct sockaddr_storage;
bool config_is_socket(const char *text, struct sockaddr_storage *ret_address);
bool config_is_loopback(const struct sockaddr_storage *address);
void config_help(enum st_lang lang);
