/* checkpoint.c - C2SP checkpoints, cosignatures and signed notes.
 *
 * Owns:    the bytes that a statement of a log's size and root is signed over.
 * Promise: 3, and that any C2SP tool can verify what we print.
 * Flow:    log root -> checkpoint -> cosignature -> note */
#include <station/trust/checkpoint.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { TEXT_MAX = 160, COSIGNATURE = 0x04, STAMPED_SIZE = 8 + ST_SIGNATURE_SIZE };
static const char DASH[] = "\xe2\x80\x94 "; /* U+2014 and a space begin a signature line */
_Static_assert(sizeof("stationd//4294967295") + ST_CODE_MAX <= ST_KEY_NAME_MAX,
	       "the longest name");
_Static_assert(ST_KEY_NAME_MAX + sizeof("18446744073709551615") + (ST_HASH_SIZE + 2) / 3 * 4 + 1 <=
		       TEXT_MAX,
	       "a name, a size and a root in base64, with their ends of line");

void st_origin_name(const struct st_log_id *log, char ret_name[ST_KEY_NAME_MAX])
{
	st_assert(log->epoch > 0);
	(void)snprintf(ret_name, ST_KEY_NAME_MAX, "stationd/%s/%" PRIu32, log->station.text,
		       log->epoch);
}

void st_station_key_name(const struct st_code *station, char ret_name[ST_KEY_NAME_MAX])
{
	(void)snprintf(ret_name, ST_KEY_NAME_MAX, "stationd/%s", station->text);
}

void st_checkpoint_text(const struct st_checkpoint *c, struct st_buf *to)
{
	char name[ST_KEY_NAME_MAX];
	st_origin_name(&c->log, name);
	st_buf_printf(to, "%s\n%" PRIu64 "\n", name, c->size);
	st_base64_put(to, ST_SPAN(c->root.bytes));
	st_buf_put_text(to, "\n");
}

/* c2sp.org/tlog-cosignature: a header line, the time, and the checkpoint as it is. The buf stands on
 * the caller's room and never grows, so that no want of memory can come between. */
static struct st_span cosigned(const struct st_checkpoint *c, uint64_t time_s,
			       uint8_t room[TEXT_MAX + 64])
{
	struct st_buf text = { .data = room, .room = TEXT_MAX + 64, .limit = TEXT_MAX + 64 };
	st_buf_printf(&text, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
	st_checkpoint_text(c, &text);
	ST_REQUIRE(text.error == 0);
	return st_buf_span(&text);
}

void st_cosign(const struct st_checkpoint *c, const struct st_signing_key *key, uint64_t time_s,
	       struct st_cosignature *ret_cosignature)
{
	ST_REQUIRE(c->log.epoch > 0);
	uint8_t room[TEXT_MAX + 64];
	ret_cosignature->time_s = time_s;
	st_sign(key, "", cosigned(c, time_s, room), &ret_cosignature->signature);
}

int st_cosign_verify(const struct st_checkpoint *c, const struct st_public_key *key,
		     const struct st_cosignature *cosignature)
{
	uint8_t room[TEXT_MAX + 64];
	return st_verify(key, "", cosigned(c, cosignature->time_s, room), &cosignature->signature);
}

/* c2sp.org/signed-note: SHA-256(name || 0x0A || type || key), the first four bytes. */
static void key_id(const char *name, const struct st_public_key *key, uint8_t ret_id[4])
{
	static const uint8_t infix[2] = { 0x0a, COSIGNATURE };
	struct st_span pieces[3] = { st_span_text(name), ST_SPAN(infix), ST_SPAN(key->bytes) };
	struct st_hash h = st_hash(pieces, 3);
	memcpy(ret_id, h.bytes, 4);
}

void st_vkey_text(const char *name, const struct st_public_key *key, struct st_buf *to)
{
	uint8_t id[4], typed[1 + ST_KEY_SIZE];
	key_id(name, key, id);
	typed[0] = COSIGNATURE;
	memcpy(typed + 1, key->bytes, ST_KEY_SIZE);
	st_buf_put_text(to, name);
	st_buf_put_text(to, "+");
	st_hex_put(to, ST_SPAN(id));
	st_buf_put_text(to, "+");
	st_base64_put(to, ST_SPAN(typed));
}

void st_note_put(const struct st_checkpoint *c, const struct st_note_line *lines, size_t count,
		 struct st_buf *to)
{
	ST_REQUIRE(count <= ST_NOTE_SIGNATURES_MAX); /* st_note_open reads no more */
	st_checkpoint_text(c, to);
	st_buf_put_text(to, "\n");
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[4 + STAMPED_SIZE];
		key_id(lines[i].name, &lines[i].key, bytes);
		st_put_u64(bytes + 4, lines[i].cosignature.time_s);
		memcpy(bytes + 12, lines[i].cosignature.signature.bytes, ST_SIGNATURE_SIZE);
		st_buf_put_text(to, DASH);
		st_buf_put_text(to, lines[i].name);
		st_buf_put_text(to, " ");
		st_base64_put(to, ST_SPAN(bytes));
		st_buf_put_text(to, "\n");
	}
}

/* The next line without its LF; false at the end or when the last LF is missing. */
static bool take_line(struct st_span *rest, struct st_span *line)
{
	const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
	if (end == NULL)
		return false;
	line->data = rest->data;
	line->size = (size_t)(end - rest->data);
	rest->data += line->size + 1;
	rest->size -= line->size + 1;
	return true;
}

static int decimal(struct st_span s, uint64_t *ret_v)
{
	uint64_t v = 0;
	if (s.size == 0 || s.size > 19 || (s.data[0] == '0' && s.size > 1))
		return ST_EWIRE;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return ST_EWIRE;
		v = v * 10 + (uint64_t)(s.data[i] - '0');
	}
	*ret_v = v;
	return 0;
}

/* "stationd/<code>/<epoch>" */
static int parse_origin(struct st_span line, struct st_log_id *ret_log)
{
	static const char prefix[] = "stationd/";
	size_t n = strlen(prefix);
	uint64_t epoch = 0;
	if (line.size <= n || memcmp(line.data, prefix, n) != 0)
		return ST_EWIRE;
	struct st_span rest = st_span(line.data + n, line.size - n);
	const uint8_t *slash = memchr(rest.data, '/', rest.size);
	if (slash == NULL)
		return ST_EWIRE;
	size_t code = (size_t)(slash - rest.data);
	if (st_code_parse(st_span(rest.data, code), &ret_log->station) < 0 ||
	    decimal(st_span(slash + 1, rest.size - code - 1), &epoch) < 0 || epoch == 0 ||
	    epoch > UINT32_MAX)
		return ST_EWIRE;
	ret_log->epoch = (uint32_t)epoch;
	return 0;
}

/* Three lines; an extension line is another log's custom, and refused. */
static int parse_checkpoint(struct st_span text, struct st_checkpoint *ret_c)
{
	struct st_span origin, size, root;
	size_t root_size = 0;
	if (!take_line(&text, &origin) || !take_line(&text, &size) || !take_line(&text, &root) ||
	    text.size != 0)
		return ST_EWIRE;
	if (parse_origin(origin, &ret_c->log) < 0 || decimal(size, &ret_c->size) < 0)
		return ST_EWIRE;
	int rc = st_base64_get(root, ret_c->root.bytes, ST_HASH_SIZE, &root_size);
	return rc < 0 || root_size != ST_HASH_SIZE ? ST_EWIRE : 0;
}

/* A signature line: 1 when it is the named key's, filled in; 0 when another's. */
static int parse_signature(struct st_span line, const char *name, const struct st_public_key *key,
			   struct st_cosignature *ret_c)
{
	uint8_t id[4], bytes[4 + STAMPED_SIZE];
	size_t dash = sizeof(DASH) - 1, named = strlen(name), size = 0;
	if (line.size <= dash || memcmp(line.data, DASH, dash) != 0)
		return ST_EWIRE;
	struct st_span rest = st_span(line.data + dash, line.size - dash);
	const uint8_t *space = memchr(rest.data, ' ', rest.size);
	if (space == NULL || space == rest.data)
		return ST_EWIRE;
	size_t n = (size_t)(space - rest.data);
	if (n != named || memcmp(rest.data, name, n) != 0)
		return 0;
	if (st_base64_get(st_span(space + 1, rest.size - n - 1), bytes, sizeof(bytes), &size) < 0)
		return 0; /* another type of signature under the same name */
	key_id(name, key, id);
	if (size != sizeof(bytes) || memcmp(bytes, id, 4) != 0)
		return 0;
	ret_c->time_s = st_get_u64(bytes + 4);
	memcpy(ret_c->signature.bytes, bytes + 12, ST_SIGNATURE_SIZE);
	return 1;
}

/* Where text and signatures part: at the last empty line. */
static int split_note(struct st_span note, struct st_span *text, struct st_span *signatures)
{
	if (note.size > ST_NOTE_MAX)
		return ST_EWIRE;
	for (size_t i = note.size; i >= 2; i--) {
		if (note.data[i - 1] != '\n' || note.data[i - 2] != '\n')
			continue;
		*text = st_span(note.data, i - 1);
		*signatures = st_span(note.data + i, note.size - i);
		return signatures->size == 0 ? ST_EWIRE : 0;
	}
	return ST_EWIRE;
}

int st_note_open(struct st_span text, const char *name, const struct st_public_key *key,
		 struct st_checkpoint *ret_checkpoint, struct st_cosignature *ret_cosignature)
{
	struct st_span body, rest, line;
	ST_REQUIRE(name != NULL);
	struct st_checkpoint c;
	struct st_cosignature found;
	bool any = false;
	int rc = split_note(text, &body, &rest);
	if (rc == 0)
		rc = parse_checkpoint(body, &c);
	for (unsigned n = 0; rc >= 0 && rest.size > 0; n++) {
		struct st_cosignature one;
		if (n == ST_NOTE_SIGNATURES_MAX || !take_line(&rest, &line))
			return ST_EWIRE;
		rc = parse_signature(line, name, key, &one);
		if (rc == 1) {
			rc = st_cosign_verify(&c, key, &one);
			found = one;
			any = true;
		}
	}
	if (rc < 0)
		return rc;
	if (!any)
		return ST_ESIGNATURE;
	*ret_checkpoint = c;
	*ret_cosignature = found;
	return 0;
}
