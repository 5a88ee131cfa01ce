"""kinds.py - every kind and every verb: what it does, what it refuses, and its help, in both languages.

Owns:  the tests of kinds, verbs and values; run.py runs them.
"""
import json
import os
import re
import subprocess

from checks import Tests, check
from city import TOP
from control import Control
from steps import OPEN, sound, walk

TESTS = test = Tests()
OTHER = {"zh": r"\b(the|its|is|of|and|with|are|only|by default)\b", "en": "[\u4e00-\u9fff]"}  # words of the other one


@test
def bad_values(city):
    """Each bad value is refused with its field, and nothing is written."""
    base = city["410611003"]
    before = base.json("status")["stations"][0]["size"]
    for words, code, place in (
            (["matter", "open", "--channel", "pigeon"], 2, "channel"),
            (["matter", "open"], 2, "--channel is needed\n  --channel channel: visit | phone"),
            (OPEN + ["--urgency", "soon"], 2, "normal | urgent"),
            (OPEN + ["--reporter_id", "11010519491231002Y"], 2, "reporter_id"),
            (OPEN + ["--title", "x" * 301], 2, "--title title: one line, not only blanks, <= 300 bytes"),
            (OPEN + ["--title", "\u3000 "], 2, "--title title"),
            (OPEN + ["--people", "\uff16"], 2, "--people people concerned: a whole number, 0..1000000"),
            (OPEN + ["--people", "1000001"], 2, "0..1000000"),
            (OPEN + ["--due", "2026/12/31"], 2, "a day, as 2026-07-01"),
            (OPEN + ["--to", "410611003"], 2, "unknown option: --to"),
            (["matter", "show", " 410611003 x "], 2, "mistyped"), (["erase", "show", "a b"], 2, ""),
            (["directive", "show", "a b"], 2, ""), (["vote", "show", "a b"], 2, "mistyped"),
            (["project", "count", "a b"], 2, ""), (["revoke", "a b", "--yes"], 2, ""),
            (OPEN + ["--title", "a\x07b"], 2, "title"),
            (OPEN + ["--due", "2026-02-30"], 2, "due"),
            (OPEN + ["--at", "yesterday"], 2, "at"),
            (OPEN + ["--at", "2099-01-01T00:00:00+08:00"], 2, "a day ahead"),
            (OPEN + ["--at", "1970-01-01T00:00:00Z"], 2, "at"),
            (OPEN + ["--due", "2011-01-01"], 2, "due"),
            (["matter", "accept", "410611003-2026-000001-00"], 4, ""),
            (["matter", "accept", "nonsense"], 2, "mistyped"),
            (["report", "--by", "colour"], 2, "by (station branch"),
            (["report", "--where", "colour=red"], 2, "colour=red (station branch"),
            (["matter", "acept"], 2, "matter acept"),
            (["report", "--where", "station=999999"], 2, "station=999999"),
            (["report", "--from", "2011-07-05"], 2, "from"),
            (["wait", "--receipted", "province"], 2, "receipted"),
            (["wait", "--receipted", "main", "--timeout", "soon"], 2, "timeout"),
            (["wait", "--log", "410611003"], 2, "size"),
            (["wait", "--log", "41061x", "--size", "1"], 2, "41061x"),
            (["no", "such", "verb"], 2, ""), (["nonsense", "--help"], 2, "nonsense; see stationctl --help"),
            (["", "--help"], 2, ""), (["vote", "bogus", "--help"], 2, "vote bogus; see stationctl vote --help"),
            (["status", "--loud"], 2, "--loud"), (["matter", "list", "--page", "2026-05"], 2, "page"),
            (["matter", "list", "--from", "2026-05"], 2, "--from"), (["visit", "list", "--state", "x"], 2, "state (recorded"),
            (["proof", "410611003/1/99999"], 4, ""), (["proof", "410611003/1"], 2, "CODE/EPOCH/SEQ"),
            (["event", "410611003/1/+1"], 2, "CODE/EPOCH/SEQ"), (["event", "1"], 2, "CODE/EPOCH/SEQ"), (["log", "checkpoint", "--log", "123456"], 4, "")):
        got, _, err = base.run(*words)
        check(got == code and place in err, "%s: exit %d, %s" % (words, got, err))
    group = [line for line in base.ctl("vote", "--help").splitlines() if line.startswith("  ")]
    check(len(group) > 3 and all(line.startswith("  vote ") for line in group), "the verbs of a kind: %s" % group)
    for words in (["wait", "--linked"], ["link", "pause"]):
        code, _, err = city["410600"].run(*words)
        check(code == 4 and "no parent" in err, "%s at main: %d %s" % (words, code, err))
    gbk = subprocess.run(base.command(*OPEN, "--title", "垃圾".encode("gbk")), capture_output=True)
    check(gbk.returncode == 2 and b"--title" in gbk.stderr, "a title in GBK is refused, not left out")
    n = base.ctl(*OPEN, "--reporter_id", "11010519491231002X").strip()
    check(n in base.ctl("matter", "show", " \u3000%s\u3000\n" % n), "a number is found with the blanks it was pasted with")
    for lang, told in (("zh", "此时可用: accept refuse merge withdraw hand"), ("en", "it allows: accept refuse merge")):
        code, _, err = base.run("matter", "close", n, lang=lang)
        check(code == 4 and told in err, "the moves there are: %s" % err)
    city["410611"].json("wait", "--log", "410611003", "--size", str(before + 1))
    code, _, err = city["410611"].run("matter", "accept", n)
    check(code == 4 and "410611003" in err, "who holds it is told: %s" % err)
    code, _, err = base.run("supervision", "issue", "--to", "410611", "--level", "ordinary", "--due", "2099-01-01",
                            "--title", "x")
    check(code == 4 and "station above" in err, "nobody presses from below: %s" % err)
    check(base.json("status")["stations"][0]["size"] == before + 1, "only the right one was written")


@test
def verbs_and_languages(city):
    """Every verb has --help with an example in both languages; --json is JSON."""
    base = city["410611003"]
    listing = base.ctl("--help")
    verbs = [line[2:22].strip() for line in listing.splitlines() if line.startswith("  ") and
             not line.startswith("  --") and not line.startswith("   ")]
    check(len(verbs) > 30, "the list of verbs: %s" % verbs)
    for v in verbs:
        for lang, word in (("zh", "示例"), ("en", "Example")):
            out = base.ctl(*v.split(), "--help", lang=lang)
            check(word in out and "stationctl " + v in out, "help of %s in %s" % (v, lang))
            told = out.split(word)[0]
            check(not re.search(OTHER[lang], told), "help of %s in %s has words of the other" % (v, lang))
            check(("--template NAME" in told) == ("  --template:" in told), "%s says what a template is" % v)
    for words in (["status"], ["report", "--by", "month,channel"], ["matter", "list"], ["invites"],
                  ["log", "key"], ["log", "checkpoint"], ["log", "verify"], ["recount"], ["kinds"],
                  ["wait", "--linked"]):
        base.json(*words)
    check("站点" in base.ctl("status", lang="zh") and "station" in base.ctl("status"), "both languages")
    gone = subprocess.run([city.program("stationctl"), "--socket", "/nonexistent/s", "status"],
                          capture_output=True, text=True)
    check(gone.returncode == 3, "no daemon is exit 3")


def kinds_of(station):
    return {k["name"]: k for k in station.json("kinds")["kinds"]}


@test
def every_kind(city):
    """Each kind by its verbs: opened at a base, moved, listed, reported and recounted at two tiers."""
    base, branch = city["410611003"], city["410611"]
    kinds = kinds_of(base)
    matter = base.ctl(*OPEN, "--title", "噪声", "--people", "6").strip()
    visit = walk(base, "visit",
                 ("record", "--who", "群众", "--title", "反映噪声", "--services", "mediation",
                  "--services", "law_advice", "--names", "王某", "--names", "李某"),
                 ("link", "--matters", matter), ("add", "--left", "16:20"),
                 ("note", "--remark", "已回访"))
    suggestion = walk(base, "suggestion",
                      ("raise", "--type", "suggestion", "--title", "降噪", "--deputy", "D-17",
                       "--co_signers", "D-18"),
                      ("link", "--matters", matter), ("accept", "--category", "环境"),
                      ("assign", "--unit", "区环保局", "--co_units", "区公安分局"),
                      ("consult", "--co_unit", "区公安分局", "--opinion", "同意"),
                      ("draft", "--reply", "已治理", "--class", "B"),
                      ("submit", "--responsible", "赵某"),
                      ("answer", "--reviewed_by", "deputies_office", "--answered_how", "face",
                       "--met_place", "站内", "--met_day", "2026-11-01", "--met_report", "已说明"),
                      ("tell", "--told", "D-18", "--told_how", "person"),
                      ("rate", "--rating_meeting", "satisfied", "--rating_attitude", "satisfied",
                       "--rating_answer", "satisfied", "--rating_whole", "basically"),
                      ("promise", "--promise", "2027-06-30"),
                      ("fulfil", "--progress", "已完工", "--rating_result", "satisfied"))
    schedule = walk(base, "schedule",
                    ("plan", "--type", "reception", "--title", "噪声", "--starts", "15:00", "--place", "接待室",
                     "--people", "D-17", "--weekdays", "friday", "--weeks", "1", "--first", "2026-11-01"),
                    ("meet", "--occurrence", "2026-11-06", "--met_by", visit))
    activity = walk(base, "activity",
                    ("plan", "--type", "inspection", "--title", "查噪声", "--on", "2026-11-05"),
                    ("hold", "--deputies", "D-17", "--deputies", "D-18", "--schedule", schedule),
                    ("suggest", "--suggestions", suggestion))
    project = walk(base, "project",
                   ("propose", "--origin", "citizen", "--title", "隔声屏"), ("screen", "--round", "2026"),
                   ("choose", "--votes", "150", "--deputies_present", "200"),
                   ("take", "--unit", "区住建局", "--budget", "900000", "--milestones", "六月完工"),
                   ("inspect", "--findings", "合格", "--inspections", activity),
                   ("finish", "--result", "已完工"), ("accept", "--rating_result", "satisfied"))
    deputy = walk(base, "deputy",
                  ("enter", "--deputy", "D-17", "--name", "李某", "--levels", "city", "--levels", "county",
                   "--phone", "13900000000"),
                  ("assign", "--station", "410611003"))
    numbers = {"matter": matter, "visit": visit, "suggestion": suggestion, "schedule": schedule,
               "activity": activity, "project": project, "deputy": deputy}
    check(len(set(numbers.values())) == len(numbers), "no two share a number: %s" % numbers)
    base.wait_main()
    for kind, n in numbers.items():
        here, there = base.json(kind, "show", n)["record"], branch.json(kind, "show", n)["record"]
        check(here["kind"] == kind and there["state"] == here["state"], "both tiers: %s" % there)
        for s in (base, branch):
            listed = [r["number"] for r in s.json(kind, "list")["records"]]
            check(listed == [n], "%s lists its own alone: %s" % (kind, listed))
            total = s.json("report", "--kind", kind)["total"]
            check(total["opened"] == 1 and total["open_now"] + total["closed"] == 1, "%s: %s" % (kind, total))
            report = s.json("report", "--kind", kind, "--by", "state")
            check([r["key"] for r in report["rows"]] == [[here["state"]]], "its state: %s" % report)
        for other in kinds:
            if other != kind:
                code, _, err = base.run(other, "show", n)
                check(code == 4 and kind in err, "%s show of a %s: %s" % (other, kind, err))
    check(base.json("suggestion", "show", suggestion)["record"]["state"] == "closed", "closed")
    seen = base.json("visit", "show", visit)
    check(seen["events"][0]["private"]["names"] == ["王某", "李某"], "several values: %s" % seen)
    check(seen["events"][0]["facts"]["services"] == ["mediation", "law_advice"], "services")
    check(base.json("matter", "show", matter)["events"][0]["facts"]["group"] == "yes", "six are a group")
    check("王某" not in branch.ctl("visit", "show", visit), "names stay")
    check("调解" in base.ctl("visit", "show", visit, lang="zh"), "choices in words")
    sound(city)


@test
def kinds_refused(city):
    """What no table allows: moves, links to what isn't there, the wrong kind, itself, several of one."""
    base = city["410611003"]
    visit = base.ctl("visit", "record", "--who", "judge", "--title", "普法").strip()
    matter = base.ctl(*OPEN).strip()
    for words, code, place in (
            (["visit", "record", "--who", "ghost", "--title", "x"], 2, "who"),
            (["visit", "record", "--title", "x"], 2, "who"),
            (["visit", "link", visit, "--matters", visit], 4, "matters"),
            (["visit", "link", visit, "--matters", "nonsense"], 2, "matters"),
            (["visit", "link", visit, "--matters", "410611003-2026-000999-AA"], 4, "matters"),
            (["matter", "merge", matter, "--joins", matter], 2, "joins"),
            (["visit", "add", visit], 2, "fields"),
            (["visit", "add", visit, "--who", "judge"], 2, "who"),
            (["visit", "add", visit, "--left", "25:00"], 2, "left"),
            (["visit", "add", visit, "--title", "a", "--photos", "12"], 2, "photos"),
            (["visit", "show", matter], 4, "matter"),
            (["matter", "accept", visit], 4, "visit"),
            (["activity", "hold", visit, "--deputies", "D-1"], 4, "visit"),
            (["kinds", "ghost"], 2, "ghost"), (["report", "--kind", "ghost"], 2, "kind")):
        got, _, err = base.run(*words)
        check(got == code and place in err, "%s: %d %s" % (words, got, err))
    base.ctl("visit", "void", visit, "--reason", "重复")
    got, _, err = base.run("visit", "link", visit, "--matters", matter)
    check(got == 4, "a void visit is final: %s" % err)
    got, _, err = base.run("suggestion", "accept", matter)
    check(got == 4 and "matter" in err, "of another kind: %s" % err)
    other = base.ctl("matter", "open", "--channel", "phone").strip()
    base.ctl("matter", "merge", other, "--joins", matter)
    base.ctl("matter", "tell", other, "--told_how", "phone")
    sound(city)


@test
def kinds_documented(city):
    """deploy/docs/kinds.md is what the program's tables say; every table can be drawn."""
    base = city["410611003"]
    with open(os.path.join(TOP, "deploy", "docs", "kinds.md"), encoding="utf-8") as f:
        check(f.read() == base.ctl("kinds", "--markdown"), "deploy/docs/kinds.md is old: make docs")
    for name, k in kinds_of(base).items():
        one = base.json("kinds", name)
        check(one == k, "one kind as JSON")
        out = base.ctl("kinds", name, lang="zh")
        check(all(m["name"] in out for m in k["moves"]), "its moves: %s" % out)
        graph = base.ctl("kinds", name, "--dot")
        check(graph.startswith("digraph %s {" % name) and graph.count("{") == graph.count("}"), graph)
        check(all("\t%s [" % s["name"] in graph for s in k["states"]), "its states: %s" % graph)


@test
def words_that_mislead(city):
    """What would be taken for something else is refused, with the place; what the screen shows is what was said."""
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    for author in ("a\x1b[2J", "a\n  2026-11-28 done"):
        code, _, err = base.run(*OPEN, "--author", author)
        check(code == 2 and "author" in err, "an author who writes to the terminal: %d %s" % (code, err))
    code, _, err = base.run(*OPEN, "--channel", "phone")
    check(code == 2 and "--channel is given twice" in err, "%d %s" % (code, err))
    code, _, err = base.run("log", "verify", "--log", "410600")
    check(code == 4, "what isn't here has no verdict: %d %s" % (code, err))
    code, out, err = main.run("city", "show", "focus", "--version", "7")
    check("stationctl" not in out and code != 0, "a version of a table: %d %s %s" % (code, out, err))
    for version in ("4294967297", "1x", "0", ""):
        status, body = Control(main).raw("GET", "/v1/city/focus", version=version)
        check(status == 400 and json.loads(body)["place"] == "version", "version %s: %s" % (version, body))
    code, _, err = main.run("report", "--from", "2026-01-02", lang="zh")
    check(code == 2 and "第一天" in err and "first" not in err, "in Chinese: %s" % err)
    number = base.ctl(*OPEN, "--title", "噪声").strip()
    base.ctl("matter", "hand", number, "--to", "410611")
    code, _, err = base.run("matter", "accept", number)
    check(code == 4 and "410611" in err and "moves" not in err, "who has it: %d %s" % (code, err))
    base.wait_main()
    main.ctl("matter", "reassign", number, "--to", "410611003")
    check("reassigned" in main.ctl("matter", "show", number), "by its name")
    key = os.path.join(city.home, "none.key")
    code, _, err = branch.run("init", "--code", "41060O", "--name", "x", "--root-key", key)
    check(code == 2 and not os.path.exists(key), "no key is drawn for nothing: %d %s" % (code, err))
