/* rebuild.c - all derived tables made anew: after a city's life with everything in it they come out byte for byte, and
 * whatever is damaged in one of them is found, named and mended. The tables are those of the store's own list, so one
 * that this life leaves empty, or that nothing compares or makes anew, fails here. */
#include "five.h"
#include <lib/store/log_rows.h>
#include <station/work/city.h>

enum { DEPUTIES = 9, PRESENT = 7, MATTERS = 12, OWN_LOG = 1 };

/* ---- a life ---- */

static void say(int at, const char *kind, const char *move, char number[ST_NUMBER_TEXT], const char *words)
{
	struct st_command_field fields[ST_COMMAND_FIELDS_MAX];
	char room[WORDS_ROOM];
	size_t n = fields_of(words, room, fields);
	station_kind = st_kind_named(kind)->number;
	assert_int_equal(station_command(&city[at], move, number, fields, n), 0);
	station_kind = ST_KIND_MATTER;
}

static void run_at(int at, struct st_job *job)
{
	assert_int_equal(station_run(&city[at], job), 0);
	free(job);
}

static struct st_job *job_of(enum st_job_kind kind)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = kind;
	return job;
}

static void vote(void)
{
	char project[ST_NUMBER_TEXT] = "", other[ST_NUMBER_TEXT] = "", number[ST_NUMBER_TEXT] = "", words[300];
	static struct st_token tokens[ST_TOKENS_MAX];
	struct st_paper papers[PRESENT];
	say(MAIN, "project", "propose", project, "origin citizen title p");
	say(MAIN, "project", "screen", project, "round 2026");
	say(MAIN, "project", "propose", other, "origin citizen title q");
	say(MAIN, "project", "screen", other, "round 2026");
	(void)snprintf(words, sizeof(words), "method n_of_m title v seats 1 deputies %d candidates %s candidates %s",
		       DEPUTIES, project, other);
	say(MAIN, "vote", "prepare", number, words);
	struct st_job *job = job_of(ST_JOB_TOKENS);
	job->u.tokens = (struct st_job_tokens){ .vote = st_span_text(number), .present = PRESENT,
						.tokens = tokens };
	run_at(MAIN, job);
	say(MAIN, "vote", "open", number, "");
	for (size_t i = 0; i < PRESENT; i++)
		papers[i] = (struct st_paper){ .token = tokens[i], .choices = { 1 }, .choice_count = 1 };
	job = job_of(ST_JOB_BALLOTS);
	job->u.ballots = (struct st_job_ballots){ .vote = st_span_text(number), .papers = papers,
						  .count = PRESENT, .batch = st_span_text("1") };
	run_at(MAIN, job);
	say(MAIN, "vote", "close", number, "");
	job = job_of(ST_JOB_DECLARE);
	job->u.declare.vote = st_span_text(number);
	run_at(MAIN, job);
}

static void online(const char *request, int to)
{
	static const struct st_command_field fields[] = {
		{ { (const uint8_t *)"title", 5 }, { (const uint8_t *)"lamp", 4 } },
		{ { (const uint8_t *)"reporter_name", 13 }, { (const uint8_t *)"Wang", 4 } },
	};
	struct st_job *job = job_of(ST_JOB_ONLINE);
	job->u.online = (struct st_job_online){ .source = st_span_text("platform"),
						.request = st_span_text(request), .fields = fields,
						.field_count = 2, .spot = { .code = st_span_text(codes[to]) } };
	run_at(MAIN, job);
}

static void tables(void)
{
	const struct st_city_table *t = st_city_table_named(st_span_text("focus"));
	struct st_city_file *file = calloc(1, sizeof(*file));
	struct st_job *job = job_of(ST_JOB_CITY);
	struct st_buf rows;
	st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
	assert_int_equal(st_city_read(t, st_span_text("number,name\n1,安全\n2,教育\n"), &rows, file), 0);
	job->u.city.count = 1;
	job->u.city.issues[0] = (struct st_city_issue){ .table = t->number, .rows = st_buf_span(&rows),
							.columns = (uint32_t)t->column_count };
	run_at(MAIN, job);
	st_buf_done(&rows);
	free(file);
}

static void seen(int at)
{
	struct st_job *job = job_of(ST_JOB_SEEN);
	job->u.seen.author = st_span_text("clerk");
	run_at(at, job);
}

static void erase(int at, const char *number)
{
	struct st_job *job = job_of(ST_JOB_ERASE);
	job->u.erase = (struct st_job_erase){ .record = st_span_text(number), .scope = ST_ERASE_ALL,
					      .reason = st_span_text("r") };
	run_at(at, job);
}

/* Categories in another order at each station: so numbers of names are given in another order than logs have. */
static void matters(int at, const char *const categories[3])
{
	char numbers[MATTERS][ST_NUMBER_TEXT], words[300];
	for (size_t i = 0; i < MATTERS; i++) {
		numbers[i][0] = 0;
		(void)snprintf(words, sizeof(words), "channel visit category %s title t reporter_name w",
			       categories[i % 3]);
		say(at, "matter", "open", numbers[i], words);
	}
	(void)snprintf(words, sizeof(words), "joins %s", numbers[0]);
	say(at, "matter", "merge", numbers[1], words);
	say(at, "matter", "refuse", numbers[2], "reason r elsewhere e");
	int across = at == BASE_A ? BASE_B : BASE_A;
	for (size_t i = 3; i < 6; i++)
		assert_int_equal(hand(at, numbers[i], "hand", codes[across]), 0);
	say(at, "matter", "note", numbers[3], "text n");
	settle();
	(void)snprintf(words, sizeof(words), "to %s level ordinary due 2030-01-01 title x", codes[across]);
	numbers[6][0] = 0;
	say(MAIN, "supervision", "issue", numbers[6], words);
	settle();
	seen(across);
	erase(MAIN, numbers[3]); /* and its holder, who doesn't know, seals it for another: that is erased, too */
	assert_int_equal(hand(across, numbers[3], "hand", codes[at]), 0);
	erase(at, numbers[7]);
	settle();
}

static void live(void)
{
	static const char *const one[] = { "road", "water", "school" };
	static const char *const two[] = { "school", "road", "water" };
	struct st_job *job = job_of(ST_JOB_HOOKS);
	job->u.hooks = true;
	run_at(MAIN, job);
	tables();
	vote();
	for (int i = 0; i < 4; i++) {
		char request[16];
		(void)snprintf(request, sizeof(request), "r%d", i);
		online(request, i % 2 == 0 ? BASE_A : MAIN);
	}
	settle();
	matters(BASE_B, two); /* its log has the higher number everywhere */
	matters(BASE_A, one);
	assert_int_equal(push_later_version(BASE_A, BASE_B), 1);
	push_all(BRANCH_A);
	for (int i = 1; i < STATIONS; i++)
		(void)carry_all(i);
}

/* ---- dumps ---- */

struct dump {
	struct st_buf tables[TABLE_COUNT];
	uint64_t rows[TABLE_COUNT];
	size_t at;
};

static int dump_row(struct st_span key, struct st_span value, void *arg)
{
	struct dump *d = arg;
	struct st_buf *to = &d->tables[d->at];
	d->rows[d->at]++;
	st_buf_u32(to, (uint32_t)key.size);
	st_buf_put_span(to, key);
	st_buf_u32(to, (uint32_t)value.size);
	st_buf_put_span(to, value);
	return to->error;
}

static bool derived(size_t table)
{
	return st_table_class(table) == ST_TABLE_FOLDED || st_table_class(table) == ST_TABLE_TOLD;
}

static int dump_all(struct st_txn *t, void *arg)
{
	struct dump *d = arg;
	int rc = 0;
	for (d->at = 0; rc == 0 && d->at < TABLE_COUNT; d->at++)
		rc = st_table_each(t, d->at, dump_row, d);
	return rc;
}

static struct dump *dump_of(int station)
{
	struct dump *d = calloc(1, sizeof(*d));
	for (size_t i = 0; i < TABLE_COUNT; i++)
		st_buf_init(&d->tables[i], 64 << 20);
	assert_int_equal(st_store_read(city[station].store, dump_all, d), 0);
	return d;
}

static void dump_free(struct dump *d)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		st_buf_done(&d->tables[i]);
	free(d);
}

static bool same(const struct dump *a, const struct dump *b, size_t table)
{
	return st_span_equal(st_buf_span(&a->tables[table]), st_buf_span(&b->tables[table]));
}

static void rebuild(int station)
{
	uint64_t events = 0;
	bool done = false;
	assert_int_equal(st_rebuild_ask(city[station].store), 0);
	while (!done) {
		station_close(&city[station]); /* whoever ends in the midst goes on at the next start */
		station_open(&city[station]);
		assert_int_equal(st_rebuild_step(city[station].apply, &done, &events), 0);
	}
}

/* Rows of these bear numbers of names, which are given in the order in which names come: that of arrival in a life,
 * that of the logs' numbers in a rebuild. */
static bool bears_names(size_t table)
{
	return table == TABLE_NAMES || table == TABLE_RECORDS || table == TABLE_INDEX || table == TABLE_TALLIES;
}

static void test_made_anew_byte_for_byte(void **state)
{
	unsigned other_order = 0;
	(void)state;
	live();
	sound();
	for (int i = 0; i < STATIONS; i++) {
		struct dump *before = dump_of(i);
		rebuild(i);
		struct dump *once = dump_of(i);
		rebuild(i);
		struct dump *twice = dump_of(i);
		for (size_t t = 0; t < TABLE_COUNT; t++) {
			bool meta = t == TABLE_META; /* where the rebuild stood, and stands no more */
			other_order += !same(before, once, t);
			if (!meta && !same(before, once, t) && !bears_names(t))
				fail_msg("station %s: %s differs", codes[i], st_table_name(t));
			if (!meta && !same(once, twice, t))
				fail_msg("station %s: %s differs the second time", codes[i], st_table_name(t));
			assert_int_equal(before->rows[t], once->rows[t]);
		}
		dump_free(before);
		dump_free(once);
		dump_free(twice);
	}
	assert_true(other_order > 0); /* else the names' order isn't tried */
	sound();
}

/* ---- damage ---- */

enum damage { ALTERED, GONE, ADDED, DAMAGES };
struct harm {
	size_t table;
	enum damage how;
	uint64_t row; /* counts down to it */
	uint8_t key[KV_KEY_MAX], value[65536];
	size_t key_size, value_size;
};

static int find_row(struct st_span key, struct st_span value, void *arg)
{
	struct harm *h = arg;
	if (h->row-- > 0)
		return 0;
	assert_true(value.size < sizeof(h->value));
	memcpy(h->key, key.data, key.size);
	if (value.size > 0)
		memcpy(h->value, value.data, value.size);
	h->key_size = key.size;
	h->value_size = value.size;
	return 1;
}

static int do_harm(struct st_txn *t, void *arg)
{
	struct harm *h = arg;
	assert_int_equal(st_table_each(t, h->table, find_row, h), 1);
	struct st_span key = st_span(h->key, h->key_size);
	if (h->how == GONE)
		return kv_del(t, (enum table)h->table, key);
	if (h->how == ADDED)
		h->key[h->key_size - 1] ^= 0x55;
	else if (h->value_size == 0)
		h->value[h->value_size++] = 1;
	else
		h->value[h->value_size - 1] ^= 1;
	return kv_put(t, (enum table)h->table, key, st_span(h->value, h->value_size));
}

static void harm_and_mend(int station, const struct dump *right, size_t table, enum damage how)
{
	char why[WHY_UNSOUND];
	struct harm *h = calloc(1, sizeof(*h));
	*h = (struct harm){ .table = table, .how = how, .row = right->rows[table] / 2 };
	assert_int_equal(st_store_write(city[station].store, do_harm, h), 0);
	int rc = store_sound(city[station].store, why);
	if (rc < 0)
		fail_msg("station %d, %s: damage %d can't be looked at: %s", station, st_table_name(table), (int)how,
			 st_error_text(rc, ST_EN));
	if (why[0] == 0)
		fail_msg("%s: damage %d isn't found", st_table_name(table), (int)how);
	if (st_table_class(table) == ST_TABLE_TOLD && strstr(why, st_table_name(table)) == NULL)
		fail_msg("%s: damage %d isn't named: %s", st_table_name(table), (int)how, why);
	rebuild(station);
	assert_int_equal(store_sound(city[station].store, why), 0);
	assert_string_equal(why, "");
	struct dump *mended = dump_of(station);
	for (size_t t = 0; t < TABLE_COUNT; t++)
		if (t != TABLE_META && !same(right, mended, t))
			fail_msg("%s: damage %d isn't mended in %s", st_table_name(table), (int)how,
				 st_table_name(t));
	dump_free(mended);
	free(h);
}

static void test_damage_is_found_named_and_mended(void **state)
{
	unsigned tried = 0;
	bool filled[TABLE_COUNT] = { false };
	(void)state;
	live();
	for (int i = MAIN; i <= BASE_B; i += BASE_B) { /* one that sends and one that hears */
		rebuild(i);
		struct dump *right = dump_of(i);
		for (size_t t = 0; t < TABLE_COUNT; t++) {
			if (!derived(t) || right->rows[t] == 0)
				continue;
			filled[t] = true;
			for (int how = 0; how < DAMAGES; how++, tried++)
				harm_and_mend(i, right, t, (enum damage)how);
		}
		dump_free(right);
	}
	for (size_t t = 0; t < TABLE_COUNT; t++)
		if (derived(t) && !filled[t])
			fail_msg("%s has no row in this life", st_table_name(t));
	assert_true(tried > 0);
}

/* What an older version kept in rows that are derived now isn't lost with them. */
static int as_format_4(struct st_txn *t, void *arg)
{
	uint8_t format[4];
	struct st_heard_key key = { 1, 1, 1, 2 };
	struct st_heard_row row = { .position = 7 };
	(void)arg;
	st_put_u32(format, 4);
	int rc = st_heard_put(t, &key, &row);
	return rc < 0 ? rc : st_meta_put(t, ST_META_FORMAT, ST_SPAN(format));
}

static int read_left(struct st_txn *t, void *arg)
{
	struct st_heard_key key = { 1, 1, 1, 2 };
	return st_left_get(t, &key, arg);
}

static void test_places_in_the_outbox_outlive_an_upgrade(void **state)
{
	uint64_t position = 0, events = 0;
	bool done = false;
	(void)state;
	assert_int_equal(st_store_write(city[MAIN].store, as_format_4, NULL), 0);
	do {
		station_close(&city[MAIN]);
		station_open(&city[MAIN]);
		assert_int_equal(st_rebuild_step(city[MAIN].apply, &done, &events), 0);
	} while (!done);
	assert_int_equal(st_store_read(city[MAIN].store, read_left, &position), 0);
	assert_int_equal(position, 7);
	sound();
}

/* ---- what can't be made anew ---- */

/* The tail's first seq is far beyond the log's end then; counts the logs that have a block before it. */
static int spoil_tail(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct key k = log_row_key(log->number, LOG_TAIL);
	uint8_t row[4080];
	struct st_span tail;
	assert_int_equal(kv_get(t, TABLE_LOGS, key_span(&k), &tail), 0);
	assert_int_equal(tail.size, sizeof(row));
	memcpy(row, tail.data, sizeof(row));
	*(size_t *)arg += st_get_u64(row) > 1;
	row[0] ^= 1;
	return kv_put(t, TABLE_LOGS, key_span(&k), ST_SPAN(row));
}

static int spoil_tails(struct st_txn *t, void *arg)
{
	return st_log_each(t, spoil_tail, arg);
}

static void test_a_damaged_log_ends_a_rebuild(void **state)
{
	bool done = false;
	uint64_t events = 0;
	size_t spoilt = 0;
	int rc = 0;
	(void)state;
	live();
	assert_int_equal(st_store_write(city[MAIN].store, spoil_tails, &spoilt), 0);
	assert_true(spoilt > 0);
	char number[ST_NUMBER_TEXT] = "";
	assert_false(city[MAIN].applied.damaged);
	assert_int_equal(station_opens(&city[MAIN], number), ST_ECORRUPT);
	assert_true(city[MAIN].applied.damaged); /* the operator is told */
	assert_int_equal(st_rebuild_ask(city[MAIN].store), 0);
	for (int steps = 0; rc == 0; steps++) {
		assert_true(steps < 64 && !done);
		rc = st_rebuild_step(city[MAIN].apply, &done, &events);
	}
	assert_int_equal(rc, ST_ECORRUPT);
}

enum spoiling { LOST, BEYOND };

static int spoil_newest(struct st_txn *t, void *arg)
{
	struct key k = log_row_key(OWN_LOG, LOG_NEWEST);
	struct st_span newest;
	uint8_t row[256];
	if (*(enum spoiling *)arg == LOST)
		return kv_del(t, TABLE_LOGS, key_span(&k));
	assert_int_equal(kv_get(t, TABLE_LOGS, key_span(&k), &newest), 0);
	assert_true(newest.size <= sizeof(row));
	memcpy(row, newest.data, newest.size);
	row[0] ^= 1; /* of a size that no log has */
	return kv_put(t, TABLE_LOGS, key_span(&k), st_span(row, newest.size));
}

static void test_a_lost_signature_is_told(void **state)
{
	struct st_log_verdict v;
	(void)state;
	assert_int_equal(st_log_verify(city[MAIN].store, OWN_LOG, NULL, NULL, &v), 0);
	assert_int_equal(v.rc, 0);
	for (size_t i = 0; i < 2; i++) {
		static enum spoiling ways[] = { BEYOND, LOST };
		assert_int_equal(st_store_write(city[MAIN].store, spoil_newest, &ways[i]), 0);
		assert_int_equal(st_log_verify(city[MAIN].store, OWN_LOG, NULL, NULL, &v), 0);
		assert_int_equal(v.rc, ST_ECORRUPT);
	}
}

/* ---- copies of a checkpoint ---- */

enum { UNDER = 8 + 8 + ST_SIGNATURE_SIZE, COPY = 8 + ST_SIGNATURE_SIZE + ST_HASH_SIZE + 8 };

struct copy {
	uint32_t log;
	size_t byte;      /* of the copy that is changed */
	bool spaces;      /* not under the receipt, but in the table, as it would space the log */
	bool done;
};

static int spoil_receipt(struct st_txn *t, const struct kv_row *row, void *arg)
{
	struct copy *c = arg;
	uint8_t receipt[UNDER + COPY];
	struct key k = { .size = row->key.size };
	if (row->value.size != sizeof(receipt) || c->done)
		return 0;
	memcpy(k.bytes, row->key.data, row->key.size);
	memcpy(receipt, row->value.data, sizeof(receipt));
	receipt[UNDER + c->byte] ^= 1;
	c->done = true;
	if (!c->spaces)
		return kv_put(t, TABLE_LOGS, key_span(&k), ST_SPAN(receipt));
	k = key_new();
	key_u32(&k, c->log);
	key_u64(&k, st_get_u64(receipt));
	return kv_put(t, TABLE_CHECKPOINTS, key_span(&k), st_span(receipt + UNDER, COPY));
}

/* Done twice it is as before, but for the copy that spaces. */
static int spoil_copy(struct st_txn *t, void *arg)
{
	struct copy *c = arg;
	struct key k = log_row_key(c->log, LOG_RECEIPT);
	struct kv_range range = { .table = TABLE_LOGS, .prefix = key_span(&k) };
	c->done = false;
	return kv_scan(t, &range, spoil_receipt, c);
}

static int verdict(uint32_t log)
{
	struct st_log_verdict v;
	assert_int_equal(st_log_verify(city[MAIN].store, log, NULL, NULL, &v), 0);
	return v.rc;
}

static void test_each_copy_of_a_checkpoint_is_verified(void **state)
{
	size_t tried = 0;
	(void)state;
	live();
	for (uint32_t log = OWN_LOG + 1; log <= STATIONS; log++) {
		for (size_t byte = 0; byte < COPY - 8; byte += 24) { /* of its time, signature and root */
			struct copy c = { .log = log, .byte = byte };
			assert_int_equal(verdict(log), 0);
			assert_int_equal(st_store_write(city[MAIN].store, spoil_copy, &c), 0);
			assert_true(c.done);
			assert_true(verdict(log) == ST_ESIGNATURE || verdict(log) == ST_EROOT);
			assert_int_equal(st_store_write(city[MAIN].store, spoil_copy, &c), 0);
			tried++;
		}
		struct copy c = { .log = log, .spaces = true };
		assert_int_equal(st_store_write(city[MAIN].store, spoil_copy, &c), 0);
		assert_int_equal(verdict(log), ST_ESIGNATURE);
	}
	assert_int_equal(tried, (STATIONS - 1) * 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_anew_byte_for_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_found_named_and_mended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places_in_the_outbox_outlive_an_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_damaged_log_ends_a_rebuild, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_lost_signature_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_copy_of_a_checkpoint_is_verified, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
