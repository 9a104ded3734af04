"""Rules as the text that people edit, and back, checked against the plant."""

import tomllib
from typing import Any

import tomlkit
from tomlkit.items import Item

from analytics.config import RULE_TABLES, Judging, parse_judging
from collector.site import Plant
from collector.sitefile import parse


def rules_text(judging: Judging) -> str:
    """Return the rules, classes and closings as TOML: what was written, and nothing else."""
    document = tomlkit.document()
    for name, rows in judging.rules_said().items():
        tables = tomlkit.aot()
        for row in rows:
            table = tomlkit.table()
            for key, value in row.items():
                table.add(key, _inline(value))
            tables.append(table)
        document.add(name, tables)
    return tomlkit.dumps(document)


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


def _inline(value: Any) -> Item:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, part in value.items():
            table.append(key, _inline(part))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for part in value:
            array.append(_inline(part))
        return array
    item: Item = tomlkit.item(value)
    return item
