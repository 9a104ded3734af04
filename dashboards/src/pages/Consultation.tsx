// One consultation from its frozen brief to its closing, first of all for a phone at night.
import { useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { BriefPanel } from "../panels/BriefPanel";
import { Decisions, decisionsOf, nameOf } from "../panels/Decisions";
import { Opinions } from "../panels/Opinions";
import { SignDialog } from "../panels/Signature";
import { usePolled } from "../polled";
import { may } from "../session";
import { dayMinute, minute } from "../time";
import type { Consultation } from "../wire";

const decided = (one: Consultation): number =>
  one.ropeways.filter((ropeway) => decisionsOf(one, ropeway).valid !== null).length;

type StepState = "done" | "now" | "ahead";

function steps(one: Consultation): { name: string; note: string; state: StepState }[] {
  const t = texts().consultations.steps;
  const all = decided(one) === one.ropeways.length;
  const closed = one.state === "closed";
  const now = closed ? 5 : all ? 4 : one.opinions.length > 0 ? 3 : 2;
  const rows = [
    { name: t.opened, note: minute(one.opened_ms) },
    { name: t.frozen, note: minute(one.opened_ms) },
    { name: t.opinions, note: String(one.opinions.length) },
    { name: t.decisions, note: `${decided(one)}/${one.ropeways.length}` },
    { name: t.closed, note: one.closed_ms === null ? "" : minute(one.closed_ms) },
  ];
  return rows.map((row, at) => ({ ...row, state: at < now ? "done" : at === now ? "now" : "ahead" }));
}

function Steps({ one }: { one: Consultation }) {
  return (
    <ol class="steps">
      {steps(one).map((step) => (
        <li key={step.name} class={step.state} aria-current={step.state === "now" ? "step" : undefined}>
          {step.name}
          <br />
          {step.note}
        </li>
      ))}
    </ol>
  );
}

type ClosingProps = { one: Consultation; again: () => void; decide: (ropeway: string) => void };

/** The one thing to do now: the next decision, and when all are made, to close. */
function Closing({ one, again, decide }: ClosingProps) {
  const t = texts().consultations;
  const [closing, setClosing] = useState(false);
  if (one.state === "closed") {
    return (
      <p class="muted closing">
        {t.closedBy(one.closed_by ?? "", one.closed_ms === null ? "" : dayMinute(one.closed_ms))}
      </p>
    );
  }
  const next = one.ropeways.find((ropeway) => decisionsOf(one, ropeway).valid === null);
  const permitted = one.ropeways.every((ropeway) => may("decide", ropeway));
  if (!permitted) return <p class="muted closing">{t.leaderDecides}</p>;
  return (
    <div class="closing">
      {next ? <span class="muted">{t.closeNeeds}</span> : null}
      <button
        type="button"
        disabled={next !== undefined}
        class={next ? "" : "primary"}
        data-testid="close-consultation"
        onClick={() => setClosing(true)}
      >
        {t.close}
      </button>
      {next ? (
        <button type="button" class="primary" data-testid="decide-next" onClick={() => decide(next)}>
          {t.decideNext(nameOf(next))}
        </button>
      ) : null}
      {closing ? (
        <SignDialog
          title={t.close}
          deed={(password) => api.closeConsultation(one.id, password)}
          done={again}
          onClose={() => setClosing(false)}
        />
      ) : null}
    </div>
  );
}

export function ConsultationPage({ id }: { id: string }) {
  const [deciding, setDeciding] = useState<string | null>(null);
  const { answer: one, refusal, again } = usePolled(() => api.consultation(id), 10, [id]);
  const t = texts();
  if (!one) return <p class="panel empty">{refusal ? say(refusal.title) : t.charts.loading}</p>;
  const by = one.alarm ? t.consultations.bySystem : t.consultations.openedBy(one.opened_by);
  return (
    <div class="consultation">
      <header>
        <p class="muted">
          {[`${t.consultations.title} ${one.number}`, dayMinute(one.opened_ms), by].join(t.separator)}
        </p>
        <h2>{say(one.trigger)}</h2>
        <Steps one={one} />
      </header>
      <BriefPanel one={one} />
      <div class="side">
        <Opinions one={one} again={again} />
        <Decisions one={one} again={again} deciding={deciding} setDeciding={setDeciding} />
        <Closing one={one} again={again} decide={setDeciding} />
      </div>
    </div>
  );
}
