"""rules.py - the city's tables on their way to every station, and what is due and late by them.

Owns:  the tests of it, and a station's clock that is set to any time; run.py runs them. What a table changes is in
       cities.py.
"""
import datetime
import os
import time

from checks import Tests, check, until
from city import TOP
from steps import OPEN, sound, write_csv

CITY_FILES = os.path.join(TOP, "deploy", "city")
OFFICIAL = ["matter", "open", "--channel", "visit", "--category"]
FAKETIME = "/usr/lib/%s-linux-gnu/faketime/libfaketimeMT.so.1" % os.uname().machine
TESTS = test = Tests()


def versions(station):
    """table -> (versions, in force)"""
    return {t["name"]: (len(t["versions"]), t["in_force"]) for t in station.json("city", "list")["tables"]}


@test
def city_tables(city):
    """Tables set at main are at a base that was offline, and bind its clerks; a wrong file leaves nothing."""
    main, branch, base = city["410600"], city["410611"], city["410611003"]
    files = [os.path.join(CITY_FILES, f) for f in sorted(os.listdir(CITY_FILES))]
    files.sort(key=lambda f: "categories" not in f)
    base.ctl(*OFFICIAL, "哪有这一类")  # as long as the city has said nothing
    base.stop()
    bad = write_csv(os.path.join(main.home, "focus.csv"), [["number", "name"], [1, "安全"], [9, "其他"], [1, "再来"]])
    code, out, err = main.run("city", "set", files[0], bad)
    check(code == 2 and "focus.csv:3: number: " in err and "focus.csv:4: the whole row" in err, err)
    check(all(v == (0, None) for v in versions(main).values()), "nothing of a wrong call took effect")
    code, out, err = main.run("city", "set", files[0], "--table", "focus")
    check(code == 2 and "level1: the table has no such column" in err, err)
    told = main.json("city", "set", *files)
    check({t["version"] for t in told["tables"]} == {1} and len(told["tables"]) == len(files) == 10, told)
    again = main.json("city", "set", *files)
    check(all(t["unchanged"] and t["event"] is None for t in again["tables"]), "nothing new: %s" % again)
    code, out, err = branch.run("city", "set", *files)
    check(code == 4 and "only main" in err, "at a branch: %s" % err)
    base.start()
    until("the base has them", lambda: versions(base) == versions(main))
    check(all(v == (1, 1) for v in versions(branch).values()), "on the way, too")
    code, out, err = base.run(*OFFICIAL, "城乡建")
    check(code == 2 and "城乡建设" in err, "a category that isn't there names what is like it: %s" % err)
    base.stop()  # what it knows, it knows offline
    branch.stop()
    base.start()
    number = base.ctl(*OFFICIAL, "安全隐患", "--focus", "2").strip()
    base.ctl("matter", "accept", number, "--category", "城乡建设", "--subcategory", "城管执法")
    code, out, err = base.run("matter", "note", number, "--subcategory", "高等教育")
    check(code == 2 and "subcategory" in err, err)
    shown = base.ctl("city", "show", "workdays", "--csv")
    with open(os.path.join(CITY_FILES, "workdays.csv"), encoding="utf-8") as f:
        check(shown == f.read(), "what is shown is what was issued")
    branch.start()
    short = write_csv(os.path.join(main.home, "focus.csv"), [["number", "name"], [1, "安全"]])
    code, out, err = main.run("city", "set", short, "--from", "2020-01-01")
    check(code == 2 and "in the past" in err, err)
    main.ctl("city", "set", short, "--from", "2099-01-01")
    main.ctl("city", "set", short)
    base.ctl("link", "resume")
    until("newer versions come, too", lambda: versions(base)["focus"] == (3, 3), 90)
    code, out, err = base.run(*OFFICIAL, "安全隐患", "--focus", "2")
    check(code == 2 and "focus" in err, "a key matter that isn't in the table any more: %s" % err)
    base.wait_main()
    sound(city)


def clock_at(station, when):
    """The station's clock goes on from that time in UTC+8; it has to be started with it, or to look once a second."""
    path = os.path.join(station.home, "clock")
    there = datetime.datetime.fromisoformat(when + "+08:00").timestamp()
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("%+d\n" % (there - time.time()))
    os.rename(path + ".new", path)
    station.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_CACHE_DURATION": "1",
                           "DONT_FAKE_MONOTONIC": "1",
                           # a build under ASan wants to be the first library, and gets on as the second
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def late(station, *words):
    """number -> (days, working days)"""
    table = station.json("overdue", *words)
    names = [c["name"] for c in table["columns"]]
    at = [names.index(n) for n in ("number", "days", "working_days")]
    return {r[at[0]]: (r[at[1]], r[at[2]]) for r in table["rows"]}


@test
def clocks(city):
    """Working days over the Spring Festival; what is late after midnight, with no event; waiting; extensions."""
    check(os.path.exists(FAKETIME), "needs the package faketime: deploy/deps.sh")
    main, branch, base = city["410600"], city["410611"], city["410611003"]
    rules = write_csv(os.path.join(main.home, "deadlines.csv"),
                      [["kind", "category", "urgency", "days", "unit", "stops", "extend", "before_due", "warn"],
                       ["matter", "*", "*", 5, "working", "yes", 3, "yes", 1],
                       ["matter", "*", "very_urgent", 1, "calendar", "no", "", "", 0]])
    main.ctl("city", "set", rules, os.path.join(CITY_FILES, "workdays.csv"), "--from", "2026-01-01")
    until("the base has them", lambda: versions(base) == versions(main))
    base.stop()
    clock_at(base, "2026-02-13 10:00:00")
    base.start()
    one, two, three_ = (base.ctl(*OPEN, "--title", t).strip() for t in ("一", "二", "三"))
    for n in (one, two):
        base.ctl("matter", "accept", n)
    base.ctl("matter", "note", three_, "--urgency", "very_urgent")
    base.ctl("matter", "accept", three_, "--urgency", "very_urgent")
    shown = base.json("matter", "show", one)
    check(shown["record"]["due"] == shown["record"]["first_due"] == "2026-02-27", "five working days: %s" % shown)
    check(shown["events"][1]["facts"]["due_rule"] == "deadlines/1 workdays/1", "whose word it is: %s" % shown)
    check(base.json("matter", "show", three_)["record"]["due"] == "2026-02-14", "urgent, in calendar days")
    base.ctl("matter", "answer", three_, "--reply", "已办")
    base.ctl("matter", "echo", three_, "--rating_answer", "satisfied", "--told_how", "phone")
    base.ctl("matter", "close", three_)
    base.ctl("matter", "wait", two, "--reason", "待补充材料")
    record = base.json("matter", "show", two)["record"]
    check(record["due"] is None and record["days_left"] == 5, "the clock stands still: %s" % record)
    code, _, err = base.run("matter", "extend", two, "--due", "2026-02-28", "--reason", "待施工")
    check(code == 4 and "resume" in err, err)
    code, _, err = base.run("matter", "extend", one, "--due", "2026-03-04", "--reason", "待施工")
    check(code == 2 and "due" in err, "beyond three working days more: %s" % err)
    clock_at(base, "2026-02-27 23:59:50")
    until("the clock has moved", lambda: late(base, "--soon") == {one: (0, 0)}, 8)
    check(late(base) == {}, "its last day isn't over")
    until("it is late once midnight has passed", lambda: late(base) == {one: (1, 1)})
    check(late(base, "--soon") == {} and late(base, "--holder", "410611003", "--kind", "matter") == {one: (1, 1)}, "late")
    code, _, err = base.run("matter", "extend", one, "--due", "2026-03-03", "--reason", "待施工")
    check(code == 4 and "due" in err, "an extension is asked before: %s" % err)
    base.wait_main()
    for s in (main, branch):  # their clocks are months ahead; the dates stand in the records
        check(list(late(s)) == [one], "late here, too: %s" % late(s))
        check([r["number"] for r in s.json("matter", "list", "--overdue")["records"]] == [one], "and in the list")
        check(s.json("report")["total"]["overdue_now"] == 1, "and in the report")
    base.ctl("matter", "resume", two)
    record = base.json("matter", "show", two)["record"]
    check(record["due"] == "2026-03-06" and record["days_left"] is None and record["first_due"] == "2026-02-27",
          "five working days on: %s" % record)
    base.wait_main()
    check(set(late(main)) == {one, two} and main.json("report")["total"]["overdue_now"] == 2, late(main))
    states = main.json("overdue", "--by", "state", lang="en")
    check(states["rows"] == [["matter", "accepted", 2, 2]] and states["coverage"]["stations"] == 3, "by state: %s" % states)
    check(main.json("overdue", "--by", "state", "--holder", "410611")["rows"] == [], "of another holder")
    code, _, err = main.run("overdue", "--by", "unit")
    check(code == 2 and "by" in err, err)
    check(late(main, "--days", "30") == {} and "410611003" in main.ctl("overdue", "--csv", "-"), "as CSV")
    sound(city)
