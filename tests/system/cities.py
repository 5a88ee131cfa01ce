"""cities.py - what a city sets in its tables changes what its stations do and answer.

run.py runs these tests with its own; each gets a city of main, branch and base.
"""
import csv
import os
import time

from city import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "deploy", "city")
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def check(condition, what):
    if not condition:
        raise Failed(what)


def at(day):
    return ["--at", day + "T10:00:00+08:00"]


def cells(answer, *names):
    """The rows of a table, these columns of them."""
    where = [[c["name"] for c in answer["columns"]].index(n) for n in names]
    return [tuple(row[i] for i in where) for row in answer["rows"]]


def own_table(main, name, *rows):
    path = os.path.join(main.home, name + ".csv")
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)
    return path


def issue(city, name, *rows):
    """Issues a table at main, and waits until the base has it; returns how many versions there are."""
    main, base = city["410600"], city["410611003"]
    version = main.json("city", "set", own_table(main, name, *rows) if rows else
                        os.path.join(FILES, name + ".csv"))["tables"][0]["version"]
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if any(t["name"] == name and t["in_force"] == version for t in base.json("city", "list")["tables"]):
            return version
    raise Failed("the base hasn't version %d of %s" % (version, name))


@test
def city_calendar_of_schedules(city):
    """Reception days move past the holidays of the city's working days, and are announced as early as it asks."""
    base = city["410611003"]
    n = base.ctl("schedule", "plan", "--type", "reception", "--title", "物业纠纷", "--weekdays", "friday", "--starts",
                 "15:00", "--place", "接待室", "--people", "D-17", "--first", "2025-09-26", "--last", "2025-10-12",
                 "--holiday", "next_working_day", *at("2025-09-01")).strip()
    base.ctl("schedule", "announce", n, "--occurrence", "2025-09-26", "--notice", "周五接待", *at("2025-09-23"))

    def asked():
        return cells(base.json("schedule", "calendar", n, "--year", "2025"), "planned", "day", "notice")
    check(asked() == [("2025-09-26", "2025-09-26", "in time"), ("2025-10-03", "2025-10-03", "none"),
                      ("2025-10-10", "2025-10-10", "none")], "without a table: %s" % asked())
    issue(city, "workdays")
    issue(city, "settings", ["name", "value"], ["announce_days", 4])
    check(asked() == [("2025-09-26", "2025-09-26", "late"), ("2025-10-03", "2025-10-09", "none"),
                      ("2025-10-10", "2025-10-10", "none")], "by the city's tables: %s" % asked())
    counts = cells(base.json("schedule", "counts", "--year", "2025"), "planned", "late")
    check(counts == [(3, 1)], "counts: %s" % counts)


@test
def city_points(city):
    """Points by the city's table, floors by its settings; a table that can't be counted by is refused."""
    main, base = city["410600"], city["410611003"]
    base.ctl("deputy", "enter", "--deputy", "D-17", "--name", "李某", "--levels", "city", "--since",
             "2025-03-01")
    base.ctl("activity", "record", "--type", "training", "--title", "学习", "--deputies", "D-17")
    base.ctl("activity", "record", "--type", "training", "--title", "学习", "--deputies", "D-17")
    base.ctl("activity", "record", "--type", "report_to_voters", "--title", "述职", "--deputies", "D-17")
    head = ["item", "source", "first", "further", "at_most"]

    def total():
        return cells(base.json("deputy", "points"), "deputy", "total")
    check(total() == [("D-17", 3 + 1 + 3)], "by the default table: %s" % total())
    for source, told in (("activty.deputies", "activty"), ("activity.title", "activity.title"),
                         ("activity.deputies type=nothing", "type=nothing")):
        code, _, err = main.run("city", "set", own_table(main, "points", head, ["a", "visit.deputies", 1, 1, 1],
                                                         ["b", source, 1, 1, 1]))
        check(code == 2 and "points.csv:3: source: %s:" % told in err, "refused: %s" % err)
    issue(city, "points", head, ["学习培训", "activity.deputies type=training", 10, 7, 100])
    check(total() == [("D-17", 17)], "by the city's table: %s" % total())
    items = cells(base.json("deputy", "points", "D-17"), "item", "count", "points", "at_most")
    check(items[0] == ("training", 2, 17, 100) and len(items) == 2, "an item of its own: %s" % items)
    past = cells(base.json("deputy", "points", "D-17", "--year", "2025"), "item")
    check(len(past) == 14, "what was in force in the period counts: %s" % past)
    check([r[0] for r in cells(base.json("deputy", "floors"), "deputy")] == ["D-17"], "below the usual floors")
    issue(city, "settings", ["name", "value"], ["floor_voters", 0], ["floor_receptions", 0], ["floor_reports", 1])
    check(cells(base.json("deputy", "floors"), "deputy") == [], "not below the city's")
    issue(city, "settings", ["name", "value"], ["floor_voters", 0], ["floor_receptions", 0], ["floor_reports", 2])
    floors = base.json("deputy", "floors")
    check(cells(floors, "deputy", "below") == [("D-17", "reports")], "below the city's: %s" % floors)
    check(any("2" in c["zh"] for c in floors["columns"] if c["name"] == "reports"), "which are told")
