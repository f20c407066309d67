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
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useStore(toasts).map(({ id, text, kind }) => (
        <p key={id} class={`toast ${kind}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
