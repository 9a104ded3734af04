"""The page, the metrics and the log tell the same numbers."""

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from api.health import health_table, write_health
from api.routes.metrics import DEVICE_COUNTERS, DEVICE_GAUGES, Health
from api.station import Station
from collector.model import NANOSECONDS, Quality
from collector.supervisor import DeviceState
from tests.unit.api.station_words import BEAT, SPEED, TIME, a_station
from tests.unit.collector.words import BEGIN_NS, scan

Samples = dict[tuple[str, ...], float]


def some_hours_later(station: Station) -> None:
    """Let the station have seen something."""
    drive = station.collector.supervisors[0].health
    drive.state, drive.reconnects, drive.scans, drive.skipped = DeviceState.ONLINE, 3, 7200, 4
    drive.errors.update(timeout=5, refused=2)
    drive.lateness_s.extend([0.001, 0.002, 0.2])
    drive.missed.extend([0, 1, 0])
    plant = station.site.plant
    for at_s in range(9):
        beats = {SPEED: 5.0, BEAT: 7.0, TIME: BEGIN_NS / NANOSECONDS + 7200 + at_s}
        station.collector._publish(scan(plant, beats, at_s))
    for subscription in station.collector.board.subscriptions:
        subscription.dropped = 11


def samples_of(text: str) -> Samples:
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def expected_of(device: dict[str, Any]) -> Samples:
    name = device["id"]
    found: Samples = {
        (f"ropewatch_device_{metric}", name): device[key] * unit
        for metric, _, key, unit in DEVICE_GAUGES
        if device[key] is not None
    }
    for metric, _, key in DEVICE_COUNTERS:
        found[f"ropewatch_device_{metric}_total", name] = device[key]
    for kind, count in device["errors"].items():
        found["ropewatch_device_errors_total", name, kind] = count
    return found


async def test_the_metrics_are_the_numbers_of_the_health_page(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (station, http):
        some_hours_later(station)
        health = (await http.get("/api/health")).json()
        answer = await http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        samples = samples_of(answer.text)
    for device in health["devices"]:
        for key, value in expected_of(device).items():
            assert abs(samples[key] - value) < 1e-9, key
    assert samples["ropewatch_device_state", "drive", "online"] == 1
    assert samples["ropewatch_device_state", "drive", "lost"] == 0
    assert samples["ropewatch_device_heartbeat", "drive"] == 0
    assert ("ropewatch_device_heartbeat", "tension") not in samples
    for queue in health["subscribers"]:
        assert samples["ropewatch_queue_dropped_total", queue["name"]] == queue["dropped"] == 11
        assert samples["ropewatch_queue_depth", queue["name"]] == queue["depth"]
    assert samples["ropewatch_history_bytes",] == health["history"]["bytes"]


async def test_what_a_driver_tells_of_its_device_is_a_metric_too(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (station, _):
        table = health_table(station)
    table["devices"][1]["driver"] = {"certificate_days": 42.5, "security": "none"}
    registry = CollectorRegistry()
    registry.register(Health(table))
    samples = samples_of(generate_latest(registry).decode())
    assert samples["ropewatch_device_driver", "tension", "certificate_days"] == 42.5
    assert ("ropewatch_device_driver", "tension", "security") not in samples


async def test_the_health_page_tells_of_hearts_and_clocks(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (station, http):
        some_hours_later(station)
        drive, tension = (await http.get("/api/health")).json()["devices"]
        assert (drive["heartbeat"], drive["clock_skew_s"]) == ("stopped", 7200.0)
        assert (tension["heartbeat"], tension["clock_skew_s"]) == (None, None)
        assert drive["good_tags"] == 0
        assert station.collector.board.quality[0] == Quality.BAD_STALE


async def test_the_log_has_each_number_in_a_field_of_its_own(tmp_path: Path) -> None:
    async with a_station(tmp_path) as (station, _):
        some_hours_later(station)
        table = health_table(station)
        with capture_logs() as lines:
            write_health(table)
    drive = next(line for line in lines if line.get("device") == "drive")
    for name in ("period_kept_pct", "lateness_p99_ms", "errors", "reconnects", "skipped"):
        assert drive[name] == table["devices"][0][name]
    assert lines[-1]["event"] == "station health"
    assert lines[-1]["dropped"] == {"engine": 11}
