"""The OPC UA driver over real sockets: limits, losses, doubles, nodes that go, clocks."""

import asyncio
import time

import pytest
from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from collector.drivers import DriverError
from collector.model import Quality, Scan
from tests.contract.opcua_parts import SCAN_S, URI, Reading, device_with, peer, reading
from tests.faultproxy import FaultProxy

pytestmark = pytest.mark.slow

HOUR_NS = 3_600_000_000_000


async def test_a_subscription_is_split_by_the_servers_own_limits() -> None:
    async def limit(server: Server) -> None:
        limits = {
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall: 3,
            ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead: 4,
            ObjectIds.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription: 4,
        }
        for number, most in limits.items():
            node = server.get_node(ua.NodeId(ua.Int32(number)))
            await node.write_value(ua.Variant(most, ua.VariantType.UInt32))

    names = [f"n{number}" for number in range(10)]
    async with peer(names, prepare=limit) as server:
        calls = []
        inner = server.server.iserver.subscription_service
        create = inner.create_monitored_items

        async def counted(params: ua.CreateMonitoredItemsParameters) -> object:
            calls.append(len(params.ItemsToCreate))
            return await create(params)

        inner.create_monitored_items = counted  # type: ignore[method-assign,assignment]
        async with reading(device_with(server.port, names)) as found:
            await found.until(found.all_good)
            assert calls == [3, 1, 3, 1, 2]
            assert found.driver.told()["subscriptions"] == 3
            await server.put("n9", 9.0)
            await found.until(lambda: found.board.values[9] == 9.0)
            assert found.driver.told()["queue"] == 1000
            assert found.driver.told()["publishing_ms"] == 50


async def test_an_unchanged_tag_is_confirmed_at_each_scan() -> None:
    async with peer(["a"]) as server, reading(device_with(server.port, ["a"])) as found:
        await found.until(found.all_good)
        for _ in range(5):
            await found.once()
        samples = found.samples(0)
        instants = [at for at, _ in samples]
        assert len(samples) >= 5
        assert instants == sorted(instants)
        assert time.time_ns() - instants[-1] < 3 * SCAN_S * 1e9


async def test_what_changed_comes_with_source_time_and_status_in_order() -> None:
    async with peer(["a"]) as server, reading(device_with(server.port, ["a"])) as found:
        await found.until(found.all_good)
        begun_ns = time.time_ns() // 1000 * 1000
        for number in range(50):
            await server.put("a", float(number), at_ns=begun_ns + number * 1_000_000)
        await found.once()
        await found.once()
        news = [(at, value) for at, value in found.samples(0) if at >= begun_ns]
        expected = [(begun_ns + number * 1_000_000, float(number)) for number in range(50)]
        assert [one for one in news if one in expected] == expected
        await server.put("a", 7.0, status=StatusCodes.UncertainSensorNotAccurate)
        await found.until(lambda: found.quality(0) is Quality.UNCERTAIN_SOURCE)
        await server.put("a", 7.0, status=StatusCodes.BadSensorFailure)
        await found.until(lambda: found.quality(0) is Quality.BAD_SOURCE)
        assert found.driver.told()["status_0x808C0000"] == 1


async def test_a_server_that_restarts_is_read_again_without_doubles() -> None:
    async with peer(["a", "b"]) as server:
        found = Reading(device_with(server.port, ["a", "b"]))
        try:
            await found.driver.connect()
            await found.until(found.all_good)
            await server.stop()
            with pytest.raises(DriverError):
                await found.until(lambda: False, within_s=3)
            await found.driver.close()
            server.strange_namespaces = 3  # its own comes later in the order now
            await server.start()
            before = len(found.scans)
            await found.driver.connect()
            await found.until(lambda: len(found.scans) > before + 2 and found.all_good())
            first_ns = 1_767_225_600_000_000_000
            assert [at for at, _ in found.samples(0)].count(first_ns) == 1
            assert found.driver.told()["resent"] == 2
            await server.put("b", 5.0)
            await found.until(lambda: found.board.values[1] == 5.0)
        finally:
            await found.driver.close()


async def test_a_server_that_falls_silent_is_lost_within_two_periods_of_its_keep_alive() -> None:
    async with (
        peer(["a"]) as server,
        FaultProxy("127.0.0.1", server.port) as proxy,
        reading(device_with(proxy.port, ["a"])) as found,
    ):
        await found.until(found.all_good)
        proxy.black_hole()
        begun_s = time.monotonic()
        with pytest.raises(DriverError, match="publishes nothing") as caught:
            await found.until(lambda: False)
        assert caught.value.kind == "silent"
        assert time.monotonic() - begun_s < 0.5 + 2 * SCAN_S + 0.2


async def first_failure(found: Reading) -> Scan | None:
    """Read until it fails; return what the error brought."""
    async with asyncio.timeout(20 * SCAN_S):
        while True:
            try:
                found.scans.append(await found.driver.scan())
            except DriverError as error:
                return error.brought
            await asyncio.sleep(SCAN_S / 10)


async def test_what_came_before_the_connection_broke_is_not_lost_with_it() -> None:
    async with peer(["a"]) as server, reading(device_with(server.port, ["a"])) as found:
        await found.until(found.all_good)
        given = [float(number) for number in range(10, 15)]
        for value in given:
            await server.put("a", value)
            await asyncio.sleep(SCAN_S / 10)
        await asyncio.sleep(SCAN_S)  # on its way to us, and acknowledged
        await server.stop()
        brought = await first_failure(found)
        assert brought is not None
        found.scans.append(brought)
        assert [value for _, value in found.samples(0) if value in given] == given
        await server.start()


async def test_a_dead_subscription_is_noticed_although_the_transport_is_up() -> None:
    async with peer(["a"]) as server, reading(device_with(server.port, ["a"])) as found:
        await found.until(found.all_good)
        for one in server.server.iserver.subscription_service.subscriptions.values():
            await one.stop()
        with pytest.raises(DriverError, match="publishes nothing"):
            await found.until(lambda: False)
        await found.driver.close()
        await found.driver.connect()
        await found.once()
        await found.until(found.all_good)


async def test_a_node_that_is_not_there_harms_no_other_and_comes_back_by_itself() -> None:
    async with peer(["a"]) as server, reading(device_with(server.port, ["gone", "a"])) as found:
        await found.until(lambda: found.quality(1) is Quality.GOOD)
        assert found.quality(0) is Quality.BAD_SOURCE
        assert found.driver.told()["refused_tags"] == 1
        await server.add("gone")
        await found.until(found.all_good)
        assert found.driver.told()["refused_tags"] == 0


# That server forgets to await what would tell its subscribers: so a node can go unsaid.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .*datachange_callback:RuntimeWarning")
async def test_a_node_deleted_while_subscribed_is_bad_in_two_periods_and_comes_back() -> None:
    async with peer(["a", "b"]) as server, reading(device_with(server.port, ["a", "b"])) as found:
        await found.until(found.all_good)
        await found.once()
        await server.remove("a")
        periods = await found.until(lambda: found.quality(0) is Quality.BAD_SOURCE)
        assert periods <= 2
        assert found.quality(1) is Quality.GOOD
        await server.add("a")
        await found.until(found.all_good)


async def test_reconnecting_over_and_over_leaves_no_sessions_behind() -> None:
    async with (
        peer(["a"]) as server,
        FaultProxy("127.0.0.1", server.port) as proxy,
    ):
        found = Reading(device_with(proxy.port, ["a"]))
        for _ in range(5):
            await found.driver.connect()
            await found.driver.close()
        assert server.server.iserver.subscription_service.subscriptions == {}
        for _ in range(5):
            await found.driver.connect()
            await proxy.reset()
            await found.driver.close()
        await asyncio.sleep(0.3)
        await found.driver.connect()
        assert len(server.server.iserver.subscription_service.subscriptions) <= 1
        await found.driver.close()


async def test_a_server_without_the_namespace_says_which_it_has() -> None:
    async with peer(["a"]) as server:
        device = device_with(server.port, ["a"], namespace="urn:nobody")
        with pytest.raises(DriverError, match=f"no namespace 'urn:nobody', only .*{URI}") as caught:
            async with reading(device):
                pass
        assert caught.value.kind == "namespace"


async def test_a_clock_that_is_off_makes_samples_uncertain_and_keeps_both_times() -> None:
    async with (
        peer(["a", "b"]) as server,
        reading(device_with(server.port, ["a", "b"], clock_skew_s=60)) as found,
    ):
        await found.until(found.all_good)
        ahead_ns = time.time_ns() // 1000 * 1000 + 2 * HOUR_NS
        await server.put("a", 2.0, at_ns=ahead_ns)
        await server.put("b", 2.0, at_ns=946_684_800_000_000_000)
        await found.until(lambda: found.board.values[0] == found.board.values[1] == 2.0)
        assert [found.quality(row) for row in (0, 1)] == [Quality.UNCERTAIN_CLOCK] * 2
        assert found.board.source_ns[0] >= ahead_ns
        assert abs(found.board.received_ns[0] - time.time_ns()) < 2e9
        times = found.samples(0)
        for _ in range(3):
            await found.once()
        assert len(found.samples(0)) > len(times)  # confirmed by its own clock
        assert found.samples(0)[-1][0] >= ahead_ns
        await server.put("a", 3.0)
        await found.until(lambda: found.quality(0) is Quality.GOOD)


async def test_an_overflowed_queue_is_uncertain_once_and_counted() -> None:
    overflow = 0x480
    async with peer(["a"]) as server, reading(device_with(server.port, ["a"])) as found:
        await found.until(found.all_good)
        await server.put("a", 2.0, status=overflow)
        await found.until(lambda: found.quality(0) is Quality.UNCERTAIN_SOURCE)
        assert found.driver.told()["overflows"] == 1
        await found.until(found.all_good)


async def test_a_port_that_speaks_another_protocol_is_one_clear_line() -> None:
    async def http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(http, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(DriverError, match="does it speak OPC UA") as caught:
            async with reading(device_with(port, ["a"])):
                pass
    assert "\n" not in str(caught.value)


async def test_a_host_that_does_not_resolve_is_one_clear_line() -> None:
    with pytest.raises(DriverError, match="correct the device's 'host'") as caught:
        async with reading(device_with(4840, ["a"], host="no-such-host.invalid")):
            pass
    assert caught.value.kind == "host"
