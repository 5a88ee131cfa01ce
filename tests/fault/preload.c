/* preload.c - one failing call in a daemon under test, chosen from outside: loaded with LD_PRELOAD, it
 * counts from SIGUSR2 on, and the FAULT_N-th call of FAULT_CALL (memory, commit, sync, write) fails. At the end it
 * writes to FAULT_TOLD how many calls there were, and whether one failed. With FAULT_SYNC_MS each sync takes so much
 * longer, from the start. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <lmdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

enum call { NONE, MEMORY, COMMIT, SYNC, WRITE };
static enum call chosen;
static atomic_bool counting, fired;
static atomic_long calls;
static long fail_at, sync_ms;
static const char *told;

static void start_counting(int number)
{
	(void)number;
	atomic_store(&counting, true);
}

__attribute__((constructor)) static void begin(void)
{
	static const char *const names[] = { "", "memory", "commit", "sync", "write" };
	const char *call = getenv("FAULT_CALL"), *n = getenv("FAULT_N");
	for (int i = MEMORY; call != NULL && i <= WRITE; i++)
		if (strcmp(call, names[i]) == 0)
			chosen = (enum call)i;
	fail_at = n == NULL ? 0 : atol(n);
	told = getenv("FAULT_TOLD");
	const char *ms = getenv("FAULT_SYNC_MS");
	sync_ms = ms == NULL ? 0 : atol(ms);
	(void)signal(SIGUSR2, start_counting);
}

__attribute__((destructor)) static void end(void)
{
	atomic_store(&counting, false);
	FILE *f = told == NULL ? NULL : fopen(told, "w");
	if (f == NULL)
		return;
	(void)fprintf(f, "%ld %d\n", atomic_load(&calls), (int)atomic_load(&fired));
	(void)fclose(f);
}

static bool fails(enum call call)
{
	if (call != chosen || !atomic_load(&counting))
		return false;
	if (atomic_fetch_add(&calls, 1) + 1 != fail_at)
		return false;
	atomic_store(&fired, true);
	if (getenv("FAULT_SHOW") != NULL) {
		void *stack[32];
		backtrace_symbols_fd(stack, backtrace(stack, 32), STDERR_FILENO);
	}
	return true;
}

void *malloc(size_t size)
{
	return fails(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(MEMORY) ? NULL : __libc_realloc(p, size);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int mdb_txn_commit(MDB_txn *txn)
{
	if (fails(COMMIT)) {
		mdb_txn_abort(txn);
		return EIO;
	}
	return NEXT(mdb_txn_commit)(txn);
}

int fdatasync(int fd)
{
	struct timespec longer = { sync_ms / 1000, sync_ms % 1000 * 1000000 };
	if (sync_ms > 0)
		(void)nanosleep(&longer, NULL);
	if (fails(SYNC)) {
		errno = EIO;
		return -1;
	}
	return NEXT(fdatasync)(fd);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	if (fails(WRITE)) {
		errno = EIO;
		return -1;
	}
	return NEXT(pwrite)(fd, data, size, at);
}
