/* record_text.h - a record's row as text, without its store's numbers of stations, logs and names: whoever has the
 * same events of it has the same text. */
#pragma once
#include <stdio.h>
#include <string.h>
#include <station/store/logs.h>
#include <station/store/records.h>
#include <station/store/stations.h>
#include <station/work/kind.h>
#include <station/work/record.h>

static inline int record_head(struct st_txn *t, const struct st_record *r, struct st_position *ret_at)
{
	struct st_log log;
	struct st_log_id id;
	memset(ret_at, 0, sizeof(*ret_at));
	int rc = r->head.seq == 0 ? 1 : st_log_get(t, r->head.log, &log);
	if (rc == 0)
		rc = st_log_id(t, &log, &id);
	if (rc == 0)
		*ret_at = (struct st_position){ id.station, id.epoch, r->head.seq };
	return rc == 1 ? 0 : rc;
}

static inline int record_names(struct st_txn *t, const struct st_record *r, char *to, size_t room)
{
	char category[ST_NAME_TEXT_MAX + 1], sub[ST_NAME_TEXT_MAX + 1], unit[ST_NAME_TEXT_MAX + 1];
	int rc = st_name_text(t, ST_NAMES_CATEGORY, r->category, category);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_SUBCATEGORY, r->subcategory, sub);
	if (rc == 0)
		rc = st_name_text(t, ST_NAMES_UNIT, r->unit, unit);
	if (rc == 0)
		(void)snprintf(to, room, "%s|%s|%s", category, sub, unit);
	return rc;
}

static inline int record_facet(struct st_txn *t, const struct st_record *r, const struct st_facet *f, char *to,
			       size_t room)
{
	const struct st_field_row *row = st_kind_field(st_kind(r->kind), f->field);
	char name[ST_NAME_TEXT_MAX + 1] = "";
	struct st_code code = { .text = "" };
	int rc = 0;
	if (row->type == ST_FIELD_TEXT)
		rc = st_name_text(t, (uint8_t)row->names, (uint16_t)f->value, name);
	else if (row->type == ST_FIELD_STATION)
		rc = st_station_code(t, f->value, &code);
	else
		(void)snprintf(name, sizeof(name), "%u", f->value);
	(void)snprintf(to, room, " %s %s%s", row->name, name, code.text);
	return rc;
}

static inline int record_text(struct st_txn *t, const struct st_record *r, char *to, size_t room)
{
	struct st_code holder = { .text = "" };
	struct st_position head;
	char names[3 * ST_NAME_TEXT_MAX + 4] = "";
	int rc = r->holder == 0 ? 0 : st_station_code(t, r->holder, &holder);
	if (rc == 0)
		rc = record_head(t, r, &head);
	if (rc == 0)
		rc = record_names(t, r, names, sizeof(names));
	if (rc < 0)
		return rc;
	(void)snprintf(to, room,
		       "kind %u state %u holder %s term %u revision %u head %s/%llu days %u %u %u due %u %u "
		       "names %s channel %u ratings %u %u reopened %u number %u %u %u strays %u %u %u "
		       "handed %u left %u",
		       r->kind, r->state, holder.text, r->term, r->revision, head.station.text,
		       (unsigned long long)head.seq, r->opened_day, r->closed_day, r->changed_day, r->due_day,
		       r->first_due_day, names, r->channel, r->rating_answer, r->rating_result, r->reopened,
		       r->number.year, r->number.epoch, r->number.serial, r->notes, r->waiting, r->set_aside,
		       r->handed, r->days_left);
	for (size_t i = 0; rc == 0 && i < r->facet_count; i++) {
		size_t used = strlen(to);
		rc = record_facet(t, r, &r->facets[i], to + used, room - used);
	}
	return rc;
}
