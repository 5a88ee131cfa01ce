/* carry.c - any bytes as an unpacked carry, and given to a base as one from its parent: an error, or items that are
 * each stored or refused. The writer of what comes is a station of another branch, whose key the target has, so
 * that bytes get as far as their event.
 *
 * Input: how u8, then bytes: 0xc0 and more, heads { epoch u8, to u8, seq u8, time u8 }... under that key; else even,
 * a carry as it is; odd, { epoch u8, size u16, event }... under that key; epoch 0x80
 * and more: { seq u8, hashes u8 } stand before the size, and hashes behind the event, which leans on the one before. */
#include "decoders.h"
#include <station/sync/carry.h>
#include "../common/city.h"

enum { ITEMS_MAX = 16 };
static struct city city;
static struct node writer; /* a branch that the base has never met */
static struct st_span certificate;
static uint8_t certificate_bytes[ST_CERTIFICATE_MAX];
static unsigned stored;

static void setup(void)
{
	struct st_certificate c;
	struct st_buf b;
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	node_init(&writer, "writer", 77);
	memset(&c, 0, sizeof(c));
	c.code = code_of("410621");
	c.parent = code_of("410600");
	(void)snprintf(c.name, sizeof(c.name), "writer");
	c.tier = ST_BRANCH;
	c.serial = 9;
	c.identity = writer.keys.identity.public;
	c.transport = writer.keys.transport.public;
	c.grant = writer.keys.grant.public;
	c.not_after_ms = INT64_MAX;
	st_buf_init(&b, sizeof(certificate_bytes));
	ST_REQUIRE(st_certificate_issue(&c, &city.main.keys.identity, &b) == 0);
	memcpy(certificate_bytes, b.data, b.size);
	certificate = st_span(certificate_bytes, b.size);
	st_buf_done(&b);
}

static void give(const struct st_carry *carry)
{
	struct st_job *job = calloc(1, sizeof(*job));
	ST_REQUIRE(job != NULL);
	job->kind = ST_JOB_CARRY;
	job->u.carry.carry = *carry;
	ST_REQUIRE(node_run(&city.base, job) == 0);
	const struct st_job_carry *done = &job->u.carry;
	ST_REQUIRE(done->stored + done->known + done->refused == carry->item_count);
	ST_REQUIRE(done->heads.kept + done->heads.known + done->heads.refused == carry->head_count);
	stored += done->stored;
	free(job);
}

static void raw(struct st_span bytes)
{
	struct st_inbound_carry *in = NULL;
	uint8_t *copy = malloc(bytes.size + 1);
	ST_REQUIRE(copy != NULL);
	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	if (st_carry_unpack(copy, bytes.size, &in) < 0) {
		free(copy);
		return;
	}
	ST_REQUIRE(in->carry.item_count <= ST_CARRY_ITEMS_MAX && in->carry.position > 0);
	ST_REQUIRE(in->carry.head_count <= ST_CARRY_HEADS_MAX);
	give(&in->carry);
	st_inbound_carry_free(in);
}

/* Each event is a log of its own: one leaf is its tree. Or it claims a path in the tree of the one before. */
static void signed_items(struct st_span in)
{
	static struct st_carry_item items[ITEMS_MAX];
	struct st_carry carry = { .position = 1, .certificates = &certificate, .certificate_count = 1 };
	memset(items, 0, sizeof(items));
	while (in.size > 3 && carry.item_count < ITEMS_MAX) {
		struct st_carry_item *i = &items[carry.item_count];
		uint8_t epoch = take_u8(&in), hashes = 0;
		i->log = (struct st_log_id){ code_of("410621"), 1u + epoch };
		i->seq = i->size = 1;
		i->shared = epoch >= 0x80;
		if (i->shared) {
			i->seq = 1u + take_u8(&in);
			hashes = take_u8(&in) % ST_PROOF_MAX;
		}
		i->event = take_bytes(&in, take_u16(&in));
		if (i->event.size == 0)
			break;
		i->path = take_bytes(&in, (size_t)hashes * ST_HASH_SIZE);
		i->path.size -= i->path.size % ST_HASH_SIZE;
		if (i->shared && carry.item_count > 0) {
			i->log = i[-1].log;
			i->size = i[-1].size;
			i->cosignature = i[-1].cosignature;
			carry.item_count++;
			continue;
		}
		struct st_checkpoint c = { .log = i->log, .size = 1, .root = st_hash_leaf(i->event) };
		st_cosign(&c, &writer.keys.identity, 1, &i->cosignature);
		carry.item_count++;
	}
	carry.items = items;
	give(&carry);
}

/* Under the writer's key: each is kept, known, or refused for what it says. */
static void signed_heads(struct st_span in)
{
	static const char *const to[] = { "410600", "410611", CITY_BASE, CITY_SPECIALTY, "410621", "410999" };
	static struct st_head heads[ITEMS_MAX];
	struct st_carry carry = { .position = 1, .certificates = &certificate, .certificate_count = 1,
				  .heads = heads };
	memset(heads, 0, sizeof(heads));
	while (in.size > 3 && carry.head_count < ITEMS_MAX) {
		struct st_head *h = &heads[carry.head_count++];
		h->log = (struct st_log_id){ code_of("410621"), 1u + take_u8(&in) };
		uint8_t how = take_u8(&in);
		h->to = code_of(to[how % 6]);
		h->subtree = how >= 128;
		h->seq = 1u + take_u8(&in);
		h->count = h->time_s = take_u8(&in);
		st_head_sign(h, &writer.keys.identity);
		h->count += how % 7 == 6; /* not what was signed */
	}
	give(&carry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_span in = st_span(data, size);
	if (city.base.store == NULL)
		setup();
	stored = 0;
	uint8_t how = take_u8(&in);
	if (how >= 0xc0)
		signed_heads(in);
	else if (how % 2 == 0)
		raw(in);
	else
		signed_items(in);
	CANARY(stored >= 3);
	return 0;
}
