"""clerk.py - a station's clerk: commands over its control socket, and what he has to do when.

Owns:  one connection a clerk, his agenda, and his own count of what he did (the ledger that the
       program's answers are compared with). One thread at a time; different clerks in parallel.
"""
import collections
import datetime
import heapq
import http.client
import json
import random
import socket
import time
import urllib.parse

from city import Failed

CHINA = datetime.timezone(datetime.timedelta(hours=8))
SEED = "hebi 2026"
SAMPLE = "示例数据 sample data"
AUTHOR = "demo"
MINUTE = datetime.timedelta(minutes=1)
IDLE_S = 30  # the daemon hangs up after 60


class Refused(Failed):
    def __init__(self, status, body, what):
        self.status = status
        super().__init__("HTTP %d: %s: %s" % (status, what, body))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Clerk:
    def __init__(self, station):
        self.station, self.code = station, station.code
        self.random = random.Random("%s/%s" % (SEED, station.code))
        self.count = collections.Counter()
        self.matters = []  # opened here, in order
        self.reception = None  # a visit with its visitors' names
        self.sent = []  # what went to another station since the last look
        self._agenda, self._serial = [], 0
        self._connection, self._used_s = None, 0

    # ---- the socket ----

    def call(self, method, path, body=None, **arguments):
        if arguments:
            path += "?" + urllib.parse.urlencode(arguments)
        if self._connection is None or time.monotonic() - self._used_s > IDLE_S:
            self.close()
            self._connection = _Connection(self.station.socket)
        text = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, text)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as e:
            self.close()
            raise Failed("%s: %s %s: %s" % (self.code, method, path, e)) from e
        self._used_s = time.monotonic()
        if answer.will_close:
            self.close()
        if answer.status >= 300:
            raise Refused(answer.status, data.decode(), "%s: %s %s" % (self.code, path, text))
        return json.loads(data)

    def get(self, path, **arguments):
        return self.call("GET", path, **arguments)

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def do(self, kind, move, at=None, record=None, **fields):
        """A command, at a business time; the record's number."""
        body = {"kind": kind, "move": move, "author": AUTHOR,
                "fields": {k: [str(x) for x in v] if isinstance(v, (list, tuple)) else str(v)
                           for k, v in fields.items() if v not in (None, "", [])}}
        if at:
            body["at"] = at.isoformat()
        if record:
            body["record"] = record
        answer = self.call("POST", "/v1/commands", body)
        self.count["commands"] += 1
        return answer["number"]

    def has(self, number, state=None):
        try:
            record = self.get("/v1/records/" + number)["record"]
        except Refused:
            return False
        return record["holder"] == self.code and (state is None or record["state"] == state)

    # ---- the agenda ----

    def plan(self, at, act):
        """act(self, at) is done when its time has come; of two at once the first planned goes first."""
        self._serial += 1
        heapq.heappush(self._agenda, (at, self._serial, act))

    def work_until(self, end):
        while self._agenda and self._agenda[0][0] < end:
            at, _, act = heapq.heappop(self._agenda)
            act(self, at)


def moment(day, hour=9, minute=0):
    return datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA)


def table_rows(answer):
    """An answer's rows, each by the names of its columns."""
    names = [c["name"] for c in answer["columns"]]
    return [dict(zip(names, row)) for row in answer["rows"]]


def until(what, look, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not look():
        if time.monotonic() > deadline:
            raise Failed("not within %d s: %s" % (timeout_s, what))
        time.sleep(0.01)
