/* outside.h - what neighbours and operators left here: evidence, invites, carried events, and what
 * is still to be sent.
 *
 *   evidence  u64 running number          -> opaque bytes: both checkpoints of a fork, a second key ...
 *   invites   child code (12, zero-padded) -> what was invited, its key, expiry, and who used it
 *   carried   writer u32 | epoch u32 | seq u64 -> event, inclusion proof, checkpoint
 *   outbox    child u32 | incarnation 16 | position u64 -> log u32 | seq u64 */
#pragma once
#include <station/store/store.h>
#include <station/trust/certificate.h>
#include <station/trust/key.h>

enum { ST_EVIDENCE_MAX = 16 * 1024, ST_EVIDENCE_ROWS_MAX = 10000 };

enum st_evidence_kind { ST_EVIDENCE_FORK = 1, ST_EVIDENCE_SECOND_KEY = 2 };
struct st_evidence {
	uint64_t number;
	enum st_evidence_kind kind;
	int64_t seen_ms;
	struct st_code about;
	struct st_span bytes; /* fork: two signed notes; second key: the certificate refused */
};
/* The same bytes are stored once: 1 stored, 0 known already. ST_ETOOBIG: ST_EVIDENCE_ROWS_MAX. */
ST_MUST int st_evidence_put(struct st_txn *t, const struct st_evidence *e);
typedef int st_evidence_fn(const struct st_evidence *e, void *arg);
ST_MUST int st_evidence_each(struct st_txn *t, st_evidence_fn *fn, void *arg);

struct st_invite_row {
	struct st_code child;
	char name[ST_NAME_MAX + 1];
	enum st_tier tier;
	struct st_public_key key;     /* the transport key that the secret stands for */
	int64_t expires_ms;
	bool used;
	struct st_public_key used_by; /* identity key that it enrolled */
};
ST_MUST int st_invite_put(struct st_txn *t, const struct st_invite_row *row);
ST_MUST int st_invite_get(struct st_txn *t, const struct st_code *child,
			  struct st_invite_row *ret_row);
typedef int st_invite_fn(const struct st_invite_row *row, void *arg);
ST_MUST int st_invite_each(struct st_txn *t, st_invite_fn *fn, void *arg);
