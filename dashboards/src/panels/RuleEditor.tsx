// Other rules as text: checked for every fault with its place before anything is proposed.
import { useState } from "preact/hooks";
import { attempt, notice } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import type { RecordId } from "../wire";

export function RuleEditor({ text, done }: { text: string; done: (id: RecordId) => void }) {
  const t = texts().rules;
  const [draft, setDraft] = useState(text);
  const [why, setWhy] = useState("");
  const [faults, setFaults] = useState<string[] | null>(null);
  const check = async () => {
    const found = await attempt(() => api.checkRules(draft));
    if (found) setFaults(found.faults);
  };
  const propose = async (event: SubmitEvent) => {
    event.preventDefault();
    const checked = await attempt(() => api.checkRules(draft));
    if (!checked) return;
    setFaults(checked.faults);
    if (checked.faults.length > 0) return;
    const made = await attempt(() => api.proposeRules(draft, why.trim()));
    if (made) done(made.id);
  };
  return (
    <form class="panel block" onSubmit={(event) => void propose(event)}>
      <p class="muted">{t.editExplain}</p>
      <textarea
        class="code"
        aria-label={t.text}
        spellcheck={false}
        value={draft}
        data-testid="rules-text"
        onInput={(event) => setDraft(event.currentTarget.value)}
      />
      {faults === null ? null : faults.length === 0 ? (
        <p role="status">{t.noFaults}</p>
      ) : (
        <ul class="faults lacking" role="alert" data-testid="rule-faults">
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
      <label>
        {t.whyAsked}
        <input
          required
          maxLength={2000}
          value={why}
          data-testid="rules-why"
          onInput={(event) => setWhy(event.currentTarget.value)}
        />
      </label>
      {notice.value ? (
        <p class="lacking" role="alert">
          {notice.value}
        </p>
      ) : null}
      <div class="buttons">
        <button type="button" data-testid="check-rules" onClick={() => void check()}>
          {t.check}
        </button>
        <button type="submit" class="primary" data-testid="propose-save">
          {t.proposeNow}
        </button>
      </div>
    </form>
  );
}
