/* kind_deputy.c - the deputy, 代表: who he is, where he serves, and his card.
 *
 * Owns:    this table. One person is one record, however many levels he sits at; the archive is
 *          derived from other kinds by his code and never typed.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice sexes[] = {
	{ 1, "male", "男", "male" },
	{ 2, "female", "女", "female" },
	{ 0, NULL, NULL, NULL },
};

enum { SERVING = 1, SUSPENDED, LEFT };
enum { REMARK = ST_F_OWN, DEPUTY, NAME, SEX, LEVELS, POST, CONSTITUENCY, STATION, DELEGATION, PARTY, NATION,
       PUBLIC_PHONE, PUBLIC_DAYS, PHOTO, QR, TERM, SINCE, HONOURS, ON, PHONE = 64, ADDRESS, BORN,
       IDENTITY_NUMBER };

static const struct st_field_row fields[] = {
	CATEGORY,
	DEPUTY_CODE(DEPUTY, "deputy", "代表编号", "the deputy's code", ST_ONCE),
	FACT(NAME, "name", 120, "姓名", "name", 0),
	CHOICE(SEX, "sex", sexes, "性别", "sex", 0),
	CHOICE(LEVELS, "levels", choice_deputy_levels, "哪几级代表", "levels",
	       ST_MANY | ST_ANEW | ST_INDEXED | ST_TALLIED),
	FACT(POST, "post", 240, "单位及职务", "unit and post", 0),
	FACT(CONSTITUENCY, "constituency", 240, "选区或选举单位", "constituency", 0),
	CODE(STATION, "station", "所在联络站", "station", ST_INDEXED),
	FACT(DELEGATION, "delegation", 120, "代表团或小组", "delegation or group", 0),
	FACT(PARTY, "party", 60, "党派", "party", 0),
	FACT(NATION, "nation", 60, "民族", "nationality", 0),
	FACT(PUBLIC_PHONE, "public_phone", 40, "公开电话", "phone for citizens", 0),
	FACT(PUBLIC_DAYS, "public_days", 240, "接待时间", "when he receives", 0),
	FACT(TERM, "term", 120, "届", "term of the congress", 0),
	DAY(SINCE, "since", "任职日期", "deputy since", 0),
	DAY(ON, "on", "日期", "day", 0),
	HASH(PHOTO, "photo", "照片 (SHA-256)", "photo (SHA-256)"),
	FACT(QR, "qr", 300, "联系卡二维码内容", "what the card's QR code says", 0),
	LONG(HONOURS, "honours", 2000, "荣誉", "honours"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	LONG(ST_F_TEXT, "text", 8000, "简介", "about"),
	EVERY_KIND,
	PRIVATE(PHONE, "phone", 40, "电话", "phone", 0),
	PRIVATE(ADDRESS, "address", 300, "住址", "address", 0),
	PRIVATE(BORN, "born", 20, "出生日期", "born", 0),
	IDENTITY(IDENTITY_NUMBER, "identity", "身份证号", "identity number"),
};

static const struct st_state_row states[] = {
	{ SERVING, "serving", ST_OPEN, "履职", "serving" },
	{ SUSPENDED, "suspended", ST_OPEN, "暂停履职", "suspended" },
	{ LEFT, "left", ST_ENDED, "离任", "left" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "enter", FROM(0), SERVING, NEEDS(DEPUTY, NAME, LEVELS), "登记", "enter",
	     "--deputy D-17 --name 李某 --levels city --levels county --constituency 第三选区 "
	     "--public_phone 0392-3330000"),
	MOVE(2, "amend", FROM(SERVING, SUSPENDED), 0, NEEDS(0), "更新", "amend", "--post 某村支部书记"),
	MOVE(3, "assign", FROM(SERVING, SUSPENDED), 0, NEEDS(STATION), "编入联络站", "assign to a station",
	     "--station 410611003"),
	MOVE(4, "honour", FROM(ST_FROM_ANY), 0, NEEDS(HONOURS, ON), "记荣誉", "record an honour",
	     "--honours 市优秀代表 --on 2026-07-01"),
	MOVE(5, "suspend", FROM(SERVING), SUSPENDED, NEEDS(ST_F_REASON), "暂停履职", "suspend", "--reason 经许可"),
	MOVE(6, "resume", FROM(SUSPENDED), SERVING, NEEDS(ST_F_REASON), "恢复履职", "resume", "--reason 经许可"),
	MOVE(7, "leave", FROM(SERVING, SUSPENDED), LEFT, NEEDS(ST_F_REASON), "离任", "leave", "--reason 届满"),
	MOVE(8, "return", FROM(LEFT), SERVING, NEEDS(LEVELS), "再次当选", "return", "--levels city"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_deputy = { KIND(deputy, "代表", "deputy"), .entered = DEPUTY };
