"""figures_speed.py - import, catch-up, registering and latency."""
import json
import os
import threading

import cases
from figures import Figures, percentile
from town import BASE, Town, backlog, import_timed, resume_timed, rss_kib, rss_store_kib, say

figures = Figures()


class Watch:
    """The most memory that stations take while it looks, LMDB's page cache left out."""

    def __init__(self, stations):
        self.stations, self.most = stations, 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.stop.wait(0.05):
            for s in self.stations:
                r = rss_kib(s)
                self.most = max(self.most, r["anon"] + r["shmem"])

    def end(self):
        """MiB, with the mapped pages of programs and libraries"""
        self.stop.set()
        self.thread.join()
        files = max(rss_kib(s)["file"] - rss_store_kib(s) for s in self.stations)
        return (self.most + files) / 1024


def catch_up(b, name, top):
    """From nothing, several times: speeds, limits, MiB at load"""
    speeds, raws, loads = [], [], []
    for _ in range(b.amount("runs")):
        with Town(b.build) as t:
            stations = top(t)
            main, base = stations[0], stations[-1]
            base.ctl("link", "pause")
            events = backlog(t, base, b.amount("events"))
            raws.append(t.raw("bulk", b.amount("events"))["per_s"])
            watch = Watch(stations)
            speeds.append(events / resume_timed(base))
            loads.append(watch.end())
            t.check_held(main, base, events)
            say("%s: %.0f/s", name, speeds[-1])
    return speeds, raws, loads


HASHED = "limit: SHA-256 and append in commits of 4,096 events"
CAUGHT_UP = "from link resume until main's receipt of all is back where it was written; half of " \
            "the events go on with matters in any order; " + HASHED


@figures("import")
def imports(b, wanted):
    speeds, raws = [], []
    path = cases.write(os.path.join(b.folder, "whole.csv"), b.amount("events"), 11)
    for _ in range(b.amount("runs")):
        with Town(b.build) as t:
            _, branch = t.two()
            branch.ctl("link", "pause")
            raws.append(t.raw("bulk", b.amount("events"))["per_s"])
            events, took = import_timed(branch, path)
            speeds.append(events / took)
            say("import: %d events at %.0f/s", events, speeds[-1])
    b.put("import", speeds, raws, note="by stationctl, the link paused; " + HASHED)


@figures("catchup_two_hops", "rss_load")
def two_hops(b, wanted):
    speeds, raws, loads = catch_up(b, "catchup_two_hops", Town.three)
    b.put("catchup_two_hops", speeds, raws, note=CAUGHT_UP)
    b.put("rss_load", loads, note="the most of anonymous and shared pages, and mapped program "
          "files, of any of the three during catchup_two_hops; the store's mapped pages are left "
          "out")


@figures("catchup_one_hop")
def one_hop(b, wanted):
    speeds, raws, _ = catch_up(b, "catchup_one_hop", Town.two)
    b.put("catchup_one_hop", speeds, raws, note="branch to main; " + CAUGHT_UP)


@figures("register", "command_p50")
def register(b, wanted):
    speeds, raws, p50, commits = [], [], [], []
    with Town(b.build) as t:
        _, branch = t.two()
        branch.ctl("link", "pause")
        for i in range(b.amount("runs")):
            before = t.raw("commits", b.amount("commits"))
            took = json.loads(t.tool("load", "register", branch.socket, b.amount("commits"))[0])
            after = t.raw("commits", b.amount("commits"))
            raws.append((before["per_s"] + after["per_s"]) / 2)
            commits.append((before["p50_us"] + after["p50_us"]) / 2000)
            speeds.append(took["per_s"])
            p50.append(took["p50_us"] / 1000)
            say("register: %.0f/s of %.0f commits/s", speeds[-1], raws[-1])
    b.put("register", speeds, raws, note="facts only, the link paused; limit: LMDB commits of one "
          "append, measured before and after each run")
    b.put("command_p50", p50, commits, note="one matter registered, from the request to the synced "
          "answer; limit: p50 of LMDB commits of one append")


PAUSE_MS = 15  # between lone events


@figures("latency_p50", "latency_p99")
def latency(b, wanted):
    p50, p99, asked, raws, lone = [], [], [], [], []
    with Town(b.build) as t:
        main, _, base = t.three()
        for i in range(b.amount("runs")):
            raws.append(t.raw("commits", b.amount("commits"))["p50_us"] / 1000)
            lone.append(t.raw("lone", b.amount("samples"), PAUSE_MS)["p50_us"] / 1000)
            lines = t.tool("load", "latency", base.socket, main.socket, BASE,
                           b.amount("samples"), PAUSE_MS)
            told = [float(line.split()[0]) / 1000 for line in lines]
            whole = [float(line.split()[1]) / 1000 for line in lines]
            p50.append(percentile(told, 50))
            p99.append(percentile(told, 99))
            asked.append(percentile(whole, 50))
            say("latency: p50 %.2f ms, p99 %.2f ms; a commit %.2f ms, a lone one %.2f ms", p50[-1],
                p99[-1], raws[-1], lone[-1])
    note = "from the base's answer until main's disk; p50 from the request: %.2f ms; limit: p50 " \
           "of LMDB commits of one append, one after another; p50 of lone ones, each %d ms after the " \
           "one before as the events are: %.2f ms" % (percentile(asked, 50), PAUSE_MS,
                                                      percentile(lone, 50))
    b.put("latency_p50", p50, raws, note=note)
    b.put("latency_p99", p99, raws, note=note)
