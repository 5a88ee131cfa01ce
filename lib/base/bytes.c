/* bytes.c - the growing buffer, and numbers in and out of bytes.
 *
 * Owns:    every multi-byte number's order: big-endian, so that keys sort by it.
 * Promise: 9, bounded: a buffer stops at its limit and says so.
 * Flow:    encoders -> buf; span -> reader -> decoders */
#include <station/base/bytes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>

enum { FIRST_ROOM = 64, VARINT_MAX = 10 };
_Static_assert(7 * VARINT_MAX >= 64, "a varint holds any number");

struct st_span st_span(const void *data, size_t size)
{
	return (struct st_span){ data, size };
}

struct st_span st_span_text(const char *text)
{
	ST_REQUIRE(text != NULL);
	return (struct st_span){ (const uint8_t *)text, strlen(text) };
}

bool st_span_equal(struct st_span a, struct st_span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

void st_buf_init(struct st_buf *b, size_t limit)
{
	ST_REQUIRE(limit > 0);
	*b = (struct st_buf){ .limit = limit };
}

void st_buf_done(struct st_buf *b)
{
	free(b->data);
	*b = (struct st_buf){ .limit = b->limit };
}

void st_buf_clear(struct st_buf *b)
{
	b->size = 0;
	b->error = 0;
}

static bool grow(struct st_buf *b, size_t size)
{
	if (b->error < 0)
		return false;
	if (size > b->limit || b->size > b->limit - size) {
		b->error = ST_ETOOBIG;
		return false;
	}
	size_t room = b->room < FIRST_ROOM ? FIRST_ROOM : b->room;
	while (room < b->size + size)
		room *= 2;
	uint8_t *data = realloc(b->data, room);
	if (data == NULL) {
		b->error = ST_ENOMEM;
		return false;
	}
	b->data = data;
	b->room = room;
	st_assert(b->size + size <= b->room);
	return true;
}

/* Room for size bytes more, or the error that sticks. */
static inline bool reserve(struct st_buf *b, size_t size)
{
	st_assert(b->size <= b->room);
	st_assert(b->size <= b->limit);
	return (b->error == 0 && size <= b->room - b->size && size <= b->limit - b->size) || grow(b, size);
}

void st_buf_reserve(struct st_buf *b, size_t size)
{
	(void)reserve(b, size);
}

void st_buf_put(struct st_buf *b, const void *data, size_t size)
{
	if (size == 0 || !reserve(b, size))
		return;
	st_assert(data != NULL);
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void st_buf_put_span(struct st_buf *b, struct st_span s)
{
	st_buf_put(b, s.data, s.size);
}

void st_buf_put_text(struct st_buf *b, const char *text)
{
	st_buf_put(b, text, strlen(text));
}

void st_buf_printf(struct st_buf *b, const char *format, ...)
{
	va_list args;
	char line[1024];
	va_start(args, format);
	int n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ST_REQUIRE(n >= 0);
	if ((size_t)n < sizeof(line)) {
		st_buf_put(b, line, (size_t)n);
		return;
	}
	if (!reserve(b, (size_t)n + 1))
		return;
	va_start(args, format);
	(void)vsnprintf((char *)b->data + b->size, (size_t)n + 1, format, args);
	va_end(args);
	b->size += (size_t)n;
}

void st_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void st_put_u32(uint8_t *p, uint32_t v)
{
	st_put_u16(p, (uint16_t)(v >> 16));
	st_put_u16(p + 2, (uint16_t)v);
}

void st_put_u64(uint8_t *p, uint64_t v)
{
	st_put_u32(p, (uint32_t)(v >> 32));
	st_put_u32(p + 4, (uint32_t)v);
}

uint16_t st_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t st_get_u32(const uint8_t *p)
{
	return (uint32_t)st_get_u16(p) << 16 | st_get_u16(p + 2);
}

uint64_t st_get_u64(const uint8_t *p)
{
	return (uint64_t)st_get_u32(p) << 32 | st_get_u32(p + 4);
}

void st_buf_u8(struct st_buf *b, uint8_t v)
{
	st_buf_put(b, &v, 1);
}

void st_buf_u16(struct st_buf *b, uint16_t v)
{
	uint8_t bytes[2];
	st_put_u16(bytes, v);
	st_buf_put(b, bytes, sizeof(bytes));
}

void st_buf_u32(struct st_buf *b, uint32_t v)
{
	uint8_t bytes[4];
	st_put_u32(bytes, v);
	st_buf_put(b, bytes, sizeof(bytes));
}

void st_buf_u64(struct st_buf *b, uint64_t v)
{
	uint8_t bytes[8];
	st_put_u64(bytes, v);
	st_buf_put(b, bytes, sizeof(bytes));
}

void st_buf_long_varint(struct st_buf *b, uint64_t v)
{
	size_t n = st_varint_size(v);
	if (!reserve(b, n))
		return;
	uint8_t *p = b->data + b->size;
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p = (uint8_t)v;
	b->size += n;
}

size_t st_varint_size(uint64_t v)
{
	size_t n = 1;
	for (; v >= 0x80; v >>= 7)
		n++;
	st_assert(n <= VARINT_MAX);
	return n;
}

struct st_span st_buf_span(const struct st_buf *b)
{
	return (struct st_span){ b->data, b->size };
}

struct st_reader st_reader(struct st_span s)
{
	return (struct st_reader){ .rest = s };
}

struct st_span st_read_span(struct st_reader *r, size_t size)
{
	st_assert(r->rest.data != NULL || r->rest.size == 0);
	if (r->failed || size > r->rest.size) {
		r->failed = true;
		return ST_SPAN_NONE;
	}
	struct st_span s = { r->rest.data, size };
	if (size > 0) {
		r->rest.data += size;
		r->rest.size -= size;
	}
	return s;
}

uint8_t st_read_u8(struct st_reader *r)
{
	struct st_span s = st_read_span(r, 1);
	return s.size == 0 ? 0 : s.data[0];
}

uint16_t st_read_u16(struct st_reader *r)
{
	struct st_span s = st_read_span(r, 2);
	return s.size == 0 ? 0 : st_get_u16(s.data);
}

uint32_t st_read_u32(struct st_reader *r)
{
	struct st_span s = st_read_span(r, 4);
	return s.size == 0 ? 0 : st_get_u32(s.data);
}

uint64_t st_read_u64(struct st_reader *r)
{
	struct st_span s = st_read_span(r, 8);
	return s.size == 0 ? 0 : st_get_u64(s.data);
}

uint64_t st_read_long_varint(struct st_reader *r)
{
	const uint8_t *p = r->rest.data;
	size_t most = r->failed ? 0 : r->rest.size < VARINT_MAX ? r->rest.size : VARINT_MAX;
	uint64_t v = 0;
	for (size_t n = 0; n < most; n++) {
		if (n == VARINT_MAX - 1 && p[n] > 1)
			break; /* beyond 64 bits */
		v |= (uint64_t)(p[n] & 0x7f) << 7 * n;
		if (p[n] < 0x80) {
			r->rest.data += n + 1;
			r->rest.size -= n + 1;
			return v;
		}
	}
	r->failed = true;
	return 0;
}

bool st_read_copy(struct st_reader *r, void *to, size_t size)
{
	struct st_span s = st_read_span(r, size);
	if (r->failed)
		return false;
	if (size > 0)
		memcpy(to, s.data, size);
	return true;
}

bool st_reader_done(const struct st_reader *r)
{
	return !r->failed && r->rest.size == 0;
}
