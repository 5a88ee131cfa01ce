/* likeness.h - how much two texts say the same, in whatever language.
 * A text is taken as the set of its trigrams: three letters or digits in a row, Unicode code points
 * in NFKC and case-folded, without punctuation, spaces and symbols, so a text typed with other
 * commas or with full-width digits is the same. A text of one or two such characters is one gram.
 *
 * A sketch is MinHash in its bottom-k form: of the grams' hashes (one function, the 64-bit
 * finalizer of MurmurHash3, of which the upper 32 bits count) the ST_SKETCH_KEPT smallest. Of a set
 * that isn't larger the sketch is the set, so titles and most texts are compared exactly; of a
 * larger one the likeness is an unbiased estimate with a standard error of at most 1 / (2
 * sqrt(ST_SKETCH_KEPT)) = 3.2 %. */
#pragma once
#include <station/base/bytes.h>

enum {
	ST_SKETCH_KEPT = 256,         /* 1 KiB; one of 64 errs by 6 % and is no faster to make */
	ST_SKETCHER_GRAMS_MAX = 8192, /* a title, a text of 12,000 and words of 8,000 bytes have
				       * fewer in Chinese; further ones are left out */
	ST_LIKE = 1000,               /* likenesses are per mille */
};

struct st_sketch {
	uint32_t count;                /* <= ST_SKETCH_KEPT */
	uint32_t grams;                /* different ones in the whole set */
	uint32_t kept[ST_SKETCH_KEPT]; /* ascending */
};

/* Makes one sketch at a time; scratch memory of about 64 KiB, the caller's. */
struct st_sketcher {
	size_t count;
	uint32_t hashes[ST_SKETCHER_GRAMS_MAX], spare[ST_SKETCHER_GRAMS_MAX];
};
void st_sketcher_begin(struct st_sketcher *s);
/* One text of several: no gram goes across two. ST_EFIELD: not UTF-8, and nothing of it was taken.
 */
ST_MUST int st_sketcher_add(struct st_sketcher *s, struct st_span text);
void st_sketcher_end(struct st_sketcher *s, struct st_sketch *ret_sketch);

/* Jaccard's coefficient, |both| / |either|, per mille; 0 where one says nothing. */
uint32_t st_sketch_jaccard(const struct st_sketch *a, const struct st_sketch *b);
/* How much of the smaller set is in the larger one: a hotline's short note of a long letter. */
uint32_t st_sketch_contained(const struct st_sketch *a, const struct st_sketch *b);
