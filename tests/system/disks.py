"""disks.py - disks that fill and empty again, at each tier, under load.

Each station's store lies on a small file system of its own. A full one refuses writes and says so,
reads go on; a parent's stops acknowledging, and its child keeps its data and goes on. Space heals
it without a restart.
"""
import errno
import os
import shutil
import subprocess
import time

from city import Failed
from control import Refused
from town import BASE, BRANCH, MAIN, TIERS, Town, check, until

DISK_MIB, RESERVE_MIB = 64, 2
BLOCK = 65536
FULL_S = 0.5  # under load, at most; then it is looked at, quiet


def on_small_disk(town, code):
    """The station's data moves to a tmpfs; False: this system lets us mount none."""
    s = town.city[code]
    s.stop()
    mount = s.home + "/small"
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % DISK_MIB, "none", mount],
                          capture_output=True)
    if done.returncode != 0:
        return False
    shutil.copytree(s.data, mount + "/data")
    s.settings["data_dir"] = mount + "/data"
    s.write_config()
    s.start()
    return True


def disk_free(station):
    v = os.statvfs(station.settings["data_dir"])
    return v.f_bavail * v.f_frsize


def fill(station, leave):
    """Takes all of the disk, and gives so much back. Another's write may hold room that it doesn't
    need in the end, so it looks again."""
    path = os.path.join(station.home, "small", "filler")
    with open(path, "wb") as f:
        size = 0
        while disk_free(station) >= BLOCK:
            try:
                size += os.write(f.fileno(), bytes(BLOCK))
            except OSError as e:
                check(e.errno == errno.ENOSPC, "%s" % e)
        f.truncate(max(0, size - leave))
    return path


def refused(town, code):
    """A command at a full station is refused with the reason; reads go on."""
    try:
        answer = town.controls[code].open("磁盘满时登记")
        town.ledger.tell(code, answer, 1)
        raise Failed("%s took a command with a full disk: %d bytes left" % (
            code, disk_free(town.city[code])))
    except Refused as e:
        check(e.error == "EFULL", "%s" % e)
    status = town.controls[code].get("/v1/status")
    check(status["store"]["full"] and not status["store"]["broken"], "status: %s" % status["store"])
    check(town.controls[code].get("/v1/report")["total"]["opened"] > 0, "reads go on")


def child_goes_on(town, parent):
    """Below a full parent: commands are taken, nothing is acknowledged up, the reason is shown."""
    child = {MAIN: BRANCH, BRANCH: BASE}[parent]
    control = town.controls[child]
    answer = control.open("上级磁盘满时登记")
    town.ledger.tell(child, answer, 1)
    seq = int(answer["event"].split("/")[2])

    def waits():
        row = next(s for s in control.get("/v1/status")["stations"] if s["code"] == child)
        return row["waits"]

    why = until("it is told why its events wait", waits)
    check(why["en"], "%s" % why)
    row = next(s for s in town.controls[parent].get("/v1/status")["stations"] if s["code"] == child)
    check(row["size"] < seq, "%s acknowledged with a full disk" % parent)


def one_round(town, code):
    town.expected.add("EFULL")
    time.sleep(town.random.uniform(0, FULL_S))
    # Nothing left at all, or just less than the reserve.
    leave = town.random.choice((0, (RESERVE_MIB << 20) - 2 * BLOCK))
    filler = fill(town.city[code], leave)
    time.sleep(town.random.uniform(0, FULL_S))
    refused(town, code)
    if code != BASE:
        child_goes_on(town, code)
    os.unlink(filler)
    town.controls[code].open("磁盘腾出后登记")  # at once, and nobody restarted anything
    town.ledger.opened[code] = town.ledger.opened.get(code, 0) + 1
    town.caught_up()
    town.told_holds()
    town.quiet()
    town.expected.discard("EFULL")
    town.loud()


def receipt_meets_full_disk(town):
    """Main's receipt comes to a base whose disk is full: it is stored when there is room, with
    nobody writing anything else. Call it quiet."""
    s, control = town.city[BASE], town.controls[BASE]

    def full_told():
        with open(s.log, encoding="utf-8") as f:
            return f.read().count("STORE_FULL")

    town.caught_up()
    town.controls[BRANCH].post("/v1/link/pause")
    town.ledger.tell(BASE, control.open("回执到达时磁盘已满"), 1)
    control.wait(10, receipted="branch")
    before = full_told()
    filler = fill(s, 0)
    town.controls[BRANCH].post("/v1/link/resume")
    until("the receipt meets the full disk", lambda: town.controls[MAIN].get("/v1/status") and
          full_told() > before, 10)
    os.unlink(filler)
    control.wait(10, receipted="main")


def disk_rounds(build, rounds, seed):
    """So many rounds at base, and so many at branch and main together."""
    town = Town(build, seed, reserve_mib=RESERVE_MIB, map_gib=1)
    lived = False
    try:
        for w in town.workers:
            w.think_s *= 10  # the disks are small
        town.quiet()
        for code in TIERS:
            if not on_small_disk(town, code):
                raise Failed("needs the right to mount a tmpfs")
        town.loud()
        for n in range(rounds):
            one_round(town, BASE)
            one_round(town, (BRANCH, MAIN)[n % 2])
        town.quiet()
        receipt_meets_full_disk(town)
        town.sound()
        town.ended_well()
        lived = True
    finally:
        town.close(keep=not lived)
        for code in TIERS:
            subprocess.run(["umount", os.path.join(town.city.home, code, "small")],
                           capture_output=True)
        if lived:
            shutil.rmtree(town.city.home, ignore_errors=True)
    return "%d rounds at base, %d at branch and main, %d events told of" % (
        rounds, rounds, len(town.ledger.told))
