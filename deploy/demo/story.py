"""story.py - what the demo tells, in Chinese or English, each line with the seconds since the start.

Owns:  the language, the clock of the telling, the pair of texts.
"""
import os
import time
import unicodedata

STARTED = time.monotonic()
LANG = os.environ.get("DEMO_LANG", "zh")


def pick(zh, en):
    return en if LANG == "en" else zh


def seconds():
    return time.monotonic() - STARTED


def say(zh, en):
    print("[%5.1f s] %s" % (seconds(), pick(zh, en)), flush=True)


def more(zh, en):
    """A second line of the same step."""
    print("          %s" % pick(zh, en), flush=True)


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text, columns):
    """text, as wide as a terminal's columns at most."""
    while width(text) > columns:
        text = text[:-1]
    return text


def pad(text, columns):
    """text in a cell of so many columns of a terminal; negative: at its right."""
    text = cut(str(text), abs(columns))
    gap = " " * (abs(columns) - width(text))
    return gap + text if columns < 0 else text + gap


def table(rows, widths):
    for row in rows:
        print("  " + "  ".join(pad(text, w) for text, w in zip(row, widths)).rstrip())
