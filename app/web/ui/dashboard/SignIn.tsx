import { DOCS_URL, GRAPHIQL_URL } from './api/urls';
import { mutate } from './api/client';
import { SIGN_IN, SIGN_UP } from './api/documents';
import { useMessages } from '../base/language';
import { Button } from './components/Button';
import { Field } from './components/Field';
import { FormError, textOf, useForm } from './components/Form';
import { LanguageSwitch } from './components/LanguageSwitch';
import { Page } from './components/Page';
import { shell } from './messages/shell';
import { signIn as table } from './messages/sign-in';
import { replace, useRoute } from './router';
import { SIGN_UP_MODE, viewer } from './session';

/** The page of signed-out users. The invitation code of `#/sign-up?invitation=…` is filled in. */
export function SignIn() {
  const route = useRoute();
  const t = useMessages(table);
  const { api } = useMessages(shell);
  const canSignUp = SIGN_UP_MODE !== 'closed';
  const isSignUp = canSignUp && route.path[0] === 'sign-up';
  return (
    <main class="standalone" id="main">
      <div class="card">
        <img class="logo" src={new URL('./icon.svg', import.meta.url).href} alt="" width="48" height="48" />
        <Page title={isSignUp ? t.signUp : t.title} lead={t.lead}>
          <Form key={String(isSignUp)} isSignUp={isSignUp} code={route.params.get('invitation') ?? ''} />
          {canSignUp ? (
            <p class="centered">
              {isSignUp ? (
                <a href="#/">{t.toSignIn}</a>
              ) : (
                <a href="#/sign-up">{SIGN_UP_MODE === 'open' ? t.toSignUpOpen : t.toSignUp}</a>
              )}
            </p>
          ) : (
            <p class="hint centered">{t.closed}</p>
          )}
        </Page>
      </div>
      <footer class="standalone-foot">
        <LanguageSwitch />
        <a href={DOCS_URL}>{api}</a>
        <a href={GRAPHIQL_URL}>{t.graphiql}</a>
      </footer>
    </main>
  );
}

function Form({ isSignUp, code }: { isSignUp: boolean; code: string }) {
  const t = useMessages(table);
  const form = useForm(async (data) => {
    const input = { username: textOf(data, 'username'), password: String(data.get('password') ?? '') };
    const result = isSignUp
      ? await mutate(SIGN_UP, { input: { ...input, invitation: textOf(data, 'invitation') || null } })
      : await mutate(SIGN_IN, { input });
    if (!result.data) return result.error;
    const { account } = 'signIn' in result.data ? result.data.signIn : result.data.signUp;
    if (isSignUp) replace('/');
    viewer.set(account);
    return null;
  });
  return (
    <form class="stack" onSubmit={form.onSubmit}>
      {isSignUp && SIGN_UP_MODE === 'invitation' && (
        <Field label={t.invitation} hint={t.invitationHint} errors={form.fieldErrors('invitation')}>
          <input name="invitation" required defaultValue={code} autocomplete="off" spellcheck={false} />
        </Field>
      )}
      <Field
        label={t.username}
        hint={isSignUp ? t.usernameHint : undefined}
        errors={form.fieldErrors('username')}
      >
        <input name="username" required autocomplete="username" autocapitalize="none" spellcheck={false} />
      </Field>
      <Field
        label={t.password}
        hint={isSignUp ? t.passwordHint : undefined}
        errors={form.fieldErrors('password')}
      >
        <input
          name="password"
          type="password"
          required
          minLength={isSignUp ? 10 : undefined}
          autocomplete={isSignUp ? 'new-password' : 'current-password'}
        />
      </Field>
      <FormError form={form} />
      <Button kind="primary" type="submit" busy={form.isBusy} class="full-width">
        {isSignUp ? t.signUp : t.signIn}
      </Button>
    </form>
  );
}
