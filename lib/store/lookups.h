/* lookups.h - what a transaction has looked up of stations and names, kept within it.
 * Each event names a station and a few names, most often those of the event before. */
#pragma once
#include <station/store/records.h>

enum { LOOKUPS = 16, LOOKUP_TEXT_MAX = 60 };

struct lookups {
	struct lookup_station {
		uint32_t number; /* 0: free */
		struct st_code code;
	} by_code[LOOKUPS], by_number[LOOKUPS];
	struct lookup_name {
		uint16_t number; /* 0: free */
		uint8_t dimension, size;
		uint8_t text[LOOKUP_TEXT_MAX];
	} names[LOOKUPS];
};

struct st_txn;
/* 0 or an empty code: not looked up yet. */
uint32_t lookup_station_number(const struct st_txn *t, const struct st_code *code);
struct st_code lookup_station_code(const struct st_txn *t, uint32_t number);
uint16_t lookup_name(const struct st_txn *t, uint8_t dimension, struct st_span text);
/* The store has it so. */
void lookup_keep_station(struct st_txn *t, uint32_t number, const struct st_code *code);
void lookup_keep_name(struct st_txn *t, uint8_t dimension, struct st_span text, uint16_t number);
void lookups_forget(struct st_txn *t); /* a table was emptied */
