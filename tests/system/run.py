#!/usr/bin/env python3
"""run.py - the real daemons on loopback, from outside: commands, kills, cuts and rubbish.

Usage: run.py --build BUILD [NAME...]; prints one line a test and, last, "N passed, N failed". Tests
wait on events with a deadline; they end only processes that they started.
"""
import argparse
import concurrent.futures
import contextlib
import csv
import datetime
import gzip
import hashlib
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
sys.path.insert(0, HERE)
import answers  # noqa: E402
import cities  # noqa: E402
import directives  # noqa: E402
import erasures  # noqa: E402
import examples  # noqa: E402
import heads  # noqa: E402
import joined  # noqa: E402
import online  # noqa: E402
import questions  # noqa: E402
import refusals  # noqa: E402
import tables  # noqa: E402
from checks import Tests, check, until  # noqa: E402
from city import City, Failed, Station, free_port  # noqa: E402
from control import Control  # noqa: E402
from forkserver import ForkServer  # noqa: E402

BUILD = None
TESTS = test = Tests()
LONGEST = ("examples_of_kinds", "examples_of_verbs", "verbs_and_languages", "vote", "questions_asked", "every_kind")  # these first, where there are lanes
# Under a sanitizer the look for leaks takes as long as a call itself. These call every verb, rightly and wrongly;
# stationd's leaks are looked for in all tests.
LEAKS_LOOKED_FOR = ("verbs_and_languages", "every_kind", "kinds_refused", "bad_values", "deputies", "vote_refused",
                    "questions_refused", "registers", "register_filters", "import_bad_rows", "city_tables", "clerks_are_told_the_cure",
                    "operators_are_told_the_cure", "questions_are_told_the_cure")
OPEN = ["matter", "open", "--channel", "visit", "--category", "环境卫生"]


def three(looks_for_leaks):
    """main, branch, base"""
    city = City(BUILD, "en")
    if not looks_for_leaks:
        city.environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    city.tool = ForkServer(city)
    city.add("410600", "鹤壁市总站", "main")
    city.add("410611", "淇滨区分站", "branch", "410600")
    city.add("410611003", "黎阳路街道基站", "base", "410611")
    return city


def rows(count):
    with gzip.open(os.path.join(TOP, "tests", "data", "boston.csv.gz"), "rt", newline="",
                   encoding="utf-8") as f:
        return [r for _, r in zip(range(count + 1), csv.reader(f))]


def write_csv(path, data):
    with io.open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(data)
    return path


def opened(station):
    return station.json("report")["total"]["opened"]


def sound(city):
    """Every log verifies at main, and every station's tallies equal a recount."""
    city["410600"].ctl("log", "verify", "--all")
    for s in city:
        s.ctl("recount")


@test
def smoke(city):
    """A command at a base is in main's report, receipted, and each tier says who holds it."""
    base, main = city["410611003"], city["410600"]
    number = base.ctl(*OPEN, "--title", "垃圾清运", "--reporter_name", "王某",
                      "--reporter_phone", "13800000000").strip()
    base.ctl("matter", "accept", number, "--author", "clerk-1")
    base.ctl("matter", "note", number, "--remark", "电话已接通")
    base.wait_main()
    check(opened(main) == 1, "main's report has the matter")
    here = base.json("matter", "show", number)
    there = main.json("matter", "show", number)
    check(here["record"]["state"] == "accepted" and there["record"]["state"] == "accepted", "state")
    check([e["held_by"] for e in here["events"]] == ["main"] * 3, "held by main: %s" % here)
    check(here["events"][0]["private"]["reporter_name"] == "王某", "the holder reads private fields")
    check("王某" not in json.dumps(there, ensure_ascii=False) and
          there["events"][0]["private_elsewhere"], "nobody else does")
    check(there["events"][0]["texts"]["title"] == "垃圾清运", "text is clear")
    sound(city)


@test
def reports(city):
    """A report covers the stations that it is about; what can't be counted isn't shown as 0."""
    base, main = city["410611003"], city["410600"]
    data = rows(200)
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), data))
    base.wait_main()
    for where, stations in (("branch=410611", {"410611", "410611003"}), ("tier=base", {"410611003"}),
                            ("station=410611003", {"410611003"}), ("channel=phone", set(city.stations))):
        c = main.json("report", "--where", where)["coverage"]
        check({r["code"] for r in c["rows"]} == stations and c["stations"] == len(stations) and
              c["events"] == sum(r["size"] for r in c["rows"]), "%s covers %s" % (where, c))
    total = main.json("report", "--by", "state")["total"]
    overdue = main.json("report")["total"]["overdue_now"]
    check(total["overdue_now"] == overdue > 0 and total["opened"] is None and
          total["closed"] + total["open_now"] == 200, "by state: %s" % total)
    months = main.json("report", "--by", "month", "--from", "2011-07", "--to", "2011-07")
    check(months["rows"] and all(r["opened"] + r["closed"] + r["open_now"] for r in months["rows"]),
          "no month with nothing but zeros: %s" % months["rows"])
    number = base.ctl(*OPEN, "--focus", "3").strip()
    base.ctl("matter", "accept", number, "--due", "2030-01-01")
    base.ctl("matter", "assign", number, "--unit", "区城管局")
    base.wait_main()
    unit = main.json("report", "--by", "unit,branch", "--where", "unit=区城管局")["rows"]
    check([r["key"] for r in unit] == [["区城管局", "410611"]] and unit[0]["open_now"] == 1, "by unit: %s" % unit)
    focus = main.json("report", "--by", "month,focus", "--where", "focus=3")["rows"]
    check(len(focus) == 1 and focus[0]["opened"] == 1, "by focus and month: %s" % focus)
    for by, place in (("unit,month", "unit"), ("unit,channel", "unit"), ("unit,focus", "focus"), ("class", "class")):
        code, _, err = main.run("report", "--by", by)
        check(code == 2 and place in err, "by %s: %s" % (by, err))
    code, _, err = main.run("report", "--from", "2011-08", "--to", "2011-07")
    check(code == 2 and "ends before it begins" in err, "a period that ends before it begins: %s" % err)


@test
def private_stays(city):
    """A reporter's name is in no store but the holder's, and there only encrypted."""
    base = city["410611003"]
    name = "赵钱孙李周吴郑王"
    base.ctl(*OPEN, "--reporter_name", name)
    base.wait_main()
    for s in city:
        with open(os.path.join(s.data, "data.mdb"), "rb") as f:
            check(name.encode() not in f.read(), "the name is in clear in %s" % s.code)


@test
def whole_life(city):
    """Every move of the table, and what it refuses."""
    base = city["410611003"]
    n = base.ctl(*OPEN).strip()
    code, _, err = base.run("matter", "close", n)
    check(code == 4 and "accept" in err, "close of a registered matter names the moves: %s" % err)
    base.ctl("matter", "accept", n)
    code, _, err = base.run("matter", "assign", n)
    check(code == 2 and "unit" in err, "assign needs a unit: %s" % err)
    base.ctl("matter", "assign", n, "--unit", "区城管局")
    base.ctl("matter", "return", n, "--reason", "非本单位职责")
    base.ctl("matter", "assign", n, "--unit", "区住建局")
    base.ctl("matter", "extend", n, "--due", "2030-01-01", "--reason", "施工")
    base.ctl("matter", "answer", n, "--reply", "已清运")
    base.ctl("matter", "rework", n, "--reason", "未清完")
    base.ctl("matter", "answer", n, "--reply", "已全部清运")
    base.ctl("matter", "echo", n, "--rating_answer", "satisfied", "--told_how", "phone")
    base.ctl("matter", "close", n)
    base.ctl("matter", "rate", n, "--rating_result", "满意")
    base.ctl("matter", "reopen", n, "--reason", "反复")
    r = base.json("matter", "show", n)["record"]
    check(r["state"] == "reopened" and r["due"] == "2030-01-01" and r["first_due"] != r["due"], str(r))
    m = base.ctl(*OPEN).strip()
    base.ctl("matter", "refuse", m, "--reason", "诉讼中", "--elsewhere", "法院")
    w = base.ctl(*OPEN).strip()
    base.ctl("matter", "withdraw", w, "--reason", "本人撤回")
    j = base.ctl(*OPEN).strip()
    base.ctl("matter", "merge", j, "--joins", n)
    base.wait_main()
    states = {x["key"][0]: x for x in city["410600"].json("report", "--by", "state")["rows"]}
    check(set(states) == {"reopened", "refused", "withdrawn", "merged"}, str(states))
    sound(city)


def at(day):
    return ["--at", day + "T10:00:00+08:00"]


def cells(answer, *names):
    """The rows of a table, these columns of them."""
    where = [[c["name"] for c in answer["columns"]].index(n) for n in names]
    return [tuple(row[i] for i in where) for row in answer["rows"]]


def enter(station, code, name, *more):
    station.ctl("deputy", "enter", "--deputy", code, "--name", name, "--since", "2025-03-01", *more,
                *at("2025-03-01"))


def live_a_year(base, other):
    """What two deputies did in 2025, at two stations; told to the caller by number."""
    for day in ("2025-01-20", "2025-02-10", "2025-02-10"):
        base.ctl("activity", "record", "--type", "training", "--title", "学习代表法", "--deputies", "D-17",
                 "--deputies", "D-18", *at(day))
    planned = base.ctl("activity", "plan", "--type", "inspection", "--title", "视察供暖", "--on", "2025-11-05",
                       *at("2025-10-30")).strip()
    base.ctl("activity", "hold", planned, "--deputies", "D-17", *at("2025-11-05"))
    called_off = base.ctl("activity", "plan", "--type", "research", "--title", "未成", "--on", "2025-11-06",
                          "--deputies", "D-17", *at("2025-10-30")).strip()
    base.ctl("activity", "cancel", called_off, "--reason", "大雪", *at("2025-11-05"))
    other.ctl("activity", "record", "--type", "report_to_voters", "--title", "述职", "--deputies", "D-17",
              "--rating_result", "satisfied", *at("2025-12-20"))
    for day, people in (("2025-03-05", "4"), ("2025-04-02", "5"), ("2025-04-02", "1")):
        base.ctl("visit", "record", "--who", "masses", "--title", "反映噪声", "--deputies", "D-17", "--people", people,
                 "--names", "王某", *at(day))
    voided = base.ctl("visit", "record", "--who", "masses", "--title", "重复", "--deputies", "D-17",
                      *at("2025-05-02")).strip()
    base.ctl("visit", "void", voided, "--reason", "重复登记", *at("2025-05-03"))
    brought = other.ctl("matter", "open", "--channel", "deputy", "--category", "交通", "--title", "路灯不亮",
                        "--deputy", "D-17", *at("2025-06-01")).strip()
    raised = other.ctl("suggestion", "raise", "--type", "suggestion", "--title", "增设公交站", "--deputy", "D-17",
                       "--co_signers", "D-18", *at("2025-06-10")).strip()
    base.ctl("activity", "record", "--type", "training", "--title", "次年学习", "--deputies", "D-17",
             *at("2026-01-10"))
    return brought, raised


@test
def deputies(city):
    """A year's work of two deputies at two stations, as the branch's archive, points, floors and census have it."""
    base, branch = city["410611003"], city["410611"]
    other = city.add("410611004", "天山路街道基站", "base", "410611")
    enter(base, "D-17", "李某", "--levels", "city", "--levels", "county", "--constituency", "第三选区", "--station",
          "410611003", "--public_phone", "0392-3330000", "--post", "某村支部书记", "--phone", "13900000000")
    enter(base, "D-18", "赵某", "--levels", "town")
    brought, raised = live_a_year(base, other)
    listed = {r["title"]: r["number"] for r in base.json("deputy", "list")["records"]}
    check(set(listed) == {"D-17 李某", "D-18 赵某"}, "the list names them: %s" % listed)
    number = listed["D-17 李某"]
    base.ctl("deputy", "honour", number, "--honours", "优秀代表", "--on", "2025-12-31", *at("2025-12-31"))
    base.wait_main()
    other.wait_main()
    archive = branch.json("deputy", "archive", "D-17", "--year", "2025")
    rows = [r for r in cells(archive, "part", "day", "title", "role", "number") if r[0] != "basic data"]
    check([r[:4] for r in rows] == [
        ("inspections and research", "2025-11-05", "视察供暖", "present"),
        ("training", "2025-01-20", "学习代表法", "present"), ("training", "2025-02-10", "学习代表法", "present"),
        ("training", "2025-02-10", "学习代表法", "present"),
        ("suggestions", "2025-06-10", "增设公交站", "raised"), ("reports to voters", "2025-12-20", "述职", "reported"),
        ("honours", "2025-12-31", "优秀代表", ""), ("visits received", "2025-03-05", "反映噪声", "received"),
        ("visits received", "2025-04-02", "反映噪声", "received"),
        ("visits received", "2025-04-02", "反映噪声", "received"), ("matters", "2025-06-01", "路灯不亮", "brought")],
        "the archive: %s" % rows)
    check(rows[4][4] == raised and rows[-1][4] == brought, "the numbers are the records': %s" % rows)
    check("satisfied" in cells(archive, "result")[-6][0] and archive["coverage"]["stations"] == 3, str(archive))
    paged = branch.json("deputy", "archive", "D-17", "--year", "2025", "--limit", "2")
    check(paged["rows"] == archive["rows"], "page by page it is the same: %s" % paged["rows"])
    there = json.dumps(archive, ensure_ascii=False)
    check("13900000000" not in there and "王某" not in there, "nothing private is in it")
    check([r for r in cells(branch.json("deputy", "archive", "D-18"), "part", "role") if r[0] == "suggestions"] ==
          [("suggestions", "co-signed")], "the co-signer's")
    points = branch.json("deputy", "points", "D-17", "--year", "2025")
    items = {r[0]: r[1:] for r in cells(points, "item", "count", "points", "days_served")}
    check(items["training"][:2] == (3, 5) and items["inspection"][:2] == (1, 6) and items["research"][0] == 0 and
          items["receiving voters"][:2] == (3, 8) and items["suggestions raised"][:2] == (1, 6) and
          items["reports to voters"][:2] == (1, 3) and items["total"] == (None, 28, 6), "points: %s" % items)
    everyone = {r[0]: r[1:] for r in cells(branch.json("deputy", "points", "--year", "2025", "--limit", "1"),
                                           "deputy", "total", "days_served")}
    check(everyone == {"D-17": (28, 6), "D-18": (6, 2)}, "everyone's points: %s" % everyone)
    quarter = {r[0]: r[1] for r in cells(branch.json("deputy", "points", "--quarter", "2025-4"), "deputy", "total")}
    check(quarter == {"D-17": 9, "D-18": 0}, "a quarter's: %s" % quarter)
    below = cells(branch.json("deputy", "floors", "--year", "2025"), "deputy", "reports", "voters", "receptions")
    check(below == [("D-18", 0, 0, 0)], "below the floors: %s" % below)
    all_of_them = cells(branch.json("deputy", "floors", "--year", "2025", "--all"), "deputy", "reports", "voters",
                        "receptions", "below")
    check(all_of_them[0] == ("D-17", 1, 10, 2, ""), str(all_of_them))
    census = dict(cells(branch.json("deputy", "census"), "level", "deputies"))
    check(census == {"city": 1, "county": 1, "town": 1, "seats": 3, "overlap": 1, "persons": 2}, str(census))
    entered_once(base, other, branch, number)
    code, _, err = branch.run("deputy", "archive", "D-99")
    check(code != 0 and "D-99" in err, "nobody has that code: %s" % err)
    for words in (("--quarter", "2025-5"), ("--year", "25"), ("--year", "2025", "--from", "2025-01"), ("--limit", "0")):
        code, _, err = branch.run("deputy", "points", *words)
        check(code == 2 and words[0][2:] in err, "%s: %d %s" % (words, code, err))
    card(base, other)


def entered_once(base, other, branch, number):
    """A station enters a person or a station once; where two have entered one, the newest entry stands above."""
    again = ("--deputy", "D-17", "--name", "李某某", "--levels", "town")
    code, _, err = base.run("deputy", "enter", *again)
    check(code == 4 and number in err and "amend" in err, "he is entered already: %d %s" % (code, err))
    entry = ("station", "enter", "--code", "410611003", "--name", "黎阳路", "--tier", "base")
    first = base.ctl(*entry).strip()
    code, _, err = base.run(*entry)
    check(code == 4 and first in err, "so is the station: %d %s" % (code, err))
    base.ctl("station", "close", first, "--reason", "重新登记")
    base.ctl(*entry)  # what was closed may be entered anew
    code, _, err = base.run("station", "enter", "--code", "410611004", "--name", "天山路", "--tier", "base")
    check(code == 0, "another one: %s" % err)
    other.ctl("deputy", "enter", "--deputy", "D-18", "--name", "赵某某", "--levels", "county", *at("2025-03-02"))
    other.wait_main()
    census = dict(cells(branch.json("deputy", "census"), "level", "deputies"))
    check(census == {"city": 1, "county": 2, "seats": 3, "overlap": 1, "persons": 2}, "still two: %s" % census)
    for question in ("12", "23"):
        rows = [r for r in branch.json("ask", question)["rows"] if "D-18" in r]
        check(len(rows) == 1 and "赵某某" in rows[0] and "410611004" in rows[0], "%s: one row: %s" % (question, rows))


def card(base, other):
    shown = base.ctl("deputy", "card", "D-17", "--qr")
    check("0392-3330000" in shown and "第三选区" in shown and "█" in shown, "the card: %s" % shown)
    check("13900000000" not in shown, "what is private is on no card")
    svg = os.path.join(base.home, "card.svg")
    base.ctl("deputy", "card", "D-17", "--svg", svg)
    with open(svg, encoding="utf-8") as f:
        check(f.read().startswith("<svg "), "the QR code as SVG")
    code, _, err = base.run("deputy", "card", "D-17", "--svg", "/nowhere/x.svg")
    check(code == 1 and "/nowhere/x.svg" in err, "a file that can't be: %d %s" % (code, err))
    code, _, err = other.run("deputy", "card", "D-17")
    check(code == 4, "known where he was entered, and above: %d %s" % (code, err))


@test
def schedules(city):
    """四定: each day is met, moved, missed or open, from the plan, what was said, and visits that name it."""
    base, branch = city["410611003"], city["410611"]
    n = base.ctl("schedule", "plan", "--type", "reception", "--title", "物业纠纷", "--weekdays", "friday", "--starts",
                 "15:00", "--ends", "16:00", "--place", "一楼接待室", "--people", "D-17", "--first", "2025-09-01",
                 "--last", "2025-10-31", "--holiday", "one_week", *at("2025-08-20")).strip()
    base.ctl("schedule", "announce", n, "--occurrence", "2025-09-05", "--notice", "周五接待", *at("2025-09-01"))
    base.ctl("visit", "record", "--who", "masses", "--title", "来访", "--schedule", n, *at("2025-09-05"))
    base.ctl("schedule", "announce", n, "--occurrence", "2025-09-12", "--notice", "周五接待", *at("2025-09-11"))
    held = base.ctl("activity", "record", "--type", "themed_reception", "--title", "接待", "--deputies", "D-17",
                    "--schedule", n, "--on", "2025-09-12", *at("2025-09-13")).strip()
    base.ctl("schedule", "move", n, "--occurrence", "2025-09-19", "--new_day", "2025-09-22", "--reason", "会议",
             *at("2025-09-15"))
    base.ctl("visit", "record", "--who", "masses", "--title", "来访", "--schedule", n, *at("2025-09-22"))
    voided = base.ctl("visit", "record", "--who", "masses", "--title", "误记", "--schedule", n,
                      *at("2025-09-26")).strip()
    base.ctl("visit", "void", voided, "--reason", "误记", *at("2025-09-27"))
    ahead = base.ctl("schedule", "plan", "--type", "leader_visit", "--title", "领导接访", "--month_days", "15", "--starts",
                     "9:00", "--place", "接访室", "--people", "张某").strip()
    base.wait_main()
    asked = branch.json("schedule", "calendar", n, "--from", "2025-09", "--to", "2025-09")
    got = cells(asked, "planned", "day", "state", "notice")
    check(got == [("2025-09-05", "2025-09-05", "met", "in time"), ("2025-09-12", "2025-09-12", "met", "late"),
                  ("2025-09-19", "2025-09-22", "moved and met", "none"),
                  ("2025-09-26", "2025-09-26", "missed", "none")], "the calendar: %s" % got)
    check(cells(asked, "met_by", "people", "time")[1] == (held, "D-17", "15:00-16:00"), str(asked["rows"][1]))
    counts = cells(branch.json("schedule", "counts", "--from", "2025-09", "--to", "2025-09"), "station", "planned", "kept",
                   "moved", "missed", "late", "silent")
    check(counts == [("410611003", 4, 2, 1, 1, 1, 2)], "counts: %s" % counts)
    to_come = cells(branch.json("schedule", "calendar", "--open", "--from", time.strftime("%Y-%m-%d"), "--to",
                                time.strftime("%Y-%m-%d", time.localtime(time.time() + 86400 * 80))),
                    "schedule", "state")
    check(to_come and set(to_come) == {(ahead, "open")}, "what comes next: %s" % to_come)
    base.ctl("schedule", "pause", ahead, "--reason", "装修")
    base.wait_main()
    check(not cells(branch.json("schedule", "calendar", ahead, "--open"), "day"), "a plan that pauses has no days")
    code, _, err = branch.run("schedule", "calendar", "--from", "2025-09", "--to", "2025-08")
    check(code == 2 and "earlier than from" in err, "a period that ends before it begins: %s" % err)
    check("物业纠纷" in base.ctl("schedule", "calendar", n, "--year", "2025"), "and on the screen")
    not_planned(base, branch, n, counts)


def not_planned(base, branch, n, counts):
    """A day that the plan hasn't is refused, with those beside it; one is found by the day that it was moved to, too."""
    visit = base.ctl("visit", "record", "--who", "masses", "--title", "来访").strip()

    def moves(day):
        return (("announce", n, "--occurrence", day, "--notice", "公告"), ("meet", n, "--occurrence", day, "--met_by", visit),
                ("move", n, "--occurrence", day, "--new_day", "2025-09-30", "--reason", "会议"),
                ("miss", n, "--occurrence", day, "--reason", "外出"))
    for words in moves("2025-09-24"):
        code, out, err = base.run("schedule", *words)
        check(code == 4 and not out and "(2025-09-22, 2025-09-26)" in err and "schedule amend" in err,
              "%s: %d %s" % (words[0], code, err))
    code, _, err = base.run("--lang", "zh", "schedule", *moves("2025-08-29")[3])
    check(code == 4 and "安排里没有这一天" in err and "(2025-09-05)" in err, "in Chinese: %s" % err)
    base.ctl("schedule", "announce", n, "--occurrence", "2025-09-22", "--notice", "改期公告")
    facts = base.json("schedule", "show", n)["events"][-1]["facts"]
    check(facts["occurrence"] == "2025-09-19", "written is the day as planned: %s" % facts)
    base.wait_main()
    again = cells(branch.json("schedule", "counts", "--from", "2025-09", "--to", "2025-09"), "station", "planned", "kept",
                  "moved", "missed", "late", "silent")
    check(again == [("410611003", 4, 2, 1, 1, 2, 1)], "counts: %s, before: %s" % (again, counts))


def holder_at(station, number):
    return station.json("matter", "show", number)["record"]["holder"]


@test
def handed_across(city):
    """A matter goes to a base of another branch that is away, with its history and its private part."""
    city.add("410621", "浚县分站", "branch", "410600")
    far = city.add("410621001", "卫溪街道基站", "base", "410621")
    base, main = city["410611003"], city["410600"]
    until("the roll is known", lambda: base.run("matter", "hand", "x", "--to", "410621001")[0] == 2)
    n = base.ctl(*OPEN, "--title", "河道垃圾", "--reporter_name", "王某").strip()
    base.ctl("matter", "accept", n)
    code, _, err = base.run("matter", "hand", n, "--to", "410699001")
    check(code == 2 and "to" in err, "no such station: %d %s" % (code, err))
    far.stop()
    until("the far base is known here",
          lambda: base.run("matter", "hand", n, "--to", "410621001")[0] == 0)
    code, _, err = base.run("matter", "answer", n, "--reply", "x")
    check(code == 4, "it isn't ours any more: %s" % err)
    base.wait_main()
    city["410621"].kill()
    city["410621"].start()
    far.start()
    until("it has arrived", lambda: far.run("matter", "show", n)[0] == 0 and
          holder_at(far, n) == "410621001")
    there = far.json("matter", "show", n)
    check(len(there["events"]) == 3, "with its history: %s" % there["events"])
    check(any(e.get("private", {}).get("reporter_name") == "王某" for e in there["events"]),
          "the new holder reads the private part")
    between = json.dumps([s.json("matter", "show", n) for s in (main, city["410621"])], ensure_ascii=False)
    check("王某" not in between, "nobody between can")
    far.ctl("matter", "answer", n, "--reply", "已清理")
    far.wait_main()
    until("the first holder hears of it",
          lambda: base.json("matter", "show", n)["record"]["state"] == "answered")
    for s in city:
        if s.code != "410611":
            s.ctl("recount")
    row = {r["key"][0]: r for r in main.json("report", "--by", "station")["rows"]}
    check(row["410611003"]["opened"] == 1 and row["410621001"]["open_now"] == 1, "counted where opened and where held")
    sound(city)


@test
def supervised(city):
    """Main's notice reaches a base, comes back answered, and is closed; what is past its deadline is counted."""
    base, main = city["410611003"], city["410600"]
    n = base.ctl(*OPEN).strip()
    base.wait_main()
    notice = ["supervision", "issue", "--to", "410611003", "--level", "key", "--title", "限期清理", "--about", n,
              "--due", "2026-01-01", "--at", "2025-12-01T09:00:00+08:00"]
    code, _, err = main.run(*notice)
    check(code == 2 and "supervisors" in err, "a key notice names who supervises: %d %s" % (code, err))
    s = main.ctl(*notice, "--supervisors", "常委会", "--supervisors", "监察委").strip()
    until("it is at the base", lambda: base.run("supervision", "show", s)[0] == 0)
    late = main.json("report", "--kind", "supervision", "--by", "station")["rows"]
    check(any(r["key"] == ["410611003"] and r["overdue_now"] == 1 for r in late), "overdue: %s" % late)
    check(base.run("supervision", "close", s)[0] == 4, "it isn't the base's to close")
    base.ctl("supervision", "answer", s, "--reply", "已清理")
    base.wait_main()
    check(main.json("supervision", "show", s)["record"]["holder"] == "410600", "it is back")
    main.ctl("supervision", "close", s)
    until("the base hears of it",
          lambda: base.json("supervision", "show", s)["record"]["state"] == "closed")
    sound(city)


@test
def reassigned(city):
    """A station above names a new holder; the old one's late word loses at every tier."""
    branch, base, main = city["410611"], city["410611003"], city["410600"]
    n = base.ctl(*OPEN).strip()
    base.wait_main()
    base.ctl("link", "pause")
    branch.ctl("matter", "reassign", n, "--to", "410611")
    base.ctl("matter", "accept", n)
    base.ctl("link", "resume")
    base.wait_main()
    until("the old holder knows", lambda: holder_at(base, n) == "410611")
    branch.ctl("matter", "accept", n)
    branch.wait_main()
    r = main.json("matter", "show", n)["record"]
    check(r["holder"] == "410611" and r["set_aside"] == 1 and r["state"] == "accepted", str(r))
    sound(city)


@test
def paused(city):
    """A link that somebody has paused isn't told as one that was lost."""
    base = city["410611003"]
    base.wait_linked()
    base.ctl("link", "pause")
    base.ctl("link", "resume")
    base.wait_linked()
    with open(base.log, encoding="utf-8") as f:
        said = f.read()
    check("UP_LOST" not in said and "UP_PAUSED the link to parent 410611 is paused" in said, said)


@test
def bad_values(city):
    """Each bad value is refused with its field, and nothing is written."""
    base = city["410611003"]
    before = base.json("status")["stations"][0]["size"]
    for words, code, place in (
            (["matter", "open", "--channel", "pigeon"], 2, "channel"),
            (["matter", "open"], 2, "--channel is needed\n  --channel channel: visit | phone"),
            (OPEN + ["--urgency", "soon"], 2, "normal | urgent"),
            (OPEN + ["--reporter_id", "11010519491231002Y"], 2, "reporter_id"),
            (OPEN + ["--title", "x" * 301], 2, "--title title: one line, not only blanks, <= 300 bytes"),
            (OPEN + ["--title", "\u3000 "], 2, "--title title"),
            (OPEN + ["--people", "\uff16"], 2, "--people people concerned: a whole number, 0..1000000"),
            (OPEN + ["--people", "1000001"], 2, "0..1000000"),
            (OPEN + ["--due", "2026/12/31"], 2, "a day, as 2026-07-01"),
            (OPEN + ["--to", "410611003"], 2, "unknown option: --to"),
            (["matter", "show", " 410611003 x "], 2, "mistyped"), (["erase", "show", "a b"], 2, ""),
            (["directive", "show", "a b"], 2, ""), (["vote", "show", "a b"], 2, "mistyped"),
            (["project", "count", "a b"], 2, ""), (["revoke", "a b", "--yes"], 2, ""),
            (OPEN + ["--title", "a\x07b"], 2, "title"),
            (OPEN + ["--due", "2026-02-30"], 2, "due"),
            (OPEN + ["--at", "yesterday"], 2, "at"),
            (OPEN + ["--at", "2099-01-01T00:00:00+08:00"], 2, "a day ahead"),
            (OPEN + ["--at", "1970-01-01T00:00:00Z"], 2, "at"),
            (OPEN + ["--due", "2011-01-01"], 2, "due"),
            (["matter", "accept", "410611003-2026-000001-00"], 4, ""),
            (["matter", "accept", "nonsense"], 2, "mistyped"),
            (["report", "--by", "colour"], 2, "by (station branch"),
            (["report", "--where", "colour=red"], 2, "colour=red (station branch"),
            (["matter", "acept"], 2, "matter acept"),
            (["report", "--where", "station=999999"], 2, "station=999999"),
            (["report", "--from", "2011-07-05"], 2, "from"),
            (["wait", "--receipted", "province"], 2, "receipted"),
            (["wait", "--receipted", "main", "--timeout", "soon"], 2, "timeout"),
            (["wait", "--log", "410611003"], 2, "size"),
            (["wait", "--log", "41061x", "--size", "1"], 2, "41061x"),
            (["no", "such", "verb"], 2, ""), (["nonsense", "--help"], 2, "nonsense; see stationctl --help"),
            (["", "--help"], 2, ""), (["vote", "bogus", "--help"], 2, "vote bogus; see stationctl vote --help"),
            (["status", "--loud"], 2, "--loud"), (["matter", "list", "--page", "2026-05"], 2, "page"),
            (["matter", "list", "--from", "2026-05"], 2, "--from"), (["visit", "list", "--state", "x"], 2, "state (recorded"),
            (["proof", "410611003/1/99999"], 4, ""), (["proof", "410611003/1"], 2, "CODE/EPOCH/SEQ"),
            (["event", "410611003/1/+1"], 2, "CODE/EPOCH/SEQ"), (["event", "1"], 2, "CODE/EPOCH/SEQ"), (["log", "checkpoint", "--log", "123456"], 4, "")):
        got, _, err = base.run(*words)
        check(got == code and place in err, "%s: exit %d, %s" % (words, got, err))
    group = [line for line in base.ctl("vote", "--help").splitlines() if line.startswith("  ")]
    check(len(group) > 3 and all(line.startswith("  vote ") for line in group), "the verbs of a kind: %s" % group)
    for words in (["wait", "--linked"], ["link", "pause"]):
        code, _, err = city["410600"].run(*words)
        check(code == 4 and "no parent" in err, "%s at main: %d %s" % (words, code, err))
    gbk = subprocess.run(base.command(*OPEN, "--title", "垃圾".encode("gbk")), capture_output=True)
    check(gbk.returncode == 2 and b"--title" in gbk.stderr, "a title in GBK is refused, not left out")
    n = base.ctl(*OPEN, "--reporter_id", "11010519491231002X").strip()
    check(n in base.ctl("matter", "show", " \u3000%s\u3000\n" % n), "a number is found with the blanks it was pasted with")
    for lang, told in (("zh", "此时可用: accept refuse merge withdraw hand"), ("en", "it allows: accept refuse merge")):
        code, _, err = base.run("matter", "close", n, lang=lang)
        check(code == 4 and told in err, "the moves there are: %s" % err)
    city["410611"].json("wait", "--log", "410611003", "--size", str(before + 1))
    code, _, err = city["410611"].run("matter", "accept", n)
    check(code == 4 and "410611003" in err, "who holds it is told: %s" % err)
    code, _, err = base.run("supervision", "issue", "--to", "410611", "--level", "ordinary", "--due", "2099-01-01",
                            "--title", "x")
    check(code == 4 and "station above" in err, "nobody presses from below: %s" % err)
    check(base.json("status")["stations"][0]["size"] == before + 1, "only the right one was written")


OTHER = {"zh": r"\b(the|its|is|of|and|with|are|only|by default)\b", "en": "[\u4e00-\u9fff]"}  # words of the other one


@test
def verbs_and_languages(city):
    """Every verb has --help with an example in both languages; --json is JSON."""
    base = city["410611003"]
    listing = base.ctl("--help")
    verbs = [line[2:22].strip() for line in listing.splitlines() if line.startswith("  ") and
             not line.startswith("  --") and not line.startswith("   ")]
    check(len(verbs) > 30, "the list of verbs: %s" % verbs)
    for v in verbs:
        for lang, word in (("zh", "示例"), ("en", "Example")):
            out = base.ctl(*v.split(), "--help", lang=lang)
            check(word in out and "stationctl " + v in out, "help of %s in %s" % (v, lang))
            told = out.split(word)[0]
            check(not re.search(OTHER[lang], told), "help of %s in %s has words of the other" % (v, lang))
            check(("--template NAME" in told) == ("  --template:" in told), "%s says what a template is" % v)
    for words in (["status"], ["report", "--by", "month,channel"], ["matter", "list"], ["invites"],
                  ["log", "key"], ["log", "checkpoint"], ["log", "verify"], ["recount"], ["kinds"],
                  ["wait", "--linked"]):
        base.json(*words)
    check("站点" in base.ctl("status", lang="zh") and "station" in base.ctl("status"), "both languages")
    gone = subprocess.run([city.program("stationctl"), "--socket", "/nonexistent/s", "status"],
                          capture_output=True, text=True)
    check(gone.returncode == 3, "no daemon is exit 3")


def kinds_of(station):
    return {k["name"]: k for k in station.json("kinds")["kinds"]}


def walk(station, kind, *moves):
    """The first move opens; each is its verb and its fields. The record's number."""
    number = station.ctl(kind, *moves[0]).strip()
    for m in moves[1:]:
        station.ctl(kind, m[0], number, *m[1:])
    return number


@test
def every_kind(city):
    """Each kind by its verbs: opened at a base, moved, listed, reported and recounted at two tiers."""
    base, branch = city["410611003"], city["410611"]
    kinds = kinds_of(base)
    matter = base.ctl(*OPEN, "--title", "噪声", "--people", "6").strip()
    visit = walk(base, "visit",
                 ("record", "--who", "群众", "--title", "反映噪声", "--services", "mediation",
                  "--services", "law_advice", "--names", "王某", "--names", "李某"),
                 ("link", "--matters", matter), ("add", "--left", "16:20"),
                 ("note", "--remark", "已回访"))
    suggestion = walk(base, "suggestion",
                      ("raise", "--type", "suggestion", "--title", "降噪", "--deputy", "D-17",
                       "--co_signers", "D-18"),
                      ("link", "--matters", matter), ("accept", "--category", "环境"),
                      ("assign", "--unit", "区环保局", "--co_units", "区公安分局"),
                      ("consult", "--co_unit", "区公安分局", "--opinion", "同意"),
                      ("draft", "--reply", "已治理", "--class", "B"),
                      ("submit", "--responsible", "赵某"),
                      ("answer", "--reviewed_by", "deputies_office", "--answered_how", "face",
                       "--met_place", "站内", "--met_day", "2026-11-01", "--met_report", "已说明"),
                      ("tell", "--told", "D-18", "--told_how", "person"),
                      ("rate", "--rating_meeting", "satisfied", "--rating_attitude", "satisfied",
                       "--rating_answer", "satisfied", "--rating_whole", "basically"),
                      ("promise", "--promise", "2027-06-30"),
                      ("fulfil", "--progress", "已完工", "--rating_result", "satisfied"))
    schedule = walk(base, "schedule",
                    ("plan", "--type", "reception", "--title", "噪声", "--starts", "15:00", "--place", "接待室",
                     "--people", "D-17", "--weekdays", "friday", "--weeks", "1", "--first", "2026-11-01"),
                    ("meet", "--occurrence", "2026-11-06", "--met_by", visit))
    activity = walk(base, "activity",
                    ("plan", "--type", "inspection", "--title", "查噪声", "--on", "2026-11-05"),
                    ("hold", "--deputies", "D-17", "--deputies", "D-18", "--schedule", schedule),
                    ("suggest", "--suggestions", suggestion))
    project = walk(base, "project",
                   ("propose", "--origin", "citizen", "--title", "隔声屏"), ("screen", "--round", "2026"),
                   ("choose", "--votes", "150", "--deputies_present", "200"),
                   ("take", "--unit", "区住建局", "--budget", "900000", "--milestones", "六月完工"),
                   ("inspect", "--findings", "合格", "--inspections", activity),
                   ("finish", "--result", "已完工"), ("accept", "--rating_result", "satisfied"))
    deputy = walk(base, "deputy",
                  ("enter", "--deputy", "D-17", "--name", "李某", "--levels", "city", "--levels", "county",
                   "--phone", "13900000000"),
                  ("assign", "--station", "410611003"))
    numbers = {"matter": matter, "visit": visit, "suggestion": suggestion, "schedule": schedule,
               "activity": activity, "project": project, "deputy": deputy}
    check(len(set(numbers.values())) == len(numbers), "no two share a number: %s" % numbers)
    base.wait_main()
    for kind, n in numbers.items():
        here, there = base.json(kind, "show", n)["record"], branch.json(kind, "show", n)["record"]
        check(here["kind"] == kind and there["state"] == here["state"], "both tiers: %s" % there)
        for s in (base, branch):
            listed = [r["number"] for r in s.json(kind, "list")["records"]]
            check(listed == [n], "%s lists its own alone: %s" % (kind, listed))
            total = s.json("report", "--kind", kind)["total"]
            check(total["opened"] == 1 and total["open_now"] + total["closed"] == 1, "%s: %s" % (kind, total))
            report = s.json("report", "--kind", kind, "--by", "state")
            check([r["key"] for r in report["rows"]] == [[here["state"]]], "its state: %s" % report)
        for other in kinds:
            if other != kind:
                code, _, err = base.run(other, "show", n)
                check(code == 4 and kind in err, "%s show of a %s: %s" % (other, kind, err))
    check(base.json("suggestion", "show", suggestion)["record"]["state"] == "closed", "closed")
    seen = base.json("visit", "show", visit)
    check(seen["events"][0]["private"]["names"] == ["王某", "李某"], "several values: %s" % seen)
    check(seen["events"][0]["facts"]["services"] == ["mediation", "law_advice"], "services")
    check(base.json("matter", "show", matter)["events"][0]["facts"]["group"] == "yes", "six are a group")
    check("王某" not in branch.ctl("visit", "show", visit), "names stay")
    check("调解" in base.ctl("visit", "show", visit, lang="zh"), "choices in words")
    sound(city)


@test
def kinds_refused(city):
    """What no table allows: moves, links to what isn't there, the wrong kind, itself, several of one."""
    base = city["410611003"]
    visit = base.ctl("visit", "record", "--who", "judge", "--title", "普法").strip()
    matter = base.ctl(*OPEN).strip()
    for words, code, place in (
            (["visit", "record", "--who", "ghost", "--title", "x"], 2, "who"),
            (["visit", "record", "--title", "x"], 2, "who"),
            (["visit", "link", visit, "--matters", visit], 4, "matters"),
            (["visit", "link", visit, "--matters", "nonsense"], 2, "matters"),
            (["visit", "link", visit, "--matters", "410611003-2026-000999-AA"], 4, "matters"),
            (["matter", "merge", matter, "--joins", matter], 2, "joins"),
            (["visit", "add", visit], 2, "fields"),
            (["visit", "add", visit, "--who", "judge"], 2, "who"),
            (["visit", "add", visit, "--left", "25:00"], 2, "left"),
            (["visit", "add", visit, "--title", "a", "--photos", "12"], 2, "photos"),
            (["visit", "show", matter], 4, "matter"),
            (["matter", "accept", visit], 4, "visit"),
            (["activity", "hold", visit, "--deputies", "D-1"], 4, "visit"),
            (["kinds", "ghost"], 2, "ghost"), (["report", "--kind", "ghost"], 2, "kind")):
        got, _, err = base.run(*words)
        check(got == code and place in err, "%s: %d %s" % (words, got, err))
    base.ctl("visit", "void", visit, "--reason", "重复")
    got, _, err = base.run("visit", "link", visit, "--matters", matter)
    check(got == 4, "a void visit is final: %s" % err)
    got, _, err = base.run("suggestion", "accept", matter)
    check(got == 4 and "matter" in err, "of another kind: %s" % err)
    other = base.ctl("matter", "open", "--channel", "phone").strip()
    base.ctl("matter", "merge", other, "--joins", matter)
    base.ctl("matter", "tell", other, "--told_how", "phone")
    sound(city)


CITY_FILES = os.path.join(TOP, "deploy", "city")
OFFICIAL = ["matter", "open", "--channel", "visit", "--category"]


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


FAKETIME = "/usr/lib/%s-linux-gnu/faketime/libfaketimeMT.so.1" % os.uname().machine


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


@test
def doors(city):
    """The same trouble by two doors is offered with its reasons, merged by a person, counted both ways, and each
    reporter is told of the result."""
    base, main = city["410611003"], city["410600"]

    def opens(title, text, *more):
        return base.ctl("matter", "open", "--category", "环境卫生", "--place", "幸福里社区三号院", "--title",
                        title, "--text", text, *(more or ("--channel", "visit"))).strip()

    def offered(station, *words):
        answer = station.json("matter", "candidates", *words)
        names = [c["name"] for c in answer["columns"]]
        check(all(len(r) == len(names) for r in answer["rows"]), "each cell has its column: %s" % answer)
        check(answer["coverage"]["stations"] > 0, "what it covers: %s" % answer["coverage"])
        return [dict(zip(names, r)) for r in answer["rows"]]

    first = opens("垃圾三天没人清运", "三号院门口的垃圾三天没有人清运了", "--channel", "visit",
                  "--reporter_phone", "13800000000")
    say = "三号院门口的垃圾三天没有人清运，气味难闻"
    before = offered(base, "--text", say, "--category", "环境卫生", "--phone", "138-0000-0000")
    check(before[0]["number"] == first and before[0]["reporter_points"] > 0, "before registering: %s" % before)
    second = opens("幸福里垃圾无人管", say, "--channel", "phone")
    third = opens("小区垃圾成堆", "垃圾成堆没人管", "--channel", "online")
    other = base.ctl("matter", "open", "--channel", "visit", "--category", "劳动保障", "--title", "拖欠工资",
                     "--text", "工地拖欠三个月工资").strip()
    rows_ = offered(base, second)
    check(rows_[0]["number"] == first and rows_[0]["text_points"] > 0 and rows_[0]["likeness"] > 0.3 and
          rows_[0]["points"] == sum(v for k, v in rows_[0].items() if k.endswith("_points")), str(rows_))
    check(other not in [r["number"] for r in rows_] or rows_[-1]["number"] == other, "another trouble: %s" % rows_)
    check([r["number"] for r in offered(base, second, "--limit", "1")] == [first], "the best alone")
    base.wait_main()
    there = offered(main, second)
    check(there[0]["number"] == first and there[0]["points"] == rows_[0]["points"], "the same at main: %s" % there)
    with open(os.path.join(base.data, "data.mdb"), "rb") as f:
        check(b"13800000000" not in f.read(), "the number is nowhere in clear")

    base.ctl("matter", "merge", second, "--joins", first)
    for words, code, place in (
            ((third, "--joins", second), 4, "%s -> %s" % (second, first)),
            ((third, "--joins", third), 2, "joins"),
            ((third, "--joins", "410611003-2026-000999-AA"), 4, "joins"),
            ((third, "--joins", "410621001-2026-000001-AA"), 4, "joins")):
        got, _, err = base.run("matter", "merge", *words)
        check(got == code and place in err, "merge %s: %d %s" % (words, got, err))
    base.ctl("matter", "merge", third, "--joins", first)
    check(base.json("matter", "list", "--untold")["records"] == [], "there is nothing to tell yet")
    refused = base.ctl("matter", "open", "--channel", "visit").strip()
    base.ctl("matter", "refuse", refused, "--reason", "诉讼中", "--elsewhere", "法院")
    base.ctl("matter", "accept", first)
    base.ctl("matter", "answer", first, "--reply", "已清运")

    def untold(station):
        found, token = [], None
        while token != "":
            page = station.json("matter", "list", "--untold", "--limit", "1", *(["--page", token] if token else []))
            found += [r["number"] for r in page["records"]]
            token = page["next"]
        return found
    check(untold(base) == [second, third, refused], "who is to be told: %s" % untold(base))
    base.ctl("matter", "tell", second, "--told_how", "phone")
    base.ctl("matter", "tell", refused, "--told_how", "phone")
    check(untold(base) == [third], "who is left")
    base.wait_main()
    check(untold(main) == [third], "main sees who is left")
    for s in (base, main):
        top = s.json("matter", "voices")
        check([(r[0], r[5], r[6]) for r in top["rows"]] == [(first, 3, 1)], "voices: %s" % top["rows"])
        one = s.json("matter", "voices", first)
        check(one["voices"] == 3 and {r[0]: r[4] for r in one["rows"]} == {second: True, third: False}, str(one))
        check(s.json("report")["total"]["opened"] == 5, "matters are counted as matters")
    check("voices 3" in base.ctl("matter", "show", first, lang="en") and
          "反映件数 3" in base.ctl("matter", "show", first, lang="zh"), "show says how many")
    base.ctl("matter", "echo", first, "--rating_answer", "satisfied", "--told_how", "phone")
    base.ctl("matter", "close", first)
    got, _, err = base.run("matter", "merge", other, "--joins", first)
    check(got == 4 and "has ended" in err, "what has ended is reopened first: %d %s" % (got, err))
    base.ctl("matter", "reopen", first, "--reason", "反复")
    base.ctl("matter", "merge", other, "--joins", first)
    for words in (("candidates",), ("candidates", "nonsense"), ("candidates", second, "--days", "0"),
                  ("candidates", second, "--limit", "51"), ("candidates", "--phone", "110"),
                  ("voices", "--limit", "0")):
        got, _, err = base.run("matter", *words)
        check(got == 2, "%s: %d %s" % (words, got, err))
    visit = base.ctl("visit", "record", "--who", "judge", "--title", "普法").strip()
    check(base.run("matter", "candidates", visit)[0] == 4, "a visit is no matter")
    sound(city)


@test
def kinds_documented(city):
    """deploy/docs/kinds.md is what the program's tables say; every table can be drawn."""
    base = city["410611003"]
    with open(os.path.join(TOP, "deploy", "docs", "kinds.md"), encoding="utf-8") as f:
        check(f.read() == base.ctl("kinds", "--markdown"), "deploy/docs/kinds.md is old: make docs")
    for name, k in kinds_of(base).items():
        one = base.json("kinds", name)
        check(one == k, "one kind as JSON")
        out = base.ctl("kinds", name, lang="zh")
        check(all(m["name"] in out for m in k["moves"]), "its moves: %s" % out)
        graph = base.ctl("kinds", name, "--dot")
        check(graph.startswith("digraph %s {" % name) and graph.count("{") == graph.count("}"), graph)
        check(all("\t%s [" % s["name"] in graph for s in k["states"]), "its states: %s" % graph)


def candidates(station, count):
    return [walk(station, "project", ("propose", "--origin", "citizen", "--title", "项目%d" % i),
                 ("screen", "--round", "2026")) for i in range(1, count + 1)]


def prepared(station, projects, seats, deputies, *more, verb="prepare"):
    words = [w for p in projects for w in ("--candidates", p)]
    return station.ctl("vote", verb, "--title", "民生实事票决", "--method", "n_of_m", "--seats", str(seats),
                       "--deputies", str(deputies), *words, *more).strip()


def issued(station, vote, present):
    """Tokens, with voting open."""
    tokens = station.ctl("project", "tokens", vote, "--present", str(present)).split()
    check(len(set(tokens)) == present, "a token each: %d" % len(tokens))
    station.ctl("vote", "open", vote)
    return tokens


def pile(station, name, papers):
    path = os.path.join(station.home, name)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines("%s\n" % " ".join(str(w) for w in p) for p in papers)
    return path


def counted(station, vote):
    return json.loads(station.run("project", "count", vote, "--json")[1])


@test
def vote(city):
    """201 deputies at a branch: void papers of each kind, recounted at main, declared; nothing joins a paper to anyone."""
    branch, main = city["410611"], city["410600"]
    projects = candidates(branch, 4)
    v = prepared(branch, projects, 2, 201)
    code, _, err = branch.run("vote", "open", v)
    check(code == 4, "not before there are tokens: %s" % err)
    tokens = issued(branch, v, 198)
    early = branch.run("project", "declare", v)
    check(early[0] == 4, "nothing to declare while they vote: %s" % (early,))
    papers = [(t, 1, 2) for t in tokens[:120]] + [(t, 2, 3) for t in tokens[120:150]] + \
             [(t, 4) for t in tokens[150:180]] + [(t,) for t in tokens[180:185]]
    void = [(tokens[185], 1, 2, 3), (tokens[0], 3), ("-",)]  # too many, used, unreadable
    path = pile(branch, "box1.txt", ["# 一号票箱".split()] + papers + void)
    bad = pile(branch, "bad.txt", papers[:3] + [(tokens[186][:-1] + ("A" if tokens[186][-1] != "A" else "B"), 1)])
    code, _, err = branch.run("project", "ballot", v, "--file", bad)
    check(code == 2 and "bad.txt:4" in err and counted(branch, v)["returned"] == 0,
          "a mistyped token is named, and nothing is entered: %s" % err)
    cut = os.path.join(branch.home, "cut.txt")
    with open(cut, "wb") as f:
        f.write(b"\xef\xbb\xbf# box 2\r\n%s 1\0 2" % tokens[186].encode())
    code, _, err = branch.run("project", "ballot", v, "--file", cut)
    check(code == 2 and "cut.txt:2" in err, "nothing of a line is passed over unseen: %s" % err)
    said = branch.json("project", "ballot", v, "--file", path, "--author", "teller-1")
    check(said["written"] == 188, str(said))
    branch.ctl("project", "ballot", v, "--token", tokens[186], "--choose", "1")
    code, _, err = branch.run("project", "ballot", v, "--token", tokens[186].lower(), "--choose", "1")
    check(code == 0 and "--batch" in err, "the same paper again isn't another: %s" % err)
    code, _, err = branch.run("project", "ballot", v, "--token", tokens[187], "--choose", "5")
    check(code == 2 and "choose" in err, "no such place on the paper: %d %s" % (code, err))
    running = counted(branch, v)
    check(running["end"] == "not_closed" and sum(c["votes"] for c in running["candidates"]) == 0,
          "no interim result: %s" % running)
    branch.ctl("vote", "close", v)
    branch.ctl("project", "ballot", v, "--token", tokens[188], "--choose", "4")
    branch.wait_main()
    for s in (branch, main):
        c = counted(s, v)
        check(c["end"] == "stands" and (c["issued"], c["returned"], c["valid"], c["blank"]) == (198, 189, 186, 5),
              "%s: %s" % (s.code, c))
        check({k: n for k, n in c["void"].items() if n} == {"too_many": 1, "used": 1, "spoiled": 1, "late": 1},
              "void papers by reason: %s" % c["void"])
        check([x["votes"] for x in c["candidates"]] == [121, 150, 30, 30], str(c["candidates"]))
        check([x["standing"] for x in c["candidates"]] == ["elected", "elected", "not_elected", "not_elected"],
              str(c["candidates"]))
        check(c["majority"] == 101 and c["quorum"] == 134 and c["quorum_met"], str(c))
        on = c["rests_on"]
        check(len(on["tokens"]) == 1 and on["checkpoint"] >= int(on["issued"].split("/")[2]), str(on))
        check("项目2" in s.ctl("project", "count", v, lang="zh"), "its titles")
        check("c2sp.org/tlog-proof" in s.ctl("project", "count", v, "--proof"), "the tokens' proof")
    branch.ctl("project", "declare", v)
    check(branch.run("project", "declare", v)[0] == 4, "once")
    branch.wait_main()
    check([main.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "chosen", "not_chosen", "not_chosen"], "as declared, at main")
    check(counted(main, v)["declared_agrees"] is True, "what was declared is what main counts")
    chosen = main.json("project", "show", projects[1])["events"][-1]["facts"]
    check((chosen["votes"], chosen["deputies_present"]) == ("150", "198"), str(chosen))
    unlinked(city, v, tokens, 189)
    sound(city)


def unlinked(city, v, tokens, cast):
    """Tokens that weren't cast are nowhere; those that were stand in papers alone, with nobody's name."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    raw = []
    for t in tokens:
        n = 0
        for c in t.replace("-", "")[:26]:
            n = n * 32 + alphabet.index(c)
        raw.append(n.to_bytes(16, "big"))
    for s in city:
        with open(os.path.join(s.data, "data.mdb"), "rb") as f:
            store = f.read()
        with open(s.log, "rb") as f:
            log = f.read()
        answers = "".join("".join(s.run(*w)[1:]) for w in (("project", "count", v, "--json"), ("vote", "show", v, "--json"),
                                              ("vote", "list", "--json"), ("status", "--json"),
                                              ("project", "list", "--json"), ("report", "--kind", "vote", "--json")))
        words = set()
        for where in (store, log, answers.encode()):
            words.update(m.group(1).replace(b"-", b"").decode() for m in
                         re.finditer(rb"(?=([0-9A-Z]{4}(?:-?[0-9A-Z]{4}){6}))", where))
        check(not words & {t.replace("-", "") for t in tokens}, "a token in words at %s" % s.code)
        check(not any(r in store for r in raw[cast:]), "one that wasn't cast is in the store of %s" % s.code)
        check(not any(r in log or r.hex() in answers for r in raw), "one is in log or answers of %s" % s.code)
    counted_by_hand(city["410600"], v, raw)


def message(data):
    """A protobuf message as {field: last value}: numbers, and bytes."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        fields[key >> 3] = value
    return fields


def counted_by_hand(station, v, raw):
    """From the very bytes at another tier, with nothing of the program but `event`: hashes, papers, votes."""
    c = counted(station, v)
    on = c["rests_on"]
    place = {k: int(on[k].split("/")[2]) for k in ("issued", "opened", "closed", "first_paper", "last_paper")}

    def event(seq):
        return message(subprocess.run(station.command("event", "410611/1/%d" % seq), capture_output=True).stdout)
    tokens = message(event(int(on["tokens"][0].split("/")[2]))[15])[1]
    known = {tokens[i:i + 32] for i in range(0, len(tokens), 32)}
    check(list(known) and tokens == b"".join(sorted(known)), "sorted by hash")
    check(place["issued"] < place["opened"] < place["first_paper"], "tokens come before voting")
    opened_at = event(place["opened"])[5]
    used, votes, void, order = set(), {}, 0, []
    for seq in range(place["first_paper"], place["last_paper"] + 1):
        e = event(seq)
        if e[14] != 20:
            check(seq == place["closed"], "between papers stands the closing alone: %d" % e[14])
            continue
        check(set(e) <= {1, 2, 3, 5, 7, 8, 9, 11, 14, 15} and e.get(11, b"") in (b"", b"teller-1"),
              "a paper says nothing else: %s" % e)
        check(abs(e[5] - opened_at) < 60000 and e[5] <= opened_at, "nor when it was typed")
        paper = message(e[15])
        token, choices = paper.get(1), list(paper.get(2, b""))
        digest = token and hashlib.sha256(b"stationd/ballot-token/v1\n" + b"410611".ljust(12, b"\0") + e[7] +
                                          token).digest()
        fine = seq < place["closed"] and digest in known and digest not in used
        used.add(digest) if digest and seq < place["closed"] else None
        if fine and len(choices) <= c["seats"]:
            for one in choices:
                votes[one] = votes.get(one, 0) + 1
        else:
            void += 1
        order += [raw.index(token)] if token in raw else []
    check([votes.get(x["place"], 0) for x in c["candidates"]] == [x["votes"] for x in c["candidates"]],
          "by hand: %s" % votes)
    check(void == sum(c["void"].values()), "void by hand: %d" % void)
    check(order != sorted(order), "papers of a pile aren't in its order")


@test
def vote_refused(city):
    """A missed quorum, too many papers, and a tie: said, not decided; then voted on again."""
    branch, main = city["410611"], city["410600"]
    projects = candidates(branch, 3)
    few = prepared(branch, projects, 1, 30)
    code, out, err = branch.run("project", "tokens", few, "--present", "19")
    check(code == 0 and "quorum" in err and len(out.split()) == 19, "said at once: %s" % err)
    branch.ctl("vote", "open", few)
    branch.ctl("vote", "close", few)
    code, out, _ = branch.run("project", "count", few)
    check(code == 1 and "missed" in out, out)
    code, _, err = branch.run("project", "declare", few)
    check(code == 4 and "quorum: 19 < 20" in err, err)
    branch.ctl("vote", "void", few, "--reason", "未达法定人数")
    many = prepared(branch, projects, 1, 3)
    tokens = issued(branch, many, 2)
    branch.ctl("project", "ballot", many, "--file", pile(branch, "many.txt", [(tokens[0], 1), (tokens[1], 1), ("-",)]))
    branch.ctl("vote", "close", many)
    code, _, err = branch.run("project", "declare", many)
    check(code == 4 and "returned: 3 > 2" in err, "more came back than were given: %s" % err)
    branch.ctl("vote", "void", many, "--reason", "收回多于发出")
    tie = prepared(branch, projects, 2, 5)
    tokens = issued(branch, tie, 5)
    branch.ctl("project", "ballot", tie, "--file", pile(branch, "tie.txt", [
        (tokens[0], 1, 2), (tokens[1], 1, 2), (tokens[2], 1, 3), (tokens[3], 3, 2), (tokens[4], 3, 1)]))
    branch.ctl("vote", "close", tie)
    c = counted(branch, tie)
    check([x["standing"] for x in c["candidates"]] == ["elected", "tied", "tied"] and c["seats_left"] == 1, str(c))
    _, _, err = branch.run("project", "declare", tie)
    check("vote again" in err, "the tie is said: %s" % err)
    check([branch.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "candidate", "candidate"], "those tied wait")
    other = candidates(branch, 1)[0]
    for verb, pair, wrong, why in (("again", [projects[0], projects[1]], projects[0], ("elected", "已经入选")),
                                   ("again", [projects[1], other], other, ("tied", "得票相等")),
                                   ("prepare", [projects[1], projects[1]], projects[1], ("twice", "两次"))):
        follows = ["--follows", tie] if verb == "again" else []
        ask = ["vote", verb, "--method", "n_of_m", "--title", "票决", "--seats", "1", "--deputies", "5", *follows,
               *(w for p in pair for w in ("--candidates", p))]
        for lang, words in zip(("en", "zh"), why):
            code, _, err = branch.run(*ask, lang=lang)
            check(code == 4 and wrong in err and words in err, "refused at once, and why: %s" % err)
    again = prepared(branch, projects[1:], 1, 5, "--follows", tie, verb="again")
    tokens = issued(branch, again, 5)
    branch.ctl("project", "ballot", again, "--file", pile(branch, "again.txt", [(t, 2) for t in tokens]))
    branch.ctl("vote", "close", again)
    branch.ctl("project", "declare", again)
    branch.wait_main()
    check([main.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "not_chosen", "chosen"], "the second round decides")
    code, _, err = main.run("project", "declare", again)
    check(code == 4, "it is the branch's to declare: %s" % err)
    code, _, err = branch.run("project", "count", projects[0])
    check(code == 4, "no vote: %s" % err)
    sound(city)


@test
def vote_killed(city):
    """kill -9 while a pile of papers is entered: it goes on, and no paper is counted twice."""
    branch = city["410611"]
    v = prepared(branch, candidates(branch, 3), 1, 2000)
    tokens = issued(branch, v, 2000)
    path = pile(branch, "box.txt", [(t, 1 + i % 3) for i, t in enumerate(tokens)])
    cut = 0
    for wait in (0, 0.005, 0.02, 0.05):
        sending = branch.spawn("project", "ballot", v, "--file", path)
        try:
            sending.wait(wait or 0.001)
        except subprocess.TimeoutExpired:
            pass
        branch.kill()
        sending.communicate()
        cut += sending.returncode != 0
        branch.start()
        check(counted(branch, v)["returned"] in (0, 2000), "all of a pile or nothing")
    check(cut > 0, "some were cut off")
    branch.ctl("project", "ballot", v, "--file", path)
    branch.ctl("vote", "close", v)
    branch.wait_main()
    for s in (branch, city["410600"]):
        c = counted(s, v)
        check((c["returned"], c["valid"], c["repeated"]) == (2000, 2000, 0), str(c["void"]))
        check([x["votes"] for x in c["candidates"]] == [667, 667, 666], "each once: %s" % c["candidates"])
    sound(city)


@test
def suggestion_rules(city):
    """A motion's deputies, a promise, and who of the co-signers hasn't been answered."""
    base = city["410611003"]
    n = base.ctl("suggestion", "raise", "--type", "motion", "--level", "town", "--title", "修路", "--deputy", "D-1",
                 "--co_signers", "D-2", "--co_signers", "D-3").strip()
    code, _, err = base.run("suggestion", "agenda", n, "--decision", "列入")
    check(code == 4 and "five deputies" in err and "3 < 5" in err, "told why, and how far: %d %s" % (code, err))
    check("五名" in base.run("suggestion", "agenda", n, "--decision", "列入", lang="zh")[2], "in both languages")
    base.ctl("suggestion", "cosign", n, "--co_signers", "D-4", "--co_signers", "D-5")
    base.ctl("suggestion", "agenda", n, "--decision", "列入")
    s = walk(base, "suggestion",
             ("raise", "--type", "suggestion", "--title", "公交", "--deputy", "D-1", "--co_signers", "D-2",
              "--co_signers", "D-3"),
             ("accept", "--category", "交通"), ("assign", "--unit", "区交通局"),
             ("draft", "--reply", "列入计划", "--class", "C"), ("submit", "--responsible", "赵某"),
             ("answer", "--reviewed_by", "deputies_office", "--answered_how", "written"),
             ("tell", "--told", "D-3", "--told_how", "letter"),
             ("rate", "--rating_meeting", "satisfied", "--rating_attitude", "satisfied", "--rating_answer", "satisfied",
              "--rating_whole", "satisfied"))
    shown = base.json("suggestion", "show", s)
    check(shown["left"][0]["values"] == ["D-2"], "not answered yet: %s" % shown["left"])
    check("D-2" in base.ctl("suggestion", "show", s).splitlines()[-1], "and on the screen")
    code, _, err = base.run("suggestion", "close", s)
    check(code == 4 and "promise" in err, "a promise is kept first: %s" % err)
    base.ctl("suggestion", "promise", s, "--promise", "2027-06-30")
    check(base.json("suggestion", "show", s)["record"]["due"] == "2027-06-30", "its day is the due day")
    base.ctl("suggestion", "fulfil", s, "--progress", "已通车", "--rating_result", "satisfied")
    sound(city)


@test
def questions_documented(city):
    """deploy/docs/questions.md is what the program's table says."""
    with open(os.path.join(TOP, "deploy", "docs", "questions.md"), encoding="utf-8") as f:
        check(f.read() == city["410600"].ctl("ask", "--markdown"), "deploy/docs/questions.md is old: make docs")


@test
def questions_asked(city):
    """All 24 at every tier, to the screen, CSV, XLSX and JSON; what they say of a little of everything."""
    matter = questions.ask_everything(city, check, until)
    questions.what_they_say(city, check, matter)
    sound(city)


@test
def questions_refused(city):
    """A question, period, station or record that isn't one is refused by name, in both languages."""
    questions.refused(city, check)


@test
def import_again(city):
    """A second import adds nothing; a row that has moved on adds just what is new."""
    base = city["410611003"]
    data = rows(300)
    state, closed = data[0].index("state"), data[0].index("closed_at")
    early = [data[0]] + [r[:] for r in data[1:]]
    for r in early[1:51]:
        r[state], r[closed] = "open", ""
    path = os.path.join(base.home, "cases.csv")
    first = base.json("import", write_csv(path, early), "--source", "b")
    check(first["opened"] == 300 and first["bad"] == 0, str(first))
    again = base.json("import", path, "--source", "b")
    check(again["opened"] == 0 and again["events"] == 0 and again["unchanged"] == 300, str(again))
    later = base.json("import", write_csv(path, data), "--source", "b")
    moved = sum(1 for r in data[1:51] if r[state] == "closed")
    check(later["moved"] == moved and later["opened"] == 0, str(later))
    check(base.json("import", path, "--source", "b")["events"] == 0, "and that again adds nothing")
    agency = data[0].index("agency")
    late = [data[0], data[1][:]]
    late[1][state], late[1][closed], late[1][agency] = "open", "", ""
    base.ctl("import", write_csv(path, late), "--source", "unit")
    late[1][agency] = "城管局"
    steps = [base.json("import", write_csv(path, late), "--source", "unit")["events"] for _ in range(2)]
    check(steps == [1, 0], "a unit that is named later is assigned, once: %s" % steps)
    write_csv(path, data)
    only = base.json("import", path, "--source", "other", "--district", data[1][8])
    check(only["opened"] == sum(1 for r in data[1:] if r[8] == data[1][8]), "only that district")
    base.wait_main()
    sound(city)


@test
def import_changes(city):
    """What a file changes of a row is done, or refused by name; nothing passes unseen."""
    base = city["410611003"]
    data = rows(1)
    column = {name: i for i, name in enumerate(data[0])}
    path = os.path.join(base.home, "one.csv")

    def give(**values):
        for name, value in values.items():
            data[1][column[name]] = value
        code, out, err = base.run("import", write_csv(path, data), "--source", "s", "--json")
        got = json.loads(out)
        return [got[k] for k in ("opened", "moved", "unchanged", "bad", "events")], err

    def record():
        return base.json("matter", "list")["records"][0]

    check(give(opened_at="2026-03-02T09:00:00+08:00", due_at="2026-05-01T17:00:00+08:00", state="open",
               closed_at="", agency="城管局", reply="")[0] == [1, 0, 0, 0, 3], "opened, accepted, assigned")
    got, err = give(closed_at="2026-04-01T09:00:00+08:00")
    check(got == [0, 0, 0, 1, 0] and "closed_at: must be empty" in err, "a closed_at while open: %s" % err)
    check(give(closed_at="", reply="已处理")[0] == [0, 0, 1, 0, 0], "a reply while open waits for the end")
    for day in ("2026-04-20", "2026-06-01"):  # nearer, and further off than what it was first
        check(give(due_at=day + "T17:00:00+08:00")[0] == [0, 1, 0, 0, 1] and record()["due"] == day,
              "the source's day: %s" % record())
        check(give()[0] == [0, 0, 1, 0, 0], "once")
    base.ctl("matter", "extend", record()["number"], "--due", "2026-07-01", "--reason", "施工")
    check(give()[0] == [0, 0, 1, 0, 0] and record()["due"] == "2026-07-01", "what was put off here stays")
    base.ctl("matter", "answer", record()["number"], "--reply", "已清运")
    check(give(due_at="2026-08-01T17:00:00+08:00")[0] == [0, 0, 1, 0, 0], "no move of the table from here")
    check(give(state="closed", closed_at="2026-08-01T09:00:00+08:00")[0] == [0, 1, 0, 0, 2], "echoed, closed")
    got, err = give(state="open", closed_at="")
    check(got == [0, 0, 0, 1, 0] and ":2: state: here the matter has ended" in err, "open again: %s" % err)
    base.wait_main()
    sound(city)


@test
def import_sources(city):
    """A new export under a new file name doesn't open every matter a second time."""
    base = city["410611003"]
    data = rows(620)
    first = write_csv(os.path.join(base.home, "october.csv"), data[:601])
    second = write_csv(os.path.join(base.home, "november.csv"), data)
    check(base.json("import", first)["opened"] == 600, "the file's name is the source")
    check(base.json("import", first)["unchanged"] == 600, "and the same name the same source")
    before = base.json("status")["stations"][0]["size"]
    for lang, word in (("en", "--source"), ("zh", "另一来源")):
        code, _, err = base.run("import", second, lang=lang)
        check(code == 4 and word in err and "october.csv" in err, "another name: %d %s" % (code, err))
    check(base.json("status")["stations"][0]["size"] == before, "nothing was written")
    got = base.json("import", second, "--source", "october.csv")
    check(got["opened"] == 20 and got["unchanged"] == 600, "with the source just what is new: %s" % got)
    check(base.json("import", second, "--source", "hotline")["opened"] == 620, "who says so means it")
    number = data[0].index("number")
    other = [data[0]] + [r[:number] + ["x" + r[number]] + r[number + 1:] for r in data[1:11]]
    check(base.json("import", write_csv(os.path.join(base.home, "other.csv"), other))["opened"] == 10,
          "other numbers are other matters")
    for name in ("Cafe\u0301", "Caf\u00e9"):  # the same letters, as two systems write them
        other[1][number] = "n-" + name
        got = base.json("import", write_csv(os.path.join(base.home, "c.csv"), other[:2]), "--source", name)
        check(got["opened"] == (name != "Caf\u00e9"), "one source in any form: %s" % got)
    sound(city)


@test
def import_bad_rows(city):
    """A bad row is named by file, row, column and reason; skipped or stopped at, as asked."""
    base = city["410611003"]
    data = rows(40)
    opened_at, state = data[0].index("opened_at"), data[0].index("state")
    data[11][opened_at] = "last week"
    data[21][state] = "done"
    data[31] = data[31][:7]
    path = write_csv(os.path.join(base.home, "bad.csv"), data)
    code, _, err = base.run("import", path, "--source", "skip")
    check(code == 1 and "bad.csv:12: opened_at" in err and "bad.csv:22: state" in err and
          "bad.csv:32:" in err and "37" in err, "skip: %s" % err)
    check(err.index("csv:12:") < err.index("csv:22:") < err.index("csv:32:"),
          "in the file's order: %s" % err)
    code, _, err = base.run("import", path, "--source", "stop", "--on-error", "stop")
    check(code == 2 and "bad.csv:12" in err and "bad.csv:22" not in err and "bad.csv:32" not in err and
          "10 opened" in err and "row 12" in err, "stop: %s" % err)
    late = rows(4)
    late[1][opened_at] = "2099-01-01T00:00:00Z"
    late[1][state], late[1][late[0].index("closed_at")], late[1][late[0].index("due_at")] = "open", "", ""
    late[2][late[0].index("due_at")] = "2011-01-01T00:00:00Z"
    late[3][state], late[3][late[0].index("closed_at")] = "closed", "2099-01-01T00:00:00Z"
    code, _, err = base.run("import", write_csv(path, late), "--source", "late")
    check(code == 1 and "csv:2: opened_at: later than this station's clock" in err and
          "csv:3: due_at: due before" in err and "csv:4: closed_at: later" in err and "1 opened" in err,
          "times out of bounds: %s" % err)
    check(base.run("import", "-", stdin="")[0] == 2, "a pipe needs a --source")
    check(base.run("import", path, "--on-error", "maybe")[0] == 2, "skip or stop")
    code, _, err = base.run("import", city.home)
    check(code == 1 and "number,opened_at" not in err, "a folder: %d %s" % (code, err))
    code, _, err = base.run("import", write_csv(path, [["a", "b"], ["1", "2"]]))
    check(code == 2 and "number,opened_at" in err, "the header is told: %s" % err)
    with open(path, "wb") as f:
        f.write(b'number,"opened')
    check(base.run("import", path)[0] == 2, "broken quotes")
    check(base.run("import", "/nonexistent.csv")[0] == 2, "no file")
    other_encodings(base, path)


def other_encodings(base, path):
    """A file in another encoding is told once, with its line and the cure, and nothing of it is imported."""
    head = rows(0)[0]
    data = [head] + [["u%d" % i, "2026-01-02T03:04:05+08:00", "", "", "open", "phone", "环境卫生", "", "", "", "",
                      "plain" if i == 0 else "垃圾清运", "", "", ""] for i in range(20)]
    text = "\n".join(",".join(r) for r in data) + "\n"
    before = opened(base)
    for encoding, line, cure in (("gbk", 2, "iconv -f GB18030 -t UTF-8"), ("utf-16", 1, "iconv -f UTF-16 -t UTF-8")):
        with open(path, "wb") as f:
            f.write(text.encode(encoding))
        code, _, err = base.run("import", path, "--source", "u")
        check(code == 2 and len(err.splitlines()) == 1 and ":%d: " % line in err and cure in err, "%s: %d %s" % (encoding, code, err))
        with open(path, "rb") as f:  # no file that can be looked through first
            piped = subprocess.run(base.command("import", "-", "--source", "u"), stdin=f, capture_output=True, check=False)
        check(piped.returncode == 2 and cure.encode() in piped.stderr, piped.stderr)
    check(opened(base) == before, "nothing of it is imported")
    with open(path, "wb") as f:
        f.write(text.encode("utf-8-sig").replace(b"u7,", b"\xff,"))
    code, _, err = base.run("import", path, "--source", "u")
    check(code == 1 and "csv:9: number: isn't UTF-8" in err and "19 opened" in err, "one damaged value: %s" % err)


@test
def killed_under_load(city):
    """kill -9 of each tier in the middle of an import: nothing acknowledged is lost, nothing twice."""
    base, main = city["410611003"], city["410600"]
    data = rows(1500)
    path = write_csv(os.path.join(base.home, "cases.csv"), data)
    for turn, code in enumerate(("410600", "410611", "410611003")):
        source = "turn%d" % turn
        before = base.json("status")["stations"][0]["size"]
        run = base.spawn("import", path, "--source", source)
        until("the import is under way", lambda: base.json("status")["stations"][0]["size"] > before + 500)
        city[code].kill()
        if code == base.code:
            run.communicate()
        city[code].start()
        if code != base.code:
            out, err = run.communicate(timeout=120)
            check(run.returncode == 0, "the clerk never notices: %s%s" % (out, err))
        base.ctl("import", path, "--source", source)
        base.wait_main()
        check(opened(main) == 1500 * (turn + 1), "main has %d" % opened(main))
    sound(city)


@test
def acknowledged_is_durable(city):
    """What was answered before a kill is there after it."""
    base = city["410611003"]
    for _ in range(5):
        numbers = [base.ctl(*OPEN).strip() for _ in range(4)]
        base.kill()
        base.start()
        for n in numbers:
            base.ctl("matter", "show", n)


@test
def cut_and_healed(city):
    """A base without a parent does everything; on reconnect all of it goes up."""
    branch, base, main = city["410611"], city["410611003"], city["410600"]
    branch.stop()
    n = base.ctl(*OPEN).strip()
    base.ctl("matter", "accept", n)
    check(base.json("report")["total"]["opened"] == 1, "reports offline")
    waits = until("status says why", lambda: base.json("status")["stations"][0]["waits"])
    check(waits["en"] and waits["zh"], "in both languages")
    below = until("main says that the branch is silent",
                  lambda: main.ctl("status").count("child 410611 isn't linked") == 2)
    check(below and "下级 410611 未连接" in main.ctl("status", lang="zh"), "and whoever is behind it")
    code, _, err = base.run("wait", "--receipted", "main", "--timeout", "1")
    check(code == 5 and "410611003/1" in err, "what lags is named: %s" % err)
    waits = main.spawn("wait", "--log", "410611003/1", "--size", "3")
    branch.start()
    base.wait_main()
    check(opened(main) == 1, "all of it is up")
    check("isn't linked" not in main.ctl("status"), "nobody is silent any more")
    check(waits.wait(30) == 0, "who waits for so much of a log hears of it")
    code, _, err = main.run("wait", "--log", "410611003", "--size", "99", "--timeout", "1")
    check(code == 5 and "410611003" in err, "the log that is too short is named: %s" % err)


@test
def status_below(city):
    """status tells a backlog below from nothing new, and what waits to be taken from here."""
    branch, base, main = city["410611"], city["410611003"], city["410600"]
    n = base.ctl(*OPEN).strip()
    base.wait_main()

    def row(at, code):
        return {s["code"]: s for s in at.json("status")["stations"]}[code]

    r = row(branch, "410611003")
    check(r["own_size"] == r["size"] == 2 and r["outbox"] == 0, "all of it is here: %s" % r)
    check(row(branch, "410611")["own_size"] == row(branch, "410611")["size"], "our own")
    far = row(main, "410611003")
    check(far["own_size"] is None and far["outbox"] is None, "two down nobody tells: %s" % far)
    base.stop()
    branch.ctl("matter", "reassign", n, "--to", "410611")
    waits = until("it waits for the base", lambda: row(branch, "410611003")["outbox"])
    out = branch.ctl("status")
    check("to be taken by it %d" % waits in out, "what waits for it is told: %s" % out)
    check("待其领取 %d" % waits in branch.ctl("status", lang="zh"), "in both languages")
    base.start()
    until("it is taken", lambda: row(branch, "410611003")["outbox"] == 0)
    # A branch whose disk is full takes nothing of what the base has.
    branch.stop()
    branch.settings["reserve_mib"] = 1 << 20
    branch.write_config()
    base.ctl(*OPEN)
    branch.start()
    r = until("the base has told", lambda: row(branch, "410611003")["own_size"] and
              row(branch, "410611003"))
    check(r["own_size"] == 3 and r["size"] == 2, "it has more than is here: %s" % r)
    out = branch.ctl("status")
    check("not here yet 1" in out, "the backlog is told: %s" % out)


@test
def restart_of_parent(city):
    """The link comes back by itself after a clean restart and after a kill."""
    branch, base = city["410611"], city["410611003"]
    for stop in (branch.stop, branch.kill):
        base.wait_linked()
        stop()
        until("the base notices", lambda: base.json("status")["uplink"]["state"] != "linked")
        branch.start()
        base.wait_linked()
    base.ctl(*OPEN)
    base.wait_main()


@test
def hung_parent(city):
    """A parent that is alive but doesn't answer is noticed, and taken back when it does."""
    branch, base = city["410611"], city["410611003"]
    base.wait_linked()
    branch.process.send_signal(signal.SIGSTOP)
    until("silence is noticed", lambda: base.json("status")["uplink"]["state"] != "linked")
    base.ctl(*OPEN)
    branch.process.send_signal(signal.SIGCONT)
    base.wait_linked()
    base.wait_main()


@test
def captive_portal(city):
    """An HTTP server in the parent's place: the base works on, says so, and links again later."""
    branch, base = city["410611"], city["410611003"]
    branch.stop()
    server = socket.create_server(("127.0.0.1", branch.port))
    met = threading.Event()

    def portal():
        for _ in range(3):
            try:
                peer, _ = server.accept()
                with peer:
                    met.set()
                    peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n" * 20)
                    peer.recv(100)
            except OSError:
                continue  # the base has hung up on it

    threading.Thread(target=portal, daemon=True).start()
    check(met.wait(30), "the base has met the portal")
    base.ctl(*OPEN)
    until("a reason is shown", lambda: base.json("status")["uplink"]["why"])
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    branch.start()
    base.wait_main()


@test
def rubbish_on_the_wire(city):
    """Strangers and rubbish on the parent's port stop nobody."""
    branch, base, main = city["410611"], city["410611003"], city["410600"]
    for data in (b"GET / HTTP/1.0\r\n\r\n", os.urandom(4000), b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE",
                 b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + bytes(100)):
        with socket.create_connection(("127.0.0.1", branch.port)) as s:
            s.sendall(data)
            s.settimeout(5)
            try:
                s.recv(1000)
            except OSError:
                pass
    base.ctl(*OPEN)
    base.wait_main()
    check(opened(main) == 1, "the base's matter is up")


@test
def control_rubbish(city):
    """The control socket answers rubbish with an error, and goes on."""
    base = city["410611003"]

    def ask(text):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(base.socket)
            s.sendall(text)
            s.settimeout(10)
            return s.recv(65536)

    def post(path, body):
        return ask(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" %
                   (path, len(body), body))

    for body in (b"", b"{", b"[]", b'{"kind":1}', b'{"kind":"matter"}', b'{"a":1,"a":2}',
                 b'{"kind":"matter","move":"open","fields":[]}',
                 b'{"kind":"matter","move":"open","fields":{"channel":7}}', b"\xff\xfe"):
        check(b" 400 " in post(b"/v1/commands", body), "refused: %r" % body)
    check(b" 404 " in ask(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"), "no such path")
    check(b" 405 " in ask(b"GET /v1/commands HTTP/1.1\r\nHost: x\r\n\r\n"), "no such method")
    check(b" 413 " in post(b"/v1/commands", b"x" * 1200000), "too large")
    base.ctl(*OPEN)


@test
def init_once(city):
    """A station that is set up refuses init, and no root key is made for it."""
    key = os.path.join(city.home, "other-root.key")
    for code in ("410600", "410611003"):
        got, _, err = city[code].run("init", "--code", "410600", "--name", "x", "--root-key", key)
        check(got == 4 and code in err, "init again at %s: %d %s" % (code, got, err))
    gone = subprocess.run([city.program("stationctl"), "--socket", "/nonexistent/s", "init", "--code",
                           "410600", "--name", "x", "--root-key", key], capture_output=True)
    check(gone.returncode == 3, "no daemon")
    check(not os.path.exists(key), "no key was made")


@test
def invites(city):
    """An invite is good once, for one station; a cut or used one is refused."""
    branch = city["410611"]
    invite = branch.ctl("invite", "--code", "410611100", "--name", "大赉店镇基站", "--tier",
                        "base").strip()
    one = Station(city, "410611100", "大赉店镇基站", "base", "410611")
    city.stations["410611100"] = one
    one.start()
    check(one.run("join", invite[:-5])[0] == 2, "a cut invite")
    check(one.run("join", "stationd1.AAAA")[0] == 2, "nonsense")
    check(one.run(*OPEN)[0] == 4, "no commands before joining")
    one.ctl("join", invite)
    code, _, err = one.run("join", invite)
    check(code == 4, "joined already: %s" % err)
    two = Station(city, "410611001", "x", "base", "410611")
    city.stations["410611001"] = two
    two.start()
    code, _, err = two.run("join", invite)
    check(code == 4 and "used" in err, "used by another: %d %s" % (code, err))
    check(branch.run("invite", "--code", "410611100", "--name", "x", "--tier", "base")[0] == 4, "enrolled")
    code, _, err = branch.run("invite", "--code", "410699", "--name", "x", "--tier", "branch")
    check(code == 2 and "tier branch, parent 410611" in err, "wrong tier: %s" % err)
    code, _, err = branch.run("invite", "--code", "410611101", "--name", "a\nb", "--tier", "base")
    check(code == 2 and err.strip().endswith(": name (1..120 B, UTF-8)"), "a name of two lines: %s" % err)
    for option, value, cure in (("--code", "41061", "410611003-01"), ("--tier", "bass", "branch base specialty"),
                                ("--valid-hours", "soon", "1..2160"), ("--valid-hours", "2161", "1..2160")):
        words = {"--code": "410611101", "--name": "x", "--tier": "base", option: value}
        code, _, err = branch.run("invite", *(w for pair in words.items() for w in pair))
        check(code == 2 and cure in err, "%s %s: %s" % (option, value, err))
    code, _, err = branch.run("revoke", "41061", "--yes")
    check(code == 2 and "410611003-01" in err, "no code to be revoked: %s" % err)
    code, _, err = branch.run("invite", "--code", "410611101", "--name", "x", "--tier", "base",
                              "--address", "x:1")
    check(code == 2 and "tcp://HOST:PORT" in err, "an invite that nobody could use: %s" % err)
    check(branch.run("invite", "--code", "410699-01", "--name", "x", "--tier", "specialty")[0] == 2,
          "a specialty's code is its parent's with a suffix")
    for code, within in (("410611102", True), ("410621001", False)):
        done = branch.run("invite", "--code", code, "--name", "x", "--tier", "base", lang="en")
        check(done[0] == 0 and done[1].startswith("stationd1."), "an invite for %s" % code)
        check(("look again" in done[2]) != within, "whose division %s is of: %s" % (code, done[2]))
        told = branch.json("invite", "--code", code, "--name", "x", "--tier", "base")
        check(told["within"] is within, "the same to a program: %s" % told)
    one.ctl(*OPEN)
    one.wait_main()


@test
def revoked_child(city):
    """A revoked key is cut off at once; what was receipted stays."""
    branch, base, main = city["410611"], city["410611003"], city["410600"]
    base.ctl(*OPEN)
    base.wait_main()
    code, _, err = branch.run("revoke", "410611003", stdin="")
    check(code == 2 and "--yes" in err, "nobody ends a key by a slip: %d %s" % (code, err))
    branch.ctl("revoke", "410611003", "--yes")
    base.ctl(*OPEN)
    until("the base learns it", lambda: (base.json("status")["uplink"]["why"] or {}).get("error") ==
          "EREVOKED")
    branch.wait_main()
    check(opened(main) == 1, "nothing of it came after")
    states = {s["code"]: s["standing"] for s in main.json("status")["stations"]}
    check(states["410611003"] == "revoked", "main knows: %s" % states)
    sound(city)


@test
def old_backup(city):
    """A restored backup stops signing and says so; nothing is overwritten at either end."""
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    backup = base.data + ".backup"
    shutil.copytree(base.data, backup)
    base.start()
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    shutil.rmtree(base.data)
    os.rename(backup, base.data)
    base.start()
    until("it says so", lambda: base.json("status")["halted"])
    code, _, err = base.run(*OPEN)
    check(code == 4 and "signing has stopped" in err, "writes are refused: %s" % err)
    check(base.json("report")["total"]["opened"] == 1, "reads go on")
    check(opened(main) == 2, "main keeps what it has")
    base.stop()
    base.start()
    check(base.json("status")["halted"], "and it stays so")
    with open(base.log, encoding="utf-8") as f:
        check("HALTED" in f.read(), "the log says so")


def handed_on(main, branch, title):
    """A matter of main's that the branch is to handle: its number, once main's outbox has nothing for the branch."""
    number = main.ctl(*OPEN, "--title", title).strip()
    main.ctl("matter", "hand", number, "--to", branch.code)
    until("the branch has what waits for it", lambda: not any(
        r["outbox"] for r in main.json("status")["stations"] if r["code"] == branch.code))
    return number


@test
def old_backup_above(city):
    """Main comes from a backup and writes on where others have its log: who has them refuses the others, and says so."""
    branch, main = city["410611"], city["410600"]
    main.stop()
    backup = main.data + ".backup"
    shutil.copytree(main.data, backup)
    main.start()
    before = [handed_on(main, branch, "甲") for _ in range(3)]
    main.stop()
    shutil.rmtree(main.data)
    os.rename(backup, main.data)
    main.start()
    branch.wait_linked()
    after = handed_on(main, branch, "乙")
    with open(branch.log, encoding="utf-8") as f:
        check("the log's root is not the signed one" in f.read(), "the branch says so")
    titles = [branch.json("matter", "show", n)["events"][0]["texts"]["title"] for n in before]
    check(titles == ["甲"] * 3, "nothing is overwritten: %s, then %s" % (titles, after))


@test
def words_that_mislead(city):
    """What would be taken for something else is refused, with the place; what the screen shows is what was said."""
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    for author in ("a\x1b[2J", "a\n  2026-11-28 done"):
        code, _, err = base.run(*OPEN, "--author", author)
        check(code == 2 and "author" in err, "an author who writes to the terminal: %d %s" % (code, err))
    code, _, err = base.run(*OPEN, "--channel", "phone")
    check(code == 2 and "--channel is given twice" in err, "%d %s" % (code, err))
    code, _, err = base.run("log", "verify", "--log", "410600")
    check(code == 4, "what isn't here has no verdict: %d %s" % (code, err))
    code, out, err = main.run("city", "show", "focus", "--version", "7")
    check("stationctl" not in out and code != 0, "a version of a table: %d %s %s" % (code, out, err))
    for version in ("4294967297", "1x", "0", ""):
        status, body = Control(main).raw("GET", "/v1/city/focus", version=version)
        check(status == 400 and json.loads(body)["place"] == "version", "version %s: %s" % (version, body))
    code, _, err = main.run("report", "--from", "2026-01-02", lang="zh")
    check(code == 2 and "第一天" in err and "first" not in err, "in Chinese: %s" % err)
    number = base.ctl(*OPEN, "--title", "噪声").strip()
    base.ctl("matter", "hand", number, "--to", "410611")
    code, _, err = base.run("matter", "accept", number)
    check(code == 4 and "410611" in err and "moves" not in err, "who has it: %d %s" % (code, err))
    base.wait_main()
    main.ctl("matter", "reassign", number, "--to", "410611003")
    check("reassigned" in main.ctl("matter", "show", number), "by its name")
    key = os.path.join(city.home, "none.key")
    code, _, err = branch.run("init", "--code", "41060O", "--name", "x", "--root-key", key)
    check(code == 2 and not os.path.exists(key), "no key is drawn for nothing: %d %s" % (code, err))


def says(station, text):
    with open(station.log, encoding="utf-8", errors="replace") as f:
        return text in f.read()


@test
def lost_key(city):
    """A station that is set up draws no other keys and signs with no other's: it says which file to bring back."""
    base, branch = city["410611003"], city["410611"]
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    key = os.path.join(base.data, "station.key")
    os.rename(key, key + ".kept")
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "no start without its key")
    check(says(base, "KEYS_LOST") and not os.path.exists(key), "and none is made")
    shutil.copy(os.path.join(branch.data, "station.key"), key)
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "nor with another's")
    check(says(base, "KEYS_OTHER"), "which it says")
    os.chmod(key, 0o644)
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "nor with one that others may read")
    check(says(base, "chmod 600"), "and the cure")
    os.rename(key + ".kept", key)
    base.start()
    base.ctl(*OPEN)
    base.wait_main()
    sound(city)


@test
def store_cut_off(city):
    """A copy that was cut off, at whatever length, is damage that is told, by fsck and by stationd; nothing dies of it."""
    base = city["410611003"]
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(1000)))
    base.stop()
    whole = os.path.getsize(os.path.join(base.data, "data.mdb"))
    copy = os.path.join(base.home, "cut")
    for size in (whole - 4096, whole - 65536, whole // 2, 20000, 8192, 100):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base.data, copy)
        os.truncate(os.path.join(copy, "data.mdb"), size)
        code, out, err = base.run("fsck", copy)
        check(code in (0, 1) and (code == 0 or err or out), "fsck of %d of %d: %d %s" % (size, whole, code, err))
        check(code == 1 or size > whole // 2, "fsck of %d of %d finds nothing" % (size, whole))
    shutil.rmtree(copy)
    shutil.copytree(base.data, copy)
    os.truncate(os.path.join(copy, "data.mdb"), 20000)
    base.settings["data_dir"] = copy
    base.write_config()
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "no start: %s" % base.process.returncode)
    check(says(base, "STORE_CORRUPT") and says(base, "restore the backup"), "and it says so")
    base.settings["data_dir"] = base.data
    base.write_config()
    base.start()
    base.wait_main()


@test
def stale_invite(city):
    """An invite that a newer one has replaced is told as that, and not as an address that can't be reached."""
    main = city["410600"]
    words = ("invite", "--code", "410621", "--name", "浚县分站", "--tier", "branch", "--address", main.address)
    first, second = (main.ctl(*words).strip() for _ in range(2))
    late = city.stations["410621"] = Station(city, "410621", "浚县分站", "branch", "410600")
    late.start()
    code, _, err = late.run("join", "-", stdin=first)
    check(code == 4 and "replaced by a newer one" in err, "%d %s" % (code, err))
    late.ctl("join", "-", stdin=second)
    late.wait_linked()


@test
def stopped_while_joining(city):
    """A station that is told to stop while it joins, or looks its parent up, stops."""
    main = city["410600"]
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as silent:
        address = "tcp://127.0.0.1:%d" % port
        invite = main.ctl("invite", "--code", "410621", "--name", "浚县分站", "--tier", "branch", "--address", address)
        late = city.stations["410621"] = Station(city, "410621", "浚县分站", "branch", "410600")
        late.start()
        joining = late.spawn("join", invite.strip())
        silent.accept()[0].close()
        check(late.stop() == 0, "it ended with %s" % late.process.returncode)
        check(joining.wait(10) != 0, "who waited for it is told")
        joining.communicate()


@test
def stopped_while_waited_for(city):
    """Who waits for a station that is told to stop is told, also who asks as it ends; and it ends."""
    base = city["410611003"]
    city["410611"].stop()
    until("it has lost its parent", lambda: base.json("status")["uplink"]["state"] != "linked")
    base.process.send_signal(signal.SIGSTOP)
    asking = []
    for _ in range(40):  # more than it accepts at one go: the others come to it only at its end
        asking.append(socket.socket(socket.AF_UNIX))
        asking[-1].connect(base.socket)
        asking[-1].sendall(b"GET /v1/wait?linked=1&timeout_s=60 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    base.process.send_signal(signal.SIGTERM)
    base.process.send_signal(signal.SIGCONT)
    check(base.process.wait(20) == 0, "it ended with %s" % base.process.returncode)
    answers_to = []
    for s in asking:
        with s, contextlib.suppress(ConnectionResetError):
            answers_to.append(s.recv(4096))
    check(any(b"EBUSY" in a for a in answers_to), "who waited is told: %s" % answers_to)


@test
def another_city(city):
    """A parent that isn't ours: refused, and the base works on."""
    other = City(BUILD, "en")
    try:
        branch, base = city["410611"], city["410611003"]
        branch.stop()
        other.add("410600", "另一市总站", "main", listen=branch.address)
        base.ctl(*OPEN)
        until("why is told", lambda: base.json("status")["uplink"]["why"])
        check(base.json("status")["uplink"]["state"] != "linked", "never linked")
        other.close()
        branch.start()
        base.wait_main()
    finally:
        other.close()


@test
def second_daemon(city):
    """A second daemon on one directory is refused, and the first goes on."""
    base = city["410611003"]
    config = os.path.join(base.home, "second.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("data_dir: %s\ncontrol_socket: %s2\nlang: en\n" % (base.data, base.socket))
    done = subprocess.run([city.program("stationd"), "--config", config], capture_output=True, text=True)
    check(done.returncode == 4 and "another daemon" in done.stderr, done.stderr)
    base.ctl(*OPEN)


@test
def configuration(city):
    """Unknown keys, wrong types and bad values: file, line, column and cure."""
    path = os.path.join(city.home, "bad.yaml")

    def refused(text, *words):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        for lang in ("en", "zh"):
            done = subprocess.run([city.program("stationd"), "--config", path, "--check-config",
                                   "--lang", lang], capture_output=True, text=True)
            check(done.returncode == 2 and all(w in done.stderr for w in words),
                  "%r: %d %s" % (text, done.returncode, done.stderr))

    refused("lang: zh\ncolour: red\n", "bad.yaml:2:")
    refused("map_gib: many\n", "bad.yaml:1:")
    refused("lang: zh\nping_s: 0x7fffffffff\n", "bad.yaml:2:9", "ping_s", "300")
    refused("lang: zh\nmap_gib: 0\n", "bad.yaml:2:10", "map_gib", "4096")
    refused("listen: everywhere\n", "bad.yaml:1:9", "tcp://")
    refused("lang: fr\n", "bad.yaml:1:7", "zh")
    refused("lang: [zh]\n", "bad.yaml:1:")
    refused("lang: zh\nlang: en\n", "bad.yaml:2:")
    refused("lang: &a zh\nlog_level: *a\n", "bad.yaml:")
    shipped = os.path.join(TOP, "deploy", "systemd", "stationd.yaml")
    done = subprocess.run([city.program("stationd"), "--config", shipped, "--check-config"],
                          capture_output=True)
    check(done.returncode == 0, "the settings that are installed")
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as f:
        check("-m 644 deploy/systemd/stationd.yaml" in f.read(), "that the daemon's own user may read")
    root = os.path.join(city.home, "root")
    subprocess.run(["make", "-C", TOP, "-o", "all", "install", "O=" + city.build, "DESTDIR=" + root, "PREFIX=/opt/s"],
                   check=True, capture_output=True)
    with open(os.path.join(root, "lib/systemd/system/stationd.service"), encoding="utf-8") as f:
        started = [x.split("=")[1].split()[0] for x in f if x.startswith("ExecStart=")]
    check(started == ["/opt/s/sbin/stationd"] and os.path.exists(root + started[0]),
          "the unit starts what was installed: %s" % started)
    with open(path, "w", encoding="utf-8") as f:
        f.write("lang: en\nlisten: tcp://127.0.0.1:7411\n")
    done = subprocess.run([city.program("stationd"), "--config", path, "--check-config"],
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    for lang, words in (("zh", "没有这个文件"), ("en", "no such file")):
        missing = subprocess.run([city.program("stationd"), "--config", "/nonexistent", "--lang", lang],
                                 capture_output=True, text=True)
        check(missing.returncode == 2 and words in missing.stderr, "no such file: %s" % missing.stderr)


@test
def reload(city):
    """SIGHUP takes new settings; a wrong file is told, and the old ones stay."""
    base = city["410611003"]

    def log():
        with open(base.log, encoding="utf-8") as f:
            return f.read()

    base.wait_linked()
    base.settings["log_level"] = "loud"
    base.write_config()
    base.process.send_signal(signal.SIGHUP)
    line = until("the wrong file is told", lambda: [x for x in log().splitlines() if "CONFIG_WRONG" in x])[0]
    check("old settings stay" in line and "stationd.yaml:" in line and "log_level" in line, line)
    base.ctl(*OPEN)
    base.settings.update(log_level="info", lang="zh")
    base.write_config()
    base.process.send_signal(signal.SIGHUP)
    until("the right one is taken", lambda: "CONFIG_TAKEN 已采用" in log())
    city["410611"].stop()
    until("its language, too", lambda: "与上级" in log())


@test
def clean_stop(city):
    """SIGTERM ends each daemon within two seconds, whatever it does."""
    for s in city:
        begun = time.monotonic()
        code = s.stop(10)
        check(code == 0 and time.monotonic() - begun < 2, "%s: exit %s after %.1f s" %
              (s.code, code, time.monotonic() - begun))


@test
def verified_elsewhere(city):
    """An independent verifier takes our notes, receipts and proofs, and refuses altered ones."""
    base, main = city["410611003"], city["410600"]
    tool = [sys.executable, os.path.join(TOP, "tests", "compat", "c2sp_verify.py")]

    def verifies(words, data):
        return subprocess.run(tool + words, input=data, capture_output=True).returncode == 0

    for _ in range(5):
        event = base.json(*OPEN)["event"]
    base.wait_main()
    origin = base.ctl("log", "key").strip()
    receipt = main.ctl("log", "key", "--as", "receipt").strip()
    note = base.ctl("log", "checkpoint").encode()
    check(verifies(["note", origin], note), "the origin's signature")
    check(verifies(["note", receipt], note), "main's receipt on it: %s" % note)
    check(not verifies(["note", origin], note.replace(b"\n6\n", b"\n7\n", 1)), "another size")
    raw = os.path.join(base.home, "event")
    with open(raw, "wb") as f:
        f.write(subprocess.run(main.command("event", event), capture_output=True, check=True).stdout)
    proof = main.ctl("proof", event).encode()
    check(verifies(["proof", origin, raw], proof), "the proof at main: %s" % proof)
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(300)))  # many checkpoints
    base.wait_main()
    for s in (main, base):
        got = s.ctl("proof", event).encode()
        check(verifies(["proof", receipt, raw], got), "main's receipt in the proof at %s: %s" % (s.code, got))
    with open(raw, "ab") as f:
        f.write(b"x")
    check(not verifies(["proof", origin, raw], proof), "another event")


def damaged_store(station, text):
    """Of a copy in which a text's bytes are wrong, fsck says in which log and from where on, and makes nothing anew."""
    copy = os.path.join(station.home, "damaged")
    shutil.copytree(station.data, copy)
    path = os.path.join(copy, "data.mdb")
    with open(path, "rb") as f:
        data = f.read()
    check(text in data, "the text is somewhere")
    with open(path, "wb") as f:
        f.write(data.replace(text, bytes(len(text))))
    for more in ([], ["--rebuild"]):
        code, out, err = station.run("fsck", copy, *more)
        check(code == 1 and "%s/1: " % station.code in out and "are right, and then: " in out and "backup" in err,
              "the log is named: %d %s %s" % (code, out, err))
    code, out, _ = station.run("fsck", copy, "--json")
    said = json.loads(out)
    wrong = next(v for v in said["verdicts"] if not v["ok"])
    check(code == 1 and not said["right"] and said["recount"] is None and wrong["bad_seq"] > 0, "%d %s" % (code, said))


@test
def folded_anew(city):
    """fsck checks a stopped station's store and makes its records anew; whoever ends in the midst goes on at the next start."""
    base = city["410611003"]
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(4000)))
    number = base.ctl(*OPEN, "--title", "噪声", "--reporter_name", "王某").strip()
    before = [base.json(*words) for words in (("report", "--by", "category,month"), ("matter", "show", number),
                                              ("matter", "list", "--overdue"))]
    code, _, err = base.run("fsck", base.data)
    check(code == 4, "a daemon has it: %d %s" % (code, err))
    base.stop()
    right = base.json("fsck", base.data)
    check(right["right"] and right["rebuilt"] == 0 and right["recount"]["records"] == 4001, "as it was: %s" % right)
    check(right["recount"]["told"]["rows"] > 0 and not os.path.exists(os.path.join(base.data, "beside")),
          "the other derived tables were compared, and nothing is left of that: %s" % right["recount"])
    broken_off = subprocess.Popen(base.command("fsck", base.data, "--rebuild"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
    grown = os.path.join(base.data, "data.mdb")
    at = os.stat(grown).st_mtime_ns
    while broken_off.poll() is None and os.stat(grown).st_mtime_ns == at:
        os.sched_yield()  # until its first transaction is on disk
    broken_off.kill()
    broken_off.wait()
    base.start()
    after = [base.json(*words) for words in (("report", "--by", "category,month"), ("matter", "show", number),
                                             ("matter", "list", "--overdue"))]
    check(before[0]["rows"] == after[0]["rows"], "the same figures")
    check(before[1]["record"] == after[1]["record"], "the same record: %s" % after[1]["record"])
    check(before[2]["records"] == after[2]["records"], "the same lists")
    base.stop()
    whole = base.json("fsck", base.data, "--rebuild")
    check(whole["right"] and whole["rebuilt"] > 4001, "made anew: %s" % whole["recount"])
    code, _, err = base.run("fsck", os.path.join(base.home, "nowhere"))
    check(code == 2 and "nowhere" in err, "no store there: %d %s" % (code, err))
    damaged_store(base, "噪声".encode())
    base.start()
    base.wait_main()
    sound(city)


@test
def full_disk(city):
    """Writes are refused with a clear error, reads go on, and space heals it without a restart."""
    base = city["410611003"]
    base.ctl(*OPEN)
    base.stop()
    mount = os.path.join(city.home, "small")
    os.mkdir(mount)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", mount],
                      capture_output=True).returncode != 0:
        # No right to mount: the reserve alone makes the disk full, and its lowering heals it.
        base.settings["reserve_mib"] = 1 << 20
        base.write_config()
        base.start()
        code, _, err = base.run(*OPEN)
        check(code == 5 and "disk" in err, err)
        check(opened(base) == 1, "reads go on")
        return
    try:
        shutil.copytree(base.data, os.path.join(mount, "data"))
        base.settings["data_dir"] = os.path.join(mount, "data")
        base.write_config()
        base.start()
        base.ctl(*OPEN)
        filler = os.path.join(mount, "filler")
        with open(filler, "wb", buffering=0) as f:  # nothing is left to be written on closing
            try:
                while f.write(bytes(65536)):
                    pass
            except OSError:
                pass
        code, _, err = base.run(*OPEN)
        check(code == 5 and "disk" in err, "%d %s" % (code, err))
        check(base.json("status")["store"]["full"] and opened(base) == 2, "reads go on")
        os.unlink(filler)
        base.ctl(*OPEN)
        base.wait_main()
    finally:
        base.stop()
        subprocess.run(["umount", mount], check=False)


def run_one(f):
    """0, or what went wrong"""
    city = None
    try:
        city = three(f.__name__ in LEAKS_LOOKED_FOR)
        f(city)
        for s in city:
            if s.process.poll() is not None and s.process.returncode not in (0, -signal.SIGKILL):
                raise Failed("%s ended with %d: see its log" % (s.code, s.process.returncode))
        hung = city.close(keep=True)
        check(not hung, "didn't end when they were told to: %s" % hung)
        for s in city:
            check(s.process.returncode in (0, -signal.SIGKILL), "%s ended with %d" %
                  (s.code, s.process.returncode))
            check(not says(s, "Sanitizer"), "%s was wrong before it was killed: see its log" % s.code)
        shutil.rmtree(city.home)
        return None
    except Exception as e:  # a test may fail in any way
        text = "%s" % e if isinstance(e, (Failed, OSError)) else traceback.format_exc()
        if city:
            city.close(keep=True)
            text += "\n    logs: %s/*/log" % city.home
        return text
    finally:
        if city:
            city.tool.close()


def all_tests():
    return (TESTS + cities.TESTS + directives.TESTS + erasures.TESTS + examples.TESTS + heads.TESTS + joined.TESTS
            + online.TESTS + refusals.TESTS + tables.TESTS + answers.TESTS)


def set_build(build):
    global BUILD
    BUILD = build


def run_named(name):
    """(name, seconds, 0 or what went wrong)"""
    begun = time.monotonic()
    wrong = run_one(next(f for f in all_tests() if f.__name__ == name))
    return name, time.monotonic() - begun, wrong


def run_lanes(names, lanes):
    """So many processes, each of which takes the next test that nobody has taken yet."""
    spawn = multiprocessing.get_context("spawn")  # its own ports: they go by the process's number
    with concurrent.futures.ProcessPoolExecutor(lanes, spawn, set_build, (BUILD,)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_named, n) for n in names]):
            yield done.result()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--lanes", type=int, default=1, help="processes that run tests at once")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    set_build(args.build)
    names = [f.__name__ for f in all_tests() if not args.names or f.__name__ in args.names]
    unknown = set(args.names) - set(names)
    if unknown:
        parser.error("no such test: %s" % ", ".join(sorted(unknown)))
    if args.lanes > 1:
        names.sort(key=lambda n: n not in LONGEST)
    passed = failed = 0
    for name, took, wrong in run_lanes(names, args.lanes) if args.lanes > 1 else map(run_named, names):
        passed += wrong is None
        failed += wrong is not None
        print("%s %s (%.1f s)%s" % ("ok" if wrong is None else "NOT OK", name, took, "\n    " + wrong if wrong else ""),
              flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
