"""Every missing interval has a row, from its begin to its end."""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.gaps import Cause, Gap, GapLedger, weeks_of


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
