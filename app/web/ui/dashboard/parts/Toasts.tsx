import { useLayoutEffect, useRef } from 'preact/hooks';

import { createStore, useStore } from '../store';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'done' | 'wrong';
}

const SECONDS = 6;
const toasts = createStore<readonly Toast[]>([]);
let last = 0;

/** Says something in passing: seen for some seconds, and read out. */
export function toast(text: string, kind: Toast['kind'] = 'done'): void {
  const id = ++last;
  toasts.change((shown) => [...shown.slice(-2), { id, text, kind }]);
  setTimeout(() => toasts.change((shown) => shown.filter((one) => one.id !== id)), SECONDS * 1000);
}

export function Toasts() {
  const shown = useStore(toasts);
  const popover = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Above dialogs that were opened since.
    popover.current?.hidePopover();
    if (shown.length) popover.current?.showPopover();
  }, [shown]);
  return (
    <>
      <p class="unseen" role="status">
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
