/* number.c - what a citizen is told, and how it is found again.
 *
 * Owns:    the number's text and its check characters.
 * Promise: a mistyped number is refused, and no two records share one.
 * Flow:    record -> number -> citizen -> number -> record */
#include <station/work/record.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <station/base/check.h>

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
_Static_assert(sizeof(CROCKFORD) == 32 + 1, "five bits a character");
_Static_assert(sizeof("410611003-01-65535-65535.4294967295-K7") <= ST_NUMBER_TEXT, "the longest number");

/* FNV-1a of the record id, folded to ten bits: two characters of five. */
static void check_characters(const struct st_code *opener, const struct st_ulid *ulid, char to[2])
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < ST_CODE_MAX; i++)
		h = (h ^ (uint8_t)opener->text[i]) * 16777619u;
	for (size_t i = 0; i < ST_ULID_SIZE; i++)
		h = (h ^ ulid->bytes[i]) * 16777619u;
	h ^= h >> 20 ^ h >> 10;
	to[0] = CROCKFORD[h >> 5 & 31];
	to[1] = CROCKFORD[h & 31];
}

void st_number_text(const struct st_number *n, const struct st_code *opener,
		    const struct st_ulid *ulid, char ret_text[ST_NUMBER_TEXT])
{
	char check[2], life[8] = "";
	_Static_assert(sizeof(life) >= sizeof("65535."), "the latest life");
	check_characters(opener, ulid, check);
	if (n->epoch > 1)
		(void)snprintf(life, sizeof(life), "%u.", (unsigned)n->epoch);
	(void)snprintf(ret_text, ST_NUMBER_TEXT, "%s-%04u-%s%06" PRIu32 "-%c%c", opener->text,
		       (unsigned)n->year, life, n->serial, check[0], check[1]);
}

int st_record_number(struct st_txn *t, const struct st_record *r, char ret_text[ST_NUMBER_TEXT])
{
	struct st_record_id id;
	int rc = st_record_id(t, &r->ref, &id);
	if (rc == 0)
		st_number_text(&r->number, &id.opener, &id.ulid, ret_text);
	return rc;
}

struct parsed {
	struct st_code opener;
	struct st_number number;
	char check[2];
};

/* Digits of s as a number of at most 9 of them; -1 otherwise. */
static int64_t digits(struct st_span s)
{
	int64_t v = 0;
	if (s.size == 0 || s.size > 9)
		return -1;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return -1;
		v = v * 10 + (s.data[i] - '0');
	}
	return v;
}

/* Cuts what stands behind the last '-' off s. */
static struct st_span cut(struct st_span *s)
{
	size_t at = s->size;
	while (at > 0 && s->data[at - 1] != '-')
		at--;
	struct st_span tail = st_span(s->data + at, s->size - at);
	s->size = at > 0 ? at - 1 : 0;
	return tail;
}

static int parse(struct st_span text, struct parsed *p)
{
	struct st_span rest = text, check = cut(&rest), serial = cut(&rest), year = cut(&rest);
	int64_t epoch = 1;
	const uint8_t *dot = serial.size == 0 ? NULL : memchr(serial.data, '.', serial.size);
	if (dot != NULL) {
		size_t n = (size_t)(dot - serial.data);
		epoch = digits(st_span(serial.data, n));
		serial = st_span(dot + 1, serial.size - n - 1);
	}
	int64_t s = digits(serial), y = digits(year);
	if (check.size != 2 || s <= 0 || y <= 0 || year.size != 4 || epoch < 1 || epoch > UINT16_MAX ||
	    st_code_parse(rest, &p->opener) < 0)
		return ST_EFIELD;
	for (size_t i = 0; i < 2; i++)
		p->check[i] = (char)(check.data[i] >= 'a' && check.data[i] <= 'z' ? check.data[i] - 32
										    : check.data[i]);
	p->number = (struct st_number){ .year = (uint16_t)y, .epoch = (uint16_t)epoch,
					.serial = (uint32_t)s };
	st_assert(p->number.serial > 0);
	st_assert(p->number.epoch > 0);
	return 0;
}

static int by_number(struct st_txn *t, struct st_span text, struct st_record_ref *ref)
{
	struct parsed p;
	char check[2];
	int rc = parse(text, &p);
	if (rc == 0)
		rc = st_station_number(t, &p.opener, &p.number.opener);
	if (rc == 0)
		rc = st_number_get(t, &p.number, &ref->ulid);
	if (rc < 0)
		return rc;
	check_characters(&p.opener, &ref->ulid, check);
	if (memcmp(check, p.check, 2) != 0)
		return ST_EFIELD;
	ref->opener = p.number.opener;
	return 0;
}

static int by_id(struct st_txn *t, struct st_span code, struct st_span ulid,
		 struct st_record_ref *ref)
{
	struct st_code opener = { .text = { 0 } };
	size_t size = 0;
	int rc = code.size > 0 ? st_code_parse(code, &opener)
			       : st_meta_get(t, ST_META_SELF, opener.text, ST_CODE_MAX, &size);
	if (rc == 0)
		rc = st_ulid_parse(ulid, &ref->ulid);
	if (rc == 0)
		rc = st_station_number(t, &opener, &ref->opener);
	return rc;
}

int st_record_name_opener(struct st_span text, struct st_code *ret_opener)
{
	struct st_ulid ulid;
	struct parsed p;
	const uint8_t *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
	int rc;
	memset(&p, 0, sizeof(p));
	if (slash != NULL) {
		size_t n = (size_t)(slash - text.data);
		rc = st_code_parse(st_span(text.data, n), &p.opener);
		if (rc == 0)
			rc = st_ulid_parse(st_span(slash + 1, text.size - n - 1), &ulid);
	} else if (text.size == ST_ULID_TEXT && memchr(text.data, '-', text.size) == NULL) {
		rc = st_ulid_parse(text, &ulid);
	} else {
		rc = parse(text, &p);
	}
	if (rc < 0)
		return ST_EFIELD;
	*ret_opener = p.opener;
	return 0;
}

int st_record_name_check(struct st_span text)
{
	struct st_code opener;
	return st_record_name_opener(text, &opener);
}

int st_record_resolve(struct st_txn *t, struct st_span text, struct st_record_ref *ret_ref)
{
	struct st_record_ref ref;
	struct st_record r;
	const uint8_t *slash = text.size == 0 ? NULL : memchr(text.data, '/', text.size);
	int rc;
	if (slash != NULL) {
		size_t n = (size_t)(slash - text.data);
		rc = by_id(t, st_span(text.data, n), st_span(slash + 1, text.size - n - 1), &ref);
	} else if (text.size == ST_ULID_TEXT && memchr(text.data, '-', text.size) == NULL) {
		rc = by_id(t, ST_SPAN_NONE, text, &ref);
	} else {
		rc = by_number(t, text, &ref);
	}
	if (rc == 0)
		rc = st_record_load(t, &ref, &r);
	if (rc == 0)
		*ret_ref = ref;
	return rc;
}
