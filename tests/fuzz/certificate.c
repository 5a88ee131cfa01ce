/* certificate.c - any bytes as a certificate and as a request to enrol. */
#include "decoders.h"
#include <station/trust/certificate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_public_key key = { { 1 } };
	struct st_certificate c;
	struct st_enrol_request r;
	ST_REQUIRE(st_trust_start() == 0);
	ST_REQUIRE(st_certificate_open(st_span(data, size), &key, &c) < 0);
	if (st_certificate_decode(st_span(data, size), &c) == 0)
		ST_REQUIRE(strlen(c.name) <= ST_NAME_MAX && strlen(c.code.text) <= ST_CODE_MAX);
	(void)(st_enrol_request_open(st_span(data, size), &r) == 0);
	return 0;
}
