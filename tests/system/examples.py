"""examples.py - each verb's own example is run, and with --json each call prints one value, refused or not.

Owns:  the city in which the examples hold: the shipped tables, and a station for each code that they name.
"""
import base64
import datetime
import json
import os
import re
import shlex

from checks import Tests, check, until
from city import TOP

TESTS = test = Tests()
FILES = os.path.join(TOP, "deploy", "city")
AT_MAIN, AT_BASE = ("supervision", "city", "matter reassign"), ("supervision answer",)
MOTIONS = ("agenda", "resolve")
MOTION = ["--type", "motion", "--level", "county"] + [w for n in range(30, 40) for w in ("--co_signers", "D-%d" % n)]  # which the agenda is for alone
AHEAD = re.compile(r"--(due|promise) \d{4}-\d\d-\d\d")  # days that were to come when the example was written


def one_value(words, out):
    try:
        return json.loads(out)
    except ValueError:
        raise AssertionError("%s --json: not one value: %r" % (" ".join(words), out[:300])) from None


def verbs_of(station):
    return [line[2:22].strip() for line in station.ctl("--help").splitlines()
            if line.startswith("  ") and not line.startswith("  --") and not line.startswith("   ")]


def example_of(station, verb, known={}):
    if verb not in known:
        known[verb] = told_example(station, verb)
    return list(known[verb])


def told_example(station, verb):
    line = next(e for e in station.ctl(*verb.split(), "--help").splitlines() if e.startswith("  stationctl " + verb))
    days = 40 if not verb.endswith("extend") else 120 if verb.startswith("suggestion") else 75
    soon = (datetime.date.today() + datetime.timedelta(days)).isoformat()
    return shlex.split(AHEAD.sub(r"--\1 " + soon, line).split(" > ")[0])[1:]


class Town:
    def __init__(self, city):
        self.city, self.wrong = city, []
        main = city["410600"]
        city.add("410611001", "天山路街道基站", "base", "410611")
        files = [os.path.join(FILES, f) for f in sorted(os.listdir(FILES)) if f.endswith(".csv")]
        main.ctl("city", "set", *files, "--from", "2026-01-01")
        for s in city:
            until("city data at %s" % s.code, lambda: all(t["in_force"] for t in s.json("city", "list")["tables"]))
        until("the roll", lambda: len(main.json("status")["stations"]) >= 4)
        self.kinds = {k["name"]: k for k in city["410611003"].json("kinds")["kinds"]}
        self.screened = next(m["to"] for m in self.kinds["project"]["moves"] if m["name"] == "screen")
        self.others, self.vote, self.tied, self.entered = {}, None, [], 100

    def at(self, verb):
        return self.city["410600" if (verb in AT_MAIN or verb.split()[0] in AT_MAIN) and verb not in AT_BASE else "410611003"]

    def call(self, station, words):
        """The answer of an example, or None: that it failed is noted."""
        code, out, err = station.run(*words, "--json")
        answer = one_value(words, out)
        if code != 0:
            self.wrong.append("%s: %d %s" % (" ".join(words), code, err))
        return answer if code == 0 else None

    def other(self, kind):
        """A record that an example may speak of."""
        if kind not in self.others:
            self.others[kind] = self.opened(kind)
            self.city["410611003"].wait_main()  # main may be who speaks of it
        return self.others[kind]

    def opened(self, kind):
        move = next(m for m in self.kinds[kind]["moves"] if m["opens"])
        return self.make(kind, move, None)

    def named(self, kind, words):
        """NUMBER in an example's options: of the kind that the option refers to."""
        of = {"--matters": "matter", "--suggestions": "suggestion", "--met_by": "visit", "--about": "matter",
              "--joins": kind}
        tied = iter(self.tied)
        for i, w in enumerate(words):
            if w == "NUMBER":
                option = words[i - 1]
                words[i] = self.other(of[option]) if option in of else self.vote if option == "--follows" else next(
                    tied, None) or self.brought("project", self.screened)
        return words

    def make(self, kind, move, number, last=""):
        """last: the move that all of this is for."""
        verb = "%s %s" % (kind, move["name"])
        station = self.at(verb)
        words = example_of(station, verb)
        if number is not None:
            words[2] = number
            if verb in AT_BASE or verb in AT_MAIN:  # it was opened at another
                until("%s at %s" % (number, station.code), lambda: station.run(kind, "show", number)[0] == 0)
        elif kind in ("deputy", "station"):  # of each there is one
            self.entered += 1
            words = [w.replace("D-17", "D-%d" % self.entered).replace("410611003", "410611%d" % self.entered) for w in words]
        elif last in MOTIONS:
            words = words[:2] + MOTION + words[4:]
        if verb == "suggestion draft" and last == "close":
            words[words.index("--class") + 1] = "A"  # the example's is a promise
        words = words[:2] + self.named(kind, words[2:])
        answer = self.call(station, words)
        return answer and answer["number"]

    def path(self, kind, state):
        """Moves from nothing to a state, the fewest."""
        ways, seen = [([], None)], set()
        for way, here in ways:
            if here == state:
                return way
            for m in self.kinds[kind]["moves"]:
                start = m["opens"] if here is None else here in m["from"]
                to = m["to"]
                if start and to and to not in seen and "example" in m and not m.get("program"):
                    seen.add(to)
                    ways.append((way + [m], to))
        raise AssertionError("no way to %s of %s" % (state, kind))

    def brought(self, kind, state, last=""):
        """A record in that state. None: that an example on the way failed is noted."""
        number = None
        steps = self.path(kind, state)
        last = next((m["name"] for m in steps if m["name"] in MOTIONS), last)
        for step in steps:
            number = self.make(kind, step, number, last)
            if number is None:
                break
        return number

    def move(self, kind, m):
        number = None if m["opens"] else self.brought(kind, m["from"][0], m["name"])
        if m["opens"] or number is not None:
            self.make(kind, m, number)


@test
def examples_of_kinds(city):
    """Each example in a kind's --help does what it says, in a city with the shipped tables."""
    town = Town(city)
    for name, kind in town.kinds.items():
        for m in kind["moves"]:
            if name != "vote" and m["example"].split()[:1] != ["project"]:
                town.move(name, m)
    check(not town.wrong, "\n".join(town.wrong))


def filled(city, town, station, verb):
    """A verb's example with what it names in this city; its files are ours."""
    files = {"deadlines.csv": os.path.join(FILES, "deadlines.csv"), "boston-2026-11.csv": town.cases,
             "/var/lib/stationd": os.path.join(city.home, "none"), "box1.txt": town.box}
    words = [files.get(w, w) for w in example_of(station, verb)]
    words = [w.replace("410611003-2026-000042-K7", town.other("matter")).replace("410600/1/42", town.directive)
             .replace("/1/42", "/1/2") for w in words]
    if verb == "city set":
        words = words[:2] + [os.path.join(FILES, f) for f in sorted(os.listdir(FILES)) if f.endswith(".csv")]
    if verb == "invite":
        words[words.index("--code") + 1] = "410622"
    for form in ("--xlsx", "--csv"):  # one form at a time
        if form in words:
            del words[words.index(form):words.index(form) + (2 if form == "--xlsx" else 1)]
    kind = verb.split()[0]
    number = town.vote if kind == "vote" else town.other(kind if kind in town.kinds else "matter")
    return [town.vote if w == "VOTE" else number if w == "NUMBER" else w for w in words]


def prepare(city, town):
    main, base = city["410600"], city["410611003"]
    town.cases, town.box = (os.path.join(city.home, name) for name in ("cases.csv", "box1.txt"))
    with open(town.cases, "w", encoding="utf-8") as f:
        f.write("number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,sub_district,agency,title,"
                "text,reply,duplicate_of\n1,2026-01-02T03:04:05+08:00,,,open,phone,环境卫生,,Dorchester,,,垃圾,,,\n")
    for verb in ("deputy enter", "station enter"):
        town.call(base, example_of(base, verb))
    town.call(main, town.named("supervision", example_of(main, "supervision issue")))
    base.wait_main()
    answer = town.call(main, ["directive", "list"])
    names = [c["name"] for c in answer["columns"]]
    town.directive = answer["rows"][0][names.index("event")]


def hold_vote(town, station):
    """From its preparation to a tie, and again: each verb by its example."""
    def does(verb, *more, seats=None):
        words = [town.vote if w in ("VOTE", "NUMBER") and i == 2 else town.box if w == "box1.txt" else w
                 for i, w in enumerate(example_of(station, verb))]
        if seats is not None:
            words[words.index("--seats") + 1] = seats
        return town.call(station, town.named("vote", words + list(more)))
    town.vote = does("vote prepare", "--candidates", "NUMBER", "--candidates", "NUMBER", seats="3")["number"]
    tokens = does("project tokens")["tokens"]
    with open(town.box, "w", encoding="utf-8") as f:  # the first is on all of them, the others tie behind it
        f.writelines("%s 1 %d %d\n" % (t, 2 + i % 3, 2 + (i + 1) % 3) for i, t in enumerate(tokens))
    for verb in ("vote open", "project ballot", "vote close", "project declare", "project count"):
        does(verb)
    proofs = does("project count", "--proof")["proofs"]
    check(len(proofs) == len(does("project count")["rests_on"]["tokens"]) and "c2sp.org/tlog-proof" in proofs[0],
          "a proof for each event with tokens: %s" % proofs)
    town.tied = [c["project"] for c in does("project count")["candidates"] if c["standing"] == "tied"]
    does("vote again")


@test
def examples_of_verbs(city):
    """The examples of all other verbs; with --json each prints one value, and so does what is refused."""
    town = Town(city)
    main, branch, base = city["410600"], city["410611"], city["410611003"]
    prepare(city, town)
    hold_vote(town, base)
    base.wait_main()
    done = {"%s %s" % (k, m["name"]) for k, kind in town.kinds.items() for m in kind["moves"]}
    done |= {"project tokens", "project ballot", "project declare"}
    refused = {"init": 4, "join": 2, "fsck": 2}  # set up already; its invite is cut short; there is no such folder
    verbs = verbs_of(base)
    for verb in verbs:
        station = town.at(verb) if verb.split()[0] in town.kinds or verb.startswith("link") else main
        if verb in done or verb == "revoke":
            continue
        words = filled(city, town, station, verb)
        code, out, err = station.run(*words, "--json")
        one_value(words, out)
        check(code == refused.get(verb, 0), "%s: %d %s%s" % (" ".join(words), code, out[:300], err))
    for verb in verbs:
        for wrong in (["--no-such-option"], ["x", "--socket", "/nowhere/s"]):
            words = verb.split() + wrong
            code, out, err = base.run(*words, "--json")
            check(out or code == 0, "%s: %d, and nothing is told: %s" % (" ".join(words), code, err))
            answer = one_value(words, out)
            listed = isinstance(answer, list)  # what is wrong with each file
            check(code == 0 or listed or "message" in answer, "%s: %s" % (words, answer))
    event = base.json("event", "410611003/1/1")
    check(b"410611003" in base64.b64decode(event["bytes"], validate=True), "an event's bytes: %s" % event)
    words = filled(city, town, branch, "revoke")
    check(town.call(branch, words) is not None, "revoked")
    check(not town.wrong, "\n".join(town.wrong))
