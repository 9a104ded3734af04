// Add a person, or change what one is called and may do.
import { attempt } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import type { PersonOnRecord } from "../wire";
import { Dialog } from "./Dialog";
import { grantsOf, RoleGrid, ROLES } from "./Roles";
import { Signature, signatureOf } from "./Signature";

type Props = {
  /** The person changed; null to add one. */
  one: PersonOnRecord | null;
  done: (one_time_password: string | null) => void;
  onClose: () => void;
};

export function PersonDialog({ one, done, onClose }: Props) {
  const t = texts().people;
  const submit = async (answers: FormData) => {
    const name = String(answers.get("name") ?? "").trim();
    const common = { name, grants: grantsOf(answers), password: signatureOf(answers) };
    const told = await attempt(async () => {
      if (one) {
        await api.changePerson(one.id, { ...common, active: answers.get("active") !== null });
        return { one_time_password: null };
      }
      return api.addPerson({ ...common, login: String(answers.get("login") ?? "").trim() });
    });
    if (!told) return;
    done(told.one_time_password);
    onClose();
  };
  return (
    <Dialog
      title={one ? t.changeOf(one.name) : t.add}
      action={texts().session.sign}
      testid="person-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <label>
        {t.name}
        <input name="name" required maxLength={60} defaultValue={one?.name ?? ""} data-testid="person-name" />
      </label>
      {one ? (
        <label class="check">
          <input type="checkbox" name="active" defaultChecked={one.active} />
          {t.mayLogIn}
        </label>
      ) : (
        <label>
          {t.login}
          <input
            name="login"
            required
            maxLength={48}
            pattern="[a-zA-Z][a-zA-Z0-9._\-]*"
            title={t.loginRules}
            autocapitalize="none"
            data-testid="person-login"
          />
        </label>
      )}
      <RoleGrid grants={one?.grants ?? []} roles={ROLES} />
      <Signature />
    </Dialog>
  );
}
