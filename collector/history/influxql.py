"""Reads the past from an InfluxDB of any generation, by InfluxQL, instead of the local history."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import structlog

from collector.history.buckets import Buckets, cut_buckets, spread_rollup
from collector.history.influx import UNAUTHORIZED, InfluxSettings, with_new_token
from collector.history.lines import QUALITY_SUFFIX, plain
from collector.history.rollup import NOTHING
from collector.history.rows import Course
from collector.history.schema import HistoryError
from collector.history.spans import Spans
from collector.history.store import History
from collector.model import Quality

ANSWER_S = 30.0
Series = dict[str, Any]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Where:
    """Where a tag's samples stand: measurement, field, and the place that its series names."""

    measurement: str
    quantity: str
    place: str
    ropeway: str


class InfluxHistory:
    """The past of a site as InfluxDB holds it; open from its making until `close`.

    InfluxQL over `/query` is what generations 1, 2 and 3 have in common. HistoryError
    where the server does not answer or refuses.
    """

    def __init__(self, settings: InfluxSettings, site: str, groups: Mapping[str, str]) -> None:
        self._site = plain(site)
        self._groups = groups
        self._database = settings.bucket.split("/")[0]
        self._url = settings.url
        self._settings = settings
        self._client = httpx.AsyncClient(base_url=settings.url, timeout=ANSWER_S)

    async def spans(self, tags: Sequence[str], within: tuple[int, int], count: int) -> Spans:
        """Return the past of `tags`, numbered in their order, in at most `count` equal spans.

        Only good samples count in least, mean and greatest, as in the local history.
        """
        from_ns, to_ns = within
        span_ns = max(1, -(-(to_ns - from_ns) // count))
        number = -(-(to_ns - from_ns) // span_ns)
        by_key = {
            at: await self._buckets(self._where(tag), from_ns, span_ns, number)
            for at, tag in enumerate(tags)
        }
        return Spans(span_ns, by_key, ())

    async def course(self, tag: str, from_ns: int, to_ns: int) -> Course:
        """Return every sample of a tag from `from_ns` to before `to_ns`."""
        where = self._where(tag)
        quality = _name(where.quantity + QUALITY_SUFFIX)
        found = await self._ask(
            f"SELECT {_name(where.quantity)} AS v, {quality} AS q "  # noqa: S608 - quoted
            f"FROM {_name(where.measurement)} WHERE {self._filter(where, from_ns, to_ns)}"
        )
        rows = [row for series in found for row in series["values"]]
        rows.sort(key=lambda row: row[0])
        values = [np.nan if row[1] is None else row[1] for row in rows]
        return Course(
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array(values, dtype=np.float64),
            np.array([row[2] or Quality.GOOD for row in rows], dtype=np.uint8),
        )

    async def close(self) -> None:
        """Let the connection go."""
        await self._client.aclose()

    async def _buckets(self, where: Where, from_ns: int, span_ns: int, number: int) -> Buckets:
        """Return a tag's spans: those without doubt as the server sums them up, the others anew.

        InfluxQL cannot ask for points that lack a field, so a span that holds a figure
        which is not good is cut from its samples.
        """
        to_ns = from_ns + number * span_ns
        field, quality = _name(where.quantity), _name(where.quantity + QUALITY_SUFFIX)
        source = f"FROM {_name(where.measurement)} WHERE {self._filter(where, from_ns, to_ns)}"
        group = f"GROUP BY time({span_ns}ns, {from_ns % span_ns}ns) fill(none)"
        rolled = await self._ask(
            f"SELECT min({field}), mean({field}), max({field}), count({field}) {source} {group}"
        )
        doubted = await self._ask(f"SELECT count({quality}) {source} {group}")
        buckets = _empty(from_ns, span_ns, number)
        for at, lowest, mean, highest, samples in _rows(rolled, from_ns, span_ns):
            buckets.lowest[at], buckets.mean[at], buckets.highest[at] = lowest, mean, highest
            buckets.samples[at], buckets.good_share[at] = samples, 1.0
        for at, samples in _rows(doubted, from_ns, span_ns):
            if not buckets.samples[at]:
                buckets.samples[at] = samples
                continue
            begin_ns = from_ns + at * span_ns
            tag = f"{where.ropeway}.{where.place}.{where.quantity}"
            course = await self.course(tag, begin_ns, begin_ns + span_ns)
            _put(buckets, at, cut_buckets(course, begin_ns, begin_ns + span_ns, 1))
        return buckets

    def _where(self, tag: str) -> Where:
        ropeway, place, quantity = tag.split(".")
        return Where(self._groups.get(tag, "process"), quantity, place, ropeway)

    def _filter(self, where: Where, from_ns: int, to_ns: int) -> str:
        return (
            f'"site" = {_text(self._site)} AND "ropeway" = {_text(where.ropeway)} '
            f'AND "place" = {_text(where.place)} AND time >= {from_ns} AND time < {to_ns}'
        )

    async def _ask(self, statement: str) -> list[Series]:
        question = {"db": self._database, "epoch": "ns", "q": statement}
        try:
            answer = await self._post(question)
            if answer.status_code == UNAUTHORIZED:
                # Whoever changed the token changed its file: nobody need restart us.
                self._settings = await asyncio.to_thread(with_new_token, self._settings)
                answer = await self._post(question)
            answer.raise_for_status()
            (result,) = answer.json()["results"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            message = f"InfluxDB {self._url}: {error}; the local history goes on"
            raise HistoryError(" ".join(message.split())) from error
        if "error" in result:
            raise HistoryError(f"InfluxDB {self._url}: {result['error']}")
        found: list[Series] = result.get("series", [])
        return found

    async def _post(self, question: Mapping[str, str]) -> httpx.Response:
        token = {"Authorization": f"Token {self._settings.token}"}
        return await self._client.post("/query", params=question, headers=token)


class RemoteFirst:
    """The past as InfluxDB tells it, and as the local history does while InfluxDB does not."""

    def __init__(self, remote: InfluxHistory, local: History) -> None:
        self._remote = remote
        self._local = local
        self._failing = False

    async def spans(self, tags: Sequence[str], within: tuple[int, int], count: int) -> Spans:
        """Return the past of `tags`, in their order, in equal spans."""
        try:
            found = await self._remote.spans(tags, within, count)
        except HistoryError as error:
            if not self._failing:
                log.warning("reading the past locally", reason=str(error))
            self._failing = True
            return await self._local.spans(tags, within, count)
        if self._failing:
            log.info("reading the past from InfluxDB again")
        self._failing = False
        return found


def _rows(found: Sequence[Series], from_ns: int, span_ns: int) -> list[tuple[Any, ...]]:
    """Return the rows of an answer, the instant as the number of its span."""
    return [
        ((row[0] - from_ns) // span_ns, *row[1:])
        for series in found
        for row in series["values"]
        if row[-1]
    ]


def _empty(from_ns: int, span_ns: int, number: int) -> Buckets:
    return spread_rollup(NOTHING, from_ns, span_ns, number)


def _put(buckets: Buckets, at: int, one: Buckets) -> None:
    buckets.lowest[at], buckets.mean[at] = one.lowest[0], one.mean[0]
    buckets.highest[at], buckets.good_share[at] = one.highest[0], one.good_share[0]
    buckets.samples[at] = one.samples[0]


def _name(name: str) -> str:
    """Return a name quoted, for `tag` and other words of the language are names here too."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
