/* blind.h - the same reporter found again, without his telephone or identity number in clear.
 * A blind index is a part beside the event that brought the private fields: for each field of the
 * kind that is flagged ST_FIND, one byte that says which and ST_BLIND_SIZE bytes of trust/part.h's
 * keyed hash of its value in one form. It stays in the store of the station that wrote it and can
 * be erased like any part. */
#pragma once
#include <station/trust/part.h>
#include <station/work/kind.h>

enum { ST_BLIND_ENTRY = 1 + ST_BLIND_SIZE, ST_BLINDS_MAX = 8 };
enum { ST_BLIND_PHONE = 1, ST_BLIND_IDENTITY = 2 }; /* the byte: in parts for ever */

/* One entry for a value. False: it has no form by which it could be found (a telephone of fewer
 * than 7 digits). */
bool st_blind_of(const struct st_box_key *grant, uint8_t what, struct st_span value,
		 uint8_t ret_entry[ST_BLIND_ENTRY]);
/* Entries of those fields that are to be found; nothing, where there are none. ST_ENOMEM. */
ST_MUST int st_blinds_put(const struct st_box_key *grant, const struct st_kind *kind,
			  const struct st_field *fields, size_t count, struct st_buf *to);
/* Whether two indexes (whole entries, others are left out) have one in common. */
bool st_blinds_meet(struct st_span a, struct st_span b);
