"""Scripts of timed faults for the plant, with what a monitor should notice and by when."""

from simulators.scenario.course import (
    Mode,
    Upsets,
    orders_at,
    programme_of,
    time_base,
    upsets_at,
)
from simulators.scenario.script import (
    NO_SCRIPT,
    Expect,
    Scenario,
    bundled_scenarios,
    read_scenario,
    scenario_path,
)

__all__ = [
    "NO_SCRIPT",
    "Expect",
    "Mode",
    "Scenario",
    "Upsets",
    "bundled_scenarios",
    "orders_at",
    "programme_of",
    "read_scenario",
    "scenario_path",
    "time_base",
    "upsets_at",
]
