"""Change the rules without a restart: proposed, approved by another, in force at an instant."""

import asyncio

import structlog

from analytics.config import Judging
from analytics.engine import Engine, LookBack
from analytics.model import RuleSet, RuleSetState
from analytics.records import MONITOR, Records, RecordsError, RecordsRefused, Stores
from analytics.rules_text import rules_of, rules_text, version_of
from collector.clock import Clock
from collector.history.schema import HistoryError
from collector.site import Plant

LOOK_EVERY_S = 0.5
FIRST_START = "场站文件 the site file"
EDITED = "场站文件已改动 the site file was edited"
CAUGHT_UP = "场站文件已写入现行规则 the site file says what was released"
RENAMED = "同样的规则，程序更新后版本号的算法不同 the same rules: the program counts versions anew"
UNFIT = "已发布的规则不再适合设备 the released rules no longer fit the plant"

log = structlog.get_logger()


class RuleFaults(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """The rules cannot be used; `faults` lists every reason with its place."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


async def rules_at_start(records: Records, plant: Plant, judging: Judging, now_ns: int) -> Judging:
    """Return the judging in force at the start, and keep on record where it came from.

    What was released stays in force until the site file's own rules are changed: a
    file that somebody edited since then is the newer word, and says so in the journal.
    """
    kept = await records.rule_sets.in_force()
    own = judging.version()
    if kept is None:
        return await _take_site_file(records, judging, own, FIRST_START, now_ns)
    in_force = await _called_now(records, kept.version)
    if await _called_now(records, kept.site_file) == own:
        released, faults = (judging, []) if in_force == own else rules_of(kept.text, plant, judging)
        if released is not None:
            if kept.version != in_force:
                log.info("the rules in force have another version", before=kept.version)
                async with records.transaction() as stores:
                    await _begin_renamed(stores, kept, in_force, now_ns)
            return released
        log.error("released rules no longer fit the plant: the site file's hold", faults=faults)
        return await _take_site_file(records, judging, kept.version, UNFIT, now_ns)
    if in_force == own:
        # Else the next release would count as older than a file nobody touched since.
        log.info("the site file says what was released", version=own)
        return await _take_site_file(records, judging, kept.version, CAUGHT_UP, now_ns)
    log.warning("the site file's rules were changed by hand: they hold", before=kept.version)
    return await _take_site_file(records, judging, kept.version, EDITED, now_ns)


class RuleDesk:
    """Take proposals, and have the engine judge by what was approved when its instant comes.

    Nothing that is wrong in any place is ever kept, and while a change-over cannot be
    kept on the disk the old rules stay in force.
    """

    def __init__(
        self, plant: Plant, engine: Engine, records: Records, clock: Clock, look_back: LookBack
    ) -> None:
        self._plant = plant
        self._engine = engine
        self._records = records
        self._clock = clock
        self._look_back = look_back
        self._site_file = ""
        self._written: tuple[Judging | None, str] = (None, "")

    async def text(self) -> str:
        """Return the rules in force as text."""
        judging, text = self._written
        if judging is not self._engine.judging:
            judging = self._engine.judging
            text = await asyncio.to_thread(rules_text, judging)
            self._written = judging, text
        return text

    async def restore(self) -> None:
        """Learn which rules of the site file the set in force was released over."""
        standing = await self._records.rule_sets.in_force()
        self._site_file = standing.site_file if standing else ""

    async def judging_of(self, text: str) -> Judging:
        """Return the judging with the rules of `text`; RuleFaults with all that is wrong."""
        judging, faults = await self._read(text)
        if judging is None:
            raise RuleFaults(faults)
        return judging

    async def version_in(self, text: str) -> str:
        """Return the version of the rules of `text`; RuleFaults with all that is wrong."""
        return await asyncio.to_thread((await self.judging_of(text)).version)

    async def _read(self, text: str) -> tuple[Judging | None, list[str]]:
        """Return what `rules_of` does, in a thread: thousands of rules take seconds."""
        return await asyncio.to_thread(rules_of, text, self._plant, self._engine.judging)

    async def propose(self, text: str, why: str, who: str) -> RuleSet:
        """Keep a proposal; RuleFaults, and nothing kept, where it cannot be used."""
        # Other rules may come into force while these are read: then they were made from the old.
        base = self._engine.terms.rule_set
        version = await self.version_in(text)
        if version == base:
            raise RecordsRefused("与现行规则相同", "these are the rules in force")
        return await self._records.rule_sets.propose(
            RuleSet(
                id=0,
                version=version,
                base=base,
                site_file=self._site_file,
                text=text,
                why=why,
                proposed_by=who,
                proposed_ns=self._clock.now_ns(),
                state=RuleSetState.PROPOSED,
            )
        )

    async def approve(self, set_id: int, who: str, effective_ns: int | None) -> RuleSet:
        """Keep the approval by `who`, from `effective_ns` on (now, if not given).

        RecordsRefused for the one who proposed it, and where other rules have come into
        force since: what they changed would be lost unseen.
        """
        one = await self._records.rule_sets.get(set_id)
        if one.state is RuleSetState.PROPOSED and await self._moved_on(one):
            raise RecordsRefused(
                "提出之后规则已变更，请以现行规则为底重新提出",
                "other rules came into force since: propose anew from those in force",
            )
        now_ns = self._clock.now_ns()
        return await self._records.rule_sets.approve(
            set_id, who, now_ns, max(now_ns, effective_ns or now_ns)
        )

    async def withdraw(self, set_id: int, who: str) -> RuleSet:
        """Keep that a set will not come into force."""
        return await self._records.rule_sets.withdraw(set_id, who, self._clock.now_ns())

    async def run(self) -> None:
        """Take up what was approved when its instant comes, until cancelled."""
        while True:
            try:
                await self.take_up_due()
            except (RecordsError, HistoryError) as error:
                log.warning("rules cannot be taken up: the old ones hold", reason=str(error))
            await self._clock.sleep(LOOK_EVERY_S * self._clock.speed)

    async def take_up_due(self) -> None:
        """Take up the approved sets whose instant has come, the earliest first."""
        for one in await self._records.rule_sets.waiting():
            now_ns = self._clock.now_ns()
            if one.effective_ns is None or one.effective_ns > now_ns:
                continue
            judging, faults = await self._read(one.text)
            if judging is None or await self._moved_on(one):
                log.error("approved rules withdrawn", rule_set=one.id, faults=faults)
                await self._records.rule_sets.withdraw(one.id, MONITOR, now_ns)
                continue
            await self._take_up(one, judging, now_ns)

    async def _moved_on(self, one: RuleSet) -> bool:
        """Return whether other rules are in force than those that `one` was made from."""
        return await _called_now(self._records, one.base) != self._engine.terms.rule_set

    async def _take_up(self, one: RuleSet, judging: Judging, now_ns: int) -> None:
        version = await asyncio.to_thread(judging.version)

        async def keep(stores: Stores) -> None:
            await stores.rule_sets.begin(one.id, now_ns)
            if version != one.version:
                await _begin_renamed(stores, one, version, now_ns)

        try:
            await self._engine.take_up(judging, self._look_back, keep)
        except RecordsRefused as refusal:  # withdrawn while they were prepared
            log.warning("rules not taken up", rule_set=one.id, reason=str(refusal))
        else:
            log.info("rules in force", rule_set=one.id, version=one.version)


async def _called_now(records: Records, version: str) -> str:
    """Return the version that this program gives the rules which are on record under `version`.

    Versions are compared as one program counts them: an update never makes released
    rules look like others.
    """
    kept = await records.rule_sets.of_version(version)
    called = None if kept is None else await asyncio.to_thread(version_of, kept.text)
    return called or version


async def _begin_renamed(stores: Stores, kept: RuleSet, version: str, now_ns: int) -> None:
    """Keep the set in force once more, under the version that its alarms bear from now on."""
    fresh = RuleSet(
        id=0,
        version=version,
        base=kept.version,
        site_file=kept.site_file,
        text=kept.text,
        why=RENAMED,
        proposed_by=MONITOR,
        proposed_ns=now_ns,
        state=RuleSetState.PROPOSED,
    )
    one = await stores.rule_sets.propose(fresh)
    await stores.rule_sets.begin(one.id, now_ns)


async def _take_site_file(
    records: Records, judging: Judging, base: str, why: str, now_ns: int
) -> Judging:
    async with records.transaction() as stores:
        one = await stores.rule_sets.propose(_of_site_file(judging, base, why, now_ns))
        await stores.rule_sets.begin(one.id, now_ns)
    return judging


def _of_site_file(judging: Judging, base: str, why: str, now_ns: int) -> RuleSet:
    return RuleSet(
        id=0,
        version=judging.version(),
        base=base,
        site_file=judging.version(),
        text=rules_text(judging),
        why=why,
        proposed_by=MONITOR,
        proposed_ns=now_ns,
        state=RuleSetState.PROPOSED,
    )
