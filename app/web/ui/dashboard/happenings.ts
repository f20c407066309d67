/** What happened to the library, here or elsewhere: each part that shows some of it listens. */
import type { ImageCard } from './api/documents';

export type Happening =
  | { readonly kind: 'uploaded'; readonly image: ImageCard }
  | { readonly kind: 'changed'; readonly image: ImageCard }
  | { readonly kind: 'deleted'; readonly ids: readonly string[] }
  | {
      readonly kind: 'filed';
      readonly album: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'albums' }
  /** Some of it may have been missed. */
  | { readonly kind: 'unknown' };

type Listener = (happening: Happening) => void;
const listeners = new Set<Listener>();

export function tell(happening: Happening): void {
  for (const listener of [...listeners]) listener(happening);
}

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
