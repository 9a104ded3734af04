// The last hours of many tags for the small pictures, the highest of several tags as one line.
import { api } from "./api";
import { siteNow } from "./live/feed";
import { site, tagAt } from "./site";
import type { Series } from "./wire";

/** As many tags as one question may name. */
const TAGS_AT_ONCE = 60;

export type SparkOf = (slots: readonly number[]) => (number | null)[];

/** The series of the tags over the last `span_s`, asked in as few questions as allowed. */
export async function lately(ids: readonly string[], span_s: number, buckets: number): Promise<Series[]> {
  const to_ms = siteNow();
  const from_ms = to_ms - span_s * 1000;
  const parts: Promise<Series[]>[] = [];
  for (let at = 0; at < ids.length; at += TAGS_AT_ONCE) {
    const some = ids.slice(at, at + TAGS_AT_ONCE);
    parts.push(api.history(some, from_ms, to_ms, buckets).then((answer) => answer.series));
  }
  return (await Promise.all(parts)).flat();
}

export type Merged = { t: number[]; values: (number | null)[]; whole: boolean[] };

/** The highest believable value of several series in each bucket; null where none has one. */
export function highestOf(series: readonly Series[], column: "mean" | "max"): Merged {
  const t = series[0]?.t ?? [];
  const values = t.map((_, at) => {
    const known = series
      .map((one) => one[column][at])
      .filter((value) => value !== null && value !== undefined);
    return known.length > 0 ? Math.max(...(known as number[])) : null;
  });
  const whole = t.map((_, at) => series.every((one) => (one[column][at] ?? null) !== null));
  return { t, values, whole };
}

export function sparkIn(series: readonly Series[] | null): SparkOf {
  const byTag = new Map(series?.map((one) => [one.tag, one]) ?? []);
  return (slots) => {
    const mine = slots.map((slot) => byTag.get(tagAt(slot)?.id ?? "")).filter((one) => one !== undefined);
    return highestOf(mine, slots.length > 1 ? "max" : "mean").values;
  };
}

/** Every tag that an indicator of any ropeway shows. */
export function indicatorTags(): string[] {
  const slots = site.value?.ropeways.flatMap((way) => way.indicators.flatMap((one) => one.slots)) ?? [];
  return [...new Set(slots)].map((slot) => tagAt(slot)?.id).filter((id) => id !== undefined);
}
