/* kind_supervision.c - supervision, 督办: a notice of a station above with a deadline, answered by whom it is
 * for, and closed by its writer.
 *
 * Owns:    this table. A notice is with whoever has to act: it goes down, comes back answered, and may go again.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice levels[] = {
	{ 1, "ordinary", "一般督办", "ordinary" },
	{ 2, "key", "重点督办", "key" },
	{ 0, NULL, NULL, NULL },
};
enum { LEVEL_KEY = 2 };

enum { ISSUED = 1, ANSWERED, CLOSED };
enum { REMARK = ST_F_OWN, ABOUT, SUPERVISORS };

static const struct st_field_row fields[] = {
	CHOICE(ST_F_CHANNEL, "level", levels, "级别", "level", ST_ONCE),
	TO,
	DUE_DAYS,
	LINK(ABOUT, "about", 0, "所督事项", "the record that it is about", ST_ONCE | ST_INDEXED),
	FACT(SUPERVISORS, "supervisors", 80, "督办人", "who supervises", ST_MANY),
	LINE(ST_F_TITLE, "title", 300, "标题", "title"),
	LONG(ST_F_TEXT, "text", 8000, "督办要求", "what is asked"),
	LONG(ST_F_REPLY, "reply", 12000, "答复", "answer"),
	LONG(ST_F_REASON, "reason", 4000, "理由", "reason"),
	EVERY_KIND,
};

static const struct st_state_row states[] = {
	{ ISSUED, "issued", ST_OPEN, "已发出", "issued" },
	{ ANSWERED, "answered", ST_OPEN, "已答复", "answered" },
	{ CLOSED, "closed", ST_ENDED, "已办结", "closed" },
};

static const struct st_move_row moves[] = {
	MOVE_GIVE(1, "issue", FROM(0), ISSUED, ST_BY_ABOVE, NEEDS(ST_F_TO, ST_F_CHANNEL, ST_F_DUE_DAY, ST_F_TITLE),
		  "发出督办", "issue a notice",
		  "--to 410611003 --level key --due 2026-12-10 --title 河道垃圾限期清理 --supervisors 市人大常委会 "
		  "--about NUMBER"),
	MOVE_BACK(2, "answer", FROM(ISSUED), ANSWERED, NEEDS(ST_F_REPLY), "答复督办", "answer it",
		  "--reply 已于12月5日清理完毕"),
	MOVE_GIVE(3, "again", FROM(ANSWERED), ISSUED, ST_BY_HOLDER, NEEDS(ST_F_TO, ST_F_REASON), "退回再办",
		  "send it back", "--to 410611003 --reason 下游仍有垃圾"),
	MOVE(4, "close", FROM(ANSWERED), CLOSED, NEEDS(0), "办结", "close", ""),
	MOVE_HAND(5, "reassign", FROM(ISSUED), ST_BY_ABOVE, "改派 (由上级站)", "name another, from above"),
};

static const struct st_when whens[] = {
	{ ST_F_CHANNEL, LEVEL_KEY, SUPERVISORS, 1, NULL },
};

const struct st_kind kind_supervision = {
	KIND(supervision, "督办", "supervision"),
	.whens = whens,
	.when_count = sizeof(whens) / sizeof(whens[0]),
};
