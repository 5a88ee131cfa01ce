"""directives.py - what a station asks of others, and how far it can see that it has come.

Owns:  the tests of directives' states with real daemons; run.py runs them.
"""
import threading

from control import Control, Refused
from checks import Tests, check, until
from city import Failed

TESTS = test = Tests()
MAIN, BRANCH, BASE, BRANCH_2, FAR = "410600", "410611", "410611003", "410621", "410621001"


def five(city):
    city.add(BRANCH_2, "浚县分站", "branch", MAIN)
    far = city.add(FAR, "卫溪街道基站", "base", BRANCH_2)
    far.wait_main()
    return far


def rows(station, **arguments):
    """The list as objects, over all its pages."""
    out, c = [], Control(station)
    arguments["limit"] = 500
    while True:
        got = c.get("/v1/directives", **arguments)
        names = [x["name"] for x in got["columns"]]
        out += [dict(zip(names, r)) for r in got["rows"]]
        if got["next"] is None:
            c.close()
            return out
        arguments["page"] = got["next"]


def states(station, **arguments):
    return {r["number"]: r["state"] for r in rows(station, **arguments)}


def issue(control, to, title):
    return control.post("/v1/commands", {"kind": "supervision", "move": "issue", "fields": {
        "to": to, "level": "ordinary", "due": "2030-01-01", "title": title}})["number"]


def known(station, code):
    """Its roll has the code by now: else a hand-on there would be refused."""
    c = Control(station)
    number = c.open("路灯")["number"]
    def try_it():
        try:
            return c.command("hand", number, to=code)
        except Refused:
            return None
    until("%s knows %s" % (station.code, code), try_it)
    c.close()
    return number


@test
def directive_states(city):
    """A hand-on across is sent, stored, taken, delivered, seen and done; the clerk can see each of them."""
    far = five(city)
    base, main = city[BASE], city[MAIN]
    far.stop()
    n = known(base, FAR)
    base.wait_main()
    check(states(base)[n] == "sent", "sent: %s" % rows(base))
    shown = base.json("directive", "show", n)
    event = shown["directives"][0]
    check(event["held_by"] == "main" and event["addressed"][0]["to"] == FAR, "stored at main: %s" % event)
    def at(station):
        return station.json("directive", "show", event["event"])["directives"][0]["addressed"][0]
    until("main's branch has it", lambda: at(main)["state"] == "taken")
    check(at(main)["child"] == BRANCH_2, "by way of: %s" % at(main))
    until("it waits at the branch", lambda: city[BRANCH_2].run("directive", "show", n)[0] == 0 and
          at(city[BRANCH_2])["state"] == "waiting")
    far.start()
    until("it is delivered, and the writer knows", lambda: states(base)[n] == "delivered")
    check(far.json("directive", "list", "--unseen")["rows"], "nobody has looked at it yet")
    far.ctl("matter", "show", n)  # the holder opens it: that is seeing it
    until("it is seen", lambda: states(base)[n] == "seen")
    check(not far.json("directive", "list", "--unseen")["rows"], "it is seen")
    check(len(rows(far, received=1)) == 1, "it was for the far base")
    life = base.json("matter", "show", n)["events"][-1]["addressed"]
    check(life[0]["to"] == FAR and life[0]["state"] == "seen" and life[0]["seen"], "in its life: %s" % life)
    check("已阅" in base.ctl("matter", "show", n, lang="zh"), "in words")
    check("seen" in base.ctl("directive", "list", lang="en"), "in the list")
    far.ctl("matter", "accept", n)
    far.ctl("matter", "hand", n, "--to", BRANCH_2)
    until("it is done", lambda: states(base)[n] == "done")
    check(n not in states(base, open=1), "nothing is open")
    check(n in states(base, to=FAR), "by whom it is for")
    out = base.ctl("directive", "list", "--csv", "-")
    check(FAR in out and "done" in out and n in out, "as CSV: %s" % out)
    for words in (["directive", "show", "410600/1/99999"], ["directive", "show", "nonsense"],
                  ["directive", "list", "--to", "410699"], ["directive", "list", "--limit", "0"],
                  ["directive", "list", "--page", "xyz"], ["directive", "seen"],
                  ["directive", "seen", "nonsense"], ["directive", "list", "--to", FAR, "--received"]):
        code, _, err = base.run(*words)
        check(code in (1, 2, 4) and err, "%s: %d %s" % (words, code, err))
    for s in city:
        s.ctl("recount")


@test
def directive_undeliverable(city):
    """The addressee is revoked before it comes: the writer sees that, and gives the record to another."""
    far = five(city)
    base, main = city[BASE], city[MAIN]
    n = known(base, FAR)
    until("the first is there", lambda: states(base)[n] == "delivered")
    far.stop()
    with_notice = Control(main)
    notice = issue(with_notice, FAR, "限期清理")
    city[BRANCH_2].ctl("revoke", FAR, "--yes")
    until("main knows that it can't arrive", lambda: states(main)[notice] == "undeliverable")
    code, _, err = main.run("supervision", "issue", "--to", FAR, "--level", "ordinary", "--due", "2030-01-01",
                            "--title", "x")
    check(code == 4 and "to" in err, "refused at once: %d %s" % (code, err))
    main.ctl("supervision", "reassign", notice, "--to", BRANCH_2)
    until("the other has it", lambda: states(main, to=BRANCH_2)[notice] == "delivered")
    check(states(main, to=FAR)[notice] == "replaced", "the first one's end")
    shown = base.json("directive", "show", n)["directives"][0]["addressed"][0]
    until("the base knows of the end of the key",
          lambda: base.json("directive", "show", n)["directives"][0]["addressed"][0]["revoked"])
    check(shown["state"] == "delivered", "it had come before: %s" % shown)
    main.ctl("matter", "reassign", n, "--to", BRANCH)
    until("it is with the branch", lambda: states(base)[n] == "replaced")


@test
def directive_loses(city):
    """A base hands on what its branch reassigns meanwhile: each tier agrees, and the loser says why."""
    five(city)
    base, branch, main = city[BASE], city[BRANCH], city[MAIN]
    known(base, FAR)
    n = Control(base).open("井盖")["number"]
    base.wait_main()
    base.ctl("link", "pause")
    branch.ctl("matter", "reassign", n, "--to", BRANCH)
    base.ctl("matter", "hand", n, "--to", FAR)
    check(states(base)[n] == "sent", "it doesn't know yet")
    base.ctl("link", "resume")
    until("it has lost", lambda: states(base)[n] == "set_aside")
    event = base.json("directive", "list", "--to", FAR)["rows"][0][0]
    def why(station):
        return station.json("directive", "show", event)["directives"][0]["aside"]
    for s in (base, branch, main):
        until("%s knows" % s.code, lambda: s.run("directive", "show", event)[0] == 0 and why(s))
        check(why(s)["why"] == "reassigned" and why(s)["by"].startswith(BRANCH + "/"), str(why(s)))
        check(s.json("matter", "show", n)["record"]["holder"] == BRANCH, "one holder")
    check("另行指定" in base.ctl("directive", "show", event, lang="zh"), "in words")


@test
def away_for_months(city):
    """500 directives of three writers wait for a base; it gets all of them once and in order, killed meanwhile."""
    far = five(city)
    base = city[BASE]
    base.wait_main()
    first = known(far, BASE)
    until("the first is there", lambda: states(far)[first] == "delivered")
    base.stop()
    wrong = []

    def write(station, count, hand):
        try:
            c = Control(station)
            for i in range(count):
                if hand:
                    c.command("hand", c.open("路灯 %d" % i)["number"], to=BASE)
                else:
                    issue(c, BASE, "限期 %d" % i)
        except Exception as e:  # told by the test's own thread
            wrong.append(e)
    amounts = {MAIN: 220, BRANCH: 200, FAR: 80}
    threads = [threading.Thread(target=write, args=(city[code], n, code == FAR))
               for code, n in amounts.items()]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check(not wrong, "%s" % wrong)
    far.wait_main()
    for _ in range(3):
        before = len(rows_or_none(base))
        base.start()
        until("some more has come", lambda: len(rows(base, received=1)) > before or
              len(rows(base, received=1)) == 501)
        base.kill()
        check(len(rows_or_none(base)) == 0, "it is dead")
    base.start()
    got = until("all has come", lambda: (lambda r: r if len(r) == 501 else None)(rows(base, received=1)))
    events = [r["event"] for r in got]
    check(len(set(events)) == 501, "each once")
    for code, n in amounts.items():
        seqs = [int(e.split("/")[2]) for e in reversed(events) if e.startswith(code + "/")]
        check(len(seqs) == n + (code == FAR), "all of %s: %d" % (code, len(seqs)))
        heard = in_order_of_hearing(base, code)
        check(heard == sorted(heard) and len(set(heard)) == len(heard) and set(heard) == set(seqs),
              "heard in order, once: %s" % code)
    for code in amounts:
        until("%s knows of all" % code,
              lambda: set(states(city[code], to=BASE).values()) == {"delivered"})
        check(len(rows(city[code], to=BASE)) == amounts[code] + (code == FAR), "none is forgotten")
    check(base.json("directive", "seen", "--all")["seen"] == 501, "all at once")
    base.wait_main()
    until("main knows that they are seen", lambda: set(states(city[MAIN], to=BASE).values()) == {"seen"})
    for s in city:
        s.ctl("log", "verify", "--all")
        s.ctl("recount")


def rows_or_none(station):
    try:
        return rows(station, received=1)
    except (OSError, Failed):
        return []


def in_order_of_hearing(base, writer):
    """The writer's seqs as the base's own log says that they came, from the oldest heard event on."""
    out = []
    for r in reversed(rows(base, received=1)):
        if r["event"].startswith(writer + "/"):
            out.append(int(r["event"].split("/")[2]))
    return out
