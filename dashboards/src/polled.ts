// An answer of the monitor, asked again every few seconds while the page shows it.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Refusal } from "./api";
import { siteNow } from "./live/feed";

export type Polled<T> = { answer: T | null; refusal: Refusal | null; again: () => void };

type Unanswered = { refusal: Refusal; since_ms: number };

/** The questions of the page that the monitor cannot answer now: what they show is as old as that. */
export const unanswered = signal<ReadonlyMap<symbol, Unanswered>>(new Map());

function note(question: symbol, refusal: Refusal | null): void {
  const known = unanswered.peek();
  if (!refusal && !known.has(question)) return;
  const next = new Map(known);
  if (refusal) next.set(question, { refusal, since_ms: known.get(question)?.since_ms ?? siteNow() });
  else next.delete(question);
  unanswered.value = next;
}

/** Ask now, every `every_s`, and whenever one of `keys` changes. A failed question keeps the last answer. */
export function usePolled<T>(
  question: () => Promise<T>,
  every_s: number,
  keys: readonly unknown[],
): Polled<T> {
  const [answer, setAnswer] = useState<T | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(keys);
  // A new key means that the last answer belongs to another question.
  useEffect(() => setAnswer(null), [key]);
  useEffect(() => {
    let shown = true;
    const own = Symbol(key);
    const ask = () =>
      question().then(
        (got) => {
          if (!shown) return;
          setAnswer(got);
          setRefusal(null);
          note(own, null);
        },
        (error: unknown) => {
          if (!shown || !(error instanceof Refusal)) return;
          setRefusal(error);
          note(own, error.passing ? error : null);
        },
      );
    void ask();
    const timer = setInterval(ask, every_s * 1000);
    return () => {
      shown = false;
      clearInterval(timer);
      note(own, null);
    };
  }, [key, every_s, round]);
  return { answer, refusal, again: () => setRound((now) => now + 1) };
}
