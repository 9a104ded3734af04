"""What the rules and the plant give to judge."""

from analytics.conditions import Condition, conditions_of
from analytics.model import Advised, AlarmKind
from tests.unit.analytics.judging_words import (
    DISTANCE,
    GUST,
    OTHER_GUST,
    SPEED,
    a_judging,
    a_plant,
    a_rule,
)


def conditions(*rules: dict[str, object]) -> dict[str, Condition]:
    found = conditions_of(a_plant(), a_judging(*rules).rule)
    assert len({one.source for one in found}) == len(found)
    return {one.source: one for one in found}


def test_each_limit_of_each_tag_is_a_condition_of_its_own() -> None:
    found = conditions(a_rule(tags=[GUST, OTHER_GUST], high=15, high_high=20, low=-1))
    assert {one for one in found if one.startswith("gust/")} == {
        f"gust/{tag}/{level}" for tag in (GUST, OTHER_GUST) for level in ("H", "HH", "L")
    }
    assert not found[f"gust/{GUST}/L"].row.rising


def test_the_urgent_levels_are_more_urgent_unless_the_rule_says_otherwise() -> None:
    found = conditions(a_rule(high=15, high_high=20, priority=3, advice="slow"))
    urgent = found[f"gust/{GUST}/HH"]
    assert (urgent.priority, urgent.advice) == (2, Advised.SLOW)
    said = a_rule(high=15, high_high=20, priority=3, urgent_priority=1, urgent_advice="stop")
    urgent = conditions(said)[f"gust/{GUST}/HH"]
    assert (urgent.priority, urgent.advice) == (1, Advised.STOP)


def test_every_judged_tag_and_every_device_can_be_lost() -> None:
    found = conditions(a_rule(high=20), a_rule("near", tag=DISTANCE, low=10))
    lost = {one for one in found if found[one].kind is AlarmKind.MONITORING_LOST}
    assert lost == {
        f"lost/{GUST}",
        f"lost/{DISTANCE}",
        "device/drive",
        "device/wind",
        "device/warner",
    }


def test_losing_a_tag_or_its_device_is_as_urgent_as_what_it_would_have_told() -> None:
    found = conditions(a_rule(high=15, priority=3), a_rule("stop", high=20, priority=1))
    assert found[f"lost/{GUST}"].priority == 1
    assert found["device/wind"].priority == 1
    assert found["device/drive"].priority == 3


def test_a_loss_stands_for_three_periods_or_five_seconds() -> None:
    assert conditions(a_rule(high=20))[f"lost/{GUST}"].on_delay_s == 5


def test_names_carry_the_ropeway_except_for_the_whole_site() -> None:
    found = conditions(a_rule(high=20), a_rule("near", tag=DISTANCE, low=10))
    assert found[f"gust/{GUST}/H"].name.en == f"north {GUST}"
    assert found[f"near/{DISTANCE}/L"].name.en == DISTANCE
    assert found[f"near/{DISTANCE}/L"].ropeway == "site"


def test_only_a_rule_that_says_so_opens_a_consultation() -> None:
    found = conditions(a_rule(high=20, raises="consultation"), a_rule("fast", tag=SPEED, high=6))
    assert [one for one in found if found[one].opens_consultation] == [f"gust/{GUST}/H"]
