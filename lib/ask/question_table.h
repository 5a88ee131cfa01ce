/* question_table.h - the table of questions: the columns of each, and a row for each in the list at the end.
 * Only question.c includes it. */
#pragma once
#include <station/ask/question.h>

#define COLUMNS(id) static const struct st_question_column columns_##id[]
#define TEXT(name, zh, en) { name, zh, en, ST_ANSWER_TEXT }
#define CODE(name, zh, en) { name, zh, en, ST_ANSWER_CODE }
#define COUNT(name, zh, en) { name, zh, en, ST_ANSWER_COUNT }
#define DAYS(name, zh, en) { name, zh, en, ST_ANSWER_DAYS }
#define SHARE(name, zh, en) { name, zh, en, ST_ANSWER_SHARE }
#define DAY(name, zh, en) { name, zh, en, ST_ANSWER_DAY }
#define TIME(name, zh, en) { name, zh, en, ST_ANSWER_TIME }
#define MONTH(name, zh, en) { name, zh, en, ST_ANSWER_MONTH }
#define NUMBER(name, zh, en) { name, zh, en, ST_ANSWER_NUMBER }
#define BRANCH CODE("code", "代码", "code"), TEXT("branch", "县区", "county")
#define STATION CODE("code", "站码", "code"), TEXT("station", "站点", "station")
#define TIER TEXT("tier", "层级", "tier")
#define DEPUTY                                                                                     \
	CODE("deputy", "代表编号", "deputy"), TEXT("name", "姓名", "name"), STATION
#define OPENED COUNT("opened", "登记", "opened")
#define CLOSED COUNT("closed", "办结", "closed")
#define OPEN_NOW COUNT("open_now", "在办", "open")
#define OVERDUE COUNT("overdue_now", "超期", "overdue")
#define MEDIAN DAYS("days_median", "中位天数", "days p50")
#define P90 DAYS("days_p90", "90%天数", "days p90")

COLUMNS(opened) = { BRANCH, MONTH("month", "月份", "month"), OPENED, CLOSED, OPEN_NOW };
COLUMNS(overdue) = { BRANCH, TEXT("unit", "承办单位", "unit"), OPEN_NOW, OVERDUE,
		     SHARE("overdue_share", "超期占比", "share overdue") };
COLUMNS(focus) = {
	COUNT("focus", "序号", "number"), TEXT("name", "重点事项", "key matter"), OPENED,
	COUNT("registered", "登记中", "registered"), COUNT("accepted", "受理", "accepted"),
	COUNT("assigned", "交办", "assigned"), COUNT("answered", "答复", "answered"),
	COUNT("echoed", "反馈", "echoed"), COUNT("reopened", "重开", "reopened"),
	COUNT("ended", "办结", "closed"), COUNT("refused", "不予受理", "refused"),
	COUNT("merged", "并案", "merged"), COUNT("withdrawn", "撤回", "withdrawn"),
	OVERDUE, MEDIAN, P90,
};
COLUMNS(days) = { TEXT("category", "类别", "category"), CLOSED, MEDIAN, P90 };
COLUMNS(ratings) = {
	TEXT("answer", "答复满意度", "rating of the answer"), COUNT("matters", "件数", "matters"),
	COUNT("satisfied", "结果满意", "result: satisfied"),
	COUNT("basically", "结果基本满意", "result: basically"),
	COUNT("unsatisfied", "结果不满意", "result: not satisfied"),
	COUNT("unrated", "结果未评价", "result: not rated"), COUNT("none", "结果无记录", "result: not told"),
};
COLUMNS(reopened) = { BRANCH, COUNT("matters", "件数", "matters"), COUNT("ended", "已结", "ended"),
		      COUNT("reopened", "重开过", "reopened"), SHARE("share", "重开占比", "share reopened") };
COLUMNS(silent) = { STATION, TIER, TEXT("branch", "县区", "county"),
		    TIME("since", "最近检查点", "newest checkpoint"), DAYS("days", "静默天数", "days silent"),
		    COUNT("events", "已收事件", "events held") };
COLUMNS(no_visit) = { STATION, TIER, TEXT("branch", "县区", "county"),
		      MONTH("last", "最近进站月份", "month of the last visit") };
COLUMNS(schedules) = { STATION, COUNT("schedules", "四定安排", "schedules"), COUNT("planned", "计划", "planned"),
		       COUNT("open", "未到期", "to come"), COUNT("kept", "已落实", "kept"), COUNT("moved", "改期", "moved"),
		       COUNT("missed", "缺失", "missed"), SHARE("share", "落实率", "share kept") };
COLUMNS(leaders) = { STATION, COUNT("schedules", "进站安排", "schedules"), COUNT("planned", "计划", "planned"),
		     COUNT("open", "未到期", "to come"), COUNT("kept", "已落实", "kept"), COUNT("moved", "改期", "moved"),
		     COUNT("missed", "缺失", "missed"), COUNT("visits", "领导进站", "visits of leaders"),
		     COUNT("matters", "接访事项", "matters received by an official") };
COLUMNS(law_services) = {
	TEXT("who", "来访人类别", "who came"), COUNT("visits", "进站", "visits"),
	COUNT("reception", "接待", "reception"), COUNT("law_advice", "法律咨询", "law advice"),
	COUNT("mediation", "调解", "mediation"), COUNT("law_education", "普法宣传", "law education"),
	COUNT("policy", "政策解答", "policy explained"), COUNT("other", "其他服务", "other services"),
};
COLUMNS(no_reception) = { DEPUTY, DAY("last", "最近接待", "last reception") };
COLUMNS(suggestions) = {
	CODE("class", "答复分类", "class"), TEXT("meaning", "含义", "meaning"),
	COUNT("suggestions", "件数", "suggestions"), COUNT("open", "在办", "open"),
	COUNT("ended", "已结", "ended"), COUNT("tracked", "承诺跟踪中", "promises not yet kept"),
	COUNT("past", "超过承诺期限", "past the day promised"),
};
COLUMNS(key_notices) = {
	CODE("number", "编号", "number"), TEXT("title", "标题", "title"),
	CODE("issuer", "发出站", "issuer"), TEXT("issuer_name", "发出站名", "issuer's name"),
	CODE("holder", "在办站", "with"), TEXT("holder_name", "在办站名", "with (name)"),
	TEXT("state", "状态", "state"), DAY("issued", "发出", "issued"), DAY("due", "期限", "due"),
	DAYS("late", "超期天数", "days late"), TEXT("supervisors", "督办人", "supervisors"),
	CODE("about", "所督事项", "about"),
};
COLUMNS(projects) = {
	CODE("number", "编号", "number"), TEXT("title", "项目名称", "title"), TEXT("round", "批次", "round"),
	TEXT("state", "状态", "state"), COUNT("votes", "得票", "votes"),
	COUNT("deputies_present", "到会代表", "deputies present"), TEXT("unit", "承办单位", "unit"),
	COUNT("budget", "预算 (元)", "budget (yuan)"), TEXT("milestones", "节点", "milestones"),
	COUNT("percent", "完成 %", "percent done"), DAY("due", "期限", "due"),
	TEXT("rating", "验收评价", "rating on acceptance"), COUNT("satisfied", "满意票", "satisfied"),
	COUNT("basically", "基本满意票", "basically"), COUNT("unsatisfied", "不满意票", "not satisfied"),
};
COLUMNS(voices) = {
	TEXT("what", "统计", "what"), TEXT("category", "类别", "category"), CODE("number", "编号", "number"),
	TEXT("title", "标题", "title"), CODE("holder", "在办站", "with"), TEXT("station", "在办站名", "with (name)"),
	TEXT("state", "状态", "state"), COUNT("voices", "声音", "voices"), COUNT("matters", "事项", "matters"),
};
COLUMNS(handed_up) = { STATION, TEXT("branch", "县区", "county"), CODE("to", "现在办站", "with"),
		       TEXT("to_station", "现在办站名", "with (name)"), TEXT("way", "方向", "way"),
		       COUNT("matters", "件数", "matters") };
COLUMNS(online) = { TEXT("side", "线上线下", "side"), TEXT("channel", "渠道", "channel"), OPENED,
		    SHARE("share", "占比", "share"), CLOSED, OPEN_NOW, MEDIAN,
		    COUNT("rated", "已评价", "rated"), SHARE("satisfied", "满意率", "satisfied") };
COLUMNS(industries) = { TEXT("industry", "行业", "industry"), COUNT("stations", "专业站", "specialty stations"),
			COUNT("model", "示范站", "model stations"), COUNT("suspended", "暂停", "suspended") };
COLUMNS(premises) = {
	BRANCH, COUNT("stations", "站点", "stations"), COUNT("party_centre", "党群服务中心", "party centre"),
	COUNT("civilisation_centre", "文明实践中心", "civilisation centre"),
	COUNT("other", "其他共用", "shared otherwise"), COUNT("own", "独立", "its own"),
	COUNT("not_said", "未填", "not said"), COUNT("no_entry", "无站点登记", "without an entry"),
	SHARE("share", "与党群中心共用占比", "share with party centres"),
};
COLUMNS(year) = { BRANCH, COUNT("opened_before", "上年登记", "opened last year"),
		  COUNT("opened", "今年登记", "opened this year"), NUMBER("opened_more", "登记增减 %", "opened, % more"),
		  COUNT("closed_before", "上年办结", "closed last year"),
		  COUNT("closed", "今年办结", "closed this year"), NUMBER("closed_more", "办结增减 %", "closed, % more") };
COLUMNS(life) = { TIME("at", "时间", "at"), TEXT("what", "办法", "what"), TEXT("state", "状态", "state"),
		  STATION, TEXT("author", "经办", "by"), TEXT("chain", "链上", "on the chain"),
		  CODE("event", "事件", "event"), TEXT("held_by", "最高存证层级", "held up to"),
		  TEXT("proof", "存证核验", "proof"), CODE("under", "检查点", "checkpoint") };
COLUMNS(trainings) = { DEPUTY, COUNT("trainings", "培训次数", "trainings"), COUNT("hours", "学时", "hours"),
		       DAY("last", "最近培训", "last") };
COLUMNS(ranking) = {
	TIER, COUNT("rank", "名次", "rank"), STATION, NUMBER("points", "总分", "points"),
	SHARE("in_time", "未超期率", "share in time"), NUMBER("in_time_points", "未超期得分", "points for time"),
	SHARE("ended", "办结率", "share ended"), NUMBER("ended_points", "办结得分", "points for ended"),
	SHARE("satisfied", "满意率", "share satisfied"), NUMBER("satisfied_points", "满意得分", "points for satisfied"),
	COUNT("visits", "进站", "visits"), NUMBER("visits_points", "进站得分", "points for visits"),
	SHARE("kept", "四定落实率", "share of schedules kept"), NUMBER("kept_points", "四定得分", "points for schedules"),
	DAYS("silent", "静默天数", "days silent"), NUMBER("silent_points", "在线得分", "points for being heard"),
};

/*      number, name, period, where none is given, Chinese, English, notes */
#define QUESTIONS(X)                                                                               \
	X(1, opened, MONTHS, ALL, "登记、办结、在办 (按县区、月份)",                               \
	  "opened, closed and open now, by county and month",                                      \
	  "登记和在办按登记月份, 办结按办结月份。", "Opened and open now stand in the month of opening, closed in that of ending.") \
	X(2, overdue, NONE, ALL, "超期 (按县区、承办单位)", "overdue by county and unit",          \
	  "各县区先列合计, 再列各承办单位及未交办的。", "First the county's sum, then its units, then what no unit has.") \
	X(3, focus, MONTHS, ALL, "六类重点事项及其办理", "the six key matters and how they move",  \
	  "名称取自城市表 focus; 状态与超期按登记月份, 天数按办结月份。", \
	  "Names are the city's table focus; states and overdue by the month of opening, days by that of ending.") \
	X(4, days, MONTHS, ALL, "办理天数 (按类别)", "days to close, by category",                 \
	  "中位数与 90% 分位按最近秩, 逐件精确。", "Median and 90th percentile by nearest rank, exact.") \
	X(5, ratings, MONTHS, ALL, "答复满意度与结果满意度对照", "rating of the answer against rating of the result", \
	  "时段内已结的事项。", "Matters that ended in the period.")                               \
	X(6, reopened, MONTHS, ALL, "重开占比", "reopened share",                                  \
	  "占时段内登记事项的份额, 在现办站的县区计。", "Of the matters opened in the period, in the holder's county.") \
	X(7, silent, NONE, ALL, "失联站点及时长", "stations not heard from, and since when",       \
	  "一天以上没有新检查点的站; 从未收到的列在最前。", "No new checkpoint for more than a day; those never heard come first.") \
	X(8, no_visit, MONTHS, MONTH, "本月无人进站的站点", "stations with no visit this month",   \
	  "作废的进站记录不计。", "Void visits don't count.")                                      \
	X(9, schedules, DAYS, YEAR, "四定落实、改期、缺失", "schedules kept, moved and missed",    \
	  "按安排和工作日历逐日计; 到期没有落实的计缺失; 落实率不计未到期的; 不写末日计到今天。", \
	  "Each day by its plan and the working days; one that has passed and wasn't met is missed; the share is of those that aren't to come; without an end up to today.") \
	X(10, leaders, MONTHS, YEAR, "领导干部进站与计划对照", "leaders' visits done against plan", \
	  "计划为领导干部进站类四定安排, 按日计。", "The plan is the days of schedules of that type.")                 \
	X(11, law_services, MONTHS, YEAR, "三官两员服务 (按种类)", "services of the five law officials, by kind", \
	  "是哪五类来访人由城市设置 law_officials 定; 作废的不计。", \
	  "Which visitors they are is the city's setting law_officials; void visits don't count.") \
	X(12, no_reception, DAYS, QUARTER, "本季度未接待的代表", "deputies with no reception this quarter", \
	  "接待: 进站记录的接待代表, 或事项的接待代表。", "A reception: a visit or a matter that names the deputy as receiving.") \
	X(13, suggestions, MONTHS, ALL, "代表建议答复分类与未兑现承诺", "suggestions by class of answer, and promises not yet kept", \
	  "时段按提出月份。", "The period is that of raising.")                                    \
	X(14, key_notices, NONE, ALL, "逾期的重点督办", "key supervision notices past their deadline", \
	  "未办结且已过期限的; 发出站或在办站在范围内。", "Not closed and past due; its issuer or its holder is covered.") \
	X(15, projects, NONE, ALL, "民生实事: 票决、节点、验收", "projects: votes, milestones, acceptance", \
	  "列为候选及以后的项目。", "From candidates on.")                                         \
	X(16, voices, MONTHS, ALL, "反映最多的事项", "voices per matter: what is reported most often", \
	  "声音为登记件数, 并案的归入所并事项; 先按类别, 再列声音最多的 20 件。", \
	  "Voices are all that were opened; merged ones are voices of what they joined. By category, then the 20 matters with most.") \
	X(17, handed_up, MONTHS, ALL, "基站移交的去向", "handed on by bases, and where it is now", \
	  "现由他站持有的事项, 按登记站和现持有站。", "Matters that another station holds now, by opener and holder.") \
	X(18, online, MONTHS, ALL, "线上与线下", "online against on site",                          \
	  "线上为网上渠道, 其余为线下。", "Online is the channel of that name, the others are on site.") \
	X(19, industries, NONE, ALL, "专业站 (按行业)", "specialty stations by industry",          \
	  "行业取自站点登记; 没有登记的另列。", "As their entries say; those without one stand apart.") \
	X(20, premises, NONE, ALL, "与党群中心共用场所的站点", "premises shared with party centres", \
	  "一站可共用几处, 各计一次; 占比为共用党群中心的站占全部站。", \
	  "A station that shares with several counts under each; the share is of all stations.")   \
	X(21, year, DAYS, YEAR, "今年与上年同期", "this year against last, to date",               \
	  "至今天为止, 与上年相同日期比; 2月29日比上年28日。", "Up to today, against the same days a year before; of 29 February the 28th.") \
	X(22, life, NONE, ALL, "一件事项的全过程及存证", "the life of one matter, with proofs",    \
	  "逐个事件核验其在签名检查点中的位置。", "Each event's place under a signed checkpoint is verified.") \
	X(23, trainings, DAYS, YEAR, "代表培训", "trainings per deputy",                           \
	  "已开展的学习培训, 按开展日期。", "Trainings that were held, by the day they were held.") \
	X(24, ranking, MONTHS, YEAR, "站点考核排名", "ranking of stations for assessment",         \
	  "同层级站点之间排名, 同分同名次; 各项分值按时段末日有效的城市考核评分表 (assessment), 每项得分自成一列; 市未下发此表则不计分、不排名, 答案下面写明。", \
	  "Among stations of one tier; equal points share a rank. Points are those of the city's table assessment in force at the end of the period; what a line earned has its own column. Where the city has issued none, nobody has points or a rank, and what stands under the answer says so.")
