// What can be done with an open alarm: acknowledge, reset, shelve.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { needsAcknowledging } from "../judge";
import { may } from "../session";
import type { Alarm } from "../wire";
import { AcknowledgeButton } from "./AlarmBanner";
import { ShelveDialog } from "./ShelveDialog";
import { TakeOutDialog } from "./TakeOutDialog";

function ResetButton({ alarm }: { alarm: Alarm }) {
  const t = texts().alarms;
  return (
    <button
      type="button"
      data-testid={`reset-${alarm.id}`}
      aria-label={t.resetNamed(say(alarm.name))}
      onClick={() => void perform(() => api.alarmAct(alarm.id, "reset"))}
    >
      {t.reset}
    </button>
  );
}

type Props = { alarm: Alarm; shelf_h: number; out_h: number };

export function AlarmButtons({ alarm, shelf_h, out_h }: Props) {
  const t = texts().alarms;
  const [shelving, setShelving] = useState(false);
  const [takingOut, setTakingOut] = useState(false);
  return (
    <span class="deeds">
      {needsAcknowledging(alarm) ? (
        <AcknowledgeButton alarm={alarm} primary={alarm.state === "unacknowledged"} />
      ) : null}
      {alarm.state === "latched" && may("answer_alarms", alarm.ropeway) ? <ResetButton alarm={alarm} /> : null}
      {shelf_h > 0 && may("shelve_alarms", alarm.ropeway) ? (
        <button
          type="button"
          data-testid={`shelve-${alarm.id}`}
          aria-label={t.shelveNamed(say(alarm.name))}
          onClick={() => setShelving(true)}
        >
          {t.shelve}
        </button>
      ) : null}
      {out_h > 0 && may("take_alarms_out", alarm.ropeway) ? (
        <button
          type="button"
          class="quiet"
          data-testid={`take-out-${alarm.id}`}
          aria-label={t.takeOutNamed(say(alarm.name))}
          onClick={() => setTakingOut(true)}
        >
          {t.takeOut}
        </button>
      ) : null}
      {takingOut ? (
        <TakeOutDialog alarm={alarm} longest_h={out_h} onClose={() => setTakingOut(false)} />
      ) : null}
      {shelving ? (
        <ShelveDialog alarm={alarm} longest_h={shelf_h} onClose={() => setShelving(false)} />
      ) : null}
    </span>
  );
}
