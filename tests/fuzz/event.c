/* event.c - any bytes as an event, as each kind of body and as fields: an error, or an event whose
 * encoding reads the same, within the budget. */
#include "decoders.h"
#include <station/event/event.h>

static struct st_arena arena;

static void bodies(struct st_span body)
{
	struct st_begin begin;
	struct st_span certificate;
	struct st_revoke revoke;
	struct st_change change;
	const struct st_field *fields;
	size_t count = 0;
	(void)(st_begin_decode(body, &begin) == 0);
	(void)(st_enrol_decode(body, &certificate) == 0);
	if (st_revoke_decode(body, &revoke) == 0)
		ST_REQUIRE(!st_code_empty(&revoke.station));
	struct st_heard heard;
	struct st_buf again;
	st_arena_reset(&arena);
	if (st_heard_decode(body, &arena, &heard) == 0) {
		ST_REQUIRE(heard.count > 0 && heard.count <= ST_HEARD_MAX);
		st_buf_init(&again, ST_EVENT_MAX);
		ST_REQUIRE(st_heard_encode(&heard, &again) == 0);
		st_buf_done(&again);
	}
	struct st_position at;
	if (st_position_parse(body, &at) == 0)
		ST_REQUIRE(at.seq > 0 && at.epoch > 0);
	struct st_ballot ballot, read;
	struct st_span hashes;
	if (st_ballot_decode(body, &ballot) == 0) {
		struct st_buf b;
		st_buf_init(&b, ST_EVENT_MAX);
		ST_REQUIRE(ballot.choice_count <= ST_BALLOT_CHOICES_MAX);
		ST_REQUIRE(st_ballot_encode(&ballot, &b) == 0);
		ST_REQUIRE(st_ballot_decode(st_buf_span(&b), &read) == 0);
		ST_REQUIRE(memcmp(&read, &ballot, sizeof(read)) == 0);
		st_buf_done(&b);
	}
	if (st_tokens_decode(body, &hashes) == 0)
		ST_REQUIRE(hashes.size % ST_HASH_SIZE == 0 && hashes.size <= ST_TOKENS_EVENT_MAX * ST_HASH_SIZE);
	struct st_erase erase, same;
	if (st_erase_decode(body, &erase) == 0) {
		struct st_buf b;
		st_buf_init(&b, ST_EVENT_MAX);
		ST_REQUIRE(erase.hashes.size > 0 && erase.hashes.size <= ST_ERASE_HASHES_MAX * ST_HASH_SIZE);
		ST_REQUIRE(st_erase_encode(&erase, &b) == 0);
		ST_REQUIRE(st_erase_decode(st_buf_span(&b), &same) == 0);
		ST_REQUIRE(same.scope == erase.scope && same.at_ms == erase.at_ms);
		ST_REQUIRE(st_span_equal(same.hashes, erase.hashes) && st_span_equal(same.reason, erase.reason));
		st_buf_done(&b);
	}
	static const uint32_t types[] = { ST_MOVE, ST_NOTE, ST_REASSIGN };
	for (size_t i = 0; i < 3; i++) {
		st_arena_reset(&arena);
		if (st_change_decode(types[i], body, &arena, &change) == 0)
			ST_REQUIRE(change.field_count <= ST_FIELDS_MAX);
	}
	st_arena_reset(&arena);
	if (st_fields_decode(body, &arena, &fields, &count) == 0)
		ST_REQUIRE(count <= ST_FIELDS_MAX);
	ST_REQUIRE(arena.used <= arena.budget);
}

static void again(const struct st_event *e)
{
	struct st_event read;
	struct st_buf b;
	st_buf_init(&b, 2 * ST_EVENT_MAX);
	if (st_event_encode(e, &b) == 0) {
		ST_REQUIRE(st_event_decode(st_buf_span(&b), &arena, &read) == 0);
		ST_REQUIRE(read.at.seq == e->at.seq && read.type == e->type && read.term == e->term);
		ST_REQUIRE(st_span_equal(read.body, e->body) && read.part_count == e->part_count);
	}
	st_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_event e;
	struct st_change change;
	if (arena.block == NULL)
		ST_REQUIRE(st_arena_init(&arena, 2 * ST_EVENT_ARENA) == 0);
	bodies(st_span(data, size));
	st_arena_reset(&arena);
	if (st_event_decode(st_span(data, size), &arena, &e) < 0)
		return 0;
	ST_REQUIRE(st_event_type_in(st_span(data, size)) == e.type);
	again(&e);
	st_arena_reset(&arena);
	bodies(e.body);
	st_arena_reset(&arena);
	if (e.type == ST_MOVE && st_change_decode(e.type, e.body, &arena, &change) == 0)
		CANARY(change.field_count >= 4 && e.term > 0);
	return 0;
}
