/* note.c - any text as a signed note and as a tlog-proof. */
#include "decoders.h"
#include <station/trust/proof.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_public_key key = { { 1 } };
	struct st_checkpoint c;
	struct st_cosignature cosignature;
	struct st_proof proof;
	struct st_span note;
	uint64_t index = 0;
	ST_REQUIRE(st_trust_start() == 0);
	ST_REQUIRE(st_note_open(st_span(data, size), "stationd/410600/1", &key, &c, &cosignature) < 0);
	if (st_proof_parse(st_span(data, size), &index, &proof, &note) == 0)
		ST_REQUIRE(proof.count <= ST_PROOF_MAX && note.size <= size);
	return 0;
}
