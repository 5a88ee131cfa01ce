#!/usr/bin/env python3
"""bench.py - measures the figures of speed and size on real daemons.

Usage: bench.py --build BUILD [--figure A,B] [--compare OLD.json] [--tiny]
Standard output is one JSON array, or a table on a terminal; progress goes to standard error.
--tiny runs all with tiny amounts, to prove that the bench works; its values mean nothing.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import figures_down  # noqa: E402
import figures_links  # noqa: E402
import figures_speed  # noqa: E402
import figures_store  # noqa: E402
from figures import MORE, TABLE, median  # noqa: E402
from town import Failed, run_folder, say  # noqa: E402

RUNS = figures_speed.figures.runs + figures_down.figures.runs + figures_links.figures.runs + figures_store.figures.runs

# name: (amount, tiny amount)
AMOUNTS = {
    "runs": (5, 1), "events": (200000, 1200), "commits": (2000, 40), "samples": (300, 10),
    "wire_events": (100000, 1200), "wire_runs": (3, 1), "singles": (50, 4), "idle_s": (60, 1),
    "children": (24, 2), "flaps": (5, 1), "restarts": (4, 1), "matters": (1000000, 2000),
    "directives": (200, 10), "handons": (6000, 40), "handon_runs": (3, 1), "disk_runs": (5, 1),
    "siblings": (4000, 40), "sibling_s": (3, 0.3), "reports": (30, 3), "asks": (9, 2), "lives": (20000, 20),
    "register_rows": (100000, 400), "settle_s": (2, 0), "stable_s": (6, 0),
}


def rounded(x):
    return x if x is None else float("%.4g" % x)


class Bench:
    def __init__(self, build, tiny):
        self.build, self.tiny = build, tiny
        self.folder = run_folder(build)
        self.results, self.later = {}, []

    def amount(self, name):
        return AMOUNTS[name][1 if self.tiny else 0]

    def put(self, name, values, limits=None, note="", spread_of=None):
        """values: one of each run; limits: the machine's own, of the same runs. Where the value
        isn't a median of runs, spread_of says of what the spread is."""
        if not values:
            return
        unit, better, goal = TABLE[name]
        value = median(values)
        limit = median(limits) if limits else None
        ratio = median([v / l for v, l in zip(values, limits)]) if limits else None
        if callable(goal):
            goal = goal(limit)
        seen = spread_of or values
        middle = median(seen)
        self.results[name] = {
            "name": name, "value": rounded(value), "unit": unit, "better": better,
            "limit": rounded(limit), "ratio": rounded(ratio),
            "spread": rounded((max(seen) - min(seen)) / abs(middle)) if middle else 0,
            "goal": rounded(goal), "met": value >= goal if better == MORE else value <= goal,
            "runs": len(seen), "note": note,
        }

    def close(self):
        for _, end in self.later:
            end()
        shutil.rmtree(self.folder, ignore_errors=True)


def measure(b, wanted):
    """(rows, what failed): a run that fails takes only its own figures with it"""
    failed = []

    def one(names, run):
        try:
            run()
        except (Failed, OSError, subprocess.SubprocessError) as e:
            say("%s: %s", ", ".join(sorted(names)), e)
            failed.append(e)
    for names, run in RUNS:
        if names & wanted:
            say("%s ...", ", ".join(sorted(names & wanted)))
            one(names & wanted, lambda: run(b, names & wanted))
    while b.later:
        finish, end = b.later.pop()
        try:
            one({"wire_idle"}, finish)
        finally:
            end()
    return [b.results[name] for name in TABLE if name in wanted and name in b.results], failed


def shown(x):
    if x is None:
        return "-"
    return "%d" % x if abs(x) >= 1000 else "%.4g" % x


def table(rows):
    head = ["figure", "value", "unit", "limit", "ratio", "spread", "goal", ""]
    lines = [head] + [[r["name"], shown(r["value"]), r["unit"], shown(r["limit"]),
                       shown(r["ratio"]), "%.0f %%" % (100 * r["spread"]),
                       (">= " if r["better"] == MORE else "<= ") + shown(r["goal"]),
                       "met" if r["met"] else "MISSED"] for r in rows]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(w.rjust(wide[i]) if i in (1, 3, 4, 5) else w.ljust(wide[i])
                        for i, w in enumerate(line)).rstrip())
    for r in rows:
        if r["note"]:
            print("%s: %s" % (r["name"], r["note"]))


def compare(old, new):
    """What moved: by more than both spreads, and by the ratio to the limit where there is one."""
    before = {r["name"]: r for r in old}
    out = []
    for r in new:
        o = before.get(r["name"])
        if o is None:
            continue
        by = "ratio" if r["ratio"] and o["ratio"] else "value"
        change = r[by] / o[by] - 1 if o[by] else 0
        noise = max(r["spread"], o["spread"])
        better = (change > 0) == (r["better"] == MORE)
        verdict = "same" if abs(change) <= noise else "better" if better else "worse"
        out.append({"name": r["name"], "old": o["value"], "new": r["value"], "unit": r["unit"],
                    "by": by, "change": rounded(change), "noise": rounded(noise), "moved": verdict})
    return out


def compare_table(rows):
    for r in rows:
        print("%-18s %12s -> %-12s %-12s %+6.1f %% of its %s (noise %.0f %%)  %s" % (
            r["name"], shown(r["old"]), shown(r["new"]), r["unit"], 100 * r["change"], r["by"],
            100 * r["noise"], r["moved"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--figure", default="")
    parser.add_argument("--compare", metavar="OLD.json")
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    old = None
    if args.compare is not None:
        try:
            with open(args.compare, encoding="utf-8") as f:
                old = json.load(f)
        except (OSError, ValueError) as e:
            print("bench: %s: %s; usage: make bench-compare OLD.json" % (args.compare, e),
                  file=sys.stderr)
            return 2
    names = [r["name"] for r in old] if old else list(TABLE)
    if args.figure:
        names = args.figure.split(",")
    unknown = [n for n in names if n not in TABLE]
    if unknown:
        print("bench: no such figure: %s; there are: %s" % (", ".join(unknown), ", ".join(TABLE)),
              file=sys.stderr)
        return 2
    b = Bench(args.build, args.tiny)
    try:
        rows, failed = measure(b, set(names))
    finally:
        b.close()
    terminal = sys.stdout.isatty()
    if old is not None:
        rows = compare(old, rows)
    if terminal:
        (compare_table if old is not None else table)(rows)
    else:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
