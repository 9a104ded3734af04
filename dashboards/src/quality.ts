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
