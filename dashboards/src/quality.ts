// The one place that decides how good, uncertain, bad and old look, in words and in marks.
import { texts } from "./i18n";
import type { Reading } from "./live/board";
import { number } from "./numbers";
import { span } from "./time";
import type { Tag } from "./wire";

export type Look = "good" | "uncertain" | "bad" | "old";

export const UNCERTAIN_FROM = 64;
export const BAD_FROM = 128;
export const DASH = "—";

export function look(quality: number, old = false): Look {
  if (quality >= BAD_FROM) return "bad";
  if (old) return "old";
  return quality >= UNCERTAIN_FROM ? "uncertain" : "good";
}

/** Whether a judgement may rest on the value. An uncertain one is shown, with its doubt. */
export const believable = (reading: Reading): boolean => {
  const is = look(reading.quality, reading.old);
  return (is === "good" || is === "uncertain") && reading.value !== null;
};

/** Class of the element around a value; styles/quality.css draws what it means. */
export const lookClass: Record<Look, string> = {
  good: "",
  uncertain: "uncertain",
  bad: "bad",
  old: "bad old",
};

/** The short reason beside a value that is not plainly good; empty when it is. */
export function reason(quality: number, old = false): string {
  const words = texts().quality;
  if (old && quality < BAD_FROM) return words.old;
  return quality === 0 ? "" : (words.codes[quality] ?? words.codeUnknown(quality));
}

/** Reason and age, as one short phrase. */
export function doubt(reading: Reading, now_ms: number, begun_ms: number | null): string {
  const why = reason(reading.quality, reading.old);
  if (!why) return "";
  if (look(reading.quality) === "uncertain" && !reading.old) return why;
  const from = look(reading.quality) === "bad" ? begun_ms : reading.received_ms;
  return from === null ? why : `${why} ${span(now_ms - from)}`;
}

/** The value in words or figures; a dash when there is nothing to believe. */
export function shown(reading: Pick<Reading, "value" | "quality" | "old">, tag: Tag | undefined): string {
  const is = look(reading.quality, reading.old);
  if (reading.value === null || is === "bad" || is === "old") return DASH;
  if (tag?.boolean) return reading.value ? texts().yes : texts().no;
  return number(reading.value, tag?.decimals ?? 1);
}

/** A stretch of a course that has no good sample: nothing came, or nothing that could be believed. */
export type Stretch = { from_s: number; to_s: number; kind: "missing" | "doubted" };

/**
 * The stretches of a course in buckets without a good sample. Each bucket lasts to the next one's
 * begin, the last one `step_s`. A count above zero means that samples came, and none was good.
 */
export function stretchesOf(
  t_s: readonly number[],
  mean: readonly (number | null)[],
  count: readonly (number | null)[],
  step_s: number,
): Stretch[] {
  const found: Stretch[] = [];
  mean.forEach((value, at) => {
    if (value !== null) return;
    const kind = (count[at] ?? 0) > 0 ? "doubted" : "missing";
    const from_s = t_s[at] as number;
    const to_s = t_s[at + 1] ?? from_s + step_s;
    const last = found[found.length - 1];
    if (last && last.kind === kind && last.to_s === from_s) last.to_s = to_s;
    else found.push({ from_s, to_s, kind });
  });
  return found;
}
