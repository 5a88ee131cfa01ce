/* online_file.c - the platforms' tokens, and other secrets that stand in files of their own.
 *
 * Owns:    the form of a token file, and the comparing of tokens.
 * Promise: 8: a bad file is refused whole, with its line and the cure.
 * Flow:    file -> tokens -> online */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <station/base/check.h>
#include <station/base/rate.h>
#include <station/trust/hash.h>
#include <station/trust/mac.h>
#include "online.h"
#include "say.h"

static int wrong(char why[ONLINE_WHY_MAX], const char *zh, const char *en)
{
	(void)snprintf(why, ONLINE_WHY_MAX, "%s", say_lang() == ST_EN ? en : zh);
	return ST_EFIELD;
}

static int read_open(int fd, struct st_buf *to, char why[ONLINE_WHY_MAX])
{
	uint8_t bytes[4096];
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return wrong(why, "不是普通文件", "not a regular file");
	if ((st.st_mode & 077) != 0)
		return wrong(why, "他人可读: chmod 600 后再试",
			     "others may read it: chmod 600, then again");
	for (ssize_t n = 1; n > 0;) {
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0)
			return wrong(why, "读不出来", "can't be read");
		st_buf_put(to, bytes, (size_t)n);
	}
	st_wipe(bytes, sizeof(bytes));
	return to->error < 0 ? wrong(why, "太长", "too long") : 0;
}

int online_file_read(const char *path, struct st_buf *to, char why[ONLINE_WHY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		(void)snprintf(why, ONLINE_WHY_MAX, "%s", st_file_error_text(errno, say_lang()));
		return ST_EFIELD;
	}
	int rc = read_open(fd, to, why);
	(void)close(fd);
	return rc;
}

static bool name_fits(struct st_span s)
{
	for (size_t i = 0; i < s.size; i++) {
		uint8_t c = s.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.'))
			return false;
	}
	return s.size > 0 && s.size < API_SOURCE_MAX;
}

static int wrong_line(char why[ONLINE_WHY_MAX], unsigned line, const char *zh, const char *en)
{
	(void)snprintf(why, ONLINE_WHY_MAX, say_lang() == ST_EN ? "line %u: %s" : "第 %u 行: %s",
		       line, say_lang() == ST_EN ? en : zh);
	return ST_EFIELD;
}

static struct st_hash token_hash(struct st_span token)
{
	const struct st_span pieces[] = { st_span_text("stationd/online-token/v1\n"), token };
	return st_hash(pieces, 2);
}

static int add_line(struct online_tokens *t, struct st_span s, unsigned line,
		    char why[ONLINE_WHY_MAX])
{
	const uint8_t *colon = memchr(s.data, ':', s.size);
	size_t n = colon == NULL ? 0 : (size_t)(colon - s.data);
	struct st_span name = st_span(s.data, n);
	struct st_span token = colon == NULL ? ST_SPAN_NONE : st_span(colon + 1, s.size - n - 1);
	if (colon == NULL || !name_fits(name))
		return wrong_line(why, line, "应为 名称:令牌, 名称用字母, 数字, - _ .",
				  "must be NAME:TOKEN, the name of letters, digits, - _ .");
	if (token.size < ONLINE_TOKEN_LEAST)
		return wrong_line(why, line, "令牌至少 20 个字符", "a token has at least 20 characters");
	if (t->count == ONLINE_TOKENS_MAX)
		return wrong_line(why, line, "令牌太多, 最多 32 个", "too many tokens; at most 32");
	struct online_token *to = &t->tokens[t->count];
	memset(to, 0, sizeof(*to));
	memcpy(to->name, name.data, name.size);
	to->hash = token_hash(token);
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->tokens[i].name, to->name) == 0 ||
		    st_hash_equal(&t->tokens[i].hash, &to->hash))
			return wrong_line(why, line, "名称或令牌重复", "a name or a token twice");
	t->count++;
	return 0;
}

int online_tokens_parse(struct st_span text, struct online_tokens *ret_t, char why[ONLINE_WHY_MAX])
{
	struct online_tokens t = { .count = 0 };
	unsigned line = 0;
	for (size_t at = 0; at < text.size;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
		size_t n = end == NULL ? text.size - at : (size_t)(end - text.data) - at;
		struct st_span one = st_span(text.data + at, n);
		at += n + 1;
		line++;
		while (one.size > 0 &&
		       (one.data[one.size - 1] == '\r' || one.data[one.size - 1] == ' '))
			one.size--;
		if (one.size == 0 || one.data[0] == '#')
			continue;
		int rc = add_line(&t, one, line, why);
		if (rc < 0)
			return rc;
	}
	if (t.count == 0)
		return wrong(why, "没有令牌", "there is no token in it");
	*ret_t = t;
	return 0;
}

struct online_token *online_token_find(struct online_tokens *t, struct st_span token)
{
	struct st_hash hash = token_hash(token);
	struct online_token *found = NULL;
	for (size_t i = 0; i < t->count; i++)
		if (st_secret_equal(t->tokens[i].hash.bytes, hash.bytes, sizeof(hash.bytes)))
			found = &t->tokens[i]; /* and on: the time doesn't tell which */
	return found;
}
