"""Modbus TCP servers on libmodbus and on modbus-serial, each a process of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.servers.node_server import installed, node

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "libmodbus_server.c"
PACKAGE = HERE / "modbusserial"
END_S = 10.0


class LibmodbusMissingError(Exception):
    """The libmodbus server cannot be built; the text says why in one line."""


def built(folder: Path) -> Path:
    """Return the libmodbus server, compiled into `folder`."""
    compiler = shutil.which("cc")
    if compiler is None:
        message = "no C compiler: apt-get install gcc"
        raise LibmodbusMissingError(message)
    program = folder / "libmodbus_server"
    command = [compiler, "-Wall", "-Werror", "-o", str(program), str(SOURCE), "-lmodbus"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "modbus/modbus.h" in done.stderr:
        message = "no libmodbus: apt-get install libmodbus-dev"
        raise LibmodbusMissingError(message)
    assert done.returncode == 0, done.stderr
    return program


@contextmanager
def libmodbus_server(program: Path) -> Iterator[int]:
    """Run the libmodbus server; give its port."""
    port = free_port()
    with _running([str(program), str(port)], HERE):
        yield port


@contextmanager
def modbus_serial_server(
    registers: Sequence[dict[str, Any]], bits: Sequence[dict[str, Any]]
) -> Iterator[int]:
    """Run a modbus-serial server that holds those figures and bits; give its port."""
    wanted = {"port": free_port(), "registers": registers, "bits": bits}
    command = [str(node() / "bin" / "node"), "server.mjs", json.dumps(wanted)]
    with _running(command, installed(PACKAGE)):
        yield int(wanted["port"])  # type: ignore[call-overload]


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[None]:
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "ready\n", said + process.stdout.read()
            yield
        finally:
            process.kill()
            process.communicate(timeout=END_S)
