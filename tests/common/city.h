/* city.h - stations in one process, for fuzz targets and fault runs: real stores in scratch folders, keys
 * from seeds, a clock that stands still and randomness that counts. Nothing here aborts: what a call
 * meets it answers, since faults are what its users are after. */
#pragma once
#include <station/apply/apply.h>
#include "founding.h"

enum { CITY_PATH = 160 };

struct node {
	char directory[CITY_PATH];
	struct st_store *store;
	struct st_keys keys;
	struct st_apply *apply;
	struct st_world world;
	uint64_t drawn;
	struct st_applied applied;
};

/* A folder for scratch stores, in TMPDIR or in memory; removed with all below it at exit. */
const char *city_scratch(void);

/* Keys and randomness from a seed; directory is made if it isn't there. Opens nothing. */
void node_init(struct node *n, const char *name, uint64_t seed);
ST_MUST int node_open(struct node *n);
void node_close(struct node *n);
void node_erase(struct node *n); /* closes, and removes its store */
/* n's store becomes a copy of from's, which is closed; n is to be opened. */
void node_copy(struct node *n, const struct node *from);

ST_MUST int node_run(struct node *n, struct st_job *job); /* the group's error, or the job's */
ST_MUST int node_found(struct node *n, const char *code, struct st_signing_key *root);
struct joining {
	const char *code;
	enum st_tier tier;
	struct st_public_key root;
};
ST_MUST int node_join(struct node *parent, struct node *child, const struct joining *how);
/* The same in its three steps (founding.h). */
ST_MUST int node_invite(struct node *parent, const struct joining *how, struct papers *p);
ST_MUST int node_enrol(struct node *parent, struct node *child, struct papers *p);
ST_MUST int node_adopt(struct node *child, const struct joining *how, struct papers *p);
/* number "": opens a matter, and is written; otherwise moves it. */
ST_MUST int node_command(struct node *n, const char *move, char number[ST_NUMBER_TEXT],
			 const struct st_command_field *fields, size_t count);
ST_MUST int node_opens(struct node *n, char number[ST_NUMBER_TEXT]); /* with clear and private parts */
ST_MUST int node_number(struct node *n, const char *code, uint32_t *ret_number);

/* The next push of a log (by its origin's code) after `from`; the caller's. */
struct st_inbound;
ST_MUST int node_push(struct node *n, const char *code, uint64_t from, struct st_inbound **ret_in);
/* Gives it to a parent, as the child of that code would. */
ST_MUST int node_give(struct node *to, const char *child, const struct st_push *push,
		      struct st_job_push *ret_job);

/* Gives `to` all that stands in from's outbox for the child of that code, as the link would. */
ST_MUST int node_carry(struct node *from, const char *child, struct node *to);

/* A message of the platform, for the station of that code. number, unless NULL: its matter's. */
ST_MUST int node_message(struct node *n, const char *spot, struct st_job *ret_job, char number[ST_NUMBER_TEXT]);

/* A small city, the same each time: main 410600, branch 410611, base 410611003, and a specialty station
 * 410611003-01 under the base. The base holds matters in several states; the branch has the first
 * of its events, and the base all of the specialty's. */
struct city {
	struct node main, branch, base, specialty;
	struct st_signing_key root;
};
#define CITY_BASE "410611003"
#define CITY_SPECIALTY "410611003-01"
ST_MUST int city_make(struct city *c); /* opened; st_trust_start has been called */
void city_close(struct city *c);
