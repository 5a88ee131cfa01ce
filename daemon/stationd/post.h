/* post.h - one HTTP POST at a time, on the loop.
 * Nothing waits: what came of it is told from the loop. What the other side answers beside its status is nobody's. */
#pragma once
#include <stdbool.h>
#include <uv.h>
#include <station/base/bytes.h>

struct post;
/* error: why there was no answer; NULL: there was, with that status. It may send the next one. */
typedef void post_done_fn(void *arg, const char *error, long status);
/* url is borrowed, and outlives it. ST_ELIBRARY, ST_ENOMEM. */
int post_open(uv_loop_t *loop, const char *url, post_done_fn *done, void *arg, struct post **ret_p);
void post_close(struct post *p); /* what is under way is broken off, and not told */
bool post_flies(const struct post *p);
/* The next one's headers, from none; then it goes. body lives until it is done. ST_ENOMEM. */
void post_begin(struct post *p);
int post_header(struct post *p, const char *line);
int post_send(struct post *p, struct st_span body);
