"""Builds and runs the load server, and reads what it has counted."""

import hashlib
import mmap
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cores import ended, on_core
from tests.servers.make import cache_folder

SOURCE = Path(__file__).with_name("load_server.c")
SERVER_CORE = 1
STEPS_KEPT = 4096
COUNTS = struct.Struct("=4Q")


class NoCompilerError(Exception):
    """The load server cannot be built; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the server has answered since it began."""

    requests: int
    registers: int
    connections: int
    step: int


@dataclass(frozen=True, slots=True)
class LoadServer:
    """A load server that runs: a port for each device, and its counts."""

    ports: tuple[int, ...]
    pid: int
    _state: mmap.mmap

    def counts(self) -> Counts:
        """Return the counts as they stand."""
        return Counts(*COUNTS.unpack_from(self._state))

    def stepped_ns(self, step: int) -> int:
        """Return when the registers became those of `step`, one of the last 4096."""
        at = COUNTS.size + 8 * (step % STEPS_KEPT)
        return int(struct.unpack_from("=q", self._state, at)[0])


def build() -> Path:
    """Return the program in the user's cache folder, compiled once for each text of it."""
    text = SOURCE.read_bytes()
    folder = cache_folder().parent / "benchmarks"
    program = folder / f"load_server-{hashlib.sha256(text).hexdigest()[:12]}"
    if program.exists():
        return program
    compiler = shutil.which("cc")
    if compiler is None:
        message = "the load server needs a C compiler: install 'cc' (Debian: gcc)"
        raise NoCompilerError(message)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh = Path(scratch) / "load_server"
        subprocess.run([compiler, "-O2", "-o", str(fresh), str(SOURCE)], check=True)
        fresh.rename(program)
    return program


@contextmanager
def load_server(ports: int, step_ms: int = 500) -> Iterator[LoadServer]:
    """Run a server on so many free ports whose registers change every `step_ms`."""
    program = build()
    with tempfile.NamedTemporaryFile() as state:
        command = [str(program), str(ports), str(step_ms), state.name]
        process = subprocess.Popen(on_core(SERVER_CORE, command), stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            named = tuple(int(port) for port in process.stdout.readline().split())
            if len(named) != ports:
                message = f"the load server opened {len(named)} of {ports} ports: see above"
                raise RuntimeError(message)
            with mmap.mmap(state.fileno(), COUNTS.size + 8 * STEPS_KEPT) as mapped:
                yield LoadServer(named, process.pid, mapped)
        finally:
            ended(process)
