/* proof.c - C2SP tlog-proof: index, path and note in one text.
 *
 * Owns:    the text form of an inclusion proof.
 * Promise: 3, provable offline, without this program.
 * Flow:    inclusion proof, note -> proof text -> any verifier */
#include <station/trust/proof.h>
#include <inttypes.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

static const char FIRST_LINE[] = "c2sp.org/tlog-proof@v1\n";
static const char INDEX[] = "index ";
enum { HASH_LINE = 44 + 1, EXTRA_MAX = 4096 };
_Static_assert(HASH_LINE == (ST_HASH_SIZE + 2) / 3 * 4 + 1, "base64 and its end of line");

void st_proof_put(uint64_t index, const struct st_proof *proof, struct st_span note,
		  struct st_buf *to)
{
	ST_REQUIRE(proof->count <= ST_PROOF_MAX);
	st_buf_put_text(to, FIRST_LINE);
	st_buf_printf(to, "%s%" PRIu64 "\n", INDEX, index);
	for (size_t i = 0; i < proof->count; i++) {
		st_base64_put(to, ST_SPAN(proof->path[i].bytes));
		st_buf_put_text(to, "\n");
	}
	st_buf_put_text(to, "\n");
	st_buf_put_span(to, note);
}

static bool starts(struct st_span s, const char *with)
{
	size_t n = strlen(with);
	return s.size >= n && memcmp(s.data, with, n) == 0;
}

static struct st_span skip(struct st_span s, size_t n)
{
	st_assert(n <= s.size);
	return st_span(s.data + n, s.size - n);
}

/* "index N\n", decimal without leading zeros. */
static int parse_index(struct st_span *rest, uint64_t *ret_index)
{
	uint64_t v = 0;
	size_t n = strlen(INDEX), first = n;
	if (!starts(*rest, INDEX))
		return ST_EWIRE;
	for (; n < rest->size && rest->data[n] >= '0' && rest->data[n] <= '9'; n++) {
		if (n - first == 19)
			return ST_EWIRE;
		v = v * 10 + (uint64_t)(rest->data[n] - '0');
	}
	if (n == first || n == rest->size || rest->data[n] != '\n' ||
	    (rest->data[first] == '0' && n - first > 1))
		return ST_EWIRE;
	*rest = skip(*rest, n + 1);
	*ret_index = v;
	return 0;
}

int st_proof_parse(struct st_span text, uint64_t *ret_index, struct st_proof *ret_proof,
		   struct st_span *ret_note)
{
	struct st_proof p = { .count = 0 };
	uint64_t index = 0;
	if (text.size > ST_NOTE_MAX + EXTRA_MAX + ST_PROOF_MAX * HASH_LINE ||
	    !starts(text, FIRST_LINE))
		return ST_EWIRE;
	struct st_span rest = skip(text, sizeof(FIRST_LINE) - 1);
	if (starts(rest, "extra ")) { /* the spec's optional line, which we have no use for */
		const uint8_t *end = memchr(rest.data, '\n', rest.size);
		if (end == NULL)
			return ST_EWIRE;
		rest = skip(rest, (size_t)(end - rest.data) + 1);
	}
	int rc = parse_index(&rest, &index);
	while (rc == 0 && !starts(rest, "\n")) {
		size_t size = 0;
		if (p.count == ST_PROOF_MAX || rest.size < HASH_LINE || rest.data[HASH_LINE - 1] != '\n')
			return ST_EWIRE;
		rc = st_base64_get(st_span(rest.data, HASH_LINE - 1), p.path[p.count].bytes,
				   ST_HASH_SIZE, &size);
		if (rc < 0 || size != ST_HASH_SIZE)
			return ST_EWIRE;
		p.count++;
		rest = skip(rest, HASH_LINE);
	}
	if (rc < 0)
		return rc;
	*ret_index = index;
	*ret_proof = p;
	*ret_note = skip(rest, 1);
	return 0;
}

int st_proof_verify(struct st_span text, struct st_span event, const char *name,
		    const struct st_public_key *key, struct st_checkpoint *ret_checkpoint)
{
	struct st_checkpoint c;
	struct st_cosignature cosignature;
	struct st_proof proof;
	struct st_span note;
	uint64_t index = 0;
	int rc = st_proof_parse(text, &index, &proof, &note);
	if (rc == 0)
		rc = st_note_open(note, name, key, &c, &cosignature);
	if (rc < 0)
		return rc;
	struct st_hash leaf = st_hash_leaf(event);
	rc = st_inclusion_verify(index, c.size, &leaf, &proof, &c.root);
	if (rc == 0)
		*ret_checkpoint = c;
	return rc;
}
