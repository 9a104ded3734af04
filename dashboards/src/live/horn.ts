// The alarm horn: a short two-tone for each new alarm of priority 1 or 2.
import { computed, effect, signal } from "@preact/signals";
import { muted } from "../preferences";
import type { Alarm } from "../wire";
import { firsts } from "../judge";
import { flood, openAlarms, unjudgedMs } from "./board";

export type SoundState = "blocked" | "on" | "muted";

const unlocked = signal(false);
let context: AudioContext | null = null;

export function soundState(): SoundState {
  if (muted.value) return "muted";
  return unlocked.value ? "on" : "blocked";
}

/** Ask the browser for sound; it is granted only from a touch or a key. */
export async function unlockSound(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  unlocked.value = context.state === "running";
}

function tone(at: AudioContext, hertz: number, from_s: number, length_s: number): void {
  const oscillator = at.createOscillator();
  const level = at.createGain();
  const begin = at.currentTime + from_s;
  oscillator.frequency.value = hertz;
  oscillator.type = "triangle";
  level.gain.setValueAtTime(0, begin);
  level.gain.linearRampToValueAtTime(0.3, begin + 0.02);
  level.gain.setValueAtTime(0.3, begin + length_s - 0.03);
  level.gain.linearRampToValueAtTime(0, begin + length_s);
  oscillator.connect(level).connect(at.destination);
  oscillator.start(begin);
  oscillator.stop(begin + length_s);
}

function blow(priority: number): void {
  if (!context || soundState() !== "on") return;
  const [first, second] = priority === 1 ? [880, 660] : [660, 550];
  tone(context, first as number, 0, 0.28);
  tone(context, second as number, 0.3, 0.28);
}

const isUrgent = (alarm: Alarm): boolean => alarm.state === "unacknowledged" && alarm.priority <= 2;

/** What to blow for, if for anything: in a flood only for the first priority, and once for the flood. */
export function call(fresh: readonly Alarm[], flooding: boolean, flooded: boolean): number | null {
  if (flooding && !flooded) return 1;
  const heeded = flooding ? fresh.filter((alarm) => alarm.priority === 1) : fresh;
  return heeded.length > 0 ? Math.min(...heeded.map((alarm) => alarm.priority)) : null;
}

export function mindAlarms(): void {
  let heard = new Set<number>();
  let flooded = false;
  const stopped = computed(() => unjudgedMs.value !== null);
  effect(() => {
    if (stopped.value) blow(1);
  });
  effect(() => {
    const urgent = firsts(openAlarms.value).filter(isUrgent);
    const fresh = urgent.filter((alarm) => !heard.has(alarm.id));
    const priority = call(fresh, flood.value.on, flooded);
    heard = new Set(urgent.map((alarm) => alarm.id));
    flooded = flood.value.on;
    if (priority !== null) blow(priority);
  });
  const gesture = () => void unlockSound().catch(() => undefined);
  // Not when the button goes down: the words in the header change, and what is below would move under the click.
  addEventListener("click", gesture, { once: true });
  addEventListener("keydown", gesture, { once: true });
}
