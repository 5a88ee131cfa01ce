"""founding.py - how a station comes into its city and leaves it: init, invites, joining, revocation, another city.

Owns:  the tests of it with real daemons; run.py runs them.
"""
import os
import socket
import subprocess

from checks import Tests, check, until
from city import City, Station, free_port
from steps import OPEN, opened, sound

TESTS = test = Tests()


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
def another_city(city):
    """A parent that isn't ours: refused, and the base works on."""
    other = City(city.build, "en")
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
