"""cases.py - rows of cases for import, made from a seed.

Facts only (no title, text or reply). A whole life is six events (open, accept, assign, answer,
echo, close) of 110 bytes on average; an open row without an agency two, of 150.
"""
import datetime
import random

HEADER = ("number,opened_at,due_at,closed_at,state,channel,category,subcategory,district,"
          "sub_district,agency,title,text,reply,duplicate_of")
CHANNELS = ["visit", "phone", "letter", "online", "deputy", "partner", "other"]
CATEGORIES = ["环境卫生", "城乡建设", "劳动和社会保障", "交通运输", "教育文体", "卫生健康", "农村农业",
              "物业管理", "噪声扰民", "供水供电供气", "市场监管", "公共安全", "民政救助", "土地征收",
              "道路照明", "园林绿化"]
KINDS = ["垃圾清运不及时", "路面坑洼积水", "路灯不亮", "占道经营", "拖欠工资", "停车秩序混乱"]
PLACES = ["黎阳路街道幸福里社区三号院东门北侧人行道", "淇滨大道与华夏南路交叉口西北角公交站旁",
          "天山路街道锦绣花园小区南区地下车库入口", "桂山街道盘石头水库移民新村村委会门前"]
UNITS = ["淇滨区城市管理局市容环境卫生服务中心", "淇滨区住房和城乡建设局物业管理科",
         "淇滨区人力资源和社会保障局劳动监察大队", "淇滨区交通运输局农村公路养护所"]
# What a file of each stage becomes, in events a row.
STAGES = {"whole": 6, "open": 2, "begun": 3, "ended": 3}


def text_time(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S+08:00")


def write(path, events, seed, stage="whole", pace=1):
    """Rows for so many events, or a few less, in the order in which they were opened. "ended" tells
    of the matters of "begun" with the same seed how they went on, in any order. pace: how much longer
    than usual it is from one opening to the next."""
    rng = random.Random(seed)
    opened = datetime.datetime(2025, 1, 1, 8, 0, 0)
    closed, lines = stage in ("whole", "ended"), []
    for i in range(events // STAGES[stage]):
        opened += datetime.timedelta(seconds=pace * rng.randrange(1, 240))
        place = "%s%d号" % (rng.choice(PLACES), rng.randrange(1, 400))
        ended = opened + datetime.timedelta(days=rng.randrange(1, 60))
        unit = rng.choice(UNITS)
        lines.append("%04x-%09d,%s,%s,%s,%s,%s,%s,%s,淇滨区,%s,%s,,,,\n" % (
            seed, i, text_time(opened), text_time(opened + datetime.timedelta(days=30)),
            text_time(ended) if closed else "", "closed" if closed else "open",
            rng.choice(CHANNELS), rng.choice(CATEGORIES), rng.choice(KINDS), place,
            "" if stage == "open" else unit))
    if stage == "ended":
        rng.shuffle(lines)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(HEADER + "\n")
        f.writelines(lines)
    return path
