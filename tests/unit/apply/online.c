/* online.c - tests of what comes in online: codes, one matter a message, the station of its place,
 * what is to be told, and that a refusal leaves no trace. Main, a branch and a base in one process.
 * */
#include <station/ask/online.h>
#include "pair.h"

static struct station main_, branch, base;
static struct st_signing_key root;

static int setup(void **state)
{
	(void)state;
	station_new(&main_, 1);
	station_new(&branch, 2);
	station_new(&base, 3);
	station_found(&main_, "410600", &root);
	station_join(&main_, &branch, "410611", ST_BRANCH, &root.public);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	station_gone(&main_);
	station_gone(&branch);
	station_gone(&base);
	return 0;
}

static const struct st_command_field fields[] = {
	{ { (const uint8_t *)"title", 5 }, { (const uint8_t *)"lamp", 4 } },
	{ { (const uint8_t *)"reporter_name", 13 }, { (const uint8_t *)"Wang", 4 } },
};

static int send_to(struct station *s, const char *request, const char *code,
		   struct st_job_online *ret)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_ONLINE;
	job->u.online = (struct st_job_online){ .source = st_span_text("platform"),
						.request = st_span_text(request),
						.fields = fields,
						.field_count = 2,
						.spot = { .code = st_span_text(code) } };
	int rc = station_run(s, job);
	*ret = job->u.online;
	free(job);
	return rc;
}

struct looking {
	const char *code;
	struct st_online_status status;
	uint64_t matters, hooks;
	struct st_hook hook;
	int next;
};

static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	assert_int_equal(st_online_count(t, &l->matters), 0);
	assert_int_equal(st_hook_count(t, &l->hooks), 0);
	l->next = st_hook_next(t, NULL, &l->hook);
	return st_online_status_code(t, st_span_text(l->code), &l->status);
}

static int ask(struct station *s, const char *code, struct looking *l)
{
	memset(l, 0, sizeof(*l));
	l->code = code;
	int rc = st_store_read(s->store, look, l);
	st_online_status_done(&l->status);
	return rc;
}

static void test_one_matter_a_message(void **state)
{
	struct st_job_online a, b, c;
	struct looking l;
	(void)state;
	assert_int_equal(send_to(&main_, "1", "410611", &a), 0);
	assert_false(a.again);
	assert_string_equal(a.station.certificate.code.text, "410611");
	assert_int_equal(send_to(&main_, "1", "410600", &b), 0);
	assert_true(b.again);
	assert_string_equal(a.code, b.code);
	assert_string_equal(b.station.certificate.code.text, "410611");
	assert_int_equal(send_to(&main_, "2", "410611", &c), 0);
	assert_string_not_equal(a.code, c.code);
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.matters, 2);
	assert_string_equal(l.status.state->name, "registered");
	assert_string_equal(l.status.station.certificate.code.text, "410611");
}

static void test_codes(void **state)
{
	struct st_job_online a;
	struct looking l;
	char text[ST_QUERY_CODE_TEXT], typed[64], wrong[ST_QUERY_CODE + 1], code[ST_QUERY_CODE + 1];
	(void)state;
	assert_int_equal(send_to(&main_, "1", "", &a), 0);
	st_query_code_text(a.code, text);
	assert_int_equal(ask(&main_, text, &l), 0);
	(void)snprintf(typed, sizeof(typed), " %.4s %s", text, text + 5);
	for (char *p = typed; *p != 0; p++)
		*p = *p == '0'   ? 'o'
		     : *p == '1' ? 'i'
				 : (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	assert_int_equal(ask(&main_, typed, &l), 0);
	unsigned unseen = 0;
	for (size_t i = 0; i < ST_QUERY_CODE; i++) { /* one character wrong */
		memcpy(wrong, a.code, sizeof(wrong));
		wrong[i] = wrong[i] == '7' ? '8' : '7';
		assert_int_equal(ask(&main_, wrong, &l), ST_ENOTFOUND);
		unseen += st_query_code_parse(st_span_text(wrong), code) == 0;
	}
	assert_int_equal(unseen, 0);
	static const char *const none[] = { "",
					    "-",
					    "0000-0000-0000-00",
					    "U",
					    "7K2M-93QX-C8TZ-4N7K2M",
					    "\xe7\x8e\x8b",
					    "7K2M-93QX-C8TZ-4N-------------------------" };
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(ask(&main_, none[i], &l), ST_ENOTFOUND);
}

/* Codes of one millisecond and one secret have nothing in common, and another secret gives others. */
static void test_codes_tell_nothing(void **state)
{
	enum { CODES = 2000 };
	static char codes[CODES][ST_QUERY_CODE + 1];
	struct st_online_secret s = { { 1 } }, other = { { 2 } };
	struct st_record_id id = { .opener = code_of("410600") };
	unsigned same_start = 0;
	char typed[ST_QUERY_CODE + 1];
	(void)state;
	for (size_t i = 0; i < CODES; i++) {
		st_put_u32(id.ulid.bytes + 12, (uint32_t)i);
		st_query_code(&s, &id, 0, codes[i]);
		assert_int_equal(st_query_code_parse(st_span_text(codes[i]), typed), 0);
		assert_string_equal(typed, codes[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(codes[i], codes[k], ST_QUERY_CODE - 2);
		same_start += i > 0 && memcmp(codes[i], codes[i - 1], 2) == 0;
	}
	assert_true(same_start < 20); /* two of 1,024 in 2,000 are likely, twenty aren't */
	st_query_code(&other, &id, 0, typed);
	assert_string_not_equal(typed, codes[CODES - 1]);
	st_query_code(&s, &id, 1, typed);
	assert_string_not_equal(typed, codes[CODES - 1]);
}

static int job_run(struct station *s, struct st_job job)
{
	struct st_job *j = calloc(1, sizeof(*j));
	*j = job;
	int rc = station_run(s, j);
	free(j);
	return rc;
}

struct numbering {
	const char *code;
	char number[ST_NUMBER_TEXT];
};

static int find_number(struct st_txn *t, void *arg)
{
	struct numbering *n = arg;
	struct st_record_ref ref;
	struct st_record r;
	struct st_record_id id;
	assert_int_equal(st_online_resolve(t, st_span_text(n->code), &ref), 0);
	assert_int_equal(st_record_load(t, &ref, &r), 0);
	assert_int_equal(st_record_id(t, &ref, &id), 0);
	st_number_text(&r.number, &id.opener, &id.ulid, n->number);
	return 0;
}

static void move(struct station *s, const char *code, const char *name, const char *field,
		 const char *value)
{
	struct st_command_field f = { st_span_text(field), st_span_text(value) };
	struct numbering n = { .code = code };
	assert_int_equal(st_store_read(s->store, find_number, &n), 0);
	assert_int_equal(station_command(s, name, n.number, &f, field[0] != 0), 0);
}

static void test_what_is_told(void **state)
{
	struct st_job_online a;
	struct looking l;
	uint8_t id[ST_HOOK_ID];
	(void)state;
	assert_int_equal(send_to(&main_, "1", "", &a), 0);
	move(&main_, a.code, "accept", "category", "c");
	move(&main_, a.code, "answer", "reply", "done");
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 0); /* nobody asked to be told */
	assert_int_equal(job_run(&main_, (struct st_job){ .kind = ST_JOB_HOOKS, .u.hooks = true }),
			 0);
	move(&main_, a.code, "rework", "reason", "not done");
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 0);
	assert_false(l.status.has_answer); /* an answer that is worked on anew is none */
	move(&main_, a.code, "answer", "reply", "done now");
	assert_true(main_.applied.hooked);
	move(&main_, a.code, "note", "remark", "told the unit");
	assert_false(main_.applied.hooked);
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 1);
	assert_int_equal(l.next, 0);
	memcpy(id, l.hook.id, sizeof(id));
	move(&main_, a.code, "rework", "reason", "still not");
	move(&main_, a.code, "answer", "reply", "done");
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 2);
	assert_memory_equal(l.hook.id, id, sizeof(id)); /* the older one first, as it was */
	struct st_job told = { .kind = ST_JOB_TOLD, .u.told = { l.hook.ref, l.hook.n } };
	assert_int_equal(job_run(&main_, told), 0);
	assert_int_equal(job_run(&main_, told), 0); /* told twice, taken once */
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 1);
	assert_memory_not_equal(l.hook.id, id, sizeof(id));
	assert_int_equal(job_run(&main_, (struct st_job){ .kind = ST_JOB_HOOKS, .u.hooks = false }),
			 0);
	assert_int_equal(ask(&main_, a.code, &l), 0);
	assert_int_equal(l.hooks, 1); /* what was promised stays */
}

/* Each reporter hears the result of what was merged. */
static void test_merged_hears_the_answer(void **state)
{
	struct st_job_online a, b;
	struct looking l;
	struct numbering n;
	(void)state;
	assert_int_equal(send_to(&main_, "1", "", &a), 0);
	assert_int_equal(send_to(&main_, "2", "", &b), 0);
	n.code = a.code;
	assert_int_equal(st_store_read(main_.store, find_number, &n), 0);
	move(&main_, b.code, "merge", "joins", n.number);
	assert_int_equal(ask(&main_, b.code, &l), 0);
	assert_string_equal(l.status.state->name, "merged");
	assert_false(l.status.has_answer);
	move(&main_, a.code, "accept", "category", "c");
	move(&main_, a.code, "answer", "reply", "done");
	assert_int_equal(ask(&main_, b.code, &l), 0);
	assert_string_equal(l.status.state->name, "merged");
	assert_true(l.status.has_answer);
	assert_true(l.status.answered_ms > 0);
	assert_int_equal(l.status.accepted_ms, 0);
}

/* Takes what is to be told next, and says of which state. */
static const char *taken(struct st_job_online *of)
{
	struct looking l;
	assert_int_equal(ask(&main_, of->code, &l), 0);
	if (l.hooks == 0)
		return "";
	struct st_job told = { .kind = ST_JOB_TOLD, .u.told = { l.hook.ref, l.hook.n } };
	assert_memory_equal(&l.hook.ref, &l.status.record.ref, sizeof(l.hook.ref));
	assert_int_equal(job_run(&main_, told), 0);
	return st_kind_state(st_kind(ST_KIND_MATTER), l.hook.state)->name;
}

/* What was merged, and what was merged into that, is told of the result, each once, until taken. */
static void test_merged_is_told_the_result(void **state)
{
	struct st_job_online b, c;
	char first[ST_NUMBER_TEXT];
	struct numbering n;
	(void)state;
	assert_int_equal(job_run(&main_, (struct st_job){ .kind = ST_JOB_HOOKS, .u.hooks = true }), 0);
	assert_int_equal(station_opens(&main_, first), 0); /* it came in by the door */
	assert_int_equal(send_to(&main_, "2", "", &b), 0);
	n.code = b.code;
	assert_int_equal(st_store_read(main_.store, find_number, &n), 0);
	assert_int_equal(send_to(&main_, "3", "", &c), 0);
	move(&main_, c.code, "merge", "joins", n.number);
	assert_string_equal(taken(&c), "merged");
	move(&main_, b.code, "merge", "joins", first);
	assert_string_equal(taken(&b), "merged");
	assert_string_equal(taken(&b), "");
	const struct st_command_field category = { st_span_text("category"), st_span_text("c") };
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("done") };
	const struct st_command_field reason = { st_span_text("reason"), st_span_text("not done") };
	assert_int_equal(station_command(&main_, "accept", first, &category, 1), 0);
	assert_int_equal(station_command(&main_, "answer", first, &reply, 1), 0);
	assert_true(main_.applied.hooked);
	assert_string_equal(taken(&b), "answered");
	assert_string_equal(taken(&c), "answered");
	assert_string_equal(taken(&c), "");
	move(&main_, b.code, "tell", "told_how", "phone");
	assert_string_equal(taken(&b), "");
	assert_int_equal(station_command(&main_, "rework", first, &reason, 1), 0);
	assert_string_equal(taken(&b), "");
	assert_int_equal(station_command(&main_, "answer", first, &reply, 1), 0);
	assert_string_equal(taken(&b), "answered");
	assert_string_equal(taken(&c), "answered");
}

static void test_refusal_leaves_no_trace(void **state)
{
	static const struct st_command_field bad[] = {
		{ { (const uint8_t *)"title", 5 }, { (const uint8_t *)"\xff", 1 } },
	};
	struct st_job job = { .kind = ST_JOB_ONLINE };
	struct st_job_online a;
	struct looking l;
	char request[ST_ONLINE_TEXT_MAX + 2];
	(void)state;
	memset(request, 'x', sizeof(request) - 1);
	request[sizeof(request) - 1] = 0;
	assert_int_equal(send_to(&main_, request, "410611", &a), ST_ETOOBIG);
	assert_string_equal(a.place, "request_id");
	assert_int_equal(send_to(&main_, "", "410611", &a), ST_EFIELD);
	job.u.online = (struct st_job_online){ .source = st_span_text("p"),
					       .request = st_span_text("1"),
					       .fields = bad,
					       .field_count = 1 };
	assert_int_equal(job_run(&main_, job), ST_EFIELD);
	assert_int_equal(ask(&main_, "7K2M-93QX-C8TZ-4N", &l), ST_ENOTFOUND);
	assert_int_equal(l.matters, 0);
	assert_int_equal(send_to(&base, "1", "", &a), ST_ENOSTATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_matter_a_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_codes_tell_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merged_hears_the_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merged_is_told_the_result, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal_leaves_no_trace, setup, teardown),
	};
	return st_trust_start() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
