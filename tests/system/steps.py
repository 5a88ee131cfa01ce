"""steps.py - what many tests do and look at, in a few words: rows, matters, records, and that all is sound.

Owns:  those words; a step that one file of tests takes alone stands there.
"""
import csv
import gzip
import io
import os

from city import TOP

OPEN = ["matter", "open", "--channel", "visit", "--category", "环境卫生"]


def rows(count):
    """The header and the first rows of real cases."""
    with gzip.open(os.path.join(TOP, "tests", "data", "boston.csv.gz"), "rt", newline="",
                   encoding="utf-8") as f:
        return [r for _, r in zip(range(count + 1), csv.reader(f))]


def write_csv(path, data):
    with io.open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(data)
    return path


def opened(station):
    return station.json("report")["total"]["opened"]


def walk(station, kind, *moves):
    """The first move opens; each is its verb and its fields. The record's number."""
    number = station.ctl(kind, *moves[0]).strip()
    for m in moves[1:]:
        station.ctl(kind, m[0], number, *m[1:])
    return number


def at(day):
    return ["--at", day + "T10:00:00+08:00"]


def cells(answer, *names):
    """The rows of a table, these columns of them."""
    where = [[c["name"] for c in answer["columns"]].index(n) for n in names]
    return [tuple(row[i] for i in where) for row in answer["rows"]]


def says(station, text):
    with open(station.log, encoding="utf-8", errors="replace") as f:
        return text in f.read()


def sound(city):
    """Every log verifies at main, and every station's tallies equal a recount."""
    city["410600"].ctl("log", "verify", "--all")
    for s in city:
        s.ctl("recount")
