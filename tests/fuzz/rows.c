/* rows.c - any row of a store as a damaged disk may give it back: each question about it ends in an
 * answer or an error, and so does each job.
 *
 * Input: pieces of { table u8, how u8, row u8, size u16, bytes }. how 0: the row's value becomes bytes; 1: one byte of
 * it is changed; 2: it is cut; 3: it is gone; 4: bytes are a new row, { key size u8, key, value }. Where the first table
 * is 0xf0 or more, the store is one of format 2 to 7, and has its tables. */
#include "decoders.h"
#include <lmdb.h>
#include <lib/store/kv.h>
#include <station/apply/rebuild.h>
#include <station/ask/candidates.h>
#include <station/ask/matter.h>
#include <station/ask/report.h>
#include <station/ask/verify.h>
#include <station/ask/voices.h>
#include <station/sync/pack.h>
#include "../common/city.h"
#include "../common/older.h"

enum { MAP = 256 << 20 };
static const char *const NAMES[] = {
#define X(table, name, class) name,
	ST_TABLES(X)
#undef X
	"receipts", /* of an older store */
};
static struct city city;
static struct node node, old;
static size_t table_count;
static bool hurt; /* more than what can be made anew */
static struct st_inbound *in_push;
static MDB_env *env;
static MDB_txn *txn;

static bool find(MDB_dbi table, unsigned row, MDB_val *k, MDB_val *v)
{
	MDB_cursor *c = NULL;
	MDB_stat s;
	ST_REQUIRE(mdb_stat(txn, table, &s) == 0 && mdb_cursor_open(txn, table, &c) == 0);
	bool found = s.ms_entries > 0 && mdb_cursor_get(c, k, v, MDB_FIRST) == 0;
	for (size_t i = 0; found && i < row % s.ms_entries; i++)
		found = mdb_cursor_get(c, k, v, MDB_NEXT) == 0;
	mdb_cursor_close(c);
	return found;
}

static void put_new(MDB_dbi table, struct st_span bytes)
{
	struct st_span key = take_bytes(&bytes, take_u8(&bytes));
	MDB_val k = { key.size, (void *)(uintptr_t)key.data };
	MDB_val v = { bytes.size, (void *)(uintptr_t)bytes.data };
	if (key.size > 0 && key.size <= KV_KEY_MAX)
		(void)mdb_put(txn, table, &k, &v, 0);
}

static void damage(struct st_span *in)
{
	static uint8_t copy[65536], key[512];
	MDB_dbi table;
	MDB_val k, v;
	unsigned name = take_u8(in) % (unsigned)table_count, how = take_u8(in) % 5, row = take_u8(in);
	uint16_t size = take_u16(in);
	struct st_span bytes = how == 1 || how == 2 ? ST_SPAN_NONE : take_bytes(in, size);
	ST_REQUIRE(mdb_dbi_open(txn, NAMES[name], 0, &table) == 0);
	hurt |= name < TABLE_COUNT && st_table_class(name) != ST_TABLE_FOLDED && st_table_class(name) != ST_TABLE_TOLD;
	if (how == 4) {
		put_new(table, bytes);
		return;
	}
	if (!find(table, row, &k, &v) || k.mv_size > sizeof(key) || v.mv_size > sizeof(copy))
		return;
	memcpy(key, k.mv_data, k.mv_size);
	memcpy(copy, v.mv_data, v.mv_size);
	k.mv_data = key;
	v.mv_data = copy;
	if (how == 3) {
		(void)mdb_del(txn, table, &k, NULL);
		return;
	}
	if (how == 0)
		v = (MDB_val){ bytes.size, (void *)(uintptr_t)bytes.data };
	else if (v.mv_size > 0 && how == 1)
		copy[size % v.mv_size] ^= (uint8_t)(size >> 8 | 1);
	else if (v.mv_size > 0)
		v.mv_size = size % v.mv_size;
	(void)mdb_put(txn, table, &k, &v, 0);
}

static int see_event(const struct st_life_event *e, void *arg)
{
	(void)arg;
	ST_REQUIRE(e->fact_count <= ST_FIELDS_MAX);
	return 0;
}

static int see_row(const struct st_list_row *row, void *arg)
{
	(void)(st_life_each(arg, &row->record, &node.keys.grant, see_event, NULL) == 0);
	return 0;
}

static int see_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct st_buf b;
	(void)arg;
	st_buf_init(&b, ST_NOTE_MAX * 4);
	(void)(st_log_note(t, log, &b) == 0);
	st_buf_clear(&b);
	(void)(st_event_proof(t, log, 1, &b) == 0);
	st_buf_done(&b);
	return 0;
}

static int see_coverage(const struct st_coverage_row *row, void *arg)
{
	(void)row;
	(void)arg;
	return 0;
}

static int see_invite(const struct st_invite_row *i, void *arg)
{
	(void)arg;
	ST_REQUIRE(memchr(i->name, 0, sizeof(i->name)) != NULL);
	return 0;
}

/* What may be the same as the first record, and who stands behind it. */
static int see_record(const struct st_record_ref *ref, struct st_span row, void *arg)
{
	static struct st_candidates found;
	struct st_record r;
	struct st_voices v;
	struct st_candidates_query q = { .of = &r, .days = ST_CANDIDATES_DAYS_MAX, .limit = 10 };
	if (st_record_decode(ref, row, &r) < 0)
		return 0;
	(void)(st_candidates_find(arg, &q, &found) == 0);
	if (st_voices_under(arg, &r, &v) == 0)
		st_voices_done(&v);
	return 1;
}

static void see_doors(struct st_txn *t)
{
	struct st_voices v;
	struct st_voiced top[4];
	(void)(st_record_each(t, NULL, see_record, t) == 0);
	if (st_voices_read(t, ST_KIND_MATTER, &v) < 0)
		return;
	(void)st_voices_top(&v, 4, top);
	st_voices_done(&v);
}

static int look(struct st_txn *t, void *arg)
{
	struct st_report_query q = { .kind = ST_KIND_MATTER, .by_count = 2,
				     .by = { ST_BY_STATION, ST_BY_CATEGORY }, .today = 19700 };
	struct st_list_query l = { .kind = ST_KIND_MATTER, .limit = 100, .today = 19700 }, due = { .kind = ST_KIND_MATTER, .limit = 100, .overdue = true,
									   .today = 30000 };
	struct st_report report;
	struct st_buf next;
	char place[ST_PLACE_MAX];
	(void)arg;
	st_buf_init(&next, 256);
	if (st_report_make(t, &q, &report, place) == 0)
		st_report_done(&report);
	(void)(st_list_each(t, &l, see_row, t, &next) == 0);
	st_buf_clear(&next);
	struct st_list_query untold = { .kind = ST_KIND_MATTER, .limit = 100, .untold = true };
	(void)(st_list_each(t, &untold, see_row, t, &next) == 0);
	st_buf_clear(&next);
	(void)(st_list_each(t, &due, see_row, t, &next) == 0);
	see_doors(t);
	(void)(st_log_each(t, see_log, NULL) == 0);
	(void)(st_coverage_each(t, see_coverage, NULL) == 0);
	(void)(st_invite_each(t, see_invite, NULL) == 0);
	st_buf_done(&next);
	return 0;
}

static void ask(void)
{
	struct st_recount r;
	struct st_differences d;
	struct st_log_verdict v;
	(void)(st_store_read(node.store, look, NULL) == 0);
	(void)(st_recount_run(node.store, NULL, NULL, &r) == 0);
	(void)(st_retell_run(node.store, NULL, NULL, &d) == 0);
	for (uint32_t log = 1; log < 4; log++)
		if (st_log_verify(node.store, log, NULL, NULL, &v) == 0)
			CANARY(v.rc == ST_ESIGNATURE && v.size > 0);
}

static void work(void)
{
	char number[ST_NUMBER_TEXT];
	struct st_job_push got;
	struct st_inbound *in = NULL;
	(void)(node_opens(&node, number) == 0);
	(void)(node_give(&node, CITY_BASE, &in_push->push, &got) == 0);
	if (node_push(&node, "410611", 0, &in) == 0)
		st_inbound_free(in);
}

/* It ends, or says that it can't go on. Whatever was damaged of what events say is mended by it. */
static void rebuild(void)
{
	struct st_recount r;
	struct st_differences d;
	bool done = false;
	uint64_t events;
	int rc = st_rebuild_ask(node.store);
	for (unsigned steps = 0; rc == 0 && !done; steps++) {
		ST_REQUIRE(steps < 64);
		rc = st_rebuild_step(node.apply, &done, &events);
	}
	if (hurt)
		return;
	ST_REQUIRE(rc == 0);
	ST_REQUIRE(st_recount_run(node.store, NULL, NULL, &r) == 0 && st_recount_right(&r));
	ST_REQUIRE(st_retell_run(node.store, NULL, NULL, &d) == 0 && d.wrong == 0);
}

static void setup(void)
{
	struct older o;
	ST_REQUIRE(st_trust_start() == 0 && city_make(&city) == 0);
	ST_REQUIRE(node_push(&city.base, CITY_BASE, 0, &in_push) == 0);
	city_close(&city);
	node_init(&node, "work", 9);
	node_init(&old, "old", 9);
	node_copy(&old, &city.branch);
	older_begin(&o, old.directory, MAP);
	ST_REQUIRE(older_move_all(&o) > 0);
	older_end(&o, OLDER_FORMAT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct st_span in = st_span(data, size);
	bool is_old = size > 0 && data[0] >= 0xf0;
	if (in_push == NULL)
		setup();
	hurt = false;
	table_count = TABLE_COUNT + (is_old ? 1 : 0);
	node_copy(&node, is_old ? &old : &city.branch);
	ST_REQUIRE(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, TABLE_COUNT + 1) == 0);
	ST_REQUIRE(mdb_env_set_mapsize(env, MAP) == 0);
	ST_REQUIRE(mdb_env_open(env, node.directory, MDB_NOSYNC, 0600) == 0);
	ST_REQUIRE(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	for (unsigned n = 0; in.size > 0 && n < 8; n++)
		damage(&in);
	ST_REQUIRE(mdb_txn_commit(txn) == 0);
	mdb_env_close(env);
	bool opened = node_open(&node) == 0;
	ST_REQUIRE(opened || hurt);
	if (opened && is_old) /* before anybody asks it anything */
		rebuild();
	if (opened) {
		ask();
		work();
		ask();
		rebuild();
	}
	node_close(&node);
	return 0;
}
