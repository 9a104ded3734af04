"""One data folder, one program."""

import subprocess
import sys
from pathlib import Path

import pytest

from collector.folder import FolderInUseError, claimed

HOLDER = """
import sys, time
from pathlib import Path
from collector.folder import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_in_use_is_refused_by_the_holders_number_until_it_is_killed(
    tmp_path: Path,
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FolderInUseError, match=f"in use by process {holder.pid}; stop it"):
        claimed(tmp_path).__enter__()
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with claimed(tmp_path):
        pass


def test_a_folder_that_cannot_be_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderInUseError, match="is it writable"):
        claimed(tmp_path / "file").__enter__()
