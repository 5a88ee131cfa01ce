/* zap.h - who may open a connection: ZeroMQ's authentication, answered from a table in memory.
 * An enrolled child's key is admitted under its code; an outstanding invite's key under "invite:" and the
 * code, and may then only ask to join. A revoked key is told so for good; any other is left without an answer,
 * so that a station which is enrolled a moment later gets in by itself. */
#pragma once
#include <station/trust/key.h>
#include "pump.h"

enum { ZAP_USER_MAX = 32, ZAP_KEYS_MAX = 32768 };
struct zap_key {
	struct st_public_key key;
	char user[ZAP_USER_MAX]; /* empty: revoked */
};

struct zap;
/* Binds the handler: before any other socket of the context. */
int zap_open(void *context, struct pump *pump, struct zap **ret_z);
void zap_close(struct zap *z);
/* Replaces the table; takes keys (malloc'ed). */
void zap_admit(struct zap *z, struct zap_key *keys, size_t count);
/* CURVE server options and the domain on a socket that is about to bind. ST_EIO: not enforced. */
int zap_guard(void *socket, const struct st_box_key *transport);
/* Proves that a stranger's key is asked about and refused. Waits at most a few seconds, at start. */
int zap_self_test(struct zap *z, const struct st_box_key *transport);
