// The monitor's refusal of the last act, until it is put away.
import { notice } from "../acting";
import { texts } from "../i18n";

export function Notice() {
  if (!notice.value) return null;
  return (
    <div class="notice panel" role="alert">
      <span>{notice.value}</span>
      <button
        type="button"
        onClick={() => {
          notice.value = "";
        }}
      >
        {texts().acting.save}
      </button>
    </div>
  );
}
