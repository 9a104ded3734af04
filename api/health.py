"""How well the station itself does, as one table for the page, the metrics and the log."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

from analytics.notify.plain import wall_table
from analytics.plain import milliseconds, name_table, seen_ms
from api.station import Station
from collector.keeping import GB
from collector.model import UNCERTAIN_FROM
from collector.remedies import remedy
from collector.site import Name
from collector.supervisor import Supervisor

LOG_EVERY_S = 600.0
# What the log says of each device; names and addresses stand in the site file.
LOGGED = (
    "state",
    "reason",
    "period_kept_pct",
    "lateness_p99_ms",
    "age_ms",
    "scans",
    "skipped",
    "reconnects",
    "errors",
    "good_tags",
    "tags",
    "heartbeat",
    "clock_skew_s",
)

log = structlog.get_logger()


def health_table(station: Station) -> dict[str, Any]:
    """Return the state of every device, queue and store."""
    return {
        "now_ms": milliseconds(station.clock.now_ns()),
        "started_ms": milliseconds(station.started_ns),
        "devices": [_device(station, one) for one in station.collector.supervisors],
        "subscribers": [
            {
                "name": one.name,
                "depth": len(one),
                "capacity": one.capacity,
                "dropped": one.dropped,
            }
            for one in station.collector.board.subscriptions
        ],
        "history": _history(station),
        "influx": _influx(station),
        "engine": {
            "last_scan_ms": seen_ms(station.engine.last_scan_ns),
            "unjudged_ms": milliseconds(station.engine.unjudged_ns),
            "rules": len(station.engine.judging.rule),
            "active": len(station.engine.alarms),
            "dropped": station.engine.dropped,
            "failing": station.engine.failing,
        },
        "notices": {
            "waiting": len(station.notices.outbox.waiting),
            **wall_table(station.notices.wall),
        },
        "live": {"clients": station.live.clients, "frames": station.live.number},
    }


async def log_health(station: Station) -> None:
    """Write how well every device and queue does into the log, every ten minutes."""
    while True:
        await asyncio.sleep(LOG_EVERY_S)
        write_health(health_table(station))


def write_health(table: dict[str, Any]) -> None:
    """Write one line for each device and one for the queues, all fields structured."""
    for device in table["devices"]:
        log.info("device health", device=device["id"], **{name: device[name] for name in LOGGED})
    dropped = {one["name"]: one["dropped"] for one in table["subscribers"]}
    log.info(
        "station health",
        dropped=dropped,
        history=table["history"]["state"],
        history_dropped=table["history"]["dropped"],
        influx=table["influx"]["state"] if table["influx"] else None,
        engine_dropped=table["engine"]["dropped"],
        notices_waiting=table["notices"]["waiting"],
        notices_undelivered=table["notices"]["undelivered"],
    )


def _device(station: Station, supervisor: Supervisor) -> dict[str, Any]:
    device, known = supervisor.device, supervisor.health
    board = station.collector.board
    slots = supervisor.slots
    now_ns = station.clock.now_ns()
    signs = station.collector.examination.signs_of(device.id)
    return {
        "id": device.id,
        "name": name_table(device.name or Name(zh=device.id, en=device.id)),
        "ropeway": device.ropeway,
        "protocol": device.protocol,
        "address": supervisor.address,
        "state": known.state.value,
        "since_ms": milliseconds(known.since_ns),
        "reason": known.reason,
        "advice": name_table(remedy(known.kind)) if known.kind else None,
        "period_s": device.scan_s,
        "period_kept_pct": round(known.period_kept * 100, 2),
        "lateness_p99_ms": round(known.lateness_p99_s * 1000, 2),
        "age_ms": milliseconds(now_ns - known.last_good_ns) if known.last_good_ns else None,
        "scans": known.scans,
        "skipped": known.skipped,
        "reconnects": known.reconnects,
        "errors": dict(known.errors),
        "tags": len(slots),
        "heartbeat": _heartbeat(device.heartbeat, signs.heartbeat_stopped),
        "clock_skew_s": None if signs.clock_skew_s is None else round(signs.clock_skew_s, 3),
        "good_tags": int((board.quality[slots] < UNCERTAIN_FROM).sum()),
        "driver": dict(supervisor.told()),
    }


def _history(station: Station) -> dict[str, Any]:
    history = station.collector.history
    known = history.health
    thinning = station.collector.thinner.state
    return {
        "state": "failing" if known.failing else "short" if thinning.short else "ok",
        "reason": known.failing or thinning.short or station.collector.sealer.failing,
        "last_commit_ms": seen_ms(known.last_commit_ns),
        "commit_p99_ms": round(_p99(known.commit_s) * 1000, 2),
        "late_p99_ms": round(_p99(known.late_s) * 1000, 2),
        "disk_left_bytes": thinning.room.left if thinning.room else None,
        "cap_bytes": int(station.site.plant.history.disk_gb * GB),
        "thinned_samples": thinning.samples,
        "thinned_unsent": thinning.unsent,
        "scans": known.scans,
        "waiting": known.waiting,
        "dropped": known.dropped,
        "bytes": history.size_bytes(),
    }


def _p99(seconds: Iterable[float]) -> float:
    ordered = sorted(seconds)
    return ordered[max(0, int(len(ordered) * 0.99) - 1)] if ordered else 0.0


def _influx(station: Station) -> dict[str, Any] | None:
    if station.sender is None:
        return None
    state = station.sender.state
    return {
        "state": state.state,
        "reason": state.reason,
        "oldest_unsent_ms": milliseconds(state.oldest_unsent_ns),
        "sent": state.sent,
        "samples_per_s": round(state.samples_per_s, 1),
        "dead_letters": state.dead_letters,
        "backlog_scans": max(0, station.collector.history.health.newest_seq - state.cursor),
    }


def _heartbeat(tag: str | None, stopped: bool) -> str | None:
    if tag is None:
        return None
    return "stopped" if stopped else "beating"
