"""A generated site, served by the simulators, is read good in every tag."""

import asyncio
import tomllib
from pathlib import Path
from random import Random

import pytest

from collector.clock import Clock
from collector.model import Quality
from collector.service import Collector
from collector.site import Plant
from simulators.generate import Wish, site_lines
from simulators.scenario import NO_SCRIPT, time_base
from simulators.serve import Simulation
from tests.contract.simulator_parts import on_free_ports

pytestmark = pytest.mark.slow


async def test_every_tag_of_a_generated_site_is_read_good(tmp_path: Path) -> None:
    wish = Wish(devices=6, tags=300, opcua=1, first_port=20000)
    plant = on_free_ports(Plant.model_validate(_plant_tables(wish)))
    base = time_base(NO_SCRIPT, Clock().now_ns(), None)
    simulation = Simulation(plant, NO_SCRIPT, base)
    await simulation.start()
    serving = asyncio.create_task(simulation.run())
    collector = Collector(plant, tmp_path / "history.sqlite", Clock(base), Random(1))
    reading = asyncio.create_task(collector.run())
    try:
        async with asyncio.timeout(20):
            while collector.board.quality.any():
                await asyncio.sleep(0.1)
    finally:
        for task in (reading, serving):
            task.cancel()
        await asyncio.gather(reading, serving, return_exceptions=True)
        collector.history.close()
        await simulation.stop()
    assert set(collector.board.quality) == {Quality.GOOD}


def _plant_tables(wish: Wish) -> dict[str, object]:
    tables = tomllib.loads("\n".join(site_lines(wish)))
    return {name: tables[name] for name in ("site", "ropeway", "device")}
