/* ballot.c - the bodies of a vote's own events: the hashes of its tokens, and the papers that came
 * back.
 *
 * Owns:    these bodies' bytes (proto/event.proto).
 * Promise: 8: a body out of form is an error, and counts as a paper that nobody can read.
 * Flow:    vote jobs -> body -> event; event -> body -> count */
#include <station/event/event.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/pb.h>

enum { TOKEN = 1, CHOICES, ID, SPOILED };
enum { HASHES = 1 };
_Static_assert(ST_TOKENS_EVENT_MAX *ST_HASH_SIZE + 1024 <= ST_EVENT_MAX, "they fit into one event");

int st_ballot_encode(const struct st_ballot *in, struct st_buf *to)
{
	ST_REQUIRE(in->choice_count <= ST_BALLOT_CHOICES_MAX);
	if (!in->spoiled)
		st_pb_put_bytes(to, TOKEN, ST_SPAN(in->token));
	st_pb_put_bytes(to, CHOICES, st_span(in->choices, in->choice_count));
	st_pb_put_bytes(to, ID, ST_SPAN(in->id));
	st_pb_put_number(to, SPOILED, in->spoiled);
	return to->error;
}

static bool copy(const struct st_pb_field *f, uint8_t *to, size_t size)
{
	if (f->wire != ST_PB_BYTES || f->bytes.size != size)
		return false;
	memcpy(to, f->bytes.data, size);
	return true;
}

int st_ballot_decode(struct st_span body, struct st_ballot *ret_ballot)
{
	struct st_ballot b;
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	bool token = false, id = false, right = true;
	memset(&b, 0, sizeof(b));
	while (right && st_pb_next(&r, &f)) {
		if (f.number == TOKEN) {
			right = token = copy(&f, b.token, sizeof(b.token));
		} else if (f.number == ID) {
			right = id = copy(&f, b.id, sizeof(b.id));
		} else if (f.number == CHOICES) {
			right = f.wire == ST_PB_BYTES && f.bytes.size <= ST_BALLOT_CHOICES_MAX;
			b.choice_count = right ? f.bytes.size : 0;
			memset(b.choices, 0, sizeof(b.choices)); /* of a field said twice the last counts, alone */
			if (b.choice_count > 0)
				memcpy(b.choices, f.bytes.data, b.choice_count);
		} else if (f.number == SPOILED) {
			b.spoiled = f.value != 0;
		}
	}
	if (!right || r.failed || !id || token == b.spoiled)
		return ST_EWIRE;
	st_assert(b.choice_count <= ST_BALLOT_CHOICES_MAX);
	*ret_ballot = b;
	return 0;
}

int st_tokens_encode(struct st_span hashes, struct st_buf *to)
{
	ST_REQUIRE(hashes.size > 0);
	ST_REQUIRE(hashes.size % ST_HASH_SIZE == 0);
	ST_REQUIRE(hashes.size <= ST_TOKENS_EVENT_MAX * ST_HASH_SIZE);
	st_pb_put_bytes(to, HASHES, hashes);
	return to->error;
}

int st_tokens_decode(struct st_span body, struct st_span *ret_hashes)
{
	struct st_reader r = st_reader(body);
	struct st_span hashes = ST_SPAN_NONE;
	struct st_pb_field f;
	while (st_pb_next(&r, &f))
		if (f.number == HASHES)
			hashes = f.bytes;
	if (r.failed || hashes.size == 0 || hashes.size % ST_HASH_SIZE != 0 ||
	    hashes.size > ST_TOKENS_EVENT_MAX * ST_HASH_SIZE)
		return ST_EWIRE;
	st_assert(hashes.data != NULL);
	*ret_hashes = hashes;
	return 0;
}
