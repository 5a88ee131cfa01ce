"""sources.py - real cases in, spread over the stations: those to be imported, and those to be lived.

Owns:  reading the case files; which row goes where; the category of a row that has none (drawn from
       the file's own, and imported under the source `demo`); the import with its SIGKILL.
"""
import csv
import gzip
import io
import os
import random
import unicodedata

from city import Failed, TOP
from clerk import SEED
from story import pick

HEAD = ("number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,sub_district,"
        "agency,title,text,reply,duplicate_of").split(",")
QUARTER = ("2026-04-01", "2026-07-01")  # the three months: the newest of the Chinese facts
LIVED_MOST, LIVED_REPLIES = 640, 160  # cases that are lived, and of these with their own reply
KILL_EVENTS = 600  # in a station's log, when it is killed


class BadFile(Failed):
    pass


def read(path):
    """The rows of a case file, gzipped or not. BadFile: it can't be read, or isn't of the format."""
    try:
        with open(path, "rb") as f:
            opener = gzip.open if f.read(2) == b"\x1f\x8b" else open
        with opener(path, "rt", newline="", encoding="utf-8-sig") as f:
            reader = csv.reader(f)
            head = next(reader, [])
            if head != HEAD:
                raise BadFile("%s:1: %s: %s" % (path, pick("表头应为", "its header must be"), ",".join(HEAD)))
            rows = list(reader)
    except (OSError, ValueError, EOFError, csv.Error) as e:
        raise BadFile("%s: %s: %s" % (path, pick("读不出", "can't be read"), e)) from e
    return [dict(zip(HEAD, r)) for r in rows if len(r) == len(HEAD)]


class Cases:
    """rows of one file, and of each whether its category is drawn"""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.rows = read(path)
        self.drawn = set()
        known = [r["category"] for r in self.rows if r["category"]] or ["其他"]
        r = random.Random("%s/%s" % (SEED, self.name))
        for row in self.rows:
            if not row["category"]:
                row["category"] = r.choice(known)
                self.drawn.add(row["number"])


def tests_data(name):
    return Cases(os.path.join(TOP, "tests", "data", name))


def clean(text, most):
    """NFC, no control characters but line ends, at most so many bytes: what a clerk may type."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co"))
    while len(text.encode()) > most:
        text = text[:max(1, len(text) - max(1, (len(text.encode()) - most) // 4))]
    return text.strip()


def lived(cases):
    """(the rows that are lived, in order of their day; the numbers of those whose day is drawn)"""
    inside = [r for r in cases.rows if QUARTER[0] <= r["opened_at"][:10] < QUARTER[1]]
    replied = [r for r in cases.rows if r["reply"] and r not in inside][-LIVED_REPLIES:]
    inside = inside[:LIVED_MOST - len(replied)]
    most = min(LIVED_MOST, len(cases.rows) // 2)
    if len(inside) < most // 2:  # a file of other years: its newest, on drawn days
        taken = {r["number"] for r in inside + replied}
        newest = sorted((r for r in cases.rows if r["number"] not in taken), key=lambda r: r["opened_at"])
        replied += newest[::-1]
    return inside[:most], replied[:most - len(inside[:most])]


def by_district(cases, codes):
    """district -> station, one after the other"""
    districts = sorted({r["district"] for r in cases.rows})
    return {d: codes[i % len(codes)] for i, d in enumerate(districts)}


class Places:
    """Where a row goes: by its district; one that names no place inside its city goes to all in turn."""

    def __init__(self, cases, codes):
        self.codes, self.next = codes, 0
        self.by_district = by_district(cases, codes)

    def of(self, row):
        if row["sub_district"]:
            return self.by_district[row["district"]]
        self.next += 1
        return self.codes[self.next % len(self.codes)]


class Plan:
    """What is imported where: (station, source) -> rows; and what is lived at which base."""

    def __init__(self, bases, branches, trade, health, outside):
        self.imports = {}
        if outside:
            self.told = Cases(outside)
            self.live, self.moved = lived(self.told)
            self._spread(self.told, Places(self.told, branches + bases))
        else:
            self.told = tests_data("zh-facts.csv.gz")
            self.live, self.moved = lived(self.told)
            self._spread(self.told, Places(self.told, [health]))
            boston = tests_data("boston.csv.gz")
            self._spread(boston, Places(boston, bases))
        council = tests_data("council.csv.gz")
        self._spread(council, Places(council, [trade]))
        self.lived_at = Places(self.told, bases)

    def _spread(self, cases, places):
        lives = {r["number"] for r in self.live + self.moved} if cases is self.told else ()
        for row in cases.rows:
            if row["number"] not in lives:
                source = "demo" if row["number"] in cases.drawn else cases.name
                self.imports.setdefault((places.of(row), source), []).append(row)

    def count(self, station=None):
        return sum(len(rows) for (code, _), rows in self.imports.items() if station in (None, code))

    def opened(self, first, last):
        """Of those that are imported, how many were opened from one day to another."""
        return sum(first <= r["opened_at"][:10] <= last for rows in self.imports.values() for r in rows)

    def online(self):
        return sum(r["channel"] == "online" for rows in self.imports.values() for r in rows)

    def drawn(self):
        return sum(len(rows) for (_, source), rows in self.imports.items() if source == "demo")

    def write(self, city):
        """(station, source) -> its file"""
        files = {}
        for n, (key, rows) in enumerate(self.imports.items()):
            files[key] = os.path.join(city[key[0]].home, "cases-%d.csv" % n)
            with io.open(files[key], "w", newline="", encoding="utf-8") as f:
                w = csv.writer(f, lineterminator="\n")
                w.writerow(HEAD)
                w.writerows([r[c] for c in HEAD] for r in rows)
        return files


def finish(code, run):
    out, err = run.communicate(timeout=120)
    if run.returncode != 0:
        raise Failed("import at %s: exit %d: %s" % (code, run.returncode, (err + out)[-500:]))


def import_all(city, files, victim_code, told):
    """All stations at once; one dies in the middle and finishes after its restart."""
    sources = {code: [s for c, s in files if c == code] for code, _ in files}
    if victim_code not in sources:  # a file with few districts has nothing for it
        victim_code = next(iter(sources))

    def begin(code, source):
        return city[code].spawn("import", files[code, source], "--source", source, "--json")

    runs = {code: begin(code, s[0]) for code, s in sources.items()}
    victim = city[victim_code]
    while int(victim.json("status")["stations"][0]["size"]) < KILL_EVENTS:
        if runs[victim_code].poll() is not None:
            break  # a small file: it is killed all the same, and imports again what it has
    victim.kill()
    in_the_middle = runs[victim_code].poll() is None or runs[victim_code].returncode != 0
    runs[victim_code].communicate()
    told(victim_code, in_the_middle)
    victim.start()
    runs[victim_code] = begin(victim_code, sources[victim_code][0])
    for code, run in runs.items():
        finish(code, run)
    for n in range(1, max(len(s) for s in sources.values())):
        runs = {code: begin(code, s[n]) for code, s in sources.items() if len(s) > n}
        for code, run in runs.items():
            finish(code, run)
