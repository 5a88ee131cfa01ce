/* say.h - the log: one line a message, in the configured language, to the journal or to stderr.
 * The only globals of the program: level and language, set once before threads start. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "messages.h"

void say_setup(enum level most, enum st_lang lang, const char *station);
void say_station(const char *station);
/* Arguments may be NULL from the first unused on. */
void say(enum message m, const char *a, const char *b, const char *c);
enum st_lang say_lang(void);

/* Says a message at most once a key and interval; further ones are counted into the next line. */
enum { SAY_OFTEN_MS = 60 * 1000, SAY_KEYS = 256 };
void say_seldom(uint64_t now_ms, enum message m, const char *a, const char *b, const char *c);
