"""The whole plant, tag by tag."""

import math

import pytest

from simulators.physics.storm import Cell
from simulators.plant import Orders, Programme, WindOrder
from simulators.plant.values import unexplained
from tests.unit.simulators.parts import mountain, plant_on, run


def test_every_tag_of_the_bundled_site_has_a_physical_source() -> None:
    assert unexplained(mountain()) == []


def test_no_value_ever_leaves_its_tags_range() -> None:
    site = mountain()
    plant = plant_on(site)
    worst = Orders(
        wind={"site": WindOrder(30.0, 20.0)},
        cell=Cell(2.0, 200.0, 7.0, 60.0),
        demand_per_h={"north": (0, 3000), "middle": (2000, 0)},
    )
    for orders in (Orders(), worst, Orders(stop={"north": "safety", "middle": "service"})):
        for _ in range(120):
            run(plant, 5.0, orders)
            for tag in site.tags():
                value = plant.value_at(tag.id)
                assert math.isfinite(value), tag.id
                assert tag.min is None or value >= tag.min, (tag.id, value)
                assert tag.max is None or value <= tag.max, (tag.id, value)


def test_an_ordinary_hour_stays_calm() -> None:
    site = mountain()
    plant = plant_on(site)
    gusts = [tag.id for tag in site.tags() if tag.quantity == "wind_gust_3s"]
    for _ in range(720):
        run(plant, 5.0, Orders(), step_s=1.0)
        assert max(plant.value_at(tag) for tag in gusts) < 15.0
        assert plant.value_at("north.drive.speed") == pytest.approx(6.0)
    assert plant.value_at("site.lightning.distance") == 63.0


def test_the_same_seed_and_steps_give_the_same_values() -> None:
    site = mountain()
    first, second, other = (plant_on(site, Programme(seed)) for seed in (5, 5, 6))
    for plant in (first, second, other):
        run(plant, 120, Orders())
    ids = [tag.id for tag in site.tags()]
    assert [first.value_at(tag) for tag in ids] == [second.value_at(tag) for tag in ids]
    assert [first.value_at(tag) for tag in ids] != [other.value_at(tag) for tag in ids]


def test_a_downhill_peak_turns_the_drives_power_negative() -> None:
    plant = plant_on(mountain())
    run(plant, 1200, Orders(demand_per_h={"north": (0, 1600)}), step_s=1.0)
    assert plant.value_at("north.drive.power") < -30
    assert plant.value_at("north.drive.torque") < 0


def test_a_safety_stop_shows_everywhere_it_must() -> None:
    plant = plant_on(mountain())
    run(plant, 15, Orders(stop={"south": "safety"}))
    shown = {
        name: plant.value_at(f"south.{name}")
        for name in ("drive.speed", "safety.drive", "drive.e_stop", "brake.safety_released")
    }
    assert shown == {
        "drive.speed": 0,
        "safety.drive": 0,
        "drive.e_stop": 1,
        "brake.safety_released": 0,
    }
    assert plant.value_at("north.drive.speed") == pytest.approx(6.0)


def test_the_rope_bounces_after_a_hard_stop_and_comes_to_rest() -> None:
    plant = plant_on(mountain())
    stop, forces = Orders(stop={"north": "safety"}), []
    run(plant, 5, stop, step_s=0.1)
    for _ in range(900):
        run(plant, 0.1, stop, step_s=0.1)
        forces.append(plant.value_at("north.tension.force"))
    assert max(forces[:100]) - min(forces[:100]) > 25
    assert max(forces[600:]) - min(forces[600:]) < 8


def test_heartbeats_count_seconds_and_clocks_tell_site_time() -> None:
    plant = plant_on(mountain())
    run(plant, 70, Orders())
    assert plant.value_at("north.drive_plc.heartbeat") == 70
    assert plant.value_at("north.drive_plc.clock") == pytest.approx(plant.site_ns / 1e9)


def test_a_tag_that_nobody_knows_moves_gently_within_its_normal_band() -> None:
    site = mountain()
    device = site.device[0]
    strange = device.tags[0].model_copy(
        update={"id": "north.bakery.oven", "normal": (180.0, 220.0)}
    )
    bakery = device.model_copy(update={"tags": (*device.tags, strange)})
    plant = plant_on(site.model_copy(update={"device": (bakery, *site.device[1:])}))
    seen = []
    for _ in range(60):
        run(plant, 10, Orders(), step_s=1.0)
        seen.append(plant.value_at("north.bakery.oven"))
    assert 180 <= min(seen) < max(seen) <= 220
