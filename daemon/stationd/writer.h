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
	/* Where others have come of late it goes in slices, and rests after each: for so many times what it took, so that
	 * hardly any of the others meets one's commit, and not for long. A slice takes twice as long as a group of the
	 * others, so half of it is the commit, however slow the disk; and it has so many bytes at least. */
	WRITER_CROWD_MS = 250,
	WRITER_SLICE_BYTES = 32 * 1024,
	WRITER_SLICE_TIMES = 2,
	WRITER_REST_TIMES = 15,
	WRITER_REST_MOST_MS = 100,
	/* What comes while bulk is at work doesn't wait for it: bulk gives its turn up, or its transaction (but not its
	 * commit), and comes behind that. Bulk that hasn't come to an end of one for so long neither rests nor makes way:
	 * beside clerks who never cease it goes on, if slowly. */
	WRITER_PATIENCE_MS = 250,
};

struct job {
	struct st_job work;
	size_t bytes;                 /* what it keeps in memory while it waits, about */
	bool patient;                 /* a neighbour's: no person waits for it */
	bool prompt;                  /* a neighbour's that is as urgent as a person's: bulk makes way for it */
	bool bulk;                    /* of a backlog: in turn with all that isn't, in transactions of its own */
	void (*done)(struct job *j);  /* on the loop; work.rc is set. May free j */
	void *arg;
	uint64_t since_ns; /* monotonic: when it was submitted */
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
