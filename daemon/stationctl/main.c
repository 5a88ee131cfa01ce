/* main.c - stationctl's command line: one table of verbs.
 *
 * Owns:    words and options, and --help, which is made from the table.
 * Flow:    command line -> verb -> call -> screen */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <station/trust/key.h>
#include "../stationd/version.h"
#include "ctl.h"

struct ctl ctl;

enum verb_list {
	LIST_record, /* NULL until they are made */
#define X(group) LIST_##group,
	VERB_LISTS(X)
#undef X
	LISTS
};
static const struct verb *lists[LISTS] = {
#define X(group) [LIST_##group] = group##_verbs,
	VERB_LISTS(X)
#undef X
};

const char *either(const char *zh, const char *en)
{
	return ctl.lang == ST_EN ? en : zh;
}

const char *text(enum text t)
{
	static const char *const texts[][2] = {
#define X(id, zh, en) [T_##id] = { zh, en },
		TEXTS(X)
#undef X
	};
	return texts[t][ctl.lang == ST_EN];
}

const char *option(const struct args *a, const char *name)
{
	for (size_t i = a->option_count; i > 0; i--)
		if (strcmp(a->options[i - 1].name, name) == 0)
			return a->options[i - 1].value;
	return NULL;
}

bool flag(const struct args *a, const char *name)
{
	return option(a, name) != NULL;
}

int need(const struct args *a, const char *name, const char **to)
{
	*to = option(a, name);
	if (*to != NULL)
		return 0;
	complain(T_NEED_OPTION, name);
	return CTL_USAGE;
}

int confirmed(const struct args *a, enum text question, const char *what)
{
	char line[16] = "";
	if (flag(a, "yes"))
		return 0;
	if (isatty(STDIN_FILENO) != 1) {
		complain(T_SURE_YES);
		return CTL_USAGE;
	}
	complain(question, a->words[0], what);
	if (fgets(line, sizeof(line), stdin) != NULL && (line[0] == 'y' || line[0] == 'Y'))
		return 0;
	complain(T_SURE_NOT);
	return CTL_REFUSED;
}

static bool begins_with(const struct verb *v, const char *word)
{
	size_t size = strlen(word);
	return strncmp(v->name, word, size) == 0 && (v->name[size] == ' ' || v->name[size] == 0);
}

/* Whether any verb begins with the word, as those of a kind do. */
static bool is_group(const char *word)
{
	bool any = false;
	for (size_t l = 0; l < LISTS; l++)
		for (const struct verb *v = lists[l]; v->name != NULL; v++)
			any |= begins_with(v, word);
	return any;
}

/* A line each; first: only those that begin with this word, NULL: all. */
static void list_verbs(const char *first)
{
	for (size_t l = 0; l < LISTS; l++)
		for (const struct verb *v = lists[l]; v->name != NULL; v++)
			if (first == NULL || begins_with(v, first))
				(void)printf("  %-20s %s\n", v->name, either(v->zh, v->en));
}

static int help_group(const char *first)
{
	(void)printf("%s: stationctl %s ...\n\n", either("用法", "Usage"), first);
	list_verbs(first);
	(void)printf("\n%s\n", either("每个命令都有 --help (含示例)。", "Every verb has --help with an example."));
	return CTL_RIGHT;
}

static void help_all(void)
{
	(void)puts(either("用法: stationctl 命令 [参数] [选项]\n",
			  "Usage: stationctl VERB [WORDS] [OPTIONS]\n"));
	list_verbs(NULL);
	(void)puts(either("\n每个命令都有 --help (含示例)。通用选项:\n"
			  "  --socket PATH   控制套接字 (缺省 $STATIOND_SOCKET 或 /run/stationd/control.sock)\n"
			  "  --json          标准输出为一个 JSON 值, 被拒绝时也是\n"
			  "  --lang zh|en    语言 (缺省按环境, 否则中文)\n"
			  "  --version\n\n"
			  "退出码: 0 正确, 1 有错 (核验不符或失败), 2 用法或输入有误, 3 连不上守护进程,\n"
			  "        4 当前状态不允许, 5 稍后再试",
			  "\nEvery verb has --help with an example. For all:\n"
			  "  --socket PATH   control socket (default $STATIOND_SOCKET or /run/stationd/control.sock)\n"
			  "  --json          one JSON value on standard output, of a refusal, too\n"
			  "  --lang zh|en    language (default: the environment's, else Chinese)\n"
			  "  --version\n\n"
			  "Exit codes: 0 right, 1 wrong (a check or the call failed), 2 usage or bad input,\n"
			  "            3 no daemon, 4 refused by the state of things, 5 try again later"));
}

static int help_verb(const struct verb *v)
{
	(void)printf("%s: stationctl %s %s\n%s\n", either("用法", "Usage"), v->name, v->usage,
		     either(v->zh, v->en));
	if (verb_notes(v)[0] != 0)
		(void)printf("\n%s", verb_notes(v));
	record_help(v);
	(void)printf("\n%s:\n  %s\n\n%s\n", either("示例", "Example"), v->example,
		     either("退出码: 0 正确, 1 有错, 2 用法或输入有误, 3 连不上守护进程, 4 状态不允许, 5 稍后再试",
			    "Exit codes: 0 right, 1 wrong, 2 usage or bad input, 3 no daemon, 4 refused, 5 try later"));
	return CTL_RIGHT;
}

/* The longest verb name that the words begin with. */
static const struct verb *find_verb(const char *const *words, size_t count, size_t *used)
{
	const struct verb *best = NULL;
	*used = 0;
	for (size_t l = 0; l < LISTS; l++)
		for (const struct verb *v = lists[l]; v->name != NULL; v++) {
			char two[128];
			if (count > 0 && strcmp(words[0], v->name) == 0 && *used < 1) {
				best = v;
				*used = 1;
			}
			if (count < 2)
				continue;
			(void)snprintf(two, sizeof(two), "%s %s", words[0], words[1]);
			if (strcmp(two, v->name) == 0) {
				best = v;
				*used = 2;
			}
		}
	return best;
}

enum takes { TAKES_UNKNOWN, TAKES_NOTHING, TAKES_VALUE };

static enum takes takes(const struct verb *v, const char *name)
{
	char list[512], *save = NULL;
	(void)snprintf(list, sizeof(list), "%s", v->options);
	for (char *w = strtok_r(list, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (w[0] == '!' && strcmp(w + 1, name) == 0)
			return TAKES_NOTHING;
		if (strcmp(w, name) == 0)
			return TAKES_VALUE;
	}
	return record_takes(v, name) ? TAKES_VALUE : TAKES_UNKNOWN;
}

/* What is given before the verb is known: words, and options with what stands behind them. */
struct raw {
	const char *words[ARGS_MAX + 2];
	size_t count;
	bool help, version, failed;
};

static bool is_global(const char *name)
{
	return strcmp(name, "socket") == 0 || strcmp(name, "lang") == 0;
}

static bool take_global(const char *name, const char *value)
{
	if (strcmp(name, "socket") == 0)
		ctl.socket = value;
	else if (strcmp(value, "en") == 0 || strcmp(value, "zh") == 0)
		ctl.lang = strcmp(value, "en") == 0 ? ST_EN : ST_ZH;
	else
		return false;
	return true;
}

/* Words first: an option's value can only be told from a word once the verb is known. */
static void collect_words(int argc, char **argv, struct raw *r)
{
	for (int i = 1; i < argc && r->count < 2; i++) {
		if (strncmp(argv[i], "--", 2) == 0) {
			if (is_global(argv[i] + 2))
				i++;
			continue;
		}
		r->words[r->count++] = argv[i];
	}
}

static bool is_utf8(const char *text)
{
	json_t *json = json_string(text); /* takes nothing else */
	json_decref(json);
	return json != NULL;
}

/* A value that JSON can't carry, or one too many, is refused: left out, it would be lost unseen. */
static int put_option(struct args *a, const char *name, const char *value)
{
	if (strcmp(name, "root-key") != 0 && !is_utf8(value)) {
		char option[64];
		(void)snprintf(option, sizeof(option), "--%s", name);
		complain(T_BAD_UTF8, option);
		return CTL_USAGE;
	}
	if (a->option_count == OPTIONS_MAX) {
		complain(T_TOO_MANY, (int)OPTIONS_MAX);
		return CTL_USAGE;
	}
	a->options[a->option_count].name = name;
	a->options[a->option_count++].value = value;
	return 0;
}

/* --reporter-name is --reporter_name, as the kind's table has the field. */
static void spell_as_field(const struct verb *v, char *name)
{
	char field[64];
	(void)snprintf(field, sizeof(field), "%s", name);
	for (char *dash = field; (dash = strchr(dash, '-')) != NULL;)
		*dash = '_';
	if (strlen(field) == strlen(name) && record_takes(v, field))
		memcpy(name, field, strlen(field));
}

static int take_option(struct args *a, int argc, char **argv, int *at, struct raw *r)
{
	char *name = argv[*at] + 2;
	if (a->verb != NULL)
		spell_as_field(a->verb, name);
	if (strcmp(name, "help") == 0)
		r->help = true;
	else if (strcmp(name, "json") == 0)
		ctl.json = true;
	else if (strcmp(name, "version") == 0 && (a->verb == NULL || takes(a->verb, name) == TAKES_UNKNOWN))
		r->version = true;
	else if (is_global(name) || (a->verb != NULL && takes(a->verb, name) == TAKES_VALUE)) {
		if (*at + 1 >= argc) {
			complain(T_NO_VALUE, argv[*at]);
			return CTL_USAGE;
		}
		const char *value = argv[++*at];
		if (is_global(name) && !take_global(name, value)) {
			complain(T_BAD_NUMBER, name);
			return CTL_USAGE;
		}
		/* Empty, as a script's variable may be, it would ask for everything; a record's field says so itself. */
		if (value[0] == 0 && !is_global(name) && !record_takes(a->verb, name)) {
			complain(T_NO_VALUE, argv[*at - 1]);
			return CTL_USAGE;
		}
		if (!is_global(name))
			return put_option(a, name, value);
	} else if (a->verb != NULL && takes(a->verb, name) == TAKES_NOTHING) {
		return put_option(a, name, "1");
	} else if (a->verb != NULL) {
		complain(T_BAD_OPTION, argv[*at], a->verb->name);
		return CTL_USAGE;
	}
	return 0;
}

/* A number is often pasted with the blanks around it. */
static char *without_blanks(char *word)
{
	static const char WIDE[] = "\xe3\x80\x80"; /* U+3000, as Chinese text has it */
	enum { WIDTH = sizeof(WIDE) - 1 };
	for (;;) {
		size_t n = strlen(word);
		if (n > 0 && isspace((unsigned char)word[0]) != 0)
			word++;
		else if (strncmp(word, WIDE, WIDTH) == 0)
			word += WIDTH;
		else if (n > 0 && isspace((unsigned char)word[n - 1]) != 0)
			word[n - 1] = 0;
		else if (n >= WIDTH && strcmp(word + n - WIDTH, WIDE) == 0)
			word[n - WIDTH] = 0;
		else
			return word;
	}
}

static int read_all(int argc, char **argv, struct args *a, struct raw *r)
{
	size_t used = 0, seen = 0;
	collect_words(argc, argv, r);
	a->verb = find_verb(r->words, r->count, &used);
	for (int i = 1; i < argc; i++) {
		bool dashes = strncmp(argv[i], "--", 2) == 0 && argv[i][2] != 0;
		int rc = dashes ? take_option(a, argc, argv, &i, r) : 0;
		if (rc != 0)
			return rc;
		if (!dashes && seen++ >= used && a->count < ARGS_MAX)
			a->words[a->count++] = a->verb != NULL && strstr(a->verb->usage, "NUMBER") != NULL
						       ? without_blanks(argv[i])
						       : argv[i];
	}
	return 0;
}

static enum st_lang language_of_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != 0)
			return strncmp(value, "en", 2) == 0 ? ST_EN : ST_ZH;
	}
	return ST_ZH;
}

/* What is printed is part of being right: a full disk behind `>` mustn't look like an empty answer. */
static int finish(int rc)
{
	if (rc != CTL_RIGHT) {
		refusal_print();
		return rc;
	}
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		complain(T_BAD_FILE, "-", st_file_error_text(errno, ctl.lang));
		return CTL_WRONG;
	}
	if (call_fell_short()) {
		(void)fprintf(stderr, "%s\n", st_error_text(ST_ENOMEM, ctl.lang));
		return CTL_WRONG;
	}
	return CTL_RIGHT;
}

static int no_verb(const struct raw *r)
{
	bool group = is_group(r->words[0]);
	char words[512];
	if (group && r->help && r->count == 1)
		return help_group(r->words[0]);
	(void)snprintf(words, sizeof(words), "%s%s%s", r->words[0], r->count > 1 ? " " : "",
		       r->count > 1 ? r->words[1] : "");
	complain(T_BAD_VERB, words, group ? " " : "", group ? r->words[0] : "");
	return CTL_USAGE;
}

static int run(const struct args *a, const struct raw *r)
{
	if (r->version) {
		(void)printf(ctl.json ? "{\"version\":\"%s\"}\n" : "stationctl %s\n", STATIOND_VERSION);
		return CTL_RIGHT;
	}
	if (a->verb != NULL && r->help)
		return help_verb(a->verb);
	if (r->count == 0) {
		help_all();
		ctl.answered = true;
		return r->help ? CTL_RIGHT : CTL_USAGE;
	}
	if (a->verb == NULL)
		return no_verb(r);
	if (a->count < a->verb->least || a->count > a->verb->most) {
		complain(T_BAD_COUNT, a->verb->name, a->verb->usage);
		return CTL_USAGE;
	}
	ctl.args = a;
	return a->verb->run(a);
}

int main(int argc, char **argv)
{
	struct args a = { .count = 0 };
	struct raw r = { .count = 0 };
	const char *socket = getenv("STATIOND_SOCKET");
	ctl.socket = socket != NULL && socket[0] != 0 ? socket : "/run/stationd/control.sock";
	ctl.lang = language_of_environment();
	call_start();
	lists[LIST_record] = record_verbs();
	ctl.terminal = isatty(STDERR_FILENO) == 1;
	if (st_trust_start() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return CTL_WRONG;
	int rc = read_all(argc, argv, &a, &r);
	for (int i = 1; rc != 0 && i < argc; i++)
		ctl.json |= strcmp(argv[i], "--json") == 0; /* it may stand behind what was wrong */
	if (rc == 0)
		rc = run(&a, &r);
	curl_global_cleanup();
	return finish(rc);
}
