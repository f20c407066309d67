import { useMessages } from '../../../base/language';
import { mutate } from '../../api/client';
import type { ApiError } from '../../api/errors';
import { Field, FieldErrors } from '../../components/Field';
import { FormDialog, textOf } from '../../components/Form';
import { toast } from '../../components/Toasts';
import { webhooks as table } from '../../messages/webhooks';
import { CREATE_WEBHOOK, UPDATE_WEBHOOK, type Webhook } from '../documents';
import { type Enum, keys } from '../enums';
import { SecretDialog } from '../SecretDialog';

type EventType = Enum<'EventType'>;

interface WebhookInput {
  readonly url: string;
  readonly events: EventType[];
  readonly description: string | null;
}

export function CreateWebhook({
  onCreated,
  onClose,
}: {
  onCreated: (created: { webhook: Webhook; secret: string }) => void;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const create = async (input: WebhookInput) => {
    const { data, error } = await mutate(CREATE_WEBHOOK, { input });
    if (!data) return error;
    onClose();
    onCreated(data.createWebhook);
    return null;
  };
  return (
    <WebhookForm title={t.create} action={t.submit} webhook={null} onSubmit={create} onClose={onClose} />
  );
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
  const save = async (input: WebhookInput) => {
    const { error } = await mutate(UPDATE_WEBHOOK, { input: { id: webhook.id, ...input } });
    if (error) return error;
    toast(t.saved);
    await onSaved();
    onClose();
    return null;
  };
  return <WebhookForm title={t.edit} action={t.save} webhook={webhook} onSubmit={save} onClose={onClose} />;
}

function WebhookForm({
  title,
  action,
  webhook,
  onSubmit,
  onClose,
}: {
  title: string;
  action: string;
  webhook: Webhook | null;
  onSubmit: (input: WebhookInput) => Promise<ApiError | null>;
  onClose: () => void;
}) {
  const t = useMessages(table);
  // Pings are always sent, on request only.
  const eventTypes = keys(t.enums.events).filter((type) => type !== 'PING');
  const submit = (form: FormData) =>
    onSubmit({
      url: textOf(form, 'url'),
      events: form.getAll('event') as EventType[],
      description: textOf(form, 'description') || null,
    });
  return (
    <FormDialog title={title} action={action} onSubmit={submit} onClose={onClose}>
      {(fieldErrors) => (
        <>
          <Field label={t.url} hint={t.urlHint} errors={fieldErrors('url')}>
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
            {eventTypes.map((type) => (
              <label key={type} class="check">
                <input
                  type="checkbox"
                  name="event"
                  value={type}
                  defaultChecked={webhook ? webhook.events.includes(type) : true}
                />
                {t.enums.events[type]}
              </label>
            ))}
            <FieldErrors errors={fieldErrors('events')} />
          </fieldset>
          <Field label={t.description} errors={fieldErrors('description')}>
            <input name="description" defaultValue={webhook?.description ?? ''} />
          </Field>
        </>
      )}
    </FormDialog>
  );
}

export function WebhookSecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useMessages(table);
  return (
    <SecretDialog
      title={t.secretTitle}
      hint={t.secretHint}
      name={t.secret}
      secret={secret}
      onClose={onClose}
    />
  );
}
