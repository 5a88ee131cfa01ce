/* writer.h - the one thread that writes the store, as a queue in front of apply.
 * Everything here is called on the loop thread. A job belongs to its submitter; between submit and
 * done only the writer touches it. All that waits goes into one transaction (group commit). */
#pragma once
#include <uv.h>
#include <station/apply/apply.h>

enum {
	WRITER_JOBS_MAX = 4096,
	WRITER_BYTES_MAX = 64 * 1024 * 1024,
	WRITER_GROUP_BYTES = 4 * 1024 * 1024,
	WRITER_GATHER_MOST_US = 2000, /* patient jobs wait after a commit as long as it took, but no longer, to share the next */
	/* Bulk alone goes in large transactions, none of them longer than a clerk would bear who comes just then. */
	WRITER_BULK_BYTES = 3 * 1024 * 1024,
	WRITER_BULK_MS = 150,
	/* Where others have come of late it goes in slices. What comes while one is at work doesn't wait for it: the slice is
	 * given up, and comes behind that; only its commit can't be. So slices grow by so much while they come to their end,
	 * halve when one doesn't, and rest for so many times what the commit took: few of the others meet one. */
	WRITER_CROWD_MS = 250,
	WRITER_SLICE_BYTES = 32 * 1024,
	WRITER_REST_TIMES = 4,
	WRITER_REST_MOST_MS = 8,
	/* When the others have taken as long as so many of their groups do while bulk waits, it neither rests nor makes way
	 * for once, and is at work for as long as so many of them: it goes on beside clerks who never cease, however slow the
	 * disk. */
	WRITER_SHARE_TIMES = 10,
	WRITER_SLICE_TIMES = 2,
};

struct job {
	struct st_job work;
	size_t bytes;                 /* what it keeps in memory while it waits, about */
	bool patient;                 /* a neighbour's: no person waits for it */
	bool prompt;                  /* a neighbour's that is as urgent as a person's: bulk makes way for it */
	bool bulk;                    /* of a backlog: in turn with all that isn't, in transactions of its own */
	void (*done)(struct job *j);  /* on the loop; work.rc is set. May free j */
	void *arg;
	struct job *next;
};

struct writer;
/* Told once for each group that was committed (rc 0) or not, before the jobs' done. */
typedef void writer_applied_fn(void *arg, int rc, const struct st_applied *applied);
struct writer_conf {
	uv_loop_t *loop;
	struct st_store *store;
	const struct st_keys *keys;
	writer_applied_fn *applied;
	void *arg;
};
ST_MUST int writer_open(const struct writer_conf *conf, struct writer **ret_w);
/* ST_EBUSY: too much waits already; the caller still owns j. */
ST_MUST int writer_submit(struct writer *w, struct job *j);
/* Lets the group at work end (or give way), answers what still waits with ST_EBUSY, and joins the thread. The
 * handle closes on the loop's next turns. */
void writer_close(struct writer *w);
uint64_t writer_groups(const struct writer *w); /* finished so far: the watchdog looks whether it moves */
bool writer_idle(const struct writer *w);
