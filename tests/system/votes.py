"""votes.py - deputies vote on projects: tokens, papers, void ones, ties, and a count by hand from the bytes.

Owns:  the tests of votes with real daemons; run.py runs them.
"""
import hashlib
import json
import os
import re
import subprocess

from checks import Tests, check
from steps import sound, walk

TESTS = test = Tests()


def candidates(station, count):
    return [walk(station, "project", ("propose", "--origin", "citizen", "--title", "项目%d" % i),
                 ("screen", "--round", "2026")) for i in range(1, count + 1)]


def prepared(station, projects, seats, deputies, *more, verb="prepare"):
    words = [w for p in projects for w in ("--candidates", p)]
    return station.ctl("vote", verb, "--title", "民生实事票决", "--method", "n_of_m", "--seats", str(seats),
                       "--deputies", str(deputies), *words, *more).strip()


def issued(station, vote, present):
    """Tokens, with voting open."""
    tokens = station.ctl("project", "tokens", vote, "--present", str(present)).split()
    check(len(set(tokens)) == present, "a token each: %d" % len(tokens))
    station.ctl("vote", "open", vote)
    return tokens


def pile(station, name, papers):
    path = os.path.join(station.home, name)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines("%s\n" % " ".join(str(w) for w in p) for p in papers)
    return path


def counted(station, vote):
    return json.loads(station.run("project", "count", vote, "--json")[1])


@test
def vote(city):
    """201 deputies at a branch: void papers of each kind, recounted at main, declared; nothing joins a paper to anyone."""
    branch, main = city["410611"], city["410600"]
    projects = candidates(branch, 4)
    v = prepared(branch, projects, 2, 201)
    code, _, err = branch.run("vote", "open", v)
    check(code == 4, "not before there are tokens: %s" % err)
    tokens = issued(branch, v, 198)
    early = branch.run("project", "declare", v)
    check(early[0] == 4, "nothing to declare while they vote: %s" % (early,))
    papers = [(t, 1, 2) for t in tokens[:120]] + [(t, 2, 3) for t in tokens[120:150]] + \
             [(t, 4) for t in tokens[150:180]] + [(t,) for t in tokens[180:185]]
    void = [(tokens[185], 1, 2, 3), (tokens[0], 3), ("-",)]  # too many, used, unreadable
    path = pile(branch, "box1.txt", ["# 一号票箱".split()] + papers + void)
    bad = pile(branch, "bad.txt", papers[:3] + [(tokens[186][:-1] + ("A" if tokens[186][-1] != "A" else "B"), 1)])
    code, _, err = branch.run("project", "ballot", v, "--file", bad)
    check(code == 2 and "bad.txt:4" in err and counted(branch, v)["returned"] == 0,
          "a mistyped token is named, and nothing is entered: %s" % err)
    cut = os.path.join(branch.home, "cut.txt")
    with open(cut, "wb") as f:
        f.write(b"\xef\xbb\xbf# box 2\r\n%s 1\0 2" % tokens[186].encode())
    code, _, err = branch.run("project", "ballot", v, "--file", cut)
    check(code == 2 and "cut.txt:2" in err, "nothing of a line is passed over unseen: %s" % err)
    said = branch.json("project", "ballot", v, "--file", path, "--author", "teller-1")
    check(said["written"] == 188, str(said))
    branch.ctl("project", "ballot", v, "--token", tokens[186], "--choose", "1")
    code, _, err = branch.run("project", "ballot", v, "--token", tokens[186].lower(), "--choose", "1")
    check(code == 0 and "--batch" in err, "the same paper again isn't another: %s" % err)
    code, _, err = branch.run("project", "ballot", v, "--token", tokens[187], "--choose", "5")
    check(code == 2 and "choose" in err, "no such place on the paper: %d %s" % (code, err))
    running = counted(branch, v)
    check(running["end"] == "not_closed" and sum(c["votes"] for c in running["candidates"]) == 0,
          "no interim result: %s" % running)
    branch.ctl("vote", "close", v)
    branch.ctl("project", "ballot", v, "--token", tokens[188], "--choose", "4")
    branch.wait_main()
    for s in (branch, main):
        c = counted(s, v)
        check(c["end"] == "stands" and (c["issued"], c["returned"], c["valid"], c["blank"]) == (198, 189, 186, 5),
              "%s: %s" % (s.code, c))
        check({k: n for k, n in c["void"].items() if n} == {"too_many": 1, "used": 1, "spoiled": 1, "late": 1},
              "void papers by reason: %s" % c["void"])
        check([x["votes"] for x in c["candidates"]] == [121, 150, 30, 30], str(c["candidates"]))
        check([x["standing"] for x in c["candidates"]] == ["elected", "elected", "not_elected", "not_elected"],
              str(c["candidates"]))
        check(c["majority"] == 101 and c["quorum"] == 134 and c["quorum_met"], str(c))
        on = c["rests_on"]
        check(len(on["tokens"]) == 1 and on["checkpoint"] >= int(on["issued"].split("/")[2]), str(on))
        check("项目2" in s.ctl("project", "count", v, lang="zh"), "its titles")
        check("c2sp.org/tlog-proof" in s.ctl("project", "count", v, "--proof"), "the tokens' proof")
    branch.ctl("project", "declare", v)
    check(branch.run("project", "declare", v)[0] == 4, "once")
    branch.wait_main()
    check([main.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "chosen", "not_chosen", "not_chosen"], "as declared, at main")
    check(counted(main, v)["declared_agrees"] is True, "what was declared is what main counts")
    chosen = main.json("project", "show", projects[1])["events"][-1]["facts"]
    check((chosen["votes"], chosen["deputies_present"]) == ("150", "198"), str(chosen))
    unlinked(city, v, tokens, 189)
    sound(city)


def unlinked(city, v, tokens, cast):
    """Tokens that weren't cast are nowhere; those that were stand in papers alone, with nobody's name."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    raw = []
    for t in tokens:
        n = 0
        for c in t.replace("-", "")[:26]:
            n = n * 32 + alphabet.index(c)
        raw.append(n.to_bytes(16, "big"))
    for s in city:
        with open(os.path.join(s.data, "data.mdb"), "rb") as f:
            store = f.read()
        with open(s.log, "rb") as f:
            log = f.read()
        answers = "".join("".join(s.run(*w)[1:]) for w in (("project", "count", v, "--json"), ("vote", "show", v, "--json"),
                                              ("vote", "list", "--json"), ("status", "--json"),
                                              ("project", "list", "--json"), ("report", "--kind", "vote", "--json")))
        words = set()
        for where in (store, log, answers.encode()):
            words.update(m.group(1).replace(b"-", b"").decode() for m in
                         re.finditer(rb"(?=([0-9A-Z]{4}(?:-?[0-9A-Z]{4}){6}))", where))
        check(not words & {t.replace("-", "") for t in tokens}, "a token in words at %s" % s.code)
        check(not any(r in store for r in raw[cast:]), "one that wasn't cast is in the store of %s" % s.code)
        check(not any(r in log or r.hex() in answers for r in raw), "one is in log or answers of %s" % s.code)
    counted_by_hand(city["410600"], v, raw)


def message(data):
    """A protobuf message as {field: last value}: numbers, and bytes."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        fields[key >> 3] = value
    return fields


def counted_by_hand(station, v, raw):
    """From the very bytes at another tier, with nothing of the program but `event`: hashes, papers, votes."""
    c = counted(station, v)
    on = c["rests_on"]
    place = {k: int(on[k].split("/")[2]) for k in ("issued", "opened", "closed", "first_paper", "last_paper")}

    def event(seq):
        return message(subprocess.run(station.command("event", "410611/1/%d" % seq), capture_output=True).stdout)
    tokens = message(event(int(on["tokens"][0].split("/")[2]))[15])[1]
    known = {tokens[i:i + 32] for i in range(0, len(tokens), 32)}
    check(list(known) and tokens == b"".join(sorted(known)), "sorted by hash")
    check(place["issued"] < place["opened"] < place["first_paper"], "tokens come before voting")
    opened_at = event(place["opened"])[5]
    used, votes, void, order = set(), {}, 0, []
    for seq in range(place["first_paper"], place["last_paper"] + 1):
        e = event(seq)
        if e[14] != 20:
            check(seq == place["closed"], "between papers stands the closing alone: %d" % e[14])
            continue
        check(set(e) <= {1, 2, 3, 5, 7, 8, 9, 11, 14, 15} and e.get(11, b"") in (b"", b"teller-1"),
              "a paper says nothing else: %s" % e)
        check(abs(e[5] - opened_at) < 60000 and e[5] <= opened_at, "nor when it was typed")
        paper = message(e[15])
        token, choices = paper.get(1), list(paper.get(2, b""))
        digest = token and hashlib.sha256(b"stationd/ballot-token/v1\n" + b"410611".ljust(12, b"\0") + e[7] +
                                          token).digest()
        fine = seq < place["closed"] and digest in known and digest not in used
        used.add(digest) if digest and seq < place["closed"] else None
        if fine and len(choices) <= c["seats"]:
            for one in choices:
                votes[one] = votes.get(one, 0) + 1
        else:
            void += 1
        order += [raw.index(token)] if token in raw else []
    check([votes.get(x["place"], 0) for x in c["candidates"]] == [x["votes"] for x in c["candidates"]],
          "by hand: %s" % votes)
    check(void == sum(c["void"].values()), "void by hand: %d" % void)
    check(order != sorted(order), "papers of a pile aren't in its order")


@test
def vote_refused(city):
    """A missed quorum, too many papers, and a tie: said, not decided; then voted on again."""
    branch, main = city["410611"], city["410600"]
    projects = candidates(branch, 3)
    few = prepared(branch, projects, 1, 30)
    code, out, err = branch.run("project", "tokens", few, "--present", "19")
    check(code == 0 and "quorum" in err and len(out.split()) == 19, "said at once: %s" % err)
    branch.ctl("vote", "open", few)
    branch.ctl("vote", "close", few)
    code, out, _ = branch.run("project", "count", few)
    check(code == 1 and "missed" in out, out)
    code, _, err = branch.run("project", "declare", few)
    check(code == 4 and "quorum: 19 < 20" in err, err)
    branch.ctl("vote", "void", few, "--reason", "未达法定人数")
    many = prepared(branch, projects, 1, 3)
    tokens = issued(branch, many, 2)
    branch.ctl("project", "ballot", many, "--file", pile(branch, "many.txt", [(tokens[0], 1), (tokens[1], 1), ("-",)]))
    branch.ctl("vote", "close", many)
    code, _, err = branch.run("project", "declare", many)
    check(code == 4 and "returned: 3 > 2" in err, "more came back than were given: %s" % err)
    branch.ctl("vote", "void", many, "--reason", "收回多于发出")
    tie = prepared(branch, projects, 2, 5)
    tokens = issued(branch, tie, 5)
    branch.ctl("project", "ballot", tie, "--file", pile(branch, "tie.txt", [
        (tokens[0], 1, 2), (tokens[1], 1, 2), (tokens[2], 1, 3), (tokens[3], 3, 2), (tokens[4], 3, 1)]))
    branch.ctl("vote", "close", tie)
    c = counted(branch, tie)
    check([x["standing"] for x in c["candidates"]] == ["elected", "tied", "tied"] and c["seats_left"] == 1, str(c))
    _, _, err = branch.run("project", "declare", tie)
    check("vote again" in err, "the tie is said: %s" % err)
    check([branch.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "candidate", "candidate"], "those tied wait")
    other = candidates(branch, 1)[0]
    for verb, pair, wrong, why in (("again", [projects[0], projects[1]], projects[0], ("elected", "已经入选")),
                                   ("again", [projects[1], other], other, ("tied", "得票相等")),
                                   ("prepare", [projects[1], projects[1]], projects[1], ("twice", "两次"))):
        follows = ["--follows", tie] if verb == "again" else []
        ask = ["vote", verb, "--method", "n_of_m", "--title", "票决", "--seats", "1", "--deputies", "5", *follows,
               *(w for p in pair for w in ("--candidates", p))]
        for lang, words in zip(("en", "zh"), why):
            code, _, err = branch.run(*ask, lang=lang)
            check(code == 4 and wrong in err and words in err, "refused at once, and why: %s" % err)
    again = prepared(branch, projects[1:], 1, 5, "--follows", tie, verb="again")
    tokens = issued(branch, again, 5)
    branch.ctl("project", "ballot", again, "--file", pile(branch, "again.txt", [(t, 2) for t in tokens]))
    branch.ctl("vote", "close", again)
    branch.ctl("project", "declare", again)
    branch.wait_main()
    check([main.json("project", "show", p)["record"]["state"] for p in projects] ==
          ["chosen", "not_chosen", "chosen"], "the second round decides")
    code, _, err = main.run("project", "declare", again)
    check(code == 4, "it is the branch's to declare: %s" % err)
    code, _, err = branch.run("project", "count", projects[0])
    check(code == 4, "no vote: %s" % err)
    sound(city)


@test
def vote_killed(city):
    """kill -9 while a pile of papers is entered: it goes on, and no paper is counted twice."""
    branch = city["410611"]
    v = prepared(branch, candidates(branch, 3), 1, 2000)
    tokens = issued(branch, v, 2000)
    path = pile(branch, "box.txt", [(t, 1 + i % 3) for i, t in enumerate(tokens)])
    cut = 0
    for wait in (0, 0.005, 0.02, 0.05):
        sending = branch.spawn("project", "ballot", v, "--file", path)
        try:
            sending.wait(wait or 0.001)
        except subprocess.TimeoutExpired:
            pass
        branch.kill()
        sending.communicate()
        cut += sending.returncode != 0
        branch.start()
        check(counted(branch, v)["returned"] in (0, 2000), "all of a pile or nothing")
    check(cut > 0, "some were cut off")
    branch.ctl("project", "ballot", v, "--file", path)
    branch.ctl("vote", "close", v)
    branch.wait_main()
    for s in (branch, city["410600"]):
        c = counted(s, v)
        check((c["returned"], c["valid"], c["repeated"]) == (2000, 2000, 0), str(c["void"]))
        check([x["votes"] for x in c["candidates"]] == [667, 667, 666], "each once: %s" % c["candidates"])
    sound(city)
