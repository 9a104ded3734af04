"""The inspection tasks on record: due once each, overdue in sight, done by a name."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from analytics.model import Task, TaskState
from analytics.records import tables
from analytics.records.canonical import plain
from analytics.records.errors import RecordMissing, RecordsRefused
from analytics.records.journal import MONITOR, Change
from analytics.records.reach import Reach, Writing
from collector.site import Name


@dataclass(frozen=True, slots=True)
class Closing:
    """How a task was done, by whom, and which rope test shows it, if one does."""

    name: str
    result: Literal["pass", "fail"]
    done_ns: int
    note: str = ""
    test: int | None = None


class Tasks:
    """Keep tasks; one for each plan and due instant."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def open_task(self, task: Task) -> Task:
        """Keep `task` (its id is ignored) and return it with the id it got.

        Where this plan and due instant are kept already, that one is returned
        unchanged, whatever its state: reconciling twice does no harm.
        """
        async with self._reach.writing() as writing:
            kept = await _same(writing.connection, task)
            if kept is not None:
                return kept
            row = plain(task)
            del row["id"]
            task_id = await writing.add(tables.task, row)
            await _note(writing, "task opened", task_id, row)
            return await _kept(writing.connection, task_id)

    async def mark_overdue(self, task_id: int) -> Task:
        """Show a due task as overdue; one that is overdue or done stays as it is."""
        async with self._reach.writing() as writing:
            kept = await _kept(writing.connection, task_id)
            if kept.state is not TaskState.DUE:
                return kept
            return await _change(
                writing, task_id, "task overdue", {"state": TaskState.OVERDUE.value}
            )

    async def close(self, task_id: int, closing: Closing) -> Task:
        """Keep that the task was done; RecordsRefused when it is, or without a name."""
        if not closing.name.strip():
            raise RecordsRefused("请填写姓名", "a name is needed")
        if closing.result not in ("pass", "fail"):
            raise RecordsRefused("结果须为合格或不合格", "the result is pass or fail")
        async with self._reach.writing() as writing:
            kept = await _kept(writing.connection, task_id)
            if kept.state is TaskState.DONE:
                raise RecordsRefused(
                    f"任务 {task_id} 已由 {kept.name} 完成",
                    f"task {task_id} was done by {kept.name}",
                )
            row = plain(closing) | {"state": TaskState.DONE.value}
            return await _change(writing, task_id, "task done", row)

    async def listed(self, *states: TaskState, limit: int = 500) -> list[Task]:
        """Return at most `limit` tasks in `states` (without any: in all).

        What is still to be done comes in the order of its due instants, oldest
        first; what is done follows, newest first.
        """
        done = tables.task.c.state == TaskState.DONE.value
        rows = select(tables.task)
        if states:
            wanted = [state.value for state in states]
            rows = rows.where(tables.task.c.state.in_(wanted))
        waiting = rows.where(~done).order_by(tables.task.c.due_ns, tables.task.c.id)
        over = rows.where(done).order_by(tables.task.c.due_ns.desc(), tables.task.c.id.desc())
        async with self._reach.reading() as connection:
            found = list((await connection.execute(waiting.limit(limit))).mappings())
            over = over.limit(limit - len(found))
            found += (await connection.execute(over)).mappings()
        return [_task_of(row) for row in found]

    async def of_plan(self, plan: str) -> list[Task]:
        """Return every task of one plan, oldest first."""
        rows = select(tables.task).where(tables.task.c.plan == plan)
        async with self._reach.reading() as connection:
            found = await connection.execute(rows.order_by(tables.task.c.due_ns))
            return [_task_of(row) for row in found.mappings()]

    async def get(self, task_id: int) -> Task:
        """Return one task; RecordMissing when there is none with this id."""
        async with self._reach.reading() as connection:
            return await _kept(connection, task_id)


async def _change(writing: Writing, task_id: int, what: str, row: dict[str, Any]) -> Task:
    await writing.change(tables.task, task_id, row)
    await _note(writing, what, task_id, row)
    return await _kept(writing.connection, task_id)


async def _note(writing: Writing, what: str, task_id: int, row: dict[str, Any]) -> None:
    who = row.get("name") or MONITOR
    await writing.note(Change(what, f"task {task_id}", row, who))


async def _same(connection: AsyncConnection, task: Task) -> Task | None:
    rows = select(tables.task).where(
        tables.task.c.plan == task.plan, tables.task.c.due_ns == task.due_ns
    )
    row = (await connection.execute(rows)).mappings().first()
    return None if row is None else _task_of(row)


async def _kept(connection: AsyncConnection, task_id: int) -> Task:
    rows = select(tables.task).where(tables.task.c.id == task_id)
    row = (await connection.execute(rows)).mappings().first()
    if row is None:
        raise RecordMissing("任务", "task", task_id)
    return _task_of(row)


def _task_of(row: RowMapping) -> Task:
    values = dict(row)
    values |= {
        "title": Name(**values["title"]),
        "state": TaskState(values["state"]),
    }
    return Task(**values)
