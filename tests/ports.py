"""Free TCP ports for servers that tests start, and none of them twice."""

import os
import socket
from itertools import count
from random import Random
from threading import Lock

# Below what systems give to outgoing connections: one of those could take the port first.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
FIRST = 12_000 + 5_000 * WORKER
LAST = FIRST + 4_999
_numbers = count(Random().randrange(LAST - FIRST))
_lock = Lock()


def free_port() -> int:
    """Return a port that nobody listens on, and that was not given before."""
    while True:
        with _lock:
            port = FIRST + next(_numbers) % (LAST - FIRST + 1)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
