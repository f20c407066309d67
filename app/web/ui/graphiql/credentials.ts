/** Credentials in order of precedence: the Headers editor, the token of the Access pane, the session cookie. */
export type Headers = Record<string, string>;

export const PREFLIGHT = 'GraphQL-Require-Preflight';
const TEMPLATE = 'Bearer YOUR_API_TOKEN';
const STORAGE_KEY = 'pichub:token';

/** Return the token. It is kept in session storage, until the tab is closed. */
export function token(): string {
  return sessionStorage.getItem(STORAGE_KEY) ?? '';
}

export function setToken(text: string): void {
  if (text) sessionStorage.setItem(STORAGE_KEY, text);
  else sessionStorage.removeItem(STORAGE_KEY);
}

/** Return the initial text of the Headers editor, with a template for a token unless there are credentials. */
export function initialHeaders(username: string | null): string {
  return JSON.stringify(
    { [PREFLIGHT]: '1', ...(username !== null ? {} : { Authorization: TEMPLATE }) },
    null,
    2,
  );
}

/** Return the headers of a request. The unchanged template is left out. */
export function requestHeaders(edited: Headers = {}): Headers {
  const headers: Headers = { [PREFLIGHT]: '1' };
  if (token()) headers['Authorization'] = `Bearer ${token()}`;
  for (const [name, value] of Object.entries(edited)) {
    if (name.toLowerCase() !== 'authorization') headers[name] = value;
    else if (value !== TEMPLATE) headers['Authorization'] = value;
  }
  return headers;
}
