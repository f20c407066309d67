/** Who the tester acts for: the token in its field, else whoever has signed in with this browser. */
import { WHO_AM_I } from '../base/documents';
import { at } from './root';

const KEY = 'pichub:token';

/** The token lives as long as the browser's tab: it is not for a disk. */
export function token(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

export function setToken(text: string): void {
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
}

/** The name of who has signed in with this browser, or null. */
export async function signedIn(): Promise<string | null> {
  try {
    const answer = await fetch(at('graphql'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'GraphQL-Require-Preflight': '1' },
      body: JSON.stringify({ query: WHO_AM_I }),
    });
    const { data } = (await answer.json()) as { data?: { viewer: { username: string } | null } };
    return data?.viewer?.username ?? null;
  } catch {
    return null; // the tester says what is wrong when it is used
  }
}

export function authorization(text: string): Record<string, string> {
  return text ? { Authorization: `Bearer ${text}` } : {};
}

export interface Album {
  id: string;
  name: string;
}

/** Albums to choose from; none where they may not be read. */
export async function albums(text: string): Promise<Album[]> {
  const answer = await fetch(at('v1/albums?per_page=100'), { headers: authorization(text) });
  return answer.ok ? ((await answer.json()) as { data: Album[] }).data : [];
}
