// A rope test's verdict as a chip: words always, a mark from "warning" on.
import { texts } from "../i18n";
import type { Priority, Verdict } from "../wire";

const MARKED: Partial<Record<Verdict, Priority>> = { warning: 3, action: 2, discard: 1 };

export function VerdictChip({ verdict }: { verdict: Verdict }) {
  const level = MARKED[verdict];
  return (
    <span
      class={`chip verdict ${verdict} ${level ? `edge${level}` : ""} ${verdict === "incomplete" ? "lacking" : ""}`}
    >
      {texts().ropes.verdicts[verdict]}
    </span>
  );
}
