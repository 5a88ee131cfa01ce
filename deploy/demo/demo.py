#!/usr/bin/env python3
"""demo.py - three months of a city on loopback, from real cases: make demo.

Fourteen stations, each its own process, directory, keys and port. Real cases are imported while a branch
is cut off and a base is killed with SIGKILL; then April to June 2026 are lived, week by week, and the
city office asks its questions. Exit 0: main's figures agree with the input, with what the clerks did,
with a recount, and with the signatures of every log. What no source tells is drawn from one seed and
marked as a sample.
"""
import argparse
import collections
import csv
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import chamber  # noqa: E402
import office  # noqa: E402
from sources import BadFile, Plan, import_all  # noqa: E402
from city import City, Failed, TOP, divisions, free_port  # noqa: E402
from clerk import until  # noqa: E402
from life import END, Life  # noqa: E402
from quarter import from_platform, live  # noqa: E402
from story import LANG, more, say, seconds  # noqa: E402

BRANCHES = {"410602": ["410602001", "410602100", "410602201"],
            "410611": ["410611001", "410611003", "410611100"],
            "410621": ["410621001", "410621101"]}
SPECIALTY = [("410600-01", "市物业行业专业站", "410600"), ("410611003-01", "黎阳路医疗行业专业站", "410611003")]
BASES = [b for bases in BRANCHES.values() for b in bases]
CUT, KILLED = "410621", "410611003"
GIVER, TAKER = "410602001", "410621001"  # the taker is below the branch that is cut off
OFFLINE = "410611"  # for a week in May

def build_city(build, keep_home=None):
    names = divisions()
    city = City(build, LANG, keep_home)
    tokens = os.path.join(city.home, "online.tokens")
    with open(os.open(tokens, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
        f.write("demo:%s\n" % chamber.TOKEN)
    port = free_port()
    city.add("410600", "鹤壁市总站", "main", online_listen="127.0.0.1:%d" % port, online_token_file=tokens)
    told = {"410600": "鹤壁市总站"}
    for branch, bases in BRANCHES.items():
        told[branch] = names[branch] + "分站"
        city.add(branch, told[branch], "branch", "410600")
        for base in bases:
            told[base] = names.get(base, base) + "基站"
            city.add(base, told[base], "base", branch)
    for code, name, parent in SPECIALTY:
        told[code] = name
        city.add(code, name, "specialty", parent)
    return city, told, port


def issue_tables(city):
    """City data from main, in force from the quarter's first day, at every station before it opens."""
    folder = os.path.join(TOP, "deploy", "city")
    files = [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".csv")]
    city["410600"].ctl("city", "set", *files, "--from", "2026-04-01")

    def holds(s):
        return all(t["in_force"] for t in s.json("city", "list")["tables"])
    for s in city:
        until("city data at %s" % s.code, lambda: holds(s))
    say("市总站发布 %d 张市定表 (类别, 期限, 工作日, 登记簿, 积分 ...), 自 2026-04-01 起施行, 各站都已收到" % len(files),
        "main issues %d city tables, in force from 2026-04-01; every station has them" % len(files))


def hand_on(city):
    """A matter goes to a base of another branch, with its reporter's name for nobody but that base."""
    giver = city[GIVER]
    number = giver.ctl("matter", "open", "--channel", "visit", "--category", "环境保护", "--title", "河道垃圾",
                       "--reporter_name", "王某", "--remark", office.SAMPLE).strip()
    giver.ctl("matter", "accept", number)
    deadline = time.monotonic() + 20
    while giver.run("matter", "hand", number, "--to", TAKER)[0] != 0:
        if time.monotonic() > deadline:
            raise Failed("%s doesn't know %s" % (GIVER, TAKER))
    more("%s 把 %s 移交给断开中的 %s" % (GIVER, number, TAKER),
         "%s hands %s to %s, which is cut off" % (GIVER, number, TAKER))
    return number


def arrived(city, number, problems):
    taker = city[TAKER]
    until("%s at %s" % (number, TAKER), lambda: taker.run("matter", "show", number)[0] == 0)
    if "王某" not in taker.ctl("matter", "show", number) or "王某" in city["410600"].ctl("matter", "show", number):
        problems.append("%s: its holder reads the reporter's name, and nobody else" % number)


def history(city, plan, problems):
    """Imports of everything that isn't lived, through a cut and a kill."""
    files = plan.write(city)
    say("断开分站 %s; 各站同时导入 %d 件真实案例" % (CUT, plan.count()),
        "branch %s is cut off; all import %d real cases" % (CUT, plan.count()))
    if plan.drawn():
        more("其中 %d 件来源没有类别: 由种子抽取, 来源记为 demo" % plan.drawn(),
             "%d of them have no category at their source: it is drawn, and their source is demo" % plan.drawn())
    city[CUT].ctl("link", "pause")
    number = hand_on(city)
    import_all(city, files, KILLED, lambda code, middle: more(
        "%s %s被 SIGKILL, 重启后再导入, 不重不漏" % (code, "导入中" if middle else "导入后"),
        "%s killed with SIGKILL %s its import; started again, it imports what is missing" %
        (code, "in the middle of" if middle else "after")))
    city[CUT].ctl("link", "resume")
    for s in city:
        s.wait_main()
    arrived(city, number, problems)
    say("%s 恢复; 每份日志都有总站收据, 移交件已到 %s, 反映人姓名只有它可读" % (CUT, TAKER),
        "%s is back; main has receipted every log; what was handed is at %s, which alone reads the name" % (CUT, TAKER))


def compare(city, plan, life, problems):
    """main's figures with the input and what was opened since; every store with a recount."""
    main = city["410600"]
    expected = plan.count() + 1 + (life.total("opened") if life else 0)
    total = main.json("report")["total"]
    if total["opened"] != expected:
        problems.append("opened %d, imported and registered %d" % (total["opened"], expected))
    if total["opened"] != total["closed"] + total["open_now"]:
        problems.append("opened isn't closed + open")
    rows = {r["key"][0]: r for r in main.json("report", "--by", "station")["rows"]}
    for s in city:
        n = plan.count(s.code) + (s.code == GIVER) + (life[s.code].count["opened"] if life else 0)
        if rows.get(s.code, {}).get("opened", 0) != n:
            problems.append("%s: opened %s, input %d" % (s.code, rows.get(s.code, {}).get("opened"), n))
    categories = collections.Counter(r["category"] for part in plan.imports.values() for r in part)
    categories["环境保护"] += 1
    for c in life.clerks.values() if life else ():
        categories.update({k[9:]: n for k, n in c.count.items() if k.startswith("category ")})
    told = {r["key"][0]: r["opened"] for r in main.json("report", "--by", "category")["rows"] if r["opened"]}
    if told != categories:
        problems.append("categories differ from the input: %s" % sorted(set(told.items()) ^ set(categories.items()))[:6])
    runs = [(s, s.spawn("recount")) for s in city]
    for s, run in runs:
        out, err = run.communicate(timeout=180)
        if run.returncode != 0:
            problems.append("recount at %s: %s%s" % (s.code, out, err))
    return expected


def ask(city, plan, life, counted, voted, problems):
    for s in city:
        s.wait_main()
    expected = compare(city, plan, life, problems)
    main = city["410600"]
    office.ledgers(city, life, problems)
    office.every_matter(life, problems)
    at_main = main.json("project", "count", voted)
    if at_main["candidates"] != counted["candidates"] or at_main["end"] != "stands":
        problems.append("the vote, recounted at main, differs")
    facts = office.Facts(life, plan, counted, main.json("report")["total"])
    sizes = office.registers(city, facts, problems)
    say("六簿 (本季, 市总站): %s 行; 来访人姓名只在其站可读" % ", ".join(map(str, sizes)),
        "six registers of the quarter, at main: %s rows; visitors' names are read at their station alone" %
        ", ".join(map(str, sizes)))
    for code, rows, visits, points in office.archives(city, facts, problems):
        more("代表档案 %s: %d 项, 接待 %d 次, 积分 %s" % (code, rows, visits, points),
             "archive of %s: %d entries, %d visits received, %s points" % (code, rows, visits, points))
    if not office.sample_marked(city, facts.story.number):
        problems.append("%s isn't marked as a sample" % facts.story.number)
    say("市人大的 24 个问题 (市总站作答):", "the city office's 24 questions, answered by main:")
    asked = office.ask_all(city, facts, problems)
    more("%d 个问题都有回答; %d 个的数字与办理台账, 导入或报表另计的相比" % asked,
         "%d questions answered; the figures of %d compared with what the clerks, the input or the report count" % asked)
    for line in office.one_life(city, facts.story.number):
        more(line, line)
    return expected, asked[1]


def prove(city, life, asked, problems):
    """The signatures of every log, the branches' report, and what all has been compared."""
    code, out, err = city["410600"].run("log", "verify", "--all")
    if code != 0:
        problems.append("log verify at main: " + out + err)
    print()
    print(city["410600"].ctl("report", "--by", "branch"))
    print(out + err)
    if problems:
        return
    say("核对过的:", "what was checked:")
    for zh, en in (
            ("总站登记数 = 导入 + 办理台账 + 线上, 逐站, 逐类; 登记 = 办结 + 在办",
             "main's matters are those imported, registered and sent online, by station and category"),
            ("%d 件来件的状态与持有站, 逐件; 进站, 活动, 四定, 代表, 站点, 建议, 督办, 项目, 票决的件数" % len(life.matters()),
             "state and holder of each of the %d matters that were lived; the number of records of each other kind" %
             len(life.matters())),
            ("24 个问题中 %d 个的数字; 代表档案和积分; 票决在总站重算; 姓名只在持有站可读" % asked,
             "the figures of %d of the 24 questions; archives and points; the vote recounted at main; who reads names" %
             asked),
            ("14 站各自重算; 14 份日志逐事件验签",
             "a recount at each of 14 stations; the signatures of 14 logs, event by event")):
        more("- " + zh, "- " + en)


def keep_running(city):
    say("城市仍在运行, 可以这样与它对话:", "the city goes on; talk to it like this:")
    for s in city:
        print("  %-13s %s" % (s.code, " ".join(s.command("status"))))
    pids = " ".join(str(s.process.pid) for s in city)
    print("  stop: kill %s && rm -r %s" % (pids, city.home))


def run(args, problems, cities):
    if time.time() < END.timestamp():
        raise Failed("the clock of this machine stands before %s, and the demo lives until then" % END.date())
    plan = Plan(BASES, list(BRANCHES), SPECIALTY[0][0], SPECIALTY[1][0], args.cases)
    say("建一座城: 1 总站 3 分站 8 基站 2 专业站", "a city: 1 main, 3 branches, 8 bases, 2 specialty")
    city, names, port = build_city(args.build)
    cities.append(city)
    issue_tables(city)
    history(city, plan, problems)
    n = compare(city, plan, None, problems)
    say("核对: 总站登记 %d 件, 与导入逐站逐类相符; 14 站重算相符" % n,
        "checked: %d at main, as imported by station and category; a recount at 14 stations" % n)
    life = Life(city, BRANCHES, SPECIALTY, OFFLINE)
    voted, counted = live(city, life, plan, names)
    from_platform(life, port)
    n, asked = ask(city, plan, life, counted, voted, problems)
    prove(city, life, asked, problems)
    life.close()
    return n, life.total("commands")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--cases", help="a CSV in the import format, gzipped or not, in place of tests/data's")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    problems, cities, done = [], [], (0, 0)
    try:
        done = run(args, problems, cities)
    except BadFile as e:
        print("!! %s" % e, file=sys.stderr)
        return 2
    except (Failed, OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError) as e:
        problems.append("%s: %s" % (type(e).__name__, e))
    except KeyboardInterrupt:
        problems.append("interrupted")
    city = cities[0] if cities else None
    for p in problems:
        print("!! " + p, file=sys.stderr)
    if problems and city:
        say("有不符之处; 各站日志: %s/*/log" % city.home, "something differs; the stations' logs: %s/*/log" % city.home)
    elif not problems:
        say("全部相符: %d 件, 办理 %d 步; 用时 %.0f 秒" % (*done, seconds()),
            "everything agrees: %d matters, %d steps of work; %.0f s" % (*done, seconds()))
    if city and args.keep and not problems:
        keep_running(city)
    elif city:
        city.close(keep=bool(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
