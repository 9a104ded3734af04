"""What the whole product promises of its own code, read from the code itself."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(
    path for room in ("collector", "analytics", "api") for path in (ROOT / room).rglob("*.py")
)
SIMULATORS = sorted((ROOT / "simulators").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
WRITING = {
    # pymodbus
    "write_coil",
    "write_coils",
    "write_register",
    "write_registers",
    "write_file_record",
    "mask_write_register",
    "readwrite_registers",
    "diag_clear_counters",
    "diag_restart_communication",
    "diag_force_listen_only",
    # asyncua
    "write_value",
    "write_values",
    "write_attribute",
    "write_attributes",
    "write_attribute_value",
    "write_params",
    "set_value",
    "set_values",
    "set_attribute",
    "call_method",
    "call",
    "add_nodes",
    "delete_nodes",
    "delete_references",
    "history_update",
}
CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "loop": {"time"},
}
LONGEST_FILE, LONGEST_FUNCTION = 400, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def every(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=name)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(tree_of(path))


def last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@every(
    [path for path in PRODUCT if "asyncua" in path.read_text() or "pymodbus" in path.read_text()]
)
def test_nothing_that_could_write_to_a_controller_is_named(path: Path) -> None:
    named = {last_word(node) for node in nodes(path) if isinstance(node, ast.expr)}
    texts = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
    assert (named | texts) & WRITING == set()


@every(PRODUCT)
def test_only_the_drivers_know_a_protocol(path: Path) -> None:
    imported = {
        word.split(".")[0]
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for word in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [one.name for one in node.names]
        )
    }
    protocols = imported & {"pymodbus", "asyncua"}
    assert protocols == set() or path.parent == ROOT / "collector" / "drivers"


@every([path for path in PRODUCT + SIMULATORS if path != ROOT / "collector" / "clock.py"])
def test_only_the_clock_reads_the_time_of_day(path: Path) -> None:
    read = [
        f"{last_word(call.func.value)}.{call.func.attr}"
        for call in nodes(path)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in CLOCKS.get(last_word(call.func.value), ())
    ]
    borrowed = [
        node
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom)
        and node.module == "time"
        and {one.name for one in node.names} & CLOCKS["time"]
    ]
    assert read == []
    assert borrowed == []


@every(PRODUCT + SIMULATORS)
def test_every_public_name_says_what_it_promises(path: Path) -> None:
    tree = tree_of(path)
    silent = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert ast.get_docstring(tree)
    assert silent == []


def public(
    parent: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield what others may use; a method of one's own making counts, a dunder does not."""
    for node in parent.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@every(PRODUCT + SIMULATORS + TESTS)
def test_a_file_holds_one_thing(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@every(PRODUCT + SIMULATORS)
def test_a_function_does_one_thing(path: Path) -> None:
    lengths = {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in nodes(path)
        if isinstance(node, Function) and node.name != "install_errors"
    }
    assert {one: length for one, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@every([path for path in PRODUCT if path != ROOT / "collector" / "supervisor.py"])
def test_only_the_supervisor_catches_whatever_comes(path: Path) -> None:
    broad = [
        handler.lineno
        for handler in nodes(path)
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or "Exception" in words_in(handler.type))
    ]
    assert broad == []


def words_in(node: ast.expr) -> set[str]:
    return {last_word(part) for part in ast.walk(node) if isinstance(part, ast.expr)}


def test_the_supervisor_has_one_such_place() -> None:
    handlers = [
        handler
        for handler in nodes(ROOT / "collector" / "supervisor.py")
        if isinstance(handler, ast.ExceptHandler)
        and handler.type is not None
        and "Exception" in words_in(handler.type)
    ]
    assert len(handlers) == 1


@every(PRODUCT + SIMULATORS)
def test_no_state_of_a_module_changes_while_it_runs(path: Path) -> None:
    assert [node.lineno for node in nodes(path) if isinstance(node, ast.Global)] == []
