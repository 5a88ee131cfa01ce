"""answers.py - a daemon whose answers are empty, cut short or no JSON, and what stationctl makes of them.

Owns:  that daemon, which is a socket and a thread; run.py runs the tests.
"""
import csv
import io
import json
import os
import socket
import subprocess
import threading

from checks import Tests, check

TESTS = test = Tests()
MATTER = ["matter", "open", "--channel", "visit", "--category", "c"]
QUESTIONS = [MATTER, ["matter", "list"], ["matter", "show", "1"], ["status"], ["report", "--by", "category"],
             ["register", "matters"], ["log", "key"], ["log", "verify"], ["invites"]]
POSTS = [MATTER[:2], ["log", "verify"]]
WRONG, NO_DAEMON = 1, 3  # stationctl's exit codes
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sized(body, size=None):
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if size is None else size) + body


# name: (the whole answer, stationctl's exit code)
ANSWERS = {
    "an empty body": (sized(b""), WRONG),
    "an empty body without a length": (HEAD + b"\r\n", WRONG),
    "half of its JSON": (sized(b'{"number":"410611003-2026-0'), WRONG),
    "half of its JSON, ended by the connection": (HEAD + b'\r\n{"number":"410611003', WRONG),
    "less than its length": (sized(b'{"number":"x","state":"y"}', 200), NO_DAEMON),
    "half a head": (HEAD, WRONG),
    "no answer": (b"", NO_DAEMON),
    "a page": (sized(b"<html>busy</html>"), WRONG),
    "a refusal without words": (sized(b"").replace(b"200 OK", b"500 Internal Server Error"), WRONG),
}


class Daemon(threading.Thread):
    """Answers each request with the same bytes, and ends the connection."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.answer = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)

    def run(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            with one:
                one.sendall(self.reply(self.read_request(one)))
                one.shutdown(socket.SHUT_WR)
                one.recv(1)  # until the other end has seen it all

    def reply(self, _):
        return self.answer

    @staticmethod
    def read_request(one):
        """The body"""
        data = b""
        while b"\r\n\r\n" not in data:
            data += one.recv(65536)
        head, body = data.split(b"\r\n\r\n", 1)
        length = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                  if line.startswith(b"content-length:")]
        while length and len(body) < length[0]:
            body += one.recv(65536)
        return body

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self.socket.close()


BAD = 997  # every so many rows


class Importer(Daemon):
    """Takes TAKES rows of each piece at most, and none at every third request; stops: at the first bad row; dies: with
    that request."""
    TAKES = 1300

    def __init__(self, path, stops=False, dies=None):
        super().__init__(path)
        self.stops, self.dies, self.taken, self.bodies, self.requests = stops, dies, [], [], 0

    def reply(self, body):
        self.requests += 1
        if self.requests == self.dies:
            return b""
        if self.requests % 3 == 2:
            words = {"error": "EFULL", "message": {"zh": "磁盘已满", "en": "the disk is full"}, "place": ""}
            return sized(json.dumps(words).encode()).replace(b"200 OK", b"503 Service Unavailable")
        numbers = [int(r["number"]) for r in csv.DictReader(io.StringIO(body.decode()))]
        self.bodies.append(len(numbers))
        rows, bad = numbers[:self.TAKES], []
        for i, n in enumerate(rows):
            if n % BAD == 5:
                bad.append({"row": i + 2, "column": "state", "error": "EFIELD",
                            "reason": {"zh": "不对", "en": "no"}})
        stopped = self.stops and bool(bad)
        if stopped:
            del bad[1:]
            del rows[bad[0]["row"] - 2 + 1:]
        self.taken += rows
        return sized(json.dumps({"rows": len(rows), "opened": len(rows) - len(bad), "moved": 0, "unchanged": 0,
                                 "events": len(rows), "bad": bad, "stopped": stopped}).encode())


def asked(city, path, lang, *words):
    return subprocess.run([city.program("stationctl"), "--socket", path, "--lang", lang, *words],
                          capture_output=True, text=True, timeout=60)


def check_one(city, path, words, name, expected):
    done = asked(city, path, "en", *words)
    what = "%s to %s: exit %d, %r, %r" % (name, words, done.returncode, done.stdout, done.stderr)
    told = json.loads(done.stdout)["message"]["en"] in done.stderr if "--json" in words else not done.stdout
    check(done.returncode == expected and done.stderr and told, what)
    unsure = words[:2] in POSTS and name != "a refusal without words"
    check(("look it up" in done.stderr) == unsure, what)


@test
def answers_cut_short(city):
    """stationctl never ends with 0 on an answer that isn't whole, and says what may have been done."""
    path = os.path.join(city.home, "cut")
    daemon = Daemon(path)
    daemon.start()
    try:
        for name, (daemon.answer, expected) in ANSWERS.items():
            for words in QUESTIONS:
                for form in ([], ["--json"]):
                    check_one(city, path, words + form, name, expected)
        # A text has no end of its own: only an empty one, and one less than its length, show.
        for name in ("an empty body", "less than its length", "half a head", "no answer"):
            daemon.answer, expected = ANSWERS[name]
            check_one(city, path, ["log", "checkpoint"], name, expected)
        daemon.answer = sized(b"")
        done = asked(city, path, "zh", *MATTER)
        check("应答为空" in done.stderr and "先查看" in done.stderr, done.stderr)
        daemon.answer = sized(b'{"number":"410611003-2026-000001-X","state":"registered"}\n')
        done = asked(city, path, "en", *MATTER, "--json")
        check(done.returncode == 0 and done.stdout.startswith('{"number"'), "a whole answer is right")
        with open("/dev/full", "wb") as full:
            code = subprocess.run([city.program("stationctl"), "--socket", path, *MATTER, "--json"],
                                  stdout=full, stderr=subprocess.DEVNULL, timeout=60).returncode
        check(code == WRONG, "what can't be printed isn't right: exit %d" % code)
    finally:
        daemon.close()


COLUMNS = ("number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,sub_district,agency,title,"
           "text,reply,duplicate_of\n")


def imported(city, name, behaves, *words):
    """A file of 20,000 rows, of which every second one is asked for."""
    path = os.path.join(city.home, name)
    with open(path + ".csv", "w", encoding="utf-8") as f:
        f.write(COLUMNS)
        for n in range(20000):
            f.write("%d,2026-01-02T03:04:05Z,,,open,phone,c,,%s,,,title,%s,,\n" %
                    (n, "no" if n % 2 else "yes", "text " * 20))
    daemon = Importer(path, **behaves)
    daemon.start()
    try:
        return daemon, asked(city, path, "en", "import", path + ".csv", "--source", "s", "--district", "yes", *words)
    finally:
        daemon.close()


@test
def imports_in_pieces(city):
    """What the daemon takes a part of is sent on from there: each row is taken once and in the file's order, and
    a bad one is named by its row in the file."""
    daemon, done = imported(city, "pieces", {})
    wanted = list(range(0, 20000, 2))
    bad = [n for n in wanted if n % BAD == 5]
    check(daemon.taken == wanted, "rows went astray: %d of %d" % (len(daemon.taken), len(wanted)))
    check(len(daemon.bodies) > 6 and max(daemon.bodies) > Importer.TAKES, "in parts: %s" % daemon.bodies)
    told = ["%s.csv:%d: state: no" % (os.path.join(city.home, "pieces"), n + 2) for n in bad]
    lines = [line for line in done.stderr.splitlines() if ": state:" in line]
    check(done.returncode == WRONG and lines == told, "bad rows: %s" % done.stderr)
    check("20000 rows" in done.stderr and "%d opened" % (len(wanted) - len(bad)) in done.stderr, done.stderr)
    check(done.stderr.count("disk is full") >= 1, "why it waits: %s" % done.stderr)


@test
def imports_stop_at_once(city):
    """--on-error stop: nothing behind the bad row is sent, though it has been read ahead."""
    daemon, done = imported(city, "stop", {"stops": True}, "--on-error", "stop")
    first = BAD + 5
    check(daemon.taken == list(range(0, first + 1, 2)) and daemon.requests == 1, "behind the stop: %s" % daemon.taken[:9])
    check(done.returncode == 2 and "%d rows" % (first + 1) in done.stderr and "row %d" % (first + 2) in done.stderr, done.stderr)


@test
def imports_broken_off(city):
    """What was answered before the daemon went is told; rows that were read ahead count for nothing."""
    daemon, done = imported(city, "broken", {"dies": 4})
    check(len(daemon.taken) == 2 * Importer.TAKES and done.returncode == NO_DAEMON, "taken: %d" % len(daemon.taken))
    rows = daemon.taken[-1] + 1
    check("\n%d rows" % rows in done.stderr and "look it up" in done.stderr, "%d rows: %s" % (rows, done.stderr))
