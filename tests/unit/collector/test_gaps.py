"""Every missing interval has a row, from its begin to its end."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from collector.gaps import Cause, Gap, GapLedger, TagGaps, weeks_of
from collector.model import Quality, Scan

NONE = np.zeros(0, dtype=np.int32)
BOTH = np.array([0, 1], dtype=np.int32)


def heard(*samples: tuple[int, int], quality: Quality = Quality.GOOD) -> Scan:
    """Return a scan of (slot, source time)."""
    slots, source_ns = zip(*samples, strict=True)
    count = len(samples)
    return Scan(
        np.array(slots, dtype=np.int32),
        np.zeros(count),
        np.full(count, quality, dtype=np.uint8),
        np.array(source_ns, dtype=np.int64),
        source_ns[-1],
    )


def two_tags(patience_s: float = 1e-8) -> tuple[TagGaps, list[Gap]]:
    kept: list[Gap] = []
    watch = TagGaps("plc", ["a", "b"], [patience_s] * 2, GapLedger(kept.append))
    watch.begin_session(100)
    return watch, kept


def test_a_gap_is_kept_when_it_opens_and_again_when_it_closes() -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.begin("plc", 10, Cause.DEVICE_LOST)
    ledger.end("plc", 30)
    assert kept == [
        Gap("plc", 10, None, Cause.DEVICE_LOST),
        Gap("plc", 10, 30, Cause.DEVICE_LOST),
    ]


def test_a_device_has_one_open_gap_and_another_cause_follows_on() -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.begin("plc", 10, Cause.MONITOR_DOWN)
    ledger.begin("plc", 20, Cause.MONITOR_DOWN)
    ledger.begin("plc", 25, Cause.DEVICE_LOST)
    ledger.end("plc", 40)
    assert kept[1:] == [
        Gap("plc", 10, 25, Cause.MONITOR_DOWN),
        Gap("plc", 25, None, Cause.DEVICE_LOST),
        Gap("plc", 25, 40, Cause.DEVICE_LOST),
    ]


def test_closing_where_nothing_is_open_writes_nothing() -> None:
    kept: list[Gap] = []
    GapLedger(kept.append).end("plc", 30)
    assert kept == []


def test_one_device_s_gap_says_nothing_of_another() -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.begin("plc", 10, Cause.DEVICE_LOST)
    ledger.end("other", 20)
    ledger.note("other", 5, 6, Cause.NOT_POLLED)
    assert [one.device for one in kept] == ["plc", "other"]


def test_gaps_that_follow_on_each_other_are_one_and_others_are_not() -> None:
    kept: dict[tuple[str, int], Gap] = {}
    ledger = GapLedger(lambda gap: kept.__setitem__((gap.device, gap.from_ns), gap))
    for from_ns, to_ns in ((10, 20), (21, 30), (33, 40)):
        ledger.note("plc", from_ns, to_ns, Cause.NOT_POLLED, joined_within_ns=2)
    ledger.note("other", 11, 12, Cause.NOT_POLLED, joined_within_ns=2)
    assert [(one.device, one.from_ns, one.to_ns) for one in kept.values()] == [
        ("plc", 10, 30),
        ("plc", 33, 40),
        ("other", 11, 12),
    ]


def test_a_tag_and_its_device_each_have_a_gap_of_their_own() -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.begin("plc", 10, Cause.TAG_REFUSED, "a")
    ledger.begin("plc", 12, Cause.DEVICE_LOST)
    ledger.end("plc", 20)
    ledger.end("plc", 30, "a")
    assert kept[2:] == [
        Gap("plc", 12, 20, Cause.DEVICE_LOST),
        Gap("plc", 10, 30, Cause.TAG_REFUSED, tag="a"),
    ]


def test_two_samples_of_a_tag_from_within_a_closed_gap_make_it_recovered_once() -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.note("plc", 10, 20, Cause.NOT_POLLED)
    ledger.hear("plc", heard((0, 12), (0, 15), (1, 25)))
    ledger.hear("plc", heard((0, 12), (0, 15), (1, 25)))
    assert kept[1:] == [Gap("plc", 10, 20, Cause.NOT_POLLED, recovered=True)]


@pytest.mark.parametrize(
    "scan",
    [
        heard((0, 12), (1, 15)),  # each tag's newest value, and nothing that came before it
        heard((0, 10), (0, 20)),
        heard((0, 21), (0, 22)),
        heard((0, 12), (0, 15), quality=Quality.BAD_SOURCE),
    ],
)
def test_less_than_that_recovers_nothing(scan: Scan) -> None:
    kept: list[Gap] = []
    ledger = GapLedger(kept.append)
    ledger.note("plc", 10, 20, Cause.NOT_POLLED)
    ledger.hear("plc", scan)
    ledger.hear("other", heard((0, 12), (0, 15)))
    assert len(kept) == 1


def test_a_refused_tag_is_missing_from_the_scan_before_until_it_comes() -> None:
    watch, kept = two_tags()
    watch.see(BOTH, NONE, 100, 105)
    assert watch.settled
    watch.see(BOTH, BOTH[1:], 110, 120)
    watch.see(BOTH, BOTH[1:], 120, 130)
    watch.see(BOTH, NONE, 130, 140)
    assert kept == [
        Gap("plc", 110, None, Cause.TAG_REFUSED, tag="b"),
        Gap("plc", 110, 140, Cause.TAG_REFUSED, tag="b"),
    ]
    assert watch.settled


def test_a_tag_that_is_never_brought_is_missing_since_the_session_began() -> None:
    watch, kept = two_tags()
    watch.see(BOTH[:1], NONE, 100, 105)
    assert kept == []
    watch.see(BOTH[:1], NONE, 105, 120)
    watch.see(BOTH[:1], NONE, 120, 130)
    watch.see(BOTH[1:], NONE, 130, 140)
    assert kept == [
        Gap("plc", 100, None, Cause.TAG_REFUSED, tag="b"),
        Gap("plc", 100, 140, Cause.TAG_REFUSED, tag="b"),
    ]


def test_a_tag_that_stays_away_over_a_new_session_is_one_gap() -> None:
    watch, kept = two_tags()
    watch.see(BOTH, BOTH[1:], 0, 110)
    watch.begin_session(200)
    watch.see(BOTH[:1], NONE, 0, 205)
    watch.see(BOTH[:1], BOTH[1:], 205, 230)
    watch.see(BOTH, NONE, 230, 240)
    assert kept == [
        Gap("plc", 100, None, Cause.TAG_REFUSED, tag="b"),
        Gap("plc", 100, 240, Cause.TAG_REFUSED, tag="b"),
    ]


ZONE = ZoneInfo("Asia/Shanghai")
HOUR_NS = 3600 * 10**9


def at(day: int, hour: int) -> int:
    """Return an instant of November 2026; its 23rd is a Monday."""
    return int(datetime(2026, 11, day, hour, tzinfo=ZONE).timestamp()) * 10**9


def test_weeks_begin_on_the_sites_monday_and_the_present_one_ends_now() -> None:
    this, last = weeks_of([], ZONE, at(26, 12), 2)
    assert (this.name, this.from_ns, this.to_ns) == ("2026-W48", at(23, 0), at(26, 12))
    assert (last.name, last.from_ns, last.to_ns) == ("2026-W47", at(16, 0), at(23, 0))


def test_a_gap_counts_in_each_week_that_it_touches_and_overlaps_count_once() -> None:
    gaps = [
        Gap("wind", at(22, 22), at(23, 4), Cause.DEVICE_LOST),
        Gap("wind", at(23, 3), at(23, 5), Cause.MONITOR_DOWN),
        Gap("drive", at(26, 11), None, Cause.DEVICE_LOST),
    ]
    this, last = weeks_of(gaps, ZONE, at(26, 12), 2)
    drive, wind = this.devices
    assert (drive.device, drive.missing_ns) == ("drive", HOUR_NS)
    assert (wind.gaps, wind.missing_ns) == (2, 5 * HOUR_NS)
    assert wind.by_cause_ns == {Cause.DEVICE_LOST: 4 * HOUR_NS, Cause.MONITOR_DOWN: 2 * HOUR_NS}
    assert [one.missing_ns for one in last.devices] == [2 * HOUR_NS]
