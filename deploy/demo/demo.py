#!/usr/bin/env python3
"""demo.py - a whole city on loopback, from real cases: make demo.

Fourteen stations, each its own process, directory, keys and port. Real cases are spread over base and
specialty stations; a branch is cut off meanwhile, a base is killed with SIGKILL in the middle of its
import and started again; all heals; main's figures are compared with the input, with a recount and
with the signatures of every log. Exit 0: everything agrees.
"""
import argparse
import csv
import gzip
import io
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from city import City, Failed, TOP, divisions  # noqa: E402

BRANCHES = {"410602": ["410602001", "410602100", "410602201"],
            "410611": ["410611001", "410611003", "410611100"],
            "410621": ["410621001", "410621101"]}
SPECIALTY = [("410600-01", "市物业行业专业站", "410600"), ("410611003-01", "黎阳路医疗行业专业站", "410611003")]
CUT, KILLED = "410621", "410611003"
GIVER, TAKER = "410602001", "410621001"  # the taker is below the branch that is cut off

started = time.monotonic()
lang = os.environ.get("DEMO_LANG", "zh")


def say(zh, en):
    print("[%5.1f s] %s" % (time.monotonic() - started, en if lang == "en" else zh), flush=True)


def build_city(build):
    names = divisions()
    city = City(build, lang)
    city.add("410600", "鹤壁市总站", "main")
    for branch, bases in BRANCHES.items():
        city.add(branch, names[branch] + "分站", "branch", "410600")
        for base in bases:
            city.add(base, names.get(base, base) + "基站", "base", branch)
    for code, name, parent in SPECIALTY:
        city.add(code, name, "specialty", parent)
    return city


def cases(name):
    with gzip.open(os.path.join(TOP, "tests", "data", name), "rt", newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    return rows[0], [r for r in rows[1:] if r[6]]  # a case without a category can't be accepted


def spread(city):
    """station -> its file: Boston's districts over the bases, the rest over specialty stations."""
    bases = [b for bases in BRANCHES.values() for b in bases]
    parts = {code: [] for code in bases}
    head, boston = cases("boston.csv.gz")
    districts = sorted({r[8] for r in boston})
    for row in boston:
        parts[bases[districts.index(row[8]) % len(bases)]].append(row)
    parts["410600-01"] = cases("council.csv.gz")[1]
    parts["410611003-01"] = cases("zh-facts.csv.gz")[1]
    files = {}
    for code, rows in parts.items():
        path = os.path.join(city[code].home, "cases.csv")
        with io.open(path, "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head)
            w.writerows(rows)
        files[code] = (path, len(rows))
    return files


def import_all(city, files):
    """All at once; one station dies in the middle and finishes after its restart."""
    runs = {code: city[code].spawn("import", path, "--source", code, "--json")
            for code, (path, _) in files.items()}
    victim = city[KILLED]
    while int(victim.json("status")["stations"][0]["size"]) < 600:
        if runs[KILLED].poll() is not None:
            raise Failed("the import at %s ended too early to be interrupted" % KILLED)
    victim.kill()
    runs[KILLED].communicate()
    say("%s 已被 SIGKILL, 重启后从断处继续" % KILLED, "%s killed with SIGKILL; starting it again" % KILLED)
    victim.start()
    runs[KILLED] = victim.spawn("import", files[KILLED][0], "--source", KILLED, "--json")
    for code, run in runs.items():
        out, err = run.communicate(timeout=120)
        if run.returncode != 0:
            raise Failed("import at %s: exit %d: %s" % (code, run.returncode, (err + out)[-500:]))


def hand_on(city):
    """A matter goes to a base of another branch, with its reporter's name for nobody but that base."""
    giver = city[GIVER]
    number = giver.ctl("matter", "open", "--channel", "visit", "--category", "环境卫生", "--title", "河道垃圾",
                       "--reporter_name", "王某").strip()
    giver.ctl("matter", "accept", number)
    deadline = time.monotonic() + 20
    while giver.run("matter", "hand", number, "--to", TAKER)[0] != 0:
        if time.monotonic() > deadline:
            raise Failed("%s doesn't know %s" % (GIVER, TAKER))
    say("%s 把 %s 移交给断开中的 %s" % (GIVER, number, TAKER), "%s hands %s to %s, which is cut off" %
        (GIVER, number, TAKER))
    return number


def arrived(city, number, problems):
    deadline, taker = time.monotonic() + 20, city[TAKER]
    while taker.run("matter", "show", number)[0] != 0:
        if time.monotonic() > deadline:
            problems.append("%s never reached %s" % (number, TAKER))
            return
    print(taker.ctl("matter", "show", number))
    if "王某" not in taker.ctl("matter", "show", number) or "王某" in city["410600"].ctl("matter", "show", number):
        problems.append("%s: its holder reads the reporter's name, and nobody else" % number)


def check(city, files, problems):
    main = city["410600"]
    expected = sum(n for _, n in files.values()) + 1  # and the one that is handed on
    total = main.json("report")["total"]
    if total["opened"] != expected:
        problems.append("opened %d, rows imported %d" % (total["opened"], expected))
    if total["opened"] != total["closed"] + total["open_now"]:
        problems.append("opened isn't closed + open")
    rows = {r["key"][0]: r for r in main.json("report", "--by", "station")["rows"]}
    for code, (_, n) in files.items():
        n += code == GIVER
        if rows.get(code, {}).get("opened") != n:
            problems.append("%s: opened %s, rows %d" % (code, rows.get(code, {}).get("opened"), n))
    categories = {"环境卫生": 1}
    for path, _ in files.values():
        with io.open(path, newline="", encoding="utf-8") as f:
            for r in list(csv.reader(f))[1:]:
                categories[r[6]] = categories.get(r[6], 0) + 1
    told = {r["key"][0]: r["opened"] for r in main.json("report", "--by", "category")["rows"]}
    if told != categories:
        problems.append("categories differ from the input: %s" %
                        sorted(set(told.items()) ^ set(categories.items()))[:6])
    for s in city:
        code, out, err = s.run("recount")
        if code != 0:
            problems.append("recount at %s: %s%s" % (s.code, out, err))
    return expected


def show(city, problems):
    main = city["410600"]
    print()
    print(main.ctl("report", "--by", "branch"))
    by_category = main.ctl("report", "--by", "category").splitlines()
    print("\n".join(by_category[:13]) + "\n  ... (%d)\n" % (len(by_category) - 2))
    print(main.ctl("status"))
    code, out, err = main.run("recount")
    print(err + out)
    if code != 0:
        problems.append("recount at main")
    code, out, err = main.run("log", "verify", "--all")
    print(out + err)
    if code != 0:
        problems.append("log verify at main")


def keep_running(city):
    say("城市仍在运行, 可以这样与它对话:", "the city goes on; talk to it like this:")
    for s in city:
        print("  %-13s %s" % (s.code, " ".join(s.command("status"))))
    pids = " ".join(str(s.process.pid) for s in city)
    print("  stop: kill %s && rm -r %s" % (pids, city.home))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    problems, city = [], None
    try:
        say("建一座城: 1 总站 3 分站 8 基站 2 专业站", "a city: 1 main, 3 branches, 8 bases, 2 specialty")
        city = build_city(args.build)
        files = spread(city)
        say("断开分站 %s; 各站同时导入 %d 件真实案例" % (CUT, sum(n for _, n in files.values())),
            "branch %s is cut off; all import %d real cases" % (CUT, sum(n for _, n in files.values())))
        city[CUT].ctl("link", "pause")
        number = hand_on(city)
        import_all(city, files)
        say("恢复 %s; 等每份日志得到总站收据" % CUT, "%s is back; waiting for main's receipt of every log" % CUT)
        city[CUT].ctl("link", "resume")
        for s in city:
            s.wait_main()
        say("核对", "checking")
        arrived(city, number, problems)
        check(city, files, problems)
        show(city, problems)
    except (Failed, OSError, ValueError) as e:
        problems.append(str(e))
    for p in problems:
        print("!! " + p, file=sys.stderr)
    if problems:
        say("有不符之处; 各站日志: %s/*/log" % (city.home if city else ""),
            "something differs; the stations' logs: %s/*/log" % (city.home if city else ""))
    else:
        say("全部相符", "everything agrees")
    if city and args.keep and not problems:
        keep_running(city)
    elif city:
        city.close(keep=bool(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
