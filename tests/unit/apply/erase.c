/* erase.c - a record's parts are erased at every tier that has them, whatever comes first; and by
 * nobody who has no power to. */
#include "erase.h"

/* Opened by one base and handed to the other, who can read it. */
static void opened_and_handed(char number[ST_NUMBER_TEXT])
{
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	assert_string_equal(at(BASE_B, number).name, "王某");
}

static void erased_everywhere_and_confirmed(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_true(left_at(BASE_A, number).found);
	assert_int_equal(erases(BASE_B, number, ST_ERASE_ALL, ""), 0);
	struct parts_left here = left_at(BASE_B, number);
	assert_int_equal(here.text + here.sealed, 0); /* in the same transaction */
	assert_true(left_at(MAIN, number).found);
	settle();
	nothing_left(number);
	assert_string_equal(at(BASE_B, number).name, "");
	struct erasures x = erasures_at(BASE_B, number);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.confirmed, STATIONS - 1);
	sound();
	assert_int_equal(erases(BASE_B, number, ST_ERASE_ALL, ""), ST_EERASED);
}

static void who_is_offline_has_not_confirmed(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(BASE_B, number, ST_ERASE_ALL, ""), 0);
	push_all(BASE_B);
	push_all(BRANCH_B);
	(void)carry_all(BRANCH_A); /* and no further */
	push_all(BRANCH_A);
	(void)carry_all(BRANCH_B);
	(void)carry_all(BASE_B);
	assert_int_equal(erasures_at(BASE_B, number).confirmed, 3);
	assert_true(left_at(BASE_A, number).found);
	settle();
	assert_int_equal(erasures_at(BASE_B, number).confirmed, 4);
	nothing_left(number);
}

static void a_station_above_erases_what_it_never_had(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	struct parts_left before = left_at(MAIN, number), at_holder = left_at(BASE_B, number);
	assert_true(at_holder.sealed > 0);
	assert_true(before.named > before.text);
	assert_int_equal(erases(MAIN, number, ST_ERASE_PRIVATE, ""), 0);
	settle();
	for (int i = 0; i < STATIONS; i++) {
		assert_int_equal(left_at(i, number).sealed, 0);
		assert_int_equal(left_at(i, number).text, before.text);
	}
	assert_string_equal(at(BASE_B, number).name, "");
	assert_int_equal(erasures_at(MAIN, number).confirmed, STATIONS - 1);
	assert_int_equal(erases(MAIN, number, ST_ERASE_PRIVATE, ""), ST_EERASED);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	settle();
	nothing_left(number);
	sound();
}

static void only_what_one_event_brought(void **state)
{
	char number[ST_NUMBER_TEXT] = "", event[64];
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	const struct st_command_field note = { st_span_text("remark"), st_span_text("垃圾又来了") };
	assert_int_equal(station_command(&city[BASE_A], "note", number, &note, 1), 0);
	settle();
	struct parts_left before = left_at(BASE_A, number);
	assert_int_equal(before.text, 2);
	(void)snprintf(event, sizeof(event), "%s/1/%llu", codes[BASE_A], (unsigned long long)9999);
	assert_int_equal(erases(BASE_A, number, ST_ERASE_EVENT, event), ST_ENOTFOUND);
	assert_int_equal(erases(BASE_A, number, ST_ERASE_EVENT, "9"), ST_EFIELD);
	struct looking l = at(BASE_A, number);
	(void)snprintf(event, sizeof(event), "%s/1/%llu", codes[BASE_A],
		       (unsigned long long)l.record.head.seq);
	assert_int_equal(erases(BASE_A, number, ST_ERASE_EVENT, event), 0);
	settle();
	for (int i = MAIN; i <= BASE_A; i += i == MAIN ? BRANCH_A : BASE_A - BRANCH_A) {
		assert_int_equal(left_at(i, number).text, 1);
		assert_int_equal(left_at(i, number).sealed, 0);
	}
	sound();
}

/* The holder hands on, and seals for the receiver, what main has erased meanwhile. */
static void a_grant_that_did_not_know_is_erased_too(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	settle();
	nothing_left(number);
	struct looking l = at(BASE_B, number);
	assert_string_equal(l.holder.text, codes[BASE_B]);
	assert_string_equal(l.name, "");
	struct erasures x = erasures_at(MAIN, number);
	assert_int_equal(x.count, 2); /* its writer named the grant */
	assert_int_equal(x.rows[0].state, ST_ERASURE_DONE);
	assert_int_equal(x.rows[1].state, ST_ERASURE_DONE);
	sound();
}

/* The same, when the receiver had read and handed it on already. */
static void a_grant_of_a_grant_is_erased_too(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	settle();
	assert_int_equal(erases(BRANCH_B, number, ST_ERASE_ALL, ""), 0);
	assert_int_equal(hand(BASE_B, number, "hand", codes[BRANCH_A]), 0);
	settle();
	settle();
	nothing_left(number);
	assert_string_equal(at(BRANCH_A, number).holder.text, codes[BRANCH_A]);
	sound();
}

static void what_is_given_after_an_erase_stays(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(BASE_B, number, ST_ERASE_ALL, ""), 0);
	settle();
	const struct st_command_field again = { st_span_text("reporter_name"),
						st_span_text("李某") };
	assert_int_equal(station_command(&city[BASE_B], "note", number, &again, 1), 0);
	settle();
	assert_int_equal(left_at(BASE_B, number).sealed > 0, 1);
	assert_int_equal(erasures_at(MAIN, number).count, 1);
	sound();
}

/* ---- orders of arrival ---- */

/* What goes to a child, last first: each by itself, so that each is proven by itself. */
static void carry_backwards(int child)
{
	struct st_inbound_carry *in;
	uint64_t after = 0;
	carry_version = 1;
	while ((in = next_carry(parents[child], child, after)) != NULL) {
		struct st_carry c = in->carry;
		size_t count = c.item_count;
		struct st_carry_item *turned = calloc(count, sizeof(*turned));
		for (size_t i = 0; i < count; i++)
			turned[i] = c.items[count - 1 - i];
		c.items = turned;
		assert_int_equal(take(child, &c).refused, 0);
		after = c.position;
		free(turned);
		st_inbound_carry_free(in);
	}
	carry_version = ST_WIRE_VERSION;
}

static void the_erase_may_come_first(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	push_all(BASE_A);
	assert_int_equal(erases(BRANCH_A, number, ST_ERASE_ALL, ""),
			 ST_EHOLDER); /* it is B's by now */
	push_all(BRANCH_A);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	carry_backwards(BRANCH_B); /* the erase, the hand-on, the opening */
	struct erasures x = erasures_at(BRANCH_B, number);
	assert_int_equal(x.count, 1);
	assert_true(x.rows[0].state >= ST_ERASURE_DONE);
	assert_int_equal(left_at(BRANCH_B, number).text + left_at(BRANCH_B, number).sealed, 0);
	carry_backwards(BASE_B);
	settle();
	nothing_left(number);
	assert_int_equal(erasures_at(MAIN, number).confirmed, STATIONS - 1);
	sound();
}

static void a_part_that_comes_again_is_not_stored(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	for (int i = 0; i < STATIONS; i++)
		push_all(i == 0 ? BASE_A
				: i); /* a base that knows nothing of it sends all it has, again */
	struct parts_left p = left_at(MAIN, number);
	assert_int_equal(p.text + p.sealed, 0);
	settle();
	nothing_left(number);
}

static void folded_anew_it_is_still_erased(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	settle();
	struct erasures before = erasures_at(BRANCH_A, number);
	for (int i = 0; i < STATIONS; i++)
		fold_anew(i);
	struct erasures after = erasures_at(BRANCH_A, number);
	assert_int_equal(after.count, before.count);
	assert_true(after.rows[0].state >= ST_ERASURE_DONE);
	nothing_left(number);
	push_all(BASE_A);
	settle();
	nothing_left(number);
	assert_int_equal(erasures_at(MAIN, number).confirmed, STATIONS - 1);
	sound();
}

/* ---- who may not ---- */

static void only_the_holder_and_those_above_it(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(BASE_A, number, ST_ERASE_ALL, ""), ST_EHOLDER);
	assert_int_equal(erases(BRANCH_A, number, ST_ERASE_ALL, ""), ST_EHOLDER);
	assert_int_equal(erases(BASE_B, "410611003-2026-000099-KK", ST_ERASE_ALL, ""),
			 ST_ENOTFOUND);
	assert_int_equal(erases(BRANCH_B, number, ST_ERASE_ALL, ""), 0);
}

struct reading_log {
	const char *code;
	struct st_log log;
};

static int read_log(struct st_txn *t, void *arg)
{
	struct reading_log *r = arg;
	struct st_code code = code_of(r->code);
	uint32_t number = 0;
	int rc = st_station_number(t, &code, &number);
	return rc < 0 ? rc : st_log_find(t, number, 1, &r->log);
}

/* An erase that a station's own program would never write, signed with its key, at its parent. */
static void signs(int by, const struct parts_left *what, const struct st_position *previous,
		  size_t hashes)
{
	struct st_job *job = calloc(1, sizeof(*job));
	struct reading_log r = { .code = codes[by] };
	struct st_erase erase = { .scope = ST_ERASE_ALL,
				  .at_ms = 1,
				  .reason = st_span_text("x"),
				  .hashes = st_span(what->hashes, hashes * ST_HASH_SIZE) };
	struct st_event e;
	struct st_buf body, bytes;
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(&bytes, ST_EVENT_MAX);
	assert_int_equal(st_store_read(city[parents[by]].store, read_log, &r), 0);
	struct st_frontier tree = r.log.tree;
	memset(&e, 0, sizeof(e));
	assert_int_equal(st_erase_encode(&erase, &body), 0);
	e.at = (struct st_position){ code_of(codes[by]), 1, tree.size + 1 };
	e.min_version = 1;
	e.has_record = true;
	e.record = what->id;
	e.previous = *previous;
	e.type = ST_ERASE;
	e.body = st_buf_span(&body);
	assert_int_equal(st_event_encode(&e, &bytes), 0);
	struct st_span event = st_buf_span(&bytes);
	struct st_hash leaf = st_hash_leaf(event);
	assert_int_equal(st_frontier_append(&tree, &leaf, NULL, NULL), 0);
	struct st_push *push = &job->u.push.push;
	*push = (struct st_push){ .first_seq = tree.size, .event_count = 1, .events = &event };
	push->checkpoint =
		(struct st_checkpoint){ { e.at.station, 1 }, tree.size, st_frontier_root(&tree) };
	st_cosign(&push->checkpoint, &city[by].keys.identity, 9, &push->cosignature);
	job->kind = ST_JOB_PUSH;
	job->u.push.child = number_at(&city[parents[by]], codes[by]);
	assert_int_equal(station_run(&city[parents[by]], job), 0);
	st_buf_done(&body);
	st_buf_done(&bytes);
	free(job);
}

static struct st_position head_of(const char *number)
{
	struct looking l = at(BASE_A, number);
	return (struct st_position){ code_of(codes[BASE_A]), 1, l.record.head.seq };
}

static void anybody_elses_is_kept_and_ignored(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	struct parts_left before = left_at(MAIN, number), at_base = left_at(BASE_A, number);
	struct st_position head = head_of(number);
	signs(BASE_B, &at_base, &head, at_base.named);
	push_all(BRANCH_B);
	struct erasures x = erasures_at(MAIN, number);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.rows[0].state, ST_ERASURE_REFUSED);
	assert_int_equal(x.rows[0].why, ST_EHOLDER);
	assert_int_equal(x.confirmed, 0);
	for (int i = 1; i < STATIONS; i++)
		(void)carry_all(i);
	assert_int_equal(left_at(MAIN, number).text, before.text);
	assert_int_equal(left_at(BASE_A, number).sealed, at_base.sealed);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""),
			 0); /* and stands in nobody's way */
	assert_int_equal(left_at(MAIN, number).text, 0);
}

/* It rests on a place where something else comes to stand: it waits, as if that hadn't come. */
static void what_stands_elsewhere_is_waited_for(void **state)
{
	char number[ST_NUMBER_TEXT] = "", other[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	struct parts_left at_base = left_at(BASE_A, number);
	struct st_position next = head_of(number);
	next.seq += 2;
	signs(BASE_B, &at_base, &next, 1);
	push_all(BRANCH_B);
	assert_int_equal(erasures_at(MAIN, number).rows[0].state, ST_ERASURE_WAITS);
	for (int i = 0; i < 4; i++) {
		other[0] = 0;
		assert_int_equal(station_opens(&city[BASE_A], other), 0);
	}
	settle();
	assert_int_equal(erasures_at(MAIN, number).rows[0].state, ST_ERASURE_WAITS);
	sound();
	fold_anew(MAIN);
	assert_int_equal(erasures_at(MAIN, number).rows[0].state, ST_ERASURE_WAITS);
}

/* The erase, what gave the record to its holder, and last that there is such a station. */
static void the_holder_may_become_known_last(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	struct station late;
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	station_new(&late, 99);
	station_join(&city[BRANCH_B], &late, "410621002", ST_BASE, &root.public);
	push_all(BRANCH_B);
	assert_int_equal(hand(MAIN, number, "reassign", "410621002"), 0);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	assert_true(left_at(BRANCH_A, number).text > 0);
	carry_backwards(BRANCH_A);
	assert_int_equal(erasures_at(BRANCH_A, number).rows[0].state, ST_ERASURE_DONE);
	assert_int_equal(left_at(BRANCH_A, number).text, 0);
	sound();
	station_gone(&late);
}

static void nobody_waits_without_end(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	struct parts_left at_base = left_at(BASE_A, number);
	struct st_position nowhere = { code_of(codes[BASE_A]), 1, 1000000 };
	for (int i = 0; i < 20; i++)
		signs(BASE_A, &at_base, &nowhere, 1);
	struct st_position self = { code_of(codes[BASE_A]), 1, 0 };
	signs(BASE_A, &at_base, &self, 1); /* rests on nothing at all */
	assert_true(left_at(BRANCH_A, number).text > 0);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	assert_int_equal(left_at(MAIN, number).text, 0);
	(void)carry_all(BRANCH_A);
	assert_int_equal(left_at(BRANCH_A, number).text, 0);
	sound();
	fold_anew(BRANCH_A); /* who wasn't let wait isn't let wait now */
	sound();
}

/* What an older version couldn't read, and kept all of, is dropped as soon as it is read. */
static int put_again(struct st_txn *t, void *arg)
{
	const struct parts_left *p = arg;
	return st_part_put_row(t, p->text_at.log, p->text_at.seq, p->text_n, st_span_text("垃圾"));
}

static void what_an_older_version_kept_is_dropped(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	(void)state;
	opened_and_handed(number);
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	settle();
	struct parts_left p = left_at(BRANCH_A, number);
	assert_int_equal(st_store_write(city[BRANCH_A].store, put_again, &p), 0);
	assert_int_equal(left_at(BRANCH_A, number).text, 1);
	fold_anew(BRANCH_A);
	nothing_left(number);
	sound();
}

/* ---- an erase that took effect, and of which nothing has been said ---- */

static int halt(struct st_txn *t, void *arg)
{
	return arg != NULL ? st_meta_put(t, ST_META_HALT, st_span_text("x"))
			   : st_meta_del(t, ST_META_HALT);
}

/* As in a store that an older version left: it kept the erase and couldn't read it, and was then made
 * anew, which says nothing. The own event that comes next is written once, and all is said behind it. */
static void what_was_left_unsaid_is_said_behind_the_next_event(void **state)
{
	char number[ST_NUMBER_TEXT] = "";
	int yes = 1;
	(void)state;
	assert_int_equal(station_opens(&city[BASE_A], number), 0);
	settle();
	assert_int_equal(erases(MAIN, number, ST_ERASE_ALL, ""), 0);
	assert_int_equal(hand(BASE_A, number, "hand", codes[BASE_B]), 0);
	(void)carry_all(BRANCH_A);
	assert_int_equal(st_store_write(city[BASE_A].store, halt, &yes), 0);
	(void)carry_all(BASE_A);
	assert_int_equal(st_store_write(city[BASE_A].store, halt, NULL), 0);
	assert_int_equal(erasures_at(BASE_A, number).count, 1);
	assert_int_equal(erasures_at(BASE_A, number).rows[0].state, ST_ERASURE_DONE);
	const struct st_command_field note = { st_span_text("remark"), st_span_text("已转") };
	assert_int_equal(station_command(&city[BASE_A], "note", number, &note, 1), 0);
	assert_int_equal(erasures_at(BASE_A, number).count, 2); /* its grant is named */
	settle();
	settle();
	sound();
	assert_int_equal(erasures_at(MAIN, number).count, 2);
	assert_int_equal(erasures_at(MAIN, number).confirmed, STATIONS - 1);
	assert_string_equal(at(BASE_B, number).name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(X)                                     \
	X(erased_everywhere_and_confirmed)          \
	X(who_is_offline_has_not_confirmed)         \
	X(a_station_above_erases_what_it_never_had) \
	X(only_what_one_event_brought)              \
	X(a_grant_that_did_not_know_is_erased_too)  \
	X(a_grant_of_a_grant_is_erased_too)         \
	X(what_is_given_after_an_erase_stays)       \
	X(the_erase_may_come_first)                 \
	X(a_part_that_comes_again_is_not_stored)    \
	X(folded_anew_it_is_still_erased)           \
	X(only_the_holder_and_those_above_it)       \
	X(anybody_elses_is_kept_and_ignored)        \
	X(what_stands_elsewhere_is_waited_for)      \
	X(the_holder_may_become_known_last)         \
	X(nobody_waits_without_end)                 \
	X(what_an_older_version_kept_is_dropped)    \
	X(what_was_left_unsaid_is_said_behind_the_next_event)
#define X(name) cmocka_unit_test_setup_teardown(name, setup, teardown),
		EACH(X)
#undef X
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
