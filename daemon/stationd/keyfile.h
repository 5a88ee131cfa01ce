/* keyfile.h - this station's secrets, in one file that only its owner can read. */
#pragma once
#include <station/trust/key.h>

/* Reads data_dir/station.key, or draws keys and writes it, synced, at first start. ST_EFIELD: others
 * may read it; ST_EWIRE: not a key file; ST_EIO. */
ST_MUST int keyfile_open(const char *directory, struct st_keys *ret_keys);
