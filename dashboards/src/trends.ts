// What the trend page looks at, as its address says it: `#/trends/TAG,TAG~SPAN_S~END_MS`.
import { site, tagAt, tagNamed } from "./site";

/** `end_ms` null: the span ends now and goes on with the clock. */
export type View = { tags: string[]; span_s: number; end_ms: number | null };

export const SPANS_S = [3600, 28_800, 86_400, 604_800, 2_592_000, 31_536_000] as const;
export const MOST_LANES = 8;
const SHORTEST_S = 60;
const LONGEST_S = 20 * 31_536_000;

/** The tags of the first ropeway's indicators: something worth seeing before anything is chosen. */
function firstTags(): string[] {
  const slots = site.peek()?.ropeways[0]?.indicators.map((one) => one.slots[0] ?? -1) ?? [];
  return slots
    .map((slot) => tagAt(slot)?.id)
    .filter((id) => id !== undefined)
    .slice(0, 3);
}

export function readView(id: string): View {
  const [tags = "", span = "", end = ""] = id.split("~");
  const known = tags.split(",").filter((one) => tagNamed(one));
  const span_s = Math.min(LONGEST_S, Math.max(SHORTEST_S, Number(span) || SPANS_S[1]));
  return {
    tags: known.length > 0 ? known.slice(0, MOST_LANES) : firstTags(),
    span_s,
    end_ms: Number(end) || null,
  };
}

export const writeView = ({ tags, span_s, end_ms }: View): string =>
  [tags.join(","), Math.round(span_s), end_ms === null ? "" : Math.round(end_ms)].join("~");

/** The view with the span that was marked on a chart. */
export const zoomed = (view: View, from_s: number, to_s: number): View => ({
  ...view,
  span_s: Math.max(SHORTEST_S, to_s - from_s),
  end_ms: to_s * 1000,
});

/** The view moved by a part of its span; never beyond now. */
export function moved(view: View, part: number, now_ms: number): View {
  const end_ms = (view.end_ms ?? now_ms) + part * view.span_s * 1000;
  return { ...view, end_ms: end_ms >= now_ms ? null : end_ms };
}
