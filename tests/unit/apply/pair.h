/* pair.h - stations in one process, for tests: real stores in temporary folders, keys from seeds, a
 * clock that stands still and randomness that counts. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <station/apply/apply.h>
#include <station/work/fold.h>
#include "../../common/founding.h"
#include "../../common/scratch.h"

struct station {
	char directory[64];
	struct st_store *store;
	struct st_keys keys;
	struct st_apply *apply;
	struct st_world world;
	uint64_t drawn;
	struct st_applied applied;
};

static inline void draw(void *arg, void *to, size_t size)
{
	struct station *s = arg;
	uint8_t *p = to;
	for (size_t i = 0; i < size; i++) {
		s->drawn = s->drawn * 6364136223846793005ull + 1442695040888963407ull;
		p[i] = (uint8_t)(s->drawn >> 33);
	}
}

static inline void station_open(struct station *s)
{
	struct st_store_conf conf = { .directory = s->directory, .map_bytes = 1ull << 30,
				      .readers_max = 16 };
	assert_int_equal(st_store_open(&conf, &s->store), 0);
	assert_int_equal(st_apply_new(s->store, &s->keys, &s->apply), 0);
}

static inline void station_close(struct station *s)
{
	st_apply_free(s->apply);
	st_store_close(s->store);
	s->apply = NULL;
	s->store = NULL;
}

static inline void station_new(struct station *s, uint64_t seed)
{
	uint8_t seeds[3 * ST_SEED_SIZE];
	memset(s, 0, sizeof(*s));
	s->drawn = seed;
	s->world = (struct st_world){ .now_ms = 1700000000000, .random = draw, .arg = s };
	scratch_folder(s->directory, sizeof(s->directory), "station");
	draw(s, seeds, sizeof(seeds));
	st_keys_from_seeds(seeds, &s->keys);
	station_open(s);
}

static inline void station_gone(struct station *s)
{
	station_close(s);
	assert_int_equal(scratch_store_gone(s->directory), 0);
}

static inline int station_run(struct station *s, struct st_job *job)
{
	struct st_job *jobs[] = { job };
	int rc = st_apply_group(s->apply, &s->world, jobs, 1, &s->applied);
	return rc < 0 ? rc : job->rc;
}

/* Main, under a root key of its own making. */
static inline void station_found(struct station *s, const char *code, struct st_signing_key *root)
{
	struct st_buf bytes;
	uint8_t seed[ST_SEED_SIZE];
	struct st_job job;
	draw(s, seed, sizeof(seed));
	st_signing_key_from_seed(seed, root);
	st_buf_init(&bytes, ST_CERTIFICATE_MAX);
	assert_int_equal(founding_job(&s->keys, code, s->world.now_ms, root, &bytes, &job), 0);
	assert_int_equal(station_run(s, &job), 0);
	st_buf_done(&bytes);
}

/* child joins parent: invite, request, certificate, adoption. */
static inline void station_join(struct station *parent, struct station *child, const char *code,
				enum st_tier tier, const struct st_public_key *root)
{
	struct papers *p = calloc(1, sizeof(*p));
	char name[64];
	(void)snprintf(name, sizeof(name), "station %s", code);
	papers_init(p);
	papers_invite(p, code, name, tier);
	assert_int_equal(station_run(parent, &p->job), 0);
	assert_int_equal(papers_enrol(p, &child->keys), 0);
	assert_int_equal(station_run(parent, &p->job), 0);
	papers_adopt(p, root);
	assert_int_equal(station_run(child, &p->job), 0);
	papers_done(p);
	free(p);
}

__attribute__((unused)) static uint32_t station_kind = ST_KIND_MATTER; /* of the commands that follow */

/* Opens a record, or moves one; the record's number goes to `number`. */
static inline int station_command(struct station *s, const char *move, char number[ST_NUMBER_TEXT],
				  const struct st_command_field *fields, size_t count)
{
	struct st_job *job = calloc(1, sizeof(*job));
	job->kind = ST_JOB_COMMAND;
	struct st_job_command *c = &job->u.command;
	c->command = (struct st_command){ .kind = station_kind, .move = move,
					  .at_ms = s->world.now_ms, .fields = fields,
					  .field_count = count };
	if (number[0] != 0)
		c->record = st_span_text(number);
	int rc = station_run(s, job);
	if (rc == 0)
		(void)snprintf(number, ST_NUMBER_TEXT, "%s", c->number);
	free(job);
	return rc;
}

static inline int station_opens(struct station *s, char number[ST_NUMBER_TEXT])
{
	const struct st_command_field fields[] = {
		{ st_span_text("channel"), st_span_text("visit") },
		{ st_span_text("category"), st_span_text("环境") },
		{ st_span_text("title"), st_span_text("垃圾") },
		{ st_span_text("reporter_name"), st_span_text("王某") },
	};
	number[0] = 0;
	return station_command(s, "open", number, fields, 4);
}

/* "name value name value ..." as fields; they live in room. */
enum { WORDS_ROOM = 2000 };
static inline size_t fields_of(const char *words, char room[WORDS_ROOM],
			       struct st_command_field fields[ST_COMMAND_FIELDS_MAX])
{
	char *save = NULL;
	size_t n = 0;
	(void)snprintf(room, WORDS_ROOM, "%s", words);
	for (char *w = strtok_r(room, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		fields[n++] = (struct st_command_field){ st_span_text(w),
							 st_span_text(strtok_r(NULL, " ", &save)) };
	return n;
}
