"""What the history keeps, a real InfluxDB of each generation holds too, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from collector.history.influx import InfluxServer, settings_from
from collector.history.sender import Sender
from collector.history.store import History
from tests.contract.influx_parts import (
    SITE,
    all_sent,
    client,
    expected,
    opened,
    scans,
    sender,
    until,
)
from tests.faultproxy import FaultProxy
from tests.servers.influx_server import Account, Influxd

pytestmark = pytest.mark.influx

OUTAGE_S = 5.0
SCANS_A_MONTH = 30 * 86400 * 2


@asynccontextmanager
async def running(sending: Sender) -> AsyncIterator[None]:
    """Let the sender run as the task that it is in service."""
    task = asyncio.create_task(sending.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def keep(history: History, count: int, first: int = 0) -> None:
    for scan in scans(count, first):
        history.append(scan)
    await history.committed()


async def test_every_kept_sample_is_read_back_equal(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        await keep(history, 600)
        sending = await sender(history, server)
        while await sending.send() == 0.0:
            pass
        assert await all_sent(history, sending)
        assert sending.state.sent == 3000
        assert await sending.send() > 0
        assert sending.state.state == "idle"
        assert sending.state.oldest_unsent_ns is None
        await history.committed()
        assert await history.cursor("influxdb") == sending.state.cursor
        assert influxd.points(influx_bucket) == await expected(history)


async def test_a_new_sender_goes_on_where_the_last_was_acknowledged(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        await keep(history, 10)
        await (await sender(history, server)).send()
        await history.committed()
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        await keep(history, 10, first=10)
        sending = await sender(history, server)
        await sending.send()
        assert sending.state.sent == 50
        assert influxd.points(influx_bucket) == await expected(history)


@pytest.mark.slow
async def test_a_server_that_was_away_is_caught_up_with_none_lost(
    either_influxd: Influxd, tmp_path: Path
) -> None:
    account = either_influxd.account
    with (
        account.bucket() as bucket,
        opened(tmp_path) as history,
        client(account, bucket) as server,
    ):
        sending = await sender(history, server)
        async with running(sending):
            await keep(history, 100)
            await until(lambda: all_sent(history, sending))
            await asyncio.to_thread(either_influxd.stop)
            for part in range(10):
                await keep(history, 200, first=100 + part * 200)
                await asyncio.sleep(OUTAGE_S / 10)
            assert sending.state.state == "waiting"
            assert sending.state.oldest_unsent_ns is not None
            await asyncio.to_thread(either_influxd.start)
            await until(lambda: all_sent(history, sending))
        assert account.points(bucket) == await expected(history)


@pytest.mark.slow
async def test_a_server_that_was_killed_while_writing_ends_up_equal(
    either_influxd: Influxd, tmp_path: Path
) -> None:
    account = either_influxd.account
    with (
        account.bucket() as bucket,
        opened(tmp_path) as history,
        client(account, bucket) as server,
    ):
        await keep(history, 4000)
        sending = await sender(history, server)
        async with running(sending):
            await until(lambda: _some_sent(sending))
            await asyncio.to_thread(either_influxd.kill)
            assert not await all_sent(history, sending)
            await asyncio.to_thread(either_influxd.start)
            await until(lambda: all_sent(history, sending))
        assert account.points(bucket) == await expected(history)


async def _some_sent(sending: Sender) -> bool:
    return sending.state.sent > 0


async def test_a_wrong_token_is_one_clear_line_and_nothing_is_lost(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    wrong = replace(influxd, token="not-the-right:token")
    with opened(tmp_path) as history, capture_logs() as words:
        await keep(history, 20)
        with client(wrong, influx_bucket) as server:
            sending = await sender(history, server)
            for _ in range(3):
                assert await sending.send() > 0
        assert sending.state.state == "refused"
        assert "401" in sending.state.reason
        assert "INFLUXDB_TOKEN" in sending.state.reason
        assert sending.state.cursor == 0
        assert [line["log_level"] for line in words] == ["warning"]
        assert wrong.token not in repr(words)
        with client(influxd, influx_bucket) as server:
            await (await sender(history, server)).send()
        assert influxd.points(influx_bucket) == await expected(history)


async def test_a_bucket_that_is_not_there_is_said_and_nothing_is_lost(
    influxd: Account, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, "no_such_bucket") as server:
        await keep(history, 5)
        sending = await sender(history, server)
        assert await sending.send() > 0
        assert sending.state.state == "refused"
        assert "INFLUXDB_BUCKET" in sending.state.reason
        assert await history.cursor("influxdb") == 0


async def test_the_cursor_does_not_move_before_the_answer_is_there(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    port = int(influxd.url.rsplit(":", 1)[1])
    async with FaultProxy("127.0.0.1", port) as proxy:
        with (
            opened(tmp_path) as history,
            client(influxd, influx_bucket, proxy.port) as server,
        ):
            await keep(history, 20)
            sending = await sender(history, server)
            proxy.reset_mid_answer(10)
            await sending.send()
            # The server has them all; its word for it never came.
            assert influxd.points(influx_bucket) == await expected(history)
            assert sending.state.state == "waiting"
            assert sending.state.cursor == 0
            await history.committed()
            assert await history.cursor("influxdb") == 0
            await proxy.heal()
            await sending.send()
            assert await all_sent(history, sending)
            assert influxd.points(influx_bucket) == await expected(history)


async def test_a_sample_that_the_server_refuses_is_kept_apart_and_all_others_are_stored(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        # The oldest scan lies in a week of its own, where "speed" was a text once.
        await keep(history, 1, first=-2 * SCANS_A_MONTH)
        await keep(history, 40)
        wanted = await expected(history)
        _, tags, instant_ns, _ = min(wanted, key=lambda key: key[2])
        bad = ("process", tags, instant_ns, "speed")
        _plant_text(influxd, influx_bucket, instant_ns - 1)
        sending = await sender(history, server)
        with capture_logs() as words:
            await sending.send()
        await history.committed()
        assert await all_sent(history, sending)
        assert sending.state.dead_letters == await history.dead_letters("influxdb") == 1
        assert [line["lines"] for line in words] == [1]
        assert "field type conflict" in words[0]["words"]
        found = influxd.points(influx_bucket)
        del wanted[bad]
        assert {key: found.get(key) for key in wanted} == wanted
        assert bad not in found


def _plant_text(account: Account, bucket: str, instant_ns: int) -> None:
    """Make the field "speed" of one week a text."""
    site = SITE.replace(",", r"\,").replace("=", r"\=").replace(" ", r"\ ")
    series = f"process,device=north_drive_plc,place=drive,ropeway=north,site={site}"
    account.write(bucket, f'{series} speed="a text" {instant_ns}')


async def test_an_empty_server_is_filled_again_from_the_local_history(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history:
        await keep(history, 300)
        with client(influxd, influx_bucket) as server:
            sending = await sender(history, server)
            while not await all_sent(history, sending):
                await sending.send()
            await history.committed()
        with influxd.bucket() as empty, client(influxd, empty) as server:
            sending = await sender(history, server)
            await sending.send()
            assert influxd.points(empty) == {}
            half_ns = (await history.read_after(150, 1))[0].scan.received_ns
            sending.rewind(await history.seq_at(half_ns))
            await send_all(history, sending)
            half = influxd.points(empty)
            assert min(key[2] for key in half) > half_ns - 2 * 10**9
            sending.rewind(0)
            await send_all(history, sending)
            assert influxd.points(empty) == await expected(history)


async def send_all(history: History, sending: Sender) -> None:
    await sending.send()
    while not await all_sent(history, sending):
        await sending.send()


async def test_dead_letters_are_listed_sent_again_and_dropped(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    with opened(tmp_path) as history, client(influxd, influx_bucket) as server:
        sending = await sender(history, server)
        history.bury("influxdb", "process,place=mended speed=5 1790000000000000000", "old words")
        history.bury("influxdb", "this is no line", "unable to parse")
        letters = await history.letters("influxdb", 10)
        assert [one.words for one in letters] == ["old words", "unable to parse"]
        assert await sending.retry_letters(10) == 1
        assert sending.state.dead_letters == 1
        assert [key[3] for key in influxd.points(influx_bucket)] == ["speed"]
        (left,) = await history.letters("influxdb", 10)
        assert left.line == "this is no line"
        assert await sending.drop_letters([left.number]) == 1
        assert sending.state.dead_letters == 0


async def test_a_token_file_that_is_put_right_is_taken_up_without_a_restart(
    influxd: Account, influx_bucket: str, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text("not-the-right:token")
    settings = settings_from(
        {
            "INFLUXDB_URL": influxd.url,
            "INFLUXDB_TOKEN_FILE": str(secret),
            "INFLUXDB_ORG": influxd.org,
            "INFLUXDB_BUCKET": influx_bucket,
        }
    )
    assert settings is not None
    server = InfluxServer(settings)
    with opened(tmp_path) as history:
        await keep(history, 20)
        sending = await sender(history, server)
        await sending.send()
        assert sending.state.state == "refused"
        secret.write_text(influxd.token)
        await sending.send()
        await sending.send()
        assert await all_sent(history, sending)
        assert influxd.points(influx_bucket) == await expected(history)
    server.close()
