"""figures.py - the table of figures: units, goals, and which run measures which."""


def percentile(values, p):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * p // 100) - 1))]


def median(values):
    ordered = sorted(values)
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


MORE, LESS = "more", "less"

# name: unit, better, goal: a number, or a function of the limit measured in the same run
TABLE = {
    "import": ("events/s", MORE, 150000),
    "catchup_one_hop": ("events/s", MORE, 120000),
    "catchup_two_hops": ("events/s", MORE, 70000),
    "register": ("matters/s", MORE, lambda limit: 0.55 * limit),
    "command_p50": ("ms", LESS, lambda limit: max(2, 3 * limit)),
    "latency_p50": ("ms", LESS, lambda limit: max(1.5, 6 * limit)),
    "latency_p99": ("ms", LESS, lambda limit: 4 * max(1.5, 6 * limit)),
    "wire_bulk": ("bytes/event", LESS, 60),
    "wire_single": ("bytes", LESS, 450),
    "wire_idle": ("bytes/min", LESS, 1024),
    "disk_per_event": ("bytes/event", LESS, 260),
    "directive_p50": ("ms", LESS, 5),
    "handon": ("hand-ons/s", MORE, 3000),
    "reconnect_p99": ("ms", LESS, 3000),
    "restart_p99": ("ms", LESS, 300),
    "rss_idle": ("MiB", LESS, 16),
    "rss_load": ("MiB", LESS, 64),
    "rss_child": ("KiB", LESS, 48),
    "ready": ("ms", LESS, 500),
    "report": ("ms", LESS, 5),
    "ask_common": ("ms", LESS, 10),
    "ask_all": ("ms", LESS, 50),
    "sibling_p99": ("%", LESS, 10),
    "register_xlsx": ("s", LESS, 10),
    "register_rss": ("MiB", LESS, 16),
}


class Figures:
    """The runs of one file: each function measures the figures that it is marked with."""

    def __init__(self):
        self.runs = []

    def __call__(self, *names):
        def mark(f):
            self.runs.append((set(names), f))
            return f
        return mark
