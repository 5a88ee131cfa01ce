"""stops.py - a process that stands still, a second one on its directory, a clock that is years off.

Each at every tier, under load; after each the links are back by themselves and all is sound.
"""
import os
import signal
import subprocess
import time

from town import BASE, BRANCH, MAIN, TIERS, Town, check, until

SHORT_S = 0.4  # at most; a link lives through it
CHILD = {MAIN: BRANCH, BRANCH: BASE}
FAKETIME = "/usr/lib/%s-linux-gnu/faketime/libfaketimeMT.so.1" % os.uname().machine
YEARS_DAYS = 1826  # five years
SKEW_MS = 4 * 365 * 86400 * 1000
NEAR_MS = 3600 * 1000


def settled(town, what, begun):
    """The end of each case: up, caught up and sound."""
    town.linked(60)
    town.caught_up()
    town.quiet()
    town.sound()
    town.loud()
    print("    %s: up and sound after %.1f s" % (what, time.monotonic() - begun), flush=True)


# ---- a process that stands still ----

def stop_short(town, code):
    """Too short for anybody to notice."""
    process = town.city[code].process
    process.send_signal(signal.SIGSTOP)
    time.sleep(town.random.uniform(0, SHORT_S))
    process.send_signal(signal.SIGCONT)


def stop_long(town, code):
    """Until its child gives the link up. Nobody below waits for it."""
    process = town.city[code].process
    process.send_signal(signal.SIGSTOP)
    try:
        if code in CHILD:
            control = town.controls[CHILD[code]]
            until("its child notices",
                  lambda: control.get("/v1/status")["uplink"]["state"] != "linked")
            town.ledger.tell(CHILD[code], control.open("上级停住时登记"), 1)
        else:
            parent = town.controls[town.city[code].parent]
            until("its parent notices",
                  lambda: not parent.get("/v1/status")["children"][0]["linked"])
    finally:
        process.send_signal(signal.SIGCONT)


# ---- a second daemon ----

def second_daemon(town, code):
    s = town.city[code]
    config = os.path.join(s.home, "second.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("data_dir: %s\ncontrol_socket: %s2\nlang: en\n" % (s.data, s.socket))
    for _ in range(3):
        done = subprocess.run([town.city.program("stationd"), "--config", config],
                              capture_output=True, text=True, timeout=30)
        check(done.returncode == 4 and "another daemon" in done.stderr, "the second at %s: %d %s" %
              (code, done.returncode, done.stderr))


# ---- a clock ----

def set_clock(path, days):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write("%+dd\n" % days)
    os.rename(path + ".new", path)


def jump_clock(town, code, path, days):
    """Sets a running daemon's clock, and waits until it tells the time by it: faketime looks once a second."""
    set_clock(path, days)
    until("its clock has jumped", lambda: abs(
        town.controls[code].get("/v1/report")["coverage"]["now_ms"] - (time.time() + days * 86400) * 1000) < NEAR_MS)


def restart(town, code):
    town.quiet()
    check(town.city[code].stop() == 0, "%s didn't stop" % code)
    town.start(code)
    town.loud()


def skewed_clock(town, code, days):
    """Starts with a clock days off, which then jumps to as much on the other side, and to right."""
    s = town.city[code]
    clock = os.path.join(s.home, "clock")
    set_clock(clock, days)
    s.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": clock,
                     "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1"}
    restart(town, code)
    town.linked(60)
    child = CHILD.get(code, code)
    skew = town.controls[child].get("/v1/status")["uplink"]["skew_ms"]
    check(abs(skew) > SKEW_MS, "the skew that %s shows: %d ms" % (child, skew))
    town.caught_up()
    jump_clock(town, code, clock, -days)
    town.ledger.tell(code, town.controls[code].open("时钟跳变后登记"), 1)
    town.caught_up()
    jump_clock(town, code, clock, 0)
    s.environment = {}
    restart(town, code)
    for w in town.workers:
        w.forget()


def stop_rounds(build, rounds, seed):
    check(os.path.exists(FAKETIME), "needs the package faketime: deploy/deps.sh")
    town = Town(build, seed)
    done, lived = 0, False
    try:
        for n in range(rounds):
            days = YEARS_DAYS if n % 2 == 0 else -YEARS_DAYS
            for code in TIERS:
                for name, case in (
                        ("stopped for a moment", lambda: stop_short(town, code)),
                        ("stopped for long", lambda: stop_long(town, code)),
                        ("a second daemon", lambda: second_daemon(town, code)),
                        ("a clock five years off", lambda: skewed_clock(town, code, days))):
                    begun = time.monotonic()
                    case()
                    settled(town, "%s at %s" % (name, code), begun)
                    done += 1
        town.quiet()
        town.ended_well()
        lived = True
    finally:
        town.close(keep=not lived)
    return "%d cases at three tiers" % done
