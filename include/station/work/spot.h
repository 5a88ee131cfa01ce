/* spot.h - which station a place belongs to, as a person or a form names the place. */
#pragma once
#include <station/store/stations.h>

/* Any may be empty. code: a division's, of 6, 9 or 12 digits, or a station's own. */
struct st_spot {
	struct st_span code, county, town;
};
enum { ST_SPOT_NAME_MAX = 120 };
/* The most specific enrolled station that has this place: by code, the township's, else its
 * county's; by names, the base station whose name has the town's (below the county's station where
 * a county is given), else the county's. Where nothing fits, or several fit as well, it is not
 * guessed: the county's, or `self`. Specialty stations are for an industry, not a place, so only
 * their code names them. */
ST_MUST int st_spot_station(struct st_txn *t, const struct st_spot *spot, uint32_t self,
			    struct st_station *ret_s);
