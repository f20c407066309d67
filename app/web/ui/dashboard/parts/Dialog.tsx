import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { type Problem, errorMessage } from '../api/problem';
import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { Complaint } from './Field';

/** The browser's own modal dialog: it holds the focus, Escape closes it, and the focus goes back to where it was. */
export function Dialog({
  title,
  onClose,
  wide = false,
  onKeyDown,
  children,
}: {
  title: string;
  onClose: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  wide?: boolean;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { close } = useMessages(shell);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
      // What it was opened from may be gone, or go: an image that was deleted, the bar of what was selected.
      setTimeout(() => isNowhere() && nearest()?.focus({ preventScroll: true }));
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={onKeyDown}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div class="dialog-inside">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button kind="plain" icon="close" aria-label={close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The image that took the place of the one that went, or else the page. */
function nearest(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.tile-open[tabindex="0"], #main:not(:has(.tile-open))');
}

/** Asks once more before what can't be undone. `onConfirm` gives what went wrong, or null where it was done. */
export function Confirm({
  title,
  children,
  action,
  onConfirm,
  onClose,
}: {
  title: string;
  children?: ComponentChildren;
  action: string;
  onConfirm: () => Promise<Problem | null>;
  onClose: () => void;
}) {
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const confirm = async () => {
    setBusy(true);
    const wrong = await onConfirm();
    setBusy(false);
    setProblem(wrong);
    if (!wrong) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      <footer class="dialog-foot">
        <Button onClick={onClose} autofocus>
          {cancel}
        </Button>
        <Button kind="danger" busy={busy} onClick={confirm}>
          {action}
        </Button>
      </footer>
    </Dialog>
  );
}
