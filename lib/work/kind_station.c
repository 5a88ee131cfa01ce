/* kind_station.c - the station's entry, 站点: where it is, when it is open, who serves there, and how
 * it is fitted out.
 *
 * Owns:    this table. That a station exists at all is its certificate's word, not this entry's.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

static const struct st_choice standings[] = {
	{ 1, "ordinary", "普通", "ordinary" },
	{ 2, "model", "示范", "model" },
	{ 0, NULL, NULL, NULL },
};
static const struct st_choice premises[] = {
	{ 1, "own", "独立", "its own" },
	{ 2, "party_centre", "党群服务中心", "party-masses service centre" },
	{ 3, "civilisation_centre", "新时代文明实践中心", "new-era civilisation practice centre" },
	{ 4, "other", "其他共用", "shared otherwise" },
	{ 0, NULL, NULL, NULL },
};

enum { RUNNING = 1, SUSPENDED, CLOSED };
enum { REMARK = ST_F_OWN, CODE_OF, NAME, PARENT, INDUSTRY, ADDRESS, HOURS, HEAD, CONTACTS, PUBLIC_PHONE,
       STANDING, PREMISES, ROOMS, LACKS, DEPUTIES, SCHEDULES, PHOTOS, HEAD_PHONE = 64, CONTACT_PHONES };

static const struct st_field_row fields[] = {
	CODE(CODE_OF, "code", "站码", "code", ST_ONCE | ST_INDEXED),
	FACT(NAME, "name", 120, "站名", "name", 0),
	CHOICE(ST_F_CHANNEL, "tier", choice_tiers, "层级", "tier", 0),
	CODE(PARENT, "parent", "上级站", "parent", 0),
	NAMED(INDUSTRY, "industry", 120, ST_NAMES_INDUSTRY, "行业", "industry", ST_INDEXED | ST_TALLIED),
	FACT(ADDRESS, "address", 300, "地址", "address", 0),
	FACT(HOURS, "hours", 240, "开放时间", "opening hours", 0),
	FACT(HEAD, "head", 120, "站长", "station head", 0),
	FACT(CONTACTS, "contacts", 120, "联络员", "contact persons", ST_MANY),
	FACT(PUBLIC_PHONE, "public_phone", 40, "公开电话", "phone for citizens", 0),
	CHOICE(STANDING, "standing", standings, "普通或示范", "ordinary or model", ST_INDEXED | ST_TALLIED),
	CHOICE(PREMISES, "premises", premises, "场所共用", "premises shared with",
	       ST_MANY | ST_ANEW | ST_INDEXED | ST_TALLIED),
	FACT(ROOMS, "rooms", 120, "已有功能室 (1+N)", "rooms that it has (1+N)", ST_MANY),
	FACT(LACKS, "lacks", 120, "尚缺功能室", "rooms that it lacks", ST_MANY),
	FACT(DEPUTIES, "deputies", 40, "进站代表", "deputies assigned to it", ST_MANY),
	LINK(SCHEDULES, "schedules", KIND_schedule, "四定安排", "its schedules", ST_MANY),
	HASH(PHOTOS, "photos", "照片 (SHA-256)", "photos (SHA-256)"),
	LONG(ST_F_REASON, "reason", 2000, "理由", "reason"),
	LONG(ST_F_TEXT, "text", 8000, "简介", "about"),
	EVERY_KIND,
	PRIVATE(HEAD_PHONE, "head_phone", 40, "站长电话", "the head's phone", 0),
	PRIVATE(CONTACT_PHONES, "contact_phones", 40, "联络员电话", "contact persons' phones", ST_MANY),
};

static const struct st_state_row states[] = {
	{ RUNNING, "running", ST_OPEN, "运行", "running" },
	{ SUSPENDED, "suspended", ST_OPEN, "暂停", "suspended" },
	{ CLOSED, "closed", ST_ENDED, "撤销", "closed" },
};

static const struct st_move_row moves[] = {
	MOVE(1, "enter", FROM(0), RUNNING, NEEDS(CODE_OF, NAME, ST_F_CHANNEL), "登记", "enter",
	     "--code 410611003 --name 黎阳路街道基站 --tier base --parent 410611 --premises party_centre "
	     "--rooms 接待室 --rooms 调解室 --head 赵某 --head_phone 13900000000"),
	MOVE(2, "amend", FROM(RUNNING, SUSPENDED), 0, NEEDS(0), "更新", "amend", "--hours 周一至周五9:00-17:00"),
	MOVE(3, "fit", FROM(RUNNING, SUSPENDED), 0, NEEDS(ROOMS), "登记建设情况", "tell what it is fitted out with",
	     "--rooms 接待室 --rooms 调解室 --lacks 培训室"),
	MOVE(4, "staff", FROM(RUNNING, SUSPENDED), 0, NEEDS(DEPUTIES), "编排进站代表", "assign deputies to it",
	     "--deputies D-17 --deputies D-18"),
	MOVE(5, "award", FROM(RUNNING), 0, NEEDS(STANDING), "评定", "say whether it is a model station",
	     "--standing model"),
	MOVE(6, "suspend", FROM(RUNNING), SUSPENDED, NEEDS(ST_F_REASON), "暂停", "suspend", "--reason 装修"),
	MOVE(7, "resume", FROM(SUSPENDED), RUNNING, NEEDS(0), "恢复", "resume", ""),
	MOVE(8, "close", FROM(RUNNING, SUSPENDED), CLOSED, NEEDS(ST_F_REASON), "撤销", "close", "--reason 区划调整"),
};

_Static_assert(sizeof(moves) / sizeof(moves[0]) < 64, "moves are the bits of a word");
_Static_assert(sizeof(states) / sizeof(states[0]) < ST_FROM_ANY, "no state stands for several");
const struct st_kind kind_station = { KIND(station, "站点", "station"), .entered = CODE_OF };
