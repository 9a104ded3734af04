// A form in a modal window: Escape and "cancel" leave everything as it was.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { notice } from "../acting";
import { texts } from "../i18n";

type Props = {
  title: string;
  action: string;
  testid: string;
  onSubmit: (answers: FormData) => void;
  onClose: () => void;
  children: ComponentChildren;
};

export function Dialog({ title, action, testid, onSubmit, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    notice.value = "";
    dialog.current?.showModal();
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit(new FormData(event.target as HTMLFormElement));
  };
  return (
    <dialog ref={dialog} class="panel" aria-label={title} onCancel={onClose}>
      <form onSubmit={submit}>
        <h2>{title}</h2>
        {children}
        {notice.value ? (
          <p class="lacking" role="alert">
            {notice.value}
          </p>
        ) : null}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {texts().acting.cancel}
          </button>
          <button type="submit" class="primary" data-testid={testid}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
