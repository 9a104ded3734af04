"""Gives a program a core of its own, tells the processor time it has used, and ends it."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence

STOP_S = 10.0


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """Return `command` bound to a core, or as it is where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    taskset = shutil.which("taskset")
    if len(cores) < 2 or taskset is None:
        return list(command)
    return [taskset, "-c", str(cores[core]), *command]


def used_s(pid: int) -> float:
    """Return the processor seconds of a running process: all its threads, user and system."""
    return time.clock_gettime(_clock_of(pid))


def memory_mb(pid: int) -> float:
    """Return the resident memory of a running process."""
    with open(f"/proc/{pid}/status") as lines:  # noqa: PTH123 - no file of ours
        resident = next(line for line in lines if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


def _clock_of(pid: int) -> int:
    # What clock_getcpuclockid(3) of Linux returns: Python has that one for threads only.
    return ~pid << 3 | 2


def ended(process: "subprocess.Popen[str]") -> None:
    """End a process of ours and wait until it is gone."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
