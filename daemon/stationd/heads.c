/* heads.c - when heads are signed, and what is said where they show that something is missing.
 *
 * Owns:    the time: soon after this station has addressed somebody, one for all that was addressed meanwhile, and
 *          again after fresh_head_s; and who has been said to be missing, so that it is said once.
 * Promise: 3 and 6: what was held back on the way is said where it should have come.
 * Flow:    writer -> timer -> heads job -> writer; heads -> verdicts -> log lines */
#include "heads.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <station/base/check.h>
#include <station/base/clock.h>
#include "say.h"
#include "station.h"

enum {
	SOON_MS = 2000,      /* from the first event to a head for it: no event is signed for by itself */
	GO_ON_MS = 50,       /* there were more than one job signs */
	LOOK_MS = 60 * 1000, /* or as often as heads are signed afresh */
	SAID_MAX = 512,      /* beyond, status alone tells */
};
_Static_assert((int)HEADS_PATIENCE_S * 1000 <= (int)LOOK_MS, "a look is enough to notice");

struct saying {
	struct st_head_key key;
	bool missing, silent;
};

struct heads {
	struct station *station;
	uv_timer_t *timer;
	uint64_t fires_ms; /* on the loop's clock; 0: it doesn't */
	bool signing;
	struct saying said[SAID_MAX];
	size_t said_count;
	bool more; /* of the look at work */
};

static void on_timer(uv_timer_t *timer);

static uint64_t look_ms(const struct station *s)
{
	uint64_t every = s->config.fresh_head_s * 1000;
	return every < LOOK_MS ? every : LOOK_MS;
}

static void arm(struct heads *h, uint64_t in_ms)
{
	uint64_t at = uv_now(&h->station->loop) + in_ms;
	if (h->fires_ms != 0 && h->fires_ms <= at)
		return;
	h->fires_ms = at;
	(void)uv_timer_start(h->timer, on_timer, in_ms, 0);
}

static uint64_t now_s(void)
{
	time_t now = time(NULL);
	return now > 0 ? (uint64_t)now : 0;
}

struct st_heads_ask heads_ask(struct station *s)
{
	struct up_info up;
	uint64_t every = s->config.fresh_head_s;
	link_up_info(s->link, &up);
	/* A link that has just come up has had no time to bring what waits. */
	bool linked = up.state == UP_LINKED && link_now_ms(s->link) >= up.since_ms + look_ms(s);
	return (struct st_heads_ask){ .now_s = now_s(), .silent_s = 2 * every, .linked = linked,
				      .patience_s = every < HEADS_PATIENCE_S ? every : HEADS_PATIENCE_S };
}

/* ---- what is said ---- */

static struct saying *saying_of(struct heads *h, const struct st_head_key *key, bool make)
{
	for (size_t i = 0; i < h->said_count; i++)
		if (h->said[i].key.log == key->log && h->said[i].key.to == key->to &&
		    h->said[i].key.subtree == key->subtree)
			return &h->said[i];
	if (!make || h->said_count == SAID_MAX)
		return NULL;
	h->said[h->said_count] = (struct saying){ .key = *key };
	return &h->said[h->said_count++];
}

static void say_it(const struct st_head_verdict *v, struct saying *said)
{
	char count[32], since[80], at[ST_TIME_TEXT];
	const char *writer = v->head.log.station.text;
	if (v->missing > 0 && !said->missing) {
		st_time_text((int64_t)v->head.time_s * 1000, at);
		(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)v->missing);
		(void)snprintf(since, sizeof(since), "%s/%u/%llu, %s", writer, v->head.log.epoch,
			       (unsigned long long)v->after, at);
		say(SAY_HEADS_MISSING, writer, count, since);
	} else if (v->missing == 0 && said->missing) {
		say(SAY_HEADS_WHOLE, writer, NULL, NULL);
	}
	if (v->silent && !said->silent) {
		st_time_text((int64_t)v->kept_s * 1000, at);
		say(SAY_HEADS_SILENT, writer, at, NULL);
	}
	said->missing = v->missing > 0;
	said->silent = v->silent;
}

static int judge(const struct st_head_verdict *v, void *arg)
{
	struct heads *h = arg;
	struct saying *said = saying_of(h, &v->key, v->missing > 0 || v->silent);
	h->more |= v->more;
	if (said == NULL)
		return 0;
	say_it(v, said);
	if (!said->missing && !said->silent)
		*said = h->said[--h->said_count];
	return 0;
}

/* ---- signing ---- */

struct looking {
	struct heads *heads;
	struct st_heads_ask ask;
	bool due;
};

static int look(struct st_txn *t, void *arg)
{
	struct looking *x = arg;
	struct station *s = x->heads->station;
	int rc = st_heads_due(t, &s->self, x->ask.now_s, s->config.fresh_head_s, &x->due);
	return rc < 0 ? rc : st_heads_each(t, &x->ask, judge, x->heads);
}

struct heads_job {
	struct job job;
	struct heads *heads;
};

static void signed_done(struct job *j)
{
	struct heads_job *d = j->arg;
	struct heads *h = d->heads;
	h->signing = false;
	if (j->work.rc == 0 && j->work.u.heads.more)
		arm(h, GO_ON_MS);
	free(d);
}

static void sign(struct heads *h, bool look_on)
{
	struct heads_job *d = h->signing ? NULL : calloc(1, sizeof(*d));
	if (d == NULL)
		return; /* the next look tries again */
	d->heads = h;
	d->job.arg = d;
	d->job.done = signed_done;
	d->job.bytes = sizeof(*d);
	d->job.patient = true;
	d->job.work.kind = ST_JOB_HEADS;
	d->job.work.u.heads = (struct st_job_heads){ .every_s = h->station->config.fresh_head_s,
						     .look = look_on };
	if (writer_submit(h->station->writer, &d->job) == 0)
		h->signing = true;
	else
		free(d);
}

static void on_timer(uv_timer_t *timer)
{
	struct heads *h = timer->data;
	struct station *s = h->station;
	struct looking x = { .heads = h };
	h->fires_ms = 0;
	arm(h, look_ms(s));
	if (!s->self.set_up)
		return;
	x.ask = heads_ask(s);
	h->more = false;
	int rc = st_store_read(s->store, look, &x);
	if (rc == 0 && (x.due || h->more))
		sign(h, h->more);
}

void heads_applied(struct heads *h, const struct st_applied *applied)
{
	if (applied->wrote_to)
		arm(h, SOON_MS < look_ms(h->station) ? SOON_MS : look_ms(h->station));
}

/* ---- life ---- */

int heads_open(struct station *s, struct heads **ret_h)
{
	struct heads *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return ST_ENOMEM;
	h->station = s;
	h->timer = calloc(1, sizeof(*h->timer));
	if (h->timer == NULL) {
		free(h);
		return ST_ENOMEM;
	}
	ST_REQUIRE(uv_timer_init(&s->loop, h->timer) == 0);
	h->timer->data = h;
	arm(h, SOON_MS);
	*ret_h = h;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void heads_close(struct heads *h)
{
	if (h == NULL)
		return;
	uv_close((uv_handle_t *)h->timer, on_closed);
	free(h);
}
