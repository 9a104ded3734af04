"""Rope-test heads as functions of time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.model import NANOSECONDS
from simulators.physics.rope import Defect
from simulators.plant import Orders, PassOrder, PlantedDefect, Programme, RopeReading
from simulators.plant.rope_test import RopeHead
from tests.unit.simulators.parts import MORNING_NS, WEEK_S, mountain, plant_on, run

WEEKLY = Programme(
    seed=4,
    passes=(PassOrder("north", 1, 20.0, 240.0, 26),),
    defects=(PlantedDefect("north", 1, Defect(6.4, 0.4, 0.5, 0.245)),),
)


def head(programme: Programme = WEEKLY, second_ns: int = NANOSECONDS) -> RopeHead:
    return RopeHead(
        "north", {1: 13.0}, programme, lambda elapsed_s: MORNING_NS + round(elapsed_s * second_ns)
    )


def one_pass(number: int, programme: Programme = WEEKLY) -> list[RopeReading]:
    # Each 240 s of running time stand for one week of the calendar.
    weekly = head(programme, round(WEEK_S / 240 * NANOSECONDS))
    return list(weekly.readings(240.0 * number, 240.0 * (number + 1)))


def test_a_pass_brings_each_five_centimetres_once_with_a_time_of_its_own() -> None:
    readings = list(head().readings(0, 200))
    assert [reading.position_m for reading in readings[:3]] == [0.0, 0.05, 0.1]
    assert readings[-2].position_m == 13.0
    gaps = {later.at_ns - sooner.at_ns for sooner, later in pairwise(readings)}
    assert gaps == {200_000_000}
    assert all(reading.running for reading in readings[:-1])


def test_a_pass_ends_with_the_counter_one_higher() -> None:
    readings = list(head().readings(0, 200))
    assert {reading.pass_counter for reading in readings[:-1]} == {0}
    assert (readings[-1].running, readings[-1].pass_counter) == (False, 1)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.floats(0, 400), max_size=12))
def test_however_time_is_cut_into_steps_the_readings_are_the_same(cuts: list[float]) -> None:
    whole = list(head().readings(0, 400))
    edges = [0.0, *sorted(cuts), 400.0]
    cut = head()
    parts = [reading for begin, end in pairwise(edges) for reading in cut.readings(begin, end)]
    assert parts == whole


def test_a_simulator_started_again_goes_on_with_the_same_counter() -> None:
    assert head().standing(1000.0).pass_counter == 4
    middle = head().standing(240 * 4 + 20 + 10.0)
    assert (middle.running, middle.pass_counter, middle.position_m) == (True, 4, 2.5)


def test_the_planted_loss_passes_ninety_percent_of_the_limit_at_week_twenty() -> None:
    worst = {}
    for week in (0, 10, 18, 22):
        lma = np.array([reading.lma_pct for reading in one_pass(week)])
        worst[week] = np.convolve(lma, np.ones(5) / 5, "valid").max()  # 6 d are 0.243 m
    assert worst[0] < 1.2
    assert worst[10] == pytest.approx(2.95, abs=0.4)
    assert worst[18] < 5.4 < worst[22]


def test_the_plant_hands_on_every_reading_however_fast_it_runs() -> None:
    slow, fast = plant_on(mountain(), WEEKLY), plant_on(mountain(), WEEKLY)
    seen: dict[float, list[RopeReading]] = {0.1: [], 1.2: []}
    for plant, step_s in ((slow, 0.1), (fast, 1.2)):
        while plant.elapsed_s < 90:
            run(plant, step_s, Orders(), step_s)
            seen[step_s] += plant.readings
    assert len(seen[0.1]) == 262
    assert seen[0.1] == seen[1.2]
    assert slow.value_at("north.rope_test.pass_counter") == 1
