// Instants in the site's zone, and spans of time in words.
import { texts } from "./i18n";
import { number } from "./numbers";
import { site } from "./site";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: "clock" | "minute" | "day"): Intl.DateTimeFormat {
  const timeZone = site.value?.timezone ?? "UTC";
  const key = `${kind} ${timeZone}`;
  let found = formats.get(key);
  if (!found) {
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const parts = {
      clock: { ...clock, second: "2-digit" },
      minute: clock,
      day: { year: "numeric", month: "2-digit", day: "2-digit" },
    } as const;
    found = new Intl.DateTimeFormat("sv-SE", { timeZone, ...parts[kind] });
    formats.set(key, found);
  }
  return found;
}

export const clock = (ms: number): string => format("clock").format(ms);
export const minute = (ms: number): string => format("minute").format(ms);
/** 2026-11-23 */
export const day = (ms: number): string => format("day").format(ms);
/** 11-23 */
export const monthDay = (ms: number): string => day(ms).slice(5);
/** Day and time of day. */
export const dayMinute = (ms: number): string => `${day(ms)} ${minute(ms)}`;

/** The clock for something of today, the day and the minute for something older. */
export function when(ms: number, now_ms: number): string {
  return day(ms) === day(now_ms) ? clock(ms) : `${monthDay(ms)} ${minute(ms)}`;
}

const STEPS = [
  [1, 90, "seconds"],
  [60, 90 * 60, "minutes"],
  [3600, 36 * 3600, "hours"],
  [86400, Number.POSITIVE_INFINITY, "days"],
] as const;

/** A span in its handiest unit: 42 s, 6 min, 3 h, 5 d. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  for (const [size, below, word] of STEPS) {
    if (seconds < below) return texts().time[word](number(Math.floor(seconds / size), 0));
  }
  return "";
}

/** A short age with its tenth: 0.3 s; longer ones as `span` says them. */
export const age = (ms: number): string =>
  ms < 10_000 ? texts().time.seconds(number(Math.max(0, ms) / 1000, 1)) : span(ms);

/** A time allowed, in minutes as soon as it is whole minutes. */
export const allowed = (seconds: number): string =>
  seconds % 60 === 0 && seconds < 3600 ? texts().time.minutes(number(seconds / 60, 0)) : span(seconds * 1000);

/** A clear time: 8.7 min below ten minutes, 43 min above. */
export function minutes(seconds: number): string {
  const value = seconds / 60;
  return texts().time.minutes(number(value, value < 10 ? 1 : 0));
}
