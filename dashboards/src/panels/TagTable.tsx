// Every tag of a ropeway by group, with value, quality and age.
import { say, texts } from "../i18n";
import { heardMs, readingAt } from "../live/board";
import { siteNow, siteSecond } from "../live/feed";
import { begun } from "../judge";
import { doubt, look } from "../quality";
import { link } from "../router";
import { site } from "../site";
import { age } from "../time";
import { SPANS_S, writeView } from "../trends";
import type { Tag } from "../wire";
import { Shown } from "./Shown";

function Row({ tag }: { tag: Tag }) {
  const reading = readingAt(tag.slot).value;
  const is = look(reading.quality, reading.old);
  // Each second draws the age anew, and with it asks when the tag was last read.
  const now_ms = siteSecond.value * 1000;
  const heard_ms = heardMs(tag.slot);
  return (
    <tr>
      <td class="wide" title={tag.id}>
        <a href={link.trend(writeView({ tags: [tag.id], span_s: SPANS_S[1], end_ms: null }))}>
          {say(tag.name) || tag.id}
        </a>
      </td>
      <td class="nowrap number">
        <Shown slot={tag.slot} />
      </td>
      <td class={is === "good" ? "muted" : "lacking"}>
        {is === "good" ? texts().quality.words.good : doubt(reading, now_ms, begun(tag, reading))}
      </td>
      <td class="muted nowrap number">{heard_ms ? age(siteNow() - heard_ms) : ""}</td>
    </tr>
  );
}

function Group({ name, tags }: { name: string; tags: Tag[] }) {
  const t = texts().ropeway;
  return (
    <section class="panel group">
      <h3>
        {t.groups[name] ?? name} <span class="muted">{tags.length}</span>
      </h3>
      <table>
        <thead>
          <tr>
            <th>{t.tag}</th>
            <th class="number">{t.value}</th>
            <th>{t.quality}</th>
            <th class="number" title={t.ageTitle}>
              {t.age}
            </th>
          </tr>
        </thead>
        <tbody>
          {tags.map((tag) => (
            <Row key={tag.id} tag={tag} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function TagTable({ ropeway }: { ropeway: string }) {
  const groups = new Map<string, Tag[]>();
  for (const tag of site.value?.tags ?? []) {
    if (tag.ropeway === ropeway) groups.set(tag.group, [...(groups.get(tag.group) ?? []), tag]);
  }
  return (
    <div class="groups">
      {[...groups].map(([name, tags]) => (
        <Group key={name} name={name} tags={tags} />
      ))}
    </div>
  );
}
