"""What every driver promises, over real sockets, whatever its protocol."""

import asyncio
import math
import time

import pytest
from structlog.testing import capture_logs

from collector.clock import Clock
from collector.drivers import Driver, DriverError
from collector.gaps import Cause
from collector.model import NANOSECONDS, Quality
from collector.service import open_driver
from collector.supervisor import DeviceState
from simulators.opcua import Station
from simulators.plc import Plc
from simulators.scenario import Mode
from tests.contract.driver_parts import (
    FORCE,
    GUST,
    HICCUP_S,
    PROTOCOLS,
    SCAN_S,
    SPEED,
    VALUES,
    bench,
    device_of,
    keeps_its_period,
    scanned,
    table,
    watching,
)
from tests.contract.simulator_parts import free_ports

pytestmark = pytest.mark.slow
protocols = pytest.mark.parametrize("protocol", PROTOCOLS)


async def connected_scan(driver: Driver) -> None:
    await driver.connect()
    await driver.scan()


async def scanned_on(driver: Driver) -> None:
    for _ in range(30):
        await driver.scan()
        await asyncio.sleep(0.1)


@protocols
async def test_values_quality_and_times_are_those_of_the_server(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        began_ns = clock.now_ns()
        await one.show(clock)
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        await driver.close()
        ended_ns = clock.now_ns()
    assert [heard[slot][0] for slot in range(3)] == list(VALUES.values())
    assert [heard[slot][1] for slot in range(3)] == [Quality.GOOD] * 3
    for _, _, source_ns in heard.values():
        assert began_ns - NANOSECONDS // 1000 <= source_ns <= ended_ns


@protocols
async def test_a_change_is_seen_at_the_next_scans(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        driver = one.driver(clock)
        await driver.connect()
        await scanned(driver, clock)
        one.shown[GUST] = 21.5
        await one.show(clock)
        await asyncio.sleep(2 * SCAN_S)
        assert (await scanned(driver, clock))[2][0] == 21.5
        await driver.close()


@protocols
async def test_what_is_out_of_range_or_no_number_is_bad_by_itself(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        one.shown |= {SPEED: 101.0, FORCE: math.nan}
        await one.show(clock)
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        await driver.close()
    qualities = [heard[slot][1] for slot in range(3)]
    assert qualities == [Quality.BAD_OUT_OF_RANGE, Quality.BAD_NOT_A_NUMBER, Quality.GOOD]
    assert heard[0][0] == 101.0
    assert math.isnan(heard[1][0])


@protocols
async def test_where_nobody_listens_connecting_is_refused_at_once(protocol: str) -> None:
    (port,) = free_ports(1)
    clock = Clock()
    one = open_driver(device_of(table(protocol, port)), 0, clock)
    began_s = clock.steady_s()
    with pytest.raises(DriverError) as refusal:
        await one.connect()
    assert clock.steady_s() - began_s < 1.0
    assert refusal.value.kind == "refused"
    assert str(port) in str(refusal.value)
    await one.close()
    await one.close()


@protocols
async def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        one.cable.black_hole()
        driver = one.driver(clock)
        began_s = clock.steady_s()
        with pytest.raises(DriverError) as refusal:
            await connected_scan(driver)
        assert refusal.value.kind in ("timeout", "refused")
        await driver.close()
        assert clock.steady_s() - began_s < 4.0


@protocols
async def test_a_connection_reset_under_the_driver_is_its_error_and_no_other(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        driver = one.driver(clock)
        await driver.connect()
        await scanned(driver, clock)
        await one.cable.reset()
        with pytest.raises(DriverError):
            await scanned_on(driver)
        await driver.close()
        await driver.connect()
        assert (await scanned(driver, clock))[0][0] == VALUES[SPEED]
        await driver.close()


@protocols
async def test_an_answer_cut_in_the_middle_gives_no_values(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        one.cable.reset_mid_answer(5)
        driver = one.driver(clock)
        with pytest.raises(DriverError):
            await connected_scan(driver)
        await driver.close()


@protocols
async def test_a_silent_device_is_bad_within_two_periods_and_back_within_five_seconds(
    protocol: str,
) -> None:
    clock = Clock()
    async with (
        bench(protocol) as one,
        bench("modbus_tcp") as other,
        watching(other.device, clock, 0.5) as neighbour,
    ):
        await one.show(clock)
        with capture_logs() as logs:
            async with watching(one.device, clock) as watch:
                await watch.until(watch.is_good, 5)
                await asyncio.sleep(2 * SCAN_S)
                one.cable.black_hole()
                last_good_ns = watch.supervisor.health.last_good_ns
                await watch.until(watch.is_bad, 2 * SCAN_S + HICCUP_S)
                await asyncio.sleep(2.0)
                one.cable.half_open()
                await one.cable.reset()
                await one.cable.heal()
                healed_ns = clock.now_ns()
                await watch.until(watch.is_good, 5.0)
                back_ns = clock.now_ns()
                health = watch.supervisor.health
                lost = [gap for gap in watch.gaps if gap.cause is Cause.DEVICE_LOST]
        assert health.reconnects == 1
        assert [gap.to_ns is None for gap in lost] == [True, False]
        period_ns = SCAN_S * NANOSECONDS
        assert abs(lost[-1].from_ns - last_good_ns) <= 2 * period_ns
        assert lost[-1].to_ns is not None
        assert healed_ns <= lost[-1].to_ns <= back_ns + period_ns
        events = [entry["event"] for entry in logs if entry["device"] == "device"]
        assert events == ["device lost", "device back"]
        assert neighbour.is_good()
        assert neighbour.supervisor.health.state is DeviceState.ONLINE
        assert keeps_its_period(neighbour.supervisor.health)


@protocols
async def test_while_a_device_is_away_every_period_says_so(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        async with watching(one.device, clock) as watch:
            await watch.until(watch.is_good, 5)
            await one.cable.refuse()
            await watch.until(watch.is_bad, 3)
            before = len(watch.scans)
            await asyncio.sleep(6 * SCAN_S)
            said = watch.scans[before:]
            assert 5 <= len(said) <= 7
            assert {int(code) for scan in said for code in scan.quality} == {
                Quality.BAD_DEVICE_LOST
            }
            await one.cable.heal()
            await watch.until(watch.is_good, 5)


@protocols
async def test_starting_while_the_device_is_off_is_a_normal_start(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.cable.refuse()
        async with watching(one.device, clock) as watch:
            await watch.until(watch.is_bad, 5)
            await one.show(clock)
            await one.cable.heal()
            await watch.until(watch.is_good, 5)
            assert watch.supervisor.health.errors.total() >= 1


@protocols
async def test_a_monitor_that_is_held_up_counts_what_it_skipped(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        async with watching(one.device, clock) as watch:
            await watch.until(watch.is_good, 5)
            time.sleep(3.2 * SCAN_S)
            await asyncio.sleep(2 * SCAN_S)
            assert 2 <= watch.supervisor.health.skipped <= 4
            assert Cause.NOT_POLLED in {gap.cause for gap in watch.gaps}


@protocols
async def test_nothing_but_reading_is_ever_asked(protocol: str) -> None:
    clock = Clock()
    async with bench(protocol) as one:
        await one.show(clock)
        async with watching(one.device, clock) as watch:
            await watch.until(watch.is_good, 5)
            await one.cable.reset()
            await watch.until(watch.is_bad, 3)
            await watch.until(watch.is_good, 5)
        if isinstance(one.server, Plc):
            assert set(one.server.requests) <= {1, 2, 3, 4}
            assert one.server.requests.total() > 0
        else:
            assert one.server.requests == {"write": 0, "call": 0}


@pytest.mark.parametrize("word", ["bad", "uncertain"])
async def test_the_status_of_an_opc_ua_value_is_its_quality(word: str) -> None:
    clock = Clock()
    async with bench("opcua") as one:
        await one.show(clock, **{GUST: word})
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        await driver.close()
    wanted = Quality.BAD_SOURCE if word == "bad" else Quality.UNCERTAIN_SOURCE
    assert [heard[slot][1] for slot in range(3)] == [0, 0, wanted]


async def test_an_opc_ua_value_that_does_not_change_stays_fresh() -> None:
    clock = Clock()
    async with bench("opcua") as one:
        await one.show(clock)
        driver = one.driver(clock)
        await driver.connect()
        first = await scanned(driver, clock)
        await asyncio.sleep(3 * SCAN_S)
        again = await scanned(driver, clock)
        await driver.close()
    assert again[0][:2] == first[0][:2]
    assert clock.now_ns() - again[0][2] < 3 * SCAN_S * NANOSECONDS


async def test_an_unknown_opc_ua_namespace_is_said_in_words() -> None:
    clock = Clock()
    async with bench("opcua") as one:
        one.device = one.device.model_copy(update={"namespace": "urn:nowhere"})
        driver = one.driver(clock)
        with pytest.raises(DriverError, match="urn:nowhere"):
            await driver.connect()
        await driver.close()


async def test_an_unknown_opc_ua_node_is_bad_and_spoils_no_other() -> None:
    clock = Clock()
    async with bench("opcua") as one:
        await one.show(clock)
        wrong = one.device.tags[1].model_copy(update={"node": "s=nowhere"})
        tags = (one.device.tags[0], wrong, one.device.tags[2])
        one.device = one.device.model_copy(update={"tags": tags})
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        await driver.close()
    assert [heard[slot][1] for slot in range(3)] == [0, Quality.BAD_SOURCE, 0]
    assert isinstance(one.server, Station)


async def test_a_plc_that_refuses_one_address_still_gives_the_others() -> None:
    clock = Clock()
    async with bench("modbus_tcp", max_gap=124) as one:
        assert isinstance(one.server, Plc)
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        assert [heard[slot][0] for slot in range(3)] == list(VALUES.values())
        assert one.server.exceptions[2] > 0
        refused = one.server.exceptions[2]
        await scanned(driver, clock)
        assert one.server.exceptions[2] == refused
        await driver.close()


async def test_a_plc_that_answers_every_request_with_a_failure_is_bad_at_the_source() -> None:
    clock = Clock()
    async with bench("modbus_tcp") as one:
        await one.server.behave(Mode.FAILING)
        driver = one.driver(clock)
        await driver.connect()
        heard = await scanned(driver, clock)
        await driver.close()
    assert {heard[slot][1] for slot in range(3)} == {Quality.BAD_SOURCE}


async def test_a_plc_too_slow_for_its_period_is_not_shown_as_fresh() -> None:
    clock = Clock()
    async with bench("modbus_tcp", max_gap=0) as one, watching(one.device, clock) as watch:
        await watch.until(watch.is_good, 5)
        await one.server.behave(Mode.SLOW, 0.7 * SCAN_S)
        await watch.until(watch.is_bad, 3 * SCAN_S + HICCUP_S)
        assert watch.supervisor.health.errors == {"slow": 1}
        await one.server.behave(Mode.ANSWERING)
        await watch.until(watch.is_good, 5)


async def test_two_drivers_of_one_plant_keep_their_slots_apart() -> None:
    clock = Clock()
    async with bench("modbus_tcp") as one:
        driver = open_driver(one.device, 40, clock)
        await driver.connect()
        scan = await driver.scan()
        await driver.close()
    assert sorted(scan.slots.tolist()) == driver.slots.tolist() == [40, 41, 42]
