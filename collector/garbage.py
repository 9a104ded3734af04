"""How seldom Python looks through our objects for garbage: hardly any of them is any."""

import gc

OBJECTS_BETWEEN = 20_000


def never_look() -> None:
    """Never look for garbage, in a process that ends with its one piece of work.

    Reading a segment of the log makes hundreds of thousands of objects, which go by
    themselves; looking through them, as often as Python would, takes as long as making
    them.
    """
    gc.disable()


def set_aside_what_stays() -> None:
    """Let Python never again look through what is there from the start, and seldom at the rest.

    On a site of ten thousand tags one such look holds up everything for a tenth of a second.
    """
    gc.set_threshold(OBJECTS_BETWEEN, 50, 50)
    gc.collect()
    gc.freeze()
