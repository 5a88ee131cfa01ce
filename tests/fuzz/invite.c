/* invite.c - any text as an invite, and any bytes under a right checksum: an error, or an invite whose
 * text reads the same. And the address in it, or any text as one: an error, or two halves that make it again. */
#include "decoders.h"
#include <station/base/text.h>
#include <station/trust/hash.h>
#include <station/trust/invite.h>

static const char PREFIX[] = "stationd1.";

static void read_address(const char *text)
{
	char host[ST_ADDRESS_MAX + 1], port[ST_PORT_ROOM], again[ST_ADDRESS_MAX + 32];
	memset(host, 'x', sizeof(host));
	memset(port, 'x', sizeof(port));
	if (st_address_split(text, host, port) < 0) {
		ST_REQUIRE(host[0] == 'x' && port[0] == 'x');
		return;
	}
	ST_REQUIRE(memchr(host, 0, sizeof(host)) != NULL && host[0] != 0);
	ST_REQUIRE(memchr(port, 0, sizeof(port)) != NULL && atoi(port) > 0 && atoi(port) <= UINT16_MAX);
	const char *open = text[6] == '[' ? "[" : "", *shut = open[0] != 0 ? "]" : "";
	(void)snprintf(again, sizeof(again), "tcp://%s%s%s:%s", open, host, shut, port);
	ST_REQUIRE(strcmp(again, text) == 0);
}

static void read_text(struct st_span text)
{
	struct st_invite i, again;
	struct st_buf b;
	if (st_invite_decode(text, &i) < 0)
		return;
	read_address(i.address);
	st_buf_init(&b, ST_INVITE_TEXT_MAX);
	st_invite_encode(&i, &b);
	ST_REQUIRE(b.error == 0);
	ST_REQUIRE(st_invite_decode(st_buf_span(&b), &again) == 0);
	ST_REQUIRE(memcmp(&i, &again, sizeof(i)) == 0);
	CANARY(i.expires_ms > 1LL << 42);
	st_buf_done(&b);
}

/* The checksum is no secret, but nothing that guesses would find it. */
static void read_packed(struct st_span packed)
{
	struct st_span pieces[2] = { st_span_text(PREFIX), packed };
	struct st_hash h = st_hash(pieces, 2);
	struct st_buf closed, text;
	st_buf_init(&closed, ST_INVITE_TEXT_MAX);
	st_buf_init(&text, 2 * ST_INVITE_TEXT_MAX);
	st_buf_put_span(&closed, packed);
	st_buf_put(&closed, h.bytes, 4);
	st_buf_put_text(&text, PREFIX);
	st_base64url_put(&text, st_buf_span(&closed));
	if (closed.error == 0 && text.error == 0)
		read_text(st_buf_span(&text));
	st_buf_done(&closed);
	st_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char address[2 * ST_ADDRESS_MAX];
	size_t n = size < sizeof(address) ? size : sizeof(address) - 1;
	if (n > 0)
		memcpy(address, data, n);
	address[n] = 0;
	read_address(address);
	read_text(st_span(data, size));
	read_packed(st_span(data, size));
	return 0;
}
