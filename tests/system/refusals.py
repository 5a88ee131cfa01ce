"""refusals.py - what a person is told who asked for what can't be: what is wrong, and what to do, in both languages.

Owns:  the wrong calls of clerks and operators, and the words of the cure.
"""
import os

from checks import Tests, check, until

TESTS = test = Tests()
OPEN = ("matter", "open", "--channel", "visit", "--category", "环境卫生", "--title", "噪声")


def refused(station, words, code, zh, en):
    """With that exit code, and these words in its sentence."""
    for lang, told in (("zh", zh), ("en", en)):
        got, out, err = station.run(*words, lang=lang)
        check(got == code and not out and all(w in err for w in told),
              "%s: %d %s%s, without %s" % (" ".join(words), got, out, err, told))


@test
def clerks_are_told_the_cure(city):
    """Values that are too few or too many, records of another kind, and stations that can't get a record."""
    base, branch = city["410611003"], city["410611"]
    n = base.ctl(*OPEN).strip()
    base.ctl("matter", "accept", n)
    base.ctl("matter", "answer", n, "--reply", "已答复")
    echo = ("matter", "echo", n, "--rating_answer", "unrated", "--told_how", "unreachable")
    refused(base, echo, 2, ["--attempts", "至少 3 个", "各用一次"], ["--attempts", "at least 3", "its own --attempts"])
    refused(base, echo + ("--attempts", "2026-01-05"), 2, ["至少 3 个"], ["at least 3"])
    project = base.ctl("project", "propose", "--origin", "citizen", "--title", "路灯").strip()
    base.ctl("project", "screen", project, "--round", "2026")
    refused(base, ("vote", "prepare", "--method", "n_of_m", "--title", "票决", "--candidates", project, "--seats", "1",
                   "--deputies", "9"), 2, ["须少于 --candidates 的个数 (1)"], ["less than there are --candidates (1)"])
    refused(base, ("visit", "show", n), 4, ["群众事项", "stationctl matter"], ["matter", "stationctl matter"])
    refused(base, ("visit", "add", n, "--left", "16:20"), 4, ["stationctl matter"], ["stationctl matter"])
    base.wait_main()
    has = ("410611003", "请写另一个站"), ("410611003", "name another")
    m = base.ctl(*OPEN).strip()
    base.wait_main()
    refused(branch, ("matter", "reassign", m, "--to", "410611003"), 4, *has)
    refused(base, ("matter", "hand", m, "--to", "410611003"), 4, *has)
    refused(base, ("matter", "hand", m, "--to", "410699001"), 2, ["--to", "已加入的站"], ["--to", "has joined"])


@test
def operators_are_told_the_cure(city):
    """Who may revoke whom, and which station may have which below it."""
    main, branch = city["410600"], city["410611"]
    refused(main, ("revoke", "410611003", "--yes"), 4, ["410611003 < 410611", "直接上级站"], ["410611003 < 410611", "right above"])
    refused(main, ("revoke", "410600", "--yes"), 4, ["直接上级站"], ["right above"])
    refused(main, ("revoke", "410699", "--yes"), 4, ["410699", "stationctl status"], ["410699", "stationctl status"])
    wrong = ("invite", "--code", "410611005", "--name", "某某", "--tier", "branch")
    refused(branch, wrong, 2, ["总站之下是分站", "parent 410611"], ["below main are branches", "parent 410611"])
    city.add("410611005", "某某基站", "base", "410611")
    branch.ctl("revoke", "410611005", "--yes")
    until("it is known at the base", lambda: city["410611003"].run(
        "matter", "hand", city["410611003"].ctl(*OPEN).strip(), "--to", "410611005")[0] == 4)
    n = city["410611003"].ctl(*OPEN).strip()
    refused(city["410611003"], ("matter", "hand", n, "--to", "410611005"), 4, ["已吊销", "另一个站"], ["revoked", "another"])
    refused(branch, ("revoke", "410611005", "--yes"), 4, ["已吊销"], ["revoked"])
    refused(branch, wrong[:2] + ("410611005",) + wrong[3:6] + ("base",), 4, ["410611005", "请核对站码"], ["410611005", "check the code"])


@test
def questions_are_told_the_cure(city):
    """What an argument is to be; an empty one, as a script's variable may be, asks for nothing."""
    main, base = city["410600"], city["410611003"]
    n = base.ctl(*OPEN).strip()
    known = ["本站所知的站码"], ["station that is known here"]
    for words, zh, en in (
            (("matter", "list", "--limit", "0"), ["正整数", "limit"], ["whole number", "limit"]),
            (("register", "2", "--limit", "many"), ["正整数"], ["whole number"]),
            (("matter", "list", "--page", "zz"), ["前一页"], ["the page before"]),
            (("matter", "list", "--holder", "999"), *known),
            (("schedule", "calendar", "--station", "999999"), *known),
            (("directive", "list", "--to", "999"), *known),
            (("overdue", "--kind", "visitor"), ["stationctl kinds"], ["stationctl kinds"]),
            (("log", "checkpoint", "--log", "x"), ["站码/期"], ["CODE/EPOCH"]),
            (("proof", "42"), ["站码/期/序号"], ["CODE/EPOCH/SEQ"]),
            (("wait",), ["--linked"], ["--linked"]),
            (("wait", "--receipted", "main", "--timeout", "soon"), ["秒数"], ["seconds"]),
            (("matter", "candidates"), ["--title"], ["--title"]),
            (("report", "--where", "tier=village"), ["照报表里的写法", "tier=village"], ["as the report does", "tier=village"]),
            (("report", "--from", "2026"), ["月份 2026-07"], ["a month, 2026-07"]),
            (("ask", "life", "--record", "1"), ["编号抄错"], ["mistyped"]),
            (("join", "stationd1.CgwK"), ["照样全部粘贴"], ["all of it"]),
            (("register", "2", "--deputy", ""), ["--deputy 缺少值"], ["--deputy needs a value"]),
            (("import", os.path.join(base.home, "x.csv"), "--on-error", "maybe"), ["skip 或 stop"], ["skip or stop"]),
            (("city", "show", "holidays"), ["没有这份表", "workdays"], ["no table holidays", "workdays"])):
        refused(base, words, 2, zh, en)
    refused(base, ("matter", "show", "410611003-2026-000099-XY"), 4, ["本站没有", "记录在别的站"], ["isn't here", "elsewhere"])
    refused(base, ("matter", "show", "410611001-2026"), 2, ["编号有误"], ["mistyped"])
    for verb in ("count", "declare"):
        refused(base, ("project", verb, n), 4, [n, "不是这个命令所要的一类"], [n, "isn't of the kind"])
    refused(base, ("schedule", "calendar", n), 4, [n, "不是这个命令所要的一类"], [n, "isn't of the kind"])
    refused(base, ("wait", "--log", "410611003", "--size", "9999", "--timeout", "0"), 5, ["没有存到那么多"], ["so much of it"])
    refused(main, ("city", "show", "deadlines", "--version", "9"), 4, ["stationctl city list"], ["stationctl city list"])
    refused(base, ("fsck", base.data), 4, ["systemctl stop stationd"], ["systemctl stop stationd"])
