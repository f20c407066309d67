import { useState } from 'preact/hooks';

import { DOCS, GRAPHIQL } from './api/addresses';
import { run } from './api/client';
import { SIGN_IN, SIGN_UP as CREATE } from './api/documents';
import { type Problem, errorMessage } from './api/problem';
import { useMessages } from './language';
import { shell } from './messages/shell';
import { signIn as table } from './messages/sign-in';
import { LanguageSwitch } from './parts/LanguageSwitch';
import { Button } from './parts/Button';
import { Complaint, Field } from './parts/Field';
import { Page } from './parts/Page';
import { replace, usePlace } from './router';
import { SIGN_UP, viewer } from './session';

/** What strangers see. A link `#/sign-up?invitation=…` brings its code along. */
export function SignIn() {
  const place = usePlace();
  const t = useMessages(table);
  const words = useMessages(shell);
  const mayAsk = SIGN_UP !== 'closed';
  const isNew = mayAsk && place.path[0] === 'sign-up';
  return (
    <main class="entrance" id="main">
      <div class="card">
        <img class="logo" src={new URL('./icon.svg', import.meta.url).href} alt="" width="48" height="48" />
        <Page title={isNew ? t.signUp : t.title} lead={t.lead}>
          <Form key={String(isNew)} isNew={isNew} code={place.params.get('invitation') ?? ''} />
          {mayAsk ? (
            <p class="centred">
              {isNew ? (
                <a href="#/">{t.toSignIn}</a>
              ) : (
                <a href="#/sign-up">{SIGN_UP === 'open' ? t.toSignUpOpen : t.toSignUp}</a>
              )}
            </p>
          ) : (
            <p class="hint centred">{t.closed}</p>
          )}
        </Page>
      </div>
      <footer class="entrance-foot">
        <LanguageSwitch />
        <a href={DOCS}>{words.api}</a>
        <a href={GRAPHIQL}>{t.explore}</a>
      </footer>
    </main>
  );
}

function Form({ isNew, code }: { isNew: boolean; code: string }) {
  const t = useMessages(table);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const written = (name: string) => String(form.get(name) ?? '');
    const who = { username: written('username').trim(), password: written('password') };
    setBusy(true);
    const answer = isNew
      ? await run(CREATE, { input: { ...who, invitation: written('invitation').trim() || null } })
      : await run(SIGN_IN, { input: who });
    setBusy(false);
    setProblem(answer.problem);
    if (!answer.data) return;
    const { account } = 'signIn' in answer.data ? answer.data.signIn : answer.data.signUp;
    if (isNew) replace('/');
    viewer.set(account);
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <form class="stack" onSubmit={enter}>
      {isNew && SIGN_UP === 'invitation' && (
        <Field label={t.invitation} hint={t.invitationHint} errors={wrong('invitation')}>
          <input name="invitation" required defaultValue={code} autocomplete="off" spellcheck={false} />
        </Field>
      )}
      <Field label={t.username} hint={isNew ? t.usernameHint : undefined} errors={wrong('username')}>
        <input name="username" required autocomplete="username" autocapitalize="none" spellcheck={false} />
      </Field>
      <Field label={t.password} hint={isNew ? t.passwordHint : undefined} errors={wrong('password')}>
        <input
          name="password"
          type="password"
          required
          minLength={isNew ? 10 : undefined}
          autocomplete={isNew ? 'new-password' : 'current-password'}
        />
      </Field>
      {problem && (
        <Complaint>{problem.code === 'UNAUTHORIZED' && !isNew ? t.refused : errorMessage(problem)}</Complaint>
      )}
      <Button kind="primary" type="submit" busy={busy} class="whole">
        {isNew ? t.signUp : t.signIn}
      </Button>
    </form>
  );
}
