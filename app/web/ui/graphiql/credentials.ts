/**
 * Who GraphiQL acts for: whoever the Headers editor names, else the token of the Access pane, else the cookie.
 */
export type Headers = Record<string, string>;

export const PREFLIGHT = 'GraphQL-Require-Preflight';
const TEMPLATE = 'Bearer YOUR_API_TOKEN';
const KEY = 'pichub:token';

/** The token lives as long as the browser's tab: it is not for a disk. */
export function token(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

export function setToken(text: string): void {
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
}

/** What the Headers editor holds at first: for who has not signed in, a line to put a token into. */
export function headersFor(viewer: string | null): string {
  return JSON.stringify(
    { [PREFLIGHT]: '1', ...(viewer !== null ? {} : { Authorization: TEMPLATE }) },
    null,
    2,
  );
}

/** The headers to send for what the editor holds. The template's line is not sent: it would be refused as a token. */
export function sent(edited: Headers = {}): Headers {
  const headers: Headers = { [PREFLIGHT]: '1' };
  if (token()) headers['Authorization'] = `Bearer ${token()}`;
  for (const [name, value] of Object.entries(edited)) {
    if (name.toLowerCase() !== 'authorization') headers[name] = value;
    else if (value !== TEMPLATE) headers['Authorization'] = value;
  }
  return headers;
}
