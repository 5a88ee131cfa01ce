/* descriptors.c - tests over every message of proto/: none contains itself, so no input is deeper than the
 * messages are; and no decoder gives an input more memory than its budget, whatever the input repeats. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <malloc.h>
#include <proto/event.pb-c.h>
#include <proto/trust.pb-c.h>
#include <proto/wire.pb-c.h>
#include <station/event/event.h>
#include <station/sync/carry.h>
#include <station/sync/pack.h>
#include <station/trust/certificate.h>
#include <station/trust/invite.h>

enum { DEPTH_MAX = 3 };

/*      message         who decodes it; every message has its decoder, and its decoder a budget */
#define MESSAGES(X)                                                                                \
	X(position, EVENT) X(addressee, EVENT) X(part, EVENT) X(event, EVENT) X(field, CHANGE)         \
	X(fields, FIELDS) X(begin, BEGIN) X(enrol, ENROL) X(revoke, REVOKE) X(city, CITY)              \
	X(move, CHANGE)                                                                            \
	X(note, CHANGE) X(reassign, CHANGE) X(certificate, CERTIFICATE) X(signed, CERTIFICATE)         \
	X(enrol_request, REQUEST) X(invite, INVITE) X(log_state, FRAME) X(hello, FRAME)                \
	X(welcome, FRAME) X(logs, FRAME) X(chunk, FRAME) X(ack, FRAME) X(receipt, FRAME)               \
	X(receipts, FRAME) X(want, FRAME) X(grant, FRAME) X(ping, FRAME) X(pong, FRAME)                \
	X(refusal, FRAME) X(join, FRAME) X(joined, FRAME) X(frame, FRAME) X(push_part, PUSH)           \
	X(push, PUSH) X(taken, FRAME) X(carried, CARRY) X(carry, CARRY) X(head, CARRY) \
	X(heard, HEARD) X(heard_log, HEARD) X(ballot, BALLOT) X(tokens, TOKENS)             \
	X(erase, ERASE)

enum decoder {
	EVENT, CHANGE, FIELDS, BEGIN, ENROL, REVOKE, CITY, CERTIFICATE, REQUEST, INVITE, FRAME, PUSH, CARRY, HEARD, BALLOT,
	TOKENS, ERASE, DECODERS
};
static const struct {
	const ProtobufCMessageDescriptor *d;
	enum decoder decoder;
} messages[] = {
#define X(name, decoder) { &st__##name##__descriptor, decoder },
	MESSAGES(X)
#undef X
};
enum { COUNT = sizeof(messages) / sizeof(messages[0]) };

static unsigned depth_of(const ProtobufCMessageDescriptor *d, const ProtobufCMessageDescriptor **above,
			 unsigned depth)
{
	unsigned deepest = depth;
	assert_true(depth < DEPTH_MAX);
	for (unsigned i = 0; i < depth; i++)
		assert_ptr_not_equal(above[i], d); /* it contains itself */
	above[depth] = d;
	for (unsigned i = 0; i < d->n_fields; i++) {
		if (d->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		unsigned n = depth_of(d->fields[i].descriptor, above, depth + 1);
		deepest = n > deepest ? n : deepest;
	}
	return deepest;
}

static void test_no_message_contains_itself(void **state)
{
	const ProtobufCMessageDescriptor *above[DEPTH_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_in_range(depth_of(messages[i].d, above, 0), 0, DEPTH_MAX - 1);
}

/* Nothing is required: one absent field would make the whole message unreadable for ever. */
static void test_no_field_is_required(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (unsigned n = 0; n < messages[i].d->n_fields; n++)
			assert_int_not_equal(messages[i].d->fields[n].label, PROTOBUF_C_LABEL_REQUIRED);
}

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(messages[i].d->short_name, name) == 0)
			return true;
	return false;
}

/* A message that is added to proto/ has to be added here, with its decoder. */
static void test_every_message_is_walked(void **state)
{
	DIR *d = opendir("proto");
	size_t seen = 0;
	(void)state;
	assert_non_null(d); /* tests run at the top of the tree */
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[300], line[256], name[64];
		if (strstr(e->d_name, ".proto") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "proto/%s", e->d_name);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f) != NULL) {
			if (sscanf(line, " message %63[A-Za-z0-9]", name) != 1)
				continue;
			assert_true(is_listed(name));
			seen++;
		}
		(void)fclose(f);
	}
	(void)closedir(d);
	assert_int_equal(seen, COUNT);
}

/* ---- budgets ---- */

static struct st_arena arena;

static int decode_event(struct st_span in)
{
	static struct st_event e;
	return st_event_decode(in, &arena, &e);
}

static int decode_change(struct st_span in)
{
	struct st_change c;
	return st_change_decode(ST_MOVE, in, &arena, &c);
}

static int decode_fields(struct st_span in)
{
	const struct st_field *fields;
	size_t count;
	return st_fields_decode(in, &arena, &fields, &count);
}

static int decode_begin(struct st_span in)
{
	struct st_begin b;
	return st_begin_decode(in, &b);
}

static int decode_enrol(struct st_span in)
{
	struct st_span c;
	return st_enrol_decode(in, &c);
}

static int decode_revoke(struct st_span in)
{
	struct st_revoke r;
	return st_revoke_decode(in, &r);
}

static int decode_heard(struct st_span in)
{
	struct st_heard h;
	return st_heard_decode(in, &arena, &h);
}

static int decode_ballot(struct st_span in)
{
	struct st_ballot b;
	return st_ballot_decode(in, &b);
}

static int decode_erase(struct st_span in)
{
	struct st_erase e;
	return st_erase_decode(in, &e);
}

static int decode_tokens(struct st_span in)
{
	struct st_span hashes;
	return st_tokens_decode(in, &hashes);
}

static int decode_city(struct st_span in)
{
	struct st_city c;
	return st_city_decode(in, &c);
}

static int decode_certificate(struct st_span in)
{
	struct st_certificate c;
	return st_certificate_decode(in, &c);
}

static int decode_request(struct st_span in)
{
	struct st_enrol_request r;
	return st_enrol_request_open(in, &r);
}

static int decode_invite(struct st_span in)
{
	struct st_invite i;
	return st_invite_decode(in, &i);
}

static int decode_frame(struct st_span in)
{
	static struct st_frame f;
	return st_frame_decode(in, &arena, &f);
}

static int decode_push(struct st_span in)
{
	struct st_inbound *push = NULL;
	uint8_t *raw = malloc(in.size);
	assert_non_null(raw);
	memcpy(raw, in.data, in.size);
	int rc = st_push_unpack(raw, in.size, &push);
	if (rc < 0)
		free(raw);
	st_inbound_free(push);
	return rc;
}

static int decode_carry(struct st_span in)
{
	struct st_inbound_carry *carry = NULL;
	uint8_t *raw = malloc(in.size);
	assert_non_null(raw);
	memcpy(raw, in.data, in.size);
	int rc = st_carry_unpack(raw, in.size, &carry);
	if (rc < 0)
		free(raw);
	st_inbound_carry_free(carry);
	return rc;
}

static const struct {
	int (*decode)(struct st_span in);
	size_t largest, budget; /* bytes of input that may come; of memory beside them */
} decoders[DECODERS] = {
	[EVENT] = { decode_event, ST_EVENT_MAX, ST_EVENT_ARENA },
	[CHANGE] = { decode_change, ST_EVENT_MAX, ST_EVENT_ARENA },
	[FIELDS] = { decode_fields, ST_EVENT_MAX, ST_EVENT_ARENA },
	[BEGIN] = { decode_begin, ST_EVENT_MAX, ST_EVENT_ARENA },
	[ENROL] = { decode_enrol, ST_EVENT_MAX, ST_EVENT_ARENA },
	[REVOKE] = { decode_revoke, ST_EVENT_MAX, ST_EVENT_ARENA },
	[CERTIFICATE] = { decode_certificate, 4 * ST_CERTIFICATE_MAX, 16 * 1024 },
	[REQUEST] = { decode_request, 4 * ST_CERTIFICATE_MAX, 16 * 1024 },
	[INVITE] = { decode_invite, 4 * ST_INVITE_TEXT_MAX, 16 * 1024 },
	[FRAME] = { decode_frame, ST_FRAME_MAX, ST_FRAME_ARENA },
	[PUSH] = { decode_push, ST_PUSH_RAW_MAX, ST_PUSH_RAW_MAX + 256 * 1024 },
	[CARRY] = { decode_carry, ST_PUSH_RAW_MAX, ST_PUSH_RAW_MAX + 256 * 1024 },
	[HEARD] = { decode_heard, ST_EVENT_MAX, ST_EVENT_ARENA },
	[BALLOT] = { decode_ballot, ST_EVENT_MAX, ST_EVENT_ARENA },
	[TOKENS] = { decode_tokens, ST_EVENT_MAX, ST_EVENT_ARENA },
	[CITY] = { decode_city, ST_EVENT_MAX, ST_EVENT_ARENA },
	[ERASE] = { decode_erase, ST_EVENT_MAX, ST_EVENT_ARENA },
};

/* ---- what is allocated, by the linker's --wrap: ours, protobuf-c's and zstd's ---- */

static size_t held, most;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static void *given(void *p)
{
	held += p == NULL ? 0 : malloc_usable_size(p);
	most = held > most ? held : most;
	return p;
}

static void taken(void *p)
{
	size_t size = p == NULL ? 0 : malloc_usable_size(p);
	held -= size < held ? size : held; /* of before it was counted */
}

void *__wrap_malloc(size_t size)
{
	return given(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return given(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	taken(p);
	return given(__real_realloc(p, size));
}

void __wrap_free(void *p)
{
	taken(p);
	__real_free(p);
}

/* What it takes at any moment, in the arena and beside it, is within its budget, and nothing of it stays. */
static int within_budget(enum decoder i, struct st_span in)
{
	assert_int_equal(st_arena_init(&arena, decoders[i].budget), 0);
	held = most = 0;
	int rc = decoders[i].decode(in);
	assert_int_equal(held, 0);
	assert_in_range(arena.used + most, 0, decoders[i].budget);
	st_arena_done(&arena);
	return rc;
}

static void test_every_message_has_a_budget(void **state)
{
	uint8_t *p = malloc(1000);
	(void)state;
	assert_non_null(p);
	assert_true(held >= 1000); /* it is counted at all */
	free(p);
	for (size_t i = 0; i < COUNT; i++)
		assert_non_null(decoders[messages[i].decoder].decode);
}

static uint8_t input[512 * 1024];

/* size bytes of one field again and again: number, wire type, and a value of no bytes, or 0. */
static struct st_span repeated(unsigned number, unsigned wire, size_t size)
{
	size_t n = 0;
	while (n + 4 <= size) {
		uint32_t tag = number << 3 | wire;
		for (; tag >= 0x80; tag >>= 7)
			input[n++] = (uint8_t)(tag | 0x80);
		input[n++] = (uint8_t)tag;
		input[n++] = 0;
	}
	return st_span(input, n);
}

static void test_no_input_takes_more_than_its_budget(void **state)
{
	(void)state;
	for (enum decoder i = 0; i < DECODERS; i++)
		for (unsigned number = 1; number <= 40; number++)
			for (unsigned wire = 0; wire <= 2; wire += 2) {
				(void)within_budget(i, repeated(number, wire, decoders[i].largest));
				(void)within_budget(i, repeated(number + 1000, wire, decoders[i].largest));
			}
}

/* Empty sub-messages take 45 times their bytes when they are unpacked. */
static void test_amplification_is_refused(void **state)
{
	(void)state;
	/* Events and their bodies are read without unpacking: by count, before anything is allocated. */
	assert_true(within_budget(EVENT, repeated(12, 2, ST_EVENT_MAX)) < 0); /* addressees */
	assert_true(within_budget(EVENT, repeated(13, 2, ST_EVENT_MAX)) < 0); /* parts */
	assert_true(within_budget(CHANGE, repeated(6, 2, ST_EVENT_MAX)) < 0);  /* fields */
	assert_true(within_budget(FIELDS, repeated(1, 2, ST_EVENT_MAX)) < 0);
	assert_true(within_budget(EVENT, repeated(1999, 2, ST_EVENT_MAX)) < 0); /* unknown ones */
	assert_int_equal(within_budget(FRAME, repeated(1999, 2, ST_FRAME_MAX)), ST_ETOOBIG);
	assert_int_equal(within_budget(PUSH, repeated(4, 2, ST_PUSH_RAW_MAX)), ST_ETOOBIG); /* events */
	assert_int_equal(within_budget(PUSH, repeated(5, 2, ST_PUSH_RAW_MAX)), ST_ETOOBIG); /* parts */
}

/* Of the frames that hold lists: { outer tag, length } around the same. */
static void test_amplification_in_frames_is_refused(void **state)
{
	static const unsigned lists[][2] = { { 3, 1 }, { 6, 1 }, { 13, 2 } }; /* logs, receipts, joined */
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct st_span inner = repeated(lists[i][1], 2, ST_FRAME_MAX - 4);
		memmove(input + 4, input, inner.size);
		input[0] = (uint8_t)(lists[i][0] << 3 | 2);
		input[1] = (uint8_t)(inner.size | 0x80);
		input[2] = (uint8_t)(inner.size >> 7 | 0x80);
		input[3] = (uint8_t)(inner.size >> 14);
		int rc = within_budget(FRAME, st_span(input, inner.size + 4));
		assert_true(rc == ST_ETOOBIG || (i == 2 && rc == ST_EWIRE));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_message_contains_itself),
		cmocka_unit_test(test_no_field_is_required),
		cmocka_unit_test(test_every_message_is_walked),
		cmocka_unit_test(test_every_message_has_a_budget),
		cmocka_unit_test(test_no_input_takes_more_than_its_budget),
		cmocka_unit_test(test_amplification_is_refused),
		cmocka_unit_test(test_amplification_in_frames_is_refused),
	};
	assert_int_equal(st_trust_start(), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
