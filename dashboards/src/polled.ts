// An answer of the monitor, asked again every few seconds while the page shows it.
import { useEffect, useState } from "preact/hooks";
import { Refusal } from "./api";

export type Polled<T> = { answer: T | null; refusal: Refusal | null; again: () => void };

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
    const ask = () =>
      question().then(
        (got) => {
          if (!shown) return;
          setAnswer(got);
          setRefusal(null);
        },
        (error: unknown) => {
          if (shown && error instanceof Refusal) setRefusal(error);
        },
      );
    void ask();
    const timer = setInterval(ask, every_s * 1000);
    return () => {
      shown = false;
      clearInterval(timer);
    };
  }, [key, every_s, round]);
  return { answer, refusal, again: () => setRound((now) => now + 1) };
}
