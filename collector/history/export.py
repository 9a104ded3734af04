"""Write the past of tags to a file that others read: CSV or Parquet."""

import csv
import importlib
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from collector.history.reading import Damage, read_past
from collector.history.rollup import HOUR_NS
from collector.history.rows import Course
from collector.history.schema import HistoryError, reading
from collector.model import NANOSECONDS, Quality

PIECE_NS = 24 * HOUR_NS
COLUMNS = ("time", "tag", "value", "quality", "quality_name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written: tags (all where there are none) over a span, to a file.

    A file whose name ends in .parquet is written as Parquet, any other as CSV.
    """

    tags: Sequence[str]
    from_ns: int
    to_ns: int
    out: Path


@dataclass(frozen=True, slots=True)
class Exported:
    """How many samples were written, and what of the span a damaged file did not give back."""

    samples: int
    damaged: tuple[tuple[str, Damage], ...]


class _Sink(Protocol):
    def write(self, tag: str, course: Course) -> None:
        """Write the samples of one tag."""


def export(path: Path, wanted: Wanted, tell: Callable[[int, int], None]) -> Exported:
    """Write samples of the history at `path`, a day at a time, tag by tag within the day.

    Instants are RFC 3339 in UTC to the nanosecond; where there is no number the value is
    empty. HistoryError where a tag is unknown, Parquet is asked for and pyarrow is not
    there, or the file cannot be read or written; then nothing of `out` is left.
    """
    keys = _keys(path, wanted.tags)
    samples, damaged = 0, []
    part = wanted.out.with_name(wanted.out.name + ".part")
    begins = range(wanted.from_ns, wanted.to_ns, PIECE_NS)
    try:
        with _sink(part, wanted.out.suffix) as sink:
            for number, begin_ns in enumerate(begins):
                end_ns = min(begin_ns + PIECE_NS, wanted.to_ns)
                for tag, key in keys.items():
                    with reading(path) as connection:
                        past = read_past(connection, [key], begin_ns, end_ns)
                    sink.write(tag, past.courses[key])
                    samples += len(past.courses[key].values)
                    damaged += [(tag, one) for one in past.damaged]
                tell(number + 1, len(begins))
        part.replace(wanted.out)
    except OSError as error:
        message = f"{wanted.out}: {error.strerror or error}; is there room, may it be written?"
        raise HistoryError(message) from error
    finally:
        part.unlink(missing_ok=True)
    return Exported(samples, tuple(damaged))


def _keys(path: Path, tags: Sequence[str]) -> dict[str, int]:
    with reading(path) as connection:
        known: dict[str, int] = dict(connection.execute("SELECT id, key FROM tag ORDER BY id"))
    strangers = [tag for tag in tags if tag not in known]
    if strangers:
        message = f"history {path}: knows no tag {', '.join(strangers)}"
        raise HistoryError(f"{message}; without --tags all are written")
    return {tag: known[tag] for tag in tags} if tags else known


@contextmanager
def _sink(path: Path, suffix: str) -> Iterator[_Sink]:
    if suffix == ".parquet":
        with _parquet(path) as table:
            yield table
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            yield _Csv(csv.writer(file, lineterminator=os.linesep))


class _Csv:
    """One line a sample."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._writer.writerow(COLUMNS)

    def write(self, tag: str, course: Course) -> None:
        columns = zip(
            course.source_ns.tolist(),
            course.values.tolist(),
            course.quality.tolist(),
            strict=True,
        )
        self._writer.writerows(
            (rfc3339(at_ns), tag, "" if math.isnan(value) else repr(value), code, NAMES[code])
            for at_ns, value, code in columns
        )


NAMES = {int(quality): quality.name.lower() for quality in Quality}


@contextmanager
def _parquet(path: Path) -> Iterator["_Parquet"]:
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        message = "Parquet needs pyarrow: install Ropewatch with its extra 'parquet', or take CSV"
        raise HistoryError(message) from error
    schema = arrow.schema(
        [
            ("time", arrow.timestamp("ns", tz="UTC")),
            ("tag", arrow.dictionary(arrow.int32(), arrow.string())),
            ("value", arrow.float64()),
            ("quality", arrow.uint8()),
        ]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield _Parquet(arrow, schema, writer)


class _Parquet:
    """One row group for each tag and day."""

    def __init__(self, arrow: Any, schema: Any, writer: Any) -> None:
        self._arrow = arrow
        self._schema = schema
        self._writer = writer

    def write(self, tag: str, course: Course) -> None:
        if not len(course.values):
            return
        arrow = self._arrow
        count = len(course.values)
        columns = [
            arrow.array(course.source_ns, type=self._schema.field("time").type),
            arrow.DictionaryArray.from_arrays(arrow.array([0] * count, arrow.int32()), [tag]),
            arrow.array(course.values, from_pandas=True),
            arrow.array(course.quality),
        ]
        self._writer.write_table(arrow.Table.from_arrays(columns, schema=self._schema))


def rfc3339(at_ns: int) -> str:
    """Return an instant in UTC to the nanosecond."""
    seconds, rest = divmod(at_ns, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
