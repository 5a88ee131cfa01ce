"""kills.py - kill -9 of any tier at random instants, under load.

After each round the links are back by themselves, all that anybody was told is there, and main has
caught up; after every ROUNDS_A_CHECK rounds, and last, all of it is checked at every tier.
"""
import subprocess
import time

from town import TIERS, Town, check

ROUNDS_A_CHECK = 10
LIVE_S, DEAD_S = 0.4, 0.15  # at most, before a kill and after it


def victims(random):
    """One tier as a rule, now and then two or all at once."""
    count = random.choices((1, 2, 3), (85, 12, 3))[0]
    return random.sample(TIERS, count)


def start_killed(town, code):
    """Kills it once more while it starts, at any instant of that."""
    s = town.city[code]
    with open(s.log, "ab") as log:
        s.process = subprocess.Popen([town.city.program("stationd"), "--config", s.config],
                                     stderr=log, stdout=log, stdin=subprocess.DEVNULL)
    time.sleep(town.random.uniform(0, 0.05))
    s.kill()


def one_round(town):
    time.sleep(town.random.uniform(0, LIVE_S))
    dead = victims(town.random)
    for code in dead:
        town.kill(code)
    time.sleep(town.random.uniform(0, DEAD_S))
    for code in dead:
        if town.random.random() < 0.15:
            start_killed(town, code)
        town.start(code)
    town.linked()
    town.caught_up()
    town.told_holds()


def kill_rounds(build, rounds, seed):
    town = Town(build, seed)
    lived = False
    try:
        for n in range(1, rounds + 1):
            one_round(town)
            if n % ROUNDS_A_CHECK == 0 or n == rounds:
                town.quiet()
                town.sound()
                town.loud()
        town.quiet()
        check(len(town.ledger.told) > rounds, "there was no load")
        town.ended_well()
        lived = True
    finally:
        town.close(keep=not lived)
    ledger = town.ledger
    return "%d rounds, %d events told of, %d rows imported, %d without an answer" % (
        rounds, len(ledger.told), sum(ledger.imported.values()), sum(ledger.unknown.values()))
