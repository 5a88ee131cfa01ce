/* choices.c - answers that the tables of several kinds share.
 *
 * Owns:    these lists. Numbers are in events for ever.
 * Flow:    table -> command, fold, ask */
#include "kinds.h"

const struct st_choice choice_yes_no[] = {
	{ CHOICE_NO, "no", "否", "no" },
	{ CHOICE_YES, "yes", "是", "yes" },
	{ 0, NULL, NULL, NULL },
};
const struct st_choice choice_ratings[] = {
	{ 1, "satisfied", "满意", "satisfied" },
	{ 2, "basically", "基本满意", "basically satisfied" },
	{ 3, "unsatisfied", "不满意", "not satisfied" },
	{ 9, "unrated", "未评价", "not rated" },
	{ 0, NULL, NULL, NULL },
};
const struct st_choice choice_told_how[] = {
	{ 1, "person", "当面", "in person" },
	{ 2, "phone", "电话", "by phone" },
	{ 3, "letter", "书面", "in writing" },
	{ 4, "online", "网上", "online" },
	{ CHOICE_UNREACHABLE, "unreachable", "三次联系不上", "not reached in three attempts" },
	{ 9, "unrecorded", "未记载", "not recorded" },
	{ 0, NULL, NULL, NULL },
};
const struct st_choice choice_tiers[] = {
	{ 1, "main", "市总站", "main" },
	{ 2, "branch", "县区分站", "branch" },
	{ 3, "base", "乡镇街道基站", "base" },
	{ 4, "specialty", "行业专业站", "specialty" },
	{ 0, NULL, NULL, NULL },
};
const struct st_choice choice_deputy_levels[] = {
	{ 1, "national", "全国", "national" },
	{ 2, "province", "省", "province" },
	{ 3, "city", "市", "city" },
	{ 4, "county", "县区", "county" },
	{ 5, "town", "乡镇", "town" },
	{ 0, NULL, NULL, NULL },
};
