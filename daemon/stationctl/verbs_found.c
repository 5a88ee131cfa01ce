/* verbs_found.c - a city is founded: its root key, and main's certificate by it.
 *
 * Owns:    the city's root key file, which no daemon ever reads.
 * Promise: 3: main's certificate is signed here, offline, by a key that stays with people.
 * Flow:    operator -> root key -> certificate -> call */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/trust/certificate.h>
#include <station/trust/invite.h>
#include "ctl.h"

enum { ROOT_YEARS = 30 };

static int file_wrong(const char *path)
{
	complain(T_BAD_FILE, path, st_file_error_text(errno, ctl.lang));
	return CTL_WRONG;
}

static int read_root(const char *path, int fd, uint8_t seed[ST_SEED_SIZE])
{
	char bytes[128];
	struct stat st;
	if (fstat(fd, &st) < 0)
		return file_wrong(path);
	if ((st.st_mode & 077) != 0) {
		complain(T_ROOT_OPEN, path);
		return CTL_WRONG;
	}
	ssize_t n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return file_wrong(path);
	int rc = st_root_decode(st_span(bytes, (size_t)n), seed);
	st_wipe(bytes, sizeof(bytes));
	if (rc < 0)
		complain(T_ROOT_BAD, path);
	return rc < 0 ? CTL_WRONG : 0;
}

static int make_root(const char *path, uint8_t seed[ST_SEED_SIZE])
{
	struct st_buf words;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return file_wrong(path);
	st_buf_init(&words, 256);
	bool good = getrandom(seed, ST_SEED_SIZE, 0) == ST_SEED_SIZE;
	st_root_encode(seed, &words);
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

/* Main's certificate, signed by the root key, as base64. */
static int certify(const struct args *a, const struct st_signing_key *root, struct st_buf *to)
{
	struct st_certificate c;
	struct answer identity;
	struct st_buf bytes;
	const char *name = option(a, "name");
	memset(&c, 0, sizeof(c));
	ST_REQUIRE(st_code_parse(st_span_text(option(a, "code")), &c.code) == 0); /* may_found has looked */
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
static int may_found(const struct args *a)
{
	struct answer ans;
	struct st_code code;
	const char *name = option(a, "name");
	bool named = name[0] != 0 && st_text_check(st_span_text(name), ST_NAME_MAX, false) == 0;
	if (st_code_parse(st_span_text(option(a, "code")), &code) < 0 || !named) {
		if (named)
			complain(T_BAD_CODE);
		else
			complain(T_BAD_NUMBER, "name");
		return CTL_USAGE;
	}
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
	int rc = may_found(a);
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

const struct verb found_verbs[] = {
	{ "init", "--code CODE --name NAME [--root-key FILE]", "code name root-key", 0, 0, run_init,
	  "建市总站; 市根密钥文件不存在时生成 (缺省 ./city-root.key)",
	  "set up the main station; makes the city's root key file if there is none (./city-root.key)",
	  "stationctl init --code 410600 --name 鹤壁市总站 --root-key /media/usb/city-root.key" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
