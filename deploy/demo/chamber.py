"""chamber.py - the congress at work: suggestions, supervision, the vote on projects, the online station.

Owns:  the courses of suggestions and projects as tables, notices to holders, ballots, online messages.
"""
import datetime
import json
import os
import urllib.request

import draw
from city import Failed
from clerk import MINUTE, moment, until
from life import DAY, Sent

TOKEN = "demo-platform-token-0001"
GOOD = {"rating_meeting": "satisfied", "rating_attitude": "satisfied", "rating_answer": "satisfied",
        "rating_whole": "satisfied"}
BAD = {**GOOD, "rating_answer": "unsatisfied", "rating_whole": "unsatisfied"}
FIVE = ["市人大", "市政府", "政协", "纪委监委", "承办单位上级"]


def day(text):
    return moment(datetime.date.fromisoformat("2026-" + text))


def _answer(cls, on, how="written"):
    return [(on, "draft", {"reply": "示例答复", "class": cls}), (on, "submit", {"responsible": "示例负责人"}),
            (on, "answer", {"reviewed_by": "deputies_office", "answered_how": how})]


# station, deputy, co-signers, title, then the steps (day, move, fields)
SUGGESTIONS = (
    ("410602", "D-410602001-1", ["D-410602001-2"], "增设社区公交站", [
        ("04-08", "accept", {"category": "交通运输"}), ("04-09", "assign", {"unit": "交通局"}), *_answer("A", "05-06"),
        ("05-08", "tell", {"told": ["D-410602001-2"], "told_how": "letter"}), ("05-12", "rate", GOOD),
        ("05-20", "close", {}), ("06-20", "rerate", {"rating_result": "satisfied"})]),
    ("410602", "D-410602100-1", [], "老旧小区加装电梯", [
        ("04-10", "accept", {"category": "城乡建设"}), ("04-13", "key", {"key": "yes", "supervisors": FIVE}),
        ("04-14", "assign", {"unit": "住建局", "co_units": ["财政局"]}),
        ("05-08", "consult", {"co_unit": "财政局", "opinion": "同意列支"}), *_answer("B", "05-19"),
        ("05-26", "rate", GOOD), ("05-27", "promise", {"promise": "2026-12-31"}),
        ("06-25", "progress", {"progress": "已完成三成"})]),
    ("410621", "D-410621001-1", ["D-410621001-2", "D-410621001-3"], "整治河道异味", [
        ("04-15", "accept", {"category": "环境保护"}), ("04-16", "assign", {"unit": "生态环境局"}),
        *_answer("C", "05-11"), ("05-15", "rate", GOOD), ("05-18", "promise", {"promise": "2026-06-20"})]),
    ("410600", "D-410611001-4", [], "统一停车收费标准", [
        ("04-20", "accept", {"category": "交通运输"}), ("04-21", "assign", {"unit": "发改委"}), *_answer("D", "05-13"),
        ("05-20", "rate", BAD), ("05-21", "redo", {"reason": "代表不满意", "due": "2026-07-20"}), *_answer("A", "06-15"),
        ("06-18", "rate", GOOD), ("06-22", "close", {}), ("06-24", "evaluate", {"score": 86})]),
    ("410611", "D-410611003-1", [], "增加夜间门诊", [
        ("05-25", "accept", {"category": "卫生计生"}), ("05-26", "assign", {"unit": "卫健委"})]))


def suggest(life):
    for station, deputy, co_signers, title, steps in SUGGESTIONS:
        life[station].plan(day(steps[0][0]) - 2 * DAY, _raise(deputy, co_signers, title, list(steps)))


def _raise(deputy, co_signers, title, steps):
    def act(clerk, at):
        number = clerk.do("suggestion", "raise", at, type="suggestion", level="county", title=title, deputy=deputy,
                          co_signers=co_signers, remark=draw.mark())
        clerk.count["suggestions"] += 1
        for i, (on, move, fields) in enumerate(steps):
            clerk.plan(day(on) + i * MINUTE, _step("suggestion", number, move, fields))
    return act


def _step(kind, number, move, fields):
    def act(clerk, at):
        clerk.do(kind, move, at, number, **fields)
        clerk.count["%s %s" % (kind, move)] += 1
    return act


# ---- supervision: notices to those who hold a matter for long ----

def press(life, at, level, answers, below=None):
    """Main presses a base, below one branch or any, that holds the oldest matter not pressed yet."""
    main = life["410600"]
    open_now = [m for m in life.matters() if m.state == "assigned" and not m.pressed and m.holder in life.bases
                and below in (None, life.branch_of[m.holder])]
    if not open_now:
        raise Failed("no matter is assigned and late enough to be pressed")
    m = min(open_now, key=lambda m: (m.opened, m.opener))
    m.pressed = True
    number = main.do("supervision", "issue", at, to=m.holder, level=level, about=m.number,
                     title="督办: " + m.title[:40], due=(at + 10 * DAY).date(), supervisors=FIVE[:3] if level == "key" else None,
                     remark=draw.mark())
    main.count["notices"] += 1
    main.count["notice " + level] += 1
    main.count["late notice " + level] += not answers
    life.on_the_way.append(Sent("supervision", number, "410600", m.holder, _received(number, answers)))


def _received(number, answers):
    def then(clerk, at):
        if answers:
            clerk.plan(at + 2 * DAY, lambda c, t: _reply(c, t, number))
    return then


def _reply(clerk, at, number):
    clerk.do("supervision", "answer", at, number, reply="已按要求办理")
    clerk.count["supervision answer"] += 1
    clerk.sent.append(Sent("supervision", number, clerk.code, "410600", _closing(number)))


def _closing(number):
    return lambda clerk, at: clerk.plan(at + DAY, _step("supervision", number, "close", {}))


# ---- projects, and the vote on them ----

PROJECTS = (("老旧小区路灯改造", 800000), ("社区老年食堂", 1200000), ("智慧停车场", 3000000), ("口袋公园", 950000))
BRANCH, DEPUTIES, PRESENT, SEATS = "410611", 201, 198, 2


def propose(life):
    """Proposals gathered in April, one dropped, four screened; their numbers appear in the list."""
    numbers = []

    def act(clerk, at):
        for title, cost in PROJECTS + (("区政府广场雕塑", 5000000),):
            n = clerk.do("project", "propose", at, origin="station", title=title, cost=cost,
                         people=clerk.random.randrange(200, 3000), remark=draw.mark())
            if title == PROJECTS[len(numbers)][0] if len(numbers) < len(PROJECTS) else False:
                numbers.append(n)
                clerk.do("project", "screen", at + DAY, n, round="2026")
            else:
                clerk.do("project", "drop", at + DAY, n, reason="群众需求不足")
            clerk.count["projects"] += 1
    life[BRANCH].plan(day("04-20"), act)
    return numbers


def vote(life, numbers, at):
    """The deputies vote, at a branch that may be offline: the vote's number and its count."""
    clerk = life[BRANCH]
    v = clerk.do("vote", "prepare", at, method="n_of_m", title="2026年民生实事票决", candidates=numbers, seats=SEATS,
                 deputies=DEPUTIES, remark=draw.mark())
    slips = clerk.station.ctl("project", "tokens", v, "--present", str(PRESENT)).split()
    clerk.do("vote", "open", at, v)
    r, papers = clerk.random, []
    for n, slip in enumerate(slips):
        choices = sorted(r.choices(range(1, len(numbers) + 1), [9, 7, 2, 2])[0:1] +
                         r.choices(range(1, len(numbers) + 1), [7, 9, 2, 2])[0:1])
        papers.append([slip] + sorted(set(choices)))
        if n == 7:
            papers[-1] = [slip, 1, 2, 3]  # more choices than seats: void
    box = os.path.join(clerk.station.home, "box.txt")
    with open(box, "w", encoding="utf-8") as f:
        f.writelines(" ".join(map(str, p)) + "\n" for p in papers[:-3])  # three weren't returned
    clerk.station.ctl("project", "ballot", v, "--file", box)
    os.unlink(box)
    clerk.do("vote", "close", at + 60 * MINUTE, v)
    counted = clerk.station.json("project", "count", v)
    clerk.station.ctl("project", "declare", v)
    clerk.count["votes"] += 1
    return v, counted


def build(life, elected, at):
    """What was elected is taken on; the first is finished and accepted."""
    clerk = life[BRANCH]
    for i, number in enumerate(elected):
        clerk.do("project", "take", at + DAY, number, unit="住建局", budget=PROJECTS[i][1], leader="示例负责人",
                 milestones=["六月开工", "九月完工"], due="2026-12-31")
        clerk.do("project", "report", at + 30 * DAY, number, progress="示例进展", percent=100 if i == 0 else 40)
    if elected:
        clerk.do("project", "finish", at + 31 * DAY, elected[0], result="已完工")
        clerk.do("project", "accept", at + 35 * DAY, elected[0], rating_result="satisfied", satisfied=150, basically=40,
                 unsatisfied=3)


# ---- the city's platform ----

class Platform:
    def __init__(self, port):
        self.url = "http://127.0.0.1:%d/online/v1/" % port

    def ask(self, path, message=None):
        body = None if message is None else json.dumps(message).encode()
        request = urllib.request.Request(self.url + path, body, {
            "Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def send(self, n, town, r):
        category = r.choice(sorted(draw.TITLES))
        title = draw.title(r, category)
        return category, self.ask("messages", {
            "name": draw.person(r), "mobile": "13800000000", "title": title, "notice_accepted": True,
            "text": "%s, 请处理。(%s)" % (title, draw.mark()), "request_id": "demo-%04d" % n, "category": category,
            "place": {"code": town}})


def online(life, platform, messages):
    """Messages come in at main, are handled at their bases, and answered by code."""
    taken = []
    r = life["410600"].random
    for n in range(messages):
        base = life.bases[n % len(life.bases)]
        category, answer = platform.send(n, base, r)
        taken.append((base, answer["code"], category))
        life["410600"].count["opened"] += 1
        life["410600"].count["channel online"] += 1
        life["410600"].count["category " + category] += 1
    answered = 0
    for n, (base, code, category) in enumerate(taken):
        until("an online message at %s" % base, lambda: platform.ask("messages/" + code)["station"]["code"] == base)
        if n % 2 == 0:
            answered += _handle(life[base], platform, code, category)
    return taken, answered


def _handle(clerk, platform, code, category):
    mine = []

    def arrived():
        mine[:] = [x for x in clerk.get("/v1/records", kind="matter", state="registered")["records"]
                   if x["holder"] == clerk.code and x["number"].startswith("410600-")]
        return mine
    until("it can be worked on at %s" % clerk.code, arrived)
    number = mine[0]["number"]
    clerk.do("matter", "accept", None, number, category=category)
    clerk.do("matter", "answer", None, number, reply="已处理 (%s)" % draw.mark())
    return 1
