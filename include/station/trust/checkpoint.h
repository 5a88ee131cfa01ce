/* checkpoint.h - what a station states of a log, and how an upper station receipts it.
 * Both are one shape: a C2SP tlog-checkpoint of three lines,
 *     stationd/<code>/<epoch>\n<size>\n<base64 root>\n
 * under a C2SP cosignature/v1 (signature type 0x04, Ed25519 over
 * "cosignature/v1\ntime <unix s>\n" || checkpoint text). The origin signs with key name = origin
 * line, an upper station (a receipt) with key name "stationd/<code>". The wire carries the fields;
 * the note text is for people and other tools. Formats: c2sp.org/tlog-checkpoint,
 * c2sp.org/tlog-cosignature, c2sp.org/signed-note. */
#pragma once
#include <station/base/code.h>
#include <station/trust/hash.h>
#include <station/trust/key.h>

enum { ST_NOTE_MAX = 16 * 1024, ST_KEY_NAME_MAX = 48, ST_NOTE_SIGNATURES_MAX = 16 };

struct st_log_id {
	struct st_code station;
	uint32_t epoch; /* from 1 */
};

struct st_checkpoint {
	struct st_log_id log;
	uint64_t size;
	struct st_hash root;
};

struct st_cosignature {
	uint64_t time_s; /* Unix seconds, the signer's clock: shown, never trusted */
	struct st_signature signature;
};

/* The three lines. */
void st_checkpoint_text(const struct st_checkpoint *c, struct st_buf *to);
void st_cosign(const struct st_checkpoint *c, const struct st_signing_key *key, uint64_t time_s,
	       struct st_cosignature *ret_cosignature);
ST_MUST int st_cosign_verify(const struct st_checkpoint *c, const struct st_public_key *key,
			     const struct st_cosignature *cosignature); /* ST_ESIGNATURE */

/* Key names: of a log's origin, and of a station as a receipt's signer. */
void st_origin_name(const struct st_log_id *log, char ret_name[ST_KEY_NAME_MAX]);
void st_station_key_name(const struct st_code *station, char ret_name[ST_KEY_NAME_MAX]);
/* C2SP vkey: name+hex(key id)+base64(0x04 || public key). */
void st_vkey_text(const char *name, const struct st_public_key *key, struct st_buf *to);

/* A signed note: checkpoint text, an empty line, and one line per signature. */
struct st_note_line {
	char name[ST_KEY_NAME_MAX];
	struct st_public_key key; /* to write: its id goes into the line */
	struct st_cosignature cosignature;
};
void st_note_put(const struct st_checkpoint *c, const struct st_note_line *lines, size_t count,
		 struct st_buf *to);
/* Parses a note and verifies the line of the named key; unknown lines are ignored, a known key whose
 * signature fails refuses the note. ST_EWIRE: not such a note. */
ST_MUST int st_note_open(struct st_span text, const char *name, const struct st_public_key *key,
			 struct st_checkpoint *ret_checkpoint, struct st_cosignature *ret_cosignature);
