// Keys that let a machine or a wall screen in, without a person.
import { useState } from "preact/hooks";
import { attempt, perform } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import { usePolled } from "../polled";
import { day } from "../time";
import type { AccessKey, KeyKind, RoleWord } from "../wire";
import { Dialog } from "./Dialog";
import { grantsOf, RoleGrid, Roles } from "./Roles";
import { Signature, signatureOf } from "./Signature";

/** What a machine may be; a wall screen only ever views. */
const MACHINE_ROLES: RoleWord[] = ["viewer", "operator"];

function KeyDialog({ done, onClose }: { done: (secret: string) => void; onClose: () => void }) {
  const t = texts().people;
  const [kind, setKind] = useState<KeyKind>("kiosk");
  const submit = async (answers: FormData) => {
    const made = await attempt(() =>
      api.makeKey({
        kind,
        name: String(answers.get("name") ?? "").trim(),
        grants: kind === "kiosk" ? [{ role: "viewer", ropeway: "site" }] : grantsOf(answers),
        days: Number(answers.get("days")),
        password: signatureOf(answers),
      }),
    );
    if (!made) return;
    done(kind === "kiosk" ? `${location.origin}/kiosk/${made.token}` : made.token);
    onClose();
  };
  return (
    <Dialog
      title={t.addKey}
      action={texts().session.sign}
      testid="key-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <fieldset class="choice">
        <legend>{t.kind}</legend>
        {(["kiosk", "machine"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
            {t.kinds[one]}
          </button>
        ))}
      </fieldset>
      <label>
        {t.keyName}
        <input name="name" required maxLength={60} data-testid="key-name" />
      </label>
      <label>
        {t.days}
        <input name="days" type="number" required min="1" max="730" defaultValue="365" inputMode="numeric" />
      </label>
      {kind === "machine" ? <RoleGrid grants={[]} roles={MACHINE_ROLES} /> : null}
      <Signature />
    </Dialog>
  );
}

function keyState(one: AccessKey): string {
  const t = texts().people;
  if (one.ended_ms !== null) return t.endedBy(one.ended_by ?? "", day(one.ended_ms));
  return !one.valid ? t.expired(day(one.expires_ms)) : t.validUntil(day(one.expires_ms));
}

export function KeyTable({ tell }: { tell: (secret: string) => void }) {
  const t = texts().people;
  const { answer, again } = usePolled(() => api.keys(), 30, []);
  const [making, setMaking] = useState(false);
  const end = async (one: AccessKey) => {
    if (await perform(() => api.endKey(one.id))) again();
  };
  return (
    <section class="panel block scroll" tabIndex={0}>
      <div class="title-row">
        <h3>{t.keys}</h3>
        <button type="button" class="end" data-testid="add-key" onClick={() => setMaking(true)}>
          {t.addKey}
        </button>
      </div>
      {answer && answer.keys.length === 0 ? <p class="muted">{t.noKeys}</p> : null}
      <table>
        <tbody>
          {(answer?.keys ?? []).map((one) => (
            <tr key={one.id} class={one.ended_ms === null ? "" : "muted"}>
              <th scope="row">{one.name}</th>
              <td>{t.kinds[one.kind]}</td>
              <td>
                <Roles grants={one.grants} />
              </td>
              <td>{keyState(one)}</td>
              <td>
                {one.ended_ms === null ? (
                  <button type="button" data-testid={`end-key-${one.id}`} onClick={() => void end(one)}>
                    {t.endKey}
                  </button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {making ? (
        <KeyDialog
          done={(secret) => {
            again();
            tell(secret);
          }}
          onClose={() => setMaking(false)}
        />
      ) : null}
    </section>
  );
}
