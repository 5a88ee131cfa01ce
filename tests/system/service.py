"""service.py - stationd as a service: its settings, its signals, its end, and rubbish on its control socket.

Owns:  the tests of it with real daemons; run.py runs them.
"""
import contextlib
import os
import signal
import socket
import subprocess
import time

from checks import Tests, check, until
from city import TOP
from steps import OPEN

TESTS = test = Tests()


@test
def control_rubbish(city):
    """The control socket answers rubbish with an error, and goes on."""
    base = city["410611003"]

    def ask(text):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(base.socket)
            s.sendall(text)
            s.settimeout(10)
            return s.recv(65536)

    def post(path, body):
        return ask(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" %
                   (path, len(body), body))

    for body in (b"", b"{", b"[]", b'{"kind":1}', b'{"kind":"matter"}', b'{"a":1,"a":2}',
                 b'{"kind":"matter","move":"open","fields":[]}',
                 b'{"kind":"matter","move":"open","fields":{"channel":7}}', b"\xff\xfe"):
        check(b" 400 " in post(b"/v1/commands", body), "refused: %r" % body)
    check(b" 404 " in ask(b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"), "no such path")
    check(b" 405 " in ask(b"GET /v1/commands HTTP/1.1\r\nHost: x\r\n\r\n"), "no such method")
    check(b" 413 " in post(b"/v1/commands", b"x" * 1200000), "too large")
    base.ctl(*OPEN)


@test
def stopped_while_waited_for(city):
    """Who waits for a station that is told to stop is told, also who asks as it ends; and it ends."""
    base = city["410611003"]
    city["410611"].stop()
    until("it has lost its parent", lambda: base.json("status")["uplink"]["state"] != "linked")
    base.process.send_signal(signal.SIGSTOP)
    asking = []
    for _ in range(40):  # more than it accepts at one go: the others come to it only at its end
        asking.append(socket.socket(socket.AF_UNIX))
        asking[-1].connect(base.socket)
        asking[-1].sendall(b"GET /v1/wait?linked=1&timeout_s=60 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    base.process.send_signal(signal.SIGTERM)
    base.process.send_signal(signal.SIGCONT)
    check(base.process.wait(20) == 0, "it ended with %s" % base.process.returncode)
    answers_to = []
    for s in asking:
        with s, contextlib.suppress(ConnectionResetError):
            answers_to.append(s.recv(4096))
    check(any(b"EBUSY" in a for a in answers_to), "who waited is told: %s" % answers_to)


@test
def second_daemon(city):
    """A second daemon on one directory is refused, and the first goes on."""
    base = city["410611003"]
    config = os.path.join(base.home, "second.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("data_dir: %s\ncontrol_socket: %s2\nlang: en\n" % (base.data, base.socket))
    done = subprocess.run([city.program("stationd"), "--config", config], capture_output=True, text=True)
    check(done.returncode == 4 and "another daemon" in done.stderr, done.stderr)
    base.ctl(*OPEN)


@test
def configuration(city):
    """Unknown keys, wrong types and bad values: file, line, column and cure."""
    path = os.path.join(city.home, "bad.yaml")

    def refused(text, *words):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        for lang in ("en", "zh"):
            done = subprocess.run([city.program("stationd"), "--config", path, "--check-config",
                                   "--lang", lang], capture_output=True, text=True)
            check(done.returncode == 2 and all(w in done.stderr for w in words),
                  "%r: %d %s" % (text, done.returncode, done.stderr))

    refused("lang: zh\ncolour: red\n", "bad.yaml:2:")
    refused("map_gib: many\n", "bad.yaml:1:")
    refused("lang: zh\nping_s: 0x7fffffffff\n", "bad.yaml:2:9", "ping_s", "300")
    refused("lang: zh\nmap_gib: 0\n", "bad.yaml:2:10", "map_gib", "4096")
    refused("listen: everywhere\n", "bad.yaml:1:9", "tcp://")
    refused("lang: fr\n", "bad.yaml:1:7", "zh")
    refused("lang: [zh]\n", "bad.yaml:1:")
    refused("lang: zh\nlang: en\n", "bad.yaml:2:")
    refused("lang: &a zh\nlog_level: *a\n", "bad.yaml:")
    shipped = os.path.join(TOP, "deploy", "systemd", "stationd.yaml")
    done = subprocess.run([city.program("stationd"), "--config", shipped, "--check-config"],
                          capture_output=True)
    check(done.returncode == 0, "the settings that are installed")
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as f:
        check("-m 644 deploy/systemd/stationd.yaml" in f.read(), "that the daemon's own user may read")
    root = os.path.join(city.home, "root")
    subprocess.run(["make", "-C", TOP, "-o", "all", "install", "O=" + city.build, "DESTDIR=" + root, "PREFIX=/opt/s"],
                   check=True, capture_output=True)
    with open(os.path.join(root, "lib/systemd/system/stationd.service"), encoding="utf-8") as f:
        started = [x.split("=")[1].split()[0] for x in f if x.startswith("ExecStart=")]
    check(started == ["/opt/s/sbin/stationd"] and os.path.exists(root + started[0]),
          "the unit starts what was installed: %s" % started)
    with open(path, "w", encoding="utf-8") as f:
        f.write("lang: en\nlisten: tcp://127.0.0.1:7411\n")
    done = subprocess.run([city.program("stationd"), "--config", path, "--check-config"],
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    for lang, words in (("zh", "没有这个文件"), ("en", "no such file")):
        missing = subprocess.run([city.program("stationd"), "--config", "/nonexistent", "--lang", lang],
                                 capture_output=True, text=True)
        check(missing.returncode == 2 and words in missing.stderr, "no such file: %s" % missing.stderr)


@test
def reload(city):
    """SIGHUP takes new settings; a wrong file is told, and the old ones stay."""
    base = city["410611003"]

    def log():
        with open(base.log, encoding="utf-8") as f:
            return f.read()

    base.wait_linked()
    base.settings["log_level"] = "loud"
    base.write_config()
    base.process.send_signal(signal.SIGHUP)
    line = until("the wrong file is told", lambda: [x for x in log().splitlines() if "CONFIG_WRONG" in x])[0]
    check("old settings stay" in line and "stationd.yaml:" in line and "log_level" in line, line)
    base.ctl(*OPEN)
    base.settings.update(log_level="info", lang="zh")
    base.write_config()
    base.process.send_signal(signal.SIGHUP)
    until("the right one is taken", lambda: "CONFIG_TAKEN 已采用" in log())
    city["410611"].stop()
    until("its language, too", lambda: "与上级" in log())


@test
def clean_stop(city):
    """SIGTERM ends each daemon within two seconds, whatever it does."""
    for s in city:
        begun = time.monotonic()
        code = s.stop(10)
        check(code == 0 and time.monotonic() - begun < 2, "%s: exit %s after %.1f s" %
              (s.code, code, time.monotonic() - begun))
