// The door: who is it, and with a one-time password which one shall it be from now on.
import { notice, perform } from "../acting";
import { say, texts } from "../i18n";
import { Choices } from "../panels/Choices";
import { PasswordForm } from "../panels/PasswordForm";
import { caller, logIn, logOut, who } from "../session";

function Name() {
  const known = who.value;
  return (
    <h1>
      {say(known?.site)} {known?.simulated ? <span class="sim">{texts().header.simulated}</span> : null}
    </h1>
  );
}

function LogInForm() {
  const t = texts().session;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const answers = new FormData(form);
    const [login, password] = ["login", "password"].map((name) => String(answers.get(name) ?? ""));
    void perform(() => logIn((login ?? "").trim(), password ?? "")).then((done) => {
      if (!done) (form.elements.namedItem("password") as HTMLInputElement).select();
    });
  };
  return (
    <form class="fields" onSubmit={submit}>
      <h2>{t.title}</h2>
      <label>
        {t.login}
        <input
          name="login"
          required
          maxLength={60}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          autofocus
          data-testid="login"
        />
      </label>
      <label>
        {t.password}
        <input
          name="password"
          type="password"
          required
          maxLength={256}
          autocomplete="current-password"
          data-testid="password"
        />
      </label>
      {notice.value ? (
        <p class="lacking" role="alert">
          {notice.value}
        </p>
      ) : null}
      <div class="buttons">
        <button type="submit" class="primary" data-testid="log-in">
          {t.enter}
        </button>
      </div>
    </form>
  );
}

function FirstPassword() {
  const t = texts().session;
  return (
    <>
      <h2>{t.oneTimeTitle(caller.value?.name ?? "")}</h2>
      <p class="muted">{t.oneTimeExplain}</p>
      <PasswordForm />
      <button type="button" class="quiet" onClick={() => void perform(logOut)}>
        {t.leave}
      </button>
    </>
  );
}

export function Door() {
  return (
    <main class="door" data-page="log-in">
      <Name />
      <section class="panel block">{caller.value ? <FirstPassword /> : <LogInForm />}</section>
      <p class="status muted">
        <Choices />
      </p>
    </main>
  );
}
