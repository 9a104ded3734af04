"""Lines say what the scan says, whichever way they are made."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history.lines import LineRenderer, split_fields
from collector.model import Quality, Scan

TAGS = {0: "north.drive.speed", 1: "north.drive.force", 2: "north.tower_07.wind_gust_3s"}
GROUPS = {"north.drive.speed": "process", "north.drive.force": "process"}
GROUPS["north.tower_07.wind_gust_3s"] = "wind"
LINE = re.compile(r"(?P<series>(?:[^ \\]|\\.)+) (?P<fields>\S+) (?P<ns>-?\d+)")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SAMPLE = st.tuples(
    st.sampled_from(sorted(TAGS)),
    FINITE | st.just(float("nan")),
    st.sampled_from([int(quality) for quality in Quality]),
    st.integers(0, 2**62),
)


def scan(*samples: tuple[int, float, int, int]) -> Scan:
    slots, values, quality, source_ns = zip(*samples, strict=True)
    return Scan(
        np.array(slots, dtype=np.int32),
        np.array(values, dtype=np.float64),
        np.array(quality, dtype=np.uint8),
        np.array(source_ns, dtype=np.int64),
        received_ns=1,
    )


def read(lines: list[str]) -> dict[tuple[str, str, int], float]:
    """Read lines by another way than they were made: (series, field, instant) -> number."""
    found = {}
    for line in lines:
        match = LINE.fullmatch(line)
        assert match, line
        for one in match["fields"].split(","):
            name, number = one.split("=")
            found[match["series"], name, int(match["ns"])] = float(number)
    return found


def test_one_place_and_instant_is_one_line_with_a_field_per_quantity() -> None:
    lines = LineRenderer("Demo", TAGS, GROUPS).render(
        "plc_1", scan((0, 5.0, 0, 7), (1, 432.5, 0, 7), (2, 3, 0, 7))
    )
    assert lines == [
        "process,device=plc_1,place=drive,ropeway=north,site=Demo speed=5.0,force=432.5 7",
        "wind,device=plc_1,place=tower_07,ropeway=north,site=Demo wind_gust_3s=3.0 7",
    ]


def test_a_bad_sample_without_a_number_writes_only_its_quality() -> None:
    lines = LineRenderer("Demo", TAGS, GROUPS).render("plc_1", scan((0, np.nan, 132, 7)))
    assert [line.split(" ")[1] for line in lines] == ["speed_quality=132.0"]


def test_a_doubtful_number_never_stands_without_its_quality() -> None:
    lines = LineRenderer("Demo", TAGS, GROUPS).render("plc_1", scan((0, 9.5, 130, 7)))
    assert [line.split(" ")[1] for line in lines] == ["speed=9.5,speed_quality=130.0"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_called_good_is_said_to_be_none(value: float) -> None:
    lines = LineRenderer("Demo", TAGS, GROUPS).render("plc_1", scan((0, value, 0, 7)))
    assert [line.split(" ")[1] for line in lines] == ["speed_quality=129.0"]


def test_names_with_signs_of_the_format_are_escaped() -> None:
    render = LineRenderer("A, B = C\\\nD", TAGS, {}).render
    (line,) = render("plc_1", scan((0, 1.0, 0, 7)))
    assert line.startswith(
        r"process,device=plc_1,place=drive,ropeway=north,site=A\,\ B\ \=\ C/\ D "
    )


@given(st.lists(SAMPLE, min_size=1, max_size=20, unique_by=lambda one: (one[0], one[3])))
def test_reading_the_lines_gives_every_sample_and_nothing_else(
    samples: list[tuple[int, float, int, int]],
) -> None:
    wanted = {}
    for slot, value, quality, source_ns in samples:
        tag = TAGS[slot]
        ropeway, place, quantity = tag.split(".")
        series = f"{GROUPS[tag]},device=d,place={place},ropeway={ropeway},site=S"
        if not np.isnan(value):
            wanted[series, quantity, source_ns] = value
        elif quality == 0:
            wanted[series, f"{quantity}_quality", source_ns] = 129.0
        if quality:
            wanted[series, f"{quantity}_quality", source_ns] = float(quality)
    lines = LineRenderer("S", TAGS, GROUPS).render("d", scan(*samples))
    assert read(lines) == wanted
    assert read([part for line in lines for part in split_fields(line)]) == wanted


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(TAGS)), FINITE), min_size=1, unique_by=lambda o: o[0]
    ),
    st.integers(0, 2**62),
)
def test_a_whole_good_scan_is_rendered_at_once_to_the_same_lines(
    readings: list[tuple[int, float]], source_ns: int
) -> None:
    one = scan(*((slot, value, 0, source_ns) for slot, value in readings))
    renderer = LineRenderer("100 % Demo", TAGS, GROUPS)
    assert read(renderer.render("d%s", one)) == read(renderer._render_each("d%s", one))
    assert len(renderer.render("d%s", one)) == len(renderer._render_each("d%s", one))
