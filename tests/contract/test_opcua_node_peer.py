"""The OPC UA driver against node-opcua: a server that this project did not write."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from collector.drivers import DriverError
from collector.drivers.opcua_session import Secrets
from collector.model import Quality
from tests.conftest import lacking
from tests.contract.opcua_parts import Reading, device_with, reading
from tests.faultproxy import FaultProxy
from tests.servers.node_server import NodeMissingError, installed, node_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SAFE = "basic256sha256_sign_and_encrypt"
VALUES: dict[str, Any] = {
    "Boolean": True,
    "SByte": -128,
    "Byte": 255,
    "Int16": -32768,
    "UInt16": 65535,
    "Int32": -2147483648,
    "UInt32": 4294967295,
    "Int64": -(2**53),
    "UInt64": 2**53,
    "Float": 1.5,
    "Double": -1e300,
}
NODES = [{"name": kind, "type": kind, "value": value} for kind, value in VALUES.items()]
PAIR = [{"name": name, "type": "Double", "value": 1.0} for name in ("a", "b")]


@pytest.fixture(autouse=True, scope="module")
def needs_node_opcua() -> None:
    try:
        installed()
    except NodeMissingError as error:
        lacking(str(error))


async def test_every_type_is_read_as_it_is(tmp_path: Path) -> None:
    with node_server(tmp_path, NODES, strangers=3, itemsPerCall=4) as server:
        async with reading(device_with(server.port, list(VALUES))) as found:
            await found.until(found.all_good)
            assert list(found.board.values) == [float(one) for one in VALUES.values()]
            server.ask("put", "Int16", 7)
            server.ask("put", "Boolean", False)
            await found.until(lambda: found.board.values[3] == 7 and found.board.values[0] == 0)
            assert found.all_good()


async def test_a_node_that_goes_turns_bad_and_comes_back(tmp_path: Path) -> None:
    with node_server(tmp_path, PAIR) as server:
        async with reading(device_with(server.port, ["a", "b"])) as found:
            await found.until(found.all_good)
            await found.once()
            server.ask("remove", "a")
            assert await found.until(lambda: found.quality(0) is Quality.BAD_SOURCE) <= 2
            assert found.quality(1) is Quality.GOOD
            server.ask("add", "a")
            server.ask("put", "a", 4.0)
            await found.until(lambda: found.all_good() and found.board.values[0] == 4.0)


async def test_it_is_read_safely_by_a_user_whom_it_knows(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    secrets = Secrets(folder, {"ROPEWATCH_OPCUA_PASSWORD_PEER": "right"})
    with node_server(tmp_path / "theirs", PAIR, user="watch", password="right") as server:
        device = device_with(server.port, ["a", "b"], security=SAFE, user="watch")
        with pytest.raises(DriverError, match="is not trusted"):
            async with reading(device, secrets):
                pass
        (rejected,) = (folder / "rejected").glob("*.der")
        rejected.rename(folder / "trusted" / rejected.name)
        async with reading(device, secrets) as found:
            await found.until(found.all_good)
            server.ask("put", "a", 2.5)
            await found.until(lambda: found.board.values[0] == 2.5)
        wrong = Secrets(folder, {"ROPEWATCH_OPCUA_PASSWORD_PEER": "wrong"})
        with pytest.raises(DriverError, match="refuses this user name or password"):
            async with reading(device, wrong):
                pass


async def test_a_server_that_does_not_trust_us_is_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    with node_server(tmp_path / "theirs", PAIR, strict=True) as server:
        device = device_with(server.port, ["a", "b"], security=SAFE)
        with pytest.raises(DriverError, match="is not trusted"):
            async with reading(device, Secrets(folder, {})):
                pass
        (rejected,) = (folder / "rejected").glob("*.der")
        rejected.rename(folder / "trusted" / rejected.name)
        with pytest.raises(DriverError, match=r"let the server trust our .*client\.der") as caught:
            async with reading(device, Secrets(folder, {})):
                pass
        assert caught.value.kind == "untrusted_us"


async def test_thirty_broken_connections_exhaust_no_sessions(tmp_path: Path) -> None:
    with node_server(tmp_path, PAIR, sessions=3) as server:
        async with FaultProxy("127.0.0.1", server.port) as proxy:
            found = Reading(device_with(proxy.port, ["a", "b"]))
            for _ in range(30):
                await found.driver.connect()
                await proxy.reset()
                await found.driver.close()
            await found.driver.connect()
            await found.until(found.all_good)
            assert server.ask("sessions")[-1] == "sessions 1"
            await found.driver.close()
            await asyncio.sleep(0.1)
            assert server.ask("sessions")[-1] == "sessions 0"


async def test_a_server_that_restarts_with_another_order_of_namespaces_is_read_again(
    tmp_path: Path,
) -> None:
    with node_server(tmp_path, PAIR) as server:
        found = Reading(device_with(server.port, ["a", "b"]))
        await found.driver.connect()
        await found.until(found.all_good)
    with pytest.raises(DriverError):
        await found.until(lambda: False)
    await found.driver.close()
    with node_server(tmp_path, PAIR, port=server.port, strangers=2) as server:
        await found.driver.connect()
        await found.once()
        await found.until(found.all_good)
        await found.driver.close()
