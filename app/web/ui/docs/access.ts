/** Credentials of the tester: an API token, or else the session cookie. */
import { VIEWER } from '../base/documents';
import { urlOf } from './urls';

const STORAGE_KEY = 'pichub:token';

/** Return the token. It is kept in session storage, until the tab is closed. */
export function storedToken(): string {
  return sessionStorage.getItem(STORAGE_KEY) ?? '';
}

export function setToken(text: string): void {
  if (text) sessionStorage.setItem(STORAGE_KEY, text);
  else sessionStorage.removeItem(STORAGE_KEY);
}

/** Return the username of the session, or null. */
export async function fetchUsername(): Promise<string | null> {
  try {
    const response = await fetch(urlOf('graphql'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'GraphQL-Require-Preflight': '1' },
      body: JSON.stringify({ query: VIEWER }),
    });
    const { data } = (await response.json()) as { data?: { viewer: { username: string } | null } };
    return data?.viewer?.username ?? null;
  } catch {
    return null; // the tester shows the error when it is used
  }
}

export function authorization(text: string): Record<string, string> {
  return text ? { Authorization: `Bearer ${text}` } : {};
}

export interface Album {
  id: string;
  name: string;
}

/** Return the caller's albums; none if they can't be read. */
export async function fetchAlbums(text: string): Promise<Album[]> {
  const response = await fetch(urlOf('v1/albums?per_page=100'), { headers: authorization(text) });
  return response.ok ? ((await response.json()) as { data: Album[] }).data : [];
}
