/* carry.c - what goes down and across: hand-ons, their history and private parts, the roll, and what a forged
 * carry gets. */
#include "five.h"

static int is_revoked(struct st_txn *t, void *arg)
{
	const struct numbering *n = arg;
	struct st_station s;
	assert_int_equal(st_station_get(t, n->number, &s), 0);
	return s.standing == ST_REVOKED;
}

/* Everyone knows everyone: enrolments go up with their logs and down to all the others. */
static void test_roll(void **state)
{
	(void)state;
	for (int i = 0; i < STATIONS; i++)
		for (int k = 0; k < STATIONS; k++)
			assert_true(number_at(&city[i], codes[k]) > 0);
}

/* A matter goes from a base to a base of another branch, with its history and its private part; the holder
 * works on it, and whoever had it before hears how it ends. */
static void test_across(void **state)
{
	char number[ST_NUMBER_TEXT];
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("已清运") };
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	assert_int_equal(station_command(&city[BASE_A], "answer", number, &reply, 1), ST_EHOLDER);
	settle();
	struct looking b = at(BASE_B, number);
	assert_int_equal(b.rc, 0);
	assert_string_equal(b.holder.text, codes[BASE_B]);
	assert_int_equal(b.events, 3);
	assert_string_equal(b.name, "王某");
	assert_string_equal(at(MAIN, number).name, ""); /* no tier between can read it */
	assert_string_equal(at(BRANCH_A, number).name, "");
	assert_string_equal(at(BRANCH_B, number).name, "");
	assert_int_equal(station_command(&city[BASE_B], "answer", number, &reply, 1), 0);
	settle();
	for (int i = 0; i < STATIONS; i++) {
		struct looking l = at(i, number);
		assert_int_equal(l.rc, 0);
		assert_int_equal(l.record.revision, 4);
		assert_int_equal(l.record.waiting + l.record.set_aside, 0);
		assert_string_equal(l.holder.text, codes[BASE_B]);
	}
	sound();
}

/* Up to main, and down again to where it came from: handed on twice, everyone agrees. */
static void test_up_and_down(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[MAIN]), 0);
	settle();
	assert_string_equal(at(MAIN, number).name, "王某");
	assert_int_equal(hand(MAIN, number, "hand", codes[BASE_B]), 0);
	settle();
	assert_string_equal(at(BASE_B, number).name, "王某");
	assert_int_equal(hand(BASE_B, number, "hand", codes[BASE_A]), 0);
	settle();
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	settle();
	for (int i = 0; i < STATIONS; i++)
		assert_int_equal(at(i, number).record.revision, 5);
	sound();
}

/* A holder that has gone silent: main names another; the old one's later word loses. */
static void test_reassigned(void **state)
{
	char number[ST_NUMBER_TEXT], late[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	assert_int_equal(hand(BASE_B, number, "reassign", codes[BRANCH_B]), ST_ENOTFOUND);
	assert_int_equal(hand(MAIN, number, "reassign", codes[BASE_A]), ST_ERULE); /* it has it */
	assert_int_equal(hand(MAIN, number, "reassign", "410699"), ST_EFIELD);
	assert_int_equal(hand(MAIN, number, "reassign", codes[BASE_B]), 0);
	(void)snprintf(late, sizeof(late), "%s", number);
	assert_int_equal(station_command(&city[BASE_A], "accept", late, NULL, 0), 0); /* it doesn't know yet */
	settle();
	assert_int_equal(station_command(&city[BASE_B], "accept", number, NULL, 0), 0);
	settle();
	for (int i = 0; i < STATIONS; i++) {
		struct looking l = at(i, number);
		assert_string_equal(l.holder.text, codes[BASE_B]);
		assert_int_equal(l.record.revision, 3);
	}
	assert_int_equal(at(MAIN, number).record.set_aside, 1);
	assert_int_equal(at(BASE_A, number).record.set_aside, 1);
	sound();
}

/* A branch gives its base's matter to another branch, and its own log comes up before the base's: where the
 * ways part the history comes after the word that it belongs to, and goes the same way. */
static void test_history_comes_late(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	push_all(BASE_A);
	assert_int_equal(hand(BRANCH_A, number, "reassign", codes[BRANCH_B]), 0);
	settle(); /* each station's own log goes first */
	for (int i = 0; i < STATIONS; i++) {
		if (i == BASE_B)
			continue;
		struct looking l = at(i, number);
		assert_int_equal(l.rc, 0);
		assert_string_equal(l.holder.text, codes[BRANCH_B]);
		assert_int_equal(l.record.revision, 3);
		assert_int_equal(l.record.waiting, 0);
	}
	sound();
}

/* A notice goes down to a base, comes back answered, goes again, and is closed above; nobody below can issue one. */
static void test_supervision(void **state)
{
	const struct st_command_field notice[] = {
		{ st_span_text("to"), st_span_text(codes[BASE_B]) }, { st_span_text("level"), st_span_text("key") },
		{ st_span_text("due"), st_span_text("2030-01-01") }, { st_span_text("title"), st_span_text("限期清理") },
		{ st_span_text("supervisors"), st_span_text("常委会") },
	};
	const struct st_command_field reply = { st_span_text("reply"), st_span_text("已清理") };
	const struct st_command_field again[] = {
		{ st_span_text("to"), st_span_text(codes[BASE_B]) }, { st_span_text("reason"), st_span_text("仍有") },
	};
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	station_kind = st_kind_named("supervision")->number;
	assert_int_equal(station_command(&city[BASE_A], "issue", number, notice, 5), ST_EABOVE);
	assert_int_equal(station_command(&city[MAIN], "issue", number, notice, 4), ST_EFIELD); /* key: by whom? */
	assert_int_equal(station_command(&city[MAIN], "issue", number, notice, 5), 0);
	assert_int_equal(station_command(&city[MAIN], "close", number, NULL, 0), ST_EHOLDER);
	settle();
	assert_string_equal(at(BASE_B, number).holder.text, codes[BASE_B]);
	assert_int_equal(at(BASE_A, number).rc, ST_ENOTFOUND);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(station_command(&city[BASE_B], "answer", number, &reply, 1), 0);
		settle();
		assert_string_equal(at(MAIN, number).holder.text, codes[MAIN]);
		assert_string_equal(at(BASE_B, number).holder.text, codes[MAIN]);
		if (turn == 0)
			assert_int_equal(station_command(&city[MAIN], "again", number, again, 2), 0);
		settle();
	}
	assert_int_equal(station_command(&city[MAIN], "close", number, NULL, 0), 0);
	settle();
	assert_int_equal(at(BASE_B, number).record.revision, 5);
	station_kind = ST_KIND_MATTER;
	sound();
}

/* Whoever has a record that was opened elsewhere merges it by the same rules as its own: not into itself, nor
 * into a record of another kind. */
static void test_what_was_handed_on_is_merged_as_an_own_one(void **state)
{
	const struct st_command_field notice[] = {
		{ st_span_text("to"), st_span_text(codes[BASE_B]) }, { st_span_text("level"), st_span_text("ordinary") },
		{ st_span_text("due"), st_span_text("2030-01-01") }, { st_span_text("title"), st_span_text("限期清理") },
	};
	char number[ST_NUMBER_TEXT], about[ST_NUMBER_TEXT] = "";
	struct st_command_field joins = { st_span_text("joins"), ST_SPAN_NONE };
	(void)state;
	station_kind = st_kind_named("supervision")->number;
	assert_int_equal(station_command(&city[MAIN], "issue", about, notice, 4), 0);
	station_kind = ST_KIND_MATTER;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	joins.value = st_span_text(number);
	assert_int_equal(station_command(&city[BASE_B], "merge", number, &joins, 1), ST_EITSELF);
	joins.value = st_span_text(about);
	assert_int_equal(station_command(&city[BASE_B], "merge", number, &joins, 1), ST_EKIND);
	assert_int_equal(at(BASE_B, number).record.revision, 2); /* it was opened and handed on, and no more */
}

/* Carried twice, in any order of carries: once. */
static void test_again(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_non_null(in);
	struct st_job_carry first = take(BRANCH_B, &in->carry), second = take(BRANCH_B, &in->carry);
	assert_int_equal(first.stored, 2);
	assert_int_equal(second.stored, 0);
	assert_int_equal(second.known, in->carry.item_count);
	st_inbound_carry_free(in);
	settle();
	assert_int_equal(at(BASE_B, number).record.revision, 2);
	sound();
}

/* Whatever is wrong with one item is refused, and the others stand. */
static void test_forged(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	carry_version = 1; /* each item whole */
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_non_null(in);
	assert_int_equal(in->carry.item_count, 2);
	struct st_carry_item items[2] = { in->carry.items[0], in->carry.items[1] };
	struct st_carry forged = in->carry;
	uint8_t other[65535];
	forged.items = items;
	forged.certificate_count = 0; /* the roll has brought them */
	memcpy(other, items[0].event.data, items[0].event.size);
	other[items[0].event.size - 1] ^= 1;
	items[0].event = st_span(other, items[0].event.size);
	struct st_job_carry done = take(BRANCH_B, &forged);
	assert_int_equal(done.refused, 1); /* another event */
	assert_int_equal(done.why, ST_ESIGNATURE);
	assert_int_equal(done.stored, 1);
	items[0] = in->carry.items[0];
	items[0].cosignature.time_s++;
	assert_int_equal(take(BRANCH_B, &forged).refused, 1);
	items[0] = in->carry.items[0];
	items[0].seq++;
	assert_int_equal(take(BRANCH_B, &forged).refused, 1);
	items[0] = in->carry.items[0];
	items[0].log.station = code_of("410699");
	assert_int_equal(take(BRANCH_B, &forged).why, ST_EORIGIN);
	items[0] = in->carry.items[0];
	static const uint8_t hashes[ST_PROOF_MAX * ST_HASH_SIZE] = { 0 };
	items[0].path = ST_SPAN(hashes);
	assert_int_equal(take(BRANCH_B, &forged).refused, 1);
	assert_int_equal(take(BRANCH_B, &in->carry).refused, 0); /* the right one heals it */
	st_inbound_carry_free(in);
	settle();
	assert_int_equal(at(BASE_B, number).record.revision, 2);
	sound();
}

/* One of two that main sent down is withheld on the way: the end of the line knows. */
static void test_withheld(void **state)
{
	char one[ST_NUMBER_TEXT] = "", two[ST_NUMBER_TEXT] = "";
	struct st_carried_verdict v;
	(void)state;
	carry_version = 1;
	assert_int_equal(station_opens(&city[MAIN], one), 0);
	assert_int_equal(station_opens(&city[MAIN], two), 0);
	assert_int_equal(hand(MAIN, one, "hand", codes[BASE_B]), 0);
	assert_int_equal(hand(MAIN, two, "hand", codes[BASE_B]), 0);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_non_null(in);
	struct st_carry kept = in->carry;
	kept.items += 2; /* the first matter's opening and hand-on */
	kept.item_count -= 2;
	assert_int_equal(take(BRANCH_B, &kept).stored, 2);
	(void)carry_all(BASE_B);
	assert_int_equal(st_carried_verify(city[BASE_B].store, NULL, NULL, &v), 0);
	assert_int_equal(v.wrong, 0);
	assert_int_equal(v.missing, 1);
	assert_string_equal(v.first_missing.station.text, codes[MAIN]);
	assert_int_equal(take(BRANCH_B, &in->carry).refused, 0);
	st_inbound_carry_free(in);
	settle();
	sound();
}

/* A station that joins late hears of keys that had ended before. */
static void test_late_joiner(void **state)
{
	static struct station late;
	struct st_job *job = calloc(1, sizeof(*job));
	struct numbering n = { codes[BASE_B], 0 };
	(void)state;
	job->kind = ST_JOB_REVOKE;
	job->u.revoke.child = code_of(codes[BASE_B]);
	assert_int_equal(station_run(&city[BRANCH_B], job), 0);
	free(job);
	settle();
	station_new(&late, 77);
	station_join(&city[BRANCH_A], &late, "410611100", ST_BASE, &root.public);
	struct carrying c = { .to = { .after = 0 } };
	struct st_inbound_carry *in = NULL;
	c.to.child = number_at(&city[BRANCH_A], "410611100");
	assert_int_equal(st_packer_new(&c.packer), 0);
	assert_int_equal(st_store_read(city[BRANCH_A].store, pack_carry, &c), 0);
	assert_int_equal(c.rc, 0);
	assert_int_equal(st_carry_unpack(unpacked(&c.packed), c.packed.raw_size, &in), 0);
	job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = in->carry;
	assert_int_equal(station_run(&late, job), 0);
	assert_int_equal(job->u.carry.refused, 0);
	free(job);
	st_inbound_carry_free(in);
	st_packer_free(c.packer);
	assert_int_equal(st_store_read(late.store, find_number, &n), 0);
	assert_int_equal(st_store_read(late.store, is_revoked, &n), 1);
	station_gone(&late);
}

/* Three events of one log travel under one checkpoint, told once, and only as much of each path as isn't known. */
static void test_shared(void **state)
{
	char number[ST_NUMBER_TEXT];
	uint8_t other[65535];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(station_command(&city[BASE_A], "accept", number, NULL, 0), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	carry_version = 1;
	struct st_inbound_carry *old = next_carry(MAIN, BRANCH_B, 0);
	carry_version = ST_WIRE_SHARES;
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_int_equal(in->carry.item_count, 3);
	assert_int_equal(old->carry.item_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_false(old->carry.items[i].shared);
		assert_int_equal(in->carry.items[i].shared, i > 0);
		assert_true(in->carry.items[i].path.size <= old->carry.items[i].path.size >> (i > 0));
		assert_int_equal(in->carry.items[i].size, old->carry.items[i].size);
		assert_true(st_code_equal(&in->carry.items[i].log.station, &old->carry.items[i].log.station));
	}
	struct st_carry_item items[3] = { in->carry.items[0], in->carry.items[1], in->carry.items[2] };
	struct st_carry forged = in->carry;
	forged.items = items;
	memcpy(other, items[1].event.data, items[1].event.size);
	other[items[1].event.size - 1] ^= 1;
	items[1].event = st_span(other, items[1].event.size);
	struct st_job_carry done = take(BRANCH_B, &forged);
	assert_int_equal(done.refused, 2); /* it, and what leans on what it would have told: nothing gets in */
	assert_int_equal(done.why, ST_EROOT);
	assert_int_equal(done.stored, 1);
	items[1] = in->carry.items[1];
	items[1].size++; /* leans on another tree */
	assert_int_equal(take(BRANCH_B, &forged).stored, 0);
	forged.items = items + 2; /* leans on nothing */
	forged.item_count = 1;
	assert_int_equal(take(BRANCH_B, &forged).refused, 1);
	assert_int_equal(take(BRANCH_B, &in->carry).refused, 0); /* the right ones heal it */
	st_inbound_carry_free(in);
	st_inbound_carry_free(old);
	settle();
	assert_int_equal(at(BASE_B, number).record.revision, 3);
	sound();
}

/* A row of the outbox once more, to the bounds of a carry. */
static int put_rows(struct st_txn *t, void *arg)
{
	uint32_t child = *(uint32_t *)arg;
	struct st_self self;
	uint64_t position = 0;
	int rc = st_self_load(t, &self);
	for (unsigned i = 0; rc == 0 && i < ST_CARRY_ITEMS_MAX + 10; i++)
		rc = st_outbox_put(t, child, self.log, 1, &position);
	return rc;
}

static void test_full_carry(void **state)
{
	uint32_t child = number_at(&city[MAIN], codes[BRANCH_B]);
	(void)state;
	assert_int_equal(st_store_write(city[MAIN].store, put_rows, &child), 0);
	struct st_inbound_carry *in = next_carry(MAIN, BRANCH_B, 0);
	assert_int_equal(in->carry.item_count, ST_CARRY_ITEMS_MAX);
	assert_int_equal(take(BRANCH_B, &in->carry).refused, 0);
	st_inbound_carry_free(in);
	carry_version = 1;
	in = next_carry(MAIN, BRANCH_B, 0);
	assert_int_equal(in->carry.item_count, ST_CARRY_WHOLE_MAX);
	st_inbound_carry_free(in);
	settle();
	sound();
}

/* An item that leans on one before it, where there is none, is no carry. */
static void test_leans_on_nothing(void **state)
{
	static const uint8_t bytes[] = { 0x10, 1, /* position */ 0x1a, 7, /* an item: */ 0x18, 1, /* seq */
					 0x22, 1, 'e', /* event */ 0x50, 1 /* shared */ };
	struct st_inbound_carry *in = NULL;
	uint8_t *raw = malloc(sizeof(bytes));
	(void)state;
	memcpy(raw, bytes, sizeof(bytes));
	assert_int_equal(st_carry_unpack(raw, sizeof(bytes), &in), ST_EWIRE);
	free(raw);
}

/* Any cut of a carry's bytes is an error, and nothing worse. */
static int hear_unread(struct st_txn *t, void *arg)
{
	struct st_log log;
	uint32_t station = 0;
	struct st_code code = code_of(codes[BASE_A]);
	int rc = st_station_number(t, &code, &station);
	if (rc == 0)
		rc = st_log_find(t, station, 1, &log);
	return rc < 0 ? rc : st_unread_count(t, log.number, arg);
}

/* An event of a later version, for a base of another branch: nobody here can read it, and it gets there. */
static void test_unread_goes_on(void **state)
{
	uint64_t unread = 0;
	(void)state;
	assert_int_equal(push_later_version(BASE_A, BASE_B), 1);
	push_all(BRANCH_A);
	assert_int_equal(carry_all(BRANCH_B), 1);
	assert_int_equal(carry_all(BASE_B), 1);
	assert_int_equal(st_store_read(city[BASE_B].store, hear_unread, &unread), 0);
	assert_int_equal(unread, 1);
}

static void test_cut_bytes(void **state)
{
	char number[ST_NUMBER_TEXT];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	push_all(BRANCH_A);
	struct carrying c = { .to = { .child = number_at(&city[MAIN], codes[BRANCH_B]),
				     .version = ST_WIRE_VERSION } };
	assert_int_equal(st_packer_new(&c.packer), 0);
	assert_int_equal(st_store_read(city[MAIN].store, pack_carry, &c), 0);
	uint8_t *raw = unpacked(&c.packed);
	for (size_t n = 0; n < c.packed.raw_size; n++) {
		struct st_inbound_carry *in = NULL;
		uint8_t *cut = malloc(n + 1);
		memcpy(cut, raw, n);
		if (st_carry_unpack(cut, n, &in) < 0)
			free(cut);
		st_inbound_carry_free(in);
	}
	free(raw);
	st_packer_free(c.packer);
}

#define CITY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CITY(test_roll), CITY(test_across), CITY(test_up_and_down), CITY(test_reassigned),
		CITY(test_history_comes_late), CITY(test_supervision), CITY(test_again),
		CITY(test_what_was_handed_on_is_merged_as_an_own_one),
		CITY(test_forged), CITY(test_withheld), CITY(test_late_joiner),
		CITY(test_unread_goes_on), CITY(test_cut_bytes), CITY(test_shared), CITY(test_full_carry),
		CITY(test_leans_on_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
