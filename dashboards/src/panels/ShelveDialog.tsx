// Hides an alarm for some time: choose how long, touch the reason.
import { useEffect, useRef, useState } from "preact/hooks";
import { notice, perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { allowed } from "../time";
import type { Alarm } from "../wire";

const SPANS_S = [900, 1800, 3600, 4 * 3600, 8 * 3600];
const REASONS = ["sensor", "work", "known", "chatter"] as const;
const USUAL_S = 1800;

type Props = { alarm: Alarm; longest_h: number; onClose: () => void };

export function ShelveDialog({ alarm, longest_h, onClose }: Props) {
  const t = texts();
  const dialog = useRef<HTMLDialogElement>(null);
  const spans = SPANS_S.filter((span_s) => span_s <= longest_h * 3600);
  const [for_s, setFor] = useState(spans.includes(USUAL_S) ? USUAL_S : (spans[0] ?? 60));
  useEffect(() => {
    notice.value = "";
    dialog.current?.showModal();
  }, []);
  const shelve = async (reason: string) => {
    if (await perform(() => api.shelve(alarm.id, reason, for_s))) onClose();
  };
  return (
    <dialog ref={dialog} class="panel" aria-label={t.alarms.shelveNamed(say(alarm.name))} onCancel={onClose}>
      <div class="shelving">
        <h2>{t.alarms.shelveNamed(say(alarm.name))}</h2>
        <p class="muted">{t.alarms.shelveExplain}</p>
        <fieldset class="choice">
          <legend>{t.alarms.shelveFor}</legend>
          {spans.map((span_s) => (
            <button key={span_s} type="button" aria-pressed={span_s === for_s} onClick={() => setFor(span_s)}>
              {allowed(span_s)}
            </button>
          ))}
        </fieldset>
        <fieldset class="choice">
          <legend>{t.alarms.shelveWhy}</legend>
          {REASONS.map((reason) => (
            <button
              key={reason}
              type="button"
              data-testid={`shelve-why-${reason}`}
              onClick={() => void shelve(t.alarms.reasons[reason])}
            >
              {t.alarms.reasons[reason]}
            </button>
          ))}
        </fieldset>
        {notice.value ? (
          <p class="lacking" role="alert">
            {notice.value}
          </p>
        ) : null}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {t.acting.cancel}
          </button>
        </div>
      </div>
    </dialog>
  );
}
