"""The plant stepped through site time, and the value of every tag at its last step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from collector import site
from collector.model import NANOSECONDS
from simulators.physics.line import capacity_per_h
from simulators.plant import ropeway, weather
from simulators.plant.orders import Moment, Orders, Programme
from simulators.plant.rope_test import RopeReading, heads_of
from simulators.plant.values import Snapshot, sources_of


class Plant:
    """A simulated site from `start_s` on: same site file, programme and steps, same values.

    `site_ns_at` tells the site's instant at seconds run since the start.
    """

    def __init__(
        self,
        plant: site.Plant,
        programme: Programme,
        site_ns_at: Callable[[float], int],
        start_s: float = 0.0,
    ) -> None:
        self.site_ns_at = site_ns_at
        self.readings: tuple[RopeReading, ...] = ()
        self._zone = ZoneInfo(plant.site.timezone)
        self._rng = np.random.default_rng(programme.seed)
        self._field = weather.field_of(plant)
        self._shapes = {way.id: ropeway.shape_of(way) for way in plant.ropeway}
        self._heads = heads_of(plant, programme, site_ns_at)
        self._sources = sources_of(plant)
        self._snapshot = self._begin(start_s)

    @property
    def elapsed_s(self) -> float:
        """Seconds run since the start of site time."""
        return self._snapshot.moment.elapsed_s

    @property
    def site_ns(self) -> int:
        """The site's instant that all values belong to."""
        return self._snapshot.moment.site_ns

    def value_at(self, tag_id: str) -> float:
        """Return the tag's value in engineering units; KeyError for a stranger."""
        return float(self._sources[tag_id](self._snapshot))

    def step(self, to_s: float, orders: Orders) -> None:
        """Go on to `to_s` seconds since the start.

        `readings` then holds the samples that rope tests brought on the way.
        """
        before = self._snapshot
        dt_s = to_s - before.moment.elapsed_s
        moment = Moment(to_s, dt_s, self.site_ns_at(to_s))
        hour = self._hour(moment.site_ns)
        asked = weather.WeatherInputs(hour, orders.wind, orders.cell)
        air = weather.step(before.weather, asked, dt_s, self._rng, self._field)
        self.readings = self._read_ropes(before.moment.elapsed_s, to_s)
        self._snapshot = replace(
            before,
            moment=moment,
            weather=air,
            ropeways={
                name: ropeway.step(
                    state,
                    self._inputs(name, orders, air, hour),
                    dt_s,
                    self._rng,
                    self._shapes[name],
                )
                for name, state in before.ropeways.items()
            },
            ropes={
                **before.ropes,
                **{reading.ropeway: reading for reading in self.readings},
            },
        )

    def _begin(self, start_s: float) -> Snapshot:
        moment = Moment(start_s, 0.0, self.site_ns_at(start_s))
        hour = self._hour(moment.site_ns)
        air = weather.start(self._field, hour)
        return Snapshot(
            moment=moment,
            field=self._field,
            weather=air,
            shapes=self._shapes,
            ropeways={
                name: ropeway.start(shape, self._inputs(name, Orders(), air, hour))
                for name, shape in self._shapes.items()
            },
            ropes={name: head.standing(start_s) for name, head in self._heads.items()},
        )

    def _inputs(
        self, name: str, orders: Orders, air: weather.WeatherState, hour: float
    ) -> ropeway.RopewayInputs:
        shape = self._shapes[name]
        most = capacity_per_h(shape.line, shape.rated_mps)
        if shape.shuttles:
            most /= 3.0  # loading and turning take most of a trip's time
        up, down = orders.demand_per_h.get(name, weather.demand_per_h(most, hour))
        own = [row for row, way in enumerate(self._field.ropeways) if way == name]
        return ropeway.RopewayInputs(
            target_mps=min(orders.speed_mps.get(name, shape.rated_mps), shape.rated_mps),
            stop=orders.stop.get(name, ""),
            up_per_h=up,
            down_per_h=down,
            wind_mps=float(air.wind.gust_3s[own].max()) if own else 0.0,
            ambient_c=air.ambient_c,
        )

    def _read_ropes(self, from_s: float, to_s: float) -> tuple[RopeReading, ...]:
        found = [
            reading for head in self._heads.values() for reading in head.readings(from_s, to_s)
        ]
        return tuple(sorted(found, key=lambda reading: reading.at_ns))

    def _hour(self, site_ns: int) -> float:
        local = datetime.fromtimestamp(site_ns / NANOSECONDS, self._zone)
        return local.hour + local.minute / 60.0 + local.second / 3600.0
