/* main.c - stationd's command line.
 *
 * Owns:    options, and the process's own safety: umask, no core, nothing dumpable.
 * Flow:    command line, file -> config -> station */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <station/trust/key.h>
#include "say.h"
#include "station.h"
#include "version.h"

static const char HELP_ZH[] =
	"用法: stationd [选项]\n"
	"代表联络站守护进程。\n\n"
	"  --config FILE    设置文件 (YAML), 缺省 /etc/stationd/stationd.yaml, 不存在则全用缺省值\n"
	"  --check-config   只检查设置文件\n"
	"  --ready-fd N     就绪后向该描述符写一行\n"
	"  --lang zh|en     本次输出的语言\n"
	"  --version, --help\n\n"
	"退出码: 0 正常, 1 失败, 2 设置或用法有误, 4 目录已被另一守护进程占用, 5 库由更新版本写成\n\n"
	"设置:\n";
static const char HELP_EN[] =
	"Usage: stationd [OPTIONS]\n"
	"The daemon of a deputies' liaison station.\n\n"
	"  --config FILE    settings (YAML); default /etc/stationd/stationd.yaml, or all defaults\n"
	"  --check-config   check the settings, and exit\n"
	"  --ready-fd N     write one line to this descriptor when ready\n"
	"  --lang zh|en     language of this run's output\n"
	"  --version, --help\n\n"
	"Exit codes: 0 right, 1 failed, 2 wrong settings or usage, 4 another daemon has the directory,\n"
	"5 the store is of a newer version\n\n"
	"Settings:\n";
static const char DEFAULT_FILE[] = "/etc/stationd/stationd.yaml";

struct options {
	const char *file;
	bool check, help, version, lang_given;
	enum st_lang lang;
	int ready_fd;
};

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' }, { "check-config", no_argument, NULL, 'k' },
		{ "ready-fd", required_argument, NULL, 'r' }, { "lang", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	char *end;
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'c': o->file = optarg; break;
		case 'k': o->check = true; break;
		case 'h': o->help = true; break;
		case 'v': o->version = true; break;
		case 'l':
			if (strcmp(optarg, "en") != 0 && strcmp(optarg, "zh") != 0)
				return false;
			o->lang = strcmp(optarg, "en") == 0 ? ST_EN : ST_ZH;
			o->lang_given = true;
			break;
		case 'r':
			errno = 0;
			o->ready_fd = (int)strtol(optarg, &end, 10);
			if (errno != 0 || *end != 0 || o->ready_fd < 0)
				return false;
			break;
		default: return false;
		}
	}
	return optind == argc;
}

/* No core, no debugger, no file of ours that others may read: keys are in this memory. */
static void harden(void)
{
	struct rlimit none = { 0, 0 };
	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	static struct station station; /* large */
	struct options o = { .ready_fd = -1 };
	char wrong[CONFIG_WRONG_MAX];
	struct stat st;
	bool right = read_options(argc, argv, &o);
	if (!right || o.help) {
		(void)fputs(o.lang == ST_EN ? HELP_EN : HELP_ZH, right ? stdout : stderr);
		if (right)
			config_help(o.lang);
		return right ? EXIT_RIGHT : EXIT_USAGE;
	}
	if (o.version) {
		(void)puts("stationd " STATIOND_VERSION);
		return EXIT_RIGHT;
	}
	if (o.file == NULL && stat(DEFAULT_FILE, &st) == 0)
		o.file = DEFAULT_FILE;
	if (config_load(o.file, o.lang, &station.config, wrong) < 0) {
		(void)fprintf(stderr, "%s\n", wrong);
		return EXIT_USAGE;
	}
	if (o.check) {
		(void)puts(o.lang == ST_EN ? "the settings are right" : "设置无误");
		config_done(&station.config);
		return EXIT_RIGHT;
	}
	harden();
	enum st_lang lang = o.lang_given ? o.lang : config_lang(&station.config);
	say_setup((enum level)config_level(&station.config), lang, "");
	int code = st_trust_start() < 0 ? EXIT_FAILED : station_run(&station, o.ready_fd);
	config_done(&station.config);
	return code;
}
