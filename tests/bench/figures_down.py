"""figures_down.py - how fast what a station asks of another comes there: down, and across."""
import time

from figures import Figures, percentile
from town import BASE, MAIN, Control, Failed, Town, say

figures = Figures()
BRANCH_2, FAR = "410621", "410621001"
LOOK_S = 0.005


def size_of(station):
    """Of its own log"""
    for one in station.json("status")["stations"]:
        if one["code"] == station.code:
            return one["size"]
    raise Failed("%s doesn't know its own log" % station.code)


@figures("directive_p50")
def directive(b, wanted):
    p50, p99, asked = [], [], []
    with Town(b.build) as t:
        main, _, base = t.three()
        with Control(base) as c:
            c.open_matter()
            c.wait_main()
        for _ in range(b.amount("runs")):
            lines = t.tool("load", "directive", main.socket, base.socket, BASE, size_of(base),
                           b.amount("directives"), 15)
            told = [float(line.split()[0]) / 1000 for line in lines]
            p50.append(percentile(told, 50))
            p99.append(percentile(told, 99))
            asked.append(percentile([float(line.split()[1]) / 1000 for line in lines], 50))
            say("directive: p50 %.2f ms, p99 %.2f ms", p50[-1], p99[-1])
    b.put("directive_p50", p50, note="a notice of main, from main's answer until the base two hops below has "
          "said in its own log that it is on its disk; stored at the branch before; p50 from the "
          "request: %.2f ms, p99 %.2f ms" % (percentile(asked, 50), max(p99)))


def held_open(control):
    return control.get("/v1/report")["total"]["open_now"]


@figures("handon")
def handon(b, wanted):
    found, heard = [], []
    with Town(b.build) as t:
        main, _, base = t.three()
        t.join(BRANCH_2, "branch", MAIN)
        far = t.join(FAR, "base", BRANCH_2)
        far.ctl("wait", "--receipted", "main", "--timeout", "60")
        with Control(base) as c:
            until_known(c)
        for _ in range(b.amount("handon_runs")):
            n = b.amount("handons")
            base.ctl("link", "pause")
            with Control(far) as there:
                before = settled(there)
                t.tool("load", "hand", base.socket, FAR, n)
                begun = time.monotonic()
                base.ctl("link", "resume")
                while held_open(there) < before + n:
                    time.sleep(LOOK_S)
                    if time.monotonic() - begun > 300:
                        raise Failed("%d of %d have come" % (held_open(there) - before, n))
                found.append(n / (time.monotonic() - begun))
            with Control(base) as c:
                while c.get("/v1/directives?limit=1")["rows"][0][8] != "delivered":
                    time.sleep(LOOK_S)
            heard.append(time.monotonic() - begun)
            say("handon: %.0f/s", found[-1])
    b.put("handon", found, note="a base's hand-ons that had waited, each with its history of 6 events, from link "
          "resume until all are with a base of another branch, four hops on; %.1f s until their writer "
          "knew of the last" % max(heard))


def settled(control):
    """Open at the far base, once nothing comes any more."""
    seen = -1
    while held_open(control) != seen:
        seen = held_open(control)
        time.sleep(0.2)
    return seen


def until_known(control):
    """The base's roll has the far one: a hand-on there isn't refused."""
    control.open_matter()
    deadline = time.monotonic() + 60
    number = control.get("/v1/records?limit=1")["records"][0]["number"]
    while time.monotonic() < deadline:
        try:
            control.ask("POST", "/v1/commands", '{"kind":"matter","move":"hand","record":"%s","fields":'
                        '{"to":"%s"}}' % (number, FAR))
            return
        except Failed:
            time.sleep(0.1)
    raise Failed("%s isn't known" % FAR)
