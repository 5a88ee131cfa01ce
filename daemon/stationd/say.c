/* say.c - log lines.
 *
 * Owns:    the form of a line, and how often one may be repeated.
 * Flow:    daemon -> say -> journal, stderr */
#include "say.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

static struct {
	enum level most;
	enum st_lang lang;
	char station[16];
	bool journal, prefixed;
} said = { .most = LEVEL_INFO };

static const struct {
	enum level level;
	const char *id, *texts[2];
} lines[SAY_COUNT] = {
#define X(id, level, zh, en) [SAY_##id] = { LEVEL_##level, #id, { zh, en } },
	MESSAGES(X)
#undef X
};

/* $JOURNAL_STREAM is the device and inode of what our stderr should be: sd_journal_print(3). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long device = 0, inode = 0;
	struct stat st;
	return stream != NULL && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void say_setup(enum level most, enum st_lang lang, const char *station)
{
	said.most = most;
	said.lang = lang;
	said.journal = stderr_is_journal();
	said.prefixed = getenv("INVOCATION_ID") != NULL;
	say_station(station);
}

void say_station(const char *station)
{
	(void)snprintf(said.station, sizeof(said.station), "%s", station);
}

enum st_lang say_lang(void)
{
	return said.lang;
}

static void put(enum message m, const char *text)
{
	char when[32] = "";
	enum level level = lines[m].level;
	if (said.journal) {
		(void)sd_journal_send("MESSAGE=%s%s%s", said.station, said.station[0] ? " " : "", text,
				      "PRIORITY=%d", (int)level, "STATION=%s", said.station,
				      "STATIOND_MESSAGE=%s", lines[m].id, NULL);
		return;
	}
	if (said.prefixed) {
		(void)fprintf(stderr, "<%d>%s %s %s\n", (int)level, said.station, lines[m].id, text);
		return;
	}
	time_t now = time(NULL);
	struct tm tm;
	if (localtime_r(&now, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	(void)fprintf(stderr, "%s %s %s %s\n", when, said.station[0] ? said.station : "-", lines[m].id,
		      text);
}

void say(enum message m, const char *a, const char *b, const char *c)
{
	char text[512];
	if (lines[m].level > said.most)
		return;
	/* The formats are the table's own; positions let each language order its arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, sizeof(text), lines[m].texts[said.lang == ST_EN], a ? a : "", b ? b : "",
		       c ? c : "");
#pragma GCC diagnostic pop
	put(m, text);
}

void say_seldom(uint64_t now_ms, enum message m, const char *a, const char *b, const char *c)
{
	static struct {
		uint64_t key, until_ms;
		unsigned kept;
	} slots[SAY_KEYS];
	uint64_t key = 1469598103934665603ull ^ (uint64_t)m;
	const char *parts[2] = { a ? a : "", b ? b : "" };
	for (size_t i = 0; i < 2; i++)
		for (const char *p = parts[i]; *p != 0; p++)
			key = (key ^ (uint8_t)*p) * 1099511628211ull;
	size_t at = key % SAY_KEYS;
	if (slots[at].key == key && now_ms < slots[at].until_ms) {
		slots[at].kept++;
		return;
	}
	char more[64] = "";
	if (slots[at].key == key && slots[at].kept > 0)
		(void)snprintf(more, sizeof(more), "%s%s+%u", c ? c : "", c ? " " : "", slots[at].kept);
	slots[at].key = key;
	slots[at].until_ms = now_ms + SAY_OFTEN_MS;
	slots[at].kept = 0;
	say(m, a, b, more[0] ? more : c);
}
