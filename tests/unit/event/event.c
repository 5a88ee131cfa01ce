/* event.c - tests of the envelope and the bodies: round trips, agreement with protobuf-c, rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <proto/event.pb-c.h>
#include <station/event/event.h>

static struct st_arena arena;

static int setup(void **state)
{
	(void)state;
	return st_arena_init(&arena, ST_EVENT_ARENA);
}

static int teardown(void **state)
{
	(void)state;
	st_arena_done(&arena);
	return 0;
}

static struct st_event full(void)
{
	struct st_event e;
	memset(&e, 0, sizeof(e));
	e.at = (struct st_position){ { "410611003" }, 2, 77 };
	e.min_version = 1;
	e.wall_ms = 1700000000123;
	e.has_record = true;
	e.record.opener = (struct st_code){ "410600-01" };
	memset(e.record.ulid.bytes, 0xab, ST_ULID_SIZE);
	e.term = 3;
	e.revision = 9;
	e.previous = (struct st_position){ { "410611" }, 1, 5 };
	e.author = st_span_text("clerk-1");
	e.addressee_count = 1;
	e.addressees[0] = (struct st_addressee){ { "410611100" }, true, 1, 4 };
	e.part_count = 2;
	e.parts[0] = (struct st_part_ref){ .type = 1, .size = 100 };
	e.parts[1] = (struct st_part_ref){ .type = 2, .size = 200, .hash.bytes = { 7 } };
	e.type = ST_MOVE;
	e.body = st_span_text("body");
	return e;
}

static void assert_same(const struct st_event *a, const struct st_event *b)
{
	assert_string_equal(a->at.station.text, b->at.station.text);
	assert_int_equal(a->at.epoch, b->at.epoch);
	assert_int_equal(a->at.seq, b->at.seq);
	assert_int_equal(a->wall_ms, b->wall_ms);
	assert_int_equal(a->has_record, b->has_record);
	assert_string_equal(a->record.opener.text, b->record.opener.text);
	assert_memory_equal(a->record.ulid.bytes, b->record.ulid.bytes, ST_ULID_SIZE);
	assert_int_equal(a->term, b->term);
	assert_int_equal(a->revision, b->revision);
	assert_string_equal(a->previous.station.text, b->previous.station.text);
	assert_int_equal(a->previous.epoch, b->previous.epoch);
	assert_int_equal(a->previous.seq, b->previous.seq);
	assert_true(st_span_equal(a->author, b->author));
	assert_int_equal(a->addressee_count, b->addressee_count);
	assert_int_equal(a->part_count, b->part_count);
	for (size_t i = 0; i < a->part_count; i++)
		assert_memory_equal(&a->parts[i], &b->parts[i], sizeof(a->parts[i]));
	assert_int_equal(a->type, b->type);
	assert_true(st_span_equal(a->body, b->body));
}

static void test_round_trip(void **state)
{
	struct st_event in = full(), out;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&in, &b), 0);
	assert_int_equal(st_event_decode(st_buf_span(&b), &arena, &out), 0);
	assert_same(&in, &out);
	assert_true(out.addressees[0].subtree);
	assert_int_equal(st_event_type_in(st_buf_span(&b)), ST_MOVE);
	assert_int_equal(st_event_type_in(st_span(b.data, b.size - 1)), 0); /* cut off */
	/* Its own log's opener and predecessor are left out, and come back. */
	in.record.opener = in.at.station;
	in.previous.station = in.at.station;
	in.previous.epoch = in.at.epoch;
	size_t long_size = b.size;
	st_buf_clear(&b);
	st_arena_reset(&arena);
	assert_int_equal(st_event_encode(&in, &b), 0);
	assert_true(b.size < long_size);
	assert_int_equal(st_event_decode(st_buf_span(&b), &arena, &out), 0);
	assert_same(&in, &out);
	st_buf_done(&b);
}

/* What a general decoder makes of our bytes. */
static void test_protobuf_agrees(void **state)
{
	struct st_event in = full();
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&in, &b), 0);
	St__Event *m = st__event__unpack(NULL, b.size, b.data);
	assert_non_null(m);
	assert_int_equal(m->seq, 77);
	assert_int_equal(m->epoch, 2);
	assert_int_equal(m->station.len, 9);
	assert_int_equal(m->ulid.len, 16);
	assert_int_equal(m->term, 3);
	assert_int_equal(m->previous->seq, 5);
	assert_int_equal(m->n_addressee, 1);
	assert_true(m->addressee[0]->subtree);
	assert_int_equal(m->n_part, 2);
	assert_int_equal(m->part[1]->size, 200);
	assert_int_equal(m->type, ST_MOVE);
	assert_int_equal(m->body.len, 4);
	/* And what its encoder writes, we read. */
	uint8_t packed[2000];
	size_t size = st__event__pack(m, packed);
	struct st_event out;
	st_arena_reset(&arena);
	assert_int_equal(st_event_decode(st_span(packed, size), &arena, &out), 0);
	assert_same(&in, &out);
	st__event__free_unpacked(m, NULL);
	st_buf_done(&b);
}

static void test_unread(void **state)
{
	struct st_event in = full(), out;
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	in.type = 999;
	assert_int_equal(st_event_encode(&in, &b), 0);
	st_arena_reset(&arena);
	assert_int_equal(st_event_decode(st_buf_span(&b), &arena, &out), ST_EUNREAD);
	assert_int_equal(out.at.seq, 77);
	st_buf_clear(&b);
	in = full();
	in.min_version = ST_EVENT_VERSION + 1;
	assert_int_equal(st_event_encode(&in, &b), 0);
	st_arena_reset(&arena);
	assert_int_equal(st_event_decode(st_buf_span(&b), &arena, &out), ST_EUNREAD);
	/* A field of a later version is passed over. */
	st_buf_clear(&b);
	in = full();
	assert_int_equal(st_event_encode(&in, &b), 0);
	st_buf_varint(&b, 1000 << 3 | 2);
	st_buf_varint(&b, 3);
	st_buf_put(&b, "new", 3);
	st_arena_reset(&arena);
	assert_int_equal(st_event_decode(st_buf_span(&b), &arena, &out), 0);
	st_buf_done(&b);
}

static void test_rubbish(void **state)
{
	struct st_event in = full(), out;
	struct st_buf b;
	uint64_t seed = 1;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&in, &b), 0);
	for (size_t n = 0; n < b.size; n++) { /* never more than an error */
		st_arena_reset(&arena);
		(void)(st_event_decode(st_span(b.data, n), &arena, &out) == 0);
	}
	for (int i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		size_t at = (size_t)(seed >> 33) % b.size;
		b.data[at] ^= (uint8_t)(seed >> 24);
		st_arena_reset(&arena);
		(void)(st_event_decode(st_buf_span(&b), &arena, &out) == 0);
	}
	st_arena_reset(&arena);
	assert_int_equal(st_event_decode(ST_SPAN_NONE, &arena, &out), ST_EWIRE);
	st_buf_done(&b);
}

static void test_too_big(void **state)
{
	static uint8_t large[ST_EVENT_MAX];
	struct st_event in = full();
	struct st_buf b;
	(void)state;
	in.body = ST_SPAN(large);
	st_buf_init(&b, 2 * ST_EVENT_MAX);
	assert_int_equal(st_event_encode(&in, &b), ST_ETOOBIG);
	assert_int_equal(b.size, 0);
	st_buf_done(&b);
}

static void test_changes(void **state)
{
	static const uint32_t types[] = { ST_MOVE, ST_NOTE, ST_REASSIGN };
	const struct st_field fields[] = {
		{ .id = 1, .text = { (const uint8_t *)"环境", 6 } },
		{ .id = 4, .is_number = true, .number = 0 },
		{ .id = 40, .is_number = true, .number = UINT64_MAX },
	};
	struct st_buf b;
	(void)state;
	st_buf_init(&b, ST_EVENT_MAX);
	for (size_t i = 0; i < 3; i++) {
		struct st_change in = { .kind = 1, .move = 2, .state = 3, .at_ms = 123456, .field_count = 3,
					.fields = fields, .holder = { "410611" } }, out;
		st_buf_clear(&b);
		st_arena_reset(&arena);
		assert_int_equal(st_change_encode(types[i], &in, &b), 0);
		assert_int_equal(st_change_decode(types[i], st_buf_span(&b), &arena, &out), 0);
		assert_int_equal(out.kind, 1);
		assert_int_equal(out.at_ms, 123456);
		assert_int_equal(out.state, types[i] == ST_MOVE ? 3 : 0);
		assert_string_equal(out.holder.text, types[i] == ST_NOTE ? "" : "410611");
		assert_int_equal(out.field_count, 3);
		assert_true(st_span_equal(out.fields[0].text, fields[0].text));
		assert_true(out.fields[1].is_number);
		assert_int_equal(out.fields[2].number, UINT64_MAX);
		for (size_t n = 0; n < b.size; n++) {
			st_arena_reset(&arena);
			(void)(st_change_decode(types[i], st_span(b.data, n), &arena, &out) == 0);
		}
	}
	st_buf_done(&b);
}

/* No message contains itself, so no nesting can exhaust the stack (proto/event.proto). */
static bool contains(const ProtobufCMessageDescriptor *m, const ProtobufCMessageDescriptor *what, int depth)
{
	for (unsigned i = 0; depth < 8 && i < m->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->fields[i];
		if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
		    (f->descriptor == what || contains(f->descriptor, what, depth + 1)))
			return true;
	}
	return false;
}

static void test_not_recursive(void **state)
{
	const ProtobufCMessageDescriptor *const all[] = { &st__event__descriptor, &st__move__descriptor,
							  &st__fields__descriptor, &st__note__descriptor };
	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_false(contains(all[i], all[i], 0));
}

static void test_erase(void **state)
{
	static uint8_t hashes[(ST_ERASE_HASHES_MAX + 1) * ST_HASH_SIZE] = { 7, 8, 9 };
	struct st_erase read, e = { .scope = ST_ERASE_PRIVATE, .at_ms = 1700000000000,
				    .reason = st_span_text("本人要求"),
				    .hashes = st_span(hashes, 2 * ST_HASH_SIZE) };
	struct st_buf body;
	(void)state;
	st_buf_init(&body, ST_EVENT_MAX);
	assert_int_equal(st_erase_encode(&e, &body), 0);
	assert_int_equal(st_erase_decode(st_buf_span(&body), &read), 0);
	assert_true(read.scope == e.scope && read.at_ms == e.at_ms);
	assert_true(st_span_equal(read.reason, e.reason) && st_span_equal(read.hashes, e.hashes));
	St__Erase *same = st__erase__unpack(NULL, body.size, body.data);
	assert_non_null(same);
	assert_int_equal(same->hashes.len, 2 * ST_HASH_SIZE);
	st__erase__free_unpacked(same, NULL);
	assert_int_equal(st_erase_decode(st_span(body.data, body.size - 1), &read), ST_EWIRE); /* half a hash */
	assert_int_equal(st_erase_decode(ST_SPAN_NONE, &read), ST_EWIRE);
	st_buf_clear(&body);
	e.reason = st_span_text("two\nlines");
	assert_int_equal(st_erase_encode(&e, &body), 0);
	assert_int_equal(st_erase_decode(st_buf_span(&body), &read), ST_EWIRE);
	St__Erase many = ST__ERASE__INIT;
	static uint8_t packed[ST_EVENT_MAX];
	many.has_scope = many.has_hashes = 1;
	many.scope = 1;
	many.hashes = (ProtobufCBinaryData){ sizeof(hashes), hashes };
	size_t size = st__erase__pack(&many, packed);
	assert_int_equal(st_erase_decode(st_span(packed, size), &read), ST_EWIRE); /* one too many */
	many.hashes.len -= ST_HASH_SIZE;
	size = st__erase__pack(&many, packed);
	assert_int_equal(st_erase_decode(st_span(packed, size), &read), 0);
	st_buf_done(&body);
}

static void test_a_field_said_twice_leaves_nothing(void **state)
{
	struct st_ballot read, again, longer = { .choice_count = 3, .choices = { 1, 2, 3 } };
	struct st_ballot shorter = { .choice_count = 1, .choices = { 4 } };
	struct st_buf body, clean;
	(void)state;
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(&clean, ST_EVENT_MAX);
	assert_int_equal(st_ballot_encode(&longer, &body), 0);
	assert_int_equal(st_ballot_encode(&shorter, &body), 0);
	assert_int_equal(st_ballot_encode(&shorter, &clean), 0);
	assert_int_equal(st_ballot_decode(st_buf_span(&body), &read), 0);
	assert_int_equal(st_ballot_decode(st_buf_span(&clean), &again), 0);
	assert_memory_equal(&read, &again, sizeof(read));
	st_buf_done(&body);
	st_buf_done(&clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_protobuf_agrees),
		cmocka_unit_test(test_unread),	   cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_too_big),	   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_not_recursive),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_a_field_said_twice_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
