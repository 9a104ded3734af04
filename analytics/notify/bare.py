"""Find secrets that were written into the site file itself, and keep them out of every message."""

import re
from collections.abc import Mapping
from typing import Any

from analytics.notify.secrets import PATH, VARIABLE

PLACES = ("secret", "signing")
STAND_IN = {"env": "SECRET"}


def without_bare_secrets(own: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return `own` with a stand-in for each secret in the open, and a fault for each.

    The faults do not repeat what was found: it may be a real secret, and messages travel.
    """
    channels = own.get("channel")
    if not isinstance(channels, list):
        return dict(own), []
    faults: list[str] = []
    clean = [_cleaned(one, faults) if isinstance(one, Mapping) else one for one in channels]
    return {**own, "channel": clean}, faults


def _cleaned(channel: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    clean = dict(channel)
    for place in PLACES:
        found = clean.get(place)
        if found is not None and not _names_a_place(found):
            faults.append(
                f"channel '{channel.get('id')}' {place}: never the secret itself; give its place:"
                f' {place} = {{ env = "NAME_OF_VARIABLE" }} or {{ file = "/whole/path" }}'
            )
            clean[place] = STAND_IN
    return clean


def _names_a_place(found: object) -> bool:
    if not isinstance(found, Mapping) or set(found) - {"env", "file"}:
        return False
    patterns = {"env": VARIABLE, "file": PATH}
    return all(
        isinstance(value, str) and re.match(patterns[key], value) for key, value in found.items()
    )
