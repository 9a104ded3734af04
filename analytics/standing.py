"""The open alarms of a station: on the disk first, then shown, then told."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from analytics.model import Alarm, AlarmState
from analytics.records import Records

Told = Callable[[Alarm], None]


class Standing:
    """Hold the open alarms, one for each source, and who wants to be told of new ones.

    Whoever changes an alarm takes the `turn`, keeps the change on the disk and then
    has it shown here.
    """

    def __init__(self, records: Records) -> None:
        self.revision = 0
        self.turn = asyncio.Lock()
        self._records = records
        self._open: dict[str, Alarm] = {}
        self._told: list[Told] = []

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The open alarms, gravest first, then newest."""
        return tuple(
            sorted(self._open.values(), key=lambda alarm: (alarm.priority, -alarm.raised_ns))
        )

    @property
    def by_source(self) -> Mapping[str, Alarm]:
        """The open alarms by what raised them."""
        return self._open

    async def restore(self) -> None:
        """Take up the alarms that an earlier run left."""
        self._open = {alarm.source: alarm for alarm in await self._records.alarms.open_alarms()}

    def with_id(self, alarm_id: int) -> Alarm | None:
        """Return the open alarm with this id, if there is one."""
        return next((one for one in self._open.values() if one.id == alarm_id), None)

    def tell(self, told: Told) -> None:
        """Call `told` with each alarm that was raised or shown again, after it is on the disk."""
        self._told.append(told)

    def show(self, alarms: Iterable[Alarm]) -> None:
        """Hold `alarms` as they are on the disk now."""
        for alarm in alarms:
            if alarm.open:
                self._open[alarm.source] = alarm
            else:
                self._open.pop(alarm.source, None)
            self.revision += 1

    def announce(self, alarms: Iterable[Alarm]) -> None:
        """Tell of those of `alarms` that an operator must see."""
        for alarm in alarms:
            if alarm.state is AlarmState.UNACKNOWLEDGED:
                for told in self._told:
                    told(alarm)
