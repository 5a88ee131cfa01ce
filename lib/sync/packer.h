/* packer.h - what packing and unpacking share: field numbers of proto/wire.proto, and the packer's buffers. */
#pragma once
#include <station/sync/pack.h>
#include <station/trust/paths.h>

enum { PUSH_STATION = 1, PUSH_EPOCH, PUSH_FIRST_SEQ, PUSH_EVENT, PUSH_PART, PUSH_ROOT, PUSH_TIME,
       PUSH_SIGNATURE, PUSH_HEAD };
enum { PART_EVENT = 1, PART_N, PART_STORED };

/* What is to be sent is written to raw, with part for one thing within it. */
struct st_buf *packer_raw(struct st_packer *p);
struct st_buf *packer_part(struct st_packer *p);
/* What one carry's proofs share, and what all of them have read. ST_ENOMEM. */
struct packer_proofs {
	struct st_paths paths;
	struct st_tree_memo memo;
};
int packer_proofs(struct st_packer *p, struct packer_proofs **ret_proofs);
void packer_put_part(struct st_buf *to, uint32_t event, uint32_t n, struct st_span stored);
/* Fills raw_size, compressed and bytes from raw. */
void packer_compress(struct st_packer *p, struct st_packed *packed);
/* heads.c: one head as a field of a push or a carry. */
void packer_put_head(struct st_buf *to, uint32_t field, const struct st_head *h);
int packer_read_head(struct st_span bytes, struct st_head *ret_head); /* ST_EWIRE */
int packer_read_part(struct st_span bytes, struct st_push_part *part); /* ST_EWIRE */
