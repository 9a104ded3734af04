// My own log-in: what I may do where, my password, the end of my session, and the way out.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { PasswordForm } from "../panels/PasswordForm";
import { placeName } from "../panels/Roles";
import { SignDialog } from "../panels/Signature";
import { link } from "../router";
import { caller, leftS, logIn, logOut, may } from "../session";
import { allowed } from "../time";
import type { Permission } from "../wire";

function Permitted() {
  const t = texts().session;
  const held = Object.entries(caller.value?.permissions ?? {}) as [Permission, string[]][];
  return (
    <section class="panel block">
      <h3>{t.permitted}</h3>
      <table>
        <tbody>
          {held.map(([permission, places]) => (
            <tr key={permission}>
              <th scope="row">{t.permissions[permission]}</th>
              <td>
                {places.includes("site") ? t.wholeSite : places.map(placeName).join(texts().comma)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Session() {
  const t = texts().session;
  const [renewing, setRenewing] = useState(false);
  const here = caller.value;
  void siteSecond.value; // ask again every second
  const left_s = leftS();
  return (
    <section class="panel block">
      <h3>{t.session}</h3>
      {left_s === null ? null : <p>{t.endsIn(allowed(Math.max(60, Math.floor(left_s / 60) * 60)))}</p>}
      <div class="acts">
        <button type="button" data-testid="renew" onClick={() => setRenewing(true)}>
          {t.renew}
        </button>
        <button type="button" data-testid="log-out" onClick={() => void perform(logOut)}>
          {t.leave}
        </button>
      </div>
      {renewing && here?.login ? (
        <SignDialog
          title={t.renew}
          explain={t.renewExplain}
          deed={(password) => logIn(here.login ?? "", password)}
          done={() => undefined}
          onClose={() => setRenewing(false)}
        />
      ) : null}
    </section>
  );
}

export function Account(_: { id: string }) {
  const t = texts();
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{caller.value?.name}</h2>
        {may("tend_people") ? <a href={link.people}>{t.people.title}</a> : null}
        {may("read_journal") ? <a href={link.journal}>{t.journal.title}</a> : null}
      </div>
      <div class="pair">
        <div class="stack">
          <Session />
          <section class="panel block">
            <h3>{t.session.changePassword}</h3>
            <PasswordForm />
          </section>
        </div>
        <Permitted />
      </div>
    </div>
  );
}
