/* decoders.h - what fuzz targets share: an input read in pieces, a check that survives NDEBUG, and the
 * canary: built with ST_FUZZ_CANARY a target aborts at a place that only a deep, valid input reaches, and
 * `make fuzz-canaries` sees that the fuzzer gets there. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <station/base/bytes.h>
#include <station/base/check.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef ST_FUZZ_CANARY
#define CANARY(x) ((x) ? ((void)fputs("canary: " #x "\n", stderr), abort()) : (void)0)
#else
#define CANARY(x) ((void)sizeof(!(x)))
#endif

/* What is left of an input: each piece is what there is, zeros behind its end. */
static inline uint8_t take_u8(struct st_span *in)
{
	uint8_t v = 0;
	if (in->size > 0) {
		v = in->data[0];
		in->data++;
		in->size--;
	}
	return v;
}

static inline uint16_t take_u16(struct st_span *in)
{
	uint16_t high = take_u8(in);
	return (uint16_t)(high << 8 | take_u8(in));
}

static inline struct st_span take_bytes(struct st_span *in, size_t size)
{
	struct st_span s = { in->data, size < in->size ? size : in->size };
	if (s.size > 0)
		in->data += s.size;
	in->size -= s.size;
	return s;
}
