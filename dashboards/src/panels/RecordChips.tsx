// The record side of a ropeway in chips: rope state, work due, tags that can be believed.
import { dueWords } from "../due";
import { texts } from "../i18n";
import { readingAt } from "../live/board";
import { siteSecond } from "../live/feed";
import { look } from "../quality";
import { site } from "../site";
import type { Ropeway, RopeTest, Task, Verdict } from "../wire";

const SEVERITY: Verdict[] = ["normal", "incomplete", "watch", "warning", "action", "discard"];

/** The worst of the newest verdicts of each test point. */
export function worstVerdict(way: Ropeway, tests: readonly RopeTest[]): Verdict | null {
  const ropes = new Set(way.ropes.map((rope) => rope.id));
  const newest = new Map<string, Verdict>();
  for (const test of tests) {
    const point = `${test.rope}/${test.test_point}`;
    if (ropes.has(test.rope) && !newest.has(point)) newest.set(point, test.verdict);
  }
  const ranks = [...newest.values()].map((verdict) => SEVERITY.indexOf(verdict));
  return ranks.length > 0 ? (SEVERITY[Math.max(...ranks)] as Verdict) : null;
}

function ropeWords(way: Ropeway, tests: readonly RopeTest[], tasks: readonly Task[], now_ms: number): string {
  const t = texts();
  const verdict = worstVerdict(way, tests);
  const state = verdict ? t.overview.chips.rope(t.ropes.verdicts[verdict]) : t.overview.chips.noRopeTest;
  const weekly = tasks.filter((task) => task.kind === "rope_end_weekly").sort((a, b) => a.due_ms - b.due_ms);
  const [first] = weekly;
  return first ? state + t.separator + t.overview.chips.nextTest(dueWords(first, now_ms)) : state;
}

function TagsChip({ way }: { way: Ropeway }) {
  const slots = (site.value?.tags ?? []).filter((tag) => tag.ropeway === way.id).map((tag) => tag.slot);
  const good = slots.filter((slot) => {
    const { quality, old } = readingAt(slot).value;
    return look(quality, old) === "good";
  }).length;
  const lacking = good < slots.length;
  return (
    <span class={`chip ${lacking ? "lacking" : ""}`}>{texts().overview.chips.tags(good, slots.length)}</span>
  );
}

export function RecordChips({ way, tests, tasks }: { way: Ropeway; tests: RopeTest[]; tasks: Task[] }) {
  const t = texts().overview.chips;
  const mine = tasks.filter((task) => task.ropeway === way.id && task.state !== "done");
  const overdue = mine.filter((task) => task.state === "overdue").length;
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  return (
    <div class="chips">
      <span class="chip">{ropeWords(way, tests, mine, now_ms)}</span>
      <span class={`chip ${overdue > 0 ? "lacking" : ""}`}>
        {t.tasks(mine.length)}
        {overdue > 0 ? texts().separator + t.overdue(overdue) : ""}
      </span>
      <TagsChip way={way} />
    </div>
  );
}
