// Asks for the name under which a person acts, once per browser.
import { useEffect, useRef } from "preact/hooks";
import { nameQuestion } from "../acting";
import { texts } from "../i18n";
import { actor, setActor } from "../preferences";

export function NameDialog() {
  const question = nameQuestion.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question) dialog.current?.showModal();
  }, [question]);
  if (!question) return null;
  const t = texts().acting;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name") ?? "").trim();
    if (!name) return;
    setActor(name);
    question.answer(name);
  };
  return (
    <dialog ref={dialog} class="panel" aria-labelledby="name-title" onCancel={() => question.answer(null)}>
      <form onSubmit={submit}>
        <h2 id="name-title">{t.title}</h2>
        <p class="muted">{t.explain}</p>
        <label>
          {t.name}
          <input
            name="name"
            required
            maxLength={60}
            autocomplete="name"
            defaultValue={actor.peek()}
            data-testid="actor-name"
          />
        </label>
        <div class="buttons">
          <button type="button" onClick={() => question.answer(null)}>
            {t.cancel}
          </button>
          <button type="submit" class="primary" data-testid="actor-save">
            {t.save}
          </button>
        </div>
      </form>
    </dialog>
  );
}
