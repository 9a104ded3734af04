// Who may log in and with which roles, and the keys of machines and wall screens.
import { useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { KeyTable } from "../panels/KeyTable";
import { PersonDialog } from "../panels/PersonDialog";
import { Roles } from "../panels/Roles";
import { SecretDialog } from "../panels/SecretDialog";
import { SignDialog } from "../panels/Signature";
import { usePolled } from "../polled";
import { dayMinute } from "../time";
import type { PersonOnRecord } from "../wire";

type RowProps = { one: PersonOnRecord; edit: () => void; reset: () => void };

function Row({ one, edit, reset }: RowProps) {
  const t = texts().people;
  return (
    <tr class={one.active ? "" : "muted"}>
      <th scope="row">
        {one.name}
        <small class="muted"> {one.login}</small>
      </th>
      <td>
        <Roles grants={one.grants} />
      </td>
      <td>{one.active ? (one.one_time ? t.oneTime : t.active) : t.inactive}</td>
      <td class="small">
        {dayMinute(one.made_ms)} {one.made_by}
      </td>
      <td class="nowrap">
        <button type="button" data-testid={`edit-${one.login}`} onClick={edit}>
          {t.edit}
        </button>{" "}
        <button type="button" data-testid={`reset-${one.login}`} onClick={reset}>
          {t.reset}
        </button>
      </td>
    </tr>
  );
}

export function PeoplePage(_: { id: string }) {
  const t = texts().people;
  const { answer, refusal, again } = usePolled(() => api.people(), 30, []);
  const [editing, setEditing] = useState<PersonOnRecord | "new" | null>(null);
  const [resetting, setResetting] = useState<PersonOnRecord | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  if (!answer) return <p class="panel empty">{refusal ? say(refusal.title) : texts().charts.loading}</p>;
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.title}</h2>
        <button type="button" class="end" data-testid="add-person" onClick={() => setEditing("new")}>
          {t.add}
        </button>
      </div>
      <section class="panel block scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {[t.name, t.roles, t.state, t.made, t.deeds].map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.people.map((one) => (
              <Row key={one.id} one={one} edit={() => setEditing(one)} reset={() => setResetting(one)} />
            ))}
          </tbody>
        </table>
      </section>
      <KeyTable tell={setSecret} />
      {editing ? (
        <PersonDialog
          one={editing === "new" ? null : editing}
          done={(password) => {
            again();
            setSecret(password);
          }}
          onClose={() => setEditing(null)}
        />
      ) : null}
      {resetting ? (
        <SignDialog
          title={t.resetOf(resetting.name)}
          explain={t.resetExplain}
          deed={async (password) => setSecret((await api.resetPassword(resetting.id, password)).one_time_password)}
          done={again}
          onClose={() => setResetting(null)}
        />
      ) : null}
      {secret ? <SecretDialog secret={secret} onClose={() => setSecret(null)} /> : null}
    </div>
  );
}
