// Choose a password of one's own: after a one-time one, or at any time.
import { useState } from "preact/hooks";
import { notice, perform } from "../acting";
import { texts } from "../i18n";
import { choosePassword } from "../session";

export function PasswordForm() {
  const t = texts().session;
  const [differ, setDiffer] = useState(false);
  const [changed, setChanged] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const answers = new FormData(form);
    const [old, fresh, again] = ["old", "new", "again"].map((name) => String(answers.get(name) ?? ""));
    setDiffer(fresh !== again);
    if (fresh !== again) return;
    if (!(await perform(() => choosePassword(old ?? "", fresh ?? "")))) return;
    setChanged(true);
    form.reset();
  };
  const field = (name: string, label: string, complete: string) => (
    <label>
      {label}
      <input
        name={name}
        type="password"
        required
        maxLength={256}
        autocomplete={complete}
        data-testid={`password-${name}`}
      />
    </label>
  );
  return (
    <form class="fields" onSubmit={(event) => void submit(event)}>
      {field("old", t.oldPassword, "current-password")}
      {field("new", t.newPassword, "new-password")}
      {field("again", t.newAgain, "new-password")}
      <p class="muted small">{t.passwordRules}</p>
      {differ ? (
        <p class="lacking" role="alert">
          {t.differ}
        </p>
      ) : null}
      {notice.value ? (
        <p class="lacking" role="alert">
          {notice.value}
        </p>
      ) : null}
      {changed ? <p role="status">{t.changed}</p> : null}
      <div class="buttons">
        <button type="submit" class="primary" data-testid="password-save">
          {t.savePassword}
        </button>
      </div>
    </form>
  );
}
