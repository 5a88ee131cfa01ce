/* invite.c - the one pasted string by which a station joins.
 *
 * Owns:    the invite's text form, and what is an address.
 * Promise: a cut or mistyped string is told from a refused one.
 * Flow:    parent -> invite text -> person -> child */
#include <station/trust/invite.h>
#include <stdlib.h>
#include <string.h>
#include <proto/trust.pb-c.h>
#include <station/base/arena.h>
#include <station/base/check.h>
#include <station/base/text.h>

enum { PACKED_MAX = 360, CHECK_SIZE = 4, BUDGET = 4096 };
static const char PREFIX[] = "stationd1.";
static const char ROOT[] = "stationd/root/v1\n";
_Static_assert((PACKED_MAX + CHECK_SIZE + 2) / 3 * 4 + sizeof(PREFIX) <= ST_INVITE_TEXT_MAX,
	       "every invite's text can be read");

static bool is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	unsigned long port = n > 0 && n < ST_PORT_ROOM && text[n] == 0 ? strtoul(text, NULL, 10) : 0;
	return port > 0 && port <= UINT16_MAX;
}

int st_address_split(const char *address, char ret_host[ST_ADDRESS_MAX + 1], char ret_port[ST_PORT_ROOM])
{
	static const char scheme[] = "tcp://";
	const char *host = address + sizeof(scheme) - 1, *colon = strrchr(address, ':');
	if (strncmp(address, scheme, sizeof(scheme) - 1) != 0 || colon <= host || !is_port(colon + 1))
		return ST_EADDRESS;
	size_t n = (size_t)(colon - host);
	if (host[0] == '[' && host[n - 1] == ']') { /* an IPv6 address */
		host++;
		n -= 2;
	}
	if (n == 0 || n > ST_ADDRESS_MAX || strcspn(host, " \t[]/") < n)
		return ST_EADDRESS;
	memcpy(ret_host, host, n);
	ret_host[n] = 0;
	memcpy(ret_port, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

struct st_hash st_root_fingerprint(const struct st_public_key *root)
{
	struct st_span pieces[2] = { st_span_text(ROOT), ST_SPAN(root->bytes) };
	return st_hash(pieces, 2);
}

void st_invite_key(const struct st_invite *i, struct st_box_key *ret_key)
{
	st_box_key_from_seed(i->secret, ret_key);
}

static ProtobufCBinaryData bytes_of(const void *data, size_t size)
{
	return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)(uintptr_t)data };
}

static void put_check(uint8_t *packed, size_t size)
{
	struct st_span pieces[2] = { st_span_text(PREFIX), st_span(packed, size) };
	struct st_hash h = st_hash(pieces, 2);
	memcpy(packed + size, h.bytes, CHECK_SIZE);
}

void st_invite_encode(const struct st_invite *i, struct st_buf *to)
{
	ST_REQUIRE(i->address[0] != 0);
	ST_REQUIRE(!st_code_empty(&i->parent));
	ST_REQUIRE(!st_code_empty(&i->child));
	uint8_t packed[PACKED_MAX + CHECK_SIZE];
	St__Invite m = ST__INVITE__INIT;
	m.address = bytes_of(i->address, strlen(i->address));
	m.parent_transport = bytes_of(i->parent_transport.bytes, ST_KEY_SIZE);
	m.root_fingerprint = bytes_of(i->root_fingerprint.bytes, ST_HASH_SIZE);
	m.parent = bytes_of(i->parent.text, strlen(i->parent.text));
	m.child = bytes_of(i->child.text, strlen(i->child.text));
	m.secret = bytes_of(i->secret, ST_SEED_SIZE);
	m.expires_ms = i->expires_ms;
	m.has_address = m.has_parent_transport = m.has_root_fingerprint = m.has_parent =
		m.has_child = m.has_secret = m.has_expires_ms = true;
	size_t size = st__invite__get_packed_size(&m);
	ST_REQUIRE(size <= PACKED_MAX);
	st__invite__pack(&m, packed);
	put_check(packed, size);
	st_buf_put_text(to, PREFIX);
	st_base64url_put(to, st_span(packed, size + CHECK_SIZE));
	st_wipe(packed, sizeof(packed));
}

static int fixed(protobuf_c_boolean has, ProtobufCBinaryData b, void *to, size_t size)
{
	if (!has || b.len != size)
		return ST_EWIRE;
	memcpy(to, b.data, size);
	return 0;
}

static int read_fields(const St__Invite *m, struct st_invite *i)
{
	int rc = fixed(m->has_parent_transport, m->parent_transport, i->parent_transport.bytes,
		       ST_KEY_SIZE);
	if (rc == 0)
		rc = fixed(m->has_root_fingerprint, m->root_fingerprint, i->root_fingerprint.bytes,
			   ST_HASH_SIZE);
	if (rc == 0)
		rc = fixed(m->has_secret, m->secret, i->secret, ST_SEED_SIZE);
	if (rc < 0)
		return rc;
	if (!m->has_address || m->address.len == 0 || m->address.len > ST_ADDRESS_MAX ||
	    st_text_check(st_span(m->address.data, m->address.len), ST_ADDRESS_MAX, false) < 0)
		return ST_EWIRE;
	if (!m->has_parent || !m->has_child ||
	    st_code_parse(st_span(m->parent.data, m->parent.len), &i->parent) < 0 ||
	    st_code_parse(st_span(m->child.data, m->child.len), &i->child) < 0)
		return ST_EWIRE;
	memcpy(i->address, m->address.data, m->address.len);
	i->expires_ms = m->expires_ms;
	return 0;
}

static int open_packed(struct st_span packed, struct st_invite *ret_i)
{
	_Alignas(ST_ARENA_ALIGN) uint8_t block[BUDGET];
	struct st_invite i;
	struct st_arena arena = { .block = block, .budget = sizeof(block) };
	ProtobufCAllocator allocator = st_arena_allocator(&arena);
	memset(&i, 0, sizeof(i));
	const St__Invite *m = st__invite__unpack(&allocator, packed.size, packed.data);
	if (m == NULL)
		return ST_EWIRE;
	int rc = read_fields(m, &i);
	if (rc == 0)
		*ret_i = i;
	st_wipe(block, sizeof(block));
	st_wipe(&i, sizeof(i));
	return rc;
}

int st_invite_decode(struct st_span text, struct st_invite *ret_i)
{
	uint8_t clean[ST_INVITE_TEXT_MAX], packed[ST_INVITE_TEXT_MAX];
	size_t n = 0, size = 0, prefix = sizeof(PREFIX) - 1;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (n == sizeof(clean))
			return ST_EWIRE;
		clean[n++] = c;
	}
	if (n <= prefix || memcmp(clean, PREFIX, prefix) != 0 ||
	    st_base64url_get(st_span(clean + prefix, n - prefix), packed, sizeof(packed) - CHECK_SIZE,
			     &size) < 0 ||
	    size <= CHECK_SIZE)
		return ST_EWIRE;
	uint8_t told[CHECK_SIZE];
	memcpy(told, packed + size - CHECK_SIZE, CHECK_SIZE);
	put_check(packed, size - CHECK_SIZE);
	int rc = memcmp(told, packed + size - CHECK_SIZE, CHECK_SIZE) != 0
			 ? ST_EWIRE
			 : open_packed(st_span(packed, size - CHECK_SIZE), ret_i);
	st_wipe(clean, sizeof(clean));
	st_wipe(packed, sizeof(packed));
	return rc;
}
