/* keyfile.h - this station's secrets, in one file that only its owner can read. */
#pragma once
#include <station/trust/key.h>

/* Reads data_dir/station.key, or, where it may, draws keys and writes it, synced. ST_ENOTFOUND: it isn't there, and none may
 * be drawn; ST_EFIELD: others may read it; ST_EWIRE: not a key file; ST_EIO. */
ST_MUST int keyfile_open(const char *directory, bool may_draw, struct st_keys *ret_keys);
