"""control.py - a daemon's control socket, spoken to directly: cheaper than a stationctl a question.

Owns:  one connection, opened anew when it breaks. One thread at a time.
"""
import http.client
import json
import os
import socket
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "deploy", "demo"))
from city import Failed  # noqa: E402

IDLE_S = 30  # the daemon hangs up after 60


class Refused(Failed):
    """The daemon answered, with an error."""

    def __init__(self, status, body):
        self.status = status
        self.error = body.get("error", "") if isinstance(body, dict) else ""
        super().__init__("HTTP %d: %s" % (status, body))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Control:
    def __init__(self, station, timeout=60):
        self.station, self.timeout = station, timeout
        self._connection, self._used_s = None, 0

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def raw(self, method, path, body=None, **arguments):
        """(status, bytes). OSError, HTTPException: no answer, and nobody knows what happened."""
        if arguments:
            path += "?" + urllib.parse.urlencode(arguments)
        if time.monotonic() - self._used_s > IDLE_S:
            self.close()
        fresh = self._connection is None
        if fresh:
            self._connection = _Connection(self.station.socket, self.timeout)
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            data = answer.read()
            self._used_s = time.monotonic()
        except (OSError, http.client.HTTPException):
            self.close()
            if fresh or method != "GET":
                raise
            return self.raw(method, path, body)  # the daemon had hung up on an idle connection
        if answer.will_close:
            self.close()
        return answer.status, data

    def json(self, method, path, body=None, **arguments):
        if isinstance(body, dict):
            body = json.dumps(body)
        status, data = self.raw(method, path, body, **arguments)
        value = json.loads(data)
        if status >= 300:
            raise Refused(status, value)
        return value

    def get(self, path, **arguments):
        return self.json("GET", path, **arguments)

    def post(self, path, body=None, **arguments):
        return self.json("POST", path, body, **arguments)

    def command(self, move, record=None, **fields):
        body = {"kind": "matter", "move": move, "fields": fields}
        if record:
            body["record"] = record
        return self.post("/v1/commands", body)

    def open(self, title):
        return self.command("open", channel="visit", category="环境卫生", title=title)

    def wait(self, timeout_s=60, **what):
        """what: receipted=TIER or linked=1; Refused after the time"""
        return self.get("/v1/wait", timeout_s=timeout_s, **what)
