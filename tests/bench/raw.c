/* raw.c - what this machine can do at most, on the same disk and with the store's own flags.
 *
 *   raw commits DIR N   one append of an event's size a commit, each synced
 *   raw lone DIR N MS   the same, each after a pause, as lone events come: disk and processor have gone to rest
 *   raw bulk DIR N      hash and append in commits of 4,096 events, each synced
 *   raw json: {"per_s", "p50_us", "p99_us"}; bulk answers per_s alone
 *
 * Owns:    the environment that it makes in DIR, and removes.
 * Flow:    bench.py -> raw -> LMDB */
#include <lmdb.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENT_BYTES = 110, BULK_EVENTS = 4096, COUNT_MAX = 10 * 1000 * 1000, PAUSE_MS_MAX = 1000 };

struct raw {
	MDB_env *env;
	MDB_dbi table;
	uint64_t next;
	uint8_t event[EVENT_BYTES];
	const char *directory;
};

static void must(int rc, const char *what)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "raw: %s: %s\n", what, mdb_strerror(rc));
	exit(1);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void open_env(struct raw *r)
{
	MDB_txn *txn = NULL;
	must(mdb_env_create(&r->env), "create");
	must(mdb_env_set_mapsize(r->env, (size_t)4 << 30), "map");
	must(mdb_env_open(r->env, r->directory, MDB_NOTLS, 0600), "open");
	must(mdb_txn_begin(r->env, NULL, 0, &txn), "begin");
	must(mdb_dbi_open(txn, NULL, 0, &r->table), "table");
	must(mdb_txn_commit(txn), "commit");
}

static void close_env(struct raw *r)
{
	static const char *const names[] = { "data.mdb", "lock.mdb" };
	char path[4096];
	mdb_env_close(r->env);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", r->directory, names[i]);
		(void)unlink(path);
	}
}

static void append(struct raw *r, MDB_txn *txn)
{
	uint8_t key[8];
	for (int i = 0; i < 8; i++)
		key[i] = (uint8_t)(r->next >> (56 - 8 * i));
	MDB_val k = { sizeof(key), key }, v = { sizeof(r->event), r->event };
	memcpy(r->event, key, sizeof(key));
	must(mdb_put(txn, r->table, &k, &v, MDB_APPEND), "put");
	r->next++;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void commits(struct raw *r, size_t n, long pause_ms)
{
	struct timespec pause = { .tv_nsec = pause_ms * 1000000 };
	double *took = calloc(n, sizeof(*took)), begun = now_s();
	if (took == NULL)
		exit(1);
	for (size_t i = 0; i < n; i++) {
		MDB_txn *txn = NULL;
		if (pause_ms > 0)
			(void)nanosleep(&pause, NULL);
		double from = now_s();
		must(mdb_txn_begin(r->env, NULL, 0, &txn), "begin");
		append(r, txn);
		must(mdb_txn_commit(txn), "commit");
		took[i] = now_s() - from;
	}
	double all = now_s() - begun;
	qsort(took, n, sizeof(*took), by_size);
	printf("{\"per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", (double)n / all,
	       took[n / 2] * 1e6, took[n * 99 / 100] * 1e6);
	free(took);
}

static void bulk(struct raw *r, size_t n)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	double begun = now_s();
	for (size_t done = 0; done < n;) {
		MDB_txn *txn = NULL;
		must(mdb_txn_begin(r->env, NULL, 0, &txn), "begin");
		for (size_t i = 0; i < BULK_EVENTS && done < n; i++, done++) {
			append(r, txn);
			if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
			    EVP_DigestUpdate(context, r->event, sizeof(r->event)) != 1 ||
			    EVP_DigestFinal_ex(context, hash, &size) != 1)
				exit(1);
		}
		must(mdb_txn_commit(txn), "commit");
	}
	printf("{\"per_s\":%.1f}\n", (double)n / (now_s() - begun));
	EVP_MD_CTX_free(context);
}

int main(int argc, char **argv)
{
	struct raw r = { .env = NULL };
	size_t n = argc >= 4 ? strtoull(argv[3], NULL, 10) : 0;
	bool lone = argc == 5 && strcmp(argv[1], "lone") == 0;
	long pause_ms = lone ? strtol(argv[4], NULL, 10) : 0;
	if (n == 0 || n > COUNT_MAX || pause_ms < 0 || pause_ms >= PAUSE_MS_MAX ||
	    (!lone && (argc != 4 || (strcmp(argv[1], "commits") != 0 && strcmp(argv[1], "bulk") != 0)))) {
		(void)fprintf(stderr, "usage: raw commits|bulk DIR N, or raw lone DIR N MS\n");
		return 2;
	}
	r.directory = argv[2];
	for (size_t i = 0; i < sizeof(r.event); i++)
		r.event[i] = (uint8_t)(i * 37);
	open_env(&r);
	if (strcmp(argv[1], "bulk") == 0)
		bulk(&r, n);
	else
		commits(&r, n, pause_ms);
	close_env(&r);
	return 0;
}
