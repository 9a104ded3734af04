// Whose session this is, and that it soon ends.
import { texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { link } from "../router";
import { caller, leftS } from "../session";
import { allowed } from "../time";

const WARN_S = 1800;

function Ending() {
  void siteSecond.value; // ask again every second
  const left_s = leftS();
  if (left_s === null || left_s > WARN_S) return null;
  return (
    <span role="status">
      <a class="ending" href={link.account}>
        {texts().session.ending(allowed(Math.max(60, Math.ceil(left_s / 60) * 60)))}
      </a>
    </span>
  );
}

export function WhoIsHere() {
  const here = caller.value;
  if (!here) return null;
  const t = texts().session;
  if (here.login === null) return <span class="kiosk">{t.kiosk(here.name)}</span>;
  return (
    <>
      <Ending />
      <a class="who" href={link.account} title={t.accountTitle} data-testid="account">
        {here.name}
      </a>
    </>
  );
}
