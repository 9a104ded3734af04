// A secret that is shown once: write it down or hand it over now.
import { texts } from "../i18n";
import { Dialog } from "./Dialog";

export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = texts().people;
  return (
    <Dialog title={t.secretTitle} action={t.secretNoted} testid="secret-noted" onClose={onClose} onSubmit={onClose}>
      <p class="muted">{t.secretExplain}</p>
      <p>
        <code class="secret" data-testid="secret">
          {secret}
        </code>
      </p>
    </Dialog>
  );
}
