"""Lets the wheel's build make the screens first and carry them along."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ScreensHook(BuildHookInterface[Any]):
    """Builds dashboards/dist; a wheel carries it, an editable install finds it in place."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the screens and name them for the wheel. Raises ScreensError."""
        if self.target_name != "wheel":
            return
        place = Path(self.root) / "requirements" / "screens.py"
        spec = importlib.util.spec_from_file_location("ropewatch_screens", place)
        if spec is None or spec.loader is None:
            message = f"{place} cannot be read"
            raise ImportError(message)
        screens = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(screens)
        if screens.build() and version == "standard":
            build_data["force_include"][str(screens.DIST)] = "dashboards/dist"
