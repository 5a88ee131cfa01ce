"""quarter.py - April to June 2026, week by week, as the demo tells them.

Owns:  which week has what: the branch that is offline, its vote, main's notices; and, when the quarter is
       over, the messages of the city's platform.
"""
import chamber
import stations
from clerk import MINUTE, until
from life import END, WEEKS, week_end
from story import more, say

OFFLINE_WEEK = 6  # 13 to 19 May
# after which week: level, and whether its holder will answer
NOTICES = {4: ("ordinary", True), 5: ("key", True), 7: ("key", False), 8: ("ordinary", True), 9: ("key", False)}
MESSAGES = 16


def live(city, life, plan, names):
    """The three months; the vote that fell into them, and its count where the deputies voted."""
    stations.settle(life, names)
    say("%d 站登记, %d 名代表编入, %d 项四定安排 (节假日顺延 %d 次)" % (life.total("stations"), life.total("deputies"),
        life.total("schedules"), life.total("moved by a holiday")),
        "%d stations, %d deputies and %d fixed schedules are entered (%d days moved by a holiday)" %
        (life.total("stations"), life.total("deputies"), life.total("schedules"), life.total("moved by a holiday")))
    life.register(plan)
    chamber.suggest(life)
    projects, counted, voted = chamber.propose(life), None, None
    say("四月至六月: %d 件真实来件逐日登记办理; 渠道, 反映人, 经过由种子抽取, 均注明示例数据" % len(plan.live + plan.moved),
        "April to June: %d real cases are registered day by day; what no source tells is drawn, and marked so" %
        len(plan.live + plan.moved))
    if plan.moved:
        more("其中 %d 件的日期也是抽取的" % len(plan.moved), "of %d the day is drawn, too" % len(plan.moved))
    for n in range(WEEKS):
        if n == OFFLINE_WEEK:
            city[life.offline].ctl("link", "pause")
            life.is_offline = True
            chamber.press(life, week_end(n - 1), "ordinary", True, life.offline)
        life.week(n)
        if n in NOTICES:
            chamber.press(life, week_end(n), *NOTICES[n])
        if n == OFFLINE_WEEK:
            voted, counted = chamber.vote(life, projects, week_end(n) - 10 * 60 * MINUTE)
            back(city, life, projects, counted)
        elif n in (3, 8, 12):
            told(life, n)
    end_of_quarter(life)
    return voted, counted


def told(life, n):
    say("至 %s: 登记 %d, 办结 %d, 进站 %d, 移交 %d" % ((week_end(n)).date(), life.total("opened"),
        life.total("matter close"), life.total("visits"), life.total("matter hand")),
        "by %s: %d opened, %d closed, %d visits, %d handed on" % ((week_end(n)).date(), life.total("opened"),
        life.total("matter close"), life.total("visits"), life.total("matter hand")))


def back(city, life, projects, counted):
    waited = len(life.on_the_way)
    say("5月13日至19日 %s 与全市断开: 其下各站照常办理, 并就地票决民生实事: %d 票收回, %d 有效, 入选 %d 项" % (life.offline,
        counted["returned"], counted["valid"], sum(c["standing"] == "elected" for c in counted["candidates"])),
        "13 to 19 May %s is cut off: its stations work on, and its deputies vote: %d papers, %d valid, %d elected" % (
        life.offline, counted["returned"], counted["valid"],
        sum(c["standing"] == "elected" for c in counted["candidates"])))
    city[life.offline].ctl("link", "resume")
    life.is_offline = False
    life.arrive(week_end(OFFLINE_WEEK))
    more("恢复后 %d 件等着的移交和督办都已到达" % waited,
         "back again: the %d that were handed on or pressed meanwhile have arrived" % waited)
    elected = [p for p, c in zip(projects, counted["candidates"]) if c["standing"] == "elected"]
    chamber.build(life, elected, week_end(OFFLINE_WEEK))


def end_of_quarter(life):
    """What is still on its way arrives; what isn't done by the last day stays open."""
    life.arrive(END)
    say("督办 %d 件, 答复 %d, 办结 %d; 建议 %d 件; 同一件事 %d 次又被反映, 候选找出 %d, 并案 %d" % (life.total("notices"),
        life.total("supervision answer"), life.total("supervision close"), life.total("suggestions"),
        life.total("same trouble"), life.total("offered"), life.total("matter merge")),
        "%d notices, %d answered, %d closed; %d suggestions; %d reports of the same trouble, %d found, %d merged" % (
        life.total("notices"), life.total("supervision answer"), life.total("supervision close"),
        life.total("suggestions"), life.total("same trouble"), life.total("offered"), life.total("matter merge")))


def from_platform(life, port):
    platform = chamber.Platform(port)
    taken, answered = chamber.online(life, platform, MESSAGES)
    until("answers by code", lambda: sum(platform.ask("messages/" + c)["state"] == "answered"
                                         for _, c, _ in taken) == answered)
    say("线上 %d 条留言到了所在地基站, %d 条已答复, 凭查询码可查 (今天登记)" % (len(taken), answered),
        "%d online messages went to the base of their place; %d answers can be read by query code" %
        (len(taken), answered))
