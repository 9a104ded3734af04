"""How seldom Python looks through our objects for garbage: hardly any of them is any."""

import gc

OBJECTS_BETWEEN = 20_000


def look_seldom() -> None:
    """Have Python look for garbage less often: scans go by themselves when nobody needs them.

    Reading a segment of the log makes hundreds of thousands of objects; looking through
    these, as often as Python would, takes as long as making them.
    """
    gc.set_threshold(OBJECTS_BETWEEN, 50, 50)


def set_aside_what_stays() -> None:
    """Let Python never again look through what is there from the start, and seldom at the rest.

    On a site of ten thousand tags one such look holds up everything for a tenth of a second.
    """
    look_seldom()
    gc.collect()
    gc.freeze()
