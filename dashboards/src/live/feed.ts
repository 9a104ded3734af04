// Whether frames still come, by the browser's own clock, and what time it is at the site.
import { effect, signal } from "@preact/signals";
import { site } from "../site";

/** A page says that its feed stopped within two seconds, the tick's own delay included. */
const SILENCE_MS = 1750;
const TICK_MS = 100;

export const feedLive = signal(false);
/** Site time of the last frame; null before the first. */
export const lastFrameMs = signal<number | null>(null);
/** Whole seconds of site time, moving on between frames. */
export const siteSecond = signal(0);
/** Tenths of a second of the browser's time since the last frame. */
export const frameAgeTenths = signal(0);

let frameAt = performance.now();
let frameMs: number | null = null;
let offeredMs: number | null = null;

/** The site's time now: the newest the server gave, moved on by the browser's steady clock. */
export function siteNow(): number {
  const known = frameMs ?? offeredMs;
  if (known === null) return Date.now();
  return known + (performance.now() - frameAt) * (site.peek()?.speed ?? 1);
}

/** Take the server's time from an answer, until the first frame brings a better one. */
export function offerTime(now_ms: number): void {
  if (frameMs !== null) return;
  offeredMs = now_ms;
  frameAt = performance.now();
}

export function frameCame(now_ms: number): void {
  frameAt = performance.now();
  frameMs = now_ms;
  lastFrameMs.value = now_ms;
  feedLive.value = true;
}

function tick(): void {
  const silent_ms = performance.now() - frameAt;
  if (silent_ms > SILENCE_MS || frameMs === null) feedLive.value = false;
  frameAgeTenths.value = Math.floor(silent_ms / 100);
  siteSecond.value = Math.floor(siteNow() / 1000);
}

export function watchFeed(): void {
  setInterval(tick, TICK_MS);
  effect(() => {
    document.body.dataset.feed = feedLive.value ? "live" : "stopped";
  });
}
