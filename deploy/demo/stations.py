"""stations.py - what each station is and does by itself: its entry, deputies, 四定, visits, activities.

Owns:  deputies' and stations' entries, the plan of fixed days, and which of them are kept.
"""
import datetime

import draw
from clerk import MINUTE, moment, table_rows
from life import DAY, FIRST, quiet

SCHEDULES = {"base": (  # type, title, its days, from, to
    ("reception", "接待选民", {"weekdays": ["friday"]}, "15:00", "16:00"),
    ("law_service", "法律服务", {"month_days": [10, 25]}, "09:00", "11:00"),
    ("leader_visit", "领导干部进站", {"weekdays": ["tuesday"], "weeks": [3]}, "09:00", "11:00"),
    ("activity", "代表活动日", {"weekdays": ["thursday"], "weeks": [4]}, "14:30", "16:30")),
    "branch": (("director_reception", "听取代表意见", {"weekdays": ["wednesday"], "weeks": [2]}, "09:00", "11:00"),),
    "specialty": (("law_service", "行业法律服务", {"month_days": [12]}, "09:00", "11:00"),)}
INDUSTRY = {"410600-01": "物业", "410611003-01": "医疗"}
SHARED = ["party_centre", "party_centre", "party_centre", "civilisation_centre", "own"]
LEVELS = (["county"], ["county", "town"], ["town"], ["city", "county"], ["town"])


def enter_station(clerk, names):
    s, r = clerk.station, clerk.random
    shared = r.choice(SHARED)
    clerk.count["premises " + shared] += 1
    clerk.do("station", "enter", moment(FIRST, 8), code=s.code, name=names[s.code], tier=s.tier, parent=s.parent,
             industry=INDUSTRY.get(s.code), premises=[shared], hours="9:00-17:00",
             standing=r.choice(["model", "ordinary", "ordinary"]), remark=draw.mark("行业, 场所, 等级"))
    clerk.count["stations"] += 1


def enter_deputies(clerk, life):
    for n, code in enumerate(life.deputies.get(clerk.code, [])):
        clerk.do("deputy", "enter", moment(FIRST, 8, 10 + n), deputy=code, name=draw.person(clerk.random),
                 levels=LEVELS[n], station=clerk.code, since="2025-03-01", constituency="第%d选区" % (n + 1),
                 remark=draw.mark("姓名, 选区"))
        clerk.count["deputies"] += 1


def plan_days(clerk, life):
    """The plan of the quarter; the days that come of it, holidays considered, are the program's."""
    for kind, title, days, starts, ends in SCHEDULES.get(clerk.station.tier, ()):
        number = clerk.do("schedule", "plan", moment(FIRST, 8, 30), type=kind, title=title, starts=starts, ends=ends,
                          place="接待室", people=life.deputies.get(clerk.code, ["值班联络员"])[:3], first="2026-04-01", last="2026-06-30",
                          holiday="next_working_day", days_ahead=3, remark=draw.mark(), **days)
        clerk.count["schedules"] += 1
        answer = clerk.get("/v1/schedules/calendar", schedule=number, **{"from": "2026-04-01", "to": "2026-06-30"})
        for row in table_rows(answer):
            day = datetime.date.fromisoformat(row["day"])
            clerk.count["moved by a holiday"] += row["day"] != row["planned"]
            _one_day(clerk, life, kind, number, row["planned"], day)


def _one_day(clerk, life, kind, number, planned, day):
    r, luck = clerk.random, clerk.random.random()
    early = moment(day, 10) - (3 if r.random() < 0.85 else 1) * DAY
    if early > moment(FIRST, 9):
        clerk.plan(early, lambda c, t: c.do("schedule", "announce", t, number, occurrence=planned,
                                            notice="%s %s 接待室" % (day, kind)))
    clerk.count["planned " + kind] += 1
    if luck < 0.1 or quiet(clerk.code, day):
        clerk.plan(moment(day, 17), lambda c, t: c.do("schedule", "miss", t, number, occurrence=planned,
                                                      reason="无人到岗"))
        clerk.count["missed " + kind] += 1
        return
    clerk.count["kept " + kind] += 1
    if luck < 0.16 and kind == "reception" and day.day < 26:
        later = day + datetime.timedelta(days=3)
        clerk.plan(moment(day, 8), lambda c, t: c.do("schedule", "move", t, number, occurrence=planned,
                                                     new_day=later, reason="与会议冲突"))
        clerk.count["moved " + kind] += 1
        day = later
    clerk.plan(moment(day, 15), lambda c, t: _held(c, life, t, kind, number, planned))


def _held(clerk, life, at, kind, schedule, planned):
    record = HELD[kind](clerk, life, at, schedule)
    clerk.do("schedule", "meet", at + MINUTE, schedule, occurrence=planned, met_by=[record])


def reception(clerk, life, at, schedule):
    r = clerk.random
    deputy = r.choice(life.deputies[clerk.code][:4])
    people = r.randrange(1, 5)
    number = clerk.do("visit", "record", at, who="masses", title="反映生活问题", deputies=[deputy], services=["reception"],
             people=people, names=[draw.person(r) for _ in range(people)], schedule=schedule, remark=draw.mark())
    life.received(clerk, at, "masses", deputy)
    clerk.reception = number
    return number


def law_service(clerk, life, at, schedule):
    r = clerk.random
    who = r.choice(sorted(draw.SERVICES))
    service = r.choice(draw.SERVICES[who])
    number = clerk.do("visit", "record", at, who=who, title="三官两员服务", services=[service], people=1,
             names=[draw.person(r)], schedule=schedule, remark=draw.mark())
    life.received(clerk, at, who)
    clerk.count["service " + service] += 1
    return number


def leader_visit(clerk, life, at, schedule):
    number = clerk.do("visit", "record", at, who="leader", title="现场办公", services=["reception"], people=1,
             names=[draw.person(clerk.random)], post="某局负责人", schedule=schedule, remark=draw.mark())
    life.received(clerk, at, "leader")
    return number


def director_reception(clerk, life, at, schedule):
    r = clerk.random
    number = clerk.do("visit", "record", at, who="deputy", title="听取代表意见", services=["reception"], people=2,
                      names=[draw.person(r), draw.person(r)], schedule=schedule, remark=draw.mark())
    life.received(clerk, at, "deputy")
    return number


def activity(clerk, life, at, schedule):
    r = clerk.random
    kind = ("training", "inspection", "evening_talk" if r.random() < 0.5 else "report_to_voters")[at.month - 4]
    present = [d for d in life.deputies[clerk.code] if r.random() < 0.8] or life.deputies[clerk.code][:1]
    if kind == "report_to_voters":
        present = present[:1]
    number = clerk.do("activity", "record", at, type=kind, title=r.choice(draw.TRAININGS) if kind == "training" else "代表活动",
             on=at.date(), deputies=present, place="活动室", hours=4 if kind == "training" else None,
             people=None if kind == "training" else r.randrange(5, 40), schedule=schedule, remark=draw.mark())
    clerk.count["activities"] += 1
    clerk.count["activity " + kind] += 1
    for d in present if kind == "training" else ():
        clerk.count["trained " + d] += 1
    return number


HELD = {"reception": reception, "law_service": law_service, "leader_visit": leader_visit,
        "director_reception": director_reception, "activity": activity}


def settle(life, names):
    """Everything that stands at the beginning of the quarter."""
    def one(clerk):
        enter_station(clerk, names)
        if clerk.code in life.deputies:
            enter_deputies(clerk, life)
        plan_days(clerk, life)
    life.all(one)
