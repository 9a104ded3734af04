"""Installs the Debian packages that tests use, or says in one line why it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).with_name("debian.txt")
LOG = Path(__file__).resolve().parent.parent / "build" / "debian.log"


def say(line: str) -> None:
    print(f"debian: {line}", flush=True)


def main() -> int:
    """Install what is missing. Never fails: a test that lacks its package says so itself."""
    lines = LIST.read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        say(f"not a Debian system; tests may want {', '.join(wanted)}")
        return 0
    missing = [name for name in wanted if not _installed(name)]
    if not missing:
        return 0
    if os.geteuid() != 0:
        say(f"not root, so tests that need {', '.join(missing)} will be skipped")
        return 0
    say(f"installing {', '.join(missing)}")
    if not (_apt("update") and _apt("install", "-y", "--no-install-recommends", *missing)):
        say(f"installing {', '.join(missing)} failed; the log is build/debian.log")
    return 0


def _installed(name: str) -> bool:
    command = ["dpkg-query", "-W", "-f", "${db:Status-Status}", name]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout == "installed"


def _apt(*words: str) -> bool:
    LOG.parent.mkdir(exist_ok=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with LOG.open("a") as log:
        code = subprocess.call(
            ["apt-get", *words], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
