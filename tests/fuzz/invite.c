/* invite.c - any text as an invite: an error, or an invite whose text reads the same. */
#include "decoders.h"
#include <station/trust/invite.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_invite i, again;
	struct st_buf b;
	if (st_invite_decode(st_span(data, size), &i) < 0)
		return 0;
	st_buf_init(&b, ST_INVITE_TEXT_MAX);
	st_invite_encode(&i, &b);
	ST_REQUIRE(st_invite_decode(st_buf_span(&b), &again) == 0);
	ST_REQUIRE(memcmp(&i, &again, sizeof(i)) == 0);
	st_buf_done(&b);
	return 0;
}
