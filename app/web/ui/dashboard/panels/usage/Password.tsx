import { useState } from 'preact/hooks';

import { run } from '../../api/client';
import { type Problem, errorMessage } from '../../api/problem';
import { useMessages } from '../../language';
import { usage as table } from '../../messages/usage';
import { Button } from '../../parts/Button';
import { Complaint, Field } from '../../parts/Field';
import { toast } from '../../parts/Toasts';
import { CHANGE_PASSWORD } from '../documents';

export function Password({ username, onChanged }: { username: string; onChanged: () => Promise<void> }) {
  const t = useMessages(table);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const input = {
      currentPassword: String(given.get('current') ?? ''),
      newPassword: String(given.get('new') ?? ''),
    };
    setBusy(true);
    const { problem: wrong } = await run(CHANGE_PASSWORD, { input });
    setBusy(false);
    setProblem(wrong);
    if (wrong) return;
    form.reset();
    toast(t.changed);
    await onChanged();
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <section class="card" aria-labelledby="password-title">
      <form class="stack" onSubmit={change}>
        <h2 id="password-title">{t.password}</h2>
        <p class="hint">{t.passwordHint}</p>
        {/* For the browser's list of passwords. */}
        <input
          class="unseen"
          autocomplete="username"
          value={username}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <Field label={t.currentPassword} errors={wrong('current_password')}>
          <input name="current" type="password" required autocomplete="current-password" />
        </Field>
        <Field label={t.newPassword} hint={t.newPasswordHint} errors={wrong('new_password')}>
          <input name="new" type="password" required minLength={10} autocomplete="new-password" />
        </Field>
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <div class="row">
          <Button type="submit" busy={busy}>
            {t.change}
          </Button>
        </div>
      </form>
    </section>
  );
}
