// Acting under a name: ask for it once, do the deed, show the monitor's refusal in its own words.
import { signal } from "@preact/signals";
import { Refusal } from "./api";
import { say, texts } from "./i18n";
import { actor } from "./preferences";

type Question = { answer: (name: string | null) => void };

/** The open question for a name, answered by the name dialog. */
export const nameQuestion = signal<Question | null>(null);
/** The last refusal, shown until it is dismissed. */
export const notice = signal("");

/** The actor's name: the remembered one, else asked for now; null when the person declines. */
export function whoActs(): Promise<string | null> {
  return actor.peek() ? Promise.resolve(actor.peek()) : askName();
}

export function askName(): Promise<string | null> {
  return new Promise((resolve) => {
    nameQuestion.value = {
      answer: (name) => {
        nameQuestion.value = null;
        resolve(name);
      },
    };
  });
}

/** Do `deed` under the actor's name; true when the monitor took it. */
export async function doAs(deed: (name: string) => Promise<unknown>): Promise<boolean> {
  const name = await whoActs();
  if (!name) return false;
  try {
    await deed(name);
    notice.value = "";
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    notice.value = [texts().acting.failed, say(error.title), error.detail].filter(Boolean).join(" · ");
    return false;
  }
}
