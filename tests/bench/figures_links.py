"""figures_links.py - bytes on the wire, and how fast a link comes back."""
import random
import threading
import time

from figures import Figures, percentile
from forward import Forward
from town import (BRANCH, MAIN, Control, Failed, Town, backlog, free_port, resume_timed, rss_kib,
                  say)

figures = Figures()
PAYLOAD = "TCP payload in both directions, at a forwarder between branch and main"


class Wire:
    """main and a branch, and the forwarder between them"""

    def __init__(self, build):
        self.town, self.forward = Town(build), None
        try:
            port = free_port()
            main = self.town.found(public_address="tcp://127.0.0.1:%d" % port)
            self.forward = Forward(port, main.port)
            self.branch = self.town.join(BRANCH, "branch", MAIN)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.town.__exit__()
        if self.forward:
            self.forward.cut()


def wire_bulk(b, w):
    found = []
    for i in range(b.amount("wire_runs")):
        w.branch.ctl("link", "pause")
        events = backlog(w.town, w.branch, b.amount("wire_events"), 100 + i)
        before = w.forward.total
        resume_timed(w.branch)
        found.append((w.forward.total - before) / events)
    b.put("wire_bulk", found, note=PAYLOAD + ", greeting, credit, checkpoints and receipts with it")


def wire_single(b, w):
    found, segments = [], w.forward.segments()
    with Control(w.branch) as c:
        for _ in range(b.amount("singles")):
            before = w.forward.total
            seq = c.open_matter()
            c.wait_main()
            found.append(w.forward.total - before)
        size = c.event_bytes(BRANCH, seq)
    segments = (w.forward.segments() - segments) / len(found)
    b.put("wire_single", found, note=PAYLOAD + ", in %.1f segments with bare acknowledgements; "
          "the event alone takes %d" % (segments, size))


@figures("wire_bulk", "wire_single", "wire_idle")
def wire(b, wanted):
    w = Wire(b.build)
    b.later.append((lambda: None, w.close))
    if "wire_bulk" in wanted:
        wire_bulk(b, w)
    if "wire_single" in wanted:
        wire_single(b, w)
    if "wire_idle" not in wanted:
        return
    # It idles beside what is measured next, and is looked at last.
    begun, before = time.monotonic(), w.forward.total

    def finish():
        left = b.amount("idle_s") - (time.monotonic() - begun)
        if left > 0:
            say("wire_idle: %.0f s more ...", left)
            time.sleep(left)
        minutes = (time.monotonic() - begun) / 60
        b.put("wire_idle", [(w.forward.total - before) / minutes], note=PAYLOAD + "; over %.1f "
              "minutes with the settings' own ping_s and fresh_checkpoint_s" % minutes)
    b.later[-1] = (finish, w.close)


class Many:
    """A branch with many bases, each behind a forwarder of its own."""

    def __init__(self, b, town):
        town.found()
        self.branch = town.join(BRANCH, "branch", MAIN)
        self.bases, self.forwards = [], []
        for i in range(b.amount("children")):
            forward = Forward(free_port(), self.branch.port)
            self.forwards.append(forward)
            code = "%s%03d" % (BRANCH, i + 1)
            self.bases.append(town.join(code, "base", BRANCH, forward.address))
            with Control(self.bases[-1]) as c:
                c.open_matter()
                c.wait_main()

    def each(self, f):
        """f(i) for every base at once; its answers"""
        answers, wrong = [None] * len(self.bases), []

        def run(i):
            try:
                answers[i] = f(i)
            except Exception as e:  # told by the caller's thread
                wrong.append(e)
        threads = [threading.Thread(target=run, args=(i,)) for i in range(len(self.bases))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if wrong:
            raise Failed("%s" % wrong[0])
        return answers

    def first_event(self, i, size, begun):
        """Milliseconds until the branch has the base's log to that size on disk."""
        with Control(self.branch) as c:
            c.wait_log(self.bases[i].code, size)
        return 1000 * (time.monotonic() - begun)


def rss_child(b, m):
    for s in m.bases:
        s.stop()
    m.branch.stop()
    m.branch.start()
    m.branch.wait_linked()
    time.sleep(b.amount("settle_s"))
    alone = rss_kib(m.branch)
    for s in m.bases:
        s.start()
    for s in m.bases:
        s.wait_linked()
    time.sleep(b.amount("settle_s"))
    linked = rss_kib(m.branch)
    b.put("rss_child", [(linked["anon"] - alone["anon"]) / len(m.bases)],
          note="anonymous pages of a branch that has just started: with %d real children linked, "
               "less those with none, by children" % len(m.bases))


def reconnect(b, m):
    def flap(i):
        rng, found = random.Random(i), []
        for _ in range(b.amount("flaps")):
            m.forwards[i].cut()
            with Control(m.bases[i]) as c:
                size = c.open_matter()
            time.sleep(rng.uniform(0.2, 1.2))
            begun = time.monotonic()
            m.forwards[i].heal()
            found.append(m.first_event(i, size, begun))
        return found
    by_base = m.each(flap)
    found = [v for one in by_base for v in one]
    say("reconnect: p50 %.0f ms, p99 %.0f ms of %d", percentile(found, 50), percentile(found, 99),
        len(found))
    b.put("reconnect_p99", [percentile(found, 99)],
          spread_of=[percentile(x, 99) for x in zip(*by_base)],
          note="%d cuts of 0.2 to 1.2 s, from the link's way being free until the event made "
               "meanwhile is on the parent's disk; p50 %.0f ms" %
               (len(found), percentile(found, 50)))


def restart(b, m):
    rounds, away = [], []
    for _ in range(b.amount("restarts")):
        time.sleep(b.amount("stable_s"))  # a link that has just come back is no settled one
        stopped = time.monotonic()
        m.branch.stop()
        sizes = []
        for s in m.bases:
            with Control(s) as c:
                sizes.append(c.open_matter())
        m.branch.start()
        begun = time.monotonic()
        away.append(1000 * (begun - stopped))
        rounds.append(m.each(lambda i: m.first_event(i, sizes[i], begun)))
        say("restart: p99 %.0f ms after %.0f ms away", percentile(rounds[-1], 99), away[-1])
    found = [v for one in rounds for v in one]
    b.put("restart_p99", [percentile(found, 99)], spread_of=[percentile(x, 99) for x in rounds],
          note="from the parent's ready line until the event that a child made meanwhile is on its "
               "disk; %d children at once; p50 %.0f ms; away for up to %.0f ms" %
               (len(m.bases), percentile(found, 50), max(away)))


@figures("reconnect_p99", "restart_p99", "rss_child")
def links(b, wanted):
    with Town(b.build) as t:
        m = Many(b, t)
        if "rss_child" in wanted:
            rss_child(b, m)
        if "reconnect_p99" in wanted:
            reconnect(b, m)
        if "restart_p99" in wanted:
            restart(b, m)
        for f in m.forwards:
            f.cut()
