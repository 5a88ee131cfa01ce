/* pile.c - papers as people write them down.
 *
 * Owns:    the form of a pile's file, and of one paper's words.
 * Promise: 8: a file is read whole or not at all, and the line that isn't right is named.
 * Flow:    teller's file -> pile -> stationctl */
#include <station/work/vote.h>
#include <string.h>
#include <station/base/check.h>

static int read_place(struct st_span word, uint8_t *ret_place)
{
	unsigned place = 0;
	for (size_t i = 0; i < word.size; i++) {
		uint8_t c = word.data[i];
		if (c < '0' || c > '9')
			return ST_EFIELD;
		place = place * 10 + (c - '0');
		if (place > ST_VOTE_CANDIDATES_MAX)
			return ST_EFIELD;
	}
	*ret_place = (uint8_t)place;
	return place == 0 ? ST_EFIELD : 0;
}

int st_paper_read(const struct st_span *words, size_t count, struct st_paper *ret_paper)
{
	struct st_paper p;
	if (count == 0 || count - 1 > ST_BALLOT_CHOICES_MAX)
		return ST_EFIELD;
	memset(&p, 0, sizeof(p));
	p.spoiled = st_span_equal(words[0], st_span_text("-"));
	if (p.spoiled ? count > 1 : st_token_parse(words[0], &p.token) < 0)
		return ST_EFIELD;
	for (size_t i = 1; i < count; i++)
		if (read_place(words[i], &p.choices[p.choice_count++]) < 0)
			return ST_EFIELD;
	*ret_paper = p;
	return 0;
}

/* The next word of a line, which is taken off it; empty: there is none. */
static struct st_span next_word(struct st_span *line)
{
	static const char between[] = " \t\r,";
	size_t from = 0;
	while (from < line->size && memchr(between, line->data[from], sizeof(between) - 1) != NULL)
		from++;
	size_t to = from;
	while (to < line->size && memchr(between, line->data[to], sizeof(between) - 1) == NULL)
		to++;
	struct st_span word = st_span(line->data + from, to - from);
	*line = st_span(line->data + to, line->size - to);
	return word;
}

/* 1: a paper; 0: nothing stands there. */
static int read_line(struct st_span line, struct st_paper *ret_paper)
{
	struct st_span words[ST_BALLOT_CHOICES_MAX + 2], word;
	size_t count = 0;
	while ((word = next_word(&line)).size > 0) {
		if (count == 0 && word.data[0] == '#')
			return 0;
		if (count == sizeof(words) / sizeof(words[0]))
			return ST_EFIELD;
		words[count++] = word;
	}
	if (count == 0)
		return 0;
	int rc = st_paper_read(words, count, ret_paper);
	return rc < 0 ? rc : 1;
}

int st_pile_read(struct st_span text, struct st_paper *papers, size_t max, size_t *ret_count,
		 size_t *reterr_line)
{
	static const char bom[] = "\xef\xbb\xbf"; /* as some editors begin a file */
	struct st_paper p;
	size_t count = 0, number = 1;
	if (text.size >= 3 && memcmp(text.data, bom, 3) == 0)
		text = st_span(text.data + 3, text.size - 3);
	for (; text.size > 0; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t n = end == NULL ? text.size : (size_t)(end - text.data),
		       whole = end == NULL ? n : n + 1;
		int rc = read_line(st_span(text.data, n), &p);
		if (rc > 0 && count == max)
			rc = ST_ETOOBIG;
		if (rc < 0) {
			*reterr_line = number;
			return rc;
		}
		if (rc > 0)
			papers[count++] = p;
		text = st_span(text.data + whole, text.size - whole);
	}
	st_assert(count <= max);
	*ret_count = count;
	return 0;
}
