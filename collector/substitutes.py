"""Values that a person put in the place of what a tag reads, until they expire."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from collector.model import Quality, Said, Sample, Scan
from collector.site import Plant

CODES = {
    Said.GOOD: Quality.UNCERTAIN_SUBSTITUTED,
    Said.UNCERTAIN: Quality.UNCERTAIN_SUBSTITUTED_FOR_BAD,
    Said.BAD: Quality.UNCERTAIN_SUBSTITUTED_FOR_BAD,
    Said.NOTHING: Quality.UNCERTAIN_SUBSTITUTED_FOR_LOST,
}


@dataclass(frozen=True, slots=True)
class Substitute:
    """The value that stands for a tag until `until_ns`, in engineering units."""

    tag: str
    value: float
    until_ns: int


class Substitutes:
    """Put values given by hand in the place of samples; they are uncertain, never good.

    Which code a sample gets tells what the protocol said of it; a lost device stays
    lost to those who judge. What the device read does not reach board and history, but
    the newest stays here to be shown.
    """

    def __init__(self, plant: Plant) -> None:
        self._ids = [tag.id for tag in plant.tags()]
        self._slot_of = plant.slots()
        self._until_ns = np.zeros(len(self._ids), dtype=np.int64)
        self._values = np.full(len(self._ids), np.nan)
        self._measured: dict[int, Sample] = {}
        self._any = False

    def stand(self, substitutes: Iterable[Substitute]) -> None:
        """Let these stand and no others; KeyError for a tag that is not there."""
        self._until_ns[:] = 0
        self._measured.clear()
        for one in substitutes:
            slot = self._slot_of[one.tag]
            self._until_ns[slot], self._values[slot] = one.until_ns, one.value
        self._any = bool(self._until_ns.any())

    def measured(self, tag: str) -> Sample | None:
        """Return what the device brought last for a substituted tag."""
        return self._measured.get(self._slot_of[tag])

    def examine(self, scan: Scan) -> Scan:
        """Return `scan` with what stands now in place; the same object where nothing does."""
        if not self._any:
            return scan
        at = np.flatnonzero(self._until_ns[scan.slots] > scan.received_ns)
        if not len(at):
            return scan
        values, quality = scan.values.copy(), scan.quality.copy()
        for place in at.tolist():
            quality[place] = self._note(scan, place)
        values[at] = self._values[scan.slots[at]]
        return Scan(scan.slots, values, quality, scan.source_ns, scan.received_ns)

    def _note(self, scan: Scan, place: int) -> Quality:
        """Remember what was measured, and return the code that tells what was said of it."""
        slot, value = int(scan.slots[place]), float(scan.values[place])
        quality = Quality(int(scan.quality[place]))
        self._measured[slot] = Sample(
            tag=self._ids[slot],
            value=None if np.isnan(value) else value,
            quality=quality,
            source_ns=int(scan.source_ns[place]),
            received_ns=scan.received_ns,
        )
        return CODES[quality.said]
