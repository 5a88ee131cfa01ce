/* likeness.c - trigrams of a text, and the bottom-k sketch of their set.
 *
 * Owns:    what counts as a character, and the one hash function.
 * Promise: 9: a sketch has one size, whatever the text's.
 * Flow:    texts -> likeness -> doors */
#include <station/work/likeness.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <station/base/check.h>

enum {
	NO_CHARACTER = 0x1fffff, /* beyond Unicode: fills up a gram of fewer than three */
	SPECIAL = -1,
	BROKEN = -2
};
_Static_assert(ST_SKETCH_KEPT <= ST_SKETCHER_GRAMS_MAX, "a sketch is a part of the set");

/* MurmurHash3's 64-bit finalizer: a bijection, so different grams differ before the cut to 32 bits.
 */
static uint32_t hash_gram(uint64_t g)
{
	g ^= g >> 33;
	g *= 0xff51afd7ed558ccdull;
	g ^= g >> 33;
	g *= 0xc4ceb9fe1a85ec53ull;
	g ^= g >> 33;
	return (uint32_t)(g >> 32);
}

/* The last characters of the text that is read, and how many there have been. */
struct window {
	uint64_t bits; /* three code points of 21 bits */
	size_t count;
};

static void put_gram(struct st_sketcher *s, uint64_t gram)
{
	if (s->count < ST_SKETCHER_GRAMS_MAX)
		s->hashes[s->count++] = hash_gram(gram);
}

static void put_character(struct st_sketcher *s, struct window *w, uint32_t c)
{
	st_assert(c < NO_CHARACTER);
	w->bits = (w->bits << 21 | c) & 0x7fffffffffffffffull;
	w->count++;
	if (w->count >= 3)
		put_gram(s, w->bits);
}

static void put_end(struct st_sketcher *s, const struct window *w)
{
	if (w->count > 0 && w->count < 3)
		put_gram(s, w->bits << 21 | NO_CHARACTER);
}

/* A character of the scripts that nearly all texts here are in, as NFKC and case folding leave it;
 * 0: dropped; SPECIAL: only the whole text can be normalized. */
static int32_t common(int32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xff01 - '!'; /* full width */
	if (c < 0x80) {
		bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		return kept ? c : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : 0;
	}
	if (c >= 0x4e00 && c <= 0x9fff)
		return c;
	if ((c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) ||
	    (c >= 0x2010 && c <= 0x2027))
		return 0;
	return SPECIAL;
}

/* One character of s at *at, which moves on. */
static int32_t next(struct st_span s, size_t *at)
{
	utf8proc_int32_t c = 0;
	if (s.data[*at] < 0x80)
		return s.data[(*at)++];
	utf8proc_ssize_t n = utf8proc_iterate(s.data + *at, (utf8proc_ssize_t)(s.size - *at), &c);
	if (n <= 0)
		return BROKEN;
	*at += (size_t)n;
	return c;
}

static bool counts(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO: return true;
	default: return false;
	}
}

/* The long way, for a text with any other character in it. */
static int add_special(struct st_sketcher *s, struct st_span text)
{
	utf8proc_uint8_t *out = NULL;
	struct window w = { .count = 0 };
	utf8proc_ssize_t n = utf8proc_map(text.data, (utf8proc_ssize_t)text.size, &out,
					  UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
						  UTF8PROC_CASEFOLD);
	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM ? ST_ENOMEM : ST_EFIELD;
	struct st_span normal = st_span(out, (size_t)n);
	for (size_t at = 0; at < normal.size;) {
		int32_t c = next(normal, &at);
		if (ST_NEVER(c < 0))
			break;
		if (counts(c))
			put_character(s, &w, (uint32_t)c);
	}
	put_end(s, &w);
	free(out);
	return 0;
}

void st_sketcher_begin(struct st_sketcher *s)
{
	ST_REQUIRE(s != NULL);
	s->count = 0;
}

int st_sketcher_add(struct st_sketcher *s, struct st_span text)
{
	size_t before = s->count;
	struct window w = { .count = 0 };
	st_assert(s->count <= ST_SKETCHER_GRAMS_MAX);
	for (size_t at = 0; at < text.size;) {
		int32_t c = next(text, &at);
		if (c >= 0)
			c = common(c);
		if (c < 0) {
			s->count = before;
			return c == BROKEN ? ST_EFIELD : add_special(s, text);
		}
		if (c > 0)
			put_character(s, &w, (uint32_t)c);
	}
	put_end(s, &w);
	st_assert(s->count >= before);
	return 0;
}

/* By eight bits at a time, lowest first: texts are short, and a comparing sort is several times
 * slower. */
static void sort(struct st_sketcher *s)
{
	uint32_t *from = s->hashes, *to = s->spare, ends[4][256];
	memset(ends, 0, sizeof(ends));
	for (size_t i = 0; i < s->count; i++)
		for (unsigned b = 0; b < 4; b++)
			ends[b][from[i] >> (8 * b) & 0xff]++;
	for (unsigned b = 0; b < 4; b++) {
		uint32_t sum = 0;
		for (unsigned v = 0; v < 256; v++) {
			uint32_t n = ends[b][v];
			ends[b][v] = sum;
			sum += n;
		}
		st_assert(sum == s->count);
		for (size_t i = 0; i < s->count; i++)
			to[ends[b][from[i] >> (8 * b) & 0xff]++] = from[i];
		uint32_t *swap = from;
		from = to;
		to = swap;
	}
	st_assert(from == s->hashes); /* an even number of passes */
}

void st_sketcher_end(struct st_sketcher *s, struct st_sketch *ret_sketch)
{
	ST_REQUIRE(ret_sketch != NULL);
	sort(s);
	ret_sketch->count = ret_sketch->grams = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (i > 0 && s->hashes[i] == s->hashes[i - 1])
			continue;
		st_assert(i == 0 || s->hashes[i] > s->hashes[i - 1]);
		ret_sketch->grams++;
		if (ret_sketch->count < ST_SKETCH_KEPT)
			ret_sketch->kept[ret_sketch->count++] = s->hashes[i];
	}
	s->count = 0;
}

/* The smallest hashes of the union, no more than a sketch keeps, and how many of them are in both.
 * A sketch that holds its whole set has no end; another one says nothing beyond its last hash. */
static void meet(const struct st_sketch *a, const struct st_sketch *b, uint32_t *ret_both,
		 uint32_t *ret_either)
{
	uint32_t i = 0, k = 0, both = 0, either = 0;
	while (either < ST_SKETCH_KEPT && (i < a->count || k < b->count)) {
		bool of_a = i < a->count && (k >= b->count || a->kept[i] <= b->kept[k]);
		bool of_b = k < b->count && (i >= a->count || b->kept[k] <= a->kept[i]);
		st_assert(of_a || of_b);
		both += of_a && of_b;
		i += of_a;
		k += of_b;
		either++;
	}
	st_assert(both <= either);
	*ret_both = both;
	*ret_either = either;
}

uint32_t st_sketch_jaccard(const struct st_sketch *a, const struct st_sketch *b)
{
	uint32_t both, either;
	if (a->count == 0 || b->count == 0)
		return 0;
	meet(a, b, &both, &either);
	return (both * ST_LIKE + either / 2) / either;
}

uint32_t st_sketch_contained(const struct st_sketch *a, const struct st_sketch *b)
{
	uint32_t both, either, least = a->grams < b->grams ? a->grams : b->grams;
	if (least == 0)
		return 0;
	meet(a, b, &both, &either);
	st_assert(either > 0);
	/* |both| = J (|a| + |b|) / (1 + J), with J = both / either */
	uint64_t shared = ((uint64_t)both * (a->grams + b->grams) * ST_LIKE) / (both + either);
	uint64_t like = (shared + least / 2) / least;
	return like > ST_LIKE ? ST_LIKE : (uint32_t)like;
}
