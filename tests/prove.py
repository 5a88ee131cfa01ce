#!/usr/bin/env python3
"""prove.py - runs the hard tests, each in its amount, and writes down what was done and found.

Usage: prove.py --build O [--long] [PART...]
Each part is done in steps; a step that has ended is written to O/prove/, so a long run that was
stopped (Ctrl-C, kill, power) goes on where it was when it is called again. The report is
O/prove/report.md. One line a part, and last "N passed, N failed".
"""
import argparse
import concurrent.futures
import fcntl
import json
import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TAIL_LINES = 30  # of a failed step, on the terminal; all of it is in its log
HARD = "python3 tests/system/hard.py --build {o} "

CORES = len(os.sched_getaffinity(0))

# name, unit, amount in CI, amount of a long run, the most in one step there, steps at once, the make
# target that must exist, command; {n}: a step's amount, {first}: its first number, {o}: the build,
# {keep}: in a long run, the folder in which one step of fuzzing leaves what it found new to the next.
PARTS = [
    ("sim", "seeds", 2000, 20000, 2000, 1, "sim",
     "make --no-print-directory sim SEEDS={n} FROM={first}"),
    ("sim-canaries", "times", 1, 1, 1, 1, "sim-canaries",
     "make --no-print-directory sim-canaries"),
    ("faults", "times", 1, 1, 1, 1, "faults", "make --no-print-directory faults"),
    ("kill", "rounds", 100, 2000, 50, 2, None, HARD + "kill --rounds {n} --seed {first}"),
    ("disk", "rounds", 20, 100, 10, 2, None, HARD + "disk --rounds {n} --seed {first}"),
    ("slow", "rounds", 1, 10, 2, 1, None, HARD + "slow --rounds {n} --seed {first}"),
    ("stop", "passes", 1, 10, 1, 1, None, HARD + "stop --rounds {n} --seed {first}"),
    ("links", "passes", 1, 10, 1, 1, None, HARD + "links --rounds {n} --seed {first}"),
    ("flaps", "flaps", 200, 1000, 1000, 1, None, HARD + "flaps --rounds {n} --seed {first}"),
    ("fuzz", "s a target", 60, 3600, 600, CORES, "fuzz",
     "{keep}tests/fuzz/run.sh {n} {target}"),
    ("threads", "times", 1, 1, 1, 1, "check-thread", "make --no-print-directory check-thread"),
]
RUNNING, RUNNING_LOCK = set(), threading.Lock()
STOPPED = threading.Event()


class Part:
    def __init__(self, row, build, is_long):
        (self.name, self.unit, ci, most, self.step, self.lanes, self.target, self.command) = row
        self.build = build
        self.amount = most if is_long else ci
        self.is_long = is_long

    def absent(self):
        """True where this tree has no such target yet."""
        with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as f:
            return self.target and not re.search(r"(?m)^%s:" % self.target, f.read())

    def commands(self):
        """key -> command of each step"""
        step = self.step if self.is_long else -(-self.amount // self.lanes)
        targets = [None]
        if "{target}" in self.command:
            targets = sorted(f[:-2] for f in os.listdir(os.path.join(TOP, "tests", "fuzz"))
                             if f.endswith(".c") and
                             os.access(os.path.join(self.build, "fuzz", f[:-2]), os.X_OK))
            step = self.step
        keep = "KEEP=%s " % os.path.join(self.build, "prove", "inputs") if self.is_long else ""
        steps = {}
        for first in range(1, self.amount + 1, step):
            n = min(step, self.amount - first + 1)
            for target in targets:
                key = "%s %d" % (target, first) if target else "%d" % first
                steps[key] = self.command.format(
                    n=n, first=first, o=self.build, keep=keep,
                    target=os.path.join(self.build, "fuzz", target or ""))
        return steps


class State:
    """What has been done, kept in a file after each step."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.parts = {}
        try:
            with open(path, encoding="utf-8") as f:
                self.parts = json.load(f)
        except (OSError, ValueError):
            pass  # none, or torn: begin anew

    def done(self, part, key):
        return self.parts.get(part, {}).get(key)

    def put(self, part, key, step):
        with self.lock:
            self.parts.setdefault(part, {})[key] = step
            with open(self.path + ".new", "w", encoding="utf-8") as f:
                json.dump(self.parts, f, indent=1, ensure_ascii=False)
            os.replace(self.path + ".new", self.path)


def commit():
    done = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"],
                          capture_output=True, text=True)
    return done.stdout.strip()


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")),
                     platform.machine())
    return "%d × %s, Linux %s" % (os.cpu_count(), model, platform.release())


def run_step(part, key, command, folder, state):
    """Runs one step; its lines go to a file. None if we were stopped meanwhile."""
    if STOPPED.is_set():
        return None
    log = os.path.join(folder, "%s-%s.log" % (part.name, key.replace(" ", "-")))
    begun = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(command, shell=True, cwd=TOP, stdout=out, stderr=out,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        with RUNNING_LOCK:
            RUNNING.add(process)
        if STOPPED.is_set():
            end(process)
        code = process.wait()
        with RUNNING_LOCK:
            RUNNING.discard(process)
    if STOPPED.is_set():
        return None
    with open(log, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines()
    step = {"ok": code == 0, "code": code, "seconds": round(time.monotonic() - begun, 1),
            "log": log, "commit": commit(), "said": next((s for s in lines[::-1] if s.startswith("ok ")),
                                             lines[-1] if lines else "")}
    state.put(part.name, key, step)
    if code != 0:
        print("\n".join(["--- %s %s: %s" % (part.name, key, command)] + lines[-TAIL_LINES:] + [""]),
              end="", flush=True)  # at once: another step may print, too
    return step


def end(process):
    """Ends a step with all that it started: its own session, and nothing else."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass


def on_stop(number, frame):
    STOPPED.set()
    with RUNNING_LOCK:
        for process in RUNNING:
            end(process)


def run_part(part, folder, state):
    """'passed', 'failed', 'absent' or 'stopped'"""
    if part.absent():
        return "absent"
    steps = part.commands()
    with concurrent.futures.ThreadPoolExecutor(part.lanes) as pool:
        for key, command in steps.items():
            if not (state.done(part.name, key) or {}).get("ok"):
                pool.submit(run_step, part, key, command, folder, state)
    done = [state.done(part.name, key) for key in steps]
    if any(d and not d["ok"] for d in done):
        return "failed"
    return "passed" if steps and all(done) else "stopped"


def seconds(part, state):
    return sum(s["seconds"] for s in state.parts.get(part.name, {}).values())


def write_report(path, rows, state, is_long):
    with open(path, "w", encoding="utf-8") as f:
        f.write("# What was proved\n\n%s amounts, at %s, on %s. Written %s.\n\n" % (
            "Long" if is_long else "CI", commit(), machine(),
            time.strftime("%Y-%m-%d %H:%M:%S %z")))
        f.write("| part | amount | done in steps | time of them all | result |\n|---|---|---|---|---|\n")
        for part, result in rows:
            done = state.parts.get(part.name, {})
            f.write("| %s | %d %s | %d | %.0f s | %s |\n" % (
                part.name, part.amount, part.unit, len(done), seconds(part, state), result))
        for part, _ in rows:
            done = state.parts.get(part.name, {})
            if done:
                f.write("\n## %s\n\n" % part.name)
            for key, s in sorted(done.items()):
                f.write("- %s (%s, %.0f s, at %s): %s\n" % (
                    key, "passed" if s["ok"] else "FAILED, see " + s["log"], s["seconds"],
                    s["commit"], s["said"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    unknown = set(args.names) - {row[0] for row in PARTS}
    if unknown:
        parser.error("no such part: %s; there are %s" % (", ".join(sorted(unknown)), ", ".join(r[0] for r in PARTS)))
    folder = os.path.join(os.path.abspath(args.build), "prove")
    os.makedirs(folder, exist_ok=True)
    lock = open(os.path.join(folder, "lock"), "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("another run is under way in %s" % folder)
        return 1
    state_path = os.path.join(folder, "long.json" if args.long else "ci.json")
    parts = [Part(row, args.build, args.long) for row in PARTS
             if not args.names or row[0] in args.names]
    state = State(state_path) if args.long else State("")
    state.path = state_path
    if parts and all(p.absent() or all((state.done(p.name, key) or {}).get("ok")
                                       for key in p.commands()) for p in parts):
        state.parts = {}  # the run before is complete: this is another
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_stop)
    rows = []
    for part in parts:
        begun = time.monotonic()
        result = "stopped" if STOPPED.is_set() else run_part(part, folder, state)
        rows.append((part, result))
        print("%s: %d %s: %s (%.0f s)" % (part.name, part.amount, part.unit, result,
                                          time.monotonic() - begun), flush=True)
        write_report(os.path.join(folder, "report.md"), rows, state, args.long)
    print("report: %s" % os.path.join(folder, "report.md"))
    passed = sum(result == "passed" for _, result in rows)
    failed = sum(result != "passed" for _, result in rows)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
