/* head.c - the bytes that a writer's head is signed over.
 *
 * Owns:    their form, which is the statement.
 * Promise: 3, origin-signed: who is in the middle can hold a head back, and do nothing else to it.
 * Flow:    addressed -> head -> wire */
#include <station/trust/head.h>
#include <inttypes.h>
#include <station/base/check.h>

enum { TEXT_MAX = 192 };
static const char CONTEXT[] = "stationd/head/v1\n";
_Static_assert(2 * ST_CODE_MAX + sizeof("/4294967295\n/below\n") +
			       3 * sizeof("18446744073709551615 ") + sizeof("time \n") <
		       TEXT_MAX,
	       "the longest text");

/* On the caller's room, which never grows, so that no want of memory can come between. */
static struct st_span text_of(const struct st_head *h, uint8_t room[TEXT_MAX])
{
	struct st_buf text = { .data = room, .room = TEXT_MAX, .limit = TEXT_MAX };
	st_buf_printf(&text, "%s/%" PRIu32 "\n%s%s\n%" PRIu64 " %" PRIu64 "\ntime %" PRIu64 "\n",
		      h->log.station.text, h->log.epoch, h->to.text, h->subtree ? "/below" : "", h->seq,
		      h->count, h->time_s);
	ST_REQUIRE(text.error == 0);
	return st_buf_span(&text);
}

void st_head_sign(struct st_head *h, const struct st_signing_key *key)
{
	uint8_t room[TEXT_MAX];
	ST_REQUIRE(h->log.epoch > 0);
	ST_REQUIRE(h->seq > 0);
	ST_REQUIRE(!st_code_empty(&h->to));
	st_sign(key, CONTEXT, text_of(h, room), &h->signature);
}

int st_head_verify(const struct st_head *h, const struct st_public_key *key)
{
	uint8_t room[TEXT_MAX];
	return st_verify(key, CONTEXT, text_of(h, room), &h->signature);
}
