"""Read the past of tags as equal spans, at a cost that does not grow with the length asked for."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from collector.history.buckets import Buckets, cut_buckets, spread_rollup
from collector.history.reading import Blocks, Damage, hot_courses, places_of, read_past
from collector.history.rollup import HOUR_NS, MINUTE_NS, Rollup, merge, roll_up

MOST_RAW_SAMPLES = 1_500_000


@dataclass(frozen=True, slots=True)
class Spans:
    """The past of tags by key in spans of `span_ns`, and what of it is damaged."""

    span_ns: int
    by_key: dict[int, Buckets]
    damaged: tuple[Damage, ...]


def read_spans(
    connection: sqlite3.Connection, keys: Sequence[int], within: tuple[int, int], count: int
) -> Spans:
    """Return at most about `count` equal spans of each tag key over `within`.

    The samples themselves are read where they are few; else minutes or, for spans above
    half an hour, hours, and then the spans are whole ones of these, counted from 1970.
    """
    from_ns, to_ns = within
    span_ns = max(1, -(-(to_ns - from_ns) // count))
    if span_ns < HOUR_NS and _few_and_whole(connection, keys, within):
        past = read_past(connection, keys, from_ns, to_ns)
        cut = {key: cut_buckets(one, from_ns, to_ns, count) for key, one in past.courses.items()}
        return Spans(span_ns, cut, past.damaged)
    # A month of many tags has so many minutes that unpacking them is what takes long.
    unit_ns = MINUTE_NS if 2 * span_ns <= HOUR_NS else HOUR_NS
    span_ns = -(-span_ns // unit_ns) * unit_ns
    return _rolled(connection, keys, within, span_ns)


def _rolled(
    connection: sqlite3.Connection, keys: Sequence[int], within: tuple[int, int], span_ns: int
) -> Spans:
    """Return spans made from the kept minutes or hours, and from what is not sealed yet."""
    begin_ns = within[0] // span_ns * span_ns
    number = -(-(within[1] - begin_ns) // span_ns)
    whole = (begin_ns, begin_ns + number * span_ns)
    blocks = Blocks(connection)
    hot = hot_courses(connection, keys, whole, blocks.damaged)
    by_key = {}
    for key in keys:
        course = hot[key]
        parts = [roll_up(course.source_ns, course.values, course.quality, MINUTE_NS)]
        if span_ns % HOUR_NS:
            parts.extend(blocks.minutes(places_of(connection, key, *whole, raw=False)))
        else:
            parts.append(_hours(connection, key, whole))
        spans = merge(parts, span_ns).between(*whole)
        by_key[key] = spread_rollup(spans, begin_ns, span_ns, number)
    return Spans(span_ns, by_key, tuple(blocks.damaged))


def _few_and_whole(
    connection: sqlite3.Connection, keys: Iterable[int], within: tuple[int, int]
) -> bool:
    """Whether the sealed samples of the span are few and all still there; none is read for it."""
    samples = 0
    for key in keys:
        number, raw = connection.execute(
            "SELECT coalesce(sum(samples), 0), coalesce(min(raw), 1) FROM block "
            "INDEXED BY block_by_time WHERE tag = ? AND last_ns >= ? AND first_ns < ?",
            (key, *within),
        ).fetchone()
        samples += number
        if not raw or samples > MOST_RAW_SAMPLES:
            return False
    return True


def _hours(connection: sqlite3.Connection, key: int, within: tuple[int, int]) -> Rollup:
    rows = connection.execute(
        "SELECT at_ns, lowest, highest, total, samples, good FROM hour "
        "WHERE tag = ? AND at_ns >= ? AND at_ns < ? ORDER BY at_ns",
        (key, *within),
    ).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * 6
    at_ns, lowest, highest, total, samples, good = columns
    return Rollup(
        np.array(at_ns, dtype=np.int64),
        np.array(lowest, dtype=np.float64),
        np.array(highest, dtype=np.float64),
        np.array(total, dtype=np.float64),
        np.array(samples, dtype=np.int64),
        np.array(good, dtype=np.int64),
    )
