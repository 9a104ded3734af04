"""The station's health for Prometheus: the very numbers of the health page, in base units."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.deps import READING, StationDep
from api.health import health_table

router = APIRouter(tags=["health"], dependencies=[READING])

STATES = ("connecting", "online", "lost")
# Name, help, key of the health table, and what one of its units is in the metric's.
DEVICE_GAUGES = (
    ("period_kept_ratio", "Share of the last ticks read within 50 ms", "period_kept_pct", 0.01),
    ("lateness_p99_seconds", "99th percentile of lateness", "lateness_p99_ms", 0.001),
    ("sample_age_seconds", "Age of the newest good scan", "age_ms", 0.001),
    ("period_seconds", "Period of reading", "period_s", 1.0),
    ("tags", "Tags of the device", "tags", 1.0),
    ("good_tags", "Tags whose newest sample is good", "good_tags", 1.0),
    ("clock_skew_seconds", "The device's clock against ours", "clock_skew_s", 1.0),
)
DEVICE_COUNTERS = (
    ("scans", "Scans read", "scans"),
    ("skipped_ticks", "Ticks of the grid without a scan", "skipped"),
    ("reconnects", "Times that the device came back", "reconnects"),
)
HISTORY_GAUGES = (
    ("commit_p99_seconds", "99th percentile of a commit's length", "commit_p99_ms", 0.001),
    ("late_p99_seconds", "99th percentile from appending to disk", "late_p99_ms", 0.001),
    ("disk_left_bytes", "Room left on the disk and inside the file", "disk_left_bytes", 1.0),
    ("cap_bytes", "The most that the history may take", "cap_bytes", 1.0),
)
HISTORY_COUNTERS = (
    ("thinned_samples", "Samples thinned before their time", "thinned_samples"),
    ("thinned_unsent_samples", "Of these, what some receiver never got", "thinned_unsent"),
)


@router.get("/metrics", include_in_schema=False)
async def metrics(station: StationDep) -> Response:
    """Return every metric in the text format of Prometheus."""
    # A registry for each answer: it holds nothing that could outlive the station.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Health(health_table(station)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class Health(Collector):
    """One health table as metrics; what is not there has no sample."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        devices = self._table["devices"]
        yield from _devices(devices)
        yield from _of_life(devices)
        yield _told_by_drivers(devices)
        yield from _queues(self._table)
        yield from _notices(self._table["notices"])


def _devices(devices: list[dict[str, Any]]) -> Iterator[Metric]:
    for name, words, key, unit in DEVICE_GAUGES:
        gauge = GaugeMetricFamily(f"ropewatch_device_{name}", words, labels=["device"])
        for device in devices:
            if device[key] is not None:
                gauge.add_metric([device["id"]], device[key] * unit)
        yield gauge
    for name, words, key in DEVICE_COUNTERS:
        counter = CounterMetricFamily(f"ropewatch_device_{name}", words, labels=["device"])
        for device in devices:
            counter.add_metric([device["id"]], device[key])
        yield counter
    errors = CounterMetricFamily(
        "ropewatch_device_errors", "Failed scans by kind of error", labels=["device", "kind"]
    )
    for device in devices:
        for kind, count in device["errors"].items():
            errors.add_metric([device["id"], kind], count)
    yield errors


def _of_life(devices: list[dict[str, Any]]) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "ropewatch_device_state",
        "1 for the state that the device is in",
        labels=["device", "state"],
    )
    beating = GaugeMetricFamily(
        "ropewatch_device_heartbeat", "1 while the heartbeat goes on", labels=["device"]
    )
    for device in devices:
        for state in STATES:
            states.add_metric([device["id"], state], device["state"] == state)
        if device["heartbeat"] is not None:
            beating.add_metric([device["id"]], device["heartbeat"] == "beating")
    yield states
    yield beating


def _told_by_drivers(devices: list[dict[str, Any]]) -> Metric:
    """Return what a driver tells beyond its scans, as the days of a certificate, by name."""
    told = GaugeMetricFamily(
        "ropewatch_device_driver", "What the driver tells, by name", labels=["device", "name"]
    )
    for device in devices:
        for name, value in device.get("driver", {}).items():
            if isinstance(value, int | float):
                told.add_metric([device["id"], name], value)
    return told


def _influx(table: dict[str, Any]) -> Iterator[Metric]:
    """Yield how the sending stands; nothing where no InfluxDB is set."""
    influx = table["influx"]
    if influx is None:
        return
    oldest_ms = influx["oldest_unsent_ms"]
    age_s = 0.0 if oldest_ms is None else max(0.0, (table["now_ms"] - oldest_ms) / 1000)
    for name, words, value in (
        ("oldest_unsent_seconds", "Age of the oldest scan that is not stored there", age_s),
        ("samples_per_second", "How fast samples go there", influx["samples_per_s"]),
        ("dead_letters", "Lines that were refused for good", influx["dead_letters"]),
        ("refused", "1 while the server refuses our settings", influx["state"] == "refused"),
    ):
        yield GaugeMetricFamily(f"ropewatch_influx_{name}", words, value)
    yield CounterMetricFamily("ropewatch_influx_samples", "Samples stored there", influx["sent"])


def _notices(notices: dict[str, Any]) -> Iterator[Metric]:
    for name, words in (
        ("waiting", "Messages to people under way"),
        ("undelivered", "Of these, late or refused by their service"),
        ("failed_tests", "Channels whose last test did not arrive in time"),
        ("untold", "Alarms for which nobody is on duty"),
    ):
        yield GaugeMetricFamily(f"ropewatch_notices_{name}", words, notices[name])


def _queues(table: dict[str, Any]) -> Iterator[Metric]:
    depth = GaugeMetricFamily("ropewatch_queue_depth", "Scans that wait", labels=["queue"])
    dropped = CounterMetricFamily("ropewatch_queue_dropped", "Scans lost", labels=["queue"])
    for one in table["subscribers"]:
        depth.add_metric([one["name"]], one["depth"])
        dropped.add_metric([one["name"]], one["dropped"])
    depth.add_metric(["history"], table["history"]["waiting"])
    dropped.add_metric(["history"], table["history"]["dropped"])
    if table["influx"] is not None:
        depth.add_metric(["influx"], table["influx"]["backlog_scans"])
    yield depth
    yield dropped
    yield from _influx(table)
    failing = table["history"]["state"] == "failing"
    yield GaugeMetricFamily("ropewatch_history_failing", "1 while nothing can be kept", failing)
    yield GaugeMetricFamily(
        "ropewatch_history_bytes", "Size of the history on disk", table["history"]["bytes"]
    )
    yield CounterMetricFamily("ropewatch_history_scans", "Scans kept", table["history"]["scans"])
    for name, words, key, unit in HISTORY_GAUGES:
        if table["history"][key] is not None:
            yield GaugeMetricFamily(
                f"ropewatch_history_{name}", words, table["history"][key] * unit
            )
    for name, words, key in HISTORY_COUNTERS:
        yield CounterMetricFamily(f"ropewatch_history_{name}", words, table["history"][key])
    yield GaugeMetricFamily("ropewatch_live_clients", "Open pages", table["live"]["clients"])
