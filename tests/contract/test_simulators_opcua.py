"""A simulated OPC UA server over a real socket, read by a real client."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from collector.site import OpcUaDevice
from collector.site import Plant as Site
from simulators.opcua import Station
from simulators.plant import Orders, PassOrder, Plant, Programme
from simulators.scenario import Mode
from tests.contract.simulator_parts import on_free_ports, opcua_device
from tests.unit.simulators.parts import MORNING_NS, mountain, plant_on, run

pytestmark = pytest.mark.slow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def site() -> Site:
    return on_free_ports(mountain())


@asynccontextmanager
async def listening(plant: Plant, device: OpcUaDevice) -> AsyncIterator[Station]:
    station = Station(device, plant.value_at)
    await station.start()
    try:
        await station.show(plant.site_ns)
        yield station
    finally:
        await station.stop()


@asynccontextmanager
async def client_of(device: OpcUaDevice) -> AsyncIterator[tuple[Client, dict[str, Any]]]:
    client = Client(device.url, timeout=2)
    client.session_timeout = 60_000
    async with client:
        space = await client.get_namespace_index(device.namespace)
        nodes = {tag.id: client.get_node(f"ns={space};{tag.node}") for tag in device.tags}
        yield client, nodes


class Arrivals:
    """What notifications brought, by node, in the order of coming."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[datetime, Any]]] = defaultdict(list)

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        at = data.monitored_item.Value.SourceTimestamp
        self.rows[node.nodeid.Identifier].append((at, value))


def instant(site_ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=site_ns // 1000)


async def test_every_node_carries_the_plants_value_and_the_sites_time(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    run(plant, 30, Orders())
    async with listening(plant, device), client_of(device) as (_, nodes):
        for tag in device.tags:
            found = await nodes[tag.id].read_data_value()
            assert found.Value.Value == pytest.approx(plant.value_at(tag.id)), tag.id
            assert found.SourceTimestamp == instant(plant.site_ns)
            assert found.StatusCode.is_good()


async def test_writes_and_calls_are_refused_and_counted(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    async with listening(plant, device) as station, client_of(device) as (client, nodes):
        assert station.requests == {"write": 0, "call": 0}
        node = nodes["site.weather.temperature"]
        before = await node.read_value()
        with pytest.raises(UaError):
            await node.write_value(99.0)
        assert await node.read_value() == before
        with pytest.raises(UaError):
            await client.nodes.server.call_method(ua.NodeId(ua.Int32(11492)))
        assert station.requests == {"write": 1, "call": 1}


async def test_a_doubtful_value_carries_its_status(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    words = {"site.weather.temperature": "bad", "site.weather.humidity": "uncertain"}
    async with listening(plant, device) as station, client_of(device) as (_, nodes):
        await station.show(plant.site_ns, words)
        codes = [
            (await nodes[tag].read_data_value(raise_on_bad_status=False)).StatusCode.value
            for tag in (*words, "site.weather.pressure")
        ]
    assert codes == [
        StatusCodes.BadSensorFailure,
        StatusCodes.UncertainSensorNotAccurate,
        StatusCodes.Good,
    ]


async def test_a_rope_pass_arrives_whole_in_order_and_with_common_times(site: Site) -> None:
    programme = Programme(passes=(PassOrder("north", 1, 5.0, times=1),))
    plant, device = plant_on(site, programme), opcua_device(site, "rope_test_server")
    arrivals = Arrivals()
    async with listening(plant, device) as station, client_of(device) as (client, nodes):
        subscription = await client.create_subscription(50, arrivals)
        await subscription.subscribe_data_change(list(nodes.values()), queuesize=1000)
        while plant.elapsed_s < 70:
            run(plant, 1.2, Orders(), step_s=1.2)  # as in fast time: many samples in a step
            for reading in plant.readings:
                await station.show_reading(reading)
            await station.show(plant.site_ns)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.4)
        await subscription.delete()
    rows = arrivals.rows
    position = [row for row in rows["north.position"] if row[1] >= 0]
    assert [value for _, value in position] == [round(0.05 * at, 4) for at in range(261)]
    times = [at for at, _ in position]
    assert times == [instant(MORNING_NS + 5_000_000_000 + 200_000_000 * at) for at in range(261)]
    assert [at for at, _ in rows["north.lma"]][-261:] == times
    assert [at for at, _ in rows["north.lf"]][-261:] == times
    assert [value for _, value in rows["north.running"]] == [False, True, False]
    assert [value for _, value in rows["north.pass_counter"]] == [0, 1]
    assert [value for _, value in rows["north.test_point"]] == [0, 1]


async def test_a_silent_server_says_nothing_and_a_refusing_one_hangs_up(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    async with listening(plant, device) as station:
        async with client_of(device) as (_, nodes):
            node = nodes["site.weather.temperature"]
            await station.behave(Mode.SILENT)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(node.read_value(), 0.4)
            await station.behave(Mode.ANSWERING)
            assert await node.read_value() == pytest.approx(
                plant.value_at("site.weather.temperature")
            )
        await station.behave(Mode.REFUSING)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(device.host, device.port)
        await station.behave(Mode.ANSWERING)
        async with client_of(device) as (_, nodes):
            assert await nodes["site.power.mains_ok"].read_value() is True


async def test_a_removed_node_is_gone_for_all_and_comes_back_with_its_value(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    gone, kept = "site.weather.temperature", "site.weather.humidity"
    async with listening(plant, device) as station, client_of(device) as (client, nodes):
        arrivals = Arrivals()
        subscription = await client.create_subscription(50, arrivals)
        await subscription.subscribe_data_change(nodes[kept])
        await station.keep_nodes(frozenset({gone, "north.drive.speed"}))
        await station.show(plant.site_ns)
        with pytest.raises(UaError):
            await nodes[gone].read_value()
        assert await nodes[kept].read_value() == pytest.approx(plant.value_at(kept))
        await station.keep_nodes(frozenset())
        await station.show(plant.site_ns)
        assert await nodes[gone].read_value() == pytest.approx(plant.value_at(gone))


async def test_a_server_that_restarts_has_forgotten_its_sessions(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    async with listening(plant, device) as station:
        old = Client(device.url, timeout=1)
        await old.connect()
        await station.behave(Mode.RESTARTING)
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection(device.host, device.port)
        await station.behave(Mode.ANSWERING)
        await station.show(plant.site_ns)
        with pytest.raises((UaError, OSError, TimeoutError)):
            await old.nodes.server.read_browse_name()
        old.disconnect_socket()
        async with client_of(device) as (_, nodes):
            value = await nodes["site.weather.humidity"].read_value()
            assert value == pytest.approx(plant.value_at("site.weather.humidity"))


async def test_a_restart_holds_up_no_other_device(site: Site) -> None:
    plant, device = plant_on(site), opcua_device(site, "site_station")
    async with listening(plant, device) as station:
        loop = asyncio.get_running_loop()
        pauses_s: list[float] = []

        async def beat() -> None:
            while True:
                before_s = loop.time()
                await asyncio.sleep(0.005)
                pauses_s.append(loop.time() - before_s)

        beating = asyncio.create_task(beat())
        await station.behave(Mode.RESTARTING)
        await station.behave(Mode.ANSWERING)
        beating.cancel()
        # Making its address space at once is pauses of most of a second together.
        assert sum(pause_s for pause_s in pauses_s if pause_s > 0.1) < 0.5, pauses_s
        async with client_of(device) as (_, nodes):
            assert await nodes["site.weather.humidity"].read_value() is not None
