"""heads.py - a station between that holds back the last of what goes through it.

Owns:  the tests of writers' heads with real daemons; run.py runs them. What the hostile station does is
       done to its store while its daemon is stopped: rows of its outbox go, heads stay.
"""
import struct

from control import Control
from checks import Tests, check, until
from directives import BASE, BRANCH, MAIN, five, issue
from store import Store

TESTS = test = Tests()
FRESH_S = 3
HEAD = 1 << 63  # the mark of a head's row, in place of a seq


def withhold(station):
    """Takes the events out of all its outboxes, { child u32 | position u64: log u32 | seq u64 }; what was taken."""
    taken = []
    with Store(station, writes=True) as store:
        for key, value in store.rows("outbox").items():
            if struct.unpack(">Q", key[4:])[0] > 0 and struct.unpack(">Q", value[4:])[0] < HEAD:
                store.drop("outbox", key)
                taken.append((key[:4], value))
    return taken


def give_back(station, taken):
    """Behind all that was ever put there."""
    with Store(station, writes=True) as store:
        for child, value in taken:
            last = struct.unpack(">Q", store.rows("outbox")[child + bytes(8)])[0] + 1
            store.put("outbox", child + bytes(8), struct.pack(">Q", last))
            store.put("outbox", child + struct.pack(">Q", last), value)


def fast(city):
    """Heads are signed afresh every few seconds: a day in one of them."""
    for s in city:
        s.stop()
        s.settings["fresh_head_s"] = FRESH_S
        s.write_config()
        s.start()
    for s in city:
        if s.code != MAIN:
            s.wait_linked()


def addressed(station):
    return station.json("status")["addressed"]


def logged(station, word):
    with open(station.log, encoding="utf-8") as f:
        return sum(word in line for line in f)


@test
def heads_show_what_is_withheld(city):
    """A middle holds back the last directives: their addressee knows, and nobody else complains."""
    fast(city)
    main, branch, base = city[MAIN], city[BRANCH], city[BASE]
    control = Control(main)
    issue(control, BASE, "第一件")
    until("the base hears of main's heads", lambda: addressed(base)["heads"] >= 2)
    until("what was sent is here", lambda: len(base.json("directive", "list", "--received")["rows"]) == 1)
    check(not addressed(base)["missing"], "an honest way: %s" % addressed(base))
    base.stop()
    for title in ("第二件", "第三件"):
        issue(control, BASE, title)
    until("the branch has both", lambda: all(
        x["outbox"] in (2, None) for x in branch.json("status")["stations"] if x["code"] == BASE))
    branch.stop()
    taken = withhold(branch)
    check(len(taken) == 2, "two events waited: %s" % taken)
    branch.start()
    base.start()
    missing = until("the base knows that they are missing", lambda: addressed(base)["missing"], 60)
    check([(x["from"], x["missing"]) for x in missing] == [(MAIN, 2)], "two of main: %s" % missing)
    check(missing[0]["event"].startswith(MAIN + "/1/") and missing[0]["as_of"], "which: %s" % missing)
    check("events missing: 2" in base.ctl("status", lang="en"), "in words")
    check("发给本站的事件缺 2" in base.ctl("status", lang="zh"), "in Chinese")
    until("its log says so", lambda: logged(base, "HEADS_MISSING") or logged(base, "are missing, after"))
    code, out, _ = base.run("log", "verify", "--all", "--json")
    check(code == 1 and '"missing":2' in out.replace(" ", ""), "verify: %d %s" % (code, out))
    for s in (main, branch):
        check(not addressed(s)["missing"], "%s complains: %s" % (s.code, addressed(s)))
    branch.stop()
    give_back(branch, taken)
    branch.start()
    until("they come, and it clears", lambda: not addressed(base)["missing"], 60)
    until("its log says that, too", lambda: logged(base, "is missing any more"))
    check(len(base.json("directive", "list", "--received")["rows"]) == 3, "all three are here")
    base.ctl("log", "verify", "--all")
    check(logged(base, "are missing, after") == 1, "it was said once")
    control.close()


@test
def heads_show_silence(city):
    """A writer across ends: whoever it had written to sees that no fresh head comes; up stations see its log instead."""
    far = five(city)
    fast(city)
    control = Control(far)
    def handed():
        n = control.open("路灯")["number"]
        return far.run("matter", "hand", n, "--to", BASE)[0] == 0
    until("the far base hands one on", handed)
    base = city[BASE]
    # Main's, and both branches', to all below main; and the far base's.
    until("its head comes across", lambda: addressed(base)["heads"] == 4, 60)
    check(not addressed(base)["silent"], "it isn't silent: %s" % addressed(base))
    control.close()
    far.stop()
    until("it has fallen silent", lambda: [x["from"] for x in addressed(base)["silent"]] == [far.code], 60)
    until("the log says so", lambda: logged(base, "no fresh head since"))
    check("no fresh head" in base.ctl("status", lang="en"), "in words")
    far.start()
    until("and speaks again", lambda: not addressed(base)["silent"], 60)
