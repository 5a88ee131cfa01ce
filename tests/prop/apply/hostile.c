/* hostile.c - a property of what anybody may sign: two branches and a base with right keys sign events of every type
 * against all sense, about one another's records too, and main takes them in, in two orders. Whatever stands in the
 * logs, every table says what its events say, both orders come to the same, a third branch that holds some of the
 * records sees them as main does, and what main's clerks do goes on. A failure prints its seed; SEED=k runs from there,
 * SEEDS=n so many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/check.h>
#include <station/event/event.h>
#include "../../common/city.h"
#include "../../common/record_text.h"
#include "../../common/sound.h"

enum { SEEDS = 160, BRANCHES = 2, BASE = BRANCHES, SIGNERS, CHILDREN = 2, MAINS = 4 };
enum { RUNS = 24, RUN_MAX = 6, RECORDS = 8, FIELDS_MAX = 6, TEXT_MAX = 4096 };
static const char *const codes[SIGNERS] = { "410611", "410602", "410611003" }; /* the base is below the first */
static const char *const children[SIGNERS][CHILDREN] = { { "410611003", "410611004" },
							 { "410602001", "410602002" },
							 { "410611003-01", "410611003-02" } };

/* What somebody said last of a record, as whoever goes on would name it. */
struct subject {
	struct st_record_id id;
	struct st_position last;
	uint32_t kind, term, revision;
};

struct run {
	struct st_buf bytes[RUN_MAX];
	size_t count;
	struct st_checkpoint checkpoint;
	struct st_cosignature cosignature;
};

struct signer {
	struct node node; /* whose keys these are; its own store knows nothing of what they sign here */
	struct st_code code;
	struct st_frontier tree;
	struct run runs[RUNS];
	size_t given; /* to the main at hand */
};

static struct node mains[2], listeners[2]; /* a third branch, which signs nothing: below either main */
#define LISTENER "410603"
static struct signer signers[SIGNERS];
static struct subject subjects[RECORDS];
static char numbers[MAINS][ST_NUMBER_TEXT];
static uint64_t random_state;

static uint64_t below(uint64_t n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % n;
}

static bool chance(unsigned of_100)
{
	return below(100) < of_100;
}

/* ---- what they sign ---- */

static struct st_code any_code(void)
{
	size_t i = below(SIGNERS), k = below(5);
	return k == 0	? code_of("410600")
	       : k == 1 ? code_of("410699001") /* nobody's */
	       : k == 2 ? code_of(LISTENER)
	       : k == 3 ? signers[i].code
			: code_of(children[i][below(CHILDREN)]);
}

static struct st_position any_position(void)
{
	struct signer *w = &signers[below(SIGNERS)];
	struct st_position at = { w->code, 1, 1 + below(w->tree.size + 4) };
	if (chance(20))
		at = (struct st_position){ any_code(), (uint32_t)below(3), below(30) };
	return at;
}

static struct st_span any_text(void)
{
	static const char *const texts[] = { "", "a", "2023-11-14", "410611", "410611003", "x/1/2", "环境", "p1;p2", "99",
					     "\x01\x02", "410600-2023-000001-XX", "\xff\xfe" };
	static char last[ST_NUMBER_TEXT];
	if (chance(40))
		return st_span_text(texts[below(sizeof(texts) / sizeof(texts[0]))]);
	(void)snprintf(last, sizeof(last), "%s", numbers[below(MAINS)]);
	return st_span_text(last);
}

static uint64_t any_number(void)
{
	static const uint64_t odd[] = { 0, 255, 256, 19675, 65535, 65536, 4294967295u, 4294967296u, UINT64_MAX };
	return chance(60) ? below(14) : odd[below(sizeof(odd) / sizeof(odd[0]))];
}

static bool is_number(const struct st_field_row *f)
{
	return f->type == ST_FIELD_NUMBER || f->type == ST_FIELD_DAY || f->type == ST_FIELD_CHOICE || f->type == ST_FIELD_TIME;
}

static size_t any_fields(uint32_t kind, struct st_field *fields, size_t most)
{
	const struct st_kind *k = st_kind(kind);
	size_t n = below(most + 1);
	for (size_t i = 0; i < n; i++) {
		const struct st_field_row *row = k == NULL ? NULL : &k->fields[below(k->field_count)];
		fields[i] = (struct st_field){ .id = row == NULL || chance(5) ? 1 + (uint32_t)below(199) : row->id };
		fields[i].is_number = row == NULL || chance(10) ? chance(50) : is_number(row);
		if (fields[i].is_number)
			fields[i].number = any_number();
		else
			fields[i].text = any_text();
	}
	return n;
}

static int put_change(const struct subject *about, uint32_t type, struct st_buf *body)
{
	struct st_field fields[FIELDS_MAX + 2];
	struct st_change c = { .kind = about->kind, .at_ms = 1700000000000 + (int64_t)below(1000), .fields = fields };
	if (chance(8))
		c.kind = (uint32_t)any_number();
	if (chance(5))
		c.at_ms = (int64_t)any_number();
	c.move = type == ST_REASSIGN ? 0 : (uint32_t)(chance(5) ? any_number() : 1 + below(14));
	c.state = type == ST_NOTE ? 0 : (uint32_t)(chance(5) ? any_number() : 1 + below(10));
	if (type == ST_REASSIGN || chance(20))
		c.holder = chance(40) ? code_of(LISTENER) : any_code();
	c.field_count = any_fields(c.kind, fields, FIELDS_MAX);
	if (chance(10)) { /* the row of a file */
		fields[c.field_count++] = (struct st_field){ .id = ST_F_SOURCE, .text = st_span_text("s") };
		fields[c.field_count++] = (struct st_field){ .id = ST_F_SOURCE_NUMBER, .text = any_text() };
	}
	return st_change_encode(type, &c, body);
}

/* true: the base's, as it should be, so that its log is taken in. */
static int put_certificate(const struct signer *w, bool right, struct st_buf *body)
{
	struct st_buf certificate;
	struct st_certificate c = { .tier = ST_BASE, .serial = 1 + below(3), .name = "n", .parent = w->code };
	c.code = code_of(right ? codes[BASE] : children[w - signers][below(CHILDREN)]);
	c.identity = signers[BASE].node.keys.identity.public; /* or whoever's: nobody else below a branch signs here */
	if (!right)
		c.identity.bytes[0] ^= (uint8_t)below(2);
	if (!right && chance(15))
		c.parent = any_code();
	if (w == &signers[BASE] || (!right && chance(15)))
		c.tier = (enum st_tier)(1 + below(4));
	st_buf_init(&certificate, ST_CERTIFICATE_MAX);
	int rc = st_certificate_issue(&c, &w->node.keys.identity, &certificate);
	if (rc == 0)
		rc = st_enrol_encode(st_buf_span(&certificate), body);
	st_buf_done(&certificate);
	return rc;
}

static int put_heard(struct st_buf *body)
{
	struct st_position heard[4];
	struct st_heard h = { .stage = 1 + (uint32_t)below(3), .count = 1 + below(4), .positions = heard };
	heard[0] = any_position();
	for (size_t i = 1; i < h.count; i++) { /* those of one log stand together */
		heard[i] = heard[0];
		heard[i].seq += i;
	}
	return st_heard_encode(&h, body);
}

static int put_paper(uint32_t type, struct st_buf *body)
{
	uint8_t hashes[3 * ST_HASH_SIZE];
	struct st_ballot b = { .spoiled = chance(20), .choice_count = below(4) };
	for (size_t i = 0; i < sizeof(hashes); i++)
		hashes[i] = (uint8_t)below(3);
	for (size_t i = 0; i < b.choice_count; i++)
		b.choices[i] = (uint8_t)(1 + below(5));
	b.token[0] = (uint8_t)below(3);
	b.id[0] = (uint8_t)below(3);
	struct st_erase e = { .scope = (uint32_t)(1 + below(4)), .at_ms = 5, .reason = any_text(),
			      .hashes = ST_SPAN(hashes) };
	return type == ST_BALLOT   ? st_ballot_encode(&b, body)
	       : type == ST_TOKENS ? st_tokens_encode(ST_SPAN(hashes), body)
				   : st_erase_encode(&e, body);
}

static int put_city(struct st_buf *body)
{
	static const uint8_t cells[] = { 1, 'a', 1, 'b', 0, 2, 'c', 'd' };
	struct st_city c = { .table = 1 + (uint32_t)below(20), .version = 1 + (uint32_t)below(3), .from_day = (uint32_t)any_number(),
			     .columns = 2, .rows = ST_SPAN(cells) };
	return st_city_encode(&c, body);
}

static int put_revoke(struct st_buf *body)
{
	struct st_revoke r = { .station = any_code(), .serial = 1 + below(3), .epoch = (uint32_t)below(3), .size = 0 };
	if (st_code_equal(&r.station, &signers[BASE].code)) /* how much of its log had come by then differs */
		r.station = code_of("410699001");
	return st_revoke_encode(&r, body);
}

static int put_begin(struct st_buf *body)
{
	struct st_begin b = { .previous_size = below(9) };
	return st_begin_encode(&b, body);
}

/* What the first branch signs first is the base's enrolment. */
static bool is_first(const struct signer *w)
{
	return w == &signers[0] && w->tree.size == 0;
}

static int put_body(const struct signer *w, const struct subject *about, uint32_t type, struct st_buf *body)
{
	switch (type) {
	case ST_BEGIN:  return put_begin(body);
	case ST_ENROL:  return put_certificate(w, is_first(w), body);
	case ST_REVOKE: return put_revoke(body);
	case ST_CITY:   return put_city(body);
	case ST_HEARD:  return put_heard(body);
	case ST_MOVE:
	case ST_NOTE:
	case ST_REASSIGN: return put_change(about, type, body);
	case ST_BALLOT:
	case ST_TOKENS:
	case ST_ERASE:  return put_paper(type, body);
	default:        return 0; /* a later version's */
	}
}

static uint32_t any_type(void)
{
	static const uint32_t types[] = { ST_BEGIN, ST_ENROL, ST_ENROL, ST_REVOKE, ST_CITY, ST_HEARD, ST_MOVE, ST_MOVE,
					  ST_MOVE, ST_MOVE, ST_MOVE, ST_MOVE, ST_MOVE, ST_NOTE, ST_NOTE, ST_REASSIGN,
					  ST_REASSIGN, ST_BALLOT, ST_TOKENS, ST_ERASE, 77 };
	return types[below(sizeof(types) / sizeof(types[0]))];
}

/* Goes on where the last word of it stands, or anywhere. */
static void place(struct signer *w, struct subject *about, struct st_event *e)
{
	bool opens = about->last.seq == 0;
	e->has_record = !chance(3);
	e->record = about->id;
	e->previous = about->last;
	e->term = about->term + (e->type == ST_REASSIGN);
	e->revision = about->revision + 1;
	if (chance(15))
		e->previous = any_position();
	if (chance(10))
		e->revision = (uint32_t)any_number();
	if (chance(10))
		e->term = (uint32_t)any_number();
	bool goes = opens ? st_code_equal(&about->id.opener, &w->code) : chance(80);
	if (goes && (e->type == ST_MOVE || e->type == ST_REASSIGN)) {
		about->last = e->at;
		about->term = e->term;
		about->revision = e->revision;
	}
}

static void address(struct st_event *e)
{
	e->addressee_count = below(3);
	for (size_t i = 0; i < e->addressee_count; i++)
		e->addressees[i] = (struct st_addressee){ any_code(), chance(30), (uint32_t)below(2), below(9) };
	e->part_count = below(3);
	for (size_t i = 0; i < e->part_count; i++) {
		e->parts[i] = (struct st_part_ref){ .type = 1 + (uint32_t)below(6), .size = 1 + (uint32_t)below(99) };
		e->parts[i].hash.bytes[0] = (uint8_t)below(3);
	}
}

static void make_envelope(struct signer *w, struct subject *about, struct st_event *e)
{
	e->at.seq += chance(2);
	e->min_version = chance(3) ? 9 : 1;
	e->wall_ms = any_number();
	e->type = any_type();
	e->author = any_text();
	place(w, about, e);
	address(e);
}

static void make_event(struct signer *w, struct run *r)
{
	struct subject *about = &subjects[below(RECORDS)];
	bool enrols = is_first(w);
	struct st_buf body, *to = &r->bytes[r->count++];
	struct st_event e;
	memset(&e, 0, sizeof(e));
	st_buf_init(&body, ST_EVENT_MAX);
	st_buf_init(to, ST_EVENT_MAX);
	e.at = (struct st_position){ w->code, 1, w->tree.size + 1 };
	e.min_version = 1;
	e.type = ST_ENROL;
	if (!enrols)
		make_envelope(w, about, &e);
	int rc = put_body(w, about, e.type, &body);
	e.body = st_buf_span(&body);
	if (rc == 0)
		rc = st_event_encode(&e, to);
	if (rc < 0 || (!enrols && chance(2))) { /* what no program encodes is rubbish, then */
		st_buf_clear(to);
		st_buf_put_text(to, "\xff\xff rubbish");
	}
	struct st_hash leaf = st_hash_leaf(st_buf_span(to));
	assert_int_equal(st_frontier_append(&w->tree, &leaf, NULL, NULL), 0);
	st_buf_done(&body);
}

static void sign(struct signer *w, struct run *r)
{
	r->count = 0;
	for (size_t n = 1 + below(RUN_MAX); n > 0; n--)
		make_event(w, r);
	r->checkpoint = (struct st_checkpoint){ { w->code, 1 }, w->tree.size, st_frontier_root(&w->tree) };
	st_cosign(&r->checkpoint, &w->node.keys.identity, 5 + w->tree.size, &r->cosignature);
}

/* ---- how it comes to main ---- */

static void give(struct node *to, struct signer *w)
{
	const struct run *r = &w->runs[w->given++];
	struct st_span events[RUN_MAX];
	struct st_job_push job;
	for (size_t i = 0; i < r->count; i++)
		events[i] = st_buf_span(&r->bytes[i]);
	struct st_push push = { .first_seq = r->checkpoint.size - r->count + 1, .event_count = r->count, .events = events,
				.checkpoint = r->checkpoint, .cosignature = r->cosignature };
	int rc = node_give(to, w == &signers[BASE] ? codes[0] : w->code.text, &push, &job);
	if (rc != 0)
		fail_msg("a push of %s to %llu: %s", w->code.text, (unsigned long long)r->checkpoint.size, st_error_name(rc));
}

/* All of one after the other, or by turns as chance has it. */
static void give_all(struct node *to, bool by_turns)
{
	for (size_t i = 0; i < SIGNERS; i++)
		signers[i].given = 0;
	give(to, &signers[0]); /* it enrols the base */
	for (;;) {
		struct signer *w = by_turns ? &signers[below(SIGNERS)] : &signers[0];
		for (size_t i = 0; i < SIGNERS && w->given == RUNS; i++)
			w = &signers[i];
		if (w->given == RUNS)
			return;
		give(to, w);
	}
}

static void is_sound(struct node *n, unsigned seed, const char *when)
{
	char why[WHY_UNSOUND];
	int rc = store_sound(n->store, why);
	if (rc != 0 || why[0] != 0)
		fail_msg("seed %u: %s: %s %s", seed, when, st_error_name(rc), why);
}

static void rebuild(struct node *n)
{
	uint64_t count = 0;
	assert_int_equal(st_rebuild_ask(n->store), 0);
	for (bool done = false; !done;)
		assert_int_equal(st_rebuild_step(n->apply, &done, &count), 0);
}

struct told {
	char text[RECORDS][TEXT_MAX];
};

static int tell(struct st_txn *t, void *arg)
{
	struct told *to = arg;
	struct st_record r;
	for (size_t i = 0; i < RECORDS; i++) {
		struct st_record_ref ref = { .ulid = subjects[i].id.ulid };
		int rc = st_station_number(t, &subjects[i].id.opener, &ref.opener);
		if (rc == 0)
			rc = st_record_load(t, &ref, &r);
		if (rc == 0)
			rc = record_text(t, &r, to->text[i], TEXT_MAX);
		else if (rc == ST_ENOTFOUND)
			rc = snprintf(to->text[i], TEXT_MAX, "not here") > 0 ? 0 : ST_EUSAGE;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void same(struct node *a, struct node *b, unsigned seed, const char *when)
{
	static struct told one, other;
	assert_int_equal(st_store_read(a->store, tell, &one), 0);
	assert_int_equal(st_store_read(b->store, tell, &other), 0);
	for (size_t i = 0; i < RECORDS; i++)
		if (strcmp(one.text[i], other.text[i]) != 0)
			fail_msg("seed %u: %s: record %zu is %s; and %s", seed, when, i, one.text[i], other.text[i]);
}

/* Whoever holds a record sees it as main does. */
static int sees(struct st_txn *t, void *arg)
{
	struct told *to = arg;
	struct st_code self = code_of(LISTENER);
	struct st_record r;
	uint32_t holder = 0;
	int rc = st_station_number(t, &self, &holder);
	for (size_t i = 0; rc == 0 && i < RECORDS; i++) {
		struct st_record_ref ref = { .ulid = subjects[i].id.ulid };
		to->text[i][0] = 0;
		rc = st_station_number(t, &subjects[i].id.opener, &ref.opener);
		if (rc == 0)
			rc = st_record_load(t, &ref, &r);
		if (rc == 0 && r.holder == holder)
			(void)snprintf(to->text[i], TEXT_MAX, "state %u term %u revision %u", r.state, r.term, r.revision);
		rc = rc == ST_ENOTFOUND ? 0 : rc;
	}
	return rc;
}

static void holder_sees(size_t which, unsigned seed)
{
	static struct told above, below_it;
	assert_int_equal(st_store_read(mains[which].store, sees, &above), 0);
	assert_int_equal(st_store_read(listeners[which].store, sees, &below_it), 0);
	for (size_t i = 0; i < RECORDS; i++)
		if (strcmp(above.text[i], below_it.text[i]) != 0)
			fail_msg("seed %u: the holder of %zu sees: %s; main: %s", seed, i, below_it.text[i], above.text[i]);
}

/* What of it is for the third branch goes down to it. */
static void goes_down(size_t which, unsigned seed)
{
	int rc = node_carry(&mains[which], LISTENER, &listeners[which]);
	if (rc != 0)
		fail_msg("seed %u: what goes down: %s", seed, st_error_name(rc));
	is_sound(&listeners[which], seed, "below");
	holder_sees(which, seed);
}

/* A clerk of main's gets an answer, whatever was claimed: moved, or refused for a reason of the record's. */
static void clerk_goes_on(struct node *n, unsigned seed)
{
	const struct st_command_field fields[] = { { st_span_text("category"), st_span_text("环境") } };
	char fresh[ST_NUMBER_TEXT] = "";
	for (size_t i = 0; i < MAINS; i++) {
		int rc = node_command(n, "accept", numbers[i], fields, 1);
		if (rc != 0 && rc != ST_EMOVE && rc != ST_EHOLDER && rc != ST_EFIELD)
			fail_msg("seed %u: a clerk's move: %s", seed, st_error_name(rc));
	}
	assert_int_equal(node_opens(n, fresh), 0);
	is_sound(n, seed, "after a clerk");
}

/* ---- a seed ---- */

struct finding {
	struct st_span number;
	struct st_record_id id;
	struct st_record record;
	struct st_position head;
};

static int find(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	struct st_record_ref ref;
	int rc = st_record_resolve(t, f->number, &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &f->record);
	if (rc == 0)
		rc = st_record_id(t, &ref, &f->id);
	return rc < 0 ? rc : record_head(t, &f->record, &f->head);
}

/* Main's own first; of the others nothing is there before somebody opens them. */
static void choose_subjects(void)
{
	memset(subjects, 0, sizeof(subjects));
	for (size_t i = 0; i < RECORDS; i++) {
		struct subject *s = &subjects[i];
		s->kind = i < MAINS || chance(50) ? ST_KIND_MATTER : st_kind_at(below(st_kind_count()))->number;
		s->id.opener = signers[i % SIGNERS].code;
		memset(s->id.ulid.bytes, (int)(16 + i), ST_ULID_SIZE);
		if (i >= MAINS)
			continue;
		struct finding f = { .number = st_span_text(numbers[i]) };
		assert_int_equal(st_store_read(mains[0].store, find, &f), 0);
		s->id = f.id;
		s->last = f.head;
		s->term = f.record.term;
		s->revision = f.record.revision;
	}
}

static void make_city(unsigned seed)
{
	struct st_signing_key root;
	node_init(&mains[0], "main", seed);
	node_init(&mains[1], "other", seed);
	node_erase(&mains[0]);
	node_erase(&mains[1]);
	assert_int_equal(node_open(&mains[0]), 0);
	assert_int_equal(node_found(&mains[0], "410600", &root), 0);
	for (size_t i = 0; i < SIGNERS; i++) {
		struct joining how = { .code = codes[i], .tier = ST_BRANCH, .root = root.public };
		node_init(&signers[i].node, codes[i], seed + 1000 * (i + 1));
		node_erase(&signers[i].node);
		signers[i].code = code_of(codes[i]);
		signers[i].tree = (struct st_frontier){ .size = 0 };
		if (i == BASE)
			continue;
		assert_int_equal(node_open(&signers[i].node), 0);
		assert_int_equal(node_join(&mains[0], &signers[i].node, &how), 0);
		node_close(&signers[i].node);
	}
	struct joining third = { .code = LISTENER, .tier = ST_BRANCH, .root = root.public };
	node_init(&listeners[0], "listener", seed + 9000);
	node_init(&listeners[1], "other-listener", seed + 9000);
	node_erase(&listeners[0]);
	node_erase(&listeners[1]);
	assert_int_equal(node_open(&listeners[0]), 0);
	assert_int_equal(node_join(&mains[0], &listeners[0], &third), 0);
	node_close(&listeners[0]);
	node_copy(&listeners[1], &listeners[0]);
	assert_int_equal(node_open(&listeners[0]), 0);
	assert_int_equal(node_open(&listeners[1]), 0);
	static struct st_job message;
	assert_int_equal(node_message(&mains[0], codes[0], &message, numbers[MAINS - 1]), 0); /* and handed on */
	for (size_t i = 0; i + 1 < MAINS; i++) {
		const char *whom = i == 1 ? codes[0] : LISTENER;
		const struct st_command_field to[] = { { st_span_text("to"), st_span_text(whom) } };
		numbers[i][0] = 0;
		assert_int_equal(node_opens(&mains[0], numbers[i]), 0);
		if (i > 0)
			assert_int_equal(node_command(&mains[0], "hand", numbers[i], to, 1), 0);
	}
}

static void run_seed(unsigned seed)
{
	random_state = seed;
	make_city(seed);
	choose_subjects();
	for (size_t r = 0; r < RUNS; r++)
		for (size_t i = 0; i < SIGNERS; i++)
			sign(&signers[i], &signers[i].runs[r]);
	node_close(&mains[0]);
	node_copy(&mains[1], &mains[0]);
	assert_int_equal(node_open(&mains[0]), 0);
	assert_int_equal(node_open(&mains[1]), 0);
	give_all(&mains[0], false);
	is_sound(&mains[0], seed, "one after the other");
	give_all(&mains[1], true);
	is_sound(&mains[1], seed, "by turns");
	same(&mains[0], &mains[1], seed, "in two orders");
	goes_down(0, seed);
	goes_down(1, seed);
	rebuild(&mains[0]);
	is_sound(&mains[0], seed, "rebuilt");
	same(&mains[0], &mains[1], seed, "rebuilt");
	clerk_goes_on(&mains[1], seed);
	for (size_t i = 0; i < 2; i++) {
		node_close(&mains[i]);
		node_close(&listeners[i]);
	}
	for (size_t i = 0; i < SIGNERS; i++)
		for (size_t r = 0; r < RUNS; r++)
			for (size_t k = 0; k < signers[i].runs[r].count; k++)
				st_buf_done(&signers[i].runs[r].bytes[k]);
}

static unsigned given(const char *name, unsigned usual)
{
	const char *value = getenv(name);
	return value == NULL ? usual : (unsigned)strtoul(value, NULL, 10);
}

static void test_whatever_is_signed_adds_up(void **state)
{
	unsigned first = given("SEED", 1), count = given("SEEDS", getenv("SEED") == NULL ? SEEDS : 1);
	(void)state;
	for (unsigned seed = first; seed < first + count; seed++)
		run_seed(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whatever_is_signed_adds_up) };
	ST_REQUIRE(st_trust_start() == 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
