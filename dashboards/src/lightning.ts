// How near is near: the ring of each ropeway follows the time it needs to clear.
import { advice } from "./live/board";
import { site } from "./site";
import type { Ropeway, Tag } from "./wire";

/** Added to every ring (domain 4 [D], level "stop loading"). */
export const MARGIN_KM = 5;

export type Ring = { way: Ropeway; now_km: number | null; emergency_km: number | null };

/** Ring = storm speed × clear time + margin; null while the clear time is not known. */
export function ringKm(clear_s: number | null | undefined, storm_kmh: number): number | null {
  return clear_s === null || clear_s === undefined ? null : (clear_s / 3600) * storm_kmh + MARGIN_KM;
}

export function rings(): Ring[] {
  const known = site.value;
  if (!known) return [];
  return known.ropeways.map((way) => {
    const clear = advice.value.ropeways.find((one) => one.ropeway === way.id)?.clear_time_s;
    return {
      way,
      now_km: ringKm(clear?.now, known.storm_speed_kmh),
      emergency_km: ringKm(clear?.emergency, known.storm_speed_kmh),
    };
  });
}

/** The tags of the lightning warner, the distance first. */
export function lightningTags(): { distance: Tag | undefined; others: Tag[] } {
  const all = (site.value?.tags ?? []).filter((tag) => /lightning|storm/.test(tag.id) && !tag.boolean);
  const distance = all.find((tag) => tag.unit === "km");
  return { distance, others: all.filter((tag) => tag !== distance).slice(0, 3) };
}
