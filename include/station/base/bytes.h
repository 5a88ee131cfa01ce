/* bytes.h - borrowed bytes, a growing buffer, and fixed-width and varint numbers.
 * A span borrows: whoever made it says how long it lives. A buf owns its memory; it has a limit,
 * so nothing that grows with input grows without one. A reader walks a span and remembers the first
 * error, so a decoder checks once, at its end. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <station/base/error.h>

struct st_span {
	const uint8_t *data;
	size_t size;
};

#define ST_SPAN(array)     ((struct st_span){ (array), sizeof(array) })
#define ST_SPAN_NONE       ((struct st_span){ NULL, 0 })
struct st_span st_span(const void *data, size_t size);
struct st_span st_span_text(const char *text);
bool st_span_equal(struct st_span a, struct st_span b);

/* A growing byte buffer. Zeroed is empty with no limit set: use st_buf_init. */
struct st_buf {
	uint8_t *data;
	size_t size, room, limit;
	int error; /* 0, ST_ENOMEM or ST_ETOOBIG: the first one sticks, later writes do nothing */
};

void st_buf_init(struct st_buf *b, size_t limit);
void st_buf_done(struct st_buf *b);
void st_buf_clear(struct st_buf *b); /* keeps the memory, forgets content and error */
/* Makes room for size bytes more: until they are used up, what is in the buffer doesn't move. */
void st_buf_reserve(struct st_buf *b, size_t size);
void st_buf_put(struct st_buf *b, const void *data, size_t size);
void st_buf_put_span(struct st_buf *b, struct st_span s);
void st_buf_put_text(struct st_buf *b, const char *text);
void st_buf_printf(struct st_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void st_buf_u8(struct st_buf *b, uint8_t v);
void st_buf_u16(struct st_buf *b, uint16_t v); /* fixed widths are big-endian: keys sort by them */
void st_buf_u32(struct st_buf *b, uint32_t v);
void st_buf_u64(struct st_buf *b, uint64_t v);
void st_buf_long_varint(struct st_buf *b, uint64_t v); /* of any length */
size_t st_varint_size(uint64_t v); /* bytes of it */
struct st_span st_buf_span(const struct st_buf *b); /* dies at the next write */

/* LEB128, at most 10 bytes. Most are of one, and every field of an event begins with one: so they are written and
 * read in place. */
static inline void st_buf_varint(struct st_buf *b, uint64_t v)
{
	if (v < 0x80 && b->error == 0 && b->size < b->room && b->size < b->limit)
		b->data[b->size++] = (uint8_t)v;
	else
		st_buf_long_varint(b, v);
}

/* Big-endian loads and stores on raw memory. */
void st_put_u16(uint8_t *p, uint16_t v);
void st_put_u32(uint8_t *p, uint32_t v);
void st_put_u64(uint8_t *p, uint64_t v);
uint16_t st_get_u16(const uint8_t *p);
uint32_t st_get_u32(const uint8_t *p);
uint64_t st_get_u64(const uint8_t *p);

struct st_reader {
	struct st_span rest;
	bool failed; /* ran out, or a varint too long; every later read answers 0 */
};

struct st_reader st_reader(struct st_span s);
uint8_t st_read_u8(struct st_reader *r);
uint16_t st_read_u16(struct st_reader *r);
uint32_t st_read_u32(struct st_reader *r);
uint64_t st_read_u64(struct st_reader *r);
uint64_t st_read_long_varint(struct st_reader *r); /* of any length */

static inline uint64_t st_read_varint(struct st_reader *r)
{
	if (r->failed || r->rest.size == 0 || r->rest.data[0] >= 0x80)
		return st_read_long_varint(r);
	r->rest.size--;
	return *r->rest.data++;
}

struct st_span st_read_span(struct st_reader *r, size_t size); /* borrowed from the input */
bool st_read_copy(struct st_reader *r, void *to, size_t size);
bool st_reader_done(const struct st_reader *r); /* all read, nothing failed */
