"""town.py - a city under load, and a list of all that its people were told.

Owns:  the clerks and importers (threads), the ledger, and the checks of the ledger against the
       stations. The ledger knows only answers: what was asked and got none may be so or not.
"""
import csv
import http.client
import io
import json
import os
import random
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
import steps  # noqa: E402
from checks import check, until  # noqa: E402
from city import City, Failed  # noqa: E402
from control import Control, Refused  # noqa: E402
from proxy import Proxy  # noqa: E402

MAIN, BRANCH, BASE = "410600", "410611", "410611003"
TIERS = (MAIN, BRANCH, BASE)
PIECE_ROWS = 100
THINK_S = 0.004  # a clerk's; an importer takes ten times as long between two pieces
NO_ANSWER = (OSError, http.client.HTTPException)
SLOW_FACTOR = 25  # of a build under a sanitizer: people think longer, and silence is longer, too
SLOW_PING_S = 20
slow = False
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid_bytes(record):
    value = 0
    for c in record.split("/")[1]:
        value = value * 32 + CROCKFORD.index(c)
    return value.to_bytes(16, "big")


class Ledger:
    def __init__(self):
        self._lock = threading.Lock()
        self.told = []  # (station, event, the record's 16 bytes)
        self.opened, self.unknown, self.imported = {}, {}, {}

    def tell(self, code, answer, opens):
        with self._lock:
            self.told.append((code, answer["event"], ulid_bytes(answer["record"])))
            self.opened[code] = self.opened.get(code, 0) + opens

    def no_answer(self, code):
        with self._lock:
            self.unknown[code] = self.unknown.get(code, 0) + 1

    def import_told(self, code, rows):
        with self._lock:
            self.imported[code] = self.imported.get(code, 0) + rows


class Worker(threading.Thread):
    """Does one() again and again while the town's gate is open and its station lives."""

    def __init__(self, town, code):
        super().__init__(daemon=True)
        self.town, self.code = town, code
        self.control = Control(town.city[code])
        self.random = random.Random("%s %s %s" % (town.seed, code, type(self).__name__))
        self.busy = threading.Lock()
        self.wrong = None

    def run(self):
        while not self.town.ended.is_set():
            self.town.gate.wait()
            self.town.alive[self.code].wait()
            with self.busy:
                if self.town.gate.is_set() and not self.town.ended.is_set():
                    try:
                        self.one()
                    except Refused as e:
                        self.wrong = self.wrong or self.refused(e)
                    except Exception as e:  # whatever it is, the main thread must hear of it
                        self.wrong = self.wrong or repr(e)
            self.town.ended.wait(self.think_s * (SLOW_FACTOR if slow else 1))

    def forget(self):
        """What it was about to move on, it leaves."""

    def refused(self, e):
        """None: such an answer is right here; else what is wrong with it"""
        if e.error == "EBUSY" or e.error in self.town.expected:
            return None
        return "%s: %s" % (self.code, e)


class Clerk(Worker):
    """Opens matters, and moves some on, one at a time."""
    think_s = THINK_S
    last = None

    def forget(self):
        with self.busy:
            self.last = None

    def one(self):
        ledger, opens = self.town.ledger, False
        try:
            if self.last and self.random.random() < 0.4:
                record, self.last = self.last, None
                ledger.tell(self.code, self.control.command("accept", record), 0)
            else:
                opens = True
                answer = self.control.open("路灯不亮 %d" % self.random.randrange(10**9))
                self.last = answer["number"]
                ledger.tell(self.code, answer, 1)
        except NO_ANSWER:
            self.last = None
            if opens:
                ledger.no_answer(self.code)


class Importer(Worker):
    """Imports piece after piece; one without an answer is sent again, and may add nothing twice."""
    think_s = 10 * THINK_S
    piece = 0
    unanswered = False

    def one(self):
        rows = self.town.rows
        first = self.piece * PIECE_ROWS % (len(rows) - 1 - PIECE_ROWS) + 1
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([rows[0]] + rows[first:first + PIECE_ROWS])
        self.unanswered = True
        try:
            answer = self.control.post("/v1/import", text.getvalue().encode(),
                                       source="piece-%d" % self.piece)
        except NO_ANSWER:
            return
        if answer["opened"] + answer["moved"] + answer["unchanged"] < PIECE_ROWS or answer["bad"]:
            raise Failed("import: %s" % answer)
        self.piece += 1
        self.unanswered = False
        self.town.ledger.import_told(self.code, PIECE_ROWS)


class Town:
    """main, branch and base, with people at each; each child reaches its parent through a proxy if
    proxied."""

    def __init__(self, build, seed, load=True, proxied=False, **settings):
        self.seed = seed
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.rows = steps.rows(1500)
        self.expected = set()  # refusals that are right at this moment
        self.checked_here = self.checked_main = 0
        self.gate, self.ended = threading.Event(), threading.Event()
        self.gate.set()
        self.city = City(build, "en")
        if slow:
            settings["ping_s"] = SLOW_PING_S
        self.workers, self.proxies, self.alive, self.controls = [], {}, {}, {}
        try:
            self.add(MAIN, "鹤壁市总站", "main", **settings)
            self.add(BRANCH, "淇滨区分站", "branch", MAIN, proxied, **settings)
            self.add(BASE, "黎阳路街道基站", "base", BRANCH, proxied, **settings)
        except BaseException:
            self.city.close(keep=True)
            raise
        if load:
            self.workers = [Clerk(self, c) for c in TIERS] + [Clerk(self, BASE),
                                                               Importer(self, BASE)]
        for w in self.workers:
            w.start()

    def add(self, code, name, tier, parent=None, proxied=False, **settings):
        through = None
        if proxied:
            self.proxies[code] = Proxy(self.city[parent].port, "%s %s" % (self.seed, code))
            through = self.proxies[code].address
        station = self.city.add(code, name, tier, parent, through, **settings)
        self.controls[code] = Control(station, timeout=120)
        self.alive[code] = threading.Event()
        self.alive[code].set()

    def close(self, keep=False):
        self.ended.set()
        self.gate.set()
        for event in self.alive.values():
            event.set()
        for w in self.workers:
            w.join(120)
        self.city.close(keep=keep)
        for p in self.proxies.values():
            p.close()

    def kill(self, code):
        self.alive[code].clear()
        self.city[code].kill()

    def start(self, code):
        self.city[code].start()
        self.controls[code].close()
        self.alive[code].set()

    def quiet(self):
        """Nobody asks anything until loud(). What a worker met and shouldn't have, fails here."""
        self.gate.clear()
        for w in self.workers:
            with w.busy:
                check(w.wrong is None, "%s" % w.wrong)

    def loud(self):
        self.gate.set()

    # ---- checks ----

    def linked(self, timeout_s=30):
        """Every link is back, without anybody's help."""
        for s in self.city:
            if s.parent:
                self.controls[s.code].wait(timeout_s, linked=1)

    def caught_up(self, timeout_s=45):
        """Main's receipt covers all that every station holds at this moment."""
        for s in self.city:
            if not s.parent:
                continue
            try:
                self.controls[s.code].wait(timeout_s, receipted="main")
            except Refused as e:
                raise Failed("%s hasn't caught up: %s: %s" % (s.code, e, "".join(
                    "\n    %s: %s" % (t.code, self.controls[t.code].get("/v1/status"))
                    for t in self.city)))

    def told_holds(self, at_main=False):
        """Every event that somebody was told of is in its station's store; or in main's."""
        first = self.checked_main if at_main else self.checked_here
        told = self.ledger.told[first:]
        for code, event, record in told:
            control = self.controls[MAIN if at_main else code]
            status, data = control.raw("GET", "/v1/event", event=event)
            check(status == 200 and record in data,
                  "%s was told at %s, and is lost at %s" % (event, code, control.station.code))
        if at_main:
            self.checked_main = first + len(told)
        else:
            self.checked_here = first + len(told)

    def note(self, at, log):
        """A log's size and root, as held somewhere."""
        status, data = self.controls[at].raw("GET", "/v1/log/checkpoint", log=log)
        check(status == 200, "checkpoint of %s at %s: %s" % (log, at, data))
        return data.split(b"\n")[:3]

    def above(self, s):
        """The stations from its parent up to main."""
        while s.parent:
            s = self.city[s.parent]
            yield s.code

    def same_logs(self):
        """Each log is the same, event for event, at its origin and above: one root over it all."""
        for s in self.city:
            own = self.note(s.code, s.code + "/1")
            for code in self.above(s):
                there = self.note(code, s.code + "/1")
                check(own == there, "the log of %s: %s, at %s: %s" % (s.code, own, code, there))

    def counts(self):
        """What is counted is what was told, and what got no answer at most."""
        under = {s.code: self.controls[s.code].get("/v1/report")["total"]["opened"]
                 for s in self.city}
        for s in self.city:
            own = under[s.code] - sum(under[c.code] for c in self.city if c.parent == s.code)
            least = self.ledger.opened.get(s.code, 0) + self.ledger.imported.get(s.code, 0)
            most = least + self.ledger.unknown.get(s.code, 0)
            if any(isinstance(w, Importer) and w.code == s.code and w.unanswered for w in self.workers):
                most += PIECE_ROWS  # one piece may be in, without an answer yet
            check(least <= own <= most, "%s has opened %d, people were told of %d to %d" %
                  (s.code, own, least, most))

    def sound(self):
        """Everything, at every tier. Call it quiet."""
        self.linked()
        self.caught_up()
        self.told_holds()
        self.told_holds(at_main=True)
        self.same_logs()
        self.counts()
        self.city[MAIN].ctl("log", "verify", "--all")
        for s in self.city:
            s.ctl("recount")

    def ended_well(self):
        """Every daemon that nobody killed has ended with 0."""
        codes = {s.code: s.stop() for s in self.city}
        check(all(c == 0 for c in codes.values()), "exit codes: %s" % codes)
        for s in self.city:
            with open(s.log, encoding="utf-8", errors="replace") as f:
                check("Sanitizer" not in f.read(), "%s was wrong before it was killed: see %s" % (s.code, s.log))


def say_figure(name, value, unit, **more):
    """A measurement, for whoever gathers them."""
    print(json.dumps(dict(name=name, value=value, unit=unit, **more)), flush=True)
