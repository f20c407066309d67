import { useState } from 'preact/hooks';

import { query, mutate } from '../../api/client';
import { type ApiError, errorMessage } from '../../api/errors';
import { useMessages } from '../../../base/language';
import { webhooks as table } from '../../messages/webhooks';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Dialog';
import { Alert } from '../../components/Field';
import { Icon } from '../../components/Icon';
import { Page } from '../../components/Page';
import { toast } from '../../components/Toasts';
import { navigate } from '../../router';
import { useQuery } from '../useQuery';
import {
  DELETE_WEBHOOK,
  type Delivery,
  WEBHOOK_DETAILS,
  PING,
  ROTATE_SECRET,
  UPDATE_WEBHOOK,
  type Webhook,
} from '../documents';
import type { Enum } from '../enums';
import { Deliveries } from './Deliveries';
import { EditWebhook, WebhookSecret } from './WebhookDialogs';

type Status = Enum<'DeliveryStatus'>;
const PAGE_SIZE = 20;
const MAX_DELIVERIES = 100;
/** Poll intervals in milliseconds. The short one applies while a delivery is about to be sent. */
const SHORT_INTERVAL = 2_000;
const LONG_INTERVAL = 15_000;
/** Duration of the short interval after a ping, in milliseconds: it is listed once the worker has taken it up. */
const ACTIVE_PERIOD = 20_000;

/** A webhook with its deliveries, kept up to date by polling. */
export function WebhookPage({ id }: { id: string }) {
  const t = useMessages(table);
  const [first, setFirst] = useState(PAGE_SIZE);
  const [status, setStatus] = useState<Status | null>(null);
  const [sentAt, setSentAt] = useState(-Infinity);
  const { data, error, refetch } = useQuery(
    () => query(WEBHOOK_DETAILS, { id, first, status }),
    JSON.stringify([first, status]),
    (data) =>
      Date.now() - sentAt < ACTIVE_PERIOD || data?.webhook?.deliveries.nodes.some(isDueSoon)
        ? SHORT_INTERVAL
        : LONG_INTERVAL,
  );
  const onSent = async () => {
    setSentAt(Date.now());
    await refetch();
  };
  const webhook = data?.webhook;
  const back = (
    <a class="back" href="#/webhooks">
      <Icon name="left" />
      {t.back}
    </a>
  );
  return (
    <>
      {back}
      {error && !webhook && (
        <Page title={t.title}>
          <Alert>{errorMessage(error)}</Alert>
        </Page>
      )}
      {error && webhook && <Alert>{errorMessage(error)}</Alert>}
      {webhook && (
        <Page
          title={webhook.description || new URL(webhook.url).host}
          lead={
            <>
              <code class="described">{webhook.url}</code>
              <span class="row">
                <WebhookStatus webhook={webhook} />
                {webhook.events.map((event) => (
                  <span key={event} class="tag">
                    {t.enums.events[event]}
                  </span>
                ))}
              </span>
            </>
          }
          actions={<Actions webhook={webhook} refetch={refetch} onSent={onSent} />}
        >
          {webhook.disabledReason && <Alert>{t.enums.disabled[webhook.disabledReason]}</Alert>}
          <Deliveries
            deliveries={webhook.deliveries.nodes}
            status={status}
            onStatus={setStatus}
            onMore={
              webhook.deliveries.pageInfo.hasNextPage && first < MAX_DELIVERIES
                ? () => setFirst(first + PAGE_SIZE)
                : null
            }
            onSent={onSent}
          />
        </Page>
      )}
    </>
  );
}

function isDueSoon({ status, nextAttemptAt }: Delivery): boolean {
  return status === 'PENDING' && nextAttemptAt !== null && Date.parse(nextAttemptAt) - Date.now() < 15_000;
}

export function WebhookStatus({ webhook: { isActive } }: { webhook: Webhook }) {
  const t = useMessages(table);
  return <span class={isActive ? 'tag success' : 'tag danger'}>{isActive ? t.active : t.inactive}</span>;
}

type OpenDialog = 'edit' | 'rotate' | 'delete' | { readonly secret: string };

function Actions({
  webhook,
  refetch,
  onSent,
}: {
  webhook: Webhook;
  refetch: () => Promise<void>;
  onSent: () => Promise<void>;
}) {
  const t = useMessages(table);
  const { id, isActive } = webhook;
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const close = () => setDialog(null);
  const report = (error: ApiError | null, text: string) =>
    toast(error ? errorMessage(error) : text, error ? 'error' : 'success');
  const toggle = async () => {
    const { error } = await mutate(UPDATE_WEBHOOK, { input: { id, isActive: !isActive } });
    report(error, isActive ? t.disabled : t.enabled);
    await refetch();
  };
  const ping = async () => {
    const { error } = await mutate(PING, { id });
    report(error, t.pinged);
    await onSent();
  };
  const rotate = async () => {
    const { data, error } = await mutate(ROTATE_SECRET, { id });
    // After the confirmation has closed.
    if (data) setTimeout(() => setDialog({ secret: data.rotateWebhookSecret.secret }));
    return error;
  };
  const remove = async () => {
    const { error } = await mutate(DELETE_WEBHOOK, { id });
    if (error) return error;
    toast(t.deleted);
    navigate('/webhooks');
    return null;
  };
  return (
    <>
      <Button icon="trash" aria-label={t.delete} title={t.delete} onClick={() => setDialog('delete')} />
      <Button icon="lock" onClick={() => setDialog('rotate')}>
        {t.rotate}
      </Button>
      <Button onClick={toggle}>{isActive ? t.disable : t.enable}</Button>
      <Button icon="edit" onClick={() => setDialog('edit')}>
        {t.edit}
      </Button>
      <Button kind="primary" icon="upload" disabled={!isActive} onClick={ping}>
        {t.ping}
      </Button>
      {dialog === 'edit' && <EditWebhook webhook={webhook} onSaved={refetch} onClose={close} />}
      {dialog === 'rotate' && (
        <Confirm title={t.rotateTitle} action={t.rotate} onConfirm={rotate} onClose={close}>
          <p>{t.rotateText}</p>
        </Confirm>
      )}
      {dialog === 'delete' && (
        <Confirm title={t.deleteTitle} action={t.delete} onConfirm={remove} onClose={close}>
          <p>{t.deleteText}</p>
        </Confirm>
      )}
      {typeof dialog === 'object' && dialog && <WebhookSecret secret={dialog.secret} onClose={close} />}
    </>
  );
}
