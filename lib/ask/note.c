/* note.c - a log's checkpoint and an event's proof, as texts that any C2SP tool verifies.
 *
 * Owns:    which receipts stand under which checkpoint.
 * Promise: 3, provable offline.
 * Flow:    log -> checkpoint, receipts -> note -> proof */
#include <station/ask/verify.h>
#include <string.h>
#include <station/base/check.h>
#include <station/trust/proof.h>

_Static_assert(ST_NOTE_SIGNATURES_MAX * (ST_KEY_NAME_MAX + 128) + 256 <= ST_NOTE_MAX,
	       "all signatures fit a note");

struct noting {
	struct st_txn *txn;
	uint64_t size;
	struct st_note_line lines[ST_NOTE_SIGNATURES_MAX];
	size_t count;
};

static int add_receipt(const struct st_receipt *r, void *arg)
{
	struct noting *n = arg;
	struct st_station s;
	if (r->size != n->size || n->count == ST_NOTE_SIGNATURES_MAX)
		return 0;
	int rc = st_station_get(n->txn, r->signer, &s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	struct st_note_line *line = &n->lines[n->count++];
	st_station_key_name(&s.certificate.code, line->name);
	line->key = s.certificate.identity;
	line->cosignature = r->cosignature;
	return 0;
}

static int put_note(struct st_txn *t, const struct st_log *log, const struct st_checkpoint_row *row,
		    struct st_buf *to)
{
	struct st_checkpoint c = { .size = row->size, .root = row->root };
	struct st_station origin;
	struct noting n = { .txn = t, .size = row->size, .count = 1 };
	int rc = st_log_id(t, log, &c.log);
	if (rc == 0)
		rc = st_station_get(t, log->station, &origin);
	if (rc < 0)
		return rc;
	st_origin_name(&c.log, n.lines[0].name);
	n.lines[0].key = origin.certificate.identity;
	n.lines[0].cosignature = row->cosignature;
	rc = st_receipt_each(t, log->number, add_receipt, &n);
	if (rc < 0)
		return rc;
	st_assert(n.count >= 1);
	st_assert(n.count <= ST_NOTE_SIGNATURES_MAX);
	st_note_put(&c, n.lines, n.count, to);
	return to->error;
}

int st_log_note(struct st_txn *t, const struct st_log *log, struct st_buf *to)
{
	ST_REQUIRE(to != NULL);
	struct st_checkpoint_row row;
	int rc = st_checkpoint_get(t, log->number, log->signed_size, &row);
	return rc < 0 ? rc : put_note(t, log, &row, to);
}

struct seeking {
	struct st_txn *txn;
	uint64_t seq, size; /* size 0: nobody above has receipted the event yet */
	uint32_t depth;
};

static int nearest_root(const struct st_receipt *r, void *arg)
{
	struct seeking *k = arg;
	struct st_station s;
	st_assert(k->seq > 0);
	if (r->size < k->seq)
		return 0;
	int rc = st_station_get(k->txn, r->signer, &s);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? 0 : rc;
	if (k->size == 0 || s.depth < k->depth) {
		k->size = r->size;
		k->depth = s.depth;
	}
	return 0;
}

/* The checkpoint that says most of the event: under the receipt nearest to the root, so that the
 * proof shows what main holds; else the first that covers it. */
static int choose_checkpoint(struct st_txn *t, const struct st_log *log, uint64_t seq,
			     struct st_checkpoint_row *row)
{
	st_assert(seq > 0);
	st_assert(seq <= log->tree.size);
	struct seeking k = { .txn = t, .seq = seq };
	int rc = st_receipt_each(t, log->number, nearest_root, &k);
	if (rc < 0)
		return rc;
	rc = k.size == 0 ? ST_ENOTFOUND : st_checkpoint_get(t, log->number, k.size, row);
	return rc == ST_ENOTFOUND ? st_checkpoint_at_least(t, log->number, seq, row) : rc;
}

int st_event_proof(struct st_txn *t, const struct st_log *log, uint64_t seq, struct st_buf *to)
{
	ST_REQUIRE(to != NULL);
	struct st_checkpoint_row row;
	struct st_proof proof;
	struct st_buf note;
	struct st_tree tree = { .txn = t, .log = log->number, .size = log->tree.size };
	if (seq == 0 || seq > log->tree.size)
		return ST_ENOTFOUND;
	int rc = choose_checkpoint(t, log, seq, &row);
	if (rc == 0)
		rc = st_inclusion_prove(seq - 1, row.size, st_tree_read, &tree, &proof);
	if (rc < 0)
		return rc;
	st_buf_init(&note, ST_NOTE_MAX);
	rc = put_note(t, log, &row, &note);
	if (rc == 0)
		st_proof_put(seq - 1, &proof, st_buf_span(&note), to);
	st_buf_done(&note);
	return rc < 0 ? rc : to->error;
}
