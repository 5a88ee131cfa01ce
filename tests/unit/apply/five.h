/* five.h - a city of five stations in one process, for tests of what goes down and across; pushes and carries
 * are passed by hand. */
#pragma once
#include <station/ask/matter.h>
#include <station/ask/verify.h>
#include "../../common/sound.h"
#include "pair.h"

enum { MAIN, BRANCH_A, BRANCH_B, BASE_A, BASE_B, STATIONS };
static struct station city[STATIONS];
static struct st_signing_key root;
static const char *const codes[STATIONS] = { "410600", "410611", "410621", "410611003", "410621001" };
static const int parents[STATIONS] = { -1, MAIN, MAIN, BRANCH_A, BRANCH_B };

#include "passing.h"

/* ---- looking ---- */

struct looking {
	const char *number;
	struct st_record record;
	struct st_code holder;
	const struct st_box_key *grant;
	char name[64];
	size_t events;
	int rc;
};

static inline int see(const struct st_life_event *e, void *arg)
{
	struct looking *l = arg;
	l->events++;
	for (size_t i = 0; i < e->private_count; i++)
		(void)snprintf(l->name, sizeof(l->name), "%.*s", (int)e->privates[i].text.size,
			       (const char *)e->privates[i].text.data);
	return 0;
}

static inline int look(struct st_txn *t, void *arg)
{
	struct looking *l = arg;
	struct st_record_ref ref;
	l->rc = st_record_resolve(t, st_span_text(l->number), &ref);
	if (l->rc == 0)
		l->rc = st_record_load(t, &ref, &l->record);
	if (l->rc == 0)
		l->rc = st_station_code(t, l->record.holder, &l->holder);
	return l->rc < 0 ? 0 : st_life_each(t, &l->record, l->grant, see, l);
}

static inline struct looking at(int station, const char *number)
{
	struct looking l = { .number = number, .grant = &city[station].keys.grant };
	assert_int_equal(st_store_read(city[station].store, look, &l), 0);
	return l;
}

static inline void sound(void)
{
	for (int i = 0; i < STATIONS; i++) {
		char why[WHY_UNSOUND];
		assert_int_equal(store_sound(city[i].store, why), 0);
		assert_string_equal(why, "");
		struct st_carried_verdict v;
		assert_int_equal(st_carried_verify(city[i].store, NULL, NULL, &v), 0);
		assert_int_equal(v.wrong + v.missing, 0);
	}
}

static inline int setup(void **state)
{
	static const enum st_tier tiers[STATIONS] = { ST_MAIN, ST_BRANCH, ST_BRANCH, ST_BASE, ST_BASE };
	(void)state;
	carry_version = ST_WIRE_VERSION;
	assert_int_equal(st_trust_start(), 0);
	for (int i = 0; i < STATIONS; i++)
		station_new(&city[i], (uint64_t)i + 10);
	station_found(&city[MAIN], codes[MAIN], &root);
	for (int i = 1; i < STATIONS; i++)
		station_join(&city[parents[i]], &city[i], codes[i], tiers[i], &root.public);
	settle();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < STATIONS; i++)
		station_gone(&city[i]);
	return 0;
}

static inline int hand(int from, char number[ST_NUMBER_TEXT], const char *move, const char *to)
{
	const struct st_command_field field = { st_span_text("to"), st_span_text(to) };
	return station_command(&city[from], move, number, &field, 1);
}
