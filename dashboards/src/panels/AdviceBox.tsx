// The advice for one ropeway with its reasons as sentences.
import { say, texts } from "../i18n";
import { advice } from "../live/board";
import type { AdviceWord } from "../wire";

/** How strongly the box is marked; the words say the same. */
const WEIGHT: Record<AdviceWord, string> = {
  normal: "",
  watch: "watch",
  slow: "slow",
  stop_loading: "stop",
  stop: "stop",
  inspect: "stop",
};

export function AdviceBox({ ropeway }: { ropeway: string }) {
  const t = texts().advice;
  const mine = advice.value.ropeways.find((one) => one.ropeway === ropeway);
  return (
    <div class={`advice ${mine ? WEIGHT[mine.advice] : "bad"}`} data-advice={mine?.advice ?? "none"}>
      <span class="muted">{t.label}</span>
      <b>{mine ? t.words[mine.advice] : t.none}</b>
      <ul>
        {mine?.reasons.map((reason) => (
          <li key={reason.en}>{say(reason)}</li>
        ))}
      </ul>
    </div>
  );
}
