/* city.c - any bytes as a file of each city table: complaints, or rows that read the same once they are written
 * out as CSV again; and the event that would issue them. */
#include "decoders.h"
#include <station/event/event.h>
#include <station/work/calendar.h>

static struct st_buf rows, again, csv, body;
static struct st_city_file file, second;
static struct st_calendar calendar;

static void put_header(const struct st_city_table *t)
{
	st_buf_clear(&csv);
	for (size_t i = 0; i < t->column_count; i++)
		st_buf_printf(&csv, "%s%s", i == 0 ? "" : ",", t->columns[i].name);
	st_buf_put_text(&csv, "\n");
}

static void write_again(const struct st_city_table *t)
{
	struct st_city_rows r = st_city_rows(st_buf_span(&rows), (uint32_t)t->column_count);
	put_header(t);
	while (st_city_rows_next(&r))
		for (size_t i = 0; i < t->column_count; i++) {
			st_city_put_csv(&csv, r.cells[i]);
			st_buf_put_text(&csv, i + 1 < t->column_count ? "," : "\n");
		}
	ST_REQUIRE(st_city_read(t, st_buf_span(&csv), &again, &second) == 0);
	ST_REQUIRE(second.rows == file.rows && st_span_equal(st_buf_span(&rows), st_buf_span(&again)));
}

static void issue(const struct st_city_table *t)
{
	struct st_city out = { .table = t->number, .version = 1, .from_day = 1,
			       .columns = (uint32_t)t->column_count, .rows = st_buf_span(&rows) }, in;
	st_buf_clear(&body);
	ST_REQUIRE(st_city_encode(&out, &body) == 0);
	ST_REQUIRE(st_city_decode(st_buf_span(&body), &in) == 0 && st_span_equal(in.rows, out.rows));
}

static void read_as(const struct st_city_table *t, struct st_span text)
{
	int rc = st_city_read(t, text, &rows, &file);
	ST_REQUIRE(rc == 0 || (rc == ST_EFIELD && file.bad_count > 0) || rc == ST_ETOOBIG);
	ST_REQUIRE(file.rows <= t->rows_max && file.bad_count <= ST_CITY_BAD_MAX);
	if (rc < 0)
		return;
	write_again(t);
	issue(t);
	CANARY(file.rows >= 2 && t->number == ST_CITY_deadlines);
	if (t->number == ST_CITY_workdays) {
		st_calendar_fill(&calendar, st_buf_span(&rows), (uint32_t)t->column_count);
		ST_REQUIRE(st_calendar_between(&calendar, 20000, st_calendar_add(&calendar, 20000, 9)) == 9);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct st_buf text;
	struct st_city c;
	if (rows.limit == 0) {
		st_buf_init(&rows, ST_CITY_ROWS_BYTES_MAX);
		st_buf_init(&again, ST_CITY_ROWS_BYTES_MAX);
		st_buf_init(&csv, 4 * ST_CITY_FILE_MAX);
		st_buf_init(&body, ST_EVENT_MAX);
		st_buf_init(&text, 2 * ST_CITY_FILE_MAX);
	}
	if (size == 0)
		return 0;
	if (st_city_decode(st_span(data, size), &c) == 0) {
		st_calendar_fill(&calendar, c.rows, c.columns);
		ST_REQUIRE(st_calendar_add(&calendar, 20000, 100) >= 20100);
	}
	/* The first byte says which table; its high bit, that the header is a right one. */
	const struct st_city_table *t = st_city_table_at((data[0] & 0x7f) % st_city_table_count());
	read_as(t, st_span(data + 1, size - 1));
	put_header(t);
	st_buf_clear(&text);
	st_buf_put_span(&text, st_buf_span(&csv));
	st_buf_put(&text, data + 1, size - 1);
	if ((data[0] & 0x80) != 0)
		read_as(t, st_buf_span(&text));
	return 0;
}
