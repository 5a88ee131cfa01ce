/* config.c - any bytes as stationd's settings: refused in words, or settings within their ranges. */
#include "decoders.h"
#include <daemon/stationd/config.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct config c;
	char wrong[CONFIG_WRONG_MAX];
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
