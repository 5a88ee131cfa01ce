"""tables.py - answers that are tables, from outside: registers and reports as CSV, XLSX and JSON.

run.py runs these tests; each gets a city of main, branch and base.
"""
import csv
import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import xml.etree.ElementTree as xml
import zipfile

from checks import Tests, check, until

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
IDENTITY_MAN, IDENTITY_WOMAN = "110105194912310013", "11010519491231002X"
FORMULAS = ["=cmd()", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "plain, with \"quotes\""]
TESTS = test = Tests()


def identity(seventeen):
    """with its check digit, GB 11643-1999"""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return seventeen + "10X98765432"[sum(w * int(d) for w, d in zip(weights, seventeen)) % 11]


def read_csv(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def plain(cell):
    """a cell of CSV without its guard"""
    return cell[1:] if re.match("'[=+\\-@\t\r\n＝＋－＠]", cell) else cell


def cell_value(c):
    if c.get("t") == "inlineStr":
        return "".join(t.text or "" for t in c.iter(SHEET + "t"))
    v = c.find(SHEET + "v")
    return None if v is None else float(v.text)


def column(reference):
    n = 0
    for letter in re.match("[A-Z]+", reference).group():
        n = n * 26 + ord(letter) - 64
    return n - 1


class Book:
    """An XLSX file as rows of cells: text, number or None."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as z:
            check(z.testzip() is None, "the file is whole")
            names = [n for n in z.namelist() if n.startswith("xl/worksheets/sheet")]
            self.sheets = [z.read(n).decode() for n in sorted(names)]
            self.book = z.read("xl/workbook.xml").decode()
        for s in self.sheets:
            check("<f>" not in s and "<f " not in s, "no cell is a formula")

    def rows(self, n):
        out = []
        for row in xml.fromstring(self.sheets[n]).iter(SHEET + "row"):
            cells = {column(c.get("r")): cell_value(c) for c in row}
            out.append([cells.get(i) for i in range(max(cells) + 1)] if cells else [])
        return out


def same_text(cell, text):
    """a cell of JSON and of CSV"""
    if cell is None:
        return text == ""
    if isinstance(cell, str):
        return plain(text) == cell
    return float(text) == cell


def add_records(base):
    """numbers of the matters, one for each of FORMULAS, and of the visit"""
    matters = []
    for i, title in enumerate(FORMULAS):
        matters.append(base.ctl("matter", "open", "--channel", "phone", "--category", "环境卫生",
                                "--title", title,
                                "--reporter_name", "王%d" % i, "--deputy", "D-%d" % (i % 2),
                                "--people", "7",
                                "--reporter_id", identity("1101051949123100%d" % (i % 2))).strip())
    base.ctl("matter", "accept", matters[0], "--author", "clerk-1")
    base.ctl("matter", "assign", matters[0], "--unit", "区城管局", "--author", "clerk-2")
    base.ctl("matter", "note", matters[0], "--remark", "电话已接通")
    base.ctl("matter", "note", matters[0], "--remark", "约定周五")
    visit = base.ctl("visit", "record", "--who", "masses", "--title", "反映噪声", "--services",
                     "mediation",
                     "--services", "law_advice", "--names", "赵某", "--names", "钱某", "--deputies",
                     "D-7",
                     "--received_by", "孙某, 站长").strip()
    base.ctl("visit", "link", visit, "--matters", matters[0])
    base.ctl("visit", "link", visit, "--matters", matters[1])
    return matters, visit


def objects(answer):
    names = [c["name"] for c in answer["columns"]]
    return [dict(zip(names, row)) for row in answer["rows"]]


@test
def registers(city):
    """The six registers are views of what was written; names stand in them at the base only."""
    base, main = city["410611003"], city["410600"]
    listed = objects(base.json("register", "list"))
    check([r["number"] for r in listed] == [1, 2, 3, 4, 5, 6] and
          listed[0]["title_zh"] == "接待群众登记簿",
          listed)
    matters, visit = add_records(base)
    training = base.ctl("activity", "record", "--type", "training", "--title", "学习代表法",
                        "--deputies", "D-7",
                        "--deputies", "D-8", "--hours", "2", "--on", "2026-07-01").strip()
    base.ctl("activity", "record", "--type", "inspection", "--title", "视察供暖", "--deputies", "D-8")
    base.wait_main()
    rows = objects(base.json("register", "matters", lang="zh"))
    check([r["number"] for r in rows] == matters and
          [r["row"] for r in rows] == [1, 2, 3, 4, 5, 6], rows)
    first = rows[0]
    check(first["title"] == "=cmd()" and first["state"] == "交办" and first["unit"] == "区城管局" and
          first["people"] == 7 and first["channel"] == "来电" and first["reporter_name"] == "王0" and
          first["handler"] == "clerk-2" and first["remarks"] == "电话已接通、约定周五" and
          first["closed"] is None and first["opener_name"] == "黎阳路街道基站", first)
    there = objects(main.json("register", "群众意见建议办理登记簿"))
    check([r["title"] for r in there] == FORMULAS and
          all(r["reporter_name"] is None for r in there) and
          there[0]["state"] == "assigned" and there[0]["remarks"] == "电话已接通、约定周五", there)
    seen = objects(base.json("register", "1", lang="zh"))
    check(len(seen) == 7, "phone calls and the visit: %s" % seen)
    v = [r for r in seen if r["number"] == visit][0]
    check(v["reporter_name"] == "赵某、钱某" and v["received_by"] == "孙某, 站长" and
          v["number_16"] == "、".join(matters[:2]) and v["handled"] == "受理、交办" and
          v["unit"] == "区城管局",
          v)
    check([r["sex"] for r in seen if r["number"] in matters[:2]] == ["女", "男"], seen)
    check([r["number"] for r in objects(base.json("register", "training"))] == [training],
          "training alone")
    check(objects(base.json("register", "5"))[0]["on"] == "2026-07-01" and
          objects(base.json("register", "5"))[0]["hours"] == 2 and
          len(objects(base.json("register", "activities"))) == 1, "a day is a day, a count a count")
    for words, least in ((("3",), 0), (("evaluation",), 0)):
        check(len(base.json("register", *words)["rows"]) == least, words)


@test
def register_filters(city):
    """By day, station, deputy and state; pages make the same whole; wrong ones are refused."""
    base, branch, main = city["410611003"], city["410611"], city["410600"]
    matters, _ = add_records(base)
    other = branch.ctl("matter", "open", "--channel", "visit", "--title", "路灯", "--at",
                       "2026-03-05T10:00:00+08:00").strip()
    base.wait_main()
    branch.wait_main()

    def numbers(at, *words):
        return [r["number"] for r in objects(at.json("register", "matters", *words))]
    check(numbers(main) == [other] + matters, "in order of opening")
    check(numbers(main, "--from", "2026-03", "--to", "2026-03") == [other], "by month")
    check(numbers(main, "--from", "2026-03-06") == matters and
          numbers(main, "--to", "2026-03-05") == [other] and
          numbers(main, "--to", "2026-03-04") == [], "by day")
    check(numbers(main, "--station", "410611003") == matters and
          numbers(main, "--station", "410611") == [other] + matters, "by station, and below")
    check(numbers(main, "--deputy", "D-1") == matters[1::2] and
          numbers(main, "--deputy", "D-9") == [], "by deputy")
    check(numbers(main, "--state", "交办") == matters[:1] and
          numbers(main, "--state", "registered") == [other] + matters[1:], "by state")
    for limit in ("1", "2", "3", "7", "500"):
        whole = main.json("register", "matters", "--limit", limit)
        check([r["number"] for r in objects(whole)] == [other] + matters and
              whole["next"] is None and
              [r["row"] for r in objects(whole)] == list(range(1, 8)), "pages of %s" % limit)
    below = main.json("register", "matters", "--station", "410611003")["coverage"]
    check({r["code"] for r in below["rows"]} == {"410611003"} and below["stations"] == 1, below)
    check(main.json("register", "matters")["coverage"]["stations"] == 3, "the whole subtree")
    for words, said, code in ((("nosuch",), "reception", 4),
                              (("matters", "--from", "2026-13"), "from", 2),
                              (("matters", "--from", "2026-05", "--to", "2026-04"), "to", 2),
                              (("matters", "--state", "nosuch"), "registered", 2),
                              (("matters", "--station", "999999"), "station", 2),
                              (("matters", "--limit", "0"), "limit", 2),
                              (("matters", "--csv", "-", "--json"), "--csv", 2),
                              (("matters", "--xlsx", "-"), "--xlsx", 2)):
        got, _, err = main.run("register", *words)
        check(got == code and said in err, "%s: %d %s" % (words, got, err))


@test
def register_files(city):
    """CSV, XLSX and JSON say the same; no text is a formula; Chinese is whole."""
    base = city["410611003"]
    matters, _ = add_records(base)
    base.ctl("matter", "note", matters[1], "--remark", "第一行\n第二行, 有\"引号\"")
    where = [os.path.join(base.home, "簿." + kind) for kind in ("csv", "xlsx")]
    whole = base.json("register", "matters", "--limit", "2", lang="zh")
    piped = base.ctl("register", "matters", "--csv", "-", lang="zh")
    said = base.run("register", "matters", "--csv", where[0], "--limit", "2", lang="zh")
    check(said[0] == 0 and said[1] == "" and "覆盖站点" in said[2], said)
    with open(where[0], "rb") as f:
        data = f.read()
    check(data[:3] == b"\xef\xbb\xbf" and
          data[3:].decode() == piped.replace("\n", "\r\n").replace("第一行\r\n", "第一行\n")
          and not piped.startswith("\ufeff"), "a file has a mark, a pipe hasn't: %r" % data)
    check(stat.S_IMODE(os.stat(where[0]).st_mode) == 0o600, "its writer's alone")
    table = read_csv(data[3:].decode())
    check(table[0] == [c["zh"] for c in whole["columns"]] and len(table) == 1 + len(whole["rows"]),
          table[0])
    for row, cells in zip(whole["rows"], table[1:]):
        check(all(same_text(a, b) for a, b in zip(row, cells)), "%s is %s" % (row, cells))
    titles = [r[table[0].index("标题")] for r in table[1:]]
    check(titles == ["'" + t for t in FORMULAS[:5]] + FORMULAS[5:], "guarded: %s" % titles)
    base.ctl("register", "matters", "--xlsx", where[1], lang="zh")
    book = Book(where[1])
    sheet = book.rows(0)
    check(sheet[0][0] == "群众意见建议办理登记簿" and sheet[1] == table[0], sheet[:2])
    days = {i for i, c in enumerate(whole["columns"]) if c["type"] == "day"}
    for row, cells in zip(whole["rows"], sheet[2:]):
        cells += [None] * (len(row) - len(cells))
        check(all(isinstance(b, float) if i in days and a else a == b for i,
                  (a, b) in enumerate(zip(row, cells))),
              "%s is %s" % (row, cells))
    check('orientation="landscape"' in book.sheets[0] and 'paperSize="9"' in book.sheets[0] and
          "<autoFilter" in book.sheets[0] and 'state="frozen"' in book.sheets[0] and
          "Print_Titles" in book.book and 'name="说明"' in book.book, "ready to be printed")
    about = {r[0]: r[1] for r in book.rows(1)}
    check(about["命令"] == "stationctl register matters" and about["行数"] == 6 and
          about["应覆盖站点"] == 1, about)
    base.ctl("report", "--by", "station", "--xlsx", where[1])
    check([r[1] for r in Book(where[1]).rows(0)[2:]] == ["黎阳路街道基站", "total"],
          "a report is a table, too")
    report = read_csv(base.ctl("report", "--by", "station,category", "--csv", "-"))
    check(report[1][:4] == ["410611003", "黎阳路街道基站", "环境卫生", "6"], report)
    left = [n for n in os.listdir(base.home) if n.startswith("簿")]
    check(sorted(left) == ["簿.csv", "簿.xlsx"], "nothing else is left: %s" % left)


@test
def register_table(city):
    """The city's table replaces the six at every station; a wrong one is refused, by row."""
    main, base = city["410600"], city["410611003"]
    add_records(base)
    path = os.path.join(city.home, "registers.csv")

    def give(*rows):
        with open(path, "w", encoding="utf-8", newline="") as f:
            csv.writer(f).writerows([["register", "order", "zh", "en", "source"], *rows])
        return main.run("city", "set", path)
    good = [["calls", 0, "来电登记簿", "calls", "matter channel=phone"],
            ["calls", 1, "事由", "subject", "title"],
            ["calls", 2, "代表", "deputy", "deputy"]]
    for row, source, word in ((2, "matter channel=pigeon", "pigeon"), (3, "nosuch", "nosuch"),
                              (4, "record.nosuch", "nosuch")):
        bad = [list(r) for r in good]
        bad[row - 2][4] = source
        code, _, err = give(*bad)
        check(code == 2 and ":%d:" % row in err and word in err, "%d %s" % (code, err))
    code, _, err = give(*good[1:])
    check(code == 2 and "order 0" in err, err)
    check(len(base.json("register", "list")["rows"]) == 6, "nothing of a wrong table is taken")
    check(give(*good)[0] == 0, "issued")
    until_rows(base, 1)
    rows = objects(base.json("register", "来电登记簿"))
    check([r["title"] for r in rows] == FORMULAS and
          [r["deputy"] for r in rows][:2] == ["D-0", "D-1"], rows)
    check(base.run("register", "reception")[0] == 4, "the default ones are gone")


def until_rows(station, count):
    """The table comes down; each look asks the daemon."""
    until("%s has %d registers" % (station.code, count),
          lambda: len(station.json("register", "list")["rows"]) == count)


class Daemon:
    """A daemon that answers tables without an end, until it hangs up."""

    def __init__(self, path, pages):
        self.path, self.pages, self.listener = path, pages, socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        n = 0
        while n < self.pages:
            n += 1
            with self.listener.accept()[0] as s:
                try:
                    s.recv(65536)
                    s.sendall(self.page(n))
                except OSError:
                    pass  # who asked was ended
        self.listener.close()

    @staticmethod
    def page(n):
        body = json.dumps({"name": "x", "title": {"zh": "表", "en": "table"}, "next": "%d" % n,
                           "columns": [{"name": "a", "zh": "甲", "en": "a", "type": "text"}],
                           "rows": [["王某"]]}).encode()
        return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)) + body

    def close(self):
        self.pages = 0
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.path)  # so that it looks
        except OSError:
            pass
        self.thread.join()
        os.unlink(self.path)


@test
def half_a_table(city):
    """A table that breaks off, or is ended by a signal, leaves the old file, and nothing else."""
    base, folder = city["410611003"], os.path.join(city.home, "t")
    os.mkdir(folder)
    out = os.path.join(folder, "out.csv")
    for kind, end in (("csv", None), ("xlsx", None), ("csv", signal.SIGTERM),
                      ("xlsx", signal.SIGINT)):
        path = os.path.join(folder, "d")
        with open(out, "w", encoding="ascii") as f:
            f.write("old")
        d = Daemon(path, 3 if end is None else 1 << 30)
        p = subprocess.Popen([city.program("stationctl"), "--socket", path, "register", "x",
                              "--" + kind, out],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if end is not None:
            while not any(n.startswith("out.csv.")
                          for n in os.listdir(folder)) and p.poll() is None:
                pass
            p.send_signal(end)
        code = p.wait(60)
        p.stderr.close()
        check(code == (3 if end is None else -end), "%s: %d" % (kind, code))
        d.close()
        with open(out, encoding="ascii") as f:
            check(f.read() == "old" and os.listdir(folder) == ["out.csv"], os.listdir(folder))
    path = os.path.join(folder, "d")
    d = Daemon(path, 3)
    code, out, _ = city.call([city.program("stationctl"), "--socket", path, "--lang", "en", "register", "x", "--json"], timeout=60)
    d.close()
    told = json.loads(out)
    check(code == 3 and told["rows"] and told["refused"]["message"]["en"] and "coverage" not in told,
          "a table that breaks off is a JSON value that says so: %d %s" % (code, out[-300:]))
    code, _, err = base.run("register", "matters", "--csv", os.path.join(folder, "no", "x"))
    check(code == 1 and "no/x" in err, err)
    code, _, err = base.run("register", "matters", "--csv", "/dev/full")
    check(code == 1 and os.path.exists("/dev/full"), "a device is written, and stays: %s" % err)
