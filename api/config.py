"""The whole site file: the plant's tables and the judging tables, checked together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.config import OWN_TABLES as JUDGING_TABLES
from analytics.config import Judging, parse_judging
from analytics.notify.terms import NOBODY_TOLD, Telling, parse_telling
from analytics.notify.terms import OWN_TABLES as TELLING_TABLES
from collector.site import Plant, Table
from collector.sitefile import OWN_TABLES as PLANT_TABLES
from collector.sitefile import SiteFileError, parse_plant, read_tables


@dataclass(frozen=True, slots=True)
class SiteFile:
    """Everything that one site file says."""

    plant: Plant
    judging: Judging
    telling: Telling = NOBODY_TOLD


class _Whole(Plant, Judging, Telling):
    """All tables in one model, for the JSON Schema only."""


def read_site(path: Path) -> SiteFile:
    """Return what the site file says; SiteFileError with every fault at once."""
    tables = read_tables(path)
    known = {*PLANT_TABLES, *JUDGING_TABLES, *TELLING_TABLES}
    faults = [
        f"{name}: unknown key; see 'ropewatch schema' for those that are known"
        for name in tables
        if name not in known
    ]
    plant, plant_faults = parse_plant(tables)
    judging, judging_faults = parse_judging(tables)
    telling, telling_faults = parse_telling(tables)
    faults += [*plant_faults, *judging_faults, *telling_faults]
    if plant is None or judging is None or telling is None or faults:
        raise SiteFileError(path, faults)
    return SiteFile(plant, judging, telling)


def site_schema() -> dict[str, Any]:
    """Return the JSON Schema of the site file."""
    return _Whole.model_json_schema()


__all__ = ["SiteFile", "SiteFileError", "Table", "read_site", "site_schema"]
