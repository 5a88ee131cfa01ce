#!/usr/bin/env python3
"""daemon.py - a fault inside the running daemon: it ends cleanly or goes on, and acknowledges nothing
that it doesn't keep.

Usage: daemon.py --build BUILD --preload LIBRARY [--memory N]; prints one line a test and, last, "N passed, N
failed". The daemon is the shipped one; the faults come from tests/fault/preload.c.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
from city import City, Failed  # noqa: E402

OPEN = ["matter", "open", "--channel", "visit", "--category", "环境卫生"]
FAILED = 1  # stationd's exit code of a failed commit
ARGS = None


def check(condition, what):
    if not condition:
        raise Failed(what)


def start_with(station, call, n):
    """The station's daemon, with a fault in it that waits for SIGUSR2."""
    told = os.path.join(station.home, "told")
    how = {"LD_PRELOAD": os.path.abspath(ARGS.preload), "FAULT_CALL": call, "FAULT_N": str(n),
           "FAULT_TOLD": told}
    os.environ.update(how)
    try:
        station.start()
    finally:
        for name in how:
            del os.environ[name]
    if os.path.exists(told):
        os.unlink(told)
    return told


def opened(station):
    """The number of a matter that was acknowledged, or None."""
    code, out, _ = station.run(*OPEN, "--json", timeout=30)
    return json.loads(out)["number"] if code == 0 else None


def check_kept(station, numbers):
    for number in numbers:
        code, _, err = station.run("matter", "show", number)
        check(code == 0, "%s was acknowledged and is gone: %s" % (number, err))
    station.ctl("recount")
    station.ctl("log", "verify")


def disk(call, n):
    """A failed commit ends the daemon with code 1; what it had acknowledged is there."""
    city = City(ARGS.build, "en")
    try:
        main = city.add("410600", "main", "main")
        main.stop()
        start_with(main, call, n)
        numbers = [opened(main)]
        check(numbers[0] is not None, "the first matter wasn't taken")
        main.process.send_signal(signal.SIGUSR2)
        for _ in range(6):
            number = opened(main)
            if number is None:
                break
            numbers.append(number)
        check(number is None, "six commands, and none met the fault")
        check(main.process.wait(10) == FAILED, "exit code %s" % main.process.returncode)
        with open(main.log, encoding="utf-8") as f:
            check("failed a commit" in f.read(), "the log doesn't say why it ended")
        main.start()
        check_kept(main, numbers)
        check(opened(main) is not None, "it doesn't go on after a restart")
    finally:
        city.close()


def one_memory_fault(main, branch, n, ends):
    told = start_with(main, "memory", n)
    main.process.send_signal(signal.SIGUSR2)
    kept = [opened(main)]
    below = opened(branch)
    main.run("status", timeout=30)
    main.run("report", "--by", "category", timeout=30)
    try:
        ended = main.process.wait(0.01)
    except subprocess.TimeoutExpired:
        ended = None
    if ended is None:
        # The fault may wait until this very request, but no second one.
        check(opened(main) or opened(main), "it lives on after fault %d and takes nothing" % n)
        ended = main.stop(20)
        check(ended == 0, "it stopped with %s" % ended)
    # libzmq gives up by abort, and systemd starts the daemon again; our own checks must not.
    with open(main.log, encoding="utf-8", errors="replace") as f:
        broken = [line for line in f if ": broken: " in line]
    check(not broken, "fault %d broke a check of ours: %s" % (n, broken))
    check(ended in (0, FAILED, -signal.SIGABRT), "fault %d ended it with %s" % (n, ended))
    ends[ended] = ends.get(ended, 0) + 1
    main.start()
    branch.wait_main(60)
    check_kept(main, [number for number in kept + [below] if number is not None])
    main.stop()
    if not os.path.exists(told):
        return 0
    with open(told, encoding="utf-8") as f:
        return int(f.read().split()[0])


def memory():
    """Want of memory at any call: the daemon goes on, or ends; it never hangs or lies."""
    city = City(ARGS.build, "en")
    ends = {}
    try:
        main = city.add("410600", "main", "main")
        branch = city.add("410611", "branch", "branch", "410600")
        branch.wait_main()
        main.stop()
        calls = one_memory_fault(main, branch, 0, {})
        step = max(1, calls // ARGS.memory)
        for n in [ARGS.only] if ARGS.only else range(1, calls, step):
            one_memory_fault(main, branch, n, ends)
        print("# of %d calls each %dth failed; ends by exit code: %s" % (calls, step, ends))
    finally:
        city.close(keep=ARGS.only is not None)


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--memory", type=int, default=30)
    parser.add_argument("--only", type=int, help="this memory fault alone")
    ARGS = parser.parse_args()
    tests = [("%s %d" % (call, n), lambda c=call, k=n: disk(c, k))
             for call in ("commit", "sync", "write") for n in (1, 2, 3)]
    tests.append(("memory", memory))
    passed = failed = 0
    for name, run in tests:
        try:
            run()
            passed += 1
            print("ok daemon: %s" % name, flush=True)
        except Exception:  # one test's trouble isn't another's
            failed += 1
            print("not ok daemon: %s" % name, flush=True)
            traceback.print_exc()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
