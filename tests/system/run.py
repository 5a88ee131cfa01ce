#!/usr/bin/env python3
"""run.py - runs the tests of the real daemons on loopback, from outside; they stand by theme in the files beside it.

Usage: run.py --build BUILD [--lanes N] [NAME...]; prints one line a test and, last, "N passed, N failed". Tests
wait on events with a deadline; they end only processes that they started.
Owns:  the list of the files, and the city of main, branch and base that each test gets.
"""
import argparse
import concurrent.futures
import multiprocessing
import os
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
sys.path.insert(0, HERE)
import answers  # noqa: E402
import backbone  # noqa: E402
import cities  # noqa: E402
import deputies  # noqa: E402
import directives  # noqa: E402
import durability  # noqa: E402
import erasures  # noqa: E402
import examples  # noqa: E402
import founding  # noqa: E402
import heads  # noqa: E402
import imports  # noqa: E402
import joined  # noqa: E402
import kinds  # noqa: E402
import online  # noqa: E402
import questions  # noqa: E402
import records  # noqa: E402
import refusals  # noqa: E402
import rules  # noqa: E402
import service  # noqa: E402
import tables  # noqa: E402
import votes  # noqa: E402
from checks import check  # noqa: E402
from city import City, Failed  # noqa: E402
from forkserver import ForkServer  # noqa: E402
from steps import says  # noqa: E402

BUILD = None
FILES = (records, deputies, kinds, rules, votes, questions, imports, backbone, durability, founding, service, cities,
         directives, erasures, examples, heads, joined, online, refusals, tables, answers)
# These first, where there are lanes.
LONGEST = ("examples_of_kinds", "examples_of_verbs", "verbs_and_languages", "vote", "questions_asked", "every_kind",
           "online_slow")
# Under a sanitizer the look for leaks takes as long as a call itself. These call every verb, rightly and wrongly;
# stationd's leaks are looked for in all tests.
LEAKS_LOOKED_FOR = ("verbs_and_languages", "every_kind", "kinds_refused", "bad_values", "deputies", "vote_refused",
                    "questions_refused", "registers", "register_filters", "import_bad_rows", "city_tables",
                    "clerks_are_told_the_cure", "operators_are_told_the_cure", "questions_are_told_the_cure")


def three(looks_for_leaks):
    """main, branch, base"""
    city = City(BUILD, "en")
    if not looks_for_leaks:
        city.environment = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    city.tool = ForkServer(city)
    city.add("410600", "鹤壁市总站", "main")
    city.add("410611", "淇滨区分站", "branch", "410600")
    city.add("410611003", "黎阳路街道基站", "base", "410611")
    return city


def run_one(f):
    """0, or what went wrong"""
    city = None
    try:
        city = three(f.__name__ in LEAKS_LOOKED_FOR)
        f(city)
        for s in city:
            if s.process.poll() is not None and s.process.returncode not in (0, -signal.SIGKILL):
                raise Failed("%s ended with %d: see its log" % (s.code, s.process.returncode))
        hung = city.close(keep=True)
        check(not hung, "didn't end when they were told to: %s" % hung)
        for s in city:
            check(s.process.returncode in (0, -signal.SIGKILL), "%s ended with %d" %
                  (s.code, s.process.returncode))
            check(not says(s, "Sanitizer"), "%s was wrong before it was killed: see its log" % s.code)
        shutil.rmtree(city.home)
        return None
    except Exception as e:  # a test may fail in any way
        text = "%s" % e if isinstance(e, (Failed, OSError)) else traceback.format_exc()
        if city:
            city.close(keep=True)
            text += "\n    logs: %s/*/log" % city.home
        return text
    finally:
        if city:
            city.tool.close()


def all_tests():
    return [f for file in FILES for f in file.TESTS]


def set_build(build):
    global BUILD
    BUILD = build


def run_named(name):
    """(name, seconds, 0 or what went wrong)"""
    begun = time.monotonic()
    wrong = run_one(next(f for f in all_tests() if f.__name__ == name))
    return name, time.monotonic() - begun, wrong


def run_lanes(names, lanes):
    """So many processes, each of which takes the next test that nobody has taken yet."""
    spawn = multiprocessing.get_context("spawn")  # its own ports: they go by the process's number
    with concurrent.futures.ProcessPoolExecutor(lanes, spawn, set_build, (BUILD,)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_named, n) for n in names]):
            yield done.result()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--lanes", type=int, default=1, help="processes that run tests at once")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    set_build(args.build)
    names = [f.__name__ for f in all_tests() if not args.names or f.__name__ in args.names]
    unknown = set(args.names) - set(names)
    if unknown:
        parser.error("no such test: %s" % ", ".join(sorted(unknown)))
    if args.lanes > 1:
        names.sort(key=lambda n: n not in LONGEST)
    passed = failed = 0
    for name, took, wrong in run_lanes(names, args.lanes) if args.lanes > 1 else map(run_named, names):
        passed += wrong is None
        failed += wrong is not None
        print("%s %s (%.1f s)%s" % ("ok" if wrong is None else "NOT OK", name, took, "\n    " + wrong if wrong else ""),
              flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
