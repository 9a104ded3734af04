"""Whatever is altered in an exported copy of the records, the proof names it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.model import Opinion
from analytics.people import AccessKey, KeyKind, Session
from analytics.records import Attempt, Closing, Outcome, RecordsError
from analytics.records.checkpoint import Checkpoint, signed, signing_key
from analytics.records.copying import export
from analytics.records.proof import end_of, prove
from analytics.records.substitutions import Substitution
from tests.databases import address_of
from tests.people import keep_person
from tests.unit.analytics.records_words import (
    NOON_NS,
    a_bypass,
    a_decision,
    a_notice,
    a_rule_set,
    a_task,
    a_test,
    a_trace,
    an_alarm,
    an_approval,
    an_opening,
    opened,
)

pytestmark = pytest.mark.usefixtures("either_database")

TABLES = {
    "alarm",
    "activation",
    "consultation",
    "opinion",
    "decision",
    "rope_test",
    "rope_trace",
    "task",
    "callout",
    "notice",
    "receipt",
    "attempt",
    "kept_state",
    "person",
    "session",
    "access_key",
    "rule_set",
    "bypass",
    "bypass_approval",
}


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """A store with at least one row in every table."""
    path = tmp_path / "records.sqlite"
    await fill(path)
    if isinstance(address_of(path), Path):
        return path
    assert (await export(address_of(path), path)).faults == ()
    return path


async def fill(path: Path) -> None:
    async with opened(path) as records:
        alarm = await records.alarms.raise_alarm(an_alarm())
        kept = await records.consultations.open(an_opening(alarm.id), ZoneInfo("Asia/Shanghai"))
        said = Opinion("赵敏", "安全部", NOON_NS, "同意", dissent=False)
        await records.consultations.add_opinion(kept.id, said)
        await records.consultations.decide(kept.id, a_decision("north"))
        test = await records.tests.add(a_test(), a_trace())
        await records.tests.link_alarm(test.id, alarm.id)
        task = await records.tasks.open_task(a_task())
        await records.tasks.close(task.id, Closing("周工", "pass", NOON_NS))
        one = Substitution("north.gust", 3.5, "王磊", "坏了", NOON_NS, NOON_NS + 1)
        await records.substitutions.begin(one)
        (callout,) = await records.callouts.begin([alarm.id], NOON_NS)
        (notice,) = await records.notices.make([a_notice(callout.id)])
        tried = Attempt(1, NOON_NS, 40, Outcome.DELIVERED, "HTTP 200")
        await records.notices.tried(notice, tried, NOON_NS)
        person = await keep_person(records)
        session = Session(0, person.id, "192.0.2.1", NOON_NS, NOON_NS + 1)
        await records.sessions.begin(session, "0" * 64, person.name)
        key = AccessKey(0, KeyKind.KIOSK, "wall", person.grants, NOON_NS, person.name, NOON_NS + 1)
        await records.access_keys.add(key, "1" * 64)
        await records.rule_sets.propose(a_rule_set())
        bypass = await records.bypasses.enter(a_bypass(), an_approval())
        await records.bypasses.end(bypass.id, "李工", NOON_NS, "已换开关，试验三次正常")


def copies_altered(store: Path) -> Iterator[tuple[Path, str, str]]:
    """Alter each field of the first row of every table, one in each copy."""
    with closing(sqlite3.connect(store)) as connection:
        tables = [*sorted(TABLES), "journal"]
        columns = [
            (table, row[1], row[5])
            for table in tables
            for row in connection.execute(f"PRAGMA table_info({table})")
        ]
    for table, column, is_key in columns:
        if not is_key:
            copy = store.with_name("copy.sqlite")
            alter(store, copy, f'UPDATE "{table}" SET "{column}" = ?', table, column)
            yield copy, table, column


def alter(store: Path, copy: Path, statement: str, table: str = "", column: str = "") -> None:
    shutil.copy(store, copy)
    with closing(sqlite3.connect(copy)) as connection:
        refusals = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in refusals:
            connection.execute(f"DROP TRIGGER {name}")
        values: tuple[Any, ...] = ()
        if column:
            old, key = connection.execute(f'SELECT "{column}", rowid FROM "{table}"').fetchone()
            values = (another(old),)
            statement += f" WHERE rowid = {key}"
        connection.execute(statement, values)
        for _, text in refusals:
            connection.execute(text)
        connection.commit()


def another(old: Any) -> Any:
    match old:
        case str():
            return chr(ord(old[0]) ^ 1) + old[1:] if old else "x"
        case bytes():
            return bytes([old[0] ^ 1]) + old[1:]
        case None:
            return 1
        case _:
            return old + 1


async def test_an_untouched_store_is_whole_and_nothing_is_written_to_it(store: Path) -> None:
    before = {path.name: path.read_bytes() for path in store.parent.iterdir()}
    proof = prove(store)
    assert proof.faults == ()
    assert proof.records >= len(TABLES)
    assert {path.name: path.read_bytes() for path in store.parent.iterdir()} == before


async def test_any_field_altered_in_any_table_is_named(store: Path) -> None:
    altered = 0
    for copy, table, column in copies_altered(store):
        faults = prove(copy).faults
        assert any(fault.startswith(f"{table} ") for fault in faults), (table, column, faults)
        altered += 1
    assert altered > len(TABLES) * 3


async def test_the_test_fills_every_table(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert {name for (name,) in rows} == TABLES | {"journal", "alembic_version"}
        for table in TABLES:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0


@pytest.mark.parametrize("table", sorted(TABLES - {"kept_state"}))
async def test_every_record_table_refuses_delete_and_update(store: Path, table: str) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            connection.execute(f"DELETE FROM {table}")
        key = connection.execute(f"PRAGMA table_info({table})").fetchone()[1]
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE {table} SET {key} = 99")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM opinion", "opinion 1: missing"),
        ("INSERT INTO opinion SELECT 7, 1, 'x', 'x', 1, 'x', 0", "opinion 7: no entry"),
        ("DELETE FROM journal WHERE seq = 2", "journal 2: the entry is missing"),
        (
            "UPDATE journal SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END"
            " WHERE seq IN (2, 3)",
            "journal 1: the entry is missing",
        ),
        ("UPDATE opinion SET text = CAST(x'ff' AS TEXT)", "opinion 1: altered"),
        ("UPDATE alarm SET value = 9e999", "alarm 1: altered"),
    ],
)
async def test_rows_taken_added_or_moved_are_named(store: Path, statement: str, words: str) -> None:
    copy = store.with_name("copy.sqlite")
    alter(store, copy, statement)
    assert any(fault.startswith(words) for fault in prove(copy).faults), prove(copy).faults


async def test_a_refusal_taken_away_or_weakened_is_named(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("DROP TRIGGER alarm_fixed")
        connection.execute("DROP TRIGGER journal_stays")
        connection.execute(
            "CREATE TRIGGER journal_stays BEFORE DELETE ON journal BEGIN SELECT 1; END"
        )
        connection.execute("CREATE TRIGGER more BEFORE DELETE ON journal BEGIN SELECT 1; END")
        connection.commit()
    missing, altered, strange = prove(store).faults
    assert missing.startswith("trigger alarm_fixed: missing")
    assert altered.startswith("trigger journal_stays: altered")
    assert strange.startswith("trigger more: not made by")


async def test_a_checkpoint_finds_the_last_entries_removed(store: Path) -> None:
    key = signing_key(store.parent)
    assert (store.parent / "checkpoint.key").stat().st_mode & 0o777 == 0o600
    known = signed(key, end_of(store), NOON_NS)
    assert known.fault() is None
    assert prove(store, known).faults == ()
    copy = store.with_name("copy.sqlite")
    alter(store, copy, f"DELETE FROM journal WHERE seq > {known.seq - 2}")
    words = f"entries {known.seq - 1} to {known.seq} are missing"
    assert any(words in fault for fault in prove(copy, known).faults)


async def test_a_checkpoint_finds_a_rewritten_chain(store: Path) -> None:
    key = signing_key(store.parent)
    seq, _, count = end_of(store)
    elsewhere = signed(key, (seq, "1" * 64, count), NOON_NS)
    assert any("rewritten" in fault for fault in prove(store, elsewhere).faults)


async def test_a_checkpoint_altered_or_of_another_key_is_refused(store: Path) -> None:
    known = signed(signing_key(store.parent), end_of(store), NOON_NS)
    fields = {name: getattr(known, name) for name in Checkpoint.__slots__}
    for name, value in fields.items():
        forged = Checkpoint(**fields | {name: another(value)})
        assert forged.fault() is not None, name
    assert known.fault(known.public_key) is None
    assert "not with the one expected" in (known.fault("0" * 64) or "")


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough" * 40])
def test_a_file_that_is_no_record_store_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordsError, match="no record store"):
        prove(path)
