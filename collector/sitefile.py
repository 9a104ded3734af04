"""Read a site file and say everything that is wrong with it, each with its place."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from collector.site import Plant

Tables = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)

OWN_TABLES = ("site", "ropeway", "device")


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
    """Return the equipment, or None, and every fault found in its tables."""
    own = {name: tables[name] for name in OWN_TABLES if name in tables}
    plant, faults = parse(Plant, own)
    if plant is not None:
        faults = plant.faults()
    return plant, faults


def parse(model: type[Model], tables: Mapping[str, Any]) -> tuple[Model | None, list[str]]:
    """Return `tables` as `model`, or None, and every fault with its place."""
    try:
        return model.model_validate(tables), []
    except ValidationError as error:
        return None, [
            f"{_place(fault['loc'], tables)}: {_words(fault)}"
            for fault in error.errors(include_url=False)
        ]


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
            if step not in node and step in ("modbus_tcp", "opcua"):
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
    given = fault.get("input")
    shown = f" (got {given!r})" if isinstance(given, str | int | float) else ""
    return message.removeprefix("Value error, ") + shown
