/* joined.c - a matter that was merged into one of another branch: its own station learns what came of it, whichever
 * comes first, over several merges, and no more than it may. */
#include <station/ask/matter.h>
#include <station/ask/verify.h>
#include <station/store/carried.h>
#include <station/work/merge.h>
#include "pair.h"

enum { MAIN, BRANCH_A, BRANCH_B, BRANCH_C, BASE_A, BASE_B, BASE_C, STATIONS };
static struct station city[STATIONS];
static struct st_signing_key root;
static const char *const codes[STATIONS] = { "410600", "410611", "410621", "410622",
					     "410611003", "410621001", "410622001" };
static const int parents[STATIONS] = { -1, MAIN, MAIN, MAIN, BRANCH_A, BRANCH_B, BRANCH_C };
#include "passing.h"

/* ---- looking ---- */

struct looking {
	const char *number;
	const struct st_box_key *grant;
	struct st_record record;
	size_t events, privates, texts, sealed;
	int rc;
};

static int see(const struct st_life_event *e, void *arg)
{
	struct looking *l = arg;
	l->events++;
	l->privates += e->private_count;
	l->texts += e->text_count;
	return 0;
}

/* Private parts and keys of its chain that are here, readable or not. */
static int count_sealed(struct st_txn *t, struct looking *l)
{
	struct st_step *steps = NULL;
	size_t count = 0;
	struct st_buf bytes;
	struct st_arena arena;
	assert_int_equal(st_record_chain(t, &l->record, &steps, &count), 0);
	st_buf_init(&bytes, ST_EVENT_PARTS_BYTES_MAX);
	assert_int_equal(st_arena_init(&arena, ST_EVENT_ARENA), 0);
	for (size_t i = 0; i < count; i++) {
		struct st_event e;
		st_buf_clear(&bytes);
		st_arena_reset(&arena);
		assert_int_equal(st_event_get(t, steps[i].at.log, steps[i].at.seq, &bytes), 0);
		assert_int_equal(st_event_decode(st_buf_span(&bytes), &arena, &e), 0);
		for (unsigned n = 0; n < e.part_count; n++) {
			struct st_buf part;
			st_buf_init(&part, ST_EVENT_PARTS_BYTES_MAX);
			l->sealed += e.parts[n].type != ST_PART_TEXT &&
				     st_part_get_row(t, steps[i].at.log, steps[i].at.seq, n, &part) == 0;
			st_buf_done(&part);
		}
	}
	free(steps);
	st_buf_done(&bytes);
	st_arena_done(&arena);
	return 0;
}

static int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_record_ref ref;
	l->rc = st_record_resolve(t, st_span_text(l->number), &ref);
	if (l->rc == 0)
		l->rc = st_record_load(t, &ref, &l->record);
	if (l->rc < 0)
		return 0;
	assert_int_equal(st_life_each(t, &l->record, l->grant, see, l), 0);
	return count_sealed(t, l);
}

static struct looking at(int station, const char *number)
{
	struct looking l = { .number = number, .grant = &city[station].keys.grant };
	assert_int_equal(st_store_read(city[station].store, look, &l), 0);
	return l;
}

/* It holds what main holds of it. */
static struct looking as_main(int station, const char *number)
{
	struct looking here = at(station, number), main = at(MAIN, number);
	assert_int_equal(main.rc, 0);
	assert_int_equal(here.rc, 0);
	assert_int_equal(here.events, main.events);
	assert_int_equal(here.texts, main.texts);
	assert_int_equal(here.record.state, main.record.state);
	assert_int_equal(here.record.revision, main.record.revision);
	assert_int_equal(here.record.notes, main.record.notes);
	assert_int_equal(here.record.waiting + here.record.set_aside, 0);
	return here;
}

struct untold {
	const char *number;
	bool listed;
};

static int is_listed(const struct st_list_row *row, void *arg)
{
	struct untold *u = arg;
	u->listed |= strcmp(row->number, u->number) == 0;
	return 0;
}

static int list_untold(struct st_txn *t, void *arg)
{
	const struct st_list_query q = { .kind = ST_KIND_MATTER, .untold = true, .limit = 100 };
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_list_each(t, &q, is_listed, arg, &next);
	st_buf_done(&next);
	return rc;
}

static bool untold(int station, const char *number)
{
	struct untold u = { number, false };
	assert_int_equal(st_store_read(city[station].store, list_untold, &u), 0);
	return u.listed;
}

static void sound(void)
{
	for (int i = 0; i < STATIONS; i++) {
		struct st_recount r;
		struct st_carried_verdict v;
		assert_int_equal(st_recount_run(city[i].store, NULL, NULL, &r), 0);
		assert_int_equal(r.wrong + r.wrong_records, 0);
		assert_int_equal(st_carried_verify(city[i].store, NULL, NULL, &v), 0);
		assert_int_equal(v.wrong + v.missing, 0);
	}
}

/* ---- doing ---- */

static int setup(void **state)
{
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	for (int i = 0; i < STATIONS; i++)
		station_new(&city[i], (uint64_t)i + 10);
	station_found(&city[MAIN], codes[MAIN], &root);
	for (int i = 1; i < STATIONS; i++)
		station_join(&city[parents[i]], &city[i], codes[i],
			     parents[i] == MAIN ? ST_BRANCH : ST_BASE, &root.public);
	settle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < STATIONS; i++)
		station_gone(&city[i]);
	return 0;
}

static int move(int station, const char *name, char number[ST_NUMBER_TEXT], const char *field,
		const char *value)
{
	const struct st_command_field f = { st_span_text(field), st_span_text(value) };
	return station_command(&city[station], name, number, &f, 1);
}

/* Opened at one station, and held by another. */
static void opened(int station, int holder, char number[ST_NUMBER_TEXT])
{
	assert_int_equal(station_opens(&city[station], number), 0);
	if (holder != station)
		assert_int_equal(move(station, "hand", number, "to", codes[holder]), 0);
}

static uint32_t own_log(int station)
{
	struct listing l = { .list = { 0 } };
	assert_int_equal(st_store_read(city[station].store, read_logs, &l), 0);
	return l.own;
}

struct waits {
	uint32_t child;
	uint64_t count;
};

static int count_waits(struct st_txn *t, void *arg)
{
	struct waits *w = arg;
	return st_outbox_count(t, w->child, &w->count);
}

static uint64_t waits_for(int child)
{
	struct station *parent = &city[parents[child]];
	struct waits w = { number_at(parent, codes[child]), 0 };
	assert_int_equal(st_store_read(parent->store, count_waits, &w), 0);
	return w.count;
}

/* ---- tests ---- */

/* Main merges what one branch's base had sent up into what another branch's base has opened, and a third's holds:
 * the first one's reporter hears of the answer, also when his station is alone from then on. */
static void test_a_third_branch_hears(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, MAIN, a);
	opened(BASE_B, BASE_C, b);
	settle();
	assert_int_equal(at(BASE_A, b).rc, ST_ENOTFOUND);
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	settle();
	assert_int_equal(as_main(BASE_A, b).record.state, at(BASE_B, b).record.state);
	assert_false(untold(BASE_A, a)); /* nothing to tell yet */
	assert_int_equal(station_command(&city[BASE_C], "accept", b, NULL, 0), 0);
	assert_int_equal(move(BASE_C, "answer", b, "reply", "已清运"), 0);
	settle();
	struct looking here = as_main(BASE_A, b);
	assert_true(st_state_answered(st_kind(ST_KIND_MATTER), here.record.state));
	assert_int_equal(here.privates, 0);
	assert_int_equal(here.sealed, 0);
	assert_int_equal(at(BRANCH_A, b).sealed, 0);
	assert_true(at(BASE_C, b).privates > 0);
	assert_true(untold(BASE_A, a));
	station_close(&city[BASE_A]); /* it starts again, and nobody speaks to it */
	station_open(&city[BASE_A]);
	assert_true(untold(BASE_A, a));
	assert_int_equal(move(MAIN, "tell", a, "told_how", "phone"), 0);
	settle();
	assert_false(untold(BASE_A, a));
	sound();
}

/* The merge is known above before anything of what it joins: that comes later, and goes the same way. */
static void test_merge_comes_first(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, BRANCH_B, a);
	settle();
	opened(BASE_B, BASE_B, b);
	assert_int_equal(station_command(&city[BASE_B], "accept", b, NULL, 0), 0);
	push_log(BASE_B, BRANCH_B, own_log(BASE_B));
	assert_int_equal(move(BRANCH_B, "merge", a, "joins", b), 0);
	push_log(BRANCH_B, MAIN, own_log(BRANCH_B));
	assert_true(carry_all(BRANCH_A) > 0);
	assert_true(carry_all(BASE_A) > 0);
	assert_int_equal(at(MAIN, b).rc, ST_ENOTFOUND);
	assert_int_equal(at(BASE_A, a).record.revision, 3);
	settle();
	(void)as_main(BASE_A, b);
	assert_int_equal(move(BASE_B, "answer", b, "reply", "已清运"), 0);
	settle();
	(void)as_main(BASE_A, b);
	assert_true(untold(BASE_A, a));
	sound();
}

/* What main says of a matter comes up... after all else: a branch that names a new holder of its base's matter is
 * heard before the opening. What waited goes along once that is here. */
static void test_opening_comes_last(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, BRANCH_B, a);
	settle();
	opened(BASE_B, BASE_B, b);
	push_log(BASE_B, BRANCH_B, own_log(BASE_B));
	assert_int_equal(move(BRANCH_B, "merge", a, "joins", b), 0);
	assert_int_equal(move(BRANCH_B, "reassign", b, "to", codes[BASE_C]), 0);
	assert_int_equal(station_command(&city[BRANCH_B], "note", b,
					 &(struct st_command_field){ st_span_text("remark"),
								     st_span_text("请尽快办理") }, 1), 0);
	settle(); /* each station's own log goes first */
	assert_int_equal(as_main(BASE_A, b).record.notes, 1);
	assert_int_equal(as_main(BASE_C, b).record.revision, 2);
	assert_int_equal(station_command(&city[BASE_C], "accept", b, NULL, 0), 0);
	settle();
	(void)as_main(BASE_A, b);
	sound();
}

/* One into another into a third: the first one's station hears of the third. */
static void test_chain(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT], c[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, MAIN, a);
	opened(BASE_B, MAIN, b);
	opened(BASE_C, BASE_C, c);
	settle();
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	settle();
	(void)as_main(BASE_A, b);
	assert_int_equal(at(BASE_A, c).rc, ST_ENOTFOUND);
	assert_int_equal(move(MAIN, "merge", b, "joins", c), 0);
	settle();
	(void)as_main(BASE_A, b);
	(void)as_main(BASE_A, c);
	(void)as_main(BASE_B, c);
	assert_int_equal(station_command(&city[BASE_C], "accept", c, NULL, 0), 0);
	assert_int_equal(move(BASE_C, "answer", c, "reply", "已清运"), 0);
	settle();
	(void)as_main(BASE_A, c);
	(void)as_main(BASE_B, c);
	assert_true(untold(BASE_A, a));
	assert_true(untold(BASE_B, b));
	assert_int_equal(at(BASE_B, a).rc, ST_ENOTFOUND); /* what joined it is none of its business */
	sound();
}

/* Two stations merge at one time: the second merge of the chain is there before the first. */
static void test_chain_from_its_end(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT], c[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, MAIN, a);
	opened(BASE_B, BRANCH_C, b);
	opened(BASE_C, BASE_C, c);
	settle();
	assert_int_equal(move(BRANCH_C, "merge", b, "joins", c), 0);
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0); /* to its knowledge b is open */
	assert_int_equal(station_command(&city[BASE_C], "accept", c, NULL, 0), 0);
	settle();
	(void)as_main(BASE_A, b);
	(void)as_main(BASE_A, c);
	(void)as_main(BASE_B, c);
	sound();
}

/* A second one from the same branch brings nothing again; and each event goes a way once. */
static void test_once(void **state)
{
	char a[ST_NUMBER_TEXT], again[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, MAIN, a);
	opened(BASE_A, MAIN, again);
	opened(BASE_B, BASE_B, b);
	settle();
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	assert_int_equal(waits_for(BRANCH_A), 2); /* the merge, and b's opening */
	assert_int_equal(move(MAIN, "merge", again, "joins", b), 0);
	assert_int_equal(waits_for(BRANCH_A), 3);
	settle();
	assert_int_equal(waits_for(BRANCH_A), 0);
	assert_int_equal(station_command(&city[BASE_B], "accept", b, NULL, 0), 0); /* it knows nothing of a */
	push_all(BASE_B);
	push_all(BRANCH_B);
	assert_int_equal(waits_for(BRANCH_A), 1);
	assert_int_equal(waits_for(BRANCH_C), 0);
	assert_int_equal(carry_all(BRANCH_A), 1);
	assert_int_equal(waits_for(BASE_A), 1);
	settle();
	assert_int_equal(move(BASE_B, "hand", b, "to", codes[MAIN]), 0);
	settle();
	assert_int_equal(move(MAIN, "answer", b, "reply", "已清运"), 0); /* addressed, too */
	assert_int_equal(waits_for(BRANCH_A), 1);
	settle();
	(void)as_main(BASE_A, b);
	sound();
}

/* Two merged into each other at one time: every walk ends, and both stations hold both. */
static void test_ring(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, BRANCH_B, a);
	opened(BASE_B, BRANCH_A, b);
	settle();
	assert_int_equal(move(BRANCH_B, "merge", a, "joins", b), 0);
	assert_int_equal(move(BRANCH_A, "merge", b, "joins", a), 0);
	settle();
	(void)as_main(BASE_A, b);
	(void)as_main(BASE_B, a);
	sound();
}

/* One that was merged with another already: the branch that has what they join doesn't keep it from the next. */
static void test_one_branch_has_it(void **state)
{
	char own[ST_NUMBER_TEXT], a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_B, MAIN, own);
	opened(BASE_A, MAIN, a);
	opened(BASE_B, BASE_B, b);
	settle();
	assert_int_equal(move(MAIN, "merge", own, "joins", a), 0);
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	settle();
	(void)as_main(BASE_A, b);
	(void)as_main(BASE_B, a);
	sound();
}

/* Whoever is told of a hand-on gets nothing that is sealed to another; and a key that a later holder made for
 * himself stays with him. */
static void test_keys_stay(void **state)
{
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") }, { st_span_text("category"), st_span_text("环境") },
		{ st_span_text("title"), st_span_text("垃圾") },
	};
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT] = "", c[ST_NUMBER_TEXT];
	(void)state;
	opened(BASE_A, MAIN, a);
	assert_int_equal(station_command(&city[BASE_B], "open", b, fields, 3), 0); /* nobody's name, so no key */
	opened(BASE_B, BASE_C, c);
	settle();
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	settle();
	assert_int_equal(move(BASE_B, "hand", b, "to", codes[BASE_C]), 0);
	settle();
	const struct st_command_field named[] = { { st_span_text("category"), st_span_text("环境") },
						  { st_span_text("reporter_name"), st_span_text("王某") } };
	assert_int_equal(station_command(&city[BASE_C], "accept", b, named, 2), 0);
	settle();
	assert_int_equal(at(BASE_C, b).sealed, 2); /* the key, and what is under it */
	for (int i = 0; i < STATIONS; i++)
		assert_true(i == BASE_C || at(i, b).rc < 0 || at(i, b).sealed == 0);
	(void)as_main(BASE_A, b);
	assert_int_equal(at(BASE_C, c).sealed > 0, 1); /* a hand-on's parts go where they are sealed to */
	assert_true(at(BASE_C, c).privates > 0);
	sound();
}

/* What was opened elsewhere is found again, also when it was named by its id. */
static void test_named_by_id(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT], id[64], ulid[ST_ULID_TEXT + 1];
	(void)state;
	opened(BASE_A, BRANCH_B, a);
	opened(BASE_C, BRANCH_B, b);
	settle();
	struct looking l = at(BRANCH_B, b);
	st_ulid_text(&l.record.ref.ulid, ulid);
	(void)snprintf(id, sizeof(id), "%s/%s", codes[BASE_C], ulid);
	assert_int_equal(move(BRANCH_B, "merge", a, "joins", id), 0);
	settle();
	assert_int_equal(station_command(&city[BRANCH_B], "accept", b, NULL, 0), 0);
	settle();
	(void)as_main(BASE_A, b);
	sound();
}

static int count_under(struct st_txn *t, void *arg)
{
	const char *number = arg;
	struct st_record_ref ref;
	struct st_record r, *list = NULL;
	struct st_merge_reader *x = NULL;
	size_t count = 0;
	assert_int_equal(st_record_resolve(t, st_span_text(number), &ref), 0);
	assert_int_equal(st_record_load(t, &ref, &r), 0);
	assert_int_equal(st_merge_reader_new(t, &x), 0);
	assert_int_equal(st_merge_under(x, &r, &list, &count), 0);
	assert_int_equal(count, ST_JOINED_MAX);
	free(list);
	st_merge_reader_free(x);
	return 0;
}

/* More than are looked at: the merge still brings what there is, and what comes later is for the first ones. */
static void test_bound(void **state)
{
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT], one[ST_NUMBER_TEXT];
	(void)state;
	opened(MAIN, MAIN, b);
	for (int i = 0; i < ST_JOINED_MAX; i++) {
		opened(MAIN, MAIN, one);
		assert_int_equal(move(MAIN, "merge", one, "joins", b), 0);
	}
	opened(BASE_A, MAIN, a);
	settle();
	assert_int_equal(move(MAIN, "merge", a, "joins", b), 0);
	settle();
	assert_int_equal(st_store_read(city[MAIN].store, count_under, b), 0);
	(void)as_main(BASE_A, b);
	assert_int_equal(station_command(&city[MAIN], "accept", b, NULL, 0), 0);
	settle();
	assert_int_equal(at(BASE_A, b).record.revision, 1);
}

/* The first merge of all stands in one transaction with what it makes to be passed on: before it nothing was merged. */
static void test_within_one_transaction(void **state)
{
	static const struct { const char *move, *field, *value; } moves[] = {
		{ "note", "remark", "已到现场" }, { "merge", "joins", NULL }, { "note", "remark", "已清运" },
	};
	enum { MOVES = sizeof(moves) / sizeof(moves[0]) };
	char a[ST_NUMBER_TEXT], b[ST_NUMBER_TEXT];
	struct st_job jobs[MOVES], *list[MOVES];
	struct st_command_field fields[MOVES];
	(void)state;
	opened(BASE_A, MAIN, a);
	opened(BASE_B, MAIN, b);
	settle();
	memset(jobs, 0, sizeof(jobs));
	for (size_t i = 0; i < MOVES; i++) {
		const char *value = moves[i].value == NULL ? b : moves[i].value;
		fields[i] = (struct st_command_field){ st_span_text(moves[i].field), st_span_text(value) };
		jobs[i].kind = ST_JOB_COMMAND;
		jobs[i].u.command.command = (struct st_command){ .kind = ST_KIND_MATTER, .move = moves[i].move,
								 .at_ms = city[MAIN].world.now_ms,
								 .fields = &fields[i], .field_count = 1 };
		jobs[i].u.command.record = st_span_text(moves[i].value == NULL ? a : b);
		list[i] = &jobs[i];
	}
	assert_int_equal(st_apply_group(city[MAIN].apply, &city[MAIN].world, list, MOVES, &city[MAIN].applied), 0);
	for (size_t i = 0; i < MOVES; i++)
		assert_int_equal(jobs[i].rc, 0);
	settle();
	assert_int_equal(as_main(BASE_A, b).record.notes, 2);
	sound();
}

#define CITY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CITY(test_a_third_branch_hears), CITY(test_merge_comes_first),
		CITY(test_opening_comes_last), CITY(test_chain), CITY(test_chain_from_its_end),
		CITY(test_once), CITY(test_ring),
		CITY(test_one_branch_has_it), CITY(test_keys_stay), CITY(test_named_by_id), CITY(test_bound),
		CITY(test_within_one_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
