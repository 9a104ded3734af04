// The rules in force with their sources, what was proposed, and the way to other rules.
import { useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { Mark } from "../panels/Mark";
import { RuleEditor } from "../panels/RuleEditor";
import { usePolled } from "../polled";
import { link } from "../router";
import { may } from "../session";
import { tagNamed } from "../site";
import { dayMinute } from "../time";
import type { Rule, RuleSetHead } from "../wire";

const LIMITS = ["high_high", "high", "low", "low_low", "above", "below", "most"] as const;
const SIGNS: Record<string, string> = { high_high: "HH", high: "H", low: "L", low_low: "LL" };

function limits(rule: Rule): string {
  return LIMITS.filter((key) => typeof rule[key] === "number")
    .map((key) => `${SIGNS[key] ?? key} ${String(rule[key])}`)
    .join(texts().separator);
}

function RuleRow({ rule }: { rule: Rule }) {
  const t = texts().rules;
  const tags = rule.tags?.length ? rule.tags : [rule.tag ?? ""];
  const first = tags[0] ?? "";
  const own = tags.length > 1 ? "" : say(tagNamed(first)?.name);
  return (
    <tr>
      <td class="mark-cell">
        <Mark priority={rule.priority} past />
      </td>
      <th scope="row">
        {say(rule.name) || own || rule.id}
        <small class="muted"> {say(rule.name) || own ? rule.id : ""}</small>
      </th>
      <td class="nowrap">{t.kinds[rule.kind] ?? rule.kind}</td>
      <td title={tags.join(", ")}>{tags.length > 1 ? t.tagCount(tags.length) : first}</td>
      <td class="nowrap">{limits(rule)}</td>
      <td class="small">{rule.source}</td>
      <td class={rule.confirmed_by ? "" : "lacking"}>{rule.confirmed_by || t.unconfirmed}</td>
    </tr>
  );
}

function InForce() {
  const t = texts().rules;
  const { answer } = usePolled(() => api.rules(), 30, []);
  const rules = answer?.rules ?? [];
  const unconfirmed = rules.filter((rule) => !rule.confirmed_by).length;
  return (
    <section class="panel block scroll" tabIndex={0}>
      <h3>
        {t.inForce} <span class="muted">{t.count(rules.length, unconfirmed)}</span>
      </h3>
      <table>
        <thead>
          <tr>
            {["", t.rule, t.kind, t.tag, t.limits, t.source, t.confirmed].map((head) => (
              <th scope={head ? "col" : undefined} key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <RuleRow key={rule.id} rule={rule} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function setState(one: RuleSetHead): string {
  const t = texts().rules;
  if (one.state === "approved" && one.effective_ms) return t.approvedFor(dayMinute(one.effective_ms));
  if (one.state === "in_force" && one.begun_ms) return t.since(dayMinute(one.begun_ms));
  return t.states[one.state];
}

function SetRow({ one }: { one: RuleSetHead }) {
  const t = texts().rules;
  return (
    <tr class={one.state === "superseded" || one.state === "withdrawn" ? "muted" : ""}>
      <th scope="row">
        <a class="chip" href={link.ruleSet(one.id)}>
          {t.number(one.id)}
        </a>
      </th>
      <td>{one.why}</td>
      <td>{setState(one)}</td>
      <td>{t.by(one.proposed_by, dayMinute(one.proposed_ms))}</td>
      <td>{one.approved_by ? t.by(one.approved_by, dayMinute(one.approved_ms ?? 0)) : ""}</td>
    </tr>
  );
}

export function Rules(_: { id: string }) {
  const t = texts().rules;
  const { answer, again } = usePolled(() => api.ruleSets(), 10, []);
  const [editing, setEditing] = useState(false);
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.title}</h2>
        <code class="small muted">{answer?.version.slice(0, 12)}</code>
        {may("propose_rules", "site") ? (
          <button type="button" class="end" data-testid="propose" onClick={() => setEditing(!editing)}>
            {editing ? texts().acting.cancel : t.propose}
          </button>
        ) : null}
      </div>
      {editing && answer ? (
        <RuleEditor
          text={answer.text}
          done={(id) => {
            again();
            location.hash = link.ruleSet(id);
          }}
        />
      ) : null}
      <section class="panel block scroll" tabIndex={0}>
        <h3>{t.sets}</h3>
        <table>
          <thead>
            <tr>
              {[t.set, t.why, t.state, t.proposed, t.approved].map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(answer?.sets ?? []).map((one) => (
              <SetRow key={one.id} one={one} />
            ))}
          </tbody>
        </table>
      </section>
      <InForce />
    </div>
  );
}
