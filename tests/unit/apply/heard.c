/* heard.c - what the writer of a directive can see of it: sent, waiting, taken, delivered, seen, done; and what ends
 * it otherwise. */
#include <station/ask/directives.h>
#include "five.h"

/* ---- looking at one record's directives ---- */

struct told {
	const char *number, *by, *to; /* the newest directive of that writer to that station */
	bool found;
	struct st_position at;
	struct st_reach reach;
	struct st_aside aside;
	enum st_stray_why stray;
};

static int tell(const struct st_life_event *e, void *arg)
{
	struct told *x = arg;
	for (size_t i = 0; i < e->reach_count; i++) {
		if (strcmp(e->at.station.text, x->by) != 0 || strcmp(e->reaches[i].to.text, x->to) != 0)
			continue;
		x->found = true;
		x->at = e->at;
		x->reach = e->reaches[i];
		x->aside = e->aside;
		x->stray = e->stray;
	}
	return 0;
}

static int read_told(struct st_txn *t, void *arg)
{
	struct told *x = arg;
	struct st_record_ref ref;
	struct st_record r;
	int rc = st_record_resolve(t, st_span_text(x->number), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &r);
	return rc < 0 ? rc : st_life_each(t, &r, NULL, tell, x);
}

static struct told told(int station, const char *number, int by, int to)
{
	struct told x = { .number = number, .by = codes[by], .to = codes[to] };
	assert_int_equal(st_store_read(city[station].store, read_told, &x), 0);
	assert_true(x.found);
	return x;
}

static enum st_reach_state state_at(int station, const char *number, int by, int to)
{
	return told(station, number, by, to).reach.state;
}

static struct st_job_seen sees(int station, const char *what)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_SEEN;
	job->u.seen.what = st_span_text(what);
	job->u.seen.author = st_span_text("clerk");
	assert_int_equal(station_run(&city[station], job), 0);
	struct st_job_seen done = job->u.seen;
	free(job);
	return done;
}

static int own_size(struct st_txn *t, void *arg)
{
	struct st_self self;
	struct st_log log;
	int rc = st_self_load(t, &self);
	if (rc == 0)
		rc = st_log_get(t, self.log, &log);
	*(uint64_t *)arg = log.tree.size;
	return rc;
}

static uint64_t size_of(int station)
{
	uint64_t size = 0;
	assert_int_equal(st_store_read(city[station].store, own_size, &size), 0);
	return size;
}

/* ---- lists ---- */

struct listed {
	struct st_directives_query q;
	size_t count;
	struct st_position first;
	enum st_reach_state state;
	bool late;
	char title[304];
	struct st_buf next;
};

static int list_one(const struct st_directive *d, void *arg)
{
	struct listed *l = arg;
	if (l->count++ == 0) {
		l->first = d->event->at;
		l->state = d->reach->state;
		l->late = d->late;
		(void)snprintf(l->title, sizeof(l->title), "%s", d->title);
	}
	return 0;
}

static int read_list(struct st_txn *t, void *arg)
{
	struct listed *l = arg;
	return st_directives_each(t, &l->q, list_one, l, &l->next);
}

static void list(int station, struct listed *l)
{
	st_buf_init(&l->next, 256);
	l->q.limit = l->q.limit == 0 ? 100 : l->q.limit;
	l->q.today = l->q.today == 0 ? 1 : l->q.today;
	assert_int_equal(st_store_read(city[station].store, read_list, l), 0);
}

static size_t listed(int station, enum st_directives which, bool open_only)
{
	struct listed l = { .q = { .which = which, .open_only = open_only } };
	list(station, &l);
	st_buf_done(&l.next);
	return l.count;
}

/* ---- tests ---- */

/* From base to a base of another branch: each stage as it becomes known, where it is known. */
static void test_each_stage_across(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	assert_int_equal(state_at(BASE_A, number, BASE_A, BASE_B), ST_REACH_SENT);
	push_all(BASE_A);
	push_all(BRANCH_A);
	struct told x = told(MAIN, number, BASE_A, BASE_B);
	assert_int_equal(x.reach.state, ST_REACH_WAITING);
	assert_string_equal(x.reach.child.text, codes[BRANCH_B]);
	(void)carry_all(BRANCH_B);
	assert_int_equal(state_at(MAIN, number, BASE_A, BASE_B), ST_REACH_TAKEN);
	assert_int_equal(state_at(BRANCH_B, number, BASE_A, BASE_B), ST_REACH_WAITING);
	settle();
	for (int i = 0; i < STATIONS; i++)
		assert_int_equal(state_at(i, number, BASE_A, BASE_B), ST_REACH_DELIVERED);
	assert_int_equal(listed(BASE_B, ST_DIRECTIVES_UNSEEN, false), 1);
	assert_int_equal(sees(BASE_B, number).count, 1);
	assert_int_equal(sees(BASE_B, number).count, 0); /* once */
	assert_int_equal(listed(BASE_B, ST_DIRECTIVES_UNSEEN, false), 0);
	assert_int_equal(listed(BASE_B, ST_DIRECTIVES_FOR_US, false), 1);
	settle();
	for (int i = 0; i < STATIONS; i++)
		assert_int_equal(state_at(i, number, BASE_A, BASE_B), ST_REACH_SEEN);
	assert_int_equal(listed(BASE_A, ST_DIRECTIVES_SENT, true), 1);
	assert_int_equal(hand(BASE_B, number, "hand", codes[BRANCH_B]), 0); /* it has dealt with it */
	settle();
	assert_int_equal(state_at(BASE_A, number, BASE_A, BASE_B), ST_REACH_DONE);
	assert_int_equal(state_at(BASE_B, number, BASE_B, BRANCH_B), ST_REACH_DELIVERED); /* up, too */
	assert_int_equal(listed(BASE_A, ST_DIRECTIVES_SENT, true), 0);
	assert_int_equal(listed(BASE_A, ST_DIRECTIVES_SENT, false), 1);
	sound();
}

/* Said once, whatever is carried again; and nobody ever says that he heard that somebody has heard. */
static void test_heard_once_and_never_of_itself(void **state)
{
	char number[ST_NUMBER_TEXT];
	uint64_t before[STATIONS];
	(void)state;
	for (int i = 0; i < STATIONS; i++)
		before[i] = size_of(i);
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	(void)carry_all(BRANCH_B);
	struct st_inbound_carry *in = next_carry(BRANCH_B, BASE_B, 0);
	assert_non_null(in);
	(void)take(BASE_B, &in->carry);
	(void)take(BASE_B, &in->carry);
	st_inbound_carry_free(in);
	for (int turn = 0; turn < 4; turn++)
		settle();
	assert_int_equal(size_of(BASE_B), before[BASE_B] + 1);
	assert_int_equal(size_of(BASE_A), before[BASE_A] + 2);
	for (int i = MAIN; i <= BRANCH_B; i++)
		assert_int_equal(size_of(i), before[i]);
	sound();
}

/* What comes in one job is said in one event. */
static void test_one_event_for_all_that_came(void **state)
{
	enum { MANY = 20 };
	char number[MANY][ST_NUMBER_TEXT];
	uint64_t before = size_of(BASE_B);
	(void)state;
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(station_opens(&city[BASE_A], number[i]), 0);
		assert_int_equal(hand(BASE_A, number[i], "hand", codes[BASE_B]), 0);
	}
	settle();
	assert_int_equal(size_of(BASE_B), before + 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(state_at(BASE_A, number[i], BASE_A, BASE_B), ST_REACH_DELIVERED);
	assert_int_equal(sees(BASE_B, "").count, MANY);
	assert_int_equal(size_of(BASE_B), before + 2);
	settle();
	for (int i = 0; i < MANY; i++)
		assert_int_equal(state_at(BASE_A, number[i], BASE_A, BASE_B), ST_REACH_SEEN);
	sound();
}

/* More than one event says of, by more writers than one is addressed to: in several. */
static void test_more_than_one_event_holds(void **state)
{
	enum { MANY = ST_HEARD_MAX + 3 };
	uint64_t before = size_of(BRANCH_A);
	(void)state;
	for (int i = 0; i < MANY; i++) {
		char number[ST_NUMBER_TEXT];
		assert_int_equal(station_opens(&city[BASE_A], number), 0);
		assert_int_equal(hand(BASE_A, number, "hand", codes[BRANCH_A]), 0);
	}
	push_all(BASE_A);
	assert_true(size_of(BRANCH_A) >= before + 2); /* pushes are several jobs, each says what it brought */
	assert_int_equal(listed(BRANCH_A, ST_DIRECTIVES_UNSEEN, false), 100);
	settle();
	assert_int_equal(listed(BASE_A, ST_DIRECTIVES_SENT, true), 100);
	struct st_job_seen first = sees(BRANCH_A, "");
	assert_int_equal(first.count, ST_HEARD_MAX);
	assert_true(first.more);
	struct st_job_seen second = sees(BRANCH_A, "");
	assert_int_equal(second.count, MANY - ST_HEARD_MAX);
	assert_false(second.more);
	assert_int_equal(listed(BRANCH_A, ST_DIRECTIVES_UNSEEN, false), 0);
	sound();
}

static char notice_number[ST_NUMBER_TEXT];

static void issue(int from, int to)
{
	const struct st_command_field notice[] = {
		{ st_span_text("to"), st_span_text(codes[to]) },
		{ st_span_text("level"), st_span_text("ordinary") },
		{ st_span_text("due"), st_span_text("2030-01-01") },
		{ st_span_text("title"), st_span_text("限期清理") },
	};
	station_kind = st_kind_named("supervision")->number;
	notice_number[0] = 0;
	assert_int_equal(station_command(&city[from], "issue", notice_number, notice, 4), 0);
}

/* A notice of main: answered is done for its writer, and the answer is a directive of its own. */
static void test_notice(void **state)
{
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("已清理") };
	struct listed l = { .q = { .which = ST_DIRECTIVES_TO, .late = true, .today = 40000 } };
	struct st_code code = code_of(codes[BASE_B]);
	(void)state;
	issue(MAIN, BASE_B);
	assert_int_equal(state_at(MAIN, notice_number, MAIN, BASE_B), ST_REACH_WAITING);
	l.q.addressee = number_at(&city[MAIN], code.text);
	list(MAIN, &l);
	assert_int_equal(l.count, 1);
	assert_true(l.late);
	assert_string_equal(l.title, "限期清理");
	st_buf_done(&l.next);
	l.q.today = 1;
	l.count = 0;
	list(MAIN, &l);
	assert_int_equal(l.count, 0); /* not late yet */
	st_buf_done(&l.next);
	settle();
	assert_int_equal(state_at(MAIN, notice_number, MAIN, BASE_B), ST_REACH_DELIVERED);
	assert_int_equal(station_command(&city[BASE_B], "answer", notice_number, &reply, 1), 0);
	settle();
	assert_int_equal(state_at(MAIN, notice_number, MAIN, BASE_B), ST_REACH_DONE);
	assert_int_equal(state_at(BASE_B, notice_number, BASE_B, MAIN), ST_REACH_DELIVERED);
	assert_int_equal(sees(MAIN, notice_number).count, 1);
	settle();
	assert_int_equal(state_at(BASE_B, notice_number, BASE_B, MAIN), ST_REACH_SEEN);
	station_kind = ST_KIND_MATTER;
	sound();
}

/* A note of a station above is heard; once it is seen its writer waits for nothing more. */
static void test_note_from_above(void **state)
{
	const struct st_command_field remark = { st_span_text("remark"), st_span_text("请尽快") };
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	assert_int_equal(station_command(&city[MAIN], "note", number, &remark, 1), 0);
	settle();
	struct told x = told(MAIN, number, MAIN, BASE_A);
	assert_int_equal(x.reach.state, ST_REACH_DELIVERED);
	assert_true(st_reach_is_open(&x.reach, ST_NOTE));
	char at[64];
	(void)snprintf(at, sizeof(at), "%s/%u/%llu", x.at.station.text, x.at.epoch,
		       (unsigned long long)x.at.seq);
	assert_int_equal(sees(BASE_A, at).count, 1); /* by its position */
	settle();
	x = told(MAIN, number, MAIN, BASE_A);
	assert_int_equal(x.reach.state, ST_REACH_SEEN);
	assert_false(st_reach_is_open(&x.reach, ST_NOTE));
	sound();
}

static void end_key(int by, int child)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_REVOKE;
	job->u.revoke.child = code_of(codes[child]);
	assert_int_equal(station_run(&city[by], job), 0);
	free(job);
}

/* The addressee is revoked while the directive waits: its writer sees that, and a station above names another. */
static void test_addressee_is_revoked_on_the_way(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	issue(MAIN, BASE_B);
	station_kind = ST_KIND_MATTER;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	end_key(BRANCH_B, BASE_B);
	for (int turn = 0; turn < 3; turn++) { /* the revoked one isn't linked */
		for (int i = BASE_A; i > MAIN; i--)
			push_all(i);
		for (int i = BRANCH_A; i <= BASE_A; i++)
			(void)carry_all(i);
	}
	assert_int_equal(state_at(MAIN, notice_number, MAIN, BASE_B), ST_REACH_UNDELIVERABLE);
	struct told x = told(BASE_A, number, BASE_A, BASE_B);
	assert_int_equal(x.reach.state, ST_REACH_UNDELIVERABLE);
	assert_true(x.reach.revoked);
	assert_true(st_reach_is_open(&x.reach, ST_MOVE));
	assert_int_equal(hand(MAIN, number, "reassign", codes[BASE_B]), ST_ERULE); /* at once, by now */
	assert_int_equal(hand(MAIN, number, "reassign", codes[BRANCH_B]), 0);
	push_all(BRANCH_B);
	(void)carry_all(BRANCH_B);
	(void)carry_all(BRANCH_A);
	(void)carry_all(BASE_A);
	assert_int_equal(state_at(BASE_A, number, BASE_A, BASE_B), ST_REACH_REPLACED);
	assert_string_equal(at(BRANCH_B, number).holder.text, codes[BRANCH_B]);
	assert_int_equal(at(BRANCH_B, number).record.waiting, 0);
}

/* The holder dies with the record: a station above goes on from what it has, and the dead one's last words lose. */
static void test_holder_dies(void **state)
{
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("已清运") };
	char number[ST_NUMBER_TEXT], last[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	(void)snprintf(last, sizeof(last), "%s", number);
	assert_int_equal(station_command(&city[BASE_B], "answer", last, &reply, 1), 0); /* never pushed */
	assert_int_equal(hand(MAIN, number, "reassign", codes[BRANCH_B]), 0);
	push_all(BRANCH_B);
	(void)carry_all(BRANCH_B);
	(void)carry_all(BRANCH_A);
	(void)carry_all(BASE_A);
	assert_int_equal(state_at(BASE_A, number, BASE_A, BASE_B), ST_REACH_REPLACED);
	assert_int_equal(station_command(&city[BRANCH_B], "answer", number, &reply, 1), 0);
	settle(); /* it comes back on a stick */
	for (int i = 0; i < STATIONS; i++) {
		struct looking l = at(i, number);
		assert_string_equal(l.holder.text, codes[BRANCH_B]);
		assert_int_equal(l.record.waiting, 0);
		assert_int_equal(l.record.revision, 5);
	}
	assert_int_equal(at(BASE_B, number).record.set_aside, 1);
	assert_int_equal(state_at(MAIN, number, MAIN, BRANCH_B), ST_REACH_DELIVERED);
	sound();
}

static void agree(const char *number, int holder)
{
	uint32_t revision = at(MAIN, number).record.revision;
	for (int i = 0; i < STATIONS; i++) {
		struct looking l = at(i, number);
		if (l.rc == ST_ENOTFOUND)
			continue;
		assert_int_equal(l.rc, 0);
		assert_string_equal(l.holder.text, codes[holder]);
		assert_int_equal(l.record.revision, revision);
		assert_int_equal(l.record.waiting, 0);
	}
}

/* A base hands on what its branch reassigns at the same time: the higher term wins, and the loser says why. */
static void test_hand_on_races_reassignment(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	push_all(BASE_A);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	assert_int_equal(hand(BRANCH_A, number, "reassign", codes[BRANCH_B]), 0);
	settle();
	settle();
	agree(number, BRANCH_B);
	struct told x = told(BASE_A, number, BASE_A, BASE_B);
	assert_int_equal(x.reach.state, ST_REACH_SET_ASIDE);
	assert_int_equal(x.stray, ST_STRAY_SET_ASIDE);
	assert_int_equal(x.aside.why, ST_ASIDE_REASSIGNED);
	assert_string_equal(x.aside.by.station.text, codes[BRANCH_A]);
	assert_true(x.aside.first.seq == x.at.seq);
	assert_int_equal(state_at(MAIN, number, BRANCH_A, BRANCH_B), ST_REACH_DELIVERED);
	sound();
}

/* What had come across goes back while main gives it to another. */
static void test_hand_back_races_reassignment(void **state)
{
	char number[ST_NUMBER_TEXT], other[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	(void)snprintf(other, sizeof(other), "%s", number);
	assert_int_equal(station_command(&city[BASE_B], "accept", other, NULL, 0), 0);
	assert_int_equal(hand(BASE_B, other, "hand", codes[BASE_A]), 0);
	assert_int_equal(hand(MAIN, number, "reassign", codes[BRANCH_A]), 0);
	settle();
	settle();
	agree(number, BRANCH_A);
	struct told x = told(BASE_B, number, BASE_B, BASE_A);
	assert_int_equal(x.reach.state, ST_REACH_SET_ASIDE);
	assert_int_equal(x.aside.why, ST_ASIDE_REASSIGNED);
	assert_string_equal(x.aside.by.station.text, codes[MAIN]);
	assert_true(x.aside.first.seq + 1 == x.at.seq); /* its acceptance had lost, and this follows it */
	assert_int_equal(told(MAIN, number, BASE_B, BASE_A).aside.why, ST_ASIDE_REASSIGNED);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), ST_EHOLDER);
	sound();
}

/* A page ends where it is told to, and the next begins behind it. */
static void test_pages(void **state)
{
	struct listed l = { .q = { .which = ST_DIRECTIVES_SENT, .limit = 2 } };
	char number[5][ST_NUMBER_TEXT];
	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(station_opens(&city[BASE_A], number[i]), 0);
		assert_int_equal(hand(BASE_A, number[i], "hand", codes[i % 2 ? BASE_B : MAIN]), 0);
	}
	size_t pages = 0, all = 0;
	uint64_t newest = UINT64_MAX;
	char from[128] = "";
	do {
		l.count = 0;
		l.q.from = st_span_text(from);
		list(BASE_A, &l);
		assert_true(l.first.seq < newest); /* newest first */
		newest = l.first.seq;
		all += l.count;
		pages++;
		(void)snprintf(from, sizeof(from), "%.*s", (int)l.next.size, (const char *)l.next.data);
		st_buf_done(&l.next);
	} while (from[0] != 0);
	assert_int_equal(all, 5);
	assert_int_equal(pages, 3);
	l = (struct listed){ .q = { .which = ST_DIRECTIVES_TO, .addressee = number_at(&city[BASE_A], codes[MAIN]) } };
	list(BASE_A, &l);
	assert_int_equal(l.count, 3);
	st_buf_done(&l.next);
	l = (struct listed){ .q = { .which = ST_DIRECTIVES_SENT, .limit = 1, .from = st_span_text("xyz") } };
	st_buf_init(&l.next, 256);
	assert_int_equal(st_store_read(city[BASE_A].store, read_list, &l), ST_EFIELD);
	st_buf_done(&l.next);
}

#define CITY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CITY(test_each_stage_across), CITY(test_heard_once_and_never_of_itself),
		CITY(test_one_event_for_all_that_came), CITY(test_more_than_one_event_holds),
		CITY(test_notice), CITY(test_note_from_above), CITY(test_addressee_is_revoked_on_the_way),
		CITY(test_holder_dies), CITY(test_hand_on_races_reassignment),
		CITY(test_hand_back_races_reassignment), CITY(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
