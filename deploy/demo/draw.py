"""draw.py - what no source tells: names, titles, units, days. All from one seed, all marked as samples.

Owns:  the words that are drawn from, and the translation of source categories to the city's table.
"""
import datetime

from clerk import SAMPLE

# the categories of the Chinese sources -> level 1 of deploy/city/categories.csv
CATEGORY = {"城建": "城乡建设", "交通": "交通运输", "企业": "经济管理", "环保": "环境保护", "治安": "政法", "政务": "党务政务",
            "教育": "教育文体", "文娱": "教育文体", "就业": "劳动和社会保障", "医疗": "卫生计生", "旅游": "商贸旅游",
            "三农": "农村农业", "金融": "经济管理"}
KNOWN = ["交通运输", "党务政务", "农村农业", "劳动和社会保障", "卫生计生", "商贸旅游", "国土资源", "城乡建设", "政法", "教育文体",
         "民政", "环境保护", "科技与信息产业", "纪检监察", "经济管理"]
FOCUS = {"政法": 1, "环境保护": 2, "教育文体": 3, "卫生计生": 3, "城乡建设": 4, "劳动和社会保障": 5, "农村农业": 6}
UNITS = {"城乡建设": ["住建局", "城管局"], "交通运输": ["交通局", "公交公司"], "经济管理": ["发改委", "金融局"],
         "环境保护": ["生态环境局"], "政法": ["公安分局", "司法局"], "党务政务": ["政务服务局"], "教育文体": ["教体局"],
         "劳动和社会保障": ["人社局"], "卫生计生": ["卫健委"], "商贸旅游": ["商务局", "文旅局"], "农村农业": ["农业农村局"]}
TITLES = {"城乡建设": ["路灯不亮", "小区电梯停运", "污水管堵塞", "外墙脱落", "物业不作为"],
          "交通运输": ["公交线路太少", "路口没有信号灯", "路面破损", "停车难"],
          "经济管理": ["企业办证久拖不决", "预付卡退款难"], "环境保护": ["夜间施工噪声", "油烟扰民", "河道有异味"],
          "政法": ["飙车扰民", "电信诈骗求助"], "党务政务": ["办事窗口多次跑腿", "热线答复不具体"],
          "教育文体": ["学位紧张", "校外培训退费难", "球场关闭"], "劳动和社会保障": ["拖欠工资", "社保转移不畅"],
          "卫生计生": ["挂号难", "社区医院缺药"], "商贸旅游": ["网约房扰民", "景区收费不明"],
          "农村农业": ["灌溉渠淤塞", "惠农补贴未到账"]}
STREETS = ["兴鹤街", "淇河路", "九州路", "黎阳路", "鹤煤大道", "长风路", "山城路", "朝歌路", "嵩山路", "泰山路"]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
REPLIES = ["已派人到现场处理, 问题已解决。", "经核实情况属实, 已责令整改并复查。", "已列入本月计划并完成, 请查看。",
           "已与反映人当面说明政策, 并协助办理。"]
CHANNELS = (["visit"] * 8 + ["phone"] * 5 + ["deputy"] * 4 + ["letter"] + ["partner"] * 2)
SERVICES = {"judge": ["law_advice", "mediation"], "prosecutor": ["law_education", "law_advice"],
            "judicial_officer": ["mediation", "law_advice"], "official": ["policy", "reception"]}
TRAININGS = ["学习代表法", "学习地方组织法", "学习预算审查", "学习信访工作条例"]


def category(name):
    return name if name in KNOWN else CATEGORY.get(name, "党务政务")


def person(r):
    return r.choice(SURNAMES) + "某"


def phone(r):
    """No mobile number begins with 10: nobody's telephone rings."""
    return "1000000%04d" % r.randrange(10000)


def place(r):
    return "%s%d号" % (r.choice(STREETS), r.randrange(1, 200))


def title(r, name):
    return r.choice(TITLES.get(name, ["咨询办理流程", "请求协调"]))


def unit(r, name):
    return r.choice(UNITS.get(name, ["信访局"]))


def focus(r, name):
    return FOCUS.get(name, 0) if r.random() < 0.7 else 0


def rating(r):
    return r.choices(["satisfied", "basically", "unsatisfied"], [70, 22, 8])[0]


def days(r, median):
    return datetime.timedelta(days=min(80.0, r.lognormvariate(0, 0.7) * median))


def mark(*drawn, source=""):
    """The remark of a record with drawn fields: what is drawn, and where the rest is from."""
    text = SAMPLE + (": " + ", ".join(drawn) if drawn else "")
    return text + ("; 事实 facts: " + source if source else "")
