"""imports.py - files of cases are imported: again, changed, under another name, with bad rows, in other encodings.

Owns:  the tests of what an import takes and refuses; run.py runs them.
"""
import json
import os
import subprocess

from checks import Tests, check
from steps import opened, rows, sound, write_csv

TESTS = test = Tests()


@test
def import_again(city):
    """A second import adds nothing; a row that has moved on adds just what is new."""
    base = city["410611003"]
    data = rows(300)
    state, closed = data[0].index("state"), data[0].index("closed_at")
    early = [data[0]] + [r[:] for r in data[1:]]
    for r in early[1:51]:
        r[state], r[closed] = "open", ""
    path = os.path.join(base.home, "cases.csv")
    first = base.json("import", write_csv(path, early), "--source", "b")
    check(first["opened"] == 300 and first["bad"] == 0, str(first))
    again = base.json("import", path, "--source", "b")
    check(again["opened"] == 0 and again["events"] == 0 and again["unchanged"] == 300, str(again))
    later = base.json("import", write_csv(path, data), "--source", "b")
    moved = sum(1 for r in data[1:51] if r[state] == "closed")
    check(later["moved"] == moved and later["opened"] == 0, str(later))
    check(base.json("import", path, "--source", "b")["events"] == 0, "and that again adds nothing")
    agency = data[0].index("agency")
    late = [data[0], data[1][:]]
    late[1][state], late[1][closed], late[1][agency] = "open", "", ""
    base.ctl("import", write_csv(path, late), "--source", "unit")
    late[1][agency] = "城管局"
    steps = [base.json("import", write_csv(path, late), "--source", "unit")["events"] for _ in range(2)]
    check(steps == [1, 0], "a unit that is named later is assigned, once: %s" % steps)
    write_csv(path, data)
    only = base.json("import", path, "--source", "other", "--district", data[1][8])
    check(only["opened"] == sum(1 for r in data[1:] if r[8] == data[1][8]), "only that district")
    base.wait_main()
    sound(city)


@test
def import_changes(city):
    """What a file changes of a row is done, or refused by name; nothing passes unseen."""
    base = city["410611003"]
    data = rows(1)
    column = {name: i for i, name in enumerate(data[0])}
    path = os.path.join(base.home, "one.csv")

    def give(**values):
        for name, value in values.items():
            data[1][column[name]] = value
        code, out, err = base.run("import", write_csv(path, data), "--source", "s", "--json")
        got = json.loads(out)
        return [got[k] for k in ("opened", "moved", "unchanged", "bad", "events")], err

    def record():
        return base.json("matter", "list")["records"][0]

    check(give(opened_at="2026-03-02T09:00:00+08:00", due_at="2026-05-01T17:00:00+08:00", state="open",
               closed_at="", agency="城管局", reply="")[0] == [1, 0, 0, 0, 3], "opened, accepted, assigned")
    got, err = give(closed_at="2026-04-01T09:00:00+08:00")
    check(got == [0, 0, 0, 1, 0] and "closed_at: must be empty" in err, "a closed_at while open: %s" % err)
    check(give(closed_at="", reply="已处理")[0] == [0, 0, 1, 0, 0], "a reply while open waits for the end")
    for day in ("2026-04-20", "2026-06-01"):  # nearer, and further off than what it was first
        check(give(due_at=day + "T17:00:00+08:00")[0] == [0, 1, 0, 0, 1] and record()["due"] == day,
              "the source's day: %s" % record())
        check(give()[0] == [0, 0, 1, 0, 0], "once")
    base.ctl("matter", "extend", record()["number"], "--due", "2026-07-01", "--reason", "施工")
    check(give()[0] == [0, 0, 1, 0, 0] and record()["due"] == "2026-07-01", "what was put off here stays")
    base.ctl("matter", "answer", record()["number"], "--reply", "已清运")
    check(give(due_at="2026-08-01T17:00:00+08:00")[0] == [0, 0, 1, 0, 0], "no move of the table from here")
    check(give(state="closed", closed_at="2026-08-01T09:00:00+08:00")[0] == [0, 1, 0, 0, 2], "echoed, closed")
    got, err = give(state="open", closed_at="")
    check(got == [0, 0, 0, 1, 0] and ":2: state: here the matter has ended" in err, "open again: %s" % err)
    base.wait_main()
    sound(city)


@test
def import_sources(city):
    """A new export under a new file name doesn't open every matter a second time."""
    base = city["410611003"]
    data = rows(620)
    first = write_csv(os.path.join(base.home, "october.csv"), data[:601])
    second = write_csv(os.path.join(base.home, "november.csv"), data)
    check(base.json("import", first)["opened"] == 600, "the file's name is the source")
    check(base.json("import", first)["unchanged"] == 600, "and the same name the same source")
    before = base.json("status")["stations"][0]["size"]
    for lang, word in (("en", "--source"), ("zh", "另一来源")):
        code, _, err = base.run("import", second, lang=lang)
        check(code == 4 and word in err and "october.csv" in err, "another name: %d %s" % (code, err))
    check(base.json("status")["stations"][0]["size"] == before, "nothing was written")
    got = base.json("import", second, "--source", "october.csv")
    check(got["opened"] == 20 and got["unchanged"] == 600, "with the source just what is new: %s" % got)
    check(base.json("import", second, "--source", "hotline")["opened"] == 620, "who says so means it")
    number = data[0].index("number")
    other = [data[0]] + [r[:number] + ["x" + r[number]] + r[number + 1:] for r in data[1:11]]
    check(base.json("import", write_csv(os.path.join(base.home, "other.csv"), other))["opened"] == 10,
          "other numbers are other matters")
    for name in ("Cafe\u0301", "Caf\u00e9"):  # the same letters, as two systems write them
        other[1][number] = "n-" + name
        got = base.json("import", write_csv(os.path.join(base.home, "c.csv"), other[:2]), "--source", name)
        check(got["opened"] == (name != "Caf\u00e9"), "one source in any form: %s" % got)
    sound(city)


@test
def import_large_row(city):
    """A row that is too large costs nobody else: what stands before and behind it is taken."""
    base = city["410611003"]
    data = rows(600)
    for quotes in (30000, 30700, 31100):  # 8 cells of them, each doubled: about what one row may have
        large = data[300][:]
        large[5:13] = ['"' * quotes] * 8
        path = write_csv(os.path.join(base.home, "large.csv"), data[:300] + [large] + data[301:])
        code, _, err = base.run("import", path, "--source", "large-%d" % quotes)
        check(code == 1 and "large.csv:301:" in err and "599 opened" in err and " 1 bad" in err,
              "%d quotes: %d %s" % (quotes, code, err))


@test
def import_bad_rows(city):
    """A bad row is named by file, row, column and reason; skipped or stopped at, as asked."""
    base = city["410611003"]
    data = rows(40)
    opened_at, state = data[0].index("opened_at"), data[0].index("state")
    data[11][opened_at] = "last week"
    data[21][state] = "done"
    data[31] = data[31][:7]
    path = write_csv(os.path.join(base.home, "bad.csv"), data)
    code, _, err = base.run("import", path, "--source", "skip")
    check(code == 1 and "bad.csv:12: opened_at" in err and "bad.csv:22: state" in err and
          "bad.csv:32:" in err and "37" in err, "skip: %s" % err)
    check(err.index("csv:12:") < err.index("csv:22:") < err.index("csv:32:"),
          "in the file's order: %s" % err)
    code, _, err = base.run("import", path, "--source", "stop", "--on-error", "stop")
    check(code == 2 and "bad.csv:12" in err and "bad.csv:22" not in err and "bad.csv:32" not in err and
          "10 opened" in err and "row 12" in err, "stop: %s" % err)
    late = rows(4)
    late[1][opened_at] = "2099-01-01T00:00:00Z"
    late[1][state], late[1][late[0].index("closed_at")], late[1][late[0].index("due_at")] = "open", "", ""
    late[2][late[0].index("due_at")] = "2011-01-01T00:00:00Z"
    late[3][state], late[3][late[0].index("closed_at")] = "closed", "2099-01-01T00:00:00Z"
    code, _, err = base.run("import", write_csv(path, late), "--source", "late")
    check(code == 1 and "csv:2: opened_at: later than this station's clock" in err and
          "csv:3: due_at: due before" in err and "csv:4: closed_at: later" in err and "1 opened" in err,
          "times out of bounds: %s" % err)
    check(base.run("import", "-", stdin="")[0] == 2, "a pipe needs a --source")
    check(base.run("import", path, "--on-error", "maybe")[0] == 2, "skip or stop")
    code, _, err = base.run("import", city.home)
    check(code == 1 and "number,opened_at" not in err, "a folder: %d %s" % (code, err))
    code, _, err = base.run("import", write_csv(path, [["a", "b"], ["1", "2"]]))
    check(code == 2 and "number,opened_at" in err, "the header is told: %s" % err)
    with open(path, "wb") as f:
        f.write(b'number,"opened')
    check(base.run("import", path)[0] == 2, "broken quotes")
    check(base.run("import", "/nonexistent.csv")[0] == 2, "no file")
    other_encodings(base, path)


def other_encodings(base, path):
    """A file in another encoding is told once, with its line and the cure, and nothing of it is imported."""
    head = rows(0)[0]
    data = [head] + [["u%d" % i, "2026-01-02T03:04:05+08:00", "", "", "open", "phone", "环境卫生", "", "", "", "",
                      "plain" if i == 0 else "垃圾清运", "", "", ""] for i in range(20)]
    text = "\n".join(",".join(r) for r in data) + "\n"
    before = opened(base)
    for encoding, line, cure in (("gbk", 2, "iconv -f GB18030 -t UTF-8"), ("utf-16", 1, "iconv -f UTF-16 -t UTF-8")):
        with open(path, "wb") as f:
            f.write(text.encode(encoding))
        code, _, err = base.run("import", path, "--source", "u")
        check(code == 2 and len(err.splitlines()) == 1 and ":%d: " % line in err and cure in err, "%s: %d %s" % (encoding, code, err))
        with open(path, "rb") as f:  # no file that can be looked through first
            piped = subprocess.run(base.command("import", "-", "--source", "u"), stdin=f, capture_output=True, check=False)
        check(piped.returncode == 2 and cure.encode() in piped.stderr, piped.stderr)
    check(opened(base) == before, "nothing of it is imported")
    with open(path, "wb") as f:
        f.write(text.encode("utf-8-sig").replace(b"u7,", b"\xff,"))
    code, _, err = base.run("import", path, "--source", "u")
    check(code == 1 and "csv:9: number: isn't UTF-8" in err and "19 opened" in err, "one damaged value: %s" % err)
