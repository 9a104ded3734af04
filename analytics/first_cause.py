"""First-out: which of several alarms of one event came first, and which are its consequences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from analytics.model import Alarm, AlarmKind
from collector.model import NANOSECONDS

CASCADE_NS = 5 * NANOSECONDS
"""Trips of one ropeway so close together are one event; the five seconds are ours."""

DEVICE = "device/"


@dataclass(frozen=True, slots=True)
class Causes:
    """What belongs together: rules whose alarms stop the ropeway, and tags of one device."""

    trips: frozenset[str]
    device_of: Mapping[str, str]

    def join(self, alarm: Alarm, standing: Iterable[Alarm]) -> tuple[Alarm, list[Alarm]]:
        """Return a new alarm with its cause, and the standing ones that it is the cause of.

        Of trips the first by the time of the source is the cause, not the one that
        reached us first. A lost device is the cause of every loss of its tags.
        """
        if alarm.source.startswith(DEVICE):
            return alarm, [one for one in standing if self._lost_with(alarm, one)]
        if alarm.rule not in self.trips:
            return alarm, []  # of ten thousand alarms at once nobody looks through the others
        cascade = [one for one in standing if self._trip_together(alarm, one)]
        if not cascade:
            return alarm, []
        first = min(cascade, key=_came_ns)
        if _came_ns(alarm) < _came_ns(first):
            return alarm, cascade
        return replace(alarm, cause=first.cause or first.id), []

    def _lost_with(self, device: Alarm, one: Alarm) -> bool:
        own = one.tag is not None and self.device_of.get(one.tag) == device.source[len(DEVICE) :]
        return own and one.active and one.kind is AlarmKind.MONITORING_LOST

    def _trip_together(self, alarm: Alarm, one: Alarm) -> bool:
        both = alarm.rule in self.trips and one.rule in self.trips
        same = both and alarm.ropeway == one.ropeway and one.active
        return same and abs(_came_ns(alarm) - _came_ns(one)) <= CASCADE_NS


def _came_ns(alarm: Alarm) -> int:
    return alarm.raised_ns if alarm.source_ns is None else alarm.source_ns
