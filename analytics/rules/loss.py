"""Losses, which need no rule: a judged tag without a good sample, a device that is away."""

from collections.abc import Sequence

import numpy as np

from analytics.rules.terms import Flags, Looked, Newest, Row, Rows, first_slots
from collector.model import UNCERTAIN_FROM, Qualities, Quality, Values


class TagLostColumns:
    """Tags that cannot be judged; what is not judged is not monitored, uncertain ones too."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Return which tags are not good; silent while their device is lost."""
        slots = self._slot[rows]
        return self.look_at(rows, newest.values[slots], newest.quality[slots])

    def look_at(self, rows: Rows, values: Values, quality: Qualities) -> Looked:  # noqa: ARG002
        """Return which samples, one or a column of them for each row, are not good."""
        away, good = _away(quality), quality < UNCERTAIN_FROM
        return Looked(~good & ~away, good, away, np.full(values.shape, np.nan))

    def calm(self) -> tuple[Values, Values]:
        """Return that any good value is calm."""
        return _any_value(len(self._slot))


class DeviceLostColumns:
    """Devices that do not answer, by the newest sample of their first tag."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._slot = first_slots(rows)

    def look(self, rows: Rows, newest: Newest, at_ns: int) -> Looked:  # noqa: ARG002
        """Return which devices are away."""
        slots = self._slot[rows]
        return self.look_at(rows, newest.values[slots], newest.quality[slots])

    def look_at(self, rows: Rows, values: Values, quality: Qualities) -> Looked:  # noqa: ARG002
        """Return by which samples, one or a column of them, the device is away."""
        away = _away(quality)
        return Looked(away, ~away, np.zeros(away.shape, dtype=bool), np.full(away.shape, np.nan))

    def calm(self) -> tuple[Values, Values]:
        """Return that any good value is calm."""
        return _any_value(len(self._slot))


def _any_value(rows: int) -> tuple[Values, Values]:
    return np.full(rows, -np.inf), np.full(rows, np.inf)


def _away(quality: Qualities) -> Flags:
    # A value given by hand does not bring its device back.
    away: Flags = (quality == Quality.BAD_DEVICE_LOST) | (
        quality == Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST
    )
    return away
