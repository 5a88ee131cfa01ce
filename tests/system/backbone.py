"""backbone.py - the link to the parent: paused, cut, hung, restarted, met by strangers, and healed by itself.

Owns:  the tests of links between real daemons; run.py runs them. links.py has a town under load on bad links.
"""
import os
import signal
import socket
import threading

from checks import Tests, check, until
from steps import OPEN, opened

TESTS = test = Tests()


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
