/** A value that parts of the page show and others change. */
import { useEffect, useState } from 'preact/hooks';

export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  change(by: (value: Value) => Value): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<Value>(value: Value): Store<Value> {
  const listeners = new Set<() => void>();
  const store = {
    get: () => value,
    set(next: Value) {
      if (Object.is(value, next)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    change: (by: (value: Value) => Value) => store.set(by(value)),
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return store;
}

export function useStore<Value>(store: Store<Value>): Value {
  const [value, show] = useState(() => store.get());
  useEffect(() => {
    const update = () => show(() => store.get());
    update();
    return store.subscribe(update);
  }, [store]);
  return value;
}
