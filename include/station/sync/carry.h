/* carry.h - a carry on its way down: from the outbox into chunks, and from chunks back.
 * One carry is on its way to a child at a time: the next goes when the child has said that this one is on its
 * disk, so it needs no credit and takes bounded memory at both ends. Events of one log under one checkpoint tell what they have in common
 * once (trust/paths.h). A hand-on travels with its private
 * part and the key that is sealed to the new holder; of other events only the clear parts go. */
#pragma once
#include <station/base/arena.h>
#include <station/store/carry.h>
#include <station/sync/pack.h>

/* What is packed for whom. */
struct st_carry_for {
	uint32_t child;          /* station number */
	uint64_t after;          /* position that the child has */
	uint32_t version;        /* of the wire; 0: of a child that doesn't say */
	uint8_t incarnation[16]; /* of this store */
};
/* Packs the outbox's next rows. ST_ENOTFOUND: there is nothing after that position. Rows whose event has gone are
 * passed over. The bytes belong to the packer until it packs again; ret_packed->size is the last position. */
ST_MUST int st_carry_pack(struct st_packer *p, struct st_txn *t, const struct st_carry_for *to,
			  struct st_packed *ret_packed);

/* A carry that came in whole. Owns all that it borrows. */
struct st_inbound_carry {
	struct st_carry carry;
	uint32_t session; /* which greeting of the link it came under */
	uint8_t *raw;
	size_t raw_size; /* bytes behind raw */
	struct st_arena arena;
};
void st_inbound_carry_free(struct st_inbound_carry *in); /* NULL is fine */
/* Decodes an unpacked carry; takes raw (malloc'ed) on success. ST_EWIRE, ST_ETOOBIG, ST_ENOMEM. */
ST_MUST int st_carry_unpack(uint8_t *raw, size_t size, struct st_inbound_carry **ret_in);
/* Takes the next chunk of a carry, as st_assembly_add does for a push. */
ST_MUST int st_assembly_carry(struct st_assembly *a, const struct st_chunk *c,
			      struct st_inbound_carry **ret_in);
