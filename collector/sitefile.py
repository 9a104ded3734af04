"""Read a site file and say everything that is wrong with it, each with its place."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from collector.addresses import clashes
from collector.site import WHOLE_SITE, Plant

Tables = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)

OWN_TABLES = ("site", "ropeway", "device", "history")


class SiteFileError(Exception):
    """The site file cannot be used; `faults` lists every reason with its place."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        self.path = path
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{path}: {fault}" for fault in self.faults))


def read_tables(path: Path) -> Tables:
    """Return the file's tables; SiteFileError where it is unreadable or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SiteFileError(path, [f"cannot be read: {reason}"]) from error
    except UnicodeDecodeError as error:
        raise SiteFileError(path, ["is not UTF-8 text"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError(path, [f"is no valid TOML: {error}"]) from error


def read_plant(path: Path) -> Plant:
    """Return the equipment of the site file; SiteFileError with all its faults."""
    plant, faults = parse_plant(read_tables(path))
    if plant is None or faults:
        raise SiteFileError(path, faults)
    return plant


def parse_plant(tables: Mapping[str, Any]) -> tuple[Plant | None, list[str]]:
    """Return the equipment, or None, and every fault found in and between its tables."""
    own = {name: tables[name] for name in OWN_TABLES if name in tables}
    plant, faults = parse(Plant, own)
    found = list(clashes(plant)) if plant is not None else []
    return plant, [*faults, *_doubles(tables), *_strangers(tables), *found]


def parse(model: type[Model], tables: Mapping[str, Any]) -> tuple[Model | None, list[str]]:
    """Return `tables` as `model`, or None, and every fault with its place."""
    try:
        return model.model_validate(tables), []
    except ValidationError as error:
        return None, [
            f"{_place(fault['loc'], tables)}: {_words(fault)}"
            for fault in error.errors(include_url=False)
            if not _follows(fault)
        ]


def rows(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the tables that stand under `name`, as far as they are tables."""
    found = table.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def texts(row: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield each text under `names`, those in lists too."""
    for name in names:
        found = row.get(name)
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, str):
                yield one


def text(row: Mapping[str, Any], name: str) -> str:
    """Return the text under `name`, empty where there is none."""
    return next(texts(row, name), "")


def tag_rows(tables: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the table of every tag."""
    for device in rows(tables, "device"):
        yield from rows(device, "tags")


def stand_twice(kind: str, found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a fault for every id that more than one table has."""
    for name, times in Counter(one for row in found for one in texts(row, "id")).items():
        if times > 1:
            yield f"{kind} '{name}': stands {times} times; ids must be unique"


def _doubles(tables: Mapping[str, Any]) -> Iterator[str]:
    ways = rows(tables, "ropeway")
    ropes = [rope for way in ways for rope in rows(way, "ropes")]
    yield from stand_twice("ropeway", ways)
    yield from stand_twice("device", rows(tables, "device"))
    yield from stand_twice("tag", tag_rows(tables))
    yield from stand_twice("rope", ropes)
    for rope in ropes:
        points = rows(rope, "test_points")
        yield from stand_twice(f"rope '{text(rope, 'id')}': test point", points)
    for way in ways:
        points = [point for rope in rows(way, "ropes") for point in rows(rope, "test_points")]
        for code, times in Counter(str(one["code"]) for one in points if "code" in one).items():
            if times > 1:
                yield (
                    f"ropeway '{text(way, 'id')}': test point code {code} stands {times} times; "
                    "its instrument could not tell which"
                )


def _strangers(tables: Mapping[str, Any]) -> Iterator[str]:
    known = {text(tag, "id") for tag in tag_rows(tables)}
    for place, tag_id in _named_tags(tables):
        if tag_id not in known:
            yield f"{place}: no tag '{tag_id}'"
    yield from _astray(tables)
    yield from _strange_signs(tables)


def _strange_signs(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each heartbeat or clock that its own device does not have."""
    for device in rows(tables, "device"):
        own = {text(tag, "id") for tag in rows(device, "tags")}
        for sign in ("heartbeat", "clock"):
            for tag_id in texts(device, sign):
                if tag_id not in own:
                    yield (
                        f"device '{text(device, 'id')}' {sign}: '{tag_id}' is none of its own tags"
                    )


def _astray(tables: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each device and tag of no known ropeway."""
    places = {text(way, "id") for way in rows(tables, "ropeway")} | {WHOLE_SITE}
    for device in rows(tables, "device"):
        for way_id in texts(device, "ropeway"):
            if way_id not in places:
                yield f"device '{text(device, 'id')}': no ropeway '{way_id}'"
    for tag in tag_rows(tables):
        for tag_id in texts(tag, "id"):
            if tag_id.split(".")[0] not in places:
                yield f"tag '{tag_id}': begins with no ropeway's id, nor 'site'"


def _named_tags(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for tag in tag_rows(tables):
        frozen = tag.get("frozen")
        if isinstance(frozen, Mapping):
            for named in texts(frozen, "neighbour"):
                yield f"tag '{text(tag, 'id')}' frozen.neighbour", named
    for way in rows(tables, "ropeway"):
        for place, tag_id in _shown_tags(way):
            yield f"ropeway '{text(way, 'id')}' {place}", tag_id


def _shown_tags(way: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("speed", "people"):
        yield from ((name, tag) for tag in texts(way, name))
    for tower in rows(way, "towers"):
        yield from ((f"tower {tower.get('number')} gust", tag) for tag in texts(tower, "gust"))
    for kind, names in (("indicators", ("tag", "highest_of")), ("safety_circuits", ("tag",))):
        for row in rows(way, kind):
            shown = row.get("name")
            name = text(shown, "en") if isinstance(shown, Mapping) else ""
            place = f"{kind.removesuffix('s').replace('_', ' ')} '{name}'"
            yield from ((place, tag) for tag in texts(row, *names))


def _follows(fault: Any) -> bool:
    """Return whether the fault only says that faulty rows do not count as rows."""
    given = fault.get("input")
    enough = isinstance(given, list) and len(given) >= fault.get("ctx", {}).get("min_length", 0)
    return bool(fault["type"] == "too_short" and enough)


def _place(location: tuple[int | str, ...], tables: Any) -> str:
    """Name a place by the ids an engineer knows, not by counting tables."""
    words: list[str] = []
    node = tables
    for step in location:
        if isinstance(step, int) and isinstance(node, Sequence):
            node = node[step] if step < len(node) else None
            known = node.get("id") if isinstance(node, Mapping) else None
            words[-1] += f" '{known}'" if known else f"[{step}]"
        elif isinstance(node, Mapping):
            if step not in node and step in (node.get("protocol"), node.get("kind")):
                continue
            words.append(str(step))
            node = node.get(step)
    return " ".join(words) or "file"


def _words(fault: Any) -> str:
    kind, message = fault["type"], str(fault["msg"])
    if kind == "extra_forbidden":
        return "unknown key; see 'ropewatch schema' for those that are known"
    if kind == "missing":
        return "is missing"
    if kind == "union_tag_not_found":
        return f"{fault['ctx']['discriminator']} is missing"
    if kind == "union_tag_invalid":
        ctx = fault["ctx"]
        return f"{ctx['discriminator']} is one of {ctx['expected_tags']} (got '{ctx['tag']}')"
    given = fault.get("input")
    if kind == "less_than_equal" and fault["loc"][-1] == "address":
        message = "addresses go from 0 to 65535, as on the wire; 400001 of a manual is 0"
    shown = f" (got {given!r})" if isinstance(given, str | int | float) else ""
    return message.removeprefix("Value error, ") + shown
