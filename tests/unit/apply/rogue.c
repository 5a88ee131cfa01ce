/* rogue.c - tests of what a child with a right key signs against all sense: it may fill its own log with that, and
 * stops nobody else. */
#include <station/ask/verify.h>
#include <station/event/event.h>
#include <station/sync/pack.h>
#include "../../common/sound.h"
#include "pair.h"

enum { RUN_MAX = 8 };
static struct station main_station, child;
static struct st_signing_key root;
static struct st_frontier tree; /* of the log that the child's key signs; its own store knows nothing of it */

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	station_new(&main_station, 1);
	station_new(&child, 2);
	station_found(&main_station, "410600", &root);
	station_join(&main_station, &child, "410611", ST_BRANCH, &root.public);
	tree = (struct st_frontier){ .size = 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&main_station);
	station_gone(&child);
	return 0;
}

static int child_number(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611");
	return st_station_number(t, &code, arg);
}

/* These as the log's next events, under one checkpoint. A refused push leaves the log as it was. */
static int signs(const struct st_span *events, size_t count)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct st_push *push = &job->u.push.push;
	struct st_frontier next = tree;
	for (size_t i = 0; i < count; i++) {
		struct st_hash leaf = st_hash_leaf(events[i]);
		assert_int_equal(st_frontier_append(&next, &leaf, NULL, NULL), 0);
	}
	job->kind = ST_JOB_PUSH;
	*push = (struct st_push){ .first_seq = tree.size + 1, .event_count = count, .events = events,
				  .checkpoint = { { code_of("410611"), 1 }, next.size, st_frontier_root(&next) } };
	st_cosign(&push->checkpoint, &child.keys.identity, 5 + next.size, &push->cosignature);
	assert_int_equal(st_store_read(main_station.store, child_number, &job->u.push.child), 0);
	int rc = station_run(&main_station, job);
	free(job);
	if (rc == 0)
		tree = next;
	return rc;
}

static void is_sound(void)
{
	char why[WHY_UNSOUND];
	assert_int_equal(store_sound(main_station.store, why), 0);
	assert_string_equal(why, "");
}

static void rebuild(void)
{
	uint64_t n = 0;
	assert_int_equal(st_rebuild_ask(main_station.store), 0);
	for (bool done = false; !done;)
		assert_int_equal(st_rebuild_step(main_station.apply, &done, &n), 0);
}

/* ---- runs that no writer of ours would sign under one checkpoint ---- */

struct packing {
	uint64_t from;
	struct st_packed packed;
};

static int pack(struct st_txn *t, void *arg)
{
	struct packing *p = arg;
	struct st_packer *packer = NULL;
	struct st_log log;
	uint32_t number = 0;
	assert_int_equal(child_number(t, &number), 0);
	assert_int_equal(st_log_newest(t, number, &log), 0);
	assert_int_equal(st_packer_new(&packer), 0);
	int rc = st_push_pack(packer, t, &log, p->from, &p->packed);
	st_packer_free(packer);
	return rc;
}

static void goes_on(uint64_t from)
{
	struct packing p = { .from = from };
	assert_int_equal(st_store_read(main_station.store, pack, &p), 0);
	assert_int_equal(p.packed.size, tree.size);
}

static void test_whatever_was_taken_goes_on(void **state)
{
	static uint8_t rubbish[ST_EVENT_MAX];
	struct st_span events[RUN_MAX];
	(void)state;
	memset(rubbish, 0xfe, sizeof(rubbish));
	for (size_t i = 0; i < RUN_MAX; i++)
		events[i] = ST_SPAN(rubbish);
	/* As much as one push holds: more than any checkpoint of ours covers, ... */
	assert_int_equal(signs(events, 4), 0);
	goes_on(0);
	/* ... and what couldn't be passed on is not taken in. */
	assert_int_equal(signs(events, 5), ST_ETOOBIG);
	assert_int_equal(signs(events, 1), 0);
	goes_on(4);
}

/* ---- stations ---- */

static struct st_span encode(uint32_t type, struct st_span body, uint64_t seq, struct st_buf *to)
{
	struct st_event e;
	memset(&e, 0, sizeof(e));
	e.at = (struct st_position){ code_of("410611"), 1, seq };
	e.min_version = 1;
	e.type = type;
	e.body = body;
	st_buf_init(to, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&e, to), 0);
	return st_buf_span(to);
}

/* The base's certificate, under the child's key. */
static struct st_span enrolment(uint64_t seq, struct st_buf *to)
{
	struct st_certificate c = { .tier = ST_BASE, .serial = 1, .code = code_of("410611003"),
				    .parent = code_of("410611"), .name = "n" };
	struct st_buf certificate, body;
	st_buf_init(&certificate, ST_CERTIFICATE_MAX);
	st_buf_init(&body, ST_EVENT_MAX);
	c.identity = child.keys.identity.public;
	assert_int_equal(st_certificate_issue(&c, &child.keys.identity, &certificate), 0);
	assert_int_equal(st_enrol_encode(st_buf_span(&certificate), &body), 0);
	struct st_span event = encode(ST_ENROL, st_buf_span(&body), seq, to);
	st_buf_done(&certificate);
	st_buf_done(&body);
	return event;
}

static int standing(struct st_txn *t, void *arg)
{
	struct st_code code = code_of("410611003");
	struct st_station s;
	int rc = st_station_find(t, &code, &s);
	*(enum st_standing *)arg = s.standing;
	return rc;
}

/* What ends a key before it is given ends nothing, also where both are here and all is told anew. */
static void test_a_key_is_not_ended_before_it_is_given(void **state)
{
	struct st_revoke revoke = { .station = code_of("410611003"), .serial = 1, .epoch = 1 };
	struct st_buf body, bytes[2];
	struct st_span events[2];
	enum st_standing is = ST_REVOKED;
	(void)state;
	st_buf_init(&body, ST_EVENT_MAX);
	assert_int_equal(st_revoke_encode(&revoke, &body), 0);
	events[0] = encode(ST_REVOKE, st_buf_span(&body), 1, &bytes[0]);
	events[1] = enrolment(2, &bytes[1]);
	assert_int_equal(signs(events, 2), 0);
	is_sound();
	rebuild();
	assert_int_equal(st_store_read(main_station.store, standing, &is), 0);
	assert_int_equal(is, ST_ENROLLED);
	st_buf_done(&body);
	st_buf_done(&bytes[0]);
	st_buf_done(&bytes[1]);
}

/* ---- a record whose holder nobody knows yet ---- */

/* A record as it stands, and what was said of it last. */
struct subject {
	struct st_record_id id;
	struct st_record record;
	struct st_position last;
	uint32_t term, revision;
};

static int load(struct st_txn *t, void *arg)
{
	struct subject *s = arg;
	struct st_record_ref ref = { .ulid = s->id.ulid };
	int rc = st_station_number(t, &s->id.opener, &ref.opener);
	return rc < 0 ? rc : st_record_load(t, &ref, &s->record);
}

static void stands(struct subject *s, uint32_t revision, uint32_t waiting)
{
	assert_int_equal(st_store_read(main_station.store, load, s), 0);
	assert_int_equal(s->record.revision, revision);
	assert_int_equal(s->record.waiting, waiting);
	is_sound();
}

/* The child's next word of it, at that place of its log; to: whom it gives it to, NULL: nobody. */
static struct st_span says(struct subject *s, uint32_t type, uint64_t seq, const char *to, struct st_buf *bytes)
{
	struct st_change change = { .kind = ST_KIND_MATTER, .at_ms = 1700000000000 };
	struct st_buf body;
	struct st_event e;
	memset(&e, 0, sizeof(e));
	if (type == ST_MOVE)
		change.move = change.state = s->last.seq == 0 ? 1 : to != NULL ? 2 : 6;
	if (to != NULL)
		change.holder = code_of(to);
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(bytes, ST_EVENT_MAX);
	assert_int_equal(st_change_encode(type, &change, &body), 0);
	e.at = (struct st_position){ code_of("410611"), 1, seq };
	e.min_version = 1;
	e.has_record = true;
	e.record = s->id;
	e.previous = s->last;
	e.revision = ++s->revision;
	e.term = s->term += type == ST_REASSIGN;
	e.type = type;
	e.body = st_buf_span(&body);
	assert_int_equal(st_event_encode(&e, bytes), 0);
	st_buf_done(&body);
	s->last = e.at;
	return st_buf_span(bytes);
}

/* Who may reassign it can't be said before it is known where its holder stands. */
static void test_a_reassignment_waits_for_the_holder_to_be_enrolled(void **state)
{
	struct subject s = { .id = { code_of("410611"), { { 7, 7, 7 } } } };
	struct st_buf bytes[3];
	struct st_span events[3];
	(void)state;
	events[0] = says(&s, ST_MOVE, 1, "410611003", &bytes[0]);
	events[1] = says(&s, ST_REASSIGN, 2, "410600", &bytes[1]);
	events[2] = enrolment(3, &bytes[2]);
	assert_int_equal(signs(events, 2), 0);
	stands(&s, 1, 1);
	rebuild();
	stands(&s, 1, 1);
	assert_int_equal(signs(events + 2, 1), 0);
	stands(&s, 2, 0);
	rebuild();
	stands(&s, 2, 0);
	for (size_t i = 0; i < 3; i++)
		st_buf_done(&bytes[i]);
}

static int find_only(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	(void)row;
	*(struct st_record_ref *)arg = *ref;
	return 0;
}

static int only_record(struct st_txn *t, void *arg)
{
	struct subject *s = arg;
	struct st_record_ref ref;
	int rc = st_record_each(t, NULL, find_only, &ref);
	if (rc == 0)
		rc = st_record_id(t, &ref, &s->id);
	if (rc == 0)
		rc = st_record_load(t, &ref, &s->record);
	s->revision = s->record.revision;
	s->last = (struct st_position){ code_of("410600"), 1, s->record.head.seq };
	return rc;
}

/* What was told of it is told again, as if its newest event had come only now: the platform hears of its end. */
static void test_what_waited_takes_effect_in_every_table(void **state)
{
	static const struct st_command_field fields[] = { { { (const uint8_t *)"title", 5 }, { (const uint8_t *)"lamp", 4 } } };
	static struct st_job job = { .kind = ST_JOB_ONLINE };
	struct subject s = { .term = 0 };
	struct st_buf bytes[4];
	struct st_span events[4];
	(void)state;
	job.u.online = (struct st_job_online){ .source = st_span_text("city"), .request = st_span_text("1"), .fields = fields,
					       .field_count = 1, .spot = { .code = st_span_text("410611") } };
	assert_int_equal(station_run(&main_station, &job), 0);
	assert_int_equal(st_store_read(main_station.store, only_record, &s), 0);
	uint32_t revision = s.revision;
	events[0] = says(&s, ST_MOVE, 1, "410611003", &bytes[0]);
	events[1] = says(&s, ST_REASSIGN, 2, "410611", &bytes[1]);
	events[2] = says(&s, ST_MOVE, 3, NULL, &bytes[2]);
	events[3] = enrolment(4, &bytes[3]);
	assert_int_equal(signs(events, 3), 0);
	stands(&s, revision + 1, 2);
	assert_int_equal(signs(events + 3, 1), 0);
	stands(&s, revision + 3, 0);
	for (size_t i = 0; i < 4; i++)
		st_buf_done(&bytes[i]);
}

enum { MANY_A_PUSH = 256 };

/* Of one log so much may wait for that, and no more: who is enrolled has all of it folded at once. */
static void test_what_waits_for_an_enrolment_is_bounded(void **state)
{
	static struct st_buf bytes[2 * MANY_A_PUSH];
	static struct st_span events[2 * MANY_A_PUSH];
	struct subject s;
	uint32_t n = 0;
	(void)state;
	for (; n < ST_UNPLACED_MAX + MANY_A_PUSH;) {
		for (size_t i = 0; i < 2 * MANY_A_PUSH; i += 2, n++) {
			s = (struct subject){ .id.opener = code_of("410611") };
			st_put_u32(s.id.ulid.bytes, n);
			events[i] = says(&s, ST_MOVE, tree.size + 1 + i, "410611003", &bytes[i]);
			events[i + 1] = says(&s, ST_REASSIGN, tree.size + 2 + i, "410600", &bytes[i + 1]);
		}
		assert_int_equal(signs(events, 2 * MANY_A_PUSH), 0);
		for (size_t i = 0; i < 2 * MANY_A_PUSH; i++)
			st_buf_done(&bytes[i]);
	}
	stands(&s, 1, 0); /* the last of them is set aside */
	assert_int_equal(s.record.set_aside, 1);
	events[0] = enrolment(tree.size + 1, &bytes[0]);
	assert_int_equal(signs(events, 1), 0);
	st_buf_done(&bytes[0]);
	stands(&s, 1, 0);
	st_put_u32(s.id.ulid.bytes, 0);
	stands(&s, 2, 0);
	rebuild();
	stands(&s, 2, 0);
}

/* ---- claims on somebody else's record ---- */

struct victim {
	struct st_span number;
	struct st_record record;
	struct st_record_id id;
};

static int find_victim(struct st_txn *t, void *arg)
{
	struct victim *v = arg;
	struct st_record_ref ref;
	int rc = st_record_resolve(t, v->number, &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &v->record);
	return rc < 0 ? rc : st_record_id(t, &ref, &v->id);
}

static struct st_record now(struct victim *v)
{
	assert_int_equal(st_store_read(main_station.store, find_victim, v), 0);
	return v->record;
}

enum { CLAIMS_A_PUSH = 550 };

/* So many events about the victim's record, behind that one of main's log. */
static void claims(const struct victim *v, uint32_t type, uint64_t behind, size_t pushes)
{
	static struct st_buf bytes[CLAIMS_A_PUSH];
	static struct st_span events[CLAIMS_A_PUSH];
	const struct st_change change = { .kind = ST_KIND_MATTER, .move = 2, .state = 2, .at_ms = 1700000000000 };
	struct st_buf body;
	st_buf_init(&body, ST_EVENT_MAX);
	assert_int_equal(st_change_encode(type, &change, &body), 0);
	for (; pushes > 0; pushes--) {
		for (size_t i = 0; i < CLAIMS_A_PUSH; i++) {
			struct st_event e;
			memset(&e, 0, sizeof(e));
			e.at = (struct st_position){ code_of("410611"), 1, tree.size + 1 + i };
			e.min_version = 1;
			e.has_record = true;
			e.record = v->id;
			e.revision = 2;
			if (behind > 0)
				e.previous = (struct st_position){ code_of("410600"), 1, behind };
			e.type = type;
			e.body = st_buf_span(&body);
			st_buf_init(&bytes[i], ST_EVENT_MAX);
			assert_int_equal(st_event_encode(&e, &bytes[i]), 0);
			events[i] = st_buf_span(&bytes[i]);
		}
		assert_int_equal(signs(events, CLAIMS_A_PUSH), 0);
		for (size_t i = 0; i < CLAIMS_A_PUSH; i++)
			st_buf_done(&bytes[i]);
	}
	st_buf_done(&body);
}

static void test_a_thousand_claims_cost_a_holder_nothing(void **state)
{
	const struct st_command_field category = { st_span_text("category"), st_span_text("环境") };
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&main_station, number), 0);
	struct victim v = { .number = st_span_text(number) };
	uint64_t head = now(&v).head.seq;
	claims(&v, ST_MOVE, head, 8);       /* not its to move */
	claims(&v, ST_NOTE, 0, 8);
	claims(&v, ST_MOVE, head + 999, 3); /* behind what doesn't come */
	assert_int_equal(now(&v).set_aside, 8 * CLAIMS_A_PUSH + 3 * CLAIMS_A_PUSH - ST_WAITING_MAX);
	assert_int_equal(now(&v).waiting, ST_WAITING_MAX);
	assert_int_equal(now(&v).notes, 8 * CLAIMS_A_PUSH);
	is_sound();
	assert_int_equal(station_command(&main_station, "accept", number, &category, 1), 0);
	assert_int_equal(now(&v).revision, 2);
	is_sound();
	rebuild();
	assert_int_equal(now(&v).revision, 2);
	assert_int_equal(now(&v).waiting, ST_WAITING_MAX);
	is_sound();
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_whatever_was_taken_goes_on),
		EACH(test_a_key_is_not_ended_before_it_is_given),
		EACH(test_a_reassignment_waits_for_the_holder_to_be_enrolled),
		EACH(test_what_waited_takes_effect_in_every_table),
		EACH(test_what_waits_for_an_enrolment_is_bounded),
		EACH(test_a_thousand_claims_cost_a_holder_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
