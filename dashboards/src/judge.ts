// What a page says about a value beside its quality: its limits, and the highest of several.
import { openAlarms, type Reading, readingAt } from "./live/board";
import { believable } from "./quality";
import type { Alarm, Limit, Priority, Tag } from "./wire";

const beyond = (limit: Limit, value: number): boolean =>
  limit.level.startsWith("H") ? value >= limit.value : value <= limit.value;

export const isActive = (alarm: Alarm): boolean => alarm.active;

/** The most urgent priority that a believable value calls for: beyond a limit now, or held by an alarm. */
export function urgency(tag: Tag | undefined, reading: Reading): Priority | null {
  if (!tag || !believable(reading)) return null;
  const now = tag.limits.filter((limit) => beyond(limit, reading.value as number)).map((l) => l.priority);
  const held = openAlarms.value
    .filter((alarm) => alarm.tag === tag.id && alarm.kind === "process" && isActive(alarm))
    .map((alarm) => alarm.priority);
  const all = [...now, ...held];
  return all.length > 0 ? (Math.min(...all) as Priority) : null;
}

export type Highest = { slot: number; reading: Reading; valid: number };

/** The slot with the highest believable value, else the first; and how many are believable. */
export function highest(slots: readonly number[]): Highest {
  let best: Highest | null = null;
  let valid = 0;
  for (const slot of slots) {
    const reading = readingAt(slot).value;
    if (!believable(reading)) continue;
    valid += 1;
    if (!best || (reading.value as number) > (best.reading.value as number)) best = { slot, reading, valid };
  }
  const first = slots[0] ?? 0;
  return best ? { ...best, valid } : { slot: first, reading: readingAt(first).value, valid };
}

/** Since when a value has not been good: by its last good one, or by its own alarm. */
export function begun(tag: Tag | undefined, reading: Reading): number | null {
  if (reading.good_ms !== null) return reading.good_ms;
  const lost = openAlarms.value.find((alarm) => alarm.tag === tag?.id && alarm.kind === "monitoring_lost");
  return lost && isActive(lost) ? lost.raised_ms : null;
}

/** The stretch of values worth drawing: normal band and limits with room around them, within the range. */
export function stretch(tag: Tag): [number, number] {
  const [low, high] = [tag.min ?? 0, tag.max ?? 100];
  const marks = [...(tag.normal ?? []), ...tag.limits.map((limit) => limit.value)];
  if (marks.length === 0) return [low, high];
  const [least, most] = [Math.min(...marks), Math.max(...marks)];
  const room = 0.3 * (most - least || Math.abs(most) || 1);
  const from = Math.max(low, least - room);
  const to = Math.min(high, most + room);
  // A range that begins at zero is drawn from zero: a bar must not begin in mid-air.
  return [low === 0 && from < 0.3 * to ? 0 : from, to];
}

/** Active before gone, then the more urgent, then what nobody has acknowledged, then the newer. */
const rank = (alarm: Alarm): number =>
  (isActive(alarm) ? 0 : 100) + alarm.priority * 10 + (alarm.state === "unacknowledged" ? 0 : 1);

/** The alarms in the order in which they need someone. */
export const byNeed = (alarms: readonly Alarm[]): Alarm[] =>
  [...alarms].sort((a, b) => rank(a) - rank(b) || b.raised_ms - a.raised_ms);

/** What follows from each open alarm, by its id; an alarm whose cause is over stands for itself. */
export function consequences(alarms: readonly Alarm[]): Map<number, Alarm[]> {
  const open = new Set(alarms.map((alarm) => alarm.id));
  const found = new Map<number, Alarm[]>();
  for (const alarm of alarms) {
    if (alarm.cause === null || !open.has(alarm.cause)) continue;
    found.set(alarm.cause, [...(found.get(alarm.cause) ?? []), alarm]);
  }
  return found;
}

/** The open alarms that follow from no other open one. */
export function firsts(alarms: readonly Alarm[]): Alarm[] {
  const open = new Set(alarms.map((alarm) => alarm.id));
  return alarms.filter((alarm) => alarm.cause === null || !open.has(alarm.cause));
}

/** The alarm of the banner: the first that is not acknowledged, else the first. */
export function foremost(alarms: readonly Alarm[]): Alarm | undefined {
  const ordered = byNeed(firsts(alarms));
  return ordered.find((alarm) => alarm.state === "unacknowledged") ?? ordered[0];
}

export const needsAcknowledging = (alarm: Alarm): boolean =>
  alarm.state === "unacknowledged" || alarm.state === "returned";
