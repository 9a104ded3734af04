"""Any history of alarms, acts, restarts, wrong clocks, dead services: told once, nobody lost."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.acts import Hiding
from analytics.model import AlarmState
from analytics.notify.channels import Channel
from analytics.notify.plan import needs_someone
from analytics.notify.robots import Reply
from analytics.notify.services import Letter
from analytics.notify.terms import Telling
from analytics.records import NoticeState, Outcome
from analytics.records.proof import prove
from tests.unit.analytics.notify_words import (
    NEVER_TESTED,
    Calling,
    StepClock,
    calling,
    telling_tables,
)

MINUTE = 60.0
TABLES = telling_tables() | NEVER_TESTED | {"notify": {"test_at": "23:59", "flood_above": 1000}}
TELLING = Telling.model_validate(TABLES)

NUMBERS = st.integers(0, 1)
ACTS = st.one_of(
    st.tuples(st.just("raise"), NUMBERS),
    st.tuples(st.just("return"), NUMBERS),
    st.tuples(st.just("acknowledge"), NUMBERS),
    st.tuples(st.just("shelve"), NUMBERS),
    st.tuples(st.just("unshelve"), NUMBERS),
    st.tuples(st.just("wait"), st.integers(0, 10)),
    st.tuples(st.just("set_clock"), st.integers(-600, 600)),
    st.tuples(st.just("fail"), st.sampled_from(["group", "sms", "mail"])),
    st.tuples(st.just("heal"), st.just(0)),
    st.tuples(st.just("kill"), st.sampled_from(["now", "before_telling", "before_sending"])),
)
History = list[tuple[str, int | str]]


@dataclass
class Memory:
    """A service that takes what it is given, but for the channels that are down."""

    down: set[str] = field(default_factory=set)
    taken: Counter[tuple[str, str, tuple[str, ...]]] = field(default_factory=Counter)

    def send(self, channel: Channel, letter: Letter) -> Reply:
        if channel.id in self.down:
            return Reply(Outcome.FAILED, "down")
        self.taken[channel.id, letter.text, letter.to] += 1
        return Reply(Outcome.DELIVERED, "taken")


async def settle(calls: Calling, memory: Memory) -> None:
    """Look and send until only what goes to channels that are down still waits."""

    def settled() -> bool:
        return all(one.channel in memory.down and one.attempts for one in calls.desk.outbox.waiting)

    await calls.sent(settled)


async def act(calls: Calling, what: str, which: int | str) -> None:
    source = f"alarm_{which}"
    alarm = calls.engine.standing.by_source.get(source)
    acts = calls.engine.acts
    if what == "raise":
        priority = int(which) + 1
        await calls.raised(source, priority=priority, alarm_class="operating")
    elif what == "return":
        await calls.engine.end_alarm(source)
    elif alarm is None:
        return
    elif what == "acknowledge" and needs_someone(alarm):
        await acts.acknowledge(alarm.id, "li.na", "")
    elif what == "shelve" and not alarm.hidden:
        await acts.shelve(alarm.id, Hiding("li.na", "检修", 3600))
    elif what == "unshelve" and alarm.state is AlarmState.SHELVED:
        await acts.unshelve(alarm.id, "li.na")


def befall(clock: StepClock, memory: Memory, what: str, which: int | str) -> None:
    """Have something happen to the world around the desk."""
    match what:
        case "wait":
            clock.passed_s += int(which) * MINUTE
        case "set_clock":
            clock.wrong_s = int(which) * MINUTE
        case "fail":
            memory.down.add(str(which))
        case "heal":
            memory.down.clear()


async def live(calls: Calling, memory: Memory, steps: Iterator[tuple[str, int | str]]) -> bool:
    """Go on until a kill; True where the history was over before."""
    calls.desk.outbox._services = memory
    await settle(calls, memory)
    for what, which in steps:
        if what == "kill":
            if which == "before_sending":
                await calls.desk.look()
            return False
        befall(calls.clock, memory, what, which)
        await act(calls, what, which)
        if what != "raise":
            await settle(calls, memory)
    await settle(calls, memory)
    await judge(calls)
    return True


async def play(folder: Path, history: History) -> None:
    memory, clock = Memory(), StepClock()
    steps = iter([*history, ("heal", 0)])
    over = False
    while not over:
        async with calling(folder, TELLING, clock) as calls:
            over = await live(calls, memory, steps)
    assert prove(folder / "records.sqlite").faults == ()


async def judge(calls: Calling) -> None:
    notices = await calls.notices()
    assert all(one.state is not NoticeState.WAITING for one in notices), "nothing is stuck"
    told = Counter(
        (callout, one.key.split("/")[2], one.channel, one.people)
        for one in notices
        for callout in one.callouts
    )
    assert set(told.values()) <= {1}, "no step is told twice"
    wanting = {one.id for one in calls.engine.alarms if needs_someone(one)}
    callouts = await calls.records.callouts.open_callouts()
    assert {one.alarm for one in callouts} == wanting, "whoever is wanted is called"
    for one in callouts:
        assert one.first_told_ns is not None
        mine = [notice for notice in notices if one.id in notice.callouts]
        assert {notice.channel for notice in mine} >= {"group", "sms"}
        assert {notice.state for notice in mine} == {NoticeState.DELIVERED}


@settings(max_examples=60)
@given(st.lists(ACTS, min_size=4, max_size=16))
def test_any_history_tells_each_step_once_and_leaves_nobody_uncalled(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder), history))
