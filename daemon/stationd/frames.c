/* frames.c - the two lines in front of a socket.
 *
 * Owns:    frames that the machines have given and the network hasn't taken.
 * Promise: 5 and 9: what is urgent waits for one frame; each line has its bound.
 * Flow:    uplink, downlink -> frames -> socket */
#include "frames.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

struct waiting_frame {
	struct waiting_frame *next;
	size_t size;
	uint8_t data[];
};

int frames_push(struct frames *f, struct st_span frame, bool bulk)
{
	static const size_t most[2] = { FRAMES_URGENT_MAX, FRAMES_BULK_MAX };
	if (f->bytes[bulk] + frame.size > most[bulk])
		return ST_EBUSY;
	struct waiting_frame *w = malloc(sizeof(*w) + frame.size);
	if (w == NULL)
		return ST_ENOMEM;
	w->next = NULL;
	w->size = frame.size;
	memcpy(w->data, frame.data, frame.size);
	if (f->last[bulk] == NULL)
		f->first[bulk] = w;
	else
		f->last[bulk]->next = w;
	f->last[bulk] = w;
	f->bytes[bulk] += frame.size;
	return 0;
}

bool frames_empty(const struct frames *f)
{
	return f->first[0] == NULL && f->first[1] == NULL;
}

bool frames_peek(const struct frames *f, struct st_span *ret_frame)
{
	const struct waiting_frame *w = f->first[0] != NULL ? f->first[0] : f->first[1];
	if (w == NULL)
		return false;
	*ret_frame = st_span(w->data, w->size);
	return true;
}

void frames_pop(struct frames *f)
{
	int bulk = f->first[0] == NULL;
	struct waiting_frame *w = f->first[bulk];
	ST_REQUIRE(w != NULL);
	f->first[bulk] = w->next;
	if (w->next == NULL)
		f->last[bulk] = NULL;
	f->bytes[bulk] -= w->size;
	free(w);
}

void frames_clear(struct frames *f)
{
	while (!frames_empty(f))
		frames_pop(f);
}
