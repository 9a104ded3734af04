"""Tasks: what is due, overdue and done."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from analytics.model import TaskState
from analytics.people import Permission
from analytics.plain import task_table
from analytics.records import Closing
from api.deps import (
    READING,
    DoingTasks,
    RecordId,
    Signed,
    StationDep,
    Words,
    must_hold,
    must_sign,
)

router = APIRouter(prefix="/api/tasks", tags=["tasks"], dependencies=[READING])


class CloseTask(Signed):
    """The work is done, with this result."""

    result: Literal["pass", "fail"]
    note: Words = ""


@router.get("")
async def tasks(
    station: StationDep,
    state: Literal["open", "all"] = "open",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> dict[str, Any]:
    """Return the open tasks, and with `all` the done ones too."""
    states = (TaskState.DUE, TaskState.OVERDUE) if state == "open" else tuple(TaskState)
    found = await station.records.tasks.listed(*states, limit=limit)
    return {"tasks": [task_table(task) for task in found]}


@router.post("/{task_id}/close")
async def close(
    station: StationDep, caller: DoingTasks, task_id: RecordId, act: CloseTask
) -> dict[str, Any]:
    """Close a task by name; 409 where it is done already."""
    kept = await station.records.tasks.get(task_id)
    must_hold(caller, Permission.DO_TASKS, kept.ropeway)
    await must_sign(station, caller, act)
    done_ns = station.clock.now_ns()
    closing = Closing(caller.name, act.result, done_ns, act.note)
    task = await station.ropes.close_task(task_id, closing)
    await station.inspections.reconcile()
    return task_table(task)
