"""slow.py - disks on which each sync takes long, as an old PC's may, at every tier, under load.

A child comes back with a backlog while people at the stations above write one matter after another:
the backlog comes through beside them, however slow the disk.
"""
import csv
import gzip
import json
import os

from stops import restart
from town import BASE, TIERS, TOP, Town, check

SYNC_MS = 40
COPIES = 4  # of the real cases, each from a source of its own: some 200,000 events


def write_cases(path):
    with gzip.open(os.path.join(TOP, "tests", "data", "boston.csv.gz"), "rt", newline="",
                   encoding="utf-8") as f, open(path, "w", newline="", encoding="utf-8") as to:
        csv.writer(to, lineterminator="\n").writerows(csv.reader(f))
    return path


def backlog(town, path, n):
    """The base goes its own way for a while, and comes back."""
    base = town.city[BASE]
    base.ctl("link", "pause")
    for k in range(COPIES):
        said = base.json("import", path, "--source", "slow-%d-%d" % (n, k))
        check(said["bad"] == 0 and said["opened"] > 0, "import: %s" % json.dumps(said))
        town.ledger.import_told(BASE, said["opened"])
    base.ctl("link", "resume")


def slow_rounds(build, rounds, seed):
    preload = os.path.abspath(os.path.join(build, "preload.so"))
    check(os.path.exists(preload), "needs %s: make prove makes it" % preload)
    town = Town(build, seed)
    lived = False
    try:
        path = write_cases(os.path.join(town.city.home, "cases.csv"))
        for code in TIERS:
            town.city[code].environment = {"LD_PRELOAD": preload, "FAULT_SYNC_MS": "%d" % SYNC_MS}
            restart(town, code)
        for n in range(rounds):
            backlog(town, path, n)
            town.linked()
            town.caught_up()
            town.quiet()
            town.sound()
            town.loud()
        town.quiet()
        town.ended_well()
        lived = True
    finally:
        town.close(keep=not lived)
    return "%d backlogs of %d cases on disks that take %d ms a sync" % (
        rounds, town.ledger.imported[BASE], SYNC_MS)
