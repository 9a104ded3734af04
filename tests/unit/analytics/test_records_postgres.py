"""Records on a real PostgreSQL: what opens, what does not, and what a restart does."""

import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, Connection

from analytics.model import AlarmState
from analytics.records import Records, RecordsError, RecordsRefused, tables
from analytics.records.address import records_address
from analytics.records.copying import export, move
from analytics.records.postgres_words import advice
from analytics.records.proof import prove
from tests.databases import drop_all
from tests.ports import free_port
from tests.servers.postgres_server import PASSWORD, Postgres
from tests.unit.analytics.records_words import NOON_NS, an_alarm, an_opening
from tests.unit.analytics.test_proof import fill

SECRET = "geheim"
GONE = r"no server answers|the server stopped"


@asynccontextmanager
async def opened(url: URL, patience_s: float = 2.0) -> AsyncIterator[Records]:
    async with Records.open(url, lambda: NOON_NS, patience_s) as records:
        yield records


async def refusal(url: URL, patience_s: float = 2.0) -> str:
    with pytest.raises(RecordsError) as said:
        async with opened(url, patience_s) as records:
            await records.alarms.raise_alarm(an_alarm())
    sentence = str(said.value)
    assert "\n" not in sentence
    assert SECRET not in sentence
    assert PASSWORD not in sentence
    return sentence


@pytest.fixture
def url(postgres: Postgres) -> Iterator[URL]:
    """An empty database."""
    postgres.make_database("t0")
    yield postgres.url("t0")
    drop_all(postgres.url())


async def test_the_migrations_make_the_tables_that_the_queries_expect(url: URL) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), tables.metadata)

    async with opened(url) as records, records.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_is_kept_is_found_again(url: URL) -> None:
    for _ in range(2):
        async with opened(url) as records:
            await records.alarms.raise_alarm(an_alarm())
            assert len(await records.alarms.recent()) == 1
            assert await records.refusals_amiss() == ()


async def test_every_commit_waits_for_the_disk_and_readers_see_one_state(url: URL) -> None:
    async with opened(url) as records:
        async with records.writing() as writing:
            shown = await writing.connection.exec_driver_sql("SHOW synchronous_commit")
            assert shown.scalar() == "on"
        async with records.reading() as reading:
            shown = await reading.exec_driver_sql("SHOW transaction_isolation")
            assert shown.scalar() == "repeatable read"


async def test_a_second_monitor_is_refused_and_let_in_when_the_first_has_gone(url: URL) -> None:
    async with opened(url) as first:
        await first.alarms.raise_alarm(an_alarm())
        said = await refusal(url, 0.3)
        assert "another monitor (ropewatch on " in said
        assert "stop it, or name another database" in said
        await first.alarms.raise_alarm(an_alarm("more"))
    async with opened(url) as second:
        assert len(await second.alarms.recent()) == 2


async def test_what_is_wrong_with_server_user_or_database_is_said_in_one_sentence(
    postgres: Postgres, url: URL
) -> None:
    assert "no server answers" in await refusal(url.set(port=free_port()))
    assert "password is wrong" in await refusal(url.set(password=f"{SECRET} too"))
    assert "password is wrong" in await refusal(url.set(username="nobody"))
    assert "no such database" in await refusal(url.set(database="missing"))
    assert "no such host" in await refusal(url.set(host="host.invalid"))
    postgres.execute("DROP ROLE IF EXISTS guest")
    postgres.execute(f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}'")
    said = await refusal(url.set(username="guest", password=SECRET))
    assert "make it the owner" in said


async def test_a_missing_driver_is_said_in_one_sentence(
    url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "its extra 'postgres'" in await refusal(url)


async def test_a_newer_schema_is_left_alone(postgres: Postgres, url: URL) -> None:
    async with opened(url):
        pass
    postgres.execute("UPDATE alembic_version SET version_num = '9999'", "t0")
    assert "newer Ropewatch" in await refusal(url)
    assert postgres.execute("SELECT version_num FROM alembic_version", "t0") == [("9999",)]


async def test_another_programs_tables_are_left_alone(postgres: Postgres, url: URL) -> None:
    postgres.execute("CREATE TABLE cash (sum int)", "t0")
    postgres.execute("CREATE TABLE alembic_version (version_num text)", "t0")
    assert "another program's tables" in await refusal(url)
    found = postgres.execute("SELECT relname FROM pg_class WHERE relname = 'journal'", "t0")
    assert found == []


async def test_text_that_the_server_cannot_keep_is_refused_and_spoils_nothing(url: URL) -> None:
    async with opened(url) as records, records.transaction() as within:
        alarm = await within.alarms.raise_alarm(an_alarm())
        with pytest.raises(RecordsRefused, match="NUL"):
            await within.alarms.change(replace(alarm, acknowledged_comment="a\0b"))
        await within.alarms.raise_alarm(an_alarm("s" * 500))
    async with opened(url) as records:
        assert len(await records.alarms.recent()) == 2
        assert await records.journal.verify() is None


async def test_a_restarted_server_is_found_again_without_a_restart_of_ours(
    own_postgres: Postgres,
) -> None:
    own_postgres.make_database("t0")
    async with opened(own_postgres.url("t0")) as records:
        first = await records.alarms.raise_alarm(an_alarm("first"))
        for how in (signal.SIGINT, signal.SIGQUIT):
            own_postgres.stop(how)
            with pytest.raises(RecordsError, match=GONE):
                await records.alarms.raise_alarm(an_alarm(how.name))
            with pytest.raises(RecordsError, match=GONE):
                await records.alarms.recent()
            own_postgres.start()
            assert await records.alarms.get(first.id) == first
            await records.alarms.raise_alarm(an_alarm(how.name))
        assert await records.journal.verify() is None
        assert len(await records.alarms.recent()) == 3


async def test_a_server_that_stops_in_mid_transaction_keeps_nothing_of_it(
    own_postgres: Postgres,
) -> None:
    own_postgres.make_database("t0")
    async with opened(own_postgres.url("t0")) as records:

        async def raise_two() -> None:
            async with records.transaction() as within:
                await within.alarms.raise_alarm(an_alarm("lost"))
                own_postgres.stop()
                own_postgres.start()
                await within.alarms.raise_alarm(an_alarm("lost too"))

        with pytest.raises(RecordsError, match="the server stopped"):
            await raise_two()
        assert await records.alarms.recent() == []
        await records.alarms.raise_alarm(an_alarm("kept"))
        assert [one.source for one in await records.alarms.recent()] == ["kept"]


async def test_who_lost_the_database_to_another_monitor_writes_no_more(
    own_postgres: Postgres,
) -> None:
    own_postgres.make_database("t0")
    url = own_postgres.url("t0")
    async with opened(url) as first:
        await first.alarms.raise_alarm(an_alarm("first"))
        own_postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        )
        async with opened(url) as second:
            await second.alarms.raise_alarm(an_alarm("second"))
            with pytest.raises(RecordsError, match="another monitor"):
                await first.alarms.raise_alarm(an_alarm("third"))
        await first.alarms.raise_alarm(an_alarm("third"))
        assert await first.journal.verify() is None
        assert len(await first.journal.entries()) == 3


@pytest.mark.parametrize(
    ("state", "words"),
    [("53100", "disk is full"), ("25006", "standby"), ("53300", "no more connections")],
)
def test_what_no_test_can_bring_about_has_its_advice_too(state: str, words: str) -> None:
    error = psycopg.errors.lookup(state)()
    assert words in advice(error)


async def test_a_missing_altered_or_switched_off_refusal_is_named(
    postgres: Postgres, url: URL, tmp_path: Path
) -> None:
    async with opened(url) as records:
        await records.alarms.raise_alarm(an_alarm())
        postgres.execute("DROP TRIGGER alarm_stays ON alarm", "t0")
        postgres.execute("ALTER TABLE journal DISABLE TRIGGER journal_fixed", "t0")
        amiss = await records.refusals_amiss()
        assert [one.split(";")[0] for one in amiss] == [
            "trigger alarm_stays: missing",
            "trigger journal_fixed: altered or switched off",
        ]
        # The check leaves nothing behind, and a copy says the same.
        assert await records.refusals_amiss() == amiss
        assert (await export(url, tmp_path / "copy.sqlite")).faults == amiss


async def test_a_refusal_whose_words_still_stand_but_does_nothing_is_named(
    postgres: Postgres, url: URL
) -> None:
    async with opened(url) as records:
        postgres.execute(
            "CREATE OR REPLACE FUNCTION ropewatch_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'",
            "t0",
        )
        assert len(await records.refusals_amiss()) > 20


async def test_a_copy_of_a_database_in_use_verifies_and_names_an_altered_row(
    postgres: Postgres, url: URL, tmp_path: Path
) -> None:
    async with opened(url) as records:
        await records.alarms.raise_alarm(an_alarm())
        await records.alarms.raise_alarm(an_alarm("odd", value=-0.0, limit=1e300))
        whole = await export(url, tmp_path / "whole.sqlite")
        assert (whole.entries, whole.faults) == (2, ())
        postgres.execute("ALTER TABLE alarm DISABLE TRIGGER USER", "t0")
        postgres.execute("UPDATE alarm SET value = 1 WHERE id = 1", "t0")
        postgres.execute("ALTER TABLE alarm ENABLE TRIGGER USER", "t0")
        altered = await export(url, tmp_path / "altered.sqlite")
        assert altered.faults == ("alarm 1: altered since entry 1",)
        with pytest.raises(RecordsError, match="is there already"):
            await export(url, tmp_path / "whole.sqlite")


async def test_records_move_over_with_their_chain_and_go_on_there(url: URL, tmp_path: Path) -> None:
    file = tmp_path / "records.sqlite"
    await fill(file)
    before = prove(file)
    await move(file, url)
    async with opened(url) as records:
        assert await records.journal.verify() is None
        assert await records.refusals_amiss() == ()
        raised = await records.alarms.raise_alarm(an_alarm("new"))
        assert raised.id > 1
        closed = replace(raised, state=AlarmState.NORMAL, closed_ns=NOON_NS)
        await records.alarms.change(closed)
    after = await export(url, tmp_path / "back.sqlite")
    assert after.faults == ()
    assert after.entries == before.entries + 2
    with pytest.raises(RecordsError, match="holds records already"):
        await move(file, url)


@pytest.mark.parametrize(
    "named",
    [
        f"mysql://ropewatch:{SECRET}@host/db",
        f"postgresql://ropewatch:{SECRET}@host:port/db",
        f"postgresql://ropewatch:{SECRET}@host",
        SECRET,
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(
    named: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordsError, match="write postgresql://USER:PASSWORD@HOST") as said:
        records_address(tmp_path, {"ROPEWATCH_RECORDS_URL": named})
    assert SECRET not in str(said.value)
    assert said.value.__cause__ is None


def test_the_address_comes_from_the_environment_or_from_a_file_that_it_names(
    tmp_path: Path,
) -> None:
    assert records_address(tmp_path, {}) == tmp_path / "records.sqlite"
    word = tmp_path / "word"
    word.write_text("postgres://ropewatch:geheim%20%40@db.example/ropewatch\n")
    found = records_address(tmp_path, {"ROPEWATCH_RECORDS_URL_FILE": str(word)})
    assert isinstance(found, URL)
    assert (found.password, found.drivername) == ("geheim @", "postgresql+psycopg")
    both: Any = {"ROPEWATCH_RECORDS_URL_FILE": str(word), "ROPEWATCH_RECORDS_URL": "x"}
    with pytest.raises(RecordsError, match="both set"):
        records_address(tmp_path, both)
    with pytest.raises(RecordsError, match="check the file"):
        records_address(tmp_path, {"ROPEWATCH_RECORDS_URL_FILE": str(tmp_path)})
    (tmp_path / "records.sqlite").touch()
    with pytest.raises(RecordsError, match="ropewatch records move"):
        records_address(tmp_path, {"ROPEWATCH_RECORDS_URL_FILE": str(word)})


async def test_equal_records_have_equal_digests_in_either_database(
    url: URL, tmp_path: Path
) -> None:
    bodies = []
    for address in (tmp_path / "records.sqlite", url):
        async with Records.open(address, lambda: NOON_NS) as records:
            alarm = await records.alarms.raise_alarm(an_alarm(value=1 / 3, limit=20))
            await records.consultations.open(an_opening(alarm.id), UTC)
            bodies.append([(one.body, one.sha256) for one in await records.journal.entries()])
    assert bodies[0] == bodies[1]
