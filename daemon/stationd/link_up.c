/* link_up.c - the link to the parent: when to try, and what is left when an attempt is over.
 *
 * Owns:    the link's state, its one timer, and when to try again.
 * Promise: 5: whatever happens to a connection, it is thrown away whole and tried anew.
 * Flow:    timer -> link -> dial -> session -> link */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <station/base/check.h>
#include <station/sync/retry.h>
#include "link_state.h"
#include "say.h"

void link_up_enter(struct link *l, enum up_state state)
{
	l->up.state = state;
	l->up.since_ms = link_now_ms(l);
}

static void on_timer(uv_timer_t *timer);

/* Fires when the state's time is up, or when the session wants to be called. Never within this turn of
 * the loop: libuv runs a timer that its own callback has set to 0 again and again, and nothing else. */
void link_up_arm(struct link *l, uint64_t at_ms)
{
	uint64_t now = link_now_ms(l);
	(void)uv_timer_start(l->up.timer, on_timer, at_ms > now ? at_ms - now : 1, 0);
}

void link_up_failed(struct link *l, int rc)
{
	struct st_now now = link_now(l);
	uint32_t random = 0;
	bool was_linked = l->up.state == UP_LINKED;
	link_dial_drop(l);
	st_uplink_lost(l->up.session, &now);
	l->up.why = rc;
	if (was_linked && rc < 0)
		say_seldom(now.mono_ms, SAY_UP_LOST, l->self.station.certificate.parent.text,
			   link_code_text(rc), NULL);
	else if (rc == ST_EWIRE || rc == ST_ESIGNATURE || rc == ST_ESTATE || rc == ST_EVERSION)
		say_seldom(now.mono_ms, SAY_UP_NONSENSE, l->self.station.certificate.parent.text,
			   link_code_text(rc), NULL);
	if (rc == ST_EWIRE || rc == ST_ESIGNATURE || rc == ST_ESTATE || rc == ST_EVERSION)
		link_count(l, rc);
	if (l->up.paused) {
		link_up_enter(l, UP_PAUSED);
		return;
	}
	(void)getrandom(&random, sizeof(random), GRND_NONBLOCK);
	link_up_enter(l, UP_WAITING);
	link_up_arm(l, now.mono_ms + st_retry_failed(l->up.retry, now.mono_ms, random));
	l->conf.moved(l->conf.arg);
}

static void attempt(struct link *l)
{
	link_up_enter(l, UP_RESOLVING);
	l->up.deadline_ms = link_now_ms(l) + ST_RETRY_ATTEMPT_MS;
	link_up_arm(l, l->up.deadline_ms);
	int rc = link_dial(l);
	if (rc < 0)
		link_up_failed(l, rc);
}

static void on_timer(uv_timer_t *timer)
{
	struct link *l = timer->data;
	switch (l->up.state) {
	case UP_NONE:
	case UP_PAUSED:
		return;
	case UP_WAITING:
		attempt(l);
		return;
	case UP_RESOLVING:
	case UP_CONNECTING:
		if (link_now_ms(l) >= l->up.deadline_ms)
			link_up_failed(l, ST_ESILENT);
		else
			link_up_arm(l, l->up.deadline_ms);
		return;
	case UP_GREETING:
	case UP_LINKED:
		link_session_tick(l);
		return;
	}
}

int link_up_open(struct link *l)
{
	l->up.timer = calloc(1, sizeof(*l->up.timer));
	l->up.retry = calloc(1, sizeof(*l->up.retry));
	if (l->up.timer == NULL || l->up.retry == NULL)
		return ST_ENOMEM;
	ST_REQUIRE(uv_timer_init(l->conf.loop, l->up.timer) == 0);
	l->up.timer->data = l;
	return link_receipts_open(l);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

void link_up_close(struct link *l)
{
	if (l->up.resolving != NULL)
		l->up.resolving->data = NULL;
	link_dial_drop(l);
	if (l->up.timer != NULL)
		uv_close((uv_handle_t *)l->up.timer, on_timer_closed);
	link_receipts_close(l);
	free(l->up.retry);
	st_uplink_free(l->up.session);
}

static int load_address(struct st_txn *t, void *arg)
{
	struct link *l = arg;
	size_t size = 0;
	int rc = st_meta_get(t, ST_META_PARENT, l->up.address, sizeof(l->up.address) - 1, &size);
	if (rc == 0)
		l->up.address[size] = 0;
	return rc;
}

static void run(struct link *l)
{
	if (l->up.paused) {
		link_up_enter(l, UP_PAUSED);
		return;
	}
	attempt(l);
}

int link_up_reload(struct link *l)
{
	struct st_uplink_self self = {
		.station = l->self.station.certificate.code,
		.parent = l->self.station.certificate.parent,
		.identity = l->conf.keys->identity.public,
		.log = l->self.log,
		.ping_ms = (uint32_t)(l->conf.config->ping_s * 1000),
	};
	struct st_uplink_to to = { .arg = l };
	if (l->up.session != NULL || l->self.station.certificate.tier == ST_MAIN)
		return 0;
	int rc = st_store_read(l->conf.store, load_address, l);
	if (rc < 0)
		return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
	memcpy(self.incarnation, l->self.incarnation, sizeof(self.incarnation));
	link_session_calls(&to);
	rc = st_uplink_new(&self, &to, &l->up.session);
	if (rc == 0)
		run(l);
	return rc;
}

void link_up_applied(struct link *l, const struct st_applied *applied)
{
	if (l->up.session == NULL || applied->grown_count == 0 ||
	    (l->up.state != UP_LINKED && l->up.state != UP_GREETING))
		return;
	link_session_grown(l, applied);
}

void link_pause(struct link *l, bool pause)
{
	if (l->up.paused == pause)
		return;
	l->up.paused = pause;
	if (l->up.session == NULL)
		return;
	if (!pause) {
		attempt(l);
		return;
	}
	link_up_failed(l, 0); /* nothing is wrong: somebody wants it so */
	say(SAY_UP_PAUSED, l->self.station.certificate.parent.text, NULL, NULL);
}

void link_up_info(const struct link *l, struct up_info *ret_info)
{
	memset(ret_info, 0, sizeof(*ret_info));
	ret_info->state = l->up.session == NULL ? UP_NONE : l->up.state;
	ret_info->why = l->up.why;
	ret_info->since_ms = l->up.since_ms;
	memcpy(ret_info->address, l->up.address, sizeof(ret_info->address));
	if (l->up.session != NULL)
		st_uplink_info(l->up.session, &ret_info->session);
}
