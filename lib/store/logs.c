/* logs.c - logs and their numbers.
 *
 * Owns:    the keys of the table logs (log_rows.h); a log's size, frontier and checkpoint marks; (station, epoch) ->
 *          number.
 * Flow:    apply -> logs -> blocks, tree, checkpoints */
#include <station/store/logs.h>
#include <string.h>
#include <station/base/check.h>
#include <station/store/stations.h>
#include "log_rows.h"

/* key 1 | number u32              -> station u32 | epoch u32 | bytes u64 | signed u64 | kept u64 |
 *                                    kept bytes u64 | refill u64 | closed u8 | size u64 | frontier
 * key 2 | station u32 | epoch u32 -> number u32 */
enum { BY_NUMBER = 1, BY_STATION = 2, FIXED = 57, NUMBER_KEY = 5 };
_Static_assert(4 + 4 + 5 * 8 + 1 + 8 == FIXED, "where the frontier begins");
_Static_assert(sizeof(struct st_hash) == ST_HASH_SIZE, "a frontier is copied whole");

struct key log_row_key(uint32_t number, enum log_row row)
{
	struct key k = key_new();
	key_u8(&k, BY_NUMBER);
	key_u32(&k, number);
	if (row != LOG_ITSELF)
		key_u8(&k, (uint8_t)row);
	return k;
}

static struct key station_key(uint32_t station, uint32_t epoch)
{
	struct key k = key_new();
	key_u8(&k, BY_STATION);
	key_u32(&k, station);
	key_u32(&k, epoch);
	return k;
}

static int decode(uint32_t number, struct st_span row, struct st_log *log)
{
	struct st_reader r = st_reader(row);
	memset(log, 0, sizeof(*log));
	log->number = number;
	log->station = st_read_u32(&r);
	log->epoch = st_read_u32(&r);
	log->bytes = st_read_u64(&r);
	log->signed_size = st_read_u64(&r);
	log->kept_size = st_read_u64(&r);
	log->kept_bytes = st_read_u64(&r);
	log->refill_size = st_read_u64(&r);
	log->closed = st_read_u8(&r) != 0;
	log->tree.size = st_read_u64(&r);
	size_t nodes = (size_t)__builtin_popcountll(log->tree.size);
	(void)st_read_copy(&r, log->tree.nodes, nodes * ST_HASH_SIZE);
	bool sound = st_reader_done(&r) && number > 0 && log->station > 0 && log->epoch > 0 &&
		     log->signed_size <= log->tree.size && log->kept_size <= log->signed_size;
	return sound ? 0 : ST_ECORRUPT;
}

int st_log_get(struct st_txn *t, uint32_t number, struct st_log *ret_log)
{
	struct key k = log_row_key(number, LOG_ITSELF);
	struct st_span row;
	int rc = kv_get(t, TABLE_LOGS, key_span(&k), &row);
	return rc < 0 ? rc : decode(number, row, ret_log);
}

int st_log_put(struct st_txn *t, const struct st_log *log)
{
	struct key k = log_row_key(log->number, LOG_ITSELF);
	size_t nodes = (size_t)__builtin_popcountll(log->tree.size);
	uint8_t *p = NULL;
	st_assert(log->signed_size <= log->tree.size);
	ST_REQUIRE(log->number > 0);
	st_assert(log->station > 0);
	st_assert(log->epoch > 0); /* decode refuses all that isn't so */
	st_assert(log->kept_size <= log->signed_size);
	int rc = kv_reserve(t, TABLE_LOGS, key_span(&k), FIXED + nodes * ST_HASH_SIZE, &p);
	if (rc < 0)
		return rc;
	st_put_u32(p, log->station);
	st_put_u32(p + 4, log->epoch);
	st_put_u64(p + 8, log->bytes);
	st_put_u64(p + 16, log->signed_size);
	st_put_u64(p + 24, log->kept_size);
	st_put_u64(p + 32, log->kept_bytes);
	st_put_u64(p + 40, log->refill_size);
	p[48] = log->closed;
	st_put_u64(p + 49, log->tree.size);
	memcpy(p + FIXED, log->tree.nodes, nodes * ST_HASH_SIZE);
	return 0;
}

int st_log_find(struct st_txn *t, uint32_t station, uint32_t epoch, struct st_log *ret_log)
{
	struct key k = station_key(station, epoch);
	struct st_span row;
	int rc = kv_get(t, TABLE_LOGS, key_span(&k), &row);
	if (rc < 0)
		return rc;
	if (row.size != 4)
		return ST_ECORRUPT;
	rc = st_log_get(t, st_get_u32(row.data), ret_log);
	return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
}

int st_log_create(struct st_txn *t, uint32_t station, uint32_t epoch, struct st_log *ret_log)
{
	static const uint8_t prefix = BY_NUMBER;
	struct key k = log_row_key(UINT32_MAX, LOG_ITSELF);
	struct st_log log;
	struct kv_row row;
	uint8_t value[4];
	ST_REQUIRE(station > 0);
	ST_REQUIRE(epoch > 0);
	int rc = st_log_find(t, station, epoch, &log);
	if (rc != ST_ENOTFOUND)
		return rc < 0 ? rc : ST_EEXIST;
	memset(&log, 0, sizeof(log));
	log.station = station;
	log.epoch = epoch;
	log.number = 1;
	rc = kv_at_most(t, TABLE_LOGS, key_span(&k), st_span(&prefix, 1), &row);
	if (rc < 0 && rc != ST_ENOTFOUND)
		return rc;
	if (rc == 0) {
		if (row.key.size < NUMBER_KEY || st_get_u32(row.key.data + 1) == UINT32_MAX)
			return ST_ECORRUPT;
		log.number = st_get_u32(row.key.data + 1) + 1;
	}
	st_put_u32(value, log.number);
	k = station_key(station, epoch);
	rc = kv_put(t, TABLE_LOGS, key_span(&k), ST_SPAN(value));
	if (rc == 0)
		rc = st_log_put(t, &log);
	if (rc == 0)
		*ret_log = log;
	return rc;
}

/* Seeks: what stands beside the logs, their newest events among it, isn't looked at. */
int log_next(struct st_txn *t, uint32_t *number)
{
	static const uint8_t prefix = BY_NUMBER;
	struct kv_row row;
	int rc = 0;
	do {
		struct key k = log_row_key(*number, LOG_ITSELF);
		rc = kv_at_least(t, TABLE_LOGS, key_span(&k), st_span(&prefix, 1), &row);
		if (rc < 0)
			return rc;
		if (row.key.size < NUMBER_KEY)
			return ST_ECORRUPT;
		*number = st_get_u32(row.key.data + 1) + (row.key.size > NUMBER_KEY); /* its own row is lost */
	} while (row.key.size > NUMBER_KEY && *number != 0);
	return *number != 0 ? 0 : ST_ENOTFOUND;
}

int st_log_each(struct st_txn *t, st_log_fn *fn, void *arg)
{
	ST_REQUIRE(fn != NULL);
	struct st_log log;
	uint32_t number = 1;
	int rc = 0;
	for (; rc == 0 && number != 0; number++) {
		rc = log_next(t, &number);
		if (rc < 0)
			return rc == ST_ENOTFOUND ? 0 : rc;
		rc = st_log_get(t, number, &log);
		if (rc == 0)
			rc = fn(t, &log, arg);
	}
	return rc;
}

int st_log_id(struct st_txn *t, const struct st_log *log, struct st_log_id *ret_id)
{
	ret_id->epoch = log->epoch;
	int rc = st_station_code(t, log->station, &ret_id->station);
	return rc == ST_ENOTFOUND ? ST_ECORRUPT : rc;
}

int st_log_newest(struct st_txn *t, uint32_t station, struct st_log *ret_log)
{
	struct key last = station_key(station, UINT32_MAX);
	struct kv_row row;
	int rc = kv_at_most(t, TABLE_LOGS, key_span(&last), st_span(last.bytes, 5), &row);
	if (rc < 0)
		return rc;
	if (row.value.size != 4)
		return ST_ECORRUPT;
	return st_log_get(t, st_get_u32(row.value.data), ret_log);
}
