// Who is on the roster, who of them is on duty now, and how each is reached.
import { say, texts } from "../i18n";
import { ropewayNamed } from "../site";
import type { OnRoster } from "../wire";

function Row({ person, channelNamed }: { person: OnRoster; channelNamed: (id: string) => string }) {
  const t = texts().notices;
  const ropeways = person.ropeways.map((id) => say(ropewayNamed(id)?.name) || id);
  return (
    <tr data-person={person.user}>
      <td class="wide">
        <b>{say(person.name)}</b> <small class="muted">{person.user}</small>
        <br />
        <small class="muted">{ropeways.join(texts().comma) || t.everyRopeway}</small>
      </td>
      <td data-label={t.roles}>{person.roles.join(texts().comma)}</td>
      <td class="nowrap">
        {person.on_duty ? <b>{t.onDuty}</b> : <span class="muted">{t.offDuty}</span>}
      </td>
      <td data-label={t.reached}>
        {person.contacts.map((one) => (
          <div key={one.channel}>
            {channelNamed(one.channel)} <span class="muted">{one.to}</span>
          </div>
        ))}
      </td>
    </tr>
  );
}

export function RosterTable({ people, channelNamed }: { people: OnRoster[]; channelNamed: (id: string) => string }) {
  const t = texts().notices;
  if (people.length === 0) return null;
  return (
    <section class="panel block">
      <h3>{t.roster}</h3>
      <table class="devices">
        <thead>
          <tr>
            <th>{t.person}</th>
            <th>{t.roles}</th>
            <th>{t.onDuty}</th>
            <th>{t.reached}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((one) => (
            <Row key={one.user} person={one} channelNamed={channelNamed} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
