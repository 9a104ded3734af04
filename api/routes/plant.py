"""The plant as the screens need it: site and board."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from analytics.conditions import Condition
from analytics.plain import figure, milliseconds, name_table, seen_ms
from analytics.rules.limit import LETTERS
from api.deps import READING, StationDep
from api.station import Station
from collector.site import Device, Name, Rope, Ropeway, Tag, period_of

router = APIRouter(prefix="/api", tags=["plant"], dependencies=[READING])


@router.get("/site")
async def site(station: StationDep) -> dict[str, Any]:
    """Return the plant as the site file describes it, with the limits of its rules."""
    plant = station.site.plant
    slots = plant.slots()
    return {
        "name": name_table(plant.site.name),
        "timezone": plant.site.timezone,
        "simulated": plant.site.simulated,
        "storm_speed_kmh": plant.site.storm_speed_kmh,
        "now_ms": milliseconds(station.clock.now_ns()),
        "speed": station.clock.speed,
        "ropeways": [_ropeway(way, slots) for way in plant.ropeway],
        "devices": [_device(device) for device in plant.device],
        "tags": _tags(station, slots),
    }


@router.get("/board")
async def board(station: StationDep) -> dict[str, Any]:
    """Return the newest sample of every tag, in slot order."""
    newest = station.collector.board
    return {
        "now_ms": milliseconds(station.clock.now_ns()),
        "samples": [
            {
                "tag": tag.id,
                "value": figure(float(newest.values[slot])),
                "quality": int(newest.quality[slot]),
                "source_ms": seen_ms(int(newest.source_ns[slot])),
                "received_ms": seen_ms(int(newest.received_ns[slot])),
                "good_ms": seen_ms(int(newest.good_ns[slot])),
            }
            for slot, tag in enumerate(station.site.plant.tags())
        ],
    }


def _ropeway(way: Ropeway, slots: Mapping[str, int]) -> dict[str, Any]:
    plain = way.model_dump(
        include={
            "id",
            "name",
            "kind",
            "length_m",
            "line_speed_mps",
            "emergency_speed_mps",
            "station_time_s",
            "carriers",
            "places",
            "stations",
        }
    )
    return {
        **plain,
        "speed": slots[way.speed],
        "towers": [
            {**tower.model_dump(), "gust": slots[tower.gust] if tower.gust else None}
            for tower in way.towers
        ],
        "indicators": [
            {
                "name": name_table(one.name),
                "slots": [slots[tag] for tag in ((one.tag,) if one.tag else one.highest_of)],
            }
            for one in way.indicators
        ],
        "safety_circuits": [
            {"name": name_table(one.name), "slot": slots[one.tag]} for one in way.safety_circuits
        ],
        "ropes": [rope_table(rope) for rope in way.ropes],
    }


def rope_table(rope: Rope) -> dict[str, Any]:
    """Return a rope with its limits and test points."""
    return rope.model_dump()


def _device(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": name_table(device.name or Name(zh=device.id, en=device.id)),
        "ropeway": device.ropeway,
        "protocol": device.protocol,
        "scan_s": device.scan_s,
    }


def _tags(station: Station, slots: Mapping[str, int]) -> list[dict[str, Any]]:
    limits: dict[str, list[Condition]] = {}
    for condition in station.engine.conditions.values():
        if condition.tag is not None and condition.level in LETTERS.values():
            limits.setdefault(condition.tag, []).append(condition)
    return [
        _tag(tag, slots[tag.id], device, limits.get(tag.id, []))
        for device in station.site.plant.device
        for tag in device.tags
    ]


def _tag(tag: Tag, slot: int, device: Device, limits: list[Condition]) -> dict[str, Any]:
    return {
        "slot": slot,
        "id": tag.id,
        "name": name_table(tag.name or Name(zh=tag.id, en=tag.id)),
        "unit": tag.unit,
        "group": tag.group,
        "ropeway": tag.ropeway,
        "place": tag.place,
        "quantity": tag.quantity,
        "device": device.id,
        "min": tag.min,
        "max": tag.max,
        "normal": tag.normal,
        "decimals": tag.decimals,
        "scan_s": period_of(device, tag),
        "boolean": getattr(tag, "type", "") == "bool",
        "limits": [
            {
                "level": one.level,
                "value": one.limit,
                "priority": one.priority,
                "rule": one.rule,
            }
            for one in limits
        ],
    }
