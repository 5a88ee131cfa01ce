"""questions.py - the 24 questions as people ask them: every form, every tier, and what is refused.

Owns:  the tests of it with real daemons; run.py runs them. What each answer counts is tests/prop/ask/questions.c's to
       prove.
"""
import csv
import datetime
import io
import os
import re

from checks import Tests, check
from city import TOP
from steps import sound

TESTS = test = Tests()


def at(days):
    """So many days ago."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    return (now - datetime.timedelta(days=days)).isoformat(timespec="seconds")


def names_of(station):
    return [r[1] for r in station.json("ask", "--list")["rows"]]


def prepare(base, branch):
    """A little of everything, at the base; a notice from the branch."""
    matter = base.ctl("matter", "open", "--channel", "online", "--category", "环境卫生", "--title", "垃圾",
                      "--focus", "2", "--official", "赵主任", "--deputy", "D-17", "--at", at(20)).strip()
    base.ctl("matter", "accept", matter, "--due", at(10)[:10], "--at", at(19))
    base.ctl("matter", "assign", matter, "--unit", "区城管局")
    twin = base.ctl("matter", "open", "--channel", "phone", "--title", "也是垃圾").strip()
    base.ctl("matter", "merge", twin, "--joins", matter)
    away = base.ctl("matter", "open", "--channel", "visit", "--category", "供水").strip()
    base.ctl("matter", "hand", away, "--to", "410611")
    base.ctl("visit", "record", "--who", "judge", "--title", "普法", "--services", "law_advice")
    base.ctl("visit", "record", "--who", "leader", "--title", "接访")
    for code in ("D-17", "D-18"):
        base.ctl("deputy", "enter", "--deputy", code, "--name", "代表" + code, "--levels", "county",
                 "--station", "410611003")
    base.ctl("activity", "record", "--type", "training", "--title", "代表法", "--deputies", "D-18",
             "--hours", "2")
    base.ctl("activity", "record", "--type", "training", "--title", "去年补记", "--deputies", "D-17", "--on", "2019-12-31")
    base.ctl("station", "enter", "--code", "410611003", "--name", "黎阳路", "--tier", "base", "--premises",
             "party_centre")
    plan = base.ctl("schedule", "plan", "--type", "leader_visit", "--title", "接访日", "--starts", "15:00",
                    "--place", "接待室", "--people", "赵主任", "--first",
                    "%d-01-15" % datetime.date.today().year).strip()
    base.ctl("schedule", "miss", plan, "--occurrence", "%d-01-15" % datetime.date.today().year, "--reason", "外出")
    project = base.ctl("project", "propose", "--origin", "citizen", "--title", "路灯").strip()
    base.ctl("project", "screen", project, "--round", "2026")
    base.ctl("suggestion", "raise", "--type", "suggestion", "--title", "公交站", "--deputy", "D-17")
    branch.ctl("supervision", "issue", "--to", "410611003", "--level", "key", "--due", at(10)[:10], "--title",
               "河道", "--supervisors", "市人大", "--at", at(20))
    return matter


def answers(station, name, *more):
    a = station.json("ask", name, *more)
    assert a["name"] == name and a["columns"] and a["next"] is None, a
    assert a["title"]["zh"] and a["title"]["en"] and a["coverage"]["stations"] > 0, a
    for row in a["rows"]:
        assert len(row) == len(a["columns"]), row
    return [dict(zip((c["name"] for c in a["columns"]), row)) for row in a["rows"]], a["coverage"]


def every_form(station, folder, name, more):
    """The same rows on the screen, in CSV, in XLSX and in JSON."""
    rows, _ = answers(station, name, *more)
    assert station.ctl("ask", name, *more, lang="zh").strip(), name
    text = station.ctl("ask", name, *more, "--csv", "-")
    table = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert len(table) == len(rows) + 1, (name, text)
    path = os.path.join(folder, name + ".xlsx")
    station.ctl("ask", name, *more, "--xlsx", path)
    assert os.path.getsize(path) > 1000, path


def ask_everything(city):
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    matter = prepare(base, branch)
    base.wait_main()
    branch.wait_main()
    names = names_of(main)
    check(len(names) == 24 and len(set(names)) == 24, "24 questions: %s" % names)
    for s in (base, branch, main):
        for number, name in enumerate(names, 1):
            more = ["--record", matter] if name == "life" else []
            if s is main:
                every_form(s, s.home, name, more)
            else:
                answers(s, name, *more)
            if s is base:
                check(s.json("ask", str(number), *more)["name"] == name, "by number")
    return matter


def what_they_say(city, matter):
    """Of a few that all matter, what is in them at main."""
    main = city["410600"]
    opened, coverage = answers(main, "opened")
    check({r["code"] for r in opened} == {"410611"} and sum(r["opened"] for r in opened) == 3 and
          sum(r["open_now"] for r in opened) == 2, str(opened))
    check(coverage["stations"] == 3, "all of the city is covered")
    overdue = {r["unit"]: r["overdue_now"] for r in answers(main, "overdue")[0]}
    check(overdue["区城管局"] == 1 and overdue["total"] == 1, str(overdue))
    focus = answers(main, "focus")[0]
    check([r["opened"] for r in focus] == [0, 1, 0, 0, 0, 0], str(focus))
    check([r["deputy"] for r in answers(main, "no_reception", "--from", at(60)[:10])[0]] == ["D-18"],
          "D-17 has received")
    check([(r["deputy"], r["trainings"], r["hours"]) for r in answers(main, "trainings")[0]] ==
          [("D-17", 0, 0), ("D-18", 1, 2)], "trainings")
    check([(r["deputy"], r["trainings"], r["last"]) for r in answers(main, "trainings", "--year", "2019")[0]] ==
          [("D-17", 1, "2019-12-31"), ("D-18", 0, None)], "a training counts on its day, whenever it is written down")
    check([r["late"] > 0 for r in answers(main, "key_notices")[0]] == [True], "a key notice is late")
    top = [r for r in answers(main, "voices")[0] if r["number"]]
    check([(r["number"], r["voices"], r["title"]) for r in top] == [(matter, 2, "垃圾")], str(top))
    away = answers(main, "handed_up")[0]
    check([(r["code"], r["to"], r["way"], r["matters"]) for r in away] == [("410611003", "410611", "up", 1)],
          str(away))
    life = answers(main, "life", "--record", matter)[0]
    check(len(life) == 3 and all(r["proof"] == "verified" and r["held_by"] == "main" for r in life), str(life))
    check([r["missed"] for r in answers(main, "schedules")[0]] == [1], "an occurrence was missed")
    check([r["visits"] for r in answers(main, "leaders")[0]] == [1], "a leader came")
    below, coverage = answers(main, "no_visit", "--station", "410611")
    check({r["code"] for r in below} == {"410611"} and coverage["stations"] == 2, "of a subtree: %s" % below)


REFUSED = [
    (["ghost"], 4, "--list"), (["0"], 4, "0 ("), ([], 2, "--list"), (["a/b"], 2, "a/b"),
    (["opened", "--from", "x"], 2, "from"), (["opened", "--from", "2026-01-05"], 2, "from"),
    (["opened", "--to", "2026-01-05"], 2, "to"), (["opened", "--month", "2026"], 2, "month"),
    (["opened", "--quarter", "2026-Q5"], 2, "quarter"), (["opened", "--year", "26"], 2, "year"),
    (["opened", "--month", "2026-01", "--year", "2026"], 2, "month"),
    (["opened", "--from", "2026-03", "--to", "2026-01"], 2, "to"),
    (["overdue", "--year", "2026"], 2, "year"), (["opened", "--station", "ghost"], 2, "station"),
    (["opened", "--station", "410622"], 2, "station"), (["opened", "--record", "x"], 2, "record"),
    (["life"], 2, "record"), (["life", "--record", "x"], 2, "record"),
    (["schedules", "--to", "2026-01-31"], 2, "from"), (["year", "--year", "2999"], 2, "from"), (["opened", "--ghost", "x"], 2, "--ghost"),
]


def refused(city):
    main, base = city["410600"], city["410611003"]
    check("stations covered" not in main.ctl("ask", "--list"), "the list of questions is about no station")
    for words, code, place in REFUSED:
        for lang in ("zh", "en"):
            got, _, err = main.run("ask", *words, lang=lang)
            check(got == code and place in err, "ask %s: %d %s" % (words, got, err))
            check(lang == "en" or re.search("[\u4e00-\u9fff]", err), "in Chinese: %s" % err)
    got, _, err = base.run("ask", "opened", "--station", "410611")
    check(got == 2 and "station" in err, "a station above: %s" % err)


@test
def questions_documented(city):
    """deploy/docs/questions.md is what the program's table says."""
    with open(os.path.join(TOP, "deploy", "docs", "questions.md"), encoding="utf-8") as f:
        check(f.read() == city["410600"].ctl("ask", "--markdown"), "deploy/docs/questions.md is old: make docs")


@test
def questions_asked(city):
    """All 24 at every tier, to the screen, CSV, XLSX and JSON; what they say of a little of everything."""
    matter = ask_everything(city)
    what_they_say(city, matter)
    sound(city)


@test
def questions_refused(city):
    """A question, period, station or record that isn't one is refused by name, in both languages."""
    refused(city)
