"""Renders scans as InfluxDB line protocol."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collector.model import Quality, Scan, Slots

QUALITY_SUFFIX = "_quality"
# Stands for the instant in a prepared text; no name can hold it.
INSTANT = "\0"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The lines of one device's whole scan but for figures and instant, and the figures' order."""

    text: str
    order: Slots


class LineRenderer:
    """Turns a scan into lines: measurement by display group, one field per quantity.

    `site` becomes a tag of every line, `tag_ids` names the tag of each slot, `groups`
    the display group of each tag id; a tag that the site file no longer knows goes to
    the measurement "process".
    """

    def __init__(self, site: str, tag_ids: Mapping[int, str], groups: Mapping[str, str]) -> None:
        self._site = _escape(plain(site))
        self._tag_ids = tag_ids
        self._groups = groups
        self._places: dict[tuple[str, int], tuple[str, str, str]] = {}
        self._prepared: dict[tuple[str, bytes], _Prepared | None] = {}

    def render(self, device: str, scan: Scan) -> list[str]:
        """Return one line per measurement, place and source time, with all its fields.

        A number is always a float. A sample that is not good has its quality code in
        `<quantity>_quality` as well, and nothing else where there is no number.
        """
        source_ns = scan.source_ns
        if not scan.quality.any() and bool((source_ns == source_ns[0]).all()):
            prepared = self._prepare(device, scan.slots)
            if prepared is not None and bool(np.isfinite(scan.values).all()):
                figures = tuple(scan.values[prepared.order].tolist())
                text = prepared.text.replace(INSTANT, str(int(source_ns[0]))) % figures
                return text.split("\n")
        return self._render_each(device, scan)

    def _prepare(self, device: str, slots: Slots) -> _Prepared | None:
        """Return the prepared text for a scan of these slots; None where one stands twice."""
        key = (device, slots.tobytes())
        if key not in self._prepared:
            self._prepared[key] = self._text(device, slots)
        return self._prepared[key]

    def _text(self, device: str, slots: Slots) -> _Prepared | None:
        if len(set(slots.tolist())) < len(slots):
            return None
        lines: dict[str, list[tuple[int, str]]] = {}
        for at, slot in enumerate(slots.tolist()):
            series, quantity, _ = self._place(device, slot)
            lines.setdefault(series, []).append((at, quantity))
        text = "\n".join(
            f"{_doubled(series)} "
            f"{','.join(f'{_doubled(quantity)}=%r' for _, quantity in fields)} {INSTANT}"
            for series, fields in lines.items()
        )
        order = [at for fields in lines.values() for at, _ in fields]
        return _Prepared(text, np.array(order, dtype=np.int32))

    def _render_each(self, device: str, scan: Scan) -> list[str]:
        """Render a scan that has something to say of single samples."""
        lines: dict[tuple[str, int], dict[str, str]] = {}
        columns = zip(
            scan.slots.tolist(),
            scan.values.tolist(),
            scan.quality.tolist(),
            scan.source_ns.tolist(),
            strict=True,
        )
        for slot, value, quality, source_ns in columns:
            series, quantity, quality_field = self._place(device, slot)
            fields = lines.setdefault((series, source_ns), {})
            number = math.isfinite(value)
            if number:
                fields[quantity] = f"{quantity}={value!r}"
            if quality or not number:
                code = float(quality or Quality.BAD_NOT_A_NUMBER)
                fields[quality_field] = f"{quality_field}={code!r}"
        return [
            f"{series} {','.join(fields.values())} {source_ns}"
            for (series, source_ns), fields in lines.items()
        ]

    def _place(self, device: str, slot: int) -> tuple[str, str, str]:
        found = self._places.get((device, slot))
        if found is None:
            found = self._places[device, slot] = self._find_place(device, slot)
        return found

    def _find_place(self, device: str, slot: int) -> tuple[str, str, str]:
        tag_id = self._tag_ids[slot]
        ropeway, place, quantity = map(_escape, tag_id.split("."))
        group = _escape(self._groups.get(tag_id, "process"))
        # Tags in the order of their names: the server need not sort them.
        series = (
            f"{group},device={_escape(device)},place={place},ropeway={ropeway},site={self._site}"
        )
        return series, quantity, f"{quantity}{QUALITY_SUFFIX}"


def split_fields(line: str) -> list[str]:
    """Return a rendered line as lines of one field each: one bad field takes no other along.

    A field's name and number hold neither blank nor comma, by the form of tag ids.
    """
    series, fields, source_ns = line.rsplit(" ", 2)
    return [f"{series} {field} {source_ns}" for field in fields.split(",")]


def plain(text: str) -> str:
    """Return `text` without what no escape can carry in a tag."""
    return " ".join(text.replace("\\", "/").replace(INSTANT, " ").split()) or "site"


def _escape(text: str) -> str:
    return text.replace(",", r"\,").replace("=", r"\=").replace(" ", r"\ ")


def _doubled(text: str) -> str:
    return text.replace("%", "%%")
