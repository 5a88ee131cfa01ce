/* heads.c - heads of writers: signed when they change and once a day, sent behind the events that they name, and what
 * is withheld shows at the end of the line. */
#include <station/ask/heads.h>
#include "five.h"

enum { DAY_S = 86400 };

static struct st_job_heads signs(int station)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_HEADS;
	job->u.heads.every_s = DAY_S;
	job->u.heads.look = true;
	assert_int_equal(station_run(&city[station], job), 0);
	struct st_job_heads done = job->u.heads;
	free(job);
	return done;
}

static void all_sign(void)
{
	for (int i = 0; i < STATIONS; i++)
		(void)signs(i);
}

/* ---- what a station says of the heads that are for it ---- */

struct judged {
	struct st_heads_ask ask;
	const char *writer; /* of these alone; NULL: of all */
	unsigned heads, missing_heads, silent;
	uint64_t missing;
	struct st_head_verdict worst, last;
};

static int judge(const struct st_head_verdict *v, void *arg)
{
	struct judged *j = arg;
	if (j->writer != NULL && strcmp(v->head.log.station.text, j->writer) != 0)
		return 0;
	j->heads++;
	j->last = *v;
	j->silent += v->silent;
	if (v->missing == 0)
		return 0;
	j->missing_heads++;
	j->missing += v->missing;
	j->worst = *v;
	return 0;
}

static int read_judged(struct st_txn *t, void *arg)
{
	struct judged *j = arg;
	return st_heads_each(t, &j->ask, judge, j);
}

static struct judged judged(int station, const char *writer)
{
	struct judged j = { .writer = writer };
	j.ask = (struct st_heads_ask){ .now_s = (uint64_t)city[station].world.now_ms / 1000,
				       .silent_s = 2 * DAY_S, .linked = true };
	assert_int_equal(st_store_read(city[station].store, read_judged, &j), 0);
	return j;
}

static void nobody_complains(void)
{
	for (int i = 0; i < STATIONS; i++) {
		struct judged j = judged(i, NULL);
		assert_int_equal(j.missing_heads, 0);
		assert_int_equal(j.silent, 0);
	}
}

static void hand_one(int from, int to)
{
	char number[ST_NUMBER_TEXT] = "";
	assert_int_equal(station_opens(&city[from], number), 0);
	assert_int_equal(hand(from, number, "hand", codes[to]), 0);
}

/* Takes what waits for a child at its parent, without some of the last events. */
static struct st_job_carry withhold(int child, size_t events)
{
	struct st_inbound_carry *in = next_carry(parents[child], child, 0);
	assert_non_null(in);
	struct st_carry kept = in->carry;
	assert_true(kept.item_count >= events);
	kept.item_count -= events;
	struct st_job_carry done = take(child, &kept);
	st_inbound_carry_free(in);
	return done;
}

static void pass_days(unsigned days)
{
	for (int i = 0; i < STATIONS; i++)
		city[i].world.now_ms += (int64_t)days * DAY_S * 1000;
}

static void forget_outboxes(void)
{
	settle();
	all_sign();
	settle();
	nobody_complains();
}

/* ---- tests ---- */

static void test_honest_ways(void **state)
{
	(void)state;
	forget_outboxes();
	hand_one(BASE_A, BASE_B); /* across */
	hand_one(MAIN, BASE_A);   /* down */
	hand_one(BASE_B, MAIN);   /* up: main has the log itself */
	settle();
	all_sign();
	settle();
	nobody_complains();
	assert_true(judged(BASE_B, codes[BASE_A]).heads == 1);
	assert_true(judged(BASE_A, codes[MAIN]).heads == 2); /* to it, and to all below main */
	assert_int_equal(judged(MAIN, NULL).heads, 0);
	sound();
}

static void test_signed_when_it_changes_and_once_a_day(void **state)
{
	(void)state;
	forget_outboxes();
	assert_int_equal(signs(MAIN).signed_count, 0);
	hand_one(MAIN, BASE_B);
	struct judged before = judged(BASE_B, codes[MAIN]);
	assert_true(city[MAIN].applied.wrote_to);
	assert_int_equal(signs(MAIN).signed_count, 1);
	assert_int_equal(signs(MAIN).signed_count, 0);
	settle();
	assert_int_equal(judged(BASE_B, codes[MAIN]).heads, before.heads + 1);
	pass_days(1);
	assert_int_equal(signs(MAIN).signed_count, 2);
	city[MAIN].world.now_ms -= 9 * (int64_t)DAY_S * 1000; /* a clock that was set back signs once more */
	assert_int_equal(signs(MAIN).signed_count, 2);
	assert_int_equal(signs(MAIN).signed_count, 0);
	settle();
	struct judged after = judged(BASE_B, codes[MAIN]);
	assert_true(after.last.head.time_s > (uint64_t)1700000000 + DAY_S); /* and its heads go on */
	nobody_complains();
}

static void test_last_is_withheld(void **state)
{
	(void)state;
	forget_outboxes();
	hand_one(MAIN, BRANCH_B);
	hand_one(MAIN, BRANCH_B);
	(void)signs(MAIN);
	struct st_job_carry done = withhold(BRANCH_B, 3); /* one hand-on, and a matter's both events */
	assert_int_equal(done.heads.kept, 1);
	struct judged j = judged(BRANCH_B, codes[MAIN]);
	assert_int_equal(j.missing, 2);
	assert_int_equal(j.worst.first, j.worst.head.seq);
	assert_true(j.worst.after < j.worst.first);
	assert_int_equal(judged(BASE_B, NULL).missing, 0);
	/* Patience: nothing is said before it is over. */
	j.ask.patience_s = 60;
	j.missing = 0;
	assert_int_equal(st_store_read(city[BRANCH_B].store, read_judged, &j), 0);
	assert_int_equal(j.missing, 0);
	j.ask.now_s += 60;
	assert_int_equal(st_store_read(city[BRANCH_B].store, read_judged, &j), 0);
	assert_int_equal(j.missing, 2);
	settle(); /* they come: it clears */
	nobody_complains();
	sound();
}

static void test_one_between_is_withheld(void **state)
{
	(void)state;
	forget_outboxes();
	hand_one(MAIN, BRANCH_B);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	uint64_t withheld = in->carry.items[in->carry.item_count - 1].seq;
	st_inbound_carry_free(in);
	(void)withhold(BRANCH_B, 1);
	hand_one(MAIN, BRANCH_B);
	(void)signs(MAIN);
	carry_version = 1; /* each item is whole, so that one between can be left out */
	in = next_carry(MAIN, BRANCH_B, 0);
	struct st_carry kept = in->carry;
	kept.items += 2;
	kept.item_count -= 2;
	assert_int_equal(take(BRANCH_B, &kept).refused, 0);
	st_inbound_carry_free(in);
	carry_version = ST_WIRE_VERSION;
	in = next_carry(MAIN, BRANCH_B, 0);
	kept = in->carry;
	kept.item_count = 0;
	assert_int_equal(take(BRANCH_B, &kept).heads.kept, 1);
	st_inbound_carry_free(in);
	struct judged j = judged(BRANCH_B, codes[MAIN]);
	assert_int_equal(j.missing, 1);
	assert_int_equal(j.worst.first, withheld);
	settle();
	nobody_complains();
}

/* Everything is held back, heads too: then the writer falls silent. */
static void test_silence(void **state)
{
	(void)state;
	hand_one(BASE_A, BASE_B);
	forget_outboxes();
	pass_days(1);
	all_sign();
	settle();
	nobody_complains();
	pass_days(2);
	struct judged j = judged(BASE_B, codes[BASE_A]);
	assert_int_equal(j.silent, 1);
	j.ask.linked = false;
	j.silent = 0;
	assert_int_equal(st_store_read(city[BASE_B].store, read_judged, &j), 0);
	assert_int_equal(j.silent, 0); /* nobody could have brought it */
	all_sign();
	settle();
	nobody_complains();
}

static void test_refused_alone(void **state)
{
	(void)state;
	forget_outboxes();
	hand_one(MAIN, BRANCH_B);
	hand_one(MAIN, BRANCH_B);
	(void)signs(MAIN);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_non_null(in);
	assert_int_equal(in->carry.head_count, 1);
	struct st_head heads[6], *good = &heads[3];
	for (size_t i = 0; i < 6; i++)
		heads[i] = in->carry.heads[0];
	heads[0].seq++;                              /* not what was signed */
	heads[1].to = code_of(codes[BASE_A]);        /* nor that */
	heads[2].log.station = code_of("410999");    /* of nobody */
	heads[4].time_s = good->time_s - 1;          /* older than the one before, whoever signed it */
	st_head_sign(&heads[4], &city[MAIN].keys.identity);
	heads[5].seq = good->seq - 1;
	st_head_sign(&heads[5], &city[MAIN].keys.identity);
	struct st_carry carry = in->carry;
	carry.heads = heads;
	carry.head_count = 6;
	struct st_job_carry done = take(BRANCH_B, &carry);
	assert_int_equal(done.refused, 0);
	assert_int_equal(done.heads.refused, 5);
	assert_int_equal(done.heads.why, ST_ESIGNATURE);
	assert_int_equal(done.heads.kept, 1);
	carry.heads = good;
	carry.head_count = 1;
	assert_int_equal(take(BRANCH_B, &carry).heads.known, 1);
	st_inbound_carry_free(in);
	settle();
	nobody_complains();
}

/* A child's head must name an event of its log that is to that addressee. */
static void test_pushed_without_an_event(void **state)
{
	(void)state;
	forget_outboxes();
	hand_one(BASE_A, BASE_B);
	push_all(BASE_A);
	struct pushing p = { .log = 0 };
	struct listing l = { .list = { 0 } };
	struct st_inbound *in = NULL;
	assert_int_equal(st_store_read(city[BASE_A].store, read_logs, &l), 0);
	p.log = l.own;
	(void)signs(BASE_A);
	assert_int_equal(st_packer_new(&p.packer), 0);
	assert_int_equal(st_store_read(city[BASE_A].store, pack_log, &p), 0);
	assert_int_equal(st_push_unpack(unpacked(&p.packed), p.packed.raw_size, &in), 0);
	struct st_head heads[4];
	for (size_t i = 0; i < 4; i++)
		heads[i] = in->push.heads[in->push.head_count - 1];
	heads[0].seq += 100;
	heads[1].seq = 1;
	heads[2].to = code_of("410688");
	heads[3].subtree = true;
	for (size_t i = 0; i < 4; i++)
		st_head_sign(&heads[i], &city[BASE_A].keys.identity);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_PUSH;
	job->u.push.push = in->push;
	job->u.push.push.heads = heads;
	job->u.push.push.head_count = 4;
	job->u.push.child = number_at(&city[BRANCH_A], codes[BASE_A]);
	assert_int_equal(station_run(&city[BRANCH_A], job), 0);
	assert_int_equal(job->u.push.heads.refused, 4);
	assert_int_equal(job->u.push.heads.why, ST_EHEAD);
	free(job);
	st_inbound_free(in);
	st_packer_free(p.packer);
	settle();
	nobody_complains();
}

static void test_old_neighbour_isnt_sent_any(void **state)
{
	(void)state;
	carry_version = ST_WIRE_HEADS - 1;
	hand_one(MAIN, BRANCH_B);
	all_sign();
	settle();
	assert_int_equal(judged(BRANCH_B, NULL).heads, 0);
	carry_version = ST_WIRE_VERSION;
	pass_days(1); /* it was upgraded since */
	all_sign();
	settle();
	assert_true(judged(BRANCH_B, NULL).heads > 0);
	nobody_complains();
}

/* Of a month in which a child is away one head waits, not thirty; and its outbox counts events alone. */
static int count_waiting(struct st_txn *t, void *arg)
{
	struct st_code code = code_of(codes[BRANCH_B]);
	uint32_t child = 0;
	int rc = st_station_number(t, &code, &child);
	return rc < 0 ? rc : st_outbox_count(t, child, arg);
}

static void test_one_waits_for_who_is_away(void **state)
{
	uint64_t waiting = 99;
	(void)state;
	hand_one(MAIN, BRANCH_B);
	forget_outboxes();
	for (int day = 0; day < 30; day++) {
		pass_days(1);
		(void)signs(MAIN);
	}
	assert_int_equal(st_store_read(city[MAIN].store, count_waiting, &waiting), 0);
	assert_int_equal(waiting, 0);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_non_null(in);
	assert_int_equal(in->carry.item_count, 0);
	assert_int_equal(in->carry.head_count, 2);
	st_inbound_carry_free(in);
}

static void test_late_joiner(void **state)
{
	static struct station late;
	struct numbering n = { "410611100", 0 };
	(void)state;
	forget_outboxes();
	station_new(&late, 77);
	station_join(&city[BRANCH_A], &late, "410611100", ST_BASE, &root.public);
	all_sign();
	settle();
	assert_int_equal(st_store_read(city[BRANCH_A].store, find_number, &n), 0);
	struct carrying c = { .to = { .child = n.number, .version = ST_WIRE_VERSION } };
	struct st_inbound_carry *in = NULL;
	assert_int_equal(st_packer_new(&c.packer), 0);
	assert_int_equal(st_store_read(city[BRANCH_A].store, pack_carry, &c), 0);
	assert_int_equal(c.rc, 0);
	assert_int_equal(st_carry_unpack(unpacked(&c.packed), c.packed.raw_size, &in), 0);
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = in->carry;
	assert_int_equal(station_run(&late, job), 0);
	assert_int_equal(job->u.carry.refused + job->u.carry.heads.refused, 0);
	assert_true(job->u.carry.heads.kept >= 2);
	free(job);
	struct judged j = { .ask = { .now_s = (uint64_t)late.world.now_ms / 1000 } };
	assert_int_equal(st_store_read(late.store, read_judged, &j), 0);
	assert_true(j.heads >= 2);
	assert_int_equal(j.missing_heads, 0);
	st_inbound_carry_free(in);
	st_packer_free(c.packer);
	station_gone(&late);
	nobody_complains();
}

/* More events to one than a look reads: it goes on from where it stopped. */
static void test_look_goes_on(void **state)
{
	(void)state;
	forget_outboxes();
	for (unsigned n = 0; n < 2048 + 20; n++)
		hand_one(MAIN, BRANCH_B);
	(void)carry_all(BRANCH_B);
	(void)signs(MAIN);
	(void)carry_all(BRANCH_B);
	assert_true(judged(BRANCH_B, codes[MAIN]).last.more || judged(BRANCH_B, codes[MAIN]).last.after > 0);
	for (int n = 0; n < 4; n++)
		(void)signs(BRANCH_B);
	struct judged j = judged(BRANCH_B, codes[MAIN]);
	assert_int_equal(j.missing, 0);
	assert_false(j.last.more);
	hand_one(MAIN, BRANCH_B);
	(void)signs(MAIN);
	(void)withhold(BRANCH_B, 1);
	j = judged(BRANCH_B, codes[MAIN]);
	assert_int_equal(j.missing, 1);
}

#define CITY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CITY(test_honest_ways), CITY(test_signed_when_it_changes_and_once_a_day),
		CITY(test_last_is_withheld), CITY(test_one_between_is_withheld), CITY(test_silence),
		CITY(test_refused_alone), CITY(test_pushed_without_an_event),
		CITY(test_old_neighbour_isnt_sent_any), CITY(test_one_waits_for_who_is_away),
		CITY(test_late_joiner), CITY(test_look_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
