/** The signed-in user. `undefined` until the server has responded. */
import { createStore } from '../base/store';

export interface Viewer {
  readonly id: string;
  readonly username: string;
  readonly role: 'ADMIN' | 'MEMBER';
}

export const viewer = createStore<Viewer | null | undefined>(undefined);

/** Show the sign-in page, after the server has rejected the session. */
export function endSession(): void {
  if (viewer.get()) viewer.set(null);
}

/** The server's sign-up setting, which it writes into the page: closed, invitation or open. */
export const SIGN_UP_MODE = document.documentElement.dataset['signUp'] ?? 'closed';
