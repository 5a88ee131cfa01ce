/* city.c - stations in one process.
 *
 * Owns:    scratch folders, and the jobs that set a small city up.
 * Flow:    fuzz targets, fault runs -> city -> apply */
#include "city.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <station/base/check.h>
#include <station/store/stations.h>
#include <station/sync/carry.h>
#include <station/work/online.h>

static char scratch[CITY_PATH / 2];

static char made[16][CITY_PATH];
static size_t made_count;
static void erase_scratch(void)
{
	for (size_t i = 0; i < made_count; i++)
		(void)scratch_store_gone(made[i]);
	(void)rmdir(scratch);
}

const char *city_scratch(void)
{
	const char *base = getenv("TMPDIR");
	if (scratch[0] != 0)
		return scratch;
	if (base == NULL || strlen(base) > sizeof(scratch) - 16)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(scratch, sizeof(scratch), "%s/city-XXXXXX", base);
	ST_REQUIRE(mkdtemp(scratch) != NULL);
	(void)atexit(erase_scratch);
	return scratch;
}

static void draw(void *arg, void *to, size_t size)
{
	struct node *n = arg;
	uint8_t *p = to;
	for (size_t i = 0; i < size; i++) {
		n->drawn = n->drawn * 6364136223846793005ull + 1442695040888963407ull;
		p[i] = (uint8_t)(n->drawn >> 33);
	}
}

void node_init(struct node *n, const char *name, uint64_t seed)
{
	uint8_t seeds[3 * ST_SEED_SIZE];
	memset(n, 0, sizeof(*n));
	n->drawn = seed;
	n->world = (struct st_world){ .now_ms = 1700000000000, .random = draw, .arg = n };
	(void)snprintf(n->directory, sizeof(n->directory), "%s/%s", city_scratch(), name);
	if (mkdir(n->directory, 0700) == 0 && made_count < sizeof(made) / sizeof(made[0]))
		memcpy(made[made_count++], n->directory, sizeof(n->directory));
	draw(n, seeds, sizeof(seeds));
	st_keys_from_seeds(seeds, &n->keys);
}

int node_open(struct node *n)
{
	struct st_store_conf conf = { .directory = n->directory, .map_bytes = 256u << 20,
				      .readers_max = 16 };
	int rc = st_store_open(&conf, &n->store);
	if (rc == 0)
		rc = st_apply_new(n->store, &n->keys, &n->apply);
	if (rc < 0)
		node_close(n);
	return rc;
}

void node_close(struct node *n)
{
	st_apply_free(n->apply);
	st_store_close(n->store);
	n->apply = NULL;
	n->store = NULL;
}

void node_erase(struct node *n)
{
	node_close(n);
	(void)scratch_store_gone(n->directory);
	(void)mkdir(n->directory, 0700);
}

void node_copy(struct node *n, const struct node *from)
{
	static uint8_t bytes[1 << 20];
	char path[CITY_PATH + 16];
	ST_REQUIRE(n->store == NULL);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", from->directory);
	int in = open(path, O_RDONLY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", n->directory);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ST_REQUIRE(in >= 0 && out >= 0);
	for (ssize_t got; (got = read(in, bytes, sizeof(bytes))) > 0;)
		ST_REQUIRE(write(out, bytes, (size_t)got) == got);
	(void)close(in);
	(void)close(out);
	n->keys = from->keys;
	n->drawn = from->drawn;
	n->world = from->world;
	n->world.arg = n;
}

int node_run(struct node *n, struct st_job *job)
{
	struct st_job *jobs[] = { job };
	int rc = st_apply_group(n->apply, &n->world, jobs, 1, &n->applied);
	return rc < 0 ? rc : job->rc;
}

int node_found(struct node *n, const char *code, struct st_signing_key *root)
{
	struct st_buf bytes;
	uint8_t seed[ST_SEED_SIZE];
	struct st_job job;
	memset(seed, 7, sizeof(seed));
	st_signing_key_from_seed(seed, root);
	st_buf_init(&bytes, ST_CERTIFICATE_MAX);
	int rc = founding_job(&n->keys, code, n->world.now_ms, root, &bytes, &job);
	if (rc == 0)
		rc = node_run(n, &job);
	st_buf_done(&bytes);
	return rc;
}

int node_invite(struct node *parent, const struct joining *how, struct papers *p)
{
	papers_invite(p, how->code, how->code, how->tier);
	return node_run(parent, &p->job);
}

int node_enrol(struct node *parent, struct node *child, struct papers *p)
{
	int rc = papers_enrol(p, &child->keys);
	return rc < 0 ? rc : node_run(parent, &p->job);
}

int node_adopt(struct node *child, const struct joining *how, struct papers *p)
{
	papers_adopt(p, &how->root);
	return node_run(child, &p->job);
}

int node_join(struct node *parent, struct node *child, const struct joining *how)
{
	struct papers p;
	papers_init(&p);
	int rc = node_invite(parent, how, &p);
	if (rc == 0)
		rc = node_enrol(parent, child, &p);
	if (rc == 0)
		rc = node_adopt(child, how, &p);
	papers_done(&p);
	return rc;
}

int node_command(struct node *n, const char *move, char number[ST_NUMBER_TEXT],
		 const struct st_command_field *fields, size_t count)
{
	struct st_job job;
	struct st_job_command *c = &job.u.command;
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_COMMAND;
	c->command = (struct st_command){ .kind = ST_KIND_MATTER, .move = move,
					  .at_ms = n->world.now_ms, .author = st_span_text("clerk"),
					  .fields = fields, .field_count = count };
	c->record = st_span_text(number);
	int rc = node_run(n, &job);
	if (rc == 0)
		memcpy(number, c->number, ST_NUMBER_TEXT);
	return rc;
}

int node_opens(struct node *n, char number[ST_NUMBER_TEXT])
{
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") },
		{ st_span_text("category"), st_span_text("环境") },
		{ st_span_text("title"), st_span_text("垃圾") },
		{ st_span_text("reporter_name"), st_span_text("王某") },
	};
	number[0] = 0;
	return node_command(n, "open", number, fields, sizeof(fields) / sizeof(fields[0]));
}

struct finding {
	struct st_code code;
	uint32_t number;
	uint64_t from;
	struct st_packer *packer;
	struct st_packed packed;
};

static int find_number(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	return st_station_number(t, &f->code, &f->number);
}

int node_number(struct node *n, const char *code, uint32_t *ret_number)
{
	struct finding f = { .code = code_of(code) };
	int rc = st_store_read(n->store, find_number, &f);
	if (rc == 0)
		*ret_number = f.number;
	return rc;
}

static int pack(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	struct st_log log;
	int rc = st_station_number(t, &f->code, &f->number);
	if (rc == 0)
		rc = st_log_newest(t, f->number, &log);
	return rc < 0 ? rc : st_push_pack(f->packer, t, &log, f->from, &f->packed);
}

int node_push(struct node *n, const char *code, uint64_t from, struct st_inbound **ret_in)
{
	struct finding f = { .code = code_of(code), .from = from };
	struct st_assembly a;
	struct st_inbound *in = NULL;
	int rc = st_packer_new(&f.packer);
	if (rc < 0)
		return rc;
	st_assembly_init(&a);
	rc = st_store_read(n->store, pack, &f);
	for (size_t i = 0; rc == 0 && i < st_packed_chunks(&f.packed); i++) {
		struct st_chunk c = st_packed_chunk(&f.packed, 1, i);
		rc = st_assembly_add(&a, &c, &in);
	}
	st_assembly_done(&a);
	st_packer_free(f.packer);
	if (rc == 0)
		*ret_in = in;
	return rc;
}

static int pack_carry(struct st_txn *t, void *arg)
{
	struct finding *f = arg;
	const struct st_carry_for to = { .child = f->number, .after = f->from, .version = ST_WIRE_VERSION };
	return st_carry_pack(f->packer, t, &to, &f->packed);
}

/* And moves on behind it. */
static int run_carry(struct node *to, struct finding *f)
{
	struct st_assembly a;
	struct st_inbound_carry *in = NULL;
	struct st_job job;
	int rc = 0;
	st_assembly_init(&a);
	for (size_t i = 0; rc == 0 && i < st_packed_chunks(&f->packed); i++) {
		struct st_chunk c = st_packed_chunk(&f->packed, 1, i);
		rc = st_assembly_carry(&a, &c, &in);
	}
	st_assembly_done(&a);
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_CARRY;
	if (rc == 0) {
		job.u.carry.carry = in->carry;
		f->from = in->carry.position;
		rc = node_run(to, &job);
	}
	st_inbound_carry_free(in);
	return rc;
}

int node_carry(struct node *from, const char *child, struct node *to)
{
	struct finding f = { .code = code_of(child) };
	int rc = node_number(from, child, &f.number);
	if (rc == 0)
		rc = st_packer_new(&f.packer);
	bool any = false;
	for (; rc == 0; any = true) {
		rc = st_store_read(from->store, pack_carry, &f);
		if (rc < 0)
			break;
		rc = run_carry(to, &f);
		st_assert(rc != ST_ENOTFOUND);
	}
	st_packer_free(f.packer);
	return rc == ST_ENOTFOUND && any ? 0 : rc;
}

struct messaging {
	const char *code;
	char *number;
};

static int find_message(struct st_txn *t, void *arg)
{
	const struct messaging *m = arg;
	struct st_record_ref ref;
	struct st_record r;
	struct st_record_id id;
	int rc = st_online_resolve(t, st_span_text(m->code), &ref);
	if (rc == 0)
		rc = st_record_load(t, &ref, &r);
	if (rc == 0)
		rc = st_record_id(t, &ref, &id);
	if (rc == 0)
		st_number_text(&r.number, &id.opener, &id.ulid, m->number);
	return rc;
}

int node_message(struct node *n, const char *spot, struct st_job *ret_job, char number[ST_NUMBER_TEXT])
{
	static const struct st_command_field fields[] = {
		{ { (const uint8_t *)"title", 5 }, { (const uint8_t *)"lamp", 4 } },
		{ { (const uint8_t *)"reporter_name", 13 }, { (const uint8_t *)"Wang", 4 } },
	};
	struct messaging m = { ret_job->u.online.code, number };
	memset(ret_job, 0, sizeof(*ret_job));
	ret_job->kind = ST_JOB_ONLINE;
	ret_job->u.online = (struct st_job_online){ .source = st_span_text("city"), .request = st_span_text("1"),
						    .fields = fields, .field_count = 2,
						    .spot = { .code = st_span_text(spot) } };
	int rc = node_run(n, ret_job);
	return rc < 0 || number == NULL ? rc : st_store_read(n->store, find_message, &m);
}

int node_give(struct node *to, const char *child, const struct st_push *push,
	      struct st_job_push *ret_job)
{
	struct st_job job;
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_PUSH;
	job.u.push.push = *push;
	int rc = node_number(to, child, &job.u.push.child);
	if (rc == 0)
		rc = node_run(to, &job);
	*ret_job = job.u.push;
	return rc;
}

static int open_stations(struct city *c)
{
	node_init(&c->main, "main", 1);
	node_init(&c->branch, "branch", 2);
	node_init(&c->base, "base", 3);
	node_init(&c->specialty, "specialty", 4);
	int rc = node_open(&c->main);
	if (rc == 0)
		rc = node_open(&c->branch);
	if (rc == 0)
		rc = node_open(&c->base);
	if (rc == 0)
		rc = node_open(&c->specialty);
	return rc;
}

static int join_stations(struct city *c)
{
	int rc = node_found(&c->main, "410600", &c->root);
	if (rc == 0)
		rc = node_join(&c->main, &c->branch,
			       &(struct joining){ "410611", ST_BRANCH, c->root.public });
	if (rc == 0)
		rc = node_join(&c->branch, &c->base,
			       &(struct joining){ CITY_BASE, ST_BASE, c->root.public });
	if (rc == 0)
		rc = node_join(&c->base, &c->specialty,
			       &(struct joining){ CITY_SPECIALTY, ST_SPECIALTY, c->root.public });
	return rc;
}

static int pass_up(struct node *from, struct node *to, const char *code)
{
	struct st_inbound *in = NULL;
	struct st_job_push got;
	int rc = node_push(from, code, 0, &in);
	if (rc == 0)
		rc = node_give(to, code, &in->push, &got);
	st_inbound_free(in);
	return rc;
}

/* Through a matter's whole life, and another one left on its way. */
static int live(struct node *n)
{
	const struct st_command_field reason[] = { { st_span_text("reason"), st_span_text("x") } };
	const struct st_command_field unit[] = { { st_span_text("unit"), st_span_text("住建局") } };
	const struct st_command_field reply[] = { { st_span_text("reply"), st_span_text("已办") } };
	const struct st_command_field echo[] = {
		{ st_span_text("rating_answer"), st_span_text("satisfied") },
		{ st_span_text("told_how"), st_span_text("phone") },
	};
	char number[ST_NUMBER_TEXT], other[ST_NUMBER_TEXT];
	int rc = node_opens(n, number);
	if (rc == 0)
		rc = node_command(n, "accept", number, NULL, 0);
	if (rc == 0)
		rc = node_command(n, "assign", number, unit, 1);
	if (rc == 0)
		rc = node_command(n, "answer", number, reply, 1);
	if (rc == 0)
		rc = node_command(n, "echo", number, echo, 2);
	if (rc == 0)
		rc = node_command(n, "close", number, NULL, 0);
	if (rc == 0)
		rc = node_command(n, "reopen", number, reason, 1);
	if (rc == 0)
		rc = node_opens(n, other);
	if (rc == 0)
		rc = node_command(n, "withdraw", other, reason, 1);
	return rc;
}

int city_make(struct city *c)
{
	char number[ST_NUMBER_TEXT];
	int rc = open_stations(c);
	if (rc == 0)
		rc = join_stations(c);
	if (rc == 0)
		rc = node_opens(&c->base, number);
	if (rc == 0)
		rc = pass_up(&c->base, &c->branch, CITY_BASE);
	if (rc == 0)
		rc = live(&c->base);
	if (rc == 0)
		rc = node_opens(&c->specialty, number);
	if (rc == 0)
		rc = pass_up(&c->specialty, &c->base, CITY_SPECIALTY);
	return rc;
}

void city_close(struct city *c)
{
	node_close(&c->main);
	node_close(&c->branch);
	node_close(&c->base);
	node_close(&c->specialty);
}
