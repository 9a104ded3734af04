// What the wall must show of messages that people did not get: a few words, on every page.
import { api } from "../api";
import { texts } from "../i18n";
import { usePolled } from "../polled";
import { link } from "../router";

const EVERY_S = 3;

export function UntoldChip() {
  const { answer: wall } = usePolled(() => api.wall(), EVERY_S, []);
  const t = texts().notices.wall;
  if (!wall) return null;
  const words = [
    wall.undelivered > 0 ? t.undelivered(wall.undelivered) : "",
    wall.untold > 0 ? t.untold(wall.untold) : "",
    wall.failed_tests > 0 ? t.failedTests(wall.failed_tests) : "",
  ].filter(Boolean);
  if (words.length === 0) return null;
  return (
    <div role="alert" data-testid="untold">
      <a class="untold" href={link.notices}>
        {words.join(texts().separator)}
      </a>
    </div>
  );
}
