"""The one command, run as its users run it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ropewatch(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `ropewatch` with `words`, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
