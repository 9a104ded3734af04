// The plant as the monitor describes it, and look-ups by slot and by id.
import { computed, signal } from "@preact/signals";
import type { Device, Rope, Ropeway, Site, Tag, Tower } from "./wire";

export const site = signal<Site | null>(null);

const byId = computed(() => new Map(site.value?.tags.map((tag) => [tag.id, tag]) ?? []));
const devices = computed(() => new Map(site.value?.devices.map((device) => [device.id, device]) ?? []));

export const tagAt = (slot: number): Tag | undefined => site.value?.tags[slot];
export const tagNamed = (id: string): Tag | undefined => byId.value.get(id);
export const deviceNamed = (id: string): Device | undefined => devices.value.get(id);
export const ropewayNamed = (id: string | null): Ropeway | undefined =>
  site.value?.ropeways.find((way) => way.id === id);

export function ropeNamed(id: string): { way: Ropeway; rope: Rope } | undefined {
  for (const way of site.value?.ropeways ?? []) {
    const rope = way.ropes.find((one) => one.id === id);
    if (rope) return { way, rope };
  }
  return undefined;
}

/** The tower whose wind the slot measures, if it is one. */
export const towerOf = (way: Ropeway, slot: number): Tower | undefined =>
  way.towers.find((tower) => tower.gust === slot);

/** Seconds without a sample after which a value of this tag is old. */
export const oldAfterS = (tag: Tag): number => 2 * tag.scan_s + 1;
