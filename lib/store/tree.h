/* tree.h - a log's stored nodes, for the sources of lib/store. */
#pragma once
#include <station/store/logs.h>

/* Adds leaves to log->tree and writes the nodes of every fourth level that they complete. */
int tree_append(struct st_txn *t, struct st_log *log, const struct st_hash *leaves, size_t count);
