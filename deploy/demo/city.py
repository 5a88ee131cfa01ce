"""city.py - a city of stations on one machine, each its own stationd process.

Owns:  starting, joining, killing and stopping the stations of a demo or a test. It ends only the
       processes that it started, and waits on events: a daemon's ready line, stationctl wait.
"""
import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PORT_FIRST, PORT_LAST = 17500, 32000  # below the ephemeral range, so no socket meets itself
PORTS_APART = 100  # cities of one machine start their search at different ports
PORTS = threading.Lock()


class Failed(Exception):
    pass


def free_port(start=[PORT_FIRST + os.getpid() % 100 * PORTS_APART]):
    while start[0] < PORT_LAST:
        with PORTS:
            start[0] += 1
            port = start[0]
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failed("no free port below %d" % PORT_LAST)


def divisions():
    """code -> name, of the network that the tests' city follows."""
    with open(os.path.join(TOP, "tests", "data", "hebi.csv"), encoding="utf-8") as f:
        return {row["code"]: row["name"] for row in csv.DictReader(f)}


class Station:
    def __init__(self, city, code, name, tier, parent, **settings):
        self.city, self.code, self.name, self.tier, self.parent = city, code, name, tier, parent
        self.home = os.path.join(city.home, code)
        self.data = os.path.join(self.home, "data")
        self.socket = os.path.join(self.home, "s")
        self.log = os.path.join(self.home, "log")
        self.config = os.path.join(self.home, "stationd.yaml")
        self.port = free_port()
        self.address = "tcp://127.0.0.1:%d" % self.port
        self.process = None
        self.environment = {}  # beside our own, from the next start on
        os.makedirs(self.data, mode=0o700)
        self.settings = {"data_dir": self.data, "control_socket": self.socket,
                         "listen": self.address, "lang": city.lang, "map_gib": 2,
                         "reserve_mib": 8, "ping_s": 2, "fresh_checkpoint_s": 30}
        self.settings.update(settings)
        self.write_config()

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as f:
            for key, value in self.settings.items():
                f.write("%s: %s\n" % (key, json.dumps(value)))

    def start(self, expect_ready=True):
        ready, told = os.pipe()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.city.program("stationd"), "--config", self.config, "--ready-fd", str(told)],
                stderr=log, stdout=log, pass_fds=[told], stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment})
        os.close(told)
        line = os.read(ready, 16)
        os.close(ready)
        if expect_ready and not line:
            raise Failed("%s didn't start: see %s" % (self.code, self.log))
        return bool(line)

    def kill(self):
        if self.process.poll() is not None:
            raise Failed("%s had ended with %d by itself: see %s" % (self.code, self.process.returncode, self.log))
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=10):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(timeout)
        return self.process.returncode if self.process else None

    def command(self, *words, lang=None):
        return [self.city.program("stationctl"), "--socket", self.socket, "--lang",
                lang or self.city.lang, *words]

    def run(self, *words, stdin=None, lang=None, timeout=180):
        """(exit code, stdout, stderr)"""
        return self.city.call(self.command(*words, lang=lang), stdin, timeout)

    def ctl(self, *words, **how):
        """stdout; anything but exit code 0 is a failure"""
        code, out, err = self.run(*words, **how)
        if code != 0:
            raise Failed("%s: stationctl %s: exit %d: %s%s" % (self.code, " ".join(words), code, err,
                                                                out))
        return out

    def json(self, *words, **how):
        return json.loads(self.ctl(*words, "--json", **how))

    def spawn(self, *words):
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def wait_main(self, seconds=90):
        self.ctl("wait", "--receipted", "main", "--timeout", str(seconds), timeout=seconds + 30)

    def wait_linked(self, seconds=60):
        self.ctl("wait", "--linked", "--timeout", str(seconds), timeout=seconds + 30)


class City:
    def __init__(self, build, lang="zh", home=None):
        self.build, self.lang = os.path.abspath(build), lang
        self.home = home or tempfile.mkdtemp(prefix="city-")
        self.root_key = os.path.join(self.home, "city-root.key")
        self.stations = {}
        self.environment = None  # of stationctl's calls; None: our own

    def call(self, command, stdin=None, timeout=None):
        """(exit code, stdout, stderr) of stationctl"""
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                              env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def program(self, name):
        return os.path.join(self.build, name)

    def add(self, code, name, tier, parent=None, through=None, **settings):
        """through: the address at which it finds its parent, if that isn't the parent's own"""
        s = Station(self, code, name, tier, parent, **settings)
        self.stations[code] = s
        s.start()
        if parent is None:
            s.ctl("init", "--code", code, "--name", name, "--root-key", self.root_key)
        else:
            invite = self.stations[parent].ctl(
                "invite", "--code", code, "--name", name, "--tier", tier, "--address",
                through or self.stations[parent].address).strip()
            s.ctl("join", "-", stdin=invite)
        return s

    def __getitem__(self, code):
        return self.stations[code]

    def __iter__(self):
        return iter(self.stations.values())

    def close(self, keep=False):
        """Which of them had to be killed, since they didn't end when they were told to."""
        for s in self:
            if s.process and s.process.poll() is None:
                s.process.send_signal(signal.SIGCONT)
                s.process.send_signal(signal.SIGTERM)
        hung = []
        for s in self:
            if s.process:
                try:
                    s.process.wait(10)
                except subprocess.TimeoutExpired:
                    s.process.kill()
                    s.process.wait()
                    hung.append(s.code)
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)
        return hung
