/* apply.c - tests of the one transaction: what a push must be, what a halt and a claim do, that a
 * refused job leaves no trace, and that nothing private leaves. */
#include <station/ask/report.h>
#include <station/ask/verify.h>
#include <station/sync/pack.h>
#include "pair.h"

static struct station parent, child, main_station;
static struct st_signing_key root;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&main_station, 1);
	station_new(&parent, 2);
	station_new(&child, 3);
	station_found(&main_station, "410600", &root);
	station_join(&main_station, &parent, "410611", ST_BRANCH, &root.public);
	station_join(&parent, &child, "410611003", ST_BASE, &root.public);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&main_station);
	station_gone(&parent);
	station_gone(&child);
	return 0;
}

/* The next push of a station's own log, from a size on. */
struct packing {
	uint64_t from;
	struct st_packer *packer;
	struct st_packed packed;
};

static int pack(struct st_txn *t, void *arg)
{
	struct packing *p = arg;
	struct st_self self;
	struct st_log log;
	assert_int_equal(st_self_load(t, &self), 0);
	assert_int_equal(st_log_get(t, self.log, &log), 0);
	return st_push_pack(p->packer, t, &log, p->from, &p->packed);
}

static struct st_inbound *push_of(struct station *s, uint64_t from)
{
	struct packing p = { .from = from };
	struct st_assembly a;
	struct st_inbound *in = NULL;
	assert_int_equal(st_packer_new(&p.packer), 0);
	assert_int_equal(st_store_read(s->store, pack, &p), 0);
	st_assembly_init(&a);
	for (size_t n = 0; n < st_packed_chunks(&p.packed); n++) {
		struct st_chunk c = st_packed_chunk(&p.packed, 1, n);
		assert_int_equal(st_assembly_add(&a, &c, &in), 0);
	}
	assert_non_null(in);
	st_assembly_done(&a);
	st_packer_free(p.packer);
	return in;
}

static int number_of(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003");
	return st_station_number(t, &code, arg);
}

static int give(struct station *to, const struct st_push *push, struct st_job_push *ret)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_PUSH;
	job->u.push.push = *push;
	assert_int_equal(st_store_read(to->store, number_of, &job->u.push.child), 0);
	int rc = station_run(to, job);
	*ret = job->u.push;
	free(job);
	return rc;
}

static void test_push(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	(void)state;
	assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(in->push.event_count, 2);
	assert_int_equal(in->push.part_count, 1); /* the clear one */
	assert_int_equal(give(&parent, &in->push, &got), 0);
	assert_int_equal(got.held, 2);
	assert_true(got.receipted);
	assert_int_equal(st_cosign_verify(&in->push.checkpoint, &parent.keys.identity.public, &got.receipt), 0);
	/* The same again: answered as before, stored once. */
	assert_int_equal(give(&parent, &in->push, &got), 0);
	assert_int_equal(got.held, 2);
	assert_true(got.receipted);
	st_inbound_free(in);
}

static void test_gap_and_overlap(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	(void)state;
	struct st_inbound *begin = push_of(&child, 0);
	assert_int_equal(give(&parent, &begin->push, &got), 0);
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *late = push_of(&child, 2);
	assert_int_equal(give(&parent, &late->push, &got), ST_ESEQ);
	assert_int_equal(got.held, 1);
	struct st_inbound *all = push_of(&child, 0);
	assert_int_equal(give(&parent, &all->push, &got), 0);
	assert_int_equal(got.held, 3);
	st_inbound_free(begin);
	st_inbound_free(late);
	st_inbound_free(all);
}

static void test_altered(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	(void)state;
	assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 0);
	uint8_t *byte = (uint8_t *)(uintptr_t)in->events[1].data + in->events[1].size - 1;
	*byte ^= 1;
	assert_int_equal(give(&parent, &in->push, &got), ST_EROOT);
	*byte ^= 1;
	in->push.cosignature.signature.bytes[3] ^= 1;
	assert_int_equal(give(&parent, &in->push, &got), ST_ESIGNATURE);
	in->push.cosignature.signature.bytes[3] ^= 1;
	in->push.cosignature.time_s++;
	assert_int_equal(give(&parent, &in->push, &got), ST_ESIGNATURE);
	in->push.cosignature.time_s--;
	in->push.checkpoint.log.epoch = 2;
	assert_int_equal(give(&parent, &in->push, &got), ST_EEPOCH);
	in->push.checkpoint.log.epoch = 1;
	in->push.checkpoint.log.station = code_of("410621");
	assert_int_equal(give(&parent, &in->push, &got), ST_EORIGIN);
	in->push.checkpoint.log.station = code_of("410611");
	assert_int_equal(give(&parent, &in->push, &got), ST_ESUBTREE);
	in->push.checkpoint.log.station = code_of("410611003");
	/* A part that isn't what was signed is dropped; its event stands. */
	byte = (uint8_t *)(uintptr_t)in->parts[0].stored.data + 20;
	*byte ^= 1;
	assert_int_equal(give(&parent, &in->push, &got), 0);
	assert_int_equal(got.parts_dropped, 1);
	assert_int_equal(got.held, 2);
	st_inbound_free(in);
}

/* Signs whatever it is told: a child with a right key and wrong events. */
static int count_evidence(const struct st_evidence *e, void *arg)
{
	assert_int_equal(e->kind, ST_EVIDENCE_FORK);
	++*(int *)arg;
	return 0;
}

static int read_evidence(struct st_txn *t, void *arg)
{
	return st_evidence_each(t, count_evidence, arg);
}

static void test_signed_rubbish(void **state)
{
	struct st_job_push got;
	uint8_t rubbish[50];
	struct st_span event = ST_SPAN(rubbish);
	struct st_frontier tree = { .size = 0 };
	int forks = 0;
	(void)state;
	memset(rubbish, 0xfe, sizeof(rubbish));
	struct st_inbound *begin = push_of(&child, 0);
	assert_int_equal(give(&parent, &begin->push, &got), 0);
	struct st_hash leaf = st_hash_leaf(begin->push.events[0]);
	assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	leaf = st_hash_leaf(event);
	assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	struct st_push push = { .first_seq = 2, .event_count = 1, .events = &event,
				.checkpoint = begin->push.checkpoint };
	push.checkpoint.size = 2;
	push.checkpoint.root = st_frontier_root(&tree);
	st_cosign(&push.checkpoint, &child.keys.identity, 5, &push.cosignature);
	assert_int_equal(give(&parent, &push, &got), 0);
	assert_int_equal(got.unread, 1);
	assert_int_equal(got.held, 2);
	assert_true(got.receipted);
	/* And another history of the same size: both checkpoints are kept. */
	push.checkpoint.root.bytes[0] ^= 1;
	st_cosign(&push.checkpoint, &child.keys.identity, 6, &push.cosignature);
	assert_int_equal(give(&parent, &push, &got), ST_EROOT);
	assert_int_equal(st_store_read(parent.store, read_evidence, &forks), 0);
	assert_int_equal(forks, 1);
	st_inbound_free(begin);
}

static void test_halt(void **state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	char number[ST_NUMBER_TEXT];
	int evidence = 0;
	(void)state;
	job->kind = ST_JOB_HALT;
	job->u.halt.theirs = (struct st_checkpoint){ .log = { code_of("410611003"), 1 }, .size = 9 };
	st_cosign(&job->u.halt.theirs, &parent.keys.identity, 5, &job->u.halt.cosignature);
	assert_int_equal(station_run(&child, job), ST_ESIGNATURE); /* nonsense halts nobody */
	assert_int_equal(station_opens(&child, number), 0);
	job->rc = 0;
	job->u.halt.theirs = (struct st_checkpoint){ .log = { code_of("410611003"), 1 }, .size = 9 };
	st_cosign(&job->u.halt.theirs, &child.keys.identity, 5, &job->u.halt.cosignature);
	assert_int_equal(station_run(&child, job), 0);
	assert_true(child.applied.self_changed);
	assert_int_equal(station_opens(&child, number), ST_EFORKED);
	assert_int_equal(st_store_read(child.store, read_evidence, &evidence), 0);
	assert_int_equal(evidence, 1);
	station_close(&child);
	station_open(&child);
	assert_int_equal(station_opens(&child, number), ST_EFORKED);
	free(job);
}

/* What the same transaction has written will be signed at its end: who says so then isn't halted by it, and says it again. */
static void test_halt_within_a_group(void **state)
{
	struct st_job *halt = calloc(1, sizeof(*halt)), *open = calloc(1, sizeof(*open));
	struct st_job *behind[] = { open, halt }, *before[] = { halt, open };
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") },
		{ st_span_text("category"), st_span_text("环境") },
	};
	(void)state;
	open->kind = ST_JOB_COMMAND;
	open->u.command.command = (struct st_command){ .kind = ST_KIND_MATTER, .move = "open", .fields = fields,
						       .at_ms = child.world.now_ms, .field_count = 2 };
	halt->kind = ST_JOB_HALT;
	halt->u.halt.theirs = (struct st_checkpoint){ .log = { code_of("410611003"), 1 }, .size = 9 };
	st_cosign(&halt->u.halt.theirs, &child.keys.identity, 5, &halt->u.halt.cosignature);
	assert_int_equal(st_apply_group(child.apply, &child.world, behind, 2, &child.applied), 0);
	assert_int_equal(open->rc, 0);
	assert_int_equal(halt->rc, ST_EBUSY);
	assert_false(child.applied.self_changed);
	assert_int_equal(st_apply_group(child.apply, &child.world, before, 2, &child.applied), 0);
	assert_int_equal(halt->rc, 0);
	assert_int_equal(open->rc, ST_EFORKED);
	assert_true(child.applied.self_changed);
	assert_int_equal(child.applied.grown_count, 0); /* nothing was signed */
	free(halt);
	free(open);
}

/* Our own receipt over more than we hold: no receipt again until we are past it. */
static void test_refill(void **state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_job_push got;
	char number[ST_NUMBER_TEXT];
	(void)state;
	job->kind = ST_JOB_CLAIMS;
	struct st_claim *m = &job->u.claims.claims[0];
	m->log = (struct st_log_id){ code_of("410611003"), 1 };
	m->size = 3;
	job->u.claims.count = 1;
	assert_int_equal(station_run(&parent, job), 0);
	assert_int_equal(job->u.claims.refilling, 0); /* not under our signature: proves nothing */
	struct st_checkpoint c = { .log = m->log, .size = 3 };
	st_cosign(&c, &parent.keys.identity, 7, &m->receipt);
	assert_int_equal(station_run(&parent, job), 0);
	assert_int_equal(job->u.claims.refilling, 1);
	for (uint64_t size = 1; size <= 4; size++) {
		struct st_inbound *in = push_of(&child, 0);
		assert_int_equal(give(&parent, &in->push, &got), 0);
		assert_int_equal(got.receipted, size >= 3);
		st_inbound_free(in);
		assert_int_equal(station_opens(&child, number), 0);
	}
	free(job);
}

static int accept_at(char number[ST_NUMBER_TEXT], int64_t at_ms)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_COMMAND;
	job->u.command.command =
		(struct st_command){ .kind = ST_KIND_MATTER, .move = "accept", .at_ms = at_ms };
	job->u.command.record = st_span_text(number);
	int rc = station_run(&child, job);
	if (rc < 0)
		assert_string_equal(job->u.command.place, "at");
	free(job);
	return rc;
}

/* A clock that was years ahead and was set right holds nobody up; a date that a person gives is bounded. */
static void test_clock_set_right(void **state)
{
	static const int64_t DAY = 24 * 3600 * 1000;
	char number[ST_NUMBER_TEXT];
	int64_t right = child.world.now_ms;
	(void)state;
	child.world.now_ms = right + 5 * 365 * DAY;
	assert_int_equal(station_opens(&child, number), 0);
	child.world.now_ms = right;
	assert_int_equal(accept_at(number, right), ST_EFIELD);              /* before the opening */
	assert_int_equal(accept_at(number, right + 5 * 365 * DAY), ST_EFIELD); /* beyond the clock */
	assert_int_equal(accept_at(number, 0), 0);
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(accept_at(number, right + DAY + 1), ST_EFIELD);
	assert_int_equal(accept_at(number, right + DAY), 0);
}

static int see_child(const struct st_coverage_row *row, void *arg)
{
	if (strcmp(row->station.certificate.code.text, "410611003") == 0)
		*(uint64_t *)arg = row->checkpoint_time_s;
	return 0;
}

static int read_coverage(struct st_txn *t, void *arg)
{
	return st_coverage_each(t, see_child, arg);
}

/* The child's own log as a push to the parent at this time, by the child's clock and by the parent's. */
static uint64_t heard_at(uint64_t from, int64_t child_ms, int64_t parent_ms)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_job_push got;
	uint64_t seen_s = 0;
	child.world.now_ms = child_ms;
	parent.world.now_ms = parent_ms;
	job->kind = ST_JOB_REFRESH;
	assert_int_equal(station_run(&child, job), 0);
	struct st_inbound *in = push_of(&child, from);
	assert_int_equal(give(&parent, &in->push, &got), 0);
	assert_int_equal(st_store_read(parent.store, read_coverage, &seen_s), 0);
	st_inbound_free(in);
	free(job);
	return seen_s * 1000;
}

/* An idle station's silence has an age by the parent's clock, whatever its own says, and is young again once its own is right. */
static void test_clock_ahead_makes_no_silence_young(void **state)
{
	static const int64_t HOUR = 3600 * 1000, YEAR = 365 * 24 * HOUR;
	char number[ST_NUMBER_TEXT];
	int64_t t = parent.world.now_ms;
	(void)state;
	assert_int_equal(station_opens(&child, number), 0);
	assert_int_equal(heard_at(0, t + 5 * YEAR, t), t);
	assert_int_equal(heard_at(2, t + 5 * YEAR + HOUR, t + HOUR), t + HOUR);         /* it is still ahead, and heard */
	assert_int_equal(heard_at(2, t + 5 * YEAR + HOUR, t + 2 * HOUR), t + HOUR);     /* the same again is no news */
	assert_int_equal(heard_at(2, t + 3 * HOUR + 4000, t + 3 * HOUR), t + 3 * HOUR);   /* set right, nearly */
	assert_int_equal(heard_at(2, t + 2 * HOUR, t + 4 * HOUR), t + 3 * HOUR);          /* an old word is none */
	assert_int_equal(heard_at(2, t + 5 * HOUR, t + 5 * HOUR), t + 5 * HOUR);
}

static void test_receipts(void **state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_job_push got;
	(void)state;
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(give(&parent, &in->push, &got), 0);
	job->kind = ST_JOB_RECEIPTS;
	struct st_job_receipts *r = &job->u.receipts;
	r->count = 4;
	for (size_t i = 0; i < 4; i++)
		r->receipts[i] = (struct st_receipt_in){ in->push.checkpoint.log, code_of("410611"), 1, got.receipt };
	r->receipts[1].cosignature.signature.bytes[0] ^= 1;
	r->receipts[2].size = 99;
	r->receipts[3].signer = code_of("410611003"); /* nobody receipts himself */
	assert_int_equal(station_run(&child, job), 0);
	assert_true(r->stored[0]);
	assert_false(r->stored[1] || r->stored[2] || r->stored[3]);
	assert_int_equal(r->refused, 3);
	st_inbound_free(in);
	free(job);
}

static void test_revoke(void **state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_job_push got;
	char number[ST_NUMBER_TEXT];
	(void)state;
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(give(&parent, &in->push, &got), 0);
	job->kind = ST_JOB_REVOKE;
	job->u.revoke.child = code_of("410611003");
	assert_int_equal(station_run(&parent, job), 0);
	assert_int_equal(station_run(&parent, job), ST_EREVOKED);
	assert_int_equal(give(&parent, &in->push, &got), 0); /* what was receipted stays valid */
	st_inbound_free(in);
	assert_int_equal(station_opens(&child, number), 0);
	in = push_of(&child, 0);
	assert_int_equal(give(&parent, &in->push, &got), ST_EREVOKED);
	assert_int_equal(got.held, 1);
	st_inbound_free(in);
	free(job);
}

static void test_refused_leaves_no_trace(void **state)
{
	const struct st_command_field bad[] = { { st_span_text("channel"), st_span_text("pigeon") } };
	struct st_job *jobs[3];
	char number[ST_NUMBER_TEXT] = "", place[ST_PLACE_MAX];
	(void)state;
	assert_int_equal(station_opens(&child, number), 0);
	for (size_t i = 0; i < 3; i++) {
		jobs[i] = calloc(1, sizeof(struct st_job));
		jobs[i]->kind = ST_JOB_COMMAND;
		jobs[i]->u.command.command = (struct st_command){ .kind = ST_KIND_MATTER, .move = "accept",
								  .at_ms = child.world.now_ms };
		jobs[i]->u.command.record = st_span_text(number);
	}
	jobs[1]->u.command.command.move = "open";
	jobs[1]->u.command.command.fields = bad;
	jobs[1]->u.command.command.field_count = 1;
	jobs[1]->u.command.record = ST_SPAN_NONE;
	assert_int_equal(st_apply_group(child.apply, &child.world, jobs, 3, &child.applied), 0);
	assert_int_equal(jobs[0]->rc, 0);
	assert_int_equal(jobs[1]->rc, ST_EFIELD);
	assert_int_equal(jobs[2]->rc, ST_EMOVE); /* the first of the group has accepted it already */
	(void)snprintf(place, sizeof(place), "%s", jobs[1]->u.command.place);
	assert_string_equal(place, "channel");
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(in->push.event_count, 3); /* begin, open, accept */
	st_inbound_free(in);
	for (size_t i = 0; i < 3; i++)
		free(jobs[i]);
}

static void test_invites(void **state)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_buf text;
	(void)state;
	st_buf_init(&text, ST_INVITE_TEXT_MAX);
	job->kind = ST_JOB_INVITE;
	job->u.invite = (struct st_job_invite){ .child = code_of("410611003"), .name = st_span_text("x"),
						.tier = ST_BASE, .address = st_span_text("tcp://h:1"),
						.valid_ms = 1, .text = &text };
	assert_int_equal(station_run(&parent, job), ST_EEXIST);
	job->u.invite.child = code_of("410611-01");
	assert_int_equal(station_run(&parent, job), ST_EFIELD); /* a specialty's form */
	job->u.invite.tier = ST_SPECIALTY;
	assert_int_equal(station_run(&parent, job), 0);
	job->u.invite.tier = ST_BRANCH;
	assert_int_equal(station_run(&parent, job), ST_EFIELD);
	st_buf_done(&text);
	free(job);
}

static void test_logs_verify(void **state)
{
	struct st_job_push got;
	struct st_log_verdict v;
	struct st_recount r;
	char number[ST_NUMBER_TEXT];
	(void)state;
	for (int i = 0; i < 30; i++)
		assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(give(&parent, &in->push, &got), 0);
	st_inbound_free(in);
	assert_int_equal(st_log_verify(parent.store, got.log, NULL, NULL, &v), 0);
	assert_int_equal(v.rc, 0);
	assert_int_equal(v.size, 31);
	assert_int_equal(st_recount_run(parent.store, NULL, NULL, &r), 0);
	assert_int_equal(r.records, 30);
	assert_int_equal(r.wrong + r.wrong_records, 0);
}

/* ---- planted damage is found ---- */

static int break_checkpoint(struct st_txn *t, void *arg)
{
	struct st_log log;
	struct st_cosignature c = { .time_s = 1 };
	assert_int_equal(st_log_get(t, *(uint32_t *)arg, &log), 0);
	return st_checkpoint_put(t, &log, &c);
}

static int break_tally(struct st_txn *t, void *arg)
{
	static const uint8_t cell[2] = { 1, 1 };
	uint8_t key[ST_TALLY_KEY_SIZE];
	struct st_tally_key k = { .view = ST_VIEW_COARSE, .role = ST_ROLE_OPENER, .kind = 1, .station = 9 };
	(void)arg;
	st_tally_key_encode(&k, key);
	return st_cell_put(t, ST_SPAN(key), ST_SPAN(cell));
}

static int break_part(struct st_txn *t, void *arg)
{
	uint8_t other[40] = { 0 };
	return st_part_put_row(t, *(uint32_t *)arg, 2, 0, ST_SPAN(other));
}

static void test_damage_is_found(void **state)
{
	struct st_job_push got;
	struct st_log_verdict v;
	struct st_recount r;
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 0);
	assert_int_equal(give(&parent, &in->push, &got), 0);
	st_inbound_free(in);
	assert_int_equal(st_store_write(parent.store, break_part, &got.log), 0);
	assert_int_equal(st_log_verify(parent.store, got.log, NULL, NULL, &v), 0);
	assert_int_equal(v.rc, ST_ECORRUPT);
	assert_int_equal(v.bad_seq, 2);
	assert_int_equal(st_store_write(parent.store, break_checkpoint, &got.log), 0);
	assert_int_equal(st_log_verify(parent.store, got.log, NULL, NULL, &v), 0);
	assert_true(v.rc < 0);
	assert_int_equal(st_store_write(parent.store, break_tally, NULL), 0);
	assert_int_equal(st_recount_run(parent.store, NULL, NULL, &r), 0);
	assert_int_equal(r.wrong, 1);
}

/* Wherever a full disk stops a push, the answer says what is held on the disk: no more, or the child goes
 * on behind a gap; no less, or it sends its whole log again. */
static void test_full_tells_what_is_held(void **state)
{
	struct st_store_conf conf = { .directory = parent.directory, .readers_max = 16 };
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	struct st_store_info info;
	int rc = ST_EFULL, full = 0;
	(void)state;
	struct st_inbound *begin = push_of(&child, 0);
	assert_int_equal(give(&parent, &begin->push, &got), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 1);
	assert_int_equal(st_store_info(parent.store, &info), 0);
	for (uint64_t room = 0; rc == ST_EFULL; room += 4096, full++) {
		station_close(&parent);
		conf.map_bytes = info.used_bytes + room;
		conf.reserve_bytes = room == 0 ? UINT64_MAX : 0; /* the disk at first, then the map */
		assert_int_equal(st_store_open(&conf, &parent.store), 0);
		assert_int_equal(st_apply_new(parent.store, &parent.keys, &parent.apply), 0);
		rc = give(&parent, &in->push, &got);
		assert_int_equal(got.held, rc == 0 ? 101 : 1);
		assert_int_equal(got.receipted, rc == 0);
	}
	assert_int_equal(rc, 0);
	assert_true(full > 5);
	st_inbound_free(begin);
	st_inbound_free(in);
}

static unsigned questions_left; /* until somebody comes; 0: nobody does */

static bool pressed(void *arg)
{
	(void)arg;
	return questions_left > 0 && --questions_left == 0;
}

/* At whatever event a push makes way, it says what is held without it; done again, it is as the first time. */
static void test_push_makes_way(void **state)
{
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	struct st_recount r;
	int rc = ST_EPRESSED;
	unsigned ways = 0;
	(void)state;
	struct st_inbound *begin = push_of(&child, 0);
	assert_int_equal(give(&parent, &begin->push, &got), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(station_opens(&child, number), 0);
	struct st_inbound *in = push_of(&child, 1);
	parent.world.pressed = pressed;
	while (rc == ST_EPRESSED) {
		questions_left = ++ways;
		rc = give(&parent, &in->push, &got);
		assert_int_equal(got.held, rc == 0 ? 11 : 1);
		assert_int_equal(got.receipted, rc == 0);
	}
	parent.world.pressed = NULL;
	assert_int_equal(rc, 0);
	assert_int_equal(ways, 10 + 1 + 1); /* before each event, before the commit; then nobody came any more */
	assert_int_equal(st_recount_run(parent.store, NULL, NULL, &r), 0);
	assert_int_equal(r.records, 10);
	assert_int_equal(r.wrong, 0);
	st_inbound_free(begin);
	st_inbound_free(in);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
/* ---- numbers ---- */

enum { IMPORTED = ST_IMPORT_ROWS_MAX };

static void make_rows(struct st_import_case *cases, char (*texts)[32], unsigned open_ones)
{
	for (unsigned i = 0; i < IMPORTED; i++) {
		struct st_import_row r = { .row = i + 2 };
		const char *column = "", *reason = "";
		(void)snprintf(texts[i], sizeof(texts[i]), "C%u-%u", open_ones, i);
		r.column[ST_COL_NUMBER] = st_span_text(texts[i]);
		r.column[ST_COL_OPENED_AT] = st_span_text("2023-03-01T09:00:00+08:00");
		r.column[ST_COL_STATE] = st_span_text(i < open_ones ? "open" : "closed");
		if (i >= open_ones)
			r.column[ST_COL_CLOSED_AT] = st_span_text("2023-03-02T09:00:00+08:00");
		r.column[ST_COL_CHANNEL] = st_span_text("phone");
		r.column[ST_COL_CATEGORY] = st_span_text("类");
		r.column[ST_COL_TITLE] = st_span_text("t");
		assert_int_equal(st_import_check(&r, &cases[i], &column, &reason), 0);
	}
}

struct serials {
	bool taken[4 * IMPORTED + 1];
	unsigned count;
};

static int take_serial(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct serials *s = arg;
	struct st_record r;
	assert_int_equal(st_record_decode(ref, row, &r), 0);
	if (r.number.year != 2023)
		return 0;
	assert_true(r.number.serial <= 4 * IMPORTED);
	assert_false(s->taken[r.number.serial]);
	s->taken[r.number.serial] = true;
	s->count++;
	return 0;
}

static int read_serials(struct st_txn *t, void *arg)
{
	return st_record_each(t, NULL, take_serial, arg);
}

/* More events than one run takes: wherever it ends, the record that is being opened keeps its number for itself. */
static void no_two_records_share_a_number(void **state)
{
	struct station *s = &child;
	(void)state;
	struct st_import_case *cases = calloc(IMPORTED, sizeof(*cases));
	char(*texts)[32] = calloc(IMPORTED, sizeof(*texts));
	struct serials *serials = calloc(1, sizeof(*serials));
	for (unsigned open_ones = 0; open_ones < 4; open_ones++) {
		struct st_job *job = calloc(1, sizeof(*job));
		make_rows(cases, texts, open_ones);
		job->kind = ST_JOB_IMPORT;
		job->u.import = (struct st_job_import){ .source = st_span_text("file"), .cases = cases,
							.case_count = IMPORTED };
		assert_int_equal(station_run(s, job), 0);
		assert_int_equal(job->u.import.opened, IMPORTED);
		free(job);
	}
	assert_int_equal(st_store_read(s->store, read_serials, serials), 0);
	assert_int_equal(serials->count, 4 * IMPORTED);
	free(serials);
	free(texts);
	free(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_push), EACH(test_gap_and_overlap), EACH(test_altered), EACH(test_signed_rubbish),
		EACH(test_halt), EACH(test_halt_within_a_group), EACH(test_refill), EACH(test_clock_set_right),
		EACH(test_clock_ahead_makes_no_silence_young),
		EACH(test_receipts), EACH(test_revoke),
		EACH(test_refused_leaves_no_trace), EACH(test_invites), EACH(test_logs_verify),
		EACH(test_damage_is_found), EACH(test_full_tells_what_is_held), EACH(test_push_makes_way),
		EACH(no_two_records_share_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
