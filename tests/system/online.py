"""online.py - the city's platform, as the daemons meet it: messages in, answers by code, web hooks back.

Owns:  a platform (HTTP client), a receiver of web hooks (a process that can be killed), and the tests of both.
       The contract is deploy/docs/openapi.yaml, read anew by each run.
"""
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "deploy", "demo"))
from checks import Tests, check, until  # noqa: E402
from city import Failed, Station, free_port  # noqa: E402

MAIN, BRANCH, BASE = "410600", "410611", "410611003"
TOKEN, OTHER = "platform-token-0123456789", "another-token-9876543210"
SECRET = "web hook secret 0123456789"
NAME, MOBILE = "王某某", "13812345678"
TESTS = test = Tests()


# ---- the contract: as much of JSON Schema as the file uses ----

def contract():
    with open(os.path.join(TOP, "deploy", "docs", "openapi.yaml"), encoding="utf-8") as f:
        return yaml.safe_load(f)


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
WORDS = {"type", "nullable", "enum", "pattern", "minLength", "maxLength", "required", "properties",
         "additionalProperties", "items", "description", "example", "format", "minimum", "$ref", "allOf"}
FORMATS = {"date": r"\d{4}-\d\d-\d\d", "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"}


def validate(doc, schema, value, at="$"):
    """Raises Failed with the place where value isn't as the schema says."""
    if "$ref" in schema:
        target = doc
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        validate(doc, target, value, at)
        return
    check(set(schema) <= WORDS, "%s: this validator doesn't know %s" % (at, set(schema) - WORDS))
    if value is None and schema.get("nullable"):
        return
    for one in schema.get("allOf", []):
        validate(doc, one, value, at)
    kind = schema.get("type")
    if kind:
        right = isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))
        check(right, "%s: %r is no %s" % (at, value, kind))
    if "enum" in schema:
        check(value in schema["enum"], "%s: %r is none of %s" % (at, value, schema["enum"]))
    if isinstance(value, str):
        check(len(value) >= schema.get("minLength", 0), "%s: too short: %r" % (at, value))
        check(len(value) <= schema.get("maxLength", len(value)), "%s: too long: %r" % (at, value))
        for pattern in filter(None, (schema.get("pattern"), FORMATS.get(schema.get("format")))):
            check(re.fullmatch(pattern.strip("^$"), value), "%s: %r isn't %s" % (at, value, pattern))
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            check(name in value, "%s: %s is missing" % (at, name))
        for name, one in value.items():
            if name in known:
                validate(doc, known[name], one, "%s.%s" % (at, name))
            else:
                check(schema.get("additionalProperties", True), "%s: %s isn't in the contract" % (at, name))
    for i, one in enumerate(value if isinstance(value, list) else []):
        validate(doc, schema.get("items", {}), one, "%s[%d]" % (at, i))


def known_words(schema, at):
    """Every schema of the file is in words that the validator knows."""
    check(set(schema) <= WORDS, "%s: this validator doesn't know %s" % (at, set(schema) - WORDS))
    for name, one in schema.get("properties", {}).items():
        known_words(one, at + "." + name)
    for one in schema.get("allOf", []) + ([schema["items"]] if "items" in schema else []):
        known_words(one, at)


class Contract:
    """Checks each answer, and remembers which of the documented ones were seen."""

    def __init__(self):
        self.doc = contract()
        for name, schema in self.doc["components"]["schemas"].items():
            known_words(schema, name)
        self.documented = {(path, method, status) for path, item in self.doc["paths"].items()
                           for method in item for status in item[method]["responses"]}
        self.seen = set()

    def path_of(self, path):
        for known in self.doc["paths"]:
            if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", known), path):
                return known
        return None

    def answer(self, method, path, status, body, headers):
        known = self.path_of(urllib.parse.urlparse(path).path)
        operation = self.doc["paths"].get(known, {}).get(method.lower())
        if operation is None:  # what isn't in the file answers as any error does
            check(status in (404, 405, 401, 429), "%s %s: %d" % (method, path, status))
            validate(self.doc, {"$ref": "#/components/schemas/Error"}, body)
            return
        check(str(status) in operation["responses"], "%s %s: %d isn't documented: %s" %
              (method, path, status, body))
        response = operation["responses"][str(status)]
        if "$ref" in response:
            response = self.doc["components"]["responses"][response["$ref"].split("/")[-1]]
        for name in response.get("headers", {}):
            check(name in headers, "%s %s: %d has no %s" % (method, path, status, name))
        validate(self.doc, response["content"]["application/json"]["schema"], body)
        self.seen.add((known, method.lower(), str(status)))


# ---- the platform ----

class Platform:
    def __init__(self, port, token=TOKEN, contract_=None):
        self.port, self.token, self.contract = port, token, contract_ or Contract()

    def ask(self, method, path, body=None, headers=None, forwarded=None):
        """(status, JSON)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        head = {"Content-Type": "application/json"}
        if self.token:
            head["Authorization"] = "Bearer " + self.token
        if forwarded:
            head["X-Forwarded-For"] = forwarded
        head.update(headers or {})
        head = {k: v for k, v in head.items() if v is not None}
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            value = json.loads(answer.read())
            self.contract.answer(method, path, answer.status, value, answer.headers)
            return answer.status, value
        finally:
            connection.close()

    def send(self, request_id, **changes):
        return self.ask("POST", "/online/v1/messages", message(request_id, **changes))

    def status(self, code, **how):
        return self.ask("GET", "/online/v1/messages/" + urllib.parse.quote(code), **how)


def message(id_, **changes):
    m = {"name": NAME, "mobile": MOBILE, "title": "路灯不亮", "text": "黎阳路北段路灯三天不亮。",
         "notice_accepted": True, "request_id": id_,
         "place": {"county": "淇滨区", "town": "黎阳路街道", "detail": "北段 5 号楼前"}}
    m.update(changes)
    return {k: v for k, v in m.items() if v is not None}


def secret_file(station, name, text, mode=0o600):
    path = os.path.join(station.home, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def open_online(station, **settings):
    """Restarts a station with the listener; its port. It has heard of all below it: a message goes to the one of
    its place."""
    for s in station.city:
        if s.parent is not None and s.process.poll() is None:
            s.wait_main()
    port = free_port()
    station.settings.update({
        "online_listen": "127.0.0.1:%d" % port, "online_rate": 6000,
        "online_token_file": secret_file(station, "tokens", "# city\nplatform:%s\nother:%s\n" %
                                         (TOKEN, OTHER))})
    station.settings.update(settings)
    station.write_config()
    station.stop()
    station.start()
    return port


# ---- the receiver, a process of its own ----

RECEIVER = r"""
import http.server, json, sys
port, log, refusals = int(sys.argv[1]), sys.argv[2], [int(x) for x in sys.argv[3].split(",") if x]
never = sys.argv[4]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = refusals.pop(0) if refusals else 204
        if json.loads(body)["request_id"] == never:
            status = 422
        with open(log, "a", encoding="utf-8") as f:
            f.write(json.dumps({"status": status, "headers": dict(self.headers), "body": body}) + "\n")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
http.server.HTTPServer.allow_reuse_address = True
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
print("ready", flush=True)
server.serve_forever()
"""


class Receiver:
    def __init__(self, home):
        self.port, self.log, self.process = free_port(), os.path.join(home, "hooks.jsonl"), None
        self.url = "http://127.0.0.1:%d/hook" % self.port
        open(self.log, "w", encoding="utf-8").close()

    def start(self, refusals=(), never=""):
        """refusals: its first answers; never: a request id of which it takes nothing"""
        self.process = subprocess.Popen(
            [sys.executable, "-c", RECEIVER, str(self.port), self.log, ",".join(map(str, refusals)), never],
            stdout=subprocess.PIPE)
        check(self.process.stdout.readline() == b"ready\n", "the receiver didn't start")

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def got(self, status=None):
        with open(self.log, encoding="utf-8") as f:
            lines = f.read().split("\n")[:-1]  # what stands behind the last line's end is being written
        all_ = [json.loads(line) for line in lines]
        return [g for g in all_ if status is None or g["status"] == status]


# ---- the tests ----

def answer_at_base(base, number, reply="已修复, 谢谢反映"):
    base.ctl("matter", "accept", number, "--category", "市政设施")
    base.ctl("matter", "answer", number, "--reply", reply)


def arrived(base, title="路灯不亮"):
    """The number of the matter of that title, once the base has it."""
    def look():
        for r in base.json("matter", "list", "--state", "registered")["records"]:
            if r["title"] == title and r["holder"] == base.code:
                return r["number"]
        return None
    return until("%s is at %s" % (title, base.code), look)


def private_anywhere(station, number):
    return NAME in json.dumps(station.json("matter", "show", number), ensure_ascii=False)


@test
def online_whole_way(city):
    """A message at main is a matter at the base of its place, handled there, answered by code, and told."""
    main, branch, base = city[MAIN], city[BRANCH], city[BASE]
    receiver = Receiver(city.home)
    p = Platform(open_online(main, online_webhook=receiver.url, online_webhook_secret_file=secret_file(
        main, "hook-secret", SECRET + "\n")))
    try:
        status, a = p.send("A-1")
        check(status == 201 and a["new"] and a["station"]["code"] == BASE, "%d %s" % (status, a))
        code = a["code"]
        check(p.send("A-1") == (200, dict(a, new=False)), "the same id has the same code")
        number = arrived(base)
        check(private_anywhere(base, number), "the base reads the reporter's name")
        check(not private_anywhere(branch, number), "the branch doesn't")
        shown = base.json("matter", "show", number)["events"][0]
        check(shown["facts"]["source"] == "platform" and shown["facts"]["source_number"] == "A-1" and
              shown["facts"]["channel"] == "online" and shown["facts"]["place"] == "淇滨区黎阳路街道" and
              shown["texts"]["remark"] == "北段 5 号楼前", "the matter: %s" % shown)
        status, s = p.status(code)
        check(status == 200 and s["state"] == "registered" and s["station"]["code"] == BASE and
              s["answer"] is None, "%d %s" % (status, s))
        answer_at_base(base, number)
        s = until("main has the answer", lambda: [s for s in [p.status(code)[1]] if s["state"] == "answered"])[0]
        check(s["answer"] == "已修复, 谢谢反映" and s["accepted"] and s["due"] and s["answered"] and
              not s["ended"] and s["words"]["zh"] == "已有答复", "%s" % s)
        for text in (NAME, MOBILE, number, "clerk"):
            check(text not in json.dumps(s, ensure_ascii=False), "%s is in what is told" % text)
        loose = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        check(p.status(loose)[1]["code"] == code, "a code as people type it: %s" % loose)

        # The receiver isn't there, comes and refuses, dies, comes back; main dies in between.
        until("an error shows", lambda: main.json("online", "status")["hooks"]["last_error"])
        check(main.json("online", "status")["hooks"]["waiting"] == 1, "one hook waits")
        receiver.start([503, 503])
        until("it was refused twice", lambda: len(receiver.got(503)) == 2)
        receiver.kill()
        main.kill()
        main.start()
        receiver.start()
        until("it is taken", lambda: receiver.got(204))
        until("nothing waits", lambda: main.json("online", "status")["hooks"]["waiting"] == 0)
        base.ctl("matter", "echo", number, "--rating_answer", "satisfied", "--told_how", "phone")
        base.ctl("matter", "close", number)
        until("the end is told", lambda: len(receiver.got(204)) == 2)
        events, ids = [], []
        for g in receiver.got():
            body = json.loads(g["body"])
            validate(p.contract.doc, {"$ref": "#/components/schemas/Hook"}, body)
            signed = (g["headers"]["X-Stationd-Timestamp"] + "." + g["body"]).encode()
            mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            check(g["headers"]["X-Stationd-Signature"] == "v1=" + mac, "the signature is right")
            check(g["headers"]["X-Stationd-Id"] == body["id"] and body["request_id"] == "A-1" and
                  body["status"]["code"] == code and NAME not in g["body"], "%s" % body)
            events.append(body["event"])
            ids.append(body["id"])
        check(events == ["answered", "answered", "answered", "closed"], "in order: %s" % events)
        check(len(set(ids[:3])) == 1 and ids[3] != ids[0], "one id for each result: %s" % ids)
        listed = main.json("online", "list")
        check([r[0] for r in listed["rows"]] == [code] and listed["rows"][0][5] == "办结", "%s" % listed)
        check(code in main.ctl("online", "list"), "the list names the code")
        until("main's tallies hold", lambda: main.run("recount")[0] == 0)
    finally:
        receiver.kill()


@test
def online_merged(city):
    """A message that a base merges into a matter of its own hears of that one's answer, kept until taken, once."""
    main, base = city[MAIN], city[BASE]
    receiver = Receiver(city.home)
    p = Platform(open_online(main, online_webhook=receiver.url))
    try:
        other = base.ctl("matter", "open", "--channel", "visit", "--category", "市政", "--title", "路灯坏了").strip()
        code = p.send("A-1")[1]["code"]
        number = arrived(base)
        base.ctl("matter", "merge", number, "--joins", other)
        until("the merge waits at main", lambda: main.json("online", "status")["hooks"]["waiting"] == 1)
        answer_at_base(base, other)
        until("the answer, too", lambda: main.json("online", "status")["hooks"]["waiting"] == 2)
        receiver.start()
        until("both are taken", lambda: len(receiver.got(204)) == 2)
        base.ctl("matter", "tell", number, "--told_how", "phone")  # leaves the states as they are
        base.ctl("matter", "echo", other, "--rating_answer", "satisfied", "--told_how", "phone")
        base.ctl("matter", "close", other)
        until("the end is told", lambda: len(receiver.got(204)) == 3)
        bodies = [json.loads(g["body"]) for g in receiver.got(204)]
        for body in bodies:
            validate(p.contract.doc, {"$ref": "#/components/schemas/Hook"}, body)
        check([b["event"] for b in bodies] == ["merged", "answered", "closed"], "each once: %s" % bodies)
        check(all(b["request_id"] == "A-1" and b["status"]["code"] == code and b["status"]["state"] == "merged"
                  for b in bodies) and bodies[2]["status"]["answer"] == "已修复, 谢谢反映", "%s" % bodies)
        check(len({b["id"] for b in bodies}) == 3, "one id for each")
    finally:
        receiver.kill()


BAD = (  # what is changed, the member that is named, the status
    ({"name": None}, "name", 400), ({"name": 5}, "name", 400), ({"name": " \u3000"}, "name", 400),
    ({"name": "王" * 41}, "name", 400), ({"name": "王\u0007"}, "name", 400),
    ({"mobile": "12345678901"}, "mobile", 400), ({"mobile": "1381234567"}, "mobile", 400),
    ({"mobile": "+8613812345678"}, "mobile", 400), ({"mobile": None}, "mobile", 400),
    ({"title": ""}, "title", 400), ({"title": "a\nb"}, "title", 400), ({"title": "灯" * 101}, "title", 400),
    ({"text": None}, "text", 400), ({"text": "灯" * 4001}, "text", 400),
    ({"notice_accepted": False}, "notice_accepted", 400), ({"notice_accepted": None}, "notice_accepted", 400),
    ({"notice_accepted": "true"}, "notice_accepted", 400),
    ({"request_id": None}, "request_id", 400), ({"request_id": "x" * 121}, "request_id", 400),
    ({"place": None}, "place", 400), ({"place": "淇滨区"}, "place", 400), ({"place": {}}, "place", 400),
    ({"place": {"detail": "5 号楼"}}, "place", 400), ({"place": {"code": "41061"}}, "place.code", 400),
    ({"place": {"town": 7}}, "place.town", 400), ({"place": {"town": "路" * 27}}, "place.town", 400),
    ({"place": {"town": "黎阳路", "lat": 1}}, "place.lat", 400), ({"category": 1}, "category", 400),
    ({"category": "类" * 41}, "category", 400), ({"state": "closed"}, "state", 400),
)
BODIES = (b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"name": "\xc3\x28"}', b"[" * 5000, b'{"a":1,"a":1}',
          b'{"name": "\\u0000"}')


def rubbish(port, data, wait=True):
    """What a connection answers to bytes that are no request."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            return s.recv(65536)
        except OSError:
            return b""


@test
def online_contract(city):
    """Every answer that the contract documents is provoked, and is as it says; rubbish is refused whole."""
    main = city[MAIN]
    c = Contract()
    port = open_online(main, online_body_max=20000)
    p = Platform(port, contract_=c)
    for n, (changes, place, status) in enumerate(BAD):
        got, e = p.ask("POST", "/online/v1/messages", message("bad-%d" % n, **changes))
        check((got, e["place"]) == (status, place) and e["message"]["zh"] != e["message"]["en"],
              "%s: %d %s" % (changes, got, e))
    for body in BODIES:
        got, e = p.ask("POST", "/online/v1/messages", body)
        check(got == 400, "%r: %d %s" % (body[:20], got, e))
    check(p.ask("POST", "/online/v1/messages", b"x" * 30000)[0] == 413, "a body beyond the limit")
    check(p.ask("POST", "/online/v1/messages", b"", {"Content-Length": "99999999"})[0] == 413,
          "one that is said to be far beyond isn't even read")
    check(p.ask("POST", "/online/v1/messages", b"{}", {"Content-Type": "text/plain"})[0] == 415, "a type")
    for head in ({"Authorization": None}, {"Authorization": "Bearer "}, {"Authorization": "Basic " + TOKEN},
                 {"Authorization": "Bearer " + TOKEN[:-1]}, {"Authorization": "Bearer " + TOKEN + "x"}):
        for method, path in (("POST", "messages"), ("GET", "messages/7K2M"), ("GET", "stations")):
            check(p.ask(method, "/online/v1/" + path, None, head)[0] == 401, "%s %s" % (method, head))
    check(main.json("online", "list")["rows"] == [], "nothing of all that was taken")
    status, a = p.send("C-1", place={"code": BASE})
    check(status == 201 and p.send("C-1")[0] == 200 and p.status(a["code"])[0] == 200, "a good one")
    check(Platform(port, OTHER, c).send("C-1")[0] == 201, "another platform's id is another matter")
    for code in (a["code"][:-1] + ("0" if a["code"][-1] != "0" else "1"), "7K2M-93QX-C8TZ-4N", "x", "%", "-" * 60):
        check(p.status(code)[0] == 404, "no such code: %s" % code)
    check(p.ask("GET", "/online/v1/stations")[0] == 200 and
          p.ask("GET", "/online/v1/stations?from=x")[0] == 400 and
          p.ask("GET", "/online/v1/health")[1] == {"status": "ok"} and
          Platform(port, None, c).ask("GET", "/online/v1/health")[0] == 200, "the rest")
    for method, path, status in (("GET", "/v1/status", 404), ("POST", "/v1/commands", 404), ("GET", "/", 404),
                                 ("DELETE", "/online/v1/messages", 405), ("PUT", "/online/v1/health", 405),
                                 ("GET", "/online/v1/messages", 405), ("OPTIONS", "/online/v1/messages", 405)):
        check(p.ask(method, path, b"{}" if method == "POST" else None)[0] == status, "%s %s" % (method, path))
    for data in (b"\0" * 5000, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9000 + b"\r\n",
                 b"POST /online/v1/messages HTTP/1.1\r\nContent-Length: -1\r\n\r\n", os.urandom(3000)):
        rubbish(port, data)
    check(p.ask("GET", "/online/v1/health")[0] == 200, "and it goes on")

    open_online(main, online_listen="127.0.0.1:%d" % port, online_rate=1)
    check(p.ask("POST", "/online/v1/messages", b"{}")[0] == 400, "one a minute")
    check(p.send("C-2")[0] == 429, "the second is too often")
    check(p.send("C-2", place=None)[0] == 429, "whatever it is")
    check(p.ask("POST", "/online/v1/messages", message("C-2"), {"Authorization": "Bearer " + OTHER},
                "203.0.113.9")[0] == 201, "another token from another address isn't held up")
    check(p.ask("POST", "/online/v1/messages", message("C-3"), {}, "203.0.113.7, 203.0.113.8")[0] == 429,
          "the token is, from wherever it comes")
    far = "198.51.100.%d"
    p.status("7K2M-93QX-C8TZ-4N", forwarded=far % 1)
    check(p.status(a["code"], forwarded=far % 1)[0] == 429, "a wrong code costs as much as ten questions")
    check(p.status(a["code"], forwarded="::ffff:" + far % 1)[0] == 429, "an IPv4 address is one, however it is written")
    check(p.status(a["code"], forwarded=far % 2)[0] == 200, "nobody else")
    check(p.status(a["code"], forwarded="::ffff:" + far % 2)[0] == 200, "not as that, either")
    for path in ("stations", "health"):
        for _ in range(11):
            status = p.ask("GET", "/online/v1/" + path, forwarded=far % (3 if path == "health" else 4))[0]
        check(status == 429, path)

    unset = Station(city, "410900", "", "main", None)
    try:
        port = open_online(unset)
        u = Platform(port, contract_=c)
        check(u.send("U-1")[0] == 503 and u.ask("GET", "/online/v1/stations")[0] == 503 and
              u.ask("GET", "/online/v1/health") == (503, {"status": "unset"}), "a station that isn't set up")
    finally:
        unset.stop()
    check(c.documented == c.seen, "documented, and not provoked: %s" % sorted(c.documented - c.seen))


@test
def online_places(city):
    """The station by place: what is sure goes there, what isn't stays with the county or here."""
    main = city[MAIN]
    p = Platform(open_online(main))
    for where, code in (({"code": BASE}, BASE), ({"code": BASE + "201"}, BASE), ({"code": "410611999"}, BRANCH),
                        ({"code": "410611"}, BRANCH), ({"code": "410699"}, MAIN), ({"code": "99"}, MAIN),
                        ({"county": "淇滨"}, BRANCH), ({"county": "淇滨区"}, BRANCH),
                        ({"county": "淇滨区", "town": "黎阳路"}, BASE), ({"town": "黎阳路街道办事处"}, BASE),
                        ({"town": "淇滨区黎阳路街道"}, BASE), ({"county": "淇滨区", "town": "九江路"}, BRANCH),
                        ({"county": "浚县", "town": "黎阳路"}, MAIN), ({"county": "区"}, MAIN),
                        ({"code": "410621", "town": "黎阳路"}, BASE)):
        status, a = p.ask("GET", "/online/v1/stations?" + urllib.parse.urlencode(where))
        check(status == 200 and a["chosen"]["code"] == code, "%s: %s" % (where, a["chosen"]))
    check([s["code"] for s in a["stations"]] == [MAIN, BRANCH, BASE], "%s" % a)
    status, a = p.send("P-1", place={"town": "别处"})
    check(status == 201 and a["station"]["code"] == MAIN, "here: %s" % a)
    shown = main.json("matter", "list", "--state", "registered")["records"]
    check([r["holder"] for r in shown] == [MAIN], "%s" % shown)
    main.ctl("matter", "refuse", shown[0]["number"], "--reason", "已由法院受理", "--elsewhere", "淇滨区人民法院")
    s = p.status(a["code"])[1]
    check(s["state"] == "refused" and s["reason"] == "已由法院受理" and s["elsewhere"] == "淇滨区人民法院" and
          s["ended"] and s["answer"] is None, "%s" % s)


@test
def online_killed(city):
    """Main dies while messages come in: the same id, sent until it is answered, is one matter with one code."""
    main, base = city[MAIN], city[BASE]
    chance = random.Random(7)
    port = open_online(main)
    p = Platform(port)
    codes = {}
    for n in range(10):
        killer = threading.Timer(chance.random() * 0.02, main.kill)
        killer.start()
        sent = 0
        for i in range(3):
            try:
                a = p.send("K-%d-%d" % (n, i), title="第 %d-%d 件" % (n, i))[1]
                codes["K-%d-%d" % (n, i)] = a["code"]
                sent += 1
            except (OSError, http.client.HTTPException, ValueError):
                pass
        killer.join()
        main.process.wait()
        main.start()
        for i in range(3):
            status, a = p.send("K-%d-%d" % (n, i), title="第 %d-%d 件" % (n, i))
            check(status in (200, 201) and codes.setdefault(a and "K-%d-%d" % (n, i), a["code"]) == a["code"],
                  "%d %s, was %s" % (status, a, codes))
    check(len(set(codes.values())) == 30, "thirty codes")
    listed = main.json("online", "list")["rows"]
    check(sorted(r[3] for r in listed) == sorted(codes) and {r[6] for r in listed} == {BASE},
          "thirty matters, handed on: %s" % listed)
    def all_there():
        return len(base.json("matter", "list", "--holder", BASE, "--limit", "100")["records"]) == 30
    try:
        until("all of them are at the base", all_there, 60)
    except Failed as e:
        raise Failed("%s: %s" % (e, [(s.code, s.json("status")) for s in city])) from e
    main.ctl("recount")


@test
def online_hooks_apart(city):
    """A result that is refused holds up no other; a receiver that hangs holds up nothing at all."""
    main, base = city[MAIN], city[BASE]
    receiver = Receiver(city.home)
    p = Platform(open_online(main, online_webhook=receiver.url))
    try:
        receiver.start(never="H-1")
        for n in (1, 2, 3):
            p.send("H-%d" % n, title="第 %d 件" % n)
            answer_at_base(base, arrived(base, "第 %d 件" % n))
        until("two are taken", lambda: len(receiver.got(204)) == 2)
        until("the third is tried again", lambda: len(receiver.got(422)) >= 3)
        check({json.loads(g["body"])["request_id"] for g in receiver.got(204)} == {"H-2", "H-3"} and
              all("X-Stationd-Signature" not in g["headers"] for g in receiver.got()), "%s" % receiver.got())
        check(main.json("online", "status")["hooks"]["waiting"] == 1 and
              "HTTP 422" in main.ctl("online", "status"), "one waits, and says why")
        receiver.kill()
        with socket.socket() as hanging:
            hanging.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hanging.bind(("127.0.0.1", receiver.port))
            hanging.listen(8)
            p.send("H-4", title="第 4 件")
            answer_at_base(base, arrived(base, "第 4 件"))
            until("it hangs", lambda: main.json("online", "status")["hooks"]["sending"])
            begun = time.monotonic()
            for n in range(20):
                check(p.send("H-5-%d" % n)[0] == 201, "messages come in")
            check(time.monotonic() - begun < 5, "and none waits for the receiver")
        receiver.start()
        until("all is taken in the end", lambda: main.json("online", "status")["hooks"]["waiting"] == 0, 90)
        taken = [json.loads(g["body"]) for g in receiver.got(204)]
        check(sorted(t["request_id"] for t in taken) == ["H-%d" % n for n in (1, 2, 3, 4)], "once: %s" % taken)
    finally:
        receiver.kill()


@test
def online_slow(city):
    """Whoever sends a byte now and then is cut off; too many at once are turned away; others are served."""
    main = city[MAIN]
    port = open_online(main)
    p = Platform(port)
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(20)]
    head = b"POST /online/v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + TOKEN.encode()
    begun, i = time.monotonic(), 0
    open_ = list(slow)
    while open_ and time.monotonic() - begun < 40:
        for s in list(open_):
            try:
                s.send(head[i % len(head):i % len(head) + 1])
                s.settimeout(0.001)
                if s.recv(1024) == b"":
                    open_.remove(s)
            except socket.timeout:
                pass
            except OSError:
                open_.remove(s)
        i += 1
        check(p.ask("GET", "/online/v1/health")[0] == 200, "others are served")
        time.sleep(0.5)
    check(not open_ and time.monotonic() - begun > 15, "they were cut off")
    check(main.json("online", "status")["cut"] == 20, "and counted")
    many = []
    try:
        for _ in range(80):
            many.append(socket.create_connection(("127.0.0.1", port), timeout=30))
        check(main.json("online", "status")["open"], "the control socket is another")
    finally:
        for s in many + slow:
            s.close()
    until("it serves again", lambda: serves(p))


def serves(p):
    try:
        return p.ask("GET", "/online/v1/health")[0] == 200
    except (OSError, http.client.HTTPException, ValueError):
        return False


@test
def online_settings(city):
    """Off by default; no open address without tokens; a bad file keeps the intake shut, and only that."""
    main = city[MAIN]
    check(not main.json("online", "status")["open"] and main.json("online", "status")["listen"] == "", "off")
    for settings, said in (({"online_listen": "0.0.0.0:7480"}, "online_token_file"),
                           ({"online_listen": "localhost:7480"}, "online_listen"),
                           ({"online_listen": "127.0.0.1"}, "online_listen"),
                           ({"online_webhook": "ftp://x/"}, "online_webhook"),
                           ({"online_rate": 0}, "online_rate"), ({"online_body_max": 10}, "online_body_max")):
        path = os.path.join(city.home, "try.yaml")
        with open(path, "w", encoding="utf-8") as f:
            for key, value in settings.items():
                f.write("%s: %s\n" % (key, json.dumps(value)))
        done = subprocess.run([city.program("stationd"), "--check-config", "--config", path],
                              capture_output=True, text=True)
        check(done.returncode == 2 and said in done.stderr, "%s: %s" % (settings, done.stderr))
    for text, mode, said in (("platform:%s\n" % TOKEN, 0o644, "chmod"), ("platform:short\n", 0o600, "line 1"),
                             ("# none\n", 0o600, "no token"), ("a b:%s\n" % TOKEN, 0o600, "line 1"),
                             ("a:%s\nb:%s\n" % (TOKEN, TOKEN), 0o600, "line 2")):
        port = open_online(main, online_token_file=secret_file(main, "bad", text, mode))
        s = main.json("online", "status")
        check(not s["open"] and said in s["why"], "%r: %s" % (text, s))
        main.ctl("matter", "open", "--channel", "visit")
    main.settings["online_token_file"] = ""
    port = open_online(main, online_token_file="")
    p = Platform(port, None)
    check(p.send("S-1")[0] == 201, "loopback needs no token")
    tokens = secret_file(main, "tokens2", "one:%s\n" % TOKEN)
    port = open_online(main, online_token_file=tokens)
    p = Platform(port)
    check(p.send("S-2")[0] == 201, "the first token")
    secret_file(main, "tokens2", "one:%s\n" % OTHER)
    main.process.send_signal(signal.SIGHUP)
    until("the new token counts", lambda: Platform(port, OTHER).ask("GET", "/online/v1/stations")[0] == 200)
    check(p.send("S-3")[0] == 401, "the old one doesn't")
    secret_file(main, "tokens2", "rubbish\n")
    main.process.send_signal(signal.SIGHUP)
    until("it is said", lambda: "line 1" in open(main.log, encoding="utf-8").read())
    check(Platform(port, OTHER).send("S-4")[0] == 201, "a bad file leaves the tokens as they were")
