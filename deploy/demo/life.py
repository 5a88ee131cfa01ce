"""life.py - three months of matters: real cases, registered at the bases on their days, and handled.

Owns:  a matter's course (drawn from its base's generator), its hand-ons, and the weeks in which all
       stations work side by side. What one station gives to another is waited for between weeks.
"""
import concurrent.futures
import datetime

import draw
from sources import QUARTER, clean
from clerk import CHINA, MINUTE, Clerk, moment, table_rows, until

WEEKS = 13
FIRST = datetime.date.fromisoformat(QUARTER[0])
END = moment(datetime.date.fromisoformat(QUARTER[1]), 0)
DAY = datetime.timedelta(days=1)
TEXT_BYTES, TITLE_BYTES = 11000, 280
QUIET = "410621101"
ENDS = {"close": "closed", "refuse": "refused", "merge": "merged", "withdraw": "withdrawn"}
STATES = {**ENDS, "accept": "accepted", "assign": "assigned", "answer": "answered", "return": "accepted",
          "echo": "echoed", "rework": "accepted", "reopen": "reopened"}  # the others leave it as it was


def quiet(code, at):
    """Nobody comes to this station in June: the office will ask."""
    return code == QUIET and at.month == 6


def week_end(n):
    return moment(FIRST + datetime.timedelta(days=7 * (n + 1)), 0)


class Matter:
    """One case: its steps still to do, each (earliest time, move, fields)."""

    def __init__(self, number, at, category, title, place):
        self.number, self.opened, self.category = number, at, category
        self.title, self.place = title, place
        self.state, self.moves, self.steps = "registered", [], []
        self.voices, self.opener, self.holder = [], None, None
        self.focus, self.rated, self.merged, self.pressed = 0, None, 0, False

    @property
    def ended(self):
        return self.state in ENDS.values()

    def go_on(self, clerk, at):
        if self.steps:
            clerk.plan(max(self.steps[0][0], at + 5 * MINUTE), self.step)

    def step(self, clerk, at):
        _, move, fields = self.steps.pop(0)
        clerk.do("matter", move, at, self.number, **fields)
        self.moves.append(move)
        clerk.count["matter " + move] += 1
        self.state = STATES.get(move, self.state)
        if move == "echo":
            self.rated = fields["rating_answer"]
            # whoever reported the same hears of it, too; where it was handed on, by their own station
            for voice in self.voices if clerk.code == self.opener else ():
                clerk.do("matter", "tell", at, voice, told_how="phone")
                clerk.count["matter tell"] += 1
        if move == "hand":
            clerk.sent.append(Sent("matter", self.number, clerk.code, fields["to"], self.go_on))
            self.holder = fields["to"]
        else:
            self.go_on(clerk, at)


class Sent:
    """What is on its way; then(clerk, at) once it is there."""

    def __init__(self, kind, number, giver, taker, then):
        self.kind, self.number, self.giver, self.taker, self.then = kind, number, giver, taker, then


def course(r, category, at, ways, reply):
    """The steps after registering. ways: the stations that it may be handed to, or ()."""
    steps = []

    def add(after, move, **fields):
        at_next = (steps[-1][0] if steps else at) + after
        if at_next.hour < 8 or at_next.hour > 18:
            at_next = at_next.replace(hour=9) + (DAY if at_next.hour > 18 else 0 * DAY)
        steps.append((at_next, move, {k: v for k, v in fields.items() if v}))

    def answered(median):
        add(draw.days(r, median), "answer", reply=reply or r.choice(draw.REPLIES))
        told = draw.rating(r)
        add(DAY, "echo", rating_answer=told, told_how=r.choice(["phone", "person", "letter"]))
        return told

    luck = r.random()
    if luck < 0.05:
        add(60 * MINUTE, "refuse", reason="已由法院受理", elsewhere="请向受理法院反映")
        return steps
    add(60 * MINUTE, "accept", category=category)
    if luck < 0.08:
        add(2 * DAY, "withdraw", reason="反映人撤回")
        return steps
    for to in ways:
        add(DAY, "hand", to=to)
    if luck < 0.2 and not ways:
        told = answered(1)
    else:
        add(DAY, "assign", unit=draw.unit(r, category))
        if luck < 0.25:
            add(DAY, "wait", reason="等待反映人补充材料")
            add(draw.days(r, 5), "resume")
        if luck > 0.93:
            add(3 * DAY, "return", reason="不属本单位职责")
            add(DAY, "assign", unit="信访局")
        told = answered(9)
    if told == "unsatisfied":
        add(DAY, "rework", reason="反映人不满意")
        add(DAY, "assign", unit=draw.unit(r, category))
        answered(6)
    add(DAY, "close")
    add(7 * DAY, "rate", rating_result=draw.rating(r))
    if r.random() < 0.04:
        add(DAY, "reopen", reason="问题反复")
        answered(5)
        add(DAY, "close")
    return steps


class Life:
    def __init__(self, city, branches, specialty, offline):
        self.clerks = {s.code: Clerk(s) for s in city}
        self.branch_of = {b: branch for branch, bases in branches.items() for b in bases}
        self.branch_of.update({branch: branch for branch in branches})
        self.branch_of.update({code: self.branch_of.get(parent, parent) for code, _, parent in specialty})
        self.bases = [b for bases in branches.values() for b in bases]
        self.offline, self.is_offline, self.on_the_way, self.delivered = offline, False, [], []
        self.pool = concurrent.futures.ThreadPoolExecutor(len(self.clerks))
        self.deputies = {b: ["D-%s-%d" % (b, n) for n in range(1, 6)] for b in self.bases}

    def __getitem__(self, code):
        return self.clerks[code]

    def total(self, what):
        return sum(c.count[what] for c in self.clerks.values())

    def matters(self):
        return [m for c in self.clerks.values() for m in c.matters]

    def all(self, act, clerks=None):
        """act(clerk) at all stations, side by side."""
        list(self.pool.map(act, clerks or list(self.clerks.values())))

    def ways(self, clerk):
        """Where a matter goes from its base: up, down again, across; mostly nowhere."""
        r, luck = clerk.random, clerk.random.random()
        up = self.branch_of[clerk.code]
        if luck < 0.05:
            return (up,)
        if luck < 0.08:
            return (up, "410600")
        if luck < 0.10:
            return (up, r.choice([b for b in self.bases if self.branch_of[b] == up and b != clerk.code]))
        if luck < 0.12:
            return (up, "410600", r.choice([b for b in self.bases if self.branch_of[b] != up]))
        if luck < 0.14:
            return (r.choice([b for b in self.bases if b != clerk.code]),)
        return ("410600-01",) if luck < 0.15 else ()

    # ---- real cases ----

    def register(self, plan):
        """Each case on the agenda of its base; a time that its source doesn't give is drawn."""
        for row in plan.live + plan.moved:
            clerk, drawn = self.clerks[plan.lived_at.of(row)], []
            at = datetime.datetime.fromisoformat(row["opened_at"]).astimezone(CHINA)
            if not FIRST <= at.date() < END.date():
                at, drawn = moment(FIRST + clerk.random.randrange(90) * DAY, 0), ["日期"]
            if (at.hour, at.minute) == (0, 0):
                at = at.replace(hour=9) + clerk.random.randrange(8 * 60) * MINUTE
                drawn.append("时刻")
            if row["number"] in plan.told.drawn:
                drawn.append("类别")
            source = "%s %s" % (plan.told.name, row["number"])
            self._register(clerk, row, at, source, drawn)

    def _register(self, clerk, row, at, source, drawn):
        clerk.plan(at, lambda c, t: self.open_case(c, t, row, source, drawn))

    def open_case(self, clerk, at, row, source, drawn):
        r, category = clerk.random, draw.category(row["category"])
        text, place = clean(row["text"], TEXT_BYTES), draw.place(r)
        title = clean(row["title"], TITLE_BYTES) if text else draw.title(r, category)
        drawn = drawn + ["渠道"] * (row["channel"] != "online") + ["标题"] * (not text) + \
            ["地点", "重点事项", "反映人", "办理经过"]
        deputy = r.choice(self.deputies[clerk.code][:4])
        channel, focus = r.choice(draw.CHANNELS), draw.focus(r, category)
        if row["channel"] == "online":
            channel = "online"
        elif channel == "visit" and quiet(clerk.code, at):
            channel = "phone"
        number = clerk.do(
            "matter", "open", at, channel=channel, category=category, title=title, text=text,
            place=place, people=r.choice([1, 1, 1, 2, 3, 8]), focus=focus or None,
            deputy=deputy if channel in ("visit", "deputy") else None, reporter_name=draw.person(r),
            reporter_phone=draw.phone(r), remark=draw.mark(*drawn, source=source))
        m = Matter(number, at, category, title, place)
        m.steps = course(r, category, at, self.ways(clerk), clean(row["reply"], TEXT_BYTES))
        m.focus = focus
        self._opened(clerk, m, channel)
        if channel == "visit":
            clerk.do("visit", "record", at, who="masses", title=title, deputies=[deputy], matters=[number],
                     services=["reception"], names=[draw.person(r)], people=1, remark=draw.mark())
            self.received(clerk, at, "masses", deputy)
        if r.random() < 0.09:
            clerk.plan(at + (1 + r.randrange(4)) * DAY, lambda c, t: self.again(c, t, m))
        m.go_on(clerk, at)

    def _opened(self, clerk, m, channel):
        m.opener = m.holder = clerk.code
        clerk.matters.append(m)
        clerk.count["opened"] += 1
        clerk.count["channel " + channel] += 1
        clerk.count["category " + m.category] += 1

    @staticmethod
    def received(clerk, at, who, deputy=None):
        clerk.count["visits"] += 1
        clerk.count["visits of %02d" % at.month] += 1
        clerk.count["visit " + who] += 1
        if deputy:
            clerk.count["received " + deputy] += 1

    def again(self, clerk, at, first):
        """The same trouble by another door: offered as a candidate, merged by a person."""
        if first.ended or first.holder != clerk.code:
            return
        r = clerk.random
        number = clerk.do("matter", "open", at, channel="phone", category=first.category, title=first.title,
                          place=first.place if r.random() < 0.6 else None, reporter_name=draw.person(r), reporter_phone=draw.phone(r),
                          remark=draw.mark("重复反映"))
        m = Matter(number, at, first.category, first.title, first.place)
        self._opened(clerk, m, "phone")
        clerk.count["same trouble"] += 1
        offered = [c["number"] for c in table_rows(clerk.get("/v1/matters/candidates", record=number))]
        if first.number not in offered:
            m.steps = course(r, m.category, at, (), "")
            m.go_on(clerk, at)
            return
        clerk.count["offered"] += 1
        clerk.do("matter", "merge", at + 10 * MINUTE, number, joins=first.number)
        clerk.count["matter merge"] += 1
        m.state, first.merged = "merged", first.merged + 1
        if any(x == "echo" for x in first.moves):
            clerk.do("matter", "tell", at + 20 * MINUTE, number, told_how="phone")
            clerk.count["matter tell"] += 1
        else:
            first.voices.append(number)

    # ---- weeks ----

    def week(self, n):
        end = week_end(n)
        self.all(lambda c: c.work_until(end))
        for code in sorted(self.clerks):
            self.on_the_way += self.clerks[code].sent
            self.clerks[code].sent = []
        self.arrive(end)

    def crosses(self, sent):
        return (self.branch_of.get(sent.giver) == self.offline) != (self.branch_of.get(sent.taker) == self.offline)

    def arrive(self, at):
        """Waits for what can arrive, and lets its taker go on with it."""
        stay = []
        for sent in self.on_the_way:
            if self.is_offline and self.crosses(sent):
                stay.append(sent)
                continue
            taker = self.clerks[sent.taker]
            until("%s from %s at %s" % (sent.number, sent.giver, sent.taker), lambda: taker.has(sent.number))
            self.delivered.append(sent)
            sent.then(taker, at + 540 * MINUTE)
        self.on_the_way = stay

    def close(self):
        self.pool.shutdown()
        for c in self.clerks.values():
            c.close()
