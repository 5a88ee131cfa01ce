"""deputies.py - what deputies did, and when they are to be met: archive, points, floors, schedules, suggestions.

Owns:  a year of two deputies, and the tests of what is said of it; run.py runs them.
"""
import json
import os
import time

from checks import Tests, check
from steps import at, cells, sound, walk

TESTS = test = Tests()


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
