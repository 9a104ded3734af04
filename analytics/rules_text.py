"""Rules as the text that people edit, and back, checked against the plant."""

import tomllib
from typing import Any

import tomlkit
from tomlkit.items import SingleKey

from analytics.config import RULE_TABLES, Judging, parse_judging
from collector.site import Plant
from collector.sitefile import parse


def rules_text(judging: Judging) -> str:
    """Return the rules, classes and closings as TOML: what was written, and nothing else."""
    said = judging.rules_said().items()
    return "\n".join(_table(name, row) for name, rows in said for row in rows)


def rules_of(text: str, plant: Plant, judging: Judging) -> tuple[Judging | None, list[str]]:
    """Return `judging` with the rules of `text` in it, or None, and every fault with its place."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"is no valid TOML: {error}"]
    strange = [
        f"{name}: unknown table; rules have {', '.join(RULE_TABLES)}"
        for name in tables
        if name not in RULE_TABLES
    ]
    own = {name: tables[name] for name in RULE_TABLES if name in tables}
    found, faults = parse_judging({**plant.model_dump(mode="json", by_alias=True), **own})
    if found is None or faults or strange:
        return None, [*strange, *faults]
    taken = {name: getattr(found, name) for name in RULE_TABLES}
    return judging.model_copy(update=taken), []


def version_of(text: str) -> str | None:
    """Return the version of rules by their text, whatever the plant; None if it says none."""
    judging, _ = parse(Judging, tomllib.loads(text))
    return None if judging is None else judging.version()


def _table(name: str, row: dict[str, Any]) -> str:
    lines = [f"[[{name}]]", *(f"{_key(key)} = {_inline(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    """Return a value in one line; to let tomlkit make a document takes twice as long."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_key(key)} = {_inline(part)}" for key, part in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    said: str = tomlkit.item(value).as_string()
    return said


def _key(name: str) -> str:
    return SingleKey(name).as_string()
