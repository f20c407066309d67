import { useState } from 'preact/hooks';

import { run } from '../../api/client';
import { type Problem, errorMessage } from '../../api/problem';
import { useMessages } from '../../language';
import { shell } from '../../messages/shell';
import { webhooks as table } from '../../messages/webhooks';
import { Button } from '../../parts/Button';
import { Dialog } from '../../parts/Dialog';
import { Complaint, Field } from '../../parts/Field';
import { toast } from '../../parts/Toasts';
import { CREATE_WEBHOOK, UPDATE_WEBHOOK, type Webhook } from '../documents';
import { type Enum, keys } from '../enums';
import { Once } from '../parts/Once';

type EventType = Enum<'EventType'>;

interface Said {
  readonly url: string;
  readonly events: EventType[];
  readonly description: string | null;
}

export function MakeWebhook({
  onMade,
  onClose,
}: {
  onMade: (made: { webhook: Webhook; secret: string }) => void;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const make = async (said: Said) => {
    const { data, problem } = await run(CREATE_WEBHOOK, { input: said });
    if (data) onMade(data.createWebhook);
    return problem;
  };
  return <Form title={t.create} action={t.make} webhook={null} onSay={make} onClose={onClose} />;
}

export function EditWebhook({
  webhook,
  onSaved,
  onClose,
}: {
  webhook: Webhook;
  onSaved: () => Promise<void>;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const save = async (said: Said) => {
    const { problem } = await run(UPDATE_WEBHOOK, { input: { id: webhook.id, ...said } });
    if (problem) return problem;
    toast(t.saved);
    await onSaved();
    return null;
  };
  return <Form title={t.edit} action={t.save} webhook={webhook} onSay={save} onClose={onClose} />;
}

function Form({
  title,
  action,
  webhook,
  onSay,
  onClose,
}: {
  title: string;
  action: string;
  webhook: Webhook | null;
  onSay: (said: Said) => Promise<Problem | null>;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // Pings come unasked: they are no choice.
  const choices = keys(t.words.events).filter((type) => type !== 'PING');
  const say = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    const wrong = await onSay({
      url: String(form.get('url') ?? '').trim(),
      events: form.getAll('event') as EventType[],
      description: String(form.get('description') ?? '').trim() || null,
    });
    setBusy(false);
    setProblem(wrong);
    if (!wrong) onClose();
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" onSubmit={say}>
        <Field label={t.url} hint={t.urlHint} errors={wrong('url')}>
          <input
            name="url"
            type="url"
            required
            maxLength={2000}
            defaultValue={webhook?.url ?? ''}
            autofocus
          />
        </Field>
        <fieldset class="field">
          <legend>{t.events}</legend>
          {choices.map((type) => (
            <label key={type} class="check">
              <input
                type="checkbox"
                name="event"
                value={type}
                defaultChecked={webhook ? webhook.events.includes(type) : true}
              />
              {t.words.events[type]}
            </label>
          ))}
          <p class="hint">{t.eventsHint}</p>
          {wrong('events') && <p class="wrong">{wrong('events')!.join(' ')}</p>}
        </fieldset>
        <Field label={t.description} errors={wrong('description')}>
          <input name="description" defaultValue={webhook?.description ?? ''} />
        </Field>
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useMessages(table);
  return (
    <Once
      title={t.secretTitle}
      words={t.secretWords}
      sure={t.sure}
      name={t.secret}
      text={secret}
      done={t.done}
      onClose={onClose}
    />
  );
}
