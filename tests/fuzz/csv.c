/* csv.c - any bytes as a file of cases, whole and cut in two: the same rows.
 *
 * Input: rows; where it begins with a byte order mark, a file with a head of its own. */
#include "decoders.h"
#include <station/work/import.h>

struct seen {
	size_t rows, bad;
	uint64_t sum;
};

static int take(const struct st_import_row *row, int rc, const char *column, void *arg)
{
	struct seen *s = arg;
	struct st_import_case c;
	const char *reason;
	s->rows += rc == 0;
	s->bad += rc != 0;
	for (size_t i = 0; rc == 0 && i < ST_IMPORT_COLUMNS; i++)
		for (size_t k = 0; k < row->column[i].size; k++)
			s->sum = s->sum * 31 + row->column[i].data[k];
	if (rc == 0 && st_import_check(row, &c, &column, &reason) == 0)
		CANARY(s->rows >= 3 && c.closed);
	return 0;
}

static int read_all(const uint8_t *data, size_t size, size_t cut, struct seen *s)
{
	struct st_import_reader *r = NULL;
	ST_REQUIRE(st_import_reader_new(take, s, &r) == 0);
	int rc = st_import_feed(r, st_span(data, cut));
	if (rc == 0)
		rc = st_import_feed(r, st_span(data + cut, size - cut));
	if (rc == 0)
		rc = st_import_end(r);
	st_import_reader_free(r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "number,opened_at,due_at,closed_at,state,channel,category,subcategory,"
				     "district,sub_district,agency,title,text,reply,duplicate_of\n";
	struct seen whole = { .rows = 0 }, cut = { .rows = 0 };
	bool whole_file = size >= 6 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
	size_t head = whole_file ? 0 : sizeof(header) - 1;
	uint8_t *text = malloc(head + size);
	ST_REQUIRE(text != NULL);
	memcpy(text, header, head);
	if (size > 0)
		memcpy(text + head, data, size);
	int rc = read_all(text, head + size, head + size, &whole);
	ST_REQUIRE(read_all(text, head + size, head + size / 2, &cut) == rc);
	ST_REQUIRE(whole.rows == cut.rows && whole.sum == cut.sum);
	free(text);
	return 0;
}
