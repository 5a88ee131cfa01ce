/* online.h - messages of the city's platform over HTTP, and their results back: the listener, who
 * may use it and how often, and the web hooks. Loop thread only. Off unless the settings say where.
 *
 *   platform --POST messages--> gate (address, rate, token) --> route --> job --> matter, code
 *   platform <--POST online_webhook-- hooks <-- the table hooks <-- fold of the answer */
#pragma once
#include <jansson.h>
#include <station/ask/online.h>
#include <station/base/rate.h>
#include "api.h"

enum {
	ONLINE_TOKENS_MAX = 32,
	ONLINE_TOKEN_LEAST = 20,
	ONLINE_FILE_MAX = 16 * 1024,
	ONLINE_WHY_MAX = 200,
	ONLINE_SECRET_LEAST = 16,
	ONLINE_SECRET_MAX = 512
};

struct online;
/* A listener that can't open has been said, and shows in online_info; the rest goes on. */
ST_MUST int online_open(struct station *s, struct online **ret_o);
void online_close(struct online *o);
/* Reads tokens and secret anew; what is wrong leaves the old ones. */
void online_reload(struct online *o);
void online_applied(struct online *o, const struct st_applied *applied);

struct online_info {
	const char *listen, *webhook;  /* as set; "": not */
	bool open;
	char why[ONLINE_WHY_MAX];      /* not open though it is set */
	size_t token_count;
	const char *tokens[ONLINE_TOKENS_MAX]; /* their names */
	/* Since the start; refused: 4xx and 5xx. */
	uint64_t requests, taken, refused, unknown_tokens, limited, cut;
	struct hooks_info {
		bool on, sending;
		uint64_t sent, failed;             /* since the start */
		unsigned in_a_row;                 /* failures since the last one that was taken */
		char error[ONLINE_WHY_MAX];        /* of the newest failure; "": none */
		int64_t error_ms, sent_ms, next_ms; /* wall time; 0: none */
	} hooks;
};
void online_info(const struct online *o, struct online_info *ret_info); /* o NULL: nothing is on */

/* online_file.c: a file that others can't read, whole. ST_EFIELD with the reason in why. */
ST_MUST int online_file_read(const char *path, struct st_buf *to, char why[ONLINE_WHY_MAX]);
struct online_token {
	char name[API_SOURCE_MAX];
	struct st_hash hash; /* of the token: what isn't kept can't leak */
	struct st_rate rate;
};
struct online_tokens {
	size_t count;
	struct online_token tokens[ONLINE_TOKENS_MAX];
};
/* Lines NAME:TOKEN; empty ones and those that begin with # count for nothing. ST_EFIELD with the
 * line in why. */
ST_MUST int online_tokens_parse(struct st_span text, struct online_tokens *ret_t,
				char why[ONLINE_WHY_MAX]);
/* The token's row; NULL: none. As long for one as for another. */
struct online_token *online_token_find(struct online_tokens *t, struct st_span token);

/* online_routes.c */
const struct route *online_route(const char *method, const char *path, const char **ret_rest,
				 bool *ret_other_method);
extern const struct route online_route_list[];
/* error: a word for programs; words: Chinese, English; place: the member that is wrong, or "". */
void online_refuse(struct request *q, unsigned status, const char *error,
		   const char *const words[2], const char *place);
json_t *online_status_json(const struct st_online_status *s); /* what a citizen may see */

/* hooks.c */
struct hooks;
ST_MUST int hooks_open(struct station *s, struct hooks **ret_h);
void hooks_close(struct hooks *h);
int hooks_secret(struct hooks *h, struct st_span secret); /* empty: unsigned */
void hooks_wake(struct hooks *h); /* there is something new to tell */
void hooks_info(const struct hooks *h, struct hooks_info *ret_info);
