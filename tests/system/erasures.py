"""erasures.py - what was erased is in no store of the city, and every log still verifies.

Owns:  the tests of erase with real daemons; run.py runs them.
"""
import json

from checks import Tests, check, until
from directives import FAR, BRANCH_2, five, known
from store import Store

TESTS = test = Tests()
MAIN, BRANCH, BASE = "410600", "410611", "410611003"
SECRET = "张三丰反映的独一无二之事"
NAME, PHONE = "欧阳不凡", "13912345678"


def holds(station, *texts):
    """The tables in which one of the texts stands, while its daemon runs."""
    with Store(station) as store:
        return {t for t in store.tables() for k, v in store.rows(t).items() for x in texts
                if x.encode() in k + v}


def opened(base, to=None):
    n = base.ctl("matter", "open", "--channel", "visit", "--category", "环境卫生", "--title", SECRET, "--text",
                 SECRET * 3, "--reporter-name", NAME, "--reporter_phone", PHONE).strip()
    if to:
        base.ctl("matter", "hand", n, "--to", to)
    return n


def sound(city):
    for s in city:
        s.ctl("log", "verify", "--all")
        s.ctl("recount")


def shown(station, number):
    return station.json("erase", "show", number)["erasures"][0]


def stations_of(station, number):
    return {s["station"]: s["confirmed"] for s in shown(station, number)["stations"]}


@test
def erased_at_every_tier(city):
    """Handed across branches, erased by its holder while the opener is off: not confirmed there,
    until it returns."""
    far = five(city)
    base, main = city[BASE], city[MAIN]
    known(base, FAR)
    n = opened(base, FAR)
    until("it is there", lambda: far.run("matter", "show", n)[0] == 0 and
          far.json("matter", "show", n)["record"]["holder"] == FAR)
    events = far.json("matter", "show", n)["events"]
    check([e.get("private", {}).get("reporter_name") for e in events][-1] == NAME, "its new holder reads it")
    far.ctl("matter", "accept", n, "--category", "环境卫生")
    base.wait_main()
    far.wait_main()
    for s in city:
        check(holds(s, SECRET) == {"parts"}, "%s has the text in its parts alone: %s" % (s.code, holds(s, SECRET)))
        check(not holds(s, NAME, PHONE), "nobody has the name in clear")
    base.stop()
    code, _, err = far.run("erase", n, "--reason", "本人要求", stdin="")
    check(code == 2 and "--yes" in err, "nobody is there to ask: %d %s" % (code, err))
    code, _, err = far.run("erase", n, "--yes")
    check(code == 2 and "--reason" in err, "a reason is needed: %s" % err)
    code, _, err = far.run("erase", "nonsense", "--reason", "x", "--yes", lang="en")
    check(code == 2 and "is it mistyped: nonsense" in err, "no number at all: %d %s" % (code, err))
    code, _, err = far.run("erase", n, "--event", MAIN + "/1/1", "--reason", "x", "--yes")
    check(code == 4 and "event: " + MAIN + "/1/1" in err, "another record's event: %d %s" % (code, err))
    code, _, err = main.run("erase", "410600-2026-000001-AA", "--reason", "x", "--yes")
    check(code == 4 and ("本站没有" in err or "isn't here" in err), "no such record: %d %s" % (code, err))
    code, _, err = city[BRANCH].run("erase", n, "--reason", "x", "--yes")
    check(code == 4 and ("持有" in err or "holder" in err), "not its record: %d %s" % (code, err))
    far.ctl("erase", n, "--reason", "本人要求", "--author", "clerk-7", "--yes")
    check(not holds(far, SECRET), "gone at once")
    until("all but the base have confirmed", lambda: shown(far, n)["confirmed"] == 3)
    check(stations_of(far, n) == {MAIN: True, BRANCH: True, BRANCH_2: True, BASE: False},
          "the base hasn't: %s" % stations_of(far, n))
    check("未确认" in far.ctl("erase", "show", n, lang="zh"), "and shows so")
    base.start()
    until("the base has, too", lambda: stations_of(far, n)[BASE])
    for s in city:
        check(not holds(s, SECRET), "%s still has it in %s" % (s.code, holds(s, SECRET)))
        life = s.json("matter", "show", n)
        check(all(e["texts_erased"] for e in life["events"] if e["texts_missing"]), "says why: %s" % life)
        check(SECRET not in json.dumps(life, ensure_ascii=False), "no text is shown")
    check("正文已抹除" in base.ctl("matter", "show", n, lang="zh"), "in Chinese")
    check("was erased" in base.ctl("matter", "show", n, lang="en"), "in English")
    check("已抹除" in base.ctl("register", "matters", lang="zh") or "已抹除" in
          base.ctl("matter", "list", lang="zh"), "a list says so")
    check(far.run("erase", n, "--reason", "x", "--yes")[0] == 4, "nothing is left to erase")
    out = main.ctl("erase", "list", "--csv", "-", lang="zh")
    check("本人要求" in out and n in out, "the list: %s" % out)
    sound(city)
    base.stop()
    code, out, err = base.run("fsck", base.data, "--rebuild")
    check(code == 0, "fsck: %d %s %s" % (code, out, err))
    base.start()
    check(not holds(base, SECRET) and shown(base, n)["state"] == "erased", "folded anew, it is still erased")
    far.ctl("matter", "answer", n, "--reply", "已处理")
    far.wait_main()
    until("work goes on", lambda: base.json("matter", "show", n)["record"]["state"] == "answered")
    sound(city)


@test
def erased_while_it_is_handed_on(city):
    """A base offline hands on, sealed for another, what main erases meanwhile: nobody keeps it."""
    far = five(city)
    base, main = city[BASE], city[MAIN]
    known(base, FAR)
    n = opened(base)
    base.wait_main()
    base.ctl("link", "pause")
    base.ctl("matter", "hand", n, "--to", FAR)
    main.ctl("erase", n, "--reason", "依法删除", "--private", "--yes")
    check(holds(main, SECRET), "the text stays")
    base.ctl("link", "resume")
    until("the far one holds it", lambda: far.run("matter", "show", n)[0] == 0 and
          far.json("matter", "show", n)["record"]["holder"] == FAR)
    def sealed_left(s):
        life = s.json("matter", "show", n)["events"]
        return any("private" in e for e in life) or not any(e["private_erased"] for e in life)
    until("nobody reads it", lambda: not any(sealed_left(s) for s in (base, far)))
    both = until("both erasures are known at main", lambda: [e for e in main.json(
        "erase", "show", n)["erasures"] if e["state"] == "erased"][1:])
    check(both, "the base named its grant")
    until("all have confirmed", lambda: all(e["confirmed"] == e["expected"] for e in
                                            main.json("erase", "show", n)["erasures"]))
    main.ctl("erase", n, "--reason", "依法删除", "--yes")
    until("gone everywhere", lambda: not any(holds(s, SECRET) for s in city))
    sound(city)
