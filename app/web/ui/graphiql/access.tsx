/** The Access pane: sign in and out, or use an API token. */
import { Button, type GraphiQLPlugin } from '@graphiql/react';
import { type FormEvent, type ReactNode, useState } from 'react';

import { requestHeaders, setToken, token } from './credentials';
import { post, type Result } from './fetcher';
import { AccessIcon } from './icons';
import { SIGN_IN, SIGN_OUT, VIEWER } from '../base/documents';
import { createStore, useStore } from './store';

/** The username of the credentials; '' for a token without the scope to read it, null without credentials. */
const username = createStore<string | null>(null);

/** Load the username. A token that the server rejects is discarded. */
export async function loadUsername(): Promise<string | null> {
  let result = await fetchViewer();
  if (token() && result.errors?.some(({ extensions }) => extensions?.['code'] === 'UNAUTHORIZED')) {
    setToken('');
    result = await fetchViewer();
  }
  const account = result.data?.['viewer'] as { username: string } | null | undefined;
  username.set(account?.username ?? (token() ? '' : null));
  return username.get();
}

async function fetchViewer(): Promise<Result> {
  return post({ query: VIEWER }, requestHeaders()).catch(() => ({}));
}

function AccessPane() {
  const name = useStore(username);
  const [error, setError] = useState('');

  async function applyToken(text: string) {
    setToken(text);
    await loadUsername();
    setError(token() === text ? '' : 'Invalid token');
  }

  async function signIn(username: string, password: string) {
    setToken('');
    const result = await post(
      { query: SIGN_IN, variables: { input: { username, password } } },
      requestHeaders(),
    );
    setError(result.errors?.[0]?.message ?? '');
    await loadUsername();
  }

  async function signOut() {
    if (token()) setToken('');
    else await post({ query: SIGN_OUT }, requestHeaders());
    setError('');
    await loadUsername();
  }

  return (
    <section className="pane" aria-label="Access">
      <h2>Access</h2>
      <p>
        {name === null && 'Not signed in. You can see public data only.'}
        {name === '' && 'Using an API token without the scope account:read.'}
        {name && (
          <>
            {token() ? 'Using an API token of' : 'Signed in as'} <strong>{name}</strong>.
          </>
        )}
      </p>
      {error && <p role="alert">{error}</p>}
      {name !== null ? (
        <Button onClick={signOut}>{token() ? 'Remove token' : 'Sign out'}</Button>
      ) : (
        <>
          <Fields label="Use token" onSend={(field) => applyToken(field('token').trim())}>
            <input
              name="token"
              type="password"
              autoComplete="off"
              placeholder="API token"
              aria-label="API token"
              required
            />
          </Fields>
          <Fields label="Sign in" onSend={(field) => signIn(field('username'), field('password'))}>
            <input
              name="username"
              autoComplete="username"
              placeholder="Username"
              aria-label="Username"
              required
            />
            <input
              name="password"
              type="password"
              autoComplete="current-password"
              placeholder="Password"
              aria-label="Password"
              required
            />
          </Fields>
        </>
      )}
      <p>
        <small>
          An <code>Authorization</code> header in the Headers editor takes precedence. A token is kept until
          you close this tab; a session is valid on all pages of this server.
        </small>
      </p>
    </section>
  );
}

interface FieldsProps {
  label: string;
  onSend(field: (name: string) => string): Promise<void>;
  children: ReactNode;
}

function Fields({ label, onSend, children }: FieldsProps) {
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    void onSend((name) => String(data.get(name) ?? ''));
  };
  return (
    <form className="fields" onSubmit={send}>
      {children}
      <Button type="submit">{label}</Button>
    </form>
  );
}

export const accessPlugin: GraphiQLPlugin = { title: 'Access', icon: AccessIcon, content: AccessPane };
