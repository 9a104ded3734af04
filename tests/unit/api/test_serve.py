"""The monitor runs on the quickest event loop that is there."""

import uvloop

from api.serve import quickest_loop


def test_the_monitor_runs_on_uvloop_where_it_is_installed() -> None:
    make = quickest_loop()
    assert make is not None
    loop = make()
    try:
        assert isinstance(loop, uvloop.Loop)
    finally:
        loop.close()
