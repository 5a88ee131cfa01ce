/* jobs.c - the jobs of apply, but for those of votes.c, and the opening of a store, with a fault at each call. */
#include "stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include <station/store/carried.h>
#include <station/sync/pack.h>

static struct node *on_base(struct stage *s)
{
	return &s->base;
}

static struct node *on_branch(struct stage *s)
{
	return &s->branch;
}

static struct node *on_fresh(struct stage *s)
{
	return &s->fresh;
}

static int open_store(struct stage *s)
{
	return node_open(s->subject);
}

/* ---- set-up ---- */

static struct papers papers;
static struct joining joining = { .code = "410611004", .tier = ST_BASE };

static int papers_anew(struct stage *s)
{
	papers_done(&papers);
	papers_init(&papers);
	joining.root = s->root->public;
	return 0;
}

static int found(struct stage *s)
{
	struct st_signing_key root;
	return node_found(&s->fresh, "410700", &root);
}

static int invite(struct stage *s)
{
	struct st_invite i;
	int rc = node_invite(&s->branch, &joining, &papers);
	RIGHT(s, rc < 0 || st_invite_decode(st_buf_span(&papers.text), &i) == 0);
	return rc;
}

static int invited(struct stage *s)
{
	(void)papers_anew(s);
	return node_invite(&s->branch, &joining, &papers);
}

static int enrol(struct stage *s)
{
	return node_enrol(&s->branch, &s->fresh, &papers);
}

static int enrolled(struct stage *s)
{
	int rc = invited(s);
	return rc < 0 ? rc : node_enrol(&s->branch, &s->fresh, &papers);
}

static int adopt(struct stage *s)
{
	return node_adopt(&s->fresh, &joining, &papers);
}

static int revoke(struct stage *s)
{
	struct st_job job;
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_REVOKE;
	job.u.revoke.child = code_of(CITY_BASE);
	return node_run(&s->branch, &job);
}

/* ---- commands ---- */

static char number[ST_NUMBER_TEXT];

static int open_matter(struct stage *s)
{
	return node_opens(&s->base, number);
}

static int accept_matter(struct stage *s)
{
	char to[ST_NUMBER_TEXT];
	memcpy(to, number, sizeof(to));
	return node_command(&s->base, "accept", to, NULL, 0);
}

static int add_note(struct stage *s)
{
	const struct st_command_field fields[] = { { st_span_text("remark"), st_span_text("x") },
						   { st_span_text("reporter_phone"), st_span_text("1") } };
	char to[ST_NUMBER_TEXT];
	memcpy(to, number, sizeof(to));
	return node_command(&s->base, "note", to, fields, 2);
}

/* What is named is gone, and the event is there; or neither. */
static struct st_job erasing;

static int erase_parts(struct stage *s)
{
	memset(&erasing, 0, sizeof(erasing));
	erasing.kind = ST_JOB_ERASE;
	erasing.u.erase = (struct st_job_erase){ .record = st_span_text(number), .scope = ST_ERASE_ALL,
						 .reason = st_span_text("r") };
	int rc = node_run(&s->base, &erasing);
	RIGHT(s, rc < 0 || erasing.u.erase.parts > 0);
	return rc;
}

/* One group: two moves, one that is refused, and a checkpoint. All of it or nothing. */
static int group(struct stage *s)
{
	static struct st_job jobs[4];
	static const char *const moves[] = { "accept", "close", "answer" };
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("r") };
	struct st_job *all[4];
	memset(jobs, 0, sizeof(jobs));
	for (size_t i = 0; i < 4; i++) {
		all[i] = &jobs[i];
		jobs[i].kind = i < 3 ? ST_JOB_COMMAND : ST_JOB_REFRESH;
		if (i == 3)
			break;
		jobs[i].u.command.command = (struct st_command){ .kind = ST_KIND_MATTER, .move = moves[i],
								 .at_ms = s->base.world.now_ms };
		jobs[i].u.command.record = st_span_text(number);
	}
	jobs[2].u.command.command.fields = &reply;
	jobs[2].u.command.command.field_count = 1;
	int rc = st_apply_group(s->base.apply, &s->base.world, all, 4, &s->base.applied);
	for (size_t i = 0; i < 4; i++)
		RIGHT(s, rc == 0 ? jobs[i].rc == (i == 1 ? ST_EMOVE : 0) : jobs[i].rc == rc);
	return rc;
}

/* ---- import ---- */

static const char CSV[] =
	"number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,sub_district,"
	"agency,title,text,reply,duplicate_of\n"
	"1,2011-07-01T01:32:33-04:00,,,open,phone,c,,d,,,t,x,r,\n"
	"2,2011-07-01T01:32:33-04:00,2011-07-09T01:32:33-04:00,2011-07-02T01:32:33-04:00,closed,phone,"
	"c,s,d,,,\"t \"\"u\"\"\",x,r,1\n"
	"3,2011-07-01T01:32:33-04:00,,,open,no such,c,,d,,,t,x,r,\n";
static struct st_import_case cases[4];
static struct st_buf values;
static size_t case_count;

static int take_row(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	const char *reason;
	struct st_import_case *c = &cases[case_count];
	(void)arg;
	if (rc == 0)
		rc = st_import_check(row, c, &column, &reason);
	if (rc < 0)
		return rc == ST_ENOMEM ? rc : 0;
	for (size_t i = 0; i < ST_IMPORT_COLUMNS; i++) {
		size_t at = values.size;
		st_buf_put_span(&values, c->column[i]);
		if (values.error < 0)
			return values.error;
		c->column[i] = st_span(values.data + at, c->column[i].size);
	}
	case_count++;
	return 0;
}

static int read_rows(void)
{
	struct st_import_reader *r = NULL;
	case_count = 0;
	st_buf_clear(&values);
	int rc = st_import_reader_new(take_row, NULL, &r);
	if (rc == 0)
		rc = st_import_feed(r, st_span_text(CSV));
	if (rc == 0)
		rc = st_import_end(r);
	st_import_reader_free(r);
	return rc;
}

static int rows_anew(struct stage *s)
{
	(void)s;
	if (values.limit == 0) {
		st_buf_init(&values, 65536);
		st_buf_reserve(&values, 65536); /* columns point into it */
	}
	return values.error;
}

static int import(struct stage *s)
{
	static struct st_job job;
	int rc = read_rows();
	if (rc < 0)
		return rc;
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_IMPORT;
	job.u.import.source = st_span_text("s\xcc\x81"); /* not in normal form, and nobody's word */
	job.u.import.source_assumed = true;
	job.u.import.cases = cases;
	job.u.import.case_count = case_count;
	rc = node_run(&s->base, &job);
	RIGHT(s, rc < 0 || job.u.import.opened == 2);
	return rc;
}

/* ---- pushes ---- */

static struct st_inbound *in;

static int push_ready(struct stage *s)
{
	st_inbound_free(in);
	in = NULL;
	return node_push(&s->base, CITY_BASE, 0, &in);
}

static int push_erased_ready(struct stage *s)
{
	int rc = open_matter(s);
	if (rc == 0)
		rc = erase_parts(s);
	return rc < 0 ? rc : push_ready(s);
}

/* What is answered of a push is what is in the store, also when it is refused. */
static int give(struct stage *s, const struct st_push *push)
{
	static uint64_t held_before;
	struct st_job_push got;
	uint32_t log = 0;
	int rc = node_give(&s->branch, CITY_BASE, push, &got);
	(void)log;
	if (rc == 0) {
		RIGHT(s, got.held == push->checkpoint.size && got.receipted);
		RIGHT(s, st_cosign_verify(&push->checkpoint, &s->branch.keys.identity.public,
					  &got.receipt) == 0);
	} else {
		held_before = 2; /* begin and the enrolment are the branch's, with one matter: city_make */
		RIGHT(s, got.held <= held_before + 1 && !got.receipted);
	}
	return rc;
}

static int push(struct stage *s)
{
	return give(s, &in->push);
}

static int push_altered(struct stage *s)
{
	struct st_push other = in->push;
	other.checkpoint.root.bytes[0] ^= 1;
	st_cosign(&other.checkpoint, &s->base.keys.identity, 9, &other.cosignature);
	return give(s, &other);
}

/* Another history, of a size that is held: refused, and kept as evidence. */
static int push_forked(struct stage *s)
{
	struct st_push other = in->push;
	other.event_count = 0;
	other.part_count = 0;
	other.first_seq = 3;
	other.checkpoint.size = 2;
	other.checkpoint.root.bytes[0] ^= 1;
	st_cosign(&other.checkpoint, &s->base.keys.identity, 9, &other.cosignature);
	return give(s, &other);
}

/* What the base's key signs behind what the branch has of its log. */
static struct st_buf twisted[4];
static struct st_push twisted_push;

/* The branch takes in what the base's own store has. */
static int given(struct stage *s, struct st_frontier *tree)
{
	struct st_job_push got;
	int rc = push_ready(s);
	*tree = (struct st_frontier){ .size = 0 };
	for (size_t i = 0; rc == 0 && i < in->push.event_count; i++) {
		struct st_hash leaf = st_hash_leaf(in->push.events[i]);
		rc = st_frontier_append(tree, &leaf, NULL, NULL);
	}
	for (size_t i = 0; i < 4; i++)
		st_buf_done(&twisted[i]);
	return rc < 0 ? rc : node_give(&s->branch, CITY_BASE, &in->push, &got);
}

/* So many of the twisted, the next in the log. */
static int sign_next(struct stage *s, struct st_frontier *tree, size_t from, size_t count)
{
	static struct st_span events[4];
	int rc = 0;
	twisted_push = (struct st_push){ .first_seq = tree->size + 1, .event_count = count, .events = events };
	for (size_t i = 0; rc == 0 && i < count; i++) {
		events[i] = st_buf_span(&twisted[from + i]);
		struct st_hash leaf = st_hash_leaf(events[i]);
		rc = st_frontier_append(tree, &leaf, NULL, NULL);
	}
	twisted_push.checkpoint = (struct st_checkpoint){ { code_of(CITY_BASE), 1 }, tree->size, st_frontier_root(tree) };
	st_cosign(&twisted_push.checkpoint, &s->base.keys.identity, 9 + tree->size, &twisted_push.cosignature);
	return rc;
}

static void encode(struct st_buf *to, uint64_t seq, struct st_event *e, const struct st_buf *body)
{
	e->at = (struct st_position){ code_of(CITY_BASE), 1, seq };
	e->min_version = 1;
	e->body = st_buf_span(body);
	st_buf_init(to, ST_EVENT_MAX);
	ST_REQUIRE(st_event_encode(e, to) == 0);
}

/* A record whose events come in the wrong order, and twice claimed: gathered and chosen anew. */
static void twist(struct st_buf *to, uint64_t seq, uint64_t previous, uint32_t revision)
{
	const struct st_field fields[] = { { .id = ST_F_CATEGORY, .text = st_span_text("c") },
					   { .id = ST_F_CHANNEL, .is_number = true, .number = 1 } };
	struct st_change change = { .kind = ST_KIND_MATTER, .move = previous == 0 ? 1 : 2,
				    .state = previous == 0 ? 1 : 2, .at_ms = 1700000000000,
				    .fields = fields, .field_count = 2 };
	struct st_event e;
	struct st_buf body;
	st_buf_init(&body, 4096);
	memset(&e, 0, sizeof(e));
	ST_REQUIRE(st_change_encode(ST_MOVE, &change, &body) == 0);
	e.has_record = true;
	e.record.opener = code_of(CITY_BASE);
	memset(e.record.ulid.bytes, 9, ST_ULID_SIZE);
	e.revision = revision;
	if (previous != 0)
		e.previous = (struct st_position){ code_of(CITY_BASE), 1, previous };
	e.type = ST_MOVE;
	encode(to, seq, &e, &body);
	st_buf_done(&body);
}

static int twisted_ready(struct stage *s)
{
	struct st_frontier tree;
	int rc = given(s, &tree);
	uint64_t held = tree.size;
	twist(&twisted[0], held + 1, held + 3, 2);
	twist(&twisted[1], held + 2, held + 3, 2);
	twist(&twisted[2], held + 3, 0, 1);
	twist(&twisted[3], held + 4, held + 1, 3);
	return rc < 0 ? rc : sign_next(s, &tree, 0, 4);
}

/* A record that goes to a station which isn't enrolled yet, and is reassigned. */
static void give_away(struct st_buf *to, uint64_t seq, uint32_t type, const char *whom)
{
	struct st_change change = { .kind = ST_KIND_MATTER, .move = type == ST_MOVE, .state = type == ST_MOVE,
				    .at_ms = 1700000000000, .holder = code_of(whom) };
	struct st_event e;
	struct st_buf body;
	st_buf_init(&body, 4096);
	memset(&e, 0, sizeof(e));
	ST_REQUIRE(st_change_encode(type, &change, &body) == 0);
	e.has_record = true;
	e.record.opener = code_of(CITY_BASE);
	memset(e.record.ulid.bytes, 8, ST_ULID_SIZE);
	e.revision = type == ST_MOVE ? 1 : 2;
	e.term = type == ST_MOVE ? 0 : 1;
	if (type == ST_REASSIGN)
		e.previous = (struct st_position){ code_of(CITY_BASE), 1, seq - 1 };
	e.type = type;
	encode(to, seq, &e, &body);
	st_buf_done(&body);
}

static void certify(struct stage *s, struct st_buf *to, uint64_t seq, const char *whom)
{
	struct st_certificate c = { .tier = ST_SPECIALTY, .serial = 1, .code = code_of(whom), .parent = code_of(CITY_BASE),
				    .name = "n", .identity = s->specialty.keys.identity.public };
	struct st_event e;
	struct st_buf certificate, body;
	memset(&e, 0, sizeof(e));
	st_buf_init(&certificate, ST_CERTIFICATE_MAX);
	st_buf_init(&body, 4096);
	ST_REQUIRE(st_certificate_issue(&c, &s->base.keys.identity, &certificate) == 0);
	ST_REQUIRE(st_enrol_encode(st_buf_span(&certificate), &body) == 0);
	e.type = ST_ENROL;
	encode(to, seq, &e, &body);
	st_buf_done(&certificate);
	st_buf_done(&body);
}

static int unplaced_ready(struct stage *s)
{
	static const char LATE[] = CITY_BASE "-09";
	struct st_frontier tree;
	struct st_job_push got;
	int rc = given(s, &tree);
	give_away(&twisted[0], tree.size + 1, ST_MOVE, LATE);
	give_away(&twisted[1], tree.size + 2, ST_REASSIGN, "410611");
	certify(s, &twisted[2], tree.size + 3, LATE);
	if (rc == 0)
		rc = sign_next(s, &tree, 0, 2);
	if (rc == 0)
		rc = node_give(&s->branch, CITY_BASE, &twisted_push, &got);
	return rc < 0 ? rc : sign_next(s, &tree, 2, 1);
}

static int push_twisted(struct stage *s)
{
	struct st_job_push got;
	uint64_t held = twisted_push.first_seq - 1;
	int rc = node_give(&s->branch, CITY_BASE, &twisted_push, &got);
	RIGHT(s, got.held == (rc == 0 ? twisted_push.checkpoint.size : held) || rc < 0);
	RIGHT(s, rc == 0 || (got.held < twisted_push.checkpoint.size && !got.receipted));
	return rc;
}

/* ---- witnesses ---- */

static struct st_job witness;

static int receipt_ready(struct stage *s)
{
	struct st_job_push got;
	int rc = push_ready(s);
	if (rc == 0)
		rc = node_give(&s->branch, CITY_BASE, &in->push, &got);
	memset(&witness, 0, sizeof(witness));
	witness.kind = ST_JOB_RECEIPTS;
	witness.u.receipts.count = 2;
	witness.u.receipts.receipts[0] = (struct st_receipt_in){
		{ code_of(CITY_BASE), 1 }, code_of("410611"), got.held, got.receipt };
	witness.u.receipts.receipts[1] = witness.u.receipts.receipts[0];
	witness.u.receipts.receipts[1].size--; /* not what was signed */
	return rc;
}

static int receipts(struct stage *s)
{
	int rc = node_run(&s->base, &witness);
	RIGHT(s, rc < 0 || (witness.u.receipts.stored[0] && witness.u.receipts.refused == 1));
	return rc;
}

static int claim_ready(struct stage *s)
{
	memset(&witness, 0, sizeof(witness));
	witness.kind = ST_JOB_CLAIMS;
	witness.u.claims.count = 1;
	struct st_claim *c = &witness.u.claims.claims[0];
	struct st_checkpoint lost = { .log = { code_of(CITY_BASE), 1 }, .size = 99 };
	c->log = lost.log;
	c->size = lost.size;
	st_cosign(&lost, &s->branch.keys.identity, 7, &c->receipt);
	return 0;
}

static int claims(struct stage *s)
{
	int rc = node_run(&s->branch, &witness);
	RIGHT(s, rc < 0 || witness.u.claims.refilling == 1);
	return rc;
}

static int halt_ready(struct stage *s)
{
	memset(&witness, 0, sizeof(witness));
	witness.kind = ST_JOB_HALT;
	witness.u.halt.theirs = (struct st_checkpoint){ .log = { code_of(CITY_BASE), 1 }, .size = 99 };
	st_cosign(&witness.u.halt.theirs, &s->base.keys.identity, 5, &witness.u.halt.cosignature);
	return 0;
}

static int halt(struct stage *s)
{
	return node_run(&s->base, &witness);
}

static int refresh(struct stage *s)
{
	struct st_job job = { .kind = ST_JOB_REFRESH };
	s->base.world.now_ms = 1700000600000;
	return node_run(&s->base, &job);
}

/* ---- heads ---- */

static struct st_job heads_job;
static struct st_head head;

static int find_head(struct st_txn *t, const struct st_code *to, bool subtree, const struct st_addressed *a,
		     void *arg)
{
	(void)t;
	(void)arg;
	head.to = *to;
	head.subtree = subtree;
	head.seq = a->seq;
	return 0;
}

static int find_heads(struct st_txn *t, void *arg)
{
	return st_addressed_each(t, find_head, arg);
}

/* The base has enrolled a station, and told all below main of it. */
static int heads_signed(struct stage *s)
{
	memset(&heads_job, 0, sizeof(heads_job));
	heads_job.kind = ST_JOB_HEADS;
	heads_job.u.heads = (struct st_job_heads){ .every_s = 1, .look = true };
	s->base.world.now_ms = 1700000600000;
	int rc = node_run(&s->base, &heads_job);
	RIGHT(s, rc < 0 || heads_job.u.heads.signed_count <= 1);
	return rc;
}

static int head_pushed_ready(struct stage *s)
{
	int rc = push_ready(s);
	memset(&head, 0, sizeof(head));
	if (rc == 0)
		rc = st_store_read(s->base.store, find_heads, NULL);
	head.log = (struct st_log_id){ code_of(CITY_BASE), 1 };
	head.count = head.time_s = 1;
	st_head_sign(&head, &s->base.keys.identity);
	return rc;
}

static int head_pushed(struct stage *s)
{
	struct st_job_push got;
	struct st_push with = in->push;
	with.heads = &head;
	with.head_count = 1;
	int rc = node_give(&s->branch, CITY_BASE, &with, &got);
	RIGHT(s, rc < 0 || got.heads.kept + got.heads.known == 1);
	return rc;
}

static int head_carried_ready(struct stage *s)
{
	memset(&heads_job, 0, sizeof(heads_job));
	heads_job.kind = ST_JOB_CARRY;
	heads_job.u.carry.carry = (struct st_carry){ .position = 1, .heads = &head, .head_count = 1 };
	memset(&head, 0, sizeof(head));
	head.log = (struct st_log_id){ code_of("410611"), 1 };
	head.to = code_of("410600");
	head.subtree = true;
	head.seq = head.count = head.time_s = 1;
	st_head_sign(&head, &s->branch.keys.identity);
	return 0;
}

/* For the base, and on to the station below it. */
static int head_carried(struct stage *s)
{
	int rc = node_run(&s->base, &heads_job);
	RIGHT(s, rc < 0 || heads_job.u.carry.heads.kept + heads_job.u.carry.heads.known == 1);
	RIGHT(s, rc < 0 || heads_job.u.carry.heads.known == 1 || s->base.applied.addressed);
	return rc;
}

/* ---- online ---- */

static struct st_job online;

/* Opened, coded and handed on, all in one; or nothing of it. */
static int message_handed(struct stage *s)
{
	int rc = node_message(&s->branch, CITY_BASE, &online, NULL);
	RIGHT(s, rc < 0 || (online.u.online.code[0] != 0 &&
			    strcmp(online.u.online.station.certificate.code.text, CITY_BASE) == 0));
	return rc;
}

static int message_again(struct stage *s)
{
	int rc = message_handed(s);
	RIGHT(s, rc < 0 || online.u.online.again);
	return rc;
}

static int told_ready(struct stage *s)
{
	struct st_job job = { .kind = ST_JOB_HOOKS, .u.hooks = true };
	const struct st_command_field category = { st_span_text("category"), st_span_text("c") };
	int rc = node_run(&s->branch, &job);
	if (rc == 0)
		rc = node_message(&s->branch, "410611", &online, number);
	return rc < 0 ? rc : node_command(&s->branch, "accept", number, &category, 1);
}

static int answer_is_told(struct stage *s)
{
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("done") };
	int rc = node_command(&s->branch, "answer", number, &reply, 1);
	RIGHT(s, rc < 0 || s->branch.applied.hooked);
	return rc;
}

int main(void)
{
	static const struct scene scenes[] = {
		{ .name = "open", .play = open_store, .subject = on_base, .opens = true },
		{ .name = "open afresh", .play = open_store, .subject = on_fresh, .opens = true },
		{ .name = "found", .play = found, .subject = on_fresh },
		{ .name = "invite", .play = invite, .subject = on_branch, .before = papers_anew },
		{ .name = "enrol", .play = enrol, .subject = on_branch, .before = invited },
		{ .name = "adopt", .play = adopt, .subject = on_fresh, .before = enrolled },
		{ .name = "revoke", .play = revoke, .subject = on_branch },
		{ .name = "command: open", .play = open_matter, .subject = on_base },
		{ .name = "command: accept", .play = accept_matter, .subject = on_base,
		  .before = open_matter },
		{ .name = "command: note", .play = add_note, .subject = on_base, .before = open_matter },
		{ .name = "erase", .play = erase_parts, .subject = on_base, .before = open_matter },
		{ .name = "push: erased", .play = push, .subject = on_branch, .before = push_erased_ready },
		{ .name = "group", .play = group, .subject = on_base, .before = open_matter },
		{ .name = "import", .play = import, .subject = on_base, .before = rows_anew },
		{ .name = "push", .play = push, .subject = on_branch, .before = push_ready },
		{ .name = "push: altered", .play = push_altered, .subject = on_branch,
		  .before = push_ready },
		{ .name = "push: forked", .play = push_forked, .subject = on_branch,
		  .before = push_ready },
		{ .name = "push: out of order", .play = push_twisted, .subject = on_branch,
		  .before = twisted_ready },
		{ .name = "push: holder known", .play = push_twisted, .subject = on_branch,
		  .before = unplaced_ready },
		{ .name = "receipts", .play = receipts, .subject = on_base, .before = receipt_ready },
		{ .name = "claims", .play = claims, .subject = on_branch, .before = claim_ready },
		{ .name = "halt", .play = halt, .subject = on_base, .before = halt_ready },
		{ .name = "refresh", .play = refresh, .subject = on_base },
		{ .name = "heads: signed", .play = heads_signed, .subject = on_base },
		{ .name = "heads: pushed", .play = head_pushed, .subject = on_branch,
		  .before = head_pushed_ready },
		{ .name = "heads: carried", .play = head_carried, .subject = on_base,
		  .before = head_carried_ready },
		{ .name = "online: message", .play = message_handed, .subject = on_branch },
		{ .name = "online: again", .play = message_again, .subject = on_branch, .before = message_handed },
		{ .name = "online: answer", .play = answer_is_told, .subject = on_branch, .before = told_ready },
	};
	int rc = stage_run(scenes, sizeof(scenes) / sizeof(scenes[0]));
	papers_done(&papers);
	st_buf_done(&values);
	st_inbound_free(in);
	for (size_t i = 0; i < 4; i++)
		st_buf_done(&twisted[i]);
	return rc;
}
