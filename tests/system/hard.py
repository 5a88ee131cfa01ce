#!/usr/bin/env python3
"""hard.py - one hard test of the real daemons, in the amount asked for.

Usage: hard.py --build BUILD PART [--rounds N] [--seed S] [--slow]
Prints what was done, and last "N passed, N failed". The seed decides what is done to whom, not the
instant to which the machine schedules it.
"""
import argparse
import os
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "deploy", "demo"))
import town  # noqa: E402
from city import Failed  # noqa: E402
from disks import disk_rounds  # noqa: E402
from kills import kill_rounds  # noqa: E402
from links import bad_links, flaps  # noqa: E402
from slow import slow_rounds  # noqa: E402
from stops import stop_rounds  # noqa: E402

#        name -> (function(build, rounds, seed) -> what was done, rounds unless told)
PARTS = {
    "disk": (disk_rounds, 20),
    "flaps": (flaps, 200),
    "kill": (kill_rounds, 100),
    "links": (bad_links, 1),
    "slow": (slow_rounds, 1),
    "stop": (stop_rounds, 1),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true", help="less load, for a sanitizer's build")
    args = parser.parse_args()
    town.slow = args.slow
    function, rounds = PARTS[args.part]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended
    begun = time.monotonic()
    try:
        done = function(args.build, args.rounds or rounds, args.seed)
        wrong = None
    except Exception as e:  # a test may fail in any way
        wrong = "%s" % e if isinstance(e, Failed) else traceback.format_exc()
    took = time.monotonic() - begun
    if wrong is None:
        print("ok %s, seed %d: %s (%.1f s)" % (args.part, args.seed, done, took))
    else:
        print("NOT OK %s, seed %d (%.1f s)\n    %s" % (args.part, args.seed, took, wrong))
    print("%d passed, %d failed" % (wrong is None, wrong is not None))
    return 0 if wrong is None else 1


if __name__ == "__main__":
    sys.exit(main())
