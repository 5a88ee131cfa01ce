"""figures_speed.py - import, catch-up, registering and latency."""
import os
import threading

import cases
from figures import Figures, percentile
from town import BASE, Town, Control, import_timed, resume_timed, rss_kib, rss_store_kib, say

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


def catch_up(b, wanted, top, name):
    """One import and its way to main, from nothing, several times."""
    imports, speeds, raws, loads, disks = [], [], [], [], []
    path = os.path.join(b.folder, "cases.csv")
    cases.write(path, b.amount("events"), 11)
    for i in range(b.amount("runs")):
        with Town(b.build) as t:
            stations = top(t)
            main, base = stations[0], stations[-1]
            raws.append(t.raw("bulk", b.amount("events"))["per_s"])
            before = main.json("status")["store"]["used_bytes"]
            base.ctl("link", "pause")
            events, took = import_timed(base, path)
            imports.append(events / took)
            say("import: %d events at %.0f/s", events, imports[-1])
            if not wanted & {name, "rss_load", "disk_per_event"}:
                continue
            watch = Watch(stations)
            took = resume_timed(base)
            loads.append(watch.end())
            t.check_held(main, base, events)
            speeds.append(events / took)
            say("%s: %.0f/s", name, speeds[-1])
            disks.append((main.json("status")["store"]["used_bytes"] - before) / events)
    return imports, speeds, raws, loads, disks


@figures("import", "catchup_two_hops", "rss_load", "disk_per_event")
def two_hops(b, wanted):
    imports, speeds, raws, loads, disks = catch_up(b, wanted, lambda t: t.three(),
                                                   "catchup_two_hops")
    hashed = "limit: SHA-256 and append in commits of 4,096 events"
    b.put("import", imports, raws, note="by stationctl, the link paused; " + hashed)
    b.put("catchup_two_hops", speeds, raws,
          note="from link resume until main's receipt of all is back at the base; " + hashed)
    b.put("rss_load", loads, note="anonymous and shared pages and mapped program files at most, during "
          "catchup_two_hops, of the largest of three stations; without the store's mapped pages")
    b.put("disk_per_event", disks, note="the store's used pages at main, by events caught up; the "
          "answers' clear texts with them")


@figures("catchup_one_hop")
def one_hop(b, wanted):
    _, speeds, raws, _, _ = catch_up(b, wanted, lambda t: t.two(), "catchup_one_hop")
    b.put("catchup_one_hop", speeds, raws,
          note="branch to main; limit: SHA-256 and append in commits of 4,096 events")


@figures("register")
def register(b, wanted):
    speeds, raws = [], []
    with Town(b.build) as t:
        _, branch = t.two()
        branch.ctl("link", "pause")
        for i in range(b.amount("runs")):
            before = t.raw("commits", b.amount("commits"))["per_s"]
            lines = t.tool("load", "register", branch.socket, b.amount("commits"))
            after = t.raw("commits", b.amount("commits"))["per_s"]
            raws.append((before + after) / 2)
            speeds.append(float(lines[0].split(":")[1].rstrip("}")))
            say("register: %.0f/s of %.0f commits/s", speeds[-1], raws[-1])
    b.put("register", speeds, raws, note="facts only, the link paused; limit: LMDB commits of one append, "
          "measured before and after each run")


@figures("latency_p50", "latency_p99")
def latency(b, wanted):
    p50, p99, asked, raws = [], [], [], []
    with Town(b.build) as t:
        main, _, base = t.three()
        for i in range(b.amount("runs")):
            raws.append(t.raw("commits", b.amount("commits"))["p50_us"] / 1000)
            lines = t.tool("load", "latency", base.socket, main.socket, BASE, b.amount("samples"), 15)
            told = [float(line.split()[0]) / 1000 for line in lines]
            whole = [float(line.split()[1]) / 1000 for line in lines]
            p50.append(percentile(told, 50))
            p99.append(percentile(told, 99))
            asked.append(percentile(whole, 50))
            say("latency: p50 %.2f ms, p99 %.2f ms; a commit %.2f ms", p50[-1], p99[-1], raws[-1])
    note = "from the base's answer until main's disk; p50 from the request: %.2f ms; limit: p50 of LMDB " \
           "commits of one append" % percentile(asked, 50)
    b.put("latency_p50", p50, raws, note=note)
    b.put("latency_p99", p99, raws, note=note)
