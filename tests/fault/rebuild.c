/* rebuild.c - a store that is made anew, or was written by an older version, with a fault at each call: each step is all
 * there or not at all, whoever was broken off goes on, and in the end the store is the one that no fault has met. */
#include "stage.h"
#include <stdio.h>
#include <string.h>
#include <daemon/stationd/refold.h>
#include <daemon/stationd/say.h>
#include <station/apply/rebuild.h>
#include <station/base/check.h>
#include <station/store/folded.h>
#include "../common/older.h"

enum { MAP = 256 << 20 };

/* ---- what the daemon's loop says ---- */

enum st_lang say_lang(void)
{
	return ST_EN;
}

void say(enum message m, const char *a, const char *b, const char *c)
{
	(void)m;
	(void)a;
	(void)b;
	(void)c;
}

static struct node *on_branch(struct stage *s)
{
	return &s->branch;
}

/* ---- a store in which every phase has something to do ---- */

static int carry_from_main(struct stage *s)
{
	const struct st_command_field to = { st_span_text("to"), st_span_text("410611") };
	char number[ST_NUMBER_TEXT];
	int rc = node_opens(&s->main, number);
	if (rc == 0)
		rc = node_command(&s->main, "hand", number, &to, 1);
	return rc < 0 ? rc : node_carry(&s->main, "410611", &s->branch);
}

static int push_from_base(struct stage *s)
{
	struct st_inbound *in = NULL;
	struct st_job_push got;
	int rc = node_push(&s->base, CITY_BASE, 0, &in);
	if (rc == 0)
		rc = node_give(&s->branch, CITY_BASE, &in->push, &got);
	st_inbound_free(in);
	return rc;
}

static int erase_one(struct stage *s)
{
	struct st_job job;
	char number[ST_NUMBER_TEXT];
	int rc = node_opens(&s->branch, number);
	memset(&job, 0, sizeof(job));
	job.kind = ST_JOB_ERASE;
	job.u.erase = (struct st_job_erase){ .record = st_span_text(number), .scope = ST_ERASE_ALL,
					     .reason = st_span_text("r") };
	return rc < 0 ? rc : node_run(&s->branch, &job);
}

static int lived(struct stage *s)
{
	struct st_job job = { .kind = ST_JOB_HOOKS, .u.hooks = true };
	int rc = node_run(&s->branch, &job);
	if (rc == 0)
		rc = node_message(&s->branch, CITY_BASE, &job, NULL);
	if (rc == 0)
		rc = carry_from_main(s);
	if (rc == 0)
		rc = push_from_base(s);
	return rc < 0 ? rc : erase_one(s);
}

/* ---- the steps ---- */

static int ask(struct stage *s)
{
	return st_rebuild_ask(s->branch.store);
}

static int read_at(struct st_txn *t, void *arg)
{
	return st_refold_get(t, arg);
}

static int step(struct stage *s, bool *ret_done)
{
	uint64_t events = 0;
	return st_rebuild_step(s->branch.apply, ret_done, &events);
}

static int come_to(struct stage *s)
{
	const enum st_refold_phase *phase = s->of;
	struct st_refold at = { .phase = ST_REFOLD_CLEAR };
	bool done = false;
	int rc = lived(s);
	if (rc == 0)
		rc = ask(s);
	while (rc == 0 && at.phase < *phase) {
		rc = step(s, &done);
		if (rc == 0)
			rc = st_store_read(s->branch.store, read_at, &at);
	}
	return rc;
}

static int one_step(struct stage *s)
{
	const enum st_refold_phase *phase = s->of;
	bool done = false;
	int rc = step(s, &done);
	RIGHT(s, rc < 0 || done == (*phase == ST_RETELL_TREE));
	return rc;
}

static int asked(struct stage *s)
{
	int rc = lived(s);
	return rc < 0 ? rc : ask(s);
}

/* As the daemon does it when it starts. */
static int whole(struct stage *s)
{
	static struct station station;
	station.store = s->branch.store;
	station.keys = s->branch.keys;
	return refold_if_asked(&station);
}

static int compare(struct stage *s)
{
	struct st_differences d;
	int rc = st_retell_run(s->branch.store, NULL, NULL, &d);
	RIGHT(s, rc < 0 || (d.rows > 0 && d.wrong == 0));
	return rc;
}

/* ---- a store of an older version ---- */

static int older(struct stage *s)
{
	struct older o;
	int rc = lived(s);
	node_close(&s->branch);
	older_begin(&o, s->branch.directory, MAP);
	ST_REQUIRE(older_move_all(&o) > 3);
	older_end(&o, OLDER_FORMAT);
	return rc;
}

static int open_older(struct stage *s)
{
	int rc = node_open(&s->branch);
	RIGHT(s, rc < 0 || st_rebuild_asked(s->branch.store) != 0);
	return rc;
}

/* And what is told agrees in the end, too. */
static int open_and_rebuild(struct stage *s)
{
	int rc = node_open(&s->branch);
	if (rc == 0)
		rc = whole(s);
	if (rc == 0)
		rc = compare(s);
	return rc;
}

int main(void)
{
	static const enum st_refold_phase phases[] = { ST_REFOLD_CLEAR,	  ST_REFOLD_LOGS,    ST_REFOLD_CARRIED,
						       ST_RETELL_LOGS, ST_RETELL_CARRIED, ST_RETELL_TREE };
	static const struct scene scenes[] = {
		{ .name = "rebuild: asked", .play = ask, .subject = on_branch, .before = lived },
		{ .name = "rebuild: cleared", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[0] },
		{ .name = "rebuild: logs folded", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[1] },
		{ .name = "rebuild: carried folded", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[2] },
		{ .name = "rebuild: logs told", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[3] },
		{ .name = "rebuild: carried told", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[4] },
		{ .name = "rebuild: trees told", .play = one_step, .subject = on_branch, .before = come_to,
		  .of = &phases[5] },
		{ .name = "rebuild: whole", .play = whole, .subject = on_branch, .before = asked, .resumes = true },
		{ .name = "told tables compared", .play = compare, .subject = on_branch, .before = lived },
		{ .name = "open: of an older format", .play = open_older, .subject = on_branch, .before = older,
		  .opens = true },
		{ .name = "open: and made anew", .play = open_and_rebuild, .subject = on_branch, .before = older,
		  .opens = true, .resumes = true },
	};
	return stage_run(scenes, sizeof(scenes) / sizeof(scenes[0]));
}
