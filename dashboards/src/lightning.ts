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

export type LightningTags = { distance: Tag | undefined; bearing: Tag | undefined; others: Tag[] };

/** The tags of the lightning warner that the panel draws. */
export function lightningTags(): LightningTags {
  const all = (site.value?.tags ?? []).filter((tag) => tag.group === "lightning");
  const named = (quantity: string) => all.find((tag) => tag.quantity === quantity);
  return {
    distance: named("distance"),
    bearing: named("bearing"),
    others: ["strikes_10min", "field", "level"].map(named).filter((tag) => tag !== undefined),
  };
}
