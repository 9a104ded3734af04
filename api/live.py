"""The live feed: one snapshot, then numbered deltas, encoded once for all clients."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from analytics.advice import Advice, advise
from analytics.brief import advice_table
from analytics.engine import Engine
from analytics.folding import Flood, FloodWatch, folded
from analytics.model import Alarm
from analytics.plain import Plain, alarm_table, milliseconds
from collector.board import Board
from collector.clock import Clock
from collector.model import Instants, Qualities, Values
from collector.site import Plant

FRAME_EVERY_S = 0.05
ALARMS_EVERY_S = 0.02
HEARTBEAT_S = 0.25
MOST_WAITING = 40
DECIMALS = 4
CLEAR_TIME_STEP_S = 10

Flags = NDArray[np.bool_]


class LiveClient:
    """One page: a short queue of frames; a slow one is dropped to the latest state."""

    def __init__(self) -> None:
        self.dropped = 0
        self.stale = True
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Queue a frame; too many waiting means that a snapshot must replace them."""
        if len(self._frames) >= MOST_WAITING:
            self._frames.clear()
            self.dropped += 1
            self.stale = True
        self._frames.append(frame)
        self._arrived.set()

    async def next_frame(self, snapshot: Callable[[], bytes]) -> bytes:
        """Return the next frame to send, a snapshot first and after falling behind."""
        while not self.stale and not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        if not self.stale:
            return self._frames.popleft()
        self._frames.clear()
        self.stale = False
        return snapshot()


class SteadyValues:
    """Values for people: a move within a tag's deadband is no news.

    Rules, history and records always see the samples themselves.
    """

    def __init__(self, plant: Plant) -> None:
        self._deadband = np.array([tag.deadband for tag in plant.tags()])
        self._shown = np.full(len(self._deadband), np.nan)

    def show(self, slots: NDArray[np.intp], values: Values) -> Values:
        """Return what to show for `values` of `slots`, and remember it."""
        still = np.abs(values - self._shown[slots]) < self._deadband[slots]
        shown: Values = np.where(still, self._shown[slots], values)
        self._shown[slots] = shown
        return shown


class ToldValues:
    """What the pages know of every tag, so that they are told only what is new to them."""

    NOT_TOLD = 255

    def __init__(self, count: int) -> None:
        self._values = np.full(count, np.nan)
        self._quality = np.full(count, self.NOT_TOLD, dtype=np.uint8)

    def differ(self, slots: NDArray[np.intp], values: Values, quality: Qualities) -> Flags:
        """Return which of `slots` the pages know otherwise than they are."""
        told = self._values[slots]
        same = (values == told) | (np.isnan(values) & np.isnan(told))
        new: Flags = ~same | (quality != self._quality[slots])
        return new

    def tell(self, slots: NDArray[np.intp], values: Values, quality: Qualities) -> None:
        """Note what every page is told."""
        self._values[slots] = values
        self._quality[slots] = quality

    def forget(self, slots: NDArray[np.intp]) -> None:
        """Note that one page knows `slots` otherwise than the others: all must be told again."""
        self._quality[slots] = self.NOT_TOLD


class LiveFeed:
    """What every open page is told, as soon as it is known.

    The first change goes out at once, those of the next 50 ms together; an alarm does not
    wait for these, 20 ms at most where the frame before it told of one too. Where nothing
    changes a frame without values says four times a second that the feed lives. What was
    read again and is as the pages know it is only counted up, four times a second, so that
    it does not look old. A frame is encoded once for all pages, and not at all while none
    is open.
    """

    def __init__(
        self,
        plant: Plant,
        board: Board,
        engine: Engine,
        clock: Clock,
        devices_online: Callable[[], int],
    ) -> None:
        self.number = 0
        self._plant = plant
        self._board = board
        self._engine = engine
        self._clock = clock
        self._devices_online = devices_online
        self._clients: set[LiveClient] = set()
        self._changed = board.watch()
        self._alarmed = asyncio.Event()
        engine.tell(self._hurry)
        # In fast time everything changes all the time: drawing it more often shows no more.
        self._pause_s = FRAME_EVERY_S if clock.speed <= 1 else HEARTBEAT_S
        self._looked_s = -math.inf
        self._published = 0
        self._alarms_revision = -1
        self._encoded: dict[int, tuple[Alarm, msgspec.Raw]] = {}
        self._online = -1
        self._unjudged_ms: int | None = None
        self._advice: Plain = {}
        self.floods = FloodWatch()
        self._flood_told: Flood | None = None
        engine.tell(self.floods.note)
        self._since_ms: dict[str, tuple[str, int]] = {}
        self._steady = SteadyValues(plant)
        self._told = ToldValues(len(board.values))
        self._seen = np.zeros(len(board.values), dtype=bool)

    @property
    def clients(self) -> int:
        """How many pages listen."""
        return len(self._clients)

    def join(self) -> LiveClient:
        """Return the queue of a new page."""
        client = LiveClient()
        self._clients.add(client)
        return client

    def leave(self, client: LiveClient) -> None:
        """Forget a page."""
        self._clients.discard(client)

    async def run(self) -> None:
        """Send what changes until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._changed.wait()
            self._changed.clear()
            if self._clients:
                frame = msgspec.json.encode(self._delta())
                for client in self._clients:
                    client.offer(frame)
            if hurried := self._alarmed.is_set():
                self._alarmed.clear()
            await self._pause(hurried=hurried)

    def _hurry(self, _: Alarm) -> None:
        self._alarmed.set()
        self._changed.set()

    async def _pause(self, *, hurried: bool) -> None:
        """Wait before the next frame; a new alarm ends that, soon where one has done so before."""
        rest_s = self._pause_s
        if hurried:
            await asyncio.sleep(ALARMS_EVERY_S)
            rest_s -= ALARMS_EVERY_S
        with suppress(TimeoutError):
            async with asyncio.timeout(rest_s):
                await self._alarmed.wait()

    def snapshot(self) -> bytes:
        """Return the whole state as of the last frame's number."""
        every = np.arange(len(self._board.values))
        values = self._values(every)
        self._told.forget(np.flatnonzero(self._told.differ(every, values, self._board.quality)))
        return msgspec.json.encode(
            {
                "kind": "snapshot",
                "n": self.number,
                "now_ms": milliseconds(self._clock.now_ns()),
                "slots": None,
                **self._columns(every, values),
                **self._alarms(),
                "flood": asdict(self._flood()),
                "unjudged_ms": milliseconds(self._engine.unjudged_ns),
                "advice": self.advice(),
                "devices_online": self._devices_online(),
                "devices": len(self._plant.device),
            }
        )

    def advice(self) -> Plain:
        """Return the advice for every ropeway with its reasons and since when it holds."""
        engine = self._engine
        judged = engine.unjudged_ns is None
        advised = advise(self._plant, self._board, engine.alarms, engine.conditions, judged=judged)
        return {"ropeways": [self._advice_since(one) for one in advised]}

    def _advice_since(self, advice: Advice) -> Plain:
        now_ms = milliseconds(self._clock.now_ns()) or 0
        level, since_ms = self._since_ms.get(advice.ropeway, ("", now_ms))
        if level != advice.advice.value:
            since_ms = now_ms
            self._since_ms[advice.ropeway] = (advice.advice.value, now_ms)
        table = advice_table(advice)
        now_s = table["clear_time_s"]["now"]
        if now_s is not None:
            # A tenth of a minute is as fine as people decide; finer would only flicker.
            table["clear_time_s"]["now"] = round(now_s / CLEAR_TIME_STEP_S) * CLEAR_TIME_STEP_S
        return {**table, "since_ms": since_ms}

    def _delta(self) -> dict[str, Any]:
        self.number += 1
        read = np.flatnonzero(self._board.revision > self._published)
        self._published = self._board.published
        values, quality = self._values(read), self._board.quality[read]
        new = self._told.differ(read, values, quality)
        slots = read[new]
        self._told.tell(slots, values[new], quality[new])
        self._seen[read] = True
        frame: dict[str, Any] = {
            "kind": "delta",
            "n": self.number,
            "now_ms": milliseconds(self._clock.now_ns()),
            "slots": slots.tolist(),
            **self._columns(slots, values[new]),
        }
        news = self._engine.revision != self._alarms_revision
        if news:
            self._alarms_revision = self._engine.revision
            frame.update(self._alarms())
        if news or self._clock.steady_s() - self._looked_s >= HEARTBEAT_S * self._clock.speed:
            self._looked_s = self._clock.steady_s()
            frame.update(self._conclusions())
            frame.update(self._read_again())
        return frame

    def _read_again(self) -> dict[str, Any]:
        """Return what was read since this was last said, as first and last slots of runs."""
        steps = np.flatnonzero(np.diff(self._seen, prepend=False, append=False))
        self._seen[:] = False
        runs = [[first, end - 1] for first, end in steps.reshape(-1, 2).tolist()]
        return {"seen": runs} if runs else {}

    def _conclusions(self) -> dict[str, Any]:
        """Return what changed of what follows from all values; too dear for each frame."""
        found: dict[str, Any] = {}
        advice = self.advice()
        if advice != self._advice:
            self._advice = found["advice"] = advice
        flood = self._flood()
        if flood != self._flood_told:
            self._flood_told = flood
            found["flood"] = asdict(flood)
        unjudged_ms = milliseconds(self._engine.unjudged_ns)
        if unjudged_ms != self._unjudged_ms:
            self._unjudged_ms = found["unjudged_ms"] = unjudged_ms
        online = self._devices_online()
        if online != self._online:
            self._online = found["devices_online"] = online
            found["devices"] = len(self._plant.device)
        return found

    def _alarms(self) -> Plain:
        shown, left_out = folded(self._engine.alarms)
        self._encoded = {alarm.id: self._encode(alarm) for alarm in shown}
        return {"alarms": [table for _, table in self._encoded.values()], "folded": left_out}

    def _encode(self, alarm: Alarm) -> tuple[Alarm, msgspec.Raw]:
        """Return the alarm with its table as it is sent, made anew only where it has changed."""
        known = self._encoded.get(alarm.id)
        if known is not None and known[0] is alarm:
            return known
        return alarm, msgspec.Raw(msgspec.json.encode(alarm_table(alarm)))

    def _flood(self) -> Flood:
        return self.floods.state(self._clock.now_ns(), self._engine.judging.kpi)

    def _values(self, slots: NDArray[np.intp]) -> Values:
        """Return the values of `slots` as people are shown them."""
        shown: Values = np.round(self._steady.show(slots, self._board.values[slots]), DECIMALS)
        return shown

    def _columns(self, slots: NDArray[np.intp], values: Values) -> dict[str, list[Any]]:
        board = self._board
        return {
            "values": values.tolist(),
            "quality": board.quality[slots].tolist(),
            "source_ms": _seen_ms(board.source_ns[slots]),
            "good_ms": _seen_ms(board.good_ns[slots]),
        }


def _seen_ms(instants: Instants) -> list[int | None]:
    return [at_ms or None for at_ms in (instants // 1_000_000).tolist()]
