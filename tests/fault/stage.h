/* stage.h - a scene is played once without a fault, then with each fault at the first, second ... n-th
 * call, until a play has none left. After each: the answer is the scene's own or a clean failure;
 * what was answered is in the store, and what failed left no trace in it; the same scene works when it is played
 * again; and after a failed sync the store writes nothing more until it is opened anew. A scene that comes to no fault
 * proves nothing, and fails. */
#pragma once
#include "../common/city.h"
#include "inject.h"

struct stage {
	struct node main, branch, base, specialty, fresh; /* fresh: an empty store */
	struct st_signing_key *root;
	struct node *subject;  /* whose store the scene changes, or asks */
	const void *of;        /* the scene's own, see there */
	bool wrong;            /* a scene's own check has failed */
};
struct scene {
	const char *name;
	/* Plays; the code that the people in it would have seen. Anything it owns, it frees. */
	int (*play)(struct stage *s);
	struct node *(*subject)(struct stage *s);
	/* Beside play: what must be there once, made without faults. NULL: nothing. */
	int (*before)(struct stage *s);
	const void *of;        /* what play finds in s->of: scenes that differ in it alone share one */
	bool opens;            /* it opens the subject's store itself */
	bool ends_well;        /* faults on the way are its own to mend: it must end with 0 */
	bool resumes;          /* it has several transactions: played again, it goes on where a fault has left it */
};
/* Prints a TAP line for each scene, and a failure's kind, n and place; 0: all right. */
int stage_run(const struct scene *scenes, size_t count);
/* In a scene: says what is wrong, and remembers it. */
void stage_wrong(struct stage *s, const char *what);
#define RIGHT(s, x) ((x) ? (void)0 : stage_wrong((s), #x))
