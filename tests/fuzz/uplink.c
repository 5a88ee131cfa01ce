/* uplink.c - any sequence of frames from a parent into the machine of a child that has something to
 * send: an error, or a step within its bounds. The store is a real one, and is only read.
 *
 * Input: pieces of { how u8, size u16, bytes }. how 0 to 3: a frame; 4: time passes, size × 16 ms; 5: the
 * logs have grown; 6: the link is lost and stands again; 7: the parent's hash or signature over our log is
 * put right: bytes are { size u16, time u16 } of a LogState that claims it, as an own checkpoint. */
#include "decoders.h"
#include <station/sync/uplink.h>
#include "../common/city.h"

static struct city city;
static struct st_self self;
static struct st_uplink *up;
static struct st_now now;
static unsigned frames, halts, receipts;

static void frame(void *arg, struct st_span bytes, bool bulk)
{
	(void)arg;
	(void)bulk;
	ST_REQUIRE(bytes.size > 0 && bytes.size <= ST_FRAME_MAX);
	frames++;
}

static void take_receipts(void *arg, const struct st_receipt_in *r, size_t count)
{
	(void)arg;
	ST_REQUIRE(count <= ST_RECEIPTS_MAX);
	for (size_t i = 0; i < count; i++)
		ST_REQUIRE(!st_code_empty(&r[i].log.station));
	receipts += (unsigned)count;
}

static void take_carry(void *arg, struct st_inbound_carry *in)
{
	(void)arg;
	ST_REQUIRE(in->carry.position > 0 && in->carry.item_count <= ST_CARRY_ITEMS_MAX);
	st_uplink_carried(up, in, &now, in->carry.item_count % 2 == 0 ? 0 : ST_EFULL);
}

static void halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	(void)arg;
	ST_REQUIRE(st_cosign_verify(theirs, &self.station.certificate.identity, c) == 0);
	halts++;
}

static void setup(void)
{
	ST_REQUIRE(st_trust_start() == 0);
	ST_REQUIRE(city_make(&city) == 0);
}

static int forge(struct st_txn *t, struct st_span bytes)
{
	struct st_log_state log;
	struct st_frame f = { .kind = ST_FRAME_LOGS };
	struct st_buf b;
	memset(&log, 0, sizeof(log));
	log.log = (struct st_log_id){ code_of(CITY_BASE), 1 };
	log.size = take_u16(&bytes);
	log.root.bytes[0] = take_u8(&bytes);
	struct st_checkpoint c = { .log = log.log, .size = log.size, .root = log.root };
	st_cosign(&c, &city.base.keys.identity, take_u16(&bytes), &log.origin);
	f.u.logs = (struct st_logs){ &log, 1, (take_u8(&bytes) & 1) != 0 };
	st_buf_init(&b, ST_FRAME_MAX);
	int rc = st_frame_encode(&f, &b);
	if (rc == 0)
		rc = st_uplink_frame(up, t, &now, st_buf_span(&b));
	st_buf_done(&b);
	return rc;
}

static int relink(struct st_txn *t)
{
	st_uplink_lost(up, &now);
	now.mono_ms += 100;
	return st_uplink_linked(up, t, &now);
}

static void check(void)
{
	struct st_uplink_info i;
	st_uplink_info(up, &i);
	for (size_t n = 0; n < i.log_count; n++)
		ST_REQUIRE(i.logs[n].acked <= i.logs[n].sent && i.logs[n].sent <= i.logs[n].size);
	ST_REQUIRE(i.log_count == 0 || i.logs[0].number == self.log);
	CANARY(halts > 0 && i.log_count == 2);
}

static int steps(struct st_txn *t, void *arg)
{
	struct st_span in = *(struct st_span *)arg;
	int rc = st_uplink_linked(up, t, &now);
	for (unsigned n = 0; in.size > 0 && n < 200; n++) {
		unsigned how = take_u8(&in) % 8;
		uint16_t size = take_u16(&in);
		struct st_span bytes = how == 4 ? ST_SPAN_NONE : take_bytes(&in, size);
		if (rc < 0)
			rc = relink(t); /* what an error asks for */
		switch (how) {
		case 4:
			now.mono_ms += (uint64_t)size * 16;
			rc = st_uplink_tick(up, t, &now);
			break;
		case 5: rc = st_uplink_grown(up, t, &now, &self.log, 1); break;
		case 6: rc = relink(t); break;
		case 7: rc = forge(t, bytes); break;
		default: rc = st_uplink_frame(up, t, &now, bytes);
		}
		check();
		if (rc == 0 && st_uplink_next_ms(up) != 0 && st_uplink_next_ms(up) <= now.mono_ms)
			rc = st_uplink_tick(up, t, &now);
	}
	return 0;
}

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_span in = st_span(data, size);
	if (city.base.store == NULL) {
		setup();
		ST_REQUIRE(st_store_read(city.base.store, load_self, &self) == 0);
	}
	const struct st_certificate *c = &self.station.certificate;
	struct st_uplink_self us = { c->code, c->parent, c->identity, self.log, { 1 }, ST_PING_MS };
	struct st_uplink_to to = { NULL, frame, take_receipts, take_carry, halt };
	now = (struct st_now){ 1000, 1700000000000 };
	frames = halts = receipts = 0;
	ST_REQUIRE(st_uplink_new(&us, &to, &up) == 0);
	ST_REQUIRE(st_store_read(city.base.store, steps, &in) == 0);
	st_uplink_free(up);
	return 0;
}
