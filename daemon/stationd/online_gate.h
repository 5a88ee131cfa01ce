/* online_gate.h - between the online listener (online.c) and its gate (online_gate.c). */
#pragma once
#include "online.h"

enum { ONLINE_ADDRESS_SETS = 256, ONLINE_ADDRESS_WAYS = 4 };

struct online_address {
	uint8_t bytes[16]; /* of IPv6 its first 8: one customer's */
	uint64_t used;
	struct st_rate messages, lookups;
};

struct online {
	struct station *station;
	struct api *api;
	struct hooks *hooks;
	struct online_tokens tokens;
	struct online_address addresses[ONLINE_ADDRESS_SETS][ONLINE_ADDRESS_WAYS];
	uint64_t turns, requests, taken, refused, unknown_tokens, limited;
	char why[ONLINE_WHY_MAX];
	bool hooks_unsaid; /* the store doesn't know yet whether results are to be told */
};

void online_gate(struct request *q);      /* the head is here: it may answer */
void online_answering(struct request *q); /* an answer is about to leave */
