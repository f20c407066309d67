/** Changes to images and albums, made in this page or elsewhere. */
import type { ImageCard } from './api/documents';

export type LibraryEvent =
  | { readonly kind: 'uploaded'; readonly image: ImageCard }
  | { readonly kind: 'changed'; readonly image: ImageCard }
  | { readonly kind: 'deleted'; readonly ids: readonly string[] }
  | {
      readonly kind: 'moved';
      readonly album: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'albums' }
  /** Events may have been missed. */
  | { readonly kind: 'unknown' };

type Listener = (event: LibraryEvent) => void;
const listeners = new Set<Listener>();

export function emit(event: LibraryEvent): void {
  for (const listener of [...listeners]) listener(event);
}

/** Add a listener. Returns a function that removes it. */
export function on(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
