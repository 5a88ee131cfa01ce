"""records.py - the life of a record, from outside: opened, moved, handed on, merged, reported, and kept private.

Owns:  the tests of it with a city of main, branch and base; run.py runs them.
"""
import json
import os

from checks import Tests, check, until
from steps import OPEN, opened, rows, sound, write_csv

TESTS = test = Tests()


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
