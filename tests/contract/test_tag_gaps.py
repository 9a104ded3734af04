"""A tag that is missing although its device answers has a row of its own in the ledger."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from collector.clock import Clock
from collector.gaps import Cause, Gap
from collector.site import ModbusDevice
from tests.contract.driver_parts import Watch, watching
from tests.contract.modbus_parts import refusing, tags
from tests.contract.opcua_parts import SCAN_S, device_with, peer
from tests.modbus_server import ModbusServer, Unit
from tests.unit.collector.words import modbus

MILLISECOND_NS = 1_000_000
PERIOD_NS = int(SCAN_S * 1e9)

Turn = Callable[[], Awaitable[None]]


@asynccontextmanager
async def modbus_tag_that_goes(clock: Clock) -> AsyncIterator[tuple[Watch, str, Turn, Turn]]:
    unit = Unit()
    async with ModbusServer(unit_1=unit) as server:
        words = modbus("peer", *tags(*range(5)), port=server.port, scan_s=SCAN_S)
        async with watching(ModbusDevice.model_validate(words), clock) as watch:

            async def take() -> None:
                unit.refuse = refusing(2, 3)

            async def give() -> None:
                unit.refuse = lambda *_: 0

            yield watch, "north.drive.q3", take, give


@asynccontextmanager
async def opcua_tag_that_goes(clock: Clock) -> AsyncIterator[tuple[Watch, str, Turn, Turn]]:
    async with (
        peer(["a", "b"]) as server,
        watching(device_with(server.port, ["a", "b"]), clock) as watch,
    ):

        async def take() -> None:
            await server.remove("a")

        async def give() -> None:
            await server.add("a")

        yield watch, "site.peer.a", take, give


def of_tags(watch: Watch) -> list[Gap]:
    """Return the newest row of each gap of a tag."""
    rows = {(gap.tag, gap.from_ns): gap for gap in watch.gaps if gap.tag is not None}
    return list(rows.values())


# asyncua's server forgets to await what would tell its subscribers of a node that goes.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .*datachange_callback:RuntimeWarning")
@pytest.mark.parametrize("protocol", [modbus_tag_that_goes, opcua_tag_that_goes])
async def test_a_tag_that_goes_is_a_gap_of_that_tag_alone_until_it_is_back(
    protocol: Callable[[Clock], AbstractAsyncContextManager[tuple[Watch, str, Turn, Turn]]],
) -> None:
    clock = Clock()
    async with protocol(clock) as (watch, tag, take, give):
        await watch.until(watch.is_good, 5)
        gone_ns = clock.now_ns()
        await take()
        await watch.until(lambda: bool(of_tags(watch)), 5)
        (gap,) = of_tags(watch)
        assert (gap.device, gap.tag, gap.to_ns) == ("peer", tag, None)
        assert gap.cause is Cause.TAG_REFUSED
        # A server that tells nobody is asked after quiet tags within two periods.
        assert gone_ns - 1.5 * PERIOD_NS <= gap.from_ns <= gone_ns + 2 * PERIOD_NS
        await asyncio.sleep(2 * SCAN_S)
        await give()
        await watch.until(lambda: of_tags(watch)[0].to_ns is not None, 8)
        (closed,) = of_tags(watch)
        assert abs((closed.to_ns or 0) - clock.now_ns()) < 1.5 * PERIOD_NS
        assert watch.supervisor.health.reconnects == 0
        assert [one for one in watch.gaps if one.tag is None] == []


async def test_what_a_server_kept_while_we_were_held_up_makes_the_gap_recovered() -> None:
    clock = Clock()
    async with (
        peer(["a", "b"]) as server,
        watching(device_with(server.port, ["a", "b"]), clock) as watch,
    ):
        await watch.until(watch.is_good, 5)
        await asyncio.sleep(2 * SCAN_S)
        held_up_ns = clock.now_ns()
        time.sleep(4 * SCAN_S)
        for step in (2, 2.5, 3):
            await server.put("a", step, at_ns=held_up_ns + int(step * PERIOD_NS))
        await watch.until(lambda: any(gap.recovered for gap in watch.gaps), 3)
        rows = {(gap.from_ns, gap.cause): gap for gap in watch.gaps}
        (gap,) = rows.values()
        assert (gap.cause, gap.tag, gap.recovered) == (Cause.NOT_POLLED, None, True)
        assert abs(gap.from_ns - held_up_ns) < 1.5 * PERIOD_NS
        assert abs((gap.to_ns or 0) - held_up_ns - 4 * PERIOD_NS) < 1.5 * PERIOD_NS
