/* frames.h - frames that wait for a socket: urgent ones first, bulk after, both bounded in bytes. */
#pragma once
#include <station/base/bytes.h>

enum { FRAMES_URGENT_MAX = 4 * 1024 * 1024, FRAMES_BULK_MAX = 4 * 1024 * 1024 };

struct waiting_frame;
struct frames {
	struct waiting_frame *first[2], *last[2]; /* 0: urgent, 1: bulk */
	size_t bytes[2];
};
/* Copies. ST_EBUSY: its line is full; ST_ENOMEM. */
ST_MUST int frames_push(struct frames *f, struct st_span frame, bool bulk);
bool frames_empty(const struct frames *f);
/* The next frame to send; dies with frames_pop. */
bool frames_peek(const struct frames *f, struct st_span *ret_frame);
void frames_pop(struct frames *f);
void frames_clear(struct frames *f);
