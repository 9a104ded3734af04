// Signing: the password given again, inside a form or as a question of its own.
import { perform } from "../acting";
import { texts } from "../i18n";
import { caller } from "../session";
import { Dialog } from "./Dialog";

/** The field of a signature; read it with `signatureOf`. */
export function Signature() {
  const t = texts().session;
  return (
    <label>
      {t.signAs(caller.value?.name ?? "")}
      <input
        name="password"
        type="password"
        required
        maxLength={256}
        autocomplete="current-password"
        data-testid="signature"
      />
    </label>
  );
}

export const signatureOf = (answers: FormData): string => String(answers.get("password") ?? "");

type Props = {
  title: string;
  explain?: string;
  deed: (password: string) => Promise<unknown>;
  done: () => void;
  onClose: () => void;
};

export function SignDialog({ title, explain, deed, done, onClose }: Props) {
  const submit = async (answers: FormData) => {
    if (!(await perform(() => deed(signatureOf(answers))))) return;
    done();
    onClose();
  };
  return (
    <Dialog
      title={title}
      action={texts().session.sign}
      testid="sign"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      {explain ? <p class="muted">{explain}</p> : null}
      <Signature />
    </Dialog>
  );
}
