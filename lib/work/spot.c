/* spot.c - from a place's names or code to the station that it belongs to.
 *
 * Owns:    what counts as a station's name having a place's.
 * Promise: a matter goes to the station that surely has the place, or to one above it that can
 *          tell.
 * Flow:    online message -> spot -> hand-on */
#include <station/work/spot.h>
#include <string.h>
#include <station/base/check.h>

enum { COUNTY_DIGITS = 6, TOWN_DIGITS = 9, VILLAGE_DIGITS = 12 };
enum { STEM_LEAST = 6 }; /* bytes: two characters */
enum fit { FIT_NOT, FIT_WITHIN, FIT_START };

static bool starts(struct st_span s, struct st_span prefix)
{
	return s.size >= prefix.size && memcmp(s.data, prefix.data, prefix.size) == 0;
}

static bool has(struct st_span s, struct st_span part)
{
	return part.size > 0 && memmem(s.data, s.size, part.data, part.size) != NULL;
}

/* A station's name without the words that say that it is one: the name of its place. */
static struct st_span stem(struct st_span name)
{
	static const char *const words[] = { "代表联络站", "联络站", "基站", "分站", "总站", "站" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);
		if (name.size > n && memcmp(name.data + name.size - n, words[i], n) == 0)
			return st_span(name.data, name.size - n);
	}
	return name;
}

/* How well a station's name has a place's, which people write with what stands above it or without
 * what it ends with: 黎阳路街道基站 has 黎阳路, 黎阳路街道 and 淇滨区黎阳路街道. */
static enum fit fit(const struct st_station *s, struct st_span place)
{
	struct st_span name = st_span_text(s->certificate.name), own = stem(name);
	if (place.size < STEM_LEAST)
		return FIT_NOT;
	st_assert(own.size <= name.size);
	if (starts(name, place))
		return FIT_START;
	if (own.size >= STEM_LEAST && place.size >= own.size &&
	    (starts(place, own) ||
	     starts(st_span(place.data + place.size - own.size, own.size), own)))
		return FIT_START;
	return has(name, place) || (own.size >= STEM_LEAST && has(place, own)) ? FIT_WITHIN
									       : FIT_NOT;
}

struct searching {
	struct st_txn *txn;
	struct st_span name;
	enum st_tier tier;
	uint32_t below; /* of this one; 0: anywhere */
	enum fit best;
	uint32_t found; /* 0: none, or several as good */
	int rc;
};

static int look(const struct st_station *s, void *arg)
{
	struct searching *x = arg;
	if (s->standing != ST_ENROLLED || s->certificate.tier != x->tier)
		return 0;
	enum fit f = fit(s, x->name);
	if (f == FIT_NOT || f < x->best)
		return 0;
	int rc = x->below == 0 ? 1 : st_station_below(x->txn, s->number, x->below);
	if (rc != 1)
		return rc;
	x->found = f > x->best ? s->number : 0;
	x->best = f;
	return 0;
}

static int search(struct st_txn *t, struct st_span name, enum st_tier tier, uint32_t below,
		  uint32_t *ret_number)
{
	struct searching x = { .txn = t, .name = name, .tier = tier, .below = below };
	ST_REQUIRE(name.size <= ST_SPOT_NAME_MAX);
	st_assert(tier == ST_BRANCH || tier == ST_BASE); /* a specialty station has no place */
	int rc = name.size == 0 ? 0 : st_station_each(t, look, &x);
	if (rc == 0)
		*ret_number = x.found;
	return rc;
}

/* An enrolled station by its code. */
static int by_code(struct st_txn *t, struct st_span text, uint32_t *ret_number)
{
	struct st_code code;
	struct st_station s;
	*ret_number = 0;
	if (st_code_parse(text, &code) < 0)
		return 0;
	int rc = st_station_find(t, &code, &s);
	if (rc == 0 && s.standing == ST_ENROLLED)
		*ret_number = s.number;
	return rc == ST_ENOTFOUND ? 0 : rc;
}

static int by_division(struct st_txn *t, struct st_span code, uint32_t *ret_number)
{
	static const size_t cuts[] = { TOWN_DIGITS, COUNTY_DIGITS };
	int rc = by_code(t, code, ret_number);
	for (size_t i = 0; rc == 0 && *ret_number == 0 && i < sizeof(cuts) / sizeof(cuts[0]); i++)
		if (code.size > cuts[i] && code.size <= VILLAGE_DIGITS)
			rc = by_code(t, st_span(code.data, cuts[i]), ret_number);
	return rc;
}

static int by_names(struct st_txn *t, const struct st_spot *spot, uint32_t *ret_number)
{
	uint32_t county = 0, town = 0;
	int rc = search(t, spot->county, ST_BRANCH, 0, &county);
	if (rc == 0 && (county != 0 || spot->county.size == 0))
		rc = search(t, spot->town, ST_BASE, county, &town);
	if (rc == 0)
		*ret_number = town != 0 ? town : county;
	return rc;
}

int st_spot_station(struct st_txn *t, const struct st_spot *spot, uint32_t self,
		    struct st_station *ret_s)
{
	uint32_t number = 0;
	ST_REQUIRE(self > 0);
	int rc = spot->code.size == 0 ? 0 : by_division(t, spot->code, &number);
	if (rc == 0 && number == 0)
		rc = by_names(t, spot, &number);
	if (rc == 0)
		rc = st_station_get(t, number != 0 ? number : self, ret_s);
	st_assert(rc < 0 || number == 0 || ret_s->standing == ST_ENROLLED);
	return rc;
}
