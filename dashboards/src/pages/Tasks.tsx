// Inspection tasks: overdue, due, done; closed with a result, a name and a note.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { dueWords } from "../due";
import { say, texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { Dialog } from "../panels/Dialog";
import { Signature, signatureOf } from "../panels/Signature";
import { usePolled } from "../polled";
import { may } from "../session";
import { link } from "../router";
import { dayMinute } from "../time";
import type { Task } from "../wire";

function Due({ task }: { task: Task }) {
  const t = texts();
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  return (
    <span class="due">
      <b>{dueWords(task, now_ms)}</b>
      <span class="muted">{t.tasks.dueAt(dayMinute(task.due_ms))}</span>
    </span>
  );
}

function Why({ task }: { task: Task }) {
  const t = texts().tasks;
  return (
    <span class="links">
      <span class="chip">{t.kinds[task.kind] ?? task.kind}</span>
      {task.alarm ? (
        <a class="chip" href={link.alarms}>
          {t.fromAlarm}
        </a>
      ) : null}
      {task.test && task.rope ? (
        <a class="chip" href={link.rope(task.rope)}>
          {t.fromTest}
        </a>
      ) : null}
    </span>
  );
}

function CloseForm({ task, onClose, again }: { task: Task; onClose: () => void; again: () => void }) {
  const t = texts();
  const submit = async (answers: FormData) => {
    const result = answers.get("result") === "fail" ? "fail" : "pass";
    const note = String(answers.get("note") ?? "").trim();
    const password = signatureOf(answers);
    const done = await perform(() => api.closeTask(task.id, { password, result, note }));
    if (!done) return;
    again();
    onClose();
  };
  return (
    <Dialog
      title={t.tasks.closeTitle}
      action={t.tasks.close}
      testid="task-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <p>{say(task.title)}</p>
      <fieldset class="options">
        <legend>{t.tasks.result}</legend>
        {(["pass", "fail"] as const).map((result) => (
          <label class="check" key={result}>
            <input type="radio" name="result" value={result} required data-testid={`result-${result}`} />
            {t.tasks.results[result]}
          </label>
        ))}
      </fieldset>
      <label>
        {t.tasks.note}
        <textarea name="note" maxLength={2000} />
      </label>
      <Signature />
    </Dialog>
  );
}

function Open({ task, close }: { task: Task; close: () => void }) {
  const t = texts().tasks;
  return (
    <li class={`panel row-card task ${task.state}`}>
      <b class="grow">{task.rope ? <a href={link.rope(task.rope)}>{say(task.title)}</a> : say(task.title)}</b>
      <Why task={task} />
      <Due task={task} />
      {may("do_tasks", task.ropeway) ? (
        <button
          type="button"
          data-testid={`close-task-${task.id}`}
          aria-label={`${t.close}${texts().colon}${say(task.title)}`}
          onClick={close}
        >
          {t.close}
        </button>
      ) : null}
    </li>
  );
}

function Done({ task }: { task: Task }) {
  const t = texts().tasks;
  return (
    <tr>
      <td class="wide">{say(task.title)}</td>
      <td>{task.result ? <b>{t.results[task.result]}</b> : null}</td>
      <td class="wide">{task.note}</td>
      <td class="muted">{task.done_ms === null ? "" : t.doneBy(task.name ?? "", dayMinute(task.done_ms))}</td>
    </tr>
  );
}

/** As many open tasks as are drawn before someone asks for the rest. */
const AT_FIRST = 25;

/** Special inspections first, then what is due or late, the newest first. */
const inOrder = (tasks: readonly Task[]): Task[] =>
  [...tasks].sort(
    (a, b) => Number(b.kind === "rope_special") - Number(a.kind === "rope_special") || b.due_ms - a.due_ms,
  );

export function Tasks(_: { id: string }) {
  const [closing, setClosing] = useState<Task | null>(null);
  const { answer, again } = usePolled(() => api.tasks("all"), 15, []);
  const t = texts().tasks;
  const [all, showAll] = useState(false);
  const open = answer ? inOrder(answer.tasks.filter((task) => task.state !== "done")) : [];
  const shown = all ? open : open.slice(0, AT_FIRST);
  const done = answer?.tasks.filter((task) => task.state === "done");
  return (
    <div class="stack">
      <h2>
        {t.title} <span class="muted after">{texts().overview.chips.tasks(open.length)}</span>
      </h2>
      {answer && open.length === 0 ? <p class="panel empty">{t.none}</p> : null}
      <ul class="rows">
        {shown.map((task) => (
          <Open key={task.id} task={task} close={() => setClosing(task)} />
        ))}
      </ul>
      {shown.length < open.length ? (
        <button type="button" onClick={() => showAll(true)}>
          {texts().overview.more(open.length - shown.length)}
        </button>
      ) : null}
      <section class="panel block">
        <h3>{t.done}</h3>
        {done?.length === 0 ? <p class="muted">{t.noDone}</p> : null}
        <table class="stacking">
          <tbody>
            {done?.map((task) => (
              <Done key={task.id} task={task} />
            ))}
          </tbody>
        </table>
      </section>
      {closing ? <CloseForm task={closing} again={again} onClose={() => setClosing(null)} /> : null}
    </div>
  );
}
