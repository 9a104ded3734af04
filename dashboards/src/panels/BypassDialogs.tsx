// Entering, renewing and ending a bypass: the first two are signed by a second person here.
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { may } from "../session";
import { site } from "../site";
import { allowed } from "../time";
import type { Bypass } from "../wire";
import { Dialog } from "./Dialog";
import { SecondPerson, secondOf, wordOf } from "./SecondPerson";

const SPANS_S = [3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600, 24 * 3600];

type Closing = { onClose: () => void };
type Lasting = Closing & { longest_s: number };

function ForHowLong({ longest_s }: { longest_s: number }) {
  return (
    <label>
      {texts().bypasses.lasting}
      <select name="for_s">
        {SPANS_S.filter((span_s) => span_s <= longest_s).map((span_s) => (
          <option key={span_s} value={span_s}>
            {allowed(span_s)}
          </option>
        ))}
      </select>
    </label>
  );
}

export function EnterBypass({ longest_s, onClose }: Lasting) {
  const t = texts().bypasses;
  const places = site.value?.ropeways.filter((way) => may("enter_bypasses", way.id)) ?? [];
  const submit = async (answers: FormData) => {
    const word = (name: string) => wordOf(answers, name);
    const wish = {
      ropeway: word("ropeway"),
      safety_device: word("safety_device"),
      reason: word("reason"),
      measures: word("measures"),
      for_s: Number(word("for_s")),
      ...secondOf(answers),
    };
    if (await perform(() => api.enterBypass(wish))) onClose();
  };
  return (
    <Dialog
      title={t.enter}
      action={t.enter}
      testid="bypass-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <p class="muted">{t.explain}</p>
      <label>
        {t.ropeway}
        <select name="ropeway">
          {places.map((way) => (
            <option key={way.id} value={way.id}>
              {say(way.name)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t.device}
        <input name="safety_device" required maxLength={120} autocomplete="off" />
      </label>
      <label>
        {t.reason}
        <textarea name="reason" required maxLength={2000} />
      </label>
      <label>
        {t.measures}
        <textarea name="measures" required maxLength={2000} />
      </label>
      <ForHowLong longest_s={longest_s} />
      <SecondPerson />
    </Dialog>
  );
}

export function RenewBypass({ bypass, longest_s, onClose }: Lasting & { bypass: Bypass }) {
  const t = texts().bypasses;
  const submit = async (answers: FormData) => {
    const for_s = Number(wordOf(answers, "for_s"));
    if (await perform(() => api.renewBypass(bypass.id, { for_s, ...secondOf(answers) }))) onClose();
  };
  return (
    <Dialog
      title={t.renewNamed(bypass.safety_device)}
      action={t.renew}
      testid="bypass-renew-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <ForHowLong longest_s={longest_s} />
      <SecondPerson />
    </Dialog>
  );
}

export function EndBypass({ bypass, onClose }: Closing & { bypass: Bypass }) {
  const t = texts().bypasses;
  const submit = async (answers: FormData) => {
    if (await perform(() => api.endBypass(bypass.id, wordOf(answers, "note")))) onClose();
  };
  return (
    <Dialog
      title={t.endNamed(bypass.safety_device)}
      action={t.end}
      testid="bypass-end-save"
      onClose={onClose}
      onSubmit={(answers) => void submit(answers)}
    >
      <label>
        {t.note}
        <textarea name="note" required maxLength={2000} />
      </label>
    </Dialog>
  );
}
