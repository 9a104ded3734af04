"""What the documentation says of commands, modules and site files is what there is."""

import importlib
import re
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.config import site_schema
from collector.model import Quality

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
READMES = ("README.md", "README.zh-CN.md")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ARCHITECTURE = DOCS / "architecture.md"
SITE_FILE = DOCS / "reference" / "site-file.md"
SCHEMA = site_schema()
TABLES = sorted(name for name, one in SCHEMA["$defs"].items() if "properties" in one)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def outside_fences(text: str) -> str:
    return re.sub(r"(?ms)^```.*?^```", "", text)


def commands_in(text: str) -> set[str]:
    """Every `make …` and `ropewatch …` that the text names, down to options."""
    return {
        re.sub(r"\s+", " ", found.strip())
        for found in re.findall(r"\b(?:make|ropewatch) +[a-z][^\n`|#]*", text)
    }


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = (commands_in(read(ROOT / name)) for name in READMES)
    assert english == chinese
    assert {"make demo", "make test", "make check"} <= english


def test_both_readmes_name_the_same_environment_variables() -> None:
    english, chinese = (
        set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bPORT\b", read(ROOT / name))) for name in READMES
    )
    assert english == chinese
    assert {"PORT", "INFLUXDB_URL", "INFLUXDB_TOKEN", "INFLUXDB_TOKEN_FILE"} <= english
    assert {"INFLUXDB_ORG", "INFLUXDB_BUCKET"} <= english


def test_both_readmes_have_the_same_headings_and_examples() -> None:
    english, chinese = (read(ROOT / name) for name in READMES)
    assert len(re.findall(r"(?m)^#+ ", english)) == len(re.findall(r"(?m)^#+ ", chinese))
    assert re.findall(r"(?ms)^```.*?^```", english) == re.findall(r"(?ms)^```.*?^```", chinese)


def test_every_make_target_named_is_there() -> None:
    makefile = read(ROOT / "Makefile")
    for page in PAGES:
        for target in re.findall(r"(?:`|^ *)make ([a-z]+)", read(page), re.MULTILINE):
            assert re.search(rf"(?m)^{target}\b.*:", makefile), f"{page.name}: make {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", outside_fences(read(page)))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_in_toml_can_be_read(page: Path) -> None:
    for _, example in re.findall(r"(?ms)^( *)```toml\n(.*?)^\1```", read(page)):
        tomllib.loads(textwrap.dedent(example))


def test_the_way_of_a_sample_has_exactly_twelve_lines() -> None:
    assert [number for number, _ in first_list()] == list(range(1, 13))


def test_every_line_of_the_way_names_code_that_is_there() -> None:
    for number, line in first_list():
        named = re.findall(r"`([a-z_/]+\.py)` `([A-Za-z_.]+)`", line)
        assert named, f"line {number} names no module and function"
        for path, words in named:
            found: Any = importlib.import_module(path.removesuffix(".py").replace("/", "."))
            for word in words.split("."):
                assert hasattr(found, word), f"line {number}: {path} has no {words}"
                found = getattr(found, word)


def test_every_path_named_in_the_architecture_is_there() -> None:
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|ts|tsx|toml|md))`", read(ARCHITECTURE))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_table_on_disk_is_named_in_the_architecture() -> None:
    history = importlib.import_module("collector.history.schema").TABLES
    records = importlib.import_module("analytics.records.tables").metadata.tables
    names = [*re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", history), *records]
    text = read(ARCHITECTURE)
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_protocol_and_every_kind_of_rule_is_described() -> None:
    text = read(SITE_FILE)
    kinds = set(consts("protocol")) | set(consts("kind"))
    assert {"modbus_tcp", "opcua", "limit", "rope_end_weekly"} <= kinds
    assert [kind for kind in kinds if f'"{kind}"' not in text] == []


@pytest.mark.parametrize("table", TABLES)
def test_the_page_on_the_site_file_has_each_key_as_it_is(table: str) -> None:
    sections = re.findall(rf"(?ms)^## [^\n]*\({table}\)\n(.*?)(?=^## |\Z)", read(SITE_FILE))
    assert len(sections) == 1, f"one section, whose heading ends with ({table})"
    rows = re.findall(r"(?m)^(\| `\w+` \|.*?)(?<!\\)\| ([^|\n]+) \|$", sections[0])
    assert [begin.rstrip() for begin, _ in rows] == list(rows_of(SCHEMA["$defs"][table]))
    assert all(meaning.strip() for _, meaning in rows)


def test_the_page_on_the_site_file_has_no_other_table() -> None:
    headings = re.findall(r"(?m)^## .*\((\w+)\)$", read(SITE_FILE))
    assert sorted(headings) == TABLES


def test_the_page_on_the_interface_names_every_quality_code() -> None:
    text = read(DOCS / "reference" / "api.md")
    assert [code.value for code in Quality if f"| {code.value} |" not in text] == []


def test_every_decision_has_its_four_parts() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in records]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers), "a number names one decision"
    for path in records:
        parts = re.findall(r"(?m)^## (.+)$", read(path))
        assert parts == ["Status", "Context", "Decision", "Consequences"], path.name


def first_list() -> list[tuple[int, str]]:
    """The first numbered list, one item a line."""
    found: list[tuple[int, str]] = []
    for line in read(ARCHITECTURE).splitlines():
        item = re.match(r"(\d+)\. (.+)", line)
        if item:
            found.append((int(item[1]), item[2]))
        elif found and line.strip():
            break
    return found


def consts(key: str) -> Iterator[str]:
    for name in TABLES:
        known = SCHEMA["$defs"][name]["properties"].get(key, {})
        if "const" in known:
            yield known["const"]


def rows_of(table: dict[str, Any]) -> Iterator[str]:
    """The first three columns of each row: key, what it takes, what holds without it."""
    required = table.get("required", ())
    for key, known in table["properties"].items():
        default = "required" if key in required else _default(known)
        yield f"| `{key}` | {_takes(known)} | {default}"


def _default(known: dict[str, Any]) -> str:
    value = known.get("default")
    if value in (None, "", []):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _takes(known: dict[str, Any]) -> str:
    if "anyOf" in known:
        return next(_takes(one) for one in known["anyOf"] if one.get("type") != "null")
    if "$ref" in known:
        name = known["$ref"].rsplit("/", 1)[-1]
        target = SCHEMA["$defs"][name]
        return _choice(target["enum"]) if "enum" in target else f"{name} table"
    if known.get("type") == "array":
        return _list(known)
    if "const" in known or "enum" in known:
        return _choice(known.get("enum") or [known["const"]])
    return _plain(known)


def _list(known: dict[str, Any]) -> str:
    if "prefixItems" in known:
        return "pair of numbers"
    least = f", at least {known['minItems']}" if "minItems" in known else ""
    most = f", at most {known['maxItems']}" if "maxItems" in known else ""
    return f"list of {_takes(known['items'])}{least}{most}"


def _choice(words: list[Any]) -> str:
    return " \\| ".join(f'"{word}"' if isinstance(word, str) else str(word) for word in words)


def _plain(known: dict[str, Any]) -> str:
    pattern = known.get("pattern", "")
    if pattern == SCHEMA["$defs"]["ModbusTag"]["properties"]["id"]["pattern"]:
        return "tag id"
    if pattern == SCHEMA["$defs"]["ModbusDevice"]["properties"]["id"]["pattern"]:
        return "id"
    word = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    bounds = [
        f"{sign} {known[name]:g}"
        for name, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if name in known
    ]
    return " ".join([word.get(known["type"], "number"), ", ".join(bounds)]).strip()
