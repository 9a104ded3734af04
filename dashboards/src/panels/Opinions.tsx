// The opinions given in a consultation, the dissenting one marked as such, and a form for another.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import { role, setRole } from "../preferences";
import { may } from "../session";
import { when } from "../time";
import type { Consultation } from "../wire";
import { Dialog } from "./Dialog";

function Form({ one, onClose, again }: { one: Consultation; onClose: () => void; again: () => void }) {
  const t = texts();
  const submit = async (answers: FormData) => {
    const text = String(answers.get("text") ?? "").trim();
    const my_role = String(answers.get("role") ?? "").trim();
    const dissent = answers.get("dissent") !== null;
    setRole(my_role);
    const done = await perform(() => api.giveOpinion(one.id, { role: my_role, text, dissent }));
    if (!done) return;
    again();
    onClose();
  };
  return (
    <Dialog
      title={t.consultations.addOpinion}
      action={t.acting.save}
      testid="opinion-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <label>
        {t.acting.role}
        <input name="role" required maxLength={60} defaultValue={role.peek()} />
      </label>
      <label>
        {t.consultations.opinion}
        <textarea name="text" required maxLength={2000} />
      </label>
      <label class="check">
        <input type="checkbox" name="dissent" />
        {t.consultations.isDissent}
      </label>
    </Dialog>
  );
}

export function Opinions({ one, again }: { one: Consultation; again: () => void }) {
  const [writing, setWriting] = useState(false);
  const t = texts().consultations;
  return (
    <section class="panel block" aria-labelledby="opinions-title">
      <h3 id="opinions-title">
        {t.opinions} <span class="muted end">{t.opinionCount(one.opinions.length)}</span>
      </h3>
      {one.opinions.length === 0 ? <p class="muted">{t.noOpinions}</p> : null}
      {one.opinions.map((opinion) => (
        <div class="opinion" key={`${opinion.name}${opinion.at_ms}`}>
          <b>{opinion.role}</b>
          <span class="muted">
            {opinion.name} {when(opinion.at_ms, one.opened_ms)}
            {opinion.dissent ? <b class="dissent">{t.dissent}</b> : null}
          </span>
          <p>{opinion.text}</p>
        </div>
      ))}
      {one.state === "closed" || !may("speak") ? null : (
        <button type="button" data-testid="add-opinion" onClick={() => setWriting(true)}>
          {t.addOpinion}
        </button>
      )}
      {writing ? <Form one={one} again={again} onClose={() => setWriting(false)} /> : null}
    </section>
  );
}
