/* trust.c - tests of keys, certificates, invites, notes, proofs and parts: right ones pass, and a
 * flipped bit anywhere doesn't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/trust/certificate.h>
#include <station/trust/invite.h>
#include <station/trust/part.h>
#include <station/trust/proof.h>

static struct st_keys keys, others;

static int setup(void **state)
{
	uint8_t seeds[3 * ST_SEED_SIZE];
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	memset(seeds, 1, sizeof(seeds));
	st_keys_from_seeds(seeds, &keys);
	memset(seeds, 2, sizeof(seeds));
	st_keys_from_seeds(seeds, &others);
	return 0;
}

static struct st_certificate certificate(void)
{
	struct st_certificate c;
	memset(&c, 0, sizeof(c));
	(void)snprintf(c.code.text, sizeof(c.code.text), "410611003");
	(void)snprintf(c.parent.text, sizeof(c.parent.text), "410611");
	(void)snprintf(c.name, sizeof(c.name), "黎阳路街道基站");
	c.tier = ST_BASE;
	c.serial = 7;
	c.identity = keys.identity.public;
	c.transport = keys.transport.public;
	c.grant = keys.grant.public;
	c.not_before_ms = 1;
	c.not_after_ms = 2;
	return c;
}

static void test_certificates(void **state)
{
	struct st_certificate c = certificate(), got;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_CERTIFICATE_MAX);
	assert_int_equal(st_certificate_issue(&c, &others.identity, &b), 0);
	assert_int_equal(st_certificate_open(st_buf_span(&b), &others.identity.public, &got), 0);
	assert_memory_equal(&got, &c, sizeof(c));
	assert_int_equal(st_certificate_open(st_buf_span(&b), &keys.identity.public, &got), ST_ESIGNATURE);
	for (size_t i = 0; i < b.size; i++) {
		b.data[i] ^= 1;
		assert_true(st_certificate_open(st_buf_span(&b), &others.identity.public, &got) < 0);
		b.data[i] ^= 1;
	}
	for (size_t n = 0; n < b.size; n++)
		assert_true(st_certificate_open(st_span(b.data, n), &others.identity.public, &got) < 0);
	st_buf_clear(&b);
	(void)snprintf(c.name, sizeof(c.name), "a\nb");
	assert_int_equal(st_certificate_issue(&c, &others.identity, &b), 0);
	assert_int_equal(st_certificate_open(st_buf_span(&b), &others.identity.public, &got), ST_EFIELD);
	st_buf_done(&b);
}

static void test_requests(void **state)
{
	struct st_enrol_request r = { keys.identity.public, keys.transport.public, keys.grant.public }, got;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_CERTIFICATE_MAX);
	st_enrol_request_encode(&r, &keys.identity, &b);
	assert_int_equal(st_enrol_request_open(st_buf_span(&b), &got), 0);
	assert_memory_equal(&got, &r, sizeof(r));
	st_buf_clear(&b);
	st_enrol_request_encode(&r, &others.identity, &b); /* a key that he doesn't hold */
	assert_int_equal(st_enrol_request_open(st_buf_span(&b), &got), ST_ESIGNATURE);
	st_buf_done(&b);
}

static void test_tiers(void **state)
{
	(void)state;
	assert_true(st_tier_fits(ST_BRANCH, ST_MAIN));
	assert_true(st_tier_fits(ST_BASE, ST_BRANCH));
	assert_true(st_tier_fits(ST_SPECIALTY, ST_MAIN));
	assert_true(st_tier_fits(ST_SPECIALTY, ST_BASE));
	assert_false(st_tier_fits(ST_BASE, ST_MAIN));
	assert_false(st_tier_fits(ST_MAIN, ST_MAIN));
	assert_false(st_tier_fits(ST_SPECIALTY, ST_SPECIALTY));
}

static void test_invites(void **state)
{
	struct st_invite i, got;
	struct st_buf b;
	char spaced[ST_INVITE_TEXT_MAX + 8];
	(void)state;
	memset(&i, 0, sizeof(i));
	(void)snprintf(i.address, sizeof(i.address), "tcp://station.example:7411");
	i.parent_transport = keys.transport.public;
	i.root_fingerprint = st_root_fingerprint(&keys.identity.public);
	(void)snprintf(i.parent.text, sizeof(i.parent.text), "410611");
	(void)snprintf(i.child.text, sizeof(i.child.text), "410611003");
	memset(i.secret, 9, sizeof(i.secret));
	i.expires_ms = 1234567890123;
	st_buf_init(&b, ST_INVITE_TEXT_MAX);
	st_invite_encode(&i, &b);
	assert_int_equal(st_invite_decode(st_buf_span(&b), &got), 0);
	assert_memory_equal(&got, &i, sizeof(i));
	(void)snprintf(spaced, sizeof(spaced), " %.20s \n%.*s\r\n", (char *)b.data, (int)b.size - 20,
		       (char *)b.data + 20);
	assert_int_equal(st_invite_decode(st_span_text(spaced), &got), 0);
	for (size_t at = 0; at < b.size; at++) {
		uint8_t was = b.data[at];
		b.data[at] = was == 'A' ? 'B' : 'A';
		assert_int_equal(st_invite_decode(st_buf_span(&b), &got), ST_EWIRE);
		b.data[at] = was;
		assert_int_equal(st_invite_decode(st_span(b.data, at), &got), ST_EWIRE);
	}
	st_buf_done(&b);
}

static struct st_checkpoint checkpoint(void)
{
	struct st_checkpoint c = { .log.epoch = 2, .size = 42 };
	(void)snprintf(c.log.station.text, sizeof(c.log.station.text), "410611003");
	memset(c.root.bytes, 0x5a, sizeof(c.root.bytes));
	return c;
}

/* A note as its origin and an upper station have signed it. */
static void put_note(struct st_buf *to)
{
	struct st_checkpoint c = checkpoint();
	struct st_note_line lines[2];
	struct st_code upper = { "410600" };
	st_origin_name(&c.log, lines[0].name);
	st_station_key_name(&upper, lines[1].name);
	lines[0].key = keys.identity.public;
	lines[1].key = others.identity.public;
	st_cosign(&c, &keys.identity, 1700000000, &lines[0].cosignature);
	st_cosign(&c, &others.identity, 1700000001, &lines[1].cosignature);
	st_note_put(&c, lines, 2, to);
}

static void test_notes(void **state)
{
	struct st_checkpoint want = checkpoint(), got;
	struct st_cosignature cosignature;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_NOTE_MAX);
	put_note(&b);
	assert_int_equal(st_note_open(st_buf_span(&b), "stationd/410611003/2", &keys.identity.public, &got,
				      &cosignature), 0);
	assert_string_equal(got.log.station.text, want.log.station.text);
	assert_int_equal(got.log.epoch, want.log.epoch);
	assert_int_equal(got.size, want.size);
	assert_memory_equal(got.root.bytes, want.root.bytes, ST_HASH_SIZE);
	assert_int_equal(cosignature.time_s, 1700000000);
	assert_int_equal(st_note_open(st_buf_span(&b), "stationd/410600", &others.identity.public, &got,
				      &cosignature), 0);
	assert_int_equal(st_note_open(st_buf_span(&b), "stationd/410600", &keys.identity.public, &got,
				      &cosignature), ST_ESIGNATURE);
	size_t text = 0;
	while (memcmp(b.data + text, "\n\n", 2) != 0)
		text++;
	for (size_t i = 0; i < text; i++) { /* whatever is altered in the text */
		b.data[i] ^= 1;
		assert_true(st_note_open(st_buf_span(&b), "stationd/410611003/2", &keys.identity.public,
					 &got, &cosignature) < 0);
		b.data[i] ^= 1;
	}
	st_buf_done(&b);
}

/* Runs the verifier that was written from the C2SP texts, in another language. */
static int verifier(const char *words, const char *vkey, struct st_span input)
{
	char path[] = "/tmp/note-XXXXXX", command[1024];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, input.data, input.size), input.size);
	(void)close(fd);
	(void)snprintf(command, sizeof(command), "python3 tests/compat/c2sp_verify.py %s '%s' %s < %s >/dev/null",
		       words, vkey, strcmp(words, "proof") == 0 ? "/tmp/c2sp-event" : "", path);
	int rc = system(command);
	(void)unlink(path);
	return rc;
}

static void test_independent_verifier(void **state)
{
	struct st_buf note, vkey;
	(void)state;
	st_buf_init(&note, ST_NOTE_MAX);
	st_buf_init(&vkey, 1000);
	put_note(&note);
	st_vkey_text("stationd/410611003/2", &keys.identity.public, &vkey);
	st_buf_u8(&vkey, 0);
	assert_int_equal(verifier("note", (char *)vkey.data, st_buf_span(&note)), 0);
	for (size_t i = 0; i < note.size; i += 17) {
		note.data[i] ^= 2;
		int rc = verifier("note", (char *)vkey.data, st_buf_span(&note));
		bool others_line = i > note.size - 130; /* the receipt's: another key's business */
		assert_true(rc != 0 || others_line);
		note.data[i] ^= 2;
	}
	st_buf_done(&note);
	st_buf_done(&vkey);
}

static void test_proofs(void **state)
{
	struct st_checkpoint c = checkpoint(), got;
	struct st_hash leaves[2] = { st_hash_leaf(st_span_text("one")), st_hash_leaf(st_span_text("two")) };
	struct st_proof proof = { .count = 1, .path = { leaves[0] } };
	struct st_note_line line = { .key = keys.identity.public };
	struct st_buf note, text;
	(void)state;
	c.size = 2;
	c.root = st_hash_node(&leaves[0], &leaves[1]);
	st_origin_name(&c.log, line.name);
	st_cosign(&c, &keys.identity, 5, &line.cosignature);
	st_buf_init(&note, ST_NOTE_MAX);
	st_buf_init(&text, ST_NOTE_MAX);
	st_note_put(&c, &line, 1, &note);
	st_proof_put(1, &proof, st_buf_span(&note), &text);
	assert_int_equal(st_proof_verify(st_buf_span(&text), st_span_text("two"), line.name,
					 &keys.identity.public, &got), 0);
	assert_int_equal(st_proof_verify(st_buf_span(&text), st_span_text("one"), line.name,
					 &keys.identity.public, &got), ST_EROOT);
	for (size_t n = 0; n < text.size; n++)
		assert_true(st_proof_verify(st_span(text.data, n), st_span_text("two"), line.name,
					    &keys.identity.public, &got) < 0);
	st_buf_done(&note);
	st_buf_done(&text);
}

static void test_parts(void **state)
{
	struct st_record_key key, got;
	struct st_record_id record = { .opener = { "410611003" } }, other = record;
	uint8_t nonce[ST_NONCE_SIZE] = { 3 }, seed[ST_SEED_SIZE] = { 4 };
	struct st_buf sealed, plain;
	(void)state;
	memset(&key, 5, sizeof(key));
	other.ulid.bytes[0] = 1;
	st_buf_init(&sealed, 1000);
	st_buf_init(&plain, 1000);
	assert_int_equal(st_private_seal(&key, nonce, &record, st_span_text("王某"), &sealed), 0);
	assert_int_equal(st_private_open(&key, &record, st_buf_span(&sealed), &plain), 0);
	assert_true(st_span_equal(st_buf_span(&plain), st_span_text("王某")));
	assert_int_equal(st_private_open(&key, &other, st_buf_span(&sealed), &plain), ST_ESIGNATURE);
	sealed.data[sealed.size - 1] ^= 1;
	assert_int_equal(st_private_open(&key, &record, st_buf_span(&sealed), &plain), ST_ESIGNATURE);
	st_buf_clear(&sealed);
	assert_int_equal(st_key_seal(&key, &keys.grant.public, seed, &sealed), 0);
	assert_int_equal(st_key_open(st_buf_span(&sealed), &keys.grant, &got), 0);
	assert_memory_equal(&got, &key, sizeof(key));
	assert_int_equal(st_key_open(st_buf_span(&sealed), &others.grant, &got), ST_ESIGNATURE);
	st_buf_done(&sealed);
	st_buf_done(&plain);
}

static void test_key_files(void **state)
{
	uint8_t seeds[3 * ST_SEED_SIZE], got[3 * ST_SEED_SIZE];
	struct st_buf b;
	(void)state;
	for (size_t i = 0; i < sizeof(seeds); i++)
		seeds[i] = (uint8_t)i;
	st_buf_init(&b, 1000);
	st_keys_encode(seeds, &b);
	assert_int_equal(st_keys_decode(st_buf_span(&b), got), 0);
	assert_memory_equal(got, seeds, sizeof(seeds));
	for (size_t n = 0; n < b.size; n++)
		assert_int_equal(st_keys_decode(st_span(b.data, n), got), ST_EWIRE);
	st_buf_done(&b);
}

static void test_root_files(void **state)
{
	uint8_t seed[ST_SEED_SIZE], got[ST_SEED_SIZE], none[3 * ST_SEED_SIZE];
	struct st_buf b;
	(void)state;
	memset(seed, 0xa7, sizeof(seed));
	st_buf_init(&b, 1000);
	st_root_encode(seed, &b);
	assert_int_equal(st_root_decode(st_buf_span(&b), got), 0);
	assert_memory_equal(got, seed, sizeof(seed));
	assert_int_equal(st_keys_decode(st_buf_span(&b), none), ST_EWIRE); /* nor is it a station's */
	for (size_t n = 0; n < b.size; n++)
		assert_int_equal(st_root_decode(st_span(b.data, n), got), ST_EWIRE);
	st_buf_put_text(&b, "\n");
	assert_int_equal(st_root_decode(st_buf_span(&b), got), ST_EWIRE);
	st_buf_done(&b);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} right[] = {
		{ "tcp://main.example:5560", "main.example", "5560" },
		{ "tcp://10.0.0.1:1", "10.0.0.1", "1" },
		{ "tcp://[fe80::1]:65535", "fe80::1", "65535" },
		{ "tcp://*:00080", "*", "00080" },
	};
	static const char *const wrong[] = {
		"",		  "tcp://",	       "tcp://h",	  "tcp://:80",	    "tcp://h:",
		"tcp://h:0",	  "tcp://h:65536",     "tcp://h:+80",	  "tcp://h: 80",    "tcp://h:80 ",
		"tcp://h:000080", "tcp://h:https",     "http://h:80",	  "tcp://[]:80",    "tcp://[h:80",
		"tcp://a b:80",	  "tcp://http://h:80", "tcp://[[::1]]:1", "tcp://h:-65456",
	};
	char host[ST_ADDRESS_MAX + 1], port[ST_PORT_ROOM], text[2 * ST_ADDRESS_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(st_address_split(right[i].text, host, port), 0);
		assert_string_equal(host, right[i].host);
		assert_string_equal(port, right[i].port);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (st_address_split(wrong[i], host, port) != ST_EADDRESS)
			fail_msg("taken for an address: %s", wrong[i]);
	memset(text, 'h', sizeof(text));
	memcpy(text, "tcp://", 6);
	memcpy(text + 6 + ST_ADDRESS_MAX, ":9", 3);
	assert_int_equal(st_address_split(text, host, port), 0);
	memcpy(text + 6 + ST_ADDRESS_MAX, "h:9", 4);
	assert_int_equal(st_address_split(text, host, port), ST_EADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates), cmocka_unit_test(test_requests),
		cmocka_unit_test(test_tiers),	     cmocka_unit_test(test_invites),
		cmocka_unit_test(test_notes),	     cmocka_unit_test(test_independent_verifier),
		cmocka_unit_test(test_proofs),	     cmocka_unit_test(test_parts),
		cmocka_unit_test(test_key_files),    cmocka_unit_test(test_root_files),
		cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
