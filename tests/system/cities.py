"""cities.py - what a city sets in its tables changes what its stations do and answer.

run.py runs these tests; each gets a city of main, branch and base.
"""
import csv
import datetime
import json
import os

import online
from checks import Tests, check, until
from steps import at, cells

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "deploy", "city")
TESTS = test = Tests()


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
    until("the base has version %d of %s" % (version, name),
          lambda: any(t["name"] == name and t["in_force"] == version for t in base.json("city", "list")["tables"]))
    return version


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


@test
def city_assessment(city):
    """Question 24 scores by the city's table alone, at every tier; without one it gives no points and says why."""
    main, branch, base = city["410600"], city["410611"], city["410611003"]
    base.ctl("visit", "record", "--who", "masses", "--title", "反映问题")

    def asked(station):
        answer = station.json("ask", "ranking", lang="zh")
        return answer["coverage"].get("lacks"), {r[0]: r[1:] for r in cells(answer, "code", "points", "rank", "visits",
                                                                  "visits_points", "silent_points")}
    base.wait_main()
    lacks, rows = asked(main)
    check(lacks["table"] == "assessment", "it says what is lacking: %s" % lacks)
    check(rows["410611003"] == (None, None, 1, None, None), "no points, but what was measured: %s" % rows)
    screen = main.ctl("ask", "ranking")
    check("never issued by the city: assessment" in screen, screen)
    head = ["line", "most", "full_at", "of_nothing"]
    code, _, err = main.run("city", "set", own_table(main, "assessment", head, ["heard", 5, "", ""], ["visits", 5, "", ""]))
    check(code == 2 and "assessment.csv:3: full_at:" in err, "refused by row and column: %s" % err)
    issue(city, "assessment", head, ["visits", 8, 4, ""], ["heard", 3, "", ""])
    for station in (main, branch, base):
        lacks, rows = asked(station)
        check(lacks is None, "nothing is lacking: %s" % lacks)
        check(rows["410611003"] == (5, 1, 1, 2, 3), "by the city's table: %s" % rows)
    issue(city, "assessment", head, ["visits", 10, 1, ""])
    check(asked(base)[1]["410611003"] == (10, 1, 1, 10, 0), "by its newest version: %s" % rows)


@test
def late_days_and_opinions(city):
    """Reception days that nobody met and opinions that are late stand in the list at every tier, each as its own row."""
    main, branch, base = city["410600"], city["410611"], city["410611003"]
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()

    def back(days):
        return (today - datetime.timedelta(days)).isoformat()
    plan = base.ctl("schedule", "plan", "--type", "reception", "--title", "接待日", "--starts", "15:00", "--place",
                    "接待室", "--people", "D-17", "--first", back(20), "--last", back(6), "--weekdays",
                    (today - datetime.timedelta(20)).strftime("%A").lower(), "--holiday", "stays",
                    *at(back(30))).strip()
    visit = base.ctl("visit", "record", "--who", "masses", "--title", "噪声").strip()
    base.ctl("schedule", "meet", plan, "--occurrence", back(13), "--met_by", visit)
    n = base.ctl("suggestion", "raise", "--type", "suggestion", "--title", "公交", "--deputy", "D-1").strip()
    base.ctl("suggestion", "accept", n, "--category", "交通")
    base.ctl("suggestion", "assign", n, "--unit", "区交通局", "--co_units", "区公安分局", "--co_units", "区城管局",
             "--opinion_due", back(3))
    base.ctl("suggestion", "consult", n, "--co_unit", "区城管局", "--opinion", "同意")
    base.wait_main()
    want = [("410611003", n, "opinion", "区公安分局", back(3), 3)]
    want += [("410611003", plan, "missed", "", back(d), d) for d in (20, 6)]
    names = {"co-handling opinion": "opinion", "reception day missed": "missed", "due day": "record"}
    for station in (main, branch, base):
        found = [(r[0], r[1], names[r[2]], r[3], r[4], r[5])
                 for r in cells(station.json("overdue", lang="en"), "holder", "number", "what", "unit", "due", "days")]
        check(found == want, "at %s: %s" % (station.code, found))
    code, _, err = main.run("overdue", "--by", "state", "--what", "missed")
    check(code == 2 and "by, what" in err, "only records have a state: " + err)
    code, _, err = main.run("overdue", "--missed", "9999")
    check(code == 2 and "missed (1..731)" in err, "the bound isn't told: " + err)
    check(len(cells(main.json("overdue", "--what", "missed", "--missed", "7"), "number")) == 1, "of a week")
    check(len(cells(main.json("overdue", "--kind", "schedule", "--holder", base.code), "number")) == 2, "of schedules")
    check(cells(main.json("overdue", "--holder", branch.code), "number") == [], "of another holder")
    paged = main.ctl("overdue", "--csv", "-", lang="zh")
    check("四定未落实" in paged and "会办意见" in paged, paged)
    code, _, err = main.run("overdue", "--what", "nothing")
    check(code == 2 and "what" in err, err)


def rated(base, answer_class):
    """A suggestion that was answered so, and pleased its deputy."""
    n = base.ctl("suggestion", "raise", "--type", "suggestion", "--title", "公交", "--deputy", "D-1").strip()
    for move in (("accept", "--category", "交通"), ("assign", "--unit", "区交通局"),
                 ("draft", "--reply", "列入计划", "--class", answer_class), ("submit", "--responsible", "赵某"),
                 ("answer", "--reviewed_by", "deputies_office", "--answered_how", "written"),
                 ("rate", "--rating_meeting", "satisfied", "--rating_attitude", "satisfied", "--rating_answer",
                  "satisfied", "--rating_whole", "satisfied")):
        base.ctl("suggestion", move[0], n, *move[1:])
    return n


@test
def city_suggestions(city):
    """Which answers are promises, and who the parties of key supervision are, is the city's to say."""
    base = city["410611003"]
    issue(city, "settings", ["name", "value"], ["promise_classes", "C D"], ["key_supervisors", "市人大 市政府 监委"])
    n = rated(base, "D")
    code, _, err = base.run("suggestion", "close", n)
    check(code == 4 and "is a promise" in err, "a promise by the city's word: %s" % err)
    base.ctl("suggestion", "promise", n, "--promise", "2099-06-30")
    base.ctl("suggestion", "close", rated(base, "B"))
    key = base.ctl("suggestion", "raise", "--type", "suggestion", "--title", "公交", "--deputy", "D-1").strip()
    code, _, err = base.run("suggestion", "key", key, "--key", "yes", "--supervisors", "市人大", "--supervisors", "监委")
    check(code == 2 and "supervisors" in err and "市政府" in err, "who is missing is told: %s" % err)
    base.ctl("suggestion", "key", key, "--key", "yes")
    shown = base.json("suggestion", "show", key)
    given = [e["facts"]["supervisors"] for e in shown["events"] if "supervisors" in e["facts"]]
    check(given == [["市人大", "市政府", "监委"]], "those of the city are given: %s" % given)


@test
def city_votes(city):
    """A vote's quorum and majority are the city's shares, unless it is prepared with others."""
    base = city["410611003"]
    projects = [base.ctl("project", "propose", "--origin", "citizen", "--title", "修路%d" % i).strip() for i in range(3)]
    for p in projects:
        base.ctl("project", "screen", p, "--round", "2026")

    def rules(*more):
        vote = base.ctl("vote", "prepare", "--title", "票决", "--method", "n_of_m", "--seats", "1", "--deputies", "200",
                        *[w for p in projects for w in ("--candidates", p)], *more).strip()
        count = base.run("project", "count", vote, "--json")[1]
        return {k: json.loads(count)[k] for k in ("quorum", "majority")}
    check(rules() == {"quorum": 134, "majority": 101}, "where the city says nothing: %s" % rules())
    issue(city, "settings", ["name", "value"], ["ballot_quorum", "3/4"], ["ballot_majority", "2/3"])
    check(rules() == {"quorum": 150, "majority": 134}, "by the city's shares: %s" % rules())
    check(rules("--majority", "120") == {"quorum": 150, "majority": 120}, "what is said counts")


@test
def city_of_online(city):
    """What comes in online is of a category of the city's table, and accepting it gives the due day of its rule."""
    main, base = city["410600"], city["410611003"]
    platform = online.Platform(online.open_online(main))
    status, answer = platform.send("B-1", category="哪有这一类")
    check(status == 201, "as long as the city has said nothing: %d %s" % (status, answer))
    issue(city, "categories")
    issue(city, "workdays")
    issue(city, "deadlines", ["kind", "category", "urgency", "days", "unit", "stops"],
          ["matter", "*", "*", "60", "calendar", "yes"], ["matter", "城乡建设", "*", "3", "working", "yes"])
    status, answer = platform.send("B-2", category="城乡建")
    check(status == 400 and answer["place"].startswith("category") and "城乡建设" in answer["place"],
          "a category that isn't there names what is like it: %d %s" % (status, answer))
    status, answer = platform.send("B-3", category="城乡建设", title="路面塌陷")
    check(status == 201 and answer["station"]["code"] == base.code, "%d %s" % (status, answer))
    number = online.arrived(base, "路面塌陷")
    base.ctl("matter", "accept", number)
    matter = base.json("matter", "show", number)
    rule = [e["facts"]["due_rule"] for e in matter["events"] if "due_rule" in e["facts"]]
    check(matter["record"]["due"] is not None and rule == ["deadlines/1 workdays/1"], "due by the rule: %s" % matter)


@test
def names_in_registers(city):
    """A register tells a deputy's name where his record is here, and what was proposed before what was answered."""
    base, branch = city["410611003"], city["410611"]
    base.ctl("deputy", "enter", "--deputy", "D-17", "--name", "李某", "--levels", "city")
    base.ctl("activity", "record", "--type", "training", "--title", "学习", "--deputies", "D-17", "--deputies", "D-99",
             "--on_leave", "D-17")
    matter = base.ctl("matter", "open", "--channel", "visit", "--category", "环境卫生", "--title", "垃圾", "--deputy",
                      "D-17").strip()
    base.ctl("matter", "accept", matter, "--proposal", "拟请城管局三日内清运")
    base.wait_main()

    def names(station):
        return (cells(station.json("register", "training"), "deputies", "on_leave"),
                cells(station.json("register", "matters"), "deputy", "proposal"),
                cells(station.json("register", "reception"), "proposal"))
    want = ([("D-17 李某、D-99", "D-17 李某")], [("D-17 李某", "拟请城管局三日内清运")], [("拟请城管局三日内清运",)])
    for station in (base, branch):
        check(names(station) == want, "%s: %s" % (station.code, names(station)))
    base.ctl("deputy", "amend", base.json("deputy", "list")["records"][0]["number"], "--name", "李某某")
    check(names(base)[1][0][0] == "D-17 李某某", "the newest name: %s" % (names(base),))


@test
def city_law_officials(city):
    """Whose services count as the law officials' is the city's to say."""
    base = city["410611003"]
    for who in ("judge", "party_delegate", "leader"):
        base.ctl("visit", "record", "--who", who, "--title", "来访", "--services", "mediation")

    def asked():
        return cells(base.json("ask", "law_services"), "who", "visits", "mediation")
    usual = asked()
    check(len(usual) == 5 and sorted(usual, reverse=True, key=lambda r: r[1])[:2] == [("judge", 1, 1),
          ("leading official", 1, 1)], "the usual five: %s" % usual)
    issue(city, "settings", ["name", "value"], ["law_officials", "party_delegate judge"])
    check(asked() == [("party delegate", 1, 1), ("judge", 1, 1)], "the city's: %s" % asked())


@test
def lists_say_what_they_cover(city):
    """What is overdue, and what came in online, stand above the same coverage as every figure."""
    main, base = city["410600"], city["410611003"]
    base.wait_main()
    whole = main.json("overdue")["coverage"]
    check((whole["stations"], whole["heard"], len(whole["rows"])) == (3, 3, 3), "all of them: %s" % whole)
    one = main.json("overdue", "--holder", base.code)["coverage"]
    check([r["code"] for r in one["rows"]] == [base.code] and one["stations"] == 1, "one holder: %s" % one)
    listed = main.json("online", "list")["coverage"]
    check(listed["stations"] == 3 and len(listed["rows"]) == 3, "online: %s" % listed)


@test
def schedule_templates(city):
    """A schedule is planned after one of the city's templates; what is given beside it counts."""
    base = city["410611003"]
    code, _, err = base.run("schedule", "plan", "--template", "代表接待日", "--people", "D-17")
    check(code != 0 and "schedules" in err, "as long as there is no table: %d %s" % (code, err))
    issue(city, "schedules")
    code, _, err = base.run("schedule", "plan", "--template", "代表接待", "--people", "D-17")
    check(code == 2 and "代表接待日" in err and "领导干部进站" in err, "the names there are: %s" % err)

    def planned(*words):
        number = base.ctl("schedule", "plan", "--template", "代表接待日", "--people", "D-17", *words).strip()
        event = base.json("schedule", "show", number)["events"][0]
        return dict(event["facts"], **event["texts"])
    p = planned()
    check(p["type"] == "reception" and p["weekdays"] == ["friday"] and p["weeks"] == ["1"] and p["starts"] == "15:00" and
          p["ends"] == "16:00" and p["place"] == "接待室" and p["title"] == "接待选民" and p["days_ahead"] == "3" and
          p["holiday"] == "next_working_day", "after the template: %s" % p)
    p = planned("--month_days", "15", "--place", "二楼")
    check(p["month_days"] == ["15"] and "weekdays" not in p and p["place"] == "二楼" and p["starts"] == "15:00",
          "what is given counts: %s" % p)


@test
def workdays_end(city):
    """Until when the table of working days speaks is shown, and said everywhere from sixty days before its end on."""
    main, base = city["410600"], city["410611003"]

    def said(station):
        listed = next(t for t in station.json("city", "list")["tables"] if t["name"] == "workdays")
        shown = station.json("status")["workdays"]
        check((listed["until"], listed["warning"]) == (shown["until"], shown["warning"]), "the same in both")
        return shown["until"], (shown["warning"] or {}).get("zh", "")

    def logged():
        with open(main.log, encoding="utf-8") as f:
            return f.read().count("2024-12-31")
    check(said(base) == (None, ""), "the city has issued none: %s" % (said(base),))
    head = ["date", "kind", "name"]
    issue(city, "workdays", head, ["2099-10-01", "off", "国庆节"])
    for station in (main, base):
        check(said(station) == ("2099-12-31", ""), "it speaks for long: %s" % (said(station),))
        check("2099-12-31" in station.ctl("city", "list"), "and says until when")
    issue(city, "workdays", head, ["2024-10-01", "off", "国庆节"])
    for station in (main, base):
        check(said(station) == ("2024-12-31", "工作日表只到 2024-12-31: 请市总站发布下一年的表"), "%s" % (said(station),))
        for verb in (("status",), ("city", "list")):
            check("ends at 2024-12-31" in station.ctl(*verb) and "只到 2024-12-31" in station.ctl(*verb, lang="zh"),
                  "%s says it in both languages" % (verb,))
    main.stop()
    main.start()
    until("main's log says it", lambda: logged() == 1)
