// The second person of an act that two must sign: log-in name and password, given here.
import { texts } from "../i18n";
import type { SecondSigns } from "../wire";

/** A word that was typed into a form, without what surrounds it. */
export const wordOf = (answers: FormData, name: string): string => String(answers.get(name) ?? "").trim();

export const secondOf = (answers: FormData): SecondSigns => ({
  second_login: wordOf(answers, "second_login"),
  second_password: String(answers.get("second_password") ?? ""),
});

export function SecondPerson() {
  const t = texts();
  return (
    <fieldset class="second">
      <legend>{t.alarms.second}</legend>
      <label>
        {t.session.login}
        <input name="second_login" required maxLength={60} autocomplete="off" autocapitalize="none" />
      </label>
      <label>
        {t.session.password}
        <input
          name="second_password"
          type="password"
          required
          maxLength={256}
          autocomplete="off"
          data-testid="second-password"
        />
      </label>
    </fieldset>
  );
}
