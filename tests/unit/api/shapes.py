"""The shapes of the answers, as the reference of the interface gives them."""

from typing import Any

TEXT = {"zh": str, "en": str}
NUMBER = (int, float)
MAYBE = (int, float, type(None))
ALARM = {
    "id": int,
    "rule": str,
    "level": str,
    "kind": str,
    "tag": (str, type(None)),
    "ropeway": (str, type(None)),
    "priority": int,
    "state": str,
    "name": TEXT,
    "value": MAYBE,
    "limit": MAYBE,
    "unit": str,
    "guidance": {"consequence": TEXT, "response": TEXT, "respond_within_s": int},
    "raised_ms": int,
    "acknowledged_ms": MAYBE,
    "acknowledged_by": (str, type(None)),
    "returned_ms": MAYBE,
    "closed_ms": MAYBE,
    "consultation": MAYBE,
    "task": MAYBE,
    "source": str,
    "alarm_class": str,
    "active": bool,
    "latching": bool,
    "rule_set": str,
    "confirmed_ms": MAYBE,
    "confirmed_by": (str, type(None)),
    "confirmed_comment": str,
    "aside": (dict, type(None)),
    "source_ms": MAYBE,
    "cause": MAYBE,
}
ASIDE = {
    "by": (str, type(None)),
    "second": (str, type(None)),
    "reason": str,
    "from_ms": int,
    "until_ms": MAYBE,
}
BYPASS = {
    "id": int,
    "ropeway": str,
    "safety_device": str,
    "tag": (str, type(None)),
    "reason": str,
    "measures": str,
    "from_ms": int,
    "until_ms": int,
    "overdue": bool,
    "entered_by": str,
    "entered_ms": int,
    "approvals": [{"asked_by": str, "approved_by": str, "at_ms": int, "until_ms": int}],
    "ended_ms": MAYBE,
    "ended_by": (str, type(None)),
    "ended_note": (str, type(None)),
}
WALL = {
    "undelivered": int,
    "failed_tests": int,
    "untold": int,
    "channels": [str],
    "oldest_ms": MAYBE,
}
NOTICE = {
    "id": int,
    "kind": str,
    "channel": str,
    "priority": int,
    "title": str,
    "text": str,
    "made_ms": int,
    "late_ms": int,
    "state": str,
    "settled_ms": MAYBE,
    "attempts": [{"number": int, "at_ms": int, "took_ms": int, "outcome": str, "words": str}],
    "receipts": [{"person": str, "delivered_ms": MAYBE, "seen_ms": MAYBE}],
}
CHANNEL = {
    "id": str,
    "name": TEXT,
    "kind": str,
    "place": str,
    "secret": str,
    "waiting": int,
    "undelivered": int,
    "last_test": (dict, type(None)),
}
KPI = {
    "from_ms": int,
    "to_ms": int,
    "alarms": int,
    "measures": [{"id": str, "value": MAYBE, "target": MAYBE, "limit": MAYBE, "state": str}],
    "floods": [{"from_ms": int, "to_ms": int}],
    "busiest": [{"source": str, "alarms": int}],
    "chattering": [str],
    "stale": [str],
}
TASK = {
    "id": int,
    "kind": str,
    "title": TEXT,
    "ropeway": str,
    "rope": (str, type(None)),
    "test_point": (str, type(None)),
    "due_ms": int,
    "state": str,
    "opened_ms": int,
    "alarm": MAYBE,
    "test": MAYBE,
    "result": (str, type(None)),
    "note": str,
    "name": (str, type(None)),
    "done_ms": MAYBE,
}
TEST = {
    "id": int,
    "rope": str,
    "test_point": str,
    "started_ms": int,
    "ended_ms": int,
    "pass_number": int,
    "complete": bool,
    "covered_share": NUMBER,
    "speed_mps": MAYBE,
    "windows": [
        {"window_d": NUMBER, "loss_pct": NUMBER, "position_m": NUMBER, "limit_pct": NUMBER}
    ],
    "lf_max": MAYBE,
    "lf_position_m": MAYBE,
    "verdict": str,
    "alarm": MAYBE,
}
CLEAR = {"now": MAYBE, "full": NUMBER, "emergency": NUMBER}
ADVICE = {
    "ropeway": str,
    "advice": str,
    "reasons": [TEXT],
    "clear_time_s": CLEAR,
    "since_ms": int,
}
HEAD = {
    "id": int,
    "number": str,
    "opened_ms": int,
    "opened_by": str,
    "trigger": TEXT,
    "alarm": MAYBE,
    "ropeways": [str],
    "state": str,
    "sha256": str,
    "closed_ms": MAYBE,
    "closed_by": (str, type(None)),
}
TAG = {
    "slot": int,
    "id": str,
    "name": TEXT,
    "unit": str,
    "group": str,
    "ropeway": str,
    "place": str,
    "quantity": str,
    "device": str,
    "min": MAYBE,
    "max": MAYBE,
    "normal": (list, type(None)),
    "decimals": int,
    "scan_s": NUMBER,
    "boolean": bool,
    "limits": [{"level": str, "value": NUMBER, "priority": int, "rule": str}],
}
WAY = {
    "id": str,
    "name": TEXT,
    "kind": str,
    "length_m": NUMBER,
    "line_speed_mps": NUMBER,
    "emergency_speed_mps": NUMBER,
    "carriers": int,
    "places": int,
    "speed": int,
    "stations": [{"id": str, "name": TEXT, "position_m": NUMBER, "altitude_m": NUMBER}],
    "towers": [{"number": int, "exposure": str, "azimuth_deg": NUMBER, "gust": MAYBE}],
    "indicators": [{"name": TEXT, "slots": [int]}],
    "safety_circuits": [{"name": TEXT, "slot": int}],
    "ropes": [{"id": str, "limits": list, "test_points": list, "diameter_mm": NUMBER}],
}
SITE = {
    "name": TEXT,
    "timezone": str,
    "simulated": bool,
    "storm_speed_kmh": NUMBER,
    "now_ms": int,
    "speed": NUMBER,
    "ropeways": [WAY],
    "devices": [{"id": str, "name": TEXT, "ropeway": str, "protocol": str, "scan_s": NUMBER}],
    "tags": [TAG],
}
DEVICE = {
    "id": str,
    "name": TEXT,
    "ropeway": str,
    "protocol": str,
    "address": str,
    "state": str,
    "since_ms": int,
    "reason": str,
    "period_s": NUMBER,
    "period_kept_pct": NUMBER,
    "lateness_p99_ms": NUMBER,
    "age_ms": MAYBE,
    "scans": int,
    "skipped": int,
    "reconnects": int,
    "errors": dict,
    "tags": int,
    "good_tags": int,
    "driver": dict,
}
HEALTH = {
    "now_ms": int,
    "started_ms": int,
    "devices": [DEVICE],
    "subscribers": [{"name": str, "depth": int, "capacity": int, "dropped": int}],
    "history": {"state": str, "reason": str, "commit_p99_ms": NUMBER, "scans": int, "bytes": int},
    "influx": type(None),
    "engine": {"last_scan_ms": MAYBE, "rules": int, "active": int, "dropped": int},
    "live": {"clients": int, "frames": int},
}
SERIES = {"tag": str, "t": [int], "min": [MAYBE], "mean": [MAYBE], "max": [MAYBE], "good": [MAYBE]}
TREND = {
    "rope": str,
    "test_point": str,
    "window_d": MAYBE,
    "limit_pct": MAYBE,
    "action_pct": MAYBE,
    "tests": [{"id": int, "ended_ms": int, "loss_pct": MAYBE, "verdict": str}],
    "missed": [int],
    "fit": (dict, type(None)),
    "fit_reason": (dict, type(None)),
}
ERROR = {"title": TEXT}
REPLAYING = {
    "set_id": int,
    "state": str,
    "by": str,
    "from_ms": int,
    "to_ms": int,
    "asked_ms": int,
    "done_share": (int, float),
    "words": str,
}


def fits(answer: Any, shape: Any, place: str = "answer") -> None:
    """Assert that `answer` has at least the documented shape."""
    if isinstance(shape, dict):
        assert isinstance(answer, dict), place
        for key, inner in shape.items():
            assert key in answer, f"{place} lacks {key}"
            fits(answer[key], inner, f"{place}.{key}")
    elif isinstance(shape, list):
        assert isinstance(answer, list), place
        for number, one in enumerate(answer):
            fits(one, shape[0], f"{place}[{number}]")
    else:
        assert isinstance(answer, shape), f"{place} is {answer!r}"
