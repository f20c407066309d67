/** The pane that says who GraphiQL acts for, takes a token, and signs in and out. */
import { Button, type GraphiQLPlugin } from '@graphiql/react';
import { type FormEvent, type ReactNode, useState } from 'react';

import { sent, setToken, token } from './credentials';
import { post, type Result } from './fetcher';
import { AccessIcon } from './icons';
import { SIGN_IN, SIGN_OUT, WHO_AM_I } from '../base/documents';
import { createStore, useStore } from './store';

/** The name of who acts where the Headers editor names nobody; '' for a token that may not say, null for nobody. */
const viewer = createStore<string | null>(null);

/** Asks who acts now. A token that the server does not take is forgotten. */
export async function refreshed(): Promise<string | null> {
  let result = await asked();
  if (token() && result.errors?.some(({ extensions }) => extensions?.['code'] === 'UNAUTHORIZED')) {
    setToken('');
    result = await asked();
  }
  const account = result.data?.['viewer'] as { username: string } | null | undefined;
  viewer.set(account?.username ?? (token() ? '' : null));
  return viewer.get();
}

async function asked(): Promise<Result> {
  return post({ query: WHO_AM_I }, sent()).catch(() => ({}));
}

function AccessPane() {
  const name = useStore(viewer);
  const [problem, setProblem] = useState('');

  async function take(text: string) {
    setToken(text);
    await refreshed();
    setProblem(token() === text ? '' : 'The server does not take this token');
  }

  async function signIn(username: string, password: string) {
    setToken('');
    const result = await post({ query: SIGN_IN, variables: { input: { username, password } } }, sent());
    setProblem(result.errors?.[0]?.message ?? '');
    await refreshed();
  }

  async function leave() {
    if (token()) setToken('');
    else await post({ query: SIGN_OUT }, sent());
    setProblem('');
    await refreshed();
  }

  return (
    <section className="pane" aria-label="Access">
      <h2>Access</h2>
      <p>
        {name === null && 'Nobody has signed in: you see what is public.'}
        {name === '' && 'You act by a token that may not say whose it is.'}
        {name && (
          <>
            You act as <strong>{name}</strong>, {token() ? 'by a token' : 'signed in'}.
          </>
        )}
      </p>
      {problem && <p role="alert">{problem}</p>}
      {name !== null ? (
        <Button onClick={leave}>{token() ? 'Forget the token' : 'Sign out'}</Button>
      ) : (
        <>
          <Fields label="Use the token" onSend={(given) => take(given('token').trim())}>
            <input
              name="token"
              type="password"
              autoComplete="off"
              placeholder="API token"
              aria-label="API token"
              required
            />
          </Fields>
          <Fields label="Sign in" onSend={(given) => signIn(given('username'), given('password'))}>
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
          An <code>Authorization</code> in the Headers editor comes first. A token is kept until this browser
          tab is closed; a sign-in is a cookie, and works on all of this server.
        </small>
      </p>
    </section>
  );
}

interface FieldsProps {
  label: string;
  onSend(given: (name: string) => string): Promise<void>;
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
