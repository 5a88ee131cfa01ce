/* apply.c - whatever events a station below may sign: its push is taken for size, root and signature
 * alone, the log verifies, and rows and tallies equal a recount. The target owns the keys, so the fuzzer's
 * bytes reach the fold.
 *
 * Input: pieces of { how u8, size u16, bytes }. how bit 0: of the specialty's log, not the base's; bit 1: the bytes
 * are a part of the next event; bit 2: the event stands as it is, else it is brought to its place (station,
 * epoch, seq, part hashes) first; bit 3: push what there is. */
#include "decoders.h"
#include <station/ask/matter.h>
#include <station/ask/report.h>
#include <station/ask/verify.h>
#include <station/event/event.h>
#include <station/store/stations.h>
#include <station/sync/pack.h>
#include <station/trust/part.h>
#include "../common/city.h"
#include "../common/sound.h"

enum { EVENTS_MAX = 24, LOGS = 2 };

struct author { /* one log below the branch, and what waits to be pushed */
	const char *code;
	const struct st_keys *keys;
	struct st_frontier start, tree;
	uint64_t first_seq;
	size_t count, part_count;
	struct st_buf events[EVENTS_MAX];
	struct st_span spans[EVENTS_MAX];
	struct st_buf stored[EVENTS_MAX];
	struct st_push_part parts[EVENTS_MAX];
	size_t parts_of_next;
};

static struct city city;
static struct node branch;
static struct author authors[LOGS];
static struct st_arena arena;
static unsigned folded;

static int frontier_of(struct st_txn *t, void *arg)
{
	struct author *a = arg;
	struct st_code code = code_of(a->code);
	struct st_log log;
	uint32_t number = 0;
	int rc = st_station_number(t, &code, &number);
	if (rc == 0)
		rc = st_log_newest(t, number, &log);
	if (rc == 0)
		a->start = log.tree;
	return rc;
}

static void setup(void)
{
	static const char *const codes[LOGS] = { CITY_BASE, CITY_SPECIALTY };
	struct st_inbound *in = NULL;
	struct st_job_push got;
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	ST_REQUIRE(st_arena_init(&arena, ST_EVENT_ARENA) == 0);
	ST_REQUIRE(node_push(&city.base, CITY_SPECIALTY, 0, &in) == 0);
	ST_REQUIRE(node_give(&city.branch, CITY_BASE, &in->push, &got) == 0);
	st_inbound_free(in);
	for (size_t i = 0; i < LOGS; i++) {
		authors[i].code = codes[i];
		authors[i].keys = i == 0 ? &city.base.keys : &city.specialty.keys;
		ST_REQUIRE(st_store_read(city.branch.store, frontier_of, &authors[i]) == 0);
		for (size_t n = 0; n < EVENTS_MAX; n++) {
			st_buf_init(&authors[i].events[n], ST_EVENT_MAX);
			st_buf_init(&authors[i].stored[n], ST_PART_MAX);
		}
	}
	city_close(&city);
	node_init(&branch, "work", 9);
}

static void add_part(struct author *a, struct st_span bytes)
{
	if (a->part_count == EVENTS_MAX || bytes.size == 0 || bytes.size > ST_PART_MAX ||
	    a->parts_of_next == ST_EVENT_PARTS_MAX)
		return;
	struct st_buf *b = &a->stored[a->part_count];
	st_buf_clear(b);
	st_buf_put_span(b, bytes);
	a->parts[a->part_count++] = (struct st_push_part){ .event = (uint32_t)a->count,
							   .n = (uint32_t)a->parts_of_next++,
							   .stored = st_buf_span(b) };
}

/* The event, at home in its place and bound to the parts that come with it. */
static int settle(const struct author *a, struct st_span bytes, struct st_buf *to)
{
	struct st_event e;
	st_arena_reset(&arena);
	if (st_event_decode(bytes, &arena, &e) < 0)
		return -1;
	e.at = (struct st_position){ code_of(a->code), 1, a->tree.size + 1 };
	for (size_t i = 0; i < a->parts_of_next; i++) {
		struct st_span stored = a->parts[a->part_count - a->parts_of_next + i].stored;
		e.parts[i] = (struct st_part_ref){ ST_PART_TEXT, (uint32_t)stored.size,
						   st_part_hash(ST_PART_TEXT, stored) };
		e.part_count = e.part_count <= i ? i + 1 : e.part_count;
	}
	return st_event_encode(&e, to);
}

static void add_event(struct author *a, struct st_span bytes, bool as_it_is)
{
	if (a->count == EVENTS_MAX || bytes.size == 0 || bytes.size > ST_EVENT_MAX)
		return;
	struct st_buf *b = &a->events[a->count];
	st_buf_clear(b);
	if (as_it_is || settle(a, bytes, b) < 0) {
		st_buf_clear(b);
		st_buf_put_span(b, bytes);
	}
	a->spans[a->count] = st_buf_span(b);
	struct st_hash leaf = st_hash_leaf(a->spans[a->count++]);
	ST_REQUIRE(st_frontier_append(&a->tree, &leaf, NULL, NULL) == 0);
	a->parts_of_next = 0;
}

static void push(struct author *a)
{
	struct st_job_push got;
	if (a->count == 0)
		return;
	while (a->part_count > 0 && a->parts[a->part_count - 1].event >= a->count)
		a->part_count--; /* of an event that never came */
	struct st_push p = { .first_seq = a->first_seq, .event_count = a->count, .events = a->spans,
			     .part_count = a->part_count, .parts = a->parts };
	p.checkpoint = (struct st_checkpoint){ { code_of(a->code), 1 }, a->tree.size,
					       st_frontier_root(&a->tree) };
	st_cosign(&p.checkpoint, &a->keys->identity, 1700000000 + a->tree.size, &p.cosignature);
	int rc = node_give(&branch, CITY_BASE, &p, &got);
	/* The base may have ended the specialty's key: nothing else may be the matter. */
	ST_REQUIRE(rc == 0 || (rc == ST_EREVOKED && a == &authors[1]));
	ST_REQUIRE(rc < 0 || got.held == a->tree.size);
	if (rc == 0)
		folded += (unsigned)a->count - got.unread;
	else
		a->tree.size = 0; /* no more of it */
	a->first_seq = a->tree.size + 1;
	a->count = a->part_count = a->parts_of_next = 0;
}

static int see_event(const struct st_life_event *e, void *arg)
{
	(void)arg;
	CANARY(e->stray == ST_STRAY_SET_ASIDE);
	return 0;
}

static int see_row(const struct st_list_row *row, void *arg)
{
	ST_REQUIRE(st_life_each(arg, &row->record, NULL, see_event, NULL) == 0);
	return 0;
}

static int look(struct st_txn *t, void *arg)
{
	struct st_report_query q = { .kind = ST_KIND_MATTER, .by_count = 2,
				     .by = { ST_BY_STATION, ST_BY_CATEGORY }, .today = 19700 };
	struct st_list_query l = { .kind = ST_KIND_MATTER, .limit = 100, .today = 19700 };
	struct st_report report;
	struct st_buf next;
	char place[ST_PLACE_MAX];
	(void)arg;
	st_buf_init(&next, 256);
	ST_REQUIRE(st_report_make(t, &q, &report, place) == 0);
	st_report_done(&report);
	ST_REQUIRE(st_list_each(t, &l, see_row, t, &next) == 0);
	st_buf_done(&next);
	return 0;
}

static void check(void)
{
	char why[WHY_UNSOUND];
	struct st_log_verdict v;
	ST_REQUIRE(store_sound(branch.store, why) == 0);
	if (why[0] != 0)
		(void)fprintf(stderr, "recount: %s\n", why);
	ST_REQUIRE(why[0] == 0);
	ST_REQUIRE(st_store_read(branch.store, look, NULL) == 0);
	for (uint32_t log = 1; log <= 1 + LOGS; log++) /* its own, and those below */
		ST_REQUIRE(st_log_verify(branch.store, log, NULL, NULL, &v) == 0 && v.rc == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_span in = st_span(data, size);
	if (authors[0].code == NULL)
		setup();
	node_copy(&branch, &city.branch);
	ST_REQUIRE(node_open(&branch) == 0);
	folded = 0;
	for (size_t i = 0; i < LOGS; i++) {
		struct author *a = &authors[i];
		a->tree = a->start;
		a->first_seq = a->tree.size + 1;
		a->count = a->part_count = a->parts_of_next = 0;
	}
	for (unsigned n = 0; in.size > 0 && n < 100; n++) {
		uint8_t how = take_u8(&in);
		struct st_span bytes = take_bytes(&in, take_u16(&in));
		struct author *a = &authors[how & 1];
		if (a->tree.size == 0)
			continue;
		if (how & 2)
			add_part(a, bytes);
		else
			add_event(a, bytes, (how & 4) != 0);
		if (how & 8 || a->count == EVENTS_MAX)
			push(a);
	}
	for (size_t i = 0; i < LOGS; i++)
		if (authors[i].tree.size > 0)
			push(&authors[i]);
	if (folded > 0)
		check();
	node_close(&branch);
	return 0;
}
