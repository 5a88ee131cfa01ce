/* import.c - tests of a body's rows on their way to the writer: job after job in the body's order, the next rows read
 * meanwhile, and nothing beyond what couldn't be taken. The writer and the server are the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <station/base/check.h>
#include "daemon/stationd/api.h"

enum { ROWS = 3000 };
#define HEADER                                                                             \
	"number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,"   \
	"sub_district,agency,title,text,reply,duplicate_of\n"

static struct station station;
static struct request request;
static struct job *waiting; /* with the writer */
static int refuse_with;     /* what the writer answers to the next job */
static const char *on_error;
static uint64_t next_number; /* of the row that is to come next */
static json_t *answer;

int __wrap_writer_submit(struct writer *w, struct job *j);
int __wrap_writer_submit(struct writer *w, struct job *j)
{
	(void)w;
	if (refuse_with < 0)
		return refuse_with;
	assert_null(waiting); /* one after another */
	waiting = j;
	return 0;
}

const char *__wrap_api_argument(struct request *q, const char *name);
const char *__wrap_api_argument(struct request *q, const char *name)
{
	(void)q;
	return strcmp(name, "source") == 0 ? "s" : strcmp(name, "on_error") == 0 ? on_error : NULL;
}

void __wrap_api_keep(struct request *q);
void __wrap_api_keep(struct request *q)
{
	assert_false(q->answered);
	q->suspended = true;
}

void __wrap_api_answered(struct request *q, unsigned status);
void __wrap_api_answered(struct request *q, unsigned status)
{
	assert_false(q->answered);
	q->answered = true;
	q->status = status;
}

static void put_row(unsigned n, const char *opened_at)
{
	st_buf_printf(&request.body, "%u,%s,,,open,phone,c,,d,,,title,a text of some length,,\n", n, opened_at);
}

static const char RIGHT[] = "2023-01-02T03:04:05+08:00";

/* Rows numbered from 1; that one has a time that is none (0: all are right). */
static int ask(unsigned rows, unsigned wrong)
{
	st_buf_put_text(&request.body, HEADER);
	for (unsigned n = 1; n <= rows; n++)
		put_row(n, n == wrong ? "rubbish" : RIGHT);
	int rc = api_import_routes[0].fn(&request);
	if (rc < 0 && !request.answered)
		(void)api_refuse(&request, rc);
	return rc;
}

/* The writer takes a job's rows, up to the bad one (0: it has none), which must be those that come next. */
static void end_job(int rc, unsigned bad)
{
	struct job *j = waiting;
	assert_non_null(j);
	struct st_job_import *i = &j->work.u.import;
	assert_true(i->case_count > 0 && i->case_count <= ST_IMPORT_ROWS_MAX);
	i->opened = i->bad_count = 0;
	i->moved = i->unchanged = i->events = 0;
	for (size_t n = 0; n < i->case_count; n++) {
		struct st_span number = i->cases[n].column[ST_COL_NUMBER];
		char text[24];
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)next_number);
		assert_int_equal(number.size, strlen(text));
		assert_memory_equal(number.data, text, number.size);
		if (next_number++ == bad) {
			i->bad[i->bad_count++] = (struct st_import_bad){ .row = i->cases[n].row, .rc = ST_EFIELD,
									 .column = "state", .reason = "gone" };
			if (i->stop_on_error)
				break;
		} else {
			i->opened++;
		}
	}
	waiting = NULL;
	j->work.rc = rc;
	j->done(j);
}

static long long told(const char *name)
{
	if (answer == NULL)
		answer = json_loadb((const char *)request.answer.data, request.answer.size, 0, NULL);
	const json_t *one = json_object_get(answer, name);
	return json_is_array(one) ? (long long)json_array_size(one) : json_is_boolean(one) ? json_is_true(one)
											    : json_integer_value(one);
}

static int setup(void **state)
{
	(void)state;
	memset(&request, 0, sizeof(request));
	request.station = &station;
	st_buf_init(&request.body, API_BODY_MAX);
	st_buf_init(&request.answer, API_BODY_MAX);
	waiting = NULL;
	refuse_with = 0;
	on_error = NULL;
	next_number = 1;
	answer = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (request.work_free != NULL)
		request.work_free(request.work);
	st_buf_done(&request.body);
	st_buf_done(&request.answer);
	json_decref(answer);
	return 0;
}

static void all_rows_go_to_the_writer_in_their_order(void **state)
{
	unsigned jobs = 0;
	(void)state;
	assert_int_equal(ask(ROWS, 0), 0);
	for (; !request.answered; jobs++)
		end_job(0, 0);
	assert_int_equal(request.status, 200);
	assert_true(jobs > 2);
	assert_int_equal(told("rows"), ROWS);
	assert_int_equal(told("opened"), ROWS);
	assert_int_equal(told("stopped"), 0);
}

static void what_a_job_in_the_midst_couldnt_take_is_left_out_with_all_behind_it(void **state)
{
	(void)state;
	assert_int_equal(ask(ROWS, 0), 0);
	end_job(0, 0);
	uint64_t taken = next_number - 1;
	end_job(ST_EFULL, 0);
	assert_true(request.answered);
	assert_null(waiting);
	assert_int_equal(request.status, 200);
	assert_int_equal(told("rows"), taken);
	assert_int_equal(told("opened"), taken);
}

static void the_first_that_cant_be_taken_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ask(ROWS, 0), 0);
	end_job(ST_EFULL, 0);
	assert_true(request.answered);
	assert_int_equal(request.status, api_status(ST_EFULL));
}

static void a_writer_that_takes_no_more_ends_it_there(void **state)
{
	(void)state;
	assert_int_equal(ask(ROWS, 0), 0);
	refuse_with = ST_EBUSY;
	end_job(0, 0);
	assert_true(request.answered);
	assert_int_equal(request.status, 200);
	assert_int_equal(told("rows"), next_number - 1);
}

static void a_writer_that_takes_none_at_all_refuses(void **state)
{
	(void)state;
	refuse_with = ST_EBUSY;
	assert_int_equal(ask(ROWS, 0), ST_EBUSY);
	assert_int_equal(request.status, 503);
}

static void a_stop_is_at_the_first_bad_row_whoever_finds_it(void **state)
{
	(void)state;
	on_error = "stop";
	assert_int_equal(ask(ROWS, 100), 0); /* found as it is read; and before it one that is found as it is applied */
	end_job(0, 50);
	assert_true(request.answered);
	assert_null(waiting);
	assert_int_equal(told("bad"), 1);
	assert_int_equal(told("stopped"), 1);
	assert_int_equal(told("opened"), 49);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(answer, "bad"), 0), "row")), 51);
}

static void a_bad_row_that_was_read_ahead_stops_at_its_turn(void **state)
{
	(void)state;
	on_error = "stop";
	assert_int_equal(ask(ROWS, 1000), 0);
	while (!request.answered)
		end_job(0, 0);
	assert_int_equal(told("bad"), 1);
	assert_int_equal(told("stopped"), 1);
	assert_int_equal(told("opened"), 999);
}

static void bad_rows_are_told_in_the_bodys_order(void **state)
{
	(void)state;
	assert_int_equal(ask(60, 30), 0);
	json_t *first, *second;
	next_number = 1;
	for (size_t n = 29; n < waiting->work.u.import.case_count; n++)
		assert_int_equal(waiting->work.u.import.cases[n].row, n + 3); /* without the bad one */
	struct st_job_import *i = &waiting->work.u.import;
	i->bad[0] = (struct st_import_bad){ .row = 11, .rc = ST_EFIELD, .column = "state", .reason = "gone" };
	i->bad[1] = (struct st_import_bad){ .row = 41, .rc = ST_EFIELD, .column = "state", .reason = "gone" };
	i->bad_count = 2;
	i->opened = 57;
	waiting->done(waiting);
	assert_int_equal(told("bad"), 3);
	for (size_t n = 0; n < 2; n++) {
		first = json_array_get(json_object_get(answer, "bad"), n);
		second = json_array_get(json_object_get(answer, "bad"), n + 1);
		assert_true(json_integer_value(json_object_get(first, "row")) <
			    json_integer_value(json_object_get(second, "row")));
	}
}

/* In part, so that the loop has its turn: the rest is sent again. */
static void a_body_of_bad_rows_alone_is_answered_at_once(void **state)
{
	(void)state;
	st_buf_put_text(&request.body, HEADER);
	for (unsigned n = 1; n <= ROWS; n++)
		put_row(n, "rubbish");
	assert_int_equal(api_import_routes[0].fn(&request), 0);
	assert_true(request.answered);
	assert_true(told("rows") > 100 && told("rows") <= ST_IMPORT_ROWS_MAX);
	assert_int_equal(told("bad"), told("rows"));
	assert_int_equal(told("stopped"), 0);
}

/* As many in a feed as there can be of rows that are right. */
static void the_shortest_rows_fit(void **state)
{
	(void)state;
	st_buf_put_text(&request.body, HEADER);
	for (unsigned n = 0; n < 4000; n++)
		st_buf_put_text(&request.body, "1,2023-01-02T03:04:05Z,,,open,phone,c,,,,,,,,\n");
	assert_int_equal(api_import_routes[0].fn(&request), 0);
	uint64_t rows = 0;
	while (!request.answered) {
		struct job *j = waiting;
		rows += j->work.u.import.case_count;
		waiting = NULL;
		j->done(j);
	}
	assert_int_equal(rows, 4000);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(all_rows_go_to_the_writer_in_their_order),
		EACH(what_a_job_in_the_midst_couldnt_take_is_left_out_with_all_behind_it),
		EACH(the_first_that_cant_be_taken_is_refused),
		EACH(a_writer_that_takes_no_more_ends_it_there),
		EACH(a_writer_that_takes_none_at_all_refuses),
		EACH(a_stop_is_at_the_first_bad_row_whoever_finds_it),
		EACH(a_bad_row_that_was_read_ahead_stops_at_its_turn),
		EACH(bad_rows_are_told_in_the_bodys_order),
		EACH(a_body_of_bad_rows_alone_is_answered_at_once),
		EACH(the_shortest_rows_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
