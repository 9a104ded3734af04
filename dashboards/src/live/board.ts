// The newest sample of every tag as one signal per slot, so that only a changed tile repaints.
import { batch, type Signal, signal } from "@preact/signals";
import { oldAfterS, site } from "../site";
import type { Advice, Alarm, Flood, Frame } from "../wire";

export type Reading = {
  value: number | null;
  quality: number;
  source_ms: number | null;
  /** Socket time at which this was last told; `heardMs` says when it was last read. */
  received_ms: number;
  /** Nothing came for longer than the device's period allows. */
  old: boolean;
  /** When the value was last good; null for never, or not known. */
  good_ms: number | null;
};

export const NEVER_READ = 133;
const NOTHING: Reading = {
  value: null,
  quality: NEVER_READ,
  source_ms: null,
  received_ms: 0,
  old: false,
  good_ms: null,
};

const slots: Signal<Reading>[] = [];
/** When each slot was last read, changed or not. No signal: a value that stays must not repaint. */
const heard: number[] = [];
/** The open alarms that the operator is told of. */
export const openAlarms = signal<Alarm[]>([]);
/** Those that are shelved, suppressed by design or out of service. */
export const hiddenAlarms = signal<Alarm[]>([]);
/** By the id of a cause: how many of its consequences the frame leaves out. */
export const folded = signal<Record<string, number>>({});
/** Whether alarms flood the desk, and how many came in the last ten minutes. */
export const flood = signal<Flood>({ on: false, alarms: 0 });
/** From when on nothing is judged and kept; null while alarms can be trusted. */
export const unjudgedMs = signal<number | null>(null);
export const advice = signal<Advice>({ ropeways: [] });
export const devicesOnline = signal<{ online: number; all: number }>({ online: 0, all: 0 });

export function readingAt(slot: number): Signal<Reading> {
  let found = slots[slot];
  if (!found) {
    found = signal(NOTHING);
    slots[slot] = found;
  }
  return found;
}

/** Socket time at which something last came for the slot, changed or not; 0 for never. */
export const heardMs = (slot: number): number => heard[slot] ?? 0;

function take(frame: Frame, at: number, slot: number): void {
  const cell = readingAt(slot);
  heard[slot] = frame.now_ms;
  const quality = frame.quality[at] ?? NEVER_READ;
  cell.value = {
    value: frame.values[at] ?? null,
    quality,
    source_ms: frame.source_ms[at] ?? null,
    received_ms: frame.now_ms,
    old: false,
    good_ms: frame.good_ms?.[at] || null,
  };
}

/** What was read again and is as it was: fresh, and no longer old. */
function takeSeen(frame: Frame): void {
  for (const [first, last] of frame.seen ?? []) {
    for (let slot = first; slot <= last; slot++) {
      heard[slot] = frame.now_ms;
      const cell = readingAt(slot);
      if (cell.peek().old) cell.value = { ...cell.peek(), received_ms: frame.now_ms, old: false };
    }
  }
}

function takeAround(frame: Frame): void {
  if (frame.alarms) {
    openAlarms.value = frame.alarms.filter((alarm) => !alarm.aside);
    hiddenAlarms.value = frame.alarms.filter((alarm) => alarm.aside);
    folded.value = frame.folded ?? {};
  }
  if (frame.flood) flood.value = frame.flood;
  if (frame.unjudged_ms !== undefined) unjudgedMs.value = frame.unjudged_ms;
  if (frame.advice) advice.value = frame.advice;
  if (frame.devices_online !== undefined || frame.devices !== undefined) {
    const { online, all } = devicesOnline.peek();
    devicesOnline.value = { online: frame.devices_online ?? online, all: frame.devices ?? all };
  }
}

/** Mark what has not been heard of for too long; in fast time the wait is as much longer. */
function markOld(now_ms: number): void {
  const known = site.peek();
  if (!known) return;
  for (const tag of known.tags) {
    const cell = readingAt(tag.slot);
    const reading = cell.peek();
    if (reading.old || reading.received_ms === 0) continue;
    const limit_ms = oldAfterS(tag) * 1000 * Math.max(1, known.speed);
    const heard_ms = heardMs(tag.slot);
    if (now_ms - heard_ms > limit_ms) cell.value = { ...reading, received_ms: heard_ms, old: true };
  }
}

export function applyFrame(frame: Frame): void {
  batch(() => {
    const which = frame.slots;
    const count = which ? which.length : frame.values.length;
    for (let at = 0; at < count; at++) take(frame, at, which ? (which[at] as number) : at);
    takeSeen(frame);
    takeAround(frame);
    markOld(frame.now_ms);
  });
}
