"""Let a person stand in for a tag's value: by name, for a time, and never longer."""

from dataclasses import dataclass

import structlog

from analytics.records import Records, RecordsError, RecordsRefused, Substitution
from collector.clock import Clock
from collector.model import NANOSECONDS, Sample
from collector.site import Plant, Tag
from collector.substitutes import Substitute, Substitutes

LONGEST_S = 24 * 3600
LOOK_EVERY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: `value` in the tag's unit, for `for_s` seconds."""

    tag: str
    value: float
    for_s: float
    name: str
    reason: str


class SubstitutionDesk:
    """Begin and end substitutions: first on record, then on the board.

    Whatever stands ends by itself at its instant, also over a restart.
    """

    def __init__(
        self, plant: Plant, records: Records, substitutes: Substitutes, clock: Clock
    ) -> None:
        self._tags: dict[str, Tag] = {tag.id: tag for tag in plant.tags()}
        self._records = records
        self._substitutes = substitutes
        self._clock = clock
        self._standing: dict[str, Substitution] = {}

    @property
    def standing(self) -> tuple[Substitution, ...]:
        """What stands now, by tag."""
        now_ns = self._clock.now_ns()
        return tuple(one for one in self._standing.values() if one.until_ns > now_ns)

    def measured(self, tag: str) -> Sample | None:
        """Return what the device brought last for a substituted tag."""
        return self._substitutes.measured(tag)

    async def restore(self) -> None:
        """Take up what stood when the monitor ended."""
        kept = await self._records.substitutions.standing()
        self._standing = {one.tag: one for one in kept if one.tag in self._tags}
        for stranger in (one.tag for one in kept if one.tag not in self._tags):
            await self._records.substitutions.end(stranger, None)
        await self.expire()
        self._show()

    async def run(self) -> None:
        """End what expires, until cancelled."""
        while True:
            try:
                await self.expire()
            except RecordsError as error:
                log.warning("the end of a substitution cannot be kept yet", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S * self._clock.speed)

    async def expire(self) -> None:
        """End on record what has expired; board and judging have ended it already."""
        now_ns = self._clock.now_ns()
        for one in [one for one in self._standing.values() if one.until_ns <= now_ns]:
            await self._records.substitutions.end(one.tag, None)
            del self._standing[one.tag]

    async def begin(self, wish: Wish) -> Substitution:
        """Let a value stand in for a tag's; RecordsRefused where that makes no sense."""
        tag = self._tags.get(wish.tag)
        if tag is None:
            raise RecordsRefused(f"没有测点 {wish.tag}", f"there is no tag {wish.tag}")
        _must_be_possible(tag, wish.value)
        now_ns = self._clock.now_ns()
        until_ns = now_ns + int(min(wish.for_s, LONGEST_S) * NANOSECONDS)
        one = Substitution(wish.tag, wish.value, wish.name, wish.reason, now_ns, until_ns)
        await self._records.substitutions.begin(one)
        self._standing[one.tag] = one
        self._show()
        return one

    async def end(self, tag: str, name: str) -> None:
        """Measure `tag` again; RecordsRefused where nothing stands in for it."""
        await self._records.substitutions.end(tag, name)
        self._standing.pop(tag, None)
        self._show()

    def _show(self) -> None:
        self._substitutes.stand(
            Substitute(one.tag, one.value, one.until_ns) for one in self._standing.values()
        )


def _must_be_possible(tag: Tag, value: float) -> None:
    low = float("-inf") if tag.min is None else tag.min
    high = float("inf") if tag.max is None else tag.max
    if not low <= value <= high:
        raise RecordsRefused(
            f"{value:g} 超出测点 {tag.id} 的量程 {low:g} 至 {high:g}",
            f"{value:g} is outside the range of {tag.id}, {low:g} to {high:g}",
        )
