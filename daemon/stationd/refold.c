/* refold.c - a store that is to be folded anew, before anybody asks it anything.
 *
 * Owns:    that wait: it is told in the log and to systemd, and may be broken off at any moment.
 * Promise: 11: an older version's store is taken over, with its events as they are.
 * Flow:    store -> refold -> writer, links, api */
#include "refold.h"
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <station/apply/rebuild.h>
#include "say.h"

enum { TELL_EVENTS = 1000000 };

static int run_steps(struct st_apply *a)
{
	char count[32];
	uint64_t events = 0, told = 0, step = 0;
	bool done = false;
	int rc = 0;
	while (rc == 0 && !done) {
		rc = st_rebuild_step(a, &done, &step);
		events += rc == 0 ? step : 0;
		(void)sd_notify(0, "EXTEND_TIMEOUT_USEC=30000000");
		(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)events);
		if (rc == 0 && !done && events - told >= TELL_EVENTS) {
			say(SAY_REFOLDING, count, NULL, NULL);
			told = events;
		}
	}
	if (rc == 0)
		say(SAY_REFOLDED, count, NULL, NULL);
	return rc;
}

int refold_if_asked(struct station *s)
{
	struct st_apply *a = NULL;
	int rc = st_rebuild_asked(s->store);
	if (rc == 1) {
		say(SAY_REFOLDING, "0", NULL, NULL);
		rc = st_apply_new(s->store, &s->keys, &a);
		if (rc == 0)
			rc = run_steps(a);
		st_apply_free(a);
	}
	if (rc < 0)
		say(SAY_STORE_FAILED, s->config.data_dir, st_error_text(rc, say_lang()), NULL);
	return rc;
}
