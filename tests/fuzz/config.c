/* config.c - any bytes as stationd's settings, and as a file of tokens: refused in words, or within their ranges. */
#include "decoders.h"
#include <daemon/stationd/online.h>
#include <daemon/stationd/say.h>
#include <sys/mman.h>
#include <unistd.h>

enum st_lang say_lang(void)
{
	return ST_EN;
}

static void read_tokens(struct st_span text)
{
	struct online_tokens t;
	char why[ONLINE_WHY_MAX] = "";
	if (online_tokens_parse(text, &t, why) < 0) {
		ST_REQUIRE(why[0] != 0);
		return;
	}
	ST_REQUIRE(t.count > 0 && t.count <= ONLINE_TOKENS_MAX);
	for (size_t i = 0; i < t.count; i++)
		ST_REQUIRE(t.tokens[i].name[0] != 0 && strlen(t.tokens[i].name) < API_SOURCE_MAX);
	ST_REQUIRE(online_token_find(&t, st_span_text("no such token")) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct config c;
	char wrong[CONFIG_WRONG_MAX];
	read_tokens(st_span(data, size));
	if (fd < 0) {
		fd = memfd_create("settings", MFD_CLOEXEC);
		ST_REQUIRE(fd >= 0);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	ST_REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	int rc = config_load(path, size % 2 == 0 ? ST_ZH : ST_EN, &c, wrong);
	if (rc < 0) {
		ST_REQUIRE(rc == ST_EFIELD && wrong[0] != 0 && memchr(wrong, 0, sizeof(wrong)) != NULL);
		return 0;
	}
	ST_REQUIRE(config_level(&c) >= 3 && config_level(&c) <= 7);
#define IN_TEXT(name, least, most) \
	ST_REQUIRE(strlen(c.name) >= (least) && strlen(c.name) <= (most));
#define IN_NUMBER(name, least, most) ST_REQUIRE(c.name >= (least) && c.name <= (most));
#define X(name, type, value, least, most, zh, en) IN_##type(name, least, most)
	SETTINGS(X)
#undef X
	CANARY(config_lang(&c) == ST_EN && c.ping_s != 20 && c.ping_s != 5);
	config_done(&c);
	return 0;
}
