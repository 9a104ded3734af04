// Asks for the name under which a person acts, once per browser.
import { nameQuestion } from "../acting";
import { texts } from "../i18n";
import { actor, setActor } from "../preferences";
import { Dialog } from "./Dialog";

export function NameDialog() {
  const question = nameQuestion.value;
  if (!question) return null;
  const t = texts().acting;
  const submit = (answers: FormData) => {
    const name = String(answers.get("name") ?? "").trim();
    if (!name) return;
    setActor(name);
    question.answer(name);
  };
  return (
    <Dialog
      title={t.title}
      action={t.save}
      testid="actor-save"
      onSubmit={submit}
      onClose={() => question.answer(null)}
    >
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
    </Dialog>
  );
}
