"""Clock-driven work: inspection tasks come due once each, whatever restarts or leaps."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from analytics.config import Judging
from analytics.engine import Engine
from analytics.inspection import RopeEndPlan, reconcile
from analytics.model import Alarm, AlarmKind, AlarmState, Guidance, Task, TaskState
from analytics.records import Records, RecordsError
from collector.clock import Clock
from collector.site import Name, Plant

RECONCILE_EVERY_S = 60.0
SHORTEST_EVERY_S = 0.5
OVERDUE_PRIORITY = 3

log = structlog.get_logger()


class InspectionDesk:
    """Bring the tasks that the plans ask for, and say which are overdue.

    What is due is worked out from the plans and the records, never remembered by the
    scheduler: doing it twice, late or after a leap of the clock gives the same tasks.
    """

    def __init__(
        self, plant: Plant, judging: Judging, records: Records, engine: Engine, clock: Clock
    ) -> None:
        self.revision = 0
        self._plans = {plan.id: plan for plan in judging.inspection}
        self._records = records
        self._engine = engine
        self._clock = clock
        self._zone = ZoneInfo(plant.site.timezone)

    async def reconcile(self) -> None:
        """Open what is due and mark what is overdue as of now."""
        now_ns = self._clock.now_ns()
        tasks = self._records.tasks
        existing = await tasks.listed(TaskState.DUE, TaskState.OVERDUE)
        for plan in self._plans:
            existing += (await tasks.of_plan(plan))[-1:]
        found = reconcile(self._plans.values(), existing, now_ns, self._zone)
        for task in found.to_open:
            await tasks.open_task(task)
        for task in found.overdue:
            await tasks.mark_overdue(task.id)
        self.revision += len(found.to_open) + len(found.overdue)
        await self._tell_overdue(now_ns)

    async def _tell_overdue(self, now_ns: int) -> None:
        """Keep one alarm for each plan that has overdue work, and end it when it has none."""
        late = {task.plan: task for task in await self._records.tasks.listed(TaskState.OVERDUE)}
        standing = {
            alarm.source
            for alarm in self._engine.alarms
            if alarm.kind is AlarmKind.OVERDUE and alarm.active
        }
        for plan_id, plan in self._plans.items():
            source = f"overdue/{plan_id}"
            if plan_id in late and source not in standing:
                await self._engine.raise_alarm(_overdue_alarm(plan, late[plan_id], now_ns))
            elif plan_id not in late and source in standing:
                await self._engine.end_alarm(source)


class Schedule:
    """Run the reconciling every minute of site time; APScheduler keeps no facts of ours."""

    def __init__(self, clock: Clock, reconciling: Callable[[], Awaitable[None]]) -> None:
        self._reconciling = reconciling
        self._scheduler = AsyncIOScheduler(timezone=ZoneInfo("UTC"))
        self._every_s = max(RECONCILE_EVERY_S / clock.speed, SHORTEST_EVERY_S)

    def start(self) -> None:
        """Reconcile now and then again and again, in the running event loop."""
        self._scheduler.add_job(
            self._reconcile,
            "interval",
            seconds=self._every_s,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.add_job(self._reconcile, misfire_grace_time=None)
        self._scheduler.start()

    def stop(self) -> None:
        """Start no more work."""
        self._scheduler.shutdown(wait=False)

    async def _reconcile(self) -> None:
        try:
            await self._reconciling()
        except RecordsError as error:
            log.warning("inspection tasks cannot be kept yet", reason=str(error))


def _overdue_alarm(plan: RopeEndPlan, task: Task, now_ns: int) -> Alarm:
    return Alarm(
        id=0,
        source=f"overdue/{plan.id}",
        rule=plan.id,
        level="overdue",
        kind=AlarmKind.OVERDUE,
        tag=None,
        ropeway=plan.ropeway,
        priority=OVERDUE_PRIORITY,
        state=AlarmState.UNACKNOWLEDGED,
        name=Name(zh=f"{plan.title.zh} 逾期", en=f"{plan.title.en} overdue"),
        value=None,
        limit=None,
        unit="",
        guidance=Guidance(
            consequence=Name(
                zh="钢丝绳状态变化未被跟踪", en="The rope's condition is not followed"
            ),
            response=Name(zh="今日补检并登记", en="Do it today and enter the result"),
            respond_within_s=8 * 3600,
        ),
        raised_ns=now_ns,
        task=task.id,
    )
