"""Claims a data folder, so that no two programs keep their history in one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "lock"


class FolderInUseError(Exception):
    """Another program uses the data folder; the text says which and what to do."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold `folder` while the body lasts; the system lets it go also after a kill.

    FolderInUseError where another program holds it, or where it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        message = f"data folder {folder}: {error.strerror or error}; is it writable?"
        raise FolderInUseError(message) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another"
            message = f"data folder {folder}: in use by process {holder}"
            raise FolderInUseError(f"{message}; stop it, or give another with --data") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
