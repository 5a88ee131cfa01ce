/* verbs_fsck.c - a store that no daemon runs on: is it all true, and made anew where it isn't.
 *
 * Owns:    the one verb that opens a store by itself.
 * Promise: a store that a daemon has is left alone; without --rebuild nothing is written.
 * Flow:    operator -> fsck -> store */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <station/apply/rebuild.h>
#include <station/ask/verify.h>
#include "ctl.h"

static const uint64_t MAP_LEAST = 64ull << 30;

struct checking {
	struct st_store *store;
	json_t *verdicts;
	uint32_t logs[512]; /* as many as one look takes */
	size_t count;
	uint32_t after;
	struct st_recount recount;
	struct st_differences told;
	bool logs_right, tables_right;
};

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
	progress(arg, done, total);
	return true;
}

static int open_store(const char *directory, struct st_store **ret)
{
	char path[4096];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", directory);
	if (stat(path, &st) < 0) { /* a typing error doesn't make a store */
		complain(T_BAD_FILE, path, st_file_error_text(errno, ctl.lang));
		return CTL_USAGE;
	}
	uint64_t twice = 2 * (uint64_t)st.st_size;
	struct st_store_conf conf = { .directory = directory, .readers_max = 8,
				      .map_bytes = twice > MAP_LEAST ? twice : MAP_LEAST };
	int rc = st_store_open(&conf, ret);
	if (rc == ST_ECORRUPT)
		complain(T_STORE_CORRUPT, directory);
	else if (rc == ST_ELOCKED)
		complain(T_STORE_IN_USE, directory);
	else if (rc < 0)
		complain(T_BAD_FILE, directory, st_error_text(rc, ctl.lang));
	return rc == 0 ? 0 : rc == ST_ELOCKED ? CTL_REFUSED : CTL_WRONG;
}

static int rebuild(struct st_store *s, bool ask, uint64_t *ret_events)
{
	static const struct st_keys none; /* nothing is signed */
	struct st_apply *a = NULL;
	uint64_t step = 0;
	bool done = false;
	int rc = ask ? st_rebuild_ask(s) : 0;
	if (rc == 0)
		rc = st_apply_new(s, &none, &a);
	while (rc == 0 && !done) {
		rc = st_rebuild_step(a, &done, &step);
		*ret_events += rc == 0 ? step : 0;
		progress(either("重算", "folding anew"), *ret_events, 0);
	}
	progress_end();
	st_apply_free(a);
	return rc;
}

static int note_log(struct st_txn *t, const struct st_log *log, void *arg)
{
	struct checking *c = arg;
	(void)t;
	if (log->number <= c->after || log->tree.size == 0)
		return 0;
	c->logs[c->count++] = log->number;
	return c->count == sizeof(c->logs) / sizeof(c->logs[0]);
}

static int note_logs(struct st_txn *t, void *arg)
{
	int rc = st_log_each(t, note_log, arg);
	return rc < 0 ? rc : 0;
}

static int verify_one(struct checking *c, uint32_t number)
{
	struct st_log_verdict v;
	char name[64];
	int rc = st_log_verify(c->store, number, on_progress, (void *)(uintptr_t)either("核验", "verifying"), &v);
	progress_end();
	if (rc < 0)
		return rc;
	(void)snprintf(name, sizeof(name), "%s/%u", v.log.station.text, v.log.epoch);
	json_array_append_new(c->verdicts, json_pack("{s:s, s:I, s:b, s:s, s:I}", "log", name, "size",
						     (json_int_t)v.size, "ok", v.rc == 0, "why",
						     v.rc == 0 ? "" : st_error_text(v.rc, ctl.lang),
						     "bad_seq", (json_int_t)v.bad_seq));
	c->logs_right &= v.rc == 0;
	return 0;
}

static int verify_all(struct checking *c)
{
	int rc = 0;
	do {
		c->count = 0;
		rc = st_store_read(c->store, note_logs, c);
		for (size_t i = 0; rc == 0 && i < c->count; i++) {
			rc = verify_one(c, c->logs[i]);
			c->after = c->logs[i];
		}
	} while (rc == 0 && c->count > 0);
	return rc;
}

static json_t *counts_json(const struct checking *c)
{
	const struct st_recount *r = &c->recount;
	const struct st_differences *d = &c->told;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:{s:I, s:I, s:s, s:s}}", "events",
			 (json_int_t)r->events, "records", (json_int_t)r->records, "counters",
			 (json_int_t)r->counters, "wrong", (json_int_t)r->wrong, "wrong_records",
			 (json_int_t)r->wrong_records, "wrong_rows", (json_int_t)r->wrong_rows, "first_wrong",
			 r->first_wrong, "told", "rows", (json_int_t)d->rows, "wrong", (json_int_t)d->wrong,
			 "tables", d->tables, "first_wrong", d->first_wrong);
}

/* Of a damaged log, how far it is right. */
static void show_verdict(const json_t *one)
{
	if (truth(one, "ok"))
		(void)printf("%s: %lld %s\n", member(one, "log"), number(one, "size"), either("正确", "right"));
	else
		(void)printf("%s: %lld %s %s !\n", member(one, "log"), number(one, "bad_seq") - 1,
			     either("为止正确, 其后:", "are right, and then:"), member(one, "why"));
}

static void show(const struct checking *c, const char *directory, uint64_t rebuilt)
{
	size_t i;
	bool right = c->logs_right && c->tables_right;
	json_t *one, *counts = c->logs_right ? counts_json(c) : json_null();
	if (ctl.json) {
		json_t *all = json_pack("{s:I, s:O, s:O, s:b}", "rebuilt", (json_int_t)rebuilt, "verdicts",
					c->verdicts, "recount", counts, "right", (int)right);
		json_print(all);
		json_decref(all);
		json_decref(counts);
		return;
	}
	json_array_foreach(c->verdicts, i, one)
		show_verdict(one);
	if (rebuilt > 0)
		(void)printf("%s %llu\n", either("已重算的事件:", "events taken anew:"), (unsigned long long)rebuilt);
	if (c->logs_right)
		recount_show(counts);
	else
		complain(T_LOGS_DAMAGED, directory);
	if (right)
		(void)puts(text(T_ALL_RIGHT));
	json_decref(counts);
}

static int recount(struct checking *c)
{
	int rc = st_recount_run(c->store, on_progress, (void *)(uintptr_t)either("重算比对", "recounting"), &c->recount);
	progress_end();
	if (rc == 0)
		rc = st_retell_run(c->store, on_progress, (void *)(uintptr_t)either("逐表比对", "comparing tables"),
				   &c->told);
	progress_end();
	c->tables_right = st_recount_right(&c->recount) && c->told.wrong == 0;
	return rc;
}

/* The logs first: all tables follow from them, so nothing is told of those, or made anew, where a log is damaged. */
static int check_store(struct checking *c, bool anew, bool asked, uint64_t *ret_rebuilt)
{
	int rc = verify_all(c);
	if (rc < 0 || !c->logs_right)
		return rc;
	if (anew)
		rc = rebuild(c->store, !asked, ret_rebuilt);
	return rc < 0 ? rc : recount(c);
}

static int run_fsck(const struct args *a)
{
	struct checking c = { .logs_right = true };
	uint64_t rebuilt = 0;
	int code = open_store(a->words[0], &c.store);
	if (code != 0)
		return code;
	c.verdicts = json_array();
	int rc = st_rebuild_asked(c.store); /* an older version's store, or one that was broken off */
	if (rc == 1 && !flag(a, "rebuild")) {
		complain(T_TO_REBUILD, a->words[0]);
		code = CTL_REFUSED;
	} else if (rc >= 0) {
		rc = check_store(&c, flag(a, "rebuild"), rc == 1, &rebuilt);
		code = rc == 0 && c.logs_right && c.tables_right ? CTL_RIGHT : CTL_WRONG;
		if (rc == 0)
			show(&c, a->words[0], rebuilt);
	} else {
		code = CTL_WRONG;
	}
	if (rc < 0)
		complain(T_BAD_FILE, a->words[0], st_error_text(rc, ctl.lang));
	json_decref(c.verdicts);
	st_store_close(c.store);
	return code;
}

const struct verb fsck_verbs[] = {
	{ "fsck", "DIR [--rebuild]", "!rebuild", 1, 1, run_fsck,
	  "守护进程停着时核验库目录 DIR: 日志与全部派生的表; --rebuild 由日志重算这些表",
	  "check a store while no daemon has it: logs and all derived tables; --rebuild makes those anew",
	  "stationctl fsck /var/lib/stationd --rebuild" },
	{ NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
