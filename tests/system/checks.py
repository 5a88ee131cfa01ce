"""checks.py - what every test from outside says: this must be so, now or before long.

Owns:  the words in which a test fails, and the lists in which tests stand.
"""
import time

from city import Failed


class Tests(list):
    """Tests of one file, in order: @test puts a function among them."""

    def __call__(self, f):
        self.append(f)
        return f


def check(condition, what):
    if not condition:
        raise Failed(what)


def until(what, look, seconds=40):
    """Looks until it is so; each look asks a daemon, and waits for its answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
    raise Failed("not within %d s: %s" % (seconds, what))
