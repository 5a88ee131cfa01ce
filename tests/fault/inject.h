/* inject.h - faults by count: the n-th call of a kind fails, and no other.
 * Linked with -Wl,--wrap for each function named in inject.c, and with LMDB, zstd, protobuf-c and jansson
 * as archives, so that their own allocations and writes count too. */
#pragma once
#include <stdbool.h>

/*      kind     error          what fails */
#define FAULTS(X)                                                                                  \
	X(MEMORY, "memory", "malloc, calloc, realloc, strdup and their like")                      \
	X(READ, "read", "mdb_get, cursors, read transactions: an I/O error")                       \
	X(WRITE, "write", "mdb_put, mdb_del, mdb_drop, write transactions, commit: an I/O error")            \
	X(FULL, "full", "mdb_put, mdb_del, mdb_drop, commit: the map is full")                               \
	X(DISK, "disk", "LMDB's own writes: an I/O error")                                         \
	X(SPACE, "space", "LMDB's own writes: no space left")                                      \
	X(SYNC, "sync", "LMDB's own syncs: an I/O error")
enum fault {
#define X(kind, name, what) FAULT_##kind,
	FAULTS(X)
#undef X
	FAULT_COUNT
};
extern const char *const fault_names[FAULT_COUNT];

void fault_arm(enum fault kind, unsigned n); /* n 0: only counts */
bool fault_disarm(void);                     /* true: it came to it */
const char *fault_where(void);               /* the function that failed */
