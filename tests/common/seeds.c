/* seeds.c - writes what a small city really says, as inputs of the fuzz targets: events, certificates,
 * frames in both directions, pushes, notes, proofs, keys and an invite. Usage: seeds DIRECTORY */
#include "city.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <station/ask/matter.h>
#include <station/ask/question.h>
#include <station/ask/verify.h>
#include <station/base/check.h>
#include <station/base/text.h>
#include <station/event/event.h>
#include <station/store/stations.h>
#include <station/sync/downlink.h>
#include <station/sync/uplink.h>

enum { LINE_MAX_FRAMES = 256, SESSION_MAX = 256 * 1024 };

static const char *out;
static struct city city;
static unsigned written;

static void put(const char *target, const char *name, struct st_span bytes)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/%s", out, target);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/%s/%s-%u", out, target, name, written++);
	FILE *f = fopen(path, "wb");
	ST_REQUIRE(f != NULL && fwrite(bytes.data, 1, bytes.size, f) == bytes.size && fclose(f) == 0);
}

/* One piece of a target's input: how, size, bytes. */
static void put_piece(struct st_buf *b, uint8_t how, struct st_span bytes)
{
	st_buf_u8(b, how);
	st_buf_u16(b, (uint16_t)bytes.size);
	st_buf_put_span(b, bytes);
}

/* ---- a log: its events, each alone and all as one story for apply ---- */

struct story {
	struct st_txn *txn;
	uint32_t log;
	struct st_arena arena;
	struct st_buf pieces, part;
	uint8_t how;
};

static int add_event(uint64_t seq, struct st_span event, void *arg)
{
	struct story *s = arg;
	struct st_event e;
	st_arena_reset(&s->arena);
	ST_REQUIRE(st_event_decode(event, &s->arena, &e) == 0);
	put("event", st_event_type_name(e.type), event);
	put("event", "body", e.body);
	for (size_t n = 0; n < e.part_count; n++) {
		st_buf_clear(&s->part);
		if (e.parts[n].type == 1 &&
		    st_part_get_row(s->txn, s->log, seq, (unsigned)n, &s->part) == 0)
			put_piece(&s->pieces, s->how | 2, st_buf_span(&s->part));
	}
	put_piece(&s->pieces, s->how | (seq % 3 == 0 ? 8 : 0), event);
	return 0;
}

static int tell_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct story s = { .txn = t, .log = log->number };
	struct st_station station;
	struct st_buf note;
	(void)arg;
	st_buf_init(&s.pieces, SESSION_MAX);
	st_buf_init(&s.part, 65536);
	st_buf_init(&note, 65536);
	ST_REQUIRE(st_arena_init(&s.arena, 2 * ST_EVENT_ARENA) == 0);
	ST_REQUIRE(st_station_get(t, log->station, &station) == 0);
	s.how = strcmp(station.certificate.code.text, CITY_SPECIALTY) == 0;
	ST_REQUIRE(st_event_each(t, log->number, 1, log->tree.size, add_event, &s) == 0);
	put("apply", "log", st_buf_span(&s.pieces));
	put("certificate", "signed", st_span(station.signed_bytes, station.signed_size));
	put("certificate", "body",
	    st_span(station.signed_bytes + 3, station.signed_size - 3 - 2 - ST_SIGNATURE_SIZE));
	ST_REQUIRE(st_log_note(t, log, &note) == 0);
	put("note", "note", st_buf_span(&note));
	st_buf_clear(&note);
	ST_REQUIRE(st_event_proof(t, log, 1, &note) == 0);
	put("note", "proof", st_buf_span(&note));
	st_buf_done(&s.pieces);
	st_buf_done(&s.part);
	st_buf_done(&note);
	st_arena_done(&s.arena);
	return 0;
}

static int tell_logs(struct st_txn *t, void *arg)
{
	return st_log_each(t, tell_log, arg);
}

/* ---- a session: every frame of both directions, in order ---- */

struct line {
	struct st_buf frames[LINE_MAX_FRAMES];
	size_t first, count;
	struct st_buf session; /* as the other side's target takes it */
	const char *target;
};
static struct line upward = { .target = "downlink" }, downward = { .target = "uplink" };
static struct st_uplink *up;
static struct st_downlink *down;
static struct st_now now = { 1000, 1700000000000 };

static void send(void *arg, struct st_span frame, bool bulk)
{
	struct line *l = arg;
	struct st_buf *b = &l->frames[(l->first + l->count++) % LINE_MAX_FRAMES];
	(void)bulk;
	ST_REQUIRE(l->count < LINE_MAX_FRAMES);
	st_buf_init(b, ST_FRAME_MAX);
	st_buf_put_span(b, frame);
	put("wire", l->target, frame);
	put_piece(&l->session, 0, frame);
}

static void no_receipts(void *arg, const struct st_receipt_in *r, size_t count)
{
	(void)arg;
	(void)r;
	(void)count;
}

/* A carry as it came, for the target that reads them. */
static void keep_carry(void *arg, struct st_inbound_carry *in)
{
	struct st_buf b;
	(void)arg;
	st_buf_init(&b, SESSION_MAX);
	st_buf_u8(&b, 0);
	st_buf_put(&b, in->raw, in->raw_size);
	put("carry", "roll", st_buf_span(&b));
	st_buf_done(&b);
	st_uplink_carried(up, in, &now, 0);
}

static void no_taken(void *arg, uint64_t position)
{
	(void)arg;
	(void)position;
}

static void no_halt(void *arg, const struct st_checkpoint *theirs, const struct st_cosignature *c)
{
	(void)arg;
	(void)theirs;
	(void)c;
}

static void no_claims(void *arg, const struct st_claim *c, size_t count)
{
	(void)arg;
	(void)c;
	(void)count;
}

static void no_refusal(void *arg, int code, const struct st_log_id *log)
{
	(void)arg;
	(void)code;
	(void)log;
}

/* Not applied inside: the branch's read transaction is open. */
static struct st_inbound *waiting[16];
static size_t waiting_count;
static void take(void *arg, struct st_inbound *in)
{
	struct st_buf b;
	(void)arg;
	ST_REQUIRE(waiting_count < 16);
	waiting[waiting_count++] = in;
	st_buf_init(&b, SESSION_MAX);
	put_piece(&b, 1, st_span(in->raw, in->raw_size));
	put_piece(&b, 2, st_span(in->raw, in->raw_size));
	put("push", "raw", st_buf_span(&b));
	st_buf_done(&b);
}

static int step_link(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_linked(up, t, &now);
}

static int step_up(struct st_txn *t, void *arg)
{
	return st_uplink_frame(up, t, &now, st_buf_span(arg));
}

static int step_down(struct st_txn *t, void *arg)
{
	return st_downlink_frame(down, t, &now, st_buf_span(arg));
}

static int step_tick(struct st_txn *t, void *arg)
{
	(void)arg;
	return st_uplink_tick(up, t, &now);
}

static void apply_waiting(void)
{
	struct st_job_push got;
	for (size_t i = 0; i < waiting_count; i++) {
		int rc = node_give(&city.branch, CITY_BASE, &waiting[i]->push, &got);
		struct st_push_result r = { rc, got.held, got.receipted ? &got.receipt : NULL };
		st_downlink_applied(down, waiting[i], &r);
		put_piece(&upward.session, 4, ST_SPAN_NONE);
	}
	waiting_count = 0;
}

static void pass(struct line *l, struct st_store *to, st_txn_fn *step)
{
	struct st_buf *b = &l->frames[l->first];
	l->first = (l->first + 1) % LINE_MAX_FRAMES;
	l->count--;
	(void)(st_store_read(to, step, b) == 0);
	st_buf_done(b);
}

static void settle(void)
{
	for (unsigned n = 0; n < 1000; n++) {
		if (upward.count > 0)
			pass(&upward, city.branch.store, step_down);
		else if (downward.count > 0)
			pass(&downward, city.base.store, step_up);
		else if (waiting_count > 0)
			apply_waiting();
		else if (st_uplink_next_ms(up) != 0 && st_uplink_next_ms(up) <= now.mono_ms)
			(void)(st_store_read(city.base.store, step_tick, NULL) == 0);
		else
			break;
	}
}

static int load_self(struct st_txn *t, void *arg)
{
	return st_self_load(t, arg);
}

/* A sister of the base joins: the base hears of it by a carry. */
static void sister(void)
{
	static struct node other;
	struct joining how = { "410611100", ST_BASE, city.root.public };
	node_init(&other, "sister", 99);
	ST_REQUIRE(node_open(&other) == 0 && node_join(&city.branch, &other, &how) == 0);
	node_erase(&other);
}

/* Two openings by a branch that the target signs for, as its input frames them. */
static void carried(void)
{
	struct st_change change = { .kind = ST_KIND_MATTER, .move = 1, .state = 1, .at_ms = 1700000000000 };
	struct st_event e;
	struct st_buf b, body, bytes;
	st_buf_init(&b, SESSION_MAX);
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(&bytes, ST_EVENT_MAX);
	memset(&e, 0, sizeof(e));
	ST_REQUIRE(st_change_encode(ST_MOVE, &change, &body) == 0);
	st_buf_u8(&b, 1);
	for (uint8_t n = 0; n < 2; n++) {
		e.at = (struct st_position){ code_of("410621"), 1u + n, 1 };
		e.has_record = true;
		e.record.opener = code_of("410621");
		e.record.ulid.bytes[0] = n;
		e.revision = 1;
		e.type = ST_MOVE;
		e.body = st_buf_span(&body);
		st_buf_clear(&bytes);
		ST_REQUIRE(st_event_encode(&e, &bytes) == 0);
		st_buf_u8(&b, n);
		st_buf_u16(&b, (uint16_t)bytes.size);
		st_buf_put_span(&b, st_buf_span(&bytes));
	}
	put("carry", "openings", st_buf_span(&b));
	st_buf_done(&b);
	st_buf_done(&body);
	st_buf_done(&bytes);
}

static void session(void)
{
	struct st_self self;
	struct st_pool pool = { .size = ST_SHARE_MIN };
	struct st_uplink_to up_to = { &upward, send, no_receipts, keep_carry, no_halt };
	struct st_downlink_to down_to = { &downward, send, take, no_claims, no_refusal,
					  no_taken };
	struct st_downlink_self d = { .station = code_of("410611"), .child = code_of(CITY_BASE) };
	sister();
	carried();
	st_buf_init(&upward.session, SESSION_MAX);
	st_buf_init(&downward.session, SESSION_MAX);
	ST_REQUIRE(st_store_read(city.base.store, load_self, &self) == 0);
	ST_REQUIRE(node_number(&city.branch, "410611", &d.station_number) == 0);
	ST_REQUIRE(node_number(&city.branch, CITY_BASE, &d.child_number) == 0);
	struct st_uplink_self u = { self.station.certificate.code, self.station.certificate.parent,
				    city.base.keys.identity.public, self.log, { 1 }, ST_PING_MS };
	ST_REQUIRE(st_uplink_new(&u, &up_to, &up) == 0);
	ST_REQUIRE(st_downlink_new(&d, &down_to, &pool, &down) == 0);
	ST_REQUIRE(st_store_read(city.base.store, step_link, NULL) == 0);
	settle();
	now.mono_ms += ST_PING_MS;
	put_piece(&downward.session, 4, ST_SPAN_NONE);
	settle();
	st_downlink_refuse(down, ST_EREVOKED);
	put("downlink", "session", st_buf_span(&upward.session));
	put("uplink", "session", st_buf_span(&downward.session));
	st_uplink_free(up);
	st_downlink_free(down);
}

/* A clerk's next words on each matter of the base. */
static int say_next(const struct st_list_row *row, void *arg)
{
	static const char *const moves[] = {
		"accept\", \"fields\":{\"category\":\"c\"}", "answer\", \"fields\":{\"reply\":\"r\"}",
		"note\", \"fields\":{\"remark\":\"r\"}",
	};
	struct st_buf b;
	(void)arg;
	st_buf_init(&b, 4096);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		st_buf_clear(&b);
		st_buf_printf(&b, "POST /v1/commands\n{\"kind\":\"matter\", \"record\":\"%s\", "
				  "\"move\":\"%s}", row->number, moves[i]);
		put("http", "move", st_buf_span(&b));
	}
	st_buf_clear(&b);
	st_buf_printf(&b, "GET /v1/records/%s?events=1\n", row->number);
	put("http", "record", st_buf_span(&b));
	st_buf_clear(&b);
	st_buf_printf(&b, "POST /v1/erasures\n{\"record\":\"%s\", \"reason\":\"r\", \"scope\":\"private\"}", row->number);
	put("http", "erase", st_buf_span(&b));
	st_buf_clear(&b);
	st_buf_printf(&b, "GET /v1/erasures/%s\n", row->number);
	put("http", "erasures", st_buf_span(&b));
	st_buf_clear(&b);
	st_buf_printf(&b, "GET /v1/ask/life?record=%s&lang=en\n", row->number);
	put("http", "life", st_buf_span(&b));
	st_buf_done(&b);
	return 0;
}

static int list(struct st_txn *t, void *arg)
{
	struct st_list_query q = { .kind = ST_KIND_MATTER, .limit = 10, .today = 19700 };
	return st_list_each(t, &q, say_next, NULL, arg);
}

static void questions(void)
{
	static const char *const periods[] = { "", "?year=2023", "?month=2023-11", "?quarter=2023-Q4",
					       "?from=2023-01&to=2023-12-31&station=410611003&lang=en" };
	struct st_buf b;
	st_buf_init(&b, 256);
	for (size_t i = 0; i < st_question_count(); i++) {
		st_buf_clear(&b);
		st_buf_printf(&b, "GET /v1/ask/%s%s\n", st_question_at(i)->name,
			      periods[i % (sizeof(periods) / sizeof(periods[0]))]);
		put("http", st_question_at(i)->name, st_buf_span(&b));
	}
	st_buf_done(&b);
}

static void requests(void)
{
	struct st_buf next;
	st_buf_init(&next, 256);
	questions();
	ST_REQUIRE(st_store_read(city.base.store, list, &next) == 0);
	st_buf_done(&next);
}

static int first_number(const struct st_list_row *row, void *arg)
{
	(void)snprintf(arg, ST_NUMBER_TEXT, "%s", row->number);
	return 1;
}

static int find_first(struct st_txn *t, void *arg)
{
	struct st_list_query q = { .kind = ST_KIND_MATTER, .limit = 1, .today = 19700 };
	struct st_buf next;
	st_buf_init(&next, 256);
	int rc = st_list_each(t, &q, first_number, arg, &next);
	st_buf_done(&next);
	return rc < 0 ? rc : 0;
}

/* The same logs once more, with an erase behind what it names. */
static void erasures(void)
{
	char number[ST_NUMBER_TEXT] = "";
	struct st_job job = { .kind = ST_JOB_ERASE };
	ST_REQUIRE(st_store_read(city.base.store, find_first, number) == 0);
	job.u.erase = (struct st_job_erase){ .record = st_span_text(number), .scope = ST_ERASE_ALL,
					     .reason = st_span_text("r") };
	ST_REQUIRE(node_run(&city.base, &job) == 0);
	ST_REQUIRE(st_store_read(city.base.store, tell_logs, NULL) == 0);
}

static void secrets(void)
{
	struct st_invite i;
	struct st_buf b;
	uint8_t seeds[3 * ST_SEED_SIZE];
	memset(&i, 0, sizeof(i));
	memset(seeds, 5, sizeof(seeds));
	(void)snprintf(i.address, sizeof(i.address), "tcp://192.0.2.1:7411");
	i.parent = code_of("410611");
	i.child = code_of(CITY_BASE);
	i.expires_ms = 1700000000000;
	st_buf_init(&b, 4096);
	st_invite_encode(&i, &b);
	put("invite", "text", st_buf_span(&b));
	uint8_t packed[512];
	size_t size = 0;
	ST_REQUIRE(st_base64url_get(st_span(b.data + 10, b.size - 10), packed, sizeof(packed), &size) == 0);
	put("invite", "packed", st_span(packed, size - 4));
	st_buf_clear(&b);
	st_keys_encode(seeds, &b);
	put("keys", "file", st_buf_span(&b));
	st_buf_clear(&b);
	struct st_enrol_request r = { city.base.keys.identity.public, city.base.keys.transport.public,
				      city.base.keys.grant.public };
	st_enrol_request_encode(&r, &city.base.keys.identity, &b);
	put("certificate", "request", st_buf_span(&b));
	st_buf_done(&b);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	out = argv[1];
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	ST_REQUIRE(st_store_read(city.base.store, tell_logs, NULL) == 0);
	session();
	requests();
	secrets();
	erasures();
	city_close(&city);
	(void)printf("%u inputs in %s\n", written, out);
	return 0;
}
