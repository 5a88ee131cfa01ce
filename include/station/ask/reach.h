/* reach.h - how far a directive has come, as its writer and every station above its addressee can tell, and why
 * an event was set aside. */
#pragma once
#include <station/event/event.h>
#include <station/store/heard.h>
#include <station/work/record.h>

/*      name           text             Chinese         English */
#define ST_REACHES(X)                                                                              \
	X(SENT, "sent", "已发出", "sent")                                                          \
	X(WAITING, "waiting", "待下级取走", "waits for the child")                                 \
	X(TAKEN, "taken", "下级已取走", "taken by the child")                                      \
	X(DELIVERED, "delivered", "已送达", "delivered")                                           \
	X(SEEN, "seen", "已阅", "seen")                                                            \
	X(DONE, "done", "已办", "done")                                                            \
	X(REPLACED, "replaced", "已改派他站", "given to another")                                  \
	X(UNDELIVERABLE, "undeliverable", "无法送达: 对方已吊销", "undeliverable: revoked")        \
	X(SET_ASIDE, "set_aside", "未采纳", "set aside")
enum st_reach_state {
#define X(name, text, zh, en) ST_REACH_##name,
	ST_REACHES(X)
#undef X
	ST_REACH_COUNT
};
const char *st_reach_text(enum st_reach_state s);

struct st_reach {
	struct st_code to;
	enum st_reach_state state;
	struct st_code child;      /* WAITING, TAKEN: our child on the way to it */
	enum st_stage stage;       /* what the addressee itself has said */
	bool to_us;
	bool revoked;              /* the addressee is; it had it before where the state says so */
	uint64_t delivered_ms, seen_ms; /* its own clock's; 0: not yet */
};
/* Whether its writer still waits for something: a note is done with once it is seen. */
bool st_reach_is_open(const struct st_reach *r, uint32_t type);

/*      name            text           Chinese                      English */
#define ST_ASIDES(X)                                                                               \
	X(NONE, "", "", "")                                                                        \
	X(REASSIGNED, "reassigned", "上级站已另行指定持有站", "a station above had named another holder") \
	X(OTHER_WON, "other_won", "同一事件之后另一事件在先", "another event behind the same one came first") \
	X(NOT_HOLDER, "not_holder", "当时本记录不在其手", "its writer didn't hold the record then") \
	X(NO_POWER, "no_power", "当时无权改派", "its writer couldn't reassign the record then")    \
	X(NO_CHAIN, "no_chain", "所承接的事件不在本记录中", "what it follows is no part of the record")
enum st_aside_why {
#define X(name, text, zh, en) ST_ASIDE_##name,
	ST_ASIDES(X)
#undef X
	ST_ASIDE_COUNT
};
const char *st_aside_text(enum st_aside_why why);
const char *st_aside_words(enum st_aside_why why, enum st_lang lang);

struct st_aside {
	enum st_aside_why why;   /* of the first one that lost, where others follow it */
	struct st_position first; /* that one */
	struct st_position by;   /* the event that won; seq 0: none */
};
