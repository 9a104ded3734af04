"""Probing real sockets: what is read is shown, what is asked is answered, nothing is written."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from api.probe import ProbeError, probed_lines
from collector.site import ModbusDevice, Plant
from simulators.plc import Plc
from tests.contract.certificates import made
from tests.contract.opcua_parts import Peer
from tests.contract.test_opcua_security import SAFE, secured, trust
from tests.ports import free_port
from tests.unit.collector.words import modbus, node, opcua, plant, tag

SPEED, FORCE, STOP, GONE = (
    "north.drive.speed",
    "north.tension.force",
    "north.drive.e_stop",
    "north.drive.gone",
)


def a_plant(word_order: str, port: int, *more: dict[str, object]) -> Plant:
    return plant(
        modbus(
            "drive",
            tag(SPEED, 100, type="float32", unit="m/s"),
            tag(FORCE, 110, scale=0.1, unit="kN"),
            tag(STOP, 3, table="discrete_input", type="bool"),
            *more,
            port=port,
            word_order=word_order,
        )
    )


@contextmanager
def a_plc(served: Plant) -> Iterator[Counter[int]]:
    """Serve the plant's device from a thread; give what was asked, by function code."""
    (device,) = served.device
    assert isinstance(device, ModbusDevice)
    values = {SPEED: 5.83, FORCE: 287.4, STOP: 1.0}
    plc = Plc(device, lambda name: values[name])
    with serving(plc.start, plc.stop):
        yield plc.requests


@contextmanager
def serving(
    start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]
) -> Iterator[None]:
    """Run a server in a thread: the probe has an event loop of its own."""
    started, ended = Event(), Event()

    async def serve() -> None:
        await start()
        started.set()
        while not ended.is_set():
            await asyncio.sleep(0.02)
        await stop()

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, serve())
        assert started.wait(20)
        try:
            yield
        finally:
            ended.set()
            running.result(10)


def test_registers_stand_beside_values_and_only_reads_leave() -> None:
    port = free_port()
    with a_plc(a_plant("big", port)) as asked:
        lines = probed_lines(a_plant("big", port), "drive", [])
    shown = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert shown[SPEED] == [
        "holding_register",
        "100",
        "float32",
        "40BA",
        "8F5C",
        "5.83",
        "m/s",
        "good",
    ]
    assert shown[FORCE] == ["holding_register", "110", "uint16", "0B3A", "287.4", "kN", "good"]
    assert shown[STOP] == ["discrete_input", "3", "bool", "1", "1", "good"]
    assert set(asked) <= {1, 2, 3, 4}
    assert asked[3]


def test_a_wrong_word_order_is_named_by_the_figure_off_the_panel() -> None:
    port = free_port()
    with a_plc(a_plant("little", port)):
        lines = probed_lines(a_plant("big", port), "drive", [f"{SPEED}=5.8", f"{FORCE}=0"])
    about = lines[lines.index("") + 1 :]
    assert about[0].startswith(f"{SPEED}: the panel shows 5.8, we read")
    assert 'type = "float32", word_order = "little"' in about[1]
    assert about[1].endswith("-> 5.83")
    assert about[-1] == "  zero proves nothing: read it off while it is not zero"


def test_a_register_that_the_device_refuses_is_shown_as_refused() -> None:
    port = free_port()
    with a_plc(a_plant("big", port)):
        lines = probed_lines(a_plant("big", port, tag(GONE, 500)), "drive", [])
    gone = next(line for line in lines if line.startswith(GONE))
    assert gone.split()[-3:] == ["refused", "-", "bad_source"]


@pytest.mark.parametrize(
    ("device", "expect", "words"),
    [
        ("wind", [], "no device 'wind'; the site file has drive"),
        ("drive", ["north.no.such=1"], "has no tag 'north.no.such'"),
        ("drive", [f"{SPEED}=fast"], f"like {SPEED}=5.8"),
        ("drive", [], "device 'drive': "),
    ],
)
def test_what_cannot_be_probed_is_one_line(device: str, expect: list[str], words: str) -> None:
    with pytest.raises(ProbeError) as caught:
        probed_lines(a_plant("big", free_port()), device, expect)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_safe_server_is_probed_once_a_person_trusts_it(tmp_path: Path) -> None:
    port = free_port()
    peer = Peer(port, ["a"], prepare=secured(tmp_path, made()))
    words = opcua("peer", node("north.peer.a", node="s=a"), port=port, security=SAFE)
    of = plant({**words, "namespace": "urn:ropewatch:tests"})
    with serving(peer.start, peer.stop):
        with pytest.raises(ProbeError, match=r"device 'peer': .* not trusted .* then move"):
            probed_lines(of, "peer", [], tmp_path)
        trust(tmp_path / "opcua")
        lines = probed_lines(of, "peer", ["north.peer.a=10"], tmp_path)
    assert lines[1].split() == ["north.peer.a", "s=a", "1", "1", "good"]
    assert lines[-1] == "  scale = 10  -> 10"
