/* note.c - any text as a signed note and as a tlog-proof. What opens says only what was signed. */
#include "decoders.h"
#include <station/trust/proof.h>

/* A checkpoint of the fuzzer's choice, under a signature that is right. */
static void signed_note(struct st_span in, const struct st_signing_key *key)
{
	struct st_checkpoint c = { .log = { .epoch = take_u8(&in) + 1u } }, got;
	struct st_note_line line = { .key = key->public };
	struct st_cosignature cosignature;
	struct st_buf b;
	memcpy(c.log.station.text, "410600", 6);
	c.size = (uint64_t)take_u16(&in) << take_u8(&in) % 47;
	struct st_span root = take_bytes(&in, ST_HASH_SIZE);
	if (root.size > 0)
		memcpy(c.root.bytes, root.data, root.size);
	st_cosign(&c, key, take_u16(&in), &line.cosignature);
	st_origin_name(&c.log, line.name);
	st_buf_init(&b, ST_NOTE_MAX);
	st_note_put(&c, &line, 1, &b);
	ST_REQUIRE(b.error == 0);
	ST_REQUIRE(st_note_open(st_buf_span(&b), line.name, &key->public, &got, &cosignature) == 0);
	ST_REQUIRE(got.size == c.size && got.log.epoch == c.log.epoch);
	/* One byte of it changed, or one put behind it. */
	size_t at = take_u16(&in) % b.size;
	b.data[at] ^= (uint8_t)(take_u8(&in) | 1);
	int rc = st_note_open(st_buf_span(&b), line.name, &key->public, &got, &cosignature);
	ST_REQUIRE(rc < 0 || st_cosign_verify(&got, &key->public, &cosignature) == 0);
	st_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[ST_SEED_SIZE] = { 1 };
	static struct st_signing_key key;
	struct st_checkpoint c;
	struct st_cosignature cosignature;
	struct st_proof proof;
	struct st_span note;
	uint64_t index = 0;
	if (key.secret[0] == 0) {
		ST_REQUIRE(st_trust_start() == 0);
		st_signing_key_from_seed(seed, &key);
	}
	int rc = st_note_open(st_span(data, size), "stationd/410600/1", &key.public, &c, &cosignature);
	ST_REQUIRE(rc < 0 || st_cosign_verify(&c, &key.public, &cosignature) == 0);
	if (st_proof_parse(st_span(data, size), &index, &proof, &note) == 0) {
		ST_REQUIRE(proof.count <= ST_PROOF_MAX && note.size <= size);
		CANARY(proof.count >= 1 && index > 1);
	}
	signed_note(st_span(data, size), &key);
	return 0;
}
