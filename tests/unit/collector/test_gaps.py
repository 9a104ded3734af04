"""Every missing interval has a row, from its begin to its end."""

from collector.gaps import Cause, Gap, GapLedger


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
