import { useRef } from 'preact/hooks';

import { useMessages } from '../../../base/language';
import { mutate } from '../../api/client';
import { Button } from '../../components/Button';
import { Field } from '../../components/Field';
import { FormError, useForm } from '../../components/Form';
import { toast } from '../../components/Toasts';
import { usage as table } from '../../messages/usage';
import { CHANGE_PASSWORD } from '../documents';

export function Password({ username, onChanged }: { username: string; onChanged: () => Promise<void> }) {
  const t = useMessages(table);
  const element = useRef<HTMLFormElement>(null);
  const form = useForm(async (data) => {
    const input = {
      currentPassword: String(data.get('current') ?? ''),
      newPassword: String(data.get('new') ?? ''),
    };
    const { error } = await mutate(CHANGE_PASSWORD, { input });
    if (error) return error;
    element.current?.reset();
    toast(t.changed);
    await onChanged();
    return null;
  });
  return (
    <section class="card" aria-labelledby="password-title">
      <form class="stack" ref={element} onSubmit={form.onSubmit}>
        <h2 id="password-title">{t.password}</h2>
        <p class="hint">{t.passwordHint}</p>
        {/* For password managers. */}
        <input
          class="visually-hidden"
          autocomplete="username"
          value={username}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <Field label={t.currentPassword} errors={form.fieldErrors('current_password')}>
          <input name="current" type="password" required autocomplete="current-password" />
        </Field>
        <Field label={t.newPassword} hint={t.newPasswordHint} errors={form.fieldErrors('new_password')}>
          <input name="new" type="password" required minLength={10} autocomplete="new-password" />
        </Field>
        <FormError form={form} />
        <div class="row">
          <Button type="submit" busy={form.isBusy}>
            {t.change}
          </Button>
        </div>
      </form>
    </section>
  );
}
