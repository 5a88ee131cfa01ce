/* certificate.h - who a station is, signed by its parent; the chain ends at the city's root key.
 * A certificate is encoded once (protobuf, proto/trust.proto) and travels as those bytes with one
 * signature over "stationd/certificate/v1\n" || bytes. Validity limits new links only. */
#pragma once
#include <station/base/code.h>
#include <station/trust/hash.h>
#include <station/trust/key.h>

enum st_tier { ST_MAIN = 1, ST_BRANCH, ST_BASE, ST_SPECIALTY };
enum { ST_CERTIFICATE_MAX = 1024, ST_NAME_MAX = 120, ST_DEPTH_MAX = 8 };

struct st_certificate {
	struct st_code code, parent; /* parent: empty for the one that the root key certifies */
	char name[ST_NAME_MAX + 1];
	enum st_tier tier;
	struct st_public_key identity, transport, grant;
	uint64_t serial; /* of the issuer, rising */
	int64_t not_before_ms, not_after_ms;
};

/* The signed form: body, then signature, as stored and sent. */
ST_MUST int st_certificate_issue(const struct st_certificate *c, const struct st_signing_key *issuer,
				 struct st_buf *to);
/* Decodes without trusting. ST_EWIRE, ST_EFIELD: code, name, tier or times out of form. */
ST_MUST int st_certificate_decode(struct st_span signed_bytes, struct st_certificate *ret_c);
/* Decodes, and verifies the signature under issuer. ST_ESIGNATURE. */
ST_MUST int st_certificate_open(struct st_span signed_bytes, const struct st_public_key *issuer,
				struct st_certificate *ret_c);
/* A tier may stand under another as domain says: branch under main; base under branch; specialty
 * under any but specialty; main under nothing. */
bool st_tier_fits(enum st_tier child, enum st_tier parent);
const char *st_tier_name(enum st_tier tier);  /* "main" ... */
ST_MUST int st_tier_parse(struct st_span text, enum st_tier *ret_tier);

/* What a child asks its parent to certify: its keys and its own signature over them, so that nobody
 * enrols a key that he doesn't hold. Context "stationd/enrol/v1\n". */
struct st_enrol_request {
	struct st_public_key identity, transport, grant;
};
void st_enrol_request_encode(const struct st_enrol_request *r, const struct st_signing_key *key,
			     struct st_buf *to);
ST_MUST int st_enrol_request_open(struct st_span bytes, struct st_enrol_request *ret_r);
