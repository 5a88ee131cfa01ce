/* ctl.h - what the verbs of stationctl share: the command line, calls to the daemon, and output. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <station/base/bytes.h>

/* Exit codes, in --help and README too. */
enum { CTL_RIGHT = 0, CTL_WRONG = 1, CTL_USAGE = 2, CTL_NO_DAEMON = 3, CTL_REFUSED = 4, CTL_LATER = 5 };

enum { ARGS_MAX = 16, OPTIONS_MAX = 64 };
struct args {
	const struct verb *verb;
	const char *words[ARGS_MAX]; /* what stands without a dash */
	size_t count;
	struct {
		const char *name, *value;
	} options[OPTIONS_MAX];
	size_t option_count;
};
const char *option(const struct args *a, const char *name); /* the last one given; NULL */
bool flag(const struct args *a, const char *name);
int need(const struct args *a, const char *name, const char **to); /* 0, or CTL_USAGE: that has been said */

struct verb {
	const char *name;    /* "matter open" */
	const char *usage;   /* what follows it, in no language: notes.c explains */
	const char *options; /* allowed, by spaces; "!x" takes no value; a kind's fields too, for a move */
	size_t least, most;  /* words that must follow */
	int (*run)(const struct args *a);
	const char *zh, *en, *example;
};
/* Verbs, by group of files; `record` is made from the kinds' tables (record_verbs). In the order of --help. */
#define VERB_LISTS(X)                                                                              \
	X(found)                                                                                   \
	X(station)                                                                                 \
	X(status)                                                                                  \
	X(directive)                                                                               \
	X(vote)                                                                                    \
	X(matter)                                                                                  \
	X(import)                                                                                  \
	X(report)                                                                                  \
	X(ask)                                                                                     \
	X(register)                                                                                \
	X(city)                                                                                    \
	X(erase)                                                                                   \
	X(overdue)                                                                                 \
	X(deputy)                                                                                  \
	X(online)                                                                                  \
	X(kind)                                                                                    \
	X(log)                                                                                     \
	X(fsck)
#define X(group) extern const struct verb group##_verbs[];
VERB_LISTS(X)
#undef X
const struct verb *record_verbs(void); /* made from the kinds' tables; built once */
/* How far one event's directives have come, and why it was set aside: lines below it. */
void show_reaches(const json_t *event);
/* Prints a matter's voices, if it has more than one. */
int matters_merged(const char *number_text);
/* Of a record's move or note: its fields and states, and whether name is one of the fields. Others: nothing. */
void record_help(const struct verb *v);
/* What is to be said of its words and options, in the call's language: whole lines, or "". */
const char *verb_notes(const struct verb *v);
/* verbs_template.c: the city's table of templates for a kind (NULL: none), and the fields of one of its rows,
 * filled in where they aren't given. */
struct st_city_table;
struct st_kind;
const struct st_city_table *template_table(const struct st_kind *k);
int template_fill(const struct st_kind *k, const char *name, json_t *fields);
bool record_takes(const struct verb *v, const char *name); /* what --help lists as the move's */

extern struct ctl {
	const char *socket;
	const struct args *args; /* of the verb that runs */
	bool json, terminal; /* terminal: stderr is one, so progress may be drawn */
	bool answered;       /* stdout has the value that --json asks for */
	bool said_later;     /* "try again later" has been said of this call; it is tried again */
	enum st_lang lang;
} ctl;

/*      id, Chinese, English */
#define TEXTS(X)                                                                                   \
	X(NO_DAEMON, "连不上守护进程 (%s): 请确认 stationd 在运行, 或用 --socket 指明套接字",       \
	  "can't reach the daemon (%s): is stationd running? --socket names another socket")        \
	X(TWICE, "--%s 给了两次, 此项只有一个值", "--%s is given twice, and has one value")              \
	X(STORE_CORRUPT, "%s: 库内数据损坏, 打不开: 请先复制留存, 再从备份恢复", \
	  "%s: the store is damaged and can't be opened: keep a copy, and restore the backup") \
	X(NO_RIGHT, "没有权限连接守护进程 (%s): 请以 stationd 用户执行 (sudo -u stationd stationctl ...)", \
	  "no right to the daemon's socket (%s): call as its user (sudo -u stationd stationctl ...)") \
	X(NONSENSE, "守护进程的应答为空、残缺或看不懂 (HTTP %ld)",                                  \
	  "the daemon's answer is empty, cut short or makes no sense (HTTP %ld)")                   \
	X(UNSURE, "可能已办, 未得确认: 先查看, 再决定是否重做",                                     \
	  "it may have been done, which isn't known: look it up before you do it again")            \
	X(BAD_ANSWER, "守护进程的应答看不懂", "the daemon's answer makes no sense")                 \
	X(BAD_VERB, "没有这个命令: %s; 见 stationctl%s%s --help", "no such verb: %s; see stationctl%s%s --help") \
	X(BAD_QUESTION, "没有这个问题: %s; 见 stationctl ask --list",                                 \
	  "no such question: %s; see stationctl ask --list")                                        \
	X(BAD_KIND, "没有这一类: %s; 见 stationctl kinds", "no such kind: %s; see stationctl kinds")   \
	X(BAD_OPTION, "不认识的选项: %s; 见 stationctl %s --help",                                  \
	  "unknown option: %s; see stationctl %s --help")                                           \
	X(NO_VALUE, "选项 %s 缺少值", "option %s needs a value")                                    \
	X(BAD_COUNT, "参数个数不对; 用法: stationctl %s %s", "wrong number of words; usage: stationctl %s %s") \
	X(AT_LEAST, "至少 %u 个, 每个各用一次 --%s", "at least %u of them, each with its own --%s")    \
	X(FEWER_THAN, "须少于 --%s 的个数 (%u)", "it must be less than there are --%s (%u)")          \
	X(CITY_NAMES, "本市规定还应有 %s; 不写 --%s 则自动补全",                                     \
	  "the city's setting names %s as well; without --%s all of them are filled in")            \
	X(WRONG_KIND, "编号 %s 不是这个命令所要的一类; 用法: stationctl %s %s",                        \
	  "the number %s isn't of the kind that this takes: stationctl %s %s")                      \
	X(NOT_HERE, "本站没有 %s: 编号抄错, 或记录在别的站 (登记站, 持有站及其上级有)",                \
	  "%s isn't here: the number is mistyped, or the record is elsewhere (with who opened or holds it, and above)") \
	X(STORE_IN_USE, "%s 正由守护进程使用: 先停下 (systemctl stop stationd), 再核验",                \
	  "%s is in use by a daemon: stop that first (systemctl stop stationd)")                     \
	X(BAD_CODE, "--code 应为站码, 如 410600", "--code must be a station's code, as 410600")         \
	X(SKIP_STOP, "--on-error 应为 skip 或 stop", "--on-error must be skip or stop")               \
	X(NO_TABLE, "没有这份表: %s; 现有:", "there is no table %s; there are:")                      \
	X(OTHER_KIND, "这个编号是另一类记录 (%s): 请用 stationctl %s 的命令",                          \
	  "that number is a record of another kind (%s): use the verbs of stationctl %s")           \
	X(NO_NUMBER, "编号有误, 请核对: %s", "no record has this number, is it mistyped: %s")       \
	X(NEED_OPTION, "缺少 --%s", "--%s is needed")                                               \
	X(BAD_FILE, "%s: %s", "%s: %s")                                                             \
	X(ROOT_OPEN, "根密钥文件 %s 他人可读: chmod 600 后再试", "others may read the root key file %s: chmod 600, then again") \
	X(ROOT_BAD, "%s 不是根密钥文件", "%s is no root key file")                                  \
	X(ROOT_MADE, "已生成市根密钥文件 %s: 用完请离线保存两份, 平时不要留在本机",                 \
	  "the city's root key is in %s: keep two copies offline and none on this machine")         \
	X(FOUNDED, "已建站: %s %s", "set up: %s %s")                                                \
	X(SET_UP, "这里已是 %s %s, 未作改动", "this is %s %s already; nothing was changed")         \
	X(FINGERPRINT, "市根密钥指纹 %s", "fingerprint of the city's root key %s")                  \
	X(JOINED, "已加入: %s %s, 上级 %s", "joined: %s %s, parent %s")                             \
	X(REVOKED, "已吊销 %s", "revoked %s")                                                       \
	X(PAUSED, "上行链路已暂停", "the uplink is paused")                                         \
	X(RESUMED, "上行链路已恢复", "the uplink goes on")                                          \
	X(HELD, "已到: %s 份日志全部存妥", "there: all of %s logs are held")                        \
	X(EXPIRES, "有效至 %s", "valid until %s")                                                   \
	X(LOCAL_CODE, "请核对: 代码 %s 不在本站 %s 的区划之内; 开发区等自编代码则无妨, 写错则不要发出, 另发一张", \
	  "look again: code %s isn't in the division of %s; fine for a local code, as of a development zone, but if it is a slip, send this invite to nobody and make another") \
	X(MOVES, "当前状态不允许此操作, 此时可用: %s", "the record's state doesn't allow this move; it allows: %s") \
	X(MOVED, "%s 现为 %s", "%s is now %s")                                                      \
	X(NOTED, "已记 %s", "noted on %s")                                                          \
	X(SEEN, "已阅 %lld 件", "%lld marked as seen")                                              \
	X(ERASE_ASK, "将在各级抹除 %s 的%s, 不可恢复。继续? [y/N] ",                                \
	  "this erases of %s, at every tier and for good: %s. Go on? [y/N] ")                       \
	X(REVOKE_ASK, "将永久吊销 %s%s 的密钥, 该站码不能再用。继续? [y/N] ", \
	  "this ends the key of %s%s for good, and that code can't be used again. Go on? [y/N] ") \
	X(SURE_YES, "不可恢复, 无人可问: 加 --yes 确认", "it can't be taken back and nobody is there to ask: add --yes") \
	X(SURE_NOT, "未作改动", "nothing was changed")                                             \
	X(ERASE_ONE, "--private 与 --event 只能用一个", "--private and --event don't go together")  \
	X(ERASED, "已抹除 %lld 份 (%s); 各站进度: stationctl erase show %s",                        \
	  "erased %lld parts of %s here; how far it has come: stationctl erase show %s")            \
	X(ERASE_NONE, "%s 没有抹除过", "nothing of %s was erased")                                  \
	X(MORE, "还有: 加 --page %s", "there is more: add --page %s")                               \
	X(IMPORT_ROW, "%s:%llu: %s: %s\n", "%s:%llu: %s: %s\n")                                     \
	X(IMPORT_WHOLE, "整行", "the whole row")                                                    \
	X(IMPORT_SUM, "%llu 行: 新登记 %llu, 有进展 %llu, 无变化 %llu, 有误 %llu; 写入 %llu 个事件", \
	  "%llu rows: %llu opened, %llu moved on, %llu unchanged, %llu bad; %llu events written")   \
	X(IMPORT_STOPPED, "在第 %llu 行停下", "stopped at row %llu") \
	X(NOT_UTF8, "%s:%llu: 自此行起不是 UTF-8 (多半是 %s), 未导入: 先转换 (iconv -f %s -t UTF-8 原文件 > 新文件), 或在 Excel 中另存为 CSV UTF-8", \
	  "%s:%llu: from here on it isn't UTF-8, but %s most likely; not imported: convert it (iconv -f %s -t UTF-8 OLD > NEW), or " \
	  "save it as CSV UTF-8")                                                                    \
	X(IMPORT_HEADER, "%s:1: 表头应为 %s", "%s:1: the header must be %s")                        \
	X(ALL_RIGHT, "全部正确", "all right")                                                       \
	X(RECOUNT_SUM, "重算 %llu 个事件, %llu 件, %llu 个计数: %llu 个计数不符, %llu 件不符",      \
	  "recounted %llu events, %llu records, %llu counters: %llu counters and %llu records differ") \
	X(RETOLD_SUM, "其余派生表 %llu 行: %llu 行不符; 名册 %llu 行不符",                            \
	  "%llu rows of other derived tables: %llu differ; %llu rows of lists differ")               \
	X(WRONG_TABLES, "不符的表: %s", "tables that differ: %s")                                    \
	X(TO_REBUILD, "%s: 派生的表要由日志重算: 加 --rebuild, 或启动 stationd",                        \
	  "%s: its derived tables are to be made anew: add --rebuild, or start stationd")                 \
	X(LOGS_DAMAGED, "%s: 有日志受损, 所以由日志得来的表没有比对, 也没有重算: 请用备份恢复本站",                                \
	  "%s: a log is damaged, so the tables that follow from logs were neither compared nor made " \
	  "anew: restore this station from a backup")                                               \
	X(FIRST_WRONG, "首处: %s", "first: %s")                                                     \
	X(BAD_NUMBER, "--%s 的值不合要求", "the value of --%s isn't allowed")                       \
	X(CITY_TABLE, "不知是哪份表: %s; 用 --table 指明, 或以表名为文件名", \
	  "which table is this for: %s? Name it with --table, or name the file after it")           \
	X(CITY_ONE_FILE, "--table 只能配一个文件", "--table takes one file only")                   \
	X(CITY_MAIN, "市级表格只由市总站下发", "only main issues the city's tables")                \
	X(CITY_FROM, "--from 应为日期, 已有版本的表不能早于今天", \
	  "--from must be a day, and not in the past for a table that has a version already")       \
	X(NOT_IN_TABLE, "--%s 不在市级表内%s%s", "--%s isn't in the city's table%s%s")             \
	X(BAD_AT, "--at 应为 RFC 3339 时间, 不早于登记, 也不晚于本站时钟一天以上",                   \
	  "--at must be an RFC 3339 time, not before the opening and at most a day ahead of the station's clock") \
	X(BAD_UTF8, "%s 不是 UTF-8 文字: 请把终端或脚本改为 UTF-8",                                 \
	  "%s isn't UTF-8: set the terminal or script to UTF-8")                                    \
	X(TOO_MANY, "选项太多, 最多 %d 个", "too many options; at most %d")                         \
	X(TOKENS, "已为 %2$s 制票 %1$ld 张; 票号只在这里, 别处都没有: 打印后打乱再发",               \
	  "%ld tokens for %s: they stand here and nowhere else; print them, shuffle, hand them out") \
	X(NO_TEMPLATE, "没有样板 %s; 现有:", "there is no template %s; there are:")                 \
	X(NO_QUORUM, "到会人数未达法定人数", "the quorum isn't met")                                \
	X(PAPERS, "录入 %lld 张, 已在 %lld 张", "%lld entered, %lld in already")                     \
	X(PAPERS_LATE, "投票已结束: 这些票计为无效", "voting has closed: they count as void")        \
	X(PAPER_KNOWN, "这张票已录入; 若是另一张相同的票, 加 --batch 名称",                          \
	  "this paper is in already; if it is another one like it, name a pile with --batch")       \
	X(BAD_PAPER, "%s:%llu: 应为: 票号 序号 序号..., 票号可能抄错; 未录入任何票",                 \
	  "%s:%llu: must be: TOKEN PLACE PLACE...; is the token mistyped? nothing was entered")     \
	X(BAD_TOKEN, "票号抄错, 或序号不是票上的数字", "the token is mistyped, or a place is no number on the paper") \
	X(DECLARED, "已公布 %s: 入选 %lld 项", "declared %s: %lld elected")                          \
	X(TIED, "%lld 项在末位得票相等, 余 %lld 席: 用 vote again 再次票决",                         \
	  "%lld are tied for the last %lld: vote again")                                            \
	X(ONE_FORM, "--csv、--xlsx、--json 只能用一个", "give one of --csv, --xlsx and --json")        \
	X(FILE_NAME, "--%s 要一个文件名 (只有 --csv 可用 - 表示标准输出)",                          \
	  "--%s needs a file's name (only --csv takes - for standard output)")                      \
	X(WRITTEN, "已写入 %s: %llu 行", "written to %s: %llu rows")                                \
	X(OUT_LACKS, "未计分, 市总站尚未下发此表:", "no points, the table was never issued by the city:") \
	X(NO_QR, "没有可放进二维码的内容, 或内容太长", "nothing to put into a QR code, or too much")  \
	X(TRY_AGAIN, "%s (%s)", "%s (%s)")
enum text {
#define X(id, zh, en) T_##id,
	TEXTS(X)
#undef X
};
const char *text(enum text t);
const char *either(const char *zh, const char *en);
/* Prints one line to stderr. */
void complain(enum text t, ...);
/* refusal.c: with --json stdout has one value a call. This prints it, ... */
void json_print(const json_t *value);
/* ... and where nothing was printed and the call fails, the daemon's refusal, or what was complained of. */
struct answer;
void refusal_keep(struct answer *a); /* takes its body */
json_t *refusal_json(void);
void refusal_print(void);
/* 0: whoever calls is sure, by --yes or by his answer; else the exit code, told. question: of the first word, and of what. */
int confirmed(const struct args *a, enum text question, const char *what);

/* What a record verb's refused place is in people's words, and what it allows; false: not its own. */
bool record_explain(const char *place);
/* Which kind a number is of, where another was asked for. */
bool kind_explain(const char *place);
/* What the record's state allows instead. */
bool record_moves_explain(const char *place);
/* The same of `city set`. */
bool city_explain(const char *error, const char *place);

/* A file's bytes, or standard input's ("-"). 0, or an exit code: the trouble has been said. */
int file_load(const char *name, struct st_buf *to);

struct answer {
	long status;
	char *body;
	size_t size, room;
	json_t *json; /* NULL when the body isn't */
};
void call_start(void); /* before any JSON */
bool call_fell_short(void); /* of memory for JSON: what was made of it since may lack something */
/* One request. 0, or an exit code: the trouble has been said. *ret is the caller's, to be done. An answer that
 * isn't JSON, be it empty or cut short, is a trouble; call_bytes takes any bytes, but not none. */
int call(const char *method, const char *path, const char *type, struct st_span body,
	 struct answer *ret);
int call_get(const char *path, struct answer *ret);
int call_bytes(const char *path, struct answer *ret);
int call_post(const char *path, json_t *body, struct answer *ret); /* takes body */
void answer_done(struct answer *a);
void answer_print(const struct answer *a); /* for --json */
const char *member(const json_t *object, const char *name); /* text, or "" */
long long number(const json_t *object, const char *name);
bool truth(const json_t *object, const char *name);
const char *spoken(const json_t *both); /* of {zh, en} those in the call's language; none: "" */
/* Of a row of a table that was answered, the cell under the column of that name. */
const char *column_text(const json_t *table, const json_t *row, const char *name); /* text, or "" */
long long column_number(const json_t *table, const json_t *row, const char *name);
/* "path?a=b" with values escaped. */
struct query {
	struct st_buf text;
	bool any;
};
void query_init(struct query *q, const char *path);
void query_add(struct query *q, const char *name, const char *value); /* NULL value: left out */
void query_put(struct query *q, const char *value); /* escaped, where the path goes on */
const char *query_text(struct query *q);
void query_done(struct query *q);

/* A table with columns as wide as their texts on the screen. */
enum { COLUMNS_MAX = 48 };
struct table {
	size_t columns, rows, room;
	char **cells;
	bool right[COLUMNS_MAX];
	size_t most, screen; /* of one cell, and of a whole line; what is longer is cut. 0: no bound */
	size_t widths[COLUMNS_MAX];
	bool flowing; /* widths are settled */
};
void table_init(struct table *t, size_t columns, const char *right); /* right: 'r' or 'l' a column */
void table_add(struct table *t, const char *const *cells);
void table_print(struct table *t); /* and empties it; the first row is the head */
/* Prints the rows so far and empties it; what follows has the same widths. */
void table_flow(struct table *t);
void table_clear(struct table *t);

/* A table that the daemon answers ({"name","title","columns","rows","next","coverage"}), to where a's options
 * say: the screen, --csv FILE|-, --xlsx FILE or --json. out_pages asks for page after page (?page=NEXT) and
 * keeps one of them; out_table has the whole. 0 or an exit code: what went wrong has been said. */
#define OUT_OPTIONS "csv xlsx"
#define OUT_USAGE "[--csv FILE|-] [--xlsx FILE] [--json]"
int out_pages(const struct args *a, const char *path);
/* One page, from --page on, as `show` puts it on the screen; --csv and --xlsx have all, with every column. */
int out_page(const struct args *a, const char *path,
	     void (*show)(const struct args *a, const json_t *answer));
/* The same, asked with those of a's options that are given, and in the language of the call. Behind the path
 * stands a name, escaped (NULL: none). options end with NULL. */
int out_asked(const struct args *a, const char *path, const char *name, const char *const *options);
/* A period, as every table that has one takes it. */
#define PERIOD_OPTIONS "from to month quarter year "
#define PERIOD_NAMES "from", "to", "month", "quarter", "year"
#define PERIOD_USAGE                                                                               \
	"[--from DAY] [--to DAY] | [--month YYYY-MM] | [--quarter YYYY-Qn] | [--year YYYY]"
int out_table(const struct args *a, const json_t *answer);
void progress(const char *what, unsigned long long done, unsigned long long total);
void progress_end(void);
/* verbs_log.c: what a recount found, in words */
void recount_show(const json_t *recount);
const char *age(long long then_ms, char *room, size_t size); /* "3 min", of wall time */
