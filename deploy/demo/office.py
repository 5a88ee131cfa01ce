"""office.py - the city office asks: the 24 questions, registers, archives and points, and what the
demo can count itself is compared with each.

Owns:  the headline of each question, and what it must be by the clerks' own ledgers.
"""
import csv
import io
import re

from clerk import SAMPLE, table_rows
from story import pad, pick, table
from stations import INDUSTRY

QUARTER = ("--from", "2026-04", "--to", "2026-06")
DAYS = ("--from", "2026-04-01", "--to", "2026-06-30")
YEARS = ("--from", "2026-01-01", "--to", "2026-06-30")


def added(column):
    return lambda rows: sum(r[column] or 0 for r in rows if r.get("code", "") is not None)


def last(column):
    return lambda rows: rows[-1][column] if rows else None


def at(column, values, figure):
    """One figure of the row in which column has one of these values (Chinese, English)."""
    return lambda rows: next((r[figure] for r in rows if r[column] in values), 0)


def late(rows):
    """Each county's sum stands before its units."""
    sums = {}
    for r in rows:
        sums.setdefault(r["code"], r["overdue_now"])
    return sum(sums.values())


def counted(of, *kinds):
    """of the ledgers: all that begins so, of these kinds or of all"""
    return lambda x: sum(n for c in x.life.clerks.values() for k, n in c.count.items()
                         if k.startswith(of + " ") and (not kinds or k[len(of) + 1:] in kinds))


def unreceived(x):
    return sum(1 for ds in x.life.deputies.values() for d in ds if not x.life.total("received " + d))


def matters(which):
    return lambda x: sum(1 for m in x.life.matters() if which(m))


LAW = ("judge", "prosecutor", "judicial_officer", "official", "leader")
# number, what it takes, the figure's name, the figure, what it must be: by the clerks' ledgers, by what
# was imported, or by the report (None: nobody else counts it)
QUESTIONS = (
    (1, (), ("登记合计", "opened"), added("opened"), lambda x: x.expected),
    (2, (), ("今天超期", "overdue today"), late, lambda x: x.total["overdue_now"]),
    (3, QUARTER, ("属六类的", "of the six"), added("opened"), matters(lambda m: m.focus)),
    (4, QUARTER, ("季内已结", "ended"), added("closed"), matters(lambda m: m.ended)),
    (5, QUARTER, ("答复满意", "satisfied"), at("answer", ("满意", "satisfied"), "matters"),
     matters(lambda m: m.state == "closed" and m.rated == "satisfied")),
    (6, QUARTER, ("重开过", "reopened"), last("reopened"), matters(lambda m: "reopen" in m.moves)),
    (7, (), ("失联站", "silent"), len, lambda x: 0),
    (8, ("--month", "2026-06"), ("六月无人进站", "none in June"), len,
     lambda x: sum(not c.count["visits of 06"] for c in x.life.clerks.values())),
    (9, DAYS, ("落实和改期", "kept or moved"), lambda rows: added("kept")(rows) + added("moved")(rows), counted("kept")),
    (10, QUARTER, ("领导进站", "visits"), added("visits"), counted("visit", "leader")),
    (11, QUARTER, ("进站服务", "visits"), added("visits"), counted("visit", *LAW)),
    (12, DAYS, ("未接待代表", "deputies"), len, unreceived),
    (13, (), ("未兑现承诺", "promises open"), added("tracked"),
     lambda x: x.life.total("suggestion promise") - x.life.total("suggestion fulfil")),
    (14, (), ("逾期件", "past due"), len, lambda x: x.life.total("late notice key")),
    (15, (), ("最高得票", "most votes"), lambda rows: max((r["votes"] or 0 for r in rows), default=0),
     lambda x: max(c["votes"] for c in x.counted["candidates"])),
    (16, QUARTER, ("最多声音", "most voices"), lambda rows: max((r["voices"] for r in rows if r["number"]), default=0),
     lambda x: 1 + max(m.merged for m in x.life.matters())),
    (17, QUARTER, ("现在他站", "elsewhere"), added("matters"), matters(lambda m: m.opener != m.holder)),
    (18, (), ("线上", "online"), at("channel", ("网上", "online"), "opened"), lambda x: x.online),
    (19, (), ("专业站", "stations"), added("stations"), lambda x: len(INDUSTRY)),
    (20, (), ("共用党群中心", "party centres"), last("party_centre"), counted("premises", "party_centre")),
    (21, YEARS, ("上半年登记", "first half"), last("opened"), lambda x: x.half_year),
    (22, None, ("存证事件", "events proved"), len, lambda x: 1 + len(x.story.moves)),
    (23, DAYS, ("培训人次", "trainings"), added("trainings"), counted("trained")),
    (24, QUARTER, ("基站第一", "best base"), None, None),
)


class Facts:
    """What the answers are held against."""

    def __init__(self, life, plan, counted_vote, total):
        self.life, self.counted, self.total = life, counted_vote, total
        self.expected = plan.count() + 1 + life.total("opened")  # and the one that was handed across
        self.online = life.total("channel online") + plan.online()
        self.half_year = plan.opened("2026-01-01", "2026-06-30") + len(life.matters())
        self.story = max(life.matters(), key=lambda m: (m.moves.count("hand"), len(m.moves), m.opened))


def ask_all(city, facts, problems):
    main, told = city["410600"], []
    for number, words, label, figure, must in QUESTIONS:
        words = ("--record", facts.story.number) if number == 22 else words
        answer = main.json("ask", str(number), *words)
        rows = table_rows(answer)
        value = figure(rows) if figure else best_base(rows)
        if must is not None and value != must(facts):
            problems.append("ask %d %s: %s %s, counted %s" % (number, answer["name"], label[1], value, must(facts)))
        if answer["coverage"]["stations"] != len(list(city)):
            problems.append("ask %d covers %s stations" % (number, answer["coverage"]["stations"]))
        title = re.sub(r" \(\d{4}.*\)$", "", answer["title"][pick("zh", "en")])
        same = "" if must is None else pick("相符", "agrees") if value == must(facts) else pick("不符", "differs")
        told.append((number, title, len(rows), pick(*label), value, same))
    head = (pick("序号", "no"), pick("问题", "question"), pick("行", "rows"), pick("其中", "figure"), "",
            pick("与另计", "counted otherwise"))
    table([head] + told, (-4, 48, -5, 14, -20, 18))
    return len(told), sum(must is not None for *_, must in QUESTIONS)


def one_life(city, number):
    """Question 22 in a few lines: what became of the matter that was handed on most."""
    rows = table_rows(city["410600"].json("ask", "life", "--record", number))
    yield "%s: %s" % (number, pick("其全过程", "its life"))
    for r in rows:
        yield "  %s  %s  %s  %s" % (r["at"][:10], pad(r["what"], 30), pad(r["station"], 20), r["proof"])


def best_base(rows):
    return next((r["station"] for r in rows if r["rank"] == 1 and r["tier"] in ("base", "乡镇街道基站")), "")


def registers(city, facts, problems):
    """Rows of each register of the quarter, at main; visitors' names stay where they came."""
    main, sizes = city["410600"], []
    for number in range(1, 7):
        out = main.ctl("register", str(number), *QUARTER, "--csv", "-")
        sizes.append(len(list(csv.reader(io.StringIO(out)))) - 1)
    for clerk in facts.life.clerks.values():
        if clerk.reception:
            for station, reads in ((clerk.station, True), (main, False)):
                events = station.json("visit", "show", clerk.reception)["events"]
                if ("names" in events[0].get("private", {})) != reads:
                    problems.append("%s: its names are readable at its own station, and at no other" % clerk.reception)
    return sizes


def archives(city, facts, problems):
    """The busiest deputies' archives and points, against the ledgers."""
    life, main = facts.life, city["410600"]
    everyone = sorted((-life.total("received " + d), d) for ds in life.deputies.values() for d in ds)
    told = []
    for received, code in everyone[:3]:
        rows = table_rows(main.json("deputy", "archive", code, "--quarter", "2026-2", lang="en"))
        visits = sum(1 for r in rows if r["part"] == "visits received")
        points = {r["item"]: r for r in table_rows(main.json("deputy", "points", code, "--quarter", "2026-2", lang="en"))}
        if visits != -received:
            problems.append("archive of %s: %d visits, counted %d" % (code, visits, -received))
        if points["training"]["count"] != life.total("trained " + code):
            problems.append("points of %s: trainings %s" % (code, points["training"]["count"]))
        told.append((code, len(rows), visits, points["total"]["points"]))
    return told


def ledgers(city, life, problems):
    """Kinds that no import brings: each count at main is the sum of what the clerks did."""
    main = city["410600"]
    for kind, what in (("visit", "visits"), ("activity", "activities"), ("schedule", "schedules"),
                       ("deputy", "deputies"), ("station", "stations"), ("suggestion", "suggestions"),
                       ("supervision", "notices"), ("project", "projects"), ("vote", "votes")):
        opened = main.json("report", "--kind", kind)["total"]["opened"]
        if opened != life.total(what):
            problems.append("%s: %d at main, %d done" % (kind, opened, life.total(what)))


def every_matter(life, problems):
    """Each matter that was lived: its state and holder at main are what its clerks last said."""
    main = life["410600"]
    for m in life.matters():
        r = main.get("/v1/records/" + m.number)["record"]
        if (r["state"], r["holder"]) != (m.state, m.holder):
            problems.append("%s: %s at %s by main, %s at %s by its clerks" % (m.number, r["state"], r["holder"], m.state,
                                                                             m.holder))


def sample_marked(city, number):
    """The record says which of its fields are drawn."""
    return SAMPLE in city["410600"].ctl("matter", "show", number)
