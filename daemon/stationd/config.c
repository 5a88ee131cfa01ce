/* config.c - settings from a file, through libcyaml.
 *
 * Owns:    the settings table's reading, and the words for what is wrong with a file.
 * Promise: 8: a bad file is refused whole, with its place and the cure.
 * Flow:    file -> config -> stationd */
#include "config.h"
#include <arpa/inet.h>
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <station/trust/invite.h>

static const cyaml_schema_field_t fields[] = {
#define FIELD_TEXT(name)   CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
						  struct config, name, 0, CYAML_UNLIMITED),
#define FIELD_NUMBER(name) CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, struct config, name),
#define X(name, type, ...) FIELD_##type(name)
	SETTINGS(X)
#undef X
	CYAML_FIELD_END
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, fields),
};

/* libcyaml says what and where in separate lines of its log; the first of each counts. */
struct heard {
	char what[400];
	unsigned line, column;
};

static void hear(cyaml_log_t level, void *arg, const char *format, va_list args)
{
	struct heard *h = arg;
	char text[400];
	if (level < CYAML_LOG_ERROR)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)vsnprintf(text, sizeof(text), format, args);
#pragma GCC diagnostic pop
	const char *at = strstr(text, "line: ");
	if (at != NULL && h->line == 0)
		(void)sscanf(at, "line: %u, column: %u", &h->line, &h->column);
	const char *what = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
	if (h->what[0] != 0 || what[0] == ' ' || strstr(text, "Backtrace") != NULL)
		return;
	(void)snprintf(h->what, sizeof(h->what), "%s", what);
	h->what[strcspn(h->what, "\n")] = 0;
}

/* Where a setting of this flat file stands the last time: line and column of its value, from 1. */
static void locate(const char *file, const char *name, unsigned *line, unsigned *column)
{
	FILE *f = fopen(file, "r");
	char text[1024];
	size_t n = strlen(name);
	*line = *column = 0;
	if (f == NULL)
		return;
	for (unsigned i = 1; fgets(text, sizeof(text), f) != NULL; i++) {
		if (strncmp(text, name, n) != 0 || text[n] != ':')
			continue;
		*line = i;
		*column = (unsigned)(n + 1 + strspn(text + n + 1, " \t") + 1);
	}
	(void)fclose(f);
}

/* The file that is read, and what to say of it. */
struct reading {
	const char *file;
	enum st_lang lang;
	char *wrong; /* CONFIG_WRONG_MAX bytes */
};

static int wrong_at(const struct reading *r, const char *name, const char *range)
{
	unsigned line = 0, column = 0;
	locate(r->file, name, &line, &column);
	(void)snprintf(r->wrong, CONFIG_WRONG_MAX,
		       r->lang == ST_EN ? "%s:%u:%u: %s isn't allowed here; use %s"
				     : "%s:%u:%u: %s 的值不合要求; 应为 %s",
		       r->file, line, column, name, range);
	return ST_EFIELD;
}

static int check_text(const struct reading *r, const char *name, const char *value,
		      const uint64_t range[2])
{
	char words[80];
	size_t n = strlen(value);
	if (n >= range[0] && n <= range[1])
		return 0;
	(void)snprintf(words, sizeof(words),
		       r->lang == ST_EN ? "%llu to %llu characters" : "%llu 至 %llu 个字符",
		       (unsigned long long)range[0], (unsigned long long)range[1]);
	return wrong_at(r, name, words);
}

static int check_number(const struct reading *r, const char *name, uint64_t value,
			const uint64_t range[2])
{
	char words[80];
	if (value >= range[0] && value <= range[1])
		return 0;
	(void)snprintf(words, sizeof(words), "%llu … %llu", (unsigned long long)range[0],
		       (unsigned long long)range[1]);
	return wrong_at(r, name, words);
}

static const struct {
	const char *name;
	int level;
} levels[] = { { "error", 3 }, { "warning", 4 }, { "notice", 5 }, { "info", 6 }, { "debug", 7 } };

int config_level(const struct config *c)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(c->log_level, levels[i].name) == 0)
			return levels[i].level;
	return -1;
}

enum st_lang config_lang(const struct config *c)
{
	return strcmp(c->lang, "en") == 0 ? ST_EN : ST_ZH;
}

bool config_is_address(const char *text)
{
	char host[ST_ADDRESS_MAX + 1], port[ST_PORT_ROOM];
	return st_address_split(text, host, port) == 0;
}

bool config_is_socket(const char *text, struct sockaddr_storage *ret_address)
{
	const char *colon = strrchr(text, ':');
	char host[64], rest = 0;
	unsigned port = 0;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
	memset(ret_address, 0, sizeof(*ret_address));
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host) || colon == text ||
	    sscanf(colon + 1, "%u%c", &port, &rest) != 1 || port == 0 || port > 65535)
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = 0;
	size_t n = strlen(host);
	if (host[0] != '[') {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
	}
	if (host[n - 1] != ']')
		return false;
	host[n - 1] = 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
}

bool config_is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	if (address->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
}

static int check_online(const struct config *c, const struct reading *r)
{
	struct sockaddr_storage address;
	const char *url = c->online_webhook;
	bool on = c->online_listen[0] != 0;
	if (on && !config_is_socket(c->online_listen, &address))
		return wrong_at(r, "online_listen", "ADDRESS:PORT, [ADDRESS]:PORT");
	if (on && !config_is_loopback(&address) && c->online_token_file[0] == 0)
		return wrong_at(r, "online_listen",
				r->lang == ST_EN ? "a loopback address, or set online_token_file"
						 : "本机地址 127.0.0.1, 或设置 online_token_file");
	if (url[0] != 0 && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return wrong_at(r, "online_webhook", "http://..., https://...");
	return 0;
}

static int check_all(const struct config *c, const struct reading *r)
{
	int rc = 0;
#define CHECK_TEXT   check_text
#define CHECK_NUMBER check_number
#define X(name, type, value, least, most, zh, en)                                                  \
	if (rc == 0)                                                                               \
		rc = CHECK_##type(r, #name, c->name, (const uint64_t[2]){ least, most });      
	SETTINGS(X)
#undef X
	if (rc == 0 && strcmp(c->lang, "zh") != 0 && strcmp(c->lang, "en") != 0)
		rc = wrong_at(r, "lang", "zh, en");
	if (rc == 0 && config_level(c) < 0)
		rc = wrong_at(r, "log_level", "error warning notice info debug");
	if (rc == 0 && c->listen[0] != 0 && !config_is_address(c->listen))
		rc = wrong_at(r, "listen", "tcp://ADDRESS:PORT");
	if (rc == 0 && c->public_address[0] != 0 && !config_is_address(c->public_address))
		rc = wrong_at(r, "public_address", "tcp://ADDRESS:PORT");
	return rc < 0 ? rc : check_online(c, r);
}

/* libcyaml reads an absent number as 0, so a 0 that is written has to be told from it here. */
static int check_zero(const struct reading *r, const char *name, const uint64_t range[2])
{
	unsigned line, column;
	locate(r->file, name, &line, &column);
	return line == 0 ? 0 : check_number(r, name, 0, range);
}

static int check_zeros(const struct config *c, const struct reading *r)
{
	int rc = 0;
#define ZERO_TEXT(name, least, most)
#define ZERO_NUMBER(name, least, most)                                                             \
	if (rc == 0 && c->name == 0)                                                               \
		rc = check_zero(r, #name, (const uint64_t[2]){ least, most });             
#define X(name, type, value, least, most, zh, en) ZERO_##type(name, least, most)
	SETTINGS(X)
#undef X
	return rc;
}

static int fill_defaults(struct config *c)
{
	bool failed = false;
#define DEFAULT_TEXT(name, value)                                                                  \
	if (c->name == NULL)                                                                       \
		failed |= (c->name = strdup(value)) == NULL;
#define DEFAULT_NUMBER(name, value)                                                                \
	if (c->name == 0)                                                                          \
		c->name = value;
#define X(name, type, value, ...) DEFAULT_##type(name, value)
	SETTINGS(X)
#undef X
	return failed ? ST_ENOMEM : 0;
}

/* What libcyaml says, in our words. A key that it names is found by its name: libcyaml tells only
 * where it was when it noticed. */
static const struct {
	const char *says, *zh, *en;
	bool names_key;
} complaints[] = {
	{ "Unexpected key: ", "不认识的设置", "unknown setting", true },
	{ "Mapping field already seen: ", "重复的设置", "setting given twice", true },
	{ "Invalid ", "值的类型不对", "a value of the wrong type", false },
	{ "Expecting ", "值的类型不对", "a value of the wrong type", false },
	{ "libyaml: ", "不是合法的 YAML", "not well-formed YAML", false },
};

static void put_complaint(const char *file, enum st_lang lang, struct heard *h,
			  char wrong[CONFIG_WRONG_MAX])
{
	const char *words = lang == ST_EN ? "not allowed here" : "此处不允许", *detail = h->what;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		size_t n = strlen(complaints[i].says);
		if (strncmp(h->what, complaints[i].says, n) != 0)
			continue;
		words = lang == ST_EN ? complaints[i].en : complaints[i].zh;
		if (complaints[i].names_key) {
			detail = h->what + n;
			locate(file, detail, &h->line, &h->column);
			h->column = 1;
		}
		break;
	}
	(void)snprintf(wrong, CONFIG_WRONG_MAX,
		       lang == ST_EN ? "%s:%u:%u: %s: %.200s; stationd --help lists the settings"
				     : "%s:%u:%u: %s: %.200s; 可用的设置见 stationd --help",
		       file, h->line, h->column, words, detail);
}

static int load_file(const char *file, enum st_lang lang, struct config *to,
		     char wrong[CONFIG_WRONG_MAX])
{
	struct heard heard = { .line = 0 };
	struct config *loaded = NULL;
	const cyaml_config_t how = {
		.log_fn = hear,
		.log_ctx = &heard,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	if (access(file, R_OK) < 0) {
		(void)snprintf(wrong, CONFIG_WRONG_MAX, "%s: %s", file,
			       st_file_error_text(errno, lang));
		return ST_EIO;
	}
	cyaml_err_t err = cyaml_load_file(file, &how, &schema, (cyaml_data_t **)&loaded, NULL);
	if (err != CYAML_OK) {
		put_complaint(file, lang, &heard, wrong);
		return ST_EFIELD;
	}
	if (loaded == NULL)
		return 0; /* an empty file: all defaults */
	*to = *loaded;
	free(loaded);
	return 0;
}

int config_load(const char *file, enum st_lang lang, struct config *ret_config,
		char reterr_wrong[CONFIG_WRONG_MAX])
{
	struct config c;
	const struct reading r = { file == NULL ? "-" : file, lang, reterr_wrong };
	memset(&c, 0, sizeof(c));
	reterr_wrong[0] = 0;
	int rc = file == NULL ? 0 : load_file(file, lang, &c, reterr_wrong);
	if (rc == 0 && file != NULL)
		rc = check_zeros(&c, &r);
	if (rc == 0)
		rc = fill_defaults(&c);
	if (rc == 0)
		rc = check_all(&c, &r);
	if (rc == 0 && file != NULL && (c.file = strdup(file)) == NULL)
		rc = ST_ENOMEM;
	if (rc < 0) {
		config_done(&c);
		return rc;
	}
	*ret_config = c;
	return 0;
}

void config_done(struct config *c)
{
#define FREE_TEXT(name) free(c->name);
#define FREE_NUMBER(name)
#define X(name, type, ...) FREE_##type(name)
	SETTINGS(X)
#undef X
	free(c->file);
	memset(c, 0, sizeof(*c));
}

void config_help(enum st_lang lang)
{
#define SHOW_TEXT(name, value)   printf("  %-20s \"%s\"", #name, value);
#define SHOW_NUMBER(name, value) printf("  %-20s %d", #name, value);
#define RANGE_TEXT(least, most)
#define RANGE_NUMBER(least, most) printf(" (%d … %d)", least, most);
#define X(name, type, value, least, most, zh, en)                                                  \
	SHOW_##type(name, value) RANGE_##type(least, most)                                         \
	printf("\n      %s\n", lang == ST_EN ? en : zh);
	SETTINGS(X)
#undef X
}
