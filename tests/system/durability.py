"""durability.py - what was written stays, or its loss is told: kills, backups, keys, cut-off stores, full disks.

Owns:  the tests of it with real daemons, and the proof of what stays to an independent verifier; run.py runs them.
"""
import json
import os
import shutil
import subprocess
import sys

from checks import Tests, check, until
from city import TOP
from steps import OPEN, opened, rows, says, sound, write_csv

TESTS = test = Tests()


@test
def killed_under_load(city):
    """kill -9 of each tier in the middle of an import: nothing acknowledged is lost, nothing twice."""
    base, main = city["410611003"], city["410600"]
    data = rows(1500)
    path = write_csv(os.path.join(base.home, "cases.csv"), data)
    for turn, code in enumerate(("410600", "410611", "410611003")):
        source = "turn%d" % turn
        before = base.json("status")["stations"][0]["size"]
        run = base.spawn("import", path, "--source", source)
        until("the import is under way", lambda: base.json("status")["stations"][0]["size"] > before + 500)
        city[code].kill()
        if code == base.code:
            run.communicate()
        city[code].start()
        if code != base.code:
            out, err = run.communicate(timeout=120)
            check(run.returncode == 0, "the clerk never notices: %s%s" % (out, err))
        base.ctl("import", path, "--source", source)
        base.wait_main()
        check(opened(main) == 1500 * (turn + 1), "main has %d" % opened(main))
    sound(city)


@test
def acknowledged_is_durable(city):
    """What was answered before a kill is there after it."""
    base = city["410611003"]
    for _ in range(5):
        numbers = [base.ctl(*OPEN).strip() for _ in range(4)]
        base.kill()
        base.start()
        for n in numbers:
            base.ctl("matter", "show", n)


@test
def old_backup(city):
    """A restored backup stops signing and says so; nothing is overwritten at either end."""
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    backup = base.data + ".backup"
    shutil.copytree(base.data, backup)
    base.start()
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    shutil.rmtree(base.data)
    os.rename(backup, base.data)
    base.start()
    until("it says so", lambda: base.json("status")["halted"])
    code, _, err = base.run(*OPEN)
    check(code == 4 and "signing has stopped" in err, "writes are refused: %s" % err)
    check(base.json("report")["total"]["opened"] == 1, "reads go on")
    check(opened(main) == 2, "main keeps what it has")
    base.stop()
    base.start()
    check(base.json("status")["halted"], "and it stays so")
    with open(base.log, encoding="utf-8") as f:
        check("HALTED" in f.read(), "the log says so")


def handed_on(main, branch, title):
    """A matter of main's that the branch is to handle: its number, once main's outbox has nothing for the branch."""
    number = main.ctl(*OPEN, "--title", title).strip()
    main.ctl("matter", "hand", number, "--to", branch.code)
    until("the branch has what waits for it", lambda: not any(
        r["outbox"] for r in main.json("status")["stations"] if r["code"] == branch.code))
    return number


@test
def old_backup_above(city):
    """Main comes from a backup and writes on where others have its log: who has them refuses the others, and says so."""
    branch, main = city["410611"], city["410600"]
    main.stop()
    backup = main.data + ".backup"
    shutil.copytree(main.data, backup)
    main.start()
    before = [handed_on(main, branch, "甲") for _ in range(3)]
    main.stop()
    shutil.rmtree(main.data)
    os.rename(backup, main.data)
    main.start()
    branch.wait_linked()
    after = handed_on(main, branch, "乙")
    with open(branch.log, encoding="utf-8") as f:
        check("the log's root is not the signed one" in f.read(), "the branch says so")
    titles = [branch.json("matter", "show", n)["events"][0]["texts"]["title"] for n in before]
    check(titles == ["甲"] * 3, "nothing is overwritten: %s, then %s" % (titles, after))


@test
def lost_key(city):
    """A station that is set up draws no other keys and signs with no other's: it says which file to bring back."""
    base, branch = city["410611003"], city["410611"]
    base.ctl(*OPEN)
    base.wait_main()
    base.stop()
    key = os.path.join(base.data, "station.key")
    os.rename(key, key + ".kept")
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "no start without its key")
    check(says(base, "KEYS_LOST") and not os.path.exists(key), "and none is made")
    shutil.copy(os.path.join(branch.data, "station.key"), key)
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "nor with another's")
    check(says(base, "KEYS_OTHER"), "which it says")
    os.chmod(key, 0o644)
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "nor with one that others may read")
    check(says(base, "chmod 600"), "and the cure")
    os.rename(key + ".kept", key)
    base.start()
    base.ctl(*OPEN)
    base.wait_main()
    sound(city)


@test
def store_cut_off(city):
    """A copy that was cut off, at whatever length, is damage that is told, by fsck and by stationd; nothing dies of it."""
    base = city["410611003"]
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(1000)))
    base.stop()
    whole = os.path.getsize(os.path.join(base.data, "data.mdb"))
    copy = os.path.join(base.home, "cut")
    for size in (whole - 4096, whole - 65536, whole // 2, 24000, 20000, 17000, 14000, 8192, 100):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base.data, copy)
        os.truncate(os.path.join(copy, "data.mdb"), size)
        code, out, err = base.run("fsck", copy)
        check(code in (0, 1) and (code == 0 or err or out), "fsck of %d of %d: %d %s" % (size, whole, code, err))
        check(code == 1 or size > whole // 2, "fsck of %d of %d finds nothing" % (size, whole))
        check(size == 100 or "format" not in err, "not another's store: %d of %d: %s" % (size, whole, err))
    shutil.rmtree(copy)
    shutil.copytree(base.data, copy)
    os.truncate(os.path.join(copy, "data.mdb"), 20000)
    base.settings["data_dir"] = copy
    base.write_config()
    check(not base.start(expect_ready=False) and base.process.wait(10) == 1, "no start: %s" % base.process.returncode)
    check(says(base, "STORE_CORRUPT") and says(base, "restore the backup"), "and it says so")
    base.settings["data_dir"] = base.data
    base.write_config()
    base.start()
    base.wait_main()


@test
def verified_elsewhere(city):
    """An independent verifier takes our notes, receipts and proofs, and refuses altered ones."""
    base, main = city["410611003"], city["410600"]
    tool = [sys.executable, os.path.join(TOP, "tests", "compat", "c2sp_verify.py")]

    def verifies(words, data):
        return subprocess.run(tool + words, input=data, capture_output=True).returncode == 0

    for _ in range(5):
        event = base.json(*OPEN)["event"]
    base.wait_main()
    origin = base.ctl("log", "key").strip()
    receipt = main.ctl("log", "key", "--as", "receipt").strip()
    note = base.ctl("log", "checkpoint").encode()
    check(verifies(["note", origin], note), "the origin's signature")
    check(verifies(["note", receipt], note), "main's receipt on it: %s" % note)
    check(not verifies(["note", origin], note.replace(b"\n6\n", b"\n7\n", 1)), "another size")
    raw = os.path.join(base.home, "event")
    with open(raw, "wb") as f:
        f.write(subprocess.run(main.command("event", event), capture_output=True, check=True).stdout)
    proof = main.ctl("proof", event).encode()
    check(verifies(["proof", origin, raw], proof), "the proof at main: %s" % proof)
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(300)))  # many checkpoints
    base.wait_main()
    for s in (main, base):
        got = s.ctl("proof", event).encode()
        check(verifies(["proof", receipt, raw], got), "main's receipt in the proof at %s: %s" % (s.code, got))
    with open(raw, "ab") as f:
        f.write(b"x")
    check(not verifies(["proof", origin, raw], proof), "another event")


def damaged_store(station, text):
    """Of a copy in which a text's bytes are wrong, fsck says in which log and from where on, and makes nothing anew."""
    copy = os.path.join(station.home, "damaged")
    shutil.copytree(station.data, copy)
    path = os.path.join(copy, "data.mdb")
    with open(path, "rb") as f:
        data = f.read()
    check(text in data, "the text is somewhere")
    with open(path, "wb") as f:
        f.write(data.replace(text, bytes(len(text))))
    for more in ([], ["--rebuild"]):
        code, out, err = station.run("fsck", copy, *more)
        check(code == 1 and "%s/1: " % station.code in out and "are right, and then: " in out and "backup" in err,
              "the log is named: %d %s %s" % (code, out, err))
    code, out, _ = station.run("fsck", copy, "--json")
    said = json.loads(out)
    wrong = next(v for v in said["verdicts"] if not v["ok"])
    check(code == 1 and not said["right"] and said["recount"] is None and wrong["bad_seq"] > 0, "%d %s" % (code, said))


@test
def folded_anew(city):
    """fsck checks a stopped station's store and makes its records anew; whoever ends in the midst goes on at the next start."""
    base = city["410611003"]
    base.ctl("import", write_csv(os.path.join(base.home, "cases.csv"), rows(4000)))
    number = base.ctl(*OPEN, "--title", "噪声", "--reporter_name", "王某").strip()
    before = [base.json(*words) for words in (("report", "--by", "category,month"), ("matter", "show", number),
                                              ("matter", "list", "--overdue"))]
    code, _, err = base.run("fsck", base.data)
    check(code == 4, "a daemon has it: %d %s" % (code, err))
    base.stop()
    right = base.json("fsck", base.data)
    check(right["right"] and right["rebuilt"] == 0 and right["recount"]["records"] == 4001, "as it was: %s" % right)
    check(right["recount"]["told"]["rows"] > 0 and not os.path.exists(os.path.join(base.data, "beside")),
          "the other derived tables were compared, and nothing is left of that: %s" % right["recount"])
    broken_off = subprocess.Popen(base.command("fsck", base.data, "--rebuild"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
    grown = os.path.join(base.data, "data.mdb")
    at = os.stat(grown).st_mtime_ns
    while broken_off.poll() is None and os.stat(grown).st_mtime_ns == at:
        os.sched_yield()  # until its first transaction is on disk
    broken_off.kill()
    broken_off.wait()
    base.start()
    after = [base.json(*words) for words in (("report", "--by", "category,month"), ("matter", "show", number),
                                             ("matter", "list", "--overdue"))]
    check(before[0]["rows"] == after[0]["rows"], "the same figures")
    check(before[1]["record"] == after[1]["record"], "the same record: %s" % after[1]["record"])
    check(before[2]["records"] == after[2]["records"], "the same lists")
    base.stop()
    whole = base.json("fsck", base.data, "--rebuild")
    check(whole["right"] and whole["rebuilt"] > 4001, "made anew: %s" % whole["recount"])
    code, _, err = base.run("fsck", os.path.join(base.home, "nowhere"))
    check(code == 2 and "nowhere" in err, "no store there: %d %s" % (code, err))
    damaged_store(base, "噪声".encode())
    base.start()
    base.wait_main()
    sound(city)


@test
def full_disk(city):
    """Writes are refused with a clear error, reads go on, and space heals it without a restart."""
    base = city["410611003"]
    base.ctl(*OPEN)
    base.stop()
    mount = os.path.join(city.home, "small")
    os.mkdir(mount)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", mount],
                      capture_output=True).returncode != 0:
        # No right to mount: the reserve alone makes the disk full, and its lowering heals it.
        base.settings["reserve_mib"] = 1 << 20
        base.write_config()
        base.start()
        code, _, err = base.run(*OPEN)
        check(code == 5 and "disk" in err, err)
        check(opened(base) == 1, "reads go on")
        return
    try:
        shutil.copytree(base.data, os.path.join(mount, "data"))
        base.settings["data_dir"] = os.path.join(mount, "data")
        base.write_config()
        base.start()
        base.ctl(*OPEN)
        filler = os.path.join(mount, "filler")
        with open(filler, "wb", buffering=0) as f:  # nothing is left to be written on closing
            try:
                while f.write(bytes(65536)):
                    pass
            except OSError:
                pass
        code, _, err = base.run(*OPEN)
        check(code == 5 and "disk" in err, "%d %s" % (code, err))
        check(base.json("status")["store"]["full"] and opened(base) == 2, "reads go on")
        os.unlink(filler)
        base.ctl(*OPEN)
        base.wait_main()
    finally:
        base.stop()
        subprocess.run(["umount", mount], check=False)
