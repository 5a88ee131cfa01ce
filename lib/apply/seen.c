/* seen.c - a person has seen what was for this station.
 *
 * Owns:    which directives are meant: one event, all of a record, or all that nobody has seen.
 * Promise: 9: one job says of up to ST_HEARD_MAX, and tells when there are more.
 * Flow:    api -> seen -> heard -> own log */
#include "group.h"
#include <stdlib.h>
#include <string.h>
#include <station/base/check.h>
#include <station/base/text.h>

struct looking {
	struct st_apply *apply;
	struct st_job_seen *job;
	struct st_record_ref record;
};

/* One that is here and unseen; others pass. 1: no more fits. */
static int see_key(struct looking *l, const struct st_heard_key *key)
{
	struct st_apply *a = l->apply;
	struct st_heard_row row;
	struct st_position at = { .epoch = key->epoch, .seq = key->seq };
	int rc = st_heard_get(a->txn, key, &row);
	st_assert(key->addressee == a->self.station.number);
	if (rc < 0 || row.stage != ST_STAGE_DELIVERED)
		return rc == ST_ENOTFOUND ? 0 : rc;
	rc = st_station_code(a->txn, key->writer, &at.station);
	if (rc == 0)
		rc = hearing_note(a, &at, &l->record, key->writer, true);
	if (rc < 0)
		return rc;
	l->job->more |= rc == 0;
	return rc == 0;
}

static int see_place(struct looking *l, uint32_t number, uint64_t seq)
{
	struct st_log log;
	int rc = st_log_get(l->apply->txn, number, &log);
	if (rc < 0)
		return rc;
	struct st_heard_key key = { log.station, log.epoch, seq, l->apply->self.station.number };
	return see_key(l, &key);
}

static int see_stray(const struct st_stray *s, void *arg)
{
	return see_place(arg, s->log, s->seq);
}

static int see_record(struct looking *l)
{
	struct st_record r;
	struct st_step *steps = NULL;
	size_t count = 0;
	int rc = st_record_resolve(l->apply->txn, l->job->what, &l->record);
	if (rc == 0)
		rc = st_record_load(l->apply->txn, &l->record, &r);
	if (rc == 0)
		rc = st_record_chain(l->apply->txn, &r, &steps, &count);
	while (rc == 0 && count-- > 0) /* from the opening on */
		rc = see_place(l, steps[count].at.log, steps[count].at.seq);
	free(steps);
	return rc != 0 ? rc : st_stray_each(l->apply->txn, &l->record, see_stray, l);
}

static int see_row(const struct st_directive_row *row, struct st_span key, void *arg)
{
	struct looking *l = arg;
	struct st_heard_key k = row->event;
	(void)key;
	k.addressee = l->apply->self.station.number;
	l->record = row->record;
	return see_key(l, &k);
}

static int see_event(struct looking *l, const struct st_position *at)
{
	struct st_heard_key key = { 0, at->epoch, at->seq, l->apply->self.station.number };
	int rc = st_station_number(l->apply->txn, &at->station, &key.writer);
	return rc < 0 ? rc : see_key(l, &key);
}

int job_seen(struct st_apply *a, struct st_job_seen *job)
{
	struct looking l = { .apply = a, .job = job };
	struct st_directive_range unseen = { .which = ST_DIRECTIVES_UNSEEN };
	struct st_position at;
	job->count = 0;
	job->more = false;
	int rc = st_text_check(job->author, ST_AUTHOR_MAX, false) < 0 ? ST_EFIELD : may_sign(a);
	if (rc == 0)
		rc = heard_flush(a); /* what came in this very transaction is said to be here first */
	if (rc < 0)
		return rc;
	if (job->what.size == 0)
		rc = st_directive_each(a->txn, &unseen, see_row, &l);
	else if (st_position_parse(job->what, &at) == 0)
		rc = see_event(&l, &at);
	else
		rc = see_record(&l);
	if (rc < 0) {
		a->hearing.count = a->hearing.code_count = 0;
		return rc;
	}
	st_assert(a->hearing.count <= ST_HEARD_MAX);
	job->count = (unsigned)a->hearing.count;
	return hearing_say(a, ST_STAGE_SEEN, job->author);
}
