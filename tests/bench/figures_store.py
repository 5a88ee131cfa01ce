"""figures_store.py - one big store, and what it does to starting, asking and the neighbours."""
import os
import subprocess
import time

import cases
from figures import Figures, median, percentile
from town import BRANCH, MAIN, Control, Failed, Town, backlog, import_timed, rss_kib, say

figures = Figures()
SIBLINGS = 4  # branches that hold the other half, and are probed
REPORT = "/v1/report?by=branch,category"
PROBE_PAUSE_MS = 10
SIBLING_TURNS = 10


@figures("rss_idle")
def rss_idle(b, wanted):
    found = []
    with Town(b.build) as t:
        stations = t.three()
        with Control(stations[2]) as c:
            c.open_matter()
            c.wait_main()
        for _ in range(b.amount("runs")):
            for s in stations:
                s.stop()
            for s in stations:
                s.start()
            for s in stations[1:]:
                s.wait_linked()
            time.sleep(b.amount("settle_s"))
            found.append(max(rss_kib(s)["all"] for s in stations) / 1024)
    b.put("rss_idle", found, note="all resident pages, of libraries too, of the largest of three "
                                  "linked stations that have just started")


@figures("disk_per_event")
def disk(b, wanted):
    found, events = [], 0
    with Town(b.build) as t:
        main, branch = t.two()
        for i in range(b.amount("disk_runs")):
            branch.ctl("link", "pause")
            events += backlog(t, branch, b.amount("events"), 200 + i)
            branch.ctl("link", "resume")
            branch.wait_main(600)
            found.append(main.json("status")["store"]["used_bytes"] / events)
            say("disk: %.1f bytes an event of %d", found[-1], events)
    b.put("disk_per_event", found[-1:], spread_of=found,
          note="the store's file at main without its unused tail, by events, after %d backlogs of "
               "%d: %s; pages that commits have freed and the next will use are in" %
               (len(found), events // len(found), ", ".join("%.0f" % x for x in found)))


def ready(b, main):
    found = []
    for _ in range(b.amount("runs")):
        main.stop()
        with open(os.path.join(main.data, "data.mdb"), "rb") as f:
            os.fsync(f.fileno())
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        begun = time.monotonic()
        main.start()
        found.append(1000 * (time.monotonic() - begun))
    events = sum(s["size"] for s in main.json("status")["stations"])
    b.put("ready", found,
          note="from the start of the process to its ready line, nothing of the store "
               "in the page cache; %d events" % events)


def ask_report(b, t, main):
    lines = t.tool("load", "get", main.socket, REPORT, b.amount("reports"))
    return [float(line) / 1000 for line in lines]


class Probes:
    """Every sibling registers, again and again, and waits for the parent's disk."""

    def __init__(self, t, siblings, main, count):
        self.all = [subprocess.Popen(
            [t.program("bench/load"), "latency", s.socket, main.socket, s.code, str(count),
             str(PROBE_PAUSE_MS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for s in siblings]

    def end(self):
        """Milliseconds from each commit to the parent's disk"""
        found = []
        for p in self.all:
            p.stdin.close()  # at once for all: who counts doesn't look
        for p in self.all:
            found += [float(line.split()[0]) / 1000 for line in p.stdout]
            if p.wait() != 0:
                raise Failed("load latency ended with %d" % p.returncode)
        return found


def by_fifths(values):
    """p99 of each fifth: how steady it is"""
    n = max(1, len(values) // 5)
    return [percentile(values[i:i + n], 99) for i in range(0, n * 5, n) if values[i:i + n]]


def held(main, code):
    return next(s["size"] for s in main.json("status")["stations"] if s["code"] == code)


def come_to_rest(main, code):
    """Waits until the parent has worked off what came before the pause, or alone isn't alone"""
    before, size = -1, held(main, code)
    while size != before:
        time.sleep(0.2)
        before, size = size, held(main, code)


def sibling(b, t, main, first, others, events):
    """By turns alone and beside the backlog: a disk's mood lasts longer than a turn of both."""
    alone, beside, changes, went, took = [], [], [], 0, 0
    with Control(first) as c:
        for _ in range(SIBLING_TURNS):
            a = Probes(t, others, main, b.amount("siblings") // (SIBLINGS * SIBLING_TURNS)).end()
            probes = Probes(t, others, main, 0)
            begun, before = time.monotonic(), held(main, first.code)
            c.ask("POST", "/v1/link/resume")
            time.sleep(b.amount("sibling_s"))
            w = probes.end()
            took += time.monotonic() - begun
            went += held(main, first.code) - before
            c.ask("POST", "/v1/link/pause")
            come_to_rest(main, first.code)
            alone, beside = alone + a, beside + w
            changes.append(100 * (percentile(w, 99) / percentile(a, 99) - 1))
        c.ask("POST", "/v1/link/resume")
        c.wait_main()
    t.check_held(main, first, events)
    a, w = percentile(alone, 99), percentile(beside, 99)
    say("sibling: p99 %.2f ms alone, %.2f ms beside a backlog of %d (%.0f/s)", a, w, events, went / took)
    b.put("sibling_p99", [100 * (w / a - 1)], spread_of=changes,
          note="commit at %d branches to main's disk: p50 %.2f ms, p99 %.2f ms alone; p50 %.2f ms, "
               "p99 %.2f ms beside one child's backlog of %d events, of which %.0f/s went meanwhile; "
               "%d samples in %d turns; spread of the turns' changes" %
               (len(others), percentile(alone, 50), a, percentile(beside, 50), w, events, went / took,
                len(beside), SIBLING_TURNS))


def fill(b, t, stations, matters):
    """Imports so many matters at each, all of them on their way at once; events of the first"""
    made = 0
    for i, s in enumerate(stations):
        path = os.path.join(t.folder, "open.csv")
        cases.write(path, 2 * matters, i + 1 + matters % 251, "open")
        events, took = import_timed(s, path, "bench-%d" % matters)
        made = made or events
        say("%s: %d events imported in %.1f s", s.code, events, took)
    return made


COMMON = ("opened", "overdue", "days", "silent")


def whole_lives(b, t, stations):
    """Matters that ended, over the same months as those that are open: a cell has as many counters
    as a busy station's has"""
    for i, s in enumerate(stations):
        path = os.path.join(t.folder, "whole.csv")
        cases.write(path, 6 * b.amount("lives"), 900 + i, "whole", pace=10)
        events, took = import_timed(s, path, "whole")
        say("%s: %d events imported in %.1f s", s.code, events, took)


def ask_one(b, t, main, path):
    lines = t.tool("load", "get", main.socket, path, b.amount("asks"))
    return median([float(line) / 1000 for line in lines])


def ask(b, t, main, number):
    """Every question as it is asked most, and for the year where it takes a period"""
    took = {}
    for row in main.json("ask", "--list")["rows"]:
        path = "/v1/ask/%s" % row[1]
        if row[1] == "life":
            path += "?record=" + number
        took[row[1]] = ask_one(b, t, main, path)
        if "period" in row[4]:
            took[row[1] + " --year"] = ask_one(b, t, main, path + "?year=2025")
    slow = sorted(took, key=took.get)
    common = max((n for n in took if n.split()[0] in COMMON), key=took.get)
    counts = "%d matters" % main.json("report")["total"]["opened"]
    b.put("ask_common", [took[common]], note="the slowest of %s: %s; medians of %d over the control "
          "socket; %s" % (", ".join(COMMON), common, b.amount("asks"), counts))
    b.put("ask_all", [took[slow[-1]]], note="the slowest of all: %s; then %s; half of them take at most "
          "%.2f ms" % (slow[-1], ", ".join("%s %.1f ms" % (n, took[n]) for n in slow[-2:-6:-1]),
                       took[slow[len(slow) // 2]]))


@figures("sibling_p99", "ready", "report", "ask_common", "ask_all")
def big(b, wanted):
    with Town(b.build) as t:
        main = t.found()
        first = t.join(BRANCH, "branch", MAIN)
        others = [t.join("41062%d" % i, "branch", MAIN) for i in range(1, SIBLINGS + 1)]
        fill(b, t, [first] + others, b.amount("matters") // 500)
        for s in [first] + others:
            s.wait_main()
        small = ask_report(b, t, main)
        fill(b, t, others, b.amount("matters") // (2 * SIBLINGS))
        for s in others:
            s.wait_main(600)
        first.ctl("link", "pause")
        events = fill(b, t, [first], b.amount("matters") // 2)
        if "sibling_p99" in wanted:
            sibling(b, t, main, first, others, events)
        else:
            first.ctl("link", "resume")
            first.wait_main(600)
        if "ready" in wanted:
            ready(b, main)
        if {"ask_common", "ask_all"} & wanted:
            whole_lives(b, t, [first] + others)
            number = first.json("matter", "list")["records"][0]["number"]
            for s in [first] + others:
                s.wait_main(600)
            ask(b, t, main, number)
        if "report" not in wanted:
            return
        cold = ask_report(b, t, main)[0]
        large = ask_report(b, t, main)
        opened = main.json("report")["total"]["opened"]
        b.put("report", [median(large)], spread_of=large,
              note="over the control socket, %d matters of %d branches; with a hundredth of them "
                   "and the same answer's size, it took %.2f ms; the first after ready's cold "
                   "start %.1f ms" %
              (opened, SIBLINGS + 1, median(small), cold))


def run_watched(words):
    """(seconds, MiB of its most memory) of one process of its own"""
    begun, most = time.monotonic(), 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as p:
        while p.poll() is None:
            most = max(most, high_water_kib(p.pid))
            time.sleep(0.005)
        said = p.stderr.read().decode("utf-8", "replace")
    if p.returncode != 0:
        raise Failed("%s: exit %d: %s" % (words[0], p.returncode, said))
    return time.monotonic() - begun, most / 1024


def high_water_kib(pid):
    """0 once it has ended"""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            return max([int(line.split()[1]) for line in f if line.startswith("VmHWM")], default=0)
    except OSError:
        return 0


@figures("register_xlsx", "register_rss")
def register_xlsx(b, wanted):
    """A whole book of matters that have gone on, at the station that all of it is held at."""
    took, grown, daemon = [], [], []
    with Town(b.build) as t:
        main = t.found()
        rows = b.amount("register_rows")
        path = cases.write(os.path.join(t.folder, "book.csv"), 6 * rows, 5)
        import_timed(main, path)
        out = os.path.join(t.folder, "book.xlsx")
        words = main.command("register", "matters", "--xlsx", out)
        small = run_watched([*words, "--to", "2025-01-01"])[1]
        for _ in range(b.amount("runs")):
            before = rss_kib(main)["anon"]
            s, mib = run_watched(words)
            took.append(s)
            grown.append(mib - small)
            daemon.append((rss_kib(main)["anon"] - before) / 1024)
            say("register: %d rows in %.2f s, %.1f MiB more than one day's", rows, s, grown[-1])
        size = os.path.getsize(out) / 1048576
    note = "stationctl register matters --xlsx: %d rows of 25 columns and 6 events each, a file of " \
           "%.1f MiB; the daemon's anonymous pages grew by %.1f MiB at most" % (rows, size, max(daemon))
    b.put("register_xlsx", took, note=note)
    b.put("register_rss", grown, note="stationctl's most memory less that for one day's rows; " + note)
