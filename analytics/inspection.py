"""Inspection plans: when work is due, which tasks to open, and what shows them done."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal

from dateutil.rrule import FR, MO, SA, SU, TH, TU, WE, WEEKLY, rrule
from pydantic import Field

from analytics.model import RopeTest, Task, TaskState
from collector.model import NANOSECONDS
from collector.site import Id, Name, Rope, Table

DAY_NS = 86_400 * NANOSECONDS

AHEAD_NS = 7 * DAY_NS
"""How long before it is due a task stands in the list: the next week's always does."""

WEEKDAYS = {
    "monday": MO,
    "tuesday": TU,
    "wednesday": WE,
    "thursday": TH,
    "friday": FR,
    "saturday": SA,
    "sunday": SU,
}


class RopeEndPlan(Table):
    """A weekly test of all test points of one rope, due at a local hour.

    Weekly is what the operator's report asks of rope ends (domain 1.7), with a day
    before and after (domain 2.4 [D]); the site engineer sets both.
    """

    id: Id
    kind: Literal["rope_end_weekly"] = "rope_end_weekly"
    ropeway: Id
    rope: Id
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hour: int = Field(ge=0, le=23)
    tolerance_days: float = Field(default=1, ge=0, lt=3.5)
    title: Name

    @property
    def tolerance_ns(self) -> int:
        """How long before and after the due instant the work still counts for it."""
        return int(self.tolerance_days * DAY_NS)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the records lack: tasks to open (without id), and tasks to show overdue."""

    to_open: tuple[Task, ...]
    overdue: tuple[Task, ...]


def due_instants(plan: RopeEndPlan, from_ns: int, to_ns: int, timezone: tzinfo) -> tuple[int, ...]:
    """Return when `plan` is due from `from_ns` on and before `to_ns`, in order.

    Always at the plan's hour of the local clock, whatever the season; an hour that
    the clock leaps over is due when it has leapt, one that comes twice at its first.
    """
    if from_ns >= to_ns:
        return ()
    # A day more at both ends, for no zone is further from UTC.
    first, last = (
        _local(instant_ns, timezone) + timedelta(days=days)
        for instant_ns, days in ((from_ns, -1), (to_ns, 1))
    )
    weeks = rrule(
        WEEKLY,
        byweekday=WEEKDAYS[plan.weekday],
        dtstart=datetime.combine(first.date(), time(plan.hour)),
        until=last,
    )
    instants = (_instant_ns(local.replace(tzinfo=timezone)) for local in weeks)
    return tuple(instant for instant in instants if from_ns <= instant < to_ns)


def reconcile(
    plans: Iterable[RopeEndPlan],
    existing: Collection[Task],
    now_ns: int,
    timezone: tzinfo,
) -> Reconciled:
    """Return what must be opened and what has become overdue at `now_ns`.

    `existing` must hold every open task and the newest task of each plan. Each due
    instant after that newest one is opened once, up to a week ahead, also when the
    clock has leapt; one that is past its window is opened overdue. A plan without
    tasks begins with the window that is open now. A task of no plan here is overdue
    as soon as it is past its due instant. Doing it again changes nothing.
    """
    by_id = {plan.id: plan for plan in plans}
    to_open = tuple(
        _task(plan, due_ns, now_ns)
        for plan in by_id.values()
        for due_ns in _lacking(plan, existing, now_ns, timezone)
    )
    overdue = tuple(
        task
        for task in {task.id: task for task in existing}.values()
        if task.state is TaskState.DUE
        and now_ns > task.due_ns + _tolerance_ns(by_id.get(task.plan))
    )
    return Reconciled(to_open=to_open, overdue=overdue)


def tests_that_fulfil(
    task: Task, plan: RopeEndPlan, rope: Rope, tests: Iterable[RopeTest]
) -> tuple[RopeTest, ...]:
    """Return the tests that show `task` done: one for each test point of `rope`.

    They are complete, ended within the task's window, and are the newest such of
    their test points, in the rope's order. Empty while any test point lacks one: a
    part of the rope says nothing of the rest.
    """
    newest: dict[str, RopeTest] = {}
    for test in sorted(tests, key=lambda test: test.ended_ns):
        in_time = abs(test.ended_ns - task.due_ns) <= plan.tolerance_ns
        if test.rope == rope.id and test.complete and in_time:
            newest[test.test_point] = test
    wanted = [point.id for point in rope.test_points]
    if not all(point in newest for point in wanted):
        return ()
    return tuple(newest[point] for point in wanted)


def missed_instants(
    due_ns: Sequence[int],
    tests: Iterable[RopeTest],
    tolerance_ns: int,
    now_ns: int,
) -> tuple[int, ...]:
    """Return the due instants whose window has passed without a complete test.

    `tests` are those of one test point; a test belongs to the windows it ended in.
    """
    ended_ns = [test.ended_ns for test in tests if test.complete]
    return tuple(
        due
        for due in due_ns
        if now_ns > due + tolerance_ns
        and not any(abs(ended - due) <= tolerance_ns for ended in ended_ns)
    )


def _lacking(
    plan: RopeEndPlan, existing: Iterable[Task], now_ns: int, timezone: tzinfo
) -> Iterator[int]:
    known = [task.due_ns for task in existing if task.plan == plan.id]
    from_ns = max(known) + 1 if known else now_ns - plan.tolerance_ns
    yield from due_instants(plan, from_ns, now_ns + AHEAD_NS + 1, timezone)


def _task(plan: RopeEndPlan, due_ns: int, now_ns: int) -> Task:
    late = now_ns > due_ns + plan.tolerance_ns
    return Task(
        id=0,
        plan=plan.id,
        kind=plan.kind,
        title=plan.title,
        ropeway=plan.ropeway,
        rope=plan.rope,
        test_point=None,
        due_ns=due_ns,
        opened_ns=now_ns,
        state=TaskState.OVERDUE if late else TaskState.DUE,
    )


def _tolerance_ns(plan: RopeEndPlan | None) -> int:
    return 0 if plan is None else plan.tolerance_ns


def _local(instant_ns: int, timezone: tzinfo) -> datetime:
    instant = datetime.fromtimestamp(instant_ns // NANOSECONDS, UTC)
    return instant.astimezone(timezone).replace(tzinfo=None)


def _instant_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NANOSECONDS
