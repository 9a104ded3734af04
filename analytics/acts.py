"""What people do with alarms: acknowledge, confirm, reset, shelve, take out of service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analytics.alarm import By, Event, after, confirmed
from analytics.conditions import Condition
from analytics.config import AlarmClass
from analytics.judge import Finding
from analytics.model import Alarm, AlarmKind, AlarmState
from analytics.records import RecordMissing, Records, RecordsRefused
from analytics.standing import Standing
from analytics.turn import Terms
from collector.model import NANOSECONDS

SHORTEST_S = 60.0
AT_ONCE = 50
ENDS = {AlarmState.SHELVED: Event.UNSHELVED, AlarmState.OUT_OF_SERVICE: Event.PUT_BACK}


@dataclass(frozen=True, slots=True)
class Hiding:
    """A wish to hide an alarm for some time; `second` is who signs as well."""

    who: str
    reason: str
    for_s: float
    second: str | None = None


class AlarmActs:
    """Let people act on the open alarms; RecordsRefused where an act makes no sense.

    Every act has a name, is on the disk with its row in the journal before it shows,
    and can hide an alarm only as its class allows, never without an end.
    """

    def __init__(
        self,
        standing: Standing,
        records: Records,
        conditions: Mapping[str, Condition],
        terms: Callable[[], Terms],
        now_ns: Callable[[], int],
    ) -> None:
        self._standing = standing
        self._records = records
        self._conditions = conditions
        self._terms = terms
        self._now_ns = now_ns

    async def acknowledge(self, alarm_id: int, who: str, comment: str) -> Alarm:
        """Note that `who` has seen the alarm; with a lost device, all that was lost with it."""
        refusal = RecordsRefused("报警已被确认", "the alarm has been acknowledged already")
        seen = await self._act(alarm_id, Event.ACKNOWLEDGED, By(who, comment), refusal)
        await self._acknowledge_with(seen, By(who, comment))
        return seen

    async def reset(self, alarm_id: int, who: str, comment: str) -> Alarm:
        """Note that the cause of a latched alarm was dealt with."""
        refusal = RecordsRefused(
            "只有已确认且状况已消失的自保持报警才能复位",
            "only a latched alarm that is over and acknowledged can be reset",
        )
        return await self._act(alarm_id, Event.RESET, By(who, comment), refusal)

    async def confirm(self, alarm_id: int, who: str, comment: str) -> Alarm:
        """Note that action was taken; also after the alarm is over."""
        async with self._standing.turn:
            alarm = await self._records.alarms.get(alarm_id)
            changed = confirmed(alarm, self._now_ns(), By(who, comment))
            if changed is alarm:
                raise RecordsRefused(
                    "报警须先确认看到，且处置只登记一次",
                    "an alarm is acknowledged first, and its action is confirmed once",
                )
            kept = await self._records.alarms.change(changed, who)
            self._standing.show([kept])
            return kept

    async def shelve(self, alarm_id: int, wish: Hiding) -> Alarm:
        """Hide an open alarm for some time; it comes back by itself, unacknowledged."""
        alarm = await self._open(alarm_id)
        longest_s = self._class_of(alarm).longest_shelf_h * 3600
        _must_fit(wish, longest_s, alarm.alarm_class)
        refusal = RecordsRefused("报警已被屏蔽或抑制", "the alarm is hidden already")
        by = By(wish.who, wish.reason, None, self._until_ns(wish))
        return await self._act(alarm_id, Event.SHELVED, by, refusal)

    async def unshelve(self, alarm_id: int, who: str) -> Alarm:
        """Bring a shelved alarm back before its time."""
        refusal = RecordsRefused("报警未被搁置", "the alarm is not shelved")
        return await self._act(alarm_id, Event.UNSHELVED, By(who), refusal)

    async def take_out(self, source: str, wish: Hiding) -> Alarm:
        """Take what a condition raises out of service, signed by two, until it expires."""
        if not wish.second or wish.second.strip() == wish.who.strip():
            raise RecordsRefused("停用须由另一人会签", "another person must sign as well")
        condition = self._conditions.get(source)
        if condition is None or not condition.is_alarm:
            raise RecordMissing("报警", "alarm", source)
        known = self._terms().classes[condition.alarm_class]
        _must_fit(wish, known.longest_out_of_service_h * 3600, condition.alarm_class)
        by = By(wish.who, wish.reason, wish.second, self._until_ns(wish))
        standing = self._standing.by_source.get(source)
        if standing is not None:
            refusal = RecordsRefused("报警已停用", "the alarm is out of service already")
            return await self._act(standing.id, Event.TAKEN_OUT, by, refusal)
        return await self._take_out_calm(condition, by)

    async def put_back(self, alarm_id: int, who: str) -> Alarm:
        """Bring an alarm back into service before its time."""
        refusal = RecordsRefused("报警未停用", "the alarm is not out of service")
        return await self._act(alarm_id, Event.PUT_BACK, By(who), refusal)

    async def expire(self) -> None:
        """Bring back what has been hidden long enough; a clock set back keeps nothing hidden."""
        now_ns = self._now_ns()
        for alarm in self._standing.alarms:
            until_ns, since_ns = alarm.aside_until_ns, alarm.aside_ns or 0
            if until_ns is None or since_ns <= now_ns < until_ns:
                continue
            event = ENDS.get(alarm.state)
            if event is None:
                continue
            async with self._standing.turn:
                back = after(self._standing.by_source[alarm.source], event, now_ns)
                kept = await self._records.alarms.change(back)
                self._standing.show([kept])
            self._standing.announce([kept])

    async def _act(self, alarm_id: int, event: Event, by: By, refusal: RecordsRefused) -> Alarm:
        async with self._standing.turn:
            alarm = await self._open(alarm_id)
            changed = after(alarm, event, self._now_ns(), by)
            if changed is alarm:
                raise refusal
            kept = await self._records.alarms.change(changed, by.who)
            self._standing.show([kept])
        if event in ENDS.values():
            self._standing.announce([kept])
        return kept

    async def _acknowledge_with(self, cause: Alarm, by: By) -> None:
        """Acknowledge the losses that follow from `cause`, some at a time: judging goes on."""
        own = [
            one.source
            for one in self._standing.alarms
            if one.cause == cause.id and one.kind is AlarmKind.MONITORING_LOST
        ]
        for begin in range(0, len(own), AT_ONCE):
            async with self._standing.turn:
                kept = []
                async with self._records.transaction() as records:
                    for source in own[begin : begin + AT_ONCE]:
                        alarm = self._standing.by_source.get(source)
                        moved = alarm and after(alarm, Event.ACKNOWLEDGED, self._now_ns(), by)
                        if moved is not None and moved is not alarm:
                            kept.append(await records.alarms.change(moved, by.who))
                self._standing.show(kept)

    async def _open(self, alarm_id: int) -> Alarm:
        alarm = self._standing.with_id(alarm_id)
        if alarm is None:
            await self._records.alarms.get(alarm_id)
            raise RecordsRefused("报警已结束", "the alarm is over")
        return alarm

    async def _take_out_calm(self, condition: Condition, by: By) -> Alarm:
        """Keep an alarm out of service whose condition does not hold."""
        now_ns = self._now_ns()
        calm = self._terms().calm_alarm(Finding(condition, False, None, now_ns, now_ns))
        async with self._standing.turn:
            async with self._records.transaction() as records:
                kept = await records.alarms.raise_alarm(calm)
                kept = await records.alarms.change(after(kept, Event.TAKEN_OUT, now_ns, by), by.who)
            self._standing.show([kept])
            return kept

    def _class_of(self, alarm: Alarm) -> AlarmClass:
        classes = self._terms().classes
        return classes.get(alarm.alarm_class, classes["safety"])

    def _until_ns(self, wish: Hiding) -> int:
        return self._now_ns() + int(wish.for_s * NANOSECONDS)


def _must_fit(wish: Hiding, longest_s: float, alarm_class: str) -> None:
    if not wish.reason.strip():
        raise RecordsRefused("请填写原因", "a reason is needed")
    if longest_s == 0:
        raise RecordsRefused(
            f"{alarm_class} 类报警不得搁置", f"alarms of class {alarm_class} are never shelved"
        )
    must_last(wish.for_s, longest_s)


def must_last(for_s: float, longest_s: float) -> None:
    """RecordsRefused unless `for_s` is from a minute to `longest_s`."""
    if not SHORTEST_S <= for_s <= longest_s:
        raise RecordsRefused(
            f"时长须在 {SHORTEST_S / 60:g} 分钟至 {longest_s / 3600:g} 小时之间",
            f"give from {SHORTEST_S / 60:g} minute to {longest_s / 3600:g} hours",
        )
