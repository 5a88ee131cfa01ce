/* proof.h - an event's place in its log as a C2SP tlog-proof (c2sp.org/tlog-proof@v1), a text that
 * any such tool verifies offline: index, inclusion path, and the checkpoint's signed note. */
#pragma once
#include <station/trust/checkpoint.h>
#include <station/trust/merkle.h>

void st_proof_put(uint64_t index, const struct st_proof *proof, struct st_span note,
		  struct st_buf *to);
/* ST_EWIRE: not such a text. *ret_note borrows from text. */
ST_MUST int st_proof_parse(struct st_span text, uint64_t *ret_index, struct st_proof *ret_proof,
			   struct st_span *ret_note);
/* Parses, verifies the note under the origin's key and the event's inclusion in it. */
ST_MUST int st_proof_verify(struct st_span text, struct st_span event, const char *name,
			    const struct st_public_key *key, struct st_checkpoint *ret_checkpoint);
