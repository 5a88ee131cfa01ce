"""town.py - the cities that are measured: real daemons with the settings of a real station.

Owns:  the folder of each run, under the build folder and so on the disk that is measured.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
import cases  # noqa: E402
from city import City, Failed, Station, free_port  # noqa: E402,F401

SETTINGS = {"map_gib": 16, "reserve_mib": 64, "ping_s": 20, "fresh_checkpoint_s": 600}
SOCKET_PATH_MAX = 60  # of a run's folder, so that control sockets in it can be named
MAIN, BRANCH, BASE = "410600", "410611", "410611003"


def say(words, *args):
    print("bench: " + words % args, file=sys.stderr, flush=True)


def run_folder(build):
    parent = os.path.join(os.path.abspath(build), "bench")
    if len(parent) > SOCKET_PATH_MAX:
        parent = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix="r", dir=parent)


class Control:
    """Requests to a daemon over one kept connection."""

    def __init__(self, station):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(station.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def ask(self, method, path, body=""):
        return json.loads(self.ask_raw(method, path, body))

    def ask_raw(self, method, path, body=""):
        data = body.encode()
        self.s.sendall(("%s %s HTTP/1.1\r\nHost: stationd\r\nContent-Length: %d\r\n\r\n" %
                        (method, path, len(data))).encode() + data)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.more()
        head, body = got.split(b"\r\n\r\n", 1)
        words = head.lower().split(b"content-length:")
        size = int(words[1].split(b"\r\n")[0]) if len(words) > 1 else 0
        while len(body) < size:
            body += self.more()
        if head.split(b" ", 2)[1] != b"200":
            raise Failed("%s %s: %s" % (method, path, body.decode("utf-8", "replace")))
        return body

    def more(self):
        data = self.s.recv(65536)
        if not data:
            raise Failed("the daemon hung up")
        return data

    def get(self, path):
        return self.ask("GET", path)

    def open_matter(self):
        """Registers one; answers the size of the log after it."""
        fields = {"channel": "visit", "category": "环境卫生", "subcategory": "垃圾清运不及时"}
        got = self.ask("POST", "/v1/commands", json.dumps({"kind": "matter", "move": "open",
                                                           "fields": fields}))
        return int(got["event"].rsplit("/", 1)[1])

    def event_bytes(self, code, seq):
        """How long the event is that the origin encoded."""
        return len(self.ask_raw("GET", "/v1/event?event=%s/1/%d" % (code, seq)))

    def wait_log(self, code, size, seconds=120):
        self.get("/v1/wait?log=%s&size=%d&timeout_s=%d" % (code, size, seconds))

    def wait_main(self, seconds=600):
        self.get("/v1/wait?receipted=main&timeout_s=%d" % seconds)


class Town(City):
    """with Town(build) as t: ends and removes all at the end"""

    def __init__(self, build):
        self.folder = run_folder(build)
        super().__init__(build, "en", self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def found(self, **settings):
        return self.add(MAIN, "鹤壁市总站", "main", None, **dict(SETTINGS, **settings))

    def join(self, code, tier, parent, address=None, **settings):
        s = Station(self, code, "站" + code, tier, parent, **dict(SETTINGS, **settings))
        self.stations[code] = s
        s.start()
        where = ["--address", address] if address else []
        invite = self[parent].ctl("invite", "--code", code, "--name", s.name, "--tier", tier,
                                  *where)
        s.ctl("join", "-", stdin=invite.strip())
        s.wait_linked()
        return s

    def three(self):
        """main, branch, base"""
        return (self.found(), self.join(BRANCH, "branch", MAIN), self.join(BASE, "base", BRANCH))

    def two(self):
        """main, branch"""
        return self.found(), self.join(BRANCH, "branch", MAIN)

    def check_held(self, top, station, events):
        """A figure counts only if what it says has happened did."""
        for one in top.json("status")["stations"]:
            if one["code"] == station.code and one["size"] >= events:
                return
        raise Failed("%s doesn't hold %d events of %s" % (top.code, events, station.code))

    def tool(self, name, *words):
        """What one of the bench's own programs says, line by line."""
        done = subprocess.run([os.path.join(self.build, "bench", name), *map(str, words)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed("%s: %s" % (name, done.stderr))
        return done.stdout.splitlines()

    def raw(self, what, count, *more):
        """What the machine can do now, on this disk."""
        folder = os.path.join(self.folder, "raw")
        os.makedirs(folder, exist_ok=True)
        return json.loads(self.tool("raw", what, folder, count, *more)[0])


def import_timed(station, path, source="bench"):
    """(events, seconds) of one import by stationctl"""
    begun = time.monotonic()
    got = station.json("import", path, "--source", source, timeout=600)
    took = time.monotonic() - begun
    if got["bad"]:
        raise Failed("import: %s" % got["bad_rows"][:3])
    return got["events"], took


def backlog(town, station, events, seed=11):
    """Matters with half of their lives, then the other half in any order: events in its store."""
    made = 0
    for stage in ("begun", "ended"):
        path = cases.write(os.path.join(town.folder, stage + ".csv"), events // 2, seed, stage)
        made += import_timed(station, path)[0]
    return made


def resume_timed(station):
    """Seconds from the link's way being free until main's receipt of all is back."""
    with Control(station) as c:
        begun = time.monotonic()
        c.ask("POST", "/v1/link/resume")
        c.wait_main()
        return time.monotonic() - begun


def rss_kib(station):
    """{"anon", "shmem", "file", "all"} of its process now"""
    out = {}
    with open("/proc/%d/status" % station.process.pid, encoding="ascii") as f:
        for line in f:
            name, _, value = line.partition(":")
            if name in ("RssAnon", "RssFile", "RssShmem", "VmRSS"):
                out[{"VmRSS": "all"}.get(name, name[3:].lower())] = int(value.split()[0])
    return out


def rss_store_kib(station):
    """Pages of the store's file that are mapped into its process: LMDB's page cache."""
    total, inside = 0, False
    with open("/proc/%d/smaps" % station.process.pid, encoding="utf-8") as f:
        for line in f:
            if line[0] in "0123456789abcdef" and "-" in line.split(" ", 1)[0]:
                inside = line.rstrip().endswith("data.mdb")
            elif inside and line.startswith("Rss:"):
                total += int(line.split()[1])
    return total
