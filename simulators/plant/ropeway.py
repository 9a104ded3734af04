"""One ropeway: people, drive and tensioning stepped together."""

from dataclasses import dataclass

import numpy as np

from collector import site
from simulators.physics import cars, drive, line, tension
from simulators.physics.drive import Stop

CARRIER_KG = 650.0
CAR_KG = 5000.0
ON_LINE_SHARE = 0.86  # the rest of the carriers stand in the stations (domain 8.2)
STEEL_N_PER_MM2 = 105_000.0  # EA of about 71 MN at 676 mm2: domain 8.3 [D]
ROPE_KG_PER_MM2_M = 0.0086  # 5.8 kg/m at 676 mm2: domain 1.2 [V18]
FRICTION_N_PER_M = 8.2  # 80 to 150 kW at 6 m/s on 2088 m: domain 8.3 [D]
STROKE_M = 5.0


@dataclass(frozen=True, slots=True)
class RopewayShape:
    """What does not change about a ropeway."""

    id: str
    shuttles: bool
    rated_mps: float
    line: line.LineShape
    drive: drive.DriveShape
    tension: tension.TensionShape
    towers_m: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RopewayInputs:
    """What is asked of the ropeway, and the weather around it."""

    target_mps: float
    stop: Stop
    up_per_h: float
    down_per_h: float
    wind_mps: float
    ambient_c: float


@dataclass(frozen=True, slots=True)
class RopewayState:
    """How a ropeway stands now; `cars` only where two cars shuttle."""

    people: line.LineState
    cars: cars.CarsState | None
    drive: drive.DriveState
    tension: tension.TensionState
    inputs: RopewayInputs


def shape_of(way: site.Ropeway) -> RopewayShape:
    """Return the ropeway's shape from its table in the site file."""
    shuttles = way.kind in ("jig_back", "funicular")
    altitudes = [station.altitude_m for station in way.stations]
    rise_m = max(altitudes) - min(altitudes)
    moving = next((rope for rope in way.ropes if rope.kind != "track"), None)
    area_mm2 = moving.metallic_area_mm2 if moving else 600.0
    loop_m = 2.0 * way.length_m + 60.0
    shape = line.LineShape(
        length_m=way.length_m,
        rise_m=max(rise_m, 1.0),
        carriers=2.0 if shuttles else max(2.0, way.carriers * ON_LINE_SHARE),
        places=way.places,
        rated_mps=way.line_speed_mps,
    )
    return RopewayShape(
        id=way.id,
        shuttles=shuttles,
        rated_mps=way.line_speed_mps,
        line=shape,
        drive=_drive_shape(shape, shuttles, loop_m * area_mm2 * ROPE_KG_PER_MM2_M),
        tension=tension.TensionShape(
            nominal_n=area_mm2 * (1500.0 if shuttles else 420.0),
            stiffness_n=area_mm2 * STEEL_N_PER_MM2,
            loop_m=loop_m,
            stroke_m=STROKE_M,
        ),
        towers_m=tuple(tower.position_m for tower in way.towers),
    )


def start(shape: RopewayShape, inputs: RopewayInputs) -> RopewayState:
    """Return the ropeway as it runs at an ordinary moment, already warm."""
    flow = line.LineInputs(shape.rated_mps, inputs.up_per_h, inputs.down_per_h)
    people = line.LineState() if shape.shuttles else line.settled(shape.line, flow)
    moving = drive.DriveState(
        speed_mps=0.0 if shape.shuttles else inputs.target_mps,
        warm=0.9,
        motor_c=inputs.ambient_c + 38,
        oil_c=inputs.ambient_c + 35,
        service_bar=drive.RELEASED_BAR,
        safety_bar=drive.RELEASED_BAR + 6,
    )
    pulled = _tension_inputs(shape, people, moving, inputs)
    return RopewayState(
        people=people,
        cars=cars.CarsState(dwell_s=5.0) if shape.shuttles else None,
        drive=moving,
        tension=tension.resting(shape.tension, pulled),
        inputs=inputs,
    )


def step(
    state: RopewayState,
    inputs: RopewayInputs,
    dt_s: float,
    rng: np.random.Generator,
    shape: RopewayShape,
) -> RopewayState:
    """Return the ropeway `dt_s` later."""
    target = inputs.target_mps
    if state.cars is not None:
        limit = cars.speed_limit_mps(shape.line, state.cars, shape.towers_m)
        target = min(target, limit)
    asked = drive.DriveInputs(
        target_mps=target,
        pull_n=line.pull_n(shape.line, state.people),
        wind_mps=inputs.wind_mps,
        ambient_c=inputs.ambient_c,
        stop=inputs.stop,
    )
    moved = drive.step(state.drive, asked, dt_s, rng, shape.drive)
    flow = line.LineInputs(moved.speed_mps, inputs.up_per_h, inputs.down_per_h, not inputs.stop)
    if state.cars is not None:
        gone = cars.step(state.cars, flow, dt_s, rng, shape.line)
        people = gone.people
    else:
        gone = None
        people = line.step(state.people, flow, dt_s, rng, shape.line)
    pulled = _tension_inputs(shape, people, moved, inputs)
    held = tension.step(state.tension, pulled, dt_s, rng, shape.tension)
    return RopewayState(people, gone, moved, held, inputs)


def _drive_shape(shape: line.LineShape, shuttles: bool, rope_kg: float) -> drive.DriveShape:
    carriers_kg = 2 * CAR_KG if shuttles else shape.carriers * CARRIER_KG
    seats = shape.places * (1.0 if shuttles else shape.carriers / 2.0)
    mass_kg = rope_kg + carriers_kg + seats * line.PERSON_KG
    friction_n = FRICTION_N_PER_M * shape.length_m
    full_n = seats * line.PERSON_KG * line.GRAVITY_MPS2 * shape.rise_m / shape.length_m
    return drive.DriveShape(
        mass_kg=mass_kg,
        friction_n=friction_n,
        most_n=1.1 * (full_n + friction_n + mass_kg * drive.STARTING_MPS2),
        rated_mps=shape.rated_mps,
    )


def _tension_inputs(
    shape: RopewayShape,
    people: line.LineState,
    moved: drive.DriveState,
    inputs: RopewayInputs,
) -> tension.TensionInputs:
    slope = shape.line.rise_m / shape.line.length_m
    return tension.TensionInputs(
        load_n=people.riding * line.PERSON_KG * line.GRAVITY_MPS2 * slope,
        rope_c=inputs.ambient_c + 1.5,
        carriers_passed=moved.travel_m / shape.line.spacing_m,
        running_share=moved.speed_mps / shape.rated_mps,
        bounce=moved.swing,
        wind_mps=inputs.wind_mps,
    )
