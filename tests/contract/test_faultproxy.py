"""The fault proxy does what its words say: tests of loss rest on it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faultproxy import FaultProxy


@pytest.fixture
async def echo_port() -> AsyncIterator[int]:
    """A server that sends back what it hears."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(4096):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _connect(proxy: FaultProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_it_passes_on_and_hears_every_request(echo_port: int) -> None:
    heard: list[bytes] = []
    async with FaultProxy("127.0.0.1", echo_port, heard.append) as proxy:
        reader, writer = await _connect(proxy)
        writer.write(b"one two")
        assert await reader.readexactly(7) == b"one two"
        writer.close()
    assert b"".join(heard) == b"one two"


async def test_refused_means_refused_and_healed_means_the_same_port(echo_port: int) -> None:
    async with FaultProxy("127.0.0.1", echo_port) as proxy:
        reader, writer = await _connect(proxy)
        writer.write(b"x")
        await reader.readexactly(1)
        await proxy.refuse()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        with pytest.raises(ConnectionRefusedError):
            await _connect(proxy)
        writer.close()
        await proxy.heal()
        reader, writer = await _connect(proxy)
        writer.write(b"y")
        assert await reader.readexactly(1) == b"y"
        writer.close()


async def test_a_black_hole_lets_nothing_through_until_it_is_healed(echo_port: int) -> None:
    async with FaultProxy("127.0.0.1", echo_port) as proxy:
        proxy.black_hole()
        reader, writer = await _connect(proxy)
        writer.write(b"late")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(4), 0.2)
        await proxy.heal()
        assert await asyncio.wait_for(reader.readexactly(4), 2) == b"late"
        writer.close()


async def test_a_half_open_connection_stays_silent_and_a_new_one_works(echo_port: int) -> None:
    async with FaultProxy("127.0.0.1", echo_port) as proxy:
        old_reader, old_writer = await _connect(proxy)
        old_writer.write(b"a")
        await old_reader.readexactly(1)
        proxy.half_open()
        old_writer.write(b"b")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(old_reader.read(1), 0.2)
        reader, writer = await _connect(proxy)
        writer.write(b"c")
        assert await reader.readexactly(1) == b"c"
        writer.close()
        old_writer.close()


async def test_an_answer_is_cut_in_its_middle_by_a_reset(echo_port: int) -> None:
    async with FaultProxy("127.0.0.1", echo_port) as proxy:
        proxy.reset_mid_answer(3)
        reader, writer = await _connect(proxy)
        writer.write(b"abcdef")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(6)
        writer.close()


async def test_a_delayed_answer_comes_late_and_whole(echo_port: int) -> None:
    async with FaultProxy("127.0.0.1", echo_port) as proxy:
        proxy.delay(0.1)
        reader, writer = await _connect(proxy)
        begun_s = asyncio.get_running_loop().time()
        writer.write(b"slow")
        assert await reader.readexactly(4) == b"slow"
        assert asyncio.get_running_loop().time() - begun_s >= 0.2
        writer.close()
