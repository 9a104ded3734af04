// Hand-over: every safety device that is bypassed, by whom, until when, and what protects meanwhile.
import { useState } from "preact/hooks";
import { api } from "../api";
import { texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { usePolled } from "../polled";
import { may } from "../session";
import { when } from "../time";
import type { Bypass } from "../wire";
import { EndBypass, EnterBypass, RenewBypass } from "./BypassDialogs";
import { placeName } from "./Roles";

const ASK_EVERY_S = 10;

type Deed = { what: "enter" } | { what: "renew" | "end"; bypass: Bypass };

function Standing({ one, now_ms, ask }: { one: Bypass; now_ms: number; ask: (deed: Deed) => void }) {
  const t = texts().bypasses;
  const newest = one.approvals[one.approvals.length - 1];
  return (
    <tr>
      <td class="nowrap">{placeName(one.ropeway)}</td>
      <td class="wide">
        <b>{one.safety_device}</b>
        <br />
        <span class="muted">{one.reason}</span>
      </td>
      <td class="wide">{t.measuresAre(one.measures)}</td>
      <td class="muted">{t.signed(one.entered_by, newest?.approved_by ?? "")}</td>
      <td class={one.overdue ? "nowrap lacking" : "nowrap"}>
        {one.overdue ? t.overdueSince(when(one.until_ms, now_ms)) : t.until(when(one.until_ms, now_ms))}
      </td>
      <td>
        {may("enter_bypasses", one.ropeway) ? (
          <div class="acts">
            <button
              type="button"
              data-testid={`bypass-renew-${one.id}`}
              aria-label={t.renewNamed(one.safety_device)}
              onClick={() => ask({ what: "renew", bypass: one })}
            >
              {t.renew}
            </button>
            <button
              type="button"
              data-testid={`bypass-end-${one.id}`}
              aria-label={t.endNamed(one.safety_device)}
              onClick={() => ask({ what: "end", bypass: one })}
            >
              {t.end}
            </button>
          </div>
        ) : null}
      </td>
    </tr>
  );
}

function Over({ one, now_ms }: { one: Bypass; now_ms: number }) {
  const t = texts().bypasses;
  return (
    <tr class="muted">
      <td class="nowrap">{placeName(one.ropeway)}</td>
      <td class="wide">{one.safety_device}</td>
      <td class="wide">{one.ended_note}</td>
      <td>{one.ended_by}</td>
      <td class="nowrap">{t.ended(when(one.ended_ms ?? 0, now_ms))}</td>
      <td />
    </tr>
  );
}

export function Bypasses() {
  const t = texts().bypasses;
  const [deed, setDeed] = useState<Deed | null>(null);
  const { answer, refusal, again } = usePolled(() => api.bypasses(), ASK_EVERY_S, []);
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  const longest_s = answer?.longest_s ?? 0;
  const close = () => {
    setDeed(null);
    again();
  };
  return (
    <section class="panel block" data-testid="bypasses">
      <div class="title-row">
        <h3>{t.title}</h3>
        {answer && may("enter_bypasses") ? (
          <button type="button" data-testid="bypass-enter" onClick={() => setDeed({ what: "enter" })}>
            {t.enter}
          </button>
        ) : null}
      </div>
      {refusal ? <p class="lacking">{t.unknown}</p> : null}
      {answer?.standing.length === 0 ? <p class="muted">{t.none}</p> : null}
      <table class="stacking">
        <tbody>
          {answer?.standing.map((one) => (
            <Standing key={one.id} one={one} now_ms={now_ms} ask={setDeed} />
          ))}
          {answer?.ended.map((one) => (
            <Over key={one.id} one={one} now_ms={now_ms} />
          ))}
        </tbody>
      </table>
      {deed?.what === "enter" ? <EnterBypass longest_s={longest_s} onClose={close} /> : null}
      {deed?.what === "renew" ? (
        <RenewBypass bypass={deed.bypass} longest_s={longest_s} onClose={close} />
      ) : null}
      {deed?.what === "end" ? <EndBypass bypass={deed.bypass} onClose={close} /> : null}
    </section>
  );
}
