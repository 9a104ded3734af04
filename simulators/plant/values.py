"""Where the value of every tag comes from in the plant's state."""

import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector import site
from collector.model import NANOSECONDS
from simulators.physics import drive, line, tension
from simulators.plant.orders import Moment
from simulators.plant.rope_test import RopeReading
from simulators.plant.ropeway import CAR_KG, RopewayShape, RopewayState
from simulators.plant.weather import Field, WeatherState

HEARTBEATS = 65536
CARRIERS = 46


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole plant at the end of one step."""

    moment: Moment
    field: Field
    weather: WeatherState
    shapes: Mapping[str, RopewayShape]
    ropeways: Mapping[str, RopewayState]
    ropes: Mapping[str, RopeReading]


@dataclass(frozen=True, slots=True)
class Here:
    """One ropeway within the snapshot."""

    shape: RopewayShape
    state: RopewayState
    all: Snapshot

    @property
    def speed_share(self) -> float:
        """Rope speed against the line speed."""
        return self.state.drive.speed_mps / self.shape.rated_mps

    @property
    def load(self) -> float:
        """Torque as a share of the greatest, -1 to 1."""
        return drive.torque_share(self.shape.drive, self.state.drive)

    def wander(self, period_s: float) -> float:
        """Return a slow drift between -1 and 1, as any instrument has."""
        return wander(self.all.moment.elapsed_s, period_s)


Source = Callable[[Snapshot], float]
Local = Callable[[Here], float]


def wander(at_s: float, period_s: float) -> float:
    """Return a slow drift between -1 and 1 with two periods that never meet."""
    first = math.sin(math.tau * at_s / period_s)
    return 0.6 * first + 0.4 * math.sin(math.tau * at_s / (period_s * 0.381))


def grip_kn(passed: float) -> float:
    """Return the grip force of the carrier that went by last; each has its own."""
    own = zlib.crc32(b"grip %d" % (int(passed) % CARRIERS)) / 2**32
    return 18.4 + 3.2 * own


def _swing_deg(here: Here, car: int) -> float:
    wind = here.state.inputs.wind_mps
    beat = wander(here.all.moment.elapsed_s + 7 * car, 9.0)
    return min(0.02 * wind**2 + 0.3, 22.0) * beat


def _car_m(here: Here, car: int) -> float:
    cars = here.state.cars
    if cars is None:
        return 0.0
    return cars.position_m if car == 1 else here.shape.line.length_m - cars.position_m


def _car_kg(here: Here, car: int) -> float:
    cars = here.state.cars
    if cars is None:
        return 0.0
    upward = (cars.heading > 0) == (car == 1)
    people = cars.people.riding_up if upward else cars.people.riding_down
    return people * line.PERSON_KG


def _locked(here: Here) -> float:
    return float(here.state.cars is None or here.state.cars.dwell_s <= 0)


def _direction(here: Here) -> float:
    if here.state.drive.speed_mps <= 0:
        return 0.0
    return float(here.state.cars.heading) if here.state.cars else 1.0


def _track_kn(here: Here, rope: int) -> float:
    weight_n = 2 * CAR_KG + here.state.people.riding * line.PERSON_KG
    return 612.0 + 0.0022 * weight_n + (2.5 if rope == 2 else 0) + here.wander(340.0)


LOCAL: dict[str, Local] = {
    "drive.speed": lambda h: h.state.drive.speed_mps,
    "drive.speed_setpoint": lambda h: 0.0 if h.state.inputs.stop else h.state.inputs.target_mps,
    "drive.direction": _direction,
    "drive.torque": lambda h: 100.0 * h.load,
    "drive.power": lambda h: h.state.drive.power_w / 1000.0,
    "drive.current": lambda h: 940.0 * h.load,
    "drive.voltage": lambda h: 620.0 * h.speed_share + 12.0 * h.load,
    "drive.running": lambda h: float(h.state.drive.speed_mps > 0),
    "drive.ready": lambda h: float(h.state.inputs.stop != "safety"),
    "drive.fault": lambda _: 0.0,
    "drive.overspeed": lambda h: float(h.speed_share > 1.1),
    "drive.e_stop": lambda h: float(h.state.inputs.stop == "safety"),
    "drive.energy": lambda h: 482_100.0 + h.state.drive.energy_j / 3.6e6,
    "drive.running_hours": lambda h: 18_342.0 + h.state.drive.running_s / 3600.0,
    "drive.rope_travel": lambda h: 391_400_000.0 + h.state.drive.travel_m,
    "drive.motor_temp": lambda h: h.state.drive.motor_c,
    "drive.bearing_temp_drive_end": lambda h: (
        0.5 * (h.state.drive.motor_c + h.state.drive.oil_c) + h.wander(210.0)
    ),
    "drive.bearing_temp_far_end": lambda h: (
        0.45 * (h.state.drive.motor_c + h.state.drive.oil_c) + h.wander(260.0)
    ),
    "drive.gearbox_oil_temp": lambda h: h.state.drive.oil_c,
    "drive.gearbox_oil_pressure": lambda h: 1.6 + 1.3 * h.speed_share + 0.05 * h.wander(31.0),
    "drive.gearbox_vibration": lambda h: (
        0.3 + 1.4 * h.speed_share + 0.2 * abs(h.load) + 0.1 * h.wander(17.0)
    ),
    "brake.service_released": lambda h: float(h.state.drive.service_bar > 70),
    "brake.safety_released": lambda h: float(h.state.drive.safety_bar > 70),
    "brake.service_pressure": lambda h: max(0.0, h.state.drive.service_bar + 0.6 * h.wander(23.0)),
    "brake.safety_pressure": lambda h: max(0.0, h.state.drive.safety_bar + 0.6 * h.wander(29.0)),
    "brake.oil_temp": lambda h: 0.6 * h.state.drive.oil_c + 9.0,
    "standby.battery_voltage": lambda h: 26.9 + 0.15 * h.wander(900.0),
    "standby.fuel_level": lambda h: 86.0 + 0.2 * h.wander(2400.0),
    "standby.coolant_temp": lambda h: 24.0 + 0.5 * h.state.inputs.ambient_c,
    "standby.diesel_hours": lambda _: 211.4,
    "standby.ready": lambda _: 1.0,
    "standby.running": lambda _: 0.0,
    "drive_plc.remote": lambda _: 0.0,
    "drive_plc.cabinet_temp": lambda h: h.state.inputs.ambient_c + 9.0 + h.wander(700.0),
    "safety.stations": lambda _: 1.0,
    "safety.line": lambda _: 1.0,
    "safety.drive": lambda h: float(h.state.inputs.stop != "safety"),
    "safety.tower_switches": lambda _: 1.0,
    "safety.grips": lambda _: 1.0,
    "safety.saddles": lambda _: 1.0,
    "safety.car_brakes": lambda _: 1.0,
    "safety.bypass": lambda _: 0.0,
    "tension.force": lambda h: h.state.tension.force_n / 1000.0,
    "tension.pressure": lambda h: tension.pressure_bar(h.shape.tension, h.state.tension),
    "tension.carriage_position": lambda h: h.state.tension.carriage_m,
    "tension.travel_limit_ok": lambda h: float(
        0.3 < h.state.tension.carriage_m < h.shape.tension.stroke_m - 0.3
    ),
    "tension.pump_running": lambda h: float(h.state.tension.pumping),
    "tension.rope_temp": lambda h: h.state.inputs.ambient_c + 1.5 + h.wander(600.0),
    "track_rope.force_1": lambda h: _track_kn(h, 1),
    "track_rope.force_2": lambda h: _track_kn(h, 2),
    "socket.slip_car_1": lambda _: 0.0,
    "socket.slip_car_2": lambda _: 0.0,
    "grip.force_last": lambda h: grip_kn(h.state.people.carriers_passed),
    "grip.force_lowest": lambda _: min(grip_kn(one) for one in range(CARRIERS)),
    "grip.geometry_ok": lambda _: 1.0,
    "grip.checked": lambda h: float(int(h.state.people.carriers_passed)),
    "grip.rejected": lambda _: 0.0,
    "carriers.on_line": lambda h: float(round(h.shape.line.carriers)),
    "carriers.interval": lambda h: line.interval_s(h.shape.line, h.state.drive.speed_mps),
    "carriers.doors_locked": lambda _: 1.0,
    "passengers.on_line": lambda h: float(round(h.state.people.riding)),
    "passengers.up_total": lambda h: float(int(h.state.people.carried_up)),
    "passengers.down_total": lambda h: float(int(h.state.people.carried_down)),
    "passengers.up_rate": lambda h: h.state.people.up_per_h,
    "passengers.down_rate": lambda h: h.state.people.down_per_h,
    "passengers.queue_bottom": lambda h: float(int(h.state.people.queue_bottom)),
    "passengers.queue_top": lambda h: float(int(h.state.people.queue_top)),
    "station_bottom.gate_closed": _locked,
    "station_top.gate_closed": _locked,
    "wind_station.temperature": lambda h: h.state.inputs.ambient_c - 1.0 + 0.3 * h.wander(240.0),
}

CAR: dict[str, Callable[[Here, int], float]] = {
    "position": _car_m,
    "load": _car_kg,
    "swing": _swing_deg,
    "door_locked": lambda h, _: _locked(h),
    "brake_ready": lambda _h, _n: 1.0,
}

WIND: dict[str, Callable[[Snapshot, int], float]] = {
    "wind_gust_3s": lambda s, mast: float(s.weather.wind.gust_3s[mast]),
    "wind_mean_2min": lambda s, mast: float(s.weather.wind.mean_2min[mast]),
    "wind_mean_10min": lambda s, mast: float(s.weather.wind.mean_10min[mast]),
    "wind_direction": lambda s, mast: (
        (s.weather.wind.direction_deg + 7.0 * mast + 9.0 * float(s.weather.wind.own[mast])) % 360.0
    ),
}

ROPE: dict[str, Callable[[RopeReading], float]] = {
    "running": lambda r: float(r.running),
    "test_point": lambda r: float(r.test_point),
    "position": lambda r: r.position_m,
    "lma": lambda r: r.lma_pct,
    "lf": lambda r: r.lf_mv,
    "pass_counter": lambda r: float(r.pass_counter),
    "instrument_ok": lambda _: 1.0,
}


def _cloudy(snapshot: Snapshot) -> float:
    return min(1.0, snapshot.weather.storm.cloud_kvm / 4.0)


def _drift(period_s: float, centre: float, span: float) -> Source:
    return lambda s: centre + span * wander(s.moment.elapsed_s, period_s)


WHOLE: dict[str, Source] = {
    "lightning.field": lambda s: s.weather.storm.field_kvm,
    "lightning.level": lambda s: float(s.weather.storm.level),
    "lightning.distance": lambda s: s.weather.storm.distance_km,
    "lightning.bearing": lambda s: s.weather.storm.bearing_deg,
    "lightning.strikes_10min": lambda s: float(len(s.weather.storm.strikes)),
    "lightning.strikes_total": lambda s: 4120.0 + s.weather.storm.strikes_total,
    "lightning.battery": _drift(1800.0, 13.2, 0.15),
    "lightning.self_test_ok": lambda _: 1.0,
    "weather.temperature": lambda s: (
        s.weather.ambient_c - 2.0 - 4.0 * _cloudy(s) + 0.2 * wander(s.moment.elapsed_s, 300.0)
    ),
    "weather.humidity": lambda s: (
        58.0 + 36.0 * _cloudy(s) + 2.0 * wander(s.moment.elapsed_s, 800.0)
    ),
    "weather.pressure": lambda s: (
        878.0 - 3.0 * _cloudy(s) + 0.6 * wander(s.moment.elapsed_s, 5000.0)
    ),
    "weather.rain_rate": lambda s: max(0.0, 32.0 * (_cloudy(s) - 0.3)),
    "weather.visibility": lambda s: (
        18_000.0 * (1.0 - 0.9 * _cloudy(s)) + 800.0 * wander(s.moment.elapsed_s, 900.0)
    ),
    "power.mains_voltage": _drift(140.0, 392.0, 2.5),
    "power.mains_frequency": _drift(40.0, 50.0, 0.03),
    "power.ups_battery": _drift(3000.0, 98.0, 1.0),
    "power.generator_fuel": _drift(5000.0, 91.0, 0.4),
    "power.mains_ok": lambda _: 1.0,
    "power.generator_ready": lambda _: 1.0,
    "power.generator_running": lambda _: 0.0,
}


def sources_of(plant: site.Plant) -> dict[str, Source]:
    """Return a source for every tag: the plant's own, else a gentle stand-in.

    The stand-in is a sine of ten minutes within the normal band (else the range,
    else 0 to 1); a bit rests at 0. `unexplained` names the tags that have it.
    """
    fields = {way.id: way for way in plant.ropeway}
    index = {
        (way.id, tower.number): place
        for place, (way, tower) in enumerate(
            (way, tower) for way in fields.values() for tower in way.towers
        )
    }
    return {tag.id: _source_of(tag, index) or _stand_in(tag) for tag in plant.tags()}


def unexplained(plant: site.Plant) -> list[str]:
    """Return the ids of tags whose value no physics stands behind."""
    index = {(way.id, tower.number): 0 for way in plant.ropeway for tower in way.towers}
    return [tag.id for tag in plant.tags() if _source_of(tag, index) is None]


def _source_of(tag: site.Tag, index: Mapping[tuple[str, int], int]) -> Source | None:
    if tag.quantity == "heartbeat":
        return lambda s: float(int(s.moment.elapsed_s) % HEARTBEATS)
    if tag.quantity == "clock":
        return lambda s: s.moment.site_ns // 1_000_000 * 1_000_000 / NANOSECONDS
    if tag.ropeway == site.WHOLE_SITE:
        return WHOLE.get(f"{tag.place}.{tag.quantity}")
    if tag.place == "rope_test" and tag.quantity in ROPE:
        shown = ROPE[tag.quantity]
        return lambda s: shown(s.ropes[tag.ropeway])
    numbered = re.fullmatch(r"(tower|car)_(\d+)", tag.place)
    if numbered:
        return _numbered(tag, numbered[1], int(numbered[2]), index)
    local = LOCAL.get(f"{tag.place}.{tag.quantity}")
    return (lambda s: local(_here(s, tag.ropeway))) if local else None


def _numbered(
    tag: site.Tag, kind: str, number: int, index: Mapping[tuple[str, int], int]
) -> Source | None:
    if kind == "car" and tag.quantity in CAR:
        car = CAR[tag.quantity]
        return lambda s: car(_here(s, tag.ropeway), number)
    mast = index.get((tag.ropeway, number))
    if kind == "tower" and mast is not None and tag.quantity in WIND:
        blown = WIND[tag.quantity]
        return lambda s: blown(s, mast)
    if kind == "tower" and tag.quantity.startswith("rope_switch"):
        return lambda _: 1.0
    return None


def _here(snapshot: Snapshot, ropeway: str) -> Here:
    return Here(snapshot.shapes[ropeway], snapshot.ropeways[ropeway], snapshot)


def _stand_in(tag: site.Tag) -> Source:
    if isinstance(tag, site.ModbusTag) and tag.type == "bool":
        return lambda _: 0.0
    low, high = tag.normal or (
        tag.min if tag.min is not None else 0.0,
        tag.max if tag.max is not None else (tag.min or 0.0) + 1.0,
    )
    turn = zlib.crc32(tag.id.encode()) / 2**32
    return lambda s: (
        (low + high) / 2
        + (high - low) * 0.4 * math.sin(math.tau * (s.moment.elapsed_s / 600.0 + turn))
    )
