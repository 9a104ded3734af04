// How far a replay of stored days is, who asked for it, and what became of it.
import { perform } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import { link } from "../router";
import { dayMinute } from "../time";
import type { Replaying } from "../wire";

type Props = { job: Replaying; own: boolean; allowed: boolean; again: () => void };

export function ReplayJob({ job, own, allowed, again }: Props) {
  const t = texts().rules;
  if (job.state === "done" || (job.state !== "running" && !own)) return null;
  const percent = Math.floor(job.done_share * 100);
  return (
    <div data-testid="replay-job" data-state={job.state}>
      <p role="status">
        {own ? null : (
          <>
            <a href={link.ruleSet(job.set_id)}>{t.number(job.set_id)}</a>
            {texts().separator}
          </>
        )}
        {job.state === "running" ? t.replaying(dayMinute(job.from_ms), dayMinute(job.to_ms), job.by) : null}
        {job.state === "called_off" ? t.calledOff(job.words) : null}
        {job.state === "failed" ? t.replayFailed(job.words) : null}
      </p>
      {job.state === "running" ? (
        <div class="acts">
          <progress max={100} value={percent} aria-label={t.replay} />
          <b class="number">{percent} %</b>
          {allowed ? (
            <button
              type="button"
              data-testid="call-off"
              onClick={() => void perform(() => api.callOffReplay()).then(again)}
            >
              {t.callOff}
            </button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
