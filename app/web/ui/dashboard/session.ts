/** Who uses the page. `undefined` until the server has said. */
import { createStore } from './store';

export interface Viewer {
  readonly id: string;
  readonly username: string;
  readonly role: 'ADMIN' | 'MEMBER';
}

export const viewer = createStore<Viewer | null | undefined>(undefined);

/** Called where the server no longer knows the session: the page asks to sign in. */
export function signedOut(): void {
  if (viewer.get()) viewer.set(null);
}

/** Who may sign up here, as the server wrote it into the page: closed, invitation or open. */
export const SIGN_UP = document.documentElement.dataset['signUp'] ?? 'closed';
