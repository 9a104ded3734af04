// Who is at this screen, and what they may do; the monitor decides, this only draws it.
import { computed, effect, signal } from "@preact/signals";
import { api, Refusal, strangers } from "./api";
import type { Permission, Who } from "./wire";

const RETRY_MS = 1500;

/** What the monitor said last of who calls; null before its first answer. */
export const who = signal<Who | null>(null);
export const caller = computed(() => who.value?.caller ?? null);
/** Whether somebody is let in who need not first choose a password. */
export const inside = computed(() => caller.value !== null && !caller.value.one_time);

let answered_s = 0;

const steady_s = (): number => performance.now() / 1000;

function take(answer: Who): Who {
  who.value = answer;
  answered_s = steady_s();
  return answer;
}

/** Whether the caller may do this, at `ropeway` if the matter belongs to one. */
export function may(permission: Permission, ropeway: string | null = null): boolean {
  const places = caller.value?.permissions[permission];
  return places !== undefined && (ropeway === null || places.includes("site") || places.includes(ropeway));
}

/** Seconds that the session has left; null where it has no end. */
export function leftS(): number | null {
  const left_s = caller.value?.ends_in_s ?? null;
  return left_s === null ? null : Math.max(0, left_s - (steady_s() - answered_s));
}

export async function readSession(): Promise<void> {
  try {
    take(await api.session());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    setTimeout(() => void readSession(), RETRY_MS);
  }
}

export const logIn = async (login: string, password: string): Promise<Who> =>
  take(await api.logIn(login, password));

export const logOut = async (): Promise<Who> => take(await api.logOut());

export const choosePassword = async (old: string, fresh: string): Promise<Who> =>
  take(await api.choosePassword(old, fresh));

/** Ask anew who calls whenever the monitor took us for a stranger. */
export function watchSession(): void {
  effect(() => {
    void strangers.value;
    void readSession();
  });
}
