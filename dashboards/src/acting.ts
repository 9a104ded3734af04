// Acting: do the deed, show the monitor's refusal in its own words.
import { signal } from "@preact/signals";
import { Refusal } from "./api";
import { say, texts } from "./i18n";

/** The last refusal, shown until it is dismissed. */
export const notice = signal("");

/** Do `deed`; what it brings, or null when the monitor refused. */
export async function attempt<T>(deed: () => Promise<T>): Promise<T | null> {
  try {
    const done = await deed();
    notice.value = "";
    return done;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    notice.value = [texts().acting.failed, say(error.title), error.detail].filter(Boolean).join(" · ");
    return null;
  }
}

/** Do `deed`; true when the monitor took it. */
export const perform = async (deed: () => Promise<unknown>): Promise<boolean> =>
  (await attempt(async () => {
    await deed();
    return true;
  })) ?? false;
