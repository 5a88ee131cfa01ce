/* invite.h - the one pasted string by which a station joins: "stationd1." and base64url of the
 * parent's address, its transport key, the fingerprint of the city's root key, the child's code and
 * a one-time secret with its expiry, closed by a 4-byte checksum, so a cut or mistyped string is told from a
 * refused one. The secret is the seed of the CURVE key under which the joining station may say one
 * thing only: who it is. */
#pragma once
#include <station/base/code.h>
#include <station/trust/hash.h>
#include <station/trust/key.h>

enum { ST_ADDRESS_MAX = 128, ST_PORT_ROOM = 6, ST_INVITE_TEXT_MAX = 512 };

/* A station's address, tcp://HOST:PORT, in its two halves; of [v6] what stands between. ST_EADDRESS: nobody could be
 * reached there. That a text is an address is asked here, too, so what is accepted is what is dialled. */
ST_MUST int st_address_split(const char *address, char ret_host[ST_ADDRESS_MAX + 1], char ret_port[ST_PORT_ROOM]);

struct st_invite {
	char address[ST_ADDRESS_MAX + 1]; /* as its writer gave it: any text */
	struct st_public_key parent_transport;
	struct st_hash root_fingerprint; /* SHA-256("stationd/root/v1\n" || root public key) */
	struct st_code parent, child;
	uint8_t secret[ST_SEED_SIZE];
	int64_t expires_ms;
};

struct st_hash st_root_fingerprint(const struct st_public_key *root);
void st_invite_encode(const struct st_invite *i, struct st_buf *to); /* text; a secret */
/* ST_EWIRE: cut, mistyped or not an invite. White space around and inside is passed over. */
ST_MUST int st_invite_decode(struct st_span text, struct st_invite *ret_i);
/* The transport key that the secret stands for. */
void st_invite_key(const struct st_invite *i, struct st_box_key *ret_key);
