// The decision for each ropeway of a consultation; a later one is a new row, the newest counts.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { may } from "../session";
import { ropewayNamed } from "../site";
import { when } from "../time";
import type { Consultation, Decision, DecisionWord } from "../wire";
import { Dialog } from "./Dialog";
import { Signature, signatureOf } from "./Signature";

const WORDS: DecisionWord[] = [
  "normal",
  "watch",
  "slow",
  "stop_loading",
  "clear_and_suspend",
  "suspend",
  "do_not_open",
];

/** The newest decision of a ropeway, and those it replaced. */
export function decisionsOf(
  one: Consultation,
  ropeway: string,
): { valid: Decision | null; earlier: Decision[] } {
  const mine = one.decisions
    .filter((decision) => decision.ropeway === ropeway)
    .sort((a, b) => b.at_ms - a.at_ms);
  return { valid: mine[0] ?? null, earlier: mine.slice(1) };
}

export const nameOf = (ropeway: string): string => say(ropewayNamed(ropeway)?.name) || ropeway;

function words(decision: Decision): string {
  const t = texts().consultations;
  const slow = decision.decision === "slow" && decision.speed_mps !== null;
  return slow ? t.slowTo(number(decision.speed_mps as number, 1)) : t.words[decision.decision];
}

function Options({ word, choose }: { word: DecisionWord | null; choose: (word: DecisionWord) => void }) {
  return (
    <fieldset class="options">
      {WORDS.map((one) => (
        <label class="check" key={one}>
          <input
            type="radio"
            name="decision"
            value={one}
            required
            checked={word === one}
            data-testid={`decision-${one}`}
            onChange={() => choose(one)}
          />
          {texts().consultations.words[one]}
        </label>
      ))}
    </fieldset>
  );
}

type FormProps = { one: Consultation; ropeway: string; onClose: () => void; again: () => void };

function Form({ one, ropeway, onClose, again }: FormProps) {
  // Nothing is chosen beforehand: a decision must not be signed by a slip of the thumb.
  const [word, setWord] = useState<DecisionWord | null>(decisionsOf(one, ropeway).valid?.decision ?? null);
  const t = texts();
  const submit = async (answers: FormData) => {
    if (!word) return;
    const speed = Number.parseFloat(String(answers.get("speed") ?? ""));
    const speed_mps = word === "slow" && Number.isFinite(speed) ? speed : null;
    const note = String(answers.get("note") ?? "").trim();
    const password = signatureOf(answers);
    const done = await perform(() =>
      api.decide(one.id, { password, ropeway, decision: word, speed_mps, note }),
    );
    if (!done) return;
    again();
    onClose();
  };
  return (
    <Dialog
      title={t.consultations.decisionOf(nameOf(ropeway))}
      action={t.consultations.sign}
      testid="decision-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <Options word={word} choose={setWord} />
      {word === "slow" ? (
        <label>
          {t.consultations.speed} m/s
          <input name="speed" type="number" required min="0.1" max="15" step="0.1" inputMode="decimal" />
        </label>
      ) : null}
      <label>
        {t.consultations.note}
        <textarea name="note" maxLength={2000} />
      </label>
      <Signature />
    </Dialog>
  );
}

function Row({ one, ropeway, decide }: { one: Consultation; ropeway: string; decide: () => void }) {
  const t = texts().consultations;
  const { valid, earlier } = decisionsOf(one, ropeway);
  return (
    <div class="decision" data-decision={valid?.decision ?? "none"}>
      <b>{nameOf(ropeway)}</b>
      <div>
        <span class={valid ? "" : "lacking"}>{valid ? words(valid) : t.undecided}</span>
        {valid ? (
          <small class="muted">
            {valid.name} {when(valid.at_ms, one.opened_ms)}
            {valid.note ? ` · ${valid.note}` : ""}
          </small>
        ) : null}
        {earlier.length > 0 ? (
          <small class="muted">
            {t.earlier}
            {texts().colon}
            {earlier
              .map((was) => words(was) + texts().aside(`${was.name} ${when(was.at_ms, one.opened_ms)}`))
              .join(texts().semicolon)}
          </small>
        ) : null}
      </div>
      {one.state === "closed" || !may("decide", ropeway) ? null : (
        <button
          type="button"
          class={valid ? "" : "primary"}
          data-testid={`decide-${ropeway}`}
          onClick={decide}
        >
          {valid ? t.change : t.decide}
        </button>
      )}
    </div>
  );
}

type Props = {
  one: Consultation;
  again: () => void;
  /** The ropeway whose form is open. */
  deciding: string | null;
  setDeciding: (ropeway: string | null) => void;
};

export function Decisions({ one, again, deciding, setDeciding }: Props) {
  const t = texts().consultations;
  return (
    <section class="panel block" aria-labelledby="decisions-title">
      <h3 id="decisions-title">
        {t.decisions} <span class="muted end">{t.perRopeway}</span>
      </h3>
      {one.ropeways.map((ropeway) => (
        <Row key={ropeway} one={one} ropeway={ropeway} decide={() => setDeciding(ropeway)} />
      ))}
      {deciding ? (
        <Form one={one} ropeway={deciding} again={again} onClose={() => setDeciding(null)} />
      ) : null}
    </section>
  );
}
