"""Losses, which need no rule: a judged tag without a good sample, a device that is away."""

from collections.abc import Sequence

import numpy as np

from analytics.rules.terms import Flags, Looked, Newest, Row, Rows, first_slots, good_of
from collector.model import Quality


class TagLostColumns:
    """Tags that cannot be judged; what is not judged is not monitored, uncertain ones too."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Return which tags are not good; silent while their device is lost."""
        slots = self._slot[rows]
        away = _away(newest, slots)
        good = good_of(newest, slots)
        return Looked(~good & ~away, good, away, np.full(len(rows), np.nan))


class DeviceLostColumns:
    """Devices that do not answer, by the newest sample of their first tag."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Return which devices are away."""
        away = _away(newest, self._slot[rows])
        return Looked(away, ~away, np.zeros(len(rows), dtype=bool), np.full(len(rows), np.nan))


def _away(newest: Newest, slots: Rows) -> Flags:
    # A value given by hand does not bring its device back.
    quality = newest.quality[slots]
    away: Flags = (quality == Quality.BAD_DEVICE_LOST) | (
        quality == Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST
    )
    return away
