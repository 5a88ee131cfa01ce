/* downlink.c - any sequence of frames from a child into its parent's machine: refused, or a step within
 * its bounds; credit and pool never leak. The store is a real one, and is only read.
 *
 * Input: pieces of { how u8, size u16, bytes }. how 0 to 3: a frame; 4: pushes that wait are answered, rc by
 * the size's low bits; 5: receipts come from above; 6: the pool is offered again; 7: the link is refused. */
#include "decoders.h"
#include <station/sync/downlink.h>
#include "../common/city.h"

enum { WAITING_MAX = 64 };
static struct city city;
static struct st_downlink *down;
static struct st_downlink_self self;
static struct st_pool pool;
static struct st_now now;
static struct st_inbound *waiting[WAITING_MAX];
static size_t waiting_count, pushes, claimed;

static void frame(void *arg, struct st_span bytes, bool bulk)
{
	(void)arg;
	(void)bulk;
	ST_REQUIRE(bytes.size > 0 && bytes.size <= ST_FRAME_MAX);
}

static void answer(uint16_t how)
{
	static const int codes[] = { 0, 0, ST_ESEQ, ST_EROOT, ST_ESIGNATURE, ST_EFULL, ST_EBUSY, 0 };
	struct st_cosignature receipt = { .time_s = 9 };
	for (size_t i = 0; i < waiting_count; i++) {
		struct st_push_result r = { codes[how % 8], waiting[i]->push.checkpoint.size,
					    how & 8 ? &receipt : NULL };
		st_downlink_applied(down, waiting[i], &r);
	}
	waiting_count = 0;
}

static void push(void *arg, struct st_inbound *in)
{
	(void)arg;
	ST_REQUIRE(in->push.event_count <= ST_PUSH_EVENTS_MAX);
	pushes++;
	if (waiting_count == WAITING_MAX)
		answer(6);
	waiting[waiting_count++] = in;
}

static void claims(void *arg, const struct st_claim *c, size_t count)
{
	(void)arg;
	ST_REQUIRE(count <= ST_RECEIPTS_MAX);
	for (size_t i = 0; i < count; i++)
		ST_REQUIRE(c[i].size > 0);
	claimed += count;
}

static void taken(void *arg, uint64_t position)
{
	(void)arg;
	ST_REQUIRE(position > 0);
}

static void refused(void *arg, int code, const struct st_log_id *log)
{
	(void)arg;
	(void)log;
	ST_REQUIRE(code < 0);
}

static void check(void)
{
	struct st_downlink_info i;
	st_downlink_info(down, &i);
	ST_REQUIRE(pool.given <= pool.size && i.granted <= ST_GRANT_MAX && i.granted == pool.given);
	ST_REQUIRE(i.credit + i.held <= ST_CREDIT_STANDING + i.granted);
	CANARY(pushes > 0 && i.state == ST_DOWNLINK_LINKED && i.skew_ms > 5000);
}

static void receipts(struct st_span bytes)
{
	struct st_receipt_in r[3];
	memset(r, 0, sizeof(r));
	for (size_t i = 0; i < 3; i++) {
		r[i].log = (struct st_log_id){ code_of(CITY_BASE), 1 };
		r[i].signer = code_of("410600");
		r[i].size = take_u16(&bytes);
	}
	st_downlink_receipts(down, r, 3);
}

static int steps(struct st_txn *t, void *arg)
{
	struct st_span in = *(struct st_span *)arg;
	for (unsigned n = 0; in.size > 0 && n < 200; n++) {
		unsigned how = take_u8(&in) % 8;
		uint16_t size = take_u16(&in);
		struct st_span bytes = how == 4 || how >= 6 ? ST_SPAN_NONE : take_bytes(&in, size);
		now.mono_ms += 16;
		switch (how) {
		case 4: answer(size); break;
		case 5: receipts(bytes); break;
		case 6: (void)st_downlink_grant(down); break;
		case 7: st_downlink_refuse(down, ST_EREVOKED); break;
		default: (void)st_downlink_frame(down, t, &now, bytes);
		}
		check();
	}
	return 0;
}

static void setup(void)
{
	ST_REQUIRE(st_trust_start() == 0);
	ST_REQUIRE(city_make(&city) == 0);
	self = (struct st_downlink_self){ .station = code_of("410611"), .child = code_of(CITY_BASE) };
	ST_REQUIRE(node_number(&city.branch, "410611", &self.station_number) == 0);
	ST_REQUIRE(node_number(&city.branch, CITY_BASE, &self.child_number) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_span in = st_span(data, size);
	struct st_downlink_to to = { NULL, frame, push, claims, refused, taken };
	if (city.branch.store == NULL)
		setup();
	pool = (struct st_pool){ .size = ST_SHARE_MIN };
	now = (struct st_now){ 1000, 1700000000000 };
	waiting_count = pushes = claimed = 0;
	ST_REQUIRE(st_downlink_new(&self, &to, &pool, &down) == 0);
	ST_REQUIRE(st_store_read(city.branch.store, steps, &in) == 0);
	answer(0);
	st_downlink_free(down);
	ST_REQUIRE(pool.given == 0);
	return 0;
}
