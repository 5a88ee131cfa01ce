"""links.py - links that flap, and links that are bad in every way a proxy can make them.

A flap: the link goes down, an event is written at the base, the link comes up; measured is from the
proxy letting through again until the base holds the parent's receipt of that event, so a little
more than the time to its arrival.
"""
import random
import threading
import time

from control import Control
from proxy import KINDS
from town import BASE, BRANCH, Town, check, say_figure, until

FLAPPING = 8  # bases at once, under one branch
P99_MS = 3000
DOWN_S, UP_S = 0.3, 1.0  # at most; half of the flaps are up again at once
BAD_S = 2.0  # how long a link is bad under load


class Flapper(threading.Thread):
    def __init__(self, town, code, count):
        super().__init__(daemon=True)
        self.ledger, self.code, self.count = town.ledger, code, count
        self.control, self.proxy = Control(town.city[code]), town.proxies[code]
        self.random = random.Random("%s %s" % (town.seed, code))
        self.took_ms, self.wrong = [], None

    def run(self):
        try:
            for _ in range(self.count):
                self.one()
        except Exception as e:  # the main thread tells it
            self.wrong = "%s: after %d flaps: %r" % (self.code, len(self.took_ms), e)

    def one(self):
        self.random.choice((self.proxy.refuse, self.proxy.drop))()
        self.ledger.tell(self.code, self.control.open("断链期间登记"), 1)
        if self.random.random() < 0.5:
            time.sleep(self.random.uniform(0, DOWN_S))
        begun = time.monotonic()
        self.proxy.up()
        self.control.wait(30, receipted="branch")
        self.took_ms.append((time.monotonic() - begun) * 1000)
        if self.random.random() < 0.5:
            time.sleep(self.random.uniform(0, UP_S))


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(len(values) * q))]


def flap_all(town, count):
    """The times of count flaps, in ms."""
    flappers = []
    for n in range(FLAPPING):
        code = "%s%03d" % (BRANCH, 101 + n)
        town.add(code, "基站%d" % n, "base", BRANCH, True)
        flappers.append(Flapper(town, code, count // FLAPPING + (n < count % FLAPPING)))
    for f in flappers:
        f.control.wait(30, linked=1)
    for f in flappers:
        f.start()
    for f in flappers:
        f.join()
    check(not any(f.wrong for f in flappers), "\n    ".join(f.wrong for f in flappers if f.wrong))
    for f in flappers:
        check(f.proxy.done["cut"] >= f.count, "%s: %d flaps, %d cuts" % (f.code, f.count, f.proxy.done["cut"]))
    return [t for f in flappers for t in f.took_ms]


def flaps(build, rounds, seed):
    town = Town(build, seed, load=False)
    lived = False
    try:
        took = flap_all(town, rounds)
        town.sound()
        town.ended_well()
        p50, p99 = quantile(took, 0.5), quantile(took, 0.99)
        say_figure("flaps", len(took), "flaps")
        say_figure("reconnect_p50", round(p50), "ms")
        say_figure("reconnect_p99", round(p99), "ms", limit=P99_MS, max=round(max(took)))
        check(p99 < P99_MS, "p99 of link-up to first event: %.0f ms of at most %d" % (p99, P99_MS))
        lived = True
    finally:
        town.close(keep=not lived)
    return "%d flaps, link-up to first event p50 %.0f ms, p99 %.0f ms, most %.0f ms" % (
        len(took), p50, p99, max(took))


# ---- bad links ----

def state(town, code):
    return town.controls[code].get("/v1/status")["uplink"]["state"]


def works_on(town, code):
    """A clerk never waits for the network."""
    begun = time.monotonic()
    town.ledger.tell(code, town.controls[code].open("链路不良时登记"), 1)
    took = time.monotonic() - begun
    check(took < 2, "a command took %.1f s at %s" % (took, code))


def shaped(**how):
    def bad(town, code):
        town.proxies[code].shape(**how)
        time.sleep(BAD_S)
        works_on(town, code)
    return bad


def throttled(town, code):
    """Under a trickle all of a backlog goes up, and the link isn't lost for being slow."""
    town.proxies[code].cut("refuse")
    time.sleep(BAD_S / 4)
    town.quiet()
    town.proxies[code].up()
    town.proxies[code].shape(bytes_per_s=100000)
    town.controls[code].wait(60, receipted="main")
    town.loud()


def half_open(direction):
    def bad(town, code):
        town.proxies[code].half_open(direction)
        until("silence is noticed", lambda: state(town, code) != "linked")
        works_on(town, code)
    return bad


def rubbish(kind):
    def bad(town, code):
        proxy = town.proxies[code]
        # Silence takes an attempt's whole time.
        want = proxy.accepted + (1 if kind == "silent" else 2)
        proxy.rubbish(kind)
        until("it has met it", lambda: town.controls[code].get("/v1/status") and
              proxy.accepted >= want)
        works_on(town, code)
        check(state(town, code) != "linked", "linked to rubbish")
    return bad


#     what it is, how it is made, and what must have happened to the link by then
CASES = [
    ("delayed", shaped(delay_ms=200, jitter_ms=200), ("delay up", "delay down")),
    ("throttled", throttled, ("cut", "throttle up", "throttle down")),
    ("corrupted", shaped(corrupt_every=20000), ("corrupt up",)),
    ("corrupted up", shaped(direction="up", corrupt_every=5000), ("corrupt up",)),
    ("corrupted down", shaped(direction="down", corrupt_every=1000), ("corrupt down",)),
    ("half-open", half_open("both"), ("swallow up",)),  # the parent has nothing to answer
    ("half-open up", half_open("up"), ("swallow up",)),
    ("half-open down", half_open("down"), ("swallow down",)),
    ("a captive portal", rubbish("http"), ("cut", "http")),
    ("random bytes", rubbish("random"), ("cut", "random")),
    ("accepts and is silent", rubbish("silent"), ("cut", "silent")),
    ("accepts and closes", rubbish("drop"), ("cut", "drop")),
]


def bad_links(build, rounds, seed):
    town = Town(build, seed, proxied=True)
    done, lived = 0, False
    try:
        for _ in range(rounds):
            for name, bad, wanted in CASES:
                code = town.random.choice((BRANCH, BASE))
                proxy = town.proxies[code]
                begun, before = time.monotonic(), dict(proxy.done)
                bad(town, code)
                until("%s at %s: %s" % (name, code, ", ".join(wanted)),
                      lambda: all(proxy.done[kind] > before[kind] for kind in wanted))
                proxy.up()
                town.linked()
                town.caught_up()
                town.quiet()
                town.sound()
                town.loud()
                done += 1
                print("    %s, at %s: up and sound after %.1f s" %
                      (name, code, time.monotonic() - begun), flush=True)
        town.quiet()
        town.ended_well()
        lived = True
    finally:
        town.close(keep=not lived)
    return "%d bad links: %s" % (done, ", ".join(
        "%d %s" % (sum(p.done[kind] for p in town.proxies.values()), kind) for kind in KINDS))
