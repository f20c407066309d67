import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { type ApiError, errorMessage } from '../api/errors';
import { useMessages } from '../../base/language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { Alert } from './Field';

/** A native modal dialog. It traps the focus, closes on Escape, and restores the focus. */
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
    const previous = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (previous instanceof HTMLElement) previous.focus({ preventScroll: true });
      // The opener may be removed: the tile of a deleted image, or the toolbar of a selection.
      setTimeout(() => isFocusLost() && fallbackFocus()?.focus({ preventScroll: true }));
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
      <div class="dialog-content">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button kind="plain" icon="close" aria-label={close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The active tile of the gallery, or else the page. */
function fallbackFocus(): HTMLElement | null {
  return document.querySelector<HTMLElement>('.tile-open[tabindex="0"], #main:not(:has(.tile-open))');
}

/** Confirmation of an action that can't be undone. `onConfirm` returns its error, or null if it succeeded. */
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
  onConfirm: () => Promise<ApiError | null>;
  onClose: () => void;
}) {
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const confirm = async () => {
    setBusy(true);
    const error = await onConfirm();
    setBusy(false);
    setError(error);
    if (!error) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error && <Alert>{errorMessage(error)}</Alert>}
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
