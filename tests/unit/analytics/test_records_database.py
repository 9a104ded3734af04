"""The database file: what opens, what does not, and what outlives a crash."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine

from analytics.model import AlarmState
from analytics.records import RecordsError, tables
from tests.unit.analytics.records_words import (
    a_test,
    a_trace,
    an_alarm,
    opened,
)

ROOT = Path(__file__).parents[3]

WRITE_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.unit.analytics.records_words import an_alarm, opened

async def main():
    async with opened(Path(sys.argv[1])) as records:
        for count in range(1_000_000):
            async with records.transaction() as within:
                alarm = await within.alarms.raise_alarm(an_alarm(f"s{count}"))
                await within.state.keep("engine", str(count))
            print(alarm.id, flush=True)

asyncio.run(main())
"""

FILL_UP = """
import asyncio, resource, signal, sys
from pathlib import Path
from analytics.records import RecordsError
from tests.unit.analytics.records_words import a_test, an_alarm, opened
from analytics.model import Trace

async def keep_alone(records):
    for count in range(10_000):
        await records.state.keep(f"n{count}", "x" * 20_000)

async def keep_together(records):
    async with records.transaction() as within:
        await within.alarms.raise_alarm(an_alarm("lost"))
        try:
            for count in range(10_000):
                await within.state.keep(f"m{count}", "x" * 20_000)
        except RecordsError as error:
            print(error)
        await within.alarms.raise_alarm(an_alarm("lost too"))

async def main():
    async with opened(Path(sys.argv[1])) as records:
        kept = await records.alarms.raise_alarm(an_alarm("kept"))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        for within in (False, True):
            try:
                await (keep_together if within else keep_alone)(records)
            except RecordsError as error:
                print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        await records.alarms.raise_alarm(an_alarm("after"))

asyncio.run(main())
"""

OPEN_AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from analytics.records import RecordsError
from tests.unit.analytics.records_words import an_alarm, opened

async def main():
    async with opened(Path(sys.argv[1])):
        pass  # nobody could not import what is loaded late
    if os.geteuid() == 0:
        os.setegid(65534)
        os.seteuid(65534)
    try:
        async with opened(Path(sys.argv[2])) as records:
            await records.alarms.raise_alarm(an_alarm())
    except RecordsError as error:
        print(error)

asyncio.run(main())
"""


def run_apart(script: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


async def refusal(path: Path, **how: float) -> str:
    with pytest.raises(RecordsError) as said:
        async with opened(path, **how) as records:
            await records.alarms.raise_alarm(an_alarm())
    sentence = str(said.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.usefixtures("either_database")
async def test_the_folder_is_made_and_the_file_found_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep % folder" / "records.sqlite"
    for _ in range(2):
        async with opened(path) as records:
            await records.alarms.raise_alarm(an_alarm())
            assert len(await records.alarms.recent()) == 1


async def test_every_connection_is_set_to_lose_nothing(tmp_path: Path) -> None:
    async with (
        opened(tmp_path / "records") as records,
        records.reading() as one,
        records.reading() as two,
    ):
        for connection in (one, two):
            settings = {
                name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
            assert settings == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
            }


async def test_the_migrations_make_the_tables_that_the_queries_expect(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "records"):
        pass

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), tables.metadata)

    engine = create_engine(f"sqlite:///{tmp_path / 'records'}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


async def test_a_file_in_the_folders_place_is_said_in_one_sentence(
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").write_text("")
    assert "folder" in await refusal(tmp_path / "folder" / "records")


async def test_a_folder_in_the_files_place_is_said_in_one_sentence(
    tmp_path: Path,
) -> None:
    (tmp_path / "records").mkdir()
    assert "cannot be opened" in await refusal(tmp_path / "records")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    # pytest's own folder lets nobody else in.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_without_permission_is_said_in_one_sentence(
    open_folder: Path, tmp_path: Path
) -> None:
    open_folder.chmod(0o555)
    done = run_apart(OPEN_AS_NOBODY, tmp_path / "warm", open_folder / "records")
    open_folder.chmod(0o755)
    assert "check that its folder may be written" in done.stdout, done.stderr
    assert done.stderr == ""


async def test_a_damaged_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "records"
    path.write_bytes(b"this is no database" * 1000)
    assert "no database" in await refusal(path)
    path.unlink()
    async with opened(path) as records:
        for count in range(50):
            test = a_test(started_ns=count)
            await records.tests.add(test, a_trace())
    spoilt = bytearray(path.read_bytes())
    for page in range(4096, len(spoilt), 8192):
        spoilt[page : page + 200] = b"\xff" * 200
    path.write_bytes(spoilt)
    assert "damaged" in await refusal(path)


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "records"
    async with opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    assert "newer Ropewatch" in await refusal(path)
    assert path.read_bytes() == before


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cash (sum)")
    connection.close()
    assert "another program's database" in await refusal(path)
    with sqlite3.connect(path) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("cash",)]


async def test_a_locked_file_is_said_and_works_again_when_free(tmp_path: Path) -> None:
    path = tmp_path / "records"
    async with opened(path, patience_s=0.1) as records:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordsError, match="another program holds it locked"):
            await records.alarms.raise_alarm(an_alarm())
        assert "locked" in await refusal(path, patience_s=0.1)
        other.execute("ROLLBACK")
        other.close()
        await records.alarms.raise_alarm(an_alarm())


def test_a_full_disk_is_said_and_loses_nothing_kept(tmp_path: Path) -> None:
    done = run_apart(FILL_UP, tmp_path / "records")
    assert done.stderr == ""
    alone, together, after = done.stdout.splitlines()
    assert "the disk" in alone
    assert "the disk" in together
    assert "nothing of it was kept" in after

    async def look() -> None:
        async with opened(tmp_path / "records") as records:
            sources = {alarm.source for alarm in await records.alarms.open_alarms()}
            assert sources == {"kept", "after"}
            assert await records.journal.verify() is None

    asyncio.run(look())


@pytest.mark.usefixtures("either_database")
async def test_many_tasks_write_in_turn(tmp_path: Path) -> None:
    async with opened(tmp_path / "records", patience_s=0.1) as records:

        async def handle(count: int) -> None:
            async with records.transaction() as within:
                alarm = await within.alarms.raise_alarm(an_alarm(f"s{count}"))
                await asyncio.sleep(0.001)
                closed = replace(alarm, state=AlarmState.NORMAL, closed_ns=1)
                await within.alarms.change(closed)

        await asyncio.gather(*(handle(count) for count in range(40)))
        assert len(await records.journal.entries()) == 80
        assert await records.journal.verify() is None


@pytest.mark.usefixtures("either_database")
async def test_a_cancelled_writer_leaves_nothing_half_done(tmp_path: Path) -> None:
    async with opened(tmp_path / "records") as records:
        started = asyncio.Event()

        async def write() -> None:
            async with records.transaction() as within:
                await within.alarms.raise_alarm(an_alarm())
                started.set()
                await asyncio.sleep(60)

        writer = asyncio.create_task(write())
        await started.wait()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
        assert await records.alarms.recent() == []
        await records.alarms.raise_alarm(an_alarm())


@pytest.mark.slow
@pytest.mark.usefixtures("either_database")
async def test_what_was_kept_outlives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "records"
    told = 0
    for _ in range(3):
        writer = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            WRITE_UNTIL_KILLED,
            str(path),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert writer.stdout is not None
        for _ in range(25):
            told = max(told, int(await writer.stdout.readline()))
        writer.send_signal(signal.SIGKILL)
        rest = (await writer.communicate())[0].split(b"\n")
        told = max([told, *(int(line) for line in rest[:-1] if line)])
        async with opened(path) as records:
            kept = {alarm.id for alarm in await records.alarms.recent(10_000)}
            assert set(range(1, told + 1)) <= kept
            assert await records.journal.verify() is None
            entries = await records.journal.entries(limit=10_000)
            assert len(entries) == len(kept)
            told = max(kept)
