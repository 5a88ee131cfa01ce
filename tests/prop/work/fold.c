/* fold.c - the same events in any order of arrival give the same state, strays and tallies.
 *
 * Random histories of several records by several stations, with moves, notes, hand-ons, reassignments,
 * competing claims, missing predecessors, unknown kinds and rubbish. Each log keeps its own order; the logs are
 * interleaved at random. Every order must leave the same rows, and agree with a recount. A failure
 * prints its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/ask/verify.h>
#include <station/trust/hash.h>
#include <station/work/fold.h>
#include "../../common/scratch.h"

enum { STATIONS = 4, RECORDS = 4, EVENTS = 120, ORDERS = 5, HISTORIES = 12, EVENT_BYTES = 400 };

static const char *const codes[STATIONS] = { "410600", "410611", "410611003", "410611100" };
static const uint32_t parents[STATIONS] = { 0, 1, 2, 2 };
static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

struct written {
	uint8_t bytes[EVENT_BYTES];
	size_t size;
};
struct history {
	struct written events[STATIONS][EVENTS];
	size_t counts[STATIONS];
	struct {
		struct st_position at;
		uint32_t term, holder;
	} known[RECORDS][EVENTS];
	size_t known_counts[RECORDS];
	uint32_t openers[RECORDS];
};

/* One more event of a record by some station: right, wrong, early or late. */
static void write_event(struct history *h)
{
	struct st_event e;
	struct st_change c = { .kind = ST_KIND_MATTER, .at_ms = 1600000000000 + below(1000) * 86400000LL };
	struct st_field category = { .id = ST_F_CATEGORY, .text = st_span_text(below(2) ? "a" : "b") };
	struct st_buf bytes, body;
	uint32_t n = below(RECORDS), kind = below(100);
	size_t known = h->known_counts[n];
	memset(&e, 0, sizeof(e));
	uint32_t from = known == 0 ? 0 : (uint32_t)known - 1 - (below(4) == 0 ? below((uint32_t)known) : 0);
	uint32_t writer = known == 0 ? h->openers[n] : below(5) ? h->known[n][from].holder : below(STATIONS) + 1;
	c.move = 1 + below(12);
	c.state = 1 + below(10);
	e.type = kind < 12 ? ST_NOTE : kind < 24 && known > 0 ? ST_REASSIGN : ST_MOVE;
	if (kind == 99)
		c.kind = 99; /* of a later version */
	if (known > 0 && e.type != ST_NOTE) {
		e.previous = h->known[n][from].at;
		e.term = h->known[n][from].term;
	}
	if (kind == 98)
		e.previous = (struct st_position){ { "410611003" }, 1, 100000 }; /* never comes */
	if (e.type == ST_REASSIGN) {
		writer = 1 + below(2);
		e.term++;
	}
	uint32_t holder = writer;
	if (e.type == ST_REASSIGN || kind == 50) {
		holder = 1 + below(STATIONS);
		(void)snprintf(c.holder.text, sizeof(c.holder.text), "%s", codes[holder - 1]);
	} else if (known > 0) {
		holder = h->known[n][from].holder;
	}
	c.fields = &category;
	c.field_count = 1;
	size_t at = h->counts[writer - 1]++;
	struct written *w = &h->events[writer - 1][at];
	(void)snprintf(e.at.station.text, sizeof(e.at.station.text), "%s", codes[writer - 1]);
	e.at.epoch = 1;
	e.at.seq = at + 1;
	e.has_record = true;
	(void)snprintf(e.record.opener.text, sizeof(e.record.opener.text), "%s", codes[h->openers[n] - 1]);
	e.record.ulid.bytes[0] = (uint8_t)n;
	e.revision = 1;
	st_buf_init(&bytes, EVENT_BYTES);
	st_buf_init(&body, EVENT_BYTES);
	assert_int_equal(st_change_encode(e.type, &c, &body), 0);
	e.body = st_buf_span(&body);
	assert_int_equal(st_event_encode(&e, &bytes), 0);
	if (kind == 97)
		memset(bytes.data, 0xff, bytes.size); /* rubbish under a right signature */
	memcpy(w->bytes, bytes.data, bytes.size);
	w->size = bytes.size;
	st_buf_done(&bytes);
	st_buf_done(&body);
	if (e.type != ST_NOTE && kind < 97) {
		h->known[n][known].at = e.at;
		h->known[n][known].term = e.term;
		h->known[n][known].holder = holder;
		h->known_counts[n]++;
	}
}

/* ---- a store that receives them ---- */

struct receiver {
	char directory[64];
	struct st_store *store;
	struct st_fold *fold;
	struct st_log logs[STATIONS];
	const struct history *h;
	size_t next[STATIONS], station;
};

static int set_up(struct st_txn *t, void *arg)
{
	struct receiver *v = arg;
	uint16_t name = 0;
	uint8_t key_seed[ST_SEED_SIZE] = { 1 };
	struct st_signing_key key;
	st_signing_key_from_seed(key_seed, &key);
	for (uint32_t i = 0; i < STATIONS; i++) {
		struct st_station s;
		struct st_buf b;
		memset(&s, 0, sizeof(s));
		st_buf_init(&b, ST_CERTIFICATE_MAX);
		(void)snprintf(s.certificate.code.text, ST_CODE_MAX, "%s", codes[i]);
		(void)snprintf(s.certificate.name, ST_NAME_MAX, "%s", codes[i]);
		s.certificate.tier = i == 0 ? ST_MAIN : i == 1 ? ST_BRANCH : ST_BASE;
		s.certificate.serial = 1;
		assert_int_equal(st_certificate_issue(&s.certificate, &key, &b), 0);
		memcpy(s.signed_bytes, b.data, b.size);
		s.signed_size = b.size;
		st_buf_done(&b);
		s.parent = parents[i];
		s.depth = i < 2 ? i : 2;
		s.standing = ST_ENROLLED;
		assert_int_equal(st_station_put(t, &s), 0);
		assert_int_equal(st_log_create(t, s.number, 1, &v->logs[i]), 0);
	}
	assert_int_equal(st_name_intern(t, ST_NAMES_CATEGORY, st_span_text("a"), &name), 0);
	return st_name_intern(t, ST_NAMES_CATEGORY, st_span_text("b"), &name);
}

/* A run of one station's next events, as a push would bring it. */
static int receive(struct st_txn *t, void *arg)
{
	struct receiver *v = arg;
	struct st_arena arena;
	struct st_log *log = &v->logs[v->station];
	size_t left = v->h->counts[v->station] - v->next[v->station], run = 1 + below(5);
	assert_int_equal(st_arena_init(&arena, ST_EVENT_ARENA), 0);
	st_fold_begin(v->fold);
	for (size_t i = 0; i < run && i < left; i++) {
		const struct written *w = &v->h->events[v->station][v->next[v->station]++];
		struct st_span bytes = st_span(w->bytes, w->size);
		struct st_hash leaf = st_hash_leaf(bytes);
		struct st_append append = { &bytes, &leaf, 1, 0 };
		struct st_event e;
		assert_int_equal(st_log_append(t, log, &append), 0);
		st_arena_reset(&arena);
		if (st_event_decode(bytes, &arena, &e) == 0)
			assert_int_equal(st_fold_event(t, v->fold, log, &e), 0);
	}
	assert_int_equal(st_fold_finish(t, v->fold), 0);
	st_arena_done(&arena);
	return st_log_put(t, log);
}

/* ---- what they add up to ---- */

static int put_record(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	struct st_record r;
	assert_int_equal(st_record_decode(ref, row, &r), 0);
	st_buf_put(arg, ref->ulid.bytes, 1);
	st_buf_put_span(arg, row);
	return 0;
}

static int put_stray(const struct st_stray *s, void *arg)
{
	st_buf_printf(arg, "%u/%llu=%d;", s->log, (unsigned long long)s->seq, (int)s->why);
	return 0;
}

static int put_cell(struct st_span key, struct st_span cell, void *arg)
{
	st_buf_put_span(arg, key);
	st_buf_put_span(arg, cell);
	return 0;
}

struct summing {
	const struct history *h;
	struct st_buf *to;
};

static int sum_up(struct st_txn *t, void *arg)
{
	struct summing *s = arg;
	assert_int_equal(st_record_each(t, NULL, put_record, s->to), 0);
	for (uint32_t n = 0; n < RECORDS; n++) {
		struct st_record_ref ref = { .opener = s->h->openers[n], .ulid.bytes = { (uint8_t)n } };
		assert_int_equal(st_stray_each(t, &ref, put_stray, s->to), 0);
	}
	return st_cell_each(t, ST_SPAN_NONE, put_cell, s->to);
}

static void receive_all(const struct history *h, struct st_buf *to)
{
	struct receiver v = { .h = h };
	struct summing s = { h, to };
	struct st_recount recount;
	scratch_folder(v.directory, sizeof(v.directory), "fold");
	struct st_store_conf conf = { .directory = v.directory, .map_bytes = 64 << 20, .readers_max = 4 };
	assert_int_equal(st_store_open(&conf, &v.store), 0);
	assert_int_equal(st_fold_new(&v.fold), 0);
	assert_int_equal(st_store_write(v.store, set_up, &v), 0);
	for (;;) {
		size_t left = 0;
		for (size_t i = 0; i < STATIONS; i++)
			left += h->counts[i] - v.next[i];
		if (left == 0)
			break;
		v.station = below(STATIONS);
		if (v.next[v.station] < h->counts[v.station])
			assert_int_equal(st_store_write(v.store, receive, &v), 0);
	}
	assert_int_equal(st_store_read(v.store, sum_up, &s), 0);
	assert_int_equal(to->error, 0);
	assert_int_equal(st_recount_run(v.store, NULL, NULL, &recount), 0);
	if (recount.wrong + recount.wrong_records > 0)
		fail_msg("recount: %s", recount.first_wrong);
	st_fold_free(v.fold);
	st_store_close(v.store);
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -r %s", v.directory);
	assert_int_equal(system(command), 0);
}

static void test_any_order(void **state)
{
	struct history *h = malloc(sizeof(*h));
	struct st_buf first, again;
	(void)state;
	assert_int_equal(st_trust_start(), 0);
	st_buf_init(&first, 1 << 20);
	st_buf_init(&again, 1 << 20);
	for (uint64_t history = 1; history <= HISTORIES; history++) {
		seed = history;
		memset(h, 0, sizeof(*h));
		for (uint32_t n = 0; n < RECORDS; n++)
			h->openers[n] = 3 + below(2);
		for (int i = 0; i < EVENTS; i++)
			write_event(h);
		st_buf_clear(&first);
		receive_all(h, &first);
		for (int order = 1; order < ORDERS; order++) {
			st_buf_clear(&again);
			receive_all(h, &again);
			if (!st_span_equal(st_buf_span(&first), st_buf_span(&again)))
				fail_msg("history %llu differs in order %d", (unsigned long long)history, order);
		}
	}
	st_buf_done(&first);
	st_buf_done(&again);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_any_order) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
