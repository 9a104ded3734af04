"""The one command: check a site file, run a station, rehearse with simulators."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from api import people, proof, records, upkeep
from api.config import SiteFile, SiteFileError, read_site, site_schema
from api.demo import DemoError, demo_site, run_demo
from api.probe import ProbeError, probed_lines
from api.rulebook import Days, RulebookError, other_rules, played_cases, replayed_lines
from api.serve import Address, ServeError, quiet_libraries, serve
from api.station import StationSettings
from collector.clock import REAL_TIME, TimeBase
from collector.garbage import never_look

BAD_INPUT = 2

app = typer.Typer(
    name="ropewatch",
    help="Watch the safety of passenger ropeways. Reads and records; never writes to a controller.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(upkeep.app)
app.add_typer(proof.app)
app.add_typer(people.app, name="people")
app.add_typer(records.app, name="records")
rules = typer.Typer(
    help="Check rules, and play their cases.", no_args_is_help=True, add_completion=False
)
app.add_typer(rules, name="rules")

SiteArgument = Annotated[Path, typer.Argument(help="The site file (TOML).")]


@app.command()
def check(site: SiteArgument) -> None:
    """Check a site file; print every error with its place and exit 2 where there are any."""
    known = _read_or_exit(site)
    tags = len(known.plant.slots())
    print(
        f"{site}: good. {len(known.plant.ropeway)} ropeways, {len(known.plant.device)} devices, "
        f"{tags} tags, {len(known.judging.rule)} rules."
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of the site file, for editors."""
    print(json.dumps(site_schema(), ensure_ascii=False, indent=2))


@app.command()
def probe(
    site: SiteArgument,
    device: Annotated[str, typer.Argument(help="The device's id in the site file.")],
    expect: Annotated[
        list[str] | None, typer.Option(help="TAG=VALUE as the panel shows it; may be repeated.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The monitor's folder, for its certificates.")] = Path(
        "data"
    ),
) -> None:
    """Read a device once, read-only: raw registers beside values, and how else to read them."""
    known = _read_or_exit(site)
    quiet_libraries()
    try:
        lines = probed_lines(known.plant, device, expect or [], data)
    except ProbeError as error:
        _give_up(str(error), 1)
    print("\n".join(lines))


@app.command()
def run(
    site: SiteArgument,
    data: Annotated[Path, typer.Option(help="Folder that everything is kept in.")] = Path("data"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8420,
    time_base: Annotated[
        str, typer.Option(help="Site time of a simulation, as 'simulate' prints it.")
    ] = "",
) -> None:
    """Run the monitor for a site until it is stopped."""
    known = _read_or_exit(site)
    settings = StationSettings(folder=data, time_base=_time_base(time_base, known))
    try:
        serve(known, settings, Address(host, port))
    except ServeError as error:
        _give_up(str(error), 1)


@rules.command("check")
def check_rules(site: SiteArgument) -> None:
    """Check the rules of a site file and print the version that alarms will name."""
    known = _read_or_exit(site)
    unconfirmed = sum(not rule.confirmed_by for rule in known.judging.rule)
    print(
        f"{site}: good. {len(known.judging.rule)} rules, {unconfirmed} of them confirmed by nobody."
        f"\nversion {known.judging.version()}"
    )


@rules.command("test")
def play_cases(
    files: Annotated[list[Path], typer.Argument(help="Files of cases (TOML).")],
    site: Annotated[
        Path | None, typer.Option(help="The site file; the bundled mountain if not given.")
    ] = None,
) -> None:
    """Play cases through the rules; print every failure with its place and exit 1."""
    known = _read_or_exit(site or demo_site())
    lines, played = played_cases(known, files)
    if lines:
        _give_up("\n".join([*lines, f"{len(lines)} failures"]), 1)
    print(f"{played} cases: all as they say")


@app.command()
def replay(
    site: SiteArgument,
    begin: Annotated[str, typer.Option("--from", help="Local time, as 2026-05-01T08:00.")],
    end: Annotated[str, typer.Option("--to", help="Local time.")],
    data: Annotated[Path, typer.Option(help="The station's data folder.")] = Path("data"),
    rules_file: Annotated[
        Path | None, typer.Option("--rules", help="Other rules (TOML) to compare with.")
    ] = None,
) -> None:
    """Judge stored days again: their alarms and figures, or what other rules would change."""
    known = _read_or_exit(site)
    never_look()
    try:
        others = other_rules(site, rules_file) if rules_file else None
        lines = replayed_lines(known, Days(data, begin, end), others)
    except SiteFileError as error:
        _give_up(str(error), BAD_INPUT)
    except RulebookError as error:
        _give_up(str(error), 1)
    print("\n".join(lines))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def simulate(context: typer.Context) -> None:
    """Serve a simulated ropeway over real sockets: SITE [--scenario S] [--speed N]."""
    # The monitor shares no code with what it is rehearsed against: another program begins here.
    os.execv(sys.executable, [sys.executable, "-m", "simulators", *context.args])  # noqa: S606


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def generate(context: typer.Context) -> None:
    """Print the site file of a large simulated plant: [--devices N] [--tags N] [--out FILE]."""
    os.execv(sys.executable, [sys.executable, "-m", "simulators.generate", *context.args])  # noqa: S606


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="Folder that everything is kept in.")] = Path(
        "data/demo"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, envvar="PORT")] = 8420,
) -> None:
    """Run the demo mountain: simulators and monitor, each in a process of its own."""
    try:
        run_demo(data, port)
    except DemoError as error:
        _give_up(str(error), 1)


def main() -> None:
    """Run the command line."""
    app()


def _read_or_exit(site: Path) -> SiteFile:
    try:
        return read_site(site)
    except SiteFileError as error:
        count = len(error.faults)
        _give_up(f"{error}\n{site}: {count} error{'s' if count > 1 else ''}", BAD_INPUT)


def _time_base(word: str, site: SiteFile) -> TimeBase:
    if not word:
        return REAL_TIME
    if not site.plant.site.simulated:
        _give_up("--time-base is for simulated sites only: a real plant runs by real time", 2)
    try:
        return TimeBase.read(word)
    except ValueError as error:
        _give_up(str(error), BAD_INPUT)


def _give_up(words: str, code: int) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
