"""The command `python -m simulators`: serve a simulated site until interrupted."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from collector.clock import Clock, TimeBase
from collector.site import Plant
from collector.sitefile import SiteFileError, read_plant
from simulators.plc import PortTakenError
from simulators.scenario import (
    NO_SCRIPT,
    Scenario,
    bundled_scenarios,
    read_scenario,
    scenario_path,
    time_base,
)
from simulators.serve import Simulation

WRONG_FILE, CANNOT_RUN = 2, 1


def main(  # noqa: PLR0913, PLR0917 - a command has as many options as it needs
    site: Annotated[Path, typer.Argument(help="The site file.")],
    scenario: Annotated[
        str, typer.Option(help="A bundled script's name, or the path of one.")
    ] = "",
    speed: Annotated[
        float | None, typer.Option(min=0.01, max=200, help="Site seconds in a second.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Other chance, other day.")] = None,
    word: Annotated[
        str,
        typer.Option("--time-base", help="The time base that another simulator printed."),
    ] = "",
    report: Annotated[
        Path | None, typer.Option(help="Keep here what clients asked for, as JSON.")
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="Safe OPC UA servers keep theirs here; trust its authority.der."),
    ] = None,
) -> None:
    """Serve every device of SITE on its port, as a ropeway that obeys physics."""
    for name in ("pymodbus", "asyncua"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    plant, script = _read(site, scenario)
    try:
        given = TimeBase.read(word) if word else None
    except ValueError as error:
        _fail(str(error), WRONG_FILE)
    try:
        begin = partial(_time_base, script, speed, given)
        simulation = Simulation(plant, script, begin(), seed, certificates)
        asyncio.run(_serve(simulation, begin, report))
    except PortTakenError as error:
        _fail(str(error), CANNOT_RUN)
    except OSError as error:
        _fail(f"cannot serve: {error}", CANNOT_RUN)


def _read(file: Path, scenario: str) -> tuple[Plant, Scenario]:
    try:
        plant = read_plant(file)
        script = read_scenario(scenario_path(scenario), plant) if scenario else NO_SCRIPT
    except SiteFileError as error:
        known = ", ".join(bundled_scenarios())
        hint = f"\nbundled scenarios: {known}" if scenario and error.path != file else ""
        _fail(f"{error}{hint}", WRONG_FILE)
    return plant, script


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _time_base(script: Scenario, speed: float | None, given: TimeBase | None) -> TimeBase:
    return given or time_base(script, Clock().now_ns(), speed)


async def _serve(
    simulation: Simulation, begin: Callable[[], TimeBase], report: Path | None
) -> None:
    """Run until a signal ends it; whatever has been opened is closed."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks: list[asyncio.Task[None]] = []
    try:
        await simulation.start()
        # Looking through all that stays would hold up every device, again and again.
        gc.collect()
        gc.freeze()
        await simulation.begin(begin())
        for name, device in simulation.devices.items():
            typer.echo(f"{name}: {device.address}")
        typer.echo(f"time base {simulation.clock.base.write()}")
        typer.echo("ready")
        tasks.append(asyncio.create_task(simulation.run()))
        if report is not None:
            tasks.append(asyncio.create_task(simulation.keep_report(report)))
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await simulation.stop()


if __name__ == "__main__":
    typer.run(main)
