"""Killed around the instant of other rules, the monitor goes on by the old or by the new ones."""

import asyncio
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analytics.model import RuleSet, RuleSetState
from analytics.records import Records
from analytics.records.address import records_address
from analytics.records.proof import prove
from analytics.rules_text import rules_of, rules_text
from api.config import SiteFile, read_site
from collector.clock import Clock
from collector.model import NANOSECONDS
from tests.modbus_server import ModbusServer, Unit
from tests.scenario.witnessed import DEVICE, SITE, Forked, forked

pytestmark = pytest.mark.slow

PERIOD_S = 0.05
LOOK_EVERY_S = 0.01
# From the start of a monitor to the instant at which other rules are due.
DUE_AFTER_S = (1.0, 1.4)
ALWAYS, EVEN, ODD = "always", "even", "odd"
RULE = """
[[rule]]
id = "{id}"
kind = "limit"
tag = "north.drive.force"
high = {high}
priority = 2
consequence = {{ zh = "测", en = "test" }}
response = {{ zh = "测", en = "test" }}
respond_within_s = 60
source = "test"
"""


def source(rule: str) -> str:
    return f"{rule}/north.drive.force/H"


@dataclass(frozen=True, slots=True)
class Ruled:
    """A site whose one device reads beyond every limit, its records and monitors of it."""

    folder: Path
    site: SiteFile
    monitors: Forked

    @property
    def records(self) -> Path:
        return self.folder / "data" / "records.sqlite"

    def text(self, number: int) -> str:
        """Rules number so-and-so: no two sets say the same, and every other one has `odd`."""
        rules = RULE.format(id=ALWAYS, high=5.0)
        return rules + RULE.format(id=ODD if number % 2 else EVEN, high=6.0 + number / 1000)

    async def approve(self, number: int, effective_ns: int) -> None:
        """Propose and approve the next rules, as two people would."""
        judging, faults = rules_of(self.text(number), self.site.plant, self.site.judging)
        assert judging is not None, faults
        address = records_address(self.folder / "data", {})
        async with Records.open(address, Clock().now_ns) as records:
            standing = await records.rule_sets.in_force()
            assert standing is not None
            fresh = RuleSet(
                id=0,
                version=judging.version(),
                base=standing.version,
                site_file=standing.site_file,
                text=rules_text(judging),
                why=str(number),
                proposed_by="李工",
                proposed_ns=effective_ns,
                state=RuleSetState.PROPOSED,
            )
            one = await records.rule_sets.propose(fresh)
            await records.rule_sets.approve(one.id, "王磊", effective_ns, effective_ns)

    def settled(self) -> bool:
        """Whether a set is in force and none waits."""
        states = {one["state"] for one in self.ask("SELECT state FROM rule_set")}
        return "in_force" in states and "approved" not in states

    def ask(self, question: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self.records}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(question)]


@asynccontextmanager
async def ruled(folder: Path) -> AsyncIterator[Ruled]:
    (folder / "data").mkdir()
    unit = Unit()
    unit.words[3] = 10
    async with ModbusServer(unit_1=unit) as server:
        device = DEVICE.format(id="drive", port=server.port, place="drive", period_s=PERIOD_S)
        path = folder / "site.toml"
        rules = RULE.format(id=ALWAYS, high=5.0) + RULE.format(id=EVEN, high=6.0)
        path.write_text(SITE.format() + device + rules, "utf-8")
        environment = {
            "RULES_LOOK_EVERY_S": str(LOOK_EVERY_S),
            "TOLD_TO": str(folder / "told.txt"),
        }
        async with forked(path, folder, environment) as monitors:
            of = Ruled(folder, read_site(path), monitors)
            async with Records.open(records_address(folder / "data", {}), Clock().now_ns):
                pass  # the tables are there to be asked before the first monitor made them
            yield of


def assert_one_set_and_what_follows_from_it(of: Ruled) -> int:
    """The set in force, its begin, its journal and its alarms are one; return its number."""
    sets = of.ask("SELECT * FROM rule_set ORDER BY id")
    (now,) = [one for one in sets if one["state"] == "in_force"]
    assert [one["state"] for one in sets if one["begun_ns"] and one["id"] != now["id"]] == [
        "superseded"
    ] * (now["id"] - 1)
    begun = [
        one["subject"] for one in of.ask("SELECT * FROM journal WHERE what = 'rules in force'")
    ]
    assert begun == [f"rule_set {number}" for number in range(1, now["id"] + 1)]
    rest = [one["state"] for one in sets if one["id"] > now["id"]]
    assert rest in ([], ["approved"])
    number = 0 if now["why"].startswith("场站") else int(now["why"])
    gone = source(EVEN if number % 2 else ODD)
    versions = {one["version"]: one for one in sets}
    for alarm in of.ask("SELECT * FROM alarm"):
        by = versions[alarm["rule_set"]]
        assert by["begun_ns"] is not None
        assert alarm["source"].split("/")[0] in by["text"]
        if alarm["source"] == gone:
            assert (alarm["active"], alarm["state"]) == (0, "returned"), "judged by rules of before"
    return number


async def kill_around_changes(of: Ruled, kills: int, chance: random.Random) -> Counter[bool]:
    """Kill each monitor near the instant of other rules; return how often these held then."""
    held: Counter[bool] = Counter()
    number, waits = 0, False
    for _ in range(kills):
        due_ns = Clock().now_ns() + int(chance.uniform(*DUE_AFTER_S) * NANOSECONDS)
        if not waits:
            number += 1
            await of.approve(number, due_ns)
        child = await of.monitors.start()
        # By the instant itself: how long approving and starting take is the machine's matter.
        left_s = (due_ns - Clock().now_ns()) / NANOSECONDS
        await asyncio.sleep(max(0.0, left_s) + chance.uniform(-0.1, 0.2))
        os.kill(child, signal.SIGKILL)
        await of.monitors.gone()
        now = assert_one_set_and_what_follows_from_it(of)
        assert now in (number - 1, number)
        waits = now != number
        held[not waits] += 1
    return held


async def settle(of: Ruled) -> None:
    """Run one monitor until what was approved is in force and judged, then end it."""
    child = await of.monitors.start()
    try:
        async with asyncio.timeout(20):
            while not of.settled():
                await asyncio.sleep(0.1)
            await asyncio.sleep(10 * PERIOD_S)
    finally:
        os.kill(child, signal.SIGTERM)
        await of.monitors.gone()


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(10, marks=pytest.mark.timeout(120)),
        pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(480)]),
    ],
)
async def test_a_kill_at_the_change_of_rules_leaves_the_old_or_the_new_ones_and_no_mix(
    kills: int, tmp_path: Path
) -> None:
    async with ruled(tmp_path) as of:
        await settle(of)
        held = await kill_around_changes(of, kills, random.Random(kills))
        await settle(of)
        assert len(held) == 2, f"every kill came {'after' if held[True] else 'before'} the change"
        number = assert_one_set_and_what_follows_from_it(of)
        active = {one["source"] for one in of.ask("SELECT source FROM alarm WHERE active")}
        assert active == {source(ALWAYS), source(ODD if number % 2 else EVEN)}
    raised = Counter(
        one["subject"] for one in of.ask("SELECT * FROM journal WHERE what = 'alarm raised'")
    )
    alarms = {f"alarm {one['id']}" for one in of.ask("SELECT id FROM alarm")}
    assert raised == Counter(alarms)
    told = Counter((tmp_path / "told.txt").read_text("utf-8").split())
    begun = Counter(
        one["source"]
        for one in of.ask("SELECT source FROM activation JOIN alarm ON alarm.id = activation.alarm")
    )
    assert told[source(ALWAYS)] == begun[source(ALWAYS)] == 1
    assert all(told[one] <= begun[one] for one in told), (told, begun)
    proof = prove(of.records)
    assert proof.faults == ()
    log = (tmp_path / "monitor.log").read_text("utf-8")
    assert "Traceback" not in log, log[-3000:]
