/* certificate.c - any bytes as a certificate and as a request to enrol, and as their bodies under a
 * signature that is right: an error, or fields within their bounds. */
#include "decoders.h"
#include <station/trust/certificate.h>

static const char CERTIFICATE[] = "stationd/certificate/v1\n", ENROL[] = "stationd/enrol/v1\n";

/* trust.proto Signed, around whatever body. */
static struct st_span sign(const char *context, struct st_span body, const struct st_signing_key *key,
			   uint8_t *to)
{
	struct st_signature s;
	st_sign(key, context, body, &s);
	to[0] = 1 << 3 | 2;
	to[1] = (uint8_t)(body.size | 0x80);
	to[2] = (uint8_t)(body.size >> 7);
	memcpy(to + 3, body.data, body.size);
	to[3 + body.size] = 2 << 3 | 2;
	to[4 + body.size] = ST_SIGNATURE_SIZE;
	memcpy(to + 5 + body.size, s.bytes, ST_SIGNATURE_SIZE);
	return st_span(to, body.size + 5 + ST_SIGNATURE_SIZE);
}

static void check(const struct st_certificate *c)
{
	ST_REQUIRE(strlen(c->name) <= ST_NAME_MAX && strlen(c->code.text) <= ST_CODE_MAX);
	ST_REQUIRE(c->tier >= ST_MAIN && c->tier <= ST_SPECIALTY && !st_code_empty(&c->code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_signing_key key;
	static uint8_t bytes[ST_CERTIFICATE_MAX + 128];
	static const uint8_t seed[ST_SEED_SIZE] = { 1 };
	struct st_certificate c;
	struct st_enrol_request r;
	struct st_span whole = st_span(data, size);
	if (key.secret[0] == 0) {
		ST_REQUIRE(st_trust_start() == 0);
		st_signing_key_from_seed(seed, &key);
	}
	if (st_certificate_decode(whole, &c) == 0)
		check(&c);
	(void)(st_enrol_request_open(whole, &r) == 0);
	if (size == 0 || size > ST_CERTIFICATE_MAX)
		return 0;
	if (st_certificate_open(sign(CERTIFICATE, whole, &key, bytes), &key.public, &c) == 0) {
		check(&c);
		CANARY(c.serial > 100 && c.not_after_ms > 0);
	}
	if (st_enrol_request_open(sign(ENROL, whole, &key, bytes), &r) == 0)
		ST_REQUIRE(st_public_key_equal(&r.identity, &key.public));
	return 0;
}
