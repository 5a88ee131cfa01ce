/* link.h - this station's links: one up to its parent, one down to each child.
 * It owns the sockets and drives the machines of lib/sync; the machines decide, it carries. All on
 * the loop thread. */
#pragma once
#include <station/sync/downlink.h>
#include <station/sync/uplink.h>
#include "config.h"
#include "writer.h"

struct link;
struct link_conf {
	uv_loop_t *loop;
	struct st_store *store;
	struct writer *writer;
	const struct st_keys *keys;
	const struct config *config;
	void (*moved)(void *arg); /* receipts came, or a link changed: who waits looks again */
	void *arg;
};
/* Starts the context and the ZAP handler, and tests it. ST_EIO. */
ST_MUST int link_open(const struct link_conf *conf, struct link **ret_l);
void link_close(struct link *l);
/* This station is set up, or its invites and children have changed: binds, dials, admits. ST_EADDRESS: can't
 * listen where it is told to. */
ST_MUST int link_reload(struct link *l, const struct st_self *self);
/* After each group, committed or not: the writer has room for what found none. */
void link_room(struct link *l);
/* After each committed group. */
void link_applied(struct link *l, const struct st_applied *applied);
void link_pause(struct link *l, bool pause);

typedef void link_joined_fn(void *arg, int rc);
/* Asks the parent of an invite to certify this station, and takes the answer on. Calls back once.
 * ST_EBUSY: another join is under way. */
void link_join_close(struct link *l); /* whoever waits for the join is told; l may be NULL */
ST_MUST int link_join(struct link *l, const struct st_invite *invite, link_joined_fn *done, void *arg);

enum up_state { UP_NONE, UP_PAUSED, UP_WAITING, UP_RESOLVING, UP_CONNECTING, UP_GREETING, UP_LINKED };
struct up_info {
	enum up_state state;
	char address[ST_ADDRESS_MAX + 1];
	int why;               /* why it isn't linked: the last failure; 0: none */
	uint64_t since_ms;     /* monotonic */
	struct st_uplink_info session;
};
void link_up_info(const struct link *l, struct up_info *ret_info);

struct child_info {
	struct st_code code;
	bool linked;
	struct st_downlink_info session;
};
typedef void link_child_fn(const struct child_info *c, void *arg);
void link_each_child(const struct link *l, link_child_fn *fn, void *arg);

enum { REFUSALS_MAX = 96 };
/* Refusals so far by code: refusals[-code]. */
const uint64_t *link_refusals(const struct link *l);
uint64_t link_now_ms(const struct link *l); /* the loop's monotonic clock */
