// All consultations, and the way to open one by hand.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { Dialog } from "../panels/Dialog";
import { usePolled } from "../polled";
import { link } from "../router";
import { may } from "../session";
import { ropewayNamed, site } from "../site";
import { dayMinute } from "../time";
import type { ConsultationHead } from "../wire";

function Row({ one }: { one: ConsultationHead }) {
  const t = texts().consultations;
  return (
    <li class={`panel row-card ${one.state}`}>
      <a href={link.consultation(one.id)}>
        <b class="nowrap">{one.number}</b>
        <span class="grow">{say(one.trigger)}</span>
        <span class="muted">
          {one.ropeways.map((id) => say(ropewayNamed(id)?.name) || id).join(texts().comma)}
        </span>
        <span class="muted nowrap">{dayMinute(one.opened_ms)}</span>
        <span class={`chip ${one.state === "closed" ? "" : "lacking"}`}>{t.states[one.state]}</span>
      </a>
    </li>
  );
}

function OpenForm({ onClose }: { onClose: () => void }) {
  const t = texts();
  const submit = async (answers: FormData) => {
    const reason = String(answers.get("reason") ?? "").trim();
    const ropeways = answers.getAll("ropeway").map(String);
    const done = await perform(async () => {
      const made = await api.openConsultation({ reason, ropeways });
      location.hash = link.consultation(made.id);
    });
    if (done) onClose();
  };
  return (
    <Dialog
      title={t.consultations.open}
      action={t.consultations.open}
      testid="open-consultation-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <label>
        {t.consultations.reason}
        <textarea name="reason" required maxLength={500} />
      </label>
      <fieldset class="options">
        <legend>{t.consultations.ropeways}</legend>
        {site.value?.ropeways.map((way) => (
          <label class="check" key={way.id}>
            <input type="checkbox" name="ropeway" value={way.id} defaultChecked />
            {say(way.name)}
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}

export function Consultations(_: { id: string }) {
  const [opening, setOpening] = useState(false);
  const { answer } = usePolled(() => api.consultations(), 10, []);
  const t = texts().consultations;
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.title}</h2>
        <button
          type="button"
          class="end"
          hidden={!may("speak")}
          data-testid="open-consultation"
          onClick={() => setOpening(true)}
        >
          {t.open}
        </button>
      </div>
      {answer?.consultations.length === 0 ? <p class="panel empty">{t.none}</p> : null}
      <ul class="rows">
        {answer?.consultations.map((one) => (
          <Row key={one.id} one={one} />
        ))}
      </ul>
      {opening ? <OpenForm onClose={() => setOpening(false)} /> : null}
    </div>
  );
}
