#!/usr/bin/env python3
"""daemon.py - a fault inside the running daemon: it ends cleanly or goes on, and acknowledges nothing
that it doesn't keep.

Usage: daemon.py --build BUILD --preload LIBRARY [--memory N] [--lanes N]; prints one line a test and, last, "N
passed, N failed". The daemon is the shipped one; the faults come from tests/fault/preload.c.
"""
import argparse
import concurrent.futures
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
STOPPED = (0, -signal.SIGABRT)  # of one that was told to stop and met a fault, maybe libzmq's, on the way
ENDED = (0, FAILED, -signal.SIGABRT)
ARGS = None


def check(condition, what):
    if not condition:
        raise Failed(what)


def start_with(station, call, n):
    """The station's daemon, with a fault in it that waits for SIGUSR2."""
    told = os.path.join(station.home, "told")
    if os.path.exists(told):
        os.unlink(told)
    station.environment = {"LD_PRELOAD": os.path.abspath(ARGS.preload), "FAULT_CALL": call,
                           "FAULT_N": str(n), "FAULT_TOLD": told}
    station.start()
    station.environment = {}
    return told


def opened(station):
    """The number of a matter that was acknowledged, or None: then it was said why not."""
    code, out, err = station.run(*OPEN, "--json", timeout=30)
    if code != 0:
        check(err, "it wasn't taken, with exit code %d, and nobody says why" % code)
        return None
    try:
        return json.loads(out)["number"]
    except (ValueError, KeyError, TypeError):
        raise Failed("acknowledged with exit code 0, and printed %r; %r" % (out[:300], err[:300])) from None


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


def ended_within(station, seconds):
    """Its exit code; None: it lives on."""
    try:
        return station.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


FIRED = {True: 0, False: 0}  # faults that came, and that didn't, of daemons that could tell


def told_calls(told, n):
    """How many calls the ended daemon had counted, with the n-th to fail; 0: it was ended before it could tell."""
    if not os.path.exists(told):
        return 0
    with open(told, encoding="utf-8") as f:
        calls, fired = (int(word) for word in f.read().split())
    if n > 0:
        FIRED[fired == 1] += 1
    return calls


def check_fired(calls):
    """A daemon's calls vary, so that one near the end may not come; a library that isn't there makes none."""
    check(calls > 0, "no call was counted")
    check(FIRED[True] > FIRED[False], "of the faults %d came and %d didn't" % (FIRED[True], FIRED[False]))


def check_ended(main, n, ended, allowed):
    """libzmq gives up by abort, and systemd starts the daemon again; our own checks must not."""
    with open(main.log, encoding="utf-8", errors="replace") as f:
        lines = f.readlines()
    broken = [line for line in lines if ": broken: " in line]
    check(not broken, "fault %d broke a check of ours: %s" % (n, broken))
    check(ended in allowed, "fault %d ended it with %s; its log ends: %s" % (n, ended, lines[-4:]))


def one_memory_fault(main, branch, n, ends):
    told = start_with(main, "memory", n)
    main.process.send_signal(signal.SIGUSR2)
    kept = [opened(main)]
    below = opened(branch)
    main.run("status", timeout=30)
    main.run("report", "--by", "category", timeout=30)
    # The fault may wait until one of these, but no second one; or end the daemon in it.
    while ended_within(main, 0.01) is None and not any(kept[1:]) and len(kept) < 3:
        kept.append(opened(main))
    ended, allowed = ended_within(main, 0.01 if any(kept[1:]) else 5), ENDED
    if ended is None:
        check(any(kept[1:]), "it lives on after fault %d and takes nothing" % n)
        ended, allowed = main.stop(20), STOPPED
    check_ended(main, n, ended, allowed)
    ends[ended] = ends.get(ended, 0) + 1
    main.start()
    branch.wait_main(60)
    check_kept(main, [number for number in kept + [below] if number is not None])
    main.stop()
    return told_calls(told, n)


def one_fault_on_stop(main, n, ends):
    told = start_with(main, "memory", n)
    number = opened(main)
    check(number is not None, "without a fault it takes nothing")
    main.process.send_signal(signal.SIGUSR2)
    ended = main.stop(20)
    check_ended(main, n, ended, STOPPED)
    ends[ended] = ends.get(ended, 0) + 1
    main.start()
    check_kept(main, [number])
    main.stop()
    return told_calls(told, n)


def stopping():
    """Want of memory at each call while it stops: it ends in time, and keeps what it had acknowledged."""
    city = City(ARGS.build, "en")
    ends = {}
    try:
        main = city.add("410600", "main", "main")
        main.stop()
        calls = one_fault_on_stop(main, 0, {})
        for n in range(1, calls + 1):
            one_fault_on_stop(main, n, ends)
        check_fired(calls)
        print("# each of %d calls failed once; ends by exit code: %s" % (calls, ends))
    finally:
        city.close()


def memory(lane):
    """Want of memory at any call: the daemon goes on, or ends; it never hangs or lies. Each lane has its own
    city and every so manieth of the calls."""
    city = City(ARGS.build, "en")
    ends = {}
    try:
        main = city.add("410600", "main", "main")
        branch = city.add("410611", "branch", "branch", "410600")
        branch.wait_main()
        main.stop()
        calls = one_memory_fault(main, branch, 0, {})
        step = max(1, calls // ARGS.memory)
        for n in [ARGS.only] if ARGS.only else range(1 + lane * step, calls, step * ARGS.lanes):
            one_memory_fault(main, branch, n, ends)
        check_fired(calls)
        print("# of %d calls each %dth failed; ends by exit code: %s" % (calls, step * ARGS.lanes, ends))
    finally:
        city.close(keep=ARGS.only is not None)


def run_one(name, run):
    """None, or what went wrong."""
    try:
        run()
        print("ok daemon: %s" % name, flush=True)
        return None
    except Failed as wrong:
        print("not ok daemon: %s\n    %s" % (name, wrong), flush=True)
        return wrong
    except Exception as wrong:  # one test's trouble isn't another's
        print("not ok daemon: %s\n%s" % (name, traceback.format_exc()), flush=True)
        return wrong


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--memory", type=int, default=30)
    parser.add_argument("--only", type=int, help="this memory fault alone")
    parser.add_argument("--lanes", type=int, default=2, help="tests that run at once")
    ARGS = parser.parse_args()
    if ARGS.only:
        ARGS.lanes = 1
    tests = [("%s %d" % (call, n), lambda c=call, k=n: disk(c, k))
             for call in ("commit", "sync", "write") for n in (1, 2, 3)]
    tests.append(("memory while it stops", stopping))
    if ARGS.only:
        tests = []
    # The longest first, so that none of them is left alone at the end.
    tests[:0] = [("memory, lane %d" % lane, lambda k=lane: memory(k)) for lane in range(ARGS.lanes)]
    with concurrent.futures.ThreadPoolExecutor(ARGS.lanes) as lanes:
        wrong = list(lanes.map(lambda test: run_one(*test), tests))
    failed = sum(w is not None for w in wrong)
    print("%d passed, %d failed" % (len(wrong) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
