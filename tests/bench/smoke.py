#!/usr/bin/env python3
"""smoke.py - the bench itself works: every figure with tiny amounts, and the shape of its answer.

Usage: smoke.py --build BUILD; prints one line a check and, last, "N passed, N failed". No value is
judged: they mean nothing at such amounts, under a sanitizer, or on a busy machine.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from figures import TABLE  # noqa: E402

FIELDS = {"name": str, "value": (int, float), "unit": str, "better": str,
          "limit": (int, float, type(None)), "ratio": (int, float, type(None)),
          "spread": (int, float), "goal": (int, float), "met": bool, "runs": int, "note": str}
LIMITED = ("import", "catchup_one_hop", "catchup_two_hops", "register", "command_p50", "latency_p50",
           "latency_p99")


def bench(build, *words):
    program = os.path.join(HERE, "bench.py")
    return subprocess.run([sys.executable, program, "--build", build, *words], capture_output=True,
                          text=True)


def shape_wrong(rows):
    """What is wrong with the array, or None"""
    names = [r.get("name") for r in rows]
    if names != list(TABLE):
        return "figures: %s" % names
    for r in rows:
        for field, kind in FIELDS.items():
            if field not in r or not isinstance(r[field], kind):
                return "%s: %s" % (r["name"], field)
        if r["better"] not in ("more", "less"):
            return "%s: better" % r["name"]
        if (r["limit"] is not None) != (r["name"] in LIMITED):
            return "%s: limit" % r["name"]
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    results = []

    def check(name, wrong):
        results.append(not wrong)
        print("%s %s%s" % ("NOT OK" if wrong else "ok", name, "\n    %s" % wrong if wrong else ""),
              flush=True)

    done = bench(build, "--tiny")
    try:
        rows = json.loads(done.stdout)
        check("bench: every figure has its fields", shape_wrong(rows))
    except ValueError:
        check("bench: every figure has its fields", done.stderr or "no JSON")
        rows = []
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump([r for r in rows if r["name"] == "register"], f)
        f.flush()
        done = bench(build, "--tiny", "--compare", f.name)
        wrong = done.stderr if done.returncode else None
        if not wrong and [r["name"] for r in json.loads(done.stdout)] != ["register"]:
            wrong = done.stdout
        check("bench: a comparison measures the old figures anew", wrong)
    done = bench(build, "--figure", "speed")
    check("bench: an unknown figure is refused with those that are",
          None if done.returncode == 2 and "catchup_one_hop" in done.stderr else done.stderr)
    print("%d passed, %d failed" % (sum(results), len(results) - sum(results)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
