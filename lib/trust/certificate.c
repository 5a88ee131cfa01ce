/* certificate.c - stations' certificates and the requests for them.
 *
 * Owns:    what a certificate says, and the context that it is signed under.
 * Promise: 3: the chain ends at the city's root key, and each link verifies before it is read.
 * Flow:    keys -> request -> certificate -> chain */
#include <station/trust/certificate.h>
#include <string.h>
#include <proto/trust.pb-c.h>
#include <station/base/arena.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { BUDGET = 8 * 1024 };
static const char CERTIFICATE[] = "stationd/certificate/v1\n";
static const char ENROL[] = "stationd/enrol/v1\n";

static ProtobufCBinaryData bytes_of(const void *data, size_t size)
{
	return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)(uintptr_t)data };
}

/* Signs body and puts both, as proto Signed. */
static int put_signed(const uint8_t *body, size_t size, const char *context,
		      const struct st_signing_key *key, struct st_buf *to)
{
	uint8_t packed[ST_CERTIFICATE_MAX];
	struct st_signature signature;
	St__Signed m = ST__SIGNED__INIT;
	st_sign(key, context, st_span(body, size), &signature);
	m.has_body = m.has_signature = true;
	m.body = bytes_of(body, size);
	m.signature = bytes_of(signature.bytes, sizeof(signature.bytes));
	if (st__signed__get_packed_size(&m) > sizeof(packed))
		return ST_ETOOBIG;
	size_t n = st__signed__pack(&m, packed);
	st_assert(n <= sizeof(packed));
	st_buf_put(to, packed, n);
	return to->error;
}

struct opened {
	_Alignas(ST_ARENA_ALIGN) uint8_t block[BUDGET];
	struct st_arena arena;
	struct st_span body;
	struct st_signature signature;
};

/* Reads proto Signed into o's own memory. */
static int open_signed(struct st_span bytes, struct opened *o)
{
	if (bytes.size > ST_CERTIFICATE_MAX)
		return ST_EWIRE;
	o->arena = (struct st_arena){ .block = o->block, .budget = sizeof(o->block) };
	ProtobufCAllocator allocator = st_arena_allocator(&o->arena);
	const St__Signed *m = st__signed__unpack(&allocator, bytes.size, bytes.data);
	if (m == NULL || !m->has_body || !m->has_signature ||
	    m->signature.len != ST_SIGNATURE_SIZE)
		return ST_EWIRE;
	st_assert(bytes.size >= m->body.len);
	o->body = st_span(m->body.data, m->body.len);
	memcpy(o->signature.bytes, m->signature.data, ST_SIGNATURE_SIZE);
	return 0;
}

int st_certificate_issue(const struct st_certificate *c, const struct st_signing_key *issuer,
			 struct st_buf *to)
{
	uint8_t body[ST_CERTIFICATE_MAX];
	St__Certificate m = ST__CERTIFICATE__INIT;
	struct st_span code = st_code_span(&c->code), parent = st_code_span(&c->parent);
	ST_REQUIRE(c->serial > 0 || c->tier == ST_MAIN);
	ST_REQUIRE(c->tier >= ST_MAIN);
	ST_REQUIRE(c->tier <= ST_SPECIALTY);
	ST_REQUIRE(!st_code_empty(&c->code));
	ST_REQUIRE(c->not_before_ms <= c->not_after_ms);
	m.code = bytes_of(code.data, code.size);
	m.has_code = true;
	m.parent = bytes_of(parent.data, parent.size);
	m.has_parent = parent.size > 0;
	m.name = bytes_of(c->name, strlen(c->name));
	m.has_name = true;
	m.tier = (uint32_t)c->tier;
	m.identity = bytes_of(c->identity.bytes, ST_KEY_SIZE);
	m.transport = bytes_of(c->transport.bytes, ST_KEY_SIZE);
	m.grant = bytes_of(c->grant.bytes, ST_KEY_SIZE);
	m.has_tier = m.has_identity = m.has_transport = m.has_grant = true;
	m.serial = c->serial;
	m.not_before_ms = c->not_before_ms;
	m.not_after_ms = c->not_after_ms;
	m.has_serial = m.has_not_before_ms = m.has_not_after_ms = true;
	size_t size = st__certificate__get_packed_size(&m);
	if (size > sizeof(body))
		return ST_ETOOBIG;
	st__certificate__pack(&m, body);
	return put_signed(body, size, CERTIFICATE, issuer, to);
}

static int key_of(protobuf_c_boolean has, ProtobufCBinaryData b, struct st_public_key *ret_key)
{
	if (!has || b.len != ST_KEY_SIZE)
		return ST_EWIRE;
	memcpy(ret_key->bytes, b.data, ST_KEY_SIZE);
	return 0;
}

static int read_fields(const St__Certificate *m, struct st_certificate *c)
{
	int rc = key_of(m->has_identity, m->identity, &c->identity);
	if (rc == 0)
		rc = key_of(m->has_transport, m->transport, &c->transport);
	if (rc == 0)
		rc = key_of(m->has_grant, m->grant, &c->grant);
	if (rc < 0)
		return rc;
	if (!m->has_code || st_code_parse(st_span(m->code.data, m->code.len), &c->code) < 0)
		return ST_EFIELD;
	if (m->has_parent && m->parent.len > 0 &&
	    st_code_parse(st_span(m->parent.data, m->parent.len), &c->parent) < 0)
		return ST_EFIELD;
	if (!m->has_name || m->name.len == 0 ||
	    st_text_check(st_span(m->name.data, m->name.len), ST_NAME_MAX, false) < 0)
		return ST_EFIELD;
	if (m->tier < ST_MAIN || m->tier > ST_SPECIALTY || m->not_after_ms < m->not_before_ms)
		return ST_EFIELD;
	memcpy(c->name, m->name.data, m->name.len);
	c->tier = (enum st_tier)m->tier;
	c->serial = m->serial;
	c->not_before_ms = m->not_before_ms;
	c->not_after_ms = m->not_after_ms;
	return 0;
}

static int decode_body(struct opened *o, struct st_certificate *ret_c)
{
	struct st_certificate c;
	memset(&c, 0, sizeof(c));
	ProtobufCAllocator allocator = st_arena_allocator(&o->arena);
	const St__Certificate *m = st__certificate__unpack(&allocator, o->body.size, o->body.data);
	if (m == NULL)
		return ST_EWIRE;
	int rc = read_fields(m, &c);
	if (rc == 0)
		*ret_c = c;
	return rc;
}

int st_certificate_decode(struct st_span signed_bytes, struct st_certificate *ret_c)
{
	struct opened o;
	int rc = open_signed(signed_bytes, &o);
	return rc < 0 ? rc : decode_body(&o, ret_c);
}

int st_certificate_open(struct st_span signed_bytes, const struct st_public_key *issuer,
			struct st_certificate *ret_c)
{
	struct opened o;
	int rc = open_signed(signed_bytes, &o);
	if (rc == 0)
		rc = st_verify(issuer, CERTIFICATE, o.body, &o.signature);
	return rc < 0 ? rc : decode_body(&o, ret_c);
}

bool st_tier_fits(enum st_tier child, enum st_tier parent)
{
	switch (child) {
	case ST_MAIN:      return false;
	case ST_BRANCH:    return parent == ST_MAIN;
	case ST_BASE:      return parent == ST_BRANCH;
	case ST_SPECIALTY: return parent != ST_SPECIALTY;
	}
	return false;
}

static const struct {
	enum st_tier tier;
	const char *name;
} TIERS[] = {
	{ ST_MAIN, "main" },
	{ ST_BRANCH, "branch" },
	{ ST_BASE, "base" },
	{ ST_SPECIALTY, "specialty" },
};
_Static_assert(sizeof(TIERS) / sizeof(TIERS[0]) == ST_SPECIALTY, "each tier has its name");

const char *st_tier_name(enum st_tier tier)
{
	for (size_t i = 0; i < sizeof(TIERS) / sizeof(TIERS[0]); i++)
		if (TIERS[i].tier == tier)
			return TIERS[i].name;
	return "";
}

int st_tier_parse(struct st_span text, enum st_tier *ret_tier)
{
	for (size_t i = 0; i < sizeof(TIERS) / sizeof(TIERS[0]); i++) {
		if (!st_span_equal(text, st_span_text(TIERS[i].name)))
			continue;
		*ret_tier = TIERS[i].tier;
		return 0;
	}
	return ST_EFIELD;
}

void st_enrol_request_encode(const struct st_enrol_request *r, const struct st_signing_key *key,
			     struct st_buf *to)
{
	uint8_t body[256];
	St__EnrolRequest m = ST__ENROL_REQUEST__INIT;
	m.identity = bytes_of(r->identity.bytes, ST_KEY_SIZE);
	m.transport = bytes_of(r->transport.bytes, ST_KEY_SIZE);
	m.grant = bytes_of(r->grant.bytes, ST_KEY_SIZE);
	m.has_identity = m.has_transport = m.has_grant = true;
	size_t size = st__enrol_request__get_packed_size(&m);
	ST_REQUIRE(size <= sizeof(body));
	st__enrol_request__pack(&m, body);
	int rc = put_signed(body, size, ENROL, key, to);
	ST_REQUIRE(rc == 0 || rc == to->error);
}

int st_enrol_request_open(struct st_span bytes, struct st_enrol_request *ret_r)
{
	struct opened o;
	struct st_enrol_request r;
	int rc = open_signed(bytes, &o);
	if (rc < 0)
		return rc;
	ProtobufCAllocator allocator = st_arena_allocator(&o.arena);
	const St__EnrolRequest *m = st__enrol_request__unpack(&allocator, o.body.size, o.body.data);
	if (m == NULL)
		return ST_EWIRE;
	rc = key_of(m->has_identity, m->identity, &r.identity);
	if (rc == 0)
		rc = key_of(m->has_transport, m->transport, &r.transport);
	if (rc == 0)
		rc = key_of(m->has_grant, m->grant, &r.grant);
	if (rc == 0)
		rc = st_verify(&r.identity, ENROL, o.body, &o.signature);
	if (rc == 0)
		*ret_r = r;
	return rc;
}
