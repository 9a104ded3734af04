"""What people read: both languages, values with unit and trust, where, when, simulated or not."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from analytics.model import Guidance
from analytics.notify.plan import Call, Due, Message
from analytics.notify.words import MOST_BYTES, Reading, Teller, Words
from analytics.records import Callout
from collector.model import Quality
from collector.site import Name
from tests.unit.analytics.judging_words import a_plant
from tests.unit.analytics.records_words import NOON_NS, an_alarm

PLANT = a_plant()
TELLER = Teller(PLANT, ZoneInfo("Asia/Shanghai"))
TAG = "north.tower_07.wind_gust_3s"
ALARM = replace(
    an_alarm(),
    id=1,
    guidance=Guidance(
        Name(zh="吊厢摆动", en="Carriers swing"), Name(zh="减速", en="Slow down"), 60
    ),
)


def said(*calls: Call, reading: Reading | None = None, step: int = 0) -> Words:
    dues = tuple(Due(one, step) for one in calls)
    readings = {TAG: reading} if reading else {}
    return TELLER.say(Message("group", ("zhang.wei",), dues), readings)


def a_call(number: int = 1, folded: int = 0) -> Call:
    return Call(Callout(number, number, NOON_NS), replace(ALARM, id=number), folded)


def test_a_message_says_what_where_how_grave_and_what_to_do_chinese_first() -> None:
    words = said(a_call(), reading=Reading(21.34, Quality.GOOD))
    chinese, english = words.text.split("\n\n")
    for piece in (
        "一级报警",
        "north索道",
        "七号支架阵风 20.6 m/s ≥ 20 m/s",
        "处置：减速（60 秒内）",
    ):
        assert piece in chinese
    for piece in ("P1", "north", "Tower 7 gust 20.6 m/s ≥ 20 m/s", "Do: Slow down (within 60 s)"):
        assert piece in english
    assert "当前值：21.34 m/s（可信）" in chinese
    assert "Now: 21.34 m/s (good)" in english
    assert "CST" in chinese
    assert words.text.startswith(words.title)


def test_a_value_that_may_not_be_believed_is_not_shown_as_one() -> None:
    lost = said(a_call(), reading=Reading(99.0, Quality.BAD_DEVICE_LOST)).text
    assert "当前值：—（不可信）" in lost
    assert "99" not in lost
    assert "（存疑）" in said(a_call(), reading=Reading(9.0, Quality.UNCERTAIN_SOURCE)).text


def test_a_simulated_site_says_so_first_in_every_message() -> None:
    assert PLANT.site.simulated
    mark = "【模拟 SIMULATED】"
    many = said(*(a_call(one) for one in range(1, 4)))
    for words in (said(a_call()), many, TELLER.test(Name(zh="群", en="group"), NOON_NS)):
        assert words.title.startswith(mark)
        assert words.text.startswith(mark)
    real = PLANT.model_copy(update={"site": PLANT.site.model_copy(update={"simulated": False})})
    assert "SIMULATED" not in Teller(real, TELLER.zone).test(Name(zh="", en=""), NOON_NS).text


def test_a_later_step_says_that_nobody_acknowledged() -> None:
    assert "升级通知" in said(a_call(), step=1).text
    assert "升级通知" not in said(a_call()).text


def test_many_alarms_are_listed_with_the_first_and_counted() -> None:
    text = said(*(a_call(one, folded=40 if one == 1 else 0) for one in range(1, 30))).text
    assert "29 条报警" in text
    assert "(+40)" in text
    assert "另有 21 条" in text
    assert "and 21 more" in text


@given(st.text(max_size=3000), st.integers(1, 40))
def test_no_message_is_longer_than_the_strictest_service_takes(name: str, number: int) -> None:
    long = replace(ALARM, name=Name(zh=name, en=name))
    calls = [Call(Callout(one, one, NOON_NS), long) for one in range(number)]
    assert len(said(*calls).text.encode()) <= MOST_BYTES + 100
