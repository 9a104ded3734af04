"""Builds a real server into the user's cache folder: `python -m tests.servers.make influxd`."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUST_TOO = ("go", "cargo", "cc", "pkg-config")
NEEDED = {"influxd": RUST_TOO, "influxd1": RUST_TOO, "telegraf": ("go", "cc")}
SAY_EVERY_S = 30.0


def cache_folder() -> Path:
    """Return the folder that built servers live in, made or not."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "ropewatch" / "servers"


def build_environment() -> dict[str, str]:
    """Return our environment, fit for a home that holds neither Go's nor Rust's folders."""
    environment = dict(os.environ)
    home = Path.home()
    if not (home / "go").exists():
        environment.setdefault("GOPATH", str(cache_folder().parent / "go"))
        environment.setdefault("GOFLAGS", "-modcacherw")
    environment.setdefault("GOCACHE", str(_go_cache()))
    # cargo on the PATH may be rustup's, which looks for its compilers below the home, and
    # leaves an empty folder there when anyone as much as asks for its version.
    cargo = shutil.which("cargo")
    if cargo and not (home / ".rustup" / "toolchains").exists():
        owner = Path(cargo).parent.parent
        if (owner.parent / ".rustup" / "toolchains").is_dir():
            environment.setdefault("RUSTUP_HOME", str(owner.parent / ".rustup"))
            ours = owner if os.access(owner, os.W_OK) else cache_folder().parent / "cargo"
            environment.setdefault("CARGO_HOME", str(ours))
    return environment


def _go_cache() -> Path:
    return cache_folder().parent.parent / "go-build"


def make(name: str) -> str:
    """Have the server `name` stand in the cache folder; return "" or why it does not."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    missing = [tool for tool in NEEDED.get(name, ()) if shutil.which(tool) is None]
    if missing:
        if (folder / name).exists():
            return ""
        return f"no {name}: building it needs {', '.join(missing)}, which are not on the PATH"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(name, folder)


def _build(name: str, folder: Path) -> str:
    begun = time.monotonic()
    log = folder / f"{name}.log"
    with log.open("w") as words:
        process = subprocess.Popen(
            [str(HERE / "build"), name, str(folder)],
            env=build_environment(),
            stdout=words,
            stderr=subprocess.STDOUT,
        )
        while (code := _ended(process)) is None:
            spent_s = time.monotonic() - begun
            print(f"servers: building {name}, {spent_s:.0f} s (once)", flush=True)
    return "" if code == 0 else f"no {name}: building it failed; the log is {log}"


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(SAY_EVERY_S)
    except subprocess.TimeoutExpired:
        return None


def main(names: list[str]) -> int:
    """Build what is named; one line for what cannot be. Fails only with CI=true."""
    faults = [fault for fault in map(make, names) if fault]
    for fault in faults:
        print(f"servers: {fault}", flush=True)
    return 1 if faults and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
