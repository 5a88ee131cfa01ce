/* erase.c - the body that names parts to be dropped.
 *
 * Owns:    its bytes (proto/event.proto).
 * Promise: 9: one event names at most ST_ERASE_HASHES_MAX of them.
 * Flow:    erase job -> body -> event; event -> body -> erase */
#include <station/event/event.h>
#include <station/base/check.h>
#include <station/base/pb.h>
#include <station/base/text.h>

enum { SCOPE = 1, AT_MS, REASON, HASHES };
_Static_assert(ST_ERASE_HASHES_MAX * ST_HASH_SIZE + ST_ERASE_REASON_MAX + 4096 <= ST_EVENT_MAX,
	       "they fit into one event");

int st_erase_encode(const struct st_erase *in, struct st_buf *to)
{
	ST_REQUIRE(in->hashes.size > 0);
	ST_REQUIRE(in->hashes.size % ST_HASH_SIZE == 0);
	ST_REQUIRE(in->hashes.size <= ST_ERASE_HASHES_MAX * ST_HASH_SIZE);
	ST_REQUIRE(in->reason.size <= ST_ERASE_REASON_MAX);
	ST_REQUIRE(in->scope >= ST_ERASE_ALL);
	st_pb_put_number(to, SCOPE, in->scope);
	st_pb_put_number(to, AT_MS, (uint64_t)in->at_ms);
	st_pb_put_bytes(to, REASON, in->reason);
	st_pb_put_bytes(to, HASHES, in->hashes);
	return to->error;
}

int st_erase_decode(struct st_span body, struct st_erase *ret_erase)
{
	struct st_erase e = { .scope = 0 };
	struct st_reader r = st_reader(body);
	struct st_pb_field f;
	while (st_pb_next(&r, &f)) {
		if (f.number == SCOPE)
			e.scope = f.value > UINT8_MAX ? UINT8_MAX : (uint32_t)f.value;
		else if (f.number == AT_MS)
			e.at_ms = (int64_t)f.value;
		else if (f.number == REASON)
			e.reason = f.bytes;
		else if (f.number == HASHES)
			e.hashes = f.bytes;
	}
	if (r.failed || e.scope == 0 || e.hashes.size == 0 || e.hashes.size % ST_HASH_SIZE != 0 ||
	    e.hashes.size > ST_ERASE_HASHES_MAX * ST_HASH_SIZE)
		return ST_EWIRE;
	if (e.reason.size > 0 && st_text_check(e.reason, ST_ERASE_REASON_MAX, false) < 0)
		return ST_EWIRE;
	st_assert(e.hashes.data != NULL);
	*ret_erase = e;
	return 0;
}
