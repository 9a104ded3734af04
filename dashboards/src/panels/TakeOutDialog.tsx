// Takes an alarm out of service for some time: with a reason, and signed by a second person here.
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { allowed } from "../time";
import type { Alarm } from "../wire";
import { Dialog } from "./Dialog";
import { SecondPerson, secondOf, wordOf } from "./SecondPerson";

const SPANS_S = [3600, 8 * 3600, 24 * 3600, 7 * 86_400];

type Props = { alarm: Alarm; longest_h: number; onClose: () => void };

export function TakeOutDialog({ alarm, longest_h, onClose }: Props) {
  const t = texts().alarms;
  const spans = SPANS_S.filter((span_s) => span_s <= longest_h * 3600);
  const submit = async (answers: FormData) => {
    const done = await perform(() =>
      api.takeOut({
        source: alarm.source,
        reason: wordOf(answers, "reason"),
        for_s: Number(wordOf(answers, "for_s")),
        ...secondOf(answers),
      }),
    );
    if (done) onClose();
  };
  return (
    <Dialog
      title={t.takeOutNamed(say(alarm.name))}
      action={t.takeOut}
      testid="take-out-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <p class="muted">{t.takeOutExplain}</p>
      <label>
        {t.takeOutFor}
        <select name="for_s">
          {spans.map((span_s) => (
            <option key={span_s} value={span_s}>
              {allowed(span_s)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t.takeOutWhy}
        <textarea name="reason" required maxLength={2000} />
      </label>
      <SecondPerson />
    </Dialog>
  );
}
