"""The monitor runs on the quickest event loop that is there."""

import gc

import uvloop

from api.serve import quickest_loop
from collector.garbage import set_aside_what_stays


def test_the_monitor_runs_on_uvloop_where_it_is_installed() -> None:
    make = quickest_loop()
    assert make is not None
    loop = make()
    try:
        assert isinstance(loop, uvloop.Loop)
    finally:
        loop.close()


def test_what_is_there_from_the_start_is_never_looked_through_again() -> None:
    kept, seldom = [[at] for at in range(10_000)], gc.get_threshold()
    set_aside_what_stays()
    try:
        assert gc.get_freeze_count() > len(kept)
        assert not any(one is kept for one in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.set_threshold(*seldom)
