import { useLayoutEffect, useRef } from 'preact/hooks';

import { createStore, useStore } from '../../base/store';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'success' | 'error';
}

const DURATION_SECONDS = 6;
const toasts = createStore<readonly Toast[]>([]);
let lastId = 0;

/** Show a message for some seconds, and announce it to screen readers. */
export function toast(text: string, kind: Toast['kind'] = 'success'): void {
  const id = ++lastId;
  toasts.update((shown) => [...shown.slice(-2), { id, text, kind }]);
  setTimeout(
    () => toasts.update((shown) => shown.filter((toast) => toast.id !== id)),
    DURATION_SECONDS * 1000,
  );
}

export function Toasts() {
  const shown = useStore(toasts);
  const popover = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Move it above dialogs opened since.
    popover.current?.hidePopover();
    if (shown.length) popover.current?.showPopover();
  }, [shown]);
  return (
    <>
      <p class="visually-hidden" role="status">
        {shown.at(-1)?.text}
      </p>
      <div ref={popover} class="toasts" aria-hidden="true" popover="manual">
        {shown.map(({ id, text, kind }) => (
          <p key={id} class={`toast ${kind}`}>
            {text}
          </p>
        ))}
      </div>
    </>
  );
}
