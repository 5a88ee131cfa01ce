"""joined.py - what was merged far from where it was brought: its own station tells its reporter the result.

Owns:  the tests of it with real daemons; run.py runs them.
"""
import json

from checks import Tests, check, until
from online import BRANCH, Platform, Receiver, arrived, open_online

TESTS = test = Tests()
MAIN, BASE, BRANCH_2, FAR, BRANCH_3, THIRD = ("410600", "410611003", "410621", "410621001", "410622", "410622001")


def seven(city):
    for code, name, tier, parent in ((BRANCH_2, "浚县分站", "branch", MAIN), (FAR, "卫溪街道基站", "base", BRANCH_2),
                                     (BRANCH_3, "淇县分站", "branch", MAIN), (THIRD, "朝歌街道基站", "base", BRANCH_3)):
        city.add(code, name, tier, parent)
    city[FAR].wait_main()
    city[THIRD].wait_main()


def opened(station, title):
    return station.ctl("matter", "open", "--channel", "visit", "--category", "市政", "--title", title,
                       "--reporter_name", "王某").strip()


def handed(station, number, to):
    until("%s hands %s to %s" % (station.code, number, to),
          lambda: station.run("matter", "hand", number, "--to", to)[0] == 0)


def here(station, number):
    code, out, _ = station.run("matter", "show", number)
    return code == 0 and out


def untold(station, number):
    return any(r["number"] == number for r in station.json("matter", "list", "--untold")["records"])


@test
def merged_far_away(city):
    """Main merges a base's matter into one of another branch that a third branch's base handles; the first base sees
    the answer, killed and cut off meanwhile, and stays with it alone."""
    seven(city)
    main, base, far, third = city[MAIN], city[BASE], city[FAR], city[THIRD]
    a, b = opened(base, "路灯坏了"), opened(far, "路灯不亮")
    handed(base, a, MAIN)
    handed(far, b, THIRD)
    until("both are at main", lambda: here(main, a) and here(main, b))
    base.kill()  # what waits for it waits at its branch
    main.ctl("matter", "merge", a, "--joins", b)
    until("the third has it", lambda: here(third, b))
    third.ctl("matter", "accept", b)
    base.start()
    until("what was joined is here", lambda: base.json("matter", "show", a).get("joined"))
    until("as it is", lambda: base.json("matter", "show", a)["joined"].get("state") == "accepted")
    check(not untold(base, a), "there is nothing to tell yet")
    third.ctl("matter", "answer", b, "--reply", "已更换灯泡")
    until("its reporter is to be told", lambda: untold(base, a))
    joined = base.json("matter", "show", a)["joined"]
    check(joined["number"] == b and joined["reply"] == "已更换灯泡" and joined["answered"] and not joined["told"] and
          joined["holder"] == THIRD, "%s" % joined)
    base.stop()
    base.start()
    base.ctl("link", "pause")
    check(untold(base, a), "alone, too")
    text = base.ctl("matter", "show", a, lang="zh")
    check("已更换灯泡" in text and b in text and "未告知" in text, text)
    check("已更换灯泡" in base.ctl("matter", "show", a, lang="en"), "in English")
    life = base.json("matter", "show", b)["events"]
    check(len(life) == len(main.json("matter", "show", b)["events"]), "all that main has: %s" % life)
    check(all("private" not in e for e in life), "and nobody's name")
    check("王某" in third.ctl("matter", "show", b), "which its holder reads")
    base.ctl("link", "resume")
    main.ctl("matter", "tell", a, "--told_how", "phone")
    until("it was told", lambda: not untold(base, a) and base.json("matter", "show", a)["joined"]["told"])
    for s in city:
        s.ctl("recount")
        s.ctl("log", "verify", "--all")


@test
def merged_twice(city):
    """One joins another, which joins a third one: who brought the first hears of the third's answer."""
    seven(city)
    main, base, far, third = city[MAIN], city[BASE], city[FAR], city[THIRD]
    a, b, c = opened(base, "井盖"), opened(far, "井盖丢失"), opened(third, "井盖没了")
    handed(base, a, MAIN)
    handed(far, b, MAIN)
    until("all are at main", lambda: all(here(main, n) for n in (a, b, c)))
    main.ctl("matter", "merge", a, "--joins", b)
    main.ctl("matter", "merge", b, "--joins", c)
    third.ctl("matter", "accept", c)
    third.ctl("matter", "answer", c, "--reply", "已补盖")
    for station, number in ((base, a), (far, b)):
        until("%s is to be told" % number, lambda: untold(station, number))
        joined = station.json("matter", "show", number)["joined"]
        check(joined["number"] == c and joined["reply"] == "已补盖", "%s" % joined)
    check(far.run("matter", "show", a)[0] != 0, "what joined b is no business of b's station")
    for s in city:
        s.ctl("recount")


@test
def merged_online(city):
    """A message that came in at a branch is merged by main into a matter of another branch: the platform at that
    branch hears its answer."""
    seven(city)
    main, branch, base, far = city[MAIN], city[BRANCH], city[BASE], city[FAR]
    receiver = Receiver(city.home)
    p = Platform(open_online(branch, online_webhook=receiver.url))
    try:
        b = opened(far, "路灯坏了")
        code = p.send("A-1")[1]["code"]
        a = arrived(base)
        handed(base, a, MAIN)
        until("both are at main", lambda: here(main, b) and
              main.json("matter", "show", a)["record"]["holder"] == MAIN)
        main.ctl("matter", "merge", a, "--joins", b)
        until("the merge waits at the branch", lambda: branch.json("online", "status")["hooks"]["waiting"] == 1)
        far.ctl("matter", "accept", b, "--category", "市政设施")
        far.ctl("matter", "answer", b, "--reply", "已更换灯泡")
        until("the answer, too", lambda: branch.json("online", "status")["hooks"]["waiting"] == 2)
        check(p.status(code)[1]["answer"] == "已更换灯泡", "%s" % (p.status(code),))
        receiver.start()
        until("both are taken", lambda: len(receiver.got(204)) == 2)
        bodies = [json.loads(g["body"]) for g in receiver.got(204)]
        check([x["event"] for x in bodies] == ["merged", "answered"] and
              bodies[1]["status"]["answer"] == "已更换灯泡", "%s" % bodies)
    finally:
        receiver.kill()
